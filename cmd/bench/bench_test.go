package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

func testMix() mix {
	return mix{Senders: 10, MinSize: 2000, MaxSize: 5000, Answers: 0.2, Commands: 0.2, Seed: 1}
}

// TestGeneratedMails reads the mails as the daemon does: what is measured must be what was meant.
func TestGeneratedMails(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	g, again := newGenerator(testMix(), now, 1), newGenerator(testMix(), now, 1)
	grammar := command.New("SS")
	requests, answers, commands := 0, 0, 0
	for range 300 {
		raw := g.next()
		if !bytes.Equal(raw, again.next()) {
			t.Fatal("the same seed makes other mails")
		}
		if len(raw) < 1900 || len(raw) > 5200 {
			t.Errorf("a mail of %d bytes", len(raw))
		}
		m := message.Read(raw, message.Options{})
		subject := grammar.Read(m.Subject)
		switch {
		case m.Class.Automatic() || len(m.Defects) > 0:
			t.Errorf("class %s, defects %v", m.Class, m.Defects)
		case len(subject.Commands) > 0:
			commands++
		case len(subject.Numbers) > 0:
			answers++
		default:
			requests++
		}
	}
	for kind, n := range map[string]int{"answers": answers, "commands": commands} {
		if n < 40 || n > 80 {
			t.Errorf("%d %s of 300, want a fifth", n, kind)
		}
	}
	if len(g.requests) != requests {
		t.Errorf("%d requests are read, %d were written", requests, len(g.requests))
	}
}

// TestFillRegister counts the requests of a register that was made: their numbers must be those that the mails go on from.
func TestFillRegister(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	o := options{mix: testMix(), Register: 250, Open: 200}
	if err := prepareRegister(t.Context(), folder, o, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	r, err := register.Open(t.Context(), filepath.Join(folder, "register.db"), register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.View(t.Context(), func(r *register.Reader) error {
		_, closed, err := r.List(register.Filter{States: []tickets.State{tickets.Closed}}, 1, 0)
		if err != nil || closed != 50 {
			t.Errorf("%d closed requests, %v; want 50", closed, err)
		}
		latest, all, err := r.List(register.Filter{}, 1, 0)
		if want := fmt.Sprintf("SS-2026-%06d", o.Register); err != nil || all != o.Register || string(latest[0].Number) != want {
			t.Errorf("%d requests, the latest %v, %v; want %s", all, latest, err, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for i := range 100 {
		times = append(times, time.Duration(100-i)*time.Millisecond)
	}
	if got, want := percentilesOf(times), (percentiles{Count: 100, P50: 51, P95: 96, P99: 100}); got != want {
		t.Errorf("percentiles %+v, want %+v", got, want)
	}
	if got := percentilesOf(nil); got != (percentiles{}) {
		t.Errorf("percentiles of nothing: %+v", got)
	}
}

// TestFloor measures the floor on the servers in the process.
func TestFloor(t *testing.T) {
	t.Parallel()
	w, err := inProcessWorld(testMix())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	g := newGenerator(testMix(), time.Now(), 1)
	var mails [][]byte
	for range 120 {
		mails = append(mails, g.next())
	}
	if err := w.fill(floorAddress, mails); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	f, err := measureFloor(ctx, w, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if f.Sum <= 0 || f.Sum > min(f.Fetch, f.Commit, f.Move) {
		t.Errorf("the parts %+v are faster one by one than together", f)
	}
}
