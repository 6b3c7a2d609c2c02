package board

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

// office is a desk with its board, served on loopback.
type office struct {
	t        testing.TB
	register *register.Register
	board    *Board
	desk     Desk
	ahead    atomic.Int64 // of the clock
	queued   chan struct{}
	log      *logBuffer
	uid      uint32
	path     string // of the register

	mu      sync.Mutex
	queries map[string]bool // that the register was asked
}

var (
	marta  = mailbox.Address{Name: "Marta Ruiz", Addr: "marta@ministerio.example"}
	ana    = mailbox.Address{Name: "Ana Gómez", Addr: "ana@ministerio.example"}
	pedro  = mailbox.Address{Name: "Pedro Páramo", Addr: "pedro@ministerio.example"}
	sofia  = mailbox.Address{Name: "Sofía Vergel", Addr: "sofia@ministerio.example"}
	nadie  = mailbox.Address{Addr: "nadie@otra.example"}
	ventas = mailbox.Address{Name: "Impresoras del Valle", Addr: "servicio@impresoras.example"}
)

var began = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

func newOffice(t testing.TB, change ...func(*Desk)) *office {
	t.Helper()
	o := &office{t: t, queued: make(chan struct{}, 100), log: new(logBuffer), queries: map[string]bool{}}
	folder := t.TempDir()
	o.path = filepath.Join(folder, "register.db")
	var err error
	o.register, err = register.Open(t.Context(), o.path, register.Options{Now: o.now, Trace: o.trace, Committed: func() {
		if o.board != nil {
			o.board.Changed()
		}
	}})
	check(t, err)
	keys, err := trust.OpenKeyring(filepath.Join(folder, "key"), rand.Reader)
	check(t, err)
	texts, err := templates.Load("", templates.Settings{Desk: mailbox.Address{Addr: "soporte@ministerio.example"}, DeskName: "Mesa de servicios", Organisation: "Ministerio de Ejemplo"})
	check(t, err)
	o.desk = Desk{
		Policy: &tickets.Policy{Lang: "es", Own: []string{"soporte@ministerio.example"}, People: tickets.People{
			{Name: marta.Name, Addresses: []string{marta.Addr}, Role: tickets.RoleCoordinator},
			{Name: ana.Name, Addresses: []string{ana.Addr, "gomez@ministerio.example"}, Role: tickets.RoleTechnician, MaxLoad: 5, Skills: []string{"redes"}},
			{Name: ventas.Name, Addresses: []string{ventas.Addr, "otro@impresoras.example"}, Role: tickets.RoleVendor},
		}, Terms: map[tickets.Priority]tickets.Terms{tickets.Critical: {Solution: time.Hour}, tickets.Medium: {Solution: 100 * time.Hour}},
			Resources: []tickets.Resource{{Name: "Portátil", Stock: 3}}},
		Texts: texts, Keys: keys, Domain: "ministerio.example", Session: time.Hour, Queued: func() { o.queued <- struct{}{} },
		Form: func(_ *register.Reader, n tickets.Number, _ time.Time) ([]byte, error) {
			return []byte("%PDF " + n), nil
		},
	}
	for _, c := range change {
		c(&o.desk)
	}
	o.board, err = New(o.register, Options{Listen: "127.0.0.1:0", Now: o.now, Log: slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	check(t, err)
	check(t, o.board.Use(o.desk))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.board.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, o.board.Close(), o.register.Close()); err != nil {
			t.Errorf("the board ended with %v", err)
		}
	})
	return o
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) trace(query string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queries[query] = true
}

func (o *office) now() time.Time { return began.Add(time.Duration(o.ahead.Load())) }

func (o *office) later(d time.Duration) { o.ahead.Add(int64(d)) }

// origin is where the board listens.
func (o *office) origin() string { return o.board.listensAt().String() }

// request registers a request.
func (o *office) request(from mailbox.Address, subject string, more ...tickets.Fact) (n tickets.Number) {
	o.t.Helper()
	check(o.t, o.register.Update(o.t.Context(), func(tx *register.Tx) (err error) {
		if n, err = tx.NextNumber(); err != nil {
			return err
		}
		actor := tickets.Actor{Role: tickets.RoleRequester, Addr: from.Key(), Name: from.Name}
		return appendFacts(tx, new(tickets.Ticket), n, actor, 0, &tickets.RegisteredFact{Requester: from, Subject: subject, Text: "Texto de " + subject, Office: "Contratos"})
	}))
	if len(more) > 0 {
		o.happens(n, marta, tickets.RoleCoordinator, 0, more...)
	}
	return n
}

// happens lets something happen to a request.
func (o *office) happens(n tickets.Number, by mailbox.Address, role tickets.Role, message int64, facts ...tickets.Fact) {
	o.t.Helper()
	check(o.t, o.register.Update(o.t.Context(), func(tx *register.Tx) error {
		t, err := tx.Ticket(n)
		if err != nil {
			return err
		}
		return appendFacts(tx, t, n, tickets.Actor{Role: role, Addr: by.Key(), Name: by.Name}, message, facts...)
	}))
}

func appendFacts(tx *register.Tx, t *tickets.Ticket, n tickets.Number, by tickets.Actor, message int64, facts ...tickets.Fact) error {
	var events []tickets.Event
	for _, f := range facts {
		e := tickets.Event{Ticket: n, Seq: t.Version + 1, At: tx.Now(), Actor: by, Message: message, Fact: f}
		if err := t.Apply(e); err != nil {
			return err
		}
		events = append(events, e)
	}
	return tx.Append(t, events)
}

