package tickets

import (
	"slices"
	"time"

	"radicado/tickets/calendar"
)

// Terms is the working time within which a request of some priority should be answered first and be solved; 0 for no limit.
type Terms struct {
	Response time.Duration
	Solution time.Duration
}

// Pause is a time in which the clock of a request stood still: it waited for somebody else, or was taken for solved.
type Pause struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"` // zero: it still stands still
}

// Clock names one of the two terms of a request.
type Clock string

// The clocks.
const (
	ClockResponse Clock = "response" // until the desk first writes to the official
	ClockSolution Clock = "solution"
)

// Alert is a warning that a term is running out, or that it ran out; given once for each due time.
type Alert struct {
	Clock    Clock     `json:"clock"`
	Due      time.Time `json:"due"`
	Breached bool      `json:"breached,omitempty"`
}

// Due is when a request should have its first answer and its solution; a zero time is none.
type Due struct {
	Response time.Time
	Solution time.Time
	Stopped  bool // the clock stands still, and Solution is not known before it goes on
}

// running reports whether the clock of the request runs.
func (t *Ticket) running() bool {
	return t.State.Open() && !t.State.Waiting()
}

// keepTime records what an event means to the clocks; ran is whether they ran before it.
func (t *Ticket) keepTime(ran bool, e Event) {
	last := len(t.Pauses) - 1
	stopped := last >= 0 && t.Pauses[last].To.IsZero() // by the pauses, which an undone command takes back with the state
	switch runs := t.running(); {
	case ran && !runs && !stopped:
		t.Pauses = append(t.Pauses, Pause{From: e.At})
	case !ran && runs && stopped:
		t.Pauses[last].To = e.At
	}
	if t.State != WaitingRequester {
		t.Waiting = Waiting{}
	}
	if t.RespondedAt.IsZero() && responds(e) {
		t.RespondedAt = e.At
	}
}

// responds reports whether by the event somebody of the desk writes to the official. What the daemon says by itself is no
// response.
func responds(e Event) bool {
	if !e.Actor.Role.Desk() {
		return false
	}
	switch e.Fact.(type) {
	case *AnsweredFact, *WaitedFact, *ResolvedFact, *ClosedFact, *RejectedFact:
		return true
	}
	return false
}

// terms returns the terms of a request. One whose priority nobody has set is treated as one of medium priority.
func (p *Policy) terms(t *Ticket) Terms {
	if t.Priority == Unassessed {
		return p.Terms[Medium]
	}
	return p.Terms[t.Priority]
}

// Due returns when a request should have its first answer and its solution. It follows from the events and the policy alone:
// a new priority or a pause moves it.
func (p *Policy) Due(t *Ticket) Due {
	due := p.owed(t)
	if !t.RespondedAt.IsZero() {
		due.Response, _ = p.after(t, p.terms(t).Response)
	}
	return due
}

// owed returns the due times that still count: that of the first answer does not once it was given.
func (p *Policy) owed(t *Ticket) Due {
	terms := p.terms(t)
	due := Due{Stopped: !t.running()}
	if t.RespondedAt.IsZero() {
		due.Response, _ = p.after(t, terms.Response)
	}
	due.Solution, _ = p.after(t, terms.Solution)
	return due
}

// late reports whether a due time has passed.
func (d Due) late(now time.Time) bool { return isPast(d.Response, now) || isPast(d.Solution, now) }

// after returns when the clock of a request will have run for so long; ok is false where it stands still before.
func (p *Policy) after(t *Ticket, run time.Duration) (at time.Time, ok bool) {
	if run <= 0 {
		return time.Time{}, false
	}
	var pauses []calendar.Span
	stops := time.Time{}
	for _, pause := range t.Pauses {
		if pause.To.IsZero() {
			stops = pause.From
			continue
		}
		pauses = append(pauses, calendar.Span(pause))
	}
	c := p.calendar().With(pauses)
	if !stops.IsZero() && c.Between(t.RegisteredAt, stops) < run {
		return time.Time{}, false
	}
	at = c.Add(t.RegisteredAt, run)
	return at, !at.IsZero()
}

// TermsOf returns the terms of requests of a priority; Unassessed has those of Medium, as the desk treats it.
func (p *Policy) TermsOf(priority Priority) Terms { return p.terms(&Ticket{Priority: priority}) }

// Worked is the working time from registration until then in which the clock of the request ran.
func (p *Policy) Worked(t *Ticket, until time.Time) time.Duration {
	worked := p.Elapsed(t.RegisteredAt, until)
	for _, pause := range t.Pauses {
		if !pause.From.Before(until) {
			break
		}
		to := pause.To
		if to.IsZero() || to.After(until) {
			to = until
		}
		worked -= p.Elapsed(pause.From, to)
	}
	return max(worked, 0)
}

// alerted reports whether an alert was given already, or a graver one.
func (t *Ticket) alerted(a Alert) bool {
	return slices.ContainsFunc(t.Alerts, func(given Alert) bool {
		return given.Clock == a.Clock && given.Due.Equal(a.Due) && (given.Breached || !a.Breached)
	})
}

// alerts returns the alerts that are to be given now.
func (p *Policy) alerts(t *Ticket, now time.Time) []Alert {
	if !t.running() {
		return nil
	}
	var due []Alert
	look := func(clock Clock, run time.Duration) {
		end, ok := p.after(t, run)
		if !ok {
			return
		}
		warning, _ := p.after(t, run*time.Duration(p.WarnPercent)/100)
		a := Alert{Clock: clock, Due: end.UTC(), Breached: !now.Before(end)}
		if (a.Breached || p.WarnPercent > 0 && !now.Before(warning)) && !t.alerted(a) {
			due = append(due, a)
		}
	}
	terms := p.terms(t)
	if t.RespondedAt.IsZero() {
		look(ClockResponse, terms.Response)
	}
	look(ClockSolution, terms.Solution)
	return due
}

// showDue shows a role the due times of a request.
func (w *work) showDue(v *TicketView, t *Ticket, role Role) {
	if !role.Staff() && (t.Priority == Unassessed || t.Presumed) || !t.State.Open() {
		return // nothing is promised to an official before anybody has looked at the request
	}
	due := w.in.Policy.owed(t)
	if role.Staff() {
		v.ResponseDue = due.Response
	}
	v.SolutionDue, v.Stopped = due.Solution, due.Stopped
	v.Late = isPast(v.ResponseDue, w.in.Now) || isPast(v.SolutionDue, w.in.Now)
}

func isPast(at, now time.Time) bool { return !at.IsZero() && now.After(at) }
