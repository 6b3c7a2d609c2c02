package receive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// wantMails checks that the ledger has exactly these mails, whole, byte for byte and in order.
func wantMails(t *testing.T, ledger *testLedger, raws ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d mails taken", len(raws)), func() bool { return ledger.counted() >= len(raws) })
	got := ledger.arrivals()
	if len(got) != len(raws) {
		t.Fatalf("took %d mails, want %d", len(got), len(raws))
	}
	for i, a := range got {
		if string(a.Raw) != raws[i] || a.Truncated {
			t.Errorf("mail %d: truncated %v, raw %q, want %q", i, a.Truncated, a.Raw, raws[i])
		}
		if a.Mailbox != "soporte" || a.UID == 0 || a.UIDValidity != 7 || a.Size != int64(len(raws[i])) {
			t.Errorf("mail %d: %+v", i, a)
		}
	}
}

func plainMails(n int) []string {
	raws := make([]string, n)
	for i := range raws {
		raws[i] = plainMail(i)
	}
	return raws
}

func TestTakesEveryMailOnceInOrder(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(180)
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMails(180)...)
	if got := slices.Max(ledger.batches); got > batchMails {
		t.Errorf("a batch of %d mails, want at most %d", got, batchMails)
	}
	if want := "2026-03-10T08:30:00-05:00"; ledger.arrivals()[0].InternalDate.Format(time.RFC3339) != want {
		t.Errorf("received %v, want %s", ledger.arrivals()[0].InternalDate, want)
	}
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	sc.add(scriptMail{raw: plainMail(180)})
	wantMails(t, ledger, plainMails(181)...)
	r.stop()
	if got := sc.said(`^UID FETCH .*BODY\[`); len(got) > 0 {
		t.Errorf("a fetch without PEEK marks mails as read: %q", got)
	}

	// A second run goes on where the first one stopped.
	run(t, sc.serveAccount(), ledger)
	sc.add(scriptMail{raw: plainMail(181)})
	wantMails(t, ledger, plainMails(182)...)
}

// TestRoomForLargeMails has room asked for before each large mail, and left again when it was taken or was not.
func TestRoomForLargeMails(t *testing.T) {
	t.Parallel()
	sc := newScript(t, row{on: `^UID FETCH 2 .*BODY\.PEEK`, times: 1, reply: "* BYE for today"})
	sc.add(scriptMail{raw: plainMail(0)}, scriptMail{raw: plainMail(1) + strings.Repeat("No imprime.\r\n", batchBytes/13)}, scriptMail{raw: plainMail(2)})
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "3 mails", func() bool { return ledger.counted() == 3 })
	r.stop()
	if ledger.rooms != 2 || ledger.left != 2 { // one of them for nothing
		t.Errorf("room was asked for %d times and left %d times", ledger.rooms, ledger.left)
	}
}

// TestOnceOutlastsBrokenConnections has connections break in mid-mail, and the server go away for good.
func TestOnceOutlastsBrokenConnections(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(5)
	sc.rows = []row{{on: `^UID FETCH .*BODY\.PEEK`, times: 2, reply: "* BYE for today"}}
	ledger := newLedger()
	acc := sc.serveAccount()
	acc.LeaveInPlace = true
	r := New(acc, ledger, slog.New(slog.DiscardHandler))
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantMails(t, ledger, plainMails(5)...)

	ledger.fail = errors.New("planted")
	if err := New(acc, ledger, slog.New(slog.DiscardHandler)).Once(t.Context()); !errors.Is(err, ledger.fail) {
		t.Errorf("a ledger that takes nothing: %v", err)
	}
	acc.Address = "127.0.0.1:1"
	if err := New(acc, newLedger(), slog.New(slog.DiscardHandler)).Once(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("no server: %v", err)
	}
}

