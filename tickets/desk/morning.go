package desk

import (
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Digest tells the coordinators how the desk stands, and what is new since the digest before, in the transaction of its caller.
func (d *Desk) Digest(tx *register.Tx, since time.Time) error {
	return d.survey(tx, since, tickets.Digests)
}

// Worklists tells the technicians what there is to do, in the transaction of its caller.
func (d *Desk) Worklists(tx *register.Tx) error {
	return d.survey(tx, tx.Now(), tickets.Worklists)
}

// Report tells the coordinators the figures of the last week or month that was over at due, in the transaction of its caller.
func (d *Desk) Report(tx *register.Tx, unit tickets.PeriodUnit, due time.Time) error {
	return d.send(tx, tickets.Reports(d.options.Policy, unit, due, tx.Now()))
}

func (d *Desk) survey(tx *register.Tx, since time.Time, tell func(tickets.Overview) []tickets.Notice) error {
	o, err := tx.Overview(since)
	if err != nil {
		return err
	}
	o.Policy = d.options.Policy
	return d.send(tx, tell(o))
}

// send queues notices that belong to no request and that no mail has caused.
func (d *Desk) send(tx *register.Tx, notices []tickets.Notice) error {
	in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy, Mail: tickets.Mail{Message: new(mailbox.Message)}}
	return d.commit(tx, in, tickets.Decision{Notices: notices})
}
