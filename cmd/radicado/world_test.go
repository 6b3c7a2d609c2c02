package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"go.uber.org/goleak"

	"radicado/mailbox/mailtest"
	"radicado/mailbox/receive"
	"radicado/tickets"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
)

// TestMain has no test limit the memory of all of them to that of one daemon: they would do little else than collect garbage.
func TestMain(m *testing.M) {
	if path := os.Getenv(childSettings); path != "" {
		if err := runChild(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := os.Setenv("GOMEMLIMIT", cmp.Or(os.Getenv("GOMEMLIMIT"), "off")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// world is the mail servers of a ministry: those in the process, or Dovecot and Postfix.
type world interface {
	add(t *testing.T, p mailtest.Person, folders ...string)
	submit(ctx context.Context, p mailtest.Person, raw []byte) error // by one of the ministry's people
	forge(ctx context.Context, from string, raw []byte) error        // from outside
	append(t *testing.T, user string, raw []byte)                    // straight into the INBOX
	list(t *testing.T, user, folder string) [][]byte
	settings() worldSettings
}

// worldSettings is what the daemon must know of a world.
type worldSettings struct {
	imap, smtp, password string
	login                bool // at SMTP
	authority            string
	hosts                []string
}

// inProcess is the world of mailtest.
type inProcess struct {
	site   *mailtest.Site
	listed sync.Map // listing by user and folder
}

// listing is what a folder held when it had a stamp.
type listing struct {
	stamp string
	raws  [][]byte
}

// newInProcess starts the servers. Tests in the process wait more than they work, so they run side by side.
func newInProcess(t *testing.T) *inProcess {
	t.Helper()
	t.Parallel()
	site, err := mailtest.NewSite(mailtest.SiteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Errorf("closing the mail servers: %v", err)
		}
	})
	return &inProcess{site: site}
}

func (w *inProcess) add(t *testing.T, p mailtest.Person, folders ...string) {
	t.Helper()
	if err := w.site.Add(p, folders...); err != nil {
		t.Fatal(err)
	}
}

func (w *inProcess) submit(ctx context.Context, p mailtest.Person, raw []byte) error {
	return w.site.Submit(ctx, p, raw)
}

func (w *inProcess) forge(ctx context.Context, from string, raw []byte) error {
	return w.site.Forge(ctx, from, raw)
}

func (w *inProcess) append(t *testing.T, user string, raw []byte) {
	t.Helper()
	if _, err := w.site.IMAP.Append(user, "INBOX", raw, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// list asks the server only for what is no longer as it was: a test that waits for a mail looks two hundred times a second.
func (w *inProcess) list(t *testing.T, user, folder string) [][]byte {
	t.Helper()
	stamp, key := w.site.IMAP.Stamp(user, folder), [2]string{user, folder}
	if stamp == "" {
		return nil
	}
	if known, found := w.listed.Load(key); found && known.(listing).stamp == stamp {
		return known.(listing).raws
	}
	mails, err := w.site.IMAP.List(user, folder)
	if err != nil {
		t.Fatal(err)
	}
	var raws [][]byte
	for _, m := range mails {
		raws = append(raws, m.Raw)
	}
	w.listed.Store(key, listing{stamp, slices.Clip(raws)})
	return raws
}

func (w *inProcess) settings() worldSettings {
	return worldSettings{imap: w.site.IMAP.Addr(), smtp: w.site.SMTP.Addr(), password: demoPassword, login: true,
		authority: w.site.SMTP.Hostname(), hosts: []string{w.site.SMTP.Hostname()}}
}

// realServers is the world of .ci/dovecot and .ci/postfix: every address of an .example domain has a mailbox there.
type realServers struct {
	imap, submission, inbound, password string
}

// real returns the world that the environment names.
func real() (realServers, bool) {
	w := realServers{imap: os.Getenv("RADICADO_TEST_IMAP"), submission: os.Getenv("RADICADO_TEST_SMTP"),
		inbound: os.Getenv("RADICADO_TEST_SMTP_INBOUND"), password: os.Getenv("RADICADO_TEST_IMAP_PASSWORD")}
	return w, w.imap != "" && w.submission != "" && w.inbound != ""
}

func (w realServers) add(*testing.T, mailtest.Person, ...string) {}

func (w realServers) submit(ctx context.Context, p mailtest.Person, raw []byte) error {
	return mailtest.Send(ctx, w.submission, mailtest.Envelope{From: p.Addr, To: []string{mailtest.HeaderOf(raw, "To")}}, raw)
}

func (w realServers) forge(ctx context.Context, from string, raw []byte) error {
	return mailtest.Send(ctx, w.inbound, mailtest.Envelope{From: from, To: []string{mailtest.HeaderOf(raw, "To")}}, raw)
}

func (w realServers) client(t *testing.T, user string) *imapclient.Client {
	t.Helper()
	client, err := imapclient.DialInsecure(w.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Login(user, w.password).Wait(); err != nil {
		t.Fatal(err)
	}
	return client
}

func (w realServers) append(t *testing.T, user string, raw []byte) {
	t.Helper()
	client := w.client(t, user)
	defer client.Close()
	cmd := client.Append("INBOX", int64(len(raw)), nil)
	if _, err := cmd.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (w realServers) list(t *testing.T, user, folder string) [][]byte {
	t.Helper()
	client := w.client(t, user)
	defer client.Close()
	selected, err := client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	var refused *imap.Error
	if errors.As(err, &refused) {
		return nil // not made yet
	}
	if err != nil {
		t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return nil
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := client.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var raws [][]byte
	for _, m := range fetched {
		raws = append(raws, m.FindBodySection(body))
	}
	return raws
}

func (w realServers) settings() worldSettings {
	hosts := []string{"mx.ministerio.example"}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name) // Dovecot's LMTP stamps with it
	}
	return worldSettings{imap: w.imap, smtp: w.submission, password: w.password, authority: "mx.ministerio.example", hosts: hosts}
}

// inEveryWorld runs a test with the servers in the process, and with the real ones where the environment names them.
func inEveryWorld(t *testing.T, test func(t *testing.T, w world)) {
	t.Parallel() // the test itself too: otherwise the next one waits for its parallel part
	t.Run("in process", func(t *testing.T) { test(t, newInProcess(t)) })
	t.Run("real servers", func(t *testing.T) {
		w, ok := real()
		if !ok {
			t.Skip("RADICADO_TEST_IMAP, RADICADO_TEST_SMTP and RADICADO_TEST_SMTP_INBOUND are not set: see .ci/run")
		}
		test(t, w)
	})
}

// office is a ministry with a running daemon.
type office struct {
	t      *testing.T
	ctx    context.Context
	world  world
	folder string
	run    string // tells the addresses of one test from another's on the same servers
	logs   *logBuffer
	ahead  atomic.Int64      // how far the daemon's clock is ahead of the real one, in nanoseconds
	extra  string            // further settings of the mailbox
	desks  string            // further settings of the desk
	staff  map[string]string // further settings of a person, by name
	more   string            // further sections
	listen string            // where metrics are served, "" for nowhere
	stop   func()

	desk                           mailtest.Person
	pedro, sofia, marta, ana, luis mailtest.Person
	program                        *program
}

// patience is how long a test waits for what must happen; nothing takes that long but on a stalled machine.
const patience = 30 * time.Second

func newOffice(t *testing.T, w world) *office {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	t.Cleanup(cancel)
	o := &office{t: t, ctx: ctx, world: w, folder: t.TempDir(), run: fmt.Sprintf("%x", time.Now().UnixNano()), logs: &logBuffer{}}
	password := w.settings().password
	person := func(name, local string, client mailtest.Client) mailtest.Person {
		p := mailtest.Person{Name: name, Addr: local + "." + o.run + "@ministerio.example", Password: password, Client: client}
		o.world.add(t, p)
		return p
	}
	o.desk = person("Mesa", "soporte", mailtest.Outlook)
	o.pedro = person("Pedro Páramo", "pedro", mailtest.Outlook)
	o.sofia = person("Sofía Vergel", "sofia", mailtest.Gmail)
	o.marta = person("Marta Ruiz", "marta", mailtest.Outlook)
	o.ana = person("Ana Gómez", "ana", mailtest.Gmail)
	o.luis = person("Luis Caicedo", "luis", mailtest.Outlook)
	return o
}

// settingsText is the settings of the office.
func (o *office) settingsText() string {
	w := o.world.settings()
	secret := filepath.Join(o.folder, "password")
	if err := os.WriteFile(secret, []byte(w.password), 0o600); err != nil {
		o.t.Fatal(err)
	}
	login := ""
	if w.login {
		login = fmt.Sprintf("username = %q\npassword_file = %q\n", o.desk.Addr, secret)
	}
	hosts := `"` + strings.Join(w.hosts, `", "`) + `"`
	text := fmt.Sprintf(`
[desk]
address = %q
official_domains = ["ministerio.example"]
%s[monitor]
listen = %q
[register]
path = %q
[smtp]
address = %q
tls = "none"
%s
[trust]
authority = [%q]
hosts = [%s]
internal = ["127.0.0.0/8"]
key_file = %q
[[mailbox]]
name = "soporte"
address = %q
tls = "none"
username = %q
password_file = %q
%s
`, o.desk.Addr, o.desks, o.listen, filepath.Join(o.folder, "register.db"), w.smtp, login, w.authority, hosts, filepath.Join(o.folder, "key"), w.imap, o.desk.Addr, secret, o.extra)
	text += cmp.Or(o.more, "[limits]\nper_address = 1000\n")
	for _, p := range []struct {
		mailtest.Person
		role string
	}{{o.marta, "coordinator"}, {o.ana, "technician"}, {o.luis, "technician"}} {
		text += fmt.Sprintf("[[person]]\nname = %q\nrole = %q\naddresses = [%q]\n%s", p.Name, p.role, p.Addr, o.staff[p.Name])
	}
	return text
}

// testPace is quick, so that no test waits for a retry.
func testPace() pace {
	return pace{
		receive: receive.Timing{Retry: 20 * time.Millisecond, MaxRetry: 100 * time.Millisecond, RefusedRetry: 50 * time.Millisecond},
		outbox:  outbox.Pace{Retry: 50 * time.Millisecond, MaxRetry: 200 * time.Millisecond, Down: 20 * time.Millisecond, MaxDown: 100 * time.Millisecond},
	}
}

// pace is testPace with the clock of the office.
func (o *office) pace() pace {
	p := testPace()
	p.now = func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }
	return p
}

// start runs the daemon until the test ends or stop is called.
func (o *office) start() {
	o.t.Helper()
	path := filepath.Join(o.folder, "settings.toml")
	if err := os.WriteFile(path, []byte(o.settingsText()), 0o600); err != nil {
		o.t.Fatal(err)
	}
	o.startWith(path)
}

// startWith is start with settings that lie at path.
func (o *office) startWith(path string) {
	o.t.Helper()
	s, err := readSettings(path)
	if err != nil {
		o.t.Fatal(err)
	}
	p, err := newProgram(o.ctx, s, o.pace(), slog.New(slog.NewTextHandler(io.MultiWriter(o.logs), nil)))
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(o.ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	o.program = p
	o.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, p.Close()); err != nil {
			o.t.Errorf("the daemon ended with %v", err)
		}
	})
	o.t.Cleanup(o.stop)
}

// until waits for a condition.
func (o *office) until(what string, condition func() bool) {
	o.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			o.t.Fatalf("waited in vain for %s; the daemon said:\n%s", what, o.logs)
		}
	}
}