// TestOnceOutlastsPatience has a mail that never comes: Once does not give up before the mail is.
func TestOnceOutlastsPatience(t *testing.T) {
	t.Parallel()
	sc := newScript(t, row{on: `^UID FETCH 1:3 .*BODY\.PEEK\[\]`, reply: "* 2 FETCH (\n<CUT>"},
		row{on: `^(UID )?FETCH 2.*BODY\.PEEK\[`, reply: "* 2 FETCH (\n<CUT>"})
	sc.addPlain(3)
	ledger := newLedger()
	acc := sc.serveAccount()
	acc.LeaveInPlace, acc.Timing.Patience = true, 100*time.Millisecond
	r := New(acc, ledger, slog.New(slog.DiscardHandler))
	r.Jitter = func() float64 { return 0 }
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ledger.arrivals(); len(got) != 3 || !got[1].Truncated || string(got[2].Raw) != plainMail(2) {
		t.Errorf("took %+v", got)
	}
}

func TestMailGoneMeanwhile(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(5)
	sc.rows = []row{{on: `^UID FETCH .*BODY\.PEEK`, times: 1, reply: "<MORE>", do: func() {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.mails = slices.Delete(sc.mails, 1, 3)
	}}}
	ledger := newLedger()
	run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMail(0), plainMail(3), plainMail(4))
	if got := ledger.cursors[7]; got != 5 {
		t.Errorf("cursor %d, want 5", got)
	}
}

func TestCutOff(t *testing.T) {
	sc := newScript(t)
	sc.add(
		scriptMail{raw: plainMail(0), date: " 1-Jan-2026 10:00:00 +0000"},
		scriptMail{raw: plainMail(1), date: " 2-Feb-2026 10:00:00 +0000"},
		scriptMail{raw: plainMail(2), date: "NIL"},
		scriptMail{raw: plainMail(3), date: " 3-Jan-2026 10:00:00 +0000"},
	)
	ledger := newLedger()
	ledger.cutOff = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	r := run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMail(1), plainMail(2))
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	r.stop()
	if got := ledger.cursors[7]; got != 4 {
		t.Errorf("cursor %d after old mails, want 4", got)
	}
}

func TestUIDsFarApart(t *testing.T) {
	sc := newScript(t)
	uids := []uint32{5, 6, 70000, 2000000000, 4000000000, 4294967294}
	var raws []string
	for i, uid := range uids {
		sc.add(scriptMail{uid: uid, raw: plainMail(i)})
		raws = append(raws, plainMail(i))
	}
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, raws...)
	r.stop()
	if got := len(sc.said("RFC822.SIZE")); got > 40 {
		t.Errorf("%d listings for %d mails", got, len(uids))
	}
}

func TestLongListingsComeInParts(t *testing.T) {
	for _, next := range []uint32{0, 2101, 4000000000} {
		t.Run(fmt.Sprint("UIDNEXT ", next), func(t *testing.T) {
			t.Parallel()
			sc := newScript(t)
			sc.addPlain(2100)
			sc.uidNext = next
			ledger := newLedger()
			ledger.drop = true
			acc := sc.serveAccount()
			acc.Timing.Step = 20 * time.Second
			run(t, acc, ledger)
			eventually(t, "all taken", func() bool { return ledger.counted() == 2100 })
		})
	}
}

func TestUIDValidityChangesMidSession(t *testing.T) {
	sc := newScript(t)
	sc.add(scriptMail{raw: plainMail(0)})
	sc.rows = []row{{on: `BODY\.PEEK`, times: 1, reply: "* OK [UIDVALIDITY 8] all is new\n<MORE>", do: func() { sc.validity.Store(8) }}}
	ledger := newLedger()
	run(t, sc.serveAccount(), ledger)
	eventually(t, "taken", func() bool { return ledger.counted() > 0 })
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	got := ledger.arrivals()
	if len(got) != 1 || got[0].UIDValidity != 8 {
		t.Errorf("took %+v, want one mail under the new UIDVALIDITY", got)
	}
}

