package register

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// StockSince returns from which day on the folders of a mailbox have to be looked at: from before the first mail that was moved
// and not looked for yet, and the last two days at least.
func (r *Reader) StockSince(name string, now time.Time) (time.Time, error) {
	var first sql.NullInt64
	err := r.row(`SELECT min(coalesce(internal_date, taken_at)) FROM arrivals INDEXED BY arrivals_unchecked
		WHERE mailbox = ?1 AND moved_at IS NOT NULL AND whereabouts IS NULL`, []any{name}, &first)
	if err != nil {
		return time.Time{}, fmt.Errorf("first mail of mailbox %s to be looked for: %w", name, err)
	}
	since := now.AddDate(0, 0, -2)
	if at := fromMillis(first); first.Valid && at.Before(since) {
		since = at
	}
	return since.AddDate(0, 0, -1), nil // IMAP counts in days, of a zone of its own
}

const selectKept = `SELECT a.id, a.uid, coalesce(a.internal_date, 0), a.size, coalesce(m.message_id, ''), coalesce(m.from_name, ''), coalesce(m.from_addr, ''),
	coalesce(m.subject, ''), a.state = 'quarantined', a.taken_at, a.settled_at, a.moved_at `

func scanKept(row scanner) (k tickets.Kept, err error) {
	var name, addr string
	var date, taken int64
	var settled, moved sql.NullInt64
	err = row.Scan(&k.ID, &k.Listed.UID, &date, &k.Listed.Size, &k.Listed.MessageID, &name, &addr, &k.Subject, &k.Quarantined, &taken, &settled, &moved)
	if date != 0 {
		k.Listed.Date = atMillis(date)
	}
	k.From, k.TakenAt, k.SettledAt, k.MovedAt = person(name, addr), atMillis(taken), fromMillis(settled), fromMillis(moved)
	return k, err
}

func person(name, addr string) string { return mailbox.Address{Name: name, Addr: addr}.String() }

// Ledger returns what is known of a mailbox of which stock was taken. It fails with ErrNotFound where the mailbox was never
// read under this UIDVALIDITY.
func (r *Reader) Ledger(name string, stock mailbox.Stock) (l tickets.Ledger, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ledger of mailbox %s: %w", name, err)
		}
	}()
	position, err := r.position(name, stock.UIDValidity)
	if err != nil {
		return l, err
	}
	l.CutOff, l.Cursor, l.Inbox = position.CutOff, position.UID, map[uint32]tickets.Kept{}
	if err := r.row("SELECT count(*) FROM arrivals WHERE mailbox = ?1", []any{name}, &l.Arrivals); err != nil {
		return l, err
	}
	for _, m := range stock.Inbox {
		found, err := collect(r, scanKept, selectKept+`FROM arrivals a LEFT JOIN messages m ON m.id = a.message
			WHERE a.mailbox = ?1 AND a.uidvalidity = ?2 AND a.uid = ?3 ORDER BY a.id DESC LIMIT 1`, name, stock.UIDValidity, m.UID)
		if err != nil {
			return l, err
		}
		if len(found) > 0 {
			l.Inbox[m.UID] = found[0]
		}
	}
	if stock.LeftInPlace {
		return l, nil
	}
	l.Unchecked, err = collect(r, scanKept, selectKept+`FROM arrivals a INDEXED BY arrivals_unchecked LEFT JOIN messages m ON m.id = a.message
		WHERE a.mailbox = ?1 AND a.moved_at IS NOT NULL AND a.whereabouts IS NULL ORDER BY a.id`, name)
	if err != nil {
		return l, err
	}
	l.Known, err = collect(r, scanKept, selectKept+`FROM arrivals a LEFT JOIN messages m ON m.id = a.message
		WHERE a.mailbox = ?1 AND (a.moved_at IS NULL OR a.whereabouts IS NOT NULL) AND coalesce(a.internal_date, a.taken_at) >= ?2 ORDER BY a.id`,
		name, stock.Since.AddDate(0, 0, -2).UnixMilli()) // the server counts from the beginning of the day, in whatever zone
	return l, err
}

// Reconciled records the books of a mailbox and what is known now of the mails that were moved.
func (tx *Tx) Reconciled(b tickets.Books, where map[int64]tickets.Whereabouts) error {
	for id, at := range where {
		if _, err := tx.exec("UPDATE arrivals SET whereabouts = ?2 WHERE id = ?1", id, string(at)); err != nil {
			return fmt.Errorf("record where arrival %d is: %w", id, err)
		}
	}
	body, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("record the books of mailbox %s: %w", b.Mailbox, err)
	}
	_, err = tx.exec("INSERT INTO books (mailbox, at, balanced, body) VALUES (?1, ?2, ?3, ?4)", b.Mailbox, tx.now.UnixMilli(), b.Balanced(), string(body))
	if err != nil {
		return fmt.Errorf("record the books of mailbox %s: %w", b.Mailbox, err)
	}
	return nil
}

// Books returns the last books of a mailbox; ok is false where it was never reconciled.
func (r *Reader) Books(name string) (b tickets.Books, ok bool, err error) {
	var body []byte
	err = r.row("SELECT body FROM books WHERE mailbox = ?1 ORDER BY at DESC, id DESC LIMIT 1", []any{name}, &body)
	switch {
	case errors.Is(err, ErrNotFound):
		return b, false, nil
	case err == nil:
		err = json.Unmarshal(body, &b)
	}
	if err != nil {
		return b, false, fmt.Errorf("books of mailbox %s: %w", name, err)
	}
	return b, true, nil
}

// unbalanced returns the books since then that did not balance.
func (r *Reader) unbalanced(since time.Time) ([]tickets.Books, error) {
	return collect(r, func(row scanner) (b tickets.Books, err error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return b, err
		}
		return b, json.Unmarshal(body, &b)
	}, "SELECT body FROM books WHERE balanced = 0 AND at >= ?1 ORDER BY at, id LIMIT ?2", since.UnixMilli(), maxFindings)
}
