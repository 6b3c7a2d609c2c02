package templates

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/command"
)

// TestMailtoLink compares with RFC 6068: what Outlook, Gmail and telephones take apart must all be percent-encoded.
func TestMailtoLink(t *testing.T) {
	for _, c := range []struct{ addr, subject, want string }{
		{"soporte@example.org", "", "mailto:soporte@example.org"},
		{"soporte@example.org", "[SS-2026-000042] #cerrar", "mailto:soporte@example.org?subject=%5BSS-2026-000042%5D%20%23cerrar"},
		{"soporte@example.org", "#asignar Ángela Niño", "mailto:soporte@example.org?subject=%23asignar%20%C3%81ngela%20Ni%C3%B1o"},
		{"soporte+ti@example.org", "a+b & c=d? 100%", "mailto:soporte%2Bti@example.org?subject=a%2Bb%20%26%20c%3Dd%3F%20100%25"},
		{"soporte@example.org", "uno\r\nBcc: x@example.com", "mailto:soporte@example.org?subject=uno%20Bcc%3A%20x%40example.com"},
		{"a?cc=b@example.org", "x", "mailto:a%3Fcc%3Db@example.org?subject=x"},
		{"soporte@example.org", `"><script>`, "mailto:soporte@example.org?subject=%22%3E%3Cscript%3E"},
	} {
		if got := mailtoLink(mailbox.Address{Addr: c.addr}, c.subject); got != c.want {
			t.Errorf("mailtoLink(%q, %q) = %q, want %q", c.addr, c.subject, got, c.want)
		}
	}
}

// TestLinksSurviveTheHTML reads the links back out of the HTML part: each must be the command that Decide offered.
func TestLinksSurviveTheHTML(t *testing.T) {
	set := load(t)
	grammar := command.New("SS")
	for _, lang := range Langs() {
		n := fullNotice(tickets.NoticeNewRequest, lang)
		mail := render(t, set, n)
		var subjects []string
		for node := range parsed(t, mail.HTML).Descendants() {
			if href := attr(node, "href"); strings.Contains(href, "subject=") {
				if strings.ContainsAny(strings.TrimPrefix(href, "mailto:soporte@example.org?subject="), "#[]+ ?&") {
					t.Errorf("%s: %s is not encoded", lang, href)
				}
				u, err := url.Parse(href)
				if err != nil {
					t.Fatal(err)
				}
				subjects = append(subjects, u.Query().Get("subject"))
			}
		}
		if len(subjects) != len(n.Data.Links) {
			t.Fatalf("%s: %d links of %d", lang, len(subjects), len(n.Data.Links))
		}
		for i, link := range n.Data.Links {
			read := grammar.Read(subjects[i])
			if len(read.Commands) != 1 || read.Commands[0].Verb != link.Verb || read.Numbers[0] != n.Data.Ticket.Number {
				t.Errorf("%s: %q reads as %v about %v, want %v", lang, subjects[i], read.Commands, read.Numbers, link)
				continue
			}
			if link.Verb == tickets.VerbAssign && read.Commands[0].Arg != link.Arg {
				t.Errorf("%s: %q assigns to %q, want %q", lang, subjects[i], read.Commands[0].Arg, link.Arg)
			}
			if !strings.Contains(mail.Text, "\n  "+subjects[i]+"\n") {
				t.Errorf("%s: the text part does not have %q on a line of its own", lang, subjects[i])
			}
		}
	}
}

func FuzzMailtoLink(f *testing.F) {
	f.Add("[SS-2026-000042] #asignar Ángela Niño + 100% & más")
	f.Fuzz(func(t *testing.T, subject string) {
		link := mailtoLink(mailbox.Address{Addr: "soporte@example.org"}, subject)
		if got := mailtoSubject(link); got != oneLine(subject) {
			t.Errorf("%q came back as %q through %s", subject, got, link)
		}
	})
}

// TestCleanIsLeftAlone compares the short way of clean with the long one, for every character of the planes in which there are
// letters and marks, and for some of each block beyond.
func TestCleanIsLeftAlone(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r > 0x20000 {
			r += 0xfe
		}
		if s := "a" + string(r) + "b"; isClean(s) != (cleaned(s) == s) {
			t.Errorf("%U: isClean says %v, and cleaning gives %q", r, isClean(s), cleaned(s))
		}
	}
	if isClean("ma\xf1ana") {
		t.Error("Latin-1 is no UTF-8")
	}
}

