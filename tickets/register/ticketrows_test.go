package register

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
)

// TestOnlyColumnsThatChangeAreWritten looks at the statements: each column that one names costs the indexes that it is part of.
func TestOnlyColumnsThatChangeAreWritten(t *testing.T) {
	tests := []struct {
		name string
		fact tickets.Fact
		want []string
	}{
		{"a note", &tickets.NotedFact{Text: "Sigue igual."}, []string{"body", "version", "changed_at"}},
		{"a priority", &tickets.PrioritisedFact{Priority: tickets.High}, []string{"body", "version", "state", "priority", "changed_at"}},
		{"a solution", &tickets.ResolvedFact{Text: "Listo."}, []string{"body", "version", "state", "open", "changed_at", "resolved_at"}},
	}
	for _, tt := range tests {
		f := open(t)
		f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "Impresora", "No imprime."); return err })
		f.clock.advance(time.Minute)
		var written []string
		f.trace = func(query string) {
			if list, ok := strings.CutPrefix(query, "UPDATE tickets SET "); ok {
				list, _, _ = strings.Cut(list, " WHERE")
				for assignment := range strings.SplitSeq(list, ", ") {
					column, _, _ := strings.Cut(assignment, " =")
					written = append(written, column)
				}
			}
		}
		f.update(t, func(tx *Tx) error {
			ticket, err := tx.Ticket("SS-2026-000001")
			check(t, err)
			return appendFacts(tx, ticket, ticket.Number, coordinator, 0, tt.fact)
		})
		f.trace = nil
		if !slices.Equal(written, tt.want) {
			t.Errorf("%s writes %q, want %q", tt.name, written, tt.want)
		}
		f.sound(t)
	}
}
