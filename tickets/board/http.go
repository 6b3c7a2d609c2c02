package board

import (
	"bytes"
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/text/language"

	"radicado/mailbox"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

// policy is what a page may load: what comes from here. Nothing inline runs or styles, nobody may frame it.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// page is one request being answered.
type page struct {
	board   *Board
	desk    *deskInUse
	writer  http.ResponseWriter
	request *http.Request
	now     time.Time
	session register.Session // of whoever is signed in

	Viewer tickets.Viewer
	Lang   string
	speak  templates.Speaker
}

// access is who may ask for a page.
type access int

const (
	public access = iota
	members
	staff
)

// handler answers every request.
func (b *Board) handler(d *deskInUse) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		access  access
		show    func(*page) error
	}{
		{"GET /{$}", members, (*page).showBoard},
		{"GET /lista", members, (*page).showList},
		{"GET /solicitudes/{number}", members, (*page).showRequest},
		{"GET /solicitudes/{number}/formato.pdf", members, (*page).sendForm},
		{"GET /solicitudes/{number}/mensajes/{message}", members, (*page).sendMail},
		{"GET /solicitudes/{number}/mensajes/{message}/archivos/{file}", members, (*page).sendFile},
		{"GET /equipos", staff, (*page).showAssets},
		{"GET /equipos/{plate}", staff, (*page).showAsset},
		{"GET /recursos", staff, (*page).showResources},
		{"GET /tecnicos", staff, (*page).showTechnicians},
		{"GET /informe", staff, (*page).showReport},
		{"GET /vivo", members, (*page).stream},
		{"GET /entrar", public, (*page).showSignIn},
		{"POST /entrar", public, (*page).askLink},
		{"GET /entrar/{token}", public, (*page).showLink},
		{"POST /entrar/{token}", public, (*page).useLink},
		{"POST /salir", members, (*page).signOut},
		{"/", public, (*page).showNothing},
	} {
		mux.Handle(route.pattern, b.serve(d, route.access, route.show))
	}
	for name, a := range b.assets {
		mux.Handle("GET /"+name, a)
	}
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(d.URL.Scheme + "://" + d.URL.Host); err != nil {
		return nil, err
	}
	protection.SetDenyHandler(b.serve(d, public, func(p *page) error { return p.fail(http.StatusForbidden, "refused") }))
	return b.guard(d, protection.Handler(mux)), nil
}

// guard keeps out what is not meant for this board, sets what every answer has, and takes down who asked for what.
func (b *Board) guard(d *deskInUse, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // an address may hold a token
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if d.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			if failure := recover(); failure != nil {
				b.options.Log.Error("board: a page panicked", "page", r.Pattern, "panic", failure, "stack", string(debug.Stack()))
				if !seen.wrote {
					http.Error(seen, "500", http.StatusInternalServerError)
				}
			}
			// Neither the path nor the query: they hold tokens and what people look for.
			b.options.Log.Debug("board", "page", cmp.Or(r.Pattern, r.Method), "status", seen.status, "client", d.client(r), "took", time.Since(began).Round(time.Microsecond))
		}()
		if !d.hosts[r.Host] { // a name of somebody else's that leads here (DNS rebinding)
			http.Error(seen, "421", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(seen, r)
	})
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status, w.wrote = status, true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(data []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController through.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// languages that pages are written in; the first serves for any other.
var languages = language.NewMatcher([]language.Tag{language.Spanish, language.English})

func langOf(r *http.Request) string {
	_, index := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	return []string{"es", "en"}[index]
}

// serve answers with a page, or says why not.
func (b *Board) serve(d *deskInUse, who access, show func(*page) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &page{board: b, desk: d, writer: w, request: r, now: b.options.Now(), Lang: langOf(r)}
		p.speak = d.Texts.Speaker(p.Lang)
		w.Header().Set("Vary", "Accept-Language, Cookie")
		err := p.identify()
		if err == nil {
			switch {
			case who == public || p.signedIn() && (who == members || p.Viewer.Role.Staff()):
				err = show(p)
			case p.signedIn():
				err = p.showNothing()
			case r.Method == http.MethodGet && r.Header.Get("Accept") != eventStream:
				http.Redirect(w, r, "/entrar", http.StatusSeeOther)
			default:
				err = p.fail(http.StatusUnauthorized, "no such")
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, register.ErrNotFound):
			err = p.showNothing()
		case r.Context().Err() != nil:
			return // nobody is there any more
		default:
			b.options.Log.Error("board: a page failed", "page", r.Pattern, "error", err)
			err = p.fail(http.StatusInternalServerError, "failed")
		}
		if err != nil {
			b.options.Log.Error("board: an error page failed", "page", r.Pattern, "error", err)
		}
	})
}

