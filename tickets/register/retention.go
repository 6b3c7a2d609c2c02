package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"radicado/tickets"
)

const (
	erasePage  = 500 // candidates that are looked for at a time, outside of the transactions that erase
	eraseBatch = 25  // erased in one transaction, so that mails do not wait
)

// removable is the condition on a mail r byte for byte: it was received or imported, nobody is at work on it, and whatever it belongs to
// ended before ?1. An imported one has no arrival.
const (
	removable = `r.codec <> 'removed' AND (` + arrived + ` OR EXISTS (SELECT 1 FROM messages m WHERE m.raw = r.id))
	AND NOT EXISTS (SELECT 1 FROM arrivals a LEFT JOIN messages m ON m.id = a.message LEFT JOIN tickets t ON t.id = m.ticket
		WHERE a.raw = r.id AND (a.state = 'taken' OR CASE WHEN t.id IS NULL THEN a.settled_at >= ?1 ELSE t.closed_at IS NULL OR t.closed_at >= ?1 END))
	AND NOT EXISTS (SELECT 1 FROM messages m LEFT JOIN tickets t ON t.id = m.ticket
		WHERE m.raw = r.id AND CASE WHEN t.id IS NULL THEN NOT ` + arrived + ` AND m.received_at >= ?1 ELSE t.closed_at IS NULL OR t.closed_at >= ?1 END)`
	arrived = "EXISTS (SELECT 1 FROM arrivals a WHERE a.raw = r.id)"
)

// brought is the condition that it brought files.
const brought = " AND EXISTS (SELECT 1 FROM messages m WHERE m.raw = r.id AND m.attached > 0)"

// The conditions on the rows that hold personal data.
const (
	expiredTicket  = "t.closed_at IS NOT NULL AND t.erased_at IS NULL AND t.closed_at < ?1"
	expiredMessage = "m.ticket IS NULL AND m.erased_at IS NULL AND m.received_at < ?1"
	expiredNotice  = "o.erased_at IS NULL AND o.created_at < ?1 AND o.state <> 'queued' AND NOT EXISTS (SELECT 1 FROM tickets k WHERE k.id = o.ticket AND (k.closed_at IS NULL OR k.closed_at >= ?1))"
)

// sweep is a kind of row that is erased one after the other.
type sweep struct {
	kind   tickets.ErasedKind
	before time.Time
	find   string // ids that fit, with ?1 the time, ?2 the id after which and ?3 how many
	erase  func(tx *Tx, id int64, before time.Time) error
}

func sweeps(e tickets.Expiry) []sweep {
	return []sweep{
		{tickets.ErasedMails, e.Mails, "SELECT r.id FROM raws r INDEXED BY raws_kept WHERE r.id > ?2 AND " + removable + " ORDER BY r.id LIMIT ?3", (*Tx).removeMail},
		{tickets.ErasedMails, e.Attachments, "SELECT r.id FROM raws r INDEXED BY raws_kept WHERE r.id > ?2 AND " + removable + brought + " ORDER BY r.id LIMIT ?3", (*Tx).removeMail},
		{tickets.ErasedRequests, e.Personal, "SELECT t.id FROM tickets t INDEXED BY tickets_expiring WHERE t.id > ?2 AND " + expiredTicket + " ORDER BY t.id LIMIT ?3", (*Tx).eraseTicket},
		{tickets.ErasedMessages, e.Personal, "SELECT m.id FROM messages m INDEXED BY messages_unfiled WHERE m.id > ?2 AND " + expiredMessage + " ORDER BY m.id LIMIT ?3", (*Tx).eraseUnfiled},
		{tickets.ErasedNotices, e.Personal, "SELECT o.id FROM outbox o INDEXED BY outbox_kept WHERE o.id > ?2 AND " + expiredNotice + " ORDER BY o.id LIMIT ?3", (*Tx).eraseNotice},
	}
}

// removeMail forgets a mail byte for byte, where it may still be forgotten. Its digest stays: the chain of events rests on it.
func (tx *Tx) removeMail(id int64, before time.Time) error {
	err := tx.count(tickets.ErasedMails, "UPDATE raws AS r SET codec = 'removed', content = NULL WHERE r.id = ?2 AND "+removable, before.UnixMilli(), id)
	if err != nil {
		return err
	}
	_, err = tx.exec("DELETE FROM pieces WHERE raw = (SELECT id FROM raws WHERE id = ?1 AND codec = 'removed')", id)
	return err
}

