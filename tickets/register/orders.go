package register

import "fmt"

// AddOrder remembers the digest of what a message orders. It fails with ErrConflict where it is there.
func (tx *Tx) AddOrder(digest []byte, message int64) error {
	if _, err := tx.exec("INSERT INTO orders (digest, message) VALUES (?1, ?2)", digest, message); err != nil {
		return fmt.Errorf("remember the orders of message %d: %w", message, err)
	}
	return nil
}

// OrderedBy returns the message that ordered the same before, or ErrNotFound.
func (r *Reader) OrderedBy(digest []byte) (message int64, err error) {
	if err := r.row("SELECT message FROM orders WHERE digest = ?1", []any{digest}, &message); err != nil {
		return 0, fmt.Errorf("look for the same orders: %w", err)
	}
	return message, nil
}

// MessagesByMessageID returns the messages that came under a Message-ID, oldest first; none for "".
func (r *Reader) MessagesByMessageID(id string) ([]Message, error) {
	if id == "" {
		return nil, nil
	}
	found, err := collect(r, scanMessage, selectMessage+"WHERE m.message_id = ?1 AND m.message_id <> '' ORDER BY m.id", id)
	if err != nil {
		return nil, fmt.Errorf("messages under %q: %w", id, err)
	}
	return found, nil
}
