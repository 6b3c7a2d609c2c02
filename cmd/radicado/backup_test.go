package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"radicado/mailbox/mailtest"
	"radicado/tickets/backup"
	"radicado/tickets/register"
)

// config writes the settings of the office and returns their path.
func (o *office) config() string {
	o.t.Helper()
	path := filepath.Join(o.folder, "settings.toml")
	if err := os.WriteFile(path, []byte(o.settingsText()), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// key makes a key of age and returns its public half and the file of its secret half.
func (o *office) key(name string) (recipient, file string) {
	o.t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		o.t.Fatal(err)
	}
	file = filepath.Join(o.folder, name)
	if err := os.WriteFile(file, []byte("# a key\n"+key.String()+"\n"), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return key.Recipient().String(), file
}

// backups are the files in the folder of backups, oldest first.
func (o *office) backups() []string {
	o.t.Helper()
	files, err := filepath.Glob(filepath.Join(o.folder, "backups", "radicado-*"))
	if err != nil {
		o.t.Fatal(err)
	}
	return files
}

// TestBackupByTheSchedule has the daemon make its backup, fail at one, tell it, and make the next.
func TestBackupByTheSchedule(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	recipient, identity := o.key("identity")
	o.more = fmt.Sprintf("[limits]\nper_address = 1000\n[backup]\nschedule = \"@every 1h\"\nrecipients = [%q]\n", recipient)
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.gets(o.pedro, 1)
	config := filepath.Join(o.folder, "settings.toml")
	state := func() (b register.Backups) {
		o.view(func(r *register.Reader) (err error) { b, err = r.Backups(); return err })
		return b
	}
	again := func(hours int64) {
		o.stop()
		o.ahead.Add(hours * 3600e9)
		o.start()
	}
	again(2)
	o.until("a verified backup", func() bool { return state().Verified.File != "" })
	made := state().Verified
	if files := o.backups(); len(files) != 1 || files[0] != made.File || !strings.HasSuffix(made.File, ".age") {
		t.Errorf("recorded %+v, there is %v", made, files)
	}
	status, out, errs := say(t, "", "verify", "-c", config, made.File, "--identity", identity)
	if status != 0 || !strings.Contains(out, "1 requests with") || strings.Count(out, "ok  ") != 5 {
		t.Errorf("verify: %d\n%s%s", status, out, errs)
	}
	if status, _, errs = say(t, "", "verify", "-c", config, made.File); status != 1 || !strings.Contains(errs, "--identity") {
		t.Errorf("verify without the key: %d %s", status, errs)
	}
	// The folder cannot be written: a file is where it should be.
	if err := os.Rename(filepath.Join(o.folder, "backups"), filepath.Join(o.folder, "kept")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.folder, "backups"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again(2)
	o.until("a recorded failure", func() bool { return state().Failing() })
	o.until("the failure to be told", func() bool { return o.logs.count("job failed") > 0 })
	if got := o.logs.count("job failed"); got != 1 || state().Verified != made {
		t.Errorf("the failure was told %d times, the last verified backup is %+v:\n%s", got, state().Verified, o.logs)
	}
	if err := os.Remove(filepath.Join(o.folder, "backups")); err != nil {
		t.Fatal(err)
	}
	again(1)
	o.until("the next backup", func() bool { return !state().Failing() && state().Verified.File != made.File })
	o.sound()
}

// TestBackupAndVerifyByHand uses the command line beside a running daemon.
func TestBackupAndVerifyByHand(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.submit(o.pedro, o.pedro.Write(o.desk.Addr, "Impresora", "No imprime.", mailtest.MessageID("uno@x.example")))
	o.gets(o.pedro, 1)
	aside := filepath.Join(o.folder, "aside")
	status, out, errs := say(t, "", "backup", "-c", config, "--to", aside)
	if status != 0 || !strings.Contains(out, "1 requests") || !strings.Contains(out, "not encrypted") || !strings.Contains(out, "reply.key") {
		t.Fatalf("backup: %d\n%s%s", status, out, errs)
	}
	status, out, errs = say(t, "", "backup", "-c", config, "--json")
	var made backup.Made
	if err := json.Unmarshal([]byte(out), &made); status != 0 || err != nil || made.Holds.Requests != 1 {
		t.Fatalf("backup --json: %d\n%s%s", status, out, errs)
	}
	for _, args := range [][]string{{"verify", "-c", config}, {"verify", made.File}} {
		status, out, errs = say(t, "", args...)
		if status != 0 || strings.Count(out, "ok  ") != 5 {
			t.Errorf("%v: %d\n%s%s", args, status, out, errs)
		}
	}
	status, out, _ = say(t, "", "verify", "-c", config, "--json")
	if status != 0 || !json.Valid([]byte(out)) || !strings.Contains(out, `"findings": []`) {
		t.Errorf("verify --json: %d\n%s", status, out)
	}
	content, err := os.ReadFile(made.File)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(o.folder, "broken.tar.zst")
	if err := os.WriteFile(broken, content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"damaged or cut off":         {"verify", broken},
		"is in use or was not":       {"verify", filepath.Join(o.folder, "register.db")},
		"not a backup":               {"verify", config},
		"not a file of secret keys":  {"verify", made.File, "-i", config},
		"it is made when the daemon": {"backup", "-c", o.elsewhere("none.db")},
	} {
		if status, out, errs = say(t, "", args...); status != 1 || !strings.Contains(errs, name) {
			t.Errorf("%v: %d\n%s%s", args, status, out, errs)
		}
	}
	o.stop()
	o.alter("UPDATE tickets SET subject = 'otra cosa'")
	if status, out, _ = say(t, "", "verify", "-c", config); status != 1 || !strings.Contains(out, "FAILED  tickets") || strings.Count(out, "ok  ") != 4 {
		t.Errorf("an altered register: %d\n%s", status, out)
	}
	if status, _, errs = say(t, "", "backup", "-c", config); status != 1 || !strings.Contains(errs, "damaged") || len(o.backups()) != 1 {
		t.Errorf("an altered register was backed up: %d %s", status, errs)
	}
}

// elsewhere writes settings that name another register.
func (o *office) elsewhere(name string) string {
	o.t.Helper()
	text := strings.ReplaceAll(o.settingsText(), filepath.Join(o.folder, "register.db"), filepath.Join(o.folder, name))
	path := filepath.Join(o.folder, "elsewhere.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// alter changes the register behind the program's back.
func (o *office) alter(statement string) {
	o.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(o.folder, "register.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		o.t.Fatal(err)
	}
}
