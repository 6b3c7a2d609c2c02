package board

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// TestSignIn asks for a link, follows it and signs out.
func TestSignIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.request(pedro, "Impresora no imprime")
	b := o.browser()
	if a := b.get("/"); a.path != "/entrar" || !strings.Contains(a.body, "Enviarme un enlace") {
		t.Fatalf("a stranger is led to %s", a.path)
	}
	link := b.asks("PEDRO@ministerio.example")
	for range 3 { // scanners of mail servers follow links too
		if a := o.browser().get(link); a.status != http.StatusOK || !strings.Contains(a.body, "Entrar") {
			t.Errorf("the link shows %d", a.status)
		}
	}
	if a := o.browser().post(link, nil); a.status != http.StatusForbidden {
		t.Errorf("another browser uses the link: %d", a.status)
	}
	if a := b.post(link, nil); a.status != http.StatusOK || !strings.Contains(a.body, "Impresora no imprime") {
		t.Fatalf("the link leads to %d %s", a.status, a.path)
	}
	if a := b.post(link, nil); a.status != http.StatusForbidden {
		t.Errorf("the link serves twice: %d", a.status)
	}
	if a := b.get("/"); !strings.Contains(a.body, "Impresora no imprime") {
		t.Errorf("the session does not hold: %s", a.path)
	}
	if a := b.post("/salir", nil); a.path != "/entrar" {
		t.Errorf("signing out leads to %s", a.path)
	}
	if a := b.get("/"); a.path != "/entrar" {
		t.Errorf("after signing out there is still %s", a.path)
	}
	if said := o.log.String(); strings.Contains(said, link[strings.LastIndex(link, "/")+1:]) {
		t.Errorf("the log has the token:\n%s", said)
	}
}

// TestSignInEnds lets links and sessions expire, and ends sessions from outside.
func TestSignInEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser()
	link := b.asks(marta.Addr)
	o.later(linkValid)
	if a := b.post(link, nil); a.status != http.StatusForbidden {
		t.Errorf("an old link serves: %d", a.status)
	}
	b = o.signedIn(marta)
	o.later(o.desk.Session)
	if a := b.get("/"); a.path != "/entrar" {
		t.Errorf("an old session holds: %s", a.path)
	}
	b = o.signedIn(marta)
	check(t, o.register.Update(t.Context(), func(tx *register.Tx) error { _, err := tx.EndSessionsOf(marta.Addr); return err }))
	if a := b.get("/"); a.path != "/entrar" {
		t.Errorf("a session that was ended holds: %s", a.path)
	}
}

// TestSignInTellsNobody asks for known, unknown and the desk's own addresses: the answers are the same to the letter, and only the
// known get mail.
func TestSignInTellsNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.request(pedro, "Impresora")
	var first answer
	for i, c := range []struct {
		addr  string
		known bool
	}{{marta.Addr, true}, {pedro.Addr, true}, {ventas.Addr, true}, {sofia.Addr, false}, {nadie.Addr, false}, {"soporte@ministerio.example", false}, {"%@_.example", false}} {
		b := o.browser()
		a := b.post("/entrar", url.Values{"correo": {c.addr}})
		if i == 0 {
			first = a
		}
		if a.status != first.status || a.body != first.body || len(a.header) != len(first.header) {
			t.Errorf("%s is answered %d\n%s", c.addr, a.status, a.body)
		}
		o.asked()
		queued := len(o.queued)
		for range queued {
			<-o.queued
		}
		if (queued == 1) != c.known {
			t.Errorf("%s, known %t: %d notices", c.addr, c.known, queued)
		}
	}
}

func TestSignInIsLimited(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sent := 0
	for range linkLimit + 3 {
		if o.browser().asks(marta.Addr) != "" {
			sent++
		}
	}
	if sent != linkLimit {
		t.Errorf("%d links went to one address, want %d", sent, linkLimit)
	}
	o.later(linkWindow + time.Second)
	if o.browser().asks(marta.Addr) == "" {
		t.Errorf("no link after %s", linkWindow)
	}
	status := 0
	for range askLimit + 1 {
		status = o.browser().post("/entrar", url.Values{"correo": {sofia.Addr}}).status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("one client may ask as often as it wants: %d", status)
	}
	if a := o.browser().post("/entrar", url.Values{"correo": {"no es un correo"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no address: %d", a.status)
	}
}

// TestSecureCookies looks at the cookies that a board behind TLS sets.
func TestSecureCookies(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *Desk) { d.URL = &url.URL{Scheme: "https", Host: "tablero.ministerio.example"} })
	b := o.browser()
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	link, err := o.board.Invite(t.Context(), marta, time.Hour)
	check(t, err)
	if !strings.HasPrefix(link, "https://tablero.ministerio.example/entrar/") {
		t.Errorf("the link is %s", link)
	}
	a := b.post(strings.TrimPrefix(link, "https://tablero.ministerio.example"), nil, "Host", "x")
	cookie := strings.Join(a.header.Values("Set-Cookie"), "\n")
	for _, want := range []string{"__Host-radicado-sesion=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("no %q in %q", want, cookie)
		}
	}
	if strings.Contains(cookie, "Domain=") || a.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%q, %v", cookie, a.header)
	}
}

