package register

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"radicado/mailbox"
	"radicado/tickets"
)

// resourcePolicy is the policy of the tests about resources.
func resourcePolicy() *tickets.Policy {
	return &tickets.Policy{
		People:    tickets.People{{Name: "Carmen", Addresses: []string{coordinator.Addr}, Role: tickets.RoleCoordinator}},
		Resources: []tickets.Resource{{Name: "Portátil", Stock: 3}},
	}
}

// reserve lets Decide reserve for a request, as the desk does.
func reserve(ctx context.Context, r *Register, n tickets.Number, units int) error {
	return r.Update(ctx, func(tx *Tx) error {
		t, err := tx.Ticket(n)
		if err != nil {
			return err
		}
		s, err := tx.Situation()
		if err != nil {
			return err
		}
		policy := resourcePolicy()
		m := &mailbox.Message{From: mailbox.Address{Addr: coordinator.Addr}, Class: mailbox.ClassPerson}
		d, err := tickets.Decide(tickets.Input{Now: tx.Now(), Policy: policy, Sender: policy.Identify(m, mailbox.Proof{Proven: true}),
			Mail:   tickets.Mail{Message: m, Commands: []tickets.Command{{Verb: tickets.VerbResource, Word: "recurso", Arg: fmt.Sprint("portátil ", units)}}},
			Ticket: t, Situation: s})
		if err != nil {
			return err
		}
		return tx.Append(d.Ticket, d.Events)
	})
}

// TestNeverMoreReservedThanThereIs has many reserve at the same time, through two openings of the register.
func TestNeverMoreReservedThanThereIs(t *testing.T) {
	f := open(t)
	other, err := Open(t.Context(), f.path, Options{Location: bogota, Now: f.clock.now})
	check(t, err)
	defer func() { check(t, other.Close()) }()
	const requests = 12
	f.update(t, func(tx *Tx) error {
		for range requests {
			if _, err := register(tx, ana, "a", "b"); err != nil {
				return err
			}
		}
		return nil
	})
	var wait sync.WaitGroup
	for i := range requests {
		wait.Go(func() {
			r := f.Register
			if i%2 == 0 {
				r = other
			}
			if err := reserve(t.Context(), r, tickets.FormatNumber("SS", 2026, i+1), 1+i%2); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	f.update(t, func(tx *Tx) error {
		s, err := tx.Situation()
		if s.Reserved["portatil"] != 3 {
			t.Errorf("%d of 3 are reserved", s.Reserved["portatil"])
		}
		return err
	})
	f.sound(t)
}

func TestReservationsEndWithTheReturn(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.ReservedFact{Resource: "Portátil", Units: 2, Due: tx.Now()},
			&tickets.ReservedFact{Resource: "Multímetro", Units: 1}))
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.ReturnedFact{Resource: "portátil", Units: 1}, &tickets.ReturnedFact{Resource: "Multímetro", Units: 1})
	})
	f.sound(t)
	f.update(t, func(tx *Tx) error {
		s, err := tx.Situation()
		if len(s.Reserved) != 1 || s.Reserved["portatil"] != 1 {
			t.Errorf("reserved %v", s.Reserved)
		}
		return err
	})
}
