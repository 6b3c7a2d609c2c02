package desk_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The people of the tests.
const (
	marta = "marta@ministerio.example"   // coordinator
	ana   = "ana@ministerio.example"     // technician
	pedro = "pedro@ministerio.example"   // official
	sofia = "sofia@ministerio.example"   // official
	nadie = "nadie@otra.example"         // stranger
	mesa  = "soporte@ministerio.example" // the desk
)

const first = tickets.Number("SS-2026-000001")

// office is a desk on a real register, with the real reader and the real proofs, but without mail servers.
type office struct {
	t      *testing.T
	now    time.Time
	keys   *trust.Keyring
	policy *tickets.Policy
	trust  trust.Policy
	change func(*desk.Options)

	path     string
	register *register.Register
	desk     *desk.Desk
	uid      uint32
}

// newOffice opens an office; change, which may be nil, alters it before it opens.
func newOffice(t *testing.T, change func(*office)) *office {
	t.Helper()
	o := &office{t: t, now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "register.db")}
	o.policy = &tickets.Policy{
		People: tickets.People{
			{Name: "Marta Ruiz", Addresses: []string{marta}, Role: tickets.RoleCoordinator},
			{Name: "Ana Gómez", Addresses: []string{ana}, Role: tickets.RoleTechnician},
		},
		OfficialDomains: []string{"ministerio.example"}, Own: []string{mesa}, ReopenDays: 5, Lang: "es", MaxRows: 50,
		CommandAge: 7 * 24 * time.Hour,
	}
	o.trust = trust.Policy{Authority: []string{"mx.ministerio.example"}, Hosts: []string{"mx.ministerio.example"},
		Internal: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, OwnDomains: []string{"ministerio.example"}}
	if change != nil {
		change(o)
	}
	var err error
	o.keys, err = trust.OpenKeyring(filepath.Join(t.TempDir(), "key"), rand.Reader)
	o.check(err)
	prover, err := trust.New(o.trust, nil, o.keys, o.clock)
	o.check(err)
	o.register, err = register.Open(t.Context(), o.path, register.Options{Now: o.clock, Program: "radicado test"})
	o.check(err)
	t.Cleanup(func() { o.check(o.register.Close()) })
	options := desk.Options{Policy: o.policy, Grammar: command.New("SS"), Reader: message.Options{Own: o.policy.Own, Instance: "test"},
		Prover: prover, Keys: o.keys, Domain: "ministerio.example", Log: slog.New(slog.DiscardHandler)}
	if o.change != nil {
		o.change(&options)
	}
	o.desk = desk.New(o.register, options)
	_, err = o.desk.Position(t.Context(), "soporte", 1)
	o.check(err)
	return o
}

func (o *office) clock() time.Time { return o.now }

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// The marks that the ministry's server puts above a mail.
const (
	border  = "Received: from relay.otra.example (relay.otra.example [192.0.2.10]) by mx.ministerio.example (Postfix) with ESMTPS id 1; Mon, 23 Nov 2026 09:59:00 -0500\n"
	proven  = "Authentication-Results: mx.ministerio.example; dmarc=pass header.from=ministerio.example\n" + border
	nothing = "Authentication-Results: mx.ministerio.example; dmarc=none header.from=ministerio.example; spf=none smtp.mailfrom=otra.example\n" + border
)

// mail is a mail of a test. Its subject begins with "@" where it answers the first request.
type mail struct {
	marks         string // above it; "" for proven
	from, name    string
	subject, text string
	id            string // Message-ID without angle brackets; "" for one of its own
	date          time.Time
	further       string // header fields, each with its line end
	noDate, noID  bool
}

