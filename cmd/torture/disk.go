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

// diskList is what may go wrong with the disk. left is after how many calls it does.
func diskList(random *rand.Rand) []trouble {
	left := int32(random.IntN(24))
	lasts := time.Duration(50+random.IntN(1500)) * time.Millisecond
	fails := func(name string, calls int32, err syscall.Errno, times int32) trouble {
		return trouble{name: name, act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.failDisk(ctx, random, diskOrder{failCalls, calls, left, err, times}, lasts)
		}}
	}
	return []trouble{
		fails("no space (ENOSPC)", diskWrites, syscall.ENOSPC, 0),
		fails("no space for one write (ENOSPC)", diskWrites, syscall.ENOSPC, 1),
		fails("read-only (EROFS)", diskWrites|diskTruncations, syscall.EROFS, 0),
		fails("writes fail (EIO)", diskWrites, syscall.EIO, 0),
		fails("one write fails (EIO)", diskWrites, syscall.EIO, 1),
		fails("syncs fail (EIO)", diskSyncs, syscall.EIO, 0),
		fails("one sync fails (EIO)", diskSyncs, syscall.EIO, 1),
		{name: "file system full", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.fillDisk(ctx, random, lasts)
		}},
		{name: "file system read-only", act: freezeDisk},
		{name: "register locked for a moment", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.lock(ctx, random, lasts)
		}},
		{name: "register locked for longer than it waits", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.lock(ctx, random, 11*time.Second)
		}},
	}
}

// diskTroubleOf is the plan of the i-th trouble with the disk.
func diskTroubleOf(seed uint64, i int) trouble { return deal(seed, "disk", i, diskList, 12, 1) }

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

// failDisk has the calls of SQLite fail, and goes on for a while once one did.
func (o *office) failDisk(ctx context.Context, random *rand.Rand, order diskOrder, lasts time.Duration) (struck bool, err error) {
	if err := o.disk.order(order); err != nil {
		return false, err
	}
	hit := func() bool { return o.disk.hits() > 0 }
	if err := o.keepBusy(ctx, random, hit); err != nil {
		return false, err
	}
	struck = hit()
	sleep(ctx, lasts)
	return struck, o.disk.order(diskOrder{})
}

// fillDisk leaves no room for another block, and goes on for a while once the daemon has met that.
func (o *office) fillDisk(ctx context.Context, random *rand.Rand, lasts time.Duration) (struck bool, err error) {
	said := o.said()
	ballast := filepath.Join(o.store, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return false, err
	}
	for _, size := range []int{1 << 20, 4096} {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break // full, as wanted
			}
		}
	}
	met := func() bool { return said("disk is full") }
	err = o.keepBusy(ctx, random, met)
	struck = met()
	sleep(ctx, lasts)
	return struck, errors.Join(err, f.Close(), os.Remove(ballast))
}

// freezeDisk has the daemon begin on a file system that cannot be written, where it must say so and end, as systemd tries again.
func freezeDisk(ctx context.Context, o *office, _ *rand.Rand) (struck bool, err error) {
	o.rest() // or the kernel would not
	if err := syscall.Mount("", o.store, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return false, fmt.Errorf("make the file system read-only: %w", err)
	}
	defer func() {
		err = errors.Join(err, syscall.Mount("", o.store, "", syscall.MS_REMOUNT, ""))
		if err == nil {
			err = o.begin(ctx)
		}
	}()
	l, err := o.start()
	if err != nil {
		return false, err
	}
	defer l.kill()
	if !o.until(ctx, l.over) {
		o.violation("stall", o.name, "it neither runs nor ends on a file system that is read-only")
		return false, nil
	}
	if l.err == nil {
		o.violation("crash", o.name, "it ended on a file system that is read-only as if all were well")
	}
	return true, nil
}

// lock has another process write to the register for a while.
func (o *office) lock(ctx context.Context, random *rand.Rand, lasts time.Duration) (struck bool, err error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: o.register(), RawQuery: "mode=rw&_busy_timeout=10000&_txlock=immediate"}
	db, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return false, err
	}
	defer db.Close()
	var tx *sql.Tx
	o.until(ctx, func() bool { // the daemon may just be making it
		tx, err = db.BeginTx(ctx, nil)
		return err == nil
	})
	if err != nil {
		return false, err
	}
	if err := o.write(ctx, random, 2); err != nil { // or there might be nothing to keep
		return false, errors.Join(err, tx.Rollback())
	}
	sleep(ctx, lasts)
	return true, tx.Rollback()
}
