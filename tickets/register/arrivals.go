package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"radicado/mailbox"
)

// Position is how far a mailbox has been read.
type Position struct {
	UID    uint32    // the highest that was taken or passed over under this UIDVALIDITY, 0 for none
	CutOff time.Time // mails that the server received before it are left to an import; the same for ever
}

// clockMargin is by how much a mail server's clock may be behind ours without a new mail passing for an old one. Some
// mails from just before the first start are registered with it, which is the lesser evil.
const clockMargin = 10 * time.Minute

// Position returns how far the mailbox has been read. The first call for a mailbox, whatever the UIDVALIDITY, fixes its
// cut-off; the zero time there is now, less clockMargin.
func (r *Register) Position(ctx context.Context, name string, uidvalidity uint32, cutOff time.Time) (Position, error) {
	var p Position
	find := func(read *Reader) (err error) {
		p, err = read.position(name, uidvalidity)
		return err
	}
	err := r.View(ctx, find)
	if errors.Is(err, ErrNotFound) {
		err = r.Update(ctx, func(tx *Tx) error {
			if cutOff.IsZero() {
				cutOff = tx.now.Add(-clockMargin)
			}
			_, err := tx.exec("INSERT INTO mailboxes (name, cut_off) VALUES (?1, ?2) ON CONFLICT DO NOTHING", name, cutOff.UnixMilli())
			if err != nil {
				return err
			}
			return find(&tx.Reader)
		})
	}
	if err != nil {
		return Position{}, fmt.Errorf("position of mailbox %s: %w", name, err)
	}
	return p, nil
}

func (r *Reader) position(name string, uidvalidity uint32) (Position, error) {
	var uid, cutOff sql.NullInt64
	err := r.row(`SELECT m.cut_off, p.uid FROM mailboxes m LEFT JOIN positions p ON p.mailbox = m.name AND p.uidvalidity = ?2
		WHERE m.name = ?1`, []any{name, uidvalidity}, &cutOff, &uid)
	return Position{UID: uint32(uid.Int64), CutOff: fromMillis(cutOff)}, err
}

// Take stores a batch of mails of one mailbox and moves its position to uid, durably and together; a position never moves
// back. An arrival that is there already stays as it is. The mailbox must have been named to Position before.
func (r *Register) Take(ctx context.Context, name string, uidvalidity, uid uint32, batch []mailbox.Arrival) error {
	raws, err := r.packAll(name, uidvalidity, batch)
	if err != nil {
		return err
	}
	err = r.Update(ctx, func(tx *Tx) error {
		for i, a := range batch {
			if err := tx.take(a, raws[i], time.Time{}); err != nil {
				return fmt.Errorf("UID %d: %w", a.UID, err)
			}
		}
		_, err := tx.exec(`INSERT INTO positions (mailbox, uidvalidity, uid) VALUES (?1, ?2, ?3)
			ON CONFLICT DO UPDATE SET uid = max(uid, excluded.uid)`, name, uidvalidity, uid)
		return err
	})
	if err != nil {
		return fmt.Errorf("take from mailbox %s: %w", name, err)
	}
	return nil
}

// packAll compresses a batch before the transaction, which others wait for.
func (r *Register) packAll(name string, uidvalidity uint32, batch []mailbox.Arrival) ([]packed, error) {
	raws := make([]packed, len(batch))
	for i, a := range batch {
		if a.Mailbox != name || a.UIDValidity != uidvalidity {
			return nil, fmt.Errorf("take from mailbox %s: UID %d is of mailbox %s", name, a.UID, a.Mailbox)
		}
		raws[i] = r.pack(a.Raw)
	}
	return raws, nil
}

func (tx *Tx) take(a mailbox.Arrival, p packed, moved time.Time) error {
	raw, err := tx.store(p)
	if err != nil {
		return err
	}
	structure, err := optionalJSON(a.Structure)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO arrivals (mailbox, uidvalidity, uid, raw, internal_date, taken_at, size, truncated, structure, moved_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (mailbox, uidvalidity, uid, raw) DO NOTHING`,
		a.Mailbox, a.UIDValidity, a.UID, raw, millis(a.InternalDate), tx.now.UnixMilli(), a.Size, a.Truncated, structure, millis(moved))
	return err
}

// Arrival is a mail in the ledger.
type Arrival struct {
	ID           int64
	Mailbox      string
	UIDValidity  uint32
	UID          uint32
	Digest       Digest    // of the stored mail, for LoadRaw
	InternalDate time.Time // zero where the server did not say
	TakenAt      time.Time
	Size         int64 // bytes of the whole mail
	Truncated    bool  // only the header was stored
	Structure    []mailbox.Part
	Attempts     int // how often handling it was begun, this time included

	RequeuedBy string // who gave it another chance, "" for nobody
	Genuine    bool   // with it: it is to pass for a mail that a person wrote
}

// ClaimArrivals returns the next mails to be handled, in order of arrival, at most limit, and counts the attempt. Commit
// it before the first of them is looked at: then a mail that ends the process is known by its attempts. A mail that was
// attempted before comes alone, so that it cannot drag others along: when everything before is settled or released, and
// after is 0. With the id of the last one that is claimed and not yet settled as after, those behind it are claimed. One goroutine
// claims at a time.
func (tx *Tx) ClaimArrivals(after int64, limit int) ([]Arrival, error) {
	claimed, err := collect(&tx.Reader, scanArrival, `SELECT a.id, a.mailbox, a.uidvalidity, a.uid, r.digest, a.internal_date, a.taken_at,
		a.size, a.truncated, a.structure, a.attempts, a.requeued_by, a.genuine
		FROM arrivals a JOIN raws r ON r.id = a.raw WHERE a.state = 'taken' AND a.id > ?1 ORDER BY a.id LIMIT ?2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("claim arrivals: %w", err)
	}
	for i, a := range claimed {
		if a.Attempts > 0 {
			if after == 0 {
				i = max(i, 1)
			}
			claimed = claimed[:i]
			break
		}
	}
	if len(claimed) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(claimed))
	for i := range claimed {
		claimed[i].Attempts++
		ids[i] = claimed[i].ID
	}
	if _, err := tx.exec("UPDATE arrivals SET attempts = attempts + 1 WHERE id IN (SELECT value FROM json_each(?1))", idList(ids)); err != nil {
		return nil, fmt.Errorf("claim %d arrivals: %w", len(ids), err)
	}
	return claimed, nil
}

