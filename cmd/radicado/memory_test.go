package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets/register"
)

// TestMemoryAtRest has the daemon give back, when nothing was written for a while, what Go's garbage and the register's pages take.
func TestMemoryAtRest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	reg, err := register.Open(t.Context(), filepath.Join(t.TempDir(), "register.db"), register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	if _, err := reg.Position(t.Context(), "a", 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{})
	raw := make([]byte, 24<<20)
	_, _ = random.Read(raw) // never fails
	if err := reg.Take(t.Context(), "a", 1, 1, []mailbox.Arrival{{Mailbox: "a", UIDValidity: 1, UID: 1, Size: int64(len(raw)), Raw: raw}}); err != nil {
		t.Fatal(err)
	}
	raw = nil
	before := ownMemory(t)
	ctx, end := context.WithCancel(t.Context())
	p := &program{register: reg, log: slog.New(slog.DiscardHandler), wrote: make(chan struct{}, 1), pace: pace{rest: 10 * time.Millisecond}}
	var running sync.WaitGroup
	running.Go(func() { p.restLightly(ctx) })
	p.committed()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		now := ownMemory(t)
		if now < before-32<<20 { // the mail and half of the pages that the register keeps
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d MB of memory are held, %d before", now>>20, before>>20)
		}
	}
	end()
	running.Wait()
	if err := reg.View(t.Context(), func(r *register.Reader) error { _, err := r.LargerWaits(0); return err }); err != nil {
		t.Error(err)
	}
}

// ownMemory returns what is in memory of this process and of no file, in bytes.
func ownMemory(t *testing.T) (bytes int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	t.Fatal("/proc/self/status does not say RssAnon")
	return 0
}
