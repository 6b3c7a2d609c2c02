package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"radicado/cmd/torture/audit"
	"radicado/mailbox/mailtest"
)

var smtpVerbs = []string{"EHLO", "MAIL", "RCPT", "DATA", "DOT"}

// smtpList is what may go wrong with the mail server.
func smtpList(random *rand.Rand) []trouble {
	verb := smtpVerbs[random.IntN(len(smtpVerbs))]
	when := []phase{before, after}[random.IntN(2)]
	busy := []string{"451 4.3.0 try again later", "452 4.3.1 no space", "450 4.2.0 busy", "421 4.3.2 closing"}[random.IntN(4)]
	refused := after
	if verb == "DATA" { // or the server would wait for the mail
		refused = before
	}
	return []trouble{
		{name: "refused", act: refuse},
		{name: "cut in DATA", wire: point{"smtp", "BODY", within}, deed: deed{kind: cut}},
		{name: "cut before the final dot", wire: point{"smtp", "DOT", before}, deed: deed{kind: cut}},
		{name: "cut after the final dot", wire: point{"smtp", "DOT", after}, deed: deed{kind: cut}},
		{name: "cut", wire: point{"smtp", verb, when}, deed: deed{kind: cut}},
		{name: "4xx", wire: point{"smtp", verb, refused}, deed: deed{kind: answer, reply: busy}},
		{name: "storm of 421", act: storm},
		{name: "5xx for a recipient", act: refuseRecipient},
		{name: "slow", wire: point{"smtp", verb, when}, deed: deed{kind: slow, wait: 400 * time.Millisecond}},
		{name: "silence", wire: point{"smtp", verb, when}, deed: deed{kind: silent, wait: 6 * time.Second}},
		{name: "greylisting", act: greylist},
		{name: "connection limit", wire: point{"smtp", "CONNECT", before}, deed: deed{kind: answer, reply: "421 4.7.0 too many connections"}},
		{name: "connection limit of Postfix", act: narrow},
	}
}

// smtpTroubleOf is the plan of the i-th trouble with the mail server.
func smtpTroubleOf(seed uint64, i int) trouble { return deal(seed, "smtp", i, smtpList, 12, 4) }

func smtpTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return smtpTroubleOf(r.seed, i) }, nil)
}

// refuse has nobody listen for a while. A daemon that meets that says so in its log, where it thought that the server is up.
func refuse(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	var up atomic.Bool
	o.smtp.set(func(p point, said string) deed {
		if p == (point{"smtp", "DOT", after}) && strings.HasPrefix(said, "250") {
			up.Store(true)
		}
		return deed{}
	})
	if err := o.keepBusy(ctx, random, up.Load); err != nil {
		return false, err
	}
	said := o.said()
	o.smtp.close()
	refused := func() bool { return said("connection refused") }
	err = o.keepBusy(ctx, random, refused)
	sleep(ctx, time.Duration(100+random.IntN(900))*time.Millisecond)
	var failure error
	o.until(ctx, func() bool { // somebody's own end of a connection may have got the port for a moment
		failure = o.smtp.reopen()
		return failure == nil
	})
	return refused(), errors.Join(err, failure)
}

// reopen listens again on the same port.
func (p *proxy) reopen() error {
	listener, err := net.Listen("tcp", p.address())
	if err != nil {
		return fmt.Errorf("listen again: %w", err)
	}
	p.listen(listener)
	return nil
}

// refuseRecipient has somebody write whom Postfix does not know.
func refuseRecipient(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	var refused atomic.Bool
	o.smtp.set(func(p point, said string) deed {
		if p == (point{"smtp", "RCPT", after}) && strings.HasPrefix(said, "5") {
			refused.Store(true)
		}
		return deed{}
	})
	nobody := mailtest.Person{Name: "Nadie", Addr: "nadie." + o.name + "@ministerio.example"}
	if err := o.writeOne(ctx, random, nobody, func(s *audit.Sent) { s.Unreachable = true }); err != nil {
		return false, err
	}
	return o.until(ctx, refused.Load), nil
}

// storm has the server say 421 to everybody, and hang up, whatever it was asked, for some seconds; most often even after it took a mail.
func storm(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	var said atomic.Int64
	o.smtp.set(func(p point, _ string) deed {
		if p.phase == within || p == (point{"smtp", "DOT", before}) || rand.IntN(4) == 0 {
			return deed{}
		}
		said.Add(1)
		return deed{kind: answer, reply: "421 4.3.2 the system is going down"}
	})
	err = o.keepBusy(ctx, random, func() bool { return said.Load() >= 5 })
	return said.Load() >= 5, err
}

// greylist has the server put off whom it has not seen, and take mail for them a moment later.
func greylist(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	const moment = 300 * time.Millisecond
	var mu sync.Mutex
	var taken atomic.Bool
	first := map[string]time.Time{} // by what was said
	o.smtp.set(func(p point, said string) deed {
		if p != (point{"smtp", "RCPT", before}) {
			return deed{}
		}
		mu.Lock()
		defer mu.Unlock()
		since, known := first[said]
		if known && time.Since(since) > moment {
			taken.Store(true)
			return deed{}
		}
		if !known {
			first[said] = time.Now()
		}
		return deed{kind: answer, reply: "451 4.7.1 greylisted, come back later"}
	})
	err = o.keepBusy(ctx, random, taken.Load)
	return taken.Load(), err
}

// narrow has new connections go to where Postfix takes one at a time, and that one is ours for a while.
func narrow(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	var ours net.Conn
	greeted := o.until(ctx, func() bool { // Postfix may not have noticed yet that the connection before is gone
		if ours, err = net.Dial("tcp", o.site.Narrow); err != nil {
			return false
		}
		greeting := make([]byte, 512)
		_ = ours.SetReadDeadline(time.Now().Add(strikeTime))
		n, _ := ours.Read(greeting)
		if bytes.HasPrefix(greeting[:n], []byte("220")) {
			return true
		}
		_ = ours.Close()
		return false
	})
	if !greeted {
		return false, err
	}
	defer ours.Close()
	var refused, taken atomic.Int64
	o.smtp.set(func(p point, said string) deed {
		switch {
		case p == point{"smtp", "CONNECT", after} && strings.HasPrefix(said, "421"):
			refused.Add(1)
		case p == point{"smtp", "DOT", after} && strings.HasPrefix(said, "250"):
			taken.Add(1)
		}
		return deed{}
	})
	o.smtp.turn(o.site.Narrow)
	defer func() {
		o.smtp.turn(o.site.SMTP)
		o.smtp.drop()
	}()
	o.smtp.drop()
	if err := o.keepBusy(ctx, random, func() bool { return refused.Load() >= 2 }); err != nil {
		return false, err
	}
	_ = ours.Close()
	err = o.keepBusy(ctx, random, func() bool { return taken.Load() >= 2 })
	return refused.Load() >= 2 && taken.Load() >= 2, err
}
