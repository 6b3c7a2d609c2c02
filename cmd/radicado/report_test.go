package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/report"
	"radicado/tickets/report/chart"
)

// letterThat returns the first mail to somebody that says a text, read.
func (o *office) letterThat(p mailtest.Person, says string) *mailbox.Message {
	o.t.Helper()
	o.saysTo(p, says)
	for _, raw := range o.world.list(o.t, p.Addr, "INBOX") {
		if strings.Contains(strings.Join(strings.Fields(mailtest.TextOf(raw, "text/plain")), " "), says) {
			return message.Read(raw, message.Options{Files: true})
		}
	}
	return nil
}

// TestReports lets the coordinator and a technician ask for the report of the month, and weeks pass.
func TestReports(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = always + "[reports]\nrecipients = [\"" + o.sofia.Addr + "\"]\n"
		o.start()
		o.writes(o.pedro, "Sin red", "No hay red.")
		o.answers(o.marta, 1, "#prioridad alta #asignar Ana", "")
		o.reaches(1, tickets.Coordinated) // mails may overtake one another
		o.writes(o.marta, "["+string(o.number(1))+"] #solucion Se cambió el cable", "")
		o.reaches(1, tickets.Resolved)
		o.writes(o.pedro, "["+string(o.number(1))+"] #encuesta 5", "")
		o.saysTo(o.pedro, "Su calificación quedó registrada")
		o.writes(o.pedro, "Sin teléfono", "No hay línea.")
		o.saysTo(o.pedro, "No hay línea")

		o.writes(o.marta, "#informe", "")
		m := o.letterThat(o.marta, "Se recibieron 2 solicitudes")
		for _, want := range []string{"Terminadas: este período 1", "alta (plazo 8 h): solucionadas 1", "Ana Gómez: recibidas 1; terminadas 1", "sin asignar: recibidas 1; terminadas 0", "5 · Muy satisfecho: respuestas 1"} {
			if !strings.Contains(strings.Join(strings.Fields(m.Text), " "), want) {
				t.Errorf("the report does not say %q:\n%s", want, m.Text)
			}
		}
		enclosed(t, m, []string{"course.png", "ages.png", "states.png", "terms.png", "offices.png", "technicians.png", "kinds.png", "satisfaction.png"}, 2)

		o.writes(o.ana, "#report this month", "")
		m = o.letterThat(o.ana, "Cifras de las solicitudes asignadas a Ana Gómez")
		if text := strings.Join(strings.Fields(m.Text), " "); !strings.Contains(text, "Se recibió 1 solicitud (en el período anterior, 0)") || !strings.Contains(text, "En toda la mesa: recibidas 2") || strings.Contains(text, "sin asignar") {
			t.Errorf("the technician's report:\n%s", m.Text)
		}
		enclosed(t, m, []string{"course.png", "terms.png", "offices.png", "kinds.png", "satisfaction.png"}, 1)

		o.writes(o.pedro, "#informe", "")
		o.saysTo(o.pedro, "Esta orden no está disponible para usted")
		o.writes(o.marta, "#informe 2 meses", "")
		o.saysTo(o.marta, "No se entienden las fechas «2 meses». Escriba por ejemplo: mes pasado")

		for range 3 { // down over a month and some weeks; then nothing more comes due
			o.stop()
			if o.count(o.sofia, "Informe de soporte: semana del") == 0 {
				o.later(32 * 24 * time.Hour)
			}
			o.start()
			for _, p := range []mailtest.Person{o.marta, o.sofia} {
				o.saysTo(p, "Informe de soporte: semana del")
			}
		}
		o.until("the report of the month", func() bool { return len(o.reports(o.sofia)) == 2 })
		if got := len(o.reports(o.marta)); got != 2 {
			t.Errorf("the coordinator got %d reports by themselves, want one of a week and one of a month", got)
		}
		o.sound()
		o.stop()
		sayReports(t, o)
	})
}

