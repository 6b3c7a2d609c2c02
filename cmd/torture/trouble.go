package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"
)

// trouble is a fault that a running daemon must live through.
type trouble struct {
	name  string
	mails int // that come meanwhile
	wire  point
	deed  deed
	times int // how often the deed is done
	act   func(ctx context.Context, r *run, o *office, random *rand.Rand) error
}

func (t trouble) String() string {
	return fmt.Sprintf("%s, %d times at %q, %d mails", t.name, t.times, t.wire, t.mails)
}

// recoveryTime is how long a daemon may take after a trouble is over until every mail is registered.
const recoveryTime = 45 * time.Second

// bear lets a daemon bear one trouble after the other; planned says which. renew, which may be nil, is called before each
// and may ask for another life.
func (o *office) bear(ctx context.Context, r *run, until time.Time, planned func(i int) trouble, renew func(i int) (bool, error)) error {
	var l *life
	defer func() {
		if l != nil {
			l.kill()
		}
	}()
	for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
		again := l == nil
		if renew != nil {
			asked, err := renew(i)
			if err != nil {
				return err
			}
			again = again || asked
		}
		if again {
			if l != nil {
				if err := l.stop(); err != nil {
					o.violation("crash", o.name, "it did not stop well: %v", err)
				}
			}
			var err error
			if l, err = o.start(0); err != nil {
				return err
			}
		}
		t := planned(i)
		random := dice(r.seed, o.name+" mails", i)
		if err := o.suffer(ctx, r, t, random); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		r.count(o.name, t.name)
		o.recover(ctx, l, fmt.Sprintf("trouble %d (%s)", i, t.name))
		if l.over() {
			o.violation("crash", o.name, "it ended by itself in trouble %d (%s): %v", i, t.name, l.err)
			l = nil
		}
	}
	if l != nil {
		if err := l.stop(); err != nil {
			o.violation("crash", o.name, "it did not stop well: %v", err)
		}
		l = nil
	}
	return nil
}

// suffer does one trouble while mails come.
func (o *office) suffer(ctx context.Context, r *run, t trouble, random *rand.Rand) error {
	if t.act != nil {
		if err := o.write(ctx, random, t.mails); err != nil {
			return err
		}
		return t.act(ctx, r, o, random)
	}
	var mu sync.Mutex
	left := t.times
	done := make(chan struct{})
	trap := func(p point) deed {
		if p != t.wire {
			return deed{}
		}
		mu.Lock()
		defer mu.Unlock()
		if left == 0 {
			return deed{}
		}
		if left--; left == 0 {
			close(done)
		}
		return t.deed
	}
	o.imap.set(trap)
	o.smtp.set(trap)
	if slices.Contains([]string{"AUTHENTICATE", "SELECT", "CONNECT", "EHLO"}, t.wire.verb) {
		o.imap.drop() // or it would not come by for long
		o.smtp.drop()
	}
	err := o.write(ctx, random, t.mails)
	timer := time.NewTimer(2 * time.Second)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	o.imap.set(nil)
	o.smtp.set(nil)
	return err
}

// recover waits until every mail is registered.
func (o *office) recover(ctx context.Context, l *life, after string) {
	limit, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	for !l.over() {
		handled, err := o.query(limit, "SELECT count(DISTINCT raw) FROM arrivals WHERE state <> 'taken'")
		if err == nil && handled >= o.expected() {
			return
		}
		if limit.Err() != nil {
			if ctx.Err() == nil {
				o.violation("stall", o.name, "%v after %s %d of %d mails are handled (%v)", recoveryTime, after, handled, o.expected(), err)
			}
			return
		}
		sleep(limit, 20*time.Millisecond)
	}
}

// set writes the clock of the daemon.
func (o *office) setClock(ahead time.Duration) error {
	return os.WriteFile(o.clock, fmt.Appendf(nil, "%d", int64(ahead)), 0o600)
}
