package register

import (
	"fmt"
	"time"

	"radicado/tickets"
)

// Situation returns how staff and resources stand in this transaction. It must not be changed: it serves until something of it
// has changed, because most mails change nothing of it and every new request needs it.
func (tx *Tx) Situation() (tickets.Situation, error) {
	if tx.known.situation == nil {
		s, err := tx.Reader.Situation(tx.now)
		if err != nil {
			return s, err
		}
		tx.known.situation = &s
	}
	return *tx.known.situation, nil
}

// Situation returns how staff and resources stand then.
func (r *Reader) Situation(now time.Time) (s tickets.Situation, err error) {
	if s.Loads, err = r.Loads(); err != nil {
		return s, err
	}
	if s.Assigned, err = r.lastAssigned(); err != nil {
		return s, err
	}
	if s.Absences, err = r.Absences(now); err != nil {
		return s, err
	}
	s.Reserved, err = r.reserved()
	return s, err
}

// pair is a row of a name and a number.
type pair struct {
	name  string
	value int64
}

func scanPair(row scanner) (p pair, err error) {
	err = row.Scan(&p.name, &p.value)
	return p, err
}

func (r *Reader) lastAssigned() (map[string]time.Time, error) {
	found, err := collect(r, scanPair, "SELECT technician, at FROM assignments")
	if err != nil {
		return nil, fmt.Errorf("last assignments: %w", err)
	}
	last := make(map[string]time.Time, len(found))
	for _, p := range found {
		last[p.name] = atMillis(p.value)
	}
	return last, nil
}

func (r *Reader) reserved() (map[string]int, error) {
	found, err := collect(r, scanPair, "SELECT resource, sum(units) FROM reservations INDEXED BY reservations_resource GROUP BY resource")
	if err != nil {
		return nil, fmt.Errorf("reserved resources: %w", err)
	}
	out := make(map[string]int, len(found))
	for _, p := range found {
		out[p.name] = int(p.value)
	}
	return out, nil
}

// recordAssignments remembers who was assigned a request last.
func (tx *Tx) recordAssignments(events []tickets.Event) error {
	for _, e := range events {
		f, ok := e.Fact.(*tickets.AssignedFact)
		if !ok || f.Technician.Key() == "" {
			continue
		}
		tx.known.situation = nil
		_, err := tx.exec(`INSERT INTO assignments (technician, at) VALUES (?1, ?2)
			ON CONFLICT (technician) DO UPDATE SET at = max(at, excluded.at)`, valid(f.Technician.Key()), e.At.UnixMilli())
		if err != nil {
			return fmt.Errorf("record the assignment: %w", err)
		}
	}
	return nil
}

func atMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
