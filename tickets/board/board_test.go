package board

import (
	"context"
	"database/sql"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// numbersOn returns the requests that a page names, each once, in their order.
func numbersOn(body string) []string {
	var list []string
	for _, n := range regexp.MustCompile(`SS-2026-(\d{6})</a>`).FindAllStringSubmatch(body, -1) {
		if n := strings.TrimLeft(n[1], "0"); !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// TestFilters looks at the board and at the list through every filter.
func TestFilters(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.request(pedro, "Impresora atascada")
	o.later(24 * time.Hour)
	o.request(sofia, "Red caída", &tickets.PrioritisedFact{Priority: tickets.Critical}, &tickets.AssignedFact{Technician: ana})
	o.request(pedro, "Teclado", &tickets.PrioritisedFact{Priority: tickets.Medium}, &tickets.AssignedFact{Technician: mailbox.Address{Name: ana.Name, Addr: "gomez@ministerio.example"}}, &tickets.ResolvedFact{Text: "Listo."})
	o.request(sofia, "Impresora vieja", &tickets.ClosedFact{})
	o.later(2 * time.Hour) // the critical one is overdue
	b := o.signedIn(marta)
	for _, c := range []struct{ query, board, list string }{
		{"", "1 2 3", "4 3 2 1"},
		{"palabras=impresora", "1", "4 1"},
		{"estado=registered", "1", "1"},
		{"estado=closed", "", "4"},
		{"estado=nada", "1 2 3", "4 3 2 1"},
		{"tecnico=ana@ministerio.example", "2 3", "3 2"},
		{"tecnico=nadie", "1", "4 1"},
		{"prioridad=critical", "2", "2"},
		{"prioridad=sin", "1", "4 1"},
		{"dependencia=Contratos&prioridad=medium", "3", "3"},
		{"dependencia=Otra", "", ""},
		{"desde=2026-11-24", "2 3", "4 3 2"},
		{"hasta=2026-11-23", "1", "1"},
		{"vencidas=1", "2", "2"},
		{"vencidas=1&palabras=red", "2", "2"},
		{"vencidas=1&palabras=impresora", "", ""},
		{"pagina=2", "1 2 3", ""},
		{"pagina=-1&desde=basura&prioridad=%00", "1 2 3", "4 3 2 1"},
	} {
		for page, want := range map[string]string{"/": c.board, "/lista": c.list} {
			a := b.get(page + "?" + c.query)
			if got := strings.Join(numbersOn(a.body), " "); got != want || a.status != http.StatusOK {
				t.Errorf("%s?%s shows %q (%d), want %q", page, c.query, got, a.status, want)
			}
		}
	}
	if a := b.get("/"); !strings.Contains(a.body, "1 vencida") || !strings.Contains(a.body, "is-late") {
		t.Errorf("what is overdue is not marked")
	}
	b.lang = "en-GB"
	if a := b.get("/"); !strings.Contains(a.body, "1 overdue") || a.header.Get("Content-Language") != "en" {
		t.Errorf("in English the board says %s", a.header.Get("Content-Language"))
	}
}

// TestBoardFollowsTheRegister changes a request and looks again: rows are kept, and must not be old.
func TestBoardFollowsTheRegister(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := o.request(pedro, "Impresora")
	b := o.signedIn(marta)
	for _, step := range []struct {
		fact tickets.Fact
		want string
	}{
		{&tickets.AssignedFact{Technician: ana}, "Ana Gómez</span>"},
		{&tickets.PrioritisedFact{Priority: tickets.High}, "pri-high"},
		{&tickets.WaitedFact{Text: "¿Qué placa tiene?"}, `s-waiting-requester" aria-labelledby="c-waiting_requester">` + "\n" + `<h2 id="c-waiting_requester">En espera del funcionario <span class="count">1</span>`},
		{&tickets.ClosedFact{}, "0 solicitudes"},
	} {
		o.happens(n, marta, tickets.RoleCoordinator, 0, step.fact)
		if a := b.get("/"); !strings.Contains(a.body, step.want) {
			t.Errorf("after %s no %q:\n%s", step.fact.Kind(), step.want, a.body)
		}
	}
}

// TestRequestPage shows a request to everybody who has a part in it: each sees what is meant for him or her, and no more.
func TestRequestPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	own := o.mail(pedro, attached(pedro, "zzsaid", "zzquoted", "zzfile.html"))
	staffMail := o.mail(ana, attached(ana, "zzvisit", "zzsecret quoted", "zzplan.html"))
	noteMail := o.mail(ana, attached(ana, "zznote", "zznotequote", "zznotefile.html"))
	vendorMail := o.mail(ventas, attached(ventas, "zzvendor", "zzvendorquote", "zzoffer.html"))
	file := func(name string) []tickets.File {
		return []tickets.File{{Name: name, Type: "text/html", Size: 39}}
	}
	n := o.request(pedro, "Impresora")
	o.happens(n, pedro, tickets.RoleRequester, own, &tickets.AnsweredFact{Text: "zzsaid", Files: file("zzfile.html")})
	o.happens(n, ana, tickets.RoleTechnician, staffMail, &tickets.PrioritisedFact{Priority: tickets.High}, &tickets.AnsweredFact{Text: "zzvisit", Files: file("zzplan.html")})
	o.happens(n, ana, tickets.RoleTechnician, noteMail, &tickets.NotedFact{Text: "zznote", Files: file("zznotefile.html")})
	o.happens(n, ana, tickets.RoleTechnician, 0, &tickets.VendorWrittenFact{Vendor: ventas, First: true, Text: "zzletter"}, &tickets.DiagnosedFact{Text: "zzdiagnosis"})
	o.happens(n, ventas, tickets.RoleVendor, vendorMail, &tickets.VendorAnsweredFact{Text: "zzvendor", Files: file("zzoffer.html")})
	o.happens(n, sofia, tickets.RoleSystem, 0, &tickets.FollowedFact{Follower: sofia})
	check(t, o.register.Update(t.Context(), func(tx *register.Tx) error {
		_, err := tx.Queue(register.OutboxRow{Ticket: n, MessageID: "claim@x", Notice: tickets.Notice{Kind: tickets.NoticeClaim, To: ventas,
			Data: tickets.NoticeData{Role: tickets.RoleVendor, Text: "zzletter", Ticket: &tickets.TicketView{Number: n, Subject: "Impresora"},
				Letter: &tickets.Letter{Fault: "zzfault", Asset: tickets.AssetView{Plate: "PC-1"}}}}})
		return err
	}))
	all := []string{"zzsaid", "zzquoted", "zzfile", "zzvisit", "zzsecret", "zzplan", "zznote", "zznotequote", "zznotefile", "zzletter", "zzdiagnosis", "zzvendor", "zzvendorquote", "zzoffer", "zzfault"}
	for _, c := range []struct {
		who   mailbox.Address
		sees  string
		mails []int64 // that may be seen whole
		files []int64 // whose files may be had
	}{
		{marta, "zzsaid zzquoted zzfile zzvisit zzsecret zzplan zznote zznotequote zznotefile zzletter zzdiagnosis zzvendor zzvendorquote zzoffer", []int64{own, staffMail, noteMail, vendorMail}, []int64{own, staffMail, noteMail, vendorMail}},
		{pedro, "zzsaid zzquoted zzfile zzvisit zzplan zzdiagnosis", []int64{own}, []int64{own, staffMail}},
		{sofia, "zzsaid zzfile zzvisit zzplan zzdiagnosis", nil, []int64{own, staffMail}},
		{ventas, "zzletter zzfault zzvendor zzvendorquote zzoffer", []int64{vendorMail}, []int64{vendorMail}},
	} {
		b := o.signedIn(c.who)
		page := b.get("/solicitudes/" + string(n))
		if page.status != http.StatusOK {
			t.Fatalf("%s: %d", c.who.Name, page.status)
		}
		for _, word := range all {
			if sees := regexp.MustCompile(word + `\b`).MatchString(page.body); sees != slices.Contains(strings.Fields(c.sees), word) {
				t.Errorf("%s sees %s: %t", c.who.Name, word, sees)
			}
		}
		for _, id := range []int64{own, staffMail, noteMail, vendorMail} {
			path := fmt.Sprintf("/solicitudes/%s/mensajes/%d", n, id)
			if got, want := b.get(path).status == http.StatusOK, slices.Contains(c.mails, id); got != want {
				t.Errorf("%s may see mail %d whole: %t", c.who.Name, id, got)
			}
			if got, want := b.get(path+"/archivos/0").status == http.StatusOK, slices.Contains(c.files, id); got != want {
				t.Errorf("%s may have the file of mail %d: %t", c.who.Name, id, got)
			}
		}
		for _, path := range []string{"/mensajes/0", "/mensajes/-1", "/mensajes/999", "/mensajes/x", fmt.Sprintf("/mensajes/%d/archivos/1", own), fmt.Sprintf("/mensajes/%d/archivos/-1", own)} {
			if a := b.get("/solicitudes/" + string(n) + path); a.status != http.StatusNotFound {
				t.Errorf("%s gets %d for %s", c.who.Name, a.status, path)
			}
		}
	}
}

// TestHostileMail shows a mail that wants to run, load and lead away.
func TestHostileMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.mail(pedro, attached(pedro, "hola <script>alert(1)</script>", "antes", "../../fact\u202Egpj.html"))
	n := o.request(pedro, `<script>alert("asunto")</script>`)
	o.happens(n, pedro, tickets.RoleRequester, id, &tickets.AnsweredFact{Text: "hola <script>alert(1)</script>", Files: []tickets.File{{Name: "../../fact\u202Egpj.html", Type: "text/html", Size: 39}}})
	b := o.signedIn(marta)
	page := b.get("/solicitudes/" + string(n))
	if strings.Contains(page.body, "<script>alert") {
		t.Errorf("the page runs what a mail says")
	}
	if !strings.Contains(page.body, `<iframe src="/solicitudes/`+string(n)) || !strings.Contains(page.body, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) {
		t.Errorf("the mail is not in a frame of its own:\n%s", page.body)
	}
	mail := b.get(fmt.Sprintf("/solicitudes/%s/mensajes/%d", n, id))
	for _, bad := range []string{"<script", "onclick", "espia.example", "javascript:", "<style"} {
		if strings.Contains(mail.body, bad) {
			t.Errorf("the mail is shown with %q:\n%s", bad, mail.body)
		}
	}
	if policy := mail.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox") || strings.Contains(policy, "allow-scripts") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the mail has the policy %q", policy)
	}
	file := b.get(fmt.Sprintf("/solicitudes/%s/mensajes/%d/archivos/0", n, id))
	for key, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Disposition": "attachment; filename=_.._factgpj.html"} {
		if got := file.header.Get(key); got != want {
			t.Errorf("the file has %s %q, want %q", key, got, want)
		}
	}
	if !strings.Contains(file.body, "alert(document.domain)") {
		t.Errorf("the file is %q", file.body)
	}
	form := b.get("/solicitudes/" + string(n) + "/formato.pdf")
	if form.header.Get("Content-Disposition") != "attachment; filename="+string(n)+".pdf" || form.body != "%PDF "+string(n) {
		t.Errorf("the form is %v", form)
	}
}

