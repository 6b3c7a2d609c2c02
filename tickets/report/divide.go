package report

import (
	"time"

	"radicado/tickets"
)

// Unit is how long the stretches are into which a report divides its period.
type Unit string

// The units.
const (
	ByDay   Unit = "day"
	ByWeek  Unit = "week" // from Monday
	ByMonth Unit = "month"
	ByYear  Unit = "year"
)

// Up to how many days a period is divided so: a chart of more bars than some sixty cannot be read.
const (
	maxByDay   = 62
	maxByWeek  = 300
	maxByMonth = 60 * 31
)

// divide returns the edges of the stretches of a period. The first and the last may be shorter than the others.
func divide(p tickets.Period) (Unit, []time.Time) {
	unit, larger := ByYear, tickets.PeriodYear
	switch days := p.Length(); {
	case days <= maxByDay:
		unit, larger = ByDay, tickets.PeriodDays
	case days <= maxByWeek:
		unit, larger = ByWeek, tickets.PeriodWeek
	case days <= maxByMonth:
		unit, larger = ByMonth, tickets.PeriodMonth
	}
	edges := []time.Time{p.From}
	for {
		next := tickets.PeriodOf(larger, edges[len(edges)-1]).To
		if !next.Before(p.To) {
			return unit, append(edges, p.To)
		}
		edges = append(edges, next)
	}
}