func TestServerEndsIdle(t *testing.T) {
	t.Run("now and then", func(t *testing.T) {
		sc := newScript(t)
		sc.rows = []row{{on: "^IDLE", times: 1, reply: "+ idling\n<DRIP>$T OK enough\n"}} // which takes longer than RefusedRetry
		acc := sc.serveAccount()
		acc.Timing.Poll = 24 * time.Hour // as the daemon has it
		ledger := newLedger()
		r := run(t, acc, ledger)
		eventually(t, "IDLE again", func() bool { return sc.idling() == 1 })
		sc.add(scriptMail{raw: plainMail(0)})
		wantMails(t, ledger, plainMail(0))
		r.stop()
		if r.log.count("level=WARN") > 0 {
			t.Error("an ended IDLE is no trouble")
		}
	})
	t.Run("at once", func(t *testing.T) {
		sc := newScript(t)
		sc.rows = []row{{on: "^IDLE", reply: "+ idling\n$T OK enough\n"}}
		acc := sc.serveAccount()
		acc.Timing.RefusedRetry, acc.Timing.MaxRetry = time.Minute, time.Minute
		ledger := newLedger()
		r := run(t, acc, ledger)
		eventually(t, "a connection without IDLE", func() bool { return sc.dialled() == briefIdles+1 })
		eventually(t, "a wait without IDLE", func() bool { return r.log.count("from time to time") == 1 })
		sc.add(scriptMail{raw: plainMail(0)})
		r.Poke()
		wantMails(t, ledger, plainMail(0))
	})
	t.Run("at once, for a moment", func(t *testing.T) {
		sc := newScript(t)
		sc.rows = []row{{on: "^IDLE", times: briefIdles - 1, reply: "+ idling\n$T OK restarting\n"}}
		acc := sc.serveAccount()
		acc.Timing.RefusedRetry, acc.Timing.MaxRetry = time.Minute, time.Minute
		r := run(t, acc, newLedger())
		eventually(t, "IDLE again", func() bool { return sc.idling() == 1 })
		r.stop()
		if r.log.count("from time to time") > 0 {
			t.Error("IDLE is given up for good")
		}
	})
	t.Run("refused", func(t *testing.T) {
		sc := newScript(t)
		sc.rows = []row{{on: "^IDLE", reply: "$T NO not today\n"}}
		ledger := newLedger()
		r := run(t, sc.serveAccount(), ledger)
		eventually(t, "a wait without IDLE", func() bool { return r.log.count("from time to time") == 1 })
		sc.add(scriptMail{raw: plainMail(0)})
		r.Poke()
		wantMails(t, ledger, plainMail(0))
		if sc.dialled() != 1 {
			t.Error("reconnected where the server only refused IDLE")
		}
	})
}

// TestOtherAnswersDoNotEndIdle is about the CAPABILITY that the library sends in the background after a login, of which
// the answer may come as late as it likes.
func TestOtherAnswersDoNotEndIdle(t *testing.T) {
	f := newFilter(strings.NewReader("T4 OK capabilities\r\nT5 OK idle ended\r\n"))
	f.notice.sent([]byte("T4 CAPABILITY\r\n"))
	f.notice.sent([]byte("T5 IDLE\r\n"))
	if _, err := f.Read(make([]byte, 100)); err != nil || heard(f.notice.idleEnded) {
		t.Errorf("the answer to another command ended IDLE, %v", err)
	}
	if _, err := f.Read(make([]byte, 100)); err != nil || !heard(f.notice.idleEnded) {
		t.Errorf("the answer to IDLE did not end it, %v", err)
	}
	f = newFilter(strings.NewReader("T5 OK idle ended\r\n"))
	f.notice.sent([]byte("T5 IDLE\r\n"))
	f.notice.sent([]byte("DONE\r\n"))
	if _, err := f.Read(make([]byte, 100)); err != nil || heard(f.notice.idleEnded) {
		t.Errorf("an IDLE that we ended was ended by the server, %v", err)
	}
}

