package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"radicado/tickets"
)

// link is an event as it is stored.
type link struct {
	id, seq, at             int64
	number, kind            string
	message                 sql.NullInt64
	raw                     []byte // digest of the mail that caused it
	salt, actor, data       []byte
	actorDigest, dataDigest []byte
	hash                    []byte
}

// events walks the chain from its beginning and adds up what happened to each request.
func (a *auditor) events(ctx context.Context) error {
	histories := map[string][]tickets.Event{}
	previous := link{hash: make([]byte, sha256.Size)}
	err := a.each(ctx, `SELECT e.id, coalesce(t.number, ''), e.seq, e.kind, e.at, e.message, r.digest, e.salt, e.actor, e.data, e.actor_digest, e.data_digest, e.hash
		FROM events e LEFT JOIN tickets t ON t.id = e.ticket LEFT JOIN messages m ON m.id = e.message LEFT JOIN raws r ON r.id = m.raw ORDER BY e.id`,
		func(scan func(...any) error) error {
			var l link
			err := scan(&l.id, &l.number, &l.seq, &l.kind, &l.at, &l.message, &l.raw, &l.salt, &l.actor, &l.data, &l.actorDigest, &l.dataDigest, &l.hash)
			if err != nil {
				return err
			}
			a.report.Events++
			a.link(previous, l)
			previous = l
			if event, err := l.event(); err != nil {
				a.violation(RuleEvents, l.name(), "%v", err)
			} else {
				histories[l.number] = append(histories[l.number], event)
			}
			return nil
		})
	if err != nil {
		return err
	}
	return a.each(ctx, "SELECT number, state, version, body FROM tickets", func(scan func(...any) error) error {
		var number, state string
		var version int
		var body []byte
		if err := scan(&number, &state, &version, &body); err != nil {
			return err
		}
		ticket, err := tickets.Replay(histories[number])
		if err != nil {
			a.violation(RuleEvents, number, "its events do not add up: %v", err)
			return nil
		}
		ticket.Text = "" // which the row leaves to the first event
		same, err := sameTicket(ticket, body)
		if err != nil || !same || string(ticket.State) != state || ticket.Version != version {
			a.violation(RuleEvents, number, "its events add up to %s at version %d, stored is %s at version %d (%v)", ticket.State, ticket.Version, state, version, err)
		}
		return nil
	})
}

func (l link) name() string { return fmt.Sprintf("event %d (%s/%d)", l.id, l.number, l.seq) }

// link looks whether an event follows from the one before. The hash is SHA-256 over the hash before and each field with its length.
func (a *auditor) link(previous, l link) {
	h := sha256.New()
	field := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	number := func(n int64) { field(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	h.Write(previous.hash)
	number(l.id)
	field([]byte(l.number))
	number(l.seq)
	field([]byte(l.kind))
	number(l.at)
	field(l.actorDigest)
	field(l.dataDigest)
	number(l.message.Int64)
	field(l.raw)
	if l.id != previous.id+1 || !bytes.Equal(h.Sum(nil), l.hash) {
		a.violation(RuleEvents, l.name(), "it does not follow from event %d", previous.id)
	}
	for _, part := range []struct{ text, digest []byte }{{l.actor, l.actorDigest}, {l.data, l.dataDigest}} {
		sum := sha256.Sum256(append(bytes.Clone(l.salt), part.text...))
		if l.salt != nil && !bytes.Equal(sum[:], part.digest) {
			a.violation(RuleEvents, l.name(), "it was altered")
		}
	}
}

func (l link) event() (tickets.Event, error) {
	e := tickets.Event{Ticket: tickets.Number(l.number), Seq: int(l.seq), At: time.UnixMilli(l.at).UTC(), Message: l.message.Int64}
	if err := json.Unmarshal(l.actor, &e.Actor); err != nil {
		return e, err
	}
	fact, err := tickets.DecodeFact(l.kind, l.data)
	e.Fact = fact
	return e, err
}

// sameTicket compares a ticket with a stored one, whatever zone the times were written in.
func sameTicket(t *tickets.Ticket, body []byte) (bool, error) {
	now, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	var a, b any
	if err := json.Unmarshal(now, &a); err != nil {
		return false, err
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return false, err
	}
	return reflect.DeepEqual(inUTC(a), inUTC(b)), nil
}

// inUTC rewrites every text that is a time.
func inUTC(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = inUTC(value)
		}
	case []any:
		for i, value := range v {
			v[i] = inUTC(value)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return v
}
