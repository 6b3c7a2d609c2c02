package board

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/mail"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/register"
)

// How a sign-in is bounded.
const (
	linkValid  = 15 * time.Minute
	linkLimit  = 4 // links to one address within linkWindow
	linkWindow = 15 * time.Minute
	askLimit   = 20 // asked for by one client within askWindow
	askWindow  = 15 * time.Minute
	maxAsked   = 100 // waiting to be looked at
)

// purposeSignIn keeps the tokens of links from serving for anything else.
const purposeSignIn = "sign-in"

// unfiled stands for a number in the Message-ID of a notice that belongs to no request.
const unfiled = "AVISO"

// ask is somebody who wants to sign in.
type ask struct {
	addr    mailbox.Address
	lang    string // of the page
	browser []byte // digest of what the browser keeps
}

// Link returns the address of a sign-in link. Its token is worked out of the key, so that neither the register nor its backup
// holds it.
func (b *Board) Link(s tickets.SignIn, person string) string {
	d := b.desk.Load()
	return d.URL.JoinPath("entrar", tokenOf(d.Keys, s, person)).String()
}

func tokenOf(keys *trust.Keyring, s tickets.SignIn, person string) string {
	return keys.Token(purposeSignIn, s.Nonce, person)
}

func digestOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// invite queues a link for whoever the desk knows. Everybody else gets nothing. It runs apart from the answer to whoever asked,
// which therefore tells neither by its words nor by its time whether the address is known.
func (b *Board) invite(ctx context.Context, a ask) error {
	d := b.desk.Load()
	known, queued := false, false
	err := b.register.View(ctx, func(r *register.Reader) (err error) {
		known, err = d.knows(r, a.addr)
		return err
	})
	if err != nil || !known {
		return err
	}
	err = b.register.Update(ctx, func(tx *register.Tx) error {
		given, err := tx.SignInLinks(a.addr.Addr, tx.Now().Add(-linkWindow))
		if err != nil || given >= linkLimit {
			return err
		}
		if _, dead, err := tx.AddressFailures(a.addr.Addr); err != nil || dead {
			return err
		}
		n := tickets.Notice{Kind: tickets.NoticeSignIn, To: a.addr, Lang: a.lang}
		v := d.Policy.Viewer(a.addr)
		n.To.Name = v.Address.Name
		n.Data = tickets.NoticeData{Role: v.Role, Recipient: v.Address.Name, SignIn: &tickets.SignIn{Nonce: rand.Text(), Until: tx.Now().Add(linkValid)}}
		if err := d.addLink(tx, n, a.browser); err != nil {
			return err
		}
		id, err := tx.UpcomingNotice()
		if err != nil {
			return err
		}
		_, err = tx.Queue(register.OutboxRow{Notice: n, MessageID: d.Keys.MessageID(unfiled, id, n.To.Addr, d.Domain)})
		queued = err == nil
		return err
	})
	if queued {
		d.Queued()
	}
	return err
}

func (d *deskInUse) addLink(tx *register.Tx, n tickets.Notice, browser []byte) error {
	return tx.AddSignInLink(register.SignInLink{Digest: digestOf(tokenOf(d.Keys, *n.Data.SignIn, n.To.Key())), Browser: browser, Person: n.To.Addr, ExpiresAt: n.Data.SignIn.Until})
}

// knows reports whether an address may sign in: people of the settings, and whoever has or follows a request.
func (d *deskInUse) knows(r *register.Reader, a mailbox.Address) (bool, error) {
	if _, known := d.Policy.People.Find(a.Addr); known {
		return true, nil
	}
	if d.Policy.IsOwn(a) {
		return false, nil
	}
	_, total, err := r.List(register.Filter{Person: a.Addr}, 1, 0)
	return total > 0, err
}

// Invite returns a link by which somebody can sign in once, from any browser, for as long as said. It is for whoever can read the
// terminal of the daemon.
func (b *Board) Invite(ctx context.Context, addr mailbox.Address, valid time.Duration) (link string, err error) {
	d := b.desk.Load()
	err = b.register.Update(ctx, func(tx *register.Tx) error {
		n := tickets.Notice{To: addr, Data: tickets.NoticeData{SignIn: &tickets.SignIn{Nonce: rand.Text(), Until: tx.Now().Add(valid)}}}
		link = b.Link(*n.Data.SignIn, n.To.Key())
		return d.addLink(tx, n, nil)
	})
	return link, err
}

