package register

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// generator makes mails and requests as a ministry would: some hundred officials, a few technicians, a vocabulary with
// frequent and rare words.
type generator struct {
	rng   *rand.Rand
	words []string
	uid   uint32
}

func newGenerator() *generator {
	g := &generator{rng: rand.New(rand.NewPCG(7, 7))}
	syllables := strings.Fields("im pre so ra red pan ta lla co rre o te cla do cla ve sis te ma ser vi dor u su a rio per mi so ár ción ñan tó")
	for range 5000 {
		var w strings.Builder
		for range 2 + g.rng.IntN(3) {
			w.WriteString(syllables[g.rng.IntN(len(syllables))])
		}
		g.words = append(g.words, w.String())
	}
	return g
}

func (g *generator) text(words int) string {
	var b strings.Builder
	for range words {
		rare := g.rng.Float64()
		b.WriteString(g.words[int(rare*rare*rare*float64(len(g.words)))])
		b.WriteByte(' ')
	}
	return b.String()
}

func (g *generator) person() mailbox.Address {
	n := g.rng.IntN(300)
	return mailbox.Address{Name: fmt.Sprint("Persona ", n), Addr: fmt.Sprintf("persona%d@min.example.org", n)}
}

// mail is about 3 KB, as a short mail with its header is.
func (g *generator) mail() (mailbox.Arrival, string) {
	g.uid++
	text := g.text(60)
	var header strings.Builder
	for i := range 12 {
		fmt.Fprintf(&header, "X-Header-%d: %x %x\r\n", i, g.rng.Uint64(), g.rng.Uint64())
	}
	body := strings.Repeat(text+"\r\n", 4)
	return arrival("soporte", g.uid, header.String()+"\r\n"+body), text
}

// handle is what the desk does with one mail: message, request, two notices, settled.
func (g *generator) handle(tx *Tx, a Arrival, text string) error {
	return tx.Nested(func() error {
		if _, err := tx.LoadRaw(a.Digest); err != nil {
			return err
		}
		from := g.person()
		id := fmt.Sprintf("%d.%d@min.example.org", a.UID, g.rng.Uint32())
		message, err := tx.AddMessage(Message{Identity: a.Digest[:16], Digest: a.Digest, MessageID: id, From: from, Subject: text[:40], Class: mailbox.ClassPerson,
			ReceivedAt: tx.Now(), Text: text})
		if err != nil {
			return err
		}
		n, err := tx.NextNumber()
		if err != nil {
			return err
		}
		actor := tickets.Actor{Role: tickets.RoleRequester, Addr: from.Key()}
		err = appendFacts(tx, new(tickets.Ticket), n, actor, message, &tickets.RegisteredFact{Requester: from, Subject: text[:40], Text: text, Origin: id})
		if err != nil {
			return err
		}
		for i, to := range []mailbox.Address{from, {Addr: coordinator.Addr}} {
			err := queue(tx, fmt.Sprintf("%s.%d.%d@desk.example.org", n, i, g.rng.Uint32()), to, n)
			if err != nil {
				return err
			}
		}
		return tx.Settle(a.ID, Settlement{Message: message})
	})
}

