// Package receive is the IMAP side of the daemon: it reads one folder of one account for ever, hands every mail to a
// ledger before the server is told anything, and moves mails where the ledger wants them. It assumes that the connection
// may break at any byte and that the server may say anything at any time. It knows nothing of what mails mean, of
// requests or of the database.
package receive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
)

// State is how a mailbox stands.
type State struct {
	Mailbox string
	Trouble Trouble // NoTrouble while the mailbox is being read
	Err     error   // nil while it is being read
	Moving  error   // why mails cannot be moved, nil where they can
	Since   time.Time
}

// Receiver reads one folder.
type Receiver struct {
	acc    Account
	ledger Ledger
	log    *slog.Logger
	poke   chan struct{}

	// Observe, where set before Run, is told of every change of state, from the goroutine of Run; it must not block.
	Observe func(State)
	// Took, where set before Run, is told how many mails the ledger has taken; it must not block.
	Took func(mails int)
	// Now and Jitter, which returns numbers from 0 up to 1, may be set by tests before Run.
	Now    func() time.Time
	Jitter func() float64

	state    State
	started  bool   // state has been told at least once
	progress bool   // something was taken since the last failure
	validity uint32 // UIDVALIDITY that alone, tries and copied belong to
	alone    uint32 // mails up to this UID are fetched one by one: a batch with one of them broke the connection
	tries    map[uint32]attempts
	copied   map[uint32]struct{}
	brief    int  // connections in a row of which the server ended IDLE soon after they were made
	noIdle   bool // the server refused the IDLE that it offers, or ended it so too often
	moving   retry
	flagged  bool // it was said that processed mails stay in the folder, marked as deleted

	seen atomic.Int64 // when the server answered last, in Unix nanoseconds

	mu     sync.Mutex
	missed map[uint32]struct{} // mails that were passed over, by UID
	under  uint32              // UIDVALIDITY that missed belongs to
}

// New returns a receiver, which does nothing before Run.
func New(acc Account, ledger Ledger, log *slog.Logger) *Receiver {
	return &Receiver{
		acc:    acc.withDefaults(),
		ledger: ledger,
		log:    log.With("mailbox", acc.Name),
		poke:   make(chan struct{}, 1),
		Now:    time.Now,
		Jitter: rand.Float64,
		tries:  make(map[uint32]attempts),
		copied: make(map[uint32]struct{}),
	}
}

// Seen returns when the folder was last seen: when the server answered a look at it or an IDLE. It is zero before the first
// time, and may be called while Run is at work.
func (r *Receiver) Seen() time.Time {
	if at := r.seen.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Poke asks for a look at the folder now, whatever IDLE says, and ends the wait after a failure, unless that was a
// refused login. It does not block.
func (r *Receiver) Poke() { notify(r.poke) }

// Retake takes mails that lie in the folder behind the ledger's position and never reached it: servers that are copies of one
// another show mails in another order than that of their UIDs. It does not block.
func (r *Receiver) Retake(uidValidity uint32, uids []uint32) {
	r.mu.Lock()
	r.under, r.missed = uidValidity, make(map[uint32]struct{}, len(uids))
	for _, uid := range uids {
		r.missed[uid] = struct{}{}
	}
	r.mu.Unlock()
	r.Poke()
}

// retakes returns what Retake has asked for, in ascending order.
func (r *Receiver) retakes() []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.under != r.validity {
		return nil
	}
	return slices.Sorted(maps.Keys(r.missed))
}

func (r *Receiver) retaken(uids ...uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, uid := range uids {
		delete(r.missed, uid)
	}
}

