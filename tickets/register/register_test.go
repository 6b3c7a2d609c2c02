package register

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// clock is a clock that the test moves.
type clock struct{ ms atomic.Int64 }

func newClock(at string) *clock {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	c := new(clock)
	c.ms.Store(t.UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// fixture is an open register with its clock.
type fixture struct {
	*Register
	clock *clock
	path  string
}

var bogota = time.FixedZone("-05", -5*3600)

func open(t testing.TB) *fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	lay(t, path)
	return openAt(t, path)
}

func openAt(t testing.TB, path string) *fixture {
	t.Helper()
	f := &fixture{clock: newClock("2026-03-02T09:00:00-05:00"), path: path}
	f.reopen(t)
	t.Cleanup(func() { check(t, f.Close()) })
	return f
}

// blank is the file of a register in which nothing has happened.
var blank = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "register")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "register.db")
	r, err := Open(context.Background(), path, Options{Now: newClock("2026-03-02T09:00:00-05:00").now, Program: "radicado test"})
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// lay puts a blank register where there is none: making its tables is most of what a small test would take.
func lay(t testing.TB, path string) {
	t.Helper()
	file, err := blank()
	check(t, err)
	check(t, os.WriteFile(path, file, 0o600))
}

func (f *fixture) reopen(t testing.TB) {
	t.Helper()
	if f.Register != nil {
		check(t, f.Close())
	}
	r, err := Open(t.Context(), f.path, Options{Location: bogota, Now: f.clock.now, Program: "radicado test"})
	check(t, err)
	f.Register = r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) update(t testing.TB, change func(tx *Tx) error) {
	t.Helper()
	check(t, f.Update(t.Context(), change))
}

func (f *fixture) view(t testing.TB, read func(r *Reader) error) {
	t.Helper()
	check(t, f.View(context.Background(), read))
}

// ana is the requester where a test does not care.
var (
	ana   = mailbox.Address{Name: "Ana Gómez", Addr: "Ana.Gomez@min.example.org"}
	luis  = mailbox.Address{Name: "Luis Peña", Addr: "luis@min.example.org"}
	pedro = mailbox.Address{Name: "Pedro Técnico", Addr: "pedro@desk.example.org"}
)

// register opens a ticket for the requester.
func register(tx *Tx, requester mailbox.Address, subject, text string) (*tickets.Ticket, error) {
	n, err := tx.NextNumber()
	if err != nil {
		return nil, err
	}
	t := new(tickets.Ticket)
	actor := tickets.Actor{Role: tickets.RoleRequester, Addr: requester.Key(), Name: requester.Name}
	err = appendFacts(tx, t, n, actor, 0, &tickets.RegisteredFact{Requester: requester, Subject: subject, Text: text, Lang: "es"})
	return t, err
}

// appendFacts applies facts to the ticket and appends them to the register.
func appendFacts(tx *Tx, t *tickets.Ticket, n tickets.Number, by tickets.Actor, message int64, facts ...tickets.Fact) error {
	events, err := applyFacts(tx, t, n, by, message, facts)
	if err != nil {
		return err
	}
	return tx.Append(t, events)
}

