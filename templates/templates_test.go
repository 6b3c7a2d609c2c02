package templates

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"radicado/mailbox"
	"radicado/tickets"
)

var update = flag.Bool("update", false, "write the golden files")

func testSettings() Settings {
	return Settings{
		Desk:         mailbox.Address{Name: "Mesa de servicios", Addr: "soporte@example.org"},
		Organisation: "Ministerio de Ejemplo",
		DeskName:     "Mesa de servicios",
		Footer:       "Teléfono (601) 555 0100, ext. 100\nLunes a viernes, 8:00 a. m. a 5:00 p. m.",
		Location:     time.FixedZone("Bogotá", -5*60*60),
	}
}

// loaded is the embedded templates. A Set does not change, so that the tests may share one.
var loaded = sync.OnceValues(func() (*Set, error) { return Load("", testSettings()) })

func load(t testing.TB) *Set {
	t.Helper()
	set, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func render(t testing.TB, set *Set, n tickets.Notice) Mail {
	t.Helper()
	mail, err := set.RenderReport(n, sampleReport(n))
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

// givenUpNotice is of a notice that nobody refused.
func givenUpNotice(lang string) tickets.Notice {
	n := fullNotice(tickets.NoticeUndelivered, lang)
	n.Data.Failure = &tickets.UndeliveredFact{Recipients: n.Data.Failure.Recipients, GivenUp: true,
		Diagnostic: "send to rosalba.pena@example.org by smtp.example.org:587: reply: the connection broke"}
	return n
}

// TestGolden shows what every notice looks like; "go test -update" writes the files anew.
func TestGolden(t *testing.T) {
	set := load(t)
	for _, lang := range Langs() {
		notices := map[string]tickets.Notice{"receipt_refused": problemNotice(lang), "receipt_report": reportReceipt(lang), "undelivered_given_up": givenUpNotice(lang)}
		for _, kind := range tickets.NoticeKinds() {
			notices[string(kind)] = fullNotice(kind, lang)
			notices[string(kind)+"_bare"] = bareNotice(kind, lang)
		}
		for name, n := range notices {
			mail := render(t, set, n)
			golden(t, filepath.Join("testdata", lang, name+".txt.golden"), "Subject: "+mail.Subject+"\n\n"+mail.Text)
			golden(t, filepath.Join("testdata", lang, name+".html.golden"), mail.HTML)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
	}
}

// constants returns the values of every constant of a type that the domain declares, so that a new one without words is found.
func constants(t *testing.T, typeName string) []string {
	t.Helper()
	var values []string
	for _, file := range domainFiles(t) {
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				continue
			}
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				if id, ok := v.Type.(*ast.Ident); ok && id.Name == typeName {
					for _, value := range v.Values {
						values = append(values, literal(t, value))
					}
				}
			}
		}
	}
	if len(values) == 0 {
		t.Fatalf("the domain has no constants of type %s", typeName)
	}
	return values
}

// factKinds returns what the methods Kind of the facts return.
func factKinds(t *testing.T) []string {
	t.Helper()
	var kinds []string
	for _, file := range domainFiles(t) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Name.Name == "Kind" && f.Recv != nil {
				kinds = append(kinds, literal(t, f.Body.List[0].(*ast.ReturnStmt).Results[0]))
			}
		}
	}
	if len(kinds) == 0 {
		t.Fatal("the domain has no facts")
	}
	return kinds
}