// eraseTicket takes the personal data out of a ticket, and out of whatever belongs to it.
func (tx *Tx) eraseTicket(id int64, before time.Time) error {
	found, err := collect(&tx.Reader, scanTicket, "SELECT t.body FROM tickets t WHERE t.id = ?2 AND "+expiredTicket, before.UnixMilli(), id)
	if err != nil || len(found) == 0 {
		return err
	}
	t := found[0].Anonymous(tx.now)
	if err := tx.updateTicket(id, t, t.Version); err != nil {
		return err
	}
	if err := tx.count(tickets.ErasedRequests, "UPDATE tickets SET erased_at = ?2 WHERE id = ?1", id, tx.now.UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE events SET salt = NULL, actor = NULL, data = NULL WHERE ticket = ?1 AND salt IS NOT NULL", id); err != nil {
		return err
	}
	tx.level.docs[id] = document{public: string(t.Number)}
	messages, err := collect(&tx.Reader, scanValue[int64], "SELECT id FROM messages WHERE ticket = ?1 AND erased_at IS NULL", id)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := tx.eraseMessage(m); err != nil {
			return err
		}
	}
	return tx.count(tickets.ErasedNotices, eraseOutbox+" WHERE ticket = ?1 AND erased_at IS NULL AND state <> 'queued'", id, tx.now.UnixMilli())
}

// eraseOutbox takes out of notices who got what. The Message-ID stays, which is ours and names nobody.
const eraseOutbox = "UPDATE outbox SET recipient = '', name = '', address = '', data = '{}', in_reply_to = '', refs = NULL, last_error = '', erased_at = ?2"

func (tx *Tx) eraseNotice(id int64, before time.Time) error {
	var fits bool
	if err := tx.row("SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.id = ?2 AND "+expiredNotice+")", []any{before.UnixMilli(), id}, &fits); err != nil || !fits {
		return err
	}
	return tx.count(tickets.ErasedNotices, eraseOutbox+" WHERE id = ?1", id, tx.now.UnixMilli())
}

func (tx *Tx) eraseUnfiled(id int64, before time.Time) error {
	var fits bool
	if err := tx.row("SELECT EXISTS (SELECT 1 FROM messages m WHERE m.id = ?2 AND "+expiredMessage+")", []any{before.UnixMilli(), id}, &fits); err != nil || !fits {
		return err
	}
	return tx.eraseMessage(id)
}

// eraseMessage takes out of a message who wrote what. What it was, and what it is known again by, stay.
func (tx *Tx) eraseMessage(id int64) error {
	for _, statement := range []string{"UPDATE arrivals SET structure = NULL, reason = '' WHERE message = ?1", "DELETE FROM orders WHERE message = ?1"} {
		if _, err := tx.exec(statement, id); err != nil {
			return err
		}
	}
	return tx.count(tickets.ErasedMessages, `UPDATE messages SET message_id = '', from_name = '', from_addr = '', subject = '', class_reason = '', proof_reason = '',
		text = '', defects = NULL, erased_at = ?2 WHERE id = ?1`, id, tx.now.UnixMilli())
}

// remain is a kind of row that is erased by one statement, because there are few.
type remain struct {
	kind  tickets.ErasedKind
	erase string // "DELETE FROM table", or "UPDATE table SET …"
	table string
	at    string // column of the time that counts
	which string // condition besides
}

func remains() []remain {
	return []remain{
		{tickets.ErasedArrivals, "UPDATE arrivals SET structure = NULL, reason = ''", "arrivals", "settled_at", "state = 'quarantined' AND message IS NULL AND (structure IS NOT NULL OR reason > '')"},
		{tickets.ErasedAbsences, "UPDATE absences SET person = ''", "absences", "to_at", "person <> ''"},
		{tickets.ErasedCommands, "DELETE FROM confirmations", "confirmations", "created_at", "TRUE"},
		{tickets.ErasedAddresses, "DELETE FROM failing", "failing", "last_at", "TRUE"},
		{tickets.ErasedAddresses, "DELETE FROM withholdings", "withholdings", "last_at", "TRUE"},
		{tickets.ErasedAddresses, "DELETE FROM assignments", "assignments", "at", "TRUE"},
		{tickets.ErasedBooks, "DELETE FROM books", "books", "at", "TRUE"},
	}
}

// where chooses the rows that are past their time.
func (m remain) where() string { return " WHERE " + m.at + " < ?1 AND " + m.which }