// Run reads the folder until ctx ends, through whatever failures, and then returns nil within moments. The only other
// error is that of Account.Validate, at once.
func (r *Receiver) Run(ctx context.Context) error {
	if err := r.acc.Validate(); err != nil {
		return fmt.Errorf("mailbox %s: %w", r.acc.Name, err)
	}
	wait := retry{}
	for ctx.Err() == nil {
		begin := time.Now()
		err := r.visit(ctx)
		if ctx.Err() != nil {
			break
		}
		if r.progress || time.Since(begin) > r.acc.Timing.Step {
			r.progress = false
			wait.reset()
		}
		if !errors.Is(err, errIdleEnded) { // some servers do so every few minutes and mean no harm
			r.report(troubleOf(err), err)
		}
		first, poke := r.acc.Timing.Retry, r.poke
		if troubleOf(err) == Refused {
			first, poke = r.acc.Timing.RefusedRetry, nil
		}
		timer := time.NewTimer(wait.next(first, r.acc.Timing.MaxRetry, r.Jitter()))
		select {
		case <-ctx.Done():
		case <-poke:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// onceTries is how often in a row Once may fail and get nothing, and twice as often while it waits for a mail to come in full.
const onceTries = 8

// Once takes every mail that is in the folder and not in the ledger, moves none, and returns. The account must leave mails in place.
// It tries again where a connection breaks, and fails with ErrNoFolder where there is no such folder.
func (r *Receiver) Once(ctx context.Context) error {
	if err := r.acc.Validate(); err != nil {
		return fmt.Errorf("mailbox %s: %w", r.acc.Name, err)
	}
	wait := retry{}
	for tries := 1; ; tries++ {
		err := r.catchUpOnce(ctx)
		if err == nil {
			return nil
		}
		if r.progress {
			r.progress, tries, wait = false, 1, retry{}
		}
		kind := troubleOf(err)
		if kind == NoFolder {
			return fmt.Errorf("mailbox %s: %w: %w", r.acc.Name, ErrNoFolder, err)
		}
		never := kind == Unreachable && r.Seen().IsZero() // most likely it is not where it should be
		most := onceTries
		if len(r.tries) > 0 {
			most *= 2 // or patience with one mail would cost all of them
		}
		if tries >= most || never || kind == NoSecret || kind == Refused || kind == NotKept || ctx.Err() != nil {
			return fmt.Errorf("mailbox %s: %w", r.acc.Name, err)
		}
		timer := time.NewTimer(wait.next(r.acc.Timing.Retry, r.acc.Timing.MaxRetry, r.Jitter()))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (r *Receiver) catchUpOnce(ctx context.Context) error {
	s, err := connect(ctx, r.acc)
	if err != nil {
		return err
	}
	defer s.close()
	l, err := r.look(ctx, s)
	if err != nil {
		return err
	}
	return l.catchUp(ctx)
}

// look opens the folder where the ledger left it.
func (r *Receiver) look(ctx context.Context, s *session) (*look, error) {
	if err := s.open(ctx, r.acc.Folder); err != nil {
		return nil, err
	}
	if s.uidValidity != r.validity {
		r.validity, r.alone = s.uidValidity, 0
		clear(r.tries)
		clear(r.copied)
	}
	position, err := r.ledger.Position(ctx, r.acc.Name, s.uidValidity)
	if err != nil {
		return nil, trouble(NotKept, err)
	}
	return &look{r: r, s: s, position: position, names: make(map[Destination]string)}, nil
}

// visit is one connection, from the dialling to its end, which is always an error.
func (r *Receiver) visit(ctx context.Context) error {
	s, err := connect(ctx, r.acc)
	if err != nil {
		return err
	}
	defer s.close()
	l, err := r.look(ctx, s)
	if err != nil {
		return err
	}
	why := announced
	calm := firstIdle
	for {
		if why != woken {
			heard(s.news) // whatever comes from now on wants another look
			if err := l.catchUp(ctx); err != nil {
				return err
			}
			r.seen.Store(r.Now().UnixNano())
			if err := l.retake(ctx); err != nil {
				return err
			}
		}
		if err := l.settle(ctx); err != nil {
			return err
		}
		if why, err = r.rest(ctx, s, calm); err != nil {
			return err
		}
		r.seen.Store(r.Now().UnixNano())
		if calm = min(4*calm, r.acc.Timing.Idle); why != timeOver {
			calm = firstIdle
		}
	}
}

// firstIdle is how long the first IDLE lasts after something happened. Several servers do not announce what came in the
// moment before IDLE began; a short one, then longer and longer ones, find it soon.
const firstIdle = time.Second

// rest waits until there is something to do: in IDLE, which lasts for calm at most, or without it until the next poll.
func (r *Receiver) rest(ctx context.Context, s *session, calm time.Duration) (reason, error) {
	var wake <-chan struct{}
	if !r.acc.LeaveInPlace {
		wake = r.ledger.Wake(r.acc.Name)
	}
	idle := s.caps.Has(imap.CapIdle) && !r.noIdle
	limit := r.acc.Timing.Poll
	if idle {
		limit = min(calm, r.acc.Timing.Idle)
	}
	if r.moving.failed() {
		limit = min(limit, max(0, r.moving.due.Sub(r.Now())))
	}
	if idle {
		why, err := r.watch(ctx, s, limit, wake)
		switch young := time.Since(s.begin) < r.acc.Timing.RefusedRetry; {
		case !young:
			r.brief = 0
		case errors.Is(err, errIdleEnded):
			r.brief++
		}
		switch {
		case err == nil && why != poked:
			return why, s.stillValid()
		case err == nil:
			return why, s.noop(ctx)
		case refusal(err) != nil, r.brief == briefIdles:
			r.noIdle = true
			r.log.Info("the server offers IDLE and does not do it; looking from time to time instead", "err", err)
		}
		if refusal(err) == nil {
			return 0, err
		}
	}
	why, err := s.await(ctx, limit, wake, r.poke)
	if err != nil {
		return 0, err
	}
	if why == woken {
		return why, nil
	}
	return why, s.noop(ctx)
}

// briefIdles is how many make a server one that does not do IDLE. One that is restarted may end a single one.
const briefIdles = 3

// watch idles for limit at most. Dovecot announces what it sees half a second later (mailbox-watch.c), so that it may be asked now
// and then: what came is said in the answer to NOOP (RFC 3501 section 6.1.2).
func (r *Receiver) watch(ctx context.Context, s *session, limit time.Duration, wake <-chan struct{}) (reason, error) {
	check := r.acc.Timing.Check
	if check <= 0 {
		return s.idle(ctx, limit, wake, r.poke)
	}
	for end := time.Now().Add(limit); ; {
		why, err := s.idle(ctx, min(check, time.Until(end)), wake, r.poke)
		if err != nil || why != timeOver || !time.Now().Before(end) {
			return why, err
		}
		if err := s.noop(ctx); err != nil {
			return 0, err
		}
		if heard(s.news) {
			return announced, nil
		}
		r.seen.Store(r.Now().UnixNano())
	}
}

// report tells log and observer of a change of state, and of nothing else.
func (r *Receiver) report(kind Trouble, err error) {
	if r.started && r.state.Trouble == kind {
		return
	}
	r.started = true
	r.state.Mailbox, r.state.Trouble, r.state.Err, r.state.Since = r.acc.Name, kind, err, r.Now()
	switch kind {
	case NoTrouble:
		r.log.Info("mailbox is being read", "server", r.acc.Address, "folder", r.acc.Folder)
	default:
		r.log.Warn("mailbox cannot be read; trying on", "trouble", string(kind), "err", err, "advice", kind.Advice())
	}
	r.observe()
}

// reportMoving is report for the moving of mails.
func (r *Receiver) reportMoving(err error) {
	if (r.state.Moving == nil) == (err == nil) {
		return
	}
	r.state.Moving = err
	if err == nil {
		r.log.Info("mails can be moved again")
	} else {
		r.log.Warn("mails cannot be moved and stay in the folder; trying on, and receiving meanwhile", "err", err)
	}
	r.observe()
}

func (r *Receiver) observe() {
	if r.Observe != nil {
		r.Observe(r.state)
	}
}

// Advice says what to do about a trouble.
func (kind Trouble) Advice() string {
	switch kind {
	case Unreachable:
		return "check address, port and TLS mode, that the server is up, and that its certificate is valid"
	case NoSecret:
		return "check that the daemon may read what the settings name as the secret, or that it reaches the server that gives tokens"
	case Refused:
		return "check user and secret, and that IMAP is allowed for the account"
	case NoFolder:
		return "check the name of the folder as the server spells it"
	case NoFiles:
		return "let the service open more files (LimitNOFILE of its unit), and look what else on this machine holds so many"
	case NotKept:
		return "check that the disk has room and that the register can be written; no mail is lost meanwhile"
	}
	return "if it lasts, look into the log of the mail server"
}

// retry counts failures in a row and the waits between.
type retry struct {
	count int
	due   time.Time // of the next try, where the caller keeps it
}

func (r *retry) failed() bool { return r.count > 0 }
func (r *retry) reset()       { *r = retry{} }

// next returns how long to wait after another failure: first, doubled each time up to limit, of which jitter takes up to
// a half away, so that many clients of a server that comes back do not come all at once.
func (r *retry) next(first, limit time.Duration, jitter float64) time.Duration {
	wait := first
	for range r.count {
		if wait *= 2; wait >= limit {
			break
		}
	}
	r.count++
	wait = min(wait, limit)
	return wait - time.Duration(jitter*float64(wait)/2)
}

// canceled reports whether an error is that of a context that ended.
func canceled(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}
