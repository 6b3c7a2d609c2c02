package register

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"radicado/tickets"
)

// Finding is something wrong with the register.
type Finding struct {
	Check   string `json:"check"`   // which check found it
	Subject string `json:"subject"` // of what: a ticket's number, "event 17", a digest
	Detail  string `json:"detail"`  // in English
}

// String returns the finding on one line.
func (f Finding) String() string { return f.Check + ": " + f.Subject + ": " + f.Detail }

// The checks of Verify, in their order, and of VerifyCopy, which comes first.
const (
	CheckCopy    = "copy"    // it holds what its source held
	CheckFile    = "file"    // SQLite finds its pages, indexes and references sound
	CheckChain   = "chain"   // no event was altered, added, removed or moved
	CheckNumbers = "numbers" // no gap in any year but those that were recorded
	CheckTickets = "tickets" // replaying the events of each ticket gives the stored one, and its place in the search
	CheckMails   = "mails"   // every stored mail is byte for byte what was received
)

// verifyPage is how many rows are checked in one transaction: a long one would keep the log from being folded in.
const verifyPage = 500

// verifier is one run of Verify.
type verifier struct {
	register *Register
	progress func(check string, done, total int64)
	findings []Finding
}

// Verify checks the whole register and returns what is wrong with it; other transactions go on meanwhile. progress, which
// may be nil, is told how far each check is. The error says that the checks could not be finished.
func (r *Register) Verify(ctx context.Context, progress func(check string, done, total int64)) ([]Finding, error) {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	v := &verifier{register: r, progress: progress}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{{CheckFile, v.file}, {CheckChain, v.chain}, {CheckNumbers, v.numbers}, {CheckTickets, v.tickets}, {CheckMails, v.mails}} {
		if err := step.run(ctx); err != nil {
			return v.findings, fmt.Errorf("verify %s: %w", step.name, err)
		}
	}
	return v.findings, nil
}

func (v *verifier) found(check, subject, format string, args ...any) {
	v.findings = append(v.findings, Finding{check, subject, fmt.Sprintf(format, args...)})
}

func (v *verifier) file(ctx context.Context) error {
	v.progress(CheckFile, 0, 1)
	err := v.register.View(ctx, func(r *Reader) error {
		faults, err := collect(r, scanValue[string], "PRAGMA integrity_check")
		if err != nil {
			return err
		}
		for _, fault := range faults {
			if fault != "ok" {
				v.found(CheckFile, v.register.path, "%s", fault)
			}
		}
		orphans, err := collect(r, func(row scanner) (text string, err error) {
			var table, parent string
			var id sql.NullInt64
			var key int
			err = row.Scan(&table, &id, &parent, &key)
			return fmt.Sprintf("row %d of %s refers to a row of %s that is not there", id.Int64, table, parent), err
		}, "PRAGMA foreign_key_check")
		for _, orphan := range orphans {
			v.found(CheckFile, v.register.path, "%s", orphan)
		}
		return err
	})
	v.progress(CheckFile, 1, 1)
	return err
}

// storedLink is an event as it is stored, whole or erased.
type storedLink struct {
	link
	salt, actor, data []byte
}

func (v *verifier) chain(ctx context.Context) error {
	last := link{hash: make([]byte, sha256.Size)}
	return v.pages(ctx, CheckChain, "SELECT coalesce(max(id), 0) FROM events", func(r *Reader, after int64) (int64, error) {
		links, err := collect(r, scanLink, `SELECT e.id, coalesce(t.number, ''), e.seq, e.kind, e.at, e.message, raws.digest, e.salt, e.actor, e.data,
			e.actor_digest, e.data_digest, e.hash
			FROM events e LEFT JOIN tickets t ON t.id = e.ticket LEFT JOIN messages m ON m.id = e.message LEFT JOIN raws ON raws.id = m.raw
			WHERE e.id > ?1 ORDER BY e.id LIMIT ?2`, after, verifyPage)
		if err != nil || len(links) == 0 {
			return 0, err
		}
		for _, l := range links {
			v.checkLink(last, l)
			last = l.link
		}
		return last.id, nil
	})
}

func scanLink(row scanner) (l storedLink, err error) {
	var message sql.NullInt64
	err = row.Scan(&l.id, &l.ticket, &l.seq, &l.kind, &l.at, &message, &l.raw, &l.salt, &l.actor, &l.data,
		&l.actorDigest, &l.dataDigest, &l.hash)
	l.message = message.Int64
	return l, err
}

