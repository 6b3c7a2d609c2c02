package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"radicado/mailbox"
)

// A register that was restored from a backup does not know the mails that came after it. They lie in the folders for what was
// handled, and are taken again from there.

// LastTaken returns when something was last taken from the mailbox. It fails with ErrNotFound where nothing ever was.
func (r *Reader) LastTaken(name string) (time.Time, error) {
	var at sql.NullInt64
	err := r.row("SELECT max(taken_at) FROM arrivals WHERE mailbox = ?1", []any{name}, &at)
	if err == nil && !at.Valid {
		err = ErrNotFound
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("last mail of mailbox %s: %w", name, err)
	}
	return fromMillis(at), nil
}

// Retake stores mails of a mailbox that were moved out of its inbox already, under the UIDs that they have now. What the mailbox
// brought before is left out. No position moves, and nothing of the batch will be moved again. It returns how many are new.
func (r *Register) Retake(ctx context.Context, name string, uidvalidity uint32, batch []mailbox.Arrival) (fresh int, err error) {
	raws, err := r.packAll(name, uidvalidity, batch)
	if err != nil {
		return 0, err
	}
	err = r.Update(ctx, func(tx *Tx) error {
		fresh = 0
		for i, a := range batch {
			known, err := tx.brought(name, raws[i].digest)
			if err == nil && !known {
				err = tx.take(a, raws[i], tx.now)
				fresh++
			}
			if err != nil {
				return fmt.Errorf("UID %d: %w", a.UID, err)
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("take again from mailbox %s: %w", name, err)
	}
	return fresh, nil
}

// brought reports whether a mail came by a mailbox. Most have come by none: those are not looked for among the arrivals.
func (r *Reader) brought(name string, digest Digest) (known bool, err error) {
	var raw int64
	err = r.row("SELECT id FROM raws WHERE digest = ?1", []any{digest[:]}, &raw)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err == nil {
		err = r.row("SELECT EXISTS (SELECT 1 FROM arrivals WHERE mailbox = ?1 AND raw = ?2)", []any{name, raw}, &known)
	}
	return known, err
}

// OrderTaken puts the mails that wait to be handled in the order in which the servers got them, whatever folders they came from.
func (r *Register) OrderTaken(ctx context.Context) error {
	err := r.Update(ctx, func(tx *Tx) error {
		ids, err := collect(&tx.Reader, scanValue[int64], "SELECT id FROM arrivals WHERE state = 'taken' ORDER BY coalesce(internal_date, taken_at), id")
		if err != nil || len(ids) == 0 {
			return err
		}
		var last int64
		if err := tx.row("SELECT max(id) FROM arrivals", nil, &last); err != nil {
			return err
		}
		for i, id := range ids {
			if err := tx.change("UPDATE arrivals SET id = ?2 WHERE id = ?1", id, last+1+int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put the waiting mails in order: %w", err)
	}
	return nil
}

// NextTaken returns when the server got the mail that is handled next; ok is false where none waits.
func (r *Reader) NextTaken() (at time.Time, ok bool, err error) {
	var ms int64
	err = r.row("SELECT coalesce(internal_date, taken_at) FROM arrivals WHERE state = 'taken' ORDER BY id LIMIT 1", nil, &ms)
	switch {
	case errors.Is(err, ErrNotFound):
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, fmt.Errorf("next mail to handle: %w", err)
	}
	return atMillis(ms), true, nil
}

// LastMessage returns the highest id of a message, 0 where there is none.
func (r *Reader) LastMessage() (id int64, err error) {
	if err := r.row("SELECT coalesce(max(id), 0) FROM messages", nil, &id); err != nil {
		return 0, fmt.Errorf("last message: %w", err)
	}
	return id, nil
}

// MessagesAfter returns the messages with higher ids, oldest first, at most limit.
func (r *Reader) MessagesAfter(id int64, limit int) ([]Message, error) {
	found, err := collect(r, scanMessage, selectMessage+"WHERE m.id > ?1 ORDER BY m.id LIMIT ?2", id, limit)
	if err != nil {
		return nil, fmt.Errorf("messages after %d: %w", id, err)
	}
	return found, nil
}
