package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// killPoints are the points between two steps on the wire at which the daemon dies.
var killPoints = func() (list []point) {
	for _, verb := range []string{"AUTHENTICATE", "SELECT", "FETCH", "FETCH BODY", "SEARCH", "MOVE", "IDLE"} {
		list = append(list, point{"imap", verb, before}, point{"imap", verb, after})
	}
	list = append(list, point{"imap", "FETCH BODY", literal}, point{"imap", "FETCH BODY", within})
	for _, verb := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"} {
		list = append(list, point{"smtp", verb, before}, point{"smtp", verb, after})
	}
	return append(list, point{"smtp", "BODY", within})
}()

// death is how one life of the daemon ends.
type death struct {
	mails int           // that come meanwhile
	time  time.Duration // after which it is killed whatever happens
	wire  point         // or at this point, the zero value for none
	turn  int           // the how manieth time it comes by
	disk  diskOrder     // or at this call to the disk
}

// name says at which kind of place it dies.
func (d death) name() string {
	switch {
	case d.wire != point{}:
		return d.wire.String()
	case d.disk.mode != diskPass:
		return fmt.Sprintf("disk %s %s", map[int32]string{diskWrites: "write", diskSyncs: "sync"}[d.disk.calls],
			map[diskMode]phase{dieBefore: before, dieAfter: after}[d.disk.mode])
	}
	return "any moment"
}

// deathOf is the plan of the i-th life.
func deathOf(seed uint64, i int) death {
	random := dice(seed, "kill", i)
	d := death{mails: 2 + random.IntN(14), time: 2500 * time.Millisecond}
	switch kind := random.IntN(10); {
	case kind < 4:
		d.time = time.Duration(10+random.ExpFloat64()*350) * time.Millisecond
	case kind < 7:
		d.wire, d.turn = killPoints[random.IntN(len(killPoints))], 1+random.IntN(3)
	case kind < 9:
		d.disk = diskOrder{mode: dieBefore + diskMode(random.IntN(2)), calls: diskWrites, left: int32(random.IntN(80))}
	default:
		d.disk = diskOrder{mode: dieBefore + diskMode(random.IntN(2)), calls: diskSyncs, left: int32(random.IntN(12))}
	}
	return d
}

// kill lets the daemon die again and again while mails come.
func kill(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
		d := deathOf(r.seed, i)
		if err := o.die(ctx, d, dice(r.seed, "kill mails", i), r); err != nil {
			return err
		}
	}
	return nil
}

// die lets one life begin and end.
func (o *office) die(ctx context.Context, d death, random *rand.Rand, r *run) error {
	if err := o.write(ctx, random, d.mails/2); err != nil {
		return err
	}
	if err := o.disk.order(d.disk); err != nil {
		return err
	}
	var l *life
	born := make(chan struct{})
	var mu sync.Mutex
	turn := 0
	trap := func(p point) deed {
		if p != d.wire {
			return deed{}
		}
		mu.Lock()
		defer mu.Unlock()
		if turn++; turn < d.turn {
			return deed{}
		}
		<-born
		l.kill()
		return deed{kind: cut}
	}
	o.imap.set(trap)
	o.smtp.set(trap)
	defer func() {
		o.imap.set(nil)
		o.smtp.set(nil)
	}()
	l, err := o.start(0)
	if err != nil {
		return err
	}
	close(born)
	if err := o.write(ctx, random, d.mails-d.mails/2); err != nil {
		l.kill()
		return err
	}
	timer := time.NewTimer(d.time)
	defer timer.Stop()
	name := d.name()
	select {
	case <-l.ended:
		if !l.shot.Load() && o.disk.hits() == 0 {
			o.violation("crash", o.name, "life %d ended by itself: %v", o.lives, l.err)
		}
	case <-timer.C:
		if name != "any moment" {
			name += " (not reached)"
		}
	case <-ctx.Done():
	}
	l.kill()
	r.count(o.name, name)
	return nil
}
