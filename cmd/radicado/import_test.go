package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// mbox writes mails into a file as mail programs do.
func (o *office) mbox(name string, mails ...[]byte) string {
	o.t.Helper()
	var text bytes.Buffer
	for _, raw := range mails {
		text.WriteString("From - Mon Nov 23 10:00:00 2020\n")
		text.Write(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
		text.WriteString("\n")
	}
	path := filepath.Join(o.folder, name)
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// past is a mail of some days after the first of March of 2021.
func past(p mailtest.Person, to string, day int, subject, text string, options ...mailtest.WriteOption) []byte {
	options = append(options, mailtest.At(time.Date(2021, 3, day, 8, 0, 0, 0, time.UTC)), mailtest.MessageID(fmt.Sprintf("%s.%d@x.example", p.Addr, day)))
	return p.Write(to, subject, text, options...)
}

// TestImport brings an archive in: as a trial, for good, once more, with more mails, and goes on with the daemon.
func TestImport(t *testing.T) { inEveryWorld(t, importArchive) }

func importArchive(t *testing.T, w world) {
	o := newOffice(t, w)
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.write("La de hoy")
	o.allSent()
	o.gets(o.marta, 1)

	printer := past(o.pedro, o.desk.Addr, 1, "Impresora", "No imprime el rodillo.", mailtest.Attach("foto.png", "image/png", []byte("\x89PNG")))
	answer, err := o.ana.Reply(printer, "#prioridad alta", "Voy el martes.", mailtest.At(time.Date(2021, 3, 2, 8, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	thanks, err := o.pedro.Reply(answer, "", "Quedó lista.", mailtest.At(time.Date(2021, 3, 9, 8, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	mails := [][]byte{
		past(o.sofia, o.desk.Addr, 5, "Correo", "No entra nada."),
		answer, printer,
		past(o.desk, o.pedro.Addr, 3, "Mantenimiento", "El sábado no hay red."),
		[]byte("\x00 no header, no sender\n"),
		past(o.sofia, o.desk.Addr, 5, "Correo", "No entra nada."),
	}
	path := o.mbox("viejo.mbox", mails...)
	run := func(flags string, want ...string) {
		t.Helper()
		args := append([]string{"import", "mbox", path, "-c", config}, strings.Fields(flags)...)
		status, out, errs := say(t, "", args...)
		if status != 0 {
			t.Fatalf("import: %d\n%s%s", status, out, errs)
		}
		for _, text := range want {
			if !strings.Contains(out, text) {
				t.Errorf("nothing says %q:\n%s", text, out)
			}
		}
	}
	run("", "6 mails in 4 conversations, of", "2021-03-05", "2 conversations would become requests, closed", "2 mails cannot have been requests", "1 mails are in the register already", "Nothing was stored")
	if got := o.tickets(); got != 1 {
		t.Errorf("the trial made %d requests", got-1)
	}
	run("--apply", "2 conversations are requests now, closed, with the numbers "+string(o.number(2))+" to "+string(o.number(3)), "No notice was sent")
	if got := o.ticket(2); got.State != tickets.Closed || got.Subject != "Impresora" || got.Imported.Source != "viejo.mbox" ||
		got.Imported.Received.Year() != 2021 || len(got.Files) != 1 || got.Priority != "" || got.Technician.Addr != "" {
		t.Errorf("the first request is %+v", got)
	}
	if got := o.ticket(3); got.Subject != "Correo" {
		t.Errorf("the second is %q", got.Subject)
	}
	o.view(func(r *register.Reader) error {
		due, err := r.Expired(tickets.Expiry{Attachments: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
		if len(due) != 1 || due[0].What != tickets.ErasedMails || due[0].Rows != 1 || due[0].Year != 2021 {
			t.Errorf("of mails with files there are to be erased %v, want the one of the printer", due)
		}
		return err
	})
	run("--apply", "6 mails are in the register already")
	mails = append(mails, thanks)
	path = o.mbox("todo.mbox", mails...)
	run("", "1 mails belong to requests that were imported before")
	run("--apply", "1 mails belong to requests that were imported before")
	if got := o.tickets(); got != 3 {
		t.Errorf("%d requests, want 3", got)
	}
	o.view(func(r *register.Reader) error {
		for _, word := range []string{"rodillo", "martes", "lista"} {
			if found, err := r.Search(word, "", 5); err != nil || len(found) != 1 || found[0].Number != o.number(2) {
				t.Errorf("%s: found %d, %v", word, len(found), err)
			}
		}
		messages, err := r.Messages(o.number(2))
		if err != nil || len(messages) != 3 || messages[0].ReceivedAt.Year() != 2021 {
			t.Errorf("messages %+v, %v", messages, err)
		}
		return nil
	})
	status, out, _ := say(t, "", "ticket", "show", string(o.number(2)), "-c", config)
	if status != 0 || !strings.Contains(out, "viejo.mbox") || !strings.Contains(out, "2021-03-01") {
		t.Errorf("ticket show: %d\n%s", status, out)
	}
	for p, want := range map[mailtest.Person]int{o.pedro: 1, o.sofia: 0, o.marta: 1, o.ana: 0} {
		if got := len(w.list(t, p.Addr, "INBOX")); got != want {
			t.Errorf("%s got %d notices, want %d", p.Name, got, want)
		}
	}
	// Who answers an old conversation goes on with it.
	o.writes(o.pedro, "RE: Impresora", "Otra vez no imprime.", mailtest.Field("In-Reply-To", mailtest.HeaderOf(printer, "Message-Id")))
	o.until("the old request to be taken up again", func() bool { return o.ticket(2).State != tickets.Closed })
	o.write("La de mañana")
	if got := o.ticket(4); got == nil || got.Subject != "La de mañana" {
		t.Errorf("the next request is %+v", got)
	}
	o.sound()
}

// TestImportIsResumed ends an import in mid-work and says it again.
func TestImportIsResumed(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	folder := filepath.Join(o.folder, "Maildir", "cur")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	const mails = 60
	for i := range mails {
		raw := past(o.pedro, o.desk.Addr, i+1, fmt.Sprint("Solicitud ", i), "Hola.")
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("16146%05d.M1.host:2,S", i)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"import", "maildir", filepath.Dir(folder), "-c", filepath.Join(o.folder, "settings.toml"), "--apply", "--open"}
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- execute(ctx, args, console{strings.NewReader(""), &out, &errs}) }()
	o.until("some of it", func() bool { return o.tickets() > 3 })
	cancel()
	if status := <-ended; o.tickets() < mails && (status != 1 || !strings.Contains(errs.String(), "say the same again")) {
		t.Errorf("interrupted: %d\n%s%s", status, &out, &errs)
	}
	status, text, failed := say(t, "", args...)
	if status != 0 || !strings.Contains(text, "requests now, open") || o.tickets() != mails {
		t.Errorf("resumed: %d requests, %d\n%s%s", o.tickets(), status, text, failed)
	}
	for n := range mails { // in the order in which they came
		if got := o.ticket(n + 1); got.Subject != fmt.Sprint("Solicitud ", n) || got.State != tickets.Registered {
			t.Errorf("number %d is %q, %s", n+1, got.Subject, got.State)
		}
	}
	for want, path := range map[string]string{"has a folder cur": folder, "no such file": filepath.Join(o.folder, "nada")} {
		if status, text, failed = say(t, "", "import", "maildir", path, "-c", args[4]); status == 0 || !strings.Contains(failed+text, want) && want == "has a folder cur" {
			t.Errorf("%s: %d\n%s%s", path, status, text, failed)
		}
	}
	if status, _, failed = say(t, "", "import", "mbox", args[4], "-c", args[4]); status != 1 || !strings.Contains(failed, "an mbox begins with") {
		t.Errorf("no mbox: %d %s", status, failed)
	}
	o.sound()
}
