package desk

import (
	"context"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/receive"
	"radicado/tickets/register"
)

// Recall is the ledger for a folder into which mails were moved when they had been handled: what the register does not know,
// because it was restored from an older backup, is taken once more, and nothing is moved.
type Recall struct {
	Register *register.Register
	Since    time.Time       // what the server got earlier is known
	Taken    func(fresh int) // told after each batch; must not block
}

// Position implements receive.Ledger.
func (r Recall) Position(context.Context, string, uint32) (receive.Position, error) {
	return receive.Position{CutOff: r.Since}, nil
}

// Take implements receive.Ledger.
func (r Recall) Take(ctx context.Context, name string, uidValidity uint32, batch []mailbox.Arrival, _ uint32) error {
	fresh, err := r.Register.Retake(ctx, name, uidValidity, batch)
	if err == nil {
		r.Taken(fresh)
	}
	return err
}

// Room implements receive.Ledger.
func (r Recall) Room(context.Context) (leave func(), err error) { return func() {}, nil }

// Settled implements receive.Ledger.
func (r Recall) Settled(context.Context, string, uint32, int) ([]receive.Settlement, error) {
	return nil, nil
}

// Moved implements receive.Ledger.
func (r Recall) Moved(context.Context, string, uint32, []uint32) error { return nil }

// Wake implements receive.Ledger.
func (r Recall) Wake(string) <-chan struct{} { return nil }

// HandleNext handles the mail that waits longest, alone. It must not run beside Run or Drain.
func (d *Desk) HandleNext(ctx context.Context) error {
	_, err := d.handleWaiting(ctx, 1)
	return err
}
