package register

import (
	"database/sql"
	"errors"
	"fmt"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

var (
	// ErrNotFound says that the register has no such row.
	ErrNotFound = errors.New("not in the register")
	// ErrConflict says that somebody else was first: the ticket has moved on, or the row is there already.
	ErrConflict = errors.New("changed in the meantime or there already")
	// ErrBusy says that another process kept the register locked for longer than the busy timeout. Trying again helps.
	ErrBusy = errors.New("register is locked by another process")
	// ErrFull says that the register cannot be used now: the disk is full, read-only or failing, or no more files may be opened. Nothing
	// of the transaction was kept; the same transaction succeeds once there is space.
	ErrFull = errors.New("register cannot be used now")
	// ErrDamaged says that the file is not a sound register, or that a stored mail is no longer what it was.
	ErrDamaged = errors.New("register is damaged")
	// ErrRemoved says that the content of a mail was removed by retention.
	ErrRemoved = errors.New("content was removed")
	// ErrLocked says that another daemon runs on the register.
	ErrLocked = errors.New("another daemon runs on this register")
	// ErrNewer says that the register was written by a newer version of the program.
	ErrNewer = errors.New("register was written by a newer version")
	// ErrOlder says that the register must be migrated before it can be read, which a read-only one cannot be.
	ErrOlder = errors.New("register was written by an older version")
)

// classify gives the errors of SQLite the names by which callers can tell them apart.
func classify(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var failure sqlite3.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
		if failure.SystemErrno == syscall.EMFILE || failure.SystemErrno == syscall.ENFILE {
			err = systemError{err, failure.SystemErrno}
		}
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.ErrConstraint:
		if failure.ExtendedCode == sqlite3.ErrConstraintUnique || failure.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	return err
}

// systemError is an error of SQLite with the system's behind it, which SQLite's tells in words alone.
type systemError struct {
	error
	errno syscall.Errno
}

func (e systemError) Unwrap() []error { return []error{e.error, e.errno} }

// endsTransaction reports whether SQLite may have rolled the whole transaction back on its own
// (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction"). A statement after that would
// commit on its own.
func endsTransaction(err error) bool {
	var failure sqlite3.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrNomem, sqlite3.ErrBusy, sqlite3.ErrInterrupt,
		sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return true
	}
	return false
}
