package register

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

func linear(attempts int) time.Duration { return time.Duration(attempts) * time.Minute }

// queue queues a notice to ana on the first ticket, if there is one.
func queue(tx *Tx, messageID string, to mailbox.Address, ticket tickets.Number) error {
	_, err := tx.Queue(OutboxRow{Notice: tickets.Notice{Kind: tickets.NoticeStatus, To: to, Lang: "es"}, MessageID: messageID, Ticket: ticket})
	return err
}

func (f *fixture) due(t *testing.T, limit int) []OutboxRow {
	t.Helper()
	var due []OutboxRow
	f.update(t, func(tx *Tx) (err error) { due, err = tx.ClaimNotices(limit, linear); return err })
	return due
}

func messageIDs(rows []OutboxRow) string {
	var ids []string
	for _, r := range rows {
		ids = append(ids, fmt.Sprintf("%s/%d", r.MessageID, r.Attempts))
	}
	return strings.Join(ids, " ")
}

func (f *fixture) notice(t *testing.T, id string) (row OutboxRow) {
	t.Helper()
	f.view(t, func(r *Reader) (err error) { row, err = r.NoticeByMessageID(id); return err })
	return row
}

func TestNoticeComesOutAsItWentIn(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	in := OutboxRow{
		Notice: tickets.Notice{Kind: tickets.NoticeReceipt, To: ana, Lang: "en", Data: tickets.NoticeData{Recipient: "Ana", Text: "hola\x00",
			Receipt: &tickets.Receipt{Applied: true, Items: []tickets.Item{{Command: "#cerrar"}}}}},
		MessageID: "n1@x", InReplyTo: "m2@x", References: []string{"m1@x", "m2@x"},
	}
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		in.Ticket = ticket.Number
		in.Cause, err = tx.AddMessage(Message{Identity: []byte{1}, Digest: DigestOf([]byte("mail 1 of a")), ReceivedAt: tx.Now()})
		check(t, err)
		in.ID, err = tx.Queue(in)
		return err
	})
	now := f.clock.now().UTC()
	in.CreatedAt, in.NextAt, in.State, in.Trace = now, now, OutboxQueued, DigestOf([]byte("mail 1 of a")).Trace()
	if got := f.notice(t, "n1@x"); asJSON(t, got) != asJSON(t, in) {
		t.Errorf("notice is\n%s\nwant\n%s", asJSON(t, got), asJSON(t, in))
	}
	f.view(t, func(r *Reader) error {
		if found, err := r.Notices(in.Ticket); err != nil || asJSON(t, found) != asJSON(t, []OutboxRow{in}) {
			t.Errorf("notices of the ticket: %v, %v", found, err)
		}
		return nil
	})
}

func TestNoticeQuotesItsTicket(t *testing.T) {
	f := open(t)
	const said = "La impresora del tercer piso no imprime."
	var ticket *tickets.Ticket
	say := func(tx *Tx, id, text string) OutboxRow {
		view := &tickets.TicketView{Number: ticket.Number, Text: text}
		row := OutboxRow{Notice: tickets.Notice{Kind: tickets.NoticeStatus, To: ana, Data: tickets.NoticeData{Ticket: view}}, MessageID: id, Ticket: ticket.Number}
		_, err := tx.Queue(row)
		check(t, err)
		if view.Text != text {
			t.Errorf("%s: the caller's notice now says %q", id, view.Text)
		}
		return row
	}
	f.update(t, func(tx *Tx) (err error) {
		ticket, err = register(tx, ana, "Impresora", said)
		say(tx, "same@x", said)
		say(tx, "other@x", "another text")
		say(tx, "none@x", "")
		return err
	})
	f.update(t, func(tx *Tx) error {
		say(tx, "later@x", said) // the transaction does not know what the ticket says
		return appendFacts(tx, ticket, ticket.Number, tickets.Actor{}, 0, &tickets.AnsweredFact{Text: "Sigue igual."})
	})
	for _, want := range []struct {
		id, text string
		stored   bool
	}{{"same@x", said, false}, {"other@x", "another text", true}, {"none@x", "", true}, {"later@x", said, true}} {
		if got := f.notice(t, want.id).Notice.Data.Ticket.Text; got != want.text {
			t.Errorf("%s says %q, want %q", want.id, got, want.text)
		}
		f.view(t, func(r *Reader) error {
			var stored bool
			check(t, r.row("SELECT instr(data, ?2) > 0 FROM outbox WHERE message_id = ?1", []any{want.id, want.text}, &stored))
			if stored != want.stored {
				t.Errorf("%s: stored with its text: %t, want %t", want.id, stored, want.stored)
			}
			return nil
		})
	}
}

