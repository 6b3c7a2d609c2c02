package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	fillBatch = 500  // requests a transaction
	openShare = 0.01 // of the requests, the latest ones, that are still open
)

// fillRegister makes a register with requests of the past in it, as the desk would have left them: registered, assigned, resolved
// and closed, but for the latest.
func fillRegister(ctx context.Context, folder string, o options) (err error) {
	if o.Register == 0 {
		return nil
	}
	reg, err := register.Open(ctx, filepath.Join(folder, "register.db"), register.Options{Location: time.Local})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	m := o.mix
	m.Seed++
	g := newGenerator(m, time.Now(), 1)
	for made := 0; made < o.Register; {
		n := min(fillBatch, o.Register-made)
		err := reg.Update(ctx, func(tx *register.Tx) error {
			for i := range n {
				if err := g.past(tx, made+i >= o.Register-int(openShare*float64(o.Register))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("fill the register: %w", err)
		}
		made += n
	}
	return nil
}

// past adds one request with its events.
func (g *generator) past(tx *register.Tx, open bool) error {
	number, err := tx.NextNumber()
	if err != nil {
		return err
	}
	official := mailbox.Address{Name: "Funcionario", Addr: fmt.Sprintf("funcionario%d@ministerio.example", g.random.IntN(g.Senders))}
	technician := mailbox.Address{Name: "Ana Gómez", Addr: staff()[1]}
	facts := []tickets.Fact{
		&tickets.RegisteredFact{Requester: official, Subject: g.text(4), Text: g.text(80)},
		&tickets.AssignedFact{Technician: technician},
		&tickets.ResolvedFact{Text: g.text(20)},
		&tickets.ClosedFact{Silent: true},
	}
	if open {
		facts = facts[:2]
	}
	t := &tickets.Ticket{}
	var events []tickets.Event
	for i, fact := range facts {
		e := tickets.Event{Ticket: number, Seq: i + 1, At: tx.Now(), Actor: tickets.Actor{Role: tickets.RoleSystem}, Fact: fact}
		if err := t.Apply(e); err != nil {
			return err
		}
		events = append(events, e)
	}
	return tx.Append(t, events)
}
