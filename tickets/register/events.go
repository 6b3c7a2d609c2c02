package register

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"radicado/tickets"
)

// saltSize is the bytes of salt of an event: without them, the digest of erased data could be found by guessing the data.
const saltSize = 16

// Append adds events to the chain and stores t, the ticket after them, with its place in the search index. Messages that
// caused the events are filed under the ticket where they are under none yet. It fails with ErrConflict where the ticket
// is not at the version before the first event.
func (tx *Tx) Append(t *tickets.Ticket, events []tickets.Event) error {
	return tx.append(t, events, nil)
}

// AppendOf is Append, and adds m, the message that caused the events: it has the id that UpcomingMessage returned. To add it before
// would be to write it twice.
func (tx *Tx) AppendOf(m Message, t *tickets.Ticket, events []tickets.Event) error {
	return tx.append(t, events, &m)
}

func (tx *Tx) append(t *tickets.Ticket, events []tickets.Event, m *Message) error {
	id, err := checkAppend(t, events)
	if err != nil {
		return fmt.Errorf("append to ticket %q: %w", t.Number, err)
	}
	if events[0].Seq == 1 && !tx.level.numbers[id] {
		return fmt.Errorf("append to ticket %s: this transaction has not allocated the number", t.Number)
	}
	if events[0].Seq == 1 {
		err = tx.insertTicket(id, t)
	} else {
		err = tx.updateTicket(id, t, events[0].Seq-1)
	}
	if err != nil {
		return fmt.Errorf("append to ticket %s: %w", t.Number, err)
	}
	delete(tx.level.numbers, id)
	if m != nil {
		if err := tx.addMessageOf(m, id, events); err != nil {
			return fmt.Errorf("append to ticket %s: %w", t.Number, err)
		}
	}
	head := tx.known.head
	if head.id == 0 {
		if head, err = tx.head(); err != nil {
			return fmt.Errorf("append to ticket %s: read the end of the chain: %w", t.Number, err)
		}
	}
	tx.known.head = link{}
	for _, e := range events {
		if head, err = tx.link(head, id, e, m); err != nil {
			return fmt.Errorf("append event %d to ticket %s: %w", e.Seq, t.Number, err)
		}
	}
	tx.known.head = head
	if err := tx.recordAssignments(events); err != nil {
		return fmt.Errorf("append to ticket %s: %w", t.Number, err)
	}
	if err := tx.index(id, t, events); err != nil {
		return fmt.Errorf("append to ticket %s: index: %w", t.Number, err)
	}
	return nil
}

// checkAppend refuses events that could not be replayed to the ticket.
func checkAppend(t *tickets.Ticket, events []tickets.Event) (id int64, err error) {
	id, ok := ticketID(t.Number)
	if !ok {
		return 0, errors.New("not a number")
	}
	if len(events) == 0 {
		return 0, errors.New("no events")
	}
	for i, e := range events {
		if e.Ticket != t.Number || e.Seq != events[0].Seq+i || e.Seq < 1 {
			return 0, fmt.Errorf("event %d of ticket %s does not follow", e.Seq, e.Ticket)
		}
		if !e.At.Equal(e.At.Truncate(time.Millisecond)) {
			return 0, fmt.Errorf("event %d: time %s is not in whole milliseconds", e.Seq, e.At)
		}
	}
	if last := events[len(events)-1]; last.Seq != t.Version {
		return 0, fmt.Errorf("the ticket is at version %d, its last event is %d", t.Version, last.Seq)
	}
	return id, nil
}

// link is an event in the chain.
type link struct {
	id          int64
	ticket      tickets.Number
	seq         int
	kind        string
	at          int64
	actorDigest []byte
	dataDigest  []byte
	message     int64
	raw         []byte // digest of the mail that caused it, nil for none
	hash        []byte
}

// head returns the last link of the chain, with its id and hash alone.
func (r *Reader) head() (link, error) {
	l := link{hash: make([]byte, sha256.Size)}
	err := r.row("SELECT id, hash FROM events ORDER BY id DESC LIMIT 1", nil, &l.id, &l.hash)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return l, err
}

