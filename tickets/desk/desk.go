// Package desk is the way of a mail through the register: received, read, decided, committed. It is the ledger of the
// receivers and the only caller of tickets.Decide. It knows neither IMAP nor SMTP, and makes no rule of its own about
// who may do what.
package desk

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

// Prover tells how far it is proven that the From address wrote a mail.
type Prover interface {
	Prove(ctx context.Context, raw []byte, m *mailbox.Message) mailbox.Proof
}

// Scanner looks for what is harmful in a mail.
type Scanner interface {
	// Scan returns the name of what it found, "" for nothing; an error says that nobody knows.
	Scan(ctx context.Context, mail []byte) (found string, err error)
}

// Options is what a Desk works with.
type Options struct {
	Policy  *tickets.Policy
	Grammar *command.Grammar
	Reader  message.Options
	Prover  Prover
	Keys    *trust.Keyring
	Scanner Scanner              // nil for none
	Refuse  bool                 // what the scanner could not look at is set aside instead of being taken
	Domain  string               // of the Message-IDs of notices
	CutOff  map[string]time.Time // by mailbox: mails that arrived earlier are left alone; missing: those before the first start
	Queued  func()               // called after notices were committed; must not block
	Tidy    func()               // gives back memory that is not in use; called before and after a large mail; nil for nothing
	Observe Observer
	Log     *slog.Logger
}

// Desk handles the mails that the receivers take in.
type Desk struct {
	register *register.Register
	options  Options
	gists    *gists
	*bells
}

// bells is how the receivers and the desk wake one another, and what they hand on to each other.
type bells struct {
	work  chan struct{} // a token: something was taken
	rush  atomic.Int64  // until when mails are expected to come thick and fast, in Unix nanoseconds
	room  *room
	fresh fresh
	runs  atomic.Bool // Run is at work

	mu    sync.Mutex
	wakes map[string]chan struct{} // by mailbox
}

// New returns a Desk on an open register.
func New(r *register.Register, options Options) *Desk {
	return &Desk{r, options, new(gists), &bells{work: make(chan struct{}, 1), room: newRoom(), wakes: map[string]chan struct{}{}}}
}

// Successor returns a desk with other options that goes on where d stops: Run it when that of d has ended. Receivers whose
// ledger is d may keep it.
func (d *Desk) Successor(options Options) *Desk {
	return &Desk{d.register, options, d.gists, d.bells}
}

// Position implements receive.Ledger.
func (d *Desk) Position(ctx context.Context, name string, uidValidity uint32) (receive.Position, error) {
	p, err := d.register.Position(ctx, name, uidValidity, d.options.CutOff[name])
	return receive.Position{Cursor: p.UID, CutOff: p.CutOff}, err
}

// Take implements receive.Ledger.
func (d *Desk) Take(ctx context.Context, name string, uidValidity uint32, batch []mailbox.Arrival, cursor uint32) error {
	var bytes int64
	for _, a := range batch {
		bytes += int64(len(a.Raw))
	}
	leave, err := d.enter(ctx, bytes)
	if err != nil {
		return err
	}
	defer leave()
	d.fresh.keep(batch) // before anybody can claim them
	if err := d.register.Take(ctx, name, uidValidity, cursor, batch); err != nil {
		return err
	}
	notify(d.work)
	return nil
}

// Settled implements receive.Ledger.
func (d *Desk) Settled(ctx context.Context, name string, uidValidity uint32, limit int) ([]receive.Settlement, error) {
	var list []receive.Settlement
	err := d.register.View(ctx, func(r *register.Reader) error {
		settled, err := r.Settled(name, uidValidity, limit)
		for _, s := range settled {
			folder := receive.ToProcessed
			if s.Quarantined {
				folder = receive.ToQuarantine
			}
			list = append(list, receive.Settlement{UID: s.UID, Folder: folder})
		}
		return err
	})
	return list, err
}

// Moved implements receive.Ledger.
func (d *Desk) Moved(ctx context.Context, name string, uidValidity uint32, uids []uint32) error {
	return d.register.Update(ctx, func(tx *register.Tx) error { return tx.Moved(name, uidValidity, uids...) })
}

// Kick says that somebody else may have left work in the register. It does not block.
func (d *Desk) Kick() { notify(d.work) }

// Wake implements receive.Ledger.
func (d *Desk) Wake(name string) <-chan struct{} { return d.wake(name) }

func (d *Desk) wake(name string) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wakes[name] == nil {
		d.wakes[name] = make(chan struct{}, 1)
	}
	return d.wakes[name]
}

// notify leaves a token in a channel with a buffer of one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// The waits after a failure of the register.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// Poke makes Run look for mails, which shows that it turns. It does not block.
func (d *Desk) Poke() { notify(d.work) }

// Run handles mails until ctx ends, those first that were taken in an earlier life. When the register cannot be written it
// says so once, keeps what it has claimed, and goes on when it can.
func (d *Desk) Run(ctx context.Context) error {
	log := d.options.Log
	var failure error
	wait := firstRetry
	d.runs.Store(true)
	defer d.runs.Store(false)
	notify(d.work)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.work:
		}
		err := d.Drain(ctx)
		d.options.Observe.turned()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && failure != nil:
			log.Info("register can be written again: mails are handled")
			failure, wait = nil, firstRetry
		case err != nil:
			if failure == nil || !sameFault(failure, err) {
				log.Error("mails wait: the register cannot be written; they stay in the mailbox until it can", "error", err)
			}
			failure = err
			if !sleep(ctx, wait/2+rand.N(wait)) {
				return nil
			}
			wait = min(2*wait, lastRetry)
			notify(d.work)
		}
	}
}

// sameFault reports whether two errors are one trouble, which is told once.
func sameFault(a, b error) bool {
	for _, kind := range []error{register.ErrFull, register.ErrBusy, register.ErrDamaged} {
		if errors.Is(a, kind) && errors.Is(b, kind) {
			return true
		}
	}
	return a.Error() == b.Error()
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Drain handles everything that was taken and returns when nothing is left. It must not run twice at a time.
func (d *Desk) Drain(ctx context.Context) error {
	for {
		d.options.Observe.turned()
		n, err := d.handleWaiting(ctx, claimMails)
		if n == 0 || err != nil {
			d.fresh.clear()
			return err
		}
	}
}

// hurry says that so many mails wait at a time, while they are being settled too: a batch of them takes longer than the pause.
func (d *Desk) hurry(mails int) {
	if mails >= rushMails {
		d.rush.Store(time.Now().Add(rushPause).UnixNano())
	}
}

// After so many mails at a time more are expected for a while.
const (
	rushMails = 50
	rushPause = 300 * time.Millisecond
)

// Rush returns for how long other work on the register had better wait, because mails come in faster than one by one; 0 for not
// at all.
func (d *Desk) Rush() time.Duration { return max(0, time.Until(time.Unix(0, d.rush.Load()))) }
