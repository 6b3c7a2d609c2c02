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
	WaitDays      int    `toml:"wait_days"`
	WaitReminders int    `toml:"wait_reminders"`
	CloseDays     int    `toml:"close_days"`
	LoanDays      int    `toml:"overdue_days"`
}

// defaultSchedule looks at deadlines all day and writes to people in the morning.
func defaultSchedule() scheduleSection {
	return scheduleSection{Deadlines: "*/5 * * * *", Reminders: "0 8 * * *", Closure: "15 8 * * *", Loans: "30 8 * * *", Vendors: "*/15 * * * *",
		WaitDays: 2, WaitReminders: 2, CloseDays: 3, LoanDays: 2}
}

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
	for key, days := range map[string]int{"wait_days": k.WaitDays, "wait_reminders": k.WaitReminders, "close_days": k.CloseDays, "overdue_days": k.LoanDays} {
		c.atLeast("schedule."+key, days, 0)
	}
	s.policy.WaitDays, s.policy.WaitReminders, s.policy.CloseDays, s.policy.LoanDays = k.WaitDays, k.WaitReminders, k.CloseDays, k.LoanDays
}

// jobs is the chores as jobs of the schedule.
func (s *settings) jobs(d *desk.Desk) []schedule.Job {
	var jobs []schedule.Job
	specs := s.file.Schedule.chores()
	for _, chore := range tickets.Chores() {
		jobs = append(jobs, schedule.Job{Name: string(chore), Spec: specs[chore], Run: func(ctx context.Context, tx *register.Tx, _ time.Time) error {
			return d.Tend(ctx, tx, chore)
		}})
	}
	return jobs
}
