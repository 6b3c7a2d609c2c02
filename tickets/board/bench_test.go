package board

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// BenchmarkBoard measures the pages over a register of 100,000 requests, or as many as RADICADO_BENCH_TICKETS says, of which one in
// twenty is open: whole answers as a browser gets them, with the session looked up. It reports the median, the 99th percentile and the
// slowest of each.
func BenchmarkBoard(b *testing.B) {
	size, err := strconv.Atoi(os.Getenv("RADICADO_BENCH_TICKETS"))
	if err != nil {
		size = 100_000
	}
	o := newOffice(b, func(d *Desk) {
		for i := range 8 {
			d.Policy.People = append(d.Policy.People, tickets.Person{Name: fmt.Sprint("Técnico ", i), Addresses: []string{fmt.Sprintf("tecnico%d@ministerio.example", i)}, Role: tickets.RoleTechnician})
		}
	})
	o.fill(size)
	began := time.Now()
	staff := o.signedIn(marta)
	b.Logf("the first look at the board took %s", time.Since(began).Round(time.Millisecond))
	official := o.signedIn(mailbox.Address{Addr: "persona7@ministerio.example"})
	number := string(tickets.FormatNumber("SS", 2026, size))
	for _, page := range []struct {
		name, path string
		browser    *browser
	}{
		{"board", "/", staff},
		{"board-technician", "/?tecnico=tecnico3@ministerio.example&prioridad=high", staff},
		{"board-words", "/?palabras=impresora", staff},
		{"board-late", "/?vencidas=1", staff},
		{"list", "/lista", staff},
		{"list-deep", "/lista?pagina=150", staff},
		{"list-office", "/lista?dependencia=Oficina+3", staff},
		{"list-words", "/lista?palabras=impresora+piso7", staff},
		{"request", "/solicitudes/" + number, staff},
		{"technicians", "/tecnicos", staff},
		{"official", "/", official},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if a := page.browser.get(page.path); a.status != http.StatusOK {
					b.Fatalf("%d", a.status)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			for _, p := range []struct {
				unit string
				at   int
			}{{"p50-ms", len(took) / 2}, {"p99-ms", len(took) * 99 / 100}, {"max-ms", len(took) - 1}} {
				b.ReportMetric(float64(took[p.at].Microseconds())/1000, p.unit)
			}
		})
	}
}

// fill registers requests as a ministry would: nearly all are closed, one in twenty stands.
func (o *office) fill(size int) {
	o.t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	things := []string{"Impresora", "Red", "Correo", "Portátil", "Pantalla", "Teclado", "Sistema", "Clave"}
	open := [][]tickets.Fact{nil, {&tickets.AssignedFact{}}, {&tickets.AssignedFact{}, &tickets.StartedFact{}}, {&tickets.AssignedFact{}, &tickets.WaitedFact{Text: "¿Qué placa?"}}, {&tickets.ResolvedFact{Text: "Listo."}}}
	for done := 0; done < size; {
		check(o.t, o.register.Update(o.t.Context(), func(tx *register.Tx) error {
			for range min(2000, size-done) {
				done++
				n, err := tx.NextNumber()
				if err != nil {
					return err
				}
				i := rng.IntN(300)
				from := mailbox.Address{Name: fmt.Sprint("Persona ", i), Addr: fmt.Sprintf("persona%d@ministerio.example", i)}
				facts := []tickets.Fact{&tickets.RegisteredFact{Requester: from, Subject: fmt.Sprintf("%s del piso%d no funciona", things[rng.IntN(len(things))], rng.IntN(200)),
					Text: "Buenos días:\n\nDesde ayer no funciona y hay que entregar el informe. Quedo atento.\n\nGracias.", Office: fmt.Sprint("Oficina ", i%20)}}
				if rng.IntN(3) > 0 {
					facts = append(facts, &tickets.PrioritisedFact{Priority: priorities[rng.IntN(4)]})
				}
				technician := mailbox.Address{Name: "Técnico", Addr: fmt.Sprintf("tecnico%d@ministerio.example", rng.IntN(8))}
				end := []tickets.Fact{&tickets.AssignedFact{}, &tickets.ClosedFact{Text: "Listo."}}
				if rng.IntN(20) == 0 {
					end = open[rng.IntN(len(open))]
				}
				for _, f := range end {
					if _, assigned := f.(*tickets.AssignedFact); assigned {
						f = &tickets.AssignedFact{Technician: technician}
					}
					facts = append(facts, f)
				}
				if err := appendFacts(tx, new(tickets.Ticket), n, tickets.Actor{Role: tickets.RoleCoordinator, Addr: marta.Addr, Name: marta.Name}, 0, facts...); err != nil {
					return err
				}
			}
			return nil
		}))
		o.later(10 * time.Minute)
	}
}
