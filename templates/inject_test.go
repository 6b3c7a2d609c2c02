package templates

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"radicado/tickets"
	"radicado/tickets/command"
)

// payloads are what a stranger may write wherever a notice shows what somebody wrote.
var payloads = map[string]string{
	"template":        `{{.Desk}} {{template "signature" .}} {{printf "%s" "x"}}`,
	"script":          `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"end of cell":     `</td></tr></table></div></body></html><h1>Su cuenta fue bloqueada</h1>`,
	"end of title":    `</title><style>*{display:none}</style>`,
	"comment":         `--><!-- <![endif]--> <!--[if mso]><script>x</script><![endif]-->`,
	"attribute":       `" onmouseover="alert(1)" style="position:fixed`,
	"entity":          `&lt;script&gt; &#60;b&#62; &amp;amp;`,
	"link":            `<a href="java` + "\t" + `script:alert(1)">x</a> http://phish.example.com/login [x](http://phish.example.com)`,
	"ansi":            "\x1b[31mrojo\x1b[0m \x1b]0;título\a \u009b2J",
	"nul":             "a\x00b\x08\x7f",
	"right to left":   "factura\u202Efdp.exe \u2066x\u2069 \u200F\u061C",
	"invisible":       "#\u200Bcerrar z\u00ADz \uFEFF \U000E0041",
	"not UTF-8":       "caf\xe9 \xff\xfe",
	"header":          "hola\r\nBcc: otro@example.com\r\n\r\n<b>cuerpo</b>",
	"line separators": "a\u2028Bcc: b\u2029c\u0085d",
	"signature":       "hola\n-- \nMesa de servicios\nLlame al 300 000 0000",
	"command":         "#cerrar ＃cerrar [SS-2026-000001] #asignar todos",
	"long word":       strings.Repeat("w", 500),
}

// TestInjectChangesNoStructure puts each payload into every field of every notice: the elements of the HTML part are the same
// as with harmless words, and so none of it is an element, an attribute or a comment.
func TestInjectChangesNoStructure(t *testing.T) {
	set := load(t)
	notices := []tickets.Notice{problemNotice("en"), withRole(fullNotice(tickets.NoticeReopened, "es"), tickets.RoleRequester)}
	for _, kind := range tickets.NoticeKinds() {
		if kind != tickets.NoticeReport { // whose names are in its figures: see TestInjectReport
			notices = append(notices, fullNotice(kind, "es"))
		}
	}
	for _, sample := range notices {
		want := structure(t, render(t, set, filled(sample, "x")).HTML)
		for name, payload := range payloads {
			n := filled(sample, payload)
			mail := render(t, set, n)
			where := fmt.Sprintf("%s %s %s", sample.Lang, sample.Kind, name)
			if got := structure(t, mail.HTML); !slices.Equal(want, got) {
				t.Errorf("%s: the elements changed: %s", where, firstDifference(want, got))
			}
			checkCharacters(t, where, mail)
		}
	}
}

// TestInjectTextIsQuoted puts each payload where a person's text stands: outside the quoted lines nothing of the text part
// may change.
func TestInjectTextIsQuoted(t *testing.T) {
	set := load(t)
	for _, kind := range tickets.NoticeKinds() {
		n := fullNotice(kind, "es")
		if n.Data.Ticket == nil {
			continue // lists quote no texts
		}
		want := ownLines(render(t, set, withText(n, "x")).Text)
		for name, payload := range payloads {
			if got := ownLines(render(t, set, withText(n, payload)).Text); !slices.Equal(want, got) {
				t.Errorf("%s: %s gets out of the quotation: %s", kind, name, firstDifference(want, got))
			}
		}
	}
}

// TestInjectSubject answers notices about requests with hostile subjects: the answer is still a plain one to that request.
func TestInjectSubject(t *testing.T) {
	set := load(t)
	subjects := []string{"", "C# y F# no compilan", "#cerrar", "##cerrar", "＃cerrar ya", "#\u200Bcerrar", "#\u200Ccerrar ya", "#\u200D#\u200Ccerrar", "x,#cerrar", "[SS-2026-000001] otra", "[ss - 2026 - 000001 ]#cerrar",
		"Re: [SS-2026-000001] [SS-2026-000002] #prioridad baja", "[SS-[SS-2026-000001]2026-000002]", "otra vez SS-2026-000007", "[SS\u20112026\u2011000001] a",
		"#[SS-2026-000001]cerrar", "Impresora\r\nBcc: x@example.com"}
	for _, p := range payloads {
		subjects = append(subjects, p)
	}
	for _, subject := range subjects {
		checkSubject(t, set, subject)
	}
}

func FuzzInjectSubject(f *testing.F) {
	set := load(f)
	f.Add("Re: [SS-2026-000001] #cerrar")
	f.Add("#\u200Ccerrar ＃tomar [SS-[SS-2026-000001]2026-000002\xcb\x1e\x17`]")
	f.Add("#\u200Bcerrar ＃tomar [SS-[SS-2026-000001]2026-000002]")
	for _, p := range payloads {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, subject string) { checkSubject(t, set, subject) })
}