func domainFiles(t *testing.T) []*ast.File {
	t.Helper()
	files, err := domain()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var domain = sync.OnceValues(func() ([]*ast.File, error) {
	paths, err := filepath.Glob("../tickets/*.go")
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
})

func literal(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("a code is not written as a literal but as %T", e)
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEveryCodeHasWords(t *testing.T) {
	set := load(t)
	for _, lang := range Langs() {
		w := vocabularies[lang]
		for _, code := range constants(t, "State") {
			if w.states[tickets.State(code)] == "" {
				t.Errorf("%s: no words for the state %q", lang, code)
			}
		}
		for _, code := range constants(t, "Priority") {
			if w.priorities[tickets.Priority(code)] == "" {
				t.Errorf("%s: no words for the priority %q", lang, code)
			}
		}
		for _, kind := range factKinds(t) {
			if w.events[kind] == "" {
				t.Errorf("%s: no words for the event %q", lang, kind)
			}
		}
		for _, code := range constants(t, "Verb") {
			words := w.verbs[tickets.Verb(code)]
			if Word(tickets.Verb(code), lang) == "" || words.does == "" || words.label == "" {
				t.Errorf("%s: the command %q lacks its word, its explanation or its label", lang, code)
			}
		}
		for _, kind := range constants(t, "NoticeKind") {
			if set.notices[noticeKey{lang, tickets.NoticeKind(kind)}].parsed == nil {
				t.Errorf("%s: no template for the notice %q", lang, kind)
			}
		}
	}
}

// TestEveryCodeHasASentence renders codes for which the templates have a sentence each; one without falls to the last branch,
// which shows the bare code.
func TestEveryCodeHasASentence(t *testing.T) {
	set := load(t)
	for _, lang := range Langs() {
		said := map[string]string{}
		once := func(what, text string) {
			if other, repeated := said[text]; repeated {
				t.Errorf("%s: %s says the same as %s", lang, what, other)
			}
			said[text] = what
		}
		unsaid := func(what, code, text string) {
			if code != "" && strings.Contains(text, "("+code+")") || strings.Contains(text, "\n"+code) {
				t.Errorf("%s: %s has no sentence: %s", lang, what, text)
			}
			once(what, text)
		}
		for _, code := range constants(t, "ProblemCode") {
			n := bareNotice(tickets.NoticeReceipt, lang)
			n.Data.Receipt.Items[0].Problem = &tickets.Problem{Code: tickets.ProblemCode(code), State: tickets.Closed}
			unsaid("problem "+code, code, render(t, set, n).Text)
		}
		for _, code := range constants(t, "RemarkCode") {
			n := bareNotice(tickets.NoticeNewRequest, lang)
			n.Data.Ticket.Remarks = []tickets.Remark{{Code: tickets.RemarkCode(code), Value: "7"}}
			unsaid("remark "+code, code, render(t, set, n).Text)
		}
		for _, code := range constants(t, "Verb") {
			n := bareNotice(tickets.NoticeReceipt, lang)
			n.Data.Receipt = &tickets.Receipt{Applied: true, Items: []tickets.Item{{Verb: tickets.Verb(code)}}}
			once("done "+code, render(t, set, n).Text)
		}
		n := bareNotice(tickets.NoticeReceipt, lang)
		n.Data.Receipt = &tickets.Receipt{Applied: true, Items: []tickets.Item{{Verb: "no such verb"}}}
		once("done with a verb that nobody knows", render(t, set, n).Text)
		for _, code := range constants(t, "QuarantineCause") {
			n := bareNotice(tickets.NoticeDigest, lang)
			n.Data.Digest.Quarantine.Rows = []tickets.Quarantined{{Cause: tickets.QuarantineCause(code)}}
			once("cause "+code, render(t, set, n).Text)
		}
		for _, state := range tickets.States() {
			n := bareNotice(tickets.NoticeStatus, lang)
			n.Data.Ticket.State = state
			once("state "+string(state), render(t, set, n).Text)
		}
	}
}

// TestTextPartIsComplete compares the words of the two parts: what the HTML says to everybody, the text says too.
func TestTextPartIsComplete(t *testing.T) {
	set := load(t)
	for _, n := range samples() {
		mail := render(t, set, n)
		doc, err := readDocument(strings.NewReader(mail.HTML))
		if err != nil {
			t.Fatal(err)
		}
		have := strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(mail.Text, "\n>", "\n")), " "))
		for node := range doc.content.Descendants() {
			if node.Type != html.TextNode || onlyHTML(node) {
				continue
			}
			said := strings.ToLower(strings.Join(strings.Fields(node.Data), " "))
			for word := range strings.FieldsSeq(said) {
				if !strings.Contains(have, word) {
					t.Errorf("%s %s: the text part lacks %q of %q", n.Lang, n.Kind, word, said)
				}
			}
		}
	}
}

