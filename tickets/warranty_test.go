package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/calendar"
)

func named(plate string) letter {
	return letter{from: pedro, subject: "No imprime", text: "Es la placa " + plate}
}

func TestWarranty(t *testing.T) {
	assigned := []letter{named("PC-20451"), {from: marta, subject: "@ #asignar ana"}}
	claimed := append(slices.Clone(assigned), letter{from: ana, subject: "@ #garantia", text: "El fusor no calienta."})
	answered := append(slices.Clone(claimed), letter{from: ventas, subject: "@", text: "Caso No. INC-00421."})
	checkRows(t, machines, []row{
		{"the vendor is written to", assigned, letter{from: ana, subject: "@ #garantia", text: "El fusor no calienta."},
			"diagnosed by technician | vendor_written by technician | = waiting_vendor | > claim to ventas | > status to pedro | > status to marta | > receipt to ana"},
		{"by a plate that is not linked yet", []letter{request}, letter{from: marta, subject: "@ #garantia CNB7K4R1"},
			"equipped by coordinator | vendor_written by coordinator | = waiting_vendor | > claim to ventas | > status to pedro | > receipt to marta"},
		{"expired", []letter{named("30001")}, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = registered | > receipt to marta !warranty"},
		{"unknown", []letter{named("30002")}, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = registered | > receipt to marta !warranty"},
		{"a vendor without an address", []letter{named("30003")}, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = registered | > receipt to marta !no_vendor"},
		{"no machine", []letter{request}, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = registered | > receipt to marta !no_asset"},
		{"several machines", []letter{named("30001 y la PC-20451")}, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = registered | > receipt to marta !ambiguous"},
		{"an unknown plate", []letter{request}, letter{from: marta, subject: "@ #garantia 99999"}, "refused by coordinator | = registered | > receipt to marta !unknown_asset"},
		{"twice", claimed, letter{from: marta, subject: "@ #garantia"}, "refused by coordinator | = waiting_vendor | > receipt to marta !state"},
		{"an official claims nothing", assigned, letter{from: pedro, subject: "@ #garantia"}, "refused by requester | = coordinated | > receipt to pedro !forbidden"},
		{"no solution, under warranty", assigned, letter{from: ana, subject: "@ #sin-solucion", text: "Requiere fusor."},
			"unsolved by technician | vendor_written by technician | = waiting_vendor | > claim to ventas | > status to pedro | > status to marta | > receipt to ana"},
		{"no solution, no warranty", []letter{named("30001"), {from: marta, subject: "@ #asignar ana"}}, letter{from: ana, subject: "@ #sin-sol Quemado"},
			"unsolved by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"no solution, no words", assigned, letter{from: ana, subject: "@ #sin-solucion"}, "refused by technician | = coordinated | > receipt to ana !missing_text"},
		{"a further message", claimed, letter{from: ana, subject: "@ #proveedor", text: "¿Qué día?"}, "vendor_written by technician | = waiting_vendor | > vendor_message to ventas | > status to marta | > receipt to ana"},
		{"a message to no vendor", assigned, letter{from: ana, subject: "@ #proveedor", text: "¿Qué día?"}, "refused by technician | noted by technician | = coordinated | > receipt to ana !no_claim"},
		{"the vendor answers", claimed, letter{from: ventas, subject: "@", text: "Vamos el jueves."}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to ana"},
		{"the vendor commands nothing", claimed, letter{from: ventas, subject: "@ #cerrar", text: "Listo."}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to ana"},
		{"an unproven answer of the vendor", claimed, letter{from: ventas, subject: "@", text: "Vamos.", unproven: true}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to ana"},
		{"the vendor's machine answers", claimed, letter{from: ventas, subject: "@", text: "Caso INC-00421", class: mailbox.ClassAutoReply}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to ana"},
		{"the vendor may not write into another request", assigned, letter{from: ventas, subject: "@", text: "Oferta"}, "registered by vendor | = registered | > acknowledgement to ventas | > new_request to marta"},
		{"the technician goes on without the vendor", answered, letter{from: ana, subject: "@ #tomar"},
			"assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"the coordinator has the technician go on", answered, letter{from: marta, subject: "@ #asignar ana"},
			"assigned by coordinator | = in_service | > status to pedro | > assignment to ana | > receipt to marta"},
		{"another technician waits on", answered, letter{from: marta, subject: "@ #asignar luis"},
			"assigned by coordinator | = waiting_vendor | > status to pedro | > reassigned to ana | > assignment to luis | > receipt to marta"},
		{"going on from a question to the official", append(slices.Clone(assigned), letter{from: ana, subject: "@ #espera ¿Enciende?"}), letter{from: ana, subject: "@ #tomar"},
			"assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"going on from a question on the way", append(slices.Clone(claimed), letter{from: ana, subject: "@ #espera ¿Enciende?"}), letter{from: ana, subject: "@ #tomar"},
			"assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"going on after a question on the way", append(slices.Clone(claimed), letter{from: ana, subject: "@ #espera ¿Enciende?"}, letter{from: pedro, subject: "@", text: "Sí."}),
			letter{from: ana, subject: "@ #tomar"}, "assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"a question and the same technician", assigned, letter{from: marta, subject: "@ #espera ¿Enciende? #asignar ana"}, "refused by coordinator | = coordinated | > receipt to marta !nothing_to_do"},
		{"going on undone", append(slices.Clone(answered), letter{from: ana, subject: "@ #tomar"}), letter{from: ana, subject: "@ #deshacer"},
			"undone by technician | = waiting_vendor | > status to pedro | > receipt to ana"},
		{"to the vendor again", append(slices.Clone(answered), letter{from: ana, subject: "@ #tomar"}), letter{from: ana, subject: "@ #proveedor ¿Y con otro fusor?"},
			"vendor_written by technician | = waiting_vendor | > vendor_message to ventas | > status to pedro | > status to marta | > receipt to ana"},
		{"staff confirms the fix", answered, letter{from: ana, subject: "@ #solucion Fusor nuevo"}, "resolved by technician | = resolved | > resolved to pedro | > status to marta | > receipt to ana"},
		{"a question on the way", claimed, letter{from: ana, subject: "@ #espera ¿Enciende?"}, "waited by technician | = waiting_requester | > question to pedro | > status to marta | > receipt to ana"},
		{"and back to the vendor", append(slices.Clone(claimed), letter{from: ana, subject: "@ #espera ¿Enciende?"}), letter{from: pedro, subject: "@", text: "Sí."}, "answered by requester | = waiting_vendor | > incoming to ana"},
	})
}

// TestVendorWhoHasChanged has a vendor that the settings do not name any more, or know by another address.
func TestVendorWhoHasChanged(t *testing.T) {
	const now = "garantias@nuevo.example"
	removed := func(ps tickets.People) tickets.People { return slices.Delete(ps, 3, 4) }
	moved := func(ps tickets.People) tickets.People { ps[3].Addresses = []string{now}; return ps }
	renamed := func(ps tickets.People) tickets.People { ps[3].Name = "Proveedor del Valle S. A."; return ps }
	other := func(ps tickets.People) tickets.People {
		return append(ps, tickets.Person{Name: "Otro S. A.", Addresses: []string{now}, Role: tickets.RoleVendor})
	}
	assigned := []letter{named("PC-20451"), {from: marta, subject: "@ #asignar ana"}}
	claimed := append(slices.Clone(assigned), letter{from: ana, subject: "@ #garantia", text: "El fusor no calienta."})
	const written = "vendor_written by technician | = waiting_vendor | > claim to %s | > status to pedro | > status to marta | > receipt to ana"
	for _, tt := range []struct {
		name   string
		given  []letter
		change func(tickets.People) tickets.People
		mail   letter
		want   string
	}{
		{"who has left is not written to", assigned, removed, letter{from: ana, subject: "@ #garantia"}, "refused by technician | = coordinated | > receipt to ana !no_vendor"},
		{"nor by itself", assigned, removed, letter{from: ana, subject: "@ #sin-solucion Quemada"},
			"unsolved by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"nor again", claimed, removed, letter{from: ana, subject: "@ #proveedor ¿Y bien?"}, "refused by technician | = waiting_vendor | > receipt to ana !no_vendor"},
		{"at the new address", assigned, moved, letter{from: ana, subject: "@ #garantia"}, strings.Replace(written, "%s", "garantias", 1)},
		{"by another name", assigned, renamed, letter{from: ana, subject: "@ #garantia"}, strings.Replace(written, "%s", "ventas", 1)},
		{"again, at the new address", claimed, moved, letter{from: ana, subject: "@ #proveedor ¿Y bien?"},
			"vendor_written by technician | = waiting_vendor | > vendor_message to garantias | > status to marta | > receipt to ana"},
		{"an answer from the new address", claimed, moved, letter{from: now, subject: "@", text: "Vamos el jueves."}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to ana"},
		{"an answer of another vendor", claimed, other, letter{from: now, subject: "@", text: "Vamos el jueves."},
			"registered by vendor | = registered | > acknowledgement to garantias | > new_request to marta"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			machines(o)
			o.takeAfterChange(tt.given, tt.change, tt.mail, tt.want)
		})
	}
}

// TestDueVendorWhoHasChanged reminds a vendor at the address that it has now, and tells the coordinators of one that is gone.
func TestDueVendorWhoHasChanged(t *testing.T) {
	o := newOffice(t)
	machines(o)
	o.take(named("PC-20451"))
	o.take(letter{from: marta, subject: "@ #garantia"})
	for _, tt := range []struct {
		change func(tickets.People) tickets.People
		want   string
	}{
		{func(ps tickets.People) tickets.People {
			ps[3].Addresses = []string{"garantias@nuevo.example"}
			return ps
		},
			"vendor_reminded by system | = waiting_vendor | > vendor_reminder to garantias"},
		{func(ps tickets.People) tickets.People { return slices.Delete(ps, 3, 4) }, "escalated by system | = waiting_vendor | > escalation to marta"},
		{func(ps tickets.People) tickets.People { return ps }, ""}, // told once
	} {
		o.people(tt.change)
		o.now = o.now.Add(17 * time.Hour)
		if got := o.tend(tickets.ChoreVendors); got != tt.want {
			t.Errorf("\n got %s\nwant %s", got, tt.want)
		}
	}
	o.checkReplay()
}

// TestLetterTellsNoMore checks that a vendor learns of the machine and the fault, and of nothing internal.
func TestLetterTellsNoMore(t *testing.T) {
	o := newOffice(t)
	machines(o)
	for _, l := range []letter{named("PC-20451"), {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #nota", text: "SECRETO"},
		{from: ana, subject: "@ #espera SECRETO"}, {from: pedro, subject: "@", text: "SECRETO"}, {from: ana, subject: "@ #diagnostico Fusor"}, {from: ana, subject: "@ #plan SECRETO"},
		{from: ana, subject: "@ #garantia"}} {
		o.take(l)
	}
	at := slices.IndexFunc(o.last.Notices, func(n tickets.Notice) bool { return n.Kind == tickets.NoticeClaim })
	if at < 0 {
		t.Fatal("no letter")
	}
	n := o.last.Notices[at]
	said := strings.ToUpper(dump(t, n.Data))
	for _, want := range []string{"PC-20451", "CNB7-K4R1", "CT-118", "FUSOR", "NO IMPRIME", "ANA MARÍA"} {
		if !strings.Contains(said, want) {
			t.Errorf("the letter lacks %q: %s", want, said)
		}
	}
	if strings.Contains(said, "SECRETO") || strings.Contains(said, "#") || len(n.Data.Links) > 0 {
		t.Errorf("the letter tells too much: %s", said)
	}
}

func TestCaseNumberIsLearnt(t *testing.T) {
	for text, want := range map[string]string{
		"Su caso No. INC-00421 fue creado.":                        "INC-00421",
		"Número de caso asignado: 2026-4471.":                      "2026-4471",
		"[Ticket#2026112310000123] Recibido":                       "2026112310000123",
		"Orden de servicio OS-8841":                                "OS-8841",
		"RMA 5512-A":                                               "5512-A",
		"Caso: SS-2026-000001, placa PC-20451":                     "",
		"En caso de urgencia llame al 6015550100.":                 "",
		"El equipo con serial CNB7-K4R1 se revisa. Caso pendiente": "",
		"Vamos el jueves 26.":                                      "",
	} {
		o := newOffice(t)
		machines(o)
		for _, l := range []letter{named("PC-20451"), {from: marta, subject: "@ #garantia"}, {from: ventas, subject: "@", text: text}} {
			o.take(l)
		}
		if got := o.tickets[first].Claim.Case; got != want {
			t.Errorf("%q: learnt %q, want %q", text, got, want)
		}
	}
}

// TestDueVendor walks a silent vendor through its reminders to the coordinator.
func TestDueVendor(t *testing.T) {
	o := newOffice(t)
	machines(o)
	o.take(named("PC-20451"))
	o.take(letter{from: marta, subject: "@ #asignar ana #garantia"})
	const reminded = "vendor_reminded by system | = waiting_vendor | > vendor_reminder to ventas"
	for i, tt := range []struct {
		later time.Duration
		mail  *letter
		want  string
	}{
		{15 * time.Hour, nil, ""},
		{time.Hour, nil, reminded},
		{time.Hour, nil, ""},
		{15 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, "escalated by system | = waiting_vendor | > escalation to marta | > escalation to ana"},
		{15 * time.Hour, nil, ""},
		{time.Hour, nil, "escalated by system | = waiting_vendor | > escalation to marta | > escalation to ana"}, // eighty hours: too late
		{100 * time.Hour, nil, ""},
		{0, &letter{from: ventas, subject: "@", text: "Caso 88123"}, ""},
		{100 * time.Hour, nil, ""}, // it has answered
		{0, &letter{from: ana, subject: "@ #proveedor ¿Y bien?"}, ""},
		{17 * time.Hour, nil, reminded}, // it has not answered that
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, "escalated by system | = waiting_vendor | > escalation to marta | > escalation to ana"},
		{0, &letter{from: ana, subject: "@ #proveedor ¿Sigue ahí?"}, ""},
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, reminded},
		{16 * time.Hour, nil, "escalated by system | = waiting_vendor | > escalation to marta | > escalation to ana"}, // nor the next
		{0, &letter{from: ana, subject: "@ #solucion Arreglado"}, ""},
		{100 * time.Hour, nil, ""},
	} {
		if tt.mail != nil {
			o.take(*tt.mail)
		}
		o.now = o.now.Add(tt.later)
		d, err := tickets.DueVendor(tickets.Input{Now: o.now, Policy: o.policy, Ticket: o.tickets[first]})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(o.apply(d), " | "); got != tt.want {
			t.Errorf("step %d:\n got %s\nwant %s", i, got, tt.want)
		}
	}
	o.checkReplay()
}

// TestDueVendorCountsWorkingTime reminds by the ministry's hours and the vendor's own terms.
func TestDueVendorCountsWorkingTime(t *testing.T) {
	o := newOffice(t)
	machines(o)
	desk, err := calendar.New(calendar.Config{Zone: time.UTC, Week: calendar.Week{
		time.Monday: {{From: 8 * 60, To: 12 * 60}}, time.Tuesday: {{From: 8 * 60, To: 12 * 60}}}})
	if err != nil {
		t.Fatal(err)
	}
	o.policy.Calendar = desk
	o.policy.People[3].Terms.Answer = 2 * time.Hour
	o.take(named("PC-20451"))
	o.take(letter{from: marta, subject: "@ #garantia"})
	for _, tt := range []struct {
		later  time.Duration
		events int
	}{{21 * time.Hour, 0}, {2 * time.Hour, 1}} { // Monday from ten to twelve is nearly two hours
		o.now = o.now.Add(tt.later)
		d, err := tickets.DueVendor(tickets.Input{Now: o.now, Policy: o.policy, Ticket: o.tickets[first]})
		if err != nil || len(d.Events) != tt.events {
			t.Errorf("%d events, %v; want %d", len(d.Events), err, tt.events)
		}
	}
	if d, err := tickets.DueVendor(tickets.Input{Now: o.now, Policy: o.policy}); err != nil || len(d.Events) > 0 {
		t.Errorf("without a ticket: %+v, %v", d, err)
	}
}

func FuzzCaseNumber(f *testing.F) {
	f.Add("Caso No. INC-00421")
	f.Fuzz(func(t *testing.T, text string) {
		o := newOffice(t)
		machines(o)
		for _, l := range []letter{named("PC-20451"), {from: marta, subject: "@ #garantia"}, {from: ventas, subject: "@", text: text}} {
			o.take(l)
		}
		if learnt := o.tickets[first].Claim.Case; learnt != "" && !strings.Contains(text, learnt) {
			t.Errorf("%q: learnt %q", text, learnt)
		}
	})
}

// TestGoingOn has the technician offered to go on when the vendor answers, and an assignment from before there was such a thing mean no more
// than it did.
func TestGoingOn(t *testing.T) {
	o := newOffice(t)
	machines(o)
	for _, l := range []letter{named("PC-20451"), {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #garantia"}, {from: ventas, subject: "@", text: "No aplica."}} {
		o.take(l)
	}
	if links := o.last.Notices[0].Data.Links; !slices.Contains(links, tickets.Link{Verb: tickets.VerbTake}) {
		t.Errorf("offered %v", links)
	}
	o.take(letter{from: ana, subject: "@ #tomar"})
	if p := o.tickets[first].Pauses; len(p) != 1 || p[0].To.IsZero() {
		t.Errorf("the clock stands: %v", p)
	}
	events := slices.Clone(o.events[first])
	last := &events[len(events)-1]
	last.Fact = &tickets.AssignedFact{Technician: mailbox.Address{Addr: "ana@movil.example"}, Taken: true}
	if old, err := tickets.Replay(events); err != nil || old.State != tickets.WaitingVendor {
		t.Errorf("an older assignment leaves the request %+v, %v", old, err)
	}
}
