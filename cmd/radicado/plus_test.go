package main

import (
	"strings"
	"testing"

	"radicado/mailbox/mailtest"
)

// TestPlusAddresses has an answer that keeps nothing of the notice but the address that it goes to.
func TestPlusAddresses(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.desks = "plus_addresses = true\n"
	// A long base would leave no room for the token within the 64 octets of a local part.
	o.desk.Addr = "soporte@ministerio.example"
	w.add(t, o.desk)
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	ack := o.gets(o.pedro, 1)
	to := mailtest.HeaderOf(ack, "Reply-To")
	at := strings.Index(to, "soporte+")
	if at < 0 {
		t.Fatalf("the acknowledgement is answered to %q", to)
	}
	address := strings.TrimRight(to[at:], ">")
	o.submit(o.pedro, o.pedro.Write(address, "otro asunto", "Es la del segundo piso."))
	o.until("the answer on the request", func() bool { return o.ticket(1).Version > 1 })
	// In somebody else's hands the address is worth nothing.
	o.submit(o.sofia, o.sofia.Write(address, "yo también", "La mía tampoco."))
	o.until("a request of its own", func() bool { return o.tickets() == 2 })
	if got := o.ticket(1).Version; got != 2 {
		t.Errorf("the first request has %d events, want 2", got)
	}
}
