package desk

import (
	"context"
	"errors"
	"sync"
	"time"

	"radicado/tickets/register"
)

const (
	claimMails  = 400             // claimed at a time at most: after a crash each of them comes alone
	groupMails  = 200             // of them settled in one transaction, which costs one wait for the disk, and each page of an index once
	groupBytes  = 8 << 20         // of mail in a group; one larger mail comes alone, and is large
	maxRun      = 10 * claimMails // handled without a pause, after which those have their turn that others gave back
	releaseTime = 5 * time.Second
)

// claim is how many mails are to be claimed, and behind which one.
type claim struct {
	after int64 // id of an arrival; 0 for the first that waits
	limit int
}

func (c claim) make(tx *register.Tx) ([]register.Arrival, error) {
	if c.limit <= 0 {
		return nil, nil
	}
	return tx.ClaimArrivals(c.after, c.limit)
}

// handleWaiting claims and handles the mails that wait, and returns how many there were. With a window of one it handles the first one
// alone; otherwise it goes on while there are more, of which up to window are claimed at a time.
func (d *Desk) handleWaiting(ctx context.Context, window int) (int, error) {
	var claimed []register.Arrival
	err := d.register.Update(ctx, func(tx *register.Tx) (err error) {
		claimed, err = claim{0, window}.make(tx)
		return err
	})
	if err != nil || len(claimed) == 0 {
		return 0, err
	}
	reading := d.readAhead(ctx, window)
	p := pipeline{desk: d, reading: reading, window: window}
	err = p.run(ctx, claimed)
	reading.end()
	p.reports.Wait()
	if err != nil {
		return p.handled, errors.Join(err, d.release(ctx, p.claimed))
	}
	return p.handled, nil
}

// pipeline settles groups of mails while the next ones are claimed and read.
type pipeline struct {
	desk    *Desk
	reading *reading
	window  int
	claimed []register.Arrival // and not settled, in their order
	handled int
	reports sync.WaitGroup // one at a time: of the group before, while the next is settled
}

func (p *pipeline) run(ctx context.Context, claimed []register.Arrival) error {
	d := p.desk
	p.add(claimed)
	for len(p.claimed) > 0 {
		d.options.Observe.turned()
		waiting := len(p.claimed)
		d.hurry(waiting)
		g, err := p.reading.next(ctx)
		if err != nil {
			return err
		}
		results, claimed, err := d.settleGroup(ctx, g, p.next(len(g)))
		d.leftBehind(g)
		d.hurry(waiting)
		if err != nil {
			return err
		}
		p.reports.Wait()
		p.reports.Go(func() { d.report(g, results) })
		p.handled += len(g)
		p.claimed = p.claimed[len(g):]
		p.add(claimed)
	}
	return nil
}

// add has claimed mails read.
func (p *pipeline) add(claimed []register.Arrival) {
	p.claimed = append(p.claimed, claimed...)
	for len(claimed) > 0 {
		g := takeGroup(claimed)
		p.reading.todo <- g
		claimed = claimed[len(g):]
	}
}

// next is the claim to be made when so many more are settled: while they are, others are read, and none must be missing then.
func (p *pipeline) next(settled int) claim {
	room := p.window - (len(p.claimed) - settled)
	if p.window == 1 || 2*room < p.window || p.handled >= maxRun {
		return claim{}
	}
	return claim{after: p.claimed[len(p.claimed)-1].ID, limit: room}
}

// reading is the mails that are being read, group by group, while others are settled: the one takes the processors, the other the disk.
type reading struct {
	todo  chan []register.Arrival // a place for each mail that may be claimed: nobody waits who adds some
	ready chan readGroup
	stop  context.CancelFunc
	wait  sync.WaitGroup
}

// readGroup is mails that are settled in one transaction.
type readGroup struct {
	mails []prepared
	err   error // why they could not be read
}

// readAhead begins to read what comes to todo, at most window mails at a time, until end.
func (d *Desk) readAhead(ctx context.Context, window int) *reading {
	ctx, stop := context.WithCancel(ctx)
	r := &reading{todo: make(chan []register.Arrival, window), ready: make(chan readGroup), stop: stop}
	r.wait.Go(func() {
		for arrivals := range r.todo {
			g := readGroup{mails: make([]prepared, len(arrivals))}
			g.err = d.prepareAll(ctx, arrivals, g.mails)
			select {
			case r.ready <- g:
			case <-ctx.Done():
				return
			}
		}
	})
	return r
}

// next returns the next group.
func (r *reading) next(ctx context.Context) ([]prepared, error) {
	select {
	case g := <-r.ready:
		return g.mails, g.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *reading) end() {
	r.stop()
	close(r.todo)
	r.wait.Wait()
}

// takeGroup returns the first mails that fit into memory together.
func takeGroup(list []register.Arrival) []register.Arrival {
	var bytes int64
	for i, a := range list {
		bytes += a.Size
		if i == groupMails || bytes > groupBytes && i > 0 {
			return list[:i]
		}
	}
	return list
}

// release gives back the attempts of mails that are not to blame. It works also when ctx has ended: the daemon stops.
func (d *Desk) release(ctx context.Context, list []register.Arrival) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	return d.register.Update(ctx, func(tx *register.Tx) error { return tx.ReleaseArrivals(ids...) })
}
