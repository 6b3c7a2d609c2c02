package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

func TestHistoryIsWhatWasAppended(t *testing.T) {
	f := open(t)
	var want []tickets.Event
	f.update(t, func(tx *Tx) error {
		n, err := tx.NextNumber()
		check(t, err)
		ticket := new(tickets.Ticket)
		for i, fact := range []tickets.Fact{
			&tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: "No imprime", Files: []tickets.File{{Name: "a.png", Type: "image/png", Size: 3}}},
			&tickets.PrioritisedFact{Priority: tickets.High},
			&tickets.AssignedFact{Technician: pedro},
		} {
			e := tickets.Event{Ticket: n, Seq: i + 1, At: tx.Now(), Actor: coordinator, Fact: fact}
			check(t, ticket.Apply(e))
			want = append(want, e)
		}
		return tx.Append(ticket, want)
	})
	f.view(t, func(r *Reader) error {
		got, err := r.History("SS-2026-000001")
		check(t, err)
		if a, b := asJSON(t, got), asJSON(t, want); a != b {
			t.Errorf("history is\n%s\nwant\n%s", a, b)
		}
		ticket, err := r.Ticket("SS-2026-000001")
		check(t, err)
		if ticket.State != tickets.Coordinated || ticket.Technician != pedro || ticket.Version != 3 {
			t.Errorf("ticket is %+v", ticket)
		}
		loads, err := r.Loads()
		check(t, err)
		if fmt.Sprint(loads) != "map[pedro@desk.example.org:1]" {
			t.Errorf("loads %v", loads)
		}
		for _, n := range []tickets.Number{"SS-2026-000002", "XX-2026-000001", "ss-2026-000001", "", "tonterías"} {
			if _, err := r.Ticket(n); !errors.Is(err, ErrNotFound) {
				t.Errorf("ticket %q: %v", n, err)
			}
			if _, err := r.History(n); !errors.Is(err, ErrNotFound) {
				t.Errorf("history of %q: %v", n, err)
			}
		}
		return nil
	})
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	check(t, err)
	return string(data)
}

func TestAppendToATicketThatHasMovedOn(t *testing.T) {
	f := open(t)
	var stale *tickets.Ticket
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		stale = ticket.Clone()
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.StartedFact{})
	})
	err := f.Update(t.Context(), func(tx *Tx) error {
		return appendFacts(tx, stale, stale.Number, coordinator, 0, &tickets.NotedFact{Text: "x"})
	})
	if !errors.Is(err, ErrConflict) {
		t.Errorf("append to a stale ticket: %v", err)
	}
	f.sound(t)
}

func TestAppendRefusesWhatCannotBeReplayed(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	note := func(n tickets.Number, seq int, at time.Time) tickets.Event {
		return tickets.Event{Ticket: n, Seq: seq, At: at, Actor: coordinator, Fact: &tickets.NotedFact{Text: "x"}}
	}
	const n = "SS-2026-000001"
	now := f.clock.now()
	for name, events := range map[string][]tickets.Event{
		"no events":          nil,
		"another's event":    {note("SS-2026-000002", 2, now)},
		"a gap":              {note(n, 2, now), note(n, 4, now)},
		"beyond the version": {note(n, 3, now)},
		"not the version":    {note(n, 3, now)},
		"microseconds":       {note(n, 2, now.Add(time.Microsecond))},
		"an unknown message": {{Ticket: n, Seq: 2, At: now, Message: 99, Fact: &tickets.NotedFact{}}},
	} {
		err := f.Update(t.Context(), func(tx *Tx) error {
			ticket, err := tx.Ticket(n)
			check(t, err)
			ticket.Version = 2
			if name == "beyond the version" {
				ticket.Version = 3
			}
			return tx.Append(ticket, events)
		})
		if err == nil {
			t.Errorf("%s: appended", name)
		}
	}
	f.sound(t)
}

