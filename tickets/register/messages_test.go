package register

import (
	"testing"

	"radicado/mailbox"
	"radicado/tickets"
)

// written returns in how many rows of the tables with what people write the words stand.
func (f *fixture) written(t *testing.T, words string) (n int) {
	t.Helper()
	f.view(t, func(r *Reader) error {
		return r.row(`SELECT (SELECT count(*) FROM messages WHERE instr(text, ?1)) + (SELECT count(*) FROM tickets WHERE instr(body, ?1))
			+ (SELECT count(*) FROM events WHERE instr(data, ?1))`, []any{words}, &n)
	})
	return n
}

// TestWhatAMailSaysIsWrittenOnce reads messages and tickets whose text only the events have.
func TestWhatAMailSaysIsWrittenOnce(t *testing.T) {
	const text = "No imprime \"nada\" \x00 <b>desde</b> ayer: ñ."
	const words = "desde"
	registered := func(text string) tickets.Fact {
		return &tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: text}
	}
	tests := []struct {
		name  string
		facts []tickets.Fact // of the mail's own ticket, which is registered beforehand where they do not do so
		other tickets.Fact   // of another ticket, before them
		text  string         // of the mail
		rows  int            // that have the words
	}{
		{"a request", []tickets.Fact{registered(text)}, nil, text, 1},
		{"an answer", []tickets.Fact{&tickets.AnsweredFact{Text: text}}, nil, text, 1},
		{"a note", []tickets.Fact{&tickets.NotedFact{Text: text}}, nil, text, 1},
		{"an unproven mail", []tickets.Fact{&tickets.UnprovenFact{From: luis, Text: text}}, nil, text, 1},
		{"an automatic mail", []tickets.Fact{&tickets.AutomaticFact{From: luis, Text: text}}, nil, text, 1},
		{"the second event says it", []tickets.Fact{&tickets.StartedFact{}, &tickets.NotedFact{Text: text}}, nil, text, 1},
		{"two events say it", []tickets.Fact{&tickets.AnsweredFact{Text: text}, &tickets.NotedFact{Text: text}}, nil, text, 2},
		{"the event says less", []tickets.Fact{registered("desde ayer")}, nil, text, 2},
		{"a solution, which the ticket says too", []tickets.Fact{&tickets.ResolvedFact{Text: text}}, nil, text, 3},
		{"another ticket's event says it", []tickets.Fact{&tickets.NotedFact{Text: text}}, &tickets.StartedFact{}, text, 2},
		{"a command", []tickets.Fact{&tickets.StartedFact{}}, nil, text, 1},
		{"no ticket", nil, nil, text, 1},
		{"no text", []tickets.Fact{registered("")}, nil, "", 0},
		{"no UTF-8", []tickets.Fact{registered("desde \xff")}, nil, "desde \xff", 2},
	}
	for _, tt := range tests {
		f := open(t)
		f.take(t, "a", 1)
		var id int64
		f.update(t, func(tx *Tx) (err error) {
			other, err := register(tx, luis, "Otra", "Otra.")
			check(t, err)
			id, err = tx.AddMessage(Message{Identity: []byte("m"), Digest: DigestOf([]byte("mail 1 of a")), From: ana, Class: mailbox.ClassPerson, ReceivedAt: tx.Now(), Text: tt.text})
			check(t, err)
			if tt.other != nil {
				check(t, appendFacts(tx, other, other.Number, coordinator, id, tt.other))
			}
			var ticket *tickets.Ticket
			for _, fact := range tt.facts {
				if _, opens := fact.(*tickets.RegisteredFact); opens {
					number, err := tx.NextNumber()
					check(t, err)
					ticket = new(tickets.Ticket)
					check(t, appendFacts(tx, ticket, number, coordinator, id, fact))
					continue
				}
				if ticket == nil {
					ticket, err = register(tx, ana, "Impresora", "Hola.")
					check(t, err)
				}
				check(t, appendFacts(tx, ticket, ticket.Number, coordinator, id, fact))
			}
			m, err := tx.Message(id)
			if err != nil || m.Text != tt.text {
				t.Errorf("%s: within the transaction the message says %q, %v", tt.name, m.Text, err)
			}
			return nil
		})
		f.view(t, func(r *Reader) error {
			m, err := r.Message(id)
			if err != nil || m.Text != tt.text {
				t.Errorf("%s: the message says %q, want %q (%v)", tt.name, m.Text, tt.text, err)
			}
			if m.Ticket == "" {
				return nil
			}
			ticket, err := r.Ticket(m.Ticket)
			check(t, err)
			if first, ok := tt.facts[0].(*tickets.RegisteredFact); ok && ticket.Text != valid(first.Text) {
				t.Errorf("%s: the ticket says %q, want %q", tt.name, ticket.Text, first.Text)
			}
			return nil
		})
		if n := f.written(t, words); n != tt.rows {
			t.Errorf("%s: %d rows have the text, want %d", tt.name, n, tt.rows)
		}
		f.sound(t)
	}
}