// count executes a statement and counts the rows that it has changed as erased by this transaction.
func (tx *Tx) count(kind tickets.ErasedKind, statement string, args ...any) error {
	result, err := tx.exec(statement, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if tx.erased == nil {
		tx.erased = map[tickets.ErasedKind]int64{}
	}
	tx.erased[kind] += n
	return err
}

// retention is one run of Retain.
type retention struct {
	register *Register
	expiry   tickets.Expiry
	cause    string
	run      int64 // its row, 0 before anything was erased
	erased   map[tickets.ErasedKind]int64
}

// Retain erases what is past its time, in small transactions between which others have their turn. Each run that erases
// something is recorded with what it erased, in the transactions that do so; cause says who wanted it. progress, which may be
// nil, is told how many rows of a kind were erased so far. What was erased is no longer in the file either, and so it is with what a run
// before has erased that was stopped.
func (r *Register) Retain(ctx context.Context, e tickets.Expiry, cause string, progress func(kind tickets.ErasedKind, rows int64)) ([]tickets.Erased, error) {
	run := &retention{register: r, expiry: e, cause: cause, erased: map[tickets.ErasedKind]int64{}}
	if progress == nil {
		progress = func(tickets.ErasedKind, int64) {}
	}
	for _, s := range sweeps(e) {
		if s.before.IsZero() {
			continue
		}
		if err := run.sweep(ctx, s, progress); err != nil {
			return run.list(), fmt.Errorf("erase %s: %w", s.kind, err)
		}
	}
	if !e.Personal.IsZero() {
		for _, m := range remains() {
			err := run.update(ctx, func(tx *Tx) error { return tx.count(m.kind, m.erase+m.where(), e.Personal.UnixMilli()) })
			if err != nil {
				return run.list(), fmt.Errorf("erase %s: %w", m.kind, err)
			}
		}
	}
	return run.list(), r.forget(ctx)
}

// sweep erases the rows of a kind.
func (run *retention) sweep(ctx context.Context, s sweep, progress func(kind tickets.ErasedKind, rows int64)) error {
	for after := int64(0); ; {
		var ids []int64
		err := run.register.View(ctx, func(r *Reader) (err error) {
			ids, err = collect(r, scanValue[int64], s.find, s.before.UnixMilli(), after, erasePage)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		for batch := range slices.Chunk(ids, eraseBatch) {
			err := run.update(ctx, func(tx *Tx) error {
				for _, id := range batch {
					if err := s.erase(tx, id, s.before); err != nil {
						return fmt.Errorf("row %d: %w", id, err)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			progress(s.kind, run.erased[s.kind])
		}
		after = ids[len(ids)-1]
	}
}

// update erases something in a transaction and records there what it was.
func (run *retention) update(ctx context.Context, erase func(tx *Tx) error) error {
	erased, id := maps.Clone(run.erased), run.run
	err := run.register.Update(ctx, func(tx *Tx) error {
		if err := erase(tx); err != nil {
			return err
		}
		rows := int64(0)
		for kind, n := range tx.erased {
			erased[kind] += n
			rows += n
		}
		if rows == 0 {
			return nil
		}
		var err error
		id, err = tx.recordRetention(id, run.cause, run.expiry, erased)
		return err
	})
	if err == nil {
		run.erased, run.run = erased, id
	}
	return err
}

func (run *retention) list() []tickets.Erased {
	var list []tickets.Erased
	for _, kind := range tickets.ErasedKinds() {
		if n := run.erased[kind]; n > 0 {
			list = append(list, tickets.Erased{What: kind, Rows: n})
		}
	}
	return list
}

func (tx *Tx) recordRetention(id int64, cause string, e tickets.Expiry, erased map[tickets.ErasedKind]int64) (int64, error) {
	body, err := json.Marshal(erased)
	if err != nil {
		return 0, err
	}
	if id != 0 {
		return id, tx.change("UPDATE retentions SET erased = ?2, forgotten_at = NULL WHERE id = ?1", id, string(body))
	}
	return inserted(tx.exec(`INSERT INTO retentions (at, cause, personal_before, mails_before, attachments_before, erased)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, tx.now.UnixMilli(), cause, millis(e.Personal), millis(e.Mails), millis(e.Attachments), string(body)))
}

// unforgotten is a run of which the file may still hold what it has erased.
type unforgotten struct {
	run    int64
	erased string
	words  bool // requests are among it
}

// forget makes sure that the file keeps nothing of what was erased: the full-text index would keep the words of old documents until it
// is merged, and the log the pages as they were. SQLite overwrites the rest as it goes (PRAGMA secure_delete). Until that is noted of a
// run, the next one sees to it.
func (r *Register) forget(ctx context.Context) error {
	var runs []unforgotten
	err := r.View(ctx, func(r *Reader) (err error) {
		runs, err = collect(r, func(row scanner) (u unforgotten, err error) {
			err = row.Scan(&u.run, &u.erased, &u.words)
			return u, err
		}, "SELECT id, erased, coalesce(erased ->> '$.requests', 0) > 0 FROM retentions WHERE forgotten_at IS NULL")
		return err
	})
	if err != nil || len(runs) == 0 {
		return err
	}
	if slices.ContainsFunc(runs, func(u unforgotten) bool { return u.words }) {
		err := r.Update(ctx, func(tx *Tx) error {
			_, err := tx.exec("INSERT INTO words (words) VALUES ('optimize')")
			return err
		})
		if err != nil {
			return fmt.Errorf("forget the words of what was erased: %w", err)
		}
	}
	if empty, err := r.foldLog(ctx); err != nil || !empty {
		return err
	}
	return r.Update(ctx, func(tx *Tx) error {
		for _, u := range runs { // but for one that has erased more meanwhile
			if _, err := tx.exec("UPDATE retentions SET forgotten_at = ?3 WHERE id = ?1 AND erased = ?2", u.run, u.erased, tx.now.UnixMilli()); err != nil {
				return fmt.Errorf("note what was forgotten: %w", err)
			}
		}
		return nil
	})
}

// foldLog brings the file up to date and empties the log. Where readers are in the way it is left to the next time, and empty is false.
func (r *Register) foldLog(ctx context.Context) (empty bool, err error) {
	p, err := checkpoint(ctx, r.writer, "TRUNCATE")
	if err != nil && !errors.Is(err, ErrBusy) {
		return false, fmt.Errorf("empty the log: %w", err)
	}
	return err == nil && p.log == 0, nil
}

// Compact writes the file anew, so that it gives back room that it no longer needs, and keeps nothing of what versions before
// retention have left in it. Others wait meanwhile.
func (r *Register) Compact(ctx context.Context) error {
	if err := r.setAside(ctx, "FILE"); err != nil {
		return err
	}
	if _, err := r.writer.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("write register %s anew: %w", r.path, classify(err))
	}
	if err := r.setAside(ctx, "MEMORY"); err != nil {
		return err
	}
	_, err := r.foldLog(ctx)
	return err
}

// setAside says where the one connection that writes puts what it sets aside: a copy of the register, or all pages that a statement
// changes, may not fit into memory.
func (r *Register) setAside(ctx context.Context, where string) error {
	if _, err := r.writer.ExecContext(ctx, "PRAGMA temp_store = "+where); err != nil {
		return fmt.Errorf("register %s: %w", r.path, classify(err))
	}
	return nil
}

// Expired counts what Retain would erase, by kind and year.
func (r *Reader) Expired(e tickets.Expiry) (list []tickets.Erased, err error) {
	count := func(kind tickets.ErasedKind, year, from string, args ...any) {
		if err != nil {
			return
		}
		var found []tickets.Erased
		found, err = collect(r, func(row scanner) (e tickets.Erased, err error) {
			var year sql.NullInt64
			err = row.Scan(&year, &e.Rows)
			e.What, e.Year = kind, int(year.Int64)
			return e, err
		}, "SELECT "+year+", count(*) FROM "+from+" GROUP BY 1 ORDER BY 1", args...)
		if err != nil {
			err = fmt.Errorf("count what is to be erased of %s: %w", kind, err)
		}
		list = append(list, found...)
	}
	year := func(column string) string {
		return "CAST(strftime('%Y', " + column + " / 1000, 'unixepoch') AS INTEGER)"
	}
	before := func(t time.Time) int64 { return max(0, t.UnixMilli()) } // nothing is older than 1970, and the zero time is
	personal := before(e.Personal)
	count(tickets.ErasedMails, year("coalesce((SELECT min(a.taken_at) FROM arrivals a WHERE a.raw = r.id), (SELECT min(m.received_at) FROM messages m WHERE m.raw = r.id))"),
		"raws r WHERE "+removable+" OR ("+strings.ReplaceAll(removable, "?1", "?2")+brought+")", before(e.Mails), before(e.Attachments))
	count(tickets.ErasedRequests, fmt.Sprintf("t.id / %d", serialsPerYear), "tickets t WHERE "+expiredTicket, personal)
	count(tickets.ErasedMessages, year("m.received_at"),
		"messages m LEFT JOIN tickets t ON t.id = m.ticket WHERE m.erased_at IS NULL AND ("+expiredMessage+" OR "+expiredTicket+")", personal)
	count(tickets.ErasedNotices, year("o.created_at"),
		"outbox o LEFT JOIN tickets t ON t.id = o.ticket WHERE o.state <> 'queued' AND o.erased_at IS NULL AND ("+expiredNotice+" OR "+expiredTicket+")", personal)
	for _, m := range remains() {
		count(m.kind, year(m.at), m.table+m.where(), personal)
	}
	return list, err
}