func TestHarmless(t *testing.T) {
	for subject, want := range map[string]string{
		"La impresora no imprime":                      "La impresora no imprime",
		"#cerrar ya":                                   "cerrar ya",
		"No abre #SIIF":                                "No abre SIIF",
		"Error en C# y caso #12":                       "Error en C# y caso #12",
		"Re: [SS-2026-000001] Impresora":               "Re: Impresora",
		"Igual que SS-2026-000001":                     "Igual que SS-2026-000001",
		"Hola\r\nBcc: x":                               "Hola Bcc: x",
		"[urgente] correo":                             "[urgente] correo",
		" \t ":                                         "",
		strings.Repeat("palabra ", 40):                 strings.TrimSuffix(strings.Repeat("palabra ", 14), " ") + "…",
		strings.Repeat("x", 300):                       strings.Repeat("x", 119) + "…",
		"\u202Eadnarg al\u202C \x1b[1mnegrilla\x1b[0m": "adnarg al negrilla",
	} {
		if got := harmless(subject); got != want {
			t.Errorf("harmless(%q) = %q, want %q", subject, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	bogota := time.FixedZone("Bogotá", -5*60*60)
	for _, c := range []struct{ at, es, en string }{
		{"2026-11-23T15:05:00Z", "23 de noviembre de 2026, 10:05 a. m.", "23 November 2026, 10:05"},
		{"2026-01-01T05:00:00Z", "1 de enero de 2026, 12:00 a. m.", "1 January 2026, 00:00"},
		{"2026-08-07T17:30:00Z", "7 de agosto de 2026, 12:30 p. m.", "7 August 2026, 12:30"},
		{"2026-03-01T04:59:00Z", "28 de febrero de 2026, 11:59 p. m.", "28 February 2026, 23:59"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(spanish.date(at.In(bogota)), noBreak, " "); got != c.es {
			t.Errorf("%s in Spanish: %q, want %q", c.at, got, c.es)
		}
		if got := english.date(at.In(bogota)); got != c.en {
			t.Errorf("%s in English: %q, want %q", c.at, got, c.en)
		}
	}
}

func TestSizes(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1,0 KB", 1_240_000: "1,2 MB", 30_000_000: "30 MB", 7_500_000_000: "7,5 GB"} {
		if got := strings.ReplaceAll(spanish.size(bytes), noBreak, " "); got != want {
			t.Errorf("%d bytes: %q, want %q", bytes, got, want)
		}
	}
}

func TestEither(t *testing.T) {
	for _, c := range []struct {
		w       *vocabulary
		choices []string
		want    string
	}{
		{&spanish, nil, ""},
		{&spanish, []string{"critica"}, "crítica"},
		{&spanish, []string{"critica", "alta", "media", "baja"}, "crítica, alta, media o baja"},
		{&spanish, []string{"Ana", "Óscar"}, "Ana u Óscar"},
		{&english, []string{"critica", "alta"}, "critical or high"},
		{&english, []string{"abiertas", "sin asignar"}, "open or unassigned"},
	} {
		if got := c.w.either(c.choices); got != c.want {
			t.Errorf("either(%q) = %q, want %q", c.choices, got, c.want)
		}
	}
}

func TestDangerousFiles(t *testing.T) {
	for _, f := range []tickets.File{
		{Name: "factura.pdf.exe"}, {Name: "FOTO.SCR"}, {Name: "macro.docm"}, {Name: "x.exe. "}, {Name: "fac\u202Efdp.js"}, {Name: "a.exe\x00"},
		{Name: "sin extensión", Type: "application/x-msdownload"}, {Name: "x.txt", Type: "text/javascript"}, {Name: "acceso.lnk"}, {Name: "disco.iso"},
		{Name: "libro.xlsx", Type: "application/vnd.ms-excel.sheet.macroEnabled.12"}, {Name: "pagina.html", Type: "text/html"},
	} {
		if !dangerous(f) {
			t.Errorf("%q (%s) is not marked", f.Name, f.Type)
		}
	}
	for _, f := range []tickets.File{
		{Name: "informe.docx", Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, {Name: "foto.jpg", Type: "image/jpeg"},
		{Name: "carta.pdf", Type: "application/pdf"}, {Name: "exe", Type: "text/plain"}, {Name: ""}, {Name: "notas.txt", Type: "text/plain"},
	} {
		if dangerous(f) {
			t.Errorf("%q (%s) is marked", f.Name, f.Type)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	set := load(t)
	n := withText(fullNotice(tickets.NoticeIncoming, "es"), strings.Repeat("palabra ", 10_000))
	mail := render(t, set, n)
	if len(mail.Text) > 2*maxExcerpt || !strings.Contains(mail.Text, "Completo está en el registro.") {
		t.Errorf("the text part has %d bytes", len(mail.Text))
	}
}

// TestOverride replaces single files of the folder that a ministry keeps.
func TestOverride(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "es/closed.html", "<h1>Terminamos con {{.Ticket.Number}}</h1>")
	write(t, folder, "shared/style.css", "h1 { color: #7a0000; }")
	write(t, folder, "es/closed.html~", "left by an editor")
	write(t, folder, ".git/config", "not ours")
	set, err := Load(folder, testSettings())
	if err != nil {
		t.Fatal(err)
	}
	mail := render(t, set, fullNotice(tickets.NoticeClosed, "es"))
	if !strings.HasPrefix(mail.Text, "Terminamos con SS-2026-000042\n") || !strings.Contains(mail.HTML, `<h1 style="color:#7a0000">`) {
		t.Errorf("the folder was not used:\n%s", mail.Text)
	}
	if got := render(t, set, fullNotice(tickets.NoticeResolved, "es")).Text; !strings.HasPrefix(got, "Su solicitud quedó resuelta") {
		t.Errorf("what the folder lacks is not as before:\n%s", got)
	}
}

// TestOverrideIsRefused tells the administrator which file is wrong, and where.
func TestOverrideIsRefused(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"no end of a block", "es/closed.html", "<h1>Hola</h1>\n{{if .Ticket}}", "es/closed.html:2: "},
		{"unknown function", "es/closed.html", "<h1>Hola</h1>\n\n{{shout .Text}}", "es/closed.html:3: "},
		{"unknown field", "es/closed.html", "<h1>Hola</h1>\n<p>{{.Ticket.Colour}}</p>", "es/closed.html:2:"},
		{"unknown field in a branch", "en/receipt.html", "<h1>x</h1>\n{{range .Receipt.Items}}{{if .Problem}}\n{{.Problem.Reason}}{{end}}{{end}}", "en/receipt.html:3:"},
		{"unknown block", "en/note.html", "<h1>x</h1>\n{{template \"sign\" .}}", "en/note.html:2:"},
		{"broken block", "es/blocks.html", "{{define \"title\"}}x{{end}}", "no such template"},
		{"half an element", "es/closed.html", "<h1>x</h1>\n<a href=\"{{.Text}}", "es/closed.html: html/template:"},
		{"empty", "es/closed.html", "", "es/closed.html has no <h1>"},
		{"no heading", "es/closed.html", "<p>Hola</p>", "es/closed.html has no <h1>"},
		{"mistyped name", "es/close.html", "<h1>x</h1>", "es/close.html replaces no template; there are "},
		{"layout without content", "shared/layout.html", "<html><body>{{template \"notice\" .}}</body></html>", `id "content"`},
		{"unknown selector", "shared/style.css", "p { color: red }\ntd > p { color: red }", `style.css:2: selector "td > p"`},
		{"import", "shared/style.css", "@import \"x.css\";", "style.css:1: a rule without braces"},
		{"font", "shared/style.css", "/* our\nfont */\n\n@font-face { font-family: x }", "style.css:4: @font-face is not possible"},
		{"unclosed rule", "shared/style.css", "h1 { color: red }\np { color: red\nh2 { color: red }", "style.css:2: a { without its }"},
		{"rule within a rule", "shared/style.css", "p { color: red\nh2 { color: red } }", "style.css:1: a rule within a rule"},
		{"end of the element", "shared/style.css", "@media print { p { x: \"</style><script>\" } }", "style.css:1: a <"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, folder, c.file, c.text)
			_, err := Load(folder, testSettings())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to say %q", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "missing"), testSettings()); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
	if _, err := Load("", Settings{}); err == nil {
		t.Error("settings without the address of the desk were accepted")
	}
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func FuzzStyle(f *testing.F) {
	f.Add("p { color: red }\n@media print { p { color: black !important } }")
	f.Add("a:hover { }")
	f.Add("@media{")
	f.Add(";\xf1")
	f.Add("/* p {")
	f.Fuzz(func(t *testing.T, text string) {
		if style, err := parseStyle(source{"style.css", text}); err == nil && strings.Contains(style.media, "</") {
			t.Errorf("%q ends the <style> element", text)
		}
	})
}
