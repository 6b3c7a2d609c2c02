// Package outbox sends the notices that decisions have committed: it claims what is due, renders it, hands it to the mail
// server, and records what became of it. It tries again, ever more seldom, and gives up after a set time. It does not know
// why a notice is sent.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Sender sends one mail.
type Sender interface {
	Send(ctx context.Context, m mailbox.Outgoing) deliver.Result
}

// Renderer makes a mail of a notice, with the report that it asks for; nil for none.
type Renderer interface {
	Render(n tickets.Notice, r *templates.Report) (templates.Mail, error)
}

// Enclosure is what goes with a notice besides its data.
type Enclosure struct {
	Files  []mailbox.File    // attached, or pictures of the HTML
	Report *templates.Report // nil for none
}

// Options is what an Outbox works with.
type Options struct {
	Senders     []Sender // each sends one mail at a time; as many go out side by side
	Render      Renderer
	From        mailbox.Address
	Enclose     func(ctx context.Context, n tickets.Notice) (Enclosure, error) // fetches what goes with a notice when it is sent; nil for nothing
	Instance    string                                                         // value of the X-Radicado field, by which a mail of ours that comes back is known
	GiveUpAfter time.Duration                                                  // since the notice was queued, where it was tried for a while
	Pace        Pace
	ReplyTo     func(row register.OutboxRow) mailbox.Address // where an answer to the notice goes; nil: to From
	// GivenUp is told why, in the transaction that gives a notice up.
	GivenUp func(tx *register.Tx, row register.OutboxRow, why *tickets.UndeliveredFact) error
	Now     func() time.Time
	// Hold says how long notices should wait, because what comes in is more urgent; nil: never.
	Hold    func() time.Duration
	Observe Observer
	Log     *slog.Logger
}

// Observer is told what the outbox does. Functions that are nil are left out; none may block, and Tried may come from several
// goroutines at a time.
type Observer struct {
	Tried  func(r deliver.Result, took time.Duration) // handing one notice to the server
	Became func(kind tickets.NoticeKind, o Outcome)   // after what became of a notice was committed
	Server func(err error)                            // the server fails as a whole; nil: it takes notices again
	Turned func()                                     // Run has come a step further: where it does not for long, it hangs
}

// Outcome is what became of a notice that was tried.
type Outcome string

// The outcomes.
const (
	Sent     Outcome = "sent"
	Deferred Outcome = "deferred" // to be tried again
	GivenUp  Outcome = "given_up"
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome { return []Outcome{Sent, Deferred, GivenUp} }

// Outbox sends what is queued.
type Outbox struct {
	register *register.Register
	options  Options
	kick     chan struct{}
	relieved chan struct{} // closed where another outbox is to go on
	relieve  func()        // closes it
	told     bool          // the observer knows how the server is
	down     bool          // the server failed as a whole: one notice at a time is tried until one gets through
	downWait time.Duration
	refused  map[string]bool // recipients whom the server has refused since it took a notice last
}

// New returns an Outbox on an open register.
func New(r *register.Register, options Options) *Outbox {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&options.Pace.Retry, time.Minute)
	set(&options.Pace.MaxRetry, 15*time.Minute)
	set(&options.Pace.Down, 2*time.Second)
	set(&options.Pace.MaxDown, 5*time.Minute)
	relieved := make(chan struct{})
	return &Outbox{register: r, options: options, kick: make(chan struct{}, 1), refused: make(map[string]bool), relieved: relieved, relieve: sync.OnceFunc(func() { close(relieved) })}
}

// Pace is how long the outbox waits before it tries again. Zero fields take the default named beside them.
type Pace struct {
	Retry    time.Duration // after the first attempt at a notice, doubled up to MaxRetry: 1 minute. Longer than an attempt can take.
	MaxRetry time.Duration // 15 minutes
	Down     time.Duration // after the server failed as a whole, doubled up to MaxDown: 2 seconds
	MaxDown  time.Duration // 5 minutes
}

// backoff returns how long to wait after an attempt at a notice.
func (p Pace) backoff(attempts int) time.Duration {
	return spread(min(p.Retry<<min(attempts-1, 20), p.MaxRetry))
}

// longest returns what backoff never exceeds.
func (p Pace) longest() time.Duration { return p.MaxRetry + p.MaxRetry/5 + 1 }

