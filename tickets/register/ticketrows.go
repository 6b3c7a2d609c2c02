package register

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"radicado/tickets"
)

// columns is what of a ticket can be searched and sorted by.
type columns struct {
	version                 int
	state                   string
	open                    bool
	priority                string
	requester, technician   string // addresses in lower case
	subject                 string
	registeredAt, changedAt int64
	resolvedAt, closedAt    sql.NullInt64
}

// columnNames is what the columns are called in the table tickets.
const columnNames = "version, state, open, priority, requester, technician, subject, registered_at, changed_at, resolved_at, closed_at"

// dest is where columnNames are scanned to.
func (c *columns) dest() []any {
	return []any{&c.version, &c.state, &c.open, &c.priority, &c.requester, &c.technician, &c.subject,
		&c.registeredAt, &c.changedAt, &c.resolvedAt, &c.closedAt}
}

// values is what they hold, in the same order.
func (c columns) values() []any {
	return []any{c.version, c.state, c.open, c.priority, c.requester, c.technician, c.subject,
		c.registeredAt, c.changedAt, c.resolvedAt, c.closedAt}
}

// since returns the assignments to the columns that have changed, each after a comma. A column that is named is taken out of its
// indexes and put in again, whether it has changed or not.
func (c columns) since(was columns, q *query) (set string) {
	then, now := was.values(), c.values()
	for i, name := range strings.Split(columnNames, ", ") {
		if then[i] != now[i] {
			set += ", " + name + " = " + q.arg(now[i])
		}
	}
	return set
}

func columnsOf(t *tickets.Ticket) columns {
	return columns{
		version: t.Version, state: string(t.State), open: t.State.Open(), priority: string(t.Priority),
		requester: valid(t.Requester.Key()), technician: valid(t.Technician.Key()), subject: valid(t.Subject),
		registeredAt: t.RegisteredAt.UnixMilli(), changedAt: t.ChangedAt.UnixMilli(),
		resolvedAt: millis(t.ResolvedAt), closedAt: millis(t.ClosedAt),
	}
}

// firstText is what the first event of row t says, as JSON.
const firstText = "(SELECT e.data -> '$.text' FROM events e WHERE e.ticket = t.id AND e.seq = 1)"

// wholeTicket is the ticket of row t as JSON. The row leaves out what the official wrote, which is most of it and never changes.
const wholeTicket = "json_set(t.body, '$.text', json(" + firstText + "))"

// encodeTicket returns the stored form of a ticket.
func encodeTicket(t *tickets.Ticket) (string, error) {
	row := *t
	row.Text = ""
	body, err := json.Marshal(&row)
	return string(body), err
}

// insertTicket stores a ticket that was registered.
func (tx *Tx) insertTicket(id int64, t *tickets.Ticket) error {
	body, err := encodeTicket(t)
	if err != nil {
		return err
	}
	tx.known.saved = savedText{id, t.Text}
	_, err = tx.exec("INSERT INTO tickets (id, number, body, "+columnNames+") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
		append([]any{id, string(t.Number), body}, columnsOf(t).values()...)...)
	if err != nil || !t.Assigned() && len(t.Resources) == 0 {
		return err
	}
	tx.known.situation = nil
	return tx.addReservations(id, t)
}

// updateTicket stores what the ticket is now, if the stored one is at the version before.
func (tx *Tx) updateTicket(id int64, t *tickets.Ticket, before int) error {
	body, err := encodeTicket(t)
	if err != nil {
		return err
	}
	tx.known.saved = savedText{id, t.Text}
	tx.known.situation = nil
	var was columns
	var erased bool
	err = tx.row("SELECT "+columnNames+", erased_at IS NOT NULL FROM tickets WHERE id = ?1", []any{id}, append(was.dest(), &erased)...)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	q := new(query)
	set := "body = " + q.arg(body) + columnsOf(t).since(was, q)
	if erased {
		set += ", erased_at = NULL"
	}
	where := "id = " + q.arg(id) + " AND number = " + q.arg(string(t.Number)) + " AND version = " + q.arg(before)
	if err := tx.change("UPDATE tickets SET "+set+" WHERE "+where, q.args...); err != nil {
		return err
	}
	return tx.saveReservations(id, t)
}

// Ticket returns a ticket as it is now. It fails with ErrNotFound where there is none of that number.
func (r *Reader) Ticket(n tickets.Number) (*tickets.Ticket, error) {
	id, _ := ticketID(n)
	found, err := collect(r, scanTicket, "SELECT "+wholeTicket+" FROM tickets t WHERE t.id = ?1 AND t.number = ?2", id, string(n))
	if err != nil {
		return nil, fmt.Errorf("ticket %s: %w", n, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("ticket %q: %w", n, ErrNotFound)
	}
	return found[0], nil
}

// TicketOfKey returns the ticket that has the key, as it is now. It fails with ErrNotFound where there is none.
func (r *Reader) TicketOfKey(key int64) (*tickets.Ticket, error) {
	var body []byte
	if err := r.row("SELECT "+wholeTicket+" FROM tickets t WHERE t.id = ?1", []any{key}, &body); err != nil {
		return nil, fmt.Errorf("ticket of key %d: %w", key, err)
	}
	return decodeTicket(body)
}

func scanTicket(row scanner) (*tickets.Ticket, error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return nil, err
	}
	return decodeTicket(body)
}

func decodeTicket(body []byte) (*tickets.Ticket, error) {
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
	}, "SELECT technician, open FROM loads WHERE technician > ''")
	if err != nil {
		return nil, fmt.Errorf("loads of the technicians: %w", err)
	}
	loads := make(map[string]int, len(found))
	for _, l := range found {
		loads[l.technician] = l.open
	}
	return loads, nil
}

// valid replaces every byte that is not UTF-8, as the JSON of a fact does: what is read from the mails of others must be
// the same in a column as in the ticket.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
