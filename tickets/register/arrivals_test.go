package register

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
)

// take makes a mailbox known and takes mails of the given UIDs.
func (f *fixture) take(t *testing.T, name string, uids ...uint32) {
	t.Helper()
	_, err := f.Position(t.Context(), name, 7, time.Time{})
	check(t, err)
	var batch []mailbox.Arrival
	var last uint32
	for _, uid := range uids {
		batch = append(batch, arrival(name, uid, fmt.Sprintf("mail %d of %s", uid, name)))
		last = max(last, uid)
	}
	check(t, f.Take(t.Context(), name, 7, last, batch))
}

func (f *fixture) claim(t *testing.T, limit int) []Arrival {
	t.Helper()
	var claimed []Arrival
	f.update(t, func(tx *Tx) (err error) { claimed, err = tx.ClaimArrivals(0, limit); return err })
	return claimed
}

// uids shows which arrivals were claimed and how often each was tried.
func uids(arrivals []Arrival) string {
	var s []string
	for _, a := range arrivals {
		s = append(s, fmt.Sprintf("%d/%d", a.UID, a.Attempts))
	}
	return strings.Join(s, " ")
}

func TestCutOffIsFixedAtTheFirstConnection(t *testing.T) {
	f := open(t)
	first := f.clock.now().Add(-clockMargin)
	given := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name        string
		uidvalidity uint32
		cutOff      time.Time
		want        time.Time
	}{
		{"a", 7, time.Time{}, first},
		{"a", 7, given, first},
		{"a", 8, given, first}, // another UIDVALIDITY is still the same mailbox
		{"b", 7, given, given},
		{"b", 7, time.Time{}, given},
	} {
		p, err := f.Position(t.Context(), step.name, step.uidvalidity, step.cutOff)
		check(t, err)
		if !p.CutOff.Equal(step.want) || p.UID != 0 {
			t.Errorf("%s/%d: %+v, want cut-off %s", step.name, step.uidvalidity, p, step.want)
		}
		f.clock.advance(time.Hour)
	}
}

func TestPositionIsKeptByUIDValidityAndNeverGoesBack(t *testing.T) {
	f := open(t)
	f.take(t, "a", 3, 9)
	check(t, f.Take(t.Context(), "a", 7, 5, nil))
	f.reopen(t)
	for uidvalidity, want := range map[uint32]uint32{7: 9, 8: 0} {
		p, err := f.Position(t.Context(), "a", uidvalidity, time.Time{})
		check(t, err)
		if p.UID != want {
			t.Errorf("UIDVALIDITY %d: %d, want %d", uidvalidity, p.UID, want)
		}
	}
}

func TestTakeTwiceIsTakeOnce(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1, 2)
	f.take(t, "a", 1, 2, 3)
	if got := uids(f.claim(t, 10)); got != "1/1 2/1 3/1" {
		t.Errorf("claimed %s", got)
	}
}

func TestUIDGivenToAnotherMailLosesNeither(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	check(t, f.Take(t.Context(), "a", 7, 1, []mailbox.Arrival{arrival("a", 1, "another mail")}))
	claimed := f.claim(t, 10)
	if got := uids(claimed); got != "1/1 1/1" || claimed[0].Digest == claimed[1].Digest {
		t.Errorf("claimed %s", got)
	}
}

func TestSameContentIsStoredOnce(t *testing.T) {
	f := open(t)
	raw := strings.Repeat("From: ana@min.example.org\r\n", 1000)
	for _, name := range []string{"a", "b"} {
		_, err := f.Position(t.Context(), name, 7, time.Time{})
		check(t, err)
		check(t, f.Take(t.Context(), name, 7, 1, []mailbox.Arrival{arrival(name, 1, raw)}))
	}
	f.view(t, func(r *Reader) error {
		var rows, stored int
		check(t, r.row("SELECT count(*), sum(length(content)) FROM raws", nil, &rows, &stored))
		if rows != 1 || stored > len(raw)/10 {
			t.Errorf("%d rows of %d bytes", rows, stored)
		}
		return nil
	})
	if claimed := f.claim(t, 10); len(claimed) != 2 || claimed[0].Digest != claimed[1].Digest {
		t.Errorf("claimed %v", claimed)
	}
}

func TestTakeRefusesAnotherMailboxesMail(t *testing.T) {
	f := open(t)
	f.take(t, "a")
	if err := f.Take(t.Context(), "a", 7, 1, []mailbox.Arrival{arrival("b", 1, "x")}); err == nil {
		t.Error("mail of b was taken from a")
	}
	if err := f.Take(t.Context(), "never named", 7, 1, []mailbox.Arrival{arrival("never named", 1, "x")}); err == nil {
		t.Error("mail was taken from a mailbox without a cut-off")
	}
}

