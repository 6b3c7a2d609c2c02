package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// acknowledged is what went out to the official: number by subject, the first one where there are several.
func (o *office) acknowledged() map[string]string {
	found := map[string]string{}
	for _, raw := range o.world.list(o.t, o.pedro.Addr, "INBOX") {
		number, subject, _ := strings.Cut(strings.TrimPrefix(mailtest.HeaderOf(raw, "Subject"), "["), "] ")
		if _, twice := found[subject]; !twice {
			found[subject] = number
		}
	}
	return found
}

// loseRegister is the disk of the register dying.
func (o *office) loseRegister() {
	o.t.Helper()
	o.stop()
	for _, ending := range leavings {
		if err := os.Remove(filepath.Join(o.folder, "register.db") + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			o.t.Fatal(err)
		}
	}
}

// write sends requests and waits for their acknowledgements.
func (o *office) write(subjects ...string) {
	o.t.Helper()
	for _, subject := range subjects {
		o.world.append(o.t, o.desk.Addr, o.pedro.Write(o.desk.Addr, subject, "No funciona: "+subject))
	}
	o.until("the acknowledgements", func() bool {
		acknowledged := o.acknowledged()
		for _, subject := range subjects {
			if acknowledged[subject] == "" {
				return false
			}
		}
		return true
	})
	o.holds("INBOX", 0)
}

// allSent waits until no notice is left.
func (o *office) allSent() {
	o.t.Helper()
	o.until("no notice to be left", func() bool {
		queued := true
		o.view(func(r *register.Reader) (err error) { _, queued, err = r.NextDue(); return err })
		return !queued
	})
}

// same checks that each acknowledged number names the request that it named when it went out.
func (o *office) same(acknowledged map[string]string) {
	o.t.Helper()
	for subject, number := range acknowledged {
		o.view(func(r *register.Reader) error {
			t, err := r.Ticket(tickets.Number(number))
			if err != nil || t.Subject != subject {
				o.t.Errorf("%s was acknowledged as %q and is %+v, %v", number, subject, t, err)
			}
			return nil
		})
	}
}

// TestRestoreDrill makes a backup in mid-work, loses the register some time later, restores, and goes on: nothing that was
// acknowledged is missing, whether before the backup began or after it, and no number names two requests.
func TestRestoreDrill(t *testing.T) { inEveryWorld(t, restoreDrill) }

