package report

import (
	"time"

	"radicado/tickets"
)

// turn is a moment at which a request became open, done, or ended for good.
type turn struct {
	at    time.Time
	state tickets.State // open states are all the same here: tickets.Registered
	ends  bool          // it became final
}

// turns is the course of a request, in the order of time; the first opens it.
type turns []turn

// turnsOf returns the course of a request. Without its events it must never have been reopened.
func turnsOf(c tickets.Case) turns {
	t := c.Ticket
	if len(c.Events) == 0 {
		list := turns{{at: t.RegisteredAt, state: tickets.Registered}}
		if t.State.Open() {
			return list
		}
		if !t.ResolvedAt.IsZero() {
			list = append(list, turn{at: t.ResolvedAt, state: tickets.Resolved})
		}
		if t.State.Final() {
			list = append(list, turn{at: t.ClosedAt, state: t.State, ends: true})
		}
		return list
	}
	var list turns
	replay := new(tickets.Ticket)
	for _, e := range c.Events {
		before := replay.State
		if replay.Apply(e) != nil {
			break // an erased or foreign history ends here
		}
		switch now := replay.State; {
		case now.Open() && !before.Open() || before == "":
			list = append(list, turn{at: e.At, state: tickets.Registered})
		case now.Final() && !before.Final():
			list = append(list, turn{at: e.At, state: now, ends: true})
		case !now.Open() && before.Open():
			list = append(list, turn{at: e.At, state: now})
		}
	}
	return list
}

// openAt reports whether the desk owed work at that time: what happens at it is later.
func (ts turns) openAt(at time.Time) (open bool) {
	for _, t := range ts {
		if !t.at.Before(at) {
			break
		}
		open = t.state.Open()
	}
	return open
}