func (o *office) submit(p mailtest.Person, raw []byte) {
	o.t.Helper()
	if err := o.world.submit(o.ctx, p, raw); err != nil {
		o.t.Fatal(err)
	}
}

// writes lets somebody write to the desk.
func (o *office) writes(p mailtest.Person, subject, text string, options ...mailtest.WriteOption) {
	o.t.Helper()
	o.submit(p, p.Write(o.desk.Addr, subject, text, options...))
}

// gets waits for the n-th mail in somebody's inbox, counted from 1, and returns it.
func (o *office) gets(p mailtest.Person, n int) []byte {
	o.t.Helper()
	var mails [][]byte
	o.until(fmt.Sprintf("mail %d to %s", n, p.Name), func() bool {
		mails = o.world.list(o.t, p.Addr, "INBOX")
		return len(mails) >= n
	})
	return mails[n-1]
}

// answers lets somebody answer the n-th mail of the inbox.
func (o *office) answers(p mailtest.Person, n int, commands, text string) {
	o.t.Helper()
	raw, err := p.Reply(o.gets(p, n), commands, text)
	if err != nil {
		o.t.Fatal(err)
	}
	o.submit(p, raw)
}

// number is the n-th request of the year.
func (o *office) number(n int) tickets.Number {
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		o.t.Fatal(err)
	}
	return tickets.FormatNumber("SS", time.Now().In(bogota).Year(), n)
}

