package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// childSettings names, in the environment of a test binary that is to be the daemon, its settings.
const childSettings = "RADICADO_TEST_CHILD_SETTINGS"

// runChild is the daemon in a process of its own, which a test can kill as the kernel does. It is as impatient as a test.
func runChild(settingsPath string) error {
	return runDaemon(context.Background(), settingsPath, testPace(), os.Stderr)
}

// TestKilledAtAnyMoment kills the daemon with SIGKILL again and again while mails come in, and counts afterwards: each mail
// is one request, the numbers have no gap, each request is acknowledged, and what is acknowledged twice bears one Message-ID. make torture
// does the same for longer, and between any two steps.
func TestKilledAtAnyMoment(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	path := filepath.Join(o.folder, "settings.toml")
	if err := os.WriteFile(path, []byte(o.settingsText()), 0o600); err != nil {
		t.Fatal(err)
	}
	const mails, kills = 96, 8
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for life := range kills {
		for i := range mails / kills {
			w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprintf("Solicitud %d/%d", life, i), "Hola."))
		}
		o.killAfter(path, time.Duration(20+random.IntN(180))*time.Millisecond)
	}
	sent := mails / kills * kills

	o.start()
	o.until("all requests", func() bool { return o.tickets() >= sent })
	o.holds("INBOX", 0)
	o.holds("Procesados", sent)
	o.allSent()
	subjects := map[string]bool{}
	for n := range sent {
		request := o.ticket(n + 1)
		if request == nil {
			t.Fatalf("number %d is missing", n+1)
		}
		subjects[request.Subject] = true
	}
	if o.tickets() != sent || len(subjects) != sent {
		t.Errorf("%d requests with %d different subjects of %d mails", o.tickets(), len(subjects), sent)
	}
	acknowledged, copies := map[string]string{}, 0
	for _, m := range w.site.SMTP.Sent() {
		if !m.IsTo(o.pedro.Addr) {
			continue
		}
		id, subject := m.Header("Message-Id"), m.Subject()
		if before, again := acknowledged[subject]; again {
			copies++
			if before != id {
				t.Errorf("%s was acknowledged by two different notices", subject)
			}
		}
		acknowledged[subject] = id
	}
	if len(acknowledged) != sent {
		t.Errorf("%d of %d requests were acknowledged", len(acknowledged), sent)
	}
	t.Logf("%d kills, %d mails, %d acknowledgements sent twice", kills, sent, copies)
	o.sound()
}

// killAfter runs the daemon in a process of its own and kills it.
func (o *office) killAfter(settingsPath string, d time.Duration) {
	o.t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childSettings+"="+settingsPath)
	if err := child.Start(); err != nil {
		o.t.Fatal(err)
	}
	// How long the daemon lives is what varies; nothing is waited for.
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
	if err := child.Process.Kill(); err != nil {
		o.t.Fatal(err)
	}
	_ = child.Wait() // "signal: killed"
}
