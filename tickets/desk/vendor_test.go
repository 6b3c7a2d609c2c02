package desk

import (
	"slices"
	"testing"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// TestCaseOfAVendorThatHasMoved has vendors name a case by their own number, which another vendor may use too. They write from the address
// that the settings have now.
func TestCaseOfAVendorThatHasMoved(t *testing.T) {
	f := newFixture(t)
	p := f.options.Policy
	p.People = append(p.People,
		tickets.Person{Name: "Impresoras del Valle", Addresses: []string{"nueva@valle.example"}, Role: tickets.RoleVendor},
		tickets.Person{Name: "Otro S. A.", Addresses: []string{"casos@otro.example"}, Role: tickets.RoleVendor})
	err := f.register.Update(t.Context(), func(tx *register.Tx) error {
		n, err := tx.NextNumber()
		if err != nil {
			return err
		}
		request := new(tickets.Ticket)
		var events []tickets.Event
		for i, fact := range []tickets.Fact{
			&tickets.RegisteredFact{Requester: mailbox.Address{Addr: pedro}, Subject: "No imprime", Lang: "es"},
			&tickets.VendorWrittenFact{Vendor: mailbox.Address{Name: "Impresoras del Valle", Addr: "vieja@valle.example"}, First: true},
			&tickets.VendorAnsweredFact{Text: "Caso INC-00421", Case: "INC-00421"},
		} {
			e := tickets.Event{Ticket: n, Seq: i + 1, At: tx.Now(), Fact: fact}
			if err := request.Apply(e); err != nil {
				return err
			}
			events = append(events, e)
		}
		return tx.Append(request, events)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.take("a", mail("nueva@valle.example", "Caso INC-00421", "Vamos el jueves."), mail("casos@otro.example", "Caso INC-00421", "Otro asunto."))
	f.drain()
	var kinds []string
	f.view(func(r *register.Reader) error {
		events, err := r.History("SS-2026-000001")
		for _, e := range events {
			kinds = append(kinds, e.Fact.Kind())
		}
		return err
	})
	if want := []string{"registered", "vendor_written", "vendor_answered", "vendor_answered"}; !slices.Equal(kinds, want) {
		t.Errorf("the request has %v, want %v", kinds, want)
	}
	if all := f.tickets(); len(all) != 2 {
		t.Errorf("%d requests, want one more by the other vendor", len(all))
	}
}
