package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a mail server of few words: what it answers is a function.
type server struct {
	mu     sync.Mutex
	answer func(to string) deliver.Result
	tried  []mailbox.Outgoing
}

// Send implements Sender.
func (s *server) Send(_ context.Context, m mailbox.Outgoing) deliver.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, m)
	return s.answer(m.To.Addr)
}

func (s *server) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tried)
}

// renderer renders everything but what is addressed to "broken", and fails at what is addressed to "panic".
type renderer struct{}

// Render implements Renderer.
func (renderer) Render(n tickets.Notice, made *templates.Report) (templates.Mail, error) {
	if strings.HasPrefix(n.To.Addr, "broken") {
		return templates.Mail{}, errors.New("planted")
	}
	if strings.HasPrefix(n.To.Addr, "panic@") {
		panic("planted")
	}
	mail := templates.Mail{Subject: "s", Text: "t"}
	if made != nil {
		mail.Text += " with " + made.Register
	}
	return mail, nil
}

// fixture is an outbox on a register of its own, with a clock that the test sets.
type fixture struct {
	*Outbox
	t      testing.TB
	server *server
	mu     sync.Mutex
	clock  time.Time
	given  []string // recipients of notices that were given up
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), server: &server{answer: delivered}}
	reg, err := register.Open(t.Context(), filepath.Join(t.TempDir(), "register.db"), register.Options{Now: f.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reg.Close() })
	f.Outbox = New(reg, Options{
		Senders: []Sender{f.server, f.server}, Render: renderer{}, From: mailbox.Address{Addr: "soporte@ministerio.example"}, Instance: "i",
		GiveUpAfter: 5 * 24 * time.Hour, Now: f.now, Log: slog.New(slog.DiscardHandler),
		GivenUp: func(_ *register.Tx, _ register.OutboxRow, why *tickets.UndeliveredFact) error {
			f.given = append(f.given, why.Recipients[0]+" "+why.Status+" "+why.Diagnostic)
			if why.Permanent == why.GivenUp {
				return fmt.Errorf("neither refused nor given up, or both: %+v", why)
			}
			return nil
		},
	})
	return f
}

func (f *fixture) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

