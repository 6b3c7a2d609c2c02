package register

import (
	"fmt"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// TestOverview has something of everything, old and new.
func TestOverview(t *testing.T) {
	f := open(t)
	ctx := t.Context()
	_, err := f.Position(ctx, "soporte", 7, time.Time{})
	check(t, err)
	happen := func(n uint32) {
		check(t, f.Take(ctx, "soporte", 7, n, []mailbox.Arrival{arrival("soporte", n, fmt.Sprint("mail ", n))}))
		f.update(t, func(tx *Tx) error {
			claimed, err := tx.ClaimArrivals(0, 1)
			check(t, err)
			id, err := tx.AddMessage(Message{Identity: fmt.Append(nil, n), Digest: claimed[0].Digest, From: ana, Subject: fmt.Sprint("Oferta ", n), ReceivedAt: tx.Now()})
			check(t, err)
			check(t, tx.Settle(claimed[0].ID, Settlement{Quarantined: true, Reason: "spam: marked", Message: id}))
			check(t, tx.AddressFailed(tickets.FailedAddress{Addr: fmt.Sprint(n, "@min.example.org"), Dead: true}))
			notice := tickets.Notice{Kind: tickets.NoticeStatus, To: ana, Lang: "es"}
			failed, err := tx.Queue(OutboxRow{Notice: notice, MessageID: fmt.Sprint("f", n)})
			check(t, err)
			check(t, tx.Failed(failed, 550, "no"))
			_, err = tx.Queue(OutboxRow{Notice: notice, MessageID: fmt.Sprint("q", n)})
			check(t, err)
			_, err = register(tx, ana, fmt.Sprint("Solicitud ", n), "Hola")
			return err
		})
	}
	happen(1)
	f.clock.advance(24 * time.Hour)
	since := f.clock.now()
	happen(2)
	f.update(t, func(tx *Tx) error {
		o, err := tx.Overview(since)
		check(t, err)
		if len(o.Quarantine) != 1 || o.Quarantine[0].Subject != "Oferta 2" || o.Quarantine[0].Cause != tickets.CauseSpam || o.Quarantine[0].From != ana.String() {
			t.Errorf("new in quarantine is %+v", o.Quarantine)
		}
		if len(o.Failing) != 1 || o.Failing[0].Addr != "2@min.example.org" || o.Dead != 2 {
			t.Errorf("%d addresses are dead, new are %+v", o.Dead, o.Failing)
		}
		if len(o.Failed) != 1 || o.Failed[0].Error != "no" || o.Failed[0].To != ana.Key() || len(o.Queued) != 1 || !o.Queued[0].At.Before(since) {
			t.Errorf("given up are %+v, waiting for long %+v", o.Failed, o.Queued)
		}
		if !o.Now.Equal(tx.Now()) {
			t.Errorf("it is of %s", o.Now)
		}
		if o, err := tx.Overview(since.Add(time.Millisecond)); err != nil || len(o.Quarantine)+len(o.Failing)+len(o.Failed) > 0 {
			t.Errorf("afterwards there is %+v, %v", o, err)
		}
		return nil
	})
}

// TestLedger takes a mail through every place, and looks for it once.
func TestLedger(t *testing.T) {
	f := open(t)
	ctx := t.Context()
	if _, err := f.Position(ctx, "soporte", 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
	check(t, f.Take(ctx, "soporte", 7, 9, []mailbox.Arrival{arrival("soporte", 4, "a"), arrival("soporte", 5, "b")}))
	stock := mailbox.Stock{UIDValidity: 7, Inbox: []mailbox.Listed{{UID: 4}, {UID: 5}, {UID: 6}}}
	ledger := func() (l tickets.Ledger) {
		f.view(t, func(r *Reader) (err error) {
			stock.Since, err = r.StockSince("soporte", f.clock.now())
			check(t, err)
			l, err = r.Ledger("soporte", stock)
			return err
		})
		return l
	}
	if l := ledger(); l.Arrivals != 2 || l.Cursor != 9 || len(l.Inbox) != 2 || !l.Inbox[4].SettledAt.IsZero() || len(l.Known) != 2 || len(l.Unchecked) != 0 {
		t.Errorf("the ledger is %+v", l)
	}
	f.view(t, func(r *Reader) error { // a server that is asked for mails since noon lists those of the morning too
		l, err := r.Ledger("soporte", mailbox.Stock{UIDValidity: 7, Since: arrival("soporte", 4, "a").InternalDate.Add(20 * time.Hour)})
		if len(l.Known) != 2 {
			t.Errorf("of the day before %d mails are known", len(l.Known))
		}
		return err
	})
	f.update(t, func(tx *Tx) error {
		claimed, err := tx.ClaimArrivals(0, 1)
		check(t, err)
		id, err := tx.AddMessage(Message{Identity: []byte("a"), Digest: claimed[0].Digest, MessageID: "a@x.example", From: ana, Subject: "Hola", ReceivedAt: tx.Now()})
		check(t, err)
		check(t, tx.Settle(claimed[0].ID, Settlement{Quarantined: true, Message: id}))
		return tx.Moved("soporte", 7, 4)
	})
	f.clock.advance(10 * 24 * time.Hour)
	l := ledger()
	if len(l.Unchecked) != 1 || l.Unchecked[0].Listed.MessageID != "a@x.example" || !l.Unchecked[0].Quarantined || l.Unchecked[0].Subject != "Hola" {
		t.Fatalf("to be looked for are %+v", l.Unchecked)
	}
	if date := l.Unchecked[0].Listed.Date; !stock.Since.Before(date) {
		t.Errorf("looked for since %s, and it is of %s", stock.Since, date)
	}
	books := tickets.Books{Mailbox: "soporte", At: f.clock.now(), Missing: []tickets.Astray{{UID: 4, Subject: "Hola"}}}
	f.update(t, func(tx *Tx) error {
		return tx.Reconciled(books, map[int64]tickets.Whereabouts{l.Unchecked[0].ID: tickets.WhereMissing})
	})
	if l := ledger(); len(l.Unchecked) != 0 {
		t.Errorf("it is looked for again: %+v", l.Unchecked)
	}
	f.update(t, func(tx *Tx) error {
		last, known, err := tx.Books("soporte")
		if err != nil || !known || fmt.Sprint(last.Missing) != fmt.Sprint(books.Missing) {
			t.Errorf("the last books are %+v, %v", last, err)
		}
		o, err := tx.Overview(f.clock.now())
		if len(o.Books) != 1 {
			t.Errorf("the overview shows the books %+v", o.Books)
		}
		return err
	})
	f.view(t, func(r *Reader) error {
		if _, known, err := r.Books("otro"); known || err != nil {
			t.Errorf("a mailbox that was never reconciled: %t, %v", known, err)
		}
		return nil
	})
}
