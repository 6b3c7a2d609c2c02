package register

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"radicado/tickets"
)

func mark(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func TestSignInLinkServesOnce(t *testing.T) {
	f := open(t)
	use := func(browser []byte) (person string, err error) {
		f.update(t, func(tx *Tx) error { person, err = tx.UseSignInLink(mark(1), browser); return nil })
		return person, err
	}
	f.update(t, func(tx *Tx) error {
		return tx.AddSignInLink(SignInLink{Digest: mark(1), Browser: mark(2), Person: ana.Addr, ExpiresAt: tx.Now().Add(15 * time.Minute)})
	})
	for name, browser := range map[string][]byte{"another browser": mark(3), "no browser": nil} {
		if _, err := use(browser); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s used the link: %v", name, err)
		}
	}
	if person, err := use(mark(2)); err != nil || person != ana.Key() {
		t.Errorf("the link is of %q, %v", person, err)
	}
	if _, err := use(mark(2)); !errors.Is(err, ErrNotFound) {
		t.Errorf("the link served twice: %v", err)
	}

	f.update(t, func(tx *Tx) error {
		return tx.AddSignInLink(SignInLink{Digest: mark(4), Person: ana.Addr, ExpiresAt: tx.Now().Add(time.Minute)})
	})
	f.clock.advance(time.Minute)
	f.update(t, func(tx *Tx) error {
		if _, err := tx.UseSignInLink(mark(4), nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("an expired link served: %v", err)
		}
		return nil
	})
	f.view(t, func(r *Reader) error {
		n, err := r.SignInLinks("ANA.gomez@min.example.org", time.Time{})
		if n != 2 || err != nil {
			t.Errorf("%d links, %v", n, err)
		}
		return err
	})
}

func TestSessionsEnd(t *testing.T) {
	f := open(t)
	var id int64
	f.update(t, func(tx *Tx) (err error) {
		for i, person := range []string{ana.Addr, luis.Addr, luis.Addr} {
			if id, err = tx.AddSession(mark(byte(i)), person, tx.Now().Add(time.Duration(i+1)*time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
	going := func() (people string) {
		f.view(t, func(r *Reader) error {
			list, err := r.Sessions(f.clock.now())
			for _, s := range list {
				people += s.Person + " "
			}
			return err
		})
		return people
	}
	if got, want := going(), ana.Key()+" "+luis.Key()+" "+luis.Key()+" "; got != want {
		t.Errorf("signed in are %q, want %q", got, want)
	}
	f.update(t, func(tx *Tx) error { return tx.EndSession(id) })
	if err := f.Update(t.Context(), func(tx *Tx) error { return tx.EndSession(id) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("a session ended twice: %v", err)
	}
	f.clock.advance(time.Hour)
	if got, want := going(), luis.Key()+" "; got != want {
		t.Errorf("after an hour %q, want %q", got, want)
	}
	f.update(t, func(tx *Tx) error {
		check(t, tx.AddSignInLink(SignInLink{Digest: mark(9), Person: luis.Addr, ExpiresAt: tx.Now().Add(time.Hour)}))
		if n, err := tx.EndSessionsOf(luis.Addr); n != 1 || err != nil {
			t.Errorf("%d sessions were ended, %v", n, err)
		}
		if _, err := tx.UseSignInLink(mark(9), nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("a link that was taken back serves: %v", err)
		}
		return nil
	})
	f.view(t, func(r *Reader) error {
		for i := range 3 {
			if _, err := r.Session(mark(byte(i)), f.clock.now()); !errors.Is(err, ErrNotFound) {
				t.Errorf("session %d goes on: %v", i, err)
			}
		}
		return nil
	})
}

// TestChangedFollowsTheEvents reads what changed step by step, as somebody who watches the register does.
func TestChangedFollowsTheEvents(t *testing.T) {
	f := open(t)
	commits := 0
	f.options.Committed = func() { commits++ }
	f.update(t, func(tx *Tx) error {
		for range 3 {
			if _, err := register(tx, ana, "asunto", "x"); err != nil {
				return err
			}
		}
		return nil
	})
	last := int64(0)
	f.view(t, func(r *Reader) error {
		standing, n, err := r.Standing()
		last = n
		if len(standing) != 3 || n != 3 {
			t.Errorf("%d standing up to event %d", len(standing), n)
		}
		return err
	})
	f.update(t, func(tx *Tx) error {
		ticket, err := tx.Ticket("SS-2026-000002")
		check(t, err)
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.NotedFact{}, &tickets.ClosedFact{})
	})
	f.view(t, func(r *Reader) error {
		changed, n, err := r.Changed(last)
		if len(changed) != 1 || changed[0].State != tickets.Closed || n != last+2 {
			t.Errorf("changed %v up to event %d", changed, n)
		}
		standing, _, _ := r.Standing()
		if len(standing) != 2 {
			t.Errorf("%d standing after one was closed", len(standing))
		}
		return err
	})
	if commits != 2 {
		t.Errorf("%d commits were told of, want 2", commits)
	}
}
