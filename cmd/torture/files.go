package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// filesList is how the files that a process may have open run out: those of its connections are among them.
func filesList(random *rand.Rand) []trouble {
	fewer := 4 + random.IntN(8)
	begin := 8 + random.IntN(10)
	lasts := time.Duration(200+random.IntN(2500)) * time.Millisecond
	return []trouble{
		{name: "no file left", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.takeFiles(ctx, random, everyFile, lasts)
		}},
		{name: "fewer files than it has", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.takeFiles(ctx, random, fewer, lasts)
		}},
		{name: "few files to begin with", act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			return o.beginWithFiles(ctx, random, begin, lasts)
		}},
	}
}

// filesTroubleOf is the plan of the i-th time that files run out.
func filesTroubleOf(seed uint64, i int) trouble { return deal(seed, "files", i, filesList, 8, 1) }

func filesTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return filesTroubleOf(r.seed, i) }, nil)
}

// outOfFiles is what the daemon says when it gets no file, in the words of the system (EMFILE).
const outOfFiles = "too many open files"

// everyFile is more files than the daemon has.
const everyFile = 1 << 10

// takeFiles lets the daemon open so many files fewer than it has, and cuts its connections, so that it needs some again. What is open
// stays open.
func (o *office) takeFiles(ctx context.Context, random *rand.Rand, fewer int, lasts time.Duration) (struck bool, err error) {
	said := o.said()
	pid := o.life.cmd.Process.Pid
	var before unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		return false, fmt.Errorf("ask for the files of the daemon: %w", err)
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return false, fmt.Errorf("look at the files of the daemon: %w", err)
	}
	limit := unix.Rlimit{Cur: uint64(max(0, len(open)-fewer)), Max: before.Max}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		return false, fmt.Errorf("take files from the daemon: %w", err)
	}
	o.imap.drop()
	o.smtp.drop()
	met := func() bool { return said(outOfFiles) }
	err = o.keepBusy(ctx, random, met)
	struck = met()
	sleep(ctx, lasts)
	if o.life.over() { // bear says so
		return struck, err
	}
	return struck, errors.Join(err, unix.Prlimit(pid, unix.RLIMIT_NOFILE, &before, nil))
}

// beginWithFiles starts the daemon with so few files that it must say so and end, or goes on as well as it can, and then with enough.
func (o *office) beginWithFiles(ctx context.Context, random *rand.Rand, files int, lasts time.Duration) (struck bool, err error) {
	o.rest()
	said := o.said()
	l, err := o.start(fmt.Sprint("--nofile=", files))
	if err != nil {
		return false, err
	}
	met := func() bool { return l.over() || said(outOfFiles) }
	err = o.keepBusy(ctx, random, met)
	struck = met()
	sleep(ctx, lasts)
	if l.over() && l.err == nil {
		o.violation("crash", o.name, "it ended for want of files as if all were well")
	}
	l.kill()
	return struck, errors.Join(err, o.begin(ctx))
}
