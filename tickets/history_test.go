package tickets

import (
	"testing"
	"time"

	"radicado/mailbox"
)

func TestImportOfAConversation(t *testing.T) {
	p := &Policy{Own: []string{"soporte@min.example"}, OfficialDomains: []string{"min.example"}, Lang: "es",
		People: People{{Name: "Ana Gómez", Addresses: []string{"ana@min.example"}, Role: RoleTechnician}}}
	mail := func(id int64, from string, class mailbox.Class, text string) Past {
		return Past{ID: id, Subject: "Impresora #cerrar", Received: time.Date(2021, 3, int(id), 8, 0, 0, 0, time.FixedZone("-05", -5*3600)),
			Message: &mailbox.Message{From: mailbox.Address{Addr: from}, Class: class, NewText: text, MessageID: text + "@x"}}
	}
	now := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	thread := []Past{
		mail(1, "soporte@min.example", mailbox.ClassPerson, "Aviso"),
		mail(2, "pedro@min.example", mailbox.ClassPerson, "No imprime"),
		mail(3, "ana@min.example", mailbox.ClassPerson, "Voy"),
		mail(4, "pedro@min.example", mailbox.ClassAutoReply, "Ausente"),
	}
	ticket, events, ok, err := Import(p, now, "SS-2026-000009", "viejo.mbox", false, thread)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if ticket.State != Closed || ticket.Requester.Addr != "pedro@min.example" || ticket.Text != "No imprime" || !ticket.RegisteredAt.Equal(now) ||
		ticket.Imported != (Imported{"viejo.mbox", time.Date(2021, 3, 2, 13, 0, 0, 0, time.UTC)}) || !ticket.Unproven {
		t.Errorf("imported %+v", ticket)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Fact.Kind()+" "+string(e.Actor.Role))
		if (e.Message == 0) != (e.Fact.Kind() == "closed") {
			t.Errorf("event %d is of message %d", e.Seq, e.Message)
		}
	}
	want := []string{"registered requester", "answered system", "answered technician", "automatic requester", "closed system"}
	if len(got) != len(want) {
		t.Fatalf("events %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d is %q, want %q", i, got[i], want[i])
		}
	}
	if again, err := Replay(events); err != nil || again.Version != ticket.Version || again.Imported != ticket.Imported {
		t.Errorf("replayed %+v, %v", again, err)
	}

	open, _, _, err := Import(p, now, "SS-2026-000010", "viejo.mbox", true, thread)
	if err != nil || open.State != Registered {
		t.Errorf("left open: %+v, %v", open, err)
	}
	further, err := Continue(p, now, ticket, []Past{mail(5, "pedro@min.example", mailbox.ClassPerson, "Gracias")})
	if err != nil || len(further) != 1 || ticket.State != Closed || ticket.Version != 6 {
		t.Errorf("continued: %+v, %v", further, err)
	}
	if _, _, ok, err := Import(p, now, "SS-2026-000011", "viejo.mbox", false, []Past{thread[0], thread[3]}); ok || err != nil {
		t.Errorf("what nobody asked for became a request: %v", err)
	}
}
