package desk

import (
	"slices"

	"radicado/tickets"
	"radicado/tickets/register"
)

// unfiled stands for a number in the Message-ID of a notice that belongs to no request.
const unfiled = "AVISO"

// queue puts a notice into the outbox. Its Message-ID is fixed here: a repeated delivery can be recognised by it, and an
// answer to it can be told from a guess. It refers only to what this recipient has seen, because the Message-ID of a notice
// to somebody else would let the recipient pass for that person.
func (d *Desk) queue(tx *register.Tx, n tickets.Notice, mail tickets.Mail, decision tickets.Decision) error {
	id, err := tx.UpcomingNotice()
	if err != nil {
		return err
	}
	row := register.OutboxRow{Notice: n, Cause: mail.ID}
	number := unfiled
	if n.Data.Ticket != nil {
		row.Ticket = n.Data.Ticket.Number
		number = string(row.Ticket)
		if !registers(decision, row.Ticket) { // about a new request nothing was sent before
			if row.References, err = tx.LastNoticesTo(row.Ticket, n.To.Addr); err != nil {
				return err
			}
		}
		if len(row.References) > 0 {
			row.InReplyTo = row.References[len(row.References)-1]
		}
		if t := decision.Ticket; t != nil && t.Origin != "" {
			row.References = slices.Insert(row.References, 0, t.Origin)
		}
	}
	if m := mail.Message; m != nil && m.MessageID != "" && m.From.Key() == n.To.Key() {
		row.InReplyTo = m.MessageID
		if !slices.Contains(row.References, m.MessageID) {
			row.References = append(row.References, m.MessageID)
		}
	}
	if row.InReplyTo == "" && len(row.References) > 0 {
		row.InReplyTo = row.References[0]
	}
	row.MessageID = d.options.Keys.MessageID(number, id, n.To.Addr, d.options.Domain)
	_, err = tx.Queue(row)
	return err
}

// registers reports whether the decision registers the request.
func registers(d tickets.Decision, n tickets.Number) bool {
	return d.Ticket != nil && d.Ticket.Number == n && len(d.Events) > 0 && d.Events[0].Seq == 1
}

// GivenUp records, in the transaction that gives the notice up, that it could not be delivered, and why.
func (d *Desk) GivenUp(tx *register.Tx, row register.OutboxRow, why *tickets.UndeliveredFact) error {
	in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy}
	if err := d.ticketOf(tx, row.Ticket, &in); err != nil {
		return err
	}
	var err error
	if in.Bounced, err = bounced(tx, row); err != nil {
		return err
	}
	decision, err := tickets.GivenUp(in, why)
	if err != nil {
		return err
	}
	return d.commit(tx, in, decision)
}
