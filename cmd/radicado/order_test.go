package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"radicado/tickets"
	"radicado/tickets/register"
)

// command runs a subcommand on the settings of the office, which must end with that status, and returns what it says.
func (o *office) command(want int, args ...string) string {
	o.t.Helper()
	status, out, errs := say(o.t, "", append(args, "--config", filepath.Join(o.folder, "settings.toml"))...)
	if status != want {
		o.t.Fatalf("%q ended with %d:\n%s%s", args, status, out, errs)
	}
	return out + errs
}

// contains looks for each of the texts wanted.
func (o *office) contains(text string, wanted ...string) {
	o.t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			o.t.Errorf("found no %q in:\n%s", want, text)
		}
	}
}

// TestAdministratorAtTheCommandLine works on the register beside a running daemon: commands, notices, the quarantine.
func TestAdministratorAtTheCommandLine(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.start()
	command, contains := o.command, o.contains

	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Impresora no imprime", "Desde ayer."))
	o.until("a request", func() bool { return o.tickets() == 1 })
	number := string(o.ticket(1).Number)

	contains(command(0, "ticket", "command", number, "#prioridad alta #asignar Ana", "--text", "Hoy mismo, por favor."),
		"Se hizo lo que pidió", "La prioridad es alta", "asignada a Ana Gómez")
	o.until("the technician to be told by the daemon", func() bool { return len(w.list(t, o.ana.Addr, "INBOX")) == 1 })
	request := o.ticket(1)
	if request.Priority != tickets.High || !request.Assigned() {
		t.Errorf("priority %q, technician %q", request.Priority, request.Technician)
	}
	contains(command(0, "ticket", "show", number), "prioritised by")
	var shown struct {
		Events []struct {
			Kind  string        `json:"kind"`
			Actor tickets.Actor `json:"actor"`
		} `json:"events"`
	}
	if err := json.Unmarshal([]byte(command(0, "ticket", "show", number, "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	for _, e := range shown.Events {
		if e.Kind == "prioritised" && (e.Actor.Role != tickets.RoleAdministrator || e.Actor.Name == "") {
			t.Errorf("the event names %+v", e.Actor)
		}
	}

	version := o.ticket(1).Version
	contains(command(1, "ticket", "command", number, "#prioridad alta #asignar Lusi"), "No se hizo lo que pidió", "¿Quiso decir")
	contains(command(1, "ticket", "command", number, "prioridad alta"), "found no command")
	contains(command(1, "ticket", "command", number, "hola #prioridad baja"), `found "hola" outside`)
	contains(command(1, "ticket", "command", "SS-2020-000001", "#estado"), "no request SS-2020-000001")
	contains(command(0, "ticket", "command", "-", "#lista"), number)
	if after := o.ticket(1).Version; after != version+1 { // the refusal
		t.Errorf("the request went from version %d to %d", version, after)
	}

	var notices []struct {
		ID    int64  `json:"id"`
		State string `json:"state"`
	}
	o.until("all notices to be sent", func() bool {
		return json.Unmarshal([]byte(command(0, "outbox", "list", "--queued", "--json")), &notices) == nil && len(notices) == 0
	})
	contains(command(0, "outbox", "list"), "new_request", "sent", number)
	contains(command(1, "outbox", "retry", "1"), "notice 1 is sent")
	contains(command(1, "outbox", "drop", "999", "--reason", "prueba"), "no notice 999")
	contains(command(1, "outbox", "retry"), "say which")

	newsletter := o.sofia.Write(o.desk.Addr, "Cómo pido un equipo", "Lo necesito para el lunes.")
	w.append(t, o.desk.Addr, append([]byte("Auto-Submitted: auto-generated\r\n"), newsletter...))
	o.holds("Cuarentena", 1)
	var aside []tickets.Quarantined
	if err := json.Unmarshal([]byte(command(0, "message", "quarantine", "list", "--json")), &aside); err != nil || len(aside) != 1 {
		t.Fatalf("%d mails are set aside: %v", len(aside), err)
	}
	contains(command(0, "message", "quarantine", "list"), "Cómo pido un equipo", "auto")
	contains(command(0, "message", "show", "2"), "Lo necesito para el lunes", "quarantined")
	contains(command(0, "message", "show", "2", "--headers"), "Auto-Submitted: auto-generated")
	contains(command(0, "message", "replay", "2"), "quarantined")
	contains(command(1, "message", "quarantine", "release", "99"), "no mail 99")
	contains(command(0, "message", "quarantine", "release", "2"), "handled again")
	o.until("the released mail to be registered", func() bool { return o.tickets() == 2 })
	if released := o.ticket(2); released.Subject != "Cómo pido un equipo" {
		t.Errorf("registered as %q", released.Subject)
	}
	contains(command(1, "message", "quarantine", "release", "2"), "not set aside but processed")
	contains(command(1, "message", "replay", "1", "--apply"), "not set aside but processed")
	o.until("the official to be told", func() bool { return len(w.list(t, o.sofia.Addr, "INBOX")) == 1 })
	o.view(func(r *register.Reader) error {
		history, err := r.History(o.ticket(2).Number)
		if err != nil {
			return err
		}
		remarks := history[0].Fact.(*tickets.RegisteredFact).Remarks
		if len(remarks) == 0 || remarks[len(remarks)-1].Code != tickets.RemarkReleased {
			t.Errorf("the history does not say who released it: %+v", remarks)
		}
		return nil
	})
	o.sound()
}

// TestOperator names who works at the command line, also where the system has no name for the account.
func TestOperator(t *testing.T) {
	number := fmt.Sprintf("uid %d", os.Getuid())
	for name, tt := range map[string]struct {
		account user.User
		err     error
		sudo    string
		want    string
	}{
		"an account":        {account: user.User{Username: "ana"}, want: "ana"},
		"behind sudo":       {account: user.User{Username: "root"}, sudo: "ana", want: "ana (root)"},
		"in a container":    {err: errors.New("user: Current requires cgo or $USER set in environment"), want: number},
		"an empty name":     {want: number},
		"a number and sudo": {err: errors.New("unknown"), sudo: "ana", want: "ana (" + number + ")"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SUDO_USER", tt.sudo)
			if got := operator(func() (*user.User, error) { return &tt.account, tt.err }); got != tt.want {
				t.Errorf("it is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDroppedNotice gives a notice up while the mail server is away: it is not sent, and the history says so.
func TestDroppedNotice(t *testing.T) {
	w := newInProcess(t)
	w.site.SMTP.Down()
	o := newOffice(t, w)
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Impresora no imprime", "Desde ayer."))
	o.until("a request", func() bool { return o.tickets() == 1 })
	if status, out, errs := say(t, "", "outbox", "drop", "1", "--reason", "se le avisó por teléfono", "--config", config); status != 0 {
		t.Fatalf("%d: %s%s", status, out, errs)
	}
	// One that was in hand when it was dropped would still be tried, and might get through.
	attempts := func() (n int) {
		o.view(func(r *register.Reader) error {
			other, err := r.OutboxRow(2)
			n = other.Attempts
			return err
		})
		return n
	}
	before := attempts()
	o.until("the next attempt", func() bool { return attempts() > before })
	if err := w.site.SMTP.Up(); err != nil {
		t.Fatal(err)
	}
	o.until("the other notice", func() bool { return len(w.list(t, o.marta.Addr, "INBOX")) == 1 })
	if n := len(w.list(t, o.pedro.Addr, "INBOX")); n != 0 {
		t.Errorf("%d notices reached the official", n)
	}
	o.view(func(r *register.Reader) error {
		history, err := r.History(o.ticket(1).Number)
		if err == nil && !strings.Contains(tickets.Said(history[len(history)-1].Fact), "se le avisó por teléfono") {
			t.Errorf("the history ends with %+v", history[len(history)-1].Fact)
		}
		return err
	})
	if status, _, errs := say(t, "", "outbox", "retry", "1", "--config", config); status != 0 {
		t.Fatal(errs)
	}
	o.until("the dropped one after all", func() bool { return len(w.list(t, o.pedro.Addr, "INBOX")) == 1 })
	o.view(func(r *register.Reader) error {
		history, err := r.History(o.ticket(1).Number)
		if err != nil {
			return err
		}
		last := history[len(history)-1]
		if last.Actor.Role != tickets.RoleAdministrator || last.Actor.Name == "" || !strings.Contains(tickets.Said(last.Fact), "Se vuelve a intentar el aviso 1 ") {
			t.Errorf("the history ends with %+v of %+v", last.Fact, last.Actor)
		}
		return nil
	})
	o.sound()
}