func restoreDrill(t *testing.T, w world) {
	o := newOffice(t, w)
	recipient, identity := o.key("identity")
	o.more = fmt.Sprintf("[limits]\nper_address = 1000\n[backup]\nrecipients = [%q]\n", recipient)
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.write("Antes 1")
	o.gets(o.marta, 1) // who answers it later: of two that go out side by side the second may come first
	o.write("Antes 2")

	load, stop := context.WithCancel(t.Context())
	sent := make(chan int, 1)
	go func() {
		n := 0
		defer func() { sent <- n }()
		for ; load.Err() == nil && n < 60; n++ {
			w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprint("Durante ", n), "Hola."))
		}
	}()
	o.until("the load", func() bool { return o.tickets() > 5 })
	before := o.acknowledged()
	status, out, errs := say(t, "", "backup", "-c", config)
	if status != 0 {
		t.Fatalf("backup: %d\n%s%s", status, out, errs)
	}
	stop()
	total := 2 + <-sent
	o.until("the rest of the load", func() bool { return o.tickets() == total })
	o.write("Después 1", "Después 2", "Después 3")
	o.answers(o.marta, 1, "#prioridad alta #asignar Ana", "")
	o.reaches(1, tickets.Coordinated)
	o.holds("INBOX", 0)
	all := o.acknowledged()
	o.loseRegister()

	// A key that is lost as well comes back from the backup; so do the settings.
	key, err := os.ReadFile(filepath.Join(o.folder, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.folder, "key")); err != nil {
		t.Fatal(err)
	}
	file := o.backups()[0]
	if status, out, errs = say(t, "", "restore", file, "-i", identity, "--secrets", filepath.Join(o.folder, "secrets")); status != 0 {
		t.Errorf("restore --secrets: %d\n%s%s", status, out, errs)
	}
	for kept, original := range map[string]string{"config.toml": config} {
		a, errA := os.ReadFile(filepath.Join(o.folder, "secrets", kept))
		b, errB := os.ReadFile(original)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s is not %s: %v, %v", kept, original, errA, errB)
		}
	}
	status, out, errs = say(t, "", "restore", file, "-i", identity, "-c", config)
	if status != 0 || strings.Contains(out, "Doubt") || !strings.Contains(out, "in the order in which they came") {
		t.Fatalf("restore: %d\n%s%s", status, out, errs)
	}
	t.Log(out)
	if again, err := os.ReadFile(filepath.Join(o.folder, "key")); err != nil || string(again) != string(key) {
		t.Errorf("the key did not come back: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.folder, "register.db.restore*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if status, out, errs = say(t, "", "verify", "-c", config); status != 0 {
		t.Errorf("verify: %d\n%s%s", status, out, errs)
	}

	o.start()
	if got := o.tickets(); got != total+3 {
		t.Errorf("%d requests of %d mails", got, total+3)
	}
	o.same(before)
	o.same(all)
	if got := o.ticket(1); got.Priority != tickets.High || got.State != tickets.Coordinated {
		t.Errorf("the command after the backup was lost: %s %s", got.Priority, got.State)
	}
	o.write("La nueva")
	if got := o.ticket(total + 4); got == nil || got.Subject != "La nueva" {
		t.Errorf("the next request is %+v", got)
	}
	o.allSent()
	o.same(o.acknowledged())
	for _, raw := range w.list(t, o.pedro.Addr, "INBOX") {
		if number, subject, _ := strings.Cut(mailtest.HeaderOf(raw, "Subject"), "] "); all[subject] != "" && "["+all[subject] != number {
			t.Errorf("%q, which is %s, was acknowledged as %s", subject, all[subject], number)
		}
	}
	o.holds("Procesados", total+5)
	o.sound()
}

// discard removes a mail from a folder, as somebody does who tidies up.
func (o *office) discard(w *inProcess, folder, subject string) {
	o.t.Helper()
	client, err := imapclient.DialInsecure(w.site.IMAP.Addr(), nil)
	if err != nil {
		o.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(o.desk.Addr, o.desk.Password).Wait(); err != nil {
		o.t.Fatal(err)
	}
	if _, err := client.Select(folder, nil).Wait(); err != nil {
		o.t.Fatal(err)
	}
	found, err := client.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: subject}}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) != 1 {
		o.t.Fatalf("found %v, %v", found, err)
	}
	set := imap.UIDSetNum(found.AllUIDs()...)
	if err := client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		o.t.Fatal(err)
	}
	if err := client.Expunge().Close(); err != nil {
		o.t.Fatal(err)
	}
}

// TestRestoreWithMailsMissing has one of the mails that came after the backup deleted from the mailbox, so that those behind it
// would get the numbers of others.
func TestRestoreWithMailsMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		answer bool // whether somebody has answered the acknowledgement of the last one
		told   bool // whether the loss is noticed
	}{
		"the last number is known":         {[]string{"--last-number", "ss-%d-000004"}, false, true},
		"an answer names the last number":  {nil, true, true},
		"nothing tells":                    {nil, false, false},
		"without a look at the mailboxes":  {[]string{"--offline", "--last-number", "SS-%d-000004"}, false, true},
		"the last number was of last year": {[]string{"--last-number", "SS-2020-000004"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newInProcess(t)
			o := newOffice(t, w)
			o.start()
			config := filepath.Join(o.folder, "settings.toml")
			o.write("Una")
			if status, out, errs := say(t, "", "backup", "-c", config); status != 0 {
				t.Fatalf("backup: %d\n%s%s", status, out, errs)
			}
			o.write("Dos")
			o.write("Tres")
			o.write("Cuatro")
			kept := 3
			if tt.answer {
				o.answers(o.pedro, 4, "", "¿Cómo va?")
				o.holds("Procesados", 5)
				kept++
			}
			o.discard(w, "Procesados", "Dos")
			o.loseRegister()
			args := append([]string{"restore", o.backups()[0], "-c", config}, tt.args...)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "%d", strings.Split(string(o.number(1)), "-")[1])
			}
			status, text, errs := say(t, "", args...)
			if status != 0 || strings.Contains(text, "Doubt") != (tt.told && kept > 0 && !strings.Contains(text, "import")) {
				t.Fatalf("%v: %d\n%s%s", args, status, text, errs)
			}
			o.start()
			o.write("La nueva")
			o.sound()
			if !tt.told {
				return
			}
			next := string(o.number(5))
			if !strings.Contains(text, "may have gone out") {
				t.Errorf("the gap is not told:\n%s", text)
			}
			for n := 2; n <= 4; n++ {
				if got := o.ticket(n); got != nil {
					t.Errorf("number %d, which went out, names %q now", n, got.Subject)
				}
			}
			o.view(func(r *register.Reader) error {
				gaps, err := r.Gaps()
				if err != nil || gaps[len(gaps)-1].First != 2 || gaps[len(gaps)-1].Last != 4 {
					t.Errorf("gaps %+v, %v", gaps, err)
				}
				_, err = r.Ticket(tickets.Number(next))
				return err
			})
		})
	}
}

