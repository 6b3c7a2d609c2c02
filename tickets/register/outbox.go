package register

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"radicado/tickets"
)

// maxReferences bounds the References of a notice: enough for every client to find the conversation.
const maxReferences = 10

// OutboxRow is a notice on its way out.
type OutboxRow struct {
	ID         int64
	Notice     tickets.Notice
	MessageID  string         // without angle brackets; the same for every attempt
	Ticket     tickets.Number // "" for none
	InReplyTo  string         // without angle brackets, "" for none
	References []string       // likewise, oldest first
	Cause      int64          // the message that caused it, 0 for none
	Trace      string         // of that message in the log, "" for none
	CreatedAt  time.Time
	NextAt     time.Time // before which it is not tried again
	Attempts   int       // begun so far
	State      OutboxState
	LastError  string // why the last attempt failed
	LastCode   int    // SMTP code of the last failure, 0 for none
	SentAt     time.Time
}

// OutboxState is what became of a notice.
type OutboxState string

// The states of a notice.
const (
	OutboxQueued  OutboxState = "queued"
	OutboxSent    OutboxState = "sent"
	OutboxFailed  OutboxState = "failed"  // refused for good, or given up
	OutboxDropped OutboxState = "dropped" // by the administrator
)

// Queue adds a notice to the outbox, due at once, and returns its id. Of the row it takes Notice, MessageID, Ticket,
// InReplyTo, References and Cause. It fails with ErrConflict where the Message-ID is there already.
func (tx *Tx) Queue(row OutboxRow) (id int64, err error) {
	ticket, err := knownTicket(row.Ticket)
	if err != nil {
		return 0, fmt.Errorf("queue notice %s: %w", row.MessageID, err)
	}
	n := row.Notice
	quotes := tx.leaveOutText(ticket, &n.Data)
	data, err := json.Marshal(n.Data)
	if err != nil {
		return 0, fmt.Errorf("queue notice %s: %w", row.MessageID, err)
	}
	refs, err := optionalJSON(row.References)
	if err != nil {
		return 0, fmt.Errorf("queue notice %s: %w", row.MessageID, err)
	}
	if row.MessageID == "" {
		return 0, errors.New("queue a notice: it has no Message-ID")
	}
	err = tx.row(`INSERT INTO outbox (message_id, ticket, kind, recipient, name, address, lang, data, quotes, in_reply_to, refs, cause,
			created_at, next_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13) RETURNING id`,
		[]any{row.MessageID, orNull(ticket), string(n.Kind), n.To.Key(), n.To.Name, n.To.Addr, n.Lang, string(data), quotes, row.InReplyTo, refs,
			orNull(row.Cause), tx.now.UnixMilli()}, &id)
	if err != nil {
		return 0, fmt.Errorf("queue notice %s: %w", row.MessageID, err)
	}
	tx.known.notice = id
	return id, nil
}

// leaveOutText takes the text of the ticket out of what a notice says, where the transaction has just stored that ticket with the
// same text, which never changes: it is most of the notice, and usually two of them say it. It reports whether it did.
func (tx *Tx) leaveOutText(ticket int64, data *tickets.NoticeData) bool {
	if data.Ticket == nil || data.Ticket.Text == "" || ticket != tx.known.saved.id || data.Ticket.Text != tx.known.saved.text {
		return false
	}
	view := *data.Ticket
	view.Text = ""
	data.Ticket = &view
	return true
}

const selectOutbox = `SELECT o.id, o.message_id, t.number, o.kind, o.name, o.address, o.lang, o.data,
	CASE WHEN o.quotes THEN ` + firstText + ` END, o.in_reply_to, o.refs, o.cause,
	o.created_at, o.next_at, o.attempts, o.state, o.last_error, o.last_code, o.sent_at, r.digest
	FROM outbox o LEFT JOIN tickets t ON t.id = o.ticket
	LEFT JOIN messages m ON m.id = o.cause LEFT JOIN raws r ON r.id = m.raw `

