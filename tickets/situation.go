package tickets

import (
	"slices"
	"time"

	"radicado/tickets/calendar"
)

// Situation is how staff and resources stand at the moment of the decision.
type Situation struct {
	Loads    map[string]int       // open requests by the technician's address key
	Assigned map[string]time.Time // when a request was last assigned, by the technician's address key
	Absences []Absence            // that are not over
	Reserved map[string]int       // units that are out, by the folded name of the resource
}

// load returns how many open requests a person has, by whichever address they were assigned.
func (s Situation) load(p Person) (open int) {
	for key, n := range s.Loads {
		if p.Has(key) {
			open += n
		}
	}
	return open
}

// lastAssigned returns when the person was last assigned a request; the zero time for never.
func (s Situation) lastAssigned(p Person) (last time.Time) {
	for key, at := range s.Assigned {
		if p.Has(key) && at.After(last) {
			last = at
		}
	}
	return last
}

// absences returns the absences of a person that are not over, the first one first.
func (s Situation) absences(p Person) []Absence {
	own := slices.DeleteFunc(slices.Clone(s.Absences), func(a Absence) bool { return !p.Has(a.Person) })
	slices.SortFunc(own, func(a, b Absence) int { return a.From.Compare(b.From) })
	return own
}

// hours returns when a person works: the desk's hours or his or her own, less the absences.
func (in Input) hours(p Person) *calendar.Calendar {
	own := p.Calendar
	if own == nil {
		own = in.Policy.calendar()
	}
	var away []calendar.Span
	for _, a := range in.Situation.absences(p) {
		away = append(away, calendar.Span{From: a.From, To: a.To})
	}
	return own.With(away)
}

// presence says whether a person works on the day on which the desk works now or next, and otherwise when he or she is back;
// the zero time where that is not in sight.
func (in Input) presence(p Person) (present bool, back time.Time) {
	desk := in.Policy.calendar().NextOpening(in.Now)
	back = in.hours(p).NextOpening(in.Now)
	if back.IsZero() {
		return false, back
	}
	return sameDay(back, desk) || back.Before(desk), back
}

func sameDay(a, b time.Time) bool {
	y, m, d := a.Date()
	year, month, day := b.Date()
	return y == year && m == month && d == day
}

// calendar returns when the desk works; without one in the policy, always.
func (p *Policy) calendar() *calendar.Calendar {
	if p.Calendar != nil {
		return p.Calendar
	}
	return always()
}

// always returns the calendar of a desk that never closes.
func always() *calendar.Calendar {
	week := calendar.Week{}
	for day := time.Sunday; day <= time.Saturday; day++ {
		week[day] = []calendar.Hours{{From: 0, To: 24 * 60}}
	}
	c, err := calendar.New(calendar.Config{Zone: time.UTC, Week: week})
	if err != nil {
		panic(err) // the config is a constant
	}
	return c
}
