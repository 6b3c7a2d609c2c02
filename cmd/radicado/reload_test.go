package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"radicado/mailbox/mailtest"
	"radicado/tickets/register"
)

// reread writes the settings of the office as they are now, and reads them.
func (o *office) reread() *settings {
	o.t.Helper()
	path := filepath.Join(o.folder, "settings.toml")
	if err := os.WriteFile(path, []byte(o.settingsText()), 0o600); err != nil {
		o.t.Fatal(err)
	}
	s, err := readSettings(path)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// TestReloadUnderLoad changes the settings again and again while mails come in. Each mail is one request with one
// acknowledgement, in the language that was set at some time, and the mailbox keeps its connection.
func TestReloadUnderLoad(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.start()
	const rounds, each = 8, 8
	for round := range rounds {
		for i := range each {
			w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprintf("Solicitud %d/%d", round, i), "Hola."))
		}
		o.until("mails in hand", func() bool { return o.tickets() > round*each })
		o.desks = fmt.Sprintf("language = %q\n", []string{"en", "es"}[round%2])
		if err := o.program.reload(o.ctx, o.reread()); err != nil {
			t.Fatal(err)
		}
	}
	const sent = rounds * each
	o.until("all requests", func() bool { return o.tickets() >= sent })
	o.holds("INBOX", 0)
	o.holds("Procesados", sent)
	o.allSent()
	seen, spanish := map[string]int{}, 0
	for _, m := range w.site.SMTP.Sent() {
		if !m.IsTo(o.pedro.Addr) {
			continue
		}
		seen[m.Subject()]++
		if strings.Contains(mailtest.TextOf(m.Raw, "text/plain"), "quedó registrada") {
			spanish++
		}
	}
	for subject, n := range seen {
		if n != 1 {
			t.Errorf("%s was acknowledged %d times", subject, n)
		}
	}
	if len(seen) != sent || spanish == 0 || spanish == sent {
		t.Errorf("%d of %d requests were acknowledged, %d of them in Spanish", len(seen), sent, spanish)
	}
	if n := o.logs.count("mailbox is being read"); n != 1 {
		t.Errorf("the mailbox was connected to %d times, want once", n)
	}
	o.sound()
}

