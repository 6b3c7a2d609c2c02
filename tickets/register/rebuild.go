package register

import (
	"fmt"

	"radicado/tickets"
)

// rebuild makes the tickets anew from their events: a newer program may make more of the same events. Tickets with erased
// events stay as they were stored; their events no longer say all.
func (tx *Tx) rebuild() error {
	for after := int64(0); ; {
		page, err := collect(&tx.Reader, func(row scanner) (t storedTicket, err error) {
			err = row.Scan(&t.id, &t.number, &t.erased)
			return t, err
		}, `SELECT id, number, EXISTS (SELECT 1 FROM events e WHERE e.ticket = t.id AND e.salt IS NULL)
			FROM tickets t WHERE id > ?1 ORDER BY id LIMIT ?2`, after, verifyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, stored := range page {
			after = stored.id
			if stored.erased {
				continue
			}
			if err := tx.rebuildTicket(stored); err != nil {
				return fmt.Errorf("ticket %s: %w", stored.number, err)
			}
		}
		if err := tx.writeDocuments(); err != nil { // of all tickets they would not fit into memory
			return err
		}
		clear(tx.level.docs)
	}
}

func (tx *Tx) rebuildTicket(stored storedTicket) error {
	events, err := tx.History(stored.number)
	if err != nil {
		return err
	}
	t, err := tickets.Replay(events)
	if err != nil {
		return err
	}
	if err := tx.recordAssignments(events); err != nil {
		return err
	}
	if err := tx.updateTicket(stored.id, t, t.Version); err != nil {
		return err
	}
	before, err := tx.storedDocument(stored.id)
	if err != nil {
		return err
	}
	if now := new(document).with(t, events); now != before {
		tx.level.docs[stored.id] = now
	}
	return nil
}
