package receive

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// TestMoves shows that finished mails leave the folder, once each, in whatever way the server offers.
func TestMoves(t *testing.T) {
	tests := []struct {
		name  string
		caps  string
		rows  []row
		stays int // mails that cannot leave
		log   string
	}{
		{name: "MOVE", caps: "IMAP4rev1 IDLE MOVE UIDPLUS"},
		{name: "COPY, STORE and UID EXPUNGE", caps: "IMAP4rev1 IDLE UIDPLUS"},
		{name: "COPY, STORE and EXPUNGE", caps: "IMAP4rev1 IDLE"},
		{name: "second revision only", caps: "IMAP4rev2"},
		{name: "refused once together", caps: "IMAP4rev1 IDLE MOVE",
			rows: []row{{on: "^UID MOVE 1:3", reply: "$T NO internal error\n"}}},
		{name: "quota for a while", caps: "IMAP4rev1 IDLE MOVE", log: "mails cannot be moved",
			rows: []row{{on: "^UID MOVE", times: 3, reply: "$T NO [OVERQUOTA] full\n"}}},
		{name: "connection cut", caps: "IMAP4rev1 IDLE MOVE", rows: []row{{on: "^UID MOVE", times: 2, reply: "* 1 EXPUNGE\n<CUT>"}}},
		{name: "marking refused for a while", caps: "IMAP4rev1 IDLE UIDPLUS", log: "mails cannot be moved",
			rows: []row{{on: "^UID STORE", times: 5, reply: "$T NO read only\n"}}},
		{name: "one that cannot be moved", caps: "IMAP4rev1 IDLE MOVE", stays: 1, log: "mails cannot be moved",
			rows: []row{{on: "^UID MOVE (1:3|2:3|2) ", reply: "$T NO cannot copy\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, tt.rows...)
			sc.caps = tt.caps
			sc.addPlain(5)
			ledger := newLedger()
			r := run(t, sc.serveAccount(), ledger)
			eventually(t, "all taken", func() bool { return ledger.counted() == 5 })
			ledger.settle(ToProcessed, 1, 2, 3)
			ledger.settle(ToQuarantine, 4)
			eventually(t, "moved", func() bool { return sc.left() == 1+tt.stays && len(ledger.gone()) == 4-tt.stays })
			r.stop()
			var want []string
			for i := range 3 {
				if tt.stays == 0 || i != 1 {
					want = append(want, plainMail(i))
				}
			}
			got := sc.in("Procesados")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("processed: %q, want %q", got, want)
			}
			if got := sc.in("Cuarentena"); !slices.Equal(got, []string{plainMail(3)}) {
				t.Errorf("quarantine: %q", got)
			}
			if got := r.log.count("mails cannot be moved"); (got > 0) != (tt.log != "") || got > 1 {
				t.Errorf("the log says %d times that mails cannot be moved", got)
			}
		})
	}
}

// TestRefusedMoveIsTriedAgainSoon has the schedule look, as in the daemon, so that the receiver by itself hardly ever does.
func TestRefusedMoveIsTriedAgainSoon(t *testing.T) {
	sc := newScript(t, row{on: "^UID MOVE", times: 1, reply: "$T NO [UNAVAILABLE] later\n"})
	sc.addPlain(1)
	ledger := newLedger()
	ledger.settles = true
	acc := sc.serveAccount()
	acc.Timing.Poll, acc.Timing.MaxRetry = 24*time.Hour, 5*time.Minute
	run(t, acc, ledger)
	eventually(t, "moved", func() bool { return len(ledger.gone()) == 1 })
}

func TestReceivingGoesOnWhileMovingFails(t *testing.T) {
	sc := newScript(t, row{on: "^UID MOVE", reply: "$T NO [OVERQUOTA] full\n"})
	sc.addPlain(8)
	ledger := newLedger()
	ledger.settles = true
	acc := sc.serveAccount()
	acc.Timing.RefusedRetry, acc.Timing.MaxRetry = time.Hour, time.Hour
	r := run(t, acc, ledger)
	eventually(t, "refusal", func() bool { return r.log.count("mails cannot be moved") == 1 })
	sc.add(scriptMail{raw: plainMail(8)})
	wantMails(t, ledger, plainMails(9)...)
	if got := len(sc.said("^UID MOVE")); got > 1 {
		t.Errorf("%d tries to move within moments", got)
	}
}

