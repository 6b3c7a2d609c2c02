// Package templates turns a notice into the mail that a person reads: subject, text part and HTML part. The words stand
// once, as a short HTML template per kind and language; both parts are made of it, so that the text part cannot lack what
// the HTML says. It knows how to say things and must not know how they come about: it reads no register, sends nothing and
// decides nothing.
package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

//go:embed es en shared
var embedded embed.FS

// The files that every notice is made with; the others are one per kind.
const (
	layoutFile = "shared/layout.html"
	styleFile  = "shared/style.css"
	blocksFile = "blocks.html" // of each language
)

// Settings is what the notices say of the desk.
type Settings struct {
	Desk         mailbox.Address // where answers and commands are sent
	Organisation string          // "Ministerio de …", "" to leave it out
	DeskName     string          // "Mesa de servicios"
	Footer       string          // further lines of the signature: telephone, hours, privacy notice
	Location     *time.Location  // of the dates; nil is UTC
}

// Mail is a rendered notice. Lines end with LF.
type Mail struct{ Subject, Text, HTML string }

// Set is all templates, parsed. It is safe for concurrent use.
type Set struct {
	settings Settings
	style    *stylesheet
	notices  map[noticeKey]notice
	pages    sync.Pool // of *bytes.Buffer, in which notices are put together
}

// notice is the template of one kind in one language. It is parsed when it is first used: each takes a copy of the layout and the
// blocks with it, and most are seldom or never sent.
type notice struct {
	parsed func() (*template.Template, error)
	file   string // where it was read from, for errors
}

type noticeKey struct {
	lang string
	kind tickets.NoticeKind
}

// view is what a template sees: the data of the notice, and the desk.
type view struct {
	tickets.NoticeData
	Settings
	Made  *Report // the figures of NoticeData.Report
	Kind  tickets.NoticeKind
	Lang  string
	Style template.CSS // rules that cannot stand on an element: dark mode
}

// Langs lists the languages that notices are written in; the first serves for any other.
func Langs() []string { return []string{"es", "en"} }

// Load reads every template. The files of the folder override, where not "", take the place of the embedded ones of the same
// name ("es/closed.html"); then each notice is rendered with sample data, so that a broken file is found now and not when a
// mail is due. For the embedded ones alone the tests do that. An error names the file and the line.
func Load(override string, s Settings) (*Set, error) {
	if s.Desk.Addr == "" {
		return nil, errors.New("templates: the address of the desk is missing")
	}
	if s.Location == nil {
		s.Location = time.UTC
	}
	sources, err := readSources(override)
	if err != nil {
		return nil, err
	}
	style, err := parseStyle(sources[styleFile])
	if err != nil {
		return nil, err
	}
	set := &Set{settings: s, style: style, notices: make(map[noticeKey]notice)}
	for _, lang := range Langs() {
		if err := set.parse(lang, sources); err != nil {
			return nil, err
		}
	}
	if override != "" {
		if err := set.tryAll(); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// tryAll renders each notice with sample data.
func (s *Set) tryAll() error {
	for _, n := range samples() {
		mail, err := s.RenderReport(n, sampleReport(n))
		if err != nil {
			return err
		}
		if !strings.Contains(mail.HTML, "<h1") {
			return fmt.Errorf("templates: %s has no <h1> to say what happened", s.notices[noticeKey{n.Lang, n.Kind}].file)
		}
	}
	return nil
}

// source is one template file.
type source struct{ name, text string }

// readSources reads all files by their embedded name. A file of the override folder that replaces nothing is refused: its
// name is mistyped.
func readSources(override string) (map[string]source, error) {
	sources := make(map[string]source)
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(embedded, name)
		sources[name] = source{name, string(text)}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("templates: reading the embedded files: %w", err)
	}
	if override == "" {
		return sources, nil
	}
	folder := os.DirFS(override)
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		ext := path.Ext(name)
		if strings.HasPrefix(entry.Name(), ".") || ext != ".html" && ext != ".css" {
			return nil // notes and the left-overs of editors
		}
		full := filepath.Join(override, filepath.FromSlash(name))
		if _, known := sources[name]; !known {
			return fmt.Errorf("%s replaces no template; there are %s", full, strings.Join(names(sources), ", "))
		}
		text, err := fs.ReadFile(folder, name)
		sources[name] = source{full, strings.TrimPrefix(string(text), "\ufeff")}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("templates: reading the folder %s: %w", override, err)
	}
	return sources, nil
}

