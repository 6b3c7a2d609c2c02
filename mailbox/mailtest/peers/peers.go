// Package peers runs real mail servers for the programs that measure and torture the daemon: Dovecot and Postfix, from a folder of
// their own on loopback, by the scripts that the checks use. It knows nothing of requests and must not become part of the daemon.
package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Servers is a running Dovecot and a running Postfix. Every user of an .example domain exists.
type Servers struct {
	IMAP     string   // host:port, without TLS
	SMTP     string   // where the ministry's own people submit; no login
	Narrow   string   // the same, for one connection at a time
	Password string   // that of every user
	Hosts    []string // the names in Received

	scripts, folder string
	environment     []string
}

// Start starts both servers. scripts is the folder with the scripts dovecot and postfix; everything they write is below
// folder. It needs root, as Postfix does. The caller stops them.
func Start(ctx context.Context, scripts, folder string) (*Servers, error) {
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	s := &Servers{IMAP: at(0), SMTP: at(1), Narrow: at(2), Password: "secreto", Hosts: []string{"mx.ministerio.example"}, scripts: scripts, folder: folder}
	if name, err := os.Hostname(); err == nil {
		s.Hosts = append(s.Hosts, name) // Dovecot's LMTP stamps with it
	}
	for i, name := range []string{"DOVECOT_IMAP_PORT", "POSTFIX_PORT", "POSTFIX_NARROW_PORT", "POSTFIX_INBOUND_PORT", "DOVECOT_LMTP_PORT"} {
		s.environment = append(s.environment, name+"="+strconv.Itoa(ports[i]))
	}
	s.environment = append(s.environment, "DOVECOT_SIEVE_PORT=0", "DOVECOT_SUBMISSION="+s.SMTP)
	// The servers drop their rights and must still get through to their files.
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("folder of the mail servers: %w", err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		return nil, fmt.Errorf("folder of the mail servers: %w", err)
	}
	for _, server := range []string{"dovecot", "postfix"} {
		if err := s.run(ctx, server, "start"); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// Stop ends both servers.
func (s *Servers) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(s.run(ctx, "postfix", "stop"), s.run(ctx, "dovecot", "stop"))
}

// StopIMAP and StartIMAP end and start Dovecot alone.
func (s *Servers) StopIMAP(ctx context.Context) error  { return s.run(ctx, "dovecot", "stop") }
func (s *Servers) StartIMAP(ctx context.Context) error { return s.run(ctx, "dovecot", "start") }

// Maildir returns the folder of a user's inbox.
func (s *Servers) Maildir(user string) string {
	return filepath.Join(s.folder, "dovecot", "mail", strings.ToLower(user), "Maildir")
}

// Queued returns how many mails Postfix has accepted and not delivered yet.
func (s *Servers) Queued() (n int) {
	for _, queue := range []string{"maildrop", "incoming", "active", "deferred"} {
		_ = filepath.WalkDir(filepath.Join(s.folder, "postfix", "postfix", "queue", queue), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				n++
			}
			return nil // what is gone meanwhile is delivered
		})
	}
	return n
}

func (s *Servers) run(ctx context.Context, server, action string) error {
	folder := filepath.Join(s.folder, server)
	if _, err := os.Stat(folder); action == "stop" && errors.Is(err, os.ErrNotExist) {
		return nil // it was never started
	}
	// What a daemon inherits it keeps open: a pipe would be waited for until the daemon ends.
	out, err := os.CreateTemp(s.folder, server+"-*.txt")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(out.Name()) }()
	defer func() { _ = out.Close() }()
	command := exec.CommandContext(ctx, "bash", filepath.Join(s.scripts, server), action, folder)
	command.Env = append(os.Environ(), s.environment...)
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // it only adds to the error
		return fmt.Errorf("%s %s: %w: %s", server, action, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// freePorts returns ports of loopback that nobody listens on now.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
