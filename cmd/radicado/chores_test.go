package main

import (
	"strings"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
)

// restless lets every chore come by each second.
const restless = always + `
[sla]
high = { response = "2h", solution = "8h" }
[schedule]
deadlines = "@every 1s"
reminders = "@every 1s"
closure = "@every 1s"
loans = "@every 1s"
wait_days = 2
close_days = 3
overdue_days = 0
[[resource]]
name = "Portátil de préstamo"
stock = 1
loan_days = 2
[[priority_rule]]
words = ["urgente"]
priority = "high"
`

// later sets the daemon's clock forward.
func (o *office) later(d time.Duration) { o.ahead.Add(int64(d)) }

// count returns how many mails to somebody say a text.
func (o *office) count(p mailtest.Person, text string) (n int) {
	o.t.Helper()
	for _, m := range o.world.list(o.t, p.Addr, "INBOX") {
		if strings.Contains(strings.Join(strings.Fields(mailtest.TextOf(m, "text/plain")), " "), text) {
			n++
		}
	}
	return n
}

// TestChoresByThemselves lets days pass over two requests: one that nobody works on, one whose official says nothing.
func TestChoresByThemselves(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = restless
		o.start()
		o.writes(o.pedro, "Urgente: sin red", "No hay red en todo el piso.")
		o.saysTo(o.marta, "Responder antes del")
		o.answers(o.marta, 1, "#asignar Ana #recurso portátil", "")
		o.reaches(1, tickets.Coordinated)

		o.later(100 * time.Minute)
		o.saysTo(o.ana, "Está por vencerse el plazo de una solicitud")
		o.later(time.Hour)
		o.saysTo(o.ana, "Se venció el plazo de una solicitud")
		o.saysTo(o.marta, "Se venció el plazo de una solicitud")

		// The daemon is down while everything comes due, and comes back.
		o.stop()
		o.later(3 * 24 * time.Hour)
		o.start()
		o.saysTo(o.pedro, "Recuerde devolver el préstamo")
		o.saysTo(o.ana, "Hay un préstamo sin devolver")
		o.until("the breach of the solution", func() bool { return o.count(o.ana, "debía estar lista la solución") > 0 })

		o.writes(o.marta, "["+string(o.number(1))+"] #espera", "¿En qué piso está?")
		o.reaches(1, tickets.WaitingRequester)
		o.later(2 * 24 * time.Hour)
		o.saysTo(o.pedro, "Su solicitud sigue en espera de su respuesta")
		o.writes(o.marta, "["+string(o.number(1))+"] #devolver #solucion Se cambió el cable", "")
		o.reaches(1, tickets.Resolved)
		o.later(3 * 24 * time.Hour)
		o.reaches(1, tickets.Closed)
		o.saysTo(o.pedro, "Su solicitud quedó cerrada")

		o.later(10 * 24 * time.Hour)
		o.stop()
		o.start()
		o.writes(o.sofia, "Otra cosa", "Para saber que todo lo anterior pasó.")
		o.gets(o.sofia, 1)
		for text, want := range map[string]int{"Está por vencerse el plazo": 1, "debía darse la primera respuesta": 1, "debía estar lista la solución": 1, "Hay un préstamo sin devolver": 1} {
			if got := o.count(o.ana, text); got != want {
				t.Errorf("the technician was told %d times of %q, want %d", got, text, want)
			}
		}
		if got := o.count(o.pedro, "sigue en espera de su respuesta"); got != 1 {
			t.Errorf("the official was reminded %d times, want once", got)
		}
		o.sound()
	})
}
