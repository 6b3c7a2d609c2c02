package desk_test

import (
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// TestSpoofByReplay has the coordinator's own, proven mails come again.
func TestSpoofByReplay(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	order := mail{from: marta, subject: "@ #prioridad alta", id: "orden@x.example"}
	reset := mail{from: marta, subject: "@ #prioridad baja", id: "otra@x.example"}
	at := time.Date(2026, 11, 23, 15, 10, 0, 0, time.UTC)
	tests := []struct {
		name   string
		replay mail
		said   string // in the coordinator's warning; "" where the copy is simply one more arrival
	}{
		{"byte for byte", mail{from: marta, subject: "@ #prioridad alta", id: "orden@x.example", date: at}, ""},
		{"with other trace fields", mail{marks: "X-Trace: 1\n" + proven, from: marta, subject: "@ #prioridad alta", id: "orden@x.example", date: at}, ""},
		{"with other content under its Message-ID", mail{from: marta, subject: "@ #prioridad alta #cerrar", text: "Listo.", id: "orden@x.example"}, "same Message-ID"},
		{"under another Message-ID", mail{from: marta, subject: "@ #prioridad alta", id: "nuevo@x.example", date: at}, "another Message-ID"},
		{"without a Message-ID", mail{from: marta, subject: "@ #prioridad alta", noID: true, date: at}, "another Message-ID"},
		{"written before the limit", mail{from: marta, subject: "@ #prioridad alta", date: at.AddDate(0, 0, -9)}, "written 8 days before"},
		{"written in the future", mail{from: marta, subject: "@ #prioridad alta", date: at.AddDate(0, 0, 3)}, "in the future"},
		{"with another date on top", mail{marks: "Date: Mon, 23 Nov 2026 10:12:00 -0500\n" + proven, from: marta, subject: "@ #prioridad alta", date: at}, "2 Date fields"},
		{"with another Message-ID on top", mail{marks: "Message-ID: <nuevo@x.example>\n" + proven, from: marta, subject: "@ #prioridad alta", id: "orden@x.example", date: at}, "2 Message-ID fields"},
		{"without a date", mail{from: marta, subject: "@ #prioridad alta", noDate: true}, "no Date"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, nil)
			o.take(request)
			order.date = at
			o.take(order)
			if got := o.ticket(first).Priority; got != tickets.High {
				t.Fatalf("the honest command set priority %q", got)
			}
			o.take(reset)
			o.flush()
			o.take(tt.replay)
			if got := o.ticket(first); got.Priority != tickets.Low || got.State != tickets.Coordinated {
				t.Errorf("the repeated command was obeyed: %+v", got)
			}
			names, rows := o.flush()
			if tt.said == "" {
				o.want("notices", names, "")
			} else {
				o.want("notices", names, "unproven to marta")
				if len(rows) > 0 && !strings.Contains(rows[0].Notice.Data.Proof, tt.said) {
					t.Errorf("the coordinator is told %q", rows[0].Notice.Data.Proof)
				}
			}
			o.sound()
		})
	}
}

// TestStandstill has the daemon handle mails long after they came: they are no older for that.
func TestStandstill(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	order := o.raw(mail{from: marta, subject: "@ #prioridad alta"})
	came := o.now
	o.now = o.now.AddDate(0, 0, 30)
	o.uid++
	o.check(o.desk.Take(t.Context(), "soporte", 1, []mailbox.Arrival{{Mailbox: "soporte", UIDValidity: 1, UID: o.uid,
		InternalDate: came, Size: int64(len(order)), Raw: order}}, o.uid))
	o.check(o.desk.Drain(t.Context()))
	if got := o.ticket(first).Priority; got != tickets.High {
		t.Errorf("a command that waited in the mailbox set priority %q", got)
	}
}

