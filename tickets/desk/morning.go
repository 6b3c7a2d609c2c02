package desk

import (
	"context"
	"fmt"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Digest looks at all open requests, beside whatever is written meanwhile. What it returns tells the coordinators how the desk
// stands, and what is new since the digest before.
func (d *Desk) Digest(ctx context.Context) (func(tx *register.Tx, since time.Time) error, error) {
	var requests tickets.Digest
	err := d.survey(ctx, func(r *register.Reader, now tickets.Moment) (err error) {
		requests, err = now.Digest(r.Requests(now.Now))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("digest: %w", err)
	}
	return func(tx *register.Tx, since time.Time) error {
		// What is new is read where it is recorded that it was told: nothing may fall between two digests.
		o, err := tx.Overview(since)
		if err != nil {
			return err
		}
		o.Policy, o.Requests = d.options.Policy, requests
		return d.send(tx, tickets.Digests(o))
	}, nil
}

// Worklists looks at all open requests, beside whatever is written meanwhile. What it returns tells the technicians what there
// is to do.
func (d *Desk) Worklists(ctx context.Context) (func(tx *register.Tx) error, error) {
	var notices []tickets.Notice
	err := d.survey(ctx, func(r *register.Reader, now tickets.Moment) (err error) {
		notices, err = now.Worklists(r.Requests(now.Now))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("morning lists: %w", err)
	}
	return func(tx *register.Tx) error { return d.send(tx, notices) }, nil
}

// Report tells the coordinators the figures of the last week or month that was over at due, in the transaction of its caller.
func (d *Desk) Report(tx *register.Tx, unit tickets.PeriodUnit, due time.Time) error {
	return d.send(tx, tickets.Reports(d.options.Policy, unit, due, tx.Now()))
}

// survey looks at the register as it is now, while others write.
func (d *Desk) survey(ctx context.Context, look func(r *register.Reader, now tickets.Moment) error) error {
	return d.register.View(ctx, func(r *register.Reader) (err error) {
		now := tickets.Moment{Now: d.register.Now(), Policy: d.options.Policy}
		if now.Situation, err = r.Situation(now.Now); err != nil {
			return err
		}
		return look(r, now)
	})
}

// send queues notices that belong to no request and that no mail has caused.
func (d *Desk) send(tx *register.Tx, notices []tickets.Notice) error {
	in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy, Mail: tickets.Mail{Message: new(mailbox.Message)}}
	return d.commit(tx, in, tickets.Decision{Notices: notices})
}