func names(sources map[string]source) []string {
	var list []string
	for name := range sources {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// parse reads the templates of a language: the layout and the blocks in common, then each kind on a copy of them.
func (s *Set) parse(lang string, sources map[string]source) error {
	common := template.New("").Funcs(s.functions(lang))
	if err := parseInto(common, "layout", sources[layoutFile]); err != nil {
		return err
	}
	if err := parseInto(common, "blocks", sources[lang+"/"+blocksFile]); err != nil {
		return err
	}
	for _, kind := range tickets.NoticeKinds() {
		src, written := sources[lang+"/"+string(kind)+".html"]
		if !written {
			return fmt.Errorf("templates: no file %s/%s.html", lang, kind)
		}
		s.notices[noticeKey{lang, kind}] = notice{sync.OnceValues(func() (*template.Template, error) {
			t, err := common.Clone()
			if err != nil {
				return nil, fmt.Errorf("templates: %s: %w", src.name, err)
			}
			return t.Lookup("layout"), parseInto(t, "notice", src)
		}), src.name}
	}
	return nil
}

// parseInto parses a file as the template called name. Errors of parsing and of executing name the file, which for one of
// the override folder is its path.
func parseInto(t *template.Template, name string, src source) error {
	parsed, err := t.New(src.name).Parse(src.text)
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	if parsed.Tree == nil {
		return fmt.Errorf("templates: %s is empty", src.name)
	}
	if _, err := t.AddParseTree(name, parsed.Tree); err != nil {
		return fmt.Errorf("templates: %s: %w", src.name, err)
	}
	return nil
}

// largePage is up to how many bytes of room for a page are kept for the next one: those of notices are smaller, by far.
const largePage = 128 << 10

// page returns room to put a page together, and what takes it back.
func (s *Set) page() (page *bytes.Buffer, done func()) {
	page, _ = s.pages.Get().(*bytes.Buffer)
	if page == nil {
		page = new(bytes.Buffer)
	}
	page.Reset()
	return page, func() {
		if page.Cap() <= largePage {
			s.pages.Put(page)
		}
	}
}

// Render makes the mail of a notice that shows no report.
func (s *Set) Render(n tickets.Notice) (Mail, error) { return s.RenderReport(n, nil) }

// RenderReport makes the mail of a notice with the report that it asks for; nil where it asks for none.
func (s *Set) RenderReport(n tickets.Notice, made *Report) (Mail, error) {
	lang := n.Lang
	if !slices.Contains(Langs(), lang) {
		lang = Langs()[0]
	}
	one, known := s.notices[noticeKey{lang, n.Kind}]
	if !known {
		return Mail{}, fmt.Errorf("templates: notice of unknown kind %q", n.Kind)
	}
	if err := complete(n); err != nil {
		return Mail{}, err
	}
	t, err := one.parsed()
	if err != nil {
		return Mail{}, err
	}
	if (n.Data.Report != nil) != (made != nil) {
		return Mail{}, fmt.Errorf("templates: notice %s for %s asks for a report and has no figures, or the other way round", n.Kind, n.To.Addr)
	}
	page, done := s.page()
	defer done()
	if err := t.Execute(page, &view{n.Data, s.settings, made, n.Kind, lang, template.CSS(s.style.media)}); err != nil {
		return Mail{}, fmt.Errorf("templates: %s: %w", one.file, err)
	}
	doc, err := readDocument(page)
	if err != nil {
		return Mail{}, fmt.Errorf("templates: %s: %w", one.file, err)
	}
	mail := Mail{Subject: doc.title(), Text: doc.text()}
	if mail.HTML, err = doc.html(s.style, page); err != nil {
		return Mail{}, fmt.Errorf("templates: %s: %w", one.file, err)
	}
	return mail, nil
}

// complete reports what a notice of its kind lacks, so that templates need not ask for it.
func complete(n tickets.Notice) error {
	lacks := ""
	switch n.Kind {
	case tickets.NoticeReceipt:
		if n.Data.Receipt == nil {
			lacks = "receipt"
		}
	case tickets.NoticeUndelivered:
		if n.Data.Failure == nil {
			lacks = "failure"
		}
	case tickets.NoticeConfirm:
		// The code is never stored: see tickets.Confirmation.
		if n.Data.Confirmation == nil || n.Data.Confirmation.Code == "" {
			lacks = "code to confirm with"
		}
	case tickets.NoticeWithheld:
		if n.Data.Withheld == nil {
			lacks = "reason"
		}
	case tickets.NoticeDigest:
		if n.Data.Digest == nil {
			lacks = "digest"
		}
	case tickets.NoticeWorklist:
		if n.Data.Worklist == nil {
			lacks = "list"
		}
	case tickets.NoticeUnbalanced:
		if n.Data.Books == nil {
			lacks = "books"
		}
	case tickets.NoticeSignIn:
		// The link is never stored: see tickets.SignIn.
		if n.Data.SignIn == nil || n.Data.SignIn.Link == "" {
			lacks = "link"
		}
	case tickets.NoticeUnproven:
	case tickets.NoticeReport:
		if n.Data.Report == nil {
			lacks = "period"
		}
	case tickets.NoticeDeadline:
		if n.Data.Ticket == nil {
			lacks = "ticket"
		} else if len(n.Data.Alerts) == 0 {
			lacks = "alerts"
		}
	case tickets.NoticeAbsence:
		if n.Data.Absence == nil {
			lacks = "absence"
		}
	default:
		if n.Data.Ticket == nil {
			lacks = "ticket"
		}
	}
	if lacks != "" {
		return fmt.Errorf("templates: notice %s for %s has no %s", n.Kind, n.To.Addr, lacks)
	}
	return nil
}
