package tickets_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/tickets"
)

func stocked(t *testing.T) *tickets.Policy {
	p := policy()
	p.Calendar = ministryHours(t)
	p.Resources = []tickets.Resource{
		{Name: "Portátil de préstamo", Aliases: []string{"laptop"}, Stock: 3, Days: 5},
		{Name: "Portátil 14", Stock: 1},
		{Name: "Multímetro", Stock: 1},
	}
	return p
}

func TestResources(t *testing.T) {
	assigned := []letter{request, {from: marta, subject: "@ #asignar ana"}}
	with := func(l ...letter) []letter { return append(append([]letter(nil), assigned...), l...) }
	say := func(s string) letter { return letter{from: ana, subject: "@ " + s} }
	const refused = "refused by technician | = coordinated | > receipt to ana !"
	tests := []struct {
		name  string
		given []letter
		mail  letter
		want  string
		held  string
	}{
		{"one", assigned, say("#recurso multimetro"), "reserved by technician | = coordinated | > receipt to ana", "1 Multímetro"},
		{"several, for days", assigned, say("#recurso portátil de préstamo 2"), "reserved by technician | = coordinated | > receipt to ana", "2 Portátil de préstamo until 2026-11-30"},
		{"by an alias, in English", assigned, say("#resource laptop x 2"), "reserved by technician | = coordinated | > receipt to ana", "2 Portátil de préstamo until 2026-11-30"},
		{"a name that ends in a number", assigned, say("#recurso portatil 14"), "reserved by technician | = coordinated | > receipt to ana", "1 Portátil 14"},
		{"two kinds in one mail", assigned, say("#recurso laptop #recurso multímetro"), "reserved by technician | reserved by technician | = coordinated | > receipt to ana",
			"1 Portátil de préstamo until 2026-11-30, 1 Multímetro"},
		{"more of the same", with(say("#recurso laptop")), say("#recurso laptop 2"), "reserved by technician | = coordinated | > receipt to ana", "3 Portátil de préstamo until 2026-11-30"},
		{"by the coordinator", assigned, letter{from: marta, subject: "@ #recurso multímetro"}, "reserved by coordinator | = coordinated | > receipt to marta", "1 Multímetro"},
		{"not by an official", assigned, letter{from: pedro, subject: "@ #recurso multímetro"}, "refused by requester | = coordinated | > receipt to pedro !forbidden", ""},
		{"more than there is", assigned, say("#recurso laptop 4"), refused + "exhausted", ""},
		{"more than is left", with(say("#recurso laptop 2")), say("#recurso laptop 2"), refused + "exhausted", "2 Portátil de préstamo until 2026-11-30"},
		{"more than is left by commands of the same mail", assigned, say("#recurso laptop 2 #recurso laptop 2"), refused + "exhausted", ""},
		{"none is left", with(other("x"), letter{from: marta, subject: "[SS-2026-000002] x #recurso multi"}), say("#recurso multímetro"), refused + "exhausted", ""},
		{"one that another request gave back", with(other("x"), letter{from: marta, subject: "[SS-2026-000002] x #recurso multi"}, letter{from: marta, subject: "[SS-2026-000002] x #devolver"}),
			say("#recurso multímetro"), "reserved by technician | = coordinated | > receipt to ana", "1 Multímetro"},
		{"no number", assigned, say("#recurso laptop 0"), refused + "quantity", ""},
		{"a negative number", assigned, say("#recurso laptop -2"), refused + "quantity", ""},
		{"a half", assigned, say("#recurso laptop 1,5"), refused + "quantity", ""},
		{"an unknown name", assigned, say("#recurso multimtro"), refused + "unknown_argument?Multímetro", ""},
		{"a name that fits two", assigned, say("#recurso portátil"), refused + "ambiguous", ""},
		{"no name", assigned, say("#recurso"), refused + "missing_argument", ""},
		{"after the end", with(letter{from: marta, subject: "@ #rechazar no"}), say("#recurso laptop"), "refused by technician | = rejected | > receipt to ana !state", ""},
		{"given back", with(say("#recurso laptop 3")), say("#devolver laptop 2"), "returned by technician | = coordinated | > receipt to ana", "1 Portátil de préstamo until 2026-11-30"},
		{"all given back", with(say("#recurso laptop 3")), say("#devolver laptop"), "returned by technician | = coordinated | > receipt to ana", ""},
		{"the only one given back", with(say("#recurso laptop 3")), say("#return"), "returned by technician | = coordinated | > receipt to ana", ""},
		{"which of two", with(say("#recurso laptop #recurso multi")), say("#devolver"), refused + "missing_argument", "1 Portátil de préstamo until 2026-11-30, 1 Multímetro"},
		{"more than it has", with(say("#recurso laptop")), say("#devolver laptop 2"), refused + "not_held", "1 Portátil de préstamo until 2026-11-30"},
		{"what it does not have", with(say("#recurso laptop")), say("#devolver multímetro"), refused + "not_held", "1 Portátil de préstamo until 2026-11-30"},
		{"nothing to give back", assigned, say("#devolver"), refused + "not_held", ""},
		{"closure gives back what is no loan", with(say("#recurso laptop #recurso multi"), say("#solucion listo")), letter{from: marta, subject: "@ #cerrar"},
			"closed by coordinator | returned by coordinator | = closed | > closed to pedro | > status to ana | > receipt to marta", "1 Portátil de préstamo until 2026-11-30"},
		{"a loan is given back after closure", with(say("#recurso laptop"), say("#solucion listo"), letter{from: marta, subject: "@ #cerrar"}), say("#devolver"),
			"returned by technician | = closed | > receipt to ana", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy = stocked(t)
			o.now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
			for _, l := range tt.given {
				o.take(l)
			}
			if got := strings.Join(o.take(tt.mail), " | "); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if got := o.held(first); got != tt.held {
				t.Errorf("the request has %q, want %q", got, tt.held)
			}
			o.checkReplay()
		})
	}
}

