package desk

import (
	"context"
	"crypto/sha256"
	"errors"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Explanation is what would become of a mail if it came now.
type Explanation struct {
	Message   *mailbox.Message
	Proof     mailbox.Proof
	Same      int64 // the message that it is a copy of, so that nothing would be decided; 0 for none
	Input     tickets.Input
	Decision  tickets.Decision
	ErrDecide error // why handling would fail
}

var errOnlyAsked = errors.New("nothing was to be changed")

// Explain says what would become of a mail, and changes nothing: whatever is read is read in a transaction that is undone.
func (d *Desk) Explain(ctx context.Context, arrival mailbox.Arrival) (Explanation, error) {
	return d.explain(ctx, arrival, false)
}

// Replay is Explain for a mail that the register has already: as if it had not come before.
func (d *Desk) Replay(ctx context.Context, arrival mailbox.Arrival) (Explanation, error) {
	return d.explain(ctx, arrival, true)
}

func (d *Desk) explain(ctx context.Context, arrival mailbox.Arrival, again bool) (Explanation, error) {
	p := prepared{message: message.Read(arrival.Raw, d.options.Reader)}
	p.arrival.InternalDate, p.arrival.TakenAt = arrival.InternalDate, arrival.InternalDate
	p.arrival.Digest = sha256.Sum256(arrival.Raw)
	p.proof = d.options.Prover.Prove(ctx, arrival.Raw, p.message)
	d.study(&p)
	e := Explanation{Message: p.message, Proof: p.proof}
	err := d.register.Update(ctx, func(tx *register.Tx) error {
		known, err := d.recognise(tx, p)
		if err != nil {
			return err
		}
		if !again {
			e.Same = known.same
		}
		if e.Input, err = d.input(tx, p, known, 0); err != nil {
			return err
		}
		if e.Input, _, err = d.confirmed(tx, e.Input); err != nil {
			return err
		}
		if e.Same == 0 {
			e.Decision, e.ErrDecide = tickets.Decide(e.Input)
		}
		if e.ErrDecide == nil {
			if e.Decision, err = d.restrain(tx, e.Decision); err != nil {
				return err
			}
		}
		return errOnlyAsked
	})
	if errors.Is(err, errOnlyAsked) {
		err = nil
	}
	return e, err
}