// reports returns the mails to somebody that are reports and answer nothing.
func (o *office) reports(p mailtest.Person) (subjects []string) {
	for _, raw := range o.world.list(o.t, p.Addr, "INBOX") {
		if m := message.Read(raw, message.Options{}); strings.HasPrefix(m.Subject, "Informe de soporte: ") && m.Header.Get("In-Reply-To") == "" {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

// enclosed looks at the pictures that the mail shows, and at the register that is attached.
func enclosed(t *testing.T, m *mailbox.Message, pictures []string, rows int) {
	t.Helper()
	var shown []string
	sheets := 0
	for _, a := range m.Attachments {
		if a.Inline {
			shown = append(shown, a.Name)
			if _, err := png.Decode(bytes.NewReader(a.Content)); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
			continue
		}
		sheets++
		f, err := excelize.OpenReader(bytes.NewReader(a.Content))
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
			continue
		}
		found, err := f.GetRows(f.GetSheetName(0))
		numbers := slices.DeleteFunc(found, func(row []string) bool { return len(row) == 0 || !strings.HasPrefix(row[0], "SS-") })
		if err != nil || len(numbers) != rows || !strings.HasPrefix(a.Name, "registro-") {
			t.Errorf("%s has %d requests, want %d: %v", a.Name, len(numbers), rows, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(shown, pictures) || sheets != 1 {
		t.Errorf("the mail shows %v and has %d other files, want %v and the register", shown, sheets, pictures)
	}
}

// sayReports asks for the same on the command line.
func sayReports(t *testing.T, o *office) {
	config := filepath.Join(o.folder, "settings.toml")
	folder := filepath.Join(o.folder, "informes")
	page := filepath.Join(o.folder, "p.html")
	for _, step := range []struct {
		args   string
		status int
		want   string
	}{
		{"report", 0, "Se recibieron 2 solicitudes"},
		{"report este año --lang en", 0, "The desk received 2 requests"},
		{"report --technician " + o.ana.Addr, 0, "asignadas a Ana Gómez"},
		{"report 2001", 0, "No se recibió ni se terminó ninguna solicitud."},
		{"report --json", 0, `"received": 2`},
		{"report --out " + folder + " --html " + page, 0, "satisfaction.svg"},
		{"report 2999-01", 1, `"2999-01" has not begun yet: name a period such as "mes pasado"`},
		{"report quincena", 1, `found "quincena", expected a period such as`},
		{"report 2026-02-02..2026-02-01", 1, "ends before it begins"},
		{"report --technician " + o.pedro.Addr, 1, "expected the address of a technician"},
		{"report --xlsx " + filepath.Join(folder, "missing", "x.xlsx"), 1, "writing"},
	} {
		status, out, errs := say(t, "", append(strings.Fields(step.args), "--config", config)...)
		if status != step.status || !strings.Contains(out+errs, step.want) {
			t.Errorf("%s: ended with %d and said %s%s, want %q", step.args, status, out, errs, step.want)
		}
	}
	html, err := os.ReadFile(page)
	if err != nil || bytes.Count(html, []byte(`src="data:image/png;base64,`)) != 8 || bytes.Contains(html, []byte("cid:")) {
		t.Errorf("the page has %d pictures in it, %v", bytes.Count(html, []byte("data:image/png")), err)
	}
	figures, err := filepath.Glob(filepath.Join(folder, "informe-*.json"))
	if err != nil || len(figures) != 1 {
		t.Fatalf("figures: %v, %v", figures, err)
	}
	data, err := os.ReadFile(figures[0])
	if err != nil || !json.Valid(data) {
		t.Errorf("%s: %v", data, err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 4+2*8 {
		t.Errorf("%d files in the folder, %v", len(files), err)
	}
}

// TestPicturesAreDrawnOnce asks for the pictures of one report twice, and then for those of others.
func TestPicturesAreDrawnOnce(t *testing.T) {
	t.Parallel()
	figures := func(score int) *report.Figures {
		f := new(report.Figures)
		f.Satisfaction.Scores[score] = 1
		return f
	}
	last := func(f *report.Figures, lang string) chart.Chart {
		all := chart.All(f, lang)
		return all[len(all)-1]
	}
	var p pictures
	draw := func(c chart.Chart) []byte {
		t.Helper()
		png, err := p.png(c)
		if err != nil {
			t.Fatal(err)
		}
		return png
	}
	first := draw(last(figures(1), "es"))
	if again := draw(last(figures(1), "es")); &again[0] != &first[0] {
		t.Error("the same figures were drawn twice")
	}
	if other := draw(last(figures(2), "es")); bytes.Equal(other, first) {
		t.Error("other figures have the same picture")
	}
	for len(p.drawn) < maxPictures {
		p.drawn = append(p.drawn, picture{})
	}
	if other := draw(last(figures(1), "en")); bytes.Equal(other, first) {
		t.Error("another language has the same picture")
	}
	if len(p.drawn) != maxPictures || bytes.Equal(p.drawn[0].png, first) {
		t.Errorf("%d pictures are remembered, the first of them for ever", len(p.drawn))
	}
}
