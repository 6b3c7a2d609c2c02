package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

func TestRegisterIsForItsOwnerOnly(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	files, err := filepath.Glob(f.path + "*")
	check(t, err)
	if len(files) < 2 {
		t.Fatalf("files %v", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the rights %s", file, info.Mode())
		}
	}
}

// TestAsIs opens what is no register yet for those who only look.
func TestAsIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	if _, err := Open(t.Context(), path, Options{AsIs: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where there is none: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one was made: %v", err)
	}
	check(t, os.WriteFile(path, nil, 0o600))
	for range 2 { // the second finds what the first has left
		if _, err := Open(t.Context(), path, Options{AsIs: true}); !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), "schema 0") {
			t.Errorf("an empty file: %v", err)
		}
	}
}

func TestPathMayHaveAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "año 2026?mode=memory#50%.db")
	r, err := Open(t.Context(), path, Options{})
	check(t, err)
	check(t, r.Close())
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}

func TestConnectionRefusesAPragmaThatDoesNotTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	check(t, create(path))
	c := newConnector(path, Options{BusyTimeout: time.Second}, readWrite)
	c.dsn = strings.Replace(c.dsn, "_journal_mode", "_jurnal_mode", 1) // the driver does not mind
	db := sql.OpenDB(c)
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "journal_mode") {
		t.Errorf("connected: %v", err)
	}
}

func TestEveryConnectionHasThePragmas(t *testing.T) {
	f := open(t)
	for range 3 { // connections that are open together
		conn, err := f.readers.Conn(t.Context())
		check(t, err)
		defer conn.Close()
		var foreignKeys, queryOnly int
		check(t, conn.QueryRowContext(t.Context(), "PRAGMA foreign_keys").Scan(&foreignKeys))
		check(t, conn.QueryRowContext(t.Context(), "PRAGMA query_only").Scan(&queryOnly))
		if foreignKeys != 1 || queryOnly != 1 {
			t.Errorf("foreign_keys %d, query_only %d", foreignKeys, queryOnly)
		}
	}
	f.update(t, func(tx *Tx) error {
		var synchronous int
		var journal string
		check(t, tx.row("PRAGMA synchronous", nil, &synchronous))
		check(t, tx.row("PRAGMA journal_mode", nil, &journal))
		if synchronous != 2 || journal != "wal" {
			t.Errorf("synchronous %d, journal %s", synchronous, journal)
		}
		return nil
	})
}

func TestOneDaemonARegister(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	first, err := Open(t.Context(), path, Options{Daemon: true})
	check(t, err)
	_, err = Open(t.Context(), path, Options{Daemon: true})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a second daemon: %v", err)
	}
	tool, err := Open(t.Context(), path, Options{}) // the command line shares the register
	check(t, err)
	check(t, tool.Update(t.Context(), func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err }))
	check(t, first.Update(t.Context(), func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err }))
	expectNumbers(t, tool, 2)
	check(t, tool.Close())
	check(t, first.Close())
	next, err := Open(t.Context(), path, Options{Daemon: true})
	check(t, err)
	check(t, next.Close())
}

func TestLockedByAnotherProcess(t *testing.T) {
	f := open(t)
	other, err := Open(t.Context(), f.path, Options{BusyTimeout: time.Millisecond})
	check(t, err)
	defer func() { check(t, other.Close()) }()
	f.update(t, func(*Tx) error {
		err := other.Update(t.Context(), func(*Tx) error { return nil })
		if !errors.Is(err, ErrBusy) {
			t.Errorf("the other one wrote: %v", err)
		}
		return nil
	})
	check(t, other.Update(t.Context(), func(*Tx) error { return nil }))
}

func TestNewerRegisterIsRefused(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		return tx.apply(migration{version: 99, name: "future", script: "CREATE TABLE future (x)"}, "radicado 9.1.0")
	})
	check(t, f.Close())
	_, err := Open(t.Context(), f.path, Options{})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "radicado 9.1.0") || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("opened: %v", err)
	}
}