func onlyHTML(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if hasClass(n, "html-only") {
			return true
		}
	}
	return false
}

// TestEverythingRenders is for the embedded files what Load does for those of an override.
func TestEverythingRenders(t *testing.T) {
	if err := load(t).tryAll(); err != nil {
		t.Error(err)
	}
}

func TestTextPartIsNarrow(t *testing.T) {
	set := load(t)
	for _, n := range samples() {
		for line := range strings.SplitSeq(render(t, set, n).Text, "\n") {
			if utf8.RuneCountInString(line) > columns {
				t.Errorf("%s %s: line of more than %d characters: %q", n.Lang, n.Kind, columns, line)
			}
			if strings.TrimRight(line, " ") != line && line != "-- " {
				t.Errorf("%s %s: white space at the end of %q", n.Lang, n.Kind, line)
			}
		}
	}
}

func TestFirstLineSaysWhatHappened(t *testing.T) {
	set := load(t)
	for _, n := range samples() {
		mail := render(t, set, n)
		lines := strings.SplitN(mail.Text, "\n", 4)
		if lines[0] == "" || lines[1] != "" {
			t.Errorf("%s %s begins with %q", n.Lang, n.Kind, lines[:2])
		}
		if n.Data.Ticket != nil && !strings.Contains(lines[2], string(n.Data.Ticket.Number)) {
			t.Errorf("%s %s: the number does not follow the first line but %q", n.Lang, n.Kind, lines[2])
		}
		if !strings.Contains(mail.HTML, `lang="`+n.Lang+`"`) || strings.Count(mail.HTML, "<h1") != 1 {
			t.Errorf("%s %s: the HTML part lacks its language or its one heading", n.Lang, n.Kind)
		}
	}
}

// TestOneSubjectPerTicket keeps a request one conversation in Gmail, which goes by the subject.
func TestOneSubjectPerTicket(t *testing.T) {
	set := load(t)
	for _, lang := range Langs() {
		for _, kind := range tickets.NoticeKinds() {
			n := fullNotice(kind, lang)
			if n.Data.Ticket == nil {
				continue // it is about no request
			}
			mail := render(t, set, n)
			if want := "[SS-2026-000042] La impresora del segundo piso no imprime"; mail.Subject != want {
				t.Errorf("%s %s: subject %q, want %q", lang, kind, mail.Subject, want)
			}
		}
	}
}

func TestSubjectWithoutTicket(t *testing.T) {
	set := load(t)
	for lang, want := range map[string]string{"es": "Respuesta a sus órdenes", "en": "Answer to your commands", "fr": "Respuesta a sus órdenes", "": "Respuesta a sus órdenes"} {
		n := bareNotice(tickets.NoticeReceipt, lang)
		if got := render(t, set, n).Subject; got != want {
			t.Errorf("language %q: subject %q, want %q", lang, got, want)
		}
	}
}

func TestRenderRefusesWhatIsIncomplete(t *testing.T) {
	set := load(t)
	for name, n := range map[string]tickets.Notice{
		"unknown kind": {Kind: "praise", Lang: "es"},
		"no ticket":    {Kind: tickets.NoticeClosed, Lang: "es"},
		"no receipt":   {Kind: tickets.NoticeReceipt, Lang: "es"},
		"no failure":   {Kind: tickets.NoticeUndelivered, Lang: "es"},
		"no period":    {Kind: tickets.NoticeReport, Lang: "es"},
		"no figures":   bareNotice(tickets.NoticeReport, "es"),
		"no link":      {Kind: tickets.NoticeSignIn, Lang: "es", Data: tickets.NoticeData{SignIn: &tickets.SignIn{Nonce: "n"}}},
	} {
		if mail, err := set.Render(n); err == nil {
			t.Errorf("%s: rendered as %q", name, mail.Subject)
		}
	}
}

