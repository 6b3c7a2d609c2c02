package form_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"radicado/tickets/form"
)

var bogota = time.FixedZone("-05", -5*3600)

func day(d, hour, minute int) time.Time {
	return time.Date(2026, 11, d, hour+5, minute, 0, 0, time.UTC)
}

func ministry() form.Organisation {
	return form.Organisation{Name: "Ministerio de Ejemplo", Desk: "Mesa de servicios", Logo: emblem(), Zone: bogota}
}

var emblem = sync.OnceValue(func() []byte { return pngLogo(240, 120) })

// ordinary is a case as most are: a few lines each, an instruction, a warranty, a dozen entries.
func ordinary() form.Sheet {
	return form.Sheet{
		Number: "SS-2026-000042", State: "Cerrada", Kind: "Adquisición de hardware y software", Priority: "Alta",
		Subject: "Impresora de la oficina jurídica no imprime",
		Text: "Buenos días:\n\nDesde ayer la impresora del piso 3 muestra «Error 49.4C02» y se reinicia sola. ¿Podrían revisarla? Tenemos un " +
			"vencimiento el miércoles y necesitamos imprimir cerca de 200 folios.\n\nAdjunto una foto de la pantalla.\n\nMuchas gracias,\nPilar Ñáñez Güiza",
		Made: day(27, 16, 5), Registered: day(23, 8, 12), FirstAnswer: day(23, 9, 2), Resolved: day(26, 15, 40), Closed: day(27, 16, 5),
		DueAnswer: day(23, 10, 12), DueSolution: day(27, 9, 12),
		Official:    form.Official{Name: "Pilar Ñáñez Güiza", Address: "pilar.nanez@ministerio.example", Office: "Oficina Asesora Jurídica", Telephone: "601 555 0142 ext. 318"},
		Equipment:   form.Equipment{Plate: "ME-004512", Serial: "CNB7K2X91Q", Description: "Impresora láser monocromática de alto volumen", Warranty: "Vigente", WarrantyEnd: day(30, 0, 0).AddDate(1, 0, 0), Vendor: "Impresiones del Norte S. A. S."},
		Coordinator: "Marta Ruiz", Technician: "Ana María Gómez",
		Diagnosis: "La tarjeta formateadora falla en frío; con el cartucho de prueba y otro cable de red el error se repite. No es un asunto del controlador: el mismo trabajo se imprime bien en otra máquina.",
		Instruction: form.Instruction{Name: "Adquisición de hardware y software", Steps: []form.Step{
			{Text: "Verificar que la necesidad esté en el plan anual de adquisiciones", Done: true, By: "Ana María Gómez", At: day(24, 9, 0)},
			{Text: "Pedir el concepto técnico", Done: true, By: "Marta Ruiz", At: day(24, 11, 30)},
			{Text: "Solicitar cotización al proveedor", Done: true, By: "Ana María Gómez", At: day(25, 8, 45)},
			{Text: "Recibir e instalar la parte", Done: false},
		}},
		Plan:         "Escribir al proveedor por garantía; mientras tanto, dejar en préstamo la impresora R-07 y redirigir la cola de impresión.",
		Solution:     "El proveedor cambió la tarjeta formateadora en sitio. Se imprimieron 30 páginas de prueba y se retiró la impresora en préstamo.",
		Vendor:       form.Vendor{Name: "Impresiones del Norte S. A. S.", Case: "INC-2026-88731"},
		Times:        form.Times{FirstAnswer: 50 * time.Minute, Solution: 13*time.Hour + 8*time.Minute, Waiting: 12*time.Hour + 20*time.Minute},
		Satisfaction: 5, Comment: "Muy buena atención",
		History: []form.Entry{
			{day(23, 8, 12), "Pilar Ñáñez Güiza", "Solicitud registrada"},
			{day(23, 8, 40), "Marta Ruiz", "Prioridad: alta"},
			{day(23, 8, 40), "Marta Ruiz", "Asignada a Ana María Gómez"},
			{day(23, 9, 2), "Ana María Gómez", "Primera respuesta al funcionario"},
			{day(24, 8, 20), "Ana María Gómez", "Diagnóstico registrado"},
			{day(24, 8, 31), "Ana María Gómez", "Escrito al proveedor por garantía"},
			{day(25, 10, 3), "Impresiones del Norte S. A. S.", "Respuesta del proveedor: caso INC-2026-88731, visita el 26 de noviembre"},
			{day(26, 15, 40), "Ana María Gómez", "Solución registrada"},
			{day(27, 16, 5), "Marta Ruiz", "Solicitud cerrada"},
		},
	}
}

