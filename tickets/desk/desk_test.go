package desk

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

// everybody proves whoever claims to be somebody, and fails on request.
type everybody struct{}

// Prove implements Prover.
func (everybody) Prove(_ context.Context, _ []byte, m *mailbox.Message) mailbox.Proof {
	if m.Subject == "panic in the prover" {
		panic("planted")
	}
	return mailbox.Proof{Proven: !strings.Contains(m.Subject, "forged"), Method: "test", Reason: "test"}
}

const (
	marta = "marta@ministerio.example"
	ana   = "ana@ministerio.example"
	pedro = "pedro@ministerio.example"
)

// fixture is a desk on a register of its own.
type fixture struct {
	*Desk
	t   testing.TB
	uid map[string]uint32
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	clock := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	reg, err := register.Open(t.Context(), filepath.Join(t.TempDir(), "register.db"), register.Options{
		Now: func() time.Time { clock = clock.Add(time.Second); return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reg.Close() })
	keys, err := trust.OpenKeyring(filepath.Join(t.TempDir(), "key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := New(reg, Options{
		Policy: &tickets.Policy{People: tickets.People{
			{Name: "Marta Ruiz", Addresses: []string{marta}, Role: tickets.RoleCoordinator},
			{Name: "Ana Gómez", Addresses: []string{ana}, Role: tickets.RoleTechnician},
		}, Own: []string{"soporte@ministerio.example"}, ReopenDays: 5, Lang: "es", MaxRows: 20},
		Grammar: command.New("SS"), Prover: everybody{}, Keys: keys, Domain: "ministerio.example", Log: slog.New(slog.DiscardHandler),
	})
	return &fixture{Desk: d, t: t, uid: map[string]uint32{}}
}

// take commits mails as arrivals of a mailbox.
func (f *fixture) take(box string, raws ...string) {
	f.t.Helper()
	ctx := f.t.Context()
	if _, err := f.Position(ctx, box, 1); err != nil {
		f.t.Fatal(err)
	}
	var batch []mailbox.Arrival
	for _, raw := range raws {
		f.uid[box]++
		batch = append(batch, mailbox.Arrival{Mailbox: box, UIDValidity: 1, UID: f.uid[box], Size: int64(len(raw)), Raw: []byte(raw)})
	}
	if err := f.Take(ctx, box, 1, batch, f.uid[box]); err != nil {
		f.t.Fatal(err)
	}
}

// file opens the file of the register beside the desk.
func (f *fixture) file() *sql.DB {
	f.t.Helper()
	db, err := sql.Open("sqlite3", f.register.Path()+"?_busy_timeout=10000")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (f *fixture) drain() {
	f.t.Helper()
	if err := f.Drain(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) view(read func(*register.Reader) error) {
	f.t.Helper()
	if err := f.register.View(f.t.Context(), read); err != nil {
		f.t.Fatal(err)
	}
}

// folders returns where each mail of the mailbox is to be moved.
func (f *fixture) folders(box string) string {
	f.t.Helper()
	settled, err := f.Settled(f.t.Context(), box, 1, 1000)
	if err != nil {
		f.t.Fatal(err)
	}
	var list []string
	for _, s := range settled {
		list = append(list, fmt.Sprintf("%d %s", s.UID, s.Folder))
	}
	return strings.Join(list, ", ")
}

func (f *fixture) tickets() (list []*tickets.Ticket) {
	f.t.Helper()
	f.view(func(r *register.Reader) (err error) {
		list, _, err = r.List(register.Filter{}, 1000, 0)
		return err
	})
	return list
}

func mail(from, subject, text string, fields ...string) string {
	extra := ""
	for _, field := range fields {
		extra += field + "\r\n"
	}
	return "From: " + from + "\r\nTo: soporte@ministerio.example\r\nSubject: " + subject + "\r\n" + extra + "\r\n" + text + "\r\n"
}

func TestAFaultCostsOneMail(t *testing.T) {
	f := newFixture(t)
	f.take("a", mail(pedro, "Primera", "x"), mail(pedro, "panic in the prover", "x"), "", mail(pedro, "Segunda", "x"))
	f.drain()
	if got, want := f.folders("a"), "1 processed, 2 quarantine, 3 quarantine, 4 processed"; got != want {
		t.Errorf("folders: %s, want %s", got, want)
	}
	list := f.tickets()
	if len(list) != 2 || list[1].Number != "SS-2026-000001" || list[1].Subject != "Primera" || list[0].Number != "SS-2026-000002" {
		t.Errorf("requests: %+v", list)
	}
}

func TestAPanicInsideTheTransactionCostsOneMail(t *testing.T) {
	f := newFixture(t)
	keys := f.options.Keys
	f.options.Keys = nil // looking for the request of a mail without them panics
	f.take("a", mail(pedro, "Primera", "x"))
	f.drain()
	f.options.Keys = keys
	f.take("a", mail(pedro, "Segunda", "x"))
	f.drain()
	if got, want := f.folders("a"), "1 quarantine, 2 processed"; got != want {
		t.Errorf("folders: %s, want %s", got, want)
	}
	if list := f.tickets(); len(list) != 1 || list[0].Number != "SS-2026-000001" {
		t.Errorf("requests: %+v", list)
	}
}

func TestAMailThatCannotBeWrittenCostsItselfAlone(t *testing.T) {
	f := newFixture(t)
	db := f.file()
	// The number has been given and the request stored by then.
	if _, err := db.Exec(`CREATE TRIGGER fault BEFORE INSERT ON events WHEN NEW.data LIKE '%Fatal%' BEGIN SELECT RAISE(ABORT, 'planted'); END`); err != nil {
		t.Fatal(err)
	}
	f.take("a", mail(pedro, "Primera", "x"), mail(pedro, "Fatal", "x"), mail(pedro, "Segunda", "x"))
	f.drain()
	if got, want := f.folders("a"), "1 processed, 2 quarantine, 3 processed"; got != want {
		t.Errorf("folders: %s, want %s", got, want)
	}
	list := f.tickets()
	if len(list) != 2 || list[1].Number != "SS-2026-000001" || list[1].Subject != "Primera" || list[0].Number != "SS-2026-000002" || list[0].Subject != "Segunda" {
		t.Errorf("requests: %+v", list)
	}
	f.view(func(r *register.Reader) error {
		for _, found := range list {
			events, err := r.History(found.Number)
			if err != nil || len(events) != found.Version {
				t.Errorf("%s has %d events, want %d: %v", found.Number, len(events), found.Version, err)
			}
		}
		return nil
	})
}

func TestAMailThatEndsTheProgramIsSetAside(t *testing.T) {
	f := newFixture(t)
	f.take("a", mail(pedro, "Mortal", "x"), mail(pedro, "Inocente", "x"))
	for range maxAttempts { // three lives that end after the claim
		if err := f.register.Update(t.Context(), func(tx *register.Tx) error {
			_, err := tx.ClaimArrivals(0, 1)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	f.drain()
	if got, want := f.folders("a"), "1 quarantine, 2 processed"; got != want {
		t.Errorf("folders: %s, want %s", got, want)
	}
}

func TestWhatIsTheSameMail(t *testing.T) {
	id := "Message-ID: <1@x.example>"
	date := "Date: Mon, 23 Nov 2026 10:00:00 -0500"
	tests := []struct {
		name          string
		first, second string
		requests      int
	}{
		{"the same bytes", mail(pedro, "S", "x"), mail(pedro, "S", "x"), 1},
		{"another way", mail(pedro, "S", "x", id), "Received: by mx.example\r\n" + mail(pedro, "S", "x", id), 1},
		{"another way without Message-ID", mail(pedro, "S", "x", date), "Received: by mx.example\r\n" + mail(pedro, "S", "x", date), 1},
		{"by a list that marks the subject", mail(pedro, "S", "x", id), mail(pedro, "[lista] S", "x", id), 1},
		{"the Message-ID again with another text", mail(pedro, "S", "x", id), mail(pedro, "S", "y", id), 2},
		{"the Message-ID again from somebody else", mail(pedro, "S", "x", id), mail(ana, "S", "x", id), 2},
		{"neither Message-ID nor Date", mail(pedro, "S", "x"), mail(pedro, "T", "x"), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.take("a", tt.first)
			f.drain()
			f.take("b", tt.second)
			f.drain()
			if got := len(f.tickets()); got != tt.requests {
				t.Errorf("%d requests, want %d", got, tt.requests)
			}
			if got := f.folders("b"); got != "1 processed" {
				t.Errorf("the second mail goes to %s", got)
			}
		})
	}
}

// TestThreading has an answer find its request by each of the ways.
func TestThreading(t *testing.T) {
	notice := func(f *fixture, to string) (id string) {
		f.view(func(r *register.Reader) error {
			ids, err := r.LastNoticesTo("SS-2026-000001", to)
			if err == nil && len(ids) > 0 {
				id = ids[0]
			}
			return err
		})
		return id
	}
	tests := []struct {
		name   string
		answer func(f *fixture) string
		want   string // what becomes of it
	}{
		{"by our Message-ID", func(f *fixture) string {
			return mail(pedro, "otro asunto", "Más datos.", "In-Reply-To: <"+notice(f, pedro)+">")
		}, "added"},
		{"by our Message-ID in lower case", func(f *fixture) string {
			return mail(pedro, "otro asunto", "Más datos.", "References: <"+strings.ToLower(notice(f, pedro))+">")
		}, "added"},
		{"by one's own Message-ID", func(f *fixture) string {
			return mail(pedro, "otro asunto", "Más datos.", "References: <origen@x.example>")
		}, "added"},
		{"by the number", func(*fixture) string { return mail(pedro, "RV: [EXT] RE: [SS-2026-000001] x", "Más datos.") }, "added"},
		{"by the number, folded and encoded", func(*fixture) string {
			return mail(pedro, "=?UTF-8?Q?Re:_[SS-2026-0?=\r\n =?UTF-8?Q?00001]_x?=", "Más datos.")
		}, "added"},
		{"our Message-ID against a number", func(f *fixture) string {
			return mail(pedro, "Re: [SS-2026-000099] x", "Más datos.", "In-Reply-To: <"+notice(f, pedro)+">")
		}, "added"},
		{"somebody else with our Message-ID", func(f *fixture) string {
			return mail("sofia@ministerio.example", "x", "Yo.", "In-Reply-To: <"+notice(f, pedro)+">")
		}, "linked"},
		{"somebody else with the number", func(*fixture) string {
			return mail("sofia@ministerio.example", "[SS-2026-000001]", "Yo.")
		}, "linked"},
		{"nothing", func(*fixture) string { return mail(pedro, "x", "Otra cosa.") }, "new"},
		{"a number that does not exist", func(*fixture) string { return mail(pedro, "[SS-2026-000077] x", "Otra cosa.") }, "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.take("a", mail(pedro, "Impresora", "No imprime.", "Message-ID: <origen@x.example>"))
			f.drain()
			f.take("a", tt.answer(f))
			f.drain()
			list := f.tickets()
			got := "new"
			switch {
			case len(list) == 1 && list[0].Version == 2:
				got = "added"
			case list[0].Linked == "SS-2026-000001":
				got = "linked"
			}
			if got != tt.want {
				t.Errorf("the mail was %s, want %s; requests %+v", got, tt.want, list[0])
			}
		})
	}
}

// TestWhichRequestIsCommanded has mails answer a notice about the first of two requests.
func TestWhichRequestIsCommanded(t *testing.T) {
	const one, two = tickets.Number("SS-2026-000001"), tickets.Number("SS-2026-000002")
	for _, tt := range []struct {
		name, from, subject string
		want                tickets.Number // that the mail comes to
	}{
		{"no number", marta, "Re: Impresora #cerrar ya", one},
		{"its number", marta, "Re: [SS-2026-000001] Impresora #cerrar ya", one},
		{"the number of the other", marta, "Re: [SS-2026-000002] Monitor #cerrar ya", two},
		{"the number of the other, without brackets", marta, "SS-2026-000002 #cerrar ya", two},
		{"the number of the other, by the technician", ana, "Re: [SS-2026-000002] Monitor #nota", two},
		{"the number of the other, and a command that is refused", marta, "Re: [SS-2026-000002] Monitor #cerar", two},
		{"both numbers", marta, "Re: [SS-2026-000001] Igual que SS-2026-000002 #cerrar ya", one},
		{"a number that does not exist", marta, "Re: [SS-2026-000077] Monitor #cerrar ya", one},
		{"that and the number of the other", marta, "Re: [SS-2026-000077] SS-2026-000002 #cerrar ya", two},
		{"the number of the other as an argument", marta, "Re: Impresora #nota Igual que SS-2026-000002", one},
		{"the number of the other without a command", marta, "Re: [SS-2026-000002] Monitor", one},
		{"the number of the other by their official", pedro, "Re: [SS-2026-000002] Monitor #cerrar ya", one},
	} {
		f := newFixture(t)
		f.take("a", mail(pedro, "Impresora", "No imprime."), mail(pedro, "Monitor", "No enciende."), mail(marta, "[SS-2026-000001] #asignar ana", ""))
		f.drain()
		before := f.tickets()
		f.view(func(r *register.Reader) error {
			ids, err := r.LastNoticesTo(one, tt.from)
			if err == nil {
				f.take("a", mail(tt.from, tt.subject, "Ya se hizo.", "In-Reply-To: <"+ids[0]+">"))
			}
			return err
		})
		f.drain()
		after := f.tickets() // the latest first
		if grew := [2]bool{after[1].Version > before[1].Version, after[0].Version > before[0].Version}; len(after) != 2 || grew != [2]bool{tt.want == one, tt.want == two} {
			t.Errorf("%s: events in the first and the second: %v, want them in %s", tt.name, grew, tt.want)
		}
	}
}

// TestReferencesNameOnlyWhatTheRecipientSaw follows a request and looks at every notice.
func TestReferencesNameOnlyWhatTheRecipientSaw(t *testing.T) {
	f := newFixture(t)
	subjects := []string{"#prioridad alta #asignar ana", "#espera ¿Placa?", "#solucion Listo", "#reabrir", "#rechazar No"}
	f.take("a", mail(pedro, "Impresora", "No imprime.", "Message-ID: <origen@x.example>"))
	f.drain()
	for i, s := range subjects {
		f.take("a", mail(marta, "[SS-2026-000001] "+s, "", fmt.Sprintf("Message-ID: <%d@x.example>", i)))
		f.drain()
	}
	f.view(func(r *register.Reader) error {
		rows, err := r.Notices("SS-2026-000001")
		if err != nil {
			return err
		}
		if len(rows) < 10 {
			t.Errorf("only %d notices", len(rows))
		}
		seen := map[string]string{} // Message-ID of a notice to its recipient
		for _, row := range rows {
			seen[row.MessageID] = row.Notice.To.Key()
		}
		for _, row := range rows {
			for _, id := range append(row.References, row.InReplyTo) {
				if to, ours := seen[id]; ours && to != row.Notice.To.Key() {
					t.Errorf("a notice to %s names %s, which went to %s", row.Notice.To.Addr, id, to)
				}
			}
			if row.References[0] != "origen@x.example" {
				t.Errorf("a notice to %s begins its References with %s", row.Notice.To.Addr, row.References[0])
			}
		}
		return nil
	})
}

func TestBounceReachesTheCoordinator(t *testing.T) {
	f := newFixture(t)
	f.take("a", mail(pedro, "Impresora", "No imprime."))
	f.drain()
	var id string
	f.view(func(r *register.Reader) error {
		ids, err := r.LastNoticesTo("SS-2026-000001", pedro)
		id = ids[0]
		return err
	})
	f.take("a", "From: MAILER-DAEMON@mx.example\r\nTo: soporte@ministerio.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"+
		"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
		"--b\r\n\r\nI could not deliver your message.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"+
		"Final-Recipient: rfc822; "+pedro+"\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"+
		"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <"+id+">\r\nSubject: x\r\n\r\n--b--\r\n")
	f.drain()
	f.view(func(r *register.Reader) error {
		events, err := r.History("SS-2026-000001")
		if err != nil {
			return err
		}
		fact, ok := events[len(events)-1].Fact.(*tickets.UndeliveredFact)
		if !ok || !fact.Permanent || fact.Status != "5.1.1" || len(fact.Recipients) != 1 || fact.Recipients[0] != pedro {
			t.Errorf("the last event is %+v", events[len(events)-1].Fact)
		}
		rows, err := r.Notices("SS-2026-000001")
		if last := rows[len(rows)-1].Notice; last.Kind != tickets.NoticeUndelivered || last.To.Addr != marta {
			t.Errorf("the last notice is %s to %s", last.Kind, last.To.Addr)
		}
		return err
	})
}

func TestDrainGivesAttemptsBackWhenItIsStopped(t *testing.T) {
	f := newFixture(t)
	f.take("a", mail(pedro, "Impresora", "No imprime."))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Drain on an ended context: %v", err)
	}
	f.drain()
	if got := len(f.tickets()); got != 1 {
		t.Errorf("%d requests after an interrupted attempt", got)
	}
}

// TestRush has other work wait while many mails are settled, and not for a single one.
func TestRush(t *testing.T) {
	t.Parallel()
	for mails, want := range map[int]bool{1: false, rushMails - 1: false, rushMails: true, 2*groupMails + 1: true} {
		f := newFixture(t)
		var groups []bool // whether a rush had been announced when the notices of a group were there: it may be over on a slow machine
		f.options.Queued = func() { groups = append(groups, f.rush.Load() > 0) }
		raws := make([]string, mails)
		for i := range raws {
			raws[i] = mail(fmt.Sprintf("p%d@ministerio.example", i), fmt.Sprint("Solicitud ", i), "Hola.")
		}
		f.take("a", raws...)
		f.drain()
		if len(groups) == 0 || slices.Contains(groups, !want) {
			t.Errorf("%d mails: a rush in groups %v, want %v", mails, groups, want)
		}
		if got := f.Rush(); got > rushPause || got > 0 && !want {
			t.Errorf("%d mails: other work waits for %v", mails, got)
		}
	}
}
