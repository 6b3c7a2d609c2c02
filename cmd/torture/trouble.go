package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
	// act, where set, does it instead, and reports whether it struck.
	act func(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error)
}

func (t trouble) String() string {
	if t.act != nil {
		return fmt.Sprintf("%s, %d mails", t.name, t.mails)
	}
	return fmt.Sprintf("%s, %d times at %q, %d mails", t.name, t.times, t.wire, t.mails)
}

// deal is the plan of the i-th trouble of a scenario: one of its list, and up to how many mails come meanwhile and how often it is done.
func deal(seed uint64, scenario string, i int, list func(*rand.Rand) []trouble, mails, times int) trouble {
	random := dice(seed, scenario, i)
	troubles := list(random)
	chosen := troubles[dealt(seed, scenario, i, len(troubles))]
	chosen.mails = 2 + random.IntN(mails)
	chosen.times = 1 + random.IntN(times)
	return chosen
}

func names(troubles []trouble) (list []string) {
	for _, t := range troubles {
		list = append(list, t.name)
	}
	return list
}

// strikeTime is how long is waited for a trouble to strike, while more mails come.
const strikeTime = 8 * time.Second

// recoveryTime is how long a daemon may take after a trouble is over until every mail is registered.
const recoveryTime = 45 * time.Second

// bear lets a daemon bear one trouble after the other; planned says which. renew, which may be nil, is called before each
// and may ask for another life.
func (o *office) bear(ctx context.Context, r *run, until time.Time, planned func(i int) trouble, renew func(i int) (bool, error)) error {
	defer func() {
		if o.life != nil {
			o.life.kill()
			o.life = nil
		}
	}()
	for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
		if renew != nil {
			asked, err := renew(i)
			if err != nil {
				return err
			}
			if asked {
				o.rest()
			}
		}
		if o.life == nil {
			if err := o.begin(ctx); err != nil {
				return err
			}
		}
		t := planned(i)
		random := dice(r.seed, o.name+" mails", i)
		struck, err := o.suffer(ctx, t, random)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		r.count(o.name, t.name, struck)
		o.recover(ctx, o.life, fmt.Sprintf("trouble %d (%s)", i, t.name))
		if o.life.over() {
			o.violation("crash", o.name, "it ended by itself in trouble %d (%s): %v", i, t.name, o.life.err)
			o.life = nil
		}
	}
	o.rest()
	return nil
}

// begin starts the daemon and waits until it is at work: before that, it may end where it cannot begin.
func (o *office) begin(ctx context.Context) error {
	said := o.said()
	var err error
	if o.life, err = o.start(); err != nil {
		return err
	}
	o.until(ctx, func() bool { return said("msg=started") || o.life.over() })
	return nil
}

// said returns a function that reports whether the daemon has written something into its log since.
func (o *office) said() func(text string) bool {
	size := int64(0)
	if info, err := os.Stat(o.log); err == nil {
		size = info.Size()
	}
	return func(text string) bool {
		f, err := os.Open(o.log)
		if err != nil {
			return false
		}
		defer f.Close()
		since, err := io.ReadAll(io.NewSectionReader(f, size, 1<<30))
		return err == nil && bytes.Contains(since, []byte(text))
	}
}

// rest stops the daemon, where it runs.
func (o *office) rest() {
	if o.life == nil {
		return
	}
	if err := o.life.stop(); err != nil {
		o.violation("crash", o.name, "it did not stop well: %v", err)
	}
	o.life = nil
}

// suffer does one trouble while mails come, and reports whether it struck.
func (o *office) suffer(ctx context.Context, t trouble, random *rand.Rand) (struck bool, err error) {
	if t.act != nil {
		if err := o.write(ctx, random, t.mails); err != nil {
			return false, err
		}
		defer o.unmeddle()
		return t.act(ctx, o, random)
	}
	var mu sync.Mutex
	left := t.times
	done := make(chan struct{})
	trap := func(p point, _ string) deed {
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
	defer o.unmeddle()
	o.imap.set(trap)
	o.smtp.set(trap)
	if onceAConnection(t.wire.verb) {
		o.imap.drop() // or it would not come by for long
		o.smtp.drop()
	}
	if err := o.write(ctx, random, t.mails); err != nil {
		return false, err
	}
	hit := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return left < t.times
	}
	begin := time.Now()
	err = o.keepBusy(ctx, random, func() bool {
		select {
		case <-done:
			return true
		default:
			return hit() && time.Since(begin) > 2*time.Second
		}
	})
	return hit(), err
}

// onceAConnection reports whether a command comes at the beginning of a connection only.
func onceAConnection(verb string) bool {
	return slices.Contains([]string{"LOGIN", "SELECT", "CONNECT", "EHLO"}, verb)
}

func (o *office) unmeddle() {
	o.imap.set(nil)
	o.smtp.set(nil)
}

// until waits until something has happened, for strikeTime at most, and reports whether it has.
func (o *office) until(ctx context.Context, happened func() bool) bool {
	for end := time.Now().Add(strikeTime); time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 5*time.Millisecond) {
		if happened() {
			return true
		}
	}
	return false
}

// keepBusy lets mails come until something has happened, for strikeTime at most.
func (o *office) keepBusy(ctx context.Context, random *rand.Rand, happened func() bool) error {
	next := time.Now().Add(400 * time.Millisecond)
	for end := time.Now().Add(strikeTime); !happened() && time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 10*time.Millisecond) {
		if time.Now().After(next) {
			next = time.Now().Add(400 * time.Millisecond)
			if err := o.writeOne(ctx, random, o.people[random.IntN(len(o.people))], nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// recover waits until every mail is registered.
func (o *office) recover(ctx context.Context, l *life, after string) {
	limit, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	for !l.over() {
		handled, err := o.query(limit, countCome+" WHERE state <> 'taken'")
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
