package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/robfig/cron/v3"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"radicado/tickets/register"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bogota has no daylight saving, so that the tests need no database of zones.
var bogota = time.FixedZone("Bogotá", -5*3600)

// fixture is a register with a clock that the test moves, and a job that writes down when it ran for what.
type fixture struct {
	t    *testing.T
	r    *register.Register
	path string
	now  time.Time
	ran  []string
	fail error
	done int
	told []string // what the observer was told
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "register.db"), now: time.Date(2026, 11, 23, 10, 0, 30, 0, bogota)}
	f.open()
	t.Cleanup(func() { f.check(f.r.Close()) })
	return f
}

func (f *fixture) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) open() {
	f.t.Helper()
	r, err := register.Open(context.Background(), f.path, register.Options{Now: func() time.Time { return f.now }})
	f.check(err)
	f.r = r
}

// schedule is what a daemon that starts now makes.
func (f *fixture) schedule(spec string) *Schedule {
	f.t.Helper()
	s, err := New(f.r, []Job{{Name: "job", Spec: spec, Run: func(_ context.Context, tx *register.Tx, due time.Time) error {
		f.ran = append(f.ran, due.Format("2 15:04"))
		return f.fail
	}}}, Options{Location: bogota, Now: func() time.Time { return f.now }, Done: func() { f.done++ }, Log: slog.New(slog.DiscardHandler),
		Ran: func(job string, took time.Duration, err error) {
			f.told = append(f.told, fmt.Sprint(job, " ", took, " ", err))
		}})
	f.check(err)
	return s
}

// expect compares with what ran since the last call.
func (f *fixture) expect(want ...string) {
	f.t.Helper()
	if !slices.Equal(f.ran, want) {
		f.t.Errorf("ran for %q, want %q", f.ran, want)
	}
	f.ran = nil
}

func (f *fixture) visit(s *Schedule, later time.Duration) {
	f.t.Helper()
	f.now = f.now.Add(later)
	f.check(s.runDue(context.Background(), s.jobs[0]))
}

func TestEachDueTimeIsHandledOnce(t *testing.T) {
	f := newFixture(t)
	s := f.schedule("*/5 * * * *")
	f.visit(s, 0) // the first start: nothing was missed
	f.expect()
	f.visit(s, 4*time.Minute)
	f.expect()
	f.visit(s, time.Minute)
	f.expect("23 10:05")
	f.visit(s, 0)
	f.visit(s, time.Second)
	f.expect()
	f.visit(f.schedule("*/5 * * * *"), 0) // a restart
	f.expect()
	f.visit(s, 5*time.Minute)
	f.expect("23 10:10")
	if f.done != 2 {
		t.Errorf("told %d times that something was committed, want 2", f.done)
	}
}

func TestDowntimeIsMadeUpForOnce(t *testing.T) {
	f := newFixture(t)
	f.visit(f.schedule("0 8 * * 1-5"), 0)
	f.check(f.r.Close())
	f.now = f.now.AddDate(0, 0, 9) // down until Wednesday of the week after
	f.open()
	s := f.schedule("0 8 * * 1-5")
	f.visit(s, 0)
	f.expect("2 08:00")
	f.visit(s, 0)
	f.expect()
	f.visit(s, 24*time.Hour)
	f.expect("3 08:00")
}

func TestAFailedRunLeavesTheDueTimeUnhandled(t *testing.T) {
	f := newFixture(t)
	s := f.schedule("*/5 * * * *")
	f.visit(s, 0)
	f.fail = errors.New("the disk is full")
	f.now = f.now.Add(5 * time.Minute)
	if err := s.runDue(t.Context(), s.jobs[0]); !errors.Is(err, f.fail) {
		t.Errorf("the failure is told as %v", err)
	}
	f.expect("23 10:05")
	f.fail = nil
	f.visit(s, time.Minute)
	f.expect("23 10:05")
	f.visit(s, 0)
	f.expect()
	if got := strings.Join(f.told, "; "); got != "job 0s the disk is full; job 0s <nil>" {
		t.Errorf("the observer was told %q", got)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	f := newFixture(t)
	s, err := New(f.r, []Job{{Name: "job", Spec: "* * * * *", Run: func(context.Context, *register.Tx, time.Time) error { panic("boom") }}},
		Options{Location: bogota, Now: func() time.Time { return f.now }, Log: slog.New(slog.DiscardHandler)})
	f.check(err)
	f.visit(s, 0)
	f.now = f.now.Add(time.Minute)
	if err := s.runDue(t.Context(), s.jobs[0]); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a panic is told as %v", err)
	}
	f.check(f.r.Update(t.Context(), func(*register.Tx) error { return nil })) // the register is free again
}

func TestTheClockIsSetBack(t *testing.T) {
	f := newFixture(t)
	s := f.schedule("*/5 * * * *")
	f.now = f.now.AddDate(5, 0, 0) // a wrong clock at the first start
	f.visit(s, 0)
	f.now = f.now.AddDate(-5, 0, 0)
	f.visit(s, 0)
	f.visit(s, 5*time.Minute)
	f.expect("23 10:05")
}

