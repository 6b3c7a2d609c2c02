package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	fillBatch = 1000 // requests a transaction
	fillText  = 400  // bytes that a request says at least
)

// prepareRegister puts a register with so many requests into the folder: a copy of the one that an earlier run has kept, or a new one,
// which is then kept.
func prepareRegister(ctx context.Context, folder string, o options, end time.Time) error {
	if o.Register == 0 {
		return nil
	}
	path := filepath.Join(folder, "register.db")
	if o.Made == "" {
		return fillRegister(ctx, path, o, end)
	}
	if _, err := os.Stat(o.Made); errors.Is(err, fs.ErrNotExist) {
		if err := fillRegister(ctx, o.Made+".new", o, end); err != nil {
			return err
		}
		if err := os.Rename(o.Made+".new", o.Made); err != nil {
			return err
		}
	}
	return copyRegister(ctx, path, o)
}

// copyRegister copies the kept register, and refuses one with other numbers of requests: the mails would name the wrong ones.
func copyRegister(ctx context.Context, path string, o options) (err error) {
	from, err := os.Open(o.Made)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return fmt.Errorf("copy the register %s: %w", o.Made, err)
	}
	r, err := register.Open(ctx, path, register.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.View(ctx, func(r *register.Reader) error {
		tally, err := r.Tally()
		if err != nil {
			return err
		}
		loads, err := r.Loads()
		if open := loads[technician().Key()]; err == nil && (tally.Requests != int64(o.Register) || open != min(o.Open, o.Register)) {
			err = fmt.Errorf("the register %s has %d requests, %d of them open, not %d and %d: name another file", o.Made, tally.Requests, open, o.Register, o.Open)
		}
		return err
	})
}

// fillRegister makes a register with the requests of the year up to end, nearly all of them closed: a desk has so many in hand, however
// many it has had. Those that are open came at the end, so that no term of theirs has run out. Their mails and notices are left
// out: what is measured is how finding among many requests costs more than finding among few.
func fillRegister(ctx context.Context, path string, o options, end time.Time) (err error) {
	begin := time.Date(end.Year(), 1, 1, 0, 0, 0, 0, time.UTC) // a year later the numbers begin again
	now := begin
	// Made once and thrown away, so that it need not wait for the disk.
	r, err := register.Open(ctx, path, register.Options{Now: func() time.Time { return now }, Volatile: true})
	if err != nil {
		return fmt.Errorf("make a register: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	g := newGenerator(o.mix, end, 1)
	for done := 0; done < o.Register; done += fillBatch {
		now = end
		if closed := o.Register - o.Open; done < closed {
			now = begin.Add(time.Duration(float64(end.Sub(begin)) * float64(done) / float64(closed)))
		}
		err := r.Update(ctx, func(tx *register.Tx) error {
			for i := done; i < min(done+fillBatch, o.Register); i++ {
				if err := g.fill(tx, i < o.Register-o.Open); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("make a register: %w", err)
		}
	}
	return nil
}

func technician() mailbox.Address { return mailbox.Address{Name: "Ana Gómez", Addr: staff()[1]} }

// fill registers one request and takes it as far as the desk would.
func (g *generator) fill(tx *register.Tx, closed bool) error {
	number, err := tx.NextNumber()
	if err != nil {
		return err
	}
	requester := mailbox.Address{Name: "Funcionario", Addr: g.sender()}
	facts := []tickets.Fact{
		&tickets.RegisteredFact{Requester: requester, Subject: g.subject(), Text: g.text(fillText)},
		&tickets.PrioritisedFact{Priority: tickets.Medium},
		&tickets.AssignedFact{Technician: technician()},
	}
	if closed {
		facts = append(facts, &tickets.ClosedFact{Text: "Se reinició y quedó funcionando."})
	}
	t := new(tickets.Ticket)
	events := make([]tickets.Event, len(facts))
	for i, fact := range facts {
		actor := tickets.Actor{Role: tickets.RoleCoordinator, Addr: coordinatorAddress}
		if i == 0 {
			actor = tickets.Actor{Role: tickets.RoleRequester, Addr: requester.Addr}
		}
		events[i] = tickets.Event{Ticket: number, Seq: i + 1, At: tx.Now(), Actor: actor, Fact: fact}
		if err := t.Apply(events[i]); err != nil {
			return err
		}
	}
	return tx.Append(t, events)
}
