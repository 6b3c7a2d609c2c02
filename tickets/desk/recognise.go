package desk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

// acquaintance is what the register knows of a mail before anything is decided.
type acquaintance struct {
	identity []byte
	same     int64          // the message of which this is another copy; 0 for none
	copyOf   tickets.Number // the request of an unproven copy of this mail; "" for none
	replayed string         // why the mail repeats one that was obeyed; "" where it does not
	order    []byte         // by which the same orders are known again; nil where the mail gives none that are proven
}

// recognise looks whether a mail came before. Usually a further copy is one more arrival of the same message. A copy that is
// proven after one that was not counts, once: lists and forwarders break what proves a sender, and the copy that came
// straight may be the later one.
func (d *Desk) recognise(tx *register.Tx, p prepared) (acquaintance, error) {
	a := acquaintance{identity: p.identity}
	commands := p.proof.Proven && len(p.mail.Commands) > 0
	known, err := tx.FindCopy(p.arrival.Digest, a.identity)
	switch {
	case errors.Is(err, register.ErrNotFound):
	case err != nil:
		return a, err
	case known.Proof.Proven || !commands:
		a.same = known.ID
		return a, nil
	default:
		a.identity = provenIdentity(a.identity)
		again, err := tx.FindByIdentity(a.identity)
		if err == nil {
			a.same = again.ID
		}
		if !errors.Is(err, register.ErrNotFound) {
			return a, err
		}
	}
	if !commands {
		return a, nil
	}
	return a, a.compare(tx, p)
}

// compare looks for the same orders in other words: another mail under the Message-ID, or the same mail under another.
func (a *acquaintance) compare(tx *register.Tx, p prepared) error {
	m := p.message
	others, err := tx.MessagesByMessageID(m.MessageID)
	if err != nil {
		return err
	}
	for _, other := range others {
		switch {
		case other.From.Key() != m.From.Key():
		case other.Proof.Proven && !other.Class.Automatic():
			a.replayed = fmt.Sprintf("message %d has the same Message-ID and sender and other content", other.ID)
			return nil
		case a.copyOf == "" && !other.Proof.Proven:
			a.copyOf = other.Ticket
		}
	}
	if m.Date.IsZero() {
		return nil
	}
	order := fingerprint(m.From.Key(), m.Date.UTC().Format(time.RFC3339), tickets.Fold(m.Subject), tickets.Fold(m.NewText))
	before, err := tx.OrderedBy(order)
	switch {
	case errors.Is(err, register.ErrNotFound):
		a.order = order
		return nil
	case err != nil:
		return err
	}
	a.replayed = fmt.Sprintf("message %d has the same sender, date, subject and text under another Message-ID", before)
	return nil
}

// remember keeps the orders of a mail, so that they are not taken for new ones again. A copy that commanded nothing, because it
// came by a list or from a program, does not keep the mail itself from commanding.
func (a acquaintance) remember(tx *register.Tx, message int64, decision tickets.Decision) error {
	if a.order == nil || !decision.Commanded {
		return nil
	}
	return tx.AddOrder(a.order, message)
}

// provenIdentity is the identity of the proven copy of a mail of which an unproven one came first.
func provenIdentity(identity []byte) []byte { return fingerprint("proven", string(identity)) }

func fingerprint(parts ...string) []byte {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s,", len(part), part)
	}
	return h.Sum(nil)
}

// received is when our server got the mail.
func (p prepared) received() time.Time {
	if p.arrival.InternalDate.IsZero() {
		return p.arrival.TakenAt
	}
	return p.arrival.InternalDate
}
