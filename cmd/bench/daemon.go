package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// plain is the initial response of PLAIN (RFC 4616).
func plain(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}

// daemon is radicado in a process of its own, on a register that is looked at from outside.
type daemon struct {
	command  *exec.Cmd
	log      *os.File
	register *sql.DB
	path     string
	settings string
	ended    chan error
}

// settingsText is what the bench needs of settings. Nothing is held back: the limits would otherwise be what is measured.
func settingsText(w *world, folder string, o options) string {
	secret := filepath.Join(folder, "password")
	login := ""
	if w.login {
		login = fmt.Sprintf("username = %q\npassword_file = %q\n", deskAddress, secret)
	}
	return fmt.Sprintf(`[desk]
address = %q
official_domains = ["ministerio.example"]
[register]
path = %q
[[mailbox]]
name = "soporte"
address = %q
tls = "none"
username = %q
password_file = %q
%s
[smtp]
address = %q
tls = "none"
connections = %d
%s
[trust]
authority = [%q]
hosts = ["%s"]
internal = ["127.0.0.0/8"]
key_file = %q
[limits]
per_address = 0
per_staff = 0
per_domain = 0
per_request = 0
[[person]]
name = "Marta Ruiz"
role = "coordinator"
addresses = [%q]
[[person]]
name = "Ana Gómez"
role = "technician"
skills = ["impresoras", "redes"]
addresses = [%q]
`, deskAddress, filepath.Join(folder, "register.db"), w.imap, deskAddress, secret, o.mailboxKeys(), w.smtp, o.Connections, login, authority, strings.Join(w.hosts, `", "`),
		filepath.Join(folder, "reply.key"), coordinatorAddress, staff()[1])
}

// startDaemon starts radicado. The caller stops it.
func startDaemon(ctx context.Context, w *world, folder string, o options) (*daemon, error) {
	if err := os.WriteFile(filepath.Join(folder, "password"), []byte(w.password), 0o600); err != nil {
		return nil, err
	}
	settings := filepath.Join(folder, "settings.toml")
	if err := os.WriteFile(settings, []byte(settingsText(w, folder, o)), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "radicado.log"))
	if err != nil {
		return nil, err
	}
	d := &daemon{command: exec.CommandContext(ctx, o.Binary, "run", "--config", settings), log: log, path: filepath.Join(folder, "register.db"), settings: settings, ended: make(chan error, 1)}
	d.command.Stdout, d.command.Stderr = log, log
	d.command.Cancel = func() error { return d.command.Process.Signal(syscall.SIGTERM) }
	if err := d.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the daemon: %w", err), log.Close())
	}
	go func() { d.ended <- d.command.Wait() }()
	// Read-only and by its own connection: what is measured must not notice.
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: d.path, RawQuery: "mode=ro&_query_only=on&_busy_timeout=5000"}
	if d.register, err = sql.Open("sqlite3", dsn.String()); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	d.register.SetMaxOpenConns(1)
	return d, nil
}

// stop ends the daemon as systemd does.
func (d *daemon) stop() error {
	var errs []error
	if d.register != nil {
		errs = append(errs, d.register.Close())
	}
	if d.command.ProcessState == nil {
		if err := d.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		errs = append(errs, <-d.ended)
	}
	return errors.Join(append(errs, d.log.Close())...)
}

// until asks the register every few milliseconds whether something holds.
func (d *daemon) until(ctx context.Context, what string, holds func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err == nil && ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting for %s: %w", what, ctx.Err()), err)
		case err := <-d.ended:
			d.ended <- err
			return fmt.Errorf("waiting for %s: the daemon ended: %w; its log is %s", what, err, d.log.Name())
		case <-tick.C:
		}
	}
}

// What is waited for, in words that an index answers: counting the rows time and again would take a processor from the daemon, and the
// more the more there are. ?1 is how many mails there are to be.
const (
	isRegistered = "coalesce((SELECT max(id) FROM arrivals), 0) >= ?1 AND NOT EXISTS (SELECT 1 FROM arrivals WHERE state = 'taken')"
	isMoved      = isRegistered + " AND NOT EXISTS (SELECT 1 FROM arrivals WHERE state <> 'taken' AND moved_at IS NULL)"
	isSilent     = "NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued')"
)

// await waits until a condition on the register holds.
func (d *daemon) await(ctx context.Context, what, condition string, args ...any) error {
	return d.until(ctx, what, func() (holds bool, err error) {
		err = d.register.QueryRowContext(ctx, "SELECT "+condition, args...).Scan(&holds)
		return holds, err
	})
}

// rest waits until the daemon has taken so many mails and has nothing left to do.
func (d *daemon) rest(ctx context.Context, mails int) error {
	return d.await(ctx, "rest", isMoved+" AND "+isSilent, mails)
}

// count runs a query for one number.
func (d *daemon) count(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = d.register.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// resident is memory that a process holds, in bytes: the most so far, what it holds now, and what of that is the program's own file,
// which the system shares, and takes back where it is short of memory.
type resident struct{ peak, now, program int64 }

// memory returns what the daemon holds.
func (d *daemon) memory() (m resident, err error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(d.command.Process.Pid), "status"))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // 0 for other lines
		switch name {
		case "VmHWM":
			m.peak = kb << 10
		case "VmRSS":
			m.now = kb << 10
		case "RssFile":
			m.program = kb << 10
		}
	}
	return m, nil
}

// cpu returns the processor time that the daemon has taken so far.
func (d *daemon) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(d.command.Process.Pid), "stat"))
	if err != nil {
		return 0, err
	}
	// The name may hold spaces; what follows its bracket is plain (proc(5)).
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc: found %d fields", len(fields))
	}
	const ticks = 100 // a second, on every Linux that Go knows
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errors.Join(errUser, errSystem)
}