func TestIdleIsRenewedAndInterrupted(t *testing.T) {
	sc := newScript(t)
	acc := sc.serveAccount()
	acc.Timing.Idle = 30 * time.Millisecond
	ledger := newLedger()
	r := run(t, acc, ledger)
	eventually(t, "IDLE three times", func() bool { return len(sc.said("^IDLE")) >= 3 })
	r.stop()
	if sc.dialled() != 1 {
		t.Errorf("%d connections, want 1", sc.dialled())
	}

	// Silence in IDLE shows at its end.
	sc = newScript(t, row{on: "^IDLE", times: 1, reply: "+ idling\n<SILENCE>"})
	acc = sc.serveAccount()
	acc.Timing.Idle, acc.Timing.Step = 30*time.Millisecond, 100*time.Millisecond
	ledger = newLedger()
	run(t, acc, ledger)
	eventually(t, "a second connection", func() bool { return sc.dialled() >= 2 })
	sc.add(scriptMail{raw: plainMail(0)})
	wantMails(t, ledger, plainMail(0))
}

// TestIdleIsInterruptedToLook is about servers that announce late: NOOP is asked between, and the folder is not listed each time.
func TestIdleIsInterruptedToLook(t *testing.T) {
	t.Parallel()
	sc := newScript(t)
	sc.rows = []row{{on: "^NOOP", times: 1, reply: "$T OK nothing\n"}, {on: "^NOOP", times: 1, reply: "* 1 EXISTS\n$T OK done\n", do: func() {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.mails = append(sc.mails, scriptMail{uid: 1, raw: plainMail(0)})
		sc.uidNext = 2
	}}}
	acc := sc.serveAccount()
	acc.Timing.Check = 20 * time.Millisecond
	ledger := newLedger()
	r := run(t, acc, ledger)
	wantMails(t, ledger, plainMail(0))
	r.stop()
	if got := sc.said(`^UID FETCH 1:`); len(got) > 3 {
		t.Errorf("the folder was listed %d times", len(got))
	}
	if sc.dialled() != 1 {
		t.Errorf("%d connections, want 1", sc.dialled())
	}
}

func TestPokeLooksThoughIdleSaysNothing(t *testing.T) {
	sc := newScript(t)
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	sc.mu.Lock() // behind the back of whoever idles
	sc.mails = append(sc.mails, scriptMail{uid: 1, raw: plainMail(0)})
	sc.uidNext = 2
	sc.mu.Unlock()
	r.Poke()
	wantMails(t, ledger, plainMail(0))
}

// TestMailThatCameJustBeforeIdle is about servers that announce only what comes while IDLE lasts.
func TestMailThatCameJustBeforeIdle(t *testing.T) {
	t.Parallel()
	sc := newScript(t)
	sc.rows = []row{{on: "^IDLE", times: 1, reply: "<MORE>", do: func() {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.mails = append(sc.mails, scriptMail{uid: 1, raw: plainMail(0)})
		sc.uidNext = 2
	}}}
	ledger := newLedger()
	run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMail(0))
}

// TestNothingNew is about n:*, which always names the last mail (RFC 3501 section 6.4.8).
func TestNothingNew(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(3)
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	wantMails(t, ledger, plainMails(3)...)
	for i := range 3 {
		eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
		r.Poke()
		eventually(t, "a look", func() bool { return len(sc.said(`^UID FETCH 4:\*`)) > i })
	}
	r.stop()
	wantMails(t, ledger, plainMails(3)...)
	if got := sc.said(`BODY\.PEEK`); len(got) != 1 {
		t.Errorf("fetched %q, want one batch", got)
	}
}

// TestSilenceInsideALargeMail shows that silence counts by itself: the time for a large mail as a whole is long.
func TestSilenceInsideALargeMail(t *testing.T) {
	sc := newScript(t, row{on: `BODY\.PEEK\[\]`, times: 1, reply: "* 1 FETCH (UID 1 BODY[] {20000000}\nabc<SILENCE>"})
	sc.add(scriptMail{raw: plainMail(0), size: 20000000})
	acc := sc.serveAccount()
	acc.Timing.Step = 100 * time.Millisecond
	ledger := newLedger()
	run(t, acc, ledger)
	wantMails(t, ledger, plainMail(0))
}

func TestWithoutIdleTheFolderIsPolled(t *testing.T) {
	sc := newScript(t)
	sc.caps = "IMAP4rev1 MOVE"
	acc := sc.serveAccount()
	acc.Timing.Poll = 20 * time.Millisecond
	ledger := newLedger()
	run(t, acc, ledger)
	eventually(t, "two polls", func() bool { return len(sc.said("^NOOP")) >= 2 })
	sc.add(scriptMail{raw: plainMail(0)})
	wantMails(t, ledger, plainMail(0))
	if len(sc.said("^IDLE")) > 0 {
		t.Error("IDLE where the server does not offer it")
	}
}