func TestMessageIDOfANoticeIsItsOwn(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { return queue(tx, "n1@x", ana, "") })
	for id, want := range map[string]bool{"n1@x": true, "": false} {
		err := f.Update(t.Context(), func(tx *Tx) error { return queue(tx, id, ana, "") })
		if err == nil || errors.Is(err, ErrConflict) != want {
			t.Errorf("Message-ID %q queued: %v", id, err)
		}
	}
}

func TestClaimedNoticeBacksOffWithoutFurtherWord(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { return queue(tx, "n1@x", ana, "") })
	// Every attempt ends the process.
	for _, step := range []struct {
		wait time.Duration
		want string
	}{
		{0, "n1@x/1"}, {0, ""}, {59 * time.Second, ""}, {time.Second, "n1@x/2"}, {time.Minute, ""}, {time.Minute, "n1@x/3"},
	} {
		f.clock.advance(step.wait)
		f.reopen(t)
		if got := messageIDs(f.due(t, 10)); got != step.want {
			t.Errorf("after %s: %q, want %q", step.wait, got, step.want)
		}
	}
}

func TestLongestWaitingNoticeGoesFirst(t *testing.T) {
	f := open(t)
	for _, id := range []string{"c@x", "a@x", "b@x"} {
		f.update(t, func(tx *Tx) error { return queue(tx, id, ana, "") })
		f.clock.advance(time.Second)
	}
	for _, want := range []string{"c@x/1 a@x/1", "b@x/1", ""} {
		if got := messageIDs(f.due(t, 2)); got != want {
			t.Errorf("due %q, want %q", got, want)
		}
	}
}

func TestFateOfANotice(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		for _, id := range []string{"sent@x", "failed@x", "deferred@x"} {
			check(t, queue(tx, id, ana, ""))
		}
		return nil
	})
	due := f.due(t, 10)
	f.update(t, func(tx *Tx) error {
		check(t, tx.Deferred(due[0].ID, 451, "greylisted"))
		check(t, tx.Sent(due[0].ID))
		check(t, tx.Failed(due[1].ID, 550, "no such user"))
		return tx.Deferred(due[2].ID, 451, "greylisted")
	})
	// Too late: what is final stays.
	f.update(t, func(tx *Tx) error {
		if err := tx.Failed(due[0].ID, 550, "x"); !errors.Is(err, ErrConflict) {
			t.Errorf("a sent notice failed: %v", err)
		}
		check(t, tx.Deferred(due[0].ID, 451, "x"))
		return tx.Sent(due[1].ID)
	})
	for id, want := range map[string]string{"sent@x": "sent 0 ", "failed@x": "failed 550 no such user", "deferred@x": "queued 451 greylisted"} {
		row := f.notice(t, id)
		if got := fmt.Sprintf("%s %d %s", row.State, row.LastCode, row.LastError); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
		if (row.State == OutboxSent) != row.SentAt.Equal(f.clock.now()) {
			t.Errorf("%s was sent at %s", id, row.SentAt)
		}
	}
	f.clock.advance(time.Hour)
	if got := messageIDs(f.due(t, 10)); got != "deferred@x/2" {
		t.Errorf("due again: %q", got)
	}
}

