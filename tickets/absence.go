package tickets

import (
	"time"
)

// Absence is a time in which a technician takes no requests. It is kept beside the tickets: it happens to none of them.
type Absence struct {
	Person string // address key
	From   time.Time
	To     time.Time // not included
}

// AbsenceChange is what a mail says about when its sender is absent.
type AbsenceChange struct {
	Absence
	Ended bool // the person is back, or will not be absent after all: every absence that is not over ends; From and To are zero
}

// AbsenceView is an absence, or its end, as a notice shows it.
type AbsenceView struct {
	Name  string    `json:"name"`
	From  time.Time `json:"from,omitzero"`
	Last  time.Time `json:"last,omitzero"` // a moment of the last day
	Ended bool      `json:"ended,omitempty"`
	Open  int       `json:"open,omitempty"` // requests that the person has open
}

// away records when a technician is absent, or that he or she is back.
func (w *work) away(c Command, _ string) (Item, *Problem) {
	p, known := w.in.Policy.People.Find(w.in.Sender.Address.Addr)
	if !known {
		return Item{}, &Problem{Code: ProblemForbidden}
	}
	change := AbsenceChange{Absence: Absence{Person: p.Address().Key()}}
	planned := w.in.Situation.absences(p)
	if isBack(c.Arg) {
		if len(planned) == 0 {
			return Item{}, &Problem{Code: ProblemNotAbsent}
		}
		change.Ended = true
	} else {
		from, to, problem := periodArg(c.Arg, w.in.Now.In(w.in.Policy.calendar().Zone()))
		if problem != nil {
			return Item{}, problem
		}
		change.From, change.To = from, to
		for _, a := range planned {
			if !a.From.After(from) && !a.To.Before(to) {
				return Item{}, &Problem{Code: ProblemAbsentAlready, From: a.From, Last: lastDay(a.To)}
			}
		}
	}
	w.absence = &change
	return Item{Absence: w.absenceView()}, nil
}

// absenceView shows what the mail changed.
func (w *work) absenceView() *AbsenceView {
	p, _ := w.in.Policy.People.Find(w.absence.Person)
	v := &AbsenceView{Name: p.Name, Ended: w.absence.Ended, Open: w.in.Situation.load(p)}
	if !v.Ended {
		v.From, v.Last = w.absence.From, lastDay(w.absence.To)
	}
	return v
}

// lastDay returns a moment of the last day of a time that ends at to.
func lastDay(to time.Time) time.Time { return to.Add(-time.Minute) }

// tellAbsence tells the coordinators who is absent when, and how much work waits meanwhile.
func (w *work) tellAbsence() {
	if w.absence == nil {
		return
	}
	for _, p := range w.in.Policy.People.With(RoleCoordinator) {
		w.notices = append(w.notices, Notice{Kind: NoticeAbsence, To: p.Address(), Lang: w.in.Policy.langOf(p.Address()),
			Data: NoticeData{Role: RoleCoordinator, Recipient: p.Name, Absence: w.absenceView()}})
	}
}
