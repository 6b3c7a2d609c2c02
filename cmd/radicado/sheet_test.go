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

// TestSheetOfAnErasedRequest compares what the register of old years says of a request before and after retention.
func TestSheetOfAnErasedRequest(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	staff := tickets.Actor{Role: tickets.RoleTechnician, Addr: "ana@x.example", Name: "Ana"}
	official := tickets.Actor{Role: tickets.RoleRequester, Addr: "pedro@x.example", Name: "Pedro"}
	vendor := mailbox.Address{Name: "Proveedor S. A.", Addr: "v@v.example"}
	type step struct {
		actor tickets.Actor
		fact  tickets.Fact
	}
	opened := step{official, &tickets.RegisteredFact{Requester: mailbox.Address{Addr: official.Addr}, Subject: "No imprime"}}
	for name, steps := range map[string][]step{
		"answered": {opened, {official, &tickets.AnsweredFact{Text: "¿Y?"}}, {staff, &tickets.AnsweredFact{Text: "Voy"}}, {staff, &tickets.ResolvedFact{Text: "Listo"}}, {official, &tickets.ClosedFact{}}},
		"waited": {opened, {staff, &tickets.WaitedFact{Text: "¿Placa?"}}, {staff, &tickets.NotedFact{Text: "x"}}, {official, &tickets.AnsweredFact{Text: "20451"}}, {staff, &tickets.NotedFact{Text: "x"}},
			{staff, &tickets.WaitedFact{Text: "¿Piso?"}}, {official, &tickets.AnsweredFact{Text: "2"}}, {staff, &tickets.StartedFact{}}, {staff, &tickets.ResolvedFact{Text: "Listo"}}},
		"vendor": {opened, {staff, &tickets.EquippedFact{Asset: tickets.Asset{Plate: "1", What: "Mouse"}}}, {staff, &tickets.EquippedFact{Asset: tickets.Asset{Plate: "20451", What: "Impresora", Vendor: vendor}}},
			{staff, &tickets.VendorWrittenFact{Vendor: vendor, Plate: "20451", First: true}}, {official, &tickets.AnsweredFact{Text: "¿Y?"}}, {tickets.Actor{Role: tickets.RoleVendor}, &tickets.VendorAnsweredFact{Text: "Va"}},
			{staff, &tickets.ResolvedFact{Text: "Listo"}}, {official, &tickets.ReopenedFact{}}, {staff, &tickets.ResolvedFact{Text: "Listo"}}},
		"closed at once": {opened, {staff, &tickets.ClosedFact{Text: "Era un error"}}},
		"referred":       {opened, {staff, &tickets.ReferredFact{Name: "clave", Title: "Clave"}}, {staff, &tickets.ResolvedFact{Text: "Listo"}}},
		"rejected":       {opened, {official, &tickets.AnsweredFact{Text: "¿Y?"}}, {staff, &tickets.RejectedFact{Text: "No"}}},
	} {
		ticket := new(tickets.Ticket)
		var events, erased []tickets.Event
		for i, s := range steps {
			e := tickets.Event{Ticket: "SS-2026-000001", Seq: i + 1, At: at.Add(time.Duration(i) * time.Hour), Actor: s.actor, Fact: s.fact}
			if err := ticket.Apply(e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
			e.Actor = tickets.Actor{}
			var err error
			if e.Fact, err = tickets.NewFact(s.fact.Kind()); err != nil {
				t.Fatal(err)
			}
			erased = append(erased, e)
		}
		m := &sheetMaker{policy: &tickets.Policy{}, organisation: form.Organisation{Name: "Ministerio", Zone: time.UTC}}
		was, is := m.sheet(ticket, events, at), m.sheet(ticket.Anonymous(at.AddDate(6, 0, 0)), erased, at)
		if is.Times != was.Times || !is.FirstAnswer.Equal(was.FirstAnswer) || is.Equipment != was.Equipment || is.Vendor.Name != was.Vendor.Name || is.Kind != was.Kind {
			t.Errorf("%s: the form says\n%+v, %s, %+v, and said\n%+v, %s, %+v", name, is.Times, is.FirstAnswer, is.Equipment, was.Times, was.FirstAnswer, was.Equipment)
		}
	}
}