func TestBadExpressionsAreRefused(t *testing.T) {
	f := newFixture(t)
	_, err := New(f.r, []Job{{Name: "a", Spec: "every day"}, {Name: "b", Spec: "61 * * * *"}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "job a") || !strings.Contains(err.Error(), "job b") {
		t.Errorf("refused with %v", err)
	}
}

func TestWorkIsDoneOutsideOfTheTransaction(t *testing.T) {
	f := newFixture(t)
	var fail, refuse error
	var worked, recorded []string
	s, err := New(f.r, []Job{{Name: "job", Spec: "0 3 * * *", Work: func(ctx context.Context, due time.Time) (func(tx *register.Tx) error, error) {
		f.check(f.r.Update(ctx, func(*register.Tx) error { return nil })) // the register is free meanwhile
		worked = append(worked, due.Format("2 15:04"))
		return func(*register.Tx) error {
			recorded = append(recorded, due.Format("2 15:04"))
			return refuse
		}, fail
	}}}, Options{Location: bogota, Now: func() time.Time { return f.now }, Log: slog.New(slog.DiscardHandler)})
	f.check(err)
	f.visit(s, 0)
	f.visit(s, 24*time.Hour)
	fail = errors.New("the server is down")
	f.now = f.now.Add(24 * time.Hour)
	if err := s.CatchUp(t.Context()); !errors.Is(err, fail) {
		t.Errorf("a failure of the work is told as %v", err)
	}
	fail, refuse = nil, errors.New("the disk is full")
	if err := s.CatchUp(t.Context()); !errors.Is(err, refuse) {
		t.Errorf("a failure of the record is told as %v", err)
	}
	refuse = nil
	f.visit(s, time.Hour)
	f.visit(s, time.Hour)
	if got := fmt.Sprint(worked, recorded); got != "[24 03:00 25 03:00 25 03:00 25 03:00] [24 03:00 25 03:00 25 03:00]" {
		t.Errorf("worked and recorded %s", got)
	}
}

func TestOnlySomeDaysCount(t *testing.T) {
	f := newFixture(t) // a Monday
	s := f.schedule("30 7 * * *")
	s.jobs[0].On = func(due time.Time) bool { return due.Weekday() != time.Saturday && due.Weekday() != time.Sunday }
	f.visit(s, 0)
	for range 7 {
		f.visit(s, 24*time.Hour)
	}
	f.expect("24 07:30", "25 07:30", "26 07:30", "27 07:30", "30 07:30")
	f.visit(s, 5*24*time.Hour) // down from Monday to Saturday: Friday's is made up for
	f.expect("4 07:30")
	f.visit(s, 24*time.Hour)
	f.expect()
}

// TestLatestIsWhatCountingOnFinds compares the search from the end with one from the beginning.
func TestLatestIsWhatCountingOnFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := rapid.SampledFrom([]string{"*/5 * * * *", "30 7 * * *", "0 0 29 2 *", "15 8 1 * *", "0 7 * * 1", "@every 7m", "@every 100s"}).Draw(t, "spec")
		times, err := cron.ParseStandard(spec)
		if err != nil {
			t.Fatal(err)
		}
		last := time.Date(2026, 1, 1, 0, 0, 0, 0, bogota).Add(time.Duration(rapid.IntRange(0, 3e6).Draw(t, "last")) * time.Second)
		now := last.Add(time.Duration(rapid.IntRange(0, 2e6).Draw(t, "down")) * time.Second)
		j := entry{Job: Job{On: func(due time.Time) bool { return due.Weekday() != time.Sunday }}, times: times}
		var want time.Time
		for next := times.Next(last); !next.IsZero() && !next.After(now); next = times.Next(next) {
			if j.On(next) {
				want = next
			}
		}
		if got, ok := j.latest(last, now); !got.Equal(want) || ok == want.IsZero() {
			t.Fatalf("%s after %s until %s: %s, want %s", spec, last, now, got, want)
		}
	})
}

// TestLatestAsksLittle lets a job come due a million times while the daemon is down.
func TestLatestAsksLittle(t *testing.T) {
	last := time.Date(2026, 1, 1, 0, 0, 0, 0, bogota)
	for spec, down := range map[string]time.Duration{"@every 1s": 12 * 24 * time.Hour, "* * * * *": 700 * 24 * time.Hour} {
		times, err := cron.ParseStandard(spec)
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		j := entry{Job: Job{On: func(time.Time) bool { asked++; return true }}, times: times}
		if due, ok := j.latest(last, last.Add(down)); !ok || !due.Equal(last.Add(down)) || asked != 1 {
			t.Errorf("%s: %s after %d questions", spec, due, asked)
		}
	}
}

// TestRun lets a day pass on a fake clock.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	synctest.Test(t, func(t *testing.T) {
		r, err := register.Open(t.Context(), path, register.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ran []string
		failures := 2
		s, err := New(r, []Job{{Name: "job", Spec: "0 */6 * * *", Run: func(_ context.Context, _ *register.Tx, due time.Time) error {
			ran = append(ran, due.Format("15:04"))
			if failures--; failures >= 0 {
				return errors.New("not now")
			}
			return nil
		}}}, Options{Location: time.UTC, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 25*time.Hour)
		defer stop()
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(ran); got != "[06:00 06:00 06:00 12:00 18:00 00:00]" {
			t.Errorf("ran for %s", got)
		}
	})
}
