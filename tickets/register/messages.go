package register

import (
	"database/sql"
	"fmt"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// Message is one distinct mail, whatever the number of mailboxes and lists that brought it.
type Message struct {
	ID          int64  // of one that is added: 0, or what UpcomingMessage said
	Identity    []byte // the same for the same mail by another way
	Digest      Digest // of the stored mail
	MessageID   string // without angle brackets, "" where absent
	From        mailbox.Address
	Subject     string
	Class       mailbox.Class
	ClassReason string
	Proof       mailbox.Proof
	ReceivedAt  time.Time
	Ticket      tickets.Number // "" for none
	Text        string         // what was said now
	Defects     []string
	Attached    int // files that it brought, pictures in its text included
}

// UpcomingMessage returns the id that the next message added by this transaction will have.
func (tx *Tx) UpcomingMessage() (id int64, err error) {
	if tx.known.message == 0 {
		if err := tx.row("SELECT coalesce(max(id), 0) FROM messages", nil, &tx.known.message); err != nil {
			return 0, fmt.Errorf("look for the id of the next message: %w", err)
		}
	}
	return tx.known.message + 1, nil
}

// AddMessage adds a message and returns its id. Its mail must be stored, and its Ticket registered where it has one; a
// message that causes events is added by AppendOf, or without, and Append files it. It fails with ErrConflict where a message of the
// same identity is there.
func (tx *Tx) AddMessage(m Message) (id int64, err error) {
	ticket, err := knownTicket(m.Ticket)
	if err != nil {
		return 0, fmt.Errorf("add a message: %w", err)
	}
	if ticket != 0 { // where that was erased it holds personal data again, of which no event tells
		if _, err := tx.exec("UPDATE tickets SET erased_at = NULL WHERE id = ?1 AND erased_at IS NOT NULL", ticket); err != nil {
			return 0, fmt.Errorf("add a message under %s: %w", m.Ticket, err)
		}
	}
	return tx.insertMessage(m, ticket, 0)
}

// insertMessage adds a message under a ticket, 0 for none. The event said of it, 0 for none, has its text.
func (tx *Tx) insertMessage(m Message, ticket int64, said int) (id int64, err error) {
	defects, err := optionalJSON(m.Defects)
	if err != nil {
		return 0, fmt.Errorf("add message %q: %w", m.MessageID, err)
	}
	if said != 0 {
		m.Text = ""
	}
	id, err = inserted(tx.exec(`INSERT INTO messages (identity, raw, message_id, from_name, from_addr, subject, class, class_reason,
			proven, proof, proof_reason, received_at, ticket, text, said, defects, attached)
		VALUES (?1, (SELECT id FROM raws WHERE digest = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`,
		m.Identity, m.Digest[:], m.MessageID, m.From.Name, m.From.Addr, m.Subject, string(m.Class), m.ClassReason,
		m.Proof.Proven, m.Proof.Method, m.Proof.Reason, m.ReceivedAt.UnixMilli(), orNull(ticket), m.Text, said, defects, m.Attached))
	if err == nil && m.ID != 0 && m.ID != id {
		err = fmt.Errorf("it was to be message %d and is %d", m.ID, id)
	}
	if err != nil {
		return 0, fmt.Errorf("add message %q: %w", m.MessageID, err)
	}
	tx.known.message = id
	return id, nil
}

const selectMessage = `SELECT m.id, m.identity, r.digest, m.message_id, m.from_name, m.from_addr, m.subject, m.class, m.class_reason,
	m.proven, m.proof, m.proof_reason, m.received_at, t.number, m.text,
	(SELECT e.data -> '$.text' FROM events e WHERE e.ticket = m.ticket AND e.seq = m.said), m.defects
	FROM messages m JOIN raws r ON r.id = m.raw LEFT JOIN tickets t ON t.id = m.ticket `

// FindCopy returns the message that came as exactly these bytes, the first of them, or else the one of that identity.
func (r *Reader) FindCopy(digest Digest, identity []byte) (Message, error) {
	return r.message(selectMessage+`WHERE m.id = coalesce((SELECT min(c.id) FROM messages c JOIN raws ON raws.id = c.raw WHERE raws.digest = ?1),
		(SELECT c.id FROM messages c WHERE c.identity = ?2))`, digest[:], identity)
}

// FindByIdentity returns the message of that identity.
func (r *Reader) FindByIdentity(identity []byte) (Message, error) {
	return r.message(selectMessage+"WHERE m.identity = ?1", identity)
}

// Message returns the message of that id.
func (r *Reader) Message(id int64) (Message, error) {
	return r.message(selectMessage+"WHERE m.id = ?1", id)
}

// Messages returns the messages of a ticket, oldest first.
func (r *Reader) Messages(n tickets.Number) ([]Message, error) {
	id, err := knownTicket(n)
	if err != nil {
		return nil, err
	}
	found, err := collect(r, scanMessage, selectMessage+"WHERE m.ticket = ?1 ORDER BY m.id", id)
	if err != nil {
		return nil, fmt.Errorf("messages of %s: %w", n, err)
	}
	return found, nil
}

func (r *Reader) message(query string, keys ...any) (Message, error) {
	found, err := collect(r, scanMessage, query, keys...)
	if err != nil {
		return Message{}, fmt.Errorf("find a message: %w", err)
	}
	if len(found) == 0 {
		return Message{}, fmt.Errorf("message: %w", ErrNotFound)
	}
	return found[0], nil
}

func scanMessage(row scanner) (m Message, err error) {
	var digest, said, defects []byte
	var receivedAt sql.NullInt64
	var ticket sql.NullString
	err = row.Scan(&m.ID, &m.Identity, &digest, &m.MessageID, &m.From.Name, &m.From.Addr, &m.Subject, &m.Class, &m.ClassReason,
		&m.Proof.Proven, &m.Proof.Method, &m.Proof.Reason, &receivedAt, &ticket, &m.Text, &said, &defects)
	if err != nil {
		return m, err
	}
	if err := fromOptionalJSON(said, &m.Text); err != nil {
		return m, fmt.Errorf("message %d: text of its event: %w", m.ID, err)
	}
	copy(m.Digest[:], digest)
	m.ReceivedAt, m.Ticket = fromMillis(receivedAt), tickets.Number(ticket.String)
	return m, fromOptionalJSON(defects, &m.Defects)
}

// Thread is a mail that the register knows by its Message-ID.
type Thread struct {
	MessageID string
	Ticket    tickets.Number
	Recipient string // whom our notice went to, in lower case; "" where somebody else wrote the mail
}

// TicketsByMessageIDs returns what is known of the Message-IDs: our notices first, which are the harder to guess, then
// stored messages; each in the order asked for. Mails without a ticket are left out.
func (r *Reader) TicketsByMessageIDs(ids []string) ([]Thread, error) {
	var found []Thread
	for _, query := range []string{
		`SELECT o.message_id, t.number, o.recipient FROM outbox o JOIN tickets t ON t.id = o.ticket WHERE o.message_id = ?1 AND o.erased_at IS NULL`,
		`SELECT m.message_id, t.number, '' FROM messages m JOIN tickets t ON t.id = m.ticket
			WHERE m.message_id = ?1 AND m.message_id <> '' ORDER BY m.id`,
	} {
		for _, id := range ids {
			threads, err := collect(r, func(row scanner) (t Thread, err error) {
				err = row.Scan(&t.MessageID, &t.Ticket, &t.Recipient)
				return t, err
			}, query, id)
			if err != nil {
				return nil, fmt.Errorf("tickets by Message-ID: %w", err)
			}
			found = append(found, threads...)
		}
	}
	return found, nil
}

// Truncated returns the ids of the messages of which only the header was taken.
func (r *Reader) Truncated() (map[int64]bool, error) {
	ids, err := collect(r, scanValue[int64], "SELECT message FROM arrivals WHERE message IS NOT NULL GROUP BY message HAVING min(truncated) = 1")
	if err != nil {
		return nil, fmt.Errorf("messages without a body: %w", err)
	}
	truncated := map[int64]bool{}
	for _, id := range ids {
		truncated[id] = true
	}
	return truncated, nil
}

// Unread is a mail of which no message could be made.
type Unread struct {
	Arrival int64
	Digest  Digest
	Reason  string
}

// UnreadArrivals returns the mails with higher ids of which no message could be made, oldest first, at most limit.
func (r *Reader) UnreadArrivals(after int64, limit int) ([]Unread, error) {
	found, err := collect(r, func(row scanner) (u Unread, err error) {
		var digest []byte
		err = row.Scan(&u.Arrival, &digest, &u.Reason)
		copy(u.Digest[:], digest)
		return u, err
	}, `SELECT a.id, r.digest, coalesce(a.reason, '') FROM arrivals a JOIN raws r ON r.id = a.raw
		WHERE a.id > ?1 AND a.state = 'quarantined' AND a.message IS NULL ORDER BY a.id LIMIT ?2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("mails that could not be read: %w", err)
	}
	return found, nil
}
