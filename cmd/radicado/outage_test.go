package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// TestMailServerDownForHours has every notice wait, and go out once.
func TestMailServerDownForHours(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	w.site.SMTP.Down()
	const mails = 8
	for i := range mails {
		w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprint("Solicitud ", i), "Hola."))
	}
	o.start()
	o.until("all requests", func() bool { return o.tickets() == mails })
	o.until("several attempts at the server", func() bool {
		attempts := 0
		o.view(func(r *register.Reader) error {
			rows, err := r.Notices(o.number(1))
			for _, row := range rows {
				attempts += row.Attempts
			}
			return err
		})
		return attempts >= 4
	})
	if got := o.logs.count("the mail server fails as a whole"); got != 1 {
		t.Errorf("the outage was told %d times, want once:\n%s", got, o.logs)
	}
	if err := w.site.SMTP.Up(); err != nil {
		t.Fatal(err)
	}
	o.until("all notices", func() bool { return len(w.site.SMTP.Sent()) == 2*mails })
	ids := map[string]bool{}
	for _, m := range w.site.SMTP.Sent() {
		ids[m.Header("Message-Id")] = true
	}
	if len(ids) != 2*mails {
		t.Errorf("%d different notices, want %d", len(ids), 2*mails)
	}
	o.allSent()
	if got := len(w.site.SMTP.Sent()); got != 2*mails {
		t.Errorf("%d notices went out, want %d", got, 2*mails)
	}
}

// TestRefusals has the server refuse one notice for good and another for now.
func TestRefusals(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	greylisted := false
	w.site.SMTP.Script(func(s mailtest.Step) *mailtest.Reply {
		switch {
		case s.Stage != mailtest.StageRcpt:
			return nil
		case s.To == o.pedro.Addr:
			return &mailtest.Reply{Code: 550, Status: "5.1.1", Text: "no such user"}
		case s.To == o.sofia.Addr && !greylisted:
			greylisted = true // notices to one address go out one after the other
			return &mailtest.Reply{Code: 451, Status: "4.7.1", Text: "greylisted"}
		}
		return nil
	})
	o.start()
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Una", "Hola."))
	w.append(t, o.desk.Addr, o.sofia.Write(o.desk.Addr, "Otra", "Hola."))
	o.gets(o.sofia, 1)
	o.until("the coordinator to be told", func() bool {
		for _, m := range w.list(t, o.marta.Addr, "INBOX") {
			if text := mailtest.TextOf(m, "text/plain"); strings.Contains(text, o.pedro.Addr) && strings.Contains(text, "5.1.1") {
				return true
			}
		}
		return false
	})
	for n, m := range w.list(t, o.pedro.Addr, "INBOX") {
		t.Errorf("mail %d to a refused address: %s", n, m)
	}
	o.sound()
}

// TestMailboxServerDown has the IMAP server go away and come back.
func TestMailboxServerDown(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.start()
	o.writes(o.pedro, "Antes", "Hola.")
	o.gets(o.pedro, 1)
	w.site.IMAP.Down()
	o.until("the daemon to notice", func() bool { return o.logs.count("level=WARN")+o.logs.count("level=ERROR") > 0 })
	for i := range 3 {
		w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprint("Entretanto ", i), "Hola."))
	}
	said := o.logs.count("level=WARN") + o.logs.count("level=ERROR")
	if said > 2 { // lost the connection, cannot connect
		t.Errorf("an outage was told %d times:\n%s", said, o.logs)
	}
	if err := w.site.IMAP.Up(); err != nil {
		t.Fatal(err)
	}
	o.until("the mails that came in between", func() bool { return o.tickets() == 4 })
	o.holds("Procesados", 4)
}

