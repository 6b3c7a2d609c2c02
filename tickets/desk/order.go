package desk

import (
	"context"
	"fmt"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Order is commands that an administrator gives on the machine itself.
type Order struct {
	Account  string         // of the system, by which the events name the administrator
	Number   tickets.Number // the request; "" where the commands need none
	Commands string         // as in a subject: "#prioridad alta #asignar Ana"
	Text     string         // what a mail would say in its body
}

// Obey carries out an order as it would those of a mail: all of it, or none, with the same events and notices. What was done, or why
// not, is in the decision's Answer. It may run beside a daemon. An error says that nothing was changed.
func (d *Desk) Obey(ctx context.Context, o Order) (decision tickets.Decision, err error) {
	subject := d.options.Grammar.Read(o.Commands)
	switch {
	case len(subject.Commands) == 0:
		return decision, fmt.Errorf("found no command in %q: commands look like #prioridad alta", o.Commands)
	case subject.Title != "":
		return decision, fmt.Errorf("found %q outside the commands: their text goes behind a command, or into the body", subject.Title)
	}
	err = d.register.Update(ctx, func(tx *register.Tx) error {
		in := tickets.Input{
			Now: tx.Now(), Policy: d.options.Policy, Sender: tickets.Administrator(o.Account),
			Mail: tickets.Mail{Message: &mailbox.Message{Date: tx.Now(), NewText: o.Text}, Commands: subject.Commands, Whole: subject.Whole, Received: tx.Now()},
		}
		if err := d.ticketOf(tx, o.Number, &in); err != nil {
			return err
		}
		if err := d.complete(tx, &in); err != nil {
			return err
		}
		if decision, err = tickets.Order(in); err != nil {
			return err
		}
		return d.commit(tx, in, decision)
	})
	if err != nil {
		return tickets.Decision{}, fmt.Errorf("command: %w", err)
	}
	if len(decision.Notices) > 0 && d.options.Queued != nil {
		d.options.Queued()
	}
	return decision, nil
}
