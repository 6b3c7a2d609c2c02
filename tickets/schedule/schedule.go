// Package schedule runs jobs at times. Each due time of a job is handled once, across restarts too: the register keeps the
// last one that was handled, in the transaction that does the job's work. Due times that passed while the daemon was down are
// made up for by one run. What the jobs do, it does not know.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/tickets/register"
)

// Job is something to be done at times, by Run or by Work.
type Job struct {
	Name string // by which the register knows it; never change it
	Spec string // cron expression of five fields, or "@every 5m"
	// On, where it is not nil, says which of the times count: working days, say.
	On func(due time.Time) bool
	// Run does the work for the latest due time, in one transaction with the record that it was done.
	Run func(ctx context.Context, tx *register.Tx, due time.Time) error
	// Work does what takes long or waits for others, outside of any transaction, and returns what is committed together with
	// the record that the due time was handled; nil for nothing. Where the program ends before that, Work is done again.
	Work func(ctx context.Context, due time.Time) (func(tx *register.Tx) error, error)
}

// Options is how jobs are run.
type Options struct {
	Location *time.Location   // of the cron expressions
	Now      func() time.Time // the clock by which due times are judged
	Done     func()           // called after a run was committed; must not block
	Log      *slog.Logger
	// Ran, where it is not nil, is told of every run of a job, the failed ones too; it must not block.
	Ran   func(job string, took time.Duration, err error)
	Retry time.Duration // after a run that failed, doubled up to a minute; 0 is a second
}

// Schedule is the jobs with their times.
type Schedule struct {
	register *register.Register
	options  Options
	jobs     []entry
}

type entry struct {
	Job
	times cron.Schedule
	turn  *sync.Mutex // a job never runs beside itself
}

// New returns a schedule of the jobs, or says which expressions are wrong.
func New(r *register.Register, jobs []Job, options Options) (*Schedule, error) {
	if options.Retry <= 0 {
		options.Retry = time.Second
	}
	s := &Schedule{register: r, options: options}
	var problems []error
	for _, j := range jobs {
		times, err := cron.ParseStandard(j.Spec)
		if err != nil {
			problems = append(problems, fmt.Errorf("job %s: %q: %w", j.Name, j.Spec, err))
			continue
		}
		s.jobs = append(s.jobs, entry{j, times, new(sync.Mutex)})
	}
	return s, errors.Join(problems...)
}

// Run makes up for what was missed, then runs the jobs at their times until ctx ends. A run that has begun is finished.
func (s *Schedule) Run(ctx context.Context) error {
	c := cron.New(cron.WithLocation(s.options.Location), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	var wait sync.WaitGroup
	for _, j := range s.jobs {
		handle := func() { s.handle(ctx, j) }
		c.Schedule(j.times, cron.FuncJob(handle))
		wait.Go(handle)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	wait.Wait()
	return nil
}

// CatchUp runs every job once of which a due time has come since the last that was handled. Run does so by itself.
func (s *Schedule) CatchUp(ctx context.Context) error {
	var errs []error
	for _, j := range s.jobs {
		j.turn.Lock()
		if err := s.runDue(ctx, j); err != nil {
			errs = append(errs, fmt.Errorf("job %s: %w", j.Name, err))
		}
		j.turn.Unlock()
	}
	return errors.Join(errs...)
}

const maxRetry = time.Minute

// handle runs a job where it is due, and tries again until it succeeds: its next due time may be a day away.
func (s *Schedule) handle(ctx context.Context, j entry) {
	j.turn.Lock()
	defer j.turn.Unlock()
	trouble := ""
	for wait := s.options.Retry; ctx.Err() == nil; wait = min(2*wait, maxRetry) {
		err := s.runDue(ctx, j)
		if err == nil || ctx.Err() != nil {
			return
		}
		if trouble != err.Error() { // a mail server that is down for a night is one trouble
			trouble = err.Error()
			s.options.Log.Error("job failed, and is tried again", "job", j.Name, "error", err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// runDue runs a job once if one or more of its due times have come since the last one that was handled. A job that the
// register does not know yet begins now.
func (s *Schedule) runDue(ctx context.Context, j entry) (err error) {
	ran, began := false, s.options.Now()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("it panicked: %v", fault)
		}
		if s.options.Ran != nil && (ran || err != nil) {
			s.options.Ran(j.Name, s.options.Now().Sub(began), err)
		}
	}()
	if j.Work != nil {
		ran, err = s.work(ctx, j)
	} else {
		err = s.register.Update(ctx, func(tx *register.Tx) error {
			due, ok, err := s.due(tx, j)
			if err != nil || !ok {
				return err
			}
			if err := j.Run(ctx, tx, due); err != nil {
				return err
			}
			ran = true
			return tx.SetLastDue(j.Name, due)
		})
	}
	if err == nil && ran && s.options.Done != nil {
		s.options.Done()
	}
	return err
}

// work runs a job whose work is done outside of the transaction that records it.
func (s *Schedule) work(ctx context.Context, j entry) (ran bool, err error) {
	var due time.Time
	err = s.register.Update(ctx, func(tx *register.Tx) (err error) {
		due, ran, err = s.due(tx, j)
		return err
	})
	if err != nil || !ran {
		return false, err
	}
	record, err := j.Work(ctx, due)
	if err != nil {
		return false, err
	}
	return true, s.register.Update(ctx, func(tx *register.Tx) error {
		if record != nil {
			if err := record(tx); err != nil {
				return err
			}
		}
		return tx.SetLastDue(j.Name, due)
	})
}

// due returns the latest due time that was not handled; ok is false where there is none.
func (s *Schedule) due(tx *register.Tx, j entry) (at time.Time, ok bool, err error) {
	now := s.options.Now().In(s.options.Location)
	last, known, err := tx.LastDue(j.Name)
	switch {
	case err != nil:
		return time.Time{}, false, err
	case !known, last.After(now): // the clock was set back: nobody knows what was handled
		return time.Time{}, false, tx.SetLastDue(j.Name, now)
	}
	at, ok = j.latest(last.In(s.options.Location), now)
	return at, ok, nil
}

// latest returns the latest due time after last that has come and counts. It looks back from now, first at the last hour and further
// only where there is none in it: after a month of downtime a job of every minute has tens of thousands.
func (j entry) latest(last, now time.Time) (due time.Time, ok bool) {
	if every, constant := j.times.(cron.ConstantDelaySchedule); constant { // each time goes by the one before
		first := every.Next(last)
		for at := first.Add(now.Sub(first).Truncate(every.Delay)); !at.Before(first) && !at.After(now); at = at.Add(-every.Delay) {
			if j.counts(at) {
				return at, true
			}
		}
		return time.Time{}, false
	}
	until := now
	for back := time.Hour; ; back *= 16 {
		from := now.Add(-back)
		if from.Before(last) {
			from = last
		}
		var times []time.Time
		for next := j.times.Next(from); !next.IsZero() && !next.After(until); next = j.times.Next(next) {
			times = append(times, next)
		}
		for _, at := range slices.Backward(times) {
			if j.counts(at) {
				return at, true
			}
		}
		if from.Equal(last) {
			return time.Time{}, false
		}
		until = from
	}
}

func (j entry) counts(due time.Time) bool { return j.On == nil || j.On(due) }
