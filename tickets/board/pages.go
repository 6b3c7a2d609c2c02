package board

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"radicado/templates"
	"radicado/tickets"
)

//go:embed pages static
var files embed.FS

// pages is the templates of one language, by name.
type pages map[string]*template.Template

// parsePages parses every page in every language.
func parsePages(b *Board, d *deskInUse) (map[string]pages, error) {
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	all := map[string]pages{}
	for _, lang := range templates.Langs() {
		all[lang] = pages{}
		for _, name := range names {
			base := strings.TrimSuffix(path.Base(name), ".html")
			if base == "layout" || base == "parts" {
				continue
			}
			t, err := template.New("layout.html").Funcs(b.functions(d, lang)).ParseFS(files, "pages/layout.html", "pages/parts.html", name)
			if err != nil {
				return nil, fmt.Errorf("board: page %s: %w", base, err)
			}
			all[lang][base] = t
		}
	}
	return all, nil
}

// functions are what the pages of a language can call.
func (b *Board) functions(d *deskInUse, lang string) template.FuncMap {
	speak := d.Texts.Speaker(lang)
	return template.FuncMap{
		"say":      func(key string, args ...any) string { return sayf(lang, key, args) },
		"state":    speak.State,
		"priority": speak.Priority,
		"event":    speak.Event,
		"detail":   func(e tickets.Entry) string { return speak.Detail(e.Line) },
		"date":     speak.Date,
		"day":      speak.Day,
		"plainDay": speak.WrittenDay,
		"size":     speak.Size,
		"danger":   speak.Dangerous,
		"stamp":    func(t time.Time) string { return t.In(d.zone()).Format(time.RFC3339) },
		"span":     func(d time.Duration) string { return span(lang, d) },
		"write":    func(subject string) template.URL { return template.URL(speak.Write(subject)) }, // percent-encoded by RFC 6068
		"safe":     func(href string) template.URL { return template.URL(href) },                    // made by templates.Speaker alone
		"number":   func(n tickets.Number) string { return "/solicitudes/" + url.PathEscape(string(n)) },
		"asset":    func(plate string) string { return "/equipos/" + url.PathEscape(plate) },
		"file":     func(name string) string { return b.assets[name].path },
		"lower":    strings.ToLower,
		"list":     func(items ...any) []any { return items },
		"cap":      func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }, // of names of states: none begins with an accent
		"css":      func(code string) string { return strings.ReplaceAll(code, "_", "-") },
	}
}

func sayf(lang, key string, args []any) string {
	text := say(lang, key)
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// span says how long something takes, in the largest unit of which there are two, or the next.
func span(lang string, d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return say(lang, "instant")
	case d < 2*time.Hour:
		return sayf(lang, "min", []any{int(d.Minutes())})
	case d < 48*time.Hour:
		return sayf(lang, "hours", []any{int(d.Hours())})
	}
	return sayf(lang, "days", []any{int(d.Hours() / 24)})
}

// asset is a file that pages load. Its address changes with its content, so that a browser may keep it for good.
type asset struct {
	content []byte
	kind    string
	path    string
}

func loadAssets() (map[string]asset, error) {
	all := map[string]asset{}
	for name, kind := range map[string]string{"tablero.css": "text/css; charset=utf-8", "tablero.js": "text/javascript; charset=utf-8", "icono.svg": "image/svg+xml"} {
		content, err := files.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		all[name] = asset{content, kind, "/" + name + "?" + hex.EncodeToString(sum[:6])}
	}
	return all, nil
}

// ServeHTTP implements http.Handler.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.kind)
	if "/"+path.Base(r.URL.Path)+"?"+r.URL.RawQuery == a.path {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(a.content) // a client that has gone needs nothing
}
