package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"radicado/mailbox/mailtest"
)

// tab is a page of the browser, and what went wrong in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	demo *demo

	mu     sync.Mutex
	faults []string
}

// open opens a tab with cookies of its own.
func (d *demo) open(browser context.Context) *tab {
	d.t.Helper()
	executor := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	cookies, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		d.t.Fatal(err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(cookies).WithNewWindow(true).Do(executor)
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	d.t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // without a time limit, at whose end the tab would close
		d.t.Fatal(err)
	}
	p := &tab{t: d.t, ctx: ctx, demo: d}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			p.fault("script: " + e.ExceptionDetails.Error())
		case *log.EventEntryAdded: // what the Content-Security-Policy keeps out is told here
			if !strings.Contains(e.Entry.Text, "status of 40") {
				p.fault(fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
			}
		case *network.EventRequestWillBeSent:
			if at := e.Request.URL; !strings.HasPrefix(at, d.board+"/") && !strings.HasPrefix(at, "about:") && !strings.HasPrefix(at, "data:") {
				p.fault("the page loads " + at)
			}
		}
	})
	p.do(network.Enable(), log.Enable(), emulation.SetTimezoneOverride("America/Bogota"), p.language("es-CO"))
	return p
}

func (p *tab) language(tag string) chromedp.Action {
	return network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": tag})
}

func (p *tab) fault(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, text)
}

// do carries out actions, all within the patience of a test.
func (p *tab) do(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var shown string
		_ = chromedp.Run(p.ctx, chromedp.Evaluate(`location.pathname + "\n" + document.body.innerText`, &shown))
		p.t.Fatalf("%v, at\n%s", err, shown)
	}
}

// visit goes to a page of the board.
func (p *tab) visit(path string) {
	p.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.demo.board + path
	}
	p.do(chromedp.Navigate(path), chromedp.WaitReady("main"))
}

func (p *tab) text(selector string) (text string) {
	p.t.Helper()
	p.do(chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

func (p *tab) eval(script string, into any) {
	p.t.Helper()
	p.do(chromedp.Evaluate(script, into))
}

// shows waits until the page shows something.
func (p *tab) shows(what string) {
	p.t.Helper()
	expression := fmt.Sprintf("document.body.innerText.includes(%q)", what)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var there bool // while another page is loaded there is nothing to ask
		if err := chromedp.Run(p.ctx, chromedp.Evaluate(expression, &there)); err == nil && there {
			return
		}
	}
	p.do(chromedp.ActionFunc(func(context.Context) error { return fmt.Errorf("the page does not show %q", what) }))
}

// settled fails where something went wrong in the tab.
func (p *tab) settled() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Error(f)
	}
	p.faults = nil
}

var (
	marta = person("Marta Ruiz", "marta.ruiz@ministerio.example")
	sofia = person("Sofía Vergel", "sofia.vergel@ministerio.example")
)

// TestBoard is what a coordinator does with the board, and how it looks to everybody.
func TestBoard(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	d := startDemo(ctx, t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	browser, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Run(browser); err != nil {
		t.Fatal(err)
	}
	p := d.open(browser)
	p.signsInByMail(marta)
	p.filters()
	number := p.seesNewRequest()
	p.followsMailto(number)
	p.keyboard()
	p.settled()
	d.looks(browser, p, number)
}

// signsInByMail asks for a link, waits for the mail and follows it.
func (p *tab) signsInByMail(who mailtest.Person) {
	p.t.Helper()
	p.visit("/")
	p.do(chromedp.SendKeys("#correo", who.Addr+kb.Enter, chromedp.ByQuery))
	p.shows("Revise su correo")
	mail := p.demo.gets(who, "Enlace para ingresar al tablero")
	link := regexp.MustCompile(`http://\S+/entrar/\S+`).FindString(mailtest.TextOf(mail, "text/plain"))
	p.visit(link)
	p.do(chromedp.Click("main button", chromedp.ByQuery))
	p.shows("Tablero")
	if got := p.text(".who .name"); got != who.Name {
		p.t.Fatalf("signed in as %q", got)
	}
}

func (p *tab) filters() {
	p.t.Helper()
	p.do(chromedp.SetValue("#f-technician", "luis.caicedo@ministerio.example", chromedp.ByQuery), chromedp.Click(".filters button", chromedp.ByQuery))
	p.shows("Quitar filtros")
	var address string
	var others []string
	p.do(chromedp.Location(&address))
	p.eval(`[...document.querySelectorAll(".tech")].map(e => e.textContent).filter(t => t != "Luis Caicedo")`, &others)
	if !strings.Contains(address, "tecnico=luis.caicedo") || len(others) > 0 {
		p.t.Errorf("filtered by Luis, %s shows requests of %q", address, others)
	}
}

// seesNewRequest has a request come in by mail while the board is open.
func (p *tab) seesNewRequest() string {
	p.t.Helper()
	p.visit("/")
	p.eval(`window.stayed = true`, nil)
	p.demo.writes(sofia, "El proyector del auditorio parpadea", "Buenas tardes:\n\nEl proyector parpadea desde la mañana y a las tres hay un evento.\n\nGracias.")
	p.shows("El proyector del auditorio parpadea")
	p.stayed()
	var number string
	p.eval(`[...document.querySelectorAll(".card")].find(c => c.innerText.includes("proyector")).querySelector(".num").textContent`, &number)
	return number
}

// stayed fails where the page was loaded anew.
func (p *tab) stayed() {
	p.t.Helper()
	var stayed bool
	if p.eval(`window.stayed === true`, &stayed); !stayed {
		p.t.Error("the page was loaded anew instead of being brought up to date")
	}
}

// followsMailto sends the mail of a button, and sees the page change.
func (p *tab) followsMailto(number string) {
	p.t.Helper()
	p.visit("/solicitudes/" + number)
	p.eval(`window.stayed = true`, nil)
	var href string
	p.eval(`[...document.querySelectorAll(".action")].find(a => a.textContent == "Prioridad alta").href`, &href)
	mail, err := url.Parse(href)
	if err != nil || mail.Scheme != "mailto" || mail.Opaque != desk {
		p.t.Fatalf("the button leads to %q", href)
	}
	p.demo.writes(marta, mail.Query().Get("subject"), "")
	p.do(chromedp.WaitVisible(".title .pri-high", chromedp.ByQuery))
	p.shows("Prioridad definida")
	p.stayed()
	p.visit("/?prioridad=high&palabras=proyector")
	p.shows(number)
}

// keyboard opens a request with the keyboard alone.
func (p *tab) keyboard() {
	p.t.Helper()
	p.visit("/")
	var focused string
	focus := chromedp.Evaluate(`document.activeElement.className + " " + document.activeElement.id`, &focused)
	p.do(chromedp.KeyEvent(kb.Tab), focus)
	if focused != "skip " {
		p.t.Errorf("the first stop of the keyboard is %q", focused)
	}
	p.do(chromedp.KeyEvent(kb.Enter), chromedp.Sleep(100*time.Millisecond), focus)
	if focused != " contenido" {
		p.t.Errorf("the link to the content leads to %q", focused)
	}
	for range 40 {
		if p.do(chromedp.KeyEvent(kb.Tab), focus); focused == "num " {
			break
		}
	}
	p.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".history", chromedp.ByQuery))
}