// ClaimNotices returns the notices that are due, the longest waiting first, at most limit. Each is recorded as tried, to be
// tried again after backoff of its number of attempts: commit that before anybody dials, so that a crash backs off instead
// of hammering. Those that are still being tried, by id, are left alone.
func (tx *Tx) ClaimNotices(limit int, backoff func(attempts int) time.Duration, tried ...int64) ([]OutboxRow, error) {
	due, err := collect(&tx.Reader, scanOutbox, selectOutbox+"WHERE o.state = 'queued' AND o.next_at <= ?1 ORDER BY o.next_at LIMIT ?2",
		tx.now.UnixMilli(), limit+len(tried))
	if err != nil {
		return nil, fmt.Errorf("claim notices: %w", err)
	}
	due = slices.DeleteFunc(due, func(row OutboxRow) bool { return slices.Contains(tried, row.ID) })
	due = due[:min(limit, len(due))]
	for i := range due {
		row := &due[i]
		row.Attempts++
		row.NextAt = tx.now.Add(backoff(row.Attempts)).Truncate(time.Millisecond)
		err := tx.change("UPDATE outbox SET attempts = ?2, next_at = ?3 WHERE id = ?1 AND state = 'queued' AND attempts = ?2 - 1",
			row.ID, row.Attempts, row.NextAt.UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("claim notice %s: %w", row.MessageID, err)
		}
	}
	return due, nil
}

// HastenNotices makes those due that wait for longer than the longest wait there is: the clock was ahead when they were queued or
// tried, and was set back.
func (tx *Tx) HastenNotices(longest time.Duration) error {
	_, err := tx.exec("UPDATE outbox SET next_at = ?1 WHERE state = 'queued' AND next_at > ?2", tx.now.UnixMilli(), tx.now.Add(longest).UnixMilli())
	if err != nil {
		return fmt.Errorf("hasten notices: %w", err)
	}
	return nil
}

// Sent records that the server has accepted the notices, also of one that was dropped while it was on its way, so that it is not
// tried again. One that failed stays as it is.
func (tx *Tx) Sent(ids ...int64) error {
	for _, id := range ids {
		_, err := tx.exec("UPDATE outbox SET state = 'sent', sent_at = ?2, last_error = '', last_code = 0 WHERE id = ?1 AND state IN ('queued', 'dropped')",
			id, tx.now.UnixMilli())
		if err != nil {
			return fmt.Errorf("notice %d was sent: %w", id, err)
		}
	}
	return nil
}

// Deferred records why an attempt failed for now. The time of the next was fixed when the notice was claimed.
func (tx *Tx) Deferred(id int64, code int, reason string) error {
	_, err := tx.exec("UPDATE outbox SET last_code = ?2, last_error = ?3 WHERE id = ?1 AND state = 'queued'", id, code, reason)
	if err != nil {
		return fmt.Errorf("notice %d was deferred: %w", id, err)
	}
	return nil
}

// Failed records that a notice will not be tried again. It fails with ErrConflict where the notice is no longer queued.
func (tx *Tx) Failed(id int64, code int, reason string) error {
	err := tx.change("UPDATE outbox SET state = 'failed', last_code = ?2, last_error = ?3, failed_at = ?4 WHERE id = ?1 AND state = 'queued'",
		id, code, reason, tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("notice %d failed: %w", id, err)
	}
	return nil
}

// NextDue returns when the next notice is due. ok is false where none is queued.
func (r *Reader) NextDue() (at time.Time, ok bool, err error) {
	var next sql.NullInt64
	if err := r.row("SELECT min(next_at) FROM outbox WHERE state = 'queued'", nil, &next); err != nil {
		return time.Time{}, false, fmt.Errorf("next notice due: %w", err)
	}
	return fromMillis(next), next.Valid, nil
}