func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"acta.pdf":               "attachment; filename=acta.pdf",
		"acta de reunión.pdf":    "attachment; filename*=utf-8''acta%20de%20reuni%C3%B3n.pdf",
		"a\r\nX-Evil: 1":         `attachment; filename="aX-Evil_ 1"`,
		`a"; filename=x.exe`:     `attachment; filename="a\"; filename=x.exe"`,
		"":                       "attachment; filename=adjunto",
		"..":                     "attachment; filename=adjunto",
		strings.Repeat("ñ", 200): "attachment; filename*=utf-8''" + strings.Repeat("%C3%B1", 90),
	} {
		if got := disposition(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestActionsAreMails follows every link of a request's page: it is a page of the board or a mail to the desk.
func TestActionsAreMails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := o.request(pedro, "Impresora & más #cerrar")
	body := o.signedIn(marta).get("/solicitudes/" + string(n)).body
	mails := 0
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		link := html.UnescapeString(m[1])
		u, err := url.Parse(link)
		check(t, err)
		switch {
		case strings.HasPrefix(link, "mailto:soporte@ministerio.example?subject="):
			mails++
			if subject := u.Query().Get("subject"); !strings.HasPrefix(subject, "["+string(n)+"] ") {
				t.Errorf("a mail has the subject %q", subject)
			}
		case strings.HasPrefix(link, "/") || strings.HasPrefix(link, "#") || link == "mailto:soporte@ministerio.example":
		default:
			t.Errorf("a link leads to %q", link)
		}
	}
	if mails < 8 {
		t.Errorf("only %d mails are offered", mails)
	}
	if posts := regexp.MustCompile(`method="post" action="([^"]*)"`).FindAllString(body, -1); len(posts) != 1 || !strings.Contains(posts[0], "/salir") {
		t.Errorf("the page changes something: %q", posts)
	}
}