func TestMailsGoneByThemselvesAreNoted(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(3)
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
	sc.mu.Lock()
	sc.mails = slices.Delete(sc.mails, 1, 2)
	sc.mu.Unlock()
	ledger.settle(ToProcessed, 1, 2)
	eventually(t, "noted", func() bool { return slices.Equal(ledger.gone(), []uint32{1, 2}) })
	ledger.settle(ToProcessed, 2)
	eventually(t, "noted again", func() bool { return slices.Equal(ledger.gone(), []uint32{1, 2, 2}) })
	r.stop()
	if got := sc.said("^UID MOVE"); !slices.Equal(got, []string{`UID MOVE 1 "Procesados"`}) {
		t.Errorf("moved %q", got)
	}
}

func TestOthersMarkedAsDeletedAreSpared(t *testing.T) {
	sc := newScript(t)
	sc.caps = "IMAP4rev1 IDLE"
	sc.addPlain(3)
	sc.mails[2].deleted = true // by somebody with a mail program
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
	for i := range 2 {
		ledger.settle(ToProcessed, uint32(i+1))
		eventually(t, "noted", func() bool { return len(ledger.gone()) == i+1 })
	}
	r.stop()
	if sc.left() != 3 || len(sc.said("^EXPUNGE")) > 0 {
		t.Errorf("%d mails left, want 3: EXPUNGE would remove somebody else's", sc.left())
	}
	if got := sc.in("Procesados"); !slices.Equal(got, plainMails(2)) {
		t.Errorf("processed: %q", got)
	}
	if got := r.log.count("neither MOVE nor UIDPLUS"); got != 1 {
		t.Errorf("the log says so %d times, want once", got)
	}
}

func TestNothingIsMovedUnderANewUIDValidity(t *testing.T) {
	sc := newScript(t)
	sc.rows = []row{{on: "^UID SEARCH", reply: "* OK [UIDVALIDITY 8] all is new\n<MORE>", do: func() { sc.validity.Store(8) }}}
	sc.addPlain(1)
	ledger := newLedger()
	ledger.only = 7
	r := run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMail(0))
	ledger.settle(ToProcessed, 1)
	eventually(t, "IDLE again", func() bool { return sc.dialled() == 2 && sc.idling() == 1 })
	r.stop()
	if got := sc.said("^UID (MOVE|COPY|STORE)"); len(got) > 0 {
		t.Errorf("moved %q though the UIDs mean other mails now", got)
	}
}

func TestFolderThatVanishesIsMadeAgain(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(2)
	ledger := newLedger()
	run(t, sc.serveAccount(), ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 2 })
	ledger.settle(ToProcessed, 1)
	eventually(t, "moved", func() bool { return len(ledger.gone()) == 1 })
	sc.mu.Lock()
	delete(sc.folders, "Procesados")
	sc.mu.Unlock()
	ledger.settle(ToProcessed, 2)
	eventually(t, "moved", func() bool { return len(ledger.gone()) == 2 })
	if got := sc.in("Procesados"); !slices.Equal(got, []string{plainMail(1)}) {
		t.Errorf("processed: %q", got)
	}
}

func TestFoldersUnderANamespace(t *testing.T) {
	below := func(sc *script) {
		sc.rows = []row{
			{on: `^(CREATE|STATUS) "?(Procesados|Cuarentena|Mesa/)`, reply: "$T NO all folders live below INBOX\n"},
			{on: "^NAMESPACE", reply: "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\n$T OK\n"},
		}
	}
	t.Run("made", func(t *testing.T) {
		sc := newScript(t)
		below(sc)
		sc.addPlain(1)
		ledger := newLedger()
		ledger.settles = true
		acc := sc.serveAccount()
		acc.Processed = "Mesa/Procesados"
		run(t, acc, ledger)
		eventually(t, "moved", func() bool { return len(ledger.gone()) == 1 })
		if got := sc.in("INBOX.Mesa/Procesados"); !slices.Equal(got, plainMails(1)) {
			t.Errorf("folders: %v", sc.folders)
		}
	})
	t.Run("found", func(t *testing.T) {
		sc := newScript(t)
		below(sc)
		sc.folders["INBOX.Procesados"] = nil
		sc.addPlain(1)
		ledger := newLedger()
		ledger.settles = true
		run(t, sc.serveAccount(), ledger)
		eventually(t, "moved", func() bool { return len(ledger.gone()) == 1 })
		if len(sc.in("INBOX.Procesados")) != 1 || len(sc.said("^CREATE")) > 0 {
			t.Errorf("folders: %v, made: %q", sc.folders, sc.said("^CREATE"))
		}
	})
	t.Run("read", func(t *testing.T) {
		sc := newScript(t)
		below(sc)
		sc.folders["INBOX.Soporte"] = nil
		sc.addPlain(1)
		acc := sc.serveAccount()
		acc.Folder = "Soporte"
		ledger := newLedger()
		run(t, acc, ledger)
		wantMails(t, ledger, plainMail(0))
	})
}