// TestNewUIDValidity has the server forget its UIDs, as after a restored backup.
func TestNewUIDValidity(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.extra = "leave_in_place = true"
	o.start()
	for i := range 5 {
		o.writes(o.pedro, fmt.Sprint("Solicitud ", i), "Hola.")
	}
	o.until("all requests", func() bool { return o.tickets() == 5 })
	o.stop()
	if err := w.site.IMAP.Renew(o.desk.Addr, "INBOX"); err != nil {
		t.Fatal(err)
	}
	o.start()
	o.writes(o.pedro, "La nueva", "Hola.")
	o.until("the new request", func() bool { return o.tickets() >= 6 })
	if got := o.tickets(); got != 6 {
		t.Errorf("%d requests of 6 mails", got)
	}
	o.holds("INBOX", 6)
	o.sound()
}

// TestOneMailByTwoMailboxes has a mail arrive twice, with other trace fields.
func TestOneMailByTwoMailboxes(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	second := mailtest.Person{Name: "Ventanilla", Addr: "ventanilla." + o.run + "@ministerio.example", Password: o.desk.Password}
	w.add(t, second)
	o.extra = fmt.Sprintf("[[mailbox]]\nname = \"ventanilla\"\naddress = %q\ntls = \"none\"\nusername = %q\npassword_file = %q\n",
		w.site.IMAP.Addr(), second.Addr, filepath.Join(o.folder, "password"))
	o.start()
	o.submit(o.pedro, o.pedro.Write(o.desk.Addr, "A las dos", "Hola.", mailtest.Cc(second.Addr)))
	o.holds("Procesados", 1)
	o.until("the second mailbox", func() bool { return len(w.list(t, second.Addr, "Procesados")) == 1 })
	if got := o.tickets(); got != 1 {
		t.Errorf("%d requests of one mail by two mailboxes", got)
	}
	// A Message-ID that is used again with other content is another mail.
	first := o.pedro.Write(o.desk.Addr, "Uno", "Primera.", mailtest.MessageID("igual@x.example"))
	o.submit(o.pedro, first)
	o.submit(o.pedro, o.pedro.Write(o.desk.Addr, "Dos", "Segunda.", mailtest.MessageID("igual@x.example")))
	o.until("both", func() bool { return o.tickets() == 3 })
	o.sound()
}

// TestOlderMailsWait has mails in the mailbox from before the day that the settings name.
func TestOlderMailsWait(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	day := time.Now().AddDate(0, 0, -1).Format("2006-01-02")
	o.extra = fmt.Sprintf("since = %q", day)
	old := o.pedro.Write(o.desk.Addr, "Vieja", "Hola.")
	if _, err := w.site.IMAP.Append(o.desk.Addr, "INBOX", old, time.Now().AddDate(0, 0, -3)); err != nil {
		t.Fatal(err)
	}
	o.start()
	o.writes(o.pedro, "Nueva", "Hola.")
	o.reaches(1, tickets.Registered)
	o.holds("Procesados", 1)
	o.holds("INBOX", 1)
	if got := o.ticket(1).Subject; got != "Nueva" || o.tickets() != 1 {
		t.Errorf("%d requests, the first %q", o.tickets(), got)
	}
}

// TestFullDisk fills the file system of the register, and makes room again.
func TestFullDisk(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	if err := syscall.Mount("tmpfs", o.folder, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no small file system can be mounted here (that takes root): %v", err)
	}
	t.Cleanup(func() {
		o.stop()
		if err := syscall.Unmount(o.folder, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	o.start()
	o.writes(o.pedro, "Antes", "Hola.")
	o.gets(o.pedro, 1)

	ballast := filepath.Join(o.folder, "ballast")
	fill(t, ballast)
	for i := range 3 {
		o.writes(o.pedro, fmt.Sprint("Con el disco lleno ", i), "Hola.")
	}
	o.until("the daemon to say so", func() bool { return o.logs.count("level=ERROR")+o.logs.count("level=WARN") > 0 })
	o.holds("INBOX", 3)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	o.until("the mails that waited", func() bool { return o.tickets() == 4 })
	o.holds("INBOX", 0)
	o.holds("Procesados", 4)
	o.sound()
}

// fill writes a file until there is no room for another block.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	block := make([]byte, 4096)
	for {
		if _, err := file.Write(block); err != nil {
			return // full, as wanted
		}
	}
}