// identify finds out who is signed in.
func (p *page) identify() error {
	token := p.cookie(cookieSession)
	if token == "" {
		return nil
	}
	err := p.view(func(r *register.Reader) (err error) {
		p.session, err = r.Session(digestOf(token), p.now)
		return err
	})
	if errors.Is(err, register.ErrNotFound) {
		return nil
	}
	if err == nil {
		p.Viewer = p.desk.Policy.Viewer(mailbox.Address{Addr: p.session.Person})
	}
	return err
}

func (p *page) signedIn() bool { return p.session.ID != 0 }

func (p *page) view(read func(r *register.Reader) error) error {
	return p.board.register.View(p.request.Context(), read)
}

func (p *page) say(key string) string { return say(p.Lang, key) }

// client is the address that counts for limits. IPv6 gives everybody a whole network.
func (p *page) client() string { return p.desk.client(p.request) }

func (d *deskInUse) client(r *http.Request) string {
	addr := remoteOf(r.RemoteAddr)
	// From the right: what stands further left the client may have written itself.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && d.isProxy(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}

func (d *deskInUse) isProxy(addr netip.Addr) bool {
	for _, network := range d.Proxies {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func remoteOf(hostport string) netip.Addr {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.WithZone("").Unmap()
}

// frame is what every page shows, around Body.
type frame struct {
	*page
	Name  string // of the page
	Title string
	Live  string // what the page watches: the path of the stream, "" for nothing
	Body  any
}

// render writes a page.
func (p *page) render(name string, status int, body any) error {
	return p.renderLive(name, status, "", "", body)
}

// renderLive writes a page with a title of its own that shows changes as they come; "" for neither.
func (p *page) renderLive(name string, status int, title, live string, body any) error {
	var out bytes.Buffer
	err := p.desk.pages[p.Lang][name].Execute(&out, frame{page: p, Name: name, Title: title, Live: live, Body: body})
	if err != nil {
		return err
	}
	p.writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.writer.Header().Set("Content-Language", p.Lang)
	p.writer.WriteHeader(status)
	if p.request.Method != http.MethodHead {
		if _, err := out.WriteTo(p.writer); err != nil {
			p.board.options.Log.Debug("board: a client has gone", "error", err)
		}
	}
	return nil
}

// fail shows an error page of the words KEY title and KEY text.
func (p *page) fail(status int, key string) error {
	title := key + " title"
	if key == "no such" {
		title = "no such page"
	}
	return p.renderLive("error", status, p.say(title), "", p.say(key+" text"))
}

// showNothing is the answer to what there is not and to what somebody may not see: one cannot be told from the other.
func (p *page) showNothing() error { return p.fail(http.StatusNotFound, "no such") }

// SignedIn reports whether there is a session.
func (p *page) SignedIn() bool { return p.signedIn() }

// Staff reports whether the viewer works at the desk.
func (p *page) Staff() bool { return p.signedIn() && p.Viewer.Role.Staff() }

// Vendor reports whether the viewer is a vendor.
func (p *page) Vendor() bool { return p.signedIn() && p.Viewer.Role == tickets.RoleVendor }

// Who is whom the page is shown to.
func (p *page) Who() string { return cmp.Or(p.Viewer.Address.Name, p.Viewer.Address.Addr) }

// Desk is what the notices say of the desk.
func (p *page) Desk() templates.Settings { return p.speak.Settings() }

// Path is the path of the page.
func (p *page) Path() string { return p.request.URL.Path }
