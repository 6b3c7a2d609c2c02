package tickets

import (
	"cmp"
	"slices"

	"radicado/mailbox"
)

// VerbUndo takes the sender's last command back.
const VerbUndo Verb = "undo"

// UndoneFact takes back what the events From to To did. They stay: the ticket is as it was before them.
type UndoneFact struct {
	From   int     `json:"from"`
	To     int     `json:"to"`
	Before *Ticket `json:"before"` // without its long texts, which no command changes
}

// Kind names the fact in the register.
func (*UndoneFact) Kind() string { return "undone" }

// Internal reports whether the fact is for staff alone.
func (*UndoneFact) Internal() bool { return true }

func (f *UndoneFact) apply(t *Ticket, _ Event) {
	if f.Before == nil { // the data was erased
		return
	}
	was := f.Before.Clone()
	was.Number, was.Version, was.ChangedAt = t.Number, t.Version, t.ChangedAt
	was.Text, was.Files, was.Note, was.Remarks = t.Text, t.Files, t.Note, t.Remarks
	*t = *was
}

// revocable reports whether a fact can be taken back: it sent nobody anything that would then be untrue or lost.
func revocable(f Fact) bool {
	switch f := f.(type) {
	case *PrioritisedFact, *AssignedFact, *StartedFact, *TypedFact, *DiagnosedFact, *PlannedFact, *FollowedFact, *EquippedFact, *SteppedFact,
		*ReservedFact, *ReturnedFact:
		return true
	case *ReferredFact:
		return len(f.Inform) == 0 && !slices.ContainsFunc(f.Steps, func(s Step) bool { return len(s.Inform) > 0 })
	}
	return false
}

// passive reports whether a fact changes nothing of the ticket, so that it may stand between a command and its undoing.
func passive(f Fact) bool {
	switch f.(type) {
	case *NotedFact, *RefusedFact, *AutomaticFact, *UndeliveredFact, *UnprovenFact, *WithheldFact, *ConfirmationAskedFact:
		return true
	}
	return false
}

// undo carries out #deshacer.
func (w *work) undo(Command, string) (Item, *Problem) {
	events := w.in.Found.Tickets[w.t.Number].Events
	if len(w.events) > 0 || len(events) == 0 {
		return Item{}, &Problem{Code: ProblemNothingToUndo}
	}
	first, last, problem := w.lastOrder(events)
	if problem != nil {
		return Item{}, problem
	}
	before, err := Replay(events[:first])
	after, failed := Replay(events[:last+1])
	if err = cmp.Or(err, failed); err != nil {
		w.err = err
		return Item{}, nil
	}
	if before.Instruction.informed(after.Instruction) {
		return Item{}, &Problem{Code: ProblemIrrevocable, Value: new(SteppedFact).Kind()}
	}
	if problem := w.retaken(before); problem != nil {
		return Item{}, problem
	}
	before.Text, before.Files, before.Note, before.Remarks = "", nil, "", nil
	w.add(&UndoneFact{From: events[first].Seq, To: events[last].Seq, Before: before})
	var kinds []string
	for _, e := range events[first : last+1] {
		if !slices.Contains(kinds, e.Fact.Kind()) && !passive(e.Fact) {
			kinds = append(kinds, e.Fact.Kind())
		}
	}
	return Item{Undone: kinds}, nil
}

// lastOrder finds the events that the sender's last mail of commands caused, and says why they cannot be taken back. What was
// taken back already is passed over.
func (w *work) lastOrder(events []Event) (first, last int, _ *Problem) {
	undone := map[int]bool{}
	for _, e := range events {
		if f, ok := e.Fact.(*UndoneFact); ok {
			undone[e.Seq] = true
			for seq := f.From; seq <= f.To; seq++ {
				undone[seq] = true
			}
		}
	}
	last = -1
	overtaken := false
	for i, e := range slices.Backward(events) {
		own := w.caused(e) && !passive(e.Fact)
		switch {
		case undone[e.Seq]:
		case last >= 0 && !sameOrder(e, events[last]):
			return first, last, w.revocable(events[first:last+1], overtaken)
		case last >= 0:
			first = i
		case own:
			first, last = i, i
		case !passive(e.Fact):
			overtaken = true
		}
	}
	if last < 0 {
		return 0, 0, &Problem{Code: ProblemNothingToUndo}
	}
	return first, last, w.revocable(events[first:last+1], overtaken)
}

// caused reports whether an event is of the sender's doing. Of administrators and the daemon, who have no address, the events say name and
// role.
func (w *work) caused(e Event) bool {
	if w.in.Sender.Console {
		return e.Actor == w.actor
	}
	return w.acting(mailbox.Address{Addr: e.Actor.Addr})
}

// sameOrder reports whether two events are of one mail, or, where no mail brought them, of one transaction, which has one time.
func sameOrder(a, b Event) bool {
	return a.Message == b.Message && (a.Message != 0 || a.At.Equal(b.At))
}

func (w *work) revocable(events []Event, overtaken bool) *Problem {
	for _, e := range events {
		if !revocable(e.Fact) && !passive(e.Fact) {
			return &Problem{Code: ProblemIrrevocable, Value: e.Fact.Kind()}
		}
	}
	if overtaken {
		return &Problem{Code: ProblemOvertaken}
	}
	return nil
}