// TestReloadMailboxes adds, changes and removes mailboxes.
func TestReloadMailboxes(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	second := mailtest.Person{Name: "Redes", Addr: "redes." + o.run + "@ministerio.example", Password: demoPassword}
	w.add(t, second)
	o.start()
	reload := func() {
		t.Helper()
		if err := o.program.reload(o.ctx, o.reread()); err != nil {
			t.Fatal(err)
		}
	}
	bring := func(p mailtest.Person, n int) {
		t.Helper()
		w.append(t, p.Addr, o.pedro.Write(p.Addr, fmt.Sprint("Solicitud ", n), "Hola."))
		o.until(fmt.Sprintf("request %d", n), func() bool { return o.tickets() == n })
	}
	bring(o.desk, 1)

	secret := filepath.Join(o.folder, "redes")
	if err := os.WriteFile(secret, []byte("otra"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.more = fmt.Sprintf("[[mailbox]]\nname = \"redes\"\naddress = %q\ntls = \"none\"\nusername = %q\npassword_file = %q\n",
		w.settings().imap, second.Addr, secret)
	reload()
	o.until("the password to be refused", func() bool { return o.logs.count("mailbox cannot be read") == 1 })
	if err := os.WriteFile(secret, []byte(demoPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	reload() // takes the password up at once
	bring(second, 2)

	o.extra = "processed_folder = \"Hechos\"\n"
	reload()
	bring(o.desk, 3)
	o.until("the mail in the other folder", func() bool { return len(w.list(t, o.desk.Addr, "Hechos")) == 1 })

	o.more = ""
	reload()
	w.append(t, second.Addr, o.pedro.Write(second.Addr, "Solicitud sin leer", "Hola."))
	bring(o.desk, 4)
	if states := o.program.readings.figures(); len(states) != 1 || states[0].Name != "soporte" {
		t.Errorf("after a mailbox was removed these are read: %v", states)
	}
	o.sound()
}

// TestReloadRefused keeps the old settings where the new ones are wrong or need a restart.
func TestReloadRefused(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	s := o.reread()
	s.file.Register.Path, s.file.Desk.NumberPrefix = "/elsewhere.db", "XX"
	err := o.program.reload(o.ctx, s)
	for _, want := range []string{"register.path", "desk.number_prefix", "restart"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	folder := filepath.Join(o.folder, "texts")
	o.more = fmt.Sprintf("[templates]\nfolder = %q\n", folder)
	if err := os.MkdirAll(filepath.Join(folder, "es"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "es", "acknowledgement.html"), []byte("{{.Nobody}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.program.reload(o.ctx, o.reread()); err == nil {
		t.Error("a template that cannot be rendered is taken")
	}
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.gets(o.pedro, 1)
	o.stop()
	if err := o.program.reload(context.Background(), o.reread()); err == nil {
		t.Error("a daemon that has stopped takes settings")
	}
}

// TestHangup sends the daemon SIGHUP, once with settings that are wrong and once with right ones.
func TestHangup(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.reread()
	path := filepath.Join(o.folder, "settings.toml")
	ctx, stop := context.WithCancel(o.ctx)
	ended := make(chan error, 1)
	go func() { ended <- runDaemon(ctx, path, testPace(), o.logs) }()
	hangup := func(expected string) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		o.until(expected, func() bool { return o.logs.count(expected) > 0 })
	}
	o.until("the daemon to read the mailbox", func() bool { return o.logs.count("mailbox is being read") == 1 })

	good := o.settingsText()
	bad := strings.Replace(good, "[smtp]", "[smtp]\nconnections = 0\ntimeout = \"never\"\n", 1)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	hangup("settings refused")
	for _, reason := range []string{"smtp.connections: found 0", "smtp.timeout: found"} {
		if o.logs.count(reason) != 1 {
			t.Errorf("the log does not say %q once:\n%s", reason, o.logs)
		}
	}
	o.writes(o.pedro, "Antes", "Hola.")
	if text := mailtest.TextOf(o.gets(o.pedro, 1), "text/plain"); !strings.Contains(text, "quedó registrada") {
		t.Errorf("after bad settings the daemon writes:\n%s", text)
	}

	o.desks = "language = \"en\"\n"
	o.reread()
	hangup("in force")
	o.writes(o.pedro, "Después", "Hola.")
	if text := mailtest.TextOf(o.gets(o.pedro, 2), "text/plain"); !strings.Contains(text, "registered") {
		t.Errorf("after good settings the daemon writes:\n%s", text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestReloadWhileTheServerTakesItsTime reloads while a notice is being sent. Mails are handled by the new settings meanwhile, and
// the notice is neither cut off nor sent again.
func TestReloadWhileTheServerTakesItsTime(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	busy, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.site.SMTP.Script(func(s mailtest.Step) *mailtest.Reply {
		if s.Stage == mailtest.StageData && s.To == o.pedro.Addr {
			once.Do(func() { close(busy) })
			<-release
		}
		return nil
	})
	o.start()
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Primera", "Hola."))
	<-busy
	o.desks = "language = \"en\"\n"
	if err := o.program.reload(o.ctx, o.reread()); err != nil {
		t.Fatal(err)
	}
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Segunda", "Hola."))
	o.until("the second request", func() bool { return o.tickets() == 2 })
	close(release)
	o.gets(o.pedro, 2)
	o.until("no notice to be left", func() bool {
		queued := true
		o.view(func(r *register.Reader) (err error) { _, queued, err = r.NextDue(); return err })
		return !queued
	})
	seen := map[string]int{}
	for _, m := range w.site.SMTP.Sent() {
		if m.IsTo(o.pedro.Addr) {
			seen[m.Subject()]++
		}
	}
	if len(seen) != 2 || seen["["+string(o.number(1))+"] Primera"] != 1 || seen["["+string(o.number(2))+"] Segunda"] != 1 {
		t.Errorf("the official got %v", seen)
	}
}