// TestRootLeavesAllToTheDaemon has root make a backup and restore it in the folder of another user's daemon.
func TestRootLeavesAllToTheDaemon(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes files for others")
	}
	const daemon = 65534
	o := newOffice(t, newInProcess(t))
	recipient, identity := o.key("identity")
	o.more = fmt.Sprintf("[limits]\nper_address = 1000\n[backup]\nrecipients = [%q]\n", recipient)
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.write("Una")
	o.stop()
	if err := os.Chown(o.folder, daemon, daemon); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := say(t, "", "backup", "-c", config); status != 0 {
		t.Fatalf("backup: %d\n%s%s", status, out, errs)
	}
	file := o.backups()[0]
	o.loseRegister()
	for _, name := range []string{"register.db.lock", "key"} {
		if err := os.Remove(filepath.Join(o.folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if status, out, errs := say(t, "", "restore", file, "-i", identity, "-c", config); status != 0 {
		t.Fatalf("restore: %d\n%s%s", status, out, errs)
	}
	for _, path := range []string{"register.db", "register.db.lock", "key", "backups", filepath.Join("backups", filepath.Base(file))} {
		info, err := os.Stat(filepath.Join(o.folder, path))
		if err != nil {
			t.Error(err)
		} else if of := info.Sys().(*syscall.Stat_t); of.Uid != daemon || of.Gid != daemon {
			t.Errorf("%s belongs to %d:%d", path, of.Uid, of.Gid)
		}
	}
}

// TestRestoreRefuses restores where that would destroy something or end in nothing.
func TestRestoreRefuses(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	recipient, _ := o.key("identity")
	_, other := o.key("other")
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.write("Una")
	if status, out, errs := say(t, "", "backup", "-c", config); status != 0 {
		t.Fatalf("backup: %d\n%s%s", status, out, errs)
	}
	plain := o.backups()[0]
	refused := func(want string, args ...string) {
		t.Helper()
		status, out, errs := say(t, "", append([]string{"restore", "-c", config}, args...)...)
		if status != 1 || !strings.Contains(errs, want) {
			t.Errorf("restore %v: %d\n%s%s", args, status, out, errs)
		}
	}
	refused("stop the daemon first", plain)
	aside := filepath.Join(o.folder, "aside.db")
	if status, out, errs := say(t, "", "restore", "-c", config, plain, "--to", aside); status != 0 {
		t.Errorf("a drill beside the daemon: %d\n%s%s", status, out, errs)
	}
	refused("nothing is overwritten", plain, "--to", aside)
	o.stop()
	refused("nothing is overwritten", plain)
	refused("--last-number", plain, "--offline")
	refused("expected a number", plain, "--last-number", "siete")
	refused("radicado: restore: open ", plain, "--to", filepath.Join(o.folder, "missing", "register.db"))
	refused("only encrypted backups keep more", plain, "--secrets", filepath.Join(o.folder, "secrets"))

	o.loseRegister()
	stale := filepath.Join(o.folder, "register.db-wal")
	if err := os.WriteFile(stale, []byte("a log of the lost one"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("register.db-wal already", plain)
	if err := os.Remove(stale); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(o.folder, "cut.tar.zst")
	if err := os.WriteFile(cut, content[:len(content)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	refused("damaged or cut off", cut)
	w.site.IMAP.Down()
	refused("--offline", plain) // says how to go on without the mail server
	if err := w.site.IMAP.Up(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(o.folder, "register.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a register was made: %v", err)
	}
	// What an attempt left that was killed is no hindrance.
	if err := os.WriteFile(filepath.Join(o.folder, "register.db.restore"), []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := say(t, "", "restore", "-c", config, plain); status != 0 {
		t.Errorf("restore: %d\n%s%s", status, out, errs)
	}
	o.more = fmt.Sprintf("[limits]\nper_address = 1000\n[backup]\nrecipients = [%q]\n", recipient)
	config = o.config()
	if status, out, errs := say(t, "", "backup", "-c", config); status != 0 {
		t.Fatalf("backup: %d\n%s%s", status, out, errs)
	}
	sealed := o.backups()[0]
	if sealed == plain {
		sealed = o.backups()[1]
	}
	refused("none of the keys", sealed, "-i", other, "--to", filepath.Join(o.folder, "sealed.db"))
	refused("--identity", sealed, "--to", filepath.Join(o.folder, "sealed.db"))
}
