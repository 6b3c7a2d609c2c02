package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/tickets/monitor"
	"radicado/tickets/register"
)

// TestMonitoring asks a daemon at work how it is, and again when its mail servers are gone.
func TestMonitoring(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.listen = free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(o.ctx, http.MethodGet, "http://"+o.listen+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.answers(o.marta, 1, "#cerar #prioridad altísima", "")
	o.gets(o.marta, 2)
	o.until("the daemon to be ready", func() bool { status, _ := get("/readyz"); return status == http.StatusOK })
	if status, body := get("/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if out, errs, status := o.ask("probe"); status != 0 || out != "ok\n" {
		t.Errorf("probe: %d %s%s", status, out, errs)
	}
	if out, _, _ := o.ask("check"); !strings.Contains(out, "the running daemon answers") || !strings.Contains(out, "register.path") {
		t.Errorf("check says nothing of the daemon, or of what needs a restart:\n%s", out)
	}
	for _, want := range []string{
		`radicado_mails_received_total{mailbox="soporte"} 2`,
		`radicado_mails_handled_total{mailbox="soporte",outcome="registered"} 1`,
		`radicado_mails_handled_total{mailbox="soporte",outcome="filed"} 1`,
		`radicado_commands_refused_total{problem="unknown_word"} 1`,
		`radicado_notices_total{kind="acknowledgement",outcome="sent"} 1`,
		`radicado_notices_total{kind="acknowledgement",outcome="given_up"} 0`,
		`radicado_job_runs_total{job="backup",result="failed"} 0`,
		`radicado_job_runs_total{job="reconciliation soporte",result="failed"} 0`,
		`radicado_imap_up{mailbox="soporte"} 1`,
		`radicado_smtp_up 1`,
		`radicado_register_readable 1`,
	} {
		o.until(want, func() bool { _, body := get("/metrics"); return strings.Contains(body, "\n"+want) })
	}
	w.site.IMAP.Down()
	w.site.SMTP.Down()
	o.program.monitor.SetLimits(monitor.Limits{Silence: time.Nanosecond, Delay: time.Nanosecond, Space: 1 << 62})
	o.until("the mailbox to be in trouble", func() bool {
		return strings.Contains(second(get("/metrics")), `radicado_imap_trouble{mailbox="soporte"`)
	})
	status, body := get("/readyz")
	if status != http.StatusServiceUnavailable || strings.Count(body, `"ok": false`) != 2 || strings.Count(body, `"advice"`) != 2 ||
		!strings.Contains(body, "mailbox soporte") || !strings.Contains(body, "make room") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if out, _, status := o.ask("probe", "--ready"); status != 1 || !strings.Contains(out, "make room") {
		t.Errorf("probe of a daemon that is not ready: %d %s", status, out)
	}
	for _, private := range []string{"pedro", "Impresora", demoPassword + "\""} {
		if all := body + second(get("/metrics")); strings.Contains(all, private) {
			t.Errorf("%q is published:\n%s", private, all)
		}
	}
	o.stop()
	if status, _ := get("/healthz"); status != 0 {
		t.Error("a daemon that has stopped still answers")
	}
	if _, errs, status := o.ask("probe"); status != 1 || !strings.Contains(errs, "is it running?") {
		t.Errorf("probe of no daemon: %d %s", status, errs)
	}
}

func second(_ int, body string) string { return body }

// manager is a service manager of which the daemon is a child.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

// next returns the next message.
func (m manager) next() string {
	m.t.Helper()
	buffer := make([]byte, 4096)
	if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	n, err := m.conn.Read(buffer)
	if err != nil {
		m.t.Fatalf("nothing is said to the service manager: %v", err)
	}
	return string(buffer[:n])
}

// hears waits for a message that holds a line.
func (m manager) hears(line string) string {
	m.t.Helper()
	for {
		if said := m.next(); strings.Contains("\n"+said, "\n"+line) {
			return said
		}
	}
}

// TestSupervisor plays the service manager: it is told that the daemon is ready, alive, reloading and stopping, and nothing
// while the desk hangs.
func TestSupervisor(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	listening := func(name string) manager {
		conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return manager{t, conn}
	}
	environment := map[string]string{"NOTIFY_SOCKET": "@radicado-" + o.run, "WATCHDOG_USEC": "20000"}
	m := listening(environment["NOTIFY_SOCKET"])
	s := newSupervisor(func(key string) string { return environment[key] }, slog.New(slog.DiscardHandler))
	o.start()
	ctx, stop := context.WithCancel(o.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.watch(ctx, o.program)
	}()
	if said := m.next(); !strings.HasPrefix(said, "READY=1\nSTATUS=") {
		t.Errorf("the first message is %q", said)
	}
	m.hears("WATCHDOG=1")
	m.hears("STATUS=1 of 1 mailboxes read, 0 mails wait, 0 notices queued")

	limits := monitor.Limits{Stalled: map[string]time.Duration{loopDesk: 50 * time.Millisecond}}
	o.program.monitor.SetLimits(limits)
	hold, held := make(chan struct{}), make(chan error, 1)
	go func() {
		held <- o.program.register.Update(o.ctx, func(*register.Tx) error { <-hold; return nil })
	}()
	for row := 0; row < 8; row++ { // whatever was said before the register was held
		if said := m.next(); said != "STATUS=hangs: desk" {
			row = -1
		}
	}
	close(hold)
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	m.hears("WATCHDOG=1")
	stop()
	<-ended

	path := filepath.Join(o.folder, "notify")
	m = listening(path)
	newSupervisor(func(key string) string { return map[string]string{"NOTIFY_SOCKET": path}[key] }, s.log).reloading()
	if said := m.next(); !strings.HasPrefix(said, "RELOADING=1\nMONOTONIC_USEC=") || len(said) < len("RELOADING=1\nMONOTONIC_USEC=1000000") {
		t.Errorf("a reload is announced by %q", said)
	}
	for pid, want := range map[string]time.Duration{"": time.Second, "1": 0} {
		got := newSupervisor(func(key string) string {
			return map[string]string{"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": pid}[key]
		}, s.log)
		if got.watchdog != want {
			t.Errorf("for the process %q the watchdog waits for %s, want %s", pid, got.watchdog, want)
		}
	}
	_ = os.Remove(path)
}
