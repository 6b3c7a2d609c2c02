package register

import (
	"testing"
	"time"

	"radicado/tickets"
)

func TestAbsencesAreKeptAndTakenBack(t *testing.T) {
	f := open(t)
	now := f.clock.now()
	days := func(from, to int) tickets.Absence {
		return tickets.Absence{Person: "Pedro@desk.example.org", From: now.AddDate(0, 0, from), To: now.AddDate(0, 0, to)}
	}
	standing := func() (count int) {
		f.update(t, func(tx *Tx) error {
			found, err := tx.Absences()
			for _, a := range found {
				if a.Person != "pedro@desk.example.org" {
					t.Errorf("absence of %q", a.Person)
				}
			}
			count = len(found)
			return err
		})
		return count
	}
	f.update(t, func(tx *Tx) error {
		check(t, tx.AddAbsence(days(10, 12), 0))
		check(t, tx.AddAbsence(days(0, 1), 0))
		return tx.AddAbsence(days(-5, -3), 0)
	})
	if got := standing(); got != 2 {
		t.Errorf("%d absences stand, want those that are not over", got)
	}
	f.clock.advance(24 * time.Hour)
	if got := standing(); got != 1 {
		t.Errorf("%d absences stand a day later", got)
	}
	f.update(t, func(tx *Tx) error { return tx.EndAbsences("pedro@DESK.example.org", 0) })
	if got := standing(); got != 0 {
		t.Errorf("%d absences stand after they were taken back", got)
	}
	for _, tamper := range []string{
		"DELETE FROM absences", "UPDATE absences SET to_at = to_at + 1", "UPDATE absences SET taken_at = NULL WHERE taken_at IS NOT NULL",
	} {
		if err := f.Update(t.Context(), func(tx *Tx) error { _, err := tx.exec(tamper); return err }); err == nil {
			t.Errorf("%s was possible", tamper)
		}
	}
	err := f.Update(t.Context(), func(tx *Tx) error { return tx.AddAbsence(days(2, 1), 0) })
	if err == nil {
		t.Error("an absence that ends before it begins was kept")
	}
}

func TestLastAssignmentIsKnown(t *testing.T) {
	f := open(t)
	var first, second time.Time
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		first = tx.Now()
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.AssignedFact{Technician: pedro})
	})
	f.clock.advance(time.Hour)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "c", "d")
		check(t, err)
		second = tx.Now()
		check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.AssignedFact{Technician: luis}))
		s, err := tx.Situation()
		check(t, err)
		if !s.Assigned[pedro.Key()].Equal(first) || !s.Assigned[luis.Key()].Equal(second) || s.Loads[luis.Key()] != 1 {
			t.Errorf("situation %+v", s)
		}
		return nil
	})
}

// TestUpgradeBuildsTheTicketsAnew takes from a register what a newer program makes of its events, as an older one would
// have left it.
func TestUpgradeBuildsTheTicketsAnew(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "Impresora", "No imprime.")
		check(t, err)
		check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.AssignedFact{Technician: pedro}))
		_, err = tx.exec("UPDATE tickets SET body = json_remove(body, '$.technician')")
		check(t, err)
		_, err = tx.exec("DELETE FROM assignments")
		return err
	})
	f.update(t, func(tx *Tx) error { return tx.rebuild() })
	f.sound(t)
	f.update(t, func(tx *Tx) error {
		last, err := tx.lastAssigned()
		if len(last) != 1 {
			t.Errorf("the last assignments are %v", last)
		}
		return err
	})
}