func TestStateIsLoggedOncePerChange(t *testing.T) {
	sc := newScript(t, row{on: "^LOGIN", times: 6, reply: "$T NO [AUTHENTICATIONFAILED] no clave-secreta here\n"})
	acc := sc.serveAccount()
	var mu sync.Mutex
	var states []State
	log := &testLog{}
	r := New(acc, newLedger(), log.logger())
	r.Observe = func(s State) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(log, sc.dialled(), sc.idling(), sc.said("."))
		}
	})
	eventually(t, "IDLE", func() bool { return sc.idling() == 1 })
	sc.cutAll()
	eventually(t, "a new connection", func() bool { return sc.dialled() == 8 && sc.idling() == 1 })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var kinds []Trouble
	for _, s := range states {
		kinds = append(kinds, s.Trouble)
	}
	if want := []Trouble{Refused, NoTrouble, Interrupted, NoTrouble}; !slices.Equal(kinds, want) {
		t.Errorf("states %v, want %v", kinds, want)
	}
	if got := strings.Count(log.String(), "\n"); got != 4 {
		t.Errorf("%d lines in the log, want 4:\n%s", got, log)
	}
	if strings.Contains(log.String(), "clave-secreta") || strings.Contains(fmt.Sprint(states), "clave-secreta") {
		t.Errorf("the password is in the log:\n%s", log)
	}
}

func TestRefusedLoginIsNotHurriedByPoke(t *testing.T) {
	sc := newScript(t, row{on: "^LOGIN", reply: "$T NO [AUTHENTICATIONFAILED] no\n"})
	acc := sc.serveAccount()
	acc.Timing.MaxRetry, acc.Timing.RefusedRetry = time.Hour, time.Hour
	r := run(t, acc, newLedger())
	eventually(t, "refusal", func() bool { return r.log.count("refused") == 1 })
	r.Poke()
	never(t, "a second login", func() bool { return sc.dialled() > 1 })
}

func TestPokeEndsTheWaitAfterAFailure(t *testing.T) {
	sc := newScript(t, row{on: "^SELECT", times: 1, reply: "<CUT>"})
	sc.addPlain(1)
	acc := sc.serveAccount()
	acc.Timing.Retry, acc.Timing.MaxRetry = time.Hour, time.Hour
	ledger := newLedger()
	r := run(t, acc, ledger)
	eventually(t, "failure", func() bool { return r.log.count("interrupted") == 1 })
	r.Poke()
	wantMails(t, ledger, plainMail(0))
}

func TestDiskFull(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(120)
	ledger := newLedger()
	ledger.setFailure(errors.New("database or disk is full"))
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "several tries", func() bool { return sc.dialled() > 5 })
	ledger.setFailure(nil)
	wantMails(t, ledger, plainMails(120)...)
	if got := r.log.count("not kept"); got != 1 {
		t.Errorf("the failure is in the log %d times, want once", got)
	}
}

func TestDiskFillsUpBetweenBatches(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(2 * batchMails)
	ledger := newLedger()
	ledger.full = 1
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "failure", func() bool { return r.log.count("not kept") == 1 })
	if got := ledger.counted(); got != batchMails {
		t.Errorf("%d taken before the disk was full", got)
	}
	ledger.setFailure(nil)
	wantMails(t, ledger, plainMails(2*batchMails)...)
}

