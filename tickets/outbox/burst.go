package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/tickets/register"
)

const (
	batch      = 50                     // notices in hand: claimed, and not known yet what became of them
	group      = 20                     // results that are worth a transaction
	recordSoon = 200 * time.Millisecond // after which fewer are: what was sent and is not recorded goes out again after a crash
	recordTime = 10 * time.Second       // to record results
)

// burst sends what is due. Three stages work side by side: one goroutine renders, each sender sends, and the goroutine that
// began the burst keeps the register. One transaction records what was tried and claims as much again while the rest is being
// sent, so that neither stage waits for the disk.
type burst struct {
	*Outbox
	claimed chan register.OutboxRow
	tried   chan tried
	failed  atomic.Bool         // the server fails as a whole: the rest is not tried
	hand    map[int64]time.Time // the notices in hand by id, and when each is due again
	done    []tried             // and not recorded yet
	ending  bool                // nothing more is claimed
}

// tried is a notice and what became of it.
type tried struct {
	row    register.OutboxRow
	result deliver.Result
}

// Flush tries what is due now, once, and returns how many notices it tried.
func (o *Outbox) Flush(ctx context.Context) (int, error) { return o.burst(ctx, ctx) }

// burst tries what is due and what falls due meanwhile, until nothing is, the server or the register fails, mails come thick and
// fast, or ctx ends; what is in hand then is still sent and recorded, unless sending ends. It returns how many notices it tried.
func (o *Outbox) burst(ctx, sending context.Context) (count int, err error) {
	b := &burst{
		Outbox: o, claimed: make(chan register.OutboxRow, batch), tried: make(chan tried, batch), // neither blocks: no more are in hand
		hand: make(map[int64]time.Time, batch),
	}
	defer b.start(sending)()
	for {
		err = b.turn(sending)
		if len(b.hand) == 0 {
			return count, err
		}
		fresh := b.gather()
		count += len(fresh)
		b.suspectServer(fresh)
		if len(fresh) > 0 && (!b.ending || !b.down) { // of what is left when the server has failed it tells nothing new
			b.judgeServer(fresh)
		}
		b.ending = b.ending || err != nil || b.down || !o.working(ctx) || o.options.Hold != nil && o.options.Hold() > 0
	}
}

// turn records what was tried and claims as much again, in one transaction, also when the daemon is stopping: what was sent must
// not go out again.
func (b *burst) turn(ctx context.Context) error {
	switch {
	case len(b.done) > 0:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), recordTime)
		defer cancel()
	case b.ending:
		return nil
	}
	outcomes := make([]Outcome, len(b.done))
	var claimed []register.OutboxRow
	err := b.register.Update(ctx, func(tx *register.Tx) (err error) {
		for i, t := range b.done {
			if outcomes[i], err = b.record(tx, t.row, t.result); err != nil {
				return err
			}
		}
		claimed, err = b.claim(tx)
		return err
	})
	if err != nil {
		return err // what was tried stays, to be recorded the next time
	}
	for i, t := range b.done {
		b.report(t.row, t.result, outcomes[i])
	}
	b.done = b.done[:0]
	for _, row := range claimed {
		b.hand[row.ID] = row.NextAt
		b.claimed <- row
	}
	return nil
}

// claim takes what is due, as far as there is room. It is recorded as tried before anybody dials: a crash then backs off instead
// of hammering.
func (b *burst) claim(tx *register.Tx) ([]register.OutboxRow, error) {
	if b.ending {
		return nil, nil
	}
	var slow []int64 // still being tried, and due again
	for id, again := range b.hand {
		if !again.After(tx.Now()) {
			slow = append(slow, id)
		}
	}
	limit := batch - len(b.hand)
	if b.down {
		limit = 1
	}
	if len(b.hand) == 0 { // what is in hand must not be hastened
		if err := tx.HastenNotices(b.options.Pace.longest()); err != nil {
			return nil, err
		}
	}
	return tx.ClaimNotices(limit, b.options.Pace.backoff, slow...)
}