func (v *verifier) checkLink(last link, l storedLink) {
	subject := fmt.Sprintf("event %d (%s/%d)", l.id, l.ticket, l.seq)
	if l.id != last.id+1 {
		v.found(CheckChain, subject, "it follows event %d: events between them are missing", last.id)
	}
	if !bytes.Equal(l.sum(last.hash), l.hash) {
		v.found(CheckChain, subject, "its hash does not follow from its content and the event before")
	}
	erased := l.salt == nil
	if !erased && !bytes.Equal(salted(l.salt, l.actor), l.actorDigest) {
		v.found(CheckChain, subject, "its actor was altered")
	}
	if !erased && !bytes.Equal(salted(l.salt, l.data), l.dataDigest) {
		v.found(CheckChain, subject, "its data was altered")
	}
}

func (v *verifier) numbers(ctx context.Context) error {
	type tally struct{ year, last, count, missing, first, highest int64 }
	v.progress(CheckNumbers, 0, 1)
	err := v.register.View(ctx, func(r *Reader) error {
		tallies, err := collect(r, func(row scanner) (t tally, err error) {
			err = row.Scan(&t.year, &t.last, &t.count, &t.missing, &t.first, &t.highest)
			return t, err
		}, `WITH given AS (SELECT id / ?1 AS year, id % ?1 AS first, id % ?1 AS last, 1 AS requests FROM tickets
				UNION ALL SELECT year, first, last, 0 FROM gaps),
			years AS (SELECT year, sum(requests) AS count, sum((1 - requests) * (last - first + 1)) AS missing, min(first) AS first, max(last) AS highest
				FROM given GROUP BY 1)
			SELECT year, coalesce(c.last, 0), coalesce(y.count, 0), coalesce(y.missing, 0), coalesce(y.first, 1), coalesce(y.highest, 0)
			FROM counters c FULL JOIN years y USING (year) ORDER BY year`, serialsPerYear)
		for _, t := range tallies {
			year := fmt.Sprintf("year %d", t.year)
			if t.count+t.missing != t.highest || t.highest > 0 && t.first != 1 {
				v.found(CheckNumbers, year, "%d requests and %d recorded as skipped have the numbers %d to %d", t.count, t.missing, t.first, t.highest)
			}
			if t.last != t.highest {
				v.found(CheckNumbers, year, "the highest number is %d and the counter stands at %d", t.highest, t.last)
			}
		}
		return err
	})
	v.progress(CheckNumbers, 1, 1)
	return err
}

// storedTicket is a ticket's row, with what it must agree with.
type storedTicket struct {
	id     int64
	number tickets.Number
	row    columns
	body   []byte
	erased bool
}

func (v *verifier) tickets(ctx context.Context) error {
	err := v.pages(ctx, CheckTickets, "SELECT count(*) FROM tickets", func(r *Reader, after int64) (int64, error) {
		rows, err := collect(r, scanStoredTicket, "SELECT id, number, "+columnNames+", "+wholeTicket+`, EXISTS (SELECT 1 FROM events e WHERE e.ticket = t.id AND e.salt IS NULL)
			FROM tickets t WHERE id > ?1 ORDER BY id LIMIT ?2`, after, verifyPage)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		for _, t := range rows {
			if err := v.checkTicket(r, t); err != nil {
				return 0, err
			}
		}
		return rows[len(rows)-1].id, nil
	})
	if err != nil {
		return err
	}
	return v.register.View(ctx, func(r *Reader) error {
		var rows, docs int64
		if err := r.row("SELECT (SELECT count(*) FROM tickets), (SELECT count(*) FROM words_content)", nil, &rows, &docs); err != nil {
			return err
		}
		if rows != docs {
			v.found(CheckTickets, "search index", "it has %d documents for %d requests", docs, rows)
		}
		return v.loads(r)
	})
}

// loads compares how many open tickets each technician is said to have with how many there are.
func (v *verifier) loads(r *Reader) error {
	type load struct {
		technician string
		kept, real int
	}
	wrong, err := collect(r, func(row scanner) (l load, err error) {
		err = row.Scan(&l.technician, &l.kept, &l.real)
		return l, err
	}, `SELECT technician, coalesce(l.open, 0) AS kept, coalesce(t.open, 0) AS real FROM loads l
		FULL JOIN (SELECT technician, count(*) AS open FROM tickets INDEXED BY tickets_load WHERE open = 1 GROUP BY technician) t USING (technician)
		WHERE kept <> real ORDER BY technician`)
	for _, l := range wrong {
		v.found(CheckTickets, "load of "+cmp.Or(l.technician, "nobody"), "it is kept as %d open requests, and there are %d", l.kept, l.real)
	}
	return err
}

