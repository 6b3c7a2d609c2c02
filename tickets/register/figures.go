package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Figures is how much waits in the register.
type Figures struct {
	Arrivals      int       // mails that were taken and not handled
	OldestArrival time.Time // when the first of them was taken; zero for none
	Notices       int       // queued
	OldestNotice  time.Time // when the first of them was queued; zero for none
	Due           time.Time // when the first of them was to be tried; zero for none
}

// Figures counts what waits.
func (r *Reader) Figures() (f Figures, err error) {
	var arrival, notice, due sql.NullInt64
	if err := r.row("SELECT count(*), min(taken_at) FROM arrivals WHERE state = 'taken'", nil, &f.Arrivals, &arrival); err != nil {
		return f, fmt.Errorf("count the mails that wait: %w", err)
	}
	err = r.row("SELECT count(*), min(created_at), min(next_at) FROM outbox WHERE state = 'queued'", nil, &f.Notices, &notice, &due)
	if err != nil {
		return f, fmt.Errorf("count the notices that wait: %w", err)
	}
	f.OldestArrival, f.OldestNotice, f.Due = fromMillis(arrival), fromMillis(notice), fromMillis(due)
	return f, nil
}

// Size returns how many bytes the register takes on the disk, its log included.
func (r *Register) Size() (int64, error) {
	var size int64
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(r.path + suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("size of the register: %w", err)
		}
		size += info.Size()
	}
	return size, nil
}

// Try waits for the turn to write and gives it back: it fails where another process holds the register for long.
func (r *Register) Try(ctx context.Context) error {
	return r.Update(ctx, func(*Tx) error { return nil })
}
