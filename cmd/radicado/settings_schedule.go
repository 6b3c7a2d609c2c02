package main

import (
	"context"
	"time"

	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

type scheduleSection struct {
	Deadlines     string `toml:"deadlines"`
	Reminders     string `toml:"reminders"`
	Closure       string `toml:"closure"`
	Loans         string `toml:"loans"`
	Vendors       string `toml:"vendors"`
	Reconciled    string `toml:"reconciliation"`
	Digest        string `toml:"digest"`
	Worklist      string `toml:"worklist"`
	Retention     string `toml:"retention"`
	WaitDays      int    `toml:"wait_days"`
	WaitReminders int    `toml:"wait_reminders"`
	CloseDays     int    `toml:"close_days"`
	LoanDays      int    `toml:"overdue_days"`
}

// defaultSchedule looks at deadlines all day, writes to people in the morning, and keeps house at night.
func defaultSchedule() scheduleSection {
	return scheduleSection{Deadlines: "*/5 * * * *", Reminders: "0 8 * * *", Closure: "15 8 * * *", Loans: "30 8 * * *", Vendors: "*/15 * * * *",
		Reconciled: "0 3 * * *", Digest: "30 7 * * *", Worklist: "45 7 * * *", Retention: "30 3 * * *",
		WaitDays: 2, WaitReminders: 2, CloseDays: 3, LoanDays: 2}
}

// Names of the jobs that are no chores, in the register.
const (
	jobDigest         = "digest"
	jobWorklist       = "worklist"
	jobReconciliation = "reconciliation" // and the name of the mailbox
	jobRetention      = "retention"
)

// chores lists the chores with the cron expressions of the settings.
func (k scheduleSection) chores() map[tickets.Chore]string {
	return map[tickets.Chore]string{tickets.ChoreDeadlines: k.Deadlines, tickets.ChoreReminders: k.Reminders,
		tickets.ChoreClosure: k.Closure, tickets.ChoreLoans: k.Loans, tickets.ChoreVendors: k.Vendors}
}

// schedules reads what the daemon does by itself, and when.
func (c *checker) schedules(s *settings) {
	k := s.file.Schedule
	for chore, spec := range k.chores() {
		c.schedule("schedule."+string(chore), spec)
	}
	c.schedule("schedule.reconciliation", k.Reconciled)
	c.schedule("schedule.digest", k.Digest)
	c.schedule("schedule.worklist", k.Worklist)
	c.schedule("schedule.retention", k.Retention)
	for key, days := range map[string]int{"wait_days": k.WaitDays, "wait_reminders": k.WaitReminders, "close_days": k.CloseDays, "overdue_days": k.LoanDays} {
		c.atLeast("schedule."+key, days, 0)
	}
	s.policy.WaitDays, s.policy.WaitReminders, s.policy.CloseDays, s.policy.LoanDays = k.WaitDays, k.WaitReminders, k.CloseDays, k.LoanDays
}

// jobs is what the desk does by itself. What writes to people does so on working days; terms run by the calendar
// in any case.
func (s *settings) jobs(d *desk.Desk, mailboxes []desk.Mailbox) []schedule.Job {
	var jobs []schedule.Job
	specs := s.file.Schedule.chores()
	for _, chore := range tickets.Chores() {
		job := schedule.Job{Name: string(chore), Spec: specs[chore], Work: func(ctx context.Context, _ time.Time) (func(tx *register.Tx) error, error) {
			return nil, d.Tend(ctx, chore)
		}}
		if chore == tickets.ChoreReminders || chore == tickets.ChoreClosure || chore == tickets.ChoreLoans {
			job.On = s.policy.WorkingDay
		}
		jobs = append(jobs, job)
	}
	jobs = append(jobs,
		schedule.Job{Name: jobDigest, Spec: s.file.Schedule.Digest, On: s.policy.WorkingDay, Work: func(ctx context.Context, _ time.Time) (func(tx *register.Tx) error, error) {
			tell, err := d.Digest(ctx)
			return func(tx *register.Tx) error {
				last, err := tx.LastRun(jobDigest)
				if err != nil {
					return err
				}
				return tell(tx, last)
			}, err
		}},
		schedule.Job{Name: jobWorklist, Spec: s.file.Schedule.Worklist, On: s.policy.WorkingDay, Work: func(ctx context.Context, _ time.Time) (func(tx *register.Tx) error, error) {
			return d.Worklists(ctx)
		}})
	for _, m := range mailboxes {
		jobs = append(jobs, schedule.Job{Name: jobReconciliation + " " + m.Name, Spec: s.file.Schedule.Reconciled,
			Work: func(ctx context.Context, _ time.Time) (func(tx *register.Tx) error, error) {
				return d.Reconcile(ctx, m)
			}})
	}
	return jobs
}