// odd is a case whose text the font cannot show, or must not.
func odd() form.Sheet {
	s := ordinary()
	s.Subject = "Clave 🔑 no sirve 👨‍👩‍👧 — “urgente”… ¿por qué?"
	s.Text = "Emoji: 😀 🇨🇴 👍🏽\nChino: 打印机坏了\nÁrabe: الطابعة\nHebreo: מדפסת\nGriego: εκτυπωτής. Ruso: принтер. Polaco: drukarka się zepsuła\n" +
		"Nasa y wayuu: ẽ ĩ ũ ɨ ʉ g̃ ɨ̃ a\u0301n\u0303 (acentos compuestos)\nZ\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308algo\n" +
		"Control:\x00\x07\x1b[31m rojo \u202eal revés\u202c\u200b fin\ttabulado\r\nÚltima \xff línea {nb} (paréntesis) \\ barra"
	return s
}

func empty() form.Sheet { return form.Sheet{Number: "SS-2026-000001", Made: day(23, 8, 0)} }

// long is a case with everything that a mail may bring along.
func long() form.Sheet {
	s := ordinary()
	s.Text = strings.Repeat("La aplicación de nómina se cierra sin aviso cuando se consulta el histórico de un funcionario con más de diez años. ", 250) +
		"\n" + strings.Repeat("x", 3000) + "\n" + strings.Repeat("línea\n\n\n", 200) + "Última línea del texto."
	s.Official.Name = "María de los Ángeles Concepción Rodríguez-Etxeberria de la Santísima Trinidad y Fernández de Córdoba"
	s.Official.Address = strings.Repeat("direccion.interminable.", 8) + "@ministerio.example"
	for i := range 40 {
		s.Instruction.Steps = append(s.Instruction.Steps, form.Step{Text: strings.Repeat("Paso largo del instructivo. ", 1+i%9), Done: i%2 == 0, By: "Ana María Gómez", At: day(24, 9, i)})
		s.History = append(s.History, form.Entry{At: day(25, 9, i), Who: "Ana María Gómez de la Torre y Sanclemente", Text: strings.Repeat("Nota larga. ", 1+3*(i%7))})
	}
	return s
}