// TestMessageIsAddedWithItsEvents compares a message that is added with the events that it causes with one that was added before.
func TestMessageIsAddedWithItsEvents(t *testing.T) {
	const text = "No imprime desde ayer."
	for name, facts := range map[string][]tickets.Fact{
		"a request":               {&tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: text}},
		"a request and a command": {&tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: text}, &tickets.StartedFact{}},
		"an answer":               {&tickets.AnsweredFact{Text: text}},
		"a command":               {&tickets.StartedFact{}},
		"a command and a note":    {&tickets.StartedFact{}, &tickets.NotedFact{Text: text}},
		"a note, twice":           {&tickets.NotedFact{Text: text}, &tickets.NotedFact{Text: text}},
		"a shorter text":          {&tickets.AnsweredFact{Text: "No imprime"}},
		"no UTF-8":                {&tickets.AnsweredFact{Text: "No imprime\xff"}},
	} {
		var rows []string
		for _, add := range []func(*Tx, Message, *tickets.Ticket, []tickets.Event) error{
			func(tx *Tx, m Message, ticket *tickets.Ticket, events []tickets.Event) error {
				if _, err := tx.AddMessage(m); err != nil {
					return err
				}
				return tx.Append(ticket, events)
			},
			(*Tx).AppendOf,
		} {
			f := open(t)
			f.take(t, "a", 1)
			f.update(t, func(tx *Tx) (err error) {
				ticket, number := new(tickets.Ticket), tickets.Number("")
				if _, opens := facts[0].(*tickets.RegisteredFact); opens {
					number, err = tx.NextNumber()
				} else {
					ticket, err = register(tx, ana, "Impresora", "Hola.")
					number = ticket.Number
				}
				check(t, err)
				id, err := tx.UpcomingMessage()
				check(t, err)
				events, err := applyFacts(tx, ticket, number, coordinator, id, facts)
				check(t, err)
				m := Message{ID: id, Identity: []byte("m"), Digest: DigestOf([]byte("mail 1 of a")), MessageID: "m@min.example.org", From: ana, Subject: "Impresora",
					Class: mailbox.ClassPerson, ReceivedAt: tx.Now(), Text: text, Defects: []string{"d"}, Attached: 2}
				return add(tx, m, ticket, events)
			})
			var row string
			f.view(t, func(r *Reader) error {
				return r.row(`SELECT json_array(id, hex(identity), raw, message_id, from_name, from_addr, subject, class, received_at, ticket, text, said,
					defects, attached) FROM messages`, nil, &row)
			})
			rows = append(rows, row)
			f.sound(t)
		}
		if rows[0] != rows[1] {
			t.Errorf("%s: added with its events the message is\n%s, before them\n%s", name, rows[1], rows[0])
		}
	}
}

// TestMessageHasTheIDThatWasFixed refuses a message under another id than its events have.
func TestMessageHasTheIDThatWasFixed(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	f.update(t, func(tx *Tx) error {
		m := Message{ID: 2, Identity: []byte("m"), Digest: DigestOf([]byte("mail 1 of a")), ReceivedAt: tx.Now()}
		if err := tx.Nested(func() error { _, err := tx.AddMessage(m); return err }); err == nil {
			t.Error("message 2 was added as message 1")
		}
		for want := range int64(3) {
			if id, err := tx.UpcomingMessage(); err != nil || id != want+1 {
				t.Errorf("the next message is %d, %v; want %d", id, err, want+1)
			}
			m.ID, m.Identity = want+1, append(m.Identity, 'm')
			_, err := tx.AddMessage(m)
			check(t, err)
		}
		return nil
	})
}
