package register

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"radicado/tickets"
)

// planned is one transaction of a rapid run: what each of its nested parts does, and how it ends.
type planned struct {
	parts []part
	fails bool
}

type part struct {
	requests int
	nested   bool
	fails    bool
}

var plans = rapid.Custom(func(t *rapid.T) planned {
	return planned{
		parts: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) part {
			return part{rapid.IntRange(0, 3).Draw(t, "requests"), rapid.Bool().Draw(t, "nested"), rapid.Bool().Draw(t, "fails")}
		}), 0, 4).Draw(t, "parts"),
		fails: rapid.IntRange(0, 3).Draw(t, "fate") == 0,
	}
})

// run executes the plan and returns how many requests it registered.
func (p planned) run(r *Register, t *testing.T) (registered int, err error) {
	err = r.Update(t.Context(), func(tx *Tx) error {
		registered = 0
		for _, part := range p.parts {
			work := func() error {
				for range part.requests {
					if _, err := register(tx, ana, "asunto", "texto"); err != nil {
						return err
					}
				}
				if part.fails && part.nested {
					return errPlanted
				}
				return nil
			}
			run := work
			if part.nested {
				run = func() error { return tx.Nested(work) }
			}
			switch err := run(); {
			case err == nil:
				registered += part.requests
			case !errors.Is(err, errPlanted):
				return err
			}
		}
		if p.fails {
			return errPlanted
		}
		return nil
	})
	if err != nil {
		registered = 0
	}
	if errors.Is(err, errPlanted) {
		err = nil
	}
	return registered, err
}

func TestNumbersAreGaplessWhateverFails(t *testing.T) {
	folder := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path := filepath.Join(folder, fmt.Sprint(run))
		lay(t, path)
		r, err := Open(t.Context(), path, Options{Location: bogota, Volatile: true})
		check(t, err)
		defer r.Close()
		want := 0
		for _, p := range rapid.SliceOfN(plans, 1, 6).Draw(rt, "plans") {
			n, err := p.run(r, t)
			check(t, err)
			want += n
		}
		expectNumbers(t, r, want)
	})
}

func TestNumbersAreGaplessAmongConcurrentCallers(t *testing.T) {
	f := open(t)
	var mu sync.Mutex
	total := 0
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 6 {
				n, err := plans.Example(100*i+j).run(f.Register, t)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if total == 0 {
		t.Fatal("the plans registered nothing")
	}
	expectNumbers(t, f.Register, total)
}

// expectNumbers checks that the register holds requests 1 to n and is sound.
func expectNumbers(t *testing.T, r *Register, n int) {
	t.Helper()
	check(t, r.View(t.Context(), func(read *Reader) error {
		ids, err := collect(read, scanValue[int64], "SELECT id FROM tickets ORDER BY id")
		check(t, err)
		if len(ids) != n {
			t.Fatalf("%d requests, want %d", len(ids), n)
		}
		for i, id := range ids {
			if serial(id) != i+1 {
				t.Fatalf("request %d has serial %d", i+1, serial(id))
			}
		}
		return nil
	}))
	findings, err := r.Verify(t.Context(), nil)
	check(t, err)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
}

func TestNumberMustBeUsed(t *testing.T) {
	f := open(t)
	err := f.Update(t.Context(), func(tx *Tx) error { _, err := tx.NextNumber(); return err })
	if err == nil {
		t.Error("a number was allocated for nothing")
	}
	f.update(t, func(tx *Tx) error {
		err := tx.Nested(func() error { _, err := tx.NextNumber(); return err })
		if err == nil {
			t.Error("a number was allocated for nothing in a nested part")
		}
		ticket, err := register(tx, ana, "a", "b")
		if err == nil && ticket.Number != "SS-2026-000001" {
			t.Errorf("the number after that is %s", ticket.Number)
		}
		return err
	})
	f.sound(t)
}

func TestNumberMustBeAllocated(t *testing.T) {
	f := open(t)
	err := f.Update(t.Context(), func(tx *Tx) error {
		return appendFacts(tx, new(tickets.Ticket), "SS-2026-000009", coordinator, 0, &tickets.RegisteredFact{Requester: ana})
	})
	if err == nil {
		t.Error("a request was registered under a number that was not allocated")
	}
}

func TestYearIsThatOfThePlace(t *testing.T) {
	f := open(t)
	for _, step := range []struct {
		at   string
		want tickets.Number
	}{
		{"2026-12-31T23:59:59-05:00", "SS-2026-000001"}, // 2027 already in UTC
		{"2027-01-01T00:00:00-05:00", "SS-2027-000001"},
		{"2026-12-31T23:59:59-05:00", "SS-2026-000002"}, // the clock went back
		{"2027-01-01T00:00:01-05:00", "SS-2027-000002"},
	} {
		f.clock.ms.Store(newClock(step.at).ms.Load())
		f.update(t, func(tx *Tx) error {
			ticket, err := register(tx, ana, "a", "b")
			if err == nil && ticket.Number != step.want {
				t.Errorf("%s: %s, want %s", step.at, ticket.Number, step.want)
			}
			return err
		})
	}
	f.sound(t)
}

func TestUpcomingNumberIsTheNext(t *testing.T) {
	f := open(t)
	for range 3 {
		f.update(t, func(tx *Tx) error {
			upcoming, err := tx.UpcomingNumber()
			check(t, err)
			ticket, err := register(tx, ana, "a", "b")
			if err == nil && ticket.Number != upcoming {
				t.Errorf("announced %s, allocated %s", upcoming, ticket.Number)
			}
			return err
		})
	}
}

func TestTicketID(t *testing.T) {
	for number, want := range map[tickets.Number]int64{
		"SS-2026-000042":       2026_000_000_042,
		"SS-2026-1000000":      2026_001_000_000,
		"MIN-TIC-2026-000001":  2026_000_000_001,
		"":                     0,
		"SS":                   0,
		"2026-000042":          0,
		"SS-2026-000000":       0,
		"SS-2026-":             0,
		"SS-2026-0x2A":         0,
		"SS-2026--1":           0,
		"SS-20260-000001":      0,
		"SS-2026-999999999999": 0,
	} {
		if id, ok := ticketID(number); id != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", number, id, ok, want)
		}
	}
}
