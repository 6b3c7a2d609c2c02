package register

import (
	"errors"
	"testing"
	"time"

	"radicado/mailbox"
)

// TestMailsAreTakenAgain takes mails from the folder of those that were handled, as after a restore.
func TestMailsAreTakenAgain(t *testing.T) {
	f := open(t)
	f.view(t, func(r *Reader) error {
		if _, err := r.LastTaken("a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("nothing was taken: %v", err)
		}
		return nil
	})
	f.take(t, "a", 1, 2)
	for _, a := range f.claim(t, 5) {
		f.settle(t, a.ID, Settlement{})
	}
	taken := f.clock.now()
	f.clock.advance(time.Hour)

	at := func(uid uint32, raw string, minute int) mailbox.Arrival {
		a := arrival("a", uid, raw)
		a.InternalDate = taken.Add(time.Duration(minute) * time.Minute)
		return a
	}
	fresh, err := f.Retake(t.Context(), "a", 7, []mailbox.Arrival{at(1, "mail 1 of a", 0), at(2, "late", 30), at(3, "early", 10)})
	check(t, err)
	again, err := f.Retake(t.Context(), "a", 7, []mailbox.Arrival{at(2, "late", 30)})
	check(t, err)
	if fresh != 2 || again != 0 {
		t.Errorf("took %d, and %d of them again", fresh, again)
	}
	if _, err := f.Retake(t.Context(), "b", 7, []mailbox.Arrival{at(1, "x", 0)}); err == nil {
		t.Error("a mail of another mailbox was taken")
	}
	check(t, f.Take(t.Context(), "a", 7, 9, []mailbox.Arrival{at(9, "in between", 20)})) // still in the inbox
	check(t, f.OrderTaken(t.Context()))
	f.view(t, func(r *Reader) error {
		p, err := r.position("a", 7)
		if err != nil || p.UID != 9 {
			t.Errorf("position %+v, %v", p, err)
		}
		if at, err := r.LastTaken("a"); err != nil || !at.Equal(f.clock.now()) {
			t.Errorf("last taken %s, %v", at, err)
		}
		if at, ok, err := r.NextTaken(); err != nil || !ok || !at.Equal(taken.Add(10*time.Minute)) {
			t.Errorf("next %s, %v, %v", at, ok, err)
		}
		return nil
	})
	claimed := f.claim(t, 5)
	if got := uids(claimed); got != "3/1 9/1 2/1" {
		t.Errorf("claimed %s", got)
	}
	for _, a := range claimed {
		f.settle(t, a.ID, Settlement{})
	}
	f.view(t, func(r *Reader) error {
		settled, err := r.Settled("a", 7, 10)
		if err != nil || len(settled) != 3 || settled[2].UID != 9 { // 1 and 2 of before, and not what was moved already
			t.Errorf("to be moved: %+v, %v", settled, err)
		}
		if _, ok, err := r.NextTaken(); ok || err != nil {
			t.Errorf("something waits: %v", err)
		}
		return nil
	})
	f.sound(t)
}

func TestSerialOf(t *testing.T) {
	if year, serial, ok := SerialOf("SS-2026-000042"); year != 2026 || serial != 42 || !ok {
		t.Errorf("found %d, %d, %v", year, serial, ok)
	}
	if _, _, ok := SerialOf("cuarenta y dos"); ok {
		t.Error("words are no number")
	}
}
