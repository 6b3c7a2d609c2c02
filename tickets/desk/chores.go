package desk

import (
	"context"
	"fmt"
	"slices"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// tendPortion is how many tickets Tend changes in a transaction: mails that come meanwhile wait for no more than that.
const tendPortion = 25

// Tend does a chore on every ticket that it has to do with. It finds out beside the register's writers where there is something to
// do, which is nearly nowhere, and does that in portions; what it has done before it fails stays done. A ticket that cannot be
// tended is left as it is and reported in the log; the others go on.
func (d *Desk) Tend(ctx context.Context, chore tickets.Chore) error {
	var due []tickets.Number
	err := d.survey(ctx, func(r *register.Reader, now tickets.Moment) error {
		for t, err := range r.Outlines(chore, now.Now) {
			if err != nil {
				return err
			}
			in := tickets.Input{Now: now.Now, Policy: now.Policy, Situation: now.Situation, Ticket: t}
			// One that cannot be tended is due too: that is told where its turn comes.
			if decision, err := tickets.Tend(in, chore); err != nil || len(decision.Events) > 0 {
				due = append(due, t.Number)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", chore, err)
	}
	for portion := range slices.Chunk(due, tendPortion) {
		if err := d.tendAll(ctx, chore, portion); err != nil {
			return err
		}
	}
	return nil
}

// tended is what a chore has done on a ticket.
type tended struct {
	ticket  tickets.Number
	notices int
}

// tendAll does a chore on some tickets in one transaction.
func (d *Desk) tendAll(ctx context.Context, chore tickets.Chore, numbers []tickets.Number) error {
	var done []tended
	err := d.register.Update(ctx, func(tx *register.Tx) error {
		situation, err := tx.Situation()
		if err != nil {
			return err
		}
		for _, n := range numbers {
			decision, err := d.tend(tx, chore, n, situation)
			switch {
			case err == nil && len(decision.Events) > 0:
				done = append(done, tended{n, len(decision.Notices)})
			case err == nil: // somebody was faster
			case d.blameless(ctx, err):
				return fmt.Errorf("%s of %s: %w", chore, n, err)
			default:
				d.options.Log.Error("chore failed on a ticket, which is left as it is", "chore", chore, "ticket", n, "error", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range done {
		d.options.Log.Info("chore done", "chore", chore, "ticket", t.ticket, "notices", t.notices)
	}
	if len(done) > 0 && d.options.Queued != nil {
		d.options.Queued()
	}
	return nil
}

// tend does a chore on one ticket, as the ticket is by now.
func (d *Desk) tend(tx *register.Tx, chore tickets.Chore, n tickets.Number, situation tickets.Situation) (decision tickets.Decision, err error) {
	in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy, Situation: situation, Mail: tickets.Mail{Message: new(mailbox.Message)}}
	if in.Ticket, err = tx.Ticket(n); err != nil {
		return decision, err
	}
	decision, err = tickets.Tend(in, chore)
	if err != nil || len(decision.Events) == 0 {
		return decision, err
	}
	return decision, tx.Nested(func() error { return d.commit(tx, in, decision) })
}
