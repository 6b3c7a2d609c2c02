package outbox

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"radicado/mailbox/deliver"
	"radicado/tickets/register"
)

// many returns more addresses than are in hand at a time.
func many() []string {
	all := make([]string, 3*batch+7)
	for i := range all {
		all[i] = fmt.Sprintf("%d@x.example", i)
	}
	return all
}

// TestOneOfManyIsSentOnce sends more notices than are in hand at a time, while the clock is set so that those in hand are due
// again: each goes out once, over one connection in the order in which they were queued.
func TestOneOfManyIsSentOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   int // the notice that is being sent when the clock is set
		jump time.Duration
	}{{"steady", 0, 0}, {"forward", 2*batch + batch/2, 2 * time.Hour}, {"back", 3, -24 * time.Hour}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.options.Senders = f.options.Senders[:1]
			f.server.answer = func(to string) deliver.Result {
				if to == many()[tt.at] {
					f.later(tt.jump)
				}
				return delivered(to)
			}
			f.queue(many()...)
			if got := f.flush(); got != len(many()) || f.left() {
				t.Errorf("%d notices tried, want %d", got, len(many()))
			}
			var sent []string
			for _, m := range f.server.tried {
				sent = append(sent, m.To.Addr)
			}
			if !slices.Equal(sent, many()) {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// TestRecordedWhileOthersAreSent has a notice that takes long to be sent: what was sent meanwhile is recorded without waiting for it,
// so that a crash does not send it again.
func TestRecordedWhileOthersAreSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	release := make(chan struct{})
	slow := &server{answer: func(to string) deliver.Result {
		<-release
		return delivered(to)
	}}
	f.options.Senders = []Sender{f.server, slow}
	f.queue(many()...)
	ended := make(chan error, 1)
	go func() {
		_, err := f.Flush(t.Context())
		ended <- err
	}()
	for !f.allBut(1) {
		select {
		case err := <-ended:
			t.Fatalf("all were sent (%v), and one waits", err)
		case <-time.After(time.Millisecond):
		}
	}
	close(release)
	if err := <-ended; err != nil || f.left() {
		t.Errorf("the last one is not recorded: %v", err)
	}
}

// TestASlowNoticeKeepsNobodyWaiting has a notice that the server takes its time for, longer than until it is due again: one that is queued
// meanwhile goes out by a sender that has nothing to do, and the slow one goes out once.
func TestASlowNoticeKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	began, release := make(chan struct{}), make(chan struct{})
	senders := make([]Sender, 3)
	for i := range senders {
		senders[i] = &server{answer: func(to string) deliver.Result {
			if to == "slow@x.example" {
				close(began) // twice is a panic
				<-release
			}
			return delivered(to)
		}}
	}
	f.options.Senders = senders
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	f.queue("slow@x.example")
	f.Kick()
	<-began
	f.later(2 * time.Minute)
	f.queue("quick@x.example")
	f.Kick()
	f.await(register.OutboxQueued, register.OutboxSent)
	close(release)
	f.await(register.OutboxSent, register.OutboxSent)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// await waits until the notices are in these states.
func (f *fixture) await(states ...register.OutboxState) {
	f.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		var got []register.OutboxState
		if err := f.register.View(f.t.Context(), func(r *register.Reader) error {
			for i := range states {
				row, err := r.OutboxRow(int64(i + 1))
				if err != nil {
					return err
				}
				got = append(got, row.State)
			}
			return nil
		}); err != nil {
			f.t.Fatal(err)
		}
		if slices.Equal(got, states) {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("the notices are %v, want %v", got, states)
		}
	}
}

// allBut reports whether all notices but so many are recorded as sent.
func (f *fixture) allBut(n int) bool {
	f.t.Helper()
	waiting := 0
	if err := f.register.View(f.t.Context(), func(r *register.Reader) error {
		for i := range many() {
			row, err := r.OutboxRow(int64(i + 1))
			if err != nil {
				return err
			}
			if row.State == register.OutboxQueued {
				waiting++
			}
		}
		return nil
	}); err != nil {
		f.t.Fatal(err)
	}
	return waiting == n
}
