package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/report"
	"radicado/tickets/report/chart"
)

// figures are those of a large desk, with names that are long, empty, foreign and hostile.
func figures(stretches int) *report.Figures {
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	f := &report.Figures{Unit: report.ByDay, Ages: []report.Age{{From: 0, To: 2, Count: 5}, {From: 2, To: 4, Count: 7, Late: 1}, {From: 4, To: 8}, {From: 8, Count: 3, Late: 3}}}
	for i := range stretches {
		f.Course = append(f.Course, report.Bucket{From: from.AddDate(0, 0, i), Received: (i + 1) * 7 % 23, Done: i * 5 % 17})
	}
	for i, s := range tickets.States()[:6] {
		f.States = append(f.States, report.StateCount{State: s, Count: i + 1})
	}
	for i, p := range []tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low, tickets.Unassessed} {
		f.Terms = append(f.Terms, report.PriorityRow{Priority: p, Target: tickets.Terms{Solution: time.Duration(i*8+4) * time.Hour},
			Solution: report.Span{Count: 1, Median: time.Duration(i*150+40) * time.Minute, P90: time.Duration(i*9+3) * time.Hour}})
	}
	for i, name := range []string{"Oficina Asesora de Planeación y Gestión del Conocimiento", "Jurídica", "", "<script>alert(\"1\")&amp;</script>", "Δοκιμή Проверка", "\u202eodal\u0000 🖨"} {
		f.Offices = append(f.Offices, report.Group{Name: name, Received: 6000 - 700*i, Done: 1, Open: i})
		f.Vendors = append(f.Vendors, report.Vendor{Name: name, Answer: report.Span{Count: 1, Median: 90 * time.Minute}})
	}
	for i := range 30 {
		f.Kinds = append(f.Kinds, report.Group{Name: fmt.Sprint("Tipo ", i), Received: 30 - i})
	}
	f.Technicians = []report.Group{{Name: "Ana Gómez", Done: 1}}
	f.Satisfaction = report.Rating{Scores: [5]int{1, 0, 3, 12, 40}}
	return f
}

// TestPicturesAreWhole draws every chart in both languages of nothing, of one bar and of sixty, and reads the pictures back.
// With LOOK=FOLDER they are kept to be looked at.
func TestPicturesAreWhole(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*report.Figures{"nothing": {}, "one": figures(1), "sixty": figures(60)} {
		for _, lang := range []string{"es", "en"} {
			list := chart.All(f, lang)
			if len(list) != 9 {
				t.Fatalf("%d charts", len(list))
			}
			for _, c := range list {
				if c.Empty != (name == "nothing") {
					t.Errorf("%s of %s: empty is %v", c.ID, name, c.Empty)
				}
				if c.Title == "" || !strings.Contains(c.Alt, c.Title) {
					t.Errorf("%s: title %q, alternative %q", c.ID, c.Title, c.Alt)
				}
				if name == "sixty" && c.ID != "course" {
					continue // as those of one
				}
				if lang == "es" || c.ID == "terms" {
					checkPNG(t, c, name+"-"+lang)
				}
				checkSVG(t, c, name+"-"+lang)
			}
		}
	}
}

func checkPNG(t *testing.T, c chart.Chart, name string) {
	t.Helper()
	data, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	keep(t, c.ID+"-"+name+".png", data)
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	if got := img.Bounds().Size(); got.X != 2*c.Width || got.Y != 2*c.Height {
		t.Errorf("%s is %v, to be shown in %dx%d", c.ID, got, c.Width, c.Height)
	}
	if len(data) > 200_000 {
		t.Errorf("%s has %d bytes", c.ID, len(data))
	}
}

func checkSVG(t *testing.T, c chart.Chart, name string) {
	t.Helper()
	data, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	keep(t, c.ID+"-"+name+".svg", data)
	var texts []string
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s is no XML: %v", c.ID, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if n := token.Name.Local; n == "script" || n == "style" {
				t.Errorf("%s has an element %s", c.ID, n)
			}
			for _, a := range token.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("%s has an attribute %s=%q", c.ID, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
	if all := strings.Join(texts, "|"); !strings.Contains(all, c.Title) {
		t.Errorf("%s does not say %q: %s", c.ID, c.Title, all)
	}
}

func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if folder := os.Getenv("LOOK"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWordsOfCharts looks for what a chart must say in the language asked for.
func TestWordsOfCharts(t *testing.T) {
	t.Parallel()
	f := figures(3)
	for lang, words := range map[string]map[string][]string{
		"es": {"course": {"Recibidas", "Terminadas", "1 oct"}, "ages": {"0 a 1", "8 o más", "Con el plazo vencido"}, "states": {"En atención", "En trámite especial"},
			"terms": {"Crítica", "Sin definir", "0,7", "Plazo"}, "offices": {"Jurídica", "Sin dependencia", "Oficina Asesora de Planea…"}, "kinds": {"Las demás (19)"}, "satisfaction": {"5 · Muy satisfecho"}},
		"en": {"course": {"Received", "Done", "1 Oct"}, "terms": {"Critical", "0.7"}, "offices": {"No office"}, "kinds": {"All others (19)"}},
		"":   {"course": {"Recibidas"}},
	} {
		for _, c := range chart.All(f, lang) {
			svg, err := c.SVG()
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range words[c.ID] {
				if !strings.Contains(string(svg), ">"+word+"<") {
					t.Errorf("%q: the chart %s does not say %q", lang, c.ID, word)
				}
			}
		}
	}
}
