package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

// TestRetention lets a request grow old, and looks at what can still be done with it.
func TestRetention(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.more = "[limits]\nper_address = 1000\n[retention]\nanonymise_after_years = 5\n"
	o.start()
	o.writes(o.pedro, "Impresora de Xanthippe", "La de Xanthippe no imprime.")
	o.answers(o.marta, 1, "#prioridad alta #asignar Ana", "")
	o.reaches(1, tickets.Coordinated)
	o.answers(o.marta, 1, "#cerrar", "Xanthippe tiene otra.")
	o.reaches(1, tickets.Closed)
	o.writes(o.sofia, "La de hoy", "Sigue abierta.")
	o.gets(o.sofia, 1)
	o.stop()
	o.later(6 * 366 * 24 * time.Hour)
	o.start()
	o.until("the request to be anonymous", func() bool { return !o.ticket(1).Anonymised.IsZero() })
	if got := o.ticket(1); got.Subject+got.Text+got.Requester.Addr != "" || got.Priority != tickets.High || got.State != tickets.Closed {
		t.Errorf("of the request there is left %+v", got)
	}
	o.until("the run to be over", func() bool { return o.logs.count("retention has erased") > 3 })
	o.sound()
	o.stop()
	for _, file := range []string{"register.db", "register.db-wal"} {
		content, err := os.ReadFile(filepath.Join(o.folder, file))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(bytes.ToLower(content), []byte("xanthippe")) {
			t.Errorf("%s still holds the name", file)
		}
	}

	config, number := o.config(), string(o.number(1))
	for _, args := range [][]string{{"ticket", "show", number}, {"form", number, "-o", filepath.Join(o.folder, "form.pdf")}, {"ticket", "list"}, {"verify"},
		{"export", "--format", "csv", "-o", filepath.Join(o.folder, "register.csv")}} {
		if status, out, errs := say(t, "", append(args, "-config", config)...); status != 0 {
			t.Errorf("%s of an erased request ended with %d: %s%s", args, status, out, errs)
		}
	}
}

// TestRetentionCommand plans, erases, and finds nothing more.
func TestRetentionCommand(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	run := func(args ...string) (int, string) {
		t.Helper()
		status, out, errs := say(t, "", append([]string{"retention", "-config", o.config()}, args...)...)
		return status, out + errs
	}
	if status, out := run(); status != 1 || !strings.Contains(out, "no register at") {
		t.Errorf("without a register: %d, %s", status, out)
	}
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.answers(o.marta, 1, "#cerrar ya", "")
	o.reaches(1, tickets.Closed)
	o.holds("Procesados", 2)
	if status, out := run("--apply"); status != 0 || !strings.Contains(out, "keep everything for ever") {
		t.Errorf("where everything is kept: %d, %s", status, out)
	}
	o.more = "[limits]\nper_address = 1000\n[retention]\nraw_mail_after = \"1ms\"\n"
	if status, out := run("--compact"); status != 1 || !strings.Contains(out, "--apply") {
		t.Errorf("--compact alone: %d, %s", status, out)
	}
	status, out := run()
	if status != 0 || !strings.Contains(out, "mails") || !strings.Contains(out, "Nothing was changed") || strings.Contains(out, "requests") {
		t.Errorf("the plan: %d, %s", status, out)
	}
	_, out = run("--json")
	var planned struct {
		Applied bool
		Rows    []tickets.Erased
	}
	if err := json.Unmarshal([]byte(out), &planned); err != nil || planned.Applied || len(planned.Rows) != 1 || planned.Rows[0].Rows != 2 {
		t.Errorf("the plan for programs: %s, %v", out, err)
	}
	if status, out := run("--apply", "--compact"); status != 0 || !strings.Contains(out, "Backups made before still hold it") { // beside the daemon
		t.Errorf("erasing: %d, %s", status, out)
	}
	if status, out := run("--apply"); status != 0 || !strings.Contains(out, "Nothing is past its time") {
		t.Errorf("again: %d, %s", status, out)
	}
	o.view(func(r *register.Reader) error {
		messages, err := r.Messages(o.number(1))
		for _, m := range messages {
			if _, err := r.LoadRaw(m.Digest); err == nil || m.Text == "" && m.Subject == "" {
				t.Errorf("message %d: its mail is there, or its text is gone", m.ID)
			}
		}
		return err
	})
	o.sound()
}
