package register

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"radicado/tickets"
)

// casesPage is how many tickets Cases holds at a time.
const casesPage = 500

// Cases yields, in the order of their numbers, the tickets registered before until that are open now or to which something
// happened at since or later, without their Text, of which figures tell nothing. Those that whole names come with their events; it is also
// told whether the ticket was ever reopened.
func (r *Reader) Cases(since, until time.Time, whole func(t *tickets.Ticket, reopened bool) bool) iter.Seq2[tickets.Case, error] {
	return func(yield func(tickets.Case, error) bool) {
		ids, err := collect(r, scanValue[int64], `SELECT id FROM tickets INDEXED BY tickets_changed WHERE changed_at >= ?1 AND registered_at < ?2
			UNION SELECT id FROM tickets INDEXED BY tickets_open WHERE open = 1 AND registered_at < ?2 ORDER BY id`, since.UnixMilli(), until.UnixMilli())
		if err != nil {
			yield(tickets.Case{}, fmt.Errorf("tickets of a period: %w", err))
			return
		}
		for page := range slices.Chunk(ids, casesPage) {
			list, err := r.casesOf(page, whole)
			if err != nil {
				yield(tickets.Case{}, fmt.Errorf("tickets of a period: %w", err))
				return
			}
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

type caseRow struct {
	id       int64
	ticket   *tickets.Ticket
	reopened bool
}

// casesOf returns the tickets of those ids, in their order.
func (r *Reader) casesOf(ids []int64, whole func(*tickets.Ticket, bool) bool) ([]tickets.Case, error) {
	rows, err := collect(r, func(row scanner) (c caseRow, err error) {
		var body []byte
		if err := row.Scan(&c.id, &body, &c.reopened); err != nil {
			return c, err
		}
		c.ticket, err = decodeTicket(body)
		return c, err
	}, `SELECT t.id, t.body, EXISTS (SELECT 1 FROM events e INDEXED BY events_reopened WHERE e.ticket = t.id AND e.kind = 'reopened')
		FROM tickets t WHERE t.id IN (SELECT value FROM json_each(?1)) ORDER BY t.id`, idList(ids))
	if err != nil {
		return nil, err
	}
	list := make([]tickets.Case, len(rows))
	at := map[tickets.Number]int{} // of the tickets whose events are wanted
	var wanted []int64
	for i, c := range rows {
		list[i].Ticket = c.ticket
		if whole(c.ticket, c.reopened) {
			at[c.ticket.Number] = i
			wanted = append(wanted, c.id)
		}
	}
	if len(wanted) == 0 {
		return list, nil
	}
	events, err := collect(r, scanEvent, `SELECT t.number, e.seq, e.kind, e.at, e.message, e.actor, e.data
		FROM tickets t JOIN events e ON e.ticket = t.id WHERE t.id IN (SELECT value FROM json_each(?1)) ORDER BY e.ticket, e.seq`, idList(wanted))
	for _, e := range events {
		c := &list[at[e.Ticket]]
		c.Events = append(c.Events, e)
	}
	return list, err
}