func (f *fixture) later(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

// queue puts notices to these addresses into the outbox.
func (f *fixture) queue(to ...string) {
	f.t.Helper()
	err := f.register.Update(f.t.Context(), func(tx *register.Tx) error {
		for _, addr := range to {
			id, err := tx.UpcomingNotice()
			if err != nil {
				return err
			}
			if _, err := tx.Queue(register.OutboxRow{MessageID: fmt.Sprintf("%d@x.example", id), Notice: tickets.Notice{Kind: tickets.NoticeReceipt, To: mailbox.Address{Addr: addr}}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) flush() int {
	f.t.Helper()
	n, err := f.Flush(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) left() bool {
	f.t.Helper()
	var queued bool
	if err := f.register.View(f.t.Context(), func(r *register.Reader) (err error) {
		_, queued, err = r.NextDue()
		return err
	}); err != nil {
		f.t.Fatal(err)
	}
	return queued
}

func delivered(string) deliver.Result { return deliver.Result{Outcome: deliver.Delivered} }

func refused(outcome deliver.Outcome, code int, status string) deliver.Result {
	return deliver.Result{Outcome: outcome, Stage: deliver.StageTo, Code: code, Status: status, Response: "no", Err: errors.New("refused")}
}

func TestSentOnce(t *testing.T) {
	f := newFixture(t)
	f.queue("a@x.example", "b@x.example")
	if got := f.flush(); got != 2 {
		t.Fatalf("%d notices tried", got)
	}
	f.later(24 * time.Hour)
	if got := f.flush(); got != 0 || f.left() {
		t.Errorf("%d notices tried again", got)
	}
	m := f.server.tried[0]
	for _, want := range []mailbox.Field{{Name: "Auto-Submitted", Value: "auto-generated"}, {Name: "X-Auto-Response-Suppress", Value: "All"}, {Name: "X-Radicado", Value: "i"}} {
		if !slices.Contains(m.Header, want) {
			t.Errorf("a notice lacks %+v", want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		result deliver.Result
		again  bool // it is tried again
		given  string
	}{
		{"temporary", refused(deliver.Temporary, 451, "4.7.1"), true, ""},
		{"ambiguous", refused(deliver.Ambiguous, 0, ""), true, ""},
		{"permanent", refused(deliver.Permanent, 550, "5.1.1"), false, "a@x.example 5.1.1 no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.server.answer = func(string) deliver.Result { return tt.result }
			f.queue("a@x.example")
			f.flush()
			if got := f.flush(); got != 0 {
				t.Errorf("tried again at once")
			}
			f.later(2 * time.Minute)
			if got := f.flush() == 1; got != tt.again {
				t.Errorf("tried again: %v, want %v", got, tt.again)
			}
			if tt.again && f.server.tried[0].MessageID != f.server.tried[1].MessageID {
				t.Errorf("the second attempt has another Message-ID")
			}
			if got := strings.Join(f.given, ","); got != tt.given {
				t.Errorf("given up: %q, want %q", got, tt.given)
			}
		})
	}
}

// TestDroppedWhileItIsSent gives notices up that are on their way: what the server took counts as sent, and what it refused keeps
// nothing of the others from being recorded.
func TestDroppedWhileItIsSent(t *testing.T) {
	f := newFixture(t)
	f.queue("taken@x.example", "refused@x.example", "other@x.example")
	var dropping sync.Once
	f.server.answer = func(to string) deliver.Result {
		dropping.Do(func() {
			if err := f.register.Update(t.Context(), func(tx *register.Tx) error { return errors.Join(tx.Drop(1, "late"), tx.Drop(2, "late")) }); err != nil {
				t.Error(err)
			}
		})
		if to == "refused@x.example" {
			return refused(deliver.Permanent, 550, "5.1.1")
		}
		return delivered(to)
	}
	f.flush()
	f.later(24 * time.Hour)
	if tried := f.flush(); tried != 0 {
		t.Errorf("%d notices go out twice", tried)
	}
	if len(f.given) != 0 {
		t.Errorf("nobody waits for what was dropped, and yet it is told of: %q", f.given)
	}
	want := []register.OutboxState{register.OutboxSent, register.OutboxDropped, register.OutboxSent}
	if err := f.register.View(t.Context(), func(r *register.Reader) error {
		for i, state := range want {
			row, err := r.OutboxRow(int64(i + 1))
			if err != nil {
				return err
			}
			if row.State != state {
				t.Errorf("notice %d is %s, want %s", row.ID, row.State, state)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestGivenUpInTheEnd(t *testing.T) {
	f := newFixture(t)
	f.server.answer = func(string) deliver.Result { return refused(deliver.Temporary, 451, "4.2.2") }
	f.queue("a@x.example")
	for attempts := 0; f.left(); attempts++ {
		if attempts > 1000 {
			t.Fatal("never given up")
		}
		f.flush()
		f.later(20 * time.Minute)
	}
	if len(f.given) != 1 {
		t.Errorf("given up %d times", len(f.given))
	}
}

// TestAwayForLong has the daemon, or the server, away for longer than a notice is tried: nothing was tried, so nothing is given up.
func TestAwayForLong(t *testing.T) {
	f := newFixture(t)
	f.server.answer = func(string) deliver.Result {
		return deliver.Result{Outcome: deliver.Temporary, Stage: deliver.StageConnect, Server: true, Err: errors.New("no route to host")}
	}
	f.queue(many()[:30]...)
	for range 40 {
		f.later(6 * time.Hour)
		f.flush()
	}
	f.server.answer = func(string) deliver.Result { return refused(deliver.Temporary, 451, "4.7.1") } // greylisted
	f.later(time.Hour)
	f.flush()
	f.server.answer = delivered
	f.later(time.Hour)
	if f.flush(); len(f.given) != 0 || f.left() {
		t.Errorf("given up %q, left %v", f.given, f.left())
	}
}

// TestServerThatRefusesEverything is a relay that serves others: it costs a few notices, and not all that wait.
func TestServerThatRefusesEverything(t *testing.T) {
	f := newFixture(t)
	var said []error
	f.options.Observe.Server = func(err error) { said = append(said, err) }
	f.server.answer = func(string) deliver.Result { return refused(deliver.Permanent, 550, "5.1.1") }
	f.queue(many()...)
	for range 20 {
		f.flush()
		f.later(20 * time.Minute)
	}
	if len(f.given) != manyRefused-1 || len(said) != 1 || said[0] == nil || strings.Contains(said[0].Error(), "@") {
		t.Errorf("given up %q, said %v", f.given, said)
	}
	f.server.answer = func(to string) deliver.Result { // one of them is really not there
		if to == many()[manyRefused] {
			return refused(deliver.Permanent, 550, "5.1.1")
		}
		return delivered(to)
	}
	for range 3 {
		f.flush()
		f.later(20 * time.Minute)
	}
	if len(f.given) != manyRefused || f.left() || len(said) != 2 || said[1] != nil {
		t.Errorf("given up %q, left %v, said %v", f.given, f.left(), said)
	}
}

func TestANoticeThatCannotBeRenderedDoesNotStopTheOthers(t *testing.T) {
	f := newFixture(t)
	f.queue("broken@x.example", "panic@x.example", "a@x.example")
	f.flush()
	if len(f.given) != 2 || f.server.tries() != 1 || f.left() {
		t.Errorf("given up %v, sent %d", f.given, f.server.tries())
	}
}

func TestANoticeThatFailsTheSenderDoesNotStopTheOthers(t *testing.T) {
	f := newFixture(t)
	f.server.answer = func(to string) deliver.Result {
		if to == "panic-later@x.example" {
			panic("planted")
		}
		return delivered(to)
	}
	f.queue("panic-later@x.example", "a@x.example")
	f.flush()
	if len(f.given) != 1 || !strings.Contains(f.given[0], "panic: planted") || f.left() {
		t.Errorf("given up %v", f.given)
	}
}

// TestWhatGoesWithANotice is fetched before the notice is rendered; where it cannot be had, the notice waits and the others go.
func TestWhatGoesWithANotice(t *testing.T) {
	f := newFixture(t)
	missing := true
	f.options.Enclose = func(_ context.Context, n tickets.Notice) (Enclosure, error) {
		switch {
		case n.To.Addr != "a@x.example":
			return Enclosure{}, nil
		case missing:
			return Enclosure{}, errors.New("planted")
		}
		return Enclosure{Report: &templates.Report{Register: "r.xlsx"}, Files: []mailbox.File{{Name: "r.xlsx"}}}, nil
	}
	f.queue("a@x.example", "b@x.example")
	f.flush()
	if f.server.tries() != 1 || f.server.tried[0].To.Addr != "b@x.example" || len(f.given) > 0 || !f.left() {
		t.Errorf("sent %+v, given up %v", f.server.tried, f.given)
	}
	missing = false
	f.later(time.Hour)
	f.flush()
	if m := f.server.tried[f.server.tries()-1]; m.To.Addr != "a@x.example" || m.Text != "t with r.xlsx" || len(m.Files) != 1 || m.Files[0].Name != "r.xlsx" || f.left() {
		t.Errorf("sent %+v", m)
	}
}

// TestServerDown has the whole server fail: one notice at a time probes it, and its return lets all go.
func TestServerDown(t *testing.T) {
	f := newFixture(t)
	f.server.answer = func(string) deliver.Result {
		return deliver.Result{Outcome: deliver.Temporary, Server: true, Err: errors.New("refused")}
	}
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("%d@x.example", i))
	}
	f.queue(all...)
	f.flush()
	if got := f.server.tries(); got > 2 { // one for each connection
		t.Errorf("%d notices were tried at a server that fails as a whole", got)
	}
	before := f.server.tries()
	f.later(2 * time.Minute)
	f.flush()
	if got := f.server.tries() - before; got != 1 {
		t.Errorf("%d notices probed the server, want 1", got)
	}
	f.server.answer = delivered
	for f.left() {
		f.later(2 * time.Minute)
		f.flush()
	}
	ids := map[string]bool{}
	for _, m := range f.server.tried {
		ids[m.MessageID] = true
	}
	if len(ids) != 20 {
		t.Errorf("%d of 20 notices were sent", len(ids))
	}
}

// TestClockSetBack has the clock go back by a day, over notices that were queued and tried before.
func TestClockSetBack(t *testing.T) {
	f := newFixture(t)
	f.server.answer = func(string) deliver.Result { return refused(deliver.Temporary, 451, "4.3.0") }
	f.queue("tried@x.example")
	f.flush()
	f.queue("queued@x.example")
	f.later(-24 * time.Hour)
	f.server.answer = delivered
	if wait, err := f.untilDue(t.Context()); err != nil || wait > 20*time.Minute {
		t.Errorf("the next look is in %v (%v)", wait, err)
	}
	if got := f.flush(); got != 2 || f.left() {
		t.Errorf("%d notices tried, want 2", got)
	}
}

func TestBackoff(t *testing.T) {
	p := Pace{Retry: time.Minute, MaxRetry: 15 * time.Minute}
	tests := []struct {
		attempts int
		want     time.Duration
	}{{1, time.Minute}, {2, 2 * time.Minute}, {4, 8 * time.Minute}, {5, 15 * time.Minute}, {1000, 15 * time.Minute}}
	for _, tt := range tests {
		low, high := tt.want, time.Duration(0)
		for range 2000 {
			got := p.backoff(tt.attempts)
			low, high = min(low, got), max(high, got)
		}
		if low < tt.want*8/10 || high > tt.want*12/10+1 || high-low < tt.want/5 {
			t.Errorf("waits after attempt %d lie between %v and %v, want %v and a fifth either way", tt.attempts, low, high, tt.want)
		}
	}
}

// TestRunSendsWhatIsQueuedLater lets a kick wake the outbox, and an end in mid-delivery record what was sent.
func TestRunSendsWhatIsQueuedLater(t *testing.T) {
	f := newFixture(t)
	sending, release := make(chan struct{}), make(chan struct{})
	f.server.answer = func(string) deliver.Result {
		sending <- struct{}{}
		<-release
		return deliver.Result{Outcome: deliver.Delivered}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	f.queue("a@x.example")
	f.Kick()
	<-sending
	stop()
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if f.left() {
		t.Error("a notice that was sent while the outbox stopped would go out again")
	}
}

// TestNoticesGiveWay keeps notices back while mails come thick and fast, and sends them when that is over.
func TestNoticesGiveWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.queue("pedro@x.example")
	asked, sent := make(chan struct{}), make(chan struct{}, 1)
	f.server.answer = func(string) deliver.Result {
		sent <- struct{}{}
		return deliver.Result{Outcome: deliver.Delivered}
	}
	rush := 3
	f.options.Hold = func() time.Duration {
		if rush--; rush > 0 {
			return time.Millisecond
		}
		if rush == 0 {
			if !f.left() {
				t.Error("a notice was sent in the rush")
			}
			close(asked)
		}
		return 0
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	<-asked
	<-sent
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