// TestDeskPages shows machines, resources and technicians.
func TestDeskPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asset := tickets.Asset{Plate: "PC-20451", Serial: "ABC123", What: "Portátil", Brand: "Acme", Warranty: "2027-01-31", Holder: pedro}
	check(t, o.register.Update(t.Context(), func(tx *register.Tx) error {
		for i := range assetRows {
			if _, err := tx.PutAsset(tickets.Asset{Plate: fmt.Sprintf("A-%04d", i)}); err != nil {
				return err
			}
		}
		_, err := tx.PutAsset(asset)
		return err
	}))
	n := o.request(pedro, "Pantalla rota", &tickets.EquippedFact{Asset: asset}, &tickets.AssignedFact{Technician: ana},
		&tickets.ReservedFact{Resource: "Portátil", Units: 2, Due: o.now().Add(48 * time.Hour)})
	o.request(sofia, "Otra cosa de la PC-20451")
	b := o.signedIn(ana)
	for path, wants := range map[string][]string{
		"/equipos":                      {"A-0000", `href="/equipos?desde=A0049"`},
		"/equipos?desde=A0049":          {"PC-20451", "vigente hasta el 31 de enero de 2027"},
		"/equipos?palabras=abc-123":     {"Portátil Acme", string(n), "Pantalla rota"},
		"/equipos/PC20451":              {"Pedro Páramo", "Pantalla rota"},
		"/recursos":                     {"Portátil", "<td>1</td><td>3</td>", "2 × Portátil", string(n)},
		"/tecnicos":                     {"Ana Gómez", "1 de 5", "redes", "1 coordinada"},
		"/solicitudes/" + string(n):     {"Responder", `href="/equipos/PC-20451"`, "Recurso reservado", "ABC123"},
		"/solicitudes/ss-2026-000001":   {"Pantalla rota"},
		"/lista?palabras=pantalla+rota": {string(n)},
	} {
		a := b.get(path)
		for _, want := range wants {
			if !strings.Contains(a.body, want) && want != "Responder" {
				t.Errorf("%s (%d) does not show %q:\n%s", path, a.status, want, a.body)
			}
		}
	}
	if a := b.get("/equipos/PC-20451"); strings.Contains(a.body, "Otra cosa") {
		t.Errorf("a request that only names a machine is counted as about it")
	}
}

