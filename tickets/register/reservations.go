package register

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"radicado/tickets"
)

// saveReservations stores what the ticket has out of the technical resources.
func (tx *Tx) saveReservations(id int64, t *tickets.Ticket) error {
	if _, err := tx.exec("DELETE FROM reservations WHERE ticket = ?1", id); err != nil {
		return err
	}
	return tx.addReservations(id, t)
}

func (tx *Tx) addReservations(id int64, t *tickets.Ticket) error {
	for _, h := range t.Resources {
		_, err := tx.exec("INSERT INTO reservations (ticket, resource, units, due_at) VALUES (?1, ?2, ?3, ?4)", id, valid(h.Key()), h.Units, millis(h.Due))
		if err != nil {
			return fmt.Errorf("resource %s: %w", h.Resource, err)
		}
	}
	return nil
}

// reservations returns what a ticket has out, in a form that can be compared with heldBy.
func (r *Reader) reservations(id int64) (string, error) {
	rows, err := collect(r, func(row scanner) (s string, err error) {
		var due sql.NullInt64
		var units int
		err = row.Scan(&s, &units, &due)
		return heldRow(s, units, due), err
	}, "SELECT resource, units, due_at FROM reservations WHERE ticket = ?1 ORDER BY resource", id)
	return strings.Join(rows, "\n"), err
}

func heldBy(t *tickets.Ticket) string {
	held := slices.SortedFunc(slices.Values(t.Resources), func(a, b tickets.Held) int { return cmp.Compare(valid(a.Key()), valid(b.Key())) })
	var rows []string
	for _, h := range held {
		rows = append(rows, heldRow(valid(h.Key()), h.Units, millis(h.Due)))
	}
	return strings.Join(rows, "\n")
}

func heldRow(resource string, units int, due sql.NullInt64) string {
	return fmt.Sprintf("%q %d %d", resource, units, due.Int64)
}
