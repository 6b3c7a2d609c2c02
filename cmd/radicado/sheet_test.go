package main

import (
	"bytes"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/form"
)

// TestSheet fills the form in from the events of a request: everything that an official may see, nothing that is internal.
func TestSheet(t *testing.T) {
	bogota := time.FixedZone("-05", -5*3600)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, bogota)
	staff := tickets.Actor{Role: tickets.RoleTechnician, Addr: "ana@x.example", Name: "Ana"}
	official := tickets.Actor{Role: tickets.RoleRequester, Addr: "pedro@x.example", Name: "Pedro"}
	vendor := mailbox.Address{Name: "Proveedor S. A.", Addr: "v@v.example"}
	asset := tickets.Asset{Plate: "20451", Serial: "A1", What: "Impresora", Vendor: vendor, Warranty: "2026-12-31"}
	var events []tickets.Event
	for i, step := range []struct {
		actor tickets.Actor
		fact  tickets.Fact
	}{
		{official, &tickets.RegisteredFact{Requester: mailbox.Address{Name: "Pedro", Addr: "pedro@x.example"}, Subject: "No imprime", Text: "Nada."}},
		{tickets.Actor{Role: tickets.RoleCoordinator, Name: "Marta"}, &tickets.PrioritisedFact{Priority: tickets.High}},
		{tickets.Actor{Role: tickets.RoleSystem}, &tickets.EquippedFact{Asset: asset}},
		{staff, &tickets.WaitedFact{Text: "¿Placa?"}},
		{official, &tickets.AnsweredFact{Text: "20451"}},
		{staff, &tickets.NotedFact{Text: "SECRETO"}},
		{staff, &tickets.DiagnosedFact{Text: "Fusor"}},
		{staff, &tickets.VendorWrittenFact{Vendor: vendor, Plate: "20451", First: true, Text: "SECRETO"}},
		{tickets.Actor{Role: tickets.RoleVendor}, &tickets.VendorAnsweredFact{Text: "SECRETO", Case: "INC-1"}},
		{staff, &tickets.ResolvedFact{Text: "Fusor nuevo"}},
		{official, &tickets.ClosedFact{}},
		{official, &tickets.SurveyedFact{Score: 5, Comment: "Bien"}},
	} {
		events = append(events, tickets.Event{Ticket: "SS-2026-000001", Seq: i + 1, At: at.Add(time.Duration(i) * time.Hour), Actor: step.actor, Fact: step.fact})
	}
	ticket, err := tickets.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	m := &sheetMaker{policy: &tickets.Policy{}, organisation: form.Organisation{Name: "Ministerio", Zone: bogota}}
	s := m.sheet(ticket, events, at)
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"state", s.State, "cerrada"}, {"priority", s.Priority, "alta"}, {"coordinator", s.Coordinator, "Marta"}, {"warranty", s.Equipment.Warranty, "vigente"},
		{"plate", s.Equipment.Plate, "20451"}, {"diagnosis", s.Diagnosis, "Fusor"}, {"solution", s.Solution, "Fusor nuevo"}, {"vendor", s.Vendor, form.Vendor{Name: "Proveedor S. A.", Case: "INC-1"}},
		{"first answer", s.Times.FirstAnswer, 3 * time.Hour}, {"waiting", s.Times.Waiting, 3 * time.Hour}, {"solution time", s.Times.Solution, 6 * time.Hour},
		{"satisfaction", s.Satisfaction, 5}, {"comment", s.Comment, "Bien"}, {"lines of history", len(s.History), 9},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
	for _, entry := range s.History {
		if bytes.Contains([]byte(entry.Text), []byte("SECRETO")) {
			t.Errorf("internal matters on the form: %+v", entry)
		}
	}
	var pdf bytes.Buffer
	if err := form.PDF(&pdf, s, m.organisation); err != nil || !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) {
		t.Errorf("%v, %.10q", err, pdf.Bytes())
	}
}