// batch takes and handles n mails, as the daemon does: raw mails first, then the attempts, then the work.
func (g *generator) batch(t testing.TB, r *Register, n int) {
	t.Helper()
	var batch []mailbox.Arrival
	var texts []string
	for range n {
		a, text := g.mail()
		batch, texts = append(batch, a), append(texts, text)
	}
	check(t, r.Take(t.Context(), "soporte", 7, g.uid, batch))
	var claimed []Arrival
	check(t, r.Update(t.Context(), func(tx *Tx) (err error) { claimed, err = tx.ClaimArrivals(0, n); return err }))
	check(t, r.Update(t.Context(), func(tx *Tx) error {
		for i, a := range claimed {
			if err := g.handle(tx, a, texts[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

// BenchmarkRegister takes mails to registered requests with two notices each; three durable commits a batch.
func BenchmarkRegister(b *testing.B) {
	for _, size := range []int{1, 50} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			f := open(b)
			_, err := f.Position(b.Context(), "soporte", 7, time.Time{})
			check(b, err)
			g := newGenerator()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				g.batch(b, f.Register, size)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
}

// BenchmarkAt measures a register of many tickets: 100,000, or as many as RADICADO_BENCH_TICKETS says.
func BenchmarkAt(b *testing.B) {
	size, err := strconv.Atoi(os.Getenv("RADICADO_BENCH_TICKETS"))
	if err != nil {
		size = 100_000
	}
	clock := newClock("2026-01-05T09:00:00-05:00")
	r, err := Open(b.Context(), filepath.Join(b.TempDir(), "register.db"), Options{Now: clock.now, Volatile: true})
	check(b, err)
	defer r.Close()
	_, err = r.Position(b.Context(), "soporte", 7, time.Time{})
	check(b, err)
	g := newGenerator()
	start := time.Now()
	for done := 0; done < size; done += 500 {
		g.batch(b, r, 500)
		g.close(b, r, 500)
		clock.advance(time.Minute)
	}
	var pages, pageSize int64
	check(b, r.View(b.Context(), func(r *Reader) error {
		check(b, r.row("PRAGMA page_count", nil, &pages))
		return r.row("PRAGMA page_size", nil, &pageSize)
	}))
	b.Logf("%d tickets in %s, %d bytes each", size, time.Since(start).Round(time.Second), pages*pageSize/int64(size))

	read := func(name string, read func(r *Reader) error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				check(b, r.View(b.Context(), read))
			}
		})
	}
	list := func(name string, f Filter) {
		read("list/"+name, func(r *Reader) error { _, _, err := r.List(f, 50, 0); return err })
	}
	search := func(name, words, visibleTo string) {
		read("search/"+name, func(r *Reader) error { _, err := r.Search(words, visibleTo, 50); return err })
	}
	cases := func(name string, since, until time.Time) {
		read("cases/"+name, func(r *Reader) error {
			for _, err := range r.Cases(since, until, func(_ *tickets.Ticket, reopened bool) bool { return reopened }) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	cases("all", time.Time{}, clock.now())
	cases("tenth", clock.now().Add(-time.Duration(size/5000)*time.Minute), clock.now())
	rare, common := g.words[len(g.words)-1], g.words[0]
	read("ticket", func(r *Reader) error { _, err := r.Ticket(tickets.FormatNumber("SS", 2026, size/2)); return err })
	read("history", func(r *Reader) error { _, err := r.History(tickets.FormatNumber("SS", 2026, size/2)); return err })
	read("loads", func(r *Reader) error { _, err := r.Loads(); return err })
	list("all", Filter{})
	list("open", Filter{States: []tickets.State{tickets.Registered, tickets.Coordinated, tickets.InService, tickets.WaitingRequester}})
	list("closed", Filter{States: []tickets.State{tickets.Closed}})
	list("requester", Filter{Requester: "persona7@min.example.org"})
	list("technician-open", Filter{Technicians: []string{"tecnico3@desk.example.org"}, States: []tickets.State{tickets.Coordinated, tickets.InService}})
	list("unassigned", Filter{Unassigned: true})
	list("critical", Filter{Priorities: []tickets.Priority{tickets.Critical}})
	list("words", Filter{Words: rare, States: []tickets.State{tickets.Closed}})
	search("rare", rare, "")
	search("common", common, "")
	search("two-common", common+" "+g.words[1], "")
	search("requester", common, "persona7@min.example.org")
	b.Run("register-50", func(b *testing.B) {
		for done := 0; done < b.N; done += 50 {
			g.batch(b, r, 50)
		}
	})
	b.Run("answer", func(b *testing.B) {
		var longest time.Duration
		defer func() { b.ReportMetric(float64(longest.Milliseconds()), "longest-ms") }()
		for b.Loop() {
			begun := time.Now()
			n := tickets.FormatNumber("SS", 2026, 1+g.rng.IntN(size))
			check(b, r.Update(b.Context(), func(tx *Tx) error {
				t, err := tx.Ticket(n)
				if err != nil {
					return err
				}
				return appendFacts(tx, t, n, coordinator, 0, &tickets.AnsweredFact{Text: g.text(30)})
			}))
			longest = max(longest, time.Since(begun))
		}
	})
}

// close ends nearly all of the last n tickets, so that about one in two hundred is open.
func (g *generator) close(t testing.TB, r *Register, n int) {
	t.Helper()
	check(t, r.Update(t.Context(), func(tx *Tx) error {
		recent, _, err := tx.List(Filter{States: []tickets.State{tickets.Registered}}, n, 0)
		if err != nil {
			return err
		}
		for _, t := range recent {
			facts := []tickets.Fact{&tickets.PrioritisedFact{Priority: []tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low}[min(3, int(g.rng.ExpFloat64()*2))]}}
			if g.rng.IntN(400) == 0 {
				continue
			}
			technician := fmt.Sprintf("tecnico%d@desk.example.org", g.rng.IntN(8))
			facts = append(facts, &tickets.AssignedFact{Technician: mailbox.Address{Addr: technician}})
			if g.rng.IntN(400) > 0 {
				facts = append(facts, &tickets.ClosedFact{Text: g.text(20)})
			}
			if err := appendFacts(tx, t, t.Number, coordinator, 0, facts...); err != nil {
				return err
			}
		}
		return nil
	}))
}
