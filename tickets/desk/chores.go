package desk

import (
	"context"
	"fmt"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Tend does a chore on every ticket that it has to do with, in the transaction of its caller. A ticket that cannot be tended
// is left as it is and reported in the log; the others go on.
func (d *Desk) Tend(ctx context.Context, tx *register.Tx, chore tickets.Chore) error {
	situation, err := tx.Situation()
	if err != nil {
		return err
	}
	for t, err := range tx.TicketsFor(chore) {
		if err != nil {
			return err
		}
		in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy, Ticket: t, Situation: situation, Mail: tickets.Mail{Message: new(mailbox.Message)}}
		decision, err := tickets.Tend(in, chore)
		if err == nil && len(decision.Events) == 0 {
			continue
		}
		if err == nil {
			err = tx.Nested(func() error { return d.commit(tx, in, decision) })
		}
		switch {
		case err == nil:
			d.options.Log.Info("chore done", "chore", chore, "ticket", t.Number, "notices", len(decision.Notices))
		case d.blameless(ctx, err):
			return fmt.Errorf("%s of %s: %w", chore, t.Number, err)
		default:
			d.options.Log.Error("chore failed on a ticket, which is left as it is", "chore", chore, "ticket", t.Number, "error", err)
		}
	}
	return nil
}
