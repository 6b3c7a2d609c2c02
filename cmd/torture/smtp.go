package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"radicado/cmd/torture/audit"
	"radicado/mailbox/mailtest"
)

var smtpVerbs = []string{"EHLO", "MAIL", "RCPT", "DATA", "DOT"}

// smtpTroubleOf is the plan of the i-th trouble with the mail server.
func smtpTroubleOf(seed uint64, i int) trouble {
	random := dice(seed, "smtp", i)
	verb := smtpVerbs[random.IntN(len(smtpVerbs))]
	when := []phase{before, after}[random.IntN(2)]
	mails, times := 2+random.IntN(12), 1+random.IntN(4)
	busy := []string{"451 4.3.0 try again later", "452 4.3.1 no space", "450 4.2.0 busy", "421 4.3.2 closing"}[random.IntN(4)]
	list := []trouble{
		{name: "refused", act: refuse},
		{name: "cut in DATA", wire: point{"smtp", "BODY", within}, deed: deed{kind: cut}},
		{name: "cut before the final dot", wire: point{"smtp", "DOT", before}, deed: deed{kind: cut}},
		{name: "cut after the final dot", wire: point{"smtp", "DOT", after}, deed: deed{kind: cut}},
		{name: "cut", wire: point{"smtp", verb, when}, deed: deed{kind: cut}},
		{name: "4xx", wire: point{"smtp", verb, after}, deed: deed{kind: answer, reply: busy}},
		{name: "5xx for a recipient", act: refuseRecipient},
		{name: "slow", wire: point{"smtp", verb, when}, deed: deed{kind: slow, wait: 400 * time.Millisecond}},
		{name: "silence", wire: point{"smtp", verb, when}, deed: deed{kind: silent, wait: 6 * time.Second}},
		{name: "greylisting", wire: point{"smtp", "RCPT", before}, deed: deed{kind: answer, reply: "451 4.7.1 greylisted, come back later"}},
		{name: "connection limit", wire: point{"smtp", "CONNECT", before}, deed: deed{kind: answer, reply: "421 4.7.0 too many connections"}},
	}
	chosen := list[random.IntN(len(list))]
	chosen.mails, chosen.times = mails, times
	return chosen
}

func smtpTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return smtpTroubleOf(r.seed, i) }, nil)
}

// refuse has nobody listen for a while.
func refuse(ctx context.Context, _ *run, o *office, random *rand.Rand) error {
	o.smtp.close()
	sleep(ctx, time.Duration(100+random.IntN(900))*time.Millisecond)
	return o.smtp.reopen()
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
func refuseRecipient(ctx context.Context, _ *run, o *office, random *rand.Rand) error {
	nobody := mailtest.Person{Name: "Nadie", Addr: "nadie." + o.name + "@ministerio.example"}
	return o.writeOne(ctx, random, nobody, func(s *audit.Sent) { s.Unreachable = true })
}