// TestNothingExternal keeps the notices free of pictures, scripts and links that lead elsewhere than to the desk.
func TestNothingExternal(t *testing.T) {
	set := load(t)
	for _, n := range samples() {
		for node := range parsed(t, render(t, set, n).HTML).Descendants() {
			own := n.Data.Report != nil && node.Data == "img" && strings.HasPrefix(attr(node, "src"), "cid:") // comes with the mail
			if !own && slices.Contains([]string{"img", "script", "link", "iframe", "object", "form", "base", "svg"}, node.Data) && node.Type == html.ElementNode {
				t.Errorf("%s %s has a <%s>", n.Lang, n.Kind, node.Data)
			}
			for _, a := range node.Attr {
				if n.Kind == tickets.NoticeSignIn && a.Val == sampleLink {
					continue
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "mailto:soporte@example.org") || a.Key == "src" && !own || strings.Contains(a.Val, "url(") {
					t.Errorf("%s %s refers to %q", n.Lang, n.Kind, a.Val)
				}
			}
			if node.Data == "table" && attr(node, "role") == "" && !hasClass(node, "facts") && !hasClass(node, "rows") && !hasClass(node, "figures") {
				t.Errorf("%s %s: a table for layout is without role=presentation", n.Lang, n.Kind)
			}
		}
	}
}

func parsed(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestCorrectedCommands(t *testing.T) {
	set := load(t)
	unknown := func(written, nearest string) tickets.Item {
		return tickets.Item{Command: written, Problem: &tickets.Problem{Code: tickets.ProblemUnknownWord, Nearest: nearest}}
	}
	fine := tickets.Item{Command: "#prioridad alta", Verb: tickets.VerbPriority}
	name := tickets.Item{Command: "#asignar ruis", Problem: &tickets.Problem{Code: tickets.ProblemUnknownArgument, Nearest: "Carlos Ruiz"}}
	for want, items := range map[string][]tickets.Item{
		"[SS-2026-000042] #cerrar":                      {unknown("#cerar", "cerrar")},
		"[SS-2026-000042] #prioridad alta #cerrar ya":   {fine, unknown("#cerar ya", "#cerrar")},
		"[SS-2026-000042] #asignar Carlos Ruiz #cerrar": {name, unknown("#cerar", "cerrar")},
		"": {fine, unknown("#xyz", "")},
	} {
		n := fullNotice(tickets.NoticeReceipt, "es")
		n.Data.Receipt = &tickets.Receipt{Items: items}
		n.Data.Links = nil
		mail := render(t, set, n)
		var links []string
		for node := range parsed(t, mail.HTML).Descendants() {
			if s := mailtoSubject(attr(node, "href")); s != "" {
				links = append(links, s)
			}
		}
		if got := strings.Join(links, "|"); got != want {
			t.Errorf("%v: offered %q, want %q", items, got, want)
		}
	}
}

func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	set := load(t)
	n := fullNotice(tickets.NoticeReceipt, "es")
	want := render(t, set, n)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got, err := set.Render(n); err != nil || got != want {
				t.Errorf("rendered differently: %v", err)
			}
		})
	}
	wait.Wait()
}

func BenchmarkRender(b *testing.B) {
	set := load(b)
	for _, kind := range []tickets.NoticeKind{tickets.NoticeAcknowledgement, tickets.NoticeNewRequest} {
		n := fullNotice(kind, "es")
		n.Data.Ticket.Text = strings.Repeat(n.Data.Ticket.Text+"\n\n", 12) // some kilobytes, as a mail has
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, set, n)
			}
		})
	}
}