func checkSubject(t *testing.T, set *Set, subject string) {
	t.Helper()
	n := fullNotice(tickets.NoticeAcknowledgement, "es")
	n.Data.Ticket.Subject = subject
	mail := render(t, set, n)
	if strings.ContainsFunc(mail.Subject, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200C' && r != '\u200D'
	}) {
		t.Errorf("subject %q of %q has a control character", mail.Subject, subject)
	}
	if length := len([]rune(mail.Subject)); length > maxSubject+20 {
		t.Errorf("subject %q has %d characters", mail.Subject, length)
	}
	read := command.New("SS").Read("Re: " + mail.Subject)
	if len(read.Commands) > 0 {
		t.Errorf("an answer to %q, made of %q, commands %v", mail.Subject, subject, read.Commands)
	}
	if len(read.Numbers) == 0 || read.Numbers[0] != n.Data.Ticket.Number {
		t.Errorf("an answer to %q, made of %q, is about %v", mail.Subject, subject, read.Numbers)
	}
}

func FuzzInjectText(f *testing.F) {
	set := load(f)
	for _, p := range payloads {
		f.Add(p)
	}
	n := fullNotice(tickets.NoticeNewRequest, "es")
	plain := render(f, set, withText(n, "x"))
	elements, own := structure(f, plain.HTML), ownLines(plain.Text)
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			t.Skip("a request without a text is told so")
		}
		mail := render(t, set, withText(n, text))
		checkCharacters(t, "text", mail)
		if got := structure(t, mail.HTML); !slices.Equal(elements, got) && len([]rune(text)) <= maxExcerpt {
			t.Errorf("%q changes the elements: %s", text, firstDifference(elements, got))
		}
		if got := ownLines(mail.Text); !slices.Equal(own, got) && len([]rune(text)) <= maxExcerpt {
			t.Errorf("%q gets out of the quotation: %s", text, firstDifference(own, got))
		}
	})
}

// checkCharacters reports what no part of a mail may contain.
func checkCharacters(t *testing.T, where string, mail Mail) {
	t.Helper()
	bad := func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) && r != '\u200C' && r != '\u200D'
	}
	for part, text := range map[string]string{"subject": mail.Subject, "text": mail.Text, "HTML": mail.HTML} {
		if strings.ContainsFunc(text, bad) {
			t.Errorf("%s: the %s has a control character", where, part)
		}
		if strings.ToValidUTF8(text, "") != text {
			t.Errorf("%s: the %s is not UTF-8", where, part)
		}
	}
	if strings.ContainsAny(mail.Subject, "\r\n") {
		t.Errorf("%s: the subject %q has a line end", where, mail.Subject)
	}
}

// filled returns the notice with every string that somebody may have written set to s. Codes keep their value.
func filled(n tickets.Notice, s string) tickets.Notice {
	n.Data = fillValue(reflect.ValueOf(n.Data), s).Interface().(tickets.NoticeData)
	return n
}

func fillValue(v reflect.Value, s string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.String() != "" {
			out.SetString(s)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(fillValue(v.Elem(), s))
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(fillValue(v.Index(i), s))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			// What is not stored is worked out when the notice is rendered: nobody from outside writes it.
			if f := v.Type().Field(i); f.IsExported() && out.Field(i).CanSet() && f.Tag.Get("json") != "-" {
				out.Field(i).Set(fillValue(v.Field(i), s))
			}
		}
	}
	return out
}

// withText returns the notice with every text that is quoted set to s.
func withText(n tickets.Notice, s string) tickets.Notice {
	view := tickets.TicketView{}
	if n.Data.Ticket != nil {
		view = *n.Data.Ticket
		n.Data.Ticket = &view
	}
	for _, text := range []*string{&n.Data.Text, &view.Text, &view.Note, &view.Solution} {
		if *text != "" {
			*text = s
		}
	}
	if n.Data.Letter != nil {
		letter := *n.Data.Letter
		letter.Fault, letter.Diagnosis = s, s
		n.Data.Letter = &letter
	}
	if n.Data.Failure != nil {
		failure := *n.Data.Failure
		failure.Diagnostic = s
		n.Data.Failure = &failure
	}
	return n
}

// ownLines returns the lines of a text part that are not quoted.
func ownLines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.HasPrefix(line, ">") })
}

// structure returns the elements, attribute names and comments of a page, without the <br> of line ends that were written and
// without what depends on them: the targets of links.
func structure(t testing.TB, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for n := range root.Descendants() {
		switch {
		case n.Type == html.ElementNode && n.Data != "br":
			element := "<" + n.Data
			for _, a := range n.Attr {
				element += " " + a.Key
				if a.Key != "href" {
					element += "=" + a.Val
				} else if !strings.HasPrefix(a.Val, "mailto:soporte@example.org") && a.Val != sampleLink {
					t.Errorf("a link leads to %q", a.Val)
				}
			}
			list = append(list, element)
		case n.Type == html.CommentNode:
			list = append(list, "<!--"+n.Data)
		case n.Type == html.TextNode && n.Parent.Data == "style":
			list = append(list, n.Data)
		}
	}
	return list
}

func firstDifference(want, got []string) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("%q became %q", want[i], got[i])
		}
	}
	return fmt.Sprintf("%d became %d", len(want), len(got))
}
