package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"radicado/tickets"
	"radicado/tickets/desk"
)

// fakeScanner finds the word VIRUS, and fails where the mail says so.
type fakeScanner struct{}

func (fakeScanner) Scan(_ context.Context, mail []byte) (string, error) {
	switch {
	case bytes.Contains(mail, []byte("CAIDO")):
		return "", errors.New("connection refused")
	case bytes.Contains(mail, []byte("VIRUS")):
		return "Eicar-Signature", nil
	}
	return "", nil
}

func TestScannedMail(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	for _, refuse := range []bool{false, true} {
		o := newOffice(t, func(o *office) {
			o.change = func(options *desk.Options) { options.Scanner, options.Refuse = fakeScanner{}, refuse }
		})
		o.take(mail{from: pedro, subject: "Limpio", text: "Hola."})
		if got := o.ticket(first); got == nil || len(got.Remarks) != 0 {
			t.Fatalf("a clean mail became %+v", got)
		}
		o.take(mail{from: marta, subject: "@ #prioridad alta", text: "VIRUS"})
		if got := o.ticket(first); got.Priority != tickets.Unassessed || got.Version != 1 {
			t.Errorf("an infected mail was obeyed: %+v", got)
		}
		o.flush()
		o.take(mail{from: pedro, subject: "Otro", text: "CAIDO"})
		got := o.ticket("SS-2026-000002")
		names, _ := o.flush()
		if refuse {
			if got != nil || len(names) != 0 {
				t.Errorf("a mail that was not scanned became %+v, %v", got, names)
			}
		} else if got == nil || len(got.Remarks) != 1 || got.Remarks[0].Code != tickets.RemarkUnscanned {
			t.Errorf("a mail that was not scanned became %+v", got)
		}
		o.sound()
	}
}

// countingScanner remembers how often the desk had come a step further when it looked at the last mail.
type countingScanner struct {
	mails          int32
	seen           atomic.Int32
	turned, before atomic.Int32
}

// Scan implements desk.Scanner.
func (c *countingScanner) Scan(context.Context, []byte) (string, error) {
	if c.seen.Add(1) == c.mails {
		c.before.Store(c.turned.Load())
	}
	return "", nil
}

// TestEachMailThatIsReadIsAStep keeps a group of mails, each of which may take as long as a scanner takes, from being taken for a desk
// that hangs.
func TestEachMailThatIsReadIsAStep(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	c := &countingScanner{mails: 100}
	o := newOffice(t, func(o *office) {
		o.change = func(options *desk.Options) {
			options.Scanner = c
			options.Observe.Turned = func() { c.turned.Add(1) }
		}
	})
	var mails []mail
	for i := range c.mails {
		mails = append(mails, mail{from: pedro, subject: fmt.Sprint("Solicitud ", i), text: fmt.Sprint("Hola ", i)})
	}
	o.takeAll(mails)
	if least := c.mails - int32(runtime.GOMAXPROCS(0)); c.before.Load() < least {
		t.Errorf("the desk had come %d steps further when it read the last of %d mails, want %d", c.before.Load(), c.mails, least)
	}
}