func TestLeaveInPlaceChangesNothing(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(3)
	acc := sc.serveAccount()
	acc.LeaveInPlace = true
	ledger := newLedger()
	ledger.settles = true
	r := run(t, acc, ledger)
	wantMails(t, ledger, plainMails(3)...)
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	r.stop()
	if got := sc.said("^(SELECT|CREATE|STATUS|UID MOVE|UID COPY|UID STORE|SUBSCRIBE)"); len(got) > 0 {
		t.Errorf("commands that change something: %q", got)
	}
}

func TestManyMovesComeInLargeBatches(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(2500)
	ledger := newLedger()
	ledger.drop, ledger.settles = true, true
	run(t, sc.serveAccount(), ledger)
	eventually(t, "all moved", func() bool { return len(ledger.gone()) == 2500 })
	if got := len(sc.said("^UID MOVE")); got > 6 {
		t.Errorf("%d commands for 2500 mails", got)
	}
}

// TestMovesOfScatteredMails has a server that takes lines of 8,000 bytes, as it has to, and no longer ones, and UIDs that make long sets.
func TestMovesOfScatteredMails(t *testing.T) {
	const mails, first = 1500, 4_000_000_000
	long := "^" + strings.Repeat(".{1000}", 8)
	tests := []struct {
		name, caps string
		step       uint32 // between the UIDs that are to be moved; every other one is there
	}{
		{"MOVE", "IMAP4rev1 IDLE MOVE", 2},
		{"every other one gone", "IMAP4rev1 IDLE MOVE", 1},
		{"COPY, STORE and UID EXPUNGE", "IMAP4rev1 IDLE UIDPLUS", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, row{on: long, reply: "$T BAD line too long\n"})
			sc.caps = tt.caps
			for i := range uint32(mails) {
				sc.add(scriptMail{uid: first + 2*i, raw: "x"})
			}
			ledger := newLedger()
			ledger.cursors[7] = first + 2*mails
			var wanted []uint32
			for uid := uint32(first); uid < first+2*mails; uid += tt.step {
				wanted = append(wanted, uid)
			}
			ledger.settle(ToProcessed, wanted...)
			r := run(t, sc.serveAccount(), ledger)
			eventually(t, "all moved", func() bool { return sc.left() == 0 && len(ledger.gone()) == len(wanted) })
			r.stop()
			if said := sc.said(long); len(said) > 0 || len(sc.in("Procesados")) != mails {
				t.Errorf("%d mails were moved, and %d commands were too long", len(sc.in("Procesados")), len(said))
			}
		})
	}
}

func TestPortions(t *testing.T) {
	var row, gaps, pairs []uint32
	for i := range uint32(moveMails) {
		row = append(row, 4_000_000_000+i)
		gaps = append(gaps, 4_000_000_000+2*i)
		pairs = append(pairs, 4_000_000_000+3*i, 4_000_000_001+3*i)
	}
	for _, tt := range []struct {
		uids []uint32
		want int
	}{{nil, 0}, {row[:1], 1}, {row, 1}, {gaps, 4}, {pairs, 7}} {
		var joined []uint32
		n := 0
		for part := range portions(tt.uids) {
			n++
			joined = append(joined, part...)
			if text := uidSet(part).String(); len(text) > longestSet {
				t.Errorf("%d UIDs take %d bytes", len(part), len(text))
			}
		}
		if n != tt.want || !slices.Equal(joined, tt.uids) {
			t.Errorf("%d UIDs come as %d, in %d portions, want %d", len(tt.uids), len(joined), n, tt.want)
		}
	}
}

