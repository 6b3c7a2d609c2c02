package main

import (
	"strings"
	"testing"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
)

// always is a calendar for tests that must not depend on the hour.
const always = `
[calendar]
monday = ["0:00-24:00"]
tuesday = ["0:00-24:00"]
wednesday = ["0:00-24:00"]
thursday = ["0:00-24:00"]
friday = ["0:00-24:00"]
saturday = ["0:00-24:00"]
sunday = ["0:00-24:00"]
holidays = "none"
`

// TestCoordinationByMail assigns by skills and presence, and reserves and gives back a loan machine.
func TestCoordinationByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = always + `
[[resource]]
name = "Portátil de préstamo"
stock = 1
loan_days = 3
`
		o.staff = map[string]string{o.ana.Name: "skills = [\"impresoras\"]\n", o.luis.Name: "skills = [\"redes\"]\nmax_load = 5\n"}
		o.start()

		o.writes(o.pedro, "Sin red", "No hay red en la oficina.")
		notice := mailtest.TextOf(o.gets(o.marta, 1), "text/plain")
		for _, want := range []string{"Luis Caicedo: 0 de 5 abiertas, redes. Recomendado.", "Ana Gómez: 0 abiertas, otra especialidad", "Portátil de préstamo: 1 de 1", "#asignar auto"} {
			if !strings.Contains(notice, want) {
				t.Errorf("the coordinator does not read %q:\n%s", want, notice)
			}
		}
		o.answers(o.marta, 1, "#asignar auto", "")
		o.gets(o.luis, 1)
		o.writes(o.luis, "#ausente hoy", "")
		o.gets(o.luis, 2)

		o.writes(o.sofia, "Otra vez sin red", "Tampoco hay red.")
		o.until("the second request", func() bool { return o.ticket(2) != nil })
		o.writes(o.marta, "["+string(o.number(2))+"] #asignar auto", "")
		o.saysTo(o.marta, "Ningún técnico cumple las condiciones")
		if got := o.ticket(2); got.Assigned() {
			t.Errorf("it was assigned to %s", got.Technician)
		}

		o.writes(o.marta, "["+string(o.number(1))+"] #recurso portátil", "")
		o.saysTo(o.marta, "Quedó reservado para la solicitud: 1 × Portátil de préstamo. Debe")
		o.writes(o.marta, "["+string(o.number(2))+"] #recurso portátil", "")
		o.saysTo(o.marta, "No alcanza «Portátil de préstamo»: no queda ninguno de 1.")
		o.writes(o.marta, "["+string(o.number(1))+"] #devolver", "")
		o.saysTo(o.marta, "La devolución quedó registrada: 1 × Portátil de préstamo.")
		o.writes(o.marta, "["+string(o.number(2))+"] #recurso portátil 1", "")
		o.until("the machine to be reserved", func() bool { return len(o.ticket(2).Resources) == 1 })
		o.sound()
	})
}

// TestAutomaticAssignmentByMail lets the desk assign by itself.
func TestAutomaticAssignmentByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = always
		o.desks = "auto_assign = true\n"
		o.staff = map[string]string{o.ana.Name: "skills = [\"impresoras\"]\n", o.luis.Name: "skills = [\"redes\"]\n"}
		o.start()
		o.writes(o.pedro, "La impresora no imprime", "Desde ayer.")
		o.saysTo(o.ana, "Usted tiene una solicitud asignada")
		o.saysTo(o.marta, "Ana Gómez")
		o.reaches(1, tickets.Coordinated)
		o.sound()
	})
}

// saysTo waits until a mail to somebody says a text.
func (o *office) saysTo(p mailtest.Person, text string) {
	o.t.Helper()
	want, read := strings.Join(strings.Fields(text), " "), 0
	o.until("a mail to "+p.Name+" that says "+text, func() bool {
		for mails := o.world.list(o.t, p.Addr, "INBOX"); read < len(mails); read++ {
			if strings.Contains(strings.Join(strings.Fields(mailtest.TextOf(mails[read], "text/plain")), " "), want) {
				return true
			}
		}
		return false
	})
}
