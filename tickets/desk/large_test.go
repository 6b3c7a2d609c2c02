package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"radicado/tickets/register"
)

// TestPreparedMailsAreSmall has nothing left of a large mail in memory, once it was read, but the part of its text that is used.
func TestPreparedMailsAreSmall(t *testing.T) {
	for name, body := range map[string]string{
		"text": complaintOf(12 << 20),
		"file": "--b\r\n\r\nVa el informe.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 12<<20/18) + "--b--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			fields := []string{"Message-ID: <1@x.example>"}
			if name == "file" {
				fields = append(fields, "Content-Type: multipart/mixed; boundary=b")
			}
			f.take("a", mail("pedro@ministerio.example", "Va el informe", body, fields...))
			body = ""
			var claimed []register.Arrival
			if err := f.register.Update(context.Background(), func(tx *register.Tx) (err error) {
				claimed, err = tx.ClaimArrivals(0, 1)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			before := heap()
			p, err := f.prepare(context.Background(), claimed[0])
			if err != nil || p.empty != "" {
				t.Fatal(err, p.empty)
			}
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("%d bytes of the mail stay in memory", grown)
			}
			runtime.KeepAlive(p)
		})
	}
}

// TestRoomForLargeMails has a mailbox wait while another one fetches a large mail, and until those that came before are settled; for so
// long and no longer.
func TestRoomForLargeMails(t *testing.T) {
	f := newFixture(t)
	var tidied atomic.Int32
	f.options.Tidy = func() { tidied.Add(1) }
	room := func() func() {
		t.Helper()
		leave, err := f.Room(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	waits := func(patience time.Duration) bool {
		f.room.patience = patience
		begin := time.Now()
		room()()
		return time.Since(begin) >= patience
	}
	large := mail(pedro, "Va el informe", complaintOf(groupBytes))
	f.take("a", large, mail(pedro, "Corta", "No imprime."))
	if waits(time.Minute) {
		t.Error("waits for a desk that does not run")
	}
	f.runs.Store(true)
	if !waits(20 * time.Millisecond) {
		t.Error("does not wait until a large mail is read")
	}
	f.room.patience = time.Minute
	given := make(chan func())
	go func() {
		leave, _ := f.Room(t.Context())
		given <- leave
	}()
	f.drain()
	leave := <-given
	if leave == nil {
		t.Fatal("no room when the mail was settled")
	}
	if !waits(20 * time.Millisecond) {
		t.Error("does not wait until another mailbox has its mail")
	}
	f.room.patience = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Room(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the daemon ends: %v", err)
	}
	leave()
	if waits(time.Minute) {
		t.Error("waits for nobody")
	}
	if n := tidied.Load(); n < 8 { // at each room that was given, while it was taken, and when it was read
		t.Errorf("memory was given back %d times", n)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func complaintOf(size int) string {
	var text strings.Builder
	for n := 0; text.Len() < size; n++ {
		fmt.Fprintf(&text, "La impresora %d de la oficina %d no imprime.\r\n", n, n%700)
	}
	return text.String()
}
