package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"radicado/cmd/torture/audit"
	"radicado/mailbox/mailtest"
)

// office is the desk of one scenario: a mailbox, a register and people of its own, on the servers of the run.
type office struct {
	name     string
	site     *site
	tools    tools
	folder   string // of everything but the register
	store    string // folder of the register, alone on its file system where the scenario wants that
	settings string
	log      string
	clock    string
	disk     disk
	imap     *proxy
	smtp     *proxy
	desk     string
	people   []mailtest.Person
	extra    string // further settings
	zone     string
	limits   string // of notices

	sent  []audit.Sent
	lives int
	notes []string
	found []audit.Violation        // what the scenario itself saw
	after []func(sound bool) error // done in the end

	life     *life                     // the daemon of now, where the scenario lets one live on
	stops    int                       // of the IMAP server
	halved   map[[sha256.Size]byte]int // see audit.Evidence
	direct   bool                      // no mail through Postfix for now
	mayCrash bool                      // it is part of the scenario that the daemon ends by itself
	// finish, where set, takes the place of settle and judge.
	finish func(ctx context.Context) (audit.Report, error)
}

func newOffice(name string, s *site, t tools, folder string) (*office, error) {
	o := &office{name: name, site: s, tools: t, folder: filepath.Join(folder, name), zone: "America/Bogota", limits: noLimits,
		halved: map[[sha256.Size]byte]int{}}
	o.store = filepath.Join(o.folder, "store")
	o.settings, o.log, o.clock = filepath.Join(o.folder, "settings.toml"), filepath.Join(o.folder, "daemon.log"), filepath.Join(o.folder, "clock")
	o.disk = disk{filepath.Join(o.folder, "disk")}
	o.desk = "soporte." + name + "@ministerio.example"
	for i := range 8 {
		p := mailtest.Person{Name: fmt.Sprint("Persona ", i), Addr: fmt.Sprintf("persona%d.%s@ministerio.example", i, name), Client: mailtest.Client(i % 2)}
		o.people = append(o.people, p)
	}
	if err := os.Mkdir(o.folder, 0o700); err != nil {
		return nil, fmt.Errorf("a folder for this run alone (name another by --folder, or remove it): %w", err)
	}
	if err := os.Mkdir(o.store, 0o700); err != nil {
		return nil, err
	}
	if err := o.disk.order(diskOrder{}); err != nil {
		return nil, err
	}
	var err error
	if o.imap, err = newProxy(s.IMAP, serveIMAP); err != nil {
		return nil, err
	}
	o.smtp, err = newProxy(s.SMTP, serveSMTP)
	return o, err
}

func (o *office) close(sound bool) error {
	o.imap.close()
	o.smtp.close()
	var errs []error
	for _, f := range o.after {
		errs = append(errs, f(sound))
	}
	return errors.Join(errs...)
}

func (o *office) register() string { return filepath.Join(o.store, "register.db") }

// noLimits lets a few people write very much.
const noLimits = "[limits]\nper_address = 1000000\nper_staff = 1000000\nper_domain = 1000000\nper_request = 1000000\n"

// configure writes the settings.
func (o *office) configure() error {
	secret := filepath.Join(o.folder, "password")
	if err := os.WriteFile(secret, []byte(o.site.Password), 0o600); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`
[desk]
address = %q
official_domains = ["ministerio.example"]
time_zone = %q
[register]
path = %q
[monitor]
listen = ""
[smtp]
address = %q
tls = "none"
timeout = "5s"
[trust]
authority = ["mx.ministerio.example"]
hosts = ["mx.ministerio.example", %q]
internal = ["127.0.0.0/8"]
key_file = %q
%s%s
[[mailbox]]
name = "soporte"
address = %q
tls = "none"
username = %q
password_file = %q
since = "2020-01-01"
timeout = "5s"
[[person]]
name = "Marta Ruiz"
role = "coordinator"
addresses = ["marta.%s@ministerio.example"]
`, o.desk, o.zone, o.register(), o.smtp.address(), host, filepath.Join(o.folder, "key"), o.limits, o.extra, o.imap.address(), o.desk, secret, o.name)
	return os.WriteFile(o.settings, []byte(text), 0o600)
}

// write puts n mails on their way to the desk: most of them straight into the inbox, some through Postfix.
func (o *office) write(ctx context.Context, random *rand.Rand, n int) error {
	for range n {
		if err := o.writeOne(ctx, random, o.people[random.IntN(len(o.people))], nil); err != nil {
			return err
		}
	}
	return nil
}

// writeOne lets a person write; change, which may be nil, alters how the mail is judged.
func (o *office) writeOne(ctx context.Context, random *rand.Rand, p mailtest.Person, change func(*audit.Sent), options ...mailtest.WriteOption) error {
	i := len(o.sent)
	relayed := random.IntN(5) == 0 && !o.direct
	id := fmt.Sprintf("%s.%d@torture.example", o.name, i)
	text := fmt.Sprintf("Buenos días:\n\nEl equipo %d no enciende. %s\n", i, strings.Repeat("Ya intenté reiniciarlo. ", random.IntN(120)))
	raw := p.Write(o.desk, fmt.Sprintf("Solicitud %d de %s", i, o.name), text, append(options, mailtest.MessageID(id))...)
	sent := audit.NewSent(fmt.Sprintf("%s/%d", o.name, i), id, p.Addr, raw)
	sent.Relayed = relayed
	if change != nil {
		change(&sent)
	}
	o.sent = append(o.sent, sent)
	if relayed {
		return o.site.submit(ctx, p.Addr, o.desk, raw)
	}
	return o.site.deliver(o.desk, raw)
}

