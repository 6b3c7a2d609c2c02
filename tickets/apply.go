package tickets

import (
	"fmt"
	"time"
)

// Apply changes the ticket by one event. Events must come in order and without a gap; the first must be a RegisteredFact.
func (t *Ticket) Apply(e Event) error {
	if e.Seq != t.Version+1 {
		return fmt.Errorf("ticket %s: event %d follows event %d", e.Ticket, e.Seq, t.Version)
	}
	if _, opens := e.Fact.(*RegisteredFact); opens != (e.Seq == 1) {
		return fmt.Errorf("ticket %s: event %d is of kind %s", e.Ticket, e.Seq, e.Fact.Kind())
	}
	if t.Number == "" {
		t.Number = e.Ticket
	}
	if e.Ticket != t.Number {
		return fmt.Errorf("ticket %s: event %d belongs to %s", t.Number, e.Seq, e.Ticket)
	}
	t.Version = e.Seq
	t.ChangedAt = e.At
	ran := t.running()
	e.Fact.apply(t, e)
	t.keepTime(ran, e)
	return nil
}

// Replay returns the ticket that the events add up to.
func Replay(events []Event) (*Ticket, error) {
	t := new(Ticket)
	for _, e := range events {
		if err := t.Apply(e); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (f *RegisteredFact) apply(t *Ticket, e Event) {
	t.State = Registered
	t.Subject = f.Subject
	t.Text = f.Text
	t.Files = f.Files
	t.Requester = f.Requester
	t.Office, t.Telephone = f.Office, f.Telephone
	t.Linked = f.Linked
	t.Origin = f.Origin
	t.Lang = f.Lang
	t.Note, t.Remarks, t.OnBehalfBy, t.Unproven = f.Note, f.Remarks, f.OnBehalfBy, f.Unproven
	t.RegisteredAt = e.At
	t.Imported = f.Imported
}

// apply ends the waiting when the official answers; what else an answer does is an event of its own.
func (f *AnsweredFact) apply(t *Ticket, e Event) {
	if t.State == WaitingRequester && e.Actor.Role == RoleRequester {
		t.resume()
	}
}

func (*UnprovenFact) apply(*Ticket, Event)    {}
func (*NotedFact) apply(*Ticket, Event)       {}
func (*AutomaticFact) apply(*Ticket, Event)   {}
func (*UndeliveredFact) apply(*Ticket, Event) {}
func (*RefusedFact) apply(*Ticket, Event)     {}

func (f *PrioritisedFact) apply(t *Ticket, _ Event) {
	t.Priority, t.Impact, t.Urgency, t.Presumed = f.Priority, f.Impact, f.Urgency, f.Presumed
	if !f.Presumed {
		t.coordinate()
	}
}

func (f *AssignedFact) apply(t *Ticket, _ Event) {
	t.Technician = f.Technician
	if f.Resumes {
		t.goOn()
	}
	t.coordinate()
	if f.Taken {
		t.start()
	}
}

func (*StartedFact) apply(t *Ticket, _ Event) { t.start() }

func (f *WaitedFact) apply(t *Ticket, e Event) {
	t.Waiting = Waiting{Question: f.Text, Since: e.At}
	if t.State != WaitingRequester {
		t.Resume = t.State
	}
	t.State = WaitingRequester
}

func (f *ResolvedFact) apply(t *Ticket, e Event) {
	t.State, t.Resume = Resolved, ""
	t.Solution = f.Text
	t.ResolvedAt = e.At
	t.Article = f.Article
}

func (f *ClosedFact) apply(t *Ticket, e Event) {
	t.State, t.Resume = Closed, ""
	if t.Solution == "" {
		t.Solution = f.Text
	}
	t.ClosedAt = e.At
}

func (*ReopenedFact) apply(t *Ticket, _ Event) {
	t.State, t.Resume = Coordinated, ""
	if t.Assigned() {
		t.State = InService
	}
	t.ResolvedAt, t.ClosedAt = time.Time{}, time.Time{}
	t.Solution = ""
}

func (*RejectedFact) apply(t *Ticket, e Event) {
	t.State, t.Resume = Rejected, ""
	t.ClosedAt = e.At
}

// coordinate marks step 3 as begun; later states stay.
func (t *Ticket) coordinate() {
	switch {
	case t.State == Registered:
		t.State = Coordinated
	case t.Resume == Registered:
		t.Resume = Coordinated
	}
}

// start marks step 4 as begun; later states stay.
func (t *Ticket) start() {
	switch {
	case t.State == Registered, t.State == Coordinated:
		t.State = InService
	case t.Resume == Registered, t.Resume == Coordinated:
		t.Resume = InService
	}
}

// goOn ends every waiting: that for the official may have come upon that for the vendor, and then nobody knows what was before.
func (t *Ticket) goOn() {
	for t.State.Waiting() {
		t.resume()
	}
	if t.State == "" {
		t.State = InService
	}
}

// resume ends a waiting.
func (t *Ticket) resume() {
	t.State, t.Resume = t.Resume, ""
}
