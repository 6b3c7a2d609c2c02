package register

import (
	"fmt"

	"radicado/tickets"
)

// Standing returns the outlines of the tickets that are not at their end, and the number of the last event that they include.
func (r *Reader) Standing() (found []*tickets.Ticket, last int64, err error) {
	q := new(query)
	var states []tickets.State
	for _, s := range tickets.States() {
		if !s.Final() {
			states = append(states, s)
		}
	}
	found, err = collect(r, scanTicket, "SELECT "+outlineOf+" FROM tickets t INDEXED BY tickets_state WHERE t.state IN ("+placeholders(q, states)+")", q.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("standing tickets: %w", err)
	}
	last, err = r.LastEvent()
	return found, last, err
}

// LastEvent returns the number of the last event of the register; events are numbered one after the other.
func (r *Reader) LastEvent() (int64, error) {
	head, err := r.head()
	if err != nil {
		return 0, fmt.Errorf("last event: %w", err)
	}
	return head.id, nil
}

// Changed returns the tickets to which something happened after that event, as they are now, and the number of the last one.
func (r *Reader) Changed(after int64) (found []*tickets.Ticket, last int64, err error) {
	found, err = collect(r, scanTicket, "SELECT "+wholeTicket+" FROM tickets t WHERE t.id IN (SELECT e.ticket FROM events e WHERE e.id > ?1)", after)
	if err != nil {
		return nil, 0, fmt.Errorf("changed tickets: %w", err)
	}
	last, err = r.LastEvent()
	return found, last, err
}

// KeyOf returns the key under which the register has a ticket; 0 for what is no number.
func KeyOf(n tickets.Number) int64 {
	id, _ := ticketID(n)
	return id
}

// Matching returns the keys of the tickets in which all the words occur, as for Search by staff, latest first, at most limit.
func (r *Reader) Matching(words string, limit int) ([]int64, error) {
	match := matchStaff(words)
	if match == "" {
		return nil, nil
	}
	found, err := latest(r, scanValue[int64], "SELECT docid FROM words WHERE words MATCH ?1 AND shard = ?2 ORDER BY docid DESC LIMIT ?3", match, limit)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// Holders returns the tickets that have technical resources out, in the order of their registration.
func (r *Reader) Holders() ([]*tickets.Ticket, error) {
	found, err := collect(r, scanTicket, "SELECT "+wholeTicket+" FROM tickets t WHERE t.id IN (SELECT ticket FROM reservations) ORDER BY t.id")
	if err != nil {
		return nil, fmt.Errorf("tickets with resources: %w", err)
	}
	return found, nil
}
