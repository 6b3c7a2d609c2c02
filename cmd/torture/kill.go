package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// killPoints are the points between two steps on the wire at which the daemon dies.
var killPoints = func() (list []point) {
	for _, verb := range []string{"LOGIN", "SELECT", "CREATE", "FETCH", "FETCH BODY", "SEARCH", "MOVE", "IDLE"} {
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
	time  time.Duration // after which it is killed, at any moment
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
	return anyMoment
}

func (d death) String() string {
	switch {
	case d.wire != point{}:
		return fmt.Sprintf("%s, time %d, %d mails", d.name(), d.turn, d.mails)
	case d.disk.mode != diskPass:
		return fmt.Sprintf("%s, after %d, %d mails", d.name(), d.disk.left, d.mails)
	}
	return fmt.Sprintf("after %v, %d mails", d.time, d.mails)
}

// anyMoment is the name of a death by the clock alone.
const anyMoment = "any moment"

// hand is how deaths are dealt: of ten lives, four end at any moment, three on the wire, two at a write and one at a sync.
var hand = []string{anyMoment, anyMoment, anyMoment, anyMoment, "wire", "wire", "wire", "write", "write", "sync"}

// deathOf is the plan of the i-th life.
func deathOf(seed uint64, i int) death {
	random := dice(seed, "kill", i)
	d := death{mails: 2 + random.IntN(14)}
	card := dealt(seed, "kill", i, len(hand))
	mode := dieBefore + diskMode(random.IntN(2))
	switch hand[card] {
	case "wire":
		first := slices.Index(hand, "wire")
		d.wire, d.turn = killPoints[dealt(seed, "kill point", i/len(hand)*3+card-first, len(killPoints))], 1+random.IntN(3)
		if onceAConnection(d.wire.verb) || d.wire.verb == "CREATE" {
			d.turn = 1
		}
	case "write":
		d.disk = diskOrder{mode: mode, calls: diskWrites, left: int32(random.IntN(80))}
	case "sync":
		d.disk = diskOrder{mode: mode, calls: diskSyncs, left: int32(random.IntN(12))}
	default:
		d.time = time.Duration(10+random.ExpFloat64()*250) * time.Millisecond
	}
	return d
}

// killKinds are the names of all deaths.
func killKinds() []string {
	kinds := []string{anyMoment, "disk write before", "disk write after", "disk sync before", "disk sync after"}
	for _, p := range killPoints {
		kinds = append(kinds, p.String())
	}
	return kinds
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
	if d.wire.verb == "CREATE" { // which comes where there is no such folder
		if _, err := o.renameProcessed(ctx); err != nil {
			return err
		}
	}
	if err := o.disk.order(d.disk); err != nil {
		return err
	}
	var l *life
	born := make(chan struct{})
	var mu sync.Mutex
	turn := 0
	trap := func(p point, _ string) deed {
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
	defer o.unmeddle()
	l, err := o.start()
	if err != nil {
		return err
	}
	close(born)
	defer l.kill()
	if err := o.write(ctx, random, d.mails-d.mails/2); err != nil {
		return err
	}
	struck := true
	if d.name() == anyMoment {
		timer := time.NewTimer(d.time)
		defer timer.Stop()
		select {
		case <-l.ended:
		case <-timer.C:
		case <-ctx.Done():
		}
	} else {
		if err := o.keepBusy(ctx, random, l.over); err != nil {
			return err
		}
		struck = l.over()
	}
	if l.over() && !l.shot.Load() && o.disk.hits() == 0 {
		o.violation("crash", o.name, "life %d ended by itself: %v", o.lives, l.err)
	}
	r.count(o.name, d.name(), struck)
	return nil
}