// gather waits until enough was tried to be worth a transaction, or a notice is queued while a sender has nothing to do, and returns it.
func (b *burst) gather() []tried {
	before := len(b.done)
	var late <-chan time.Time
	for len(b.hand) > 0 && len(b.done) < before+group {
		var kick <-chan struct{}
		if len(b.hand) < len(b.options.Senders) && !b.ending {
			kick = b.kick
		}
		select {
		case <-kick:
			return b.done[before:]
		case t := <-b.tried:
			delete(b.hand, t.row.ID)
			b.done = append(b.done, t)
			if late == nil {
				late = time.After(recordSoon)
			}
		case <-late:
			return b.done[before:]
		}
	}
	return b.done[before:]
}

// start starts the stages that render and send. Notices set out in the order in which they were claimed, so that a person gets
// them in it. The function that it returns ends the stages after what is in hand.
func (b *burst) start(ctx context.Context) (stop func()) {
	type mail struct {
		row register.OutboxRow
		out mailbox.Outgoing
	}
	ready := make(chan mail, 1)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(ready)
		for row := range b.claimed {
			if b.failed.Load() {
				b.tried <- tried{row, notTried()}
			} else if out, fault := b.render(ctx, row); fault != nil {
				b.tried <- tried{row, *fault}
			} else {
				ready <- mail{row, out}
			}
		}
	})
	for _, sender := range b.options.Senders {
		wait.Go(func() {
			for m := range ready {
				if b.failed.Load() {
					b.tried <- tried{m.row, notTried()}
					continue
				}
				result := b.send(ctx, sender, m.out)
				b.tried <- tried{m.row, result}
				if result.Server { // told after the result, which says why
					b.failed.Store(true)
				}
			}
		})
	}
	return func() {
		close(b.claimed)
		wait.Wait()
	}
}

// notTried is the result of a notice that was claimed when the server failed for another.
func notTried() deliver.Result {
	return deliver.Result{Outcome: deliver.Temporary, Server: true, Err: errors.New("not tried: the mail server fails as a whole")}
}

// render makes the mail of a notice, or says why it cannot be made.
func (o *Outbox) render(ctx context.Context, row register.OutboxRow) (out mailbox.Outgoing, fault *deliver.Result) {
	defer func() {
		// A fault of ours must cost one notice, not the daemon, which would meet it again each time that it starts.
		if r := recover(); r != nil {
			fault = failed(row.MessageID, r)
		}
	}()
	var enclosed Enclosure
	if o.options.Enclose != nil {
		var err error
		if enclosed, err = o.options.Enclose(ctx, row.Notice); err != nil {
			return mailbox.Outgoing{}, &deliver.Result{Outcome: deliver.Temporary, Stage: deliver.StageCompose, Err: fmt.Errorf("what goes with notice %s: %w", row.MessageID, err)}
		}
	}
	mail, err := o.options.Render.Render(row.Notice, enclosed.Report)
	if err != nil {
		return mailbox.Outgoing{}, &deliver.Result{Outcome: deliver.Permanent, Stage: deliver.StageCompose, Err: fmt.Errorf("render notice %s: %w", row.MessageID, err)}
	}
	out = o.Compose(row, mail)
	out.Files = enclosed.Files
	return out, nil
}

// failed is the result of a notice at which the program failed.
func failed(id string, fault any) *deliver.Result {
	return &deliver.Result{Outcome: deliver.Permanent, Stage: deliver.StageCompose, Err: fmt.Errorf("notice %s: panic: %v", id, fault)}
}

func (o *Outbox) send(ctx context.Context, sender Sender, out mailbox.Outgoing) (result deliver.Result) {
	o.turned() // so that a batch that takes long is not taken for one that hangs
	begin := time.Now()
	defer func() {
		if r := recover(); r != nil {
			result = *failed(out.MessageID, r)
		}
	}()
	result = sender.Send(ctx, out)
	if o.options.Observe.Tried != nil {
		o.options.Observe.Tried(result, time.Since(begin))
	}
	return result
}