// link appends an event of the ticket. What the message m caused, nil for none, need not be filed.
func (tx *Tx) link(head link, ticket int64, e tickets.Event, m *Message) (link, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	actor, err := json.Marshal(e.Actor)
	if err != nil {
		return link{}, err
	}
	data, err := tickets.EncodeFact(e.Fact)
	if err != nil {
		return link{}, err
	}
	l := link{
		id: head.id + 1, ticket: e.Ticket, seq: e.Seq, kind: e.Fact.Kind(), at: e.At.UnixMilli(), message: e.Message,
		actorDigest: salted(salt, actor), dataDigest: salted(salt, data),
	}
	if m != nil && e.Message == m.ID {
		l.raw = m.Digest[:]
	} else if e.Message != 0 {
		if l.raw, err = tx.file(e, ticket); err != nil {
			return link{}, fmt.Errorf("message %d: %w", e.Message, err)
		}
	}
	l.hash = l.sum(head.hash)
	_, err = tx.exec(`INSERT INTO events (id, ticket, seq, kind, at, message, salt, actor, data, actor_digest, data_digest, hash)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
		l.id, ticket, l.seq, l.kind, l.at, orNull(l.message), salt, string(actor), string(data), l.actorDigest, l.dataDigest, l.hash)
	return l, err
}

// addMessageOf adds a message that causes events of the ticket, as file would leave it.
func (tx *Tx) addMessageOf(m *Message, ticket int64, events []tickets.Event) error {
	under, said := int64(0), 0
	for _, e := range events {
		if e.Message != m.ID {
			continue
		}
		under = ticket
		if text := whatMailSaid(e.Fact); said == 0 && text != "" && text == m.Text {
			said = e.Seq
		}
	}
	_, err := tx.insertMessage(*m, under, said)
	return err
}

// file puts the message of an event under its ticket, where it is under none yet, and leaves out of it what the event says. It returns
// the digest of its mail.
func (tx *Tx) file(e tickets.Event, ticket int64) (raw []byte, err error) {
	file := "UPDATE messages SET ticket = coalesce(ticket, ?2)"
	args := []any{e.Message, ticket}
	if said := whatMailSaid(e.Fact); said != "" {
		const same = "text = ?4 AND coalesce(ticket, ?2) = ?2"
		file += ", said = CASE WHEN " + same + " THEN ?3 ELSE said END, text = CASE WHEN " + same + " THEN '' ELSE text END"
		args = append(args, e.Seq, said)
	}
	err = tx.row(file+" WHERE id = ?1 RETURNING (SELECT digest FROM raws WHERE id = raw)", args, &raw)
	return raw, err
}

// whatMailSaid returns what a fact repeats of the mail that caused it, as it stands in the fact.
func whatMailSaid(f tickets.Fact) string {
	switch f := f.(type) {
	case *tickets.RegisteredFact:
		return valid(f.Text)
	case *tickets.AnsweredFact, *tickets.NotedFact, *tickets.UnprovenFact, *tickets.AutomaticFact:
		return valid(tickets.Said(f))
	}
	return ""
}

// sum returns the hash of the link that follows previous: SHA-256 over previous and over every field with its length
// before it, so that no two links have the same encoding.
func (l link) sum(previous []byte) []byte {
	h := sha256.New()
	h.Write(previous)
	field := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	number := func(n int64) { field(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	number(l.id)
	field([]byte(l.ticket))
	number(int64(l.seq))
	field([]byte(l.kind))
	number(l.at)
	field(l.actorDigest)
	field(l.dataDigest)
	number(l.message)
	field(l.raw)
	return h.Sum(nil)
}

func salted(salt, text []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(text)
	return h.Sum(nil)
}

// History returns the events of a ticket in order. An event whose data was erased keeps its kind, and has an empty actor
// and an empty fact. It fails with ErrNotFound where there is no such ticket.
func (r *Reader) History(n tickets.Number) ([]tickets.Event, error) {
	id, _ := ticketID(n)
	events, err := collect(r, scanEvent, `SELECT t.number, e.seq, e.kind, e.at, e.message, e.actor, e.data
		FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.ticket = ?1 AND t.number = ?2 ORDER BY e.seq`, id, string(n))
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", n, err)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("history of %q: %w", n, ErrNotFound)
	}
	return events, nil
}

func scanEvent(row scanner) (e tickets.Event, err error) {
	var kind string
	var at, message sql.NullInt64
	var actor, data []byte
	if err := row.Scan(&e.Ticket, &e.Seq, &kind, &at, &message, &actor, &data); err != nil {
		return e, err
	}
	e.At, e.Message = fromMillis(at), message.Int64
	if data == nil {
		e.Fact, err = tickets.NewFact(kind)
		return e, err
	}
	if err := json.Unmarshal(actor, &e.Actor); err != nil {
		return e, fmt.Errorf("actor of event %d of %s: %w", e.Seq, e.Ticket, err)
	}
	e.Fact, err = tickets.DecodeFact(kind, data)
	return e, err
}
