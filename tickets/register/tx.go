package register

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"

	"radicado/tickets"
)

// Reader reads one consistent state of the register. It belongs to the function that it was given to.
type Reader struct {
	ctx     context.Context // of the transaction, and ends with it
	conn    *sql.Conn
	trace   func(string)
	decoder *zstd.Decoder
	broken  error // SQLite may have ended the transaction: no statement may follow
}

// Tx changes the register; what it reads includes its own changes. It belongs to the function that it was given to and
// must not be used by two goroutines at a time.
type Tx struct {
	Reader
	register *Register
	now      time.Time
	level    *level
	depth    int
	erased   map[tickets.ErasedKind]int64 // by retention

	known known
}

// known is what a transaction has read or written and need not look up again. What is zero must be. Where a part of the transaction is
// undone, nothing of it holds.
type known struct {
	situation *tickets.Situation // as it is now
	message   int64              // id of the latest message
	notice    int64              // of the latest notice
	serial    int64              // of the number that was given last this year
	head      link               // of the chain
	saved     savedText          // of the ticket that was stored last
}

// savedText is what a ticket says, which is the same in every version of it.
type savedText struct {
	id   int64
	text string
}

// level is what a transaction, or a Nested part of it, still has to put right before it ends.
type level struct {
	parent  *level
	docs    map[int64]document // by ticket: for the search index
	numbers map[int64]bool     // allocated and not yet registered
}

func newLevel(parent *level) *level {
	return &level{parent: parent, docs: map[int64]document{}, numbers: map[int64]bool{}}
}

// View runs read on one consistent state of the register. Cancelling ctx interrupts it.
func (r *Register) View(ctx context.Context, read func(*Reader) error) error {
	conn, err := r.readers.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a reading connection: %w", classify(err))
	}
	defer conn.Close()
	reader := &Reader{ctx: ctx, conn: conn, decoder: r.decoder, trace: r.trace}
	if err := reader.run("BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer finish(conn)
	return read(reader)
}