// spread moves a wait by a fifth either way, so that what failed together is not tried together.
func spread(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5+1)
}

// Kick says that something was queued. It does not block.
func (o *Outbox) Kick() {
	select {
	case o.kick <- struct{}{}:
	default:
	}
}

// graceTime is for what is being sent when the daemon stops.
const graceTime = 10 * time.Second

// Relieve makes Run return when everything is sent that it has in hand, however long that takes: nothing is cut off, so that nothing
// is sent twice. Run another outbox afterwards.
func (o *Outbox) Relieve() { o.relieve() }

// working reports whether more is to be claimed.
func (o *Outbox) working(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-o.relieved:
		return false
	default:
		return true
	}
}

// Run sends until ctx ends; what is on its way then gets a moment to be finished.
func (o *Outbox) Run(ctx context.Context) error {
	sending, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceTime, abort) })()

	failure := ""
	for o.giveWay(ctx) {
		o.turned()
		tried, err := o.burst(ctx, sending)
		wait, kick := time.Duration(0), o.kick
		switch {
		case err != nil:
			if err.Error() != failure {
				o.options.Log.Error("notices wait: the register cannot be written", "error", err)
			}
			failure = err.Error()
			wait = spread(o.options.Pace.Down)
		case tried > 0 && o.down:
			// New notices do not bring the server back: they wait with the others.
			wait, kick = spread(o.downWait), nil
		case tried > 0:
			failure = ""
			continue
		default:
			failure = ""
			if wait, err = o.untilDue(ctx); err != nil {
				wait = spread(o.options.Pace.Down)
			}
		}
		o.sleep(ctx, wait, kick)
	}
	return nil
}

// maxWay bounds how long notices give way before a batch of them goes out all the same.
const maxWay = 30 * time.Second

// giveWay lets a rush of mails be registered first: until it has its number a request is nowhere but in a mailbox, and sending
// competes with registering for the disk. A rush that does not end slows the notices down and does not stop them. It reports
// whether more is to be claimed.
func (o *Outbox) giveWay(ctx context.Context) bool {
	for end := time.Now().Add(maxWay); o.options.Hold != nil && o.working(ctx) && time.Now().Before(end); {
		wait := o.options.Hold()
		if wait <= 0 {
			break
		}
		o.turned()
		o.sleep(ctx, min(wait, time.Second), nil)
	}
	return o.working(ctx)
}

// forever is a wait that ends only by a kick.
const forever = 24 * time.Hour

func (o *Outbox) untilDue(ctx context.Context) (time.Duration, error) {
	wait := time.Duration(forever)
	err := o.register.View(ctx, func(r *register.Reader) error {
		next, queued, err := r.NextDue()
		if queued {
			wait = min(max(next.Sub(o.options.Now()), 0), o.options.Pace.longest()) // more, where the clock was set back
		}
		return err
	})
	return wait, err
}

// sleep waits until the time is over, kick fires, or Run is to end.
func (o *Outbox) sleep(ctx context.Context, d time.Duration, kick <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-o.relieved:
	case <-kick:
	case <-timer.C:
	}
}

func (o *Outbox) turned() {
	if o.options.Observe.Turned != nil {
		o.options.Observe.Turned()
	}
}

// Compose makes the mail of a row. It is the same at every attempt.
func (o *Outbox) Compose(row register.OutboxRow, mail templates.Mail) mailbox.Outgoing {
	auto := "auto-generated"
	if row.Cause != 0 {
		auto = "auto-replied" // RFC 3834 section 5
	}
	var replyTo mailbox.Address
	if o.options.ReplyTo != nil {
		replyTo = o.options.ReplyTo(row)
	}
	return mailbox.Outgoing{
		MessageID: row.MessageID, Date: row.CreatedAt, From: o.options.From, To: row.Notice.To, ReplyTo: replyTo, Subject: mail.Subject,
		InReplyTo: row.InReplyTo, References: row.References, Text: mail.Text, HTML: mail.HTML, Lang: row.Notice.Lang,
		Header: []mailbox.Field{
			{Name: "Auto-Submitted", Value: auto},
			{Name: "X-Auto-Response-Suppress", Value: "All"}, // Exchange and Outlook, [MS-OXCMAIL] section 2.2.3.2.14
			{Name: "X-Radicado", Value: o.options.Instance},
		},
	}
}

