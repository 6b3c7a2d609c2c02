package register

import (
	"context"
	"errors"
	"testing"
	"time"

	"radicado/tickets"
)

var errPlanted = errors.New("planted")

func (f *fixture) count(t testing.TB) (tickets int) {
	t.Helper()
	f.view(t, func(r *Reader) error { return r.row("SELECT count(*) FROM tickets", nil, &tickets) })
	return tickets
}

func (f *fixture) sound(t testing.TB) {
	t.Helper()
	findings, err := f.Verify(t.Context(), nil)
	check(t, err)
	for _, finding := range findings {
		t.Error(finding)
	}
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	f := open(t)
	err := f.Update(t.Context(), func(tx *Tx) error {
		if _, err := register(tx, ana, "a", "b"); err != nil {
			return err
		}
		return errPlanted
	})
	if !errors.Is(err, errPlanted) {
		t.Errorf("Update returned %v", err)
	}
	if n := f.count(t); n != 0 {
		t.Errorf("%d tickets remain", n)
	}
	f.sound(t)
}

func TestPanicIsRolledBackAndGoesOn(t *testing.T) {
	f := open(t)
	func() {
		defer func() {
			if p := recover(); p != "planted" {
				t.Errorf("recovered %v", p)
			}
		}()
		f.Update(t.Context(), func(tx *Tx) error {
			return tx.Nested(func() error {
				if _, err := register(tx, ana, "a", "b"); err != nil {
					return err
				}
				panic("planted")
			})
		})
	}()
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "c", "d"); return err })
	if n := f.count(t); n != 1 {
		t.Errorf("%d tickets, want the one after the panic", n)
	}
	f.sound(t)
}

func TestNestedFailureUndoesOnlyItself(t *testing.T) {
	f := open(t)
	var numbers []tickets.Number
	f.update(t, func(tx *Tx) error {
		first, err := register(tx, ana, "primera", "uno")
		check(t, err)
		err = tx.Nested(func() error {
			check(t, appendFacts(tx, first, first.Number, coordinator, 0, &tickets.NotedFact{Text: "perdida"}))
			if _, err := register(tx, luis, "segunda", "dos"); err != nil {
				return err
			}
			return errPlanted
		})
		if !errors.Is(err, errPlanted) {
			t.Errorf("Nested returned %v", err)
		}
		err = tx.Nested(func() error {
			second, err := register(tx, luis, "tercera", "tres")
			if err != nil {
				return err
			}
			numbers = append(numbers, first.Number, second.Number)
			return tx.Nested(func() error {
				return appendFacts(tx, second, second.Number, coordinator, 0, &tickets.NotedFact{Text: "hallada"})
			})
		})
		check(t, err)
		return nil
	})
	if numbers[0] != "SS-2026-000001" || numbers[1] != "SS-2026-000002" {
		t.Errorf("numbers %v", numbers)
	}
	f.view(t, func(r *Reader) error {
		for word, want := range map[string]int{"primera": 1, "segunda": 0, "tercera": 1, "perdida": 0, "hallada": 1} {
			if found, err := r.Search(word, "", 10); err != nil || len(found) != want {
				t.Errorf("%s: found %d, %v; want %d", word, len(found), err, want)
			}
		}
		return nil
	})
	f.sound(t)
}

func TestOneTimeInATransaction(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		before := tx.Now()
		f.clock.advance(time.Hour)
		if !tx.Now().Equal(before) {
			t.Errorf("time went from %s to %s", before, tx.Now())
		}
		return nil
	})
}

func TestCancelledWhileWaitingForTheTurn(t *testing.T) {
	f := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.update(t, func(*Tx) error {
		cancel()
		err := f.Update(ctx, func(*Tx) error { t.Error("ran all the same"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Update returned %v", err)
		}
		return nil
	})
}

func TestTransactionThatBeganIsNotCancelled(t *testing.T) {
	f := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	check(t, f.Update(ctx, func(tx *Tx) error {
		cancel()
		_, err := register(tx, ana, "a", "b")
		return err
	}))
	if n := f.count(t); n != 1 {
		t.Errorf("%d tickets", n)
	}
}

func TestViewCannotWrite(t *testing.T) {
	f := open(t)
	err := f.View(t.Context(), func(r *Reader) error { return r.run("DELETE FROM counters") })
	if !errors.Is(err, ErrFull) { // read-only is one of the reasons that cannot be mended by trying again
		t.Errorf("View returned %v", err)
	}
}
