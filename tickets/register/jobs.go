package register

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"radicado/tickets"
)

// LastDue returns the last due time of a job that was handled; ok is false for a job that the register does not know yet.
func (r *Reader) LastDue(job string) (at time.Time, ok bool, err error) {
	var ms int64
	err = r.row("SELECT last_due FROM jobs WHERE name = ?1", []any{job}, &ms)
	switch {
	case errors.Is(err, ErrNotFound):
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, fmt.Errorf("last due time of job %s: %w", job, err)
	}
	return atMillis(ms), true, nil
}

// LastRun returns when a job last did its work; the zero time where that is not known.
func (r *Reader) LastRun(job string) (time.Time, error) {
	var at sql.NullInt64
	err := r.row("SELECT ran_at FROM jobs WHERE name = ?1", []any{job}, &at)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return time.Time{}, fmt.Errorf("last run of job %s: %w", job, err)
	}
	return fromMillis(at), nil
}

// SetLastDue records, in the transaction that does its work, which due time of a job was handled.
func (tx *Tx) SetLastDue(job string, due time.Time) error {
	_, err := tx.exec(`INSERT INTO jobs (name, last_due, ran_at) VALUES (?1, ?2, ?3)
		ON CONFLICT (name) DO UPDATE SET last_due = excluded.last_due, ran_at = excluded.ran_at`, job, due.UnixMilli(), tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("record the due time of job %s: %w", job, err)
	}
	return nil
}

// outlinesPage is how many tickets Outlines holds at a time.
const outlinesPage = 200

// outlineOf is what tickets.Ticket.Outline leaves of a ticket; its text is not in the row.
const outlineOf = "json_remove(t.body, '$.files', '$.note', '$.diagnosis', '$.plan', '$.solution', '$.comment')"

// Outlines yields the outlines of the tickets that a chore may have to do with at a time, in the order of their numbers.
func (r *Reader) Outlines(chore tickets.Chore, at time.Time) iter.Seq2[*tickets.Ticket, error] {
	return func(yield func(*tickets.Ticket, error) bool) {
		wrap := func(err error) error { return fmt.Errorf("tickets for the chore %s: %w", chore, err) }
		ids, err := r.idsFor(chore, at)
		if err != nil {
			yield(nil, wrap(err))
			return
		}
		for page := range slices.Chunk(ids, outlinesPage) {
			found, err := collect(r, scanTicket, "SELECT "+outlineOf+" FROM tickets t WHERE t.id IN (SELECT value FROM json_each(?1)) ORDER BY t.id", idList(page))
			if err != nil {
				yield(nil, wrap(err))
				return
			}
			for _, t := range found {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

func (r *Reader) idsFor(chore tickets.Chore, at time.Time) ([]int64, error) {
	inState := func(state tickets.State) ([]int64, error) {
		return collect(r, scanValue[int64], "SELECT id FROM tickets INDEXED BY tickets_state WHERE state = ?1 ORDER BY id", string(state))
	}
	switch chore {
	case tickets.ChoreDeadlines:
		return collect(r, scanValue[int64], "SELECT id FROM tickets INDEXED BY tickets_open WHERE open = 1 ORDER BY id")
	case tickets.ChoreReminders:
		return inState(tickets.WaitingRequester)
	case tickets.ChoreClosure:
		return inState(tickets.Resolved)
	case tickets.ChoreVendors:
		return inState(tickets.WaitingVendor)
	case tickets.ChoreLoans:
		return collect(r, scanValue[int64], "SELECT DISTINCT ticket FROM reservations INDEXED BY reservations_due WHERE due_at <= ?1 ORDER BY ticket", at.UnixMilli())
	}
	return nil, errors.New("nobody knows it")
}

// Requests returns where the requests are read that digest and morning lists tell of.
func (r *Reader) Requests(at time.Time) tickets.Requests {
	return tickets.Requests{Open: r.Outlines(tickets.ChoreDeadlines, at), Loans: r.Outlines(tickets.ChoreLoans, at), Whole: r.Ticket}
}
