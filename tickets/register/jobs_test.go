package register

import (
	"fmt"
	"testing"
	"time"

	"radicado/tickets"
)

func TestLastDue(t *testing.T) {
	f := open(t)
	due := f.clock.now().Truncate(time.Minute)
	for range 2 {
		f.update(t, func(tx *Tx) error { return tx.SetLastDue("deadlines", due) })
		due = due.Add(time.Minute)
	}
	f.reopen(t)
	f.view(t, func(r *Reader) error {
		at, known, err := r.LastDue("deadlines")
		if !known || !at.Equal(due.Add(-time.Minute)) {
			t.Errorf("the last due time is %s, %t", at, known)
		}
		if ran, err := r.LastRun("deadlines"); err != nil || !ran.Equal(f.clock.now()) {
			t.Errorf("the last run was at %s, %v", ran, err)
		}
		if ran, err := r.LastRun("other"); err != nil || !ran.IsZero() {
			t.Errorf("a job that never ran did so at %s, %v", ran, err)
		}
		if _, known, err := r.LastDue("other"); known || err != nil {
			t.Errorf("a job that never ran: %t, %v", known, err)
		}
		return err
	})
}

func TestTicketsForEachChore(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		for _, facts := range [][]tickets.Fact{
			{}, {&tickets.WaitedFact{Text: "¿Cuál?"}}, {&tickets.ResolvedFact{Text: "Ya"}}, {&tickets.RejectedFact{Text: "No"}},
			{&tickets.ReservedFact{Resource: "Portátil", Units: 1, Due: tx.Now().Add(time.Hour)}, &tickets.ResolvedFact{Text: "Ya"}, &tickets.ClosedFact{}},
		} {
			ticket, err := register(tx, ana, "a", "b")
			check(t, err)
			if len(facts) > 0 {
				check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, facts...))
			}
		}
		return nil
	})
	want := map[tickets.Chore]string{tickets.ChoreDeadlines: "1 2", tickets.ChoreReminders: "2", tickets.ChoreClosure: "3", tickets.ChoreLoans: ""}
	look := func() {
		t.Helper()
		f.view(t, func(r *Reader) error {
			for _, chore := range tickets.Chores() {
				if got := serials(t, outlines(t, r, chore, f.Now())); got != want[chore] {
					t.Errorf("%s finds %q, want %q", chore, got, want[chore])
				}
			}
			for _, err := range r.Outlines("gardening", f.Now()) {
				if err == nil {
					t.Error("an unknown chore finds tickets")
				}
			}
			return nil
		})
	}
	look()
	f.clock.advance(time.Hour)
	want[tickets.ChoreLoans] = "5"
	look()
}

func outlines(t *testing.T, r *Reader, chore tickets.Chore, at time.Time) (found []*tickets.Ticket) {
	t.Helper()
	for outline, err := range r.Outlines(chore, at) {
		check(t, err)
		found = append(found, outline)
	}
	return found
}

// TestOutlines reads more than a page of them, and leaves off before their end.
func TestOutlines(t *testing.T) {
	f := open(t)
	var want []*tickets.Ticket
	f.update(t, func(tx *Tx) error {
		for range outlinesPage + 3 {
			ticket, err := register(tx, ana, "Impresora", "No imprime")
			check(t, err)
			check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.DiagnosedFact{Text: "Papel"}, &tickets.PlannedFact{Text: "Abrir"},
				&tickets.WaitedFact{Text: "¿Cuál?"}))
			want = append(want, ticket.Outline())
		}
		return nil
	})
	f.view(t, func(r *Reader) error {
		got := outlines(t, r, tickets.ChoreDeadlines, f.Now())
		if len(got) != len(want) {
			t.Fatalf("%d tickets, want %d", len(got), len(want))
		}
		for i := range got {
			if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", want[i]); g != w {
				t.Errorf("an outline is\n%s, want\n%s", g, w)
			}
		}
		for range r.Outlines(tickets.ChoreDeadlines, f.Now()) {
			break
		}
		_, err := r.Ticket(want[0].Number) // the connection is free
		return err
	})
}
