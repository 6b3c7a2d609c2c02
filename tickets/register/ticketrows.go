package register

import (
	"encoding/json"
	"fmt"

	"radicado/tickets"
)

// saveTicket stores what the ticket is now, if the stored one is at the version before.
func (tx *Tx) saveTicket(id int64, t *tickets.Ticket, before int) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	args := []any{id, string(t.Number), t.Version, string(t.State), t.State.Open(), string(t.Priority), t.Requester.Key(),
		t.Technician.Key(), t.Subject, t.RegisteredAt.UnixMilli(), t.ChangedAt.UnixMilli(), millis(t.ResolvedAt), millis(t.ClosedAt),
		string(body)}
	if before == 0 {
		_, err := tx.exec(`INSERT INTO tickets (id, number, version, state, open, priority, requester, technician, subject,
			registered_at, changed_at, resolved_at, closed_at, body)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`, args...)
		return err
	}
	return tx.change(`UPDATE tickets SET version = ?3, state = ?4, open = ?5, priority = ?6, requester = ?7, technician = ?8,
		subject = ?9, registered_at = ?10, changed_at = ?11, resolved_at = ?12, closed_at = ?13, body = ?14
		WHERE id = ?1 AND number = ?2 AND version = ?15`, append(args, before)...)
}

// Ticket returns a ticket as it is now. It fails with ErrNotFound where there is none of that number.
func (r *Reader) Ticket(n tickets.Number) (*tickets.Ticket, error) {
	id, _ := ticketID(n)
	found, err := collect(r, scanTicket, "SELECT body FROM tickets WHERE id = ?1 AND number = ?2", id, string(n))
	if err != nil {
		return nil, fmt.Errorf("ticket %s: %w", n, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("ticket %q: %w", n, ErrNotFound)
	}
	return found[0], nil
}

func scanTicket(row scanner) (*tickets.Ticket, error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return nil, err
	}
	t := new(tickets.Ticket)
	if err := json.Unmarshal(body, t); err != nil {
		return nil, fmt.Errorf("stored ticket: %w", err)
	}
	return t, nil
}

// Loads returns how many open tickets each technician has, by address in lower case. Technicians with none are missing.
func (r *Reader) Loads() (map[string]int, error) {
	type load struct {
		technician string
		open       int
	}
	found, err := collect(r, func(row scanner) (l load, err error) {
		err = row.Scan(&l.technician, &l.open)
		return l, err
	}, "SELECT technician, count(*) FROM tickets WHERE open = 1 AND technician > '' GROUP BY technician")
	if err != nil {
		return nil, fmt.Errorf("loads of the technicians: %w", err)
	}
	loads := make(map[string]int, len(found))
	for _, l := range found {
		loads[l.technician] = l.open
	}
	return loads, nil
}