// manyRefused is how many recipients in a row are refused before it is the server that is wrong: a relay that serves others, a quota.
const manyRefused = 5

// suspectServer takes it for a fault of the server when it refuses one recipient after the other for good and takes nothing in
// between: that must not cost every notice that waits, and every address its good name.
func (o *Outbox) suspectServer(results []tried) {
	for i := range results {
		r := &results[i].result
		switch {
		case r.Outcome == deliver.Delivered:
			clear(o.refused)
		case r.Outcome == deliver.Permanent && r.Code != 0: // 0: it did not come to the server
			if len(o.refused) < manyRefused {
				o.refused[results[i].row.Notice.To.Key()] = true
			}
			if len(o.refused) >= manyRefused {
				r.Outcome, r.Server = deliver.Temporary, true
				r.Err = fmt.Errorf("%d recipients in a row are refused, the last one with %d %s", manyRefused, r.Code, r.Status) // and names nobody
			}
		}
	}
}

// judgeServer notices when the server goes down and comes back, says so once, and reports whether it takes notices.
func (o *Outbox) judgeServer(results []tried) bool {
	var fault error
	for _, t := range results {
		if t.result.Server {
			fault = cmp.Or(fault, t.result.Err)
		}
	}
	switch {
	case fault == nil:
		if o.down {
			o.options.Log.Info("mail server takes notices again")
		}
		if o.down || !o.told {
			o.tell(nil)
		}
		o.down = false
	case !o.down:
		o.options.Log.Error("notices wait: the mail server fails as a whole", "error", fault)
		o.tell(fault)
		o.down, o.downWait = true, o.options.Pace.Down
	default:
		o.downWait = min(2*o.downWait, o.options.Pace.MaxDown)
	}
	return fault == nil
}

// tell tells the observer of the server.
func (o *Outbox) tell(fault error) {
	o.told = true
	if o.options.Observe.Server != nil {
		o.options.Observe.Server(fault)
	}
}

// record writes down what became of a notice.
func (o *Outbox) record(tx *register.Tx, row register.OutboxRow, r deliver.Result) (Outcome, error) {
	if r.Outcome == deliver.Delivered {
		return Sent, tx.Sent(row.ID)
	}
	if r.Outcome != deliver.Permanent && !o.late(tx, row, r) {
		return Deferred, tx.Deferred(row.ID, r.Code, reason(r))
	}
	err := tx.Failed(row.ID, r.Code, reason(r))
	if errors.Is(err, register.ErrConflict) { // dropped while it was on its way: whoever did that knows that nobody gets it
		return GivenUp, nil
	}
	if err != nil {
		return GivenUp, err
	}
	why := &tickets.UndeliveredFact{Recipients: []string{row.Notice.To.Key()}, Status: r.Status, Permanent: r.Refused(), GivenUp: !r.Refused(),
		Diagnostic: cmp.Or(r.Response, reason(r))}
	return GivenUp, o.options.GivenUp(tx, row, why)
}

// patience is how often at least a notice is tried before it is late: some two hours by the Pace of New.
const patience = 10

// late reports whether a notice was tried in vain for long enough. While the daemon or the server was away it was not tried.
func (o *Outbox) late(tx *register.Tx, row register.OutboxRow, r deliver.Result) bool {
	return !r.Server && row.Attempts >= patience && tx.Now().Sub(row.CreatedAt) > o.options.GiveUpAfter
}

// reason says why a notice was not delivered.
func reason(r deliver.Result) string {
	if r.Err == nil {
		return "no answer"
	}
	return r.Err.Error()
}

// report tells log and observer what became of a notice.
func (o *Outbox) report(row register.OutboxRow, r deliver.Result, outcome Outcome) {
	log := o.options.Log.With("notice", row.Notice.Kind, "to", row.Notice.To.Addr, "message_id", row.MessageID, "ticket", row.Ticket, "attempt", row.Attempts)
	if row.Trace != "" {
		log = log.With("trace", row.Trace)
	}
	switch {
	case outcome == Sent:
		log.Info("notice sent")
	case outcome == GivenUp:
		log.Error("notice given up", "error", reason(r))
	case !r.Server: // of the server as a whole it was said once
		log.Warn("notice deferred", "outcome", r.Outcome.String(), "error", reason(r))
	}
	if o.options.Observe.Became != nil {
		o.options.Observe.Became(row.Notice.Kind, outcome)
	}
}