// TestReport shows the figures of periods, with names that want to be more than names.
func TestReport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := o.request(pedro, "Impresora", &tickets.AssignedFact{Technician: ana}, &tickets.TypedFact{Type: `<script>alert("tipo")</script>`},
		&tickets.EnteredFact{Requester: pedro, Office: `<img src=x onerror=alert(1)>`})
	o.later(3 * time.Hour)
	o.happens(n, ana, tickets.RoleTechnician, 0, &tickets.ResolvedFact{Text: "Listo."})
	o.request(sofia, "Otra")
	o.later(time.Minute)
	b := o.signedIn(marta)
	for query, wants := range map[string][]string{
		"":                                  {`value="2026-11-01"`, `value="2026-11-30"`, "<td>2</td>", "<svg", "Por dependencia", "Ana Gómez"},
		"desde=2026-11-23&hasta=2026-11-23": {"<td>2</td>", "<svg"},
		"desde=2026-10-01&hasta=2026-10-31": {"En ese periodo no hay solicitudes."},
		"desde=2026-11-23":                  {`value="2026-11-23"`},
		"desde=2026-11-23&hasta=2026-11-01": {`value="2026-11-23"`},
		"tecnico=ana@ministerio.example":    {"· Ana Gómez", "<td>1</td>"},
		"desde=0001-01-01&hasta=9999-12-31": {"<td>2</td>"},
	} {
		a := b.get("/informe?" + query)
		if a.status != http.StatusOK {
			t.Errorf("%s: %d\n%s", query, a.status, o.log)
		}
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s shows no %q", query, want)
			}
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img") || regexp.MustCompile(`<svg[^>]*style=|<style`).MatchString(a.body) {
			t.Errorf("%s: a name is markup, or a chart has styles", query)
		}
	}
}

