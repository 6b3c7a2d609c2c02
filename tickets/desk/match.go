package desk

import (
	"errors"
	"slices"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// match finds the request that a mail belongs to, by what is hardest to forge first: a keyed Message-ID or reply address
// made for this very sender, any Message-ID that the register knows, a number in the subject.
func (d *Desk) match(tx *register.Tx, m *mailbox.Message, numbers []tickets.Number, in *tickets.Input) error {
	type candidate struct {
		number tickets.Number
		by     string
	}
	var candidates []candidate
	if number, ok := d.options.Keys.Answers(m); ok {
		in.Answers = true
		candidates = append(candidates, candidate{tickets.Number(number), "the token of a notice that was sent to this address"})
	}
	threads, err := tx.TicketsByMessageIDs(references(m))
	if err != nil {
		return err
	}
	for _, t := range threads {
		candidates = append(candidates, candidate{t.Ticket, "Message-ID " + t.MessageID})
	}
	for _, n := range numbers {
		candidates = append(candidates, candidate{n, "the number in the subject"})
	}
	if len(candidates) == 0 {
		cased, err := d.matchCase(tx, m)
		if err != nil {
			return err
		}
		if cased != "" {
			candidates = append(candidates, candidate{cased, "the vendor's own number of the case"})
		}
	}
	for _, c := range candidates {
		in.Ticket, err = tx.Ticket(c.number)
		if err == nil {
			in.MatchedBy = c.by
			return nil
		}
		if !errors.Is(err, register.ErrNotFound) {
			return err
		}
	}
	in.Ticket = nil
	return nil
}

// maxReferences bounds what one mail can make the register look up.
const maxReferences = 50

// references returns the Message-IDs that a mail answers, nearest first.
func references(m *mailbox.Message) []string {
	ids := slices.Clone(m.InReplyTo)
	for _, id := range slices.Backward(m.References) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if len(ids) >= maxReferences {
			break
		}
	}
	return ids
}

// matchBounce finds the notice that a delivery report is about.
func (d *Desk) matchBounce(tx *register.Tx, m *mailbox.Message, in *tickets.Input) error {
	for _, id := range append([]string{m.Bounce.MessageID}, references(m)...) {
		if id == "" {
			continue
		}
		notice, err := tx.NoticeByMessageID(id)
		if errors.Is(err, register.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if in.Bounced, err = bounced(tx, notice); err != nil {
			return err
		}
		return d.ticketOf(tx, notice.Ticket, in)
	}
	return nil
}

// bounced is what Decide must know of a notice that did not arrive.
func bounced(tx *register.Tx, notice register.OutboxRow) (*tickets.Bounced, error) {
	b := &tickets.Bounced{Ticket: notice.Ticket, Kind: notice.Notice.Kind, To: notice.Notice.To}
	var err error
	b.Failures, b.Dead, err = tx.AddressFailures(b.To.Addr)
	return b, err
}

func (d *Desk) ticketOf(tx *register.Tx, n tickets.Number, in *tickets.Input) (err error) {
	if n == "" {
		return nil
	}
	in.Ticket, err = tx.Ticket(n)
	return err
}
