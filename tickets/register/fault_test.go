package register

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// fill makes the disk full for the register, and returns how to make space again.
func (f *fixture) fill(t *testing.T) (empty func()) {
	t.Helper()
	var pages int
	check(t, f.writer.QueryRow("PRAGMA page_count").Scan(&pages))
	limit := func(n int) {
		var now int
		check(t, f.writer.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&now))
	}
	limit(pages)
	return func() { limit(1 << 30) }
}

func TestDiskFullSaysSoAndRecovers(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	empty := f.fill(t)
	big := arrival("a", 2, strings.Repeat("no space for this", 10000))
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range big.Raw { // so that it does not compress
		big.Raw[i] = byte(rng.Uint32())
	}
	for range 2 {
		err := f.Take(t.Context(), "a", 7, 2, []mailbox.Arrival{big})
		if !errors.Is(err, ErrFull) {
			t.Fatalf("took a mail on a full disk: %v", err)
		}
	}
	p, err := f.Position(t.Context(), "a", 7, time.Time{})
	if err != nil || p.UID != 1 {
		t.Errorf("position %+v, %v", p, err)
	}
	f.sound(t)
	empty()
	check(t, f.Take(t.Context(), "a", 7, 2, []mailbox.Arrival{big}))
	if got := uids(f.claim(t, 5)); got != "1/1 2/1" {
		t.Errorf("claimed %s", got)
	}
	f.sound(t)
}

// TestDiskFullCannotBeOverlooked shows that SQLite's own rollback of the whole transaction is never followed by statements
// that commit one by one.
func TestDiskFullCannotBeOverlooked(t *testing.T) {
	f := open(t)
	f.fill(t)
	huge := strings.Repeat("x", 1<<20)
	err := f.Update(t.Context(), func(tx *Tx) error {
		if _, err := register(tx, ana, "antes", "b"); err != nil {
			return err
		}
		err := tx.Nested(func() error { _, err := register(tx, ana, "a", huge); return err })
		if !errors.Is(err, ErrFull) {
			t.Errorf("nested: %v", err)
		}
		if err := tx.Nested(func() error { _, err := register(tx, ana, "después", "b"); return err }); !errors.Is(err, ErrFull) {
			t.Errorf("nested after it: %v", err)
		}
		if _, err := register(tx, ana, "después", "b"); !errors.Is(err, ErrFull) {
			t.Errorf("after it: %v", err)
		}
		return nil // as if nothing had happened
	})
	if !errors.Is(err, ErrFull) {
		t.Errorf("Update returned %v", err)
	}
	if n := f.count(t); n != 0 {
		t.Errorf("%d tickets were registered", n)
	}
	f.sound(t)
}

func TestFullAtTheCommitIsRolledBack(t *testing.T) {
	f := open(t)
	// The documents of the search index are written last of all.
	err := f.Update(t.Context(), func(tx *Tx) error {
		_, err := register(tx, ana, "a", "b")
		check(t, err)
		for id, doc := range tx.level.docs {
			doc.public = strings.Repeat("palabra ", 1<<20)
			tx.level.docs[id] = doc
		}
		var pages int
		check(t, tx.row("PRAGMA page_count", nil, &pages))
		return tx.row(fmt.Sprintf("PRAGMA max_page_count = %d", pages+10), nil, &pages)
	})
	if !errors.Is(err, ErrFull) {
		t.Errorf("Update returned %v", err)
	}
	f.fill(t)()
	if n := f.count(t); n != 0 {
		t.Errorf("%d tickets", n)
	}
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	expectNumbers(t, f.Register, 1)
}

// TestPowerCut cuts the log off at any byte, as a disk does that has not written all of it, and writes noise after that
// point. What was committed before it must be there, whole, and nothing else.
func TestPowerCut(t *testing.T) {
	f := openAt(t, filepath.Join(t.TempDir(), "register.db")) // with its tables in the log
	f.take(t, "a", 1)
	ends := []int64{f.logSize(t)} // of the log after so many tickets
	for i := range 12 {
		f.update(t, func(tx *Tx) error {
			ticket, err := register(tx, ana, "asunto", fmt.Sprint("texto ", i))
			check(t, err)
			return queue(tx, fmt.Sprint(i, "@x"), ana, ticket.Number)
		})
		ends = append(ends, f.logSize(t))
	}
	file, err := os.ReadFile(f.path)
	check(t, err)
	log, err := os.ReadFile(f.path + "-wal")
	check(t, err)
	folder := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		cut := rapid.IntRange(0, len(log)).Draw(rt, "cut")
		noise := rapid.SliceOfN(rapid.Byte(), 0, 8000).Draw(rt, "noise")
		path := filepath.Join(folder, fmt.Sprint(run))
		check(t, os.WriteFile(path, file, 0o600))
		check(t, os.WriteFile(path+"-wal", append(log[:cut:cut], noise...), 0o600))
		r, err := Open(t.Context(), path, Options{Volatile: true})
		check(t, err)
		defer r.Close()
		want := 0
		for n, end := range ends {
			if int64(cut) >= end {
				want = n
			}
		}
		if int64(cut) < ends[0] {
			return // even the schema is not there; that it opens is enough
		}
		expectNumbers(t, r, want)
	})
}