func TestArrivalIsWhatCame(t *testing.T) {
	f := open(t)
	_, err := f.Position(t.Context(), "a", 7, time.Time{})
	check(t, err)
	came := mailbox.Arrival{Mailbox: "a", UIDValidity: 7, UID: 4294967295, Size: 1 << 40, Raw: []byte("Subject: x\r\n\r\n"), Truncated: true,
		Structure: []mailbox.Part{{Name: "plano.pdf", Type: "application/pdf", Size: 1 << 39}}}
	check(t, f.Take(t.Context(), "a", 7, came.UID, []mailbox.Arrival{came}))
	a := f.claim(t, 1)[0]
	if a.UID != came.UID || a.Size != came.Size || !a.Truncated || !a.InternalDate.IsZero() || fmt.Sprint(a.Structure) != fmt.Sprint(came.Structure) ||
		!a.TakenAt.Equal(f.clock.now()) || a.Digest != DigestOf(came.Raw) {
		t.Errorf("arrival %+v", a)
	}
}

func TestAnyMailIsKeptByteForByte(t *testing.T) {
	f := open(t)
	f.take(t, "a")
	uid := uint32(0)
	keep := func(t interface{ Fatalf(string, ...any) }, raw []byte) {
		uid++
		if err := f.Take(context.Background(), "a", 7, uid, []mailbox.Arrival{arrival("a", uid, string(raw))}); err != nil {
			t.Fatalf("take: %v", err)
		}
		err := f.View(context.Background(), func(r *Reader) error {
			got, err := r.LoadRaw(DigestOf(raw))
			if err == nil && !bytes.Equal(got, raw) {
				t.Fatalf("got %d bytes, want %d", len(got), len(raw))
			}
			return err
		})
		if err != nil {
			t.Fatalf("load: %v", err)
		}
	}
	noise := make([]byte, 3<<20) // does not compress
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for _, raw := range [][]byte{nil, {0}, noise, bytes.Repeat([]byte("a\r\n"), 10<<20)} {
		keep(t, raw)
	}
	rapid.Check(t, func(t *rapid.T) { keep(t, rapid.SliceOf(rapid.Byte()).Draw(t, "raw")) })
}

func TestLoadRawOfWhatIsNotThere(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	digest := DigestOf([]byte("mail 1 of a"))
	load := func() (err error) {
		f.view(t, func(r *Reader) error { _, err = r.LoadRaw(digest); return nil })
		return err
	}
	check(t, load())
	f.update(t, func(tx *Tx) error { _, err := tx.exec("UPDATE raws SET codec = 'removed', content = NULL"); return err })
	if err := load(); !errors.Is(err, ErrRemoved) {
		t.Errorf("removed: %v", err)
	}
	f.sound(t)
	f.take(t, "a", 1) // it came again
	check(t, load())
	digest[0]++
	if err := load(); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

// TestLargeMailsAreKeptInPieces of which none may be missing, and which go with the mail.
func TestLargeMailsAreKeptInPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 5*largeMail/2)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, raw := range map[string][]byte{"noise": noise, "encoded": []byte(base64.StdEncoding.EncodeToString(noise))} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			_, err := f.Position(t.Context(), "a", 7, time.Time{})
			check(t, err)
			take := func() { check(t, f.Take(t.Context(), "a", 7, 1, []mailbox.Arrival{arrival("a", 1, string(raw))})) }
			load := func() (err error) {
				f.view(t, func(r *Reader) error {
					var got []byte
					if got, err = r.LoadRaw(DigestOf(raw)); err == nil && !bytes.Equal(got, raw) {
						t.Error("another mail comes back")
					}
					return nil
				})
				return err
			}
			pieces := func() (n int) {
				f.view(t, func(r *Reader) error {
					var largest int
					check(t, r.row("SELECT count(*), coalesce(max(length(content)), 0) FROM (SELECT content FROM pieces UNION ALL SELECT content FROM raws)", nil, &n, &largest))
					if largest > pieceSize {
						t.Errorf("a piece of %d bytes", largest)
					}
					return r.row("SELECT count(*) FROM pieces", nil, &n)
				})
				return n
			}
			exec := func(query string) {
				f.update(t, func(tx *Tx) error { _, err := tx.exec(query); return err })
			}
			take()
			take() // again: it is there
			check(t, load())
			whole := pieces()
			if whole < 4 {
				t.Fatalf("%d pieces after the first", whole)
			}
			f.sound(t)
			exec("DELETE FROM pieces WHERE piece = 2")
			if err := load(); !errors.Is(err, ErrDamaged) {
				t.Errorf("a piece is missing: %v", err)
			}
			f.update(t, func(tx *Tx) error { return tx.removeMail(1, tx.Now()) })
			if n := pieces(); n == 0 {
				t.Error("a mail that is still waited for was removed")
			}
			exec("UPDATE arrivals SET state = 'processed', moved_at = 0, settled_at = 0")
			f.update(t, func(tx *Tx) error { return tx.removeMail(1, tx.Now().Add(time.Hour)) })
			if err := load(); !errors.Is(err, ErrRemoved) || pieces() != 0 {
				t.Errorf("after removal: %v, %d pieces", err, pieces())
			}
			take()
			check(t, load())
			if n := pieces(); n != whole {
				t.Errorf("%d pieces after the mail came again, want %d", n, whole)
			}
		})
	}
}