// ReleaseArrivals takes the attempt back from mails that were claimed and not handled for a reason that is not theirs: the
// daemon stops, or the register cannot be written.
func (tx *Tx) ReleaseArrivals(ids ...int64) error {
	_, err := tx.exec("UPDATE arrivals SET attempts = attempts - 1 WHERE state = 'taken' AND attempts > 0 AND id IN (SELECT value FROM json_each(?1))", idList(ids))
	if err != nil {
		return fmt.Errorf("release %d arrivals: %w", len(ids), err)
	}
	return nil
}

func scanArrival(row scanner) (a Arrival, err error) { return scanArrivalAnd(row) }

// scanArrivalAnd reads an arrival and what stands behind it in the row.
func scanArrivalAnd(row scanner, more ...any) (a Arrival, err error) {
	var digest, structure []byte
	var internalDate, takenAt sql.NullInt64
	var requeued sql.NullString
	err = row.Scan(append([]any{&a.ID, &a.Mailbox, &a.UIDValidity, &a.UID, &digest, &internalDate, &takenAt,
		&a.Size, &a.Truncated, &structure, &a.Attempts, &requeued, &a.Genuine}, more...)...)
	if err != nil {
		return a, err
	}
	a.RequeuedBy = requeued.String
	copy(a.Digest[:], digest)
	a.InternalDate, a.TakenAt = fromMillis(internalDate), fromMillis(takenAt)
	return a, fromOptionalJSON(structure, &a.Structure)
}

// Settlement is what became of an arrival.
type Settlement struct {
	Quarantined bool
	Reason      string // of the quarantine
	Message     int64  // the message that it brought, 0 where it could not be read
}

// Settle ends the handling of an arrival. It fails with ErrConflict where it is settled already.
func (tx *Tx) Settle(id int64, s Settlement) error {
	state := "processed"
	if s.Quarantined {
		state = "quarantined"
	}
	err := tx.change("UPDATE arrivals SET state = ?2, reason = ?3, message = ?4, settled_at = ?5 WHERE id = ?1 AND state = 'taken'",
		id, state, s.Reason, orNull(s.Message), tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("settle arrival %d: %w", id, err)
	}
	return nil
}

// Settled is a mail that may leave the inbox.
type Settled struct {
	UID         uint32
	Quarantined bool
}

// Settled returns the mails of the mailbox that are settled and not yet moved, in the order of their UIDs, at most limit.
func (r *Reader) Settled(name string, uidvalidity uint32, limit int) ([]Settled, error) {
	found, err := collect(r, func(row scanner) (s Settled, err error) {
		err = row.Scan(&s.UID, &s.Quarantined)
		return s, err
	}, `SELECT uid, max(state = 'quarantined') FROM arrivals
		WHERE mailbox = ?1 AND uidvalidity = ?2 AND state <> 'taken' AND moved_at IS NULL
		GROUP BY uid ORDER BY uid LIMIT ?3`, name, uidvalidity, limit)
	if err != nil {
		return nil, fmt.Errorf("settled mails of mailbox %s: %w", name, err)
	}
	return found, nil
}

// Moved records that mails have left the inbox.
func (tx *Tx) Moved(name string, uidvalidity uint32, uids ...uint32) error {
	_, err := tx.exec(`UPDATE arrivals SET moved_at = ?2
		WHERE mailbox = ?3 AND uidvalidity = ?4 AND state <> 'taken' AND moved_at IS NULL AND uid IN (SELECT value FROM json_each(?1))`,
		idList(uids), tx.now.UnixMilli(), name, uidvalidity)
	if err != nil {
		return fmt.Errorf("moved %d mails of mailbox %s: %w", len(uids), name, err)
	}
	return nil
}

// optionalJSON is the stored form of a list; an empty one is NULL.
func optionalJSON[T any](list []T) (sql.NullString, error) {
	if len(list) == 0 {
		return sql.NullString{}, nil
	}
	data, err := json.Marshal(list)
	return sql.NullString{String: string(data), Valid: true}, err
}

// fromOptionalJSON reads what optionalJSON has stored, or what else is NULL where there is nothing.
func fromOptionalJSON[T any](data []byte, value *T) error {
	if data == nil {
		return nil
	}
	return json.Unmarshal(data, value)
}
