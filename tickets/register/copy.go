package register

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Tally counts what the register only ever adds to, and names the end of the chain of events.
type Tally struct {
	At       time.Time `json:"at,omitzero"`
	Mails    int64     `json:"mails"` // stored bytes, each once
	Arrivals int64     `json:"arrivals"`
	Messages int64     `json:"messages"`
	Requests int64     `json:"requests"`
	Events   int64     `json:"events"`
	Notices  int64     `json:"notices"`
	Head     []byte    `json:"head"` // hash of the last event
}

// Tally counts.
func (r *Reader) Tally() (Tally, error) {
	var t Tally
	err := r.row(`SELECT (SELECT count(*) FROM raws), (SELECT count(*) FROM arrivals), (SELECT count(*) FROM messages),
		(SELECT count(*) FROM tickets), (SELECT count(*) FROM outbox)`, nil, &t.Mails, &t.Arrivals, &t.Messages, &t.Requests, &t.Notices)
	if err != nil {
		return t, fmt.Errorf("count what the register holds: %w", err)
	}
	head, err := r.head()
	if err != nil {
		return t, fmt.Errorf("read the end of the chain: %w", err)
	}
	t.Events, t.Head = head.id, head.hash
	return t, nil
}

// tally counts in a transaction of its own.
func (r *Register) tally(ctx context.Context) (t Tally, err error) {
	err = r.View(ctx, func(read *Reader) error {
		t, err = read.Tally()
		return err
	})
	t.At = r.options.Now().UTC().Truncate(time.Millisecond)
	return t, err
}

// Copied is what a register held before and after it was copied: the copy lies between the two.
type Copied struct{ Before, After Tally }

// Copy writes the register as it is now to path, where no file or an empty one must be, and makes it last through a crash.
// Writers go on meanwhile: they wait no longer than beside any other reader. A file that could not be completed stays for
// the caller to remove.
//
// VACUUM INTO and SQLite's backup API took the same time (0.9 and 1.1 s for 470 MB under load, the longest write 0.1 s with
// either). VACUUM INTO leaves out the free pages, and with them what was erased from the register and must not live on in
// its copies; and it reads every row, so that a page that cannot be read is noticed.
func (r *Register) Copy(ctx context.Context, path string) (copied Copied, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("copy the register to %s: %w", path, err)
		}
	}()
	if err := create(path); err != nil {
		return copied, err
	}
	if copied.Before, err = r.tally(ctx); err != nil {
		return copied, err
	}
	if err := r.vacuumInto(ctx, path); err != nil {
		return copied, err
	}
	if copied.After, err = r.tally(ctx); err != nil {
		return copied, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return copied, err
	}
	if err := file.Sync(); err != nil { // VACUUM INTO does not wait for the disk
		return copied, joinClose(err, file)
	}
	return copied, joinClose(syncFolder(filepath.Dir(path)), file)
}

// vacuumInto works on a connection of its own: query_only, which the readers have, forbids to write other files too.
func (r *Register) vacuumInto(ctx context.Context, path string) error {
	db := sql.OpenDB(newConnector(r.path, r.options, readOnly))
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return classify(err)
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?1", path)
	return classify(err)
}

// VerifyCopy checks the register, which is a copy, as Verify does, and against what its source held.
func (r *Register) VerifyCopy(ctx context.Context, of Copied, progress func(check string, done, total int64)) ([]Finding, error) {
	t, err := r.tally(ctx)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	found := func(subject, format string, args ...any) {
		findings = append(findings, Finding{CheckCopy, subject, fmt.Sprintf(format, args...)})
	}
	for _, c := range []struct {
		what                string
		before, copy, after int64
	}{
		{"mails", of.Before.Mails, t.Mails, of.After.Mails},
		{"arrivals", of.Before.Arrivals, t.Arrivals, of.After.Arrivals},
		{"messages", of.Before.Messages, t.Messages, of.After.Messages},
		{"requests", of.Before.Requests, t.Requests, of.After.Requests},
		{"events", of.Before.Events, t.Events, of.After.Events},
		{"notices", of.Before.Notices, t.Notices, of.After.Notices},
	} {
		if c.copy < c.before || c.copy > c.after {
			found(c.what, "it has %d, and its source had %d before and %d after it was made", c.copy, c.before, c.after)
		}
	}
	if of.Before.Events > 0 {
		var hash []byte
		err := r.View(ctx, func(read *Reader) error {
			return read.row("SELECT coalesce((SELECT hash FROM events WHERE id = ?1), x'')", []any{of.Before.Events}, &hash)
		})
		if err != nil {
			return findings, fmt.Errorf("read the end of the chain: %w", err)
		}
		if !bytes.Equal(hash, of.Before.Head) {
			found("events", "event %d is not the one that its source had", of.Before.Events)
		}
	}
	more, err := r.Verify(ctx, progress)
	return append(findings, more...), err
}