// open opens the register to read it, beside the daemon.
func (o *office) open() (*sql.DB, error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: o.register(), RawQuery: "mode=ro&_busy_timeout=5000"}
	return sql.Open("sqlite3", uri.String())
}

// query reads one number from the register, beside the daemon. The error is that of a register that is not there yet, too.
func (o *office) query(ctx context.Context, query string) (n int, err error) {
	db, err := o.open()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRowContext(ctx, query).Scan(&n)
}

// undone says what the daemon still has to do; "" for nothing.
func (o *office) undone(ctx context.Context) string {
	var left []string
	if n := o.site.count(o.desk, "INBOX"); n > 0 {
		left = append(left, fmt.Sprintf("%d in the inbox", n))
	}
	for _, q := range []struct{ what, query string }{
		{"taken", "SELECT count(*) FROM arrivals WHERE state = 'taken'"},
		{"queued", "SELECT count(*) FROM outbox WHERE state = 'queued'"},
	} {
		if n, err := o.query(ctx, q.query); n > 0 || err != nil {
			left = append(left, fmt.Sprintf("%d %s (%v)", n, q.what, err))
		}
	}
	if n := o.site.Queued(); n > 0 {
		left = append(left, fmt.Sprintf("%d on their way through Postfix", n))
	}
	if come, err := o.query(ctx, countCome); err != nil || come < o.expected() {
		left = append(left, fmt.Sprintf("%d of %d mails have come (%v)", come, o.expected(), err))
	}
	return strings.Join(left, ", ")
}

// countCome counts the mails that have come, by message where they were read: Postfix delivers one twice when Dovecot stops in the midst of
// it, with another line on top.
const countCome = "SELECT count(DISTINCT coalesce(message, -raw)) FROM arrivals"

func (o *office) expected() (n int) {
	for _, s := range o.sent {
		if !s.Optional {
			n++
		}
	}
	return n
}

// settleTime is how long an unmolested daemon gets to finish.
const settleTime = 2 * time.Minute

// settle lets a daemon that nobody molests finish everything, and stops it. What it cannot finish the audit finds.
func (o *office) settle(ctx context.Context) error {
	o.unmeddle()
	if err := o.disk.order(diskOrder{}); err != nil {
		return err
	}
	l, err := o.start()
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	left := ""
	calm := 0
	for calm < 3 && limit.Err() == nil && !l.over() { // three times: mails of Postfix may be on their way
		if left = o.undone(ctx); left == "" {
			calm++
		} else {
			calm = 0
		}
		sleep(limit, 200*time.Millisecond)
	}
	if left != "" {
		o.violation("limbo", o.name, "after %v without trouble: %s", settleTime, left)
	}
	o.told(limit)
	if l.over() {
		o.violation("crash", o.name, "it ended by itself: %v", l.err)
		return nil
	}
	if err := l.stop(); err != nil {
		o.violation("crash", o.name, "it did not stop well: %v", err)
	}
	return ctx.Err()
}

// told waits until what Postfix has accepted lies in the mailboxes. Their number alone does not tell: some notices lie there twice.
func (o *office) told(ctx context.Context) {
	for ctx.Err() == nil {
		want, err := o.query(ctx, "SELECT count(*) FROM outbox WHERE state = 'sent'")
		got := o.site.count("marta."+o.name+"@ministerio.example", "")
		for _, p := range o.people {
			got += o.site.count(p.Addr, "")
		}
		if err == nil && got >= want && o.site.Queued() == 0 {
			return
		}
		sleep(ctx, 200*time.Millisecond)
	}
}

func (o *office) violation(rule, subject, format string, args ...any) {
	o.found = append(o.found, audit.Violation{Rule: rule, Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// judge looks at what is left.
func (o *office) judge(ctx context.Context) (audit.Report, error) {
	evidence := audit.Evidence{Register: o.register(), Sent: o.sent, Stops: o.stops, Halved: o.halved}
	var err error
	if evidence.Mailbox, err = o.site.mails(o.desk); err != nil {
		return audit.Report{}, err
	}
	for _, p := range o.people {
		mails, err := o.site.mails(p.Addr)
		if err != nil {
			return audit.Report{}, err
		}
		evidence.Notices = append(evidence.Notices, mails...)
	}
	report, err := audit.Check(ctx, evidence)
	report.Violations = append(o.found, report.Violations...)
	return report, errors.Join(err, o.crashes(&report))
}

// crashes looks for what a Go program says when it ends by itself.
func (o *office) crashes(report *audit.Report) error {
	if o.mayCrash {
		return nil
	}
	log, err := os.ReadFile(o.log)
	for _, word := range []string{"panic: ", "fatal error: "} {
		if i := bytes.Index(log, []byte(word)); i >= 0 {
			line, _, _ := bytes.Cut(log[i:], []byte("\n"))
			report.Violations = append(report.Violations, audit.Violation{Rule: "crash", Subject: o.name, Detail: string(line)})
		}
	}
	return err
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