// TestLargeMailOfOlderRegisters has mails as earlier versions kept them: in one piece, and in pieces that are not compressed.
func TestLargeMailOfOlderRegisters(t *testing.T) {
	f := open(t)
	whole := bytes.Repeat([]byte("La impresora no imprime.\r\n"), 2*largeMail/26)
	noise := bytes.Repeat([]byte("ruido"), largeMail/4)
	f.update(t, func(tx *Tx) error {
		digest := DigestOf(whole)
		_, err := tx.exec("INSERT INTO raws (digest, size, codec, content) VALUES (?1, ?2, 'zstd', ?3)", digest[:], len(whole), f.encoder.EncodeAll(whole, nil))
		check(t, err)
		digest = DigestOf(noise)
		id, err := inserted(tx.exec("INSERT INTO raws (digest, size, codec, content) VALUES (?1, ?2, 'none', ?3)", digest[:], len(noise), noise[:pieceSize]))
		check(t, err)
		pieces := pieceWriter{tx: tx, raw: id}
		_, err = pieces.Write(noise[pieceSize:])
		return errors.Join(err, pieces.Close())
	})
	f.view(t, func(r *Reader) error {
		for _, raw := range [][]byte{whole, noise} {
			got, err := r.LoadRaw(DigestOf(raw))
			if err != nil || !bytes.Equal(got, raw) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
		return nil
	})
}

// TestLargeMailTakesLittleMemory has a mail stored without a copy of it, and loaded with one of what is stored, piece by piece.
func TestLargeMailTakesLittleMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	raw := make([]byte, 16<<20)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	f := open(t)
	_, err := f.Position(t.Context(), "a", 7, time.Time{})
	check(t, err)
	batch := []mailbox.Arrival{{Mailbox: "a", UIDValidity: 7, UID: 1, Size: int64(len(raw)), Raw: raw}}
	if took := allocated(func() { check(t, f.Take(t.Context(), "a", 7, 1, batch)) }); took > 10<<20 {
		t.Errorf("storing %d bytes took %d more", len(raw), took)
	}
	took := allocated(func() {
		f.view(t, func(r *Reader) error {
			got, err := r.LoadRaw(DigestOf(raw))
			if !bytes.Equal(got, raw) {
				t.Error("another mail comes back")
			}
			return err
		})
	})
	if took > 2*int64(len(raw))+6<<20 {
		t.Errorf("loading %d bytes took %d", len(raw), took)
	}
}

// allocated returns how many bytes of Go's memory something takes.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestClaimKeepsTheOrderAndIsolatesWhatWasTriedBefore(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1, 2)
	f.take(t, "b", 1)
	f.take(t, "a", 3)
	if got := uids(f.claim(t, 3)); got != "1/1 2/1 1/1" {
		t.Errorf("first claim: %s", got)
	}
	// The process ends here, three times.
	for want := range 3 {
		if got := uids(f.claim(t, 50)); got != fmt.Sprintf("1/%d", want+2) {
			t.Errorf("claim after a crash: %s", got)
		}
	}
	f.settle(t, 1, Settlement{Quarantined: true, Reason: "ended the process"})
	for _, want := range []string{"2/2", "1/2", "3/1"} {
		claimed := f.claim(t, 50)
		if got := uids(claimed); got != want {
			t.Errorf("claimed %s, want %s", got, want)
		}
		f.settle(t, claimed[0].ID, Settlement{})
	}
	if left := f.claim(t, 50); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestClaimGoesOnBehindWhatIsClaimed(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1, 2, 3, 4, 5)
	f.update(t, func(tx *Tx) error {
		_, err := tx.exec("UPDATE arrivals SET attempts = 1 WHERE uid = 4")
		return err
	})
	claimed := f.claim(t, 2)
	behind := func(limit int) (more []Arrival) {
		f.update(t, func(tx *Tx) (err error) {
			more, err = tx.ClaimArrivals(claimed[len(claimed)-1].ID, limit)
			claimed = append(claimed, more...)
			return err
		})
		return more
	}
	if got := uids(behind(10)); got != "3/1" {
		t.Errorf("behind the first two: %s, want those before the one that was tried before", got)
	}
	if got := uids(behind(10)); got != "" {
		t.Errorf("claimed %s beside others, and it was tried before", got)
	}
	for _, a := range claimed {
		f.settle(t, a.ID, Settlement{})
	}
	if got := uids(f.claim(t, 10)); got != "4/2" {
		t.Errorf("when everything is settled: %s, want it alone", got)
	}
}