// TestStream wakes pages when something is to be seen on them, and no others.
func TestStream(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine := o.request(pedro, "Impresora")
	other := o.request(sofia, "Otra")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	open := func(who mailbox.Address, path string) <-chan string {
		lines, a := o.signedIn(who).stream(ctx, path)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != eventStream {
			t.Fatalf("%s: %d", path, a.status)
		}
		if hello := <-lines; hello != "hola" {
			t.Fatalf("the stream begins with %q", hello)
		}
		return lines
	}
	staff, request, official := open(marta, "/vivo"), open(marta, "/vivo?solicitud="+string(mine)), open(pedro, "/vivo")
	woken := func(lines <-chan string, want bool, what string) {
		t.Helper()
		select {
		case line := <-lines:
			if line != "cambio" || !want {
				t.Errorf("%s: woken by %q", what, line)
			}
		default:
			if want {
				select {
				case <-lines:
				case <-time.After(5 * time.Second):
					t.Errorf("%s: not woken", what)
				}
			}
		}
	}
	o.happens(other, marta, tickets.RoleCoordinator, 0, &tickets.NotedFact{Text: "x"})
	woken(staff, true, "staff by another's request")
	o.happens(mine, marta, tickets.RoleCoordinator, 0, &tickets.NotedFact{Text: "x"})
	woken(request, true, "the request's page")
	woken(official, true, "the official")
	woken(official, false, "the official again") // not by what happened to the other request
	woken(request, false, "the request's page again")

	lines, _ := o.signedIn(sofia).stream(ctx, "/vivo?solicitud="+string(mine))
	<-lines
	o.happens(mine, marta, tickets.RoleCoordinator, 0, &tickets.NotedFact{Text: "x"})
	woken(official, true, "the official")
	woken(lines, false, "who has no part in the request")
	if a := o.browser().get("/vivo"); a.path != "/entrar" {
		t.Errorf("a stranger watches: %d", a.status)
	}
}

// TestTooManyWatchers keeps one session from taking all streams.
func TestTooManyWatchers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signedIn(marta)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range maxOwn + 1 {
		lines, a := b.stream(ctx, "/vivo")
		if want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[i < maxOwn]; a.status != want {
			t.Fatalf("stream %d: %d, want %d", i, a.status, want)
		}
		if i < maxOwn {
			<-lines
		}
	}
}

