package register

import (
	"testing"
	"time"

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
		_, err := f.Position(t.Context(), "soporte", 7, time.Time{})
		check(t, err)
		a := arrival("soporte", 1, "mail")
		check(t, f.Take(t.Context(), "soporte", 7, 1, []mailbox.Arrival{a}))
		var id int64
		f.update(t, func(tx *Tx) (err error) {
			other, err := register(tx, luis, "Otra", "Otra.")
			check(t, err)
			id, err = tx.AddMessage(Message{Identity: []byte("m"), Digest: DigestOf(a.Raw), From: ana, Class: mailbox.ClassPerson, ReceivedAt: tx.Now(), Text: tt.text})
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