func TestNextDue(t *testing.T) {
	f := open(t)
	expect := func(wantOK bool, want time.Time) {
		t.Helper()
		f.view(t, func(r *Reader) error {
			at, ok, err := r.NextDue()
			if err != nil || ok != wantOK || !at.Equal(want) {
				t.Errorf("next due %s, %v, %v; want %s", at, ok, err, want)
			}
			return nil
		})
	}
	expect(false, time.Time{})
	f.update(t, func(tx *Tx) error { return queue(tx, "n1@x", ana, "") })
	expect(true, f.clock.now())
	due := f.due(t, 1)
	expect(true, f.clock.now().Add(time.Minute))
	f.clock.advance(time.Second)
	f.update(t, func(tx *Tx) error { return queue(tx, "n2@x", ana, "") })
	expect(true, f.clock.now())
	f.update(t, func(tx *Tx) error { return tx.Sent(due[0].ID + 1) })
	expect(true, f.clock.now().Add(59*time.Second))
	f.update(t, func(tx *Tx) error { return tx.Sent(due[0].ID) })
	expect(false, time.Time{})
}

func TestConcurrentClaimsShareOutTheNotices(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		for i := range 60 {
			check(t, queue(tx, fmt.Sprintf("%d@x", i), ana, ""))
		}
		return nil
	})
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				var due []OutboxRow
				if err := f.Update(t.Context(), func(tx *Tx) (err error) { due, err = tx.ClaimNotices(7, linear); return err }); err != nil {
					t.Error(err)
				}
				if len(due) == 0 {
					return
				}
				mu.Lock()
				for _, row := range due {
					seen[row.MessageID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d claimed", len(seen))
	}
}

func TestThreadOfARecipient(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		other, err := register(tx, ana, "c", "d")
		check(t, err)
		for i := range 13 {
			check(t, queue(tx, fmt.Sprintf("ana%d@x", i), ana, ticket.Number))
			check(t, queue(tx, fmt.Sprintf("luis%d@x", i), luis, ticket.Number))
			check(t, queue(tx, fmt.Sprintf("other%d@x", i), ana, other.Number))
		}
		return nil
	})
	f.view(t, func(r *Reader) error {
		got, err := r.LastNoticesTo("SS-2026-000001", "ANA.GOMEZ@min.example.org")
		if err != nil || strings.Join(got, " ") != "ana3@x ana4@x ana5@x ana6@x ana7@x ana8@x ana9@x ana10@x ana11@x ana12@x" {
			t.Errorf("thread %v, %v", got, err)
		}
		if got, err := r.LastNoticesTo("SS-2026-000001", "nadie@x"); err != nil || len(got) != 0 {
			t.Errorf("thread of nobody %v, %v", got, err)
		}
		return nil
	})
}

func TestNoticesToCountsAWindow(t *testing.T) {
	f := open(t)
	start := f.clock.now()
	for i := range 5 {
		f.update(t, func(tx *Tx) error {
			check(t, queue(tx, fmt.Sprintf("ana%d@x", i), ana, ""))
			return queue(tx, fmt.Sprintf("luis%d@x", i), luis, "")
		})
		f.clock.advance(time.Minute)
	}
	f.view(t, func(r *Reader) error {
		for since, want := range map[time.Duration]int{0: 5, time.Minute: 4, 61 * time.Second: 3, time.Hour: 0} {
			if got, err := r.NoticesTo(ana.Addr, start.Add(since), 10); err != nil || got != want {
				t.Errorf("since %s: %d, %v; want %d", since, got, err, want)
			}
		}
		return nil
	})
}

func TestUpcomingNoticeIsTheNext(t *testing.T) {
	f := open(t)
	for i := range 3 {
		f.update(t, func(tx *Tx) error {
			upcoming, err := tx.UpcomingNotice()
			check(t, err)
			id, err := tx.Queue(OutboxRow{Notice: tickets.Notice{To: ana}, MessageID: fmt.Sprint(i)})
			if err == nil && id != upcoming {
				t.Errorf("announced %d, queued %d", upcoming, id)
			}
			return err
		})
	}
}