func TestOthersFilesAreRefusedAndNotTouched(t *testing.T) {
	for name, content := range map[string]func(path string) error{
		"another database": func(path string) error {
			db := sql.OpenDB(newConnector(path, Options{BusyTimeout: time.Second}, readWrite))
			defer db.Close()
			_, err := db.Exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
			return err
		},
		"not a database": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("some text\n", 1000)), 0o600) },
	} {
		path := filepath.Join(t.TempDir(), "register.db")
		check(t, create(path))
		check(t, content(path))
		before, err := os.ReadFile(path)
		check(t, err)
		if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		after, err := os.ReadFile(path)
		check(t, err)
		if string(before) != string(after) {
			t.Errorf("%s was changed", name)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestMigrationIsRecorded(t *testing.T) {
	f := open(t)
	f.view(t, func(r *Reader) error {
		var name, program string
		var at int64
		check(t, r.row("SELECT name, program, applied_at FROM migrations WHERE version = 1", nil, &name, &program, &at))
		if name != "register" || program != "radicado test" || at != f.clock.now().UnixMilli() {
			t.Errorf("recorded: %s by %s at %d", name, program, at)
		}
		return nil
	})
}

func TestFailedMigrationLeavesTheOldSchema(t *testing.T) {
	f := open(t)
	err := f.Update(t.Context(), func(tx *Tx) error {
		return tx.apply(migration{version: 2, name: "broken", script: "CREATE TABLE half (x); CREATE TABLE tickets (x)"}, "")
	})
	if err == nil || !strings.Contains(err.Error(), "0002_broken") {
		t.Errorf("migrated: %v", err)
	}
	f.reopen(t)
	f.view(t, func(r *Reader) error {
		if err := r.row("SELECT 1 FROM sqlite_schema WHERE name = 'half'", nil, new(int)); !errors.Is(err, ErrNotFound) {
			t.Errorf("half of it is there: %v", err)
		}
		return nil
	})
}

// restoreV1 makes a register from the frozen dump of what the first version wrote.
func restoreV1(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/v1.sql")
	check(t, err)
	path := filepath.Join(t.TempDir(), "register.db")
	check(t, create(path))
	c := newConnector(path, Options{BusyTimeout: time.Second}, readWrite)
	c.pragmas = nil // the dump writes the schema table, which they forbid
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(context.Background(), string(dump))
	check(t, err)
	check(t, db.Close())
	return path
}

// TestFirstSchemaCanBeUpgraded opens what the first version wrote. The dump never changes.
func TestFirstSchemaCanBeUpgraded(t *testing.T) {
	f := &fixture{clock: newClock("2026-06-01T09:00:00-05:00"), path: restoreV1(t)}
	f.reopen(t)
	t.Cleanup(func() { check(t, f.Close()) })
	f.sound(t)
	f.view(t, func(r *Reader) error {
		ticket, err := r.Ticket("SS-2026-000001")
		check(t, err)
		if ticket.State != tickets.Closed || ticket.Requester != ana || ticket.Solution != "Se cambió el tóner." || ticket.Text != "No imprime." {
			t.Errorf("ticket %+v", ticket)
		}
		if found, err := r.Search("tóner", ana.Addr, 10); err != nil || serials(t, found) != "1" {
			t.Errorf("found %s, %v", serials(t, found), err)
		}
		message, err := r.FindByIdentity([]byte("identity"))
		check(t, err)
		raw, err := r.LoadRaw(message.Digest)
		if err != nil || !strings.HasPrefix(string(raw), "From: ana") || message.Ticket != ticket.Number || message.Text != "No imprime." {
			t.Errorf("message %+v: %q, %v", message, raw, err)
		}
		return nil
	})
	if got := uids(f.claim(t, 10)); got != "2/1" {
		t.Errorf("waiting arrivals: %s", got)
	}
	if got := messageIDs(f.due(t, 10)); got != "n2@desk.example.org/2" {
		t.Errorf("waiting notices: %s", got)
	}
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, luis, "otra", "más")
		if err == nil && ticket.Number != "SS-2026-000003" {
			t.Errorf("next number %s", ticket.Number)
		}
		return err
	})
	f.sound(t)
}