// look is how a page is looked at.
type look struct {
	width int64
	dark  bool
}

// looks goes through every page, narrow and wide, light and dark: nothing runs over the edge, nothing goes wrong, and nothing keeps
// people out.
func (d *demo) looks(browser context.Context, staff *tab, number string) {
	first := number[:len(number)-6] + "000001"
	warranty := ""
	staff.visit("/lista?estado=waiting_vendor")
	staff.eval(`(document.querySelector(".num") || {textContent: ""}).textContent`, &warranty)
	pages := map[*tab][]string{staff: {"/", "/?vencidas=1&palabras=nada", "/lista", "/lista?estado=closed", "/solicitudes/" + first, "/solicitudes/" + number,
		"/equipos", "/equipos/nada", "/recursos", "/tecnicos", "/informe"}}
	if warranty != "" {
		pages[staff] = append(pages[staff], "/solicitudes/"+warranty)
	}
	for name, paths := range map[string][]string{"Pedro": {"/", "/solicitudes/" + first}, "Impresoras": {"/"}} {
		one := d.open(browser)
		one.visit(d.links[name])
		one.do(chromedp.Click("main button", chromedp.ByQuery), chromedp.WaitVisible(".who", chromedp.ByQuery))
		if name == "Impresoras" {
			var own string
			one.eval(`(document.querySelector(".num") || {getAttribute: () => ""}).getAttribute("href")`, &own)
			if own == "" {
				d.t.Error("the vendor sees no case")
			} else {
				paths = append(paths, own)
			}
		}
		pages[one] = paths
	}
	stranger := d.open(browser)
	pages[stranger] = []string{"/entrar", "/entrar/aaaaaaaaaaaaaaaaaaaa"}
	for p, paths := range pages {
		for _, path := range paths {
			for _, l := range []look{{1280, false}, {360, false}, {360, true}, {1280, true}} {
				p.inspect(path, l)
			}
		}
		p.settled()
	}
	english := d.open(browser)
	english.do(english.language("en"))
	english.visit("/entrar")
	english.shows("Send me a link")
	plain := d.open(browser)
	plain.do(emulation.SetScriptExecutionDisabled(true))
	plain.visit(d.links["Sofía"])
	plain.do(chromedp.Submit("main form", chromedp.ByQuery), chromedp.WaitVisible("a.num", chromedp.ByQuery))
	plain.settled()
}

func (p *tab) inspect(path string, l look) {
	p.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[l.dark]
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	p.do(emulation.SetDeviceMetricsOverride(l.width, 800, 1, l.width < 500), emulation.SetEmulatedMedia().WithFeatures(features))
	p.visit(path)
	where := fmt.Sprintf("%s at %d px, %s", path, l.width, scheme)
	var over int
	if p.eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over); over > 0 {
		p.t.Errorf("%s: %d px run over the edge", where, over)
	}
	p.accessible(where)
	if folder := os.Getenv("RADICADO_SHOTS"); folder != "" {
		var picture []byte
		p.do(chromedp.FullScreenshot(&picture, 100))
		name := strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-").Replace(path)
		var who string
		p.eval(`(document.querySelector(".who .name") || {textContent: "nadie"}).textContent.split(" ")[0]`, &who)
		file := filepath.Join(folder, fmt.Sprintf("%s%s_%d_%s.png", who, name, l.width, scheme))
		if err := os.WriteFile(file, picture, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// accessible asks axe-core what would keep people out.
func (p *tab) accessible(where string) {
	p.t.Helper()
	path := os.Getenv("RADICADO_AXE")
	if path == "" {
		return
	}
	source, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	var result string
	p.do(chromedp.Evaluate(string(source), nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, &result,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	if err := json.Unmarshal([]byte(result), &violations); err != nil {
		p.t.Fatal(err)
	}
	for _, v := range violations {
		said := fmt.Sprintf("%s: %s %s: %s, %d times: %s %s", where, v.Impact, v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
		if v.Impact == "serious" || v.Impact == "critical" {
			p.t.Error(said)
		} else {
			p.t.Log(said)
		}
	}
}
