package desk

import (
	"errors"
	"slices"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/register"
)

// candidate is a request that a mail may belong to.
type candidate struct {
	number tickets.Number
	by     string // how it was found, in English
}

// match finds the request that a mail belongs to, by what is hardest to forge first: a keyed Message-ID or reply address
// made for this very sender, any Message-ID that the register knows, a number in the subject. Of commands of staff the subject decides.
func (d *Desk) match(tx *register.Tx, m *mailbox.Message, numbers []tickets.Number, in *tickets.Input) error {
	candidates, err := d.candidates(tx, m, numbers, in)
	if err != nil {
		return err
	}
	another := func(n tickets.Number) bool { return n != candidates[0].number } // where there are numbers there is a first one
	var meant tickets.Number
	if slices.ContainsFunc(numbers, another) {
		if meant, err = commandedOn(tx, in, numbers); err != nil {
			return err
		}
	}
	if meant != "" && another(meant) {
		if in.Answers && candidates[0].number != unfiled && in.Sender.Proof.Method == string(trust.MethodToken) {
			in.Sender.Proof.Proven, in.Sender.Proof.Reason = false, "the notice that it answers is of another request than its subject names"
		}
		candidates = slices.Insert(candidates, 0, candidate{meant, "the number in the subject, which goes before what staff answer"})
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

// candidates returns the requests that a mail may belong to, what is hardest to forge first.
func (d *Desk) candidates(tx *register.Tx, m *mailbox.Message, numbers []tickets.Number, in *tickets.Input) (found []candidate, err error) {
	if number, ok := d.options.Keys.Answers(m); ok {
		in.Answers = true
		found = append(found, candidate{tickets.Number(number), "the token of a notice that was sent to this address"})
	}
	threads, err := tx.TicketsByMessageIDs(references(m))
	if err != nil {
		return nil, err
	}
	for _, t := range threads {
		found = append(found, candidate{t.Ticket, "Message-ID " + t.MessageID})
	}
	for _, n := range numbers {
		found = append(found, candidate{n, "the number in the subject"})
	}
	if len(found) > 0 {
		return found, nil
	}
	cased, err := d.matchCase(tx, m)
	if cased != "" {
		found = append(found, candidate{cased, "the vendor's own number of the case"})
	}
	return found, err
}

// commandedOn returns the one existing request that the subject of a member of staff's commands names, "" where it names none or
// several. Whoever answers any notice at hand and writes another number means that one: our own subjects never name two.
func commandedOn(tx *register.Tx, in *tickets.Input, numbers []tickets.Number) (meant tickets.Number, err error) {
	if !in.Sender.Role.Staff() || len(in.Mail.Commands) == 0 {
		return "", nil
	}
	for _, n := range numbers {
		switch _, err := tx.Ticket(n); {
		case errors.Is(err, register.ErrNotFound):
		case err != nil:
			return "", err
		case meant != "":
			return "", nil
		default:
			meant = n
		}
	}
	return meant, nil
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