// held shows what a request has out.
func (o *office) held(n tickets.Number) string {
	var list []string
	for _, h := range o.tickets[n].Resources {
		s := fmt.Sprintf("%d %s", h.Units, h.Resource)
		if !h.Due.IsZero() {
			s += " until " + h.Due.In(o.zone()).Format(time.DateOnly)
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

// TestWhatTheSettingsDroppedIsGivenBack has a resource leave the settings while it is out.
func TestWhatTheSettingsDroppedIsGivenBack(t *testing.T) {
	o := newOffice(t)
	o.policy = stocked(t)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #recurso laptop"})
	o.policy.Resources = nil
	if got := strings.Join(o.take(letter{from: marta, subject: "@ #devolver portátil"}), " | "); got != "returned by coordinator | = registered | > receipt to marta" {
		t.Errorf("got %s", got)
	}
}

// TestNeverMoreThanThereIs reserves and gives back at random.
func TestNeverMoreThanThereIs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(t)
		o.policy = stocked(t)
		for range 3 {
			o.take(request)
		}
		for range rapid.IntRange(1, 30).Draw(r, "commands") {
			o.take(letter{from: marta, subject: fmt.Sprintf("[SS-2026-%06d] x #%s %s %d", rapid.IntRange(1, 3).Draw(r, "request"),
				rapid.SampledFrom([]string{"recurso", "devolver"}).Draw(r, "verb"),
				rapid.SampledFrom([]string{"laptop", "multímetro"}).Draw(r, "resource"), rapid.IntRange(1, 4).Draw(r, "units"))})
			out := o.situation().Reserved
			for _, stock := range o.policy.Resources {
				if n := out[stock.Key()]; n > stock.Stock || n < 0 {
					r.Fatalf("%d of %d %s are out", n, stock.Stock, stock.Name)
				}
			}
		}
		o.checkReplay()
	})
}

func FuzzResource(f *testing.F) {
	for _, s := range []string{"laptop", "laptop 2", "laptop x2", "Portátil 14", "portátil 14 1", "0", "-1", "99999999999999999999", "1,5", "multi -"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		o := newOffice(t)
		o.policy = stocked(t)
		o.take(request)
		o.take(letter{from: marta, subject: "@ #recurso " + arg})
		for _, h := range o.tickets[first].Resources {
			if h.Units < 1 || h.Units > 3 {
				t.Errorf("#recurso %q reserves %+v", arg, h)
			}
		}
		o.take(letter{from: marta, subject: "@ #devolver " + arg})
		o.checkReplay()
	})
}