// LastNoticesTo returns the Message-IDs of the latest notices on the ticket to that address, oldest first, at most ten: what
// the next notice refers to.
func (r *Reader) LastNoticesTo(n tickets.Number, recipient string) ([]string, error) {
	id, err := knownTicket(n)
	if err != nil {
		return nil, err
	}
	found, err := collect(r, scanValue[string], `SELECT message_id FROM outbox INDEXED BY outbox_thread
		WHERE ticket = ?1 AND recipient = ?2 ORDER BY id DESC LIMIT ?3`, id, key(recipient), maxReferences)
	if err != nil {
		return nil, fmt.Errorf("notices on %s: %w", n, err)
	}
	slices.Reverse(found)
	return found, nil
}

// NoticeByMessageID returns the notice that went out under the Message-ID, unless it was erased: nobody knows any more to whom.
func (r *Reader) NoticeByMessageID(id string) (OutboxRow, error) {
	found, err := collect(r, scanOutbox, selectOutbox+"WHERE o.message_id = ?1 AND o.erased_at IS NULL", id)
	if err != nil {
		return OutboxRow{}, fmt.Errorf("notice %s: %w", id, err)
	}
	if len(found) == 0 {
		return OutboxRow{}, fmt.Errorf("notice %s: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Notices returns the notices on a ticket, oldest first.
func (r *Reader) Notices(n tickets.Number) ([]OutboxRow, error) {
	id, err := knownTicket(n)
	if err != nil {
		return nil, err
	}
	found, err := collect(r, scanOutbox, selectOutbox+"WHERE o.ticket = ?1 ORDER BY o.id", id)
	if err != nil {
		return nil, fmt.Errorf("notices on %s: %w", n, err)
	}
	return found, nil
}

// NoticesTo returns how many notices were queued to the address since then, counted up to limit: what is over a limit is not
// worth a walk over all of a flood.
func (r *Reader) NoticesTo(recipient string, since time.Time, limit int) (count int, err error) {
	err = r.row("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE recipient = ?1 AND created_at >= ?2 LIMIT ?3)",
		[]any{key(recipient), since.UnixMilli(), limit}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the notices to an address: %w", err)
	}
	return count, nil
}

func scanOutbox(row scanner) (o OutboxRow, err error) {
	var number sql.NullString
	var data, text, refs, digest []byte
	var cause, createdAt, nextAt, sentAt sql.NullInt64
	err = row.Scan(&o.ID, &o.MessageID, &number, &o.Notice.Kind, &o.Notice.To.Name, &o.Notice.To.Addr, &o.Notice.Lang, &data, &text,
		&o.InReplyTo, &refs, &cause, &createdAt, &nextAt, &o.Attempts, &o.State, &o.LastError, &o.LastCode, &sentAt, &digest)
	if err != nil {
		return o, err
	}
	o.Ticket, o.Cause = tickets.Number(number.String), cause.Int64
	o.CreatedAt, o.NextAt, o.SentAt = fromMillis(createdAt), fromMillis(nextAt), fromMillis(sentAt)
	if digest != nil {
		o.Trace = Digest(digest).Trace()
	}
	if err := json.Unmarshal(data, &o.Notice.Data); err != nil {
		return o, fmt.Errorf("notice %s: %w", o.MessageID, err)
	}
	if view := o.Notice.Data.Ticket; view != nil {
		if err := fromOptionalJSON(text, &view.Text); err != nil {
			return o, fmt.Errorf("notice %s: text of its ticket: %w", o.MessageID, err)
		}
	}
	return o, fromOptionalJSON(refs, &o.References)
}

// UpcomingNotice returns the id that the next notice queued by this transaction will have, so that its Message-ID can carry it.
func (tx *Tx) UpcomingNotice() (id int64, err error) {
	if tx.known.notice == 0 {
		if err := tx.row("SELECT coalesce(max(id), 0) FROM outbox", nil, &tx.known.notice); err != nil {
			return 0, fmt.Errorf("look for the id of the next notice: %w", err)
		}
	}
	return tx.known.notice + 1, nil
}
