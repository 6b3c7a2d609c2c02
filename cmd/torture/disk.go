package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// diskTroubleOf is the plan of the i-th trouble with the disk. The first is the longest.
func diskTroubleOf(seed uint64, i int) trouble {
	random := dice(seed, "disk", i)
	mails := 2 + random.IntN(12)
	left := int32(random.IntN(40))
	lasts := time.Duration(50+random.IntN(1500)) * time.Millisecond
	failing := func(name string, calls int32, err syscall.Errno) trouble {
		return trouble{name: name, act: func(ctx context.Context, _ *run, o *office, random *rand.Rand) error {
			return o.failDisk(ctx, diskOrder{failCalls, calls, left, err}, lasts)
		}}
	}
	list := []trouble{
		failing("no space (ENOSPC)", diskWrites, syscall.ENOSPC),
		failing("read-only (EROFS)", diskWrites|diskTruncations, syscall.EROFS),
		failing("writes fail (EIO)", diskWrites, syscall.EIO),
		failing("syncs fail (EIO)", diskSyncs, syscall.EIO),
		{name: "file system full", act: func(ctx context.Context, _ *run, o *office, _ *rand.Rand) error { return o.fillDisk(ctx, lasts) }},
		{name: "register locked for a moment", act: func(ctx context.Context, _ *run, o *office, _ *rand.Rand) error { return o.lock(ctx, lasts) }},
	}
	chosen := list[random.IntN(len(list))]
	if i == 0 {
		chosen = trouble{name: "register locked for longer than it waits", act: func(ctx context.Context, _ *run, o *office, _ *rand.Rand) error {
			return o.lock(ctx, 11*time.Second)
		}}
	}
	chosen.mails = mails
	return chosen
}

func diskTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := syscall.Mount("tmpfs", o.store, "tmpfs", 0, "size=512m"); err != nil {
		return fmt.Errorf("a small file system for the register: %w", err)
	}
	o.after = append(o.after, func(sound bool) error {
		var err error
		if !sound {
			err = os.CopyFS(filepath.Join(o.folder, "kept"), os.DirFS(o.store))
		}
		return errors.Join(err, syscall.Unmount(o.store, 0))
	})
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return diskTroubleOf(r.seed, i) }, nil)
}

// failDisk has the calls of SQLite fail for a while.
func (o *office) failDisk(ctx context.Context, order diskOrder, lasts time.Duration) error {
	if err := o.disk.order(order); err != nil {
		return err
	}
	sleep(ctx, lasts)
	return o.disk.order(diskOrder{})
}

// fillDisk leaves no room for another block for a while.
func (o *office) fillDisk(ctx context.Context, lasts time.Duration) error {
	ballast := filepath.Join(o.store, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	for _, size := range []int{1 << 20, 4096} {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break // full, as wanted
			}
		}
	}
	sleep(ctx, lasts)
	return errors.Join(f.Close(), os.Remove(ballast))
}

// lock has another process write to the register for a while.
func (o *office) lock(ctx context.Context, lasts time.Duration) error {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: o.register(), RawQuery: "mode=rw&_busy_timeout=10000&_txlock=immediate"}
	db, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return err
	}
	defer db.Close()
	var tx *sql.Tx
	for range 20 { // the daemon may just be making it
		if tx, err = db.BeginTx(ctx, nil); err == nil {
			break
		}
		sleep(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return err
	}
	sleep(ctx, lasts)
	return tx.Rollback()
}