// TestShutdownInterruptsEveryStep holds the server silent at each step in turn.
func TestShutdownInterruptsEveryStep(t *testing.T) {
	const body = `BODY\.PEEK\[\]`
	tests := map[string]row{
		"greeting":         {on: "GREETING", reply: "<SILENCE>"},
		"login":            {on: "^LOGIN", reply: "<SILENCE>"},
		"capability":       {on: "^CAPABILITY", reply: "<SILENCE>"},
		"select":           {on: "^SELECT", reply: "<SILENCE>"},
		"list":             {on: "RFC822.SIZE", reply: "<SILENCE>"},
		"inside a literal": {on: body, reply: "* 1 FETCH (UID 1 BODY[] {90000}\nabc<SILENCE>"},
		"after a literal":  {on: body, reply: "* 1 FETCH (UID 1 BODY[] {3}\nabc<SILENCE>"},
		"IDLE not begun":   {on: "^IDLE", reply: "<SILENCE>"},
		"IDLE":             {on: "^IDLE", reply: "+ idling\n<SILENCE>"},
		"present":          {on: "^UID SEARCH", reply: "<SILENCE>"},
		"status":           {on: "^STATUS", reply: "<SILENCE>"},
		"move":             {on: "^UID MOVE", reply: "* 1 EXPUNGE\n<SILENCE>"},
	}
	for name, silent := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := make(chan struct{})
			var once sync.Once
			silent.do = func() { once.Do(func() { close(reached) }) }
			sc := newScript(t, silent)
			sc.folders["Procesados"] = nil
			sc.addPlain(2)
			ledger := newLedger()
			ledger.settles = true
			acc := sc.serveAccount()
			acc.Timing.Step = time.Hour
			r := run(t, acc, ledger)
			select {
			case <-reached:
			case <-time.After(10 * time.Second):
				t.Fatal("did not get there")
			}
			begin := time.Now()
			r.stop()
			if took := time.Since(begin); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestStepIsAbandonedWhereTheLibraryHangs(t *testing.T) {
	sc := newScript(t)
	s, err := dial(t.Context(), sc.serveAccount().withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.patience = 10 * time.Millisecond
	hung := make(chan struct{})
	defer close(hung)
	err = s.step(t.Context(), "spin", 10*time.Millisecond, func() error { <-hung; return nil })
	if !errors.Is(err, errStuck) {
		t.Errorf("error %v, want %v", err, errStuck)
	}
}

func TestStepThatPanicsIsAnError(t *testing.T) {
	sc := newScript(t)
	s, err := dial(t.Context(), sc.serveAccount().withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err = s.step(t.Context(), "read", time.Minute, func() error { panic("planted") }); err == nil || !strings.Contains(err.Error(), "read: panic: planted") {
		t.Errorf("%v", err)
	}
}

func TestValidateTellsAllAtOnce(t *testing.T) {
	acc := Account{Address: "imap.example.org", TLS: "ssl", Folder: "Procesados"}
	err := acc.Validate()
	for _, want := range []string{"no name", "not host:port", `"ssl" is none of`, "neither a user", "same folder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if got := New(acc, newLedger(), (&testLog{}).logger()).Run(t.Context()); got == nil {
		t.Error("a receiver runs with settings that cannot work")
	}
	acc = newScript(t).serveAccount()
	if err := acc.Validate(); err != nil {
		t.Error(err)
	}
	acc.Processed, acc.LeaveInPlace = acc.Folder, true
	if err := acc.Validate(); err != nil {
		t.Errorf("where nothing is moved: %v", err)
	}
}

func TestRetry(t *testing.T) {
	const first, limit = time.Second, 5 * time.Minute
	for _, jitter := range []float64{0, 0.5, 0.999} {
		var r retry
		previous := time.Duration(0)
		for i := range 80 {
			got := r.next(first, limit, jitter)
			want := min(limit, first<<min(i, 20))
			if got > want || got < want/2 || got < previous {
				t.Errorf("try %d with jitter %v waits %v, want %v to %v", i, jitter, got, want/2, want)
			}
			previous = got
		}
	}
}

func TestRefusal(t *testing.T) {
	no := &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate}
	if refusal(fmt.Errorf("move: %w", no)) != no || !noSuchFolder(no) || passing(no) {
		t.Error("NO [TRYCREATE] is a refusal that says the folder is missing")
	}
	if refusal(&imap.Error{Type: imap.StatusResponseTypeBye}) != nil || refusal(errClosed) != nil {
		t.Error("BYE and a closed connection are no refusals")
	}
}
