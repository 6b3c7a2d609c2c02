package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// mixture is faults that come at the same time: one of the mailbox, one of the mail server, often one of the disk, at times the
// settings read again, and often a death in their midst.
type mixture struct {
	mails int
	wire  []trouble
	disk  diskOrder
	lasts time.Duration
	again bool // the settings are read, by SIGHUP, after half of that time
	dies  bool // at the end of it
}

// mixtureOf is the plan of the i-th mixture.
func mixtureOf(seed uint64, i int) mixture {
	random := dice(seed, "mixed", i)
	m := mixture{mails: 2 + random.IntN(12), lasts: time.Duration(100+random.IntN(1400)) * time.Millisecond, again: random.IntN(3) == 0, dies: random.IntN(2) == 0}
	for _, list := range [][]trouble{imapList(random), smtpList(random)} {
		list = slices.DeleteFunc(list, func(t trouble) bool { return t.act != nil })
		t := list[dealt(seed, "mixed "+list[0].wire.protocol, i, len(list))]
		t.times = 1 + random.IntN(4)
		t.deed.wait = min(t.deed.wait, m.lasts)
		m.wire = append(m.wire, t)
	}
	if random.IntN(2) == 0 {
		failure := []diskOrder{{calls: diskWrites, err: syscall.ENOSPC}, {calls: diskWrites, err: syscall.EIO}, {calls: diskSyncs, err: syscall.EIO}}[random.IntN(3)]
		failure.mode, failure.left, failure.times = failCalls, int32(random.IntN(24)), int32(random.IntN(4))
		m.disk = failure
	}
	return m
}

func (m mixture) String() string {
	return fmt.Sprintf("%v; %v; disk %+v; in %v; SIGHUP %v, SIGKILL %v", m.wire[0], m.wire[1], m.disk, m.lasts, m.again, m.dies)
}

// lookEvery is after how many mixtures the daemon must have caught up.
const lookEvery = 4

// mixed lets the daemon bear everything at once.
func mixed(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	defer func() {
		if o.life != nil {
			o.life.kill()
			o.life = nil
		}
	}()
	for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
		if o.life == nil {
			if err := o.begin(ctx); err != nil {
				return err
			}
		}
		m := mixtureOf(r.seed, i)
		if err := o.mix(ctx, r, m, i); err != nil {
			return err
		}
		switch {
		case o.life.over():
			o.life = nil
		case m.dies: // with the disk as it is
			o.life.kill()
			o.life = nil
			if err := o.disk.order(diskOrder{}); err != nil {
				return err
			}
		case i%lookEvery == 0:
			o.recover(ctx, o.life, fmt.Sprintf("mixture %d", i))
		}
	}
	o.rest()
	return nil
}

// mix plays one mixture.
func (o *office) mix(ctx context.Context, r *run, m mixture, i int) error {
	var mu sync.Mutex
	done := make([]int, len(m.wire))
	trap := func(p point, _ string) deed {
		mu.Lock()
		defer mu.Unlock()
		for n, t := range m.wire {
			if p == t.wire && done[n] < t.times {
				done[n]++
				return t.deed
			}
		}
		return deed{}
	}
	defer o.unmeddle()
	o.imap.set(trap)
	o.smtp.set(trap)
	if err := o.disk.order(m.disk); err != nil {
		return err
	}
	if err := o.write(ctx, dice(r.seed, "mixed mails", i), m.mails); err != nil {
		return err
	}
	sleep(ctx, m.lasts/2)
	if m.again {
		err := o.life.cmd.Process.Signal(syscall.SIGHUP)
		r.count(o.name, "SIGHUP", err == nil)
	}
	sleep(ctx, m.lasts/2)
	if o.life.over() {
		o.violation("crash", o.name, "it ended by itself in mixture %d (%s): %v", i, m, o.life.err)
	}
	mu.Lock()
	for n, t := range m.wire {
		r.count(o.name, t.wire.protocol+": "+t.name, done[n] > 0)
	}
	mu.Unlock()
	if m.disk.mode != diskPass {
		r.count(o.name, "disk: "+m.disk.err.Error(), o.disk.hits() > 0)
	}
	if m.dies {
		r.count(o.name, "SIGKILL", true)
		return nil
	}
	return o.disk.order(diskOrder{})
}
