package desk

import (
	"context"
	"slices"
	"time"

	"radicado/tickets/register"
)

// room keeps large mails, those of more than groupBytes, from being in memory together.
type room struct {
	patience time.Duration // how long a mailbox waits: memory is dear, but no mail must wait for a server or a scanner that is slow
	fetch    chan struct{} // a token while one is being fetched
	work     chan struct{} // a token while one is being stored or read
	settled  chan struct{} // a token: one was settled
}

func newRoom() *room {
	return &room{10 * time.Second, make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)}
}

// Room implements receive.Ledger. It waits until no other mailbox fetches a large mail and none is left to be read: a mailbox waits for
// the desk, and not the desk for a mailbox.
func (d *Desk) Room(ctx context.Context) (leave func(), err error) {
	patient, cancel := context.WithTimeout(ctx, d.room.patience)
	defer cancel()
	leave = func() {}
	select {
	case d.room.fetch <- struct{}{}:
		leave = func() { <-d.room.fetch }
		err = d.readBefore(patient)
	case <-patient.Done():
	}
	if patient.Err() != nil {
		err = ctx.Err() // nil: it had its time
	}
	if err != nil {
		leave()
		return nil, err
	}
	d.tidy()
	return leave, nil
}

// readBefore waits while large mails that were taken before are not settled and the desk runs.
func (d *Desk) readBefore(ctx context.Context) error {
	for d.runs.Load() {
		var waits bool
		err := d.register.View(ctx, func(r *register.Reader) (err error) {
			waits, err = r.LargerWaits(groupBytes)
			return err
		})
		if err != nil || !waits {
			return err
		}
		select {
		case <-d.room.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// enter waits until no other large mail is being stored or read, if this one is large. Call leave when done.
func (d *Desk) enter(ctx context.Context, bytes int64) (leave func(), err error) {
	if bytes <= groupBytes {
		return func() {}, nil
	}
	select {
	case d.room.work <- struct{}{}:
		d.tidy()
		return func() { <-d.room.work }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leftBehind gives back what large mails among these took, and lets those go on that wait for it.
func (d *Desk) leftBehind(mails []prepared) {
	if slices.ContainsFunc(mails, func(p prepared) bool { return p.arrival.Size > groupBytes }) {
		d.tidy()
		notify(d.room.settled)
	}
}

func (d *Desk) tidy() {
	if d.options.Tidy != nil {
		d.options.Tidy()
	}
}