// TestWords keeps the words and the pages in step: every key that a page or the code asks for is there in both languages, and none is
// there for nothing.
func TestWords(t *testing.T) {
	used := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	check(t, err)
	var text strings.Builder
	for _, name := range sources {
		if !strings.HasSuffix(name, "_test.go") && name != "words.go" {
			read(t, &text, name)
		}
	}
	check(t, fs.WalkDir(files, "pages", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			read(t, &text, name)
		}
		return err
	}))
	for _, pattern := range []string{`\bsay "([^"]+)"`, `\bsay\("([^"]+)"\)`, `sayf?\([a-zA-Z.]+, "([^"]+)"`, `\(list "([^"]+)"`, `\(list \. "[^"]+" "([^"]+)"\)`, `: "(list|mine)"`, `(?:count|total)?[({]"([a-z ]+)", (?:now|median|share|mean|figures)`} {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text.String(), -1) {
			used[m[1]] = true
		}
	}
	for _, m := range regexp.MustCompile(`p\.fail\([A-Za-z.]+, "([^"]+)"\)`).FindAllStringSubmatch(text.String(), -1) {
		used[m[1]+" text"] = true
		used[strings.Replace(m[1]+" title", "no such title", "no such page", 1)] = true
	}
	for _, unit := range []tickets.PeriodUnit{tickets.PeriodWeek, tickets.PeriodMonth, tickets.PeriodQuarter, tickets.PeriodYear} {
		used[string(unit)+" true"], used[string(unit)+" false"] = true, true
	}
	for key := range used {
		if pair := words[key]; pair[0] == "" || pair[1] == "" {
			t.Errorf("no words for %q", key)
		}
	}
	for key := range words {
		if !used[key] {
			t.Errorf("nothing says %q", key)
		}
	}
}

func read(t *testing.T, text *strings.Builder, name string) {
	t.Helper()
	content, err := fs.ReadFile(files, name)
	if err != nil {
		content, err = fs.ReadFile(osDir{}, name)
	}
	check(t, err)
	text.Write(content)
}

// TestEveryQueryOfTheBoardUsesAnIndex visits every page and looks at how SQLite carries out what they ask.
func TestEveryQueryOfTheBoardUsesAnIndex(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := o.request(pedro, "Impresora", &tickets.EquippedFact{Asset: tickets.Asset{Plate: "PC-1"}}, &tickets.VendorWrittenFact{Vendor: ventas, First: true}, &tickets.ReservedFact{Resource: "Portátil", Units: 1})
	o.mu.Lock()
	clear(o.queries)
	o.mu.Unlock()
	o.browser().asks(pedro.Addr)
	for _, who := range []mailbox.Address{marta, pedro, ventas} {
		b := o.signedIn(who)
		for _, page := range []string{"/", "/?palabras=impresora", "/lista", "/lista?palabras=impresora", "/lista?dependencia=Contratos", "/lista?tecnico=x",
			"/lista?tecnico=nadie", "/lista?prioridad=high", "/lista?estado=closed", "/lista?estado=registered&tecnico=x",
			"/lista?desde=2026-01-01&hasta=2026-12-31", "/lista?vencidas=1", "/solicitudes/" + string(n), "/equipos", "/equipos?palabras=PC1",
			"/equipos/PC-1", "/recursos", "/tecnicos", "/informe"} {
			b.get(page)
		}
		b.post("/salir", nil)
	}
	o.mu.Lock()
	queries := maps.Clone(o.queries)
	o.mu.Unlock()
	if len(queries) < 25 {
		t.Fatalf("only %d queries were seen", len(queries))
	}
	db, err := sql.Open("sqlite3", o.path)
	check(t, err)
	defer db.Close()
	for query := range queries {
		if strings.HasPrefix(query, "PRAGMA") || strings.HasSuffix(query, "ORDER BY id DESC LIMIT 1") { // reads one row
			continue
		}
		args := make([]any, strings.Count(query, "?"))
		distinct := 0
		for i := range args {
			if strings.Contains(query, fmt.Sprintf("?%d", i+1)) {
				distinct = i + 1
			}
		}
		for _, step := range plan(t, db, query, args[:distinct]) {
			// Walking an index in its order is fine where the query is limited and asks for that order; technical resources are few.
			ordered := slices.ContainsFunc([]string{"tickets_registered", "tickets_open", "tickets_load", "reservations", "assignments", "(subquery"}, func(s string) bool { return strings.Contains(step, s) })
			if strings.Contains(step, "VIRTUAL TABLE INDEX") {
				ordered = !strings.HasSuffix(step, "INDEX 0:") // the full-text index
			}
			if strings.HasPrefix(step, "SCAN") && !ordered {
				t.Errorf("%s\n\twalks: %s", query, step)
			}
		}
	}
}

// plan returns the steps in which SQLite carries out a query.
func plan(t *testing.T, db *sql.DB, query string, args []any) (steps []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		check(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	check(t, rows.Err())
	return steps
}
