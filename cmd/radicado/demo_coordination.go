package main

import (
	"context"
	"fmt"
	"time"
)

// demoCoordination is the settings of the chapters below. The desk never closes and looks after its chores each second, so that
// the story is the same at any hour.
const demoCoordination = `
[board]
listen = "127.0.0.1:0"
[calendar]
monday = ["0:00-24:00"]
tuesday = ["0:00-24:00"]
wednesday = ["0:00-24:00"]
thursday = ["0:00-24:00"]
friday = ["0:00-24:00"]
saturday = ["0:00-24:00"]
sunday = ["0:00-24:00"]
holidays = "none"
[schedule]
deadlines = "@every 1s"
reminders = "@every 1s"
closure = "@every 1s"
loans = "@every 1s"
[[resource]]
name = "Portátil de préstamo"
stock = 2
loan_days = 1
[[person]]
name = "Sofía Vergel"
role = "official"
addresses = ["sofia.vergel@ministerio.example"]
office = "Oficina Jurídica"
telephone = "ext. 3107"
`

// now is the clock of the demo's daemon.
func (d *demo) now() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

// later sets the daemon's clock forward.
func (d *demo) later(by time.Duration, said string) {
	d.ahead.Add(int64(by))
	d.say("\n⏩ %s later", said)
}

// tellCoordination lets the desk choose a technician, lend a machine and refuse a second one.
func (d *demo) tellCoordination(ctx context.Context) error {
	d.say("\n── Who is there, who is suited, what is free ──")
	if err := d.writes(ctx, "ana", "#ausente mañana", ""); err != nil {
		return err
	}
	if err := d.expect(ctx, "marta", "ana"); err != nil {
		return err
	}
	if err := d.writes(ctx, "sofia", "Sin red en la sala de juntas", "Hoy no hay red en la sala de juntas y la audiencia es mañana."); err != nil {
		return err
	}
	if err := d.expect(ctx, "sofia", "marta"); err != nil {
		return err
	}
	return d.steps(ctx,
		step{"marta", "#prioridad alto/media #asignar auto #recurso portátil", "", []string{"sofia", "luis", "marta"}},
		step{"marta", "#recurso portátil 9", "", []string{"marta"}},
		step{"luis", "#espera", "¿Falla también por cable?", []string{"sofia", "marta", "luis"}},
	)
}

// tellPassing lets days pass in which nobody writes.
func (d *demo) tellPassing(ctx context.Context) error {
	d.say("\n── Days pass, and the desk looks after what people forget ──")
	number := func(n int) string { return fmt.Sprintf("[SS-%d-%06d]", d.now().In(d.location).Year(), n) }
	second, third := number(2), number(3)
	if err := d.writes(ctx, "luis", second+" #solucion", "Se volvió a configurar la cuenta en el celular."); err != nil {
		return err
	}
	if err := d.expect(ctx, "sofia", "marta", "luis"); err != nil {
		return err
	}
	d.later(48*time.Hour, "Two days")
	if err := d.expect(ctx, "sofia", "sofia", "luis", "marta"); err != nil { // the question, the loan
		return err
	}
	if err := d.writes(ctx, "sofia", "Re: "+third, "Sí, también por cable."); err != nil {
		return err
	}
	if err := d.expect(ctx, "luis"); err != nil {
		return err
	}
	d.later(24*time.Hour, "One day")
	if err := d.expect(ctx, "sofia", "luis", "marta", "luis", "marta"); err != nil { // closed by silence, past its due time
		return err
	}
	if err := d.writes(ctx, "luis", third+" #devolver #solucion", "Se cambió el conmutador del piso."); err != nil {
		return err
	}
	return d.expect(ctx, "sofia", "marta", "luis")
}