func applyFacts(tx *Tx, t *tickets.Ticket, n tickets.Number, by tickets.Actor, message int64, facts []tickets.Fact) (events []tickets.Event, err error) {
	for _, f := range facts {
		e := tickets.Event{Ticket: n, Seq: t.Version + 1, At: tx.Now(), Actor: by, Message: message, Fact: f}
		if err := t.Apply(e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

var coordinator = tickets.Actor{Role: tickets.RoleCoordinator, Addr: "coord@desk.example.org", Name: "Carmen"}

func arrival(name string, uid uint32, raw string) mailbox.Arrival {
	return mailbox.Arrival{Mailbox: name, UIDValidity: 7, UID: uid, Size: int64(len(raw)), Raw: []byte(raw),
		InternalDate: time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)}
}

func TestOneMailFromLedgerToOutbox(t *testing.T) {
	f := open(t)
	ctx := t.Context()
	raw := "From: ana\r\nSubject: Impresora\r\n\r\nNo imprime.\r\n"
	p, err := f.Position(ctx, "soporte", 7, time.Time{})
	check(t, err)
	if p.UID != 0 || !p.CutOff.Equal(f.clock.now().Add(-clockMargin)) {
		t.Fatalf("first position is %+v", p)
	}
	check(t, f.Take(ctx, "soporte", 7, 5, []mailbox.Arrival{arrival("soporte", 4, raw)}))

	var claimed []Arrival
	f.update(t, func(tx *Tx) (err error) { claimed, err = tx.ClaimArrivals(0, 50); return err })
	if len(claimed) != 1 || claimed[0].UID != 4 || claimed[0].Attempts != 1 {
		t.Fatalf("claimed %+v", claimed)
	}
	a := claimed[0]
	var number tickets.Number
	f.update(t, func(tx *Tx) error {
		got, err := tx.LoadRaw(a.Digest)
		if err != nil || string(got) != raw {
			t.Fatalf("raw mail is %q, %v", got, err)
		}
		if _, err := tx.FindCopy(a.Digest, nil); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a message before it is added: %v", err)
		}
		return tx.Nested(func() error {
			id, err := tx.AddMessage(Message{Identity: []byte("identity"), Digest: a.Digest, MessageID: "m1@min.example.org", From: ana,
				Subject: "Impresora", Class: mailbox.ClassPerson, ReceivedAt: a.InternalDate, Text: "No imprime.", Defects: []string{"no Date"}})
			if err != nil {
				return err
			}
			if number, err = tx.NextNumber(); err != nil {
				return err
			}
			ticket := new(tickets.Ticket)
			actor := tickets.Actor{Role: tickets.RoleRequester, Addr: ana.Key()}
			if err := appendFacts(tx, ticket, number, actor, id, &tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: "No imprime."}); err != nil {
				return err
			}
			if _, err := tx.Queue(OutboxRow{Notice: tickets.Notice{Kind: tickets.NoticeAcknowledgement, To: ana, Lang: "es"},
				MessageID: "n1@desk.example.org", Ticket: number, InReplyTo: "m1@min.example.org", Cause: id}); err != nil {
				return err
			}
			return tx.Settle(a.ID, Settlement{Message: id})
		})
	})
	if number != "SS-2026-000001" {
		t.Fatalf("number is %s", number)
	}

	f.view(t, func(r *Reader) error {
		settled, err := r.Settled("soporte", 7, 10)
		if err != nil || len(settled) != 1 || settled[0] != (Settled{UID: 4}) {
			t.Errorf("settled %v, %v", settled, err)
		}
		m, err := r.FindCopy(a.Digest, nil)
		if err != nil || m.Ticket != number || m.Text != "No imprime." || fmt.Sprint(m.Defects) != "[no Date]" || m.From != ana {
			t.Errorf("message %+v, %v", m, err)
		}
		threads, err := r.TicketsByMessageIDs([]string{"x", "m1@min.example.org", "n1@desk.example.org"})
		want := []Thread{{"n1@desk.example.org", number, ana.Key()}, {"m1@min.example.org", number, ""}}
		if err != nil || fmt.Sprint(threads) != fmt.Sprint(want) {
			t.Errorf("threads %v, %v; want %v", threads, err, want)
		}
		found, err := r.Search("impresora", ana.Addr, 10)
		if err != nil || len(found) != 1 || found[0].Number != number {
			t.Errorf("search found %v, %v", found, err)
		}
		found, total, err := r.List(Filter{States: []tickets.State{tickets.Registered}, Requester: "ANA.gomez@min.example.org"}, 10, 0)
		if err != nil || total != 1 || len(found) != 1 {
			t.Errorf("listed %v of %d, %v", found, total, err)
		}
		return nil
	})
	f.update(t, func(tx *Tx) error { return tx.Moved("soporte", 7, 4) })
	f.view(t, func(r *Reader) error {
		if settled, err := r.Settled("soporte", 7, 10); err != nil || len(settled) != 0 {
			t.Errorf("after the move: settled %v, %v", settled, err)
		}
		return nil
	})
	var due []OutboxRow
	f.update(t, func(tx *Tx) (err error) {
		due, err = tx.ClaimNotices(10, func(int) time.Duration { return time.Minute })
		return err
	})
	if len(due) != 1 || due[0].Attempts != 1 || due[0].Notice.To != ana || due[0].Ticket != number {
		t.Fatalf("due %+v", due)
	}
	f.update(t, func(tx *Tx) error { return tx.Sent(due[0].ID) })
	p, err = f.Position(ctx, "soporte", 7, time.Time{})
	if err != nil || p.UID != 5 {
		t.Fatalf("position is %+v, %v", p, err)
	}
}