// Update runs change in one transaction and commits it durably where change returns nil; otherwise nothing of it
// remains and Update returns the error of change. Updates run one at a time. Cancelling ctx ends the wait for the turn; a
// transaction that has begun goes on to its end.
func (r *Register) Update(ctx context.Context, change func(*Tx) error) error {
	if r.writer == nil {
		return errors.New("the register was opened to be read only")
	}
	conn, err := r.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wait to write: %w", classify(err))
	}
	defer conn.Close()
	tx := &Tx{
		// Without a cancellable context the driver starts no goroutine for each statement.
		Reader:   Reader{ctx: context.WithoutCancel(ctx), conn: conn, decoder: r.decoder, trace: r.trace},
		register: r,
		now:      r.Now(),
		level:    newLevel(nil),
	}
	if err := tx.run("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer finish(conn)
	if err := change(tx); err != nil {
		return err
	}
	if err := tx.settle(); err != nil {
		return err
	}
	if tx.broken != nil {
		return tx.broken
	}
	if err := tx.run("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	r.committed(tx.ctx, conn)
	if r.options.Committed != nil {
		r.options.Committed()
	}
	return nil
}

// finish rolls back what was not committed, also on a panic. A connection that cannot be brought out of its transaction
// is thrown away.
func finish(conn *sql.Conn) {
	// The error of Raw is ErrBadConn, which is what throws the connection away.
	_ = conn.Raw(func(c any) error {
		raw := c.(*sqlite3.SQLiteConn)
		if raw.AutoCommit() {
			return nil
		}
		if _, err := raw.Exec("ROLLBACK", nil); err != nil || !raw.AutoCommit() {
			return driver.ErrBadConn
		}
		return nil
	})
}

// Now returns the time of the transaction: everything in it happens at once. UTC, whole milliseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Nested runs change so that its failure undoes what it did and nothing else. It returns the error of change. Where the
// disk is full or the like, the whole transaction fails, whatever the caller does with the error.
func (tx *Tx) Nested(change func() error) (err error) {
	if tx.broken != nil {
		return tx.broken
	}
	tx.depth++
	name := "nested" + strconv.Itoa(tx.depth)
	outer := tx.level
	if err := tx.run("SAVEPOINT " + name); err != nil {
		tx.depth--
		return err
	}
	tx.level = newLevel(outer)
	done := false
	defer func() {
		tx.depth--
		inner := tx.level
		tx.level = outer
		if done && err == nil {
			inner.merge()
		}
		if !done || err != nil {
			if undone := tx.undo(name); undone != nil {
				err = errors.Join(err, undone)
			}
		}
	}()
	err = change()
	if err == nil {
		err = tx.level.complete()
	}
	if err == nil {
		err = tx.run("RELEASE " + name)
	}
	done = true
	return err
}

// undo takes a Nested back. Where that fails the transaction cannot go on.
func (tx *Tx) undo(name string) error {
	tx.known = known{}
	if tx.broken != nil {
		return nil // the error is known, and Update reports it
	}
	if err := tx.run("ROLLBACK TO " + name); err != nil {
		tx.broken = fmt.Errorf("undo a part: %w", err)
		return tx.broken
	}
	if err := tx.run("RELEASE " + name); err != nil {
		tx.broken = fmt.Errorf("undo a part: %w", err)
		return tx.broken
	}
	return nil
}

// settle does what is done once a transaction.
func (tx *Tx) settle() error {
	if err := tx.level.complete(); err != nil {
		return err
	}
	return tx.writeDocuments()
}

// complete refuses to let an allocated number go to waste: that would leave a gap.
func (l *level) complete() error {
	for id := range l.numbers {
		return fmt.Errorf("number %d of %d was allocated and no request was registered under it", serial(id), year(id))
	}
	return nil
}

func (l *level) merge() {
	for id, doc := range l.docs {
		l.parent.docs[id] = doc
	}
}

// run executes a statement without parameters or results.
func (r *Reader) run(query string) error {
	if r.broken != nil {
		return r.broken
	}
	_, err := r.conn.ExecContext(r.ctx, query)
	return r.failed(err)
}

// exec executes a statement that changes rows.
func (tx *Tx) exec(query string, args ...any) (sql.Result, error) {
	if tx.broken != nil {
		return nil, tx.broken
	}
	if tx.trace != nil {
		tx.trace(query)
	}
	result, err := tx.conn.ExecContext(tx.ctx, query, args...)
	return result, tx.failed(err)
}

// change executes a statement that must change exactly one row, and fails with ErrConflict where it does not.
func (tx *Tx) change(query string, args ...any) error {
	result, err := tx.exec(query, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return ErrConflict
	}
	return nil
}

// row reads one row and fails with ErrNotFound where there is none.
func (r *Reader) row(query string, args []any, dest ...any) error {
	if r.broken != nil {
		return r.broken
	}
	if r.trace != nil {
		r.trace(query)
	}
	return r.failed(r.conn.QueryRowContext(r.ctx, query, args...).Scan(dest...))
}

// scanner is a row to be read.
type scanner interface{ Scan(dest ...any) error }

// collect reads all rows of a query.
func collect[T any](r *Reader, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	if r.broken != nil {
		return nil, r.broken
	}
	if r.trace != nil {
		r.trace(query)
	}
	rows, err := r.conn.QueryContext(r.ctx, query, args...)
	if err != nil {
		return nil, r.failed(err)
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, r.failed(err)
		}
		found = append(found, item)
	}
	return found, r.failed(rows.Err())
}

// failed names the error and remembers it where it ended the transaction.
func (r *Reader) failed(err error) error {
	if err == nil {
		return nil
	}
	ends := endsTransaction(err)
	err = classify(err)
	if ends && r.broken == nil {
		r.broken = err
	}
	return err
}

// scanValue reads a row of one column.
func scanValue[T any](row scanner) (value T, err error) {
	err = row.Scan(&value)
	return value, err
}

// millis is the stored form of a time; the zero time is NULL.
func millis(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// orNull stores the id 0 as NULL.
func orNull(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }

// idList is a list as json_each reads it.
func idList[T int64 | uint32](ids []T) string {
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, int64(id), 10)
	}
	return string(append(list, ']'))
}
