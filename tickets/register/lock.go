package register

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"radicado/mailbox/owner"
)

// Lock keeps daemons from the register at path, which need not exist, until the lock is closed. It fails with ErrLocked where one
// runs.
func Lock(path string) (io.Closer, error) { return lockDaemon(path + ".lock") }

// lockDaemon takes the lock by which only one daemon runs on a register. The system drops it with the process, however
// that ends; the file stays, because removing it would let two processes lock two files of the same name.
func lockDaemon(path string) (*os.File, error) {
	f, err := owner.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 20)) // only for the message
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: process %s holds %s", ErrLocked, bytes.TrimSpace(holder), path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// A process that this one has just forked holds the lock too until it runs its own program, and so a little longer than the file is
// open.
const (
	forkTime = 300 * time.Millisecond
	forkStep = 5 * time.Millisecond
)

// flock takes the lock, or fails with EWOULDBLOCK where another process keeps it.
func flock(f *os.File) error {
	for end := time.Now().Add(forkTime); ; time.Sleep(forkStep) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

func writePID(f *os.File) error {
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}