func scanStoredTicket(row scanner) (t storedTicket, err error) {
	dest := append([]any{&t.id, &t.number}, t.row.dest()...)
	err = row.Scan(append(dest, &t.body, &t.erased)...)
	return t, err
}

// checkTicket replays a ticket. Of one whose personal data was erased, only the events themselves can be checked.
func (v *verifier) checkTicket(r *Reader, stored storedTicket) error {
	events, err := r.History(stored.number)
	if err != nil {
		v.found(CheckTickets, string(stored.number), "%v", err)
		return r.broken
	}
	replayed, err := tickets.Replay(events)
	if err != nil {
		v.found(CheckTickets, string(stored.number), "its events do not add up: %v", err)
		return nil
	}
	if stored.erased {
		return nil
	}
	now, err := normal(replayed)
	if err != nil {
		return err
	}
	var t tickets.Ticket
	if err := json.Unmarshal(stored.body, &t); err != nil {
		v.found(CheckTickets, string(stored.number), "%v", err)
		return nil
	}
	then, err := normal(&t)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, then) {
		v.found(CheckTickets, string(stored.number), "its events do not add up to what is stored")
	}
	if stored.row != columnsOf(replayed) {
		v.found(CheckTickets, string(stored.number), "its columns do not agree with its events")
	}
	held, err := r.reservations(stored.id)
	if err != nil {
		return err
	}
	if held != heldBy(replayed) {
		v.found(CheckTickets, string(stored.number), "its reserved resources do not agree with its events")
	}
	doc, err := r.storedDocument(stored.id)
	if err != nil {
		return err
	}
	if !doc.stands(new(document).with(replayed, events)) {
		v.found(CheckTickets, string(stored.number), "the search index does not have its words")
	}
	return nil
}

// normal returns a form in which equal tickets are equal, in whatever zone their times were written.
func normal(t *tickets.Ticket) ([]byte, error) {
	t = t.Clone()
	times := []*time.Time{&t.RegisteredAt, &t.ResolvedAt, &t.ClosedAt, &t.ChangedAt, &t.RespondedAt, &t.Waiting.Since, &t.Waiting.RemindedAt, &t.Imported.Received}
	for i := range t.Pauses {
		times = append(times, &t.Pauses[i].From, &t.Pauses[i].To)
	}
	for i := range t.Alerts {
		times = append(times, &t.Alerts[i].Due)
	}
	for i := range t.Resources {
		times = append(times, &t.Resources[i].Due, &t.Resources[i].Reminded)
	}
	for _, at := range times {
		*at = at.UTC()
	}
	return json.Marshal(t)
}

func (v *verifier) mails(ctx context.Context) error {
	return v.pages(ctx, CheckMails, "SELECT coalesce(max(id), 0) FROM raws", func(r *Reader, after int64) (last int64, err error) {
		ids, err := collect(r, scanValue[int64], "SELECT id FROM raws WHERE id > ?1 ORDER BY id LIMIT ?2", after, verifyPage)
		for _, id := range ids { // one at a time: a page of large mails would not fit into memory
			var digest []byte
			if err := r.row("SELECT digest FROM raws WHERE id = ?1", []any{id}, &digest); err != nil {
				return 0, err
			}
			_, err := r.LoadRaw(Digest(digest))
			switch {
			case r.broken != nil:
				return 0, r.broken
			case err != nil && !errors.Is(err, ErrRemoved):
				v.found(CheckMails, fmt.Sprintf("%x", digest), "%v", err)
			}
			last = id
		}
		return last, err
	})
}

// pages runs check on one page after the other, each in a transaction of its own. check returns the last id of its page, 0
// after the last page.
func (v *verifier) pages(ctx context.Context, name, total string, check func(r *Reader, after int64) (last int64, err error)) error {
	var size, done, after int64
	for {
		err := v.register.View(ctx, func(r *Reader) (err error) {
			if size == 0 {
				if err := r.row(total, nil, &size); err != nil {
					return err
				}
			}
			after, err = check(r, after)
			return err
		})
		if err != nil {
			return err
		}
		if after == 0 {
			v.progress(name, size, size)
			return nil
		}
		done = min(done+verifyPage, cmp.Or(size, done+verifyPage))
		v.progress(name, done, size)
	}
}