// raw returns the mail byte for byte.
func (o *office) raw(m mail) []byte {
	marks := m.marks
	if marks == "" {
		marks = proven
		if !strings.HasSuffix(m.from, "@ministerio.example") {
			marks = nothing
		}
	}
	date, id := m.date, m.id
	if date.IsZero() {
		date = o.now
	}
	if id == "" {
		id = fmt.Sprintf("%d.%d@x.example", o.uid, o.now.UnixNano())
	}
	var b strings.Builder
	b.WriteString(marks)
	fmt.Fprintf(&b, "From: %s <%s>\nTo: %s\nSubject: %s\n", m.name, m.from, mesa, strings.Replace(m.subject, "@", "Re: ["+string(first)+"] Impresora", 1))
	if !m.noDate {
		fmt.Fprintf(&b, "Date: %s\n", date.Format(time.RFC1123Z))
	}
	if !m.noID {
		fmt.Fprintf(&b, "Message-ID: <%s>\n", id)
	}
	fmt.Fprintf(&b, "%sMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n", m.further, m.text)
	return []byte(strings.ReplaceAll(b.String(), "\n", "\r\n"))
}

// take lets a mail arrive and be handled, a minute after the one before.
func (o *office) take(m mail) {
	o.t.Helper()
	o.now = o.now.Add(time.Minute)
	o.takeRaw(o.raw(m))
}

func (o *office) takeRaw(raws ...[]byte) {
	o.t.Helper()
	var batch []mailbox.Arrival
	for _, raw := range raws {
		o.uid++
		batch = append(batch, mailbox.Arrival{Mailbox: "soporte", UIDValidity: 1, UID: o.uid, InternalDate: o.now, Size: int64(len(raw)), Raw: raw})
	}
	o.check(o.desk.Take(o.t.Context(), "soporte", 1, batch, o.uid))
	o.check(o.desk.Drain(o.t.Context()))
}

// takeAll lets mails arrive together.
func (o *office) takeAll(mails []mail) {
	o.t.Helper()
	o.now = o.now.Add(time.Minute)
	var raws [][]byte
	for i, m := range mails {
		m.id = fmt.Sprintf("junto.%d.%d@x.example", i, o.now.UnixNano())
		raws = append(raws, o.raw(m))
	}
	o.takeRaw(raws...)
}

func (o *office) view(read func(r *register.Reader) error) {
	o.t.Helper()
	o.check(o.register.View(o.t.Context(), read))
}

// ticket returns a request, nil where there is none.
func (o *office) ticket(n tickets.Number) (found *tickets.Ticket) {
	o.t.Helper()
	o.view(func(r *register.Reader) error {
		t, err := r.Ticket(n)
		if errors.Is(err, register.ErrNotFound) {
			return nil
		}
		found = t
		return err
	})
	return found
}

// facts returns the events of a request as "kind by role".
func (o *office) facts(n tickets.Number) (list []string) {
	o.t.Helper()
	o.view(func(r *register.Reader) error {
		events, err := r.History(n)
		for _, e := range events {
			list = append(list, e.Fact.Kind()+" by "+string(e.Actor.Role))
		}
		return err
	})
	return list
}

// linger is longer than any test.
func linger(int) time.Duration { return time.Hour }

// flush takes every notice out of the outbox as "kind to local-part", and the notices themselves.
func (o *office) flush() (names []string, rows []register.OutboxRow) {
	o.t.Helper()
	o.check(o.register.Update(o.t.Context(), func(tx *register.Tx) error {
		var err error
		rows, err = tx.ClaimNotices(1000, linger)
		for _, row := range rows {
			local, _, _ := strings.Cut(row.Notice.To.Addr, "@")
			names = append(names, string(row.Notice.Kind)+" to "+local)
			err = errors.Join(err, tx.Sent(row.ID))
		}
		return err
	}))
	return names, rows
}

// count returns how many requests there are.
func (o *office) count() (total int) {
	o.t.Helper()
	o.view(func(r *register.Reader) (err error) {
		_, total, err = r.List(register.Filter{}, 1, 0)
		return err
	})
	return total
}

// sound checks that the register verifies.
func (o *office) sound() {
	o.t.Helper()
	findings, err := o.register.Verify(o.t.Context(), nil)
	o.check(err)
	for _, f := range findings {
		o.t.Errorf("register: %v", f)
	}
}

// want compares lines.
func (o *office) want(what string, got []string, want string) {
	o.t.Helper()
	if joined := strings.Join(got, " | "); joined != want {
		o.t.Errorf("%s:\n got %s\nwant %s", what, joined, want)
	}
}

var request = mail{from: pedro, name: "Pedro", subject: "Impresora", text: "No imprime."}
