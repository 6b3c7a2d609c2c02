package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/procedure"
	"radicado/tickets/register"
)

// TestEveryInstructionByMail walks each instruction that comes with the program, step by step, to the closure of its request.
func TestEveryInstructionByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		instructions, err := procedure.Instructions("")
		if err != nil || len(instructions) < 3 {
			t.Fatalf("%d instructions, %v", len(instructions), err)
		}
		o := newOffice(t, w)
		o.start()
		for i, instruction := range instructions {
			n := i + 1
			o.writes(o.pedro, "Necesito "+instruction.Title, "Según lo acordado.")
			o.becomes(n, "registered", func(*tickets.Ticket) bool { return true })
			o.orders(o.marta, n, "#asignar Ana #instructivo "+instruction.Name, "")
			o.reaches(n, tickets.Referred)
			for s := range instruction.Steps {
				o.orders(o.ana, n, fmt.Sprintf("#paso %d", s+1), "")
				o.becomes(n, fmt.Sprint("step ", s+1), func(t *tickets.Ticket) bool { return t.Instruction.Steps[s].Done })
			}
			o.reaches(n, tickets.InService)
			o.orders(o.ana, n, "#solucion", "Quedó hecho.")
			o.reaches(n, tickets.Resolved)
			o.orders(o.marta, n, "#cerrar", "")
			o.reaches(n, tickets.Closed)
		}
		o.sound()
	})
}

// TestSilentVendorByMail has a vendor be reminded and the coordinator told, and the official take the case up again.
func TestSilentVendorByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		vendor := o.sofia // any mailbox outside the desk will do
		o.extra = fmt.Sprintf("[[person]]\nname = \"Proveedor S. A.\"\nrole = \"vendor\"\naddresses = [%q]\nanswer_within = \"8h\"\nremind_every = \"8h\"\n"+
			"solve_within = \"200h\"\n%s\n[schedule]\nvendors = \"@every 1s\"\n", vendor.Addr, always)
		o.start()
		err := o.program.register.Update(o.ctx, func(tx *register.Tx) error {
			_, err := tx.PutAssets([]tickets.Asset{{Plate: "20451", What: "Impresora", Warranty: "2099-12-31",
				Holder: mailbox.Address{Addr: o.pedro.Addr}, Vendor: mailbox.Address{Name: "Proveedor S. A.", Addr: vendor.Addr}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		o.writes(o.pedro, "La impresora 20451 no enciende", "Huele a quemado.")
		o.becomes(1, "the machine", func(t *tickets.Ticket) bool { return len(t.Assets) == 1 })
		o.orders(o.marta, 1, "#asignar Ana", "")
		o.becomes(1, "the technician", (*tickets.Ticket).Assigned)
		o.orders(o.ana, 1, "#garantia", "La fuente está quemada.")
		o.reaches(1, tickets.WaitingVendor)
		for reminder := 1; reminder <= 3; reminder++ {
			o.later(9 * time.Hour)
			o.saysTo(vendor, fmt.Sprintf("este es el recordatorio número %d", reminder))
		}
		o.later(9 * time.Hour)
		o.saysTo(o.marta, "El proveedor no responde")
		o.answers(vendor, 2, "", "Disculpen. Su caso INC-7: vamos mañana.")
		o.saysTo(o.ana, "vamos mañana")
		o.orders(o.ana, 1, "#solucion", "El proveedor cambió la fuente.")
		o.reaches(1, tickets.Resolved)
		o.orders(o.pedro, 1, "", "Volvió a fallar esta mañana.")
		o.reaches(1, tickets.InService)
		for _, m := range w.list(t, vendor.Addr, "INBOX") {
			if strings.Contains(string(m), "Volvi") {
				t.Errorf("the vendor was told what the official wrote:\n%s", m)
			}
		}
		o.sound()
	})
}
