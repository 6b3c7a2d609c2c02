// Package register keeps the register in SQLite: the ledger of arrivals with every mail byte for byte, the messages, the
// tickets with their chain of events, the search index, and the outbox. It stores and finds; it decides nothing, and must
// know neither IMAP nor SMTP nor what the templates say.
package register

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"radicado/mailbox/owner"
)

// Options is how a register is opened.
type Options struct {
	Prefix      string             // of the numbers; "" is "SS"
	Location    *time.Location     // whose years the numbers count; nil is UTC
	Now         func() time.Time   // the clock; nil is time.Now
	Program     string             // version of the program, recorded with the migrations that it applies
	AsIs        bool               // make nothing, and fail with ErrOlder instead of migrating
	Daemon      bool               // refuse to run beside another daemon
	ReadOnly    bool               // a copy that nobody writes: nothing is made or migrated, and Update is refused
	BusyTimeout time.Duration      // how long to wait for another process; 0 is ten seconds
	Readers     int                // connections that read at the same time; 0 is four
	Trace       func(query string) // told of every query, for tests that look at how they are carried out; nil for nobody
	Committed   func()             // called after every commit by this process; must not block; nil for nobody
	Volatile    bool               // the disk is not waited for, and a power cut loses or breaks the register: for tests alone
}

// Register is an open register. It is safe for concurrent use: writers wait for one another, readers wait for nobody.
type Register struct {
	path        string
	options     Options
	writer      *sql.DB
	readers     *sql.DB
	checkpoints *checkpointer // nil where nothing is written
	lock        *os.File
	encoder     *zstd.Encoder
	decoder     *zstd.Decoder
	trace       func(query string) // for the tests that look at query plans; nil otherwise
}

// Open opens the register at path, makes it where there is none, and applies the migrations that it lacks. It fails with
// ErrNewer on the register of a newer version and with ErrLocked where options.Daemon finds another daemon.
func Open(ctx context.Context, path string, options Options) (_ *Register, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", path, err)
	}
	options.Prefix = cmp.Or(options.Prefix, "SS")
	options.Location = cmp.Or(options.Location, time.UTC)
	options.BusyTimeout = cmp.Or(options.BusyTimeout, 10*time.Second)
	options.Readers = cmp.Or(options.Readers, 4)
	if options.Now == nil {
		options.Now = time.Now
	}

	r := &Register{path: path, options: options, trace: options.Trace}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("register %s: %w", path, classify(err)), r.Close())
		}
	}()
	if options.ReadOnly {
		return r, r.openFrozen(ctx)
	}
	if options.AsIs {
		_, err = os.Stat(path)
	} else {
		err = create(path)
	}
	if err != nil {
		return nil, err
	}
	if options.Daemon {
		if r.lock, err = lockDaemon(path + ".lock"); err != nil {
			return nil, err
		}
	}
	if r.encoder, err = newEncoder(nil, 1); err != nil {
		return nil, err
	}
	r.decoder, err = newDecoder(nil)
	if err != nil {
		return nil, err
	}
	r.writer = sql.OpenDB(newConnector(path, options, readWrite))
	r.writer.SetMaxOpenConns(1)
	r.checkpoints = newCheckpointer(path, options)
	if err := r.writer.PingContext(ctx); err != nil {
		return nil, err
	}
	if err := r.migrate(ctx); err != nil {
		return nil, err
	}
	return r, r.openReaders(ctx, readOnly)
}

func (r *Register) openReaders(ctx context.Context, access access) error {
	r.readers = sql.OpenDB(newConnector(r.path, r.options, access))
	r.readers.SetMaxOpenConns(r.options.Readers)
	r.readers.SetMaxIdleConns(r.options.Readers)
	if !r.options.Daemon {
		return r.readers.PingContext(ctx)
	}
	// All are opened, which takes no memory worth mentioning: when several are needed at the same time there may be no file to be had.
	return shrink(ctx, r.readers, r.options.Readers)
}

// openFrozen opens a copy that nobody writes.
func (r *Register) openFrozen(ctx context.Context) (err error) {
	if r.decoder, err = newDecoder(nil); err != nil {
		return err
	}
	if err := r.openReaders(ctx, frozen); err != nil {
		return err
	}
	steps, err := migrations()
	if err != nil {
		return err
	}
	return r.View(ctx, func(read *Reader) error {
		version, err := read.schemaVersion(len(steps))
		if err == nil && version < len(steps) {
			return fmt.Errorf("%w: schema %d, this program needs %d", ErrOlder, version, len(steps))
		}
		return err
	})
}

// Path returns where the register lies.
func (r *Register) Path() string { return r.path }

// Now returns the time of a transaction that begins now.
func (r *Register) Now() time.Time { return r.options.Now().UTC().Truncate(time.Millisecond) }

// Shrink frees the pages of the register that are kept in memory and not in use. The system's cache has them too.
func (r *Register) Shrink(ctx context.Context) error {
	for _, db := range []*sql.DB{r.writer, r.readers} {
		if err := shrink(ctx, db, db.Stats().OpenConnections); err != nil {
			return fmt.Errorf("shrink the register's memory: %w", classify(err))
		}
	}
	return nil
}

// shrink has each of n connections free what it does not need. They are taken together, as the next one might be the same again.
func shrink(ctx context.Context, db *sql.DB, n int) error {
	for range n {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
			return err
		}
	}
	return nil
}

// Close waits for running transactions and closes the register. The writer goes last: it folds the log into the file.
func (r *Register) Close() error {
	var errs []error
	if r.readers != nil {
		errs = append(errs, r.readers.Close())
	}
	if r.checkpoints != nil {
		errs = append(errs, r.checkpoints.close())
	}
	if r.writer != nil {
		errs = append(errs, r.writer.Close())
	}
	if r.decoder != nil {
		r.decoder.Close()
	}
	if r.lock != nil {
		errs = append(errs, r.lock.Close())
	}
	return errors.Join(errs...)
}

// create makes an empty file that only its owner can read, before SQLite would make it with the umask's rights. The log
// and its index take the rights of the file.
func create(path string) error {
	f, err := owner.OpenFile(path, os.O_RDWR|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes what was made or renamed in a folder last through a crash.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return joinClose(folder.Sync(), folder)
}

func joinClose(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
