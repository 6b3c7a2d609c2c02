package register

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"radicado/tickets"
)

// Outbox returns the notices in a state, latest first, at most limit; "" is every state.
func (r *Reader) Outbox(state OutboxState, limit int) ([]OutboxRow, error) {
	found, err := collect(r, scanOutbox, selectOutbox+"WHERE (?1 = '' OR o.state = ?1) ORDER BY o.id DESC LIMIT ?2", string(state), limit)
	if err != nil {
		return nil, fmt.Errorf("list the outbox: %w", err)
	}
	return found, nil
}

// OutboxRow returns a notice by its id.
func (r *Reader) OutboxRow(id int64) (OutboxRow, error) {
	found, err := collect(r, scanOutbox, selectOutbox+"WHERE o.id = ?1", id)
	if err != nil {
		return OutboxRow{}, fmt.Errorf("notice %d: %w", id, err)
	}
	if len(found) == 0 {
		return OutboxRow{}, fmt.Errorf("notice %d: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Retry makes a notice due now that waits, failed or was dropped. It fails with ErrConflict where it was sent.
func (tx *Tx) Retry(id int64) error {
	err := tx.change(`UPDATE outbox SET state = 'queued', attempts = 0, next_at = ?2, failed_at = NULL
		WHERE id = ?1 AND state IN ('queued', 'failed', 'dropped')`, id, tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("try notice %d again: %w", id, err)
	}
	return nil
}

// Drop gives up a notice for a reason. It fails with ErrConflict where it was sent or dropped.
func (tx *Tx) Drop(id int64, reason string) error {
	err := tx.change("UPDATE outbox SET state = 'dropped', last_error = ?2 WHERE id = ?1 AND state IN ('queued', 'failed')", id, reason)
	if err != nil {
		return fmt.Errorf("drop notice %d: %w", id, err)
	}
	return nil
}

// Quarantine returns the mails that are set aside, latest first, at most limit.
func (r *Reader) Quarantine(limit int) ([]tickets.Quarantined, error) {
	found, err := collect(r, scanQuarantined, selectQuarantined+"INDEXED BY arrivals_quarantined LEFT JOIN messages m ON m.id = a.message WHERE a.state = 'quarantined' ORDER BY a.settled_at DESC, a.id DESC LIMIT ?1", limit)
	if err != nil {
		return nil, fmt.Errorf("list the quarantine: %w", err)
	}
	return found, nil
}

// ArrivalState is what became of an arrival.
type ArrivalState string

// The states of an arrival.
const (
	ArrivalTaken       ArrivalState = "taken" // not handled yet
	ArrivalProcessed   ArrivalState = "processed"
	ArrivalQuarantined ArrivalState = "quarantined"
)

// Handled is an arrival with what became of it.
type Handled struct {
	Arrival
	State     ArrivalState
	Reason    string // of the quarantine
	Message   int64  // 0 where none could be read
	SettledAt time.Time
}

// HandledArrival returns an arrival by its id.
func (r *Reader) HandledArrival(id int64) (Handled, error) {
	return r.handled(selectHandled+"WHERE a.id = ?1", id)
}

// ArrivalOf returns the first arrival that brought a message.
func (r *Reader) ArrivalOf(message int64) (Handled, error) {
	return r.handled(selectHandled+"WHERE a.raw = (SELECT raw FROM messages WHERE id = ?1) ORDER BY a.id LIMIT 1", message)
}

const selectHandled = `SELECT a.id, a.mailbox, a.uidvalidity, a.uid, r.digest, a.internal_date, a.taken_at, a.size, a.truncated, a.structure,
	a.attempts, a.requeued_by, a.genuine, a.state, coalesce(a.reason, ''), coalesce(a.message, 0), a.settled_at FROM arrivals a JOIN raws r ON r.id = a.raw `

func (r *Reader) handled(query string, id int64) (Handled, error) {
	found, err := collect(r, func(row scanner) (h Handled, err error) {
		var settled sql.NullInt64
		h.Arrival, err = scanArrivalAnd(row, &h.State, &h.Reason, &h.Message, &settled)
		h.SettledAt = fromMillis(settled)
		return h, err
	}, query, id)
	if err != nil {
		return Handled{}, fmt.Errorf("arrival %d: %w", id, err)
	}
	if len(found) == 0 {
		return Handled{}, fmt.Errorf("arrival %d: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Requeue gives a mail that was set aside another chance: it is handled again as if it had just been taken, and, where genuine,
// as a mail that a person wrote, whatever it looks like. by says who wants that. It fails with ErrConflict where the mail is not
// set aside.
func (tx *Tx) Requeue(arrival int64, by string, genuine bool) error {
	if strings.TrimSpace(by) == "" {
		return errors.New("requeue a mail: nobody wants it")
	}
	err := tx.change(`UPDATE arrivals SET state = 'taken', attempts = 0, settled_at = NULL, requeued_by = ?2, genuine = ?3
		WHERE id = ?1 AND state = 'quarantined'`, arrival, by, genuine)
	if err != nil {
		return fmt.Errorf("requeue arrival %d: %w", arrival, err)
	}
	return nil
}
