package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/tickets"
)

// ask runs a subcommand with the settings of the office and returns what it printed.
func (o *office) ask(args ...string) (out, failed string, status int) {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--config", filepath.Join(o.folder, "settings.toml"))
	status = execute(o.ctx, args, console{strings.NewReader(""), &stdout, &stderr})
	return stdout.String(), stderr.String(), status
}

// TestCheckTellsProofs has the check look at mails that the server has stamped.
func TestCheckTellsProofs(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	for range 3 {
		o.writes(o.pedro, "Impresora", "No imprime.")
	}
	o.holds("Procesados", 3) // where the check has to look for them
	out, failed, status := o.ask("check")
	if status != 0 {
		t.Fatalf("check failed with %d:\n%s%s", status, out, failed)
	}
	for _, want := range []string{"3 of the last 3 mails are proven by their header", `set authority = ["` + o.world.settings().authority + `"]`} {
		if !strings.Contains(out, want) && !strings.Contains(out, strings.ReplaceAll(want, `["`, `[`)) {
			t.Errorf("check does not say %q:\n%s", want, out)
		}
	}
	o.holds("Procesados", 3)
}

// TestExplain explains a command against the register of a running daemon, and against none.
func TestExplain(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	path := filepath.Join(o.folder, "orden.eml")
	explain := func() explained {
		t.Helper()
		out, failed, status := o.ask("explain", "--json", path)
		if status != 0 {
			t.Fatalf("explain failed with %d: %s", status, failed)
		}
		var e explained
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if err := os.WriteFile(filepath.Join(o.folder, "settings.toml"), []byte(o.settingsText()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, o.pedro.Write(o.desk.Addr, "Impresora \x1b[31m", "No imprime."), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := explain(); e.Match.Ticket != "" || e.Proof.Proven || len(e.Would.Events) != 1 || e.Class.Class != mailbox.ClassPerson {
		t.Errorf("without a register: %+v", e)
	}
	for _, name := range []string{"register.db", "key"} {
		if _, err := os.Stat(filepath.Join(o.folder, name)); err == nil {
			t.Errorf("explaining made %s", name)
		}
	}

	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.gets(o.marta, 1)
	o.answers(o.marta, 1, "#prioridad alta", "")
	o.reaches(1, tickets.Coordinated)
	o.holds("Procesados", 2)
	order := o.world.list(t, o.desk.Addr, "Procesados")[1]
	other := bytes.Replace(order, []byte("alta"), []byte("baja"), 1)
	if err := os.WriteFile(path, bytes.Replace(other, []byte("Message-ID: <"), []byte("Message-ID: <x"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	e := explain()
	if e.Match.Ticket != o.number(1) || !strings.Contains(e.Match.By, "token") || !e.Proof.Proven || e.Sender.Role != tickets.RoleCoordinator ||
		len(e.Subject.Commands) != 1 || len(e.Would.Events) != 1 || len(e.Would.Notices) == 0 {
		t.Errorf("with a register: %+v", e)
	}
	if err := os.WriteFile(path, order, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := explain(); e.Match.Same == 0 {
		t.Errorf("the mail that is known already: %+v", e)
	}
	out, _, status := o.ask("explain", path)
	if status != 0 || strings.ContainsRune(out, '\x1b') || !strings.Contains(out, "7. What would be done") {
		t.Errorf("for people (%d):\n%s", status, out)
	}
	if got := o.ticket(1).Priority; got != tickets.High {
		t.Errorf("explaining set priority %q", got)
	}
}

// TestRolesProveDifferently has the coordinator prove more than an official.
func TestRolesProveDifferently(t *testing.T) {
	data, err := os.ReadFile("testdata/good.toml")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, []byte("\n[trust.role.coordinator]\naccept = [\"dmarc\"]\n[trust.role.requester]\naccept = [\"spf\"]\n")...)
	s, err := parseSettings("roles.toml", data)
	if err != nil {
		t.Fatal(err)
	}
	s.trust.Authority, s.trust.Hosts = []string{"mx.example.org"}, []string{"mx.example.org"}
	s.policy.OfficialDomains = nil
	prover, err := newProver(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	const marks = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=%\r\n" +
		"Received: from a (a [192.0.2.9]) by mx.example.org with ESMTP; x\r\n"
	for addr, want := range map[string]bool{"pedro@example.org": true, s.policy.People.With(tickets.RoleCoordinator)[0].Addresses[0]: false} {
		raw := strings.ReplaceAll(marks, "%", addr) + "From: " + addr + "\r\nSubject: x\r\n\r\nx\r\n"
		if got := prover.Prove(context.Background(), []byte(raw), readMail(raw)); got.Proven != want {
			t.Errorf("%s: %+v, want proven %v", addr, got, want)
		}
	}
}

func readMail(raw string) *mailbox.Message { return message.Read([]byte(raw), message.Options{}) }