// TestMailsAreMovedBeforeAllAreTaken looks at the order of the commands: while mails are moved the ledger must have others to settle.
func TestMailsAreMovedBeforeAllAreTaken(t *testing.T) {
	sc := newScript(t)
	const mails = moveMails + 2*batchMails
	sc.addPlain(mails)
	ledger := newLedger()
	ledger.drop, ledger.settles = true, true
	run(t, sc.serveAccount(), ledger)
	eventually(t, "all moved", func() bool { return len(ledger.gone()) == mails })
	moved := false
	for _, line := range sc.said(`^UID (MOVE|FETCH .*BODY\.PEEK)`) {
		if strings.HasPrefix(line, "UID MOVE") {
			moved = true
		} else if moved {
			return
		}
	}
	t.Error("nothing was fetched after the first mails had been moved")
}

// TestMovedMailsAreNotCountedOn keeps a connection that has lasted from asking the ledger before each mail whether enough are settled.
func TestMovedMailsAreNotCountedOn(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(5)
	ledger := newLedger()
	ledger.settles = true
	r := New(sc.serveAccount(), ledger, new(testLog).logger())
	s, err := connect(t.Context(), r.acc)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	l, err := r.look(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.catchUp(t.Context()); err != nil || l.unmoved != 5 {
		t.Fatalf("%d taken and not moved, %v", l.unmoved, err)
	}
	if err := l.settle(t.Context()); err != nil || l.unmoved != 0 || len(ledger.gone()) != 5 {
		t.Errorf("%d are moved, and %d count as not moved, %v", len(ledger.gone()), l.unmoved, err)
	}
}

func TestReceivingOfManyGoesOnWhileMovingFails(t *testing.T) {
	sc := newScript(t, row{on: "^UID MOVE", reply: "$T NO [OVERQUOTA] full\n"})
	sc.addPlain(2500)
	ledger := newLedger()
	ledger.drop, ledger.settles = true, true
	acc := sc.serveAccount()
	acc.Timing.RefusedRetry, acc.Timing.MaxRetry = time.Hour, time.Hour
	run(t, acc, ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 2500 })
	if got := len(sc.said("^UID MOVE")); got > 1 {
		t.Errorf("%d tries to move within moments", got)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		rows   []row
		change func(*Account, *script)
		want   []string // "ok" or "no", and what the finding says
	}{
		{"all well", nil, func(*Account, *script) {}, []string{
			"ok connection to", "ok login as soporte@example.org", "ok capabilities has IDLE, MOVE, UIDPLUS",
			`ok folder INBOX 2 mails`, `ok folder Procesados was missing and has been made`, `ok folder Cuarentena was missing`}},
		{"folders exist", nil, func(_ *Account, sc *script) { sc.folders["Procesados"], sc.folders["Cuarentena"] = nil, nil }, []string{
			"ok conn", "ok login", "ok cap", "ok folder INBOX", `ok folder Procesados exists as "Procesados"`, "ok folder Cuarentena exists"}},
		{"poor server", nil, func(_ *Account, sc *script) { sc.caps = "IMAP4rev1" }, []string{
			"ok conn", "ok login", "ok capabilities IDLE is missing: new mail is noticed only", "ok folder", "ok folder", "ok folder"}},
		{"refused", []row{{on: "^LOGIN", reply: "$T NO [AUTHENTICATIONFAILED] no\n"}}, func(*Account, *script) {}, []string{
			"ok conn", "no login as soporte@example.org"}},
		{"no secret", nil, func(a *Account, _ *script) {
			a.Password = func(context.Context) (string, error) { return "", errors.New("file not found") }
		}, []string{"ok conn", "no login as soporte@example.org password of soporte@example.org: file not found"}},
		{"no passwords taken", nil, func(_ *Account, sc *script) {
			sc.greeting = "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\r\n"
		}, []string{"ok conn", "no login as soporte@example.org the server takes no password"}},
		{"no folder", nil, func(a *Account, _ *script) { a.Folder = "Entrada" }, []string{
			"ok conn", "ok login", "ok cap", "no folder Entrada open folder Entrada"}},
		{"folder cannot be made", []row{{on: "^CREATE", reply: "$T NO [NOPERM] no\n"}}, func(*Account, *script) {}, []string{
			"ok conn", "ok login", "ok cap", "ok folder INBOX", "no folder Procesados", "no folder Cuarentena"}},
		{"left in place", nil, func(a *Account, _ *script) { a.LeaveInPlace = true }, []string{
			"ok conn", "ok login", "ok cap", "ok folder INBOX"}},
		{"no UIDVALIDITY", []row{{on: "^SELECT", reply: "* 1 EXISTS\n$T OK\n"}}, func(*Account, *script) {}, []string{
			"ok conn", "ok login", "ok cap", "no folder INBOX open folder INBOX: the server gives no UIDVALIDITY"}},
		{"moving in circles", nil, func(a *Account, _ *script) { a.Folder, a.Quarantine = "Cuarentena", "cuarentena" }, []string{
			"no settings mails of folder Cuarentena cannot be moved to the same folder"}},
		{"nobody there", nil, func(a *Account, sc *script) { _ = sc.listener.Close() }, []string{"no connection to"}},
		{"not TLS", nil, func(a *Account, _ *script) { a.TLS = Implicit }, []string{"no connection to"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, tt.rows...)
			sc.addPlain(2)
			acc := sc.serveAccount()
			sc.mu.Lock()
			tt.change(&acc, sc)
			sc.mu.Unlock()
			got := Check(t.Context(), acc)
			if len(got) != len(tt.want) {
				t.Fatalf("%d findings, want %d: %+v", len(got), len(tt.want), got)
			}
			for i, f := range got {
				text := "no "
				if f.OK {
					text = "ok "
				}
				if text += f.What + " " + f.Detail; !strings.HasPrefix(text, tt.want[i]) {
					t.Errorf("finding %q, want %q", text, tt.want[i])
				}
				if f.OK != (f.Advice == "") {
					t.Errorf("%s: advice %q", text, f.Advice)
				}
			}
		})
	}
}