// mail stores a mail and returns its message.
func (o *office) mail(from mailbox.Address, raw string) (id int64) {
	o.t.Helper()
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	_, err := o.register.Position(o.t.Context(), "soporte", 7, time.Time{})
	check(o.t, err)
	o.uid++
	check(o.t, o.register.Take(o.t.Context(), "soporte", 7, o.uid, []mailbox.Arrival{{Mailbox: "soporte", UIDValidity: 7, UID: o.uid, Raw: []byte(raw), Size: int64(len(raw))}}))
	check(o.t, o.register.Update(o.t.Context(), func(tx *register.Tx) (err error) {
		digest := register.DigestOf([]byte(raw))
		id, err = tx.AddMessage(register.Message{Identity: digest[:], Digest: digest, From: from, ReceivedAt: tx.Now()})
		return err
	}))
	return id
}

// browser is somebody's browser.
type browser struct {
	o *office
	http.Client
	lang string
}

func (o *office) browser() *browser {
	jar, err := cookiejar.New(nil)
	check(o.t, err)
	b := &browser{o: o, Client: http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 10 * time.Second}, lang: "es-CO,es;q=0.9"}
	o.t.Cleanup(b.CloseIdleConnections)
	return b
}

// signedIn returns a browser in which somebody is signed in.
func (o *office) signedIn(who mailbox.Address) *browser {
	o.t.Helper()
	link, err := o.board.Invite(o.t.Context(), who, time.Hour)
	check(o.t, err)
	b := o.browser()
	if a := b.post(link, nil); a.status != http.StatusOK {
		o.t.Fatalf("signing in: %d %s", a.status, a.body)
	}
	return b
}

// answer is what the board answers.
type answer struct {
	status int
	header http.Header
	body   string
	path   string // where redirections led
}

func (b *browser) do(r *http.Request) answer {
	b.o.t.Helper()
	r.Header.Set("Accept-Language", b.lang)
	response, err := b.Do(r)
	check(b.o.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(b.o.t, err)
	return answer{response.StatusCode, response.Header, string(body), response.Request.URL.Path}
}

func (b *browser) get(path string) answer {
	b.o.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.o.origin() + path
	}
	r, err := http.NewRequestWithContext(b.o.t.Context(), http.MethodGet, path, nil)
	check(b.o.t, err)
	return b.do(r)
}

func (b *browser) post(path string, form url.Values, fields ...string) answer {
	b.o.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.o.origin() + path
	}
	r, err := http.NewRequestWithContext(b.o.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	check(b.o.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	return b.do(r)
}

// asks asks for a link and returns it as its mail has it; "" where none was queued.
func (b *browser) asks(addr string) string {
	b.o.t.Helper()
	if a := b.post("/entrar", url.Values{"correo": {addr}}); a.status != http.StatusOK {
		b.o.t.Fatalf("asking for a link: %d %s", a.status, a.body)
	}
	b.o.asked()
	var link string
	check(b.o.t, b.o.register.Update(b.o.t.Context(), func(tx *register.Tx) error {
		due, err := tx.ClaimNotices(1, func(int) time.Duration { return time.Hour })
		for _, row := range due {
			link = b.o.board.Link(*row.Notice.Data.SignIn, row.Notice.To.Key())
			err = errors.Join(err, tx.Sent(row.ID))
		}
		return err
	}))
	return link
}

// asked waits until everybody who asked for a link was looked at: what is asked for is handled one after the other, and the last
// one is always known.
func (o *office) asked() {
	o.t.Helper()
	o.board.asked <- ask{addr: mailbox.Address{Addr: "ñ"}, lang: "es"} // nobody; taken when those before are done
	for len(o.board.asked) > 0 {
		select {
		case <-o.t.Context().Done():
			o.t.Fatal("the board takes nothing more")
		case <-time.After(time.Millisecond):
		}
	}
}

// stream opens the stream of changes and returns its lines.
func (b *browser) stream(ctx context.Context, path string) (<-chan string, answer) {
	b.o.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.o.origin()+path, nil)
	check(b.o.t, err)
	r.Header.Set("Accept", eventStream)
	streaming := b.Client
	streaming.Timeout = 0
	response, err := streaming.Do(r)
	check(b.o.t, err)
	lines := make(chan string, 100)
	b.o.t.Cleanup(func() { response.Body.Close() })
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(response.Body); s.Scan(); {
			if event, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				lines <- event
			}
		}
	}()
	return lines, answer{status: response.StatusCode, header: response.Header}
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// attached is a mail with a file, a quotation and HTML.
func attached(from mailbox.Address, said, quoted, file string) string {
	return fmt.Sprintf(`From: %s
To: soporte@ministerio.example
Subject: algo
Date: Mon, 23 Nov 2026 10:00:00 -0500
Message-ID: <%s@x.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=aa

--aa
Content-Type: multipart/alternative; boundary=bb

--bb
Content-Type: text/plain; charset=utf-8

%s

El lun, 23 nov 2026 a las 9:00, Mesa (<soporte@ministerio.example>) escribió:
> %s

--bb
Content-Type: text/html; charset=utf-8

<p onclick="alert(1)">%s</p><script>alert(1)</script><img src="https://espia.example/pixel.gif"><style>p{background:url(https://espia.example)}</style><a href="javascript:alert(1)">x</a>

--bb--
--aa
Content-Type: text/html; name="%s"
Content-Disposition: attachment; filename="%s"

<script>alert(document.domain)</script>
--aa--
`, from.Addr, said, said, quoted, said, file, file)
}

// osDir is the folder of the package.
type osDir struct{}

func (osDir) Open(name string) (fs.File, error) { return os.Open(name) }