func TestEventsAreAppendOnly(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.NotedFact{Text: "x"})
	})
	for _, statement := range []string{
		"DELETE FROM events WHERE id = 2",
		"UPDATE events SET data = '{}' WHERE id = 2",
		"UPDATE events SET at = at + 1",
		"UPDATE events SET salt = NULL, actor = NULL, data = NULL, kind = 'closed'",
		"UPDATE events SET salt = NULL, actor = NULL, data = NULL, message = 1",
		"UPDATE events SET salt = NULL",
		"INSERT OR REPLACE INTO events SELECT * FROM events WHERE id = 2",
		"INSERT INTO events SELECT id + 2, ticket, seq + 2, kind, at, message, salt, actor, data, actor_digest, data_digest, hash FROM events WHERE id = 2",
	} {
		err := f.Update(t.Context(), func(tx *Tx) error { _, err := tx.exec(statement); return err })
		if err == nil {
			t.Errorf("%s: was done", statement)
		}
	}
	f.sound(t)
}

func TestErasedEventsStillVerify(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.ResolvedFact{Text: "x"}))
		_, err = tx.exec("UPDATE events SET salt = NULL, actor = NULL, data = NULL WHERE ticket = 2026000000001")
		return err
	})
	f.sound(t)
	f.view(t, func(r *Reader) error {
		events, err := r.History("SS-2026-000001")
		check(t, err)
		if len(events) != 2 || events[1].Fact.Kind() != "resolved" || events[1].Actor != (tickets.Actor{}) {
			t.Errorf("erased history is %+v", events)
		}
		return nil
	})
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	for name, tamper := range map[string]struct{ statements, check string }{
		"data of an event":       {`UPDATE events SET data = '{"text":"y"}' WHERE id = 2`, CheckChain},
		"actor of an event":      {`UPDATE events SET actor = '{"role":"technician"}' WHERE id = 2`, CheckChain},
		"time of an event":       {`UPDATE events SET at = at + 1 WHERE id = 2`, CheckChain},
		"data with its digest":   {`UPDATE events SET data_digest = actor_digest WHERE id = 2`, CheckChain},
		"message of an event":    {`UPDATE events SET message = NULL WHERE id = 3`, CheckChain},
		"mail of a message":      {`UPDATE messages SET raw = 2`, CheckChain},
		"event taken out":        {`DELETE FROM events WHERE id = 2`, CheckChain},
		"last event taken away":  {`DELETE FROM events WHERE id = (SELECT max(id) FROM events)`, CheckTickets},
		"two events exchanged":   {`UPDATE events SET id = 100 WHERE id = 2; UPDATE events SET id = 2 WHERE id = 3; UPDATE events SET id = 3 WHERE id = 100`, CheckChain},
		"resources of a ticket":  {`INSERT INTO reservations (ticket, resource, units) VALUES (2026000000001, 'portatil', 1)`, CheckTickets},
		"state of a ticket":      {`UPDATE tickets SET state = 'closed' WHERE id = 2026000000001`, CheckTickets},
		"body of a ticket":       {`UPDATE tickets SET body = json_set(body, '$.lang', 'z') WHERE id = 2026000000001`, CheckTickets},
		"number":                 {`UPDATE tickets SET number = 'SS-2026-000009' WHERE id = 2026000000001`, CheckChain},
		"ticket taken away":      {`DELETE FROM events WHERE ticket = 2026000000001; UPDATE messages SET ticket = NULL; DELETE FROM tickets WHERE id = 2026000000001`, CheckNumbers},
		"counter":                {`UPDATE counters SET last = last + 1`, CheckNumbers},
		"words of a ticket":      {`UPDATE words SET public = 'otra cosa' WHERE docid = 2026000000001`, CheckTickets},
		"document too many":      {`INSERT INTO words (docid, public) VALUES (5, 'sobra')`, CheckTickets},
		"load of a technician":   {`UPDATE loads SET open = open + 1`, CheckTickets},
		"load that is missing":   {`DELETE FROM loads`, CheckTickets},
		"content of a mail":      {`UPDATE raws SET codec = 'none', content = x'00' WHERE id = 1`, CheckMails},
		"unreadable frame":       {`UPDATE raws SET codec = 'zstd', content = x'00' WHERE id = 1`, CheckMails},
		"reference into nowhere": {`PRAGMA foreign_keys = off; UPDATE arrivals SET message = 77`, CheckFile},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			_, err := f.Position(t.Context(), "soporte", 7, time.Time{})
			check(t, err)
			check(t, f.Take(t.Context(), "soporte", 7, 2, []mailbox.Arrival{arrival("soporte", 1, "uno"), arrival("soporte", 2, "dos")}))
			f.update(t, func(tx *Tx) error {
				id, err := tx.AddMessage(Message{Identity: []byte("i"), Digest: DigestOf([]byte("uno")), ReceivedAt: tx.Now()})
				check(t, err)
				ticket, err := register(tx, ana, "a", "b")
				check(t, err)
				check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.NotedFact{Text: "x"}))
				check(t, appendFacts(tx, ticket, ticket.Number, coordinator, id, &tickets.AnsweredFact{Text: "x"}))
				_, err = register(tx, luis, "c", "d")
				return err
			})
			f.sound(t)
			// The triggers keep out mistakes; somebody with the file can drop them.
			for _, trigger := range []string{"events_kept", "events_unaltered", "events_consecutive"} {
				_, err := f.writer.Exec("DROP TRIGGER " + trigger)
				check(t, err)
			}
			_, err = f.writer.Exec(tamper.statements)
			check(t, err)
			findings, err := f.Verify(t.Context(), nil)
			check(t, err)
			for _, finding := range findings {
				if finding.Check == tamper.check {
					return
				}
			}
			t.Errorf("not found by the check %s: %v", tamper.check, findings)
		})
	}
}