// TestStock lists what the folders hold, and opens them for reading alone.
func TestStock(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(3)
	sc.mails[1].deleted = true
	got, err := Stock(t.Context(), sc.serveAccount(), time.Date(2026, 3, 9, 3, 0, 0, 0, time.UTC))
	if err != nil || got.UIDValidity != 7 || len(got.Inbox) != 2 || got.Inbox[1].UID != 3 || got.Inbox[1].Size != int64(len(plainMail(2))) {
		t.Errorf("the stock is %+v, %v", got, err)
	}
	sc.add(scriptMail{uid: searchMails, raw: plainMail(4)}, scriptMail{uid: 17 * searchMails, raw: plainMail(5)}, scriptMail{uid: 17*searchMails + 1, raw: plainMail(6)})
	if wide, err := Stock(t.Context(), sc.serveAccount(), time.Time{}); err != nil || len(wide.Inbox) != 5 || wide.Inbox[4].UID != 17*searchMails+1 {
		t.Errorf("of a folder with gaps the stock is %+v, %v", wide.Inbox, err)
	}
	if asked := sc.said("^UID SEARCH"); len(asked) > 8 {
		t.Errorf("it took %d searches: %q", len(asked), asked)
	}
	if got.InProcessed+got.InQuarantine+len(got.Processed) != 0 {
		t.Errorf("folders that are not there hold something: %+v", got)
	}
	if said := sc.said("^(SELECT|CREATE|UID STORE)"); len(said) > 0 {
		t.Errorf("taking stock changes something: %q", said)
	}
	sc.mu.Lock()
	sc.rows = []row{{on: "^UID SEARCH", reply: "* SEARCH 1 <CUT>"}}
	sc.mu.Unlock()
	if got, err := Stock(t.Context(), sc.serveAccount(), time.Time{}); err == nil {
		t.Errorf("a connection that was cut tells %+v", got)
	}
}