func pngLogo(width, height int) []byte {
	m := image.NewNRGBA64(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.NRGBA{uint8(x * 255 / width), 80, uint8(y * 255 / height), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func render(tb testing.TB, s form.Sheet, o form.Organisation) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := form.PDF(&b, s, o); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

var pageObject = regexp.MustCompile(`/Type /Page\b`)

func pages(pdf []byte) int { return len(pageObject.FindAll(pdf, -1)) }

// text is what a reader finds on the pages, each line's spaces as one, pages divided by form feeds.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed: the text of the PDF is not checked")
	}
	cmd := exec.Command(tool, "-layout", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return regexp.MustCompile(`[ ]+`).ReplaceAllString(string(out), " ")
}

// Writes the forms for people to look at: FORM_LOOK=folder go test -run TestLook.
func TestLook(t *testing.T) {
	folder := os.Getenv("FORM_LOOK")
	if folder == "" {
		t.Skip("FORM_LOOK names no folder")
	}
	for name, s := range map[string]form.Sheet{"ordinary": ordinary(), "empty": empty(), "long": long(), "odd": odd()} {
		if err := os.WriteFile(filepath.Join(folder, name+".pdf"), render(t, s, ministry()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func mustContain(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestOrdinaryFormIsOnePageWithEverything(t *testing.T) {
	pdf := render(t, ordinary(), ministry())
	if n := pages(pdf); n != 1 {
		t.Errorf("%d pages", n)
	}
	mustContain(t, text(t, pdf),
		"Ministerio de Ejemplo", "Mesa de servicios", "Servicios de soporte", "SS-2026-000042", "Cerrada",
		"Adquisición de hardware y software", "Alta", "Pilar Ñáñez Güiza", "pilar.nanez@ministerio.example", "Oficina Asesora Jurídica",
		"601 555 0142 ext. 318", "Impresora de la oficina jurídica no imprime", "«Error 49.4C02»", "¿Podrían revisarla?",
		"ME-004512", "CNB7K2X91Q", "Impresora láser monocromática de alto volumen", "Vigente", "30/11/2027",
		"La tarjeta formateadora falla en frío", "1. Verificar que la necesidad esté", "Marta Ruiz, 24/11/2026 11:30", "4. Recibir e instalar la parte",
		"Escribir al proveedor por garantía", "INC-2026-88731", "El proveedor cambió la tarjeta", "23/11/2026 08:12", "23/11/2026 09:02",
		"23/11/2026 10:12", "26/11/2026 15:40", "27/11/2026 09:12", "27/11/2026 16:05", "50 min", "13 h 08 min", "12 h 20 min", "5 de 5",
		"Muy buena atención", "Respuesta del proveedor: caso INC-2026-88731", "Funcionario solicitante", "Técnico",
		"Coordinación de Servicios Tecnológicos", "Documento generado el 27/11/2026 16:05", "Página 1 de 1")
}

// What has not happened has no time: an open request must not look answered in no time.
func TestEmptyFormHasLabelsAndNoInventedValues(t *testing.T) {
	pdf := render(t, empty(), form.Organisation{Zone: time.UTC})
	if n := pages(pdf); n != 1 {
		t.Errorf("%d pages", n)
	}
	got := text(t, pdf)
	mustContain(t, got, "SS-2026-000001", "Descripción de la solicitud", "Placa", "Diagnóstico", "Instructivo", "Solución", "Página 1 de 1")
	for _, invented := range []string{"01/01/0001", "0 min", "de 5", "Actuaciones"} {
		if strings.Contains(got, invented) {
			t.Errorf("%q in the empty form:\n%s", invented, got)
		}
	}
}

func TestLongTextsFlowOverPagesUnderTheSameHeader(t *testing.T) {
	pdf := render(t, long(), ministry())
	n := pages(pdf)
	if n < 8 {
		t.Fatalf("%d pages", n)
	}
	sides := strings.Split(strings.TrimRight(text(t, pdf), "\f\n"), "\f")
	if len(sides) != n {
		t.Fatalf("%d pages with text of %d", len(sides), n)
	}
	for i, side := range sides {
		mustContain(t, side, "Servicios de soporte", "SS-2026-000042", "Página "+strconv.Itoa(i+1)+" de "+strconv.Itoa(n))
	}
	whole := strings.Join(sides, "")
	mustContain(t, whole, "Descripción de la solicitud (continuación)", "Actuaciones (continuación)", "Última línea del texto.", "44. Paso largo")
	if got := strings.Count(whole, "x"); got < 3000 {
		t.Errorf("%d of 3000 letters of the long word", got)
	}
	mustContain(t, sides[n-1], "Coordinación de Servicios Tecnológicos")
}

func TestTextOf100KilobytesIsComplete(t *testing.T) {
	s := empty()
	s.Text = strings.Repeat("Renglón de prueba con ñ y tildes: áéíóú. ", 2400) + "FIN"
	pdf := render(t, s, ministry())
	got := text(t, pdf)
	if words := strings.Count(got, "Renglón"); words != 2400 {
		t.Errorf("%d of 2400 sentences", words)
	}
	mustContain(t, got, "FIN")
}

func TestWhatIsBeyondMeasureIsCutAndSaysSo(t *testing.T) {
	s := empty()
	s.Text = strings.Repeat("x\n", 300_000)
	s.Subject = strings.Repeat("largo ", 10_000)
	s.History = make([]form.Entry, 20_000)
	pdf := render(t, s, ministry())
	if n := pages(pdf); n > 120 {
		t.Errorf("%d pages", n)
	}
	got := text(t, pdf)
	if n := strings.Count(got, "(continúa en el expediente)"); n != 2 {
		t.Errorf("the text and the history say %d times that there is more", n)
	}
}

func TestOddCharactersAreReplacedVisibly(t *testing.T) {
	pdf := render(t, odd(), ministry())
	got := text(t, pdf)
	mustContain(t, got, "Clave □ no sirve □□□ — “urgente”… ¿por qué?", "Chino: □□□□□", "Árabe: □□□□□□□", "εκτυπωτής", "принтер", "się zepsuła",
		"áñ (acentos compuestos)", "rojo al revés fin tabulado", "Última □ línea {nb} (paréntesis) \\ barra",
		"□ carácter que este formato no puede mostrar")
	if strings.ContainsAny(got, "\x00\x07\x1b\u202e\u200b") {
		t.Error("control characters came through")
	}
	if plain := text(t, render(t, ordinary(), ministry())); strings.Contains(plain, "no puede mostrar") {
		t.Error("the form explains a sign that it does not have")
	}
}

// The same sheet gives the same bytes, also from several goroutines at once, and without reading the clock.
func TestSameSheetSameBytes(t *testing.T) {
	want := render(t, odd(), ministry())
	results := make(chan []byte)
	for range 2 {
		go func() {
			var b bytes.Buffer
			if err := form.PDF(&b, odd(), ministry()); err != nil {
				t.Error(err)
			}
			results <- b.Bytes()
		}()
	}
	for range 2 {
		if got := <-results; !bytes.Equal(got, want) {
			t.Error("the bytes differ")
		}
	}
	if !bytes.Contains(want, []byte("(D:20261127210500)")) {
		t.Error("the file was not created when the sheet was made")
	}
}

func TestLogos(t *testing.T) {
	var photo, interlaced bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 300, 100)), nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&interlaced, image.NewPaletted(image.Rect(0, 0, 10, 200), color.Palette{color.Transparent, color.Black})); err != nil {
		t.Fatal(err)
	}
	for name, logo := range map[string][]byte{"none": nil, "jpeg": photo.Bytes(), "16-bit png": pngLogo(50, 50), "palette": interlaced.Bytes()} {
		o := ministry()
		o.Logo = logo
		pdf := render(t, ordinary(), o)
		if got, want := bytes.Contains(pdf, []byte("/Subtype /Image")), logo != nil; got != want {
			t.Errorf("%s: picture %v, want %v", name, got, want)
		}
	}
}

func TestBadInputIsRefused(t *testing.T) {
	good := pngLogo(300, 100)
	var huge bytes.Buffer
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 4_000_001, 1))); err != nil {
		t.Fatal(err)
	}
	header := func(width byte) []byte { // a PNG that claims to be huge
		b := bytes.Clone(good[:33])
		b[16], b[17] = width, 0
		return b
	}
	change := func(f func(*form.Sheet, *form.Organisation)) (form.Sheet, form.Organisation) {
		s, o := ordinary(), ministry()
		f(&s, &o)
		return s, o
	}
	for want, f := range map[string]func(*form.Sheet, *form.Organisation){
		"no number":                func(s *form.Sheet, _ *form.Organisation) { s.Number = "" },
		"when it was made":         func(s *form.Sheet, _ *form.Organisation) { s.Made = time.Time{} },
		"satisfaction 6":           func(s *form.Sheet, _ *form.Organisation) { s.Satisfaction = 6 },
		"satisfaction -1":          func(s *form.Sheet, _ *form.Organisation) { s.Satisfaction = -1 },
		"no time zone":             func(_ *form.Sheet, o *form.Organisation) { o.Zone = nil },
		"neither PNG nor JPEG":     func(_ *form.Sheet, o *form.Organisation) { o.Logo = []byte("GIF89a...") },
		"the file is damaged":      func(_ *form.Sheet, o *form.Organisation) { o.Logo = good[:len(good)/2] },
		"logo: it is neither PNG":  func(_ *form.Sheet, o *form.Organisation) { o.Logo = header(0x7f) }, // checksum of its header fails
		"logo: 4000001 × 1 pixels": func(_ *form.Sheet, o *form.Organisation) { o.Logo = huge.Bytes() },
	} {
		var b bytes.Buffer
		s, o := change(f)
		err := form.PDF(&b, s, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes were written", want, b.Len())
		}
	}
	if err := form.CheckLogo(good); err != nil {
		t.Errorf("a good logo: %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestFailureToWriteIsReported(t *testing.T) {
	if err := form.PDF(brokenWriter{}, ordinary(), ministry()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
}

// Whatever a mail brings along: a form, always.
func FuzzPDF(f *testing.F) {
	for _, s := range []form.Sheet{ordinary(), odd(), empty()} {
		f.Add(s.Subject, s.Text, s.Official.Name, uint8(len(s.Instruction.Steps)))
	}
	f.Add("\xff\xfe", strings.Repeat("\u0301", 50), "\U0010ffff\ufffe\uffff", uint8(3))
	f.Fuzz(func(t *testing.T, subject, body, name string, n uint8) {
		s := ordinary()
		s.Subject, s.Text, s.Diagnosis, s.Official.Name, s.Number = subject, body, subject+"\n"+body, name, "N"+name
		s.Instruction.Steps = nil
		for range n {
			s.Instruction.Steps = append(s.Instruction.Steps, form.Step{Text: body, By: name})
			s.History = append(s.History, form.Entry{Who: name, Text: subject})
		}
		var b bytes.Buffer
		if err := form.PDF(&b, s, ministry()); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkPDF(b *testing.B) {
	s, o := ordinary(), ministry()
	for b.Loop() {
		if err := form.PDF(io.Discard, s, o); err != nil {
			b.Fatal(err)
		}
	}
}