// TestUnprovenCopyFirst has a forwarder's copy, which proves nothing, come before the mail itself.
func TestUnprovenCopyFirst(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	t.Run("an answer", func(t *testing.T) {
		o := newOffice(t, nil)
		o.take(request)
		o.flush()
		order := mail{from: marta, subject: "@ #prioridad alta", text: "Es urgente.", id: "orden@x.example", date: o.now}
		forwarded := order
		forwarded.marks = nothing
		o.take(forwarded)
		names, _ := o.flush()
		o.want("notices of the copy", names, "unproven to marta")
		for range 2 {
			o.take(order)
		}
		o.take(forwarded)
		names, _ = o.flush()
		o.want("notices of the mail itself", names, "status to pedro | receipt to marta")
		o.want("events", o.facts(first), "registered by requester | unproven by stranger | prioritised by coordinator | noted by coordinator")
		o.sound()
	})
	t.Run("a request", func(t *testing.T) {
		o := newOffice(t, nil)
		order := mail{from: marta, subject: "Proyector sala 2 #prioridad baja", text: "No enciende.", id: "orden@x.example", date: o.now}
		list := order
		list.marks, list.further = nothing, "X-Loop: lista\n"
		o.take(list)
		o.take(order)
		o.take(order)
		o.want("events", o.facts(first), "registered by coordinator | prioritised by coordinator")
		if n := o.count(); n != 1 {
			t.Errorf("%d requests of one mail", n)
		}
		o.sound()
	})
	t.Run("with a foot added by a list", func(t *testing.T) {
		o := newOffice(t, func(o *office) { o.policy.Lists = []string{"soporte.grupos.example"} })
		order := mail{from: marta, subject: "Proyector #prioridad baja", text: "No enciende.", id: "orden@x.example", date: o.now}
		list := order
		list.marks, list.further, list.text = nothing, "List-Id: <soporte.grupos.example>\n", "No enciende.\n\n_______\nLista de soporte"
		o.take(list)
		o.take(order)
		o.want("events", o.facts(first), "registered by coordinator | prioritised by coordinator")
		if n := o.count(); n != 1 {
			t.Errorf("%d requests of one mail", n)
		}
	})
	t.Run("by a list that nobody accepts, and proven", func(t *testing.T) {
		o := newOffice(t, nil)
		o.take(request)
		order := mail{from: marta, subject: "@ #prioridad alta", id: "orden@x.example", date: o.now}
		list := order
		list.further = "List-Id: <todos.grupos.example>\nPrecedence: list\n"
		o.take(list)
		o.take(order)
		o.want("events", o.facts(first), "registered by requester | automatic by coordinator | prioritised by coordinator")
	})
	t.Run("and a forger cannot keep the mail itself from being obeyed", func(t *testing.T) {
		o := newOffice(t, nil)
		o.take(request)
		o.take(mail{marks: nothing, from: marta, subject: "@ #cerrar ya", id: "orden@x.example"})
		o.take(mail{from: marta, subject: "@ #prioridad alta", id: "orden@x.example"})
		o.want("events", o.facts(first), "registered by requester | unproven by stranger | prioritised by coordinator")
	})
}

// TestExplainChangesNothing asks what would become of mails.
func TestExplainChangesNothing(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	o.flush()
	for _, tt := range []struct {
		mail
		events int
		same   bool
	}{
		{mail{from: marta, subject: "@ #prioridad alta"}, 1, false},
		{mail{from: marta, subject: "@ #prioridad alta", marks: nothing}, 1, false},
		{mail{from: sofia, subject: "Otra"}, 1, false},
		{mail{from: "mailer-daemon@x.example", subject: "Failed", further: "Auto-Submitted: auto-replied\n"}, 0, false},
	} {
		e, err := o.desk.Explain(t.Context(), mailbox.Arrival{Raw: o.raw(tt.mail), InternalDate: o.now})
		o.check(err)
		if len(e.Decision.Events) != tt.events || (e.Same != 0) != tt.same || e.ErrDecide != nil {
			t.Errorf("%s: %+v", tt.subject, e.Decision)
		}
	}
	o.want("events", o.facts(first), "registered by requester")
	names, _ := o.flush()
	o.want("notices", names, "")
	if n := o.count(); n != 1 {
		t.Errorf("%d requests", n)
	}
	o.sound()
}
