package desk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/calendar"
	"radicado/tickets/register"
)

// crowd is a desk with many open requests, eight technicians and terms.
func crowd(t testing.TB, requests int) *fixture {
	t.Helper()
	f := newFixture(t)
	hours := calendar.Week{}
	for day := time.Monday; day <= time.Friday; day++ {
		hours[day] = []calendar.Hours{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	work, err := calendar.New(calendar.Config{Zone: time.FixedZone("-05", -5*3600), Week: hours, Holidays: calendar.Colombia})
	if err != nil {
		t.Fatal(err)
	}
	p := f.options.Policy
	p.Calendar, p.WarnPercent, p.Terms = work, 80, map[tickets.Priority]tickets.Terms{
		tickets.High: {Response: 2 * time.Hour, Solution: 8 * time.Hour}, tickets.Medium: {Response: 4 * time.Hour, Solution: 24 * time.Hour}}
	var technicians []mailbox.Address
	for i := range 8 {
		a := mailbox.Address{Name: fmt.Sprint("Técnico ", i), Addr: fmt.Sprintf("tecnico%d@ministerio.example", i)}
		technicians = append(technicians, a)
		p.People = append(p.People, tickets.Person{Name: a.Name, Addresses: []string{a.Addr}, Role: tickets.RoleTechnician, Skills: []string{"redes", "impresora"}})
	}
	coordinator := tickets.Actor{Role: tickets.RoleCoordinator, Addr: marta}
	for done := 0; done < requests; done += 1000 {
		err := f.register.Update(t.Context(), func(tx *register.Tx) error {
			for i := done; i < min(done+1000, requests); i++ {
				number, err := tx.NextNumber()
				if err != nil {
					return err
				}
				from := mailbox.Address{Name: "Funcionario", Addr: fmt.Sprintf("p%d@ministerio.example", i%100)}
				facts := []tickets.Fact{&tickets.RegisteredFact{Requester: from, Subject: fmt.Sprint("Solicitud ", i), Text: complaint(i), Lang: "es"}}
				switch i % 10 {
				case 0, 1, 2:
				case 3, 4:
					facts = append(facts, &tickets.PrioritisedFact{Priority: tickets.High}, &tickets.AssignedFact{Technician: technicians[i%8]})
				case 5:
					facts = append(facts, &tickets.AssignedFact{Technician: technicians[i%8]}, &tickets.WaitedFact{Text: "¿Cuál?"})
				default:
					facts = append(facts, &tickets.PrioritisedFact{Priority: tickets.Medium}, &tickets.AssignedFact{Technician: technicians[i%8]}, &tickets.AnsweredFact{Text: "Voy."})
				}
				request := new(tickets.Ticket)
				var events []tickets.Event
				for j, fact := range facts {
					actor := coordinator
					if j == 0 {
						actor = tickets.Actor{Role: tickets.RoleRequester, Addr: from.Addr}
					}
					e := tickets.Event{Ticket: number, Seq: j + 1, At: tx.Now(), Actor: actor, Fact: fact}
					if err := request.Apply(e); err != nil {
						return err
					}
					events = append(events, e)
				}
				if err := tx.Append(request, events); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// allDue lets the answer to every request be due so many seconds after it came.
func (f *fixture) allDue(seconds int) {
	terms := tickets.Terms{Response: time.Duration(seconds) * time.Second}
	f.options.Policy.Terms = map[tickets.Priority]tickets.Terms{tickets.High: terms, tickets.Medium: terms}
}

// waits returns for how long others that write wait for their turn while something is done, the shortest wait first.
func (f *fixture) waits(do func() error) (waits []time.Duration) {
	f.t.Helper()
	done := make(chan error)
	go func() { done <- do() }()
	for {
		select {
		case err := <-done:
			if err != nil {
				f.t.Error(err)
			}
			slices.Sort(waits)
			return waits
		case <-time.After(time.Millisecond):
		}
		begun := time.Now()
		if err := f.register.Update(f.t.Context(), func(*register.Tx) error { waits = append(waits, time.Since(begun)); return nil }); err != nil {
			f.t.Error(err)
		}
	}
}

// alerts returns how many requests have so many alerts.
func (f *fixture) alerts() map[int]int {
	f.t.Helper()
	counts := map[int]int{}
	err := f.register.View(f.t.Context(), func(r *register.Reader) error {
		for request, err := range r.Outlines(tickets.ChoreDeadlines, f.register.Now()) {
			if err != nil {
				return err
			}
			counts[len(request.Alerts)]++
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return counts
}

// TestChoresLetMailsThrough has more to do than fits into one transaction, and mails that come meanwhile.
func TestChoresLetMailsThrough(t *testing.T) {
	const late, others = 3*tendPortion + 10, 3*tendPortion + 10 // every second request waits for its first answer
	f := crowd(t, late+others)
	for times := 1; times <= 2; times++ {
		f.allDue(times)
		for _, transactions := range []int{4, 0} { // the second time everything is done
			queued := 0
			f.options.Queued = func() {
				queued++
				f.take("a", mail(pedro, "Entretanto", fmt.Sprint(f.uid["a"])))
			}
			if err := f.Tend(t.Context(), tickets.ChoreDeadlines); err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(f.alerts()), fmt.Sprint(map[int]int{0: others, times: late}); got != want || queued != transactions {
				t.Errorf("requests by alerts: %s, want %s; %d transactions, want %d", got, want, queued, transactions)
			}
		}
	}
}

// TestChoreEndsWithItsTransaction stops the daemon in the midst of a chore: what one transaction has begun is done, the rest waits.
func TestChoreEndsWithItsTransaction(t *testing.T) {
	f := crowd(t, 4*tendPortion) // every second request waits for its first answer
	f.allDue(1)
	ctx, stop := context.WithCancel(t.Context())
	f.options.Queued = stop
	if err := f.Tend(ctx, tickets.ChoreDeadlines); !errors.Is(err, context.Canceled) {
		t.Errorf("the chore ends with %v", err)
	}
	if got, want := fmt.Sprint(f.alerts()), fmt.Sprint(map[int]int{0: 3 * tendPortion, 1: tendPortion}); got != want {
		t.Errorf("requests by alerts: %s, want %s", got, want)
	}
	if err := f.Tend(t.Context(), tickets.ChoreDeadlines); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(f.alerts()), fmt.Sprint(map[int]int{0: 2 * tendPortion, 1: 2 * tendPortion}); got != want {
		t.Errorf("in the end requests by alerts: %s, want %s", got, want)
	}
}

// TestChoreDecidesOnWhatIs has somebody answer a request that was found to be late, before its turn comes.
func TestChoreDecidesOnWhatIs(t *testing.T) {
	const requests = 4 * tendPortion // every second one waits for its first answer
	f := crowd(t, requests)
	f.allDue(1)
	answered := false
	f.options.Queued = func() {
		if answered {
			return
		}
		answered = true
		err := f.register.Update(t.Context(), func(tx *register.Tx) error {
			request, err := tx.Ticket(tickets.FormatNumber("SS", 2026, requests-5)) // the last late one
			if err != nil {
				return err
			}
			e := tickets.Event{Ticket: request.Number, Seq: request.Version + 1, At: tx.Now(), Actor: tickets.Actor{Role: tickets.RoleTechnician, Addr: ana}, Fact: &tickets.AnsweredFact{Text: "Voy."}}
			if err := request.Apply(e); err != nil {
				return err
			}
			return tx.Append(request, []tickets.Event{e})
		})
		if err != nil {
			t.Error(err)
		}
	}
	if err := f.Tend(t.Context(), tickets.ChoreDeadlines); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(f.alerts()), fmt.Sprint(map[int]int{0: requests/2 + 1, 1: requests/2 - 1}); got != want {
		t.Errorf("requests by alerts: %s, want %s", got, want)
	}
}

// BenchmarkStanding measures what looks at all open requests: 20,000, or as many as RADICADO_BENCH_TICKETS says.
func BenchmarkStanding(b *testing.B) {
	size, err := strconv.Atoi(os.Getenv("RADICADO_BENCH_TICKETS"))
	if err != nil {
		size = 20_000
	}
	f := crowd(b, size)
	ctx := b.Context()
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	update := func(name string, change func(tx *register.Tx) error) {
		run(name, func() error { return f.register.Update(ctx, change) })
	}
	run("digest", func() error {
		tell, err := f.Digest(ctx)
		if err != nil {
			return err
		}
		return f.register.Update(ctx, func(tx *register.Tx) error { return tell(tx, tx.Now()) })
	})
	run("worklists", func() error {
		tell, err := f.Worklists(ctx)
		if err != nil {
			return err
		}
		return f.register.Update(ctx, tell)
	})
	run("deadlines", func() error { return f.Tend(ctx, tickets.ChoreDeadlines) })
	seconds := 0
	b.Run("deadlines-due", func(b *testing.B) {
		var waits []time.Duration
		for b.Loop() {
			seconds++
			f.allDue(seconds)
			waits = f.waits(func() error { return f.Tend(ctx, tickets.ChoreDeadlines) })
		}
		for name, at := range map[string]int{"wait-p50-ms": len(waits) / 2, "wait-p99-ms": len(waits) * 99 / 100, "wait-longest-ms": len(waits) - 1} {
			b.ReportMetric(float64(waits[at].Microseconds())/1000, name)
		}
	})
	for _, l := range []string{"", "nuevas", "espera", "alta", "sin asignar", "Técnico 3"} {
		update("lista/"+l, func(tx *register.Tx) error {
			in := tickets.Input{Now: tx.Now(), Policy: f.options.Policy, Sender: tickets.Sender{Address: mailbox.Address{Addr: marta}, Role: tickets.RoleCoordinator, Proof: mailbox.Proof{Proven: true}},
				Mail: tickets.Mail{Message: new(mailbox.Message), Commands: []tickets.Command{{Verb: tickets.VerbList, Arg: l}}}}
			_, err := find(tx, tickets.Lookups(in))
			return err
		})
	}
	update("situation", func(tx *register.Tx) error { _, err := tx.Situation(); return err })
	i := 0
	b.Run("#lista", func(b *testing.B) {
		for b.Loop() {
			i++
			f.take("a", mail(marta, "#lista", "", fmt.Sprintf("Message-ID: <%d@x.example>", i)))
			f.drain()
		}
	})
	b.Run("request", func(b *testing.B) {
		for b.Loop() {
			i++
			f.take("a", mail(ana, "Otra", complaint(i), fmt.Sprintf("Message-ID: <%d@x.example>", i)))
			f.drain()
		}
	})
}