// view reads the register.
func (o *office) view(read func(r *register.Reader) error) {
	o.t.Helper()
	if err := o.program.register.View(o.ctx, read); err != nil {
		o.t.Fatal(err)
	}
}

// ticket returns a request, nil where there is none.
func (o *office) ticket(n int) (found *tickets.Ticket) {
	o.t.Helper()
	o.view(func(r *register.Reader) error {
		t, err := r.Ticket(o.number(n))
		if errors.Is(err, register.ErrNotFound) {
			return nil
		}
		found = t
		return err
	})
	return found
}

// reaches waits until a request is in a state.
func (o *office) reaches(n int, state tickets.State) {
	o.t.Helper()
	o.until(fmt.Sprintf("request %d to be %s", n, state), func() bool {
		t := o.ticket(n)
		return t != nil && t.State == state
	})
}

// tickets returns how many requests there are.
func (o *office) tickets() (count int) {
	o.t.Helper()
	o.view(func(r *register.Reader) error {
		_, total, err := r.List(register.Filter{}, 1, 0)
		count = total
		return err
	})
	return count
}

// holds waits until a folder of the desk holds so many mails.
func (o *office) holds(folder string, n int) {
	o.t.Helper()
	o.until(fmt.Sprintf("%d mails in %s", n, folder), func() bool { return len(o.world.list(o.t, o.desk.Addr, folder)) == n })
}

// sound checks that the register verifies.
func (o *office) sound() {
	o.t.Helper()
	findings, err := o.program.register.Verify(o.ctx, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, f := range findings {
		o.t.Errorf("register: %v", f)
	}
}

// logBuffer keeps what the daemon logs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns everything so far.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// count returns how many lines hold a text.
func (b *logBuffer) count(text string) int { return strings.Count(b.String(), text) }