// showSignIn asks for the address.
func (p *page) showSignIn() error { return p.render("signin", http.StatusOK, nil) }

// askLink takes the address and says in any case that a link is on its way.
func (p *page) askLink() error {
	p.request.Body = http.MaxBytesReader(p.writer, p.request.Body, maxForm)
	written := p.request.PostFormValue("correo")
	parsed, err := mail.ParseAddress(written)
	if err != nil || len(written) > 254 || parsed.Name != "" { // RFC 5321 section 4.5.3.1.3
		return p.render("signin", http.StatusUnprocessableEntity, p.say("bad address"))
	}
	if !p.board.clients.allow(p.client(), p.now) {
		return p.fail(http.StatusTooManyRequests, "too many")
	}
	browser := p.cookie(cookieBrowser)
	if browser == "" {
		browser = rand.Text()
	}
	p.setCookie(cookieBrowser, browser, linkValid)
	select {
	case p.board.asked <- ask{addr: mailbox.Address{Addr: parsed.Address}, lang: p.Lang, browser: digestOf(browser)}:
	default:
		p.board.options.Log.Warn("board: too many links are asked for at once: one was left out")
	}
	return p.render("sent", http.StatusOK, nil)
}

// showLink shows a button: the scanners of mail servers follow every link, and must not use it up.
func (p *page) showLink() error { return p.render("enter", http.StatusOK, nil) }

// useLink signs in.
func (p *page) useLink() error {
	d := p.desk
	if !p.board.clients.allow(p.client(), p.now) {
		return p.fail(http.StatusTooManyRequests, "too many")
	}
	token, person := rand.Text()+rand.Text(), ""
	err := p.board.register.Update(p.request.Context(), func(tx *register.Tx) (err error) {
		person, err = tx.UseSignInLink(digestOf(p.request.PathValue("token")), digestOf(p.cookie(cookieBrowser)))
		if err != nil {
			return err
		}
		_, err = tx.AddSession(digestOf(token), person, tx.Now().Add(d.Session))
		return err
	})
	if errors.Is(err, register.ErrNotFound) {
		return p.render("signin", http.StatusForbidden, p.say("bad link"))
	}
	if err != nil {
		return err
	}
	p.board.options.Log.Info("signed in", "person", person, "client", p.client())
	p.setCookie(cookieSession, token, d.Session)
	p.dropCookie(cookieBrowser)
	http.Redirect(p.writer, p.request, "/", http.StatusSeeOther)
	return nil
}

// signOut ends the session.
func (p *page) signOut() error {
	err := p.board.register.Update(p.request.Context(), func(tx *register.Tx) error { return tx.EndSession(p.session.ID) })
	if err != nil && !errors.Is(err, register.ErrNotFound) {
		return err
	}
	p.board.options.Log.Info("signed out", "person", p.session.Person)
	p.dropCookie(cookieSession)
	http.Redirect(p.writer, p.request, "/entrar", http.StatusSeeOther)
	return nil
}

// The cookies. Under TLS their names bind them to this very host (RFC 6265bis section 4.1.3).
const (
	cookieSession = "radicado-sesion"
	cookieBrowser = "radicado-navegador"
)

func (p *page) cookieName(name string) string {
	if p.desk.secure {
		return "__Host-" + name
	}
	return name
}

func (p *page) cookie(name string) string {
	c, err := p.request.Cookie(p.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

func (p *page) setCookie(name, value string, age time.Duration) {
	// Lax and not Strict: whoever comes from a link in a mail is to find himself signed in.
	http.SetCookie(p.writer, &http.Cookie{Name: p.cookieName(name), Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true,
		Secure: p.desk.secure, SameSite: http.SameSiteLaxMode})
}

func (p *page) dropCookie(name string) { p.setCookie(name, "", -time.Second) }