// TestSchemaIsWhatItsMigrationsSay keeps a released migration from being edited: a new register must have the schema of
// an upgraded one.
func TestSchemaIsWhatItsMigrationsSay(t *testing.T) {
	schemaOf := func(path string) string {
		r, err := Open(t.Context(), path, Options{})
		check(t, err)
		defer r.Close()
		var lines []string
		check(t, r.View(t.Context(), func(read *Reader) error {
			lines, err = collect(read, scanValue[string], "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
			return err
		}))
		return strings.Join(lines, "\n")
	}
	upgraded, fresh := schemaOf(restoreV1(t)), schemaOf(filepath.Join(t.TempDir(), "register.db"))
	if upgraded != fresh {
		t.Errorf("upgraded:\n%s\n\nnew:\n%s", upgraded, fresh)
	}
}

// TestFreeze writes the register that testdata/v1.sql is the dump of, where RADICADO_FREEZE names a file:
//
//	sqlite3 FILE .dump
//
// with PRAGMA application_id and user_version added before the COMMIT, which .dump leaves out.
func TestFreeze(t *testing.T) {
	path := os.Getenv("RADICADO_FREEZE")
	if path == "" {
		t.Skip("only to freeze the schema of a release")
	}
	f := &fixture{clock: newClock("2026-03-02T09:00:00-05:00"), path: path}
	f.reopen(t)
	defer f.Close()
	raw := "From: ana\r\nSubject: Impresora\r\n\r\nNo imprime.\r\n" + strings.Repeat("Gracias.\r\n", 20)
	_, err := f.Position(t.Context(), "a", 7, time.Time{})
	check(t, err)
	large := arrival("a", 2, "Subject: x\r\n\r\n")
	large.Truncated, large.Structure = true, []mailbox.Part{{Name: "plano.pdf", Type: "application/pdf", Size: 1 << 30}}
	check(t, f.Take(t.Context(), "a", 7, 2, []mailbox.Arrival{arrival("a", 1, raw), large}))
	claimed := f.claim(t, 1)
	f.update(t, func(tx *Tx) error {
		id, err := tx.AddMessage(Message{Identity: []byte("identity"), Digest: claimed[0].Digest, MessageID: "m1@min.example.org", From: ana,
			Subject: "Impresora", Class: mailbox.ClassPerson, ReceivedAt: tx.Now(), Text: "No imprime.", Defects: []string{"no Date"}})
		check(t, err)
		n, err := tx.NextNumber()
		check(t, err)
		ticket := new(tickets.Ticket)
		check(t, appendFacts(tx, ticket, n, tickets.Actor{Role: tickets.RoleRequester, Addr: ana.Key()}, id,
			&tickets.RegisteredFact{Requester: ana, Subject: "Impresora", Text: "No imprime.", Files: []tickets.File{{Name: "foto.png", Type: "image/png", Size: 9}}}))
		check(t, appendFacts(tx, ticket, n, coordinator, 0, &tickets.PrioritisedFact{Priority: tickets.High}, &tickets.AssignedFact{Technician: pedro},
			&tickets.NotedFact{Text: "Es la del segundo piso."}, &tickets.ResolvedFact{Text: "Se cambió el tóner."}, &tickets.ClosedFact{}))
		_, err = register(tx, luis, "Correo", "No llega.")
		check(t, err)
		for _, id := range []string{"n1@desk.example.org", "n2@desk.example.org"} {
			check(t, queue(tx, id, ana, n))
		}
		return tx.Settle(claimed[0].ID, Settlement{Message: id})
	})
	due := f.due(t, 2)
	f.update(t, func(tx *Tx) error {
		check(t, tx.Sent(due[0].ID))
		return tx.Deferred(due[1].ID, 451, "greylisted")
	})
	f.update(t, func(tx *Tx) error { return tx.Moved("a", 7, 1) })
}