func (f *fixture) logSize(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(f.path + "-wal")
	check(t, err)
	return info.Size()
}

// withoutFiles has the process open no more files while f runs. What is open stays open. No other test may run meanwhile.
func withoutFiles(t *testing.T, f func()) {
	t.Helper()
	var before syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: before.Max}))
	defer func() { check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)) }()
	f()
}

// TestWantOfFilesSaysSo shows that a register that gets no file says so, and does not blame the disk.
func TestWantOfFilesSaysSo(t *testing.T) {
	f := open(t)
	err := f.View(t.Context(), func(*Reader) (err error) { // which has the one connection that is open
		withoutFiles(t, func() { err = f.View(t.Context(), func(*Reader) error { return nil }) })
		return err
	})
	if !errors.Is(err, ErrFull) || !errors.Is(err, syscall.EMFILE) || strings.Contains(fmt.Sprint(err), "disk") {
		t.Errorf("without files: %v", err)
	}
	check(t, f.View(t.Context(), func(*Reader) error { return nil }))
}

// TestDaemonNeedsNoFilesToRead shows that the register of a daemon has what it needs from the start.
func TestDaemonNeedsNoFilesToRead(t *testing.T) {
	r, err := Open(t.Context(), filepath.Join(t.TempDir(), "register.db"), Options{Daemon: true})
	check(t, err)
	defer func() { check(t, r.Close()) }()
	var views func(n int) error // at the same time
	views = func(n int) error {
		return r.View(t.Context(), func(read *Reader) error {
			if _, err := read.LastEvent(); err != nil || n == 1 {
				return err
			}
			return views(n - 1)
		})
	}
	withoutFiles(t, func() { err = views(r.options.Readers) })
	check(t, err)
}

// TestKilledProcess kills a process that registers without end, again and again: each number that it has reported is
// there, and the register is sound.
func TestKilledProcess(t *testing.T) {
	if path := os.Getenv("RADICADO_KILL_TEST"); path != "" {
		registerForEver(t, path)
	}
	path := filepath.Join(t.TempDir(), "register.db")
	rng := rand.New(rand.NewPCG(3, 4))
	reported := 0
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
		child.Env = append(os.Environ(), "RADICADO_KILL_TEST="+path)
		out, err := child.StdoutPipe()
		check(t, err)
		check(t, child.Start())
		lines := bufio.NewScanner(out)
		for range 1 + rng.IntN(20) {
			if !lines.Scan() {
				t.Fatal("the child ended")
			}
			if _, err := fmt.Sscanf(lines.Text(), "registered %d", &reported); err != nil {
				t.Fatalf("the child said %q", lines.Text())
			}
		}
		check(t, child.Process.Kill())
		for lines.Scan() { // said before it died
			if _, err := fmt.Sscanf(lines.Text(), "registered %d", &reported); err != nil {
				t.Fatalf("the child said %q", lines.Text())
			}
		}
		_ = child.Wait() // killed

		r, err := Open(t.Context(), path, Options{Daemon: true})
		check(t, err)
		var last int
		check(t, r.View(t.Context(), func(read *Reader) error { return read.row("SELECT count(*) FROM tickets", nil, &last) }))
		if last < reported {
			t.Errorf("%d were reported as registered, %d are there", reported, last)
		}
		expectNumbers(t, r, last)
		check(t, r.Close())
	}
}

func registerForEver(t *testing.T, path string) {
	r, err := Open(t.Context(), path, Options{Daemon: true})
	check(t, err)
	for {
		var last tickets.Number
		check(t, r.Update(t.Context(), func(tx *Tx) error {
			for range 3 {
				ticket, err := register(tx, ana, "asunto", "texto")
				if err != nil {
					return err
				}
				last = ticket.Number
			}
			return nil
		}))
		id, _ := ticketID(last)
		fmt.Println("registered", serial(id))
	}
}
