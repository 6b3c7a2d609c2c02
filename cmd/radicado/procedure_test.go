package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// orders lets somebody command about a request in a mail of its own.
func (o *office) orders(p mailtest.Person, n int, commands, text string) {
	o.t.Helper()
	o.writes(p, "["+string(o.number(n))+"] "+commands, text)
}

// becomes waits until something is true of a request.
func (o *office) becomes(n int, what string, is func(*tickets.Ticket) bool) {
	o.t.Helper()
	o.until(fmt.Sprintf("request %d: %s", n, what), func() bool {
		t := o.ticket(n)
		return t != nil && is(t)
	})
}

// records waits until the history of a request says a text.
func (o *office) records(n int, text string) {
	o.t.Helper()
	o.until(fmt.Sprintf("request %d to record %q", n, text), func() (found bool) {
		o.view(func(r *register.Reader) error {
			history, err := r.History(o.number(n))
			found = slices.ContainsFunc(history, func(e tickets.Event) bool { return strings.Contains(tickets.Said(e.Fact), text) })
			return err
		})
		return found
	})
}

// TestProcedureByMail walks a first-level case, an instruction and a warranty case from the first mail to the survey.
func TestProcedureByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		vendor := o.sofia // any mailbox outside the desk will do
		o.extra = fmt.Sprintf("[[person]]\nname = \"Proveedor S. A.\"\nrole = \"vendor\"\naddresses = [%q]\n", vendor.Addr)
		o.start()
		err := o.program.register.Update(o.ctx, func(tx *register.Tx) error {
			_, err := tx.PutAssets([]tickets.Asset{{Plate: "20451", Serial: "CNB7", What: "Impresora", Contract: "CT-118", Warranty: "2099-12-31",
				Holder: mailbox.Address{Addr: o.pedro.Addr}, Vendor: mailbox.Address{Name: "Proveedor S. A.", Addr: vendor.Addr}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		// 4.2, first level: the article is suggested, sent, and thanked for.
		o.writes(o.pedro, "No imprime la impresora", "Está atascada.")
		o.saysTo(o.marta, "impresora-atasco")
		o.orders(o.marta, 1, "#prioridad baja #tipo primer #solucion impresora-atasco", "")
		o.reaches(1, tickets.Resolved)
		o.saysTo(o.pedro, "retire con cuidado todo papel atascado")
		o.orders(o.pedro, 1, "", "Muchas gracias.")
		o.reaches(1, tickets.Closed)
		o.orders(o.pedro, 1, "#encuesta 5", "")
		o.becomes(1, "the score", func(t *tickets.Ticket) bool { return t.Score == 5 })

		// 4.1 to 4.3, an instruction: it cannot be closed before its steps are done.
		o.writes(o.pedro, "Ajustar el reporte mensual", "Falta una columna.")
		o.becomes(2, "registered", func(*tickets.Ticket) bool { return true })
		o.orders(o.marta, 2, "#asignar Ana #instructivo ajustes", "")
		o.reaches(2, tickets.Referred)
		o.orders(o.marta, 2, "#cerrar", "Ya.")
		o.saysTo(o.marta, "Faltan pasos del instructivo")
		o.orders(o.ana, 2, "#diagnostico", "El reporte no trae la dependencia.")
		o.orders(o.ana, 2, "#plan", "Agregar la columna y probar.")
		o.orders(o.ana, 2, "#paso 1 #paso 2 #paso 3 #paso 4 #paso 5 #paso 6", "")
		o.reaches(2, tickets.InService)
		o.orders(o.ana, 2, "#solucion", "La columna está en producción.")
		o.reaches(2, tickets.Resolved)
		o.orders(o.marta, 2, "#cerrar", "")
		o.reaches(2, tickets.Closed)

		// 4.4, warranty: the plate is recognised, the vendor written to, its answers threaded by number and by its own.
		o.writes(o.pedro, "La impresora 20451 no enciende", "Huele a quemado.")
		o.becomes(3, "the machine", func(t *tickets.Ticket) bool { return len(t.Assets) == 1 })
		o.orders(o.marta, 3, "#asignar Ana", "")
		o.becomes(3, "the technician", (*tickets.Ticket).Assigned)
		o.orders(o.ana, 3, "#nota", "SECRETO de la mesa")
		o.records(3, "SECRETO de la mesa")
		o.orders(o.ana, 3, "#sin-solucion", "La fuente está quemada.")
		o.reaches(3, tickets.WaitingVendor)
		o.saysTo(vendor, "La fuente está quemada.")
		o.answers(vendor, 1, "#cerrar", "Su caso INC-00421 fue creado.")
		o.becomes(3, "the vendor's number", func(t *tickets.Ticket) bool { return t.Claim.Case == "INC-00421" && t.State == tickets.WaitingVendor })
		o.writes(vendor, "Cierre del caso INC-00421", "Se cambió la fuente.")
		o.saysTo(o.ana, "Se cambió la fuente.")
		o.orders(o.ana, 3, "#solucion", "El proveedor cambió la fuente; se probó.")
		o.reaches(3, tickets.Resolved)
		o.orders(o.marta, 3, "#cerrar", "")
		o.reaches(3, tickets.Closed)
		if n := o.tickets(); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}

		o.until("three forms at the official's", func() bool {
			forms := 0
			for _, m := range w.list(t, o.pedro.Addr, "INBOX") {
				if bytes.Contains(m, []byte("application/pdf")) {
					forms++
				}
			}
			return forms == 3
		})
		for _, m := range w.list(t, vendor.Addr, "INBOX") {
			if text := mailtest.TextOf(m, "text/plain"); strings.Contains(text, "SECRETO") || strings.Contains(text, string(o.number(1))) {
				t.Errorf("the vendor was told too much:\n%s", text)
			}
		}
		o.sound()
		o.stop()

		config := filepath.Join(o.folder, "settings.toml")
		for _, step := range []struct {
			args []string
			want string
		}{
			{[]string{"form", string(o.number(3)), "-o", filepath.Join(o.folder, "f.pdf")}, "is in"},
			{[]string{"export", "-o", filepath.Join(o.folder, "r.xlsx")}, "3 requests written"},
			{[]string{"export", "--format", "csv", "--from", "2020-01-01", "-o", filepath.Join(o.folder, "r.csv")}, "3 requests written"},
			{[]string{"export", "--to", "2020-01-01", "-o", filepath.Join(o.folder, "r0.xlsx")}, "0 requests written"},
			{[]string{"export", "--from", "mañana"}, "expected a day"},
			{[]string{"export", "--from", "2026-02-01", "--to", "2026-01-01"}, "before it begins"},
			{[]string{"form", "SS-2026-999999"}, "no request"},
		} {
			if _, said := says(t, append(step.args, "-config", config)...); !strings.Contains(said, step.want) {
				t.Errorf("%v: said %q, want %q", step.args, said, step.want)
			}
		}
	})
}
