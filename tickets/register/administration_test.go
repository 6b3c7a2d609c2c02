package register

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestWatchHearsOthers is told of what another process commits, and ends with its context.
func TestWatchHearsOthers(t *testing.T) {
	t.Parallel()
	f := open(t)
	other, err := Open(t.Context(), f.path, Options{Now: f.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, stop := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- f.Watch(ctx, time.Millisecond, func() {
			select {
			case heard <- struct{}{}:
			default:
			}
		})
	}()
	for told := false; !told; { // the watch may not have begun at the first
		if _, err := other.Position(t.Context(), "buzón"+time.Now().String(), 1, time.Time{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			told = true
		default:
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestOlderRegisterUnderADaemon keeps a newer program from changing the schema beneath a daemon that runs.
func TestOlderRegisterUnderADaemon(t *testing.T) {
	t.Parallel()
	f := open(t)
	path := f.path
	if _, err := f.writer.Exec("PRAGMA user_version = 10"); err != nil {
		t.Fatal(err)
	}
	lock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{Now: f.clock.now}); !errors.Is(err, ErrOlder) || !errors.Is(err, ErrLocked) {
		t.Errorf("found %v, expected to be refused beside a daemon", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{Now: f.clock.now, AsIs: true}); !errors.Is(err, ErrOlder) || errors.Is(err, ErrLocked) {
		t.Errorf("found %v, expected to be left as it is", err)
	}
}

// TestRequeue lets a mail that was set aside be claimed again, once, and no other.
func TestRequeue(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.take(t, "a", 1, 2)
	f.update(t, func(tx *Tx) error {
		claimed, err := tx.ClaimArrivals(0, 2)
		if err != nil {
			return err
		}
		return errors.Join(tx.Settle(claimed[0].ID, Settlement{Quarantined: true, Reason: "loop: x"}), tx.Settle(claimed[1].ID, Settlement{}))
	})
	f.update(t, func(tx *Tx) error {
		if err := tx.Requeue(2, "root", false); !errors.Is(err, ErrConflict) {
			t.Errorf("a processed mail: %v", err)
		}
		if err := tx.Requeue(1, " ", true); err == nil {
			t.Error("nobody may requeue")
		}
		return tx.Requeue(1, "root", true)
	})
	f.update(t, func(tx *Tx) error {
		claimed, err := tx.ClaimArrivals(0, 5)
		if err != nil {
			return err
		}
		if len(claimed) != 1 || claimed[0].ID != 1 || !claimed[0].Genuine || claimed[0].RequeuedBy != "root" {
			t.Errorf("claimed %+v", claimed)
		}
		return tx.Settle(1, Settlement{})
	})
}
