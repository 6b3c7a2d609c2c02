package tickets_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// TestLeakNothingToLook sends mails of every kind at random and lets every outsider look at every request: nobody sees anything
// but what stands in the public events of own requests, what came in the own name, and, a vendor, what it was told.
func TestLeakNothingToLook(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := newOffice(t)
		w := witness{public: map[tickets.Number]map[string]bool{}, wrote: map[string]map[string]bool{}}
		told := map[string]map[tickets.Number][]tickets.Told{}
		take := func(l letter) {
			o.take(l)
			w.learn(o)
			for _, n := range o.last.Notices {
				if n.Data.Ticket == nil {
					continue
				}
				if told[n.To.Key()] == nil {
					told[n.To.Key()] = map[tickets.Number][]tickets.Told{}
				}
				about := told[n.To.Key()]
				about[n.Data.Ticket.Number] = append(about[n.Data.Ticket.Number], tickets.Told{At: o.now, Notice: n})
			}
		}
		take(request)
		for i := range rapid.IntRange(1, 12).Draw(rt, "mails") {
			l := drawLetter(rt, i, len(o.tickets))
			w.sent(l)
			take(l)
		}
		for _, addr := range []string{pedro, sofia, nadie, ventas} {
			v := o.policy.Viewer(mailbox.Address{Addr: addr})
			for number, ticket := range o.tickets {
				d := tickets.Dossier{Case: tickets.Case{Ticket: ticket, Events: o.events[number]}, Told: told[addr][number], Situation: o.situation()}
				look, ok := o.policy.Look(v, d, o.now)
				if !ok {
					if hasPart(ticket, addr) {
						rt.Errorf("%s may not look at %s", addr, number)
					}
					continue
				}
				w.sees(rt, o, v, d, look)
			}
		}
	})
}

// sees fails where a look shows an outsider too much.
func (w witness) sees(rt *rapid.T, o *office, v tickets.Viewer, d tickets.Dossier, look tickets.Look) {
	key, number := v.Address.Key(), d.Ticket.Number
	vendor := look.Role == tickets.RoleVendor
	if !vendor && !hasPart(d.Ticket, key) {
		rt.Errorf("%s has no part in %s and sees it as %s", key, number, look.Role)
	}
	wasTold := strings.Join(tokensOf(d.Told), " ")
	for _, s := range tokensOf(look) {
		if !w.wrote[key][s] && !(!vendor && w.public[number][s]) && !(vendor && strings.Contains(wasTold, s)) {
			rt.Errorf("%s sees %q of %s as %s: %+v", key, s, number, look.Role, look)
		}
	}
	for _, e := range look.Entries {
		if e.Internal {
			rt.Errorf("%s sees an internal entry of %s: %+v", key, number, e)
		}
		if e.Message == 0 {
			continue
		}
		for _, event := range d.Events {
			if event.Message == e.Message && event.Actor.Addr != key {
				rt.Errorf("%s may see the whole mail %d of %s", key, e.Message, event.Actor.Addr)
			}
		}
	}
	if look.Ticket.Note != "" || look.Ticket.Case != "" && !vendor || len(look.Ticket.Steps) > 0 {
		rt.Errorf("%s sees what is for staff: %+v", key, look.Ticket)
	}
}

// TestLookShowsStaffEverything keeps the history whole for staff: every event, every mail once.
func TestLookShowsStaffEverything(t *testing.T) {
	o := newOffice(t)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #prioridad alta #asignar ana", text: "Hoy mismo."})
	o.take(letter{from: ana, subject: "@ #nota", text: "Rodillo gastado."})
	o.take(letter{from: pedro, subject: "@", text: "¿Qué pasó?"})
	d := tickets.Dossier{Case: tickets.Case{Ticket: o.tickets[first], Events: o.events[first]}, Situation: o.situation()}
	look, ok := o.policy.Look(o.policy.Viewer(mailbox.Address{Addr: marta}), d, o.now)
	if !ok || len(look.Entries) != len(o.events[first]) || len(look.Links) == 0 {
		t.Fatalf("%d of %d events, %d links", len(look.Entries), len(o.events[first]), len(look.Links))
	}
	mails := map[int64]int{}
	internal := ""
	for _, e := range look.Entries {
		if e.Message != 0 {
			mails[e.Message]++
		}
		if e.Internal {
			internal += e.Text
		}
	}
	if internal != "Hoy mismo.Rodillo gastado." || fmt.Sprint(mails) != "map[1:1 2:1 3:1 4:1]" {
		t.Errorf("internal %q, mails %v", internal, mails)
	}
}