// TestRetake shows that mails behind the position are taken when somebody asks, and no others.
func TestRetake(t *testing.T) {
	sc := newScript(t)
	for _, uid := range []uint32{1, 2, 30} {
		sc.add(scriptMail{uid: uid, raw: plainMail(int(uid))})
	}
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
	sc.mu.Lock() // another server shows them now
	for _, uid := range []uint32{7, 8} {
		sc.mails = append(sc.mails, scriptMail{uid: uid, raw: plainMail(int(uid))})
	}
	sc.mu.Unlock()
	r.Retake(6, []uint32{7})     // of a folder that is no longer there
	r.Retake(7, []uint32{8, 25}) // 25 is gone
	eventually(t, "the one taken", func() bool { return ledger.counted() == 4 })
	if last := ledger.arrivals()[3]; last.UID != 8 || string(last.Raw) != plainMail(8) {
		t.Errorf("taken is mail %d, %q", last.UID, last.Raw)
	}
	sc.add(scriptMail{raw: plainMail(31)})
	eventually(t, "the next one taken", func() bool { return ledger.counted() == 5 })
}

// TestRetakeOfMailsThatDoNotCome shows that mails behind the position that break the connection whenever they are asked for keep neither
// one another nor the rest of the work waiting.
func TestRetakeOfMailsThatDoNotCome(t *testing.T) {
	sc := newScript(t, row{on: `^(UID )?FETCH (7|8|7:8|7:9|8:9) .*BODY\.PEEK\[`, reply: "* 2 FETCH (\n<CUT>"})
	sc.add(scriptMail{uid: 30, raw: plainMail(30)})
	ledger := newLedger()
	ledger.settles = true
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "moved", func() bool { return len(ledger.gone()) == 1 })
	sc.mu.Lock()
	for _, uid := range []uint32{7, 8, 9} {
		sc.mails = append(sc.mails, scriptMail{uid: uid, raw: plainMail(int(uid))})
	}
	sc.mu.Unlock()
	r.Retake(7, []uint32{7, 8, 9})
	eventually(t, "all moved", func() bool { return slices.Equal(ledger.gone(), []uint32{7, 8, 9, 30}) })
	sc.add(scriptMail{raw: plainMail(31)})
	eventually(t, "the next one moved", func() bool { return len(ledger.gone()) == 5 })
	r.stop()
	if got, most := sc.dialled(), 2+2*(wholeTries+headerTries); got > most {
		t.Errorf("took %d connections, want %d at most", got, most)
	}
	if got := ledger.arrivals()[3]; got.UID != 9 || string(got.Raw) != plainMail(9) {
		t.Errorf("the good one: %+v", got)
	}
}

// TestRetakeIsBounded shows that large mails behind the position come as others do: no more bytes at a time, and with room for them.
func TestRetakeIsBounded(t *testing.T) {
	sc := newScript(t)
	ledger := newLedger()
	ledger.cursors[7] = 20
	sc.add(scriptMail{uid: 7, raw: plainMail(7), size: batchBytes - 1}, scriptMail{uid: 8, raw: plainMail(8), size: batchBytes - 1},
		scriptMail{uid: 9, raw: plainMail(9), size: batchBytes + 1})
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	r.Retake(7, []uint32{7, 8, 9})
	wantMails(t, ledger, plainMail(7), plainMail(8), plainMail(9))
	r.stop()
	if together := sc.said(`^UID FETCH \S*[:,].*BODY\.PEEK`); len(together) > 0 || ledger.rooms != 1 || ledger.left != 1 {
		t.Errorf("fetched together: %q; room was asked for %d times and left %d times, want once", together, ledger.rooms, ledger.left)
	}
}

// TestHeaders looks at the latest mails and leaves the folders as they are.
func TestHeaders(t *testing.T) {
	srv := memoryServer(t, "headers", imap.CapIMAP4rev1)
	d := srv.newDesk(t)
	for i := range 5 {
		d.add(plainMail(i))
	}
	headers, err := Headers(t.Context(), d.acc, 3)
	if err != nil || len(headers) != 3 {
		t.Fatalf("%d headers, %v", len(headers), err)
	}
	for i, h := range headers {
		if want, _, _ := strings.Cut(plainMail(i+2), "\r\n\r\n"); !strings.HasPrefix(string(h), want) {
			t.Errorf("header %d is %q, want %q", i, h, want)
		}
	}
	if headers, err = Headers(t.Context(), d.acc, 50); err != nil || len(headers) != 5 {
		t.Errorf("%d headers of a folder with 5 mails, %v", len(headers), err)
	}
	if got, err := Stock(t.Context(), d.acc, time.Time{}); err != nil || len(got.Inbox) != 5 {
		t.Errorf("the folder holds %+v, %v", got, err)
	}
}
