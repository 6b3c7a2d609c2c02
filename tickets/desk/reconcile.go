package desk

import (
	"context"
	"errors"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Mailbox is a mailbox whose folders can be looked at.
type Mailbox struct {
	Name string
	// Stock lists what the folders hold, what was received before since left out where that is possible.
	Stock func(ctx context.Context, since time.Time) (mailbox.Stock, error)
	// Retake has the receiver take mails that lie behind its position, and look for others; it must not block.
	Retake func(uidValidity uint32, uids []uint32)
	Now    func() time.Time
	Wait   time.Duration // before another look at what may be on its way; 0 is a minute
}

// maxLooks is how often a mailbox is looked at before what seems to be on its way is taken for stuck.
const maxLooks = 5

// Reconcile compares a mailbox with the ledger. What it returns records the result and tells the coordinators where the books
// do not balance. What is still on its way, as after a night in which the daemon was down, gets some minutes to arrive.
func (d *Desk) Reconcile(ctx context.Context, m Mailbox) (func(tx *register.Tx) error, error) {
	if m.Wait <= 0 {
		m.Wait = time.Minute
	}
	for look := 1; ; look++ {
		books, where, validity, err := d.compare(ctx, m)
		if errors.Is(err, register.ErrNotFound) {
			return nil, nil // it was never read, so that there is nothing to compare
		}
		if err != nil {
			return nil, err
		}
		late := len(books.Unread)+len(books.Unhandled)+len(books.Unmoved) > 0
		if len(books.Untaken) > 0 || late {
			m.Retake(validity, uids(books.Untaken))
		}
		if late && look < maxLooks {
			if !sleep(ctx, m.Wait) {
				return nil, ctx.Err()
			}
			continue
		}
		return d.settleBooks(books, where), nil
	}
}

func (d *Desk) compare(ctx context.Context, m Mailbox) (books tickets.Books, where map[int64]tickets.Whereabouts, validity uint32, err error) {
	now := m.Now()
	var since time.Time
	err = d.register.View(ctx, func(r *register.Reader) (err error) {
		since, err = r.StockSince(m.Name, now)
		return err
	})
	if err != nil {
		return books, nil, 0, err
	}
	stock, err := m.Stock(ctx, since)
	if err != nil {
		return books, nil, 0, err
	}
	stock.At, stock.Since = now, since
	err = d.register.View(ctx, func(r *register.Reader) error { // after the stock was taken: what it lists is known here by now
		ledger, err := r.Ledger(m.Name, stock)
		if err == nil {
			books, where = tickets.Reconcile(m.Name, stock, ledger)
		}
		return err
	})
	return books, where, stock.UIDValidity, err
}

// settleBooks returns what records the books.
func (d *Desk) settleBooks(b tickets.Books, where map[int64]tickets.Whereabouts) func(tx *register.Tx) error {
	log := d.options.Log.With("mailbox", b.Mailbox, "arrivals", b.Arrivals, "inbox", b.Inbox, "processed", b.Processed, "quarantine", b.Quarantine)
	if b.Balanced() {
		log.Info("mailbox and ledger balance", "unverifiable", b.Unverifiable)
	} else {
		log.Error("mailbox and ledger do not balance", "passed_over", len(b.Untaken), "unread", len(b.Unread), "unhandled", len(b.Unhandled),
			"unmoved", len(b.Unmoved), "missing", len(b.Missing), "unknown", len(b.Unknown))
	}
	return func(tx *register.Tx) error {
		if err := tx.Reconciled(b, where); err != nil {
			return err
		}
		return d.send(tx, tickets.Unbalanced(d.options.Policy, b))
	}
}

func uids(mails []tickets.Astray) []uint32 {
	list := make([]uint32, len(mails))
	for i, m := range mails {
		list[i] = m.UID
	}
	return list
}
