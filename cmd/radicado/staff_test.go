package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"radicado/tickets"
	"radicado/tickets/register"
)

// TestNothingIsMadeByLooking says what looks at a register where there is none, in a folder that must stay as it is.
func TestNothingIsMadeByLooking(t *testing.T) {
	config := newOffice(t, newInProcess(t)).config()
	folder := filepath.Dir(config)
	machines := filepath.Join(t.TempDir(), "equipos.csv")
	if err := os.WriteFile(machines, []byte("Placa;Serial;Equipo\n20451;A1;Impresora\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, folder)
	for _, step := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"health", "--offline"}, 2, "CRITICAL  register: no register at"},
		{[]string{"assets", "import", machines}, 1, "no register at"},
		{[]string{"assets", "import", machines, "--apply"}, 1, "no register at"},
		{[]string{"reparse"}, 1, "no register at"},
	} {
		status, said := says(t, append(step.args, "-config", config)...)
		if status != step.status || !strings.Contains(said, step.want) {
			t.Errorf("%v: status %d, want %d; said %q, want %q", step.args, status, step.status, said, step.want)
		}
		if after := tree(t, folder); !slices.Equal(after, before) {
			t.Fatalf("%v left %q of %q", step.args, after, before)
		}
	}
}

// TestPeopleAndHealth asks whom the desk knows and how it is, while the daemon runs and when it does not.
func TestPeopleAndHealth(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.start()
	command, contains := o.command, o.contains
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Impresora no imprime", "Desde ayer."))
	w.append(t, o.desk.Addr, o.sofia.Write(o.desk.Addr, "Sin red", "En la sala."))
	o.until("two requests", func() bool { return o.tickets() == 2 })
	o.holds("INBOX", 0)
	command(0, "ticket", "command", string(o.number(1)), "#asignar Ana #prioridad alta")

	contains(command(0, "people", "list"), "Ana Gómez", "technician", "Marta Ruiz")
	contains(command(0, "people", "show", "ana"), "Open requests", "1")
	contains(command(1, "people", "show", "Anna Gomes"), "nobody like")
	contains(command(0, "people", "check"), "names no file")
	contains(command(1, "people", "revive", o.pedro.Addr), "refused nothing")
	if err := o.program.register.Update(o.ctx, func(tx *register.Tx) error {
		return tx.AddressFailed(tickets.FailedAddress{Addr: o.pedro.Addr, Dead: true})
	}); err != nil {
		t.Fatal(err)
	}
	contains(command(0, "people", "revive", o.pedro.Addr), "again")

	contains(command(0, "ticket", "list", "--technician", "ana"), string(o.number(1)))
	if list := command(0, "ticket", "list", "--unassigned"); strings.Contains(list, string(o.number(1))) || !strings.Contains(list, string(o.number(2))) {
		t.Errorf("unassigned are:\n%s", list)
	}
	contains(command(0, "ticket", "list", "--priority", "high", "--period", o.ticket(1).RegisteredAt.Format("2006")), string(o.number(1)))
	contains(command(1, "ticket", "list", "--period", "ayer o así"), "expected a period")
	contains(command(0, "ticket", "search", "IMPRESORA"), string(o.number(1)))

	contains(command(1, "health"), "daemon: runs", "mails: all are handled", "backup: none was made yet", "mailbox soporte")
	o.stop()
	contains(command(2, "health", "--offline"), "CRITICAL  daemon: does not run", "systemctl start")
	var told struct {
		Severity string `json:"severity"`
	}
	if err := json.Unmarshal([]byte(command(2, "health", "--offline", "--json")), &told); err != nil || told.Severity != "CRITICAL" {
		t.Errorf("found %+v, %v", told, err)
	}
	if status, out, _ := say(t, "", "version"); status != 0 || !strings.Contains(out, "SQLite") || !strings.Contains(out, "schema") {
		t.Errorf("version ended with %d: %s", status, out)
	}
}

// TestCompletion offers each subcommand and each flag, in bash as somebody at the keyboard sees it.
func TestCompletion(t *testing.T) {
	t.Parallel()
	scripts := map[string]string{}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		status, out, errs := say(t, "", "completion", shell)
		if status != 0 || errs != "" {
			t.Fatalf("%s: %d, %s", shell, status, errs)
		}
		scripts[shell] = out
	}
	parser, err := kong.New(&commands{}, kong.Name("radicado"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Node.Leaves(true) {
		path := strings.TrimPrefix(leaf.Path(), "radicado ")
		for _, flag := range leaf.Flags {
			if !strings.Contains(scripts["fish"], `"`+path+`"' -l `+flag.Name) {
				t.Errorf("fish is not offered --%s of %s", flag.Name, path)
			}
		}
		if !strings.Contains(scripts["zsh"], "'"+path+"')") {
			t.Errorf("zsh does not know %s", path)
		}
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	for typed, want := range map[string]string{
		"radicado ti": "ticket", "radicado ticket li": "list", "radicado ticket list --sta": "--state", "radicado ticket list --state wai": "waiting_requester",
		"radicado completion zs": "zsh", "radicado --config x message quarantine rel": "release",
	} {
		script := scripts["bash"] + "\nCOMP_WORDS=(" + typed + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _radicado; echo \"${COMPREPLY[@]}\""
		out, err := exec.Command("bash", "-c", script).CombinedOutput()
		if err != nil || !strings.Contains(" "+string(out), " "+want) {
			t.Errorf("%q<TAB> offers %q, %v", typed, out, err)
		}
	}
}
