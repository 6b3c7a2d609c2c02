package register

import (
	"strings"
	"testing"
	"time"

	"radicado/tickets"
)

// TestCasesOfAPeriod yields what is open or has changed since, with the events of those that are wanted.
func TestCasesOfAPeriod(t *testing.T) {
	f := open(t)
	start := f.clock.now()
	step := func(facts ...tickets.Fact) {
		f.update(t, func(tx *Tx) error {
			ticket, err := register(tx, ana, "asunto", "texto")
			check(t, err)
			if len(facts) == 0 {
				return nil
			}
			return appendFacts(tx, ticket, ticket.Number, coordinator, 0, facts...)
		})
	}
	step(&tickets.ClosedFact{}) // 1: over before the period
	step()                      // 2: old and open
	step(&tickets.ClosedFact{}) // 3: old, reopened and closed again in the period
	f.clock.advance(24 * time.Hour)
	since := f.clock.now()
	f.update(t, func(tx *Tx) error {
		ticket, err := tx.Ticket("SS-2026-000003")
		check(t, err)
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.ReopenedFact{}, &tickets.ClosedFact{})
	})
	step(&tickets.ClosedFact{}) // 4: in the period
	f.clock.advance(24 * time.Hour)
	until := f.clock.now()
	step() // 5: registered at its end

	for _, tt := range []struct {
		name         string
		since, until time.Time
		want         string // each with ! where it was reopened and so comes with its events
	}{
		{"the period", since, until, "2 3! 4"},
		{"from the start", start, until, "1 2 3! 4"},
		{"to the end", since, until.Add(time.Millisecond), "2 3! 4 5"},
		{"nothing", until, start, ""},
	} {
		f.view(t, func(r *Reader) error {
			var got []string
			for c, err := range r.Cases(tt.since, tt.until, func(_ *tickets.Ticket, reopened bool) bool { return reopened }) {
				check(t, err)
				name := strings.TrimLeft(string(c.Ticket.Number)[len("SS-2026-"):], "0")
				if len(c.Events) > 0 {
					name += "!"
					again, err := tickets.Replay(c.Events)
					check(t, err)
					again.Text = ""
					if asJSON(t, again) != asJSON(t, c.Ticket) {
						t.Errorf("%s: the events of %s do not add up to it", tt.name, c.Ticket.Number)
					}
				}
				got = append(got, name)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
			}
			return nil
		})
	}
	f.view(t, func(r *Reader) error { // who has seen enough may stop
		for range r.Cases(start, until, func(*tickets.Ticket, bool) bool { return true }) {
			break
		}
		return nil
	})
}
