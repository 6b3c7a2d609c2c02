package desk

import (
	"time"

	"radicado/tickets"
)

// Observer is told what the desk does, after it was committed. Functions that are nil are left out; none may block. Several goroutines
// call Turned.
type Observer struct {
	Handled func(Handled) // for each mail
	Turned  func()        // Run has come a step further: where it does not for long, it hangs
}

func (o Observer) turned() {
	if o.Turned != nil {
		o.Turned()
	}
}

// Handled is what became of a mail.
type Handled struct {
	Mailbox string
	Outcome Outcome
	Refused []tickets.ProblemCode // of commands in it
	Took    time.Duration         // since the mail was received
}

// Outcome is what became of a mail, in a word.
type Outcome string

// The outcomes.
const (
	Registered  Outcome = "registered"  // a new request
	Filed       Outcome = "filed"       // on a request that was there, or answered
	Repeated    Outcome = "repeated"    // a further copy
	Quarantined Outcome = "quarantined" // set aside
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome { return []Outcome{Registered, Filed, Repeated, Quarantined} }

// outcomeOf tells what a decision does with its mail.
func outcomeOf(decision tickets.Decision) Outcome {
	switch {
	case decision.Quarantine != "":
		return Quarantined
	case len(decision.Events) > 0 && decision.Events[0].Seq == 1:
		return Registered
	}
	return Filed
}

// refused lists why commands were not obeyed.
func refused(decision tickets.Decision) []tickets.ProblemCode {
	var codes []tickets.ProblemCode
	for _, n := range decision.Notices {
		if n.Data.Receipt == nil {
			continue
		}
		for _, item := range n.Data.Receipt.Items {
			if item.Problem != nil {
				codes = append(codes, item.Problem.Code)
			}
		}
	}
	return codes
}
