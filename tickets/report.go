package tickets

import (
	"time"

	"radicado/mailbox"
)

// VerbReport asks for the report of a period.
const VerbReport Verb = "report"

// ReportView says which report goes with a notice. Its figures are made when the notice is sent: they follow from the register.
type ReportView struct {
	Period     Period    `json:"period"`
	At         time.Time `json:"at"`                   // what happened later is left out
	Technician string    `json:"technician,omitempty"` // address key of the technician whose requests alone count; "" for everybody's
}

// report carries out #informe: a coordinator's is about the desk, a technician's about his or her own requests.
func (w *work) report(c Command, _ string) (Item, *Problem) {
	p, known := w.in.Policy.People.Find(w.in.Sender.Address.Addr)
	if !known {
		return Item{}, &Problem{Code: ProblemForbidden}
	}
	period, problem := ParsePeriod(c.Arg, w.in.Policy.local(w.in.Now))
	if problem != nil {
		return Item{}, problem
	}
	view := &ReportView{Period: period, At: w.in.Now}
	if p.Role != RoleCoordinator {
		view.Technician = p.Address().Key()
	}
	return Item{Report: view}, nil
}

// isPeriod reports whether a command names a period of a report.
func (w *work) isPeriod(c Command) bool {
	_, problem := ParsePeriod(c.Arg, w.in.Policy.local(w.in.Now))
	return problem == nil || problem.Code == ProblemPeriodFuture
}

// Reports is the notices with the report of the last week or month that was over at due, to the coordinators and to whom the
// settings name.
func Reports(p *Policy, unit PeriodUnit, due, now time.Time) []Notice {
	w := newWork(Input{Now: now, Policy: p, Mail: Mail{Message: new(mailbox.Message)}})
	view := ReportView{Period: PeriodOf(unit, p.local(due)).Before(), At: now}
	var to []mailbox.Address
	for _, person := range p.People.With(RoleCoordinator) {
		to = append(to, person.Address())
	}
	for _, a := range append(to, p.ReportTo...) {
		w.notify(NoticeReport, a, RoleCoordinator, func(d *NoticeData) { d.Report = &view })
	}
	return w.notices
}