// TestStrangersPages asks for pages that are not for whoever asks, as one who is not signed in, who has no request, and who has
// others: what exists cannot be told from what does not.
func TestStrangersPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := o.request(pedro, "Impresora", &tickets.VendorWrittenFact{Vendor: ventas, First: true})
	o.request(sofia, "Otra")
	other := o.signedIn(sofia)
	vendor := o.signedIn(ventas)
	for _, path := range []string{"", "/formato.pdf", "/mensajes/1", "/mensajes/1/archivos/0"} {
		is, isNot := other.get("/solicitudes/"+string(n)+path), other.get("/solicitudes/SS-2026-000999"+path)
		if is.status != http.StatusNotFound || is.body != strings.ReplaceAll(isNot.body, "000999", "000001") {
			t.Errorf("%s tells what exists: %d and %d", path, is.status, isNot.status)
		}
		if a := o.browser().get("/solicitudes/" + string(n) + path); a.path != "/entrar" {
			t.Errorf("%s is shown to strangers: %d", path, a.status)
		}
	}
	for _, path := range []string{"/equipos", "/equipos/1", "/recursos", "/tecnicos", "/informe"} {
		for _, b := range []*browser{other, vendor} {
			if a := b.get(path); a.status != http.StatusNotFound {
				t.Errorf("%s is shown to who is no staff: %d", path, a.status)
			}
		}
	}
	for _, path := range []string{"/", "/lista", "/lista?palabras=Impresora", "/lista?tecnico=ana@ministerio.example", "/?vencidas=1"} {
		if a := other.get(path); strings.Contains(a.body, "Impresora no") || strings.Contains(a.body, string(n)) {
			t.Errorf("%s shows the requests of others", path)
		}
	}
	if a := vendor.get("/solicitudes/" + string(n) + "/formato.pdf"); a.status != http.StatusNotFound {
		t.Errorf("the vendor gets the form: %d", a.status)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signedIn(marta)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.origin()+"/", nil)
	check(t, err)
	r.Host = "otro.example"
	if a := b.do(r); a.status != http.StatusMisdirectedRequest {
		t.Errorf("a request for another host: %d", a.status)
	}
	if a := b.post("/salir", nil, "Sec-Fetch-Site", "cross-site"); a.status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", a.status)
	}
	if a := b.post("/salir", nil, "Origin", "https://otro.example"); a.status != http.StatusForbidden {
		t.Errorf("a form of another origin: %d", a.status)
	}
	if a := b.get("/"); a.path != "/" {
		t.Errorf("they ended the session: %s", a.path)
	}
	if a := b.post("/entrar", url.Values{"correo": {strings.Repeat("x", maxForm)}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a form that is too large: %d", a.status)
	}
	for _, path := range []string{"/", "/lista", "/entrar", "/tablero.css", "/nada"} {
		h := b.get(path).header
		if got := h.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s has the policy %q", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
		if path != "/tablero.css" && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, h.Get("Cache-Control"))
		}
	}
}

func TestClientBehindProxies(t *testing.T) {
	d := &deskInUse{Desk: Desk{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:1", "", "192.0.2.1"},
		{"192.0.2.1:1", "198.51.100.7", "192.0.2.1"}, // not by a proxy: anybody can write that
		{"10.0.0.5:1", "198.51.100.7", "198.51.100.7"},
		{"10.0.0.5:1", "203.0.113.1, 198.51.100.7", "198.51.100.7"},
		{"10.0.0.5:1", "203.0.113.1, 198.51.100.7, 10.1.1.1", "198.51.100.7"},
		{"10.0.0.5:1", "basura", "10.0.0.5"},
		{"[::1]:1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"basura", "", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := d.client(r); got != c.want {
			t.Errorf("%s forwarded for %q is %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestLimiterForgets(t *testing.T) {
	l := newLimiter(1, time.Minute)
	for i := range maxKeys + 10 {
		if !l.allow(mailbox.Address{Addr: string(rune('a' + i))}.Addr, began) {
			t.Fatalf("key %d is refused the first time", i)
		}
	}
	if len(l.passed) > maxKeys {
		t.Errorf("%d keys are remembered", len(l.passed))
	}
}