// anyText also has what mails bring: bytes that are not UTF-8, and NUL.
var anyText = rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 12), func(b []byte) string { return string(b) }),
	rapid.SampledFrom([]string{"", "Impresión", "el niño\x00", "\xff\xfe", "a  \n", "  b"}))

var anyFact = rapid.Custom(func(t *rapid.T) tickets.Fact {
	text := anyText.Draw(t, "text")
	return rapid.SampledFrom([]tickets.Fact{
		&tickets.AnsweredFact{Text: text, Files: []tickets.File{{Name: text, Size: 1}}},
		&tickets.UnprovenFact{From: luis, Text: text},
		&tickets.NotedFact{Text: text},
		&tickets.AutomaticFact{From: luis, Text: text},
		&tickets.UndeliveredFact{Recipients: []string{text}},
		&tickets.PrioritisedFact{Priority: tickets.High},
		&tickets.AssignedFact{Technician: mailbox.Address{Name: text, Addr: text}},
		&tickets.AssignedFact{Technician: pedro, Taken: true},
		&tickets.StartedFact{},
		&tickets.WaitedFact{Text: text},
		&tickets.ResolvedFact{Text: text},
		&tickets.ClosedFact{Text: text},
		&tickets.ReopenedFact{Text: text},
		&tickets.RejectedFact{Text: text},
		&tickets.RefusedFact{Commands: []string{text}},
	}).Draw(t, "fact")
})

func TestReplayGivesTheStoredTicket(t *testing.T) {
	folder := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path := filepath.Join(folder, fmt.Sprint(run))
		lay(t, path)
		r, err := Open(t.Context(), path, Options{Volatile: true})
		check(t, err)
		defer r.Close()
		var all []*tickets.Ticket
		for range rapid.IntRange(1, 3).Draw(rt, "tickets") {
			check(t, r.Update(t.Context(), func(tx *Tx) error {
				requester := mailbox.Address{Name: anyText.Draw(rt, "name"), Addr: anyText.Draw(rt, "addr")}
				ticket, err := register(tx, requester, anyText.Draw(rt, "subject"), anyText.Draw(rt, "text"))
				all = append(all, ticket)
				return err
			}))
		}
		for range rapid.IntRange(0, 4).Draw(rt, "transactions") {
			check(t, r.Update(t.Context(), func(tx *Tx) error {
				for range rapid.IntRange(1, 3).Draw(rt, "appends") {
					ticket := rapid.SampledFrom(all).Draw(rt, "ticket")
					facts := rapid.SliceOfN(anyFact, 1, 3).Draw(rt, "facts")
					check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, facts...))
				}
				return nil
			}))
		}
		findings, err := r.Verify(t.Context(), nil)
		check(t, err)
		if len(findings) > 0 {
			rt.Fatal(findings)
		}
	})
}

func TestVerifySaysHowFarItIs(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	var told []string
	_, err := f.Verify(t.Context(), func(name string, done, total int64) {
		if done > total {
			t.Errorf("%s: %d of %d", name, done, total)
		}
		if done == total {
			told = append(told, name)
		}
	})
	check(t, err)
	got := strings.Join(told, " ")
	for _, name := range []string{CheckFile, CheckChain, CheckNumbers, CheckTickets, CheckMails} {
		if !strings.Contains(got, name) {
			t.Errorf("nothing was told of %s: %s", name, got)
		}
	}
}
