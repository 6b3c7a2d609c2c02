package templates

import "radicado/tickets"

// task is a request in a list with its buttons, and the loan that the list is about where it is one of loans.
type task struct {
	tickets.TaskView
	Loan    *tickets.LoanView
	Own     bool // of the reader
	Actions []Action
}

// tasks gives the requests of a list their buttons.
func (s *Set) tasks(v *view, list tickets.Shown[tickets.TaskView]) []task {
	var rows []task
	for _, t := range list.Rows {
		rows = append(rows, s.task(v, t))
	}
	return rows
}

// loans gives the loans of a list their buttons.
func (s *Set) loans(v *view, list tickets.Shown[tickets.LoanView]) []task {
	var rows []task
	for _, l := range list.Rows {
		row := s.task(v, l.TaskView)
		row.Loan = &l
		rows = append(rows, row)
	}
	return rows
}

func (s *Set) task(v *view, t tickets.TaskView) task {
	return task{TaskView: t, Own: v.Worklist != nil, Actions: s.buttons(v.Lang, v.Role, t.Number, t.Links)}
}
