package desk_test

import (
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

// order gives commands on the machine, an hour after what was before, and returns why they were refused; "" where they were not.
func (o *office) order(account, commands string) (refused tickets.ProblemCode) {
	o.t.Helper()
	o.now = o.now.Add(time.Hour)
	d, err := o.desk.Obey(o.t.Context(), desk.Order{Account: account, Number: first, Commands: commands})
	o.check(err)
	for _, item := range d.Answer.Data.Receipt.Items {
		if item.Problem != nil {
			return item.Problem.Code
		}
	}
	return ""
}

// TestAdministratorsUndoTheirOwnLastOrder has two administrators, whose events name no mail and no address.
func TestAdministratorsUndoTheirOwnLastOrder(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	for i, step := range []struct {
		account, commands           string
		refused                     tickets.ProblemCode
		priority                    tickets.Priority
		technician, diagnosis, plan string
	}{
		{"root", "#prioridad alta", "", tickets.High, "", "", ""},
		{"jorge", "#asignar ana", "", tickets.High, ana, "", ""},
		{"root", "#diagnostico fusor #plan cambiarlo", "", tickets.High, ana, "fusor", "cambiarlo"},
		{"root", "#deshacer", "", tickets.High, ana, "", ""},                       // both commands of one order
		{"root", "#deshacer", tickets.ProblemOvertaken, tickets.High, ana, "", ""}, // the other has gone on from the priority
		{"luis", "#deshacer", tickets.ProblemNothingToUndo, tickets.High, ana, "", ""},
		{"jorge", "#deshacer", "", tickets.High, "", "", ""},
		{"root", "#deshacer", "", tickets.Unassessed, "", "", ""},
		{"root", "#deshacer", tickets.ProblemNothingToUndo, tickets.Unassessed, "", "", ""},
	} {
		if refused := o.order(step.account, step.commands); refused != step.refused {
			t.Errorf("step %d: %s %s is refused with %q, want %q", i, step.account, step.commands, refused, step.refused)
		}
		got := o.ticket(first)
		if got.Priority != step.priority || got.Technician.Addr != step.technician || got.Diagnosis != step.diagnosis || got.Plan != step.plan {
			t.Errorf("step %d: after %s %s: priority %q, technician %q, diagnosis %q, plan %q", i, step.account, step.commands, got.Priority, got.Technician.Addr, got.Diagnosis, got.Plan)
		}
	}
	o.sound()
}

// TestWhatTheDaemonDoesIsNoAdministratorsOrder has the daemon give an alert, which names no mail and no address either.
func TestWhatTheDaemonDoesIsNoAdministratorsOrder(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	alert := func() {
		o.now = o.now.Add(time.Hour)
		o.check(o.register.Update(t.Context(), func(tx *register.Tx) error {
			request, err := tx.Ticket(first)
			if err != nil {
				return err
			}
			e := tickets.Event{Ticket: first, Seq: request.Version + 1, At: tx.Now(), Actor: tickets.Actor{Role: tickets.RoleSystem},
				Fact: &tickets.AlertedFact{Alert: tickets.Alert{Clock: tickets.ClockSolution, Due: o.now}}}
			if err := request.Apply(e); err != nil {
				return err
			}
			return tx.Append(request, []tickets.Event{e})
		}))
	}
	alert()
	if refused := o.order("root", "#deshacer"); refused != tickets.ProblemNothingToUndo {
		t.Errorf("undoing what the daemon did is refused with %q", refused)
	}
	o.order("root", "#prioridad alta")
	if refused := o.order("root", "#deshacer"); refused != "" {
		t.Errorf("undoing an order after an alert is refused with %q", refused)
	}
	if got := o.ticket(first); got.Priority != tickets.Unassessed || len(got.Alerts) != 1 {
		t.Errorf("undone to priority %q, alerts %v", got.Priority, got.Alerts)
	}
	o.order("root", "#prioridad alta")
	alert()
	if refused := o.order("root", "#deshacer"); refused != tickets.ProblemOvertaken {
		t.Errorf("undoing an order before an alert is refused with %q", refused)
	}
}

// TestAdministratorsAnswerIsTheFirst has an administrator ask the official something, which is an answer of the desk.
func TestAdministratorsAnswerIsTheFirst(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	o.order("root", "#prioridad alta")
	if got := o.ticket(first).RespondedAt; !got.IsZero() {
		t.Errorf("a priority is an answer, of %s", got)
	}
	o.order("root", "#espera ¿Cuál es la placa?")
	if got := o.ticket(first).RespondedAt; !got.Equal(o.now) {
		t.Errorf("answered first at %s, want %s", got, o.now)
	}
	o.sound()
}
