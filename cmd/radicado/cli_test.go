package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radicado/tickets/register"
)

// say runs the command line and returns its exit status and what it printed.
func say(t *testing.T, input string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	status = execute(ctx, args, console{strings.NewReader(input), &o, &e})
	return status, o.String(), e.String()
}

// TestDemo lets the whole story be told, and looks into the register that it leaves.
func TestDemo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "demo")
	status, out, errs := say(t, "", "demo", "--folder", folder)
	if status != 0 {
		t.Fatalf("the demo ended with %d:\n%s%s", status, out, errs)
	}
	for _, want := range []string{"Su solicitud quedó registrada", "-000001", "Llegó un correo de remitente no comprobado", "Informe de soporte: ", "closed"} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not show %q:\n%s", want, out)
		}
	}
	sent, err := filepath.Glob(filepath.Join(folder, "sent", "*.eml"))
	if err != nil || len(sent) < 20 {
		t.Errorf("%d sent mails were kept, %v", len(sent), err)
	}

	config := filepath.Join(folder, "settings.toml")
	if status, out, errs = say(t, "", "ticket", "list", "-config", config, "--json"); status != 0 {
		t.Fatalf("ticket list ended with %d: %s", status, errs)
	}
	var list []struct{ Number, State string }
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) < 2 {
		t.Fatalf("ticket list --json printed %s: %v", out, err)
	}
	number := list[len(list)-1].Number
	if status, out, _ = say(t, "", "ticket", "show", number, "-config="+config); status != 0 || !strings.Contains(out, "noted by Ana María Gómez (internal)") {
		t.Errorf("ticket show ended with %d and printed:\n%s", status, out)
	}
	if status, out, _ = say(t, "", "ticket", "show", strings.ToLower(number), "--config", config, "--json"); status != 0 || !json.Valid([]byte(out)) {
		t.Errorf("ticket show --json ended with %d and printed:\n%s", status, out)
	}
	if status, _, errs = say(t, "", "ticket", "show", "SS-1999-000001", "--config", config); status != 1 || !strings.Contains(errs, "no request SS-1999-000001") {
		t.Errorf("a request that does not exist: %d, %s", status, errs)
	}
	if status, _, errs = say(t, "", "demo", "--folder", t.TempDir()+"/.."); status != 1 || !strings.Contains(errs, "holds something else") {
		t.Errorf("a folder of somebody else's: %d, %s", status, errs)
	}
}

// TestCheck checks good and bad settings against servers that are there or not.
func TestCheck(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	config := filepath.Join(o.folder, "settings.toml")
	write := func(text string) {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := o.settingsText()
	write(good)
	status, out, errs := say(t, "", "check", "-config", config)
	if status != 0 || strings.Contains(out, "FAILED") {
		t.Errorf("good settings: %d\n%s%s", status, out, errs)
	}
	for _, want := range []string{"Procesados", "Cuarentena", "login as", "smtp"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing is said of %q:\n%s", want, out)
		}
	}
	if status, out, _ = say(t, "", "check", "-config", config, "--json"); status != 0 {
		t.Errorf("check --json: %d", status)
	}
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("check --json printed %q", line)
		}
	}

	if err := os.WriteFile(filepath.Join(o.folder, "wrong"), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(strings.ReplaceAll(good, filepath.Join(o.folder, "password"), filepath.Join(o.folder, "wrong")))
	status, out, _ = say(t, "", "check", "-config", config)
	if status != 1 || strings.Count(out, "FAILED  ") != 2 || strings.Count(out, "what to do:") != 2 {
		t.Errorf("a wrong password: %d\n%s", status, out)
	}

	w.site.SMTP.Down()
	write(good)
	status, out, _ = say(t, "", "check", "-config", config)
	if status != 1 || strings.Count(out, "FAILED  ") != 1 {
		t.Errorf("no SMTP server: %d\n%s", status, out)
	}
	write("[desk]\nadress = 1\n")
	if status, _, errs = say(t, "", "check", "-config", config); status != 1 || !strings.Contains(errs, `perhaps "address"`) {
		t.Errorf("bad settings: %d %s", status, errs)
	}
}

// TestEmptyListsForPrograms asks a register that holds nothing.
func TestEmptyListsForPrograms(t *testing.T) {
	config := settingsOf(t)
	reg, err := register.Open(t.Context(), filepath.Join(filepath.Dir(config), "register.db"), register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"message", "quarantine", "list"}, {"ticket", "list"}, {"ticket", "search", "zzzz"}, {"retention"}, {"assets", "list"},
		{"outbox", "list"}, {"board", "sessions"}, {"verify"}, {"people", "list"}, {"report", "2026-10"}} {
		status, out, errs := say(t, "", append(args, "--json", "-config", config)...)
		if status != 0 || !json.Valid([]byte(out)) || strings.Contains(out, "null") {
			t.Errorf("%v: status %d\n%s%s", args, status, out, errs)
		}
	}
}

func TestCommandLine(t *testing.T) {
	mail := filepath.Join(t.TempDir(), "a.eml")
	if err := os.WriteFile(mail, []byte("From: a@x.example\nSubject: hola \x1b[31mrojo\n\nBuenos días.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, input string
		args        []string
		status      int
		want        string // in what is printed
		not         string // not in it
	}{
		{"help", "", []string{"--help"}, 0, "ticket list", ""},
		{"help of a subcommand", "", []string{"ticket", "list", "--help"}, 0, "--open", ""},
		{"version", "", []string{"version"}, 0, "radicado ", ""},
		{"version for programs", "", []string{"version", "--json"}, 0, `"version":`, ""},
		{"nothing", "", nil, 2, "radicado --help", ""},
		{"an unknown flag", "", []string{"run", "-bogus"}, 2, "--bogus", ""},
		{"no settings", "", []string{"run", "-config", "/nowhere/x.toml"}, 1, "/nowhere/x.toml", ""},
		{"read a mail", "", []string{"read", mail}, 0, "Buenos días.", "\x1b"},
		{"read paths from standard input", mail + "\n", []string{"read", "--json"}, 0, `"from":"a@x.example"`, "\x1b"},
		{"read a file that is not there", mail + "x\n" + mail + "\n", []string{"read", "--json"}, 1, `"from":"a@x.example"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := say(t, tt.input, tt.args...)
			if status != tt.status || !strings.Contains(out+errs, tt.want) || tt.not != "" && strings.Contains(out+errs, tt.not) {
				t.Errorf("status %d, printed:\n%s%s", status, out, errs)
			}
		})
	}
}
