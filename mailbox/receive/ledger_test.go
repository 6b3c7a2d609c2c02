package receive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"radicado/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testLedger keeps in memory what a register would keep on disk.
type testLedger struct {
	only    uint32 // UIDVALIDITY that wanted belongs to, 0 for whichever
	mu      sync.Mutex
	cutOff  time.Time
	cursors map[uint32]uint32 // by UIDVALIDITY
	taken   []mailbox.Arrival
	batches []int // sizes of the batches that held something
	wanted  []Settlement
	moved   []uint32
	settles bool // every mail taken is to be moved
	fail    error
	full    int // after so many mails the disk is full; 0: never
	wake    chan struct{}
	drop    bool // count and forget the contents
	count   int
	rooms   int // how often room was asked for
	left    int // and left
}

func newLedger() *testLedger {
	return &testLedger{cursors: make(map[uint32]uint32), wake: make(chan struct{}, 1)}
}

func (l *testLedger) Position(_ context.Context, _ string, validity uint32) (Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Position{Cursor: l.cursors[validity], CutOff: l.cutOff}, l.fail
}

func (l *testLedger) Take(_ context.Context, _ string, validity uint32, batch []mailbox.Arrival, cursor uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full > 0 && l.count >= l.full {
		l.fail, l.full = errors.New("disk full"), 0
	}
	if l.fail != nil {
		return l.fail
	}
	last := uint32(0)
	for _, a := range batch {
		if a.UID <= last || a.UID > cursor || a.UIDValidity != validity {
			panic(fmt.Sprintf("batch out of order: %d after %d, cursor %d", a.UID, last, cursor))
		}
		last = a.UID
		l.count++
		if l.settles {
			l.wanted = append(l.wanted, Settlement{UID: a.UID, Folder: ToProcessed})
			notify(l.wake)
		}
		if !l.drop {
			l.taken = append(l.taken, a)
		}
	}
	if len(batch) > 0 {
		l.batches = append(l.batches, len(batch))
	}
	l.cursors[validity] = max(l.cursors[validity], cursor)
	return nil
}

func (l *testLedger) Room(context.Context) (func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.left++
	}, l.fail
}

func (l *testLedger) Settled(_ context.Context, _ string, validity uint32, limit int) ([]Settlement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.only != 0 && validity != l.only {
		return nil, l.fail
	}
	return slices.Clone(l.wanted[:min(limit, len(l.wanted))]), l.fail
}

func (l *testLedger) Moved(_ context.Context, _ string, _ uint32, uids []uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved = append(l.moved, uids...)
	set := make(map[uint32]bool, len(uids))
	for _, uid := range uids {
		set[uid] = true
	}
	l.wanted = slices.DeleteFunc(l.wanted, func(s Settlement) bool { return set[s.UID] })
	return nil
}

func (l *testLedger) Wake(string) <-chan struct{} { return l.wake }

// settle asks for mails to be moved.
func (l *testLedger) settle(to Destination, uids ...uint32) {
	l.mu.Lock()
	for _, uid := range uids {
		l.wanted = append(l.wanted, Settlement{UID: uid, Folder: to})
	}
	l.mu.Unlock()
	notify(l.wake)
}

func (l *testLedger) setFailure(err error) {
	l.mu.Lock()
	l.fail = err
	l.mu.Unlock()
}

func (l *testLedger) arrivals() []mailbox.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.taken)
}

func (l *testLedger) counted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *testLedger) gone() []uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := slices.Clone(l.moved)
	slices.Sort(gone)
	return gone
}

// testLog keeps what was logged.
type testLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *testLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *testLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *testLog) count(text string) int { return strings.Count(l.String(), text) }

// running is a receiver at work.
type running struct {
	*Receiver
	log  *testLog
	stop func()
}

// run starts a receiver that is stopped with the test.
func run(t *testing.T, acc Account, ledger Ledger) *running {
	t.Helper()
	log := &testLog{}
	r := New(acc, ledger, log.logger())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("Run returned %v", err)
				}
			case <-time.After(3 * time.Second):
				t.Errorf("Run did not return after its context ended")
			}
			if t.Failed() {
				t.Log(log.String())
			}
		})
	}
	t.Cleanup(stop)
	return &running{Receiver: r, log: log, stop: stop}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("did not come about: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// never watches for a while that something does not come about.
func never(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if condition() {
			t.Fatalf("came about: %s", what)
		}
	}
}

// serveAccount starts the script and returns the settings to read it with, with short times.
func (sc *script) serveAccount() Account {
	sc.start()
	return Account{
		Name: "soporte", Address: sc.address(), TLS: Plain,
		Username: "soporte@example.org",
		Password: func(context.Context) (string, error) { return "clave-secreta", nil },
		Folder:   "INBOX", Processed: "Procesados", Quarantine: "Cuarentena",
		Timing: Timing{
			Step: 2 * time.Second, Idle: time.Minute, Poll: time.Minute,
			Retry: time.Millisecond, MaxRetry: 20 * time.Millisecond, RefusedRetry: 5 * time.Millisecond, Patience: time.Nanosecond,
		},
	}
}
