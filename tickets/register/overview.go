package register

import (
	"database/sql"
	"fmt"
	"time"

	"radicado/tickets"
)

// longQueued is after how long a queued notice is one that the coordinators should know of: a mail server may be down for
// a while.
const longQueued = time.Hour

// maxFindings bounds what an overview lists of a kind: nobody reads more in a mail.
const maxFindings = 500

// Overview returns how the desk stands, its requests aside, with what is new since then.
func (tx *Tx) Overview(since time.Time) (o tickets.Overview, err error) {
	o.Now, o.Since = tx.now, since
	for _, read := range []func() error{
		func() (err error) { o.Situation, err = tx.Situation(); return err },
		func() (err error) { o.Quarantine, err = tx.quarantined(since); return err },
		func() (err error) { o.Failing, err = tx.failing(since); return err },
		func() error { return tx.row("SELECT count(*) FROM failing WHERE dead = 1", nil, &o.Dead) },
		func() (err error) {
			o.Failed, err = tx.undelivered("INDEXED BY outbox_failed WHERE o.state = 'failed' AND o.failed_at >= ?1 ORDER BY o.failed_at", since)
			return err
		},
		func() (err error) {
			o.Queued, err = tx.undelivered("INDEXED BY outbox_due WHERE o.state = 'queued' AND o.created_at < ?1 ORDER BY o.id", tx.now.Add(-longQueued))
			return err
		},
		func() (err error) { o.Books, err = tx.unbalanced(since); return err },
	} {
		if err := read(); err != nil {
			return o, fmt.Errorf("overview of the desk: %w", err)
		}
	}
	return o, nil
}

// quarantined returns the mails that were set aside since then, the oldest first.
func (r *Reader) quarantined(since time.Time) ([]tickets.Quarantined, error) {
	return collect(r, scanQuarantined, selectQuarantined+`INDEXED BY arrivals_quarantined LEFT JOIN messages m ON m.id = a.message
		WHERE a.state = 'quarantined' AND a.settled_at >= ?1 ORDER BY a.settled_at, a.id LIMIT ?2`, since.UnixMilli(), maxFindings)
}

const selectQuarantined = "SELECT a.id, a.mailbox, m.from_name, m.from_addr, m.subject, a.reason, a.settled_at FROM arrivals a "

func scanQuarantined(row scanner) (q tickets.Quarantined, err error) {
	var name, addr, subject, reason sql.NullString
	var at int64
	err = row.Scan(&q.ID, &q.Mailbox, &name, &addr, &subject, &reason, &at)
	q.From, q.Subject, q.Reason, q.Cause, q.At = person(name.String, addr.String), subject.String, reason.String, tickets.CauseOf(reason.String), atMillis(at)
	return q, err
}

// failing returns the addresses that refused a notice since then.
func (r *Reader) failing(since time.Time) ([]tickets.FailingAddress, error) {
	return collect(r, func(row scanner) (f tickets.FailingAddress, err error) {
		var at int64
		err = row.Scan(&f.Addr, &f.Failures, &f.Dead, &f.Status, &f.Diagnostic, &at)
		f.At = atMillis(at)
		return f, err
	}, "SELECT address, failures, dead, status, diagnostic, last_at FROM failing WHERE last_at >= ?1 ORDER BY dead DESC, last_at LIMIT ?2",
		since.UnixMilli(), maxFindings)
}

// undelivered returns notices that a condition on one time chooses.
func (r *Reader) undelivered(condition string, at time.Time) ([]tickets.Undelivered, error) {
	return collect(r, func(row scanner) (u tickets.Undelivered, err error) {
		var number sql.NullString
		var created int64
		err = row.Scan(&u.Kind, &number, &u.To, &created, &u.Error)
		u.Ticket, u.At = tickets.Number(number.String), atMillis(created)
		return u, err
	}, `SELECT o.kind, t.number, o.recipient, o.created_at, o.last_error FROM (SELECT * FROM outbox o `+condition+` LIMIT ?2) o
		LEFT JOIN tickets t ON t.id = o.ticket`, at.UnixMilli(), maxFindings)
}
