package tickets

import (
	"fmt"
	"time"
)

// PeriodUnit is what a period of a report is.
type PeriodUnit string

// The units. PeriodDays is any other number of days.
const (
	PeriodDays    PeriodUnit = "days"
	PeriodWeek    PeriodUnit = "week" // from Monday
	PeriodMonth   PeriodUnit = "month"
	PeriodQuarter PeriodUnit = "quarter"
	PeriodYear    PeriodUnit = "year"
)

// Period is the whole days that a report is about, from the midnight of From up to, not including, that of To.
type Period struct {
	Unit PeriodUnit `json:"unit"`
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
}

// String writes the period as ParsePeriod reads it: "2026-10", "2026-W47", "2026-T3", "2026", "2026-10-01..2026-10-15".
func (p Period) String() string {
	switch p.Unit {
	case PeriodYear:
		return p.From.Format("2006")
	case PeriodQuarter:
		return fmt.Sprintf("%s-T%d", p.From.Format("2006"), (p.From.Month()+2)/3)
	case PeriodMonth:
		return p.From.Format("2006-01")
	case PeriodWeek:
		year, week := p.From.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	if p.Length() == 1 {
		return p.From.Format(time.DateOnly)
	}
	return p.From.Format(time.DateOnly) + ".." + p.Last().Format(time.DateOnly)
}

// PeriodOf returns the period of a unit that holds the instant, in the instant's time zone.
func PeriodOf(unit PeriodUnit, at time.Time) Period {
	y, m, d := at.Date()
	switch unit {
	case PeriodWeek:
		d -= (int(at.Weekday()) + 6) % 7
	case PeriodMonth:
		d = 1
	case PeriodQuarter:
		m, d = m-(m-1)%3, 1
	case PeriodYear:
		m, d = time.January, 1
	}
	p := Period{Unit: unit, From: time.Date(y, m, d, 0, 0, 0, 0, at.Location())}
	p.To = p.step(1)
	return p
}

// Days returns the period from the day of first to that of last.
func Days(first, last time.Time) Period {
	return Period{Unit: PeriodDays, From: startOfDay(first), To: startOfDay(last).AddDate(0, 0, 1)}
}

// step returns the midnight n units after From.
func (p Period) step(n int) time.Time {
	switch p.Unit {
	case PeriodWeek:
		return p.From.AddDate(0, 0, 7*n)
	case PeriodMonth:
		return p.From.AddDate(0, n, 0)
	case PeriodQuarter:
		return p.From.AddDate(0, 3*n, 0)
	case PeriodYear:
		return p.From.AddDate(n, 0, 0)
	}
	if p.To.IsZero() {
		return p.From.AddDate(0, 0, n)
	}
	return p.From.AddDate(0, 0, n*p.Length())
}

// Before returns the period of the same unit that ends where this one begins.
func (p Period) Before() Period {
	return Period{Unit: p.Unit, From: p.step(-1), To: p.From}
}

// In returns the period in a time zone, in which its midnights are midnights.
func (p Period) In(zone *time.Location) Period {
	return Period{Unit: p.Unit, From: p.From.In(zone), To: p.To.In(zone)}
}

// Length is the number of days.
func (p Period) Length() int {
	return int((p.To.Sub(p.From) + 12*time.Hour) / (24 * time.Hour)) // daylight saving makes a day longer or shorter
}

// Last is the last day, at its midnight.
func (p Period) Last() time.Time { return p.To.AddDate(0, 0, -1) }

// Contains reports whether the instant lies within the period.
func (p Period) Contains(at time.Time) bool { return !at.Before(p.From) && at.Before(p.To) }

// Elapsed is the working time between two moments.
func (p *Policy) Elapsed(from, to time.Time) time.Duration { return p.elapsed(from, to) }

// TermsOf returns the terms of requests of a priority; Unassessed has those of Medium, as the desk treats it.
func (p *Policy) TermsOf(priority Priority) Terms { return p.terms(&Ticket{Priority: priority}) }

// Worked is the working time from registration until then in which the clock of the request ran.
func (p *Policy) Worked(t *Ticket, until time.Time) time.Duration {
	worked := p.elapsed(t.RegisteredAt, until)
	for _, pause := range t.Pauses {
		if !pause.From.Before(until) {
			break
		}
		to := pause.To
		if to.IsZero() || to.After(until) {
			to = until
		}
		worked -= p.elapsed(pause.From, to)
	}
	return max(worked, 0)
}
