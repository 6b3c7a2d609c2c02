package desk_test

import (
	"bytes"
	"context"
	"errors"
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