func (f *fixture) settle(t *testing.T, id int64, s Settlement) {
	t.Helper()
	f.update(t, func(tx *Tx) error { return tx.Settle(id, s) })
}

func TestReleasedArrivalsComeTogetherAgain(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1, 2)
	claimed := f.claim(t, 10)
	f.update(t, func(tx *Tx) error { return tx.ReleaseArrivals(claimed[0].ID, claimed[1].ID) })
	if got := uids(f.claim(t, 10)); got != "1/1 2/1" {
		t.Errorf("claimed %s", got)
	}
}

func TestSettleOnce(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	f.settle(t, 1, Settlement{})
	err := f.Update(t.Context(), func(tx *Tx) error { return tx.Settle(1, Settlement{Quarantined: true}) })
	if !errors.Is(err, ErrConflict) {
		t.Errorf("settled twice: %v", err)
	}
}

func TestSettledWaitsToBeMoved(t *testing.T) {
	f := open(t)
	f.take(t, "b", 1)
	f.take(t, "a", 9, 4, 6, 7)
	for _, id := range []int64{2, 3, 4} { // UIDs 9, 4, 6 of a
		f.settle(t, id, Settlement{Quarantined: id == 4, Reason: "r"})
	}
	expect := func(limit int, want string) {
		t.Helper()
		f.view(t, func(r *Reader) error {
			if got, err := r.Settled("a", 7, limit); err != nil || fmt.Sprint(got) != want {
				t.Errorf("settled %v, %v; want %s", got, err, want)
			}
			return nil
		})
	}
	expect(10, "[{4 false} {6 true} {9 false}]")
	expect(2, "[{4 false} {6 true}]")
	f.update(t, func(tx *Tx) error { return tx.Moved("a", 7, 4, 7, 9, 1000) })
	expect(10, "[{6 true}]")
	f.settle(t, 5, Settlement{}) // UID 7: reported as moved before it was settled, so it must be moved still
	expect(10, "[{6 true} {7 false}]")
}

func TestMessages(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1, 2)
	one, two := DigestOf([]byte("mail 1 of a")), DigestOf([]byte("mail 2 of a"))
	full := Message{Identity: []byte{1}, Digest: one, MessageID: "m@x", From: ana, Subject: "Asunto", Class: mailbox.ClassList, ClassReason: "List-Id",
		Proof: mailbox.Proof{Proven: true, Method: "dkim", Reason: "aligned"}, ReceivedAt: f.clock.now().UTC(), Text: "hola", Defects: []string{"a", "b"}}
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "a", "b")
		check(t, err)
		full.ID, err = tx.AddMessage(full)
		check(t, err)
		_, err = tx.AddMessage(Message{Identity: []byte{2}, Digest: two, MessageID: "m@x", ReceivedAt: tx.Now(), Ticket: ticket.Number})
		return err
	})
	f.view(t, func(r *Reader) error {
		for name, find := range map[string]func() (Message, error){
			"raw":      func() (Message, error) { return r.FindCopy(one, []byte{3}) },
			"both":     func() (Message, error) { return r.FindCopy(one, []byte{2}) },
			"copy":     func() (Message, error) { return r.FindCopy(DigestOf([]byte("?")), []byte{1}) },
			"identity": func() (Message, error) { return r.FindByIdentity([]byte{1}) },
			"id":       func() (Message, error) { return r.Message(full.ID) },
		} {
			if got, err := find(); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", full) {
				t.Errorf("by %s: %+v, %v", name, got, err)
			}
		}
		if _, err := r.FindByIdentity([]byte{3}); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown identity: %v", err)
		}
		if _, err := r.FindCopy(DigestOf([]byte("?")), []byte{3}); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown mail: %v", err)
		}
		if found, err := r.Messages("SS-2026-000001"); err != nil || len(found) != 1 || found[0].Digest != two {
			t.Errorf("messages of the ticket: %v, %v", found, err)
		}
		return nil
	})
	for name, m := range map[string]Message{
		"same identity":  {Identity: []byte{1}, Digest: two},
		"unknown mail":   {Identity: []byte{4}, Digest: DigestOf([]byte("?"))},
		"unknown ticket": {Identity: []byte{5}, Digest: two, Ticket: "SS-2026-000002"},
	} {
		err := f.Update(t.Context(), func(tx *Tx) error { _, err := tx.AddMessage(m); return err })
		if err == nil || (name == "same identity") != errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
