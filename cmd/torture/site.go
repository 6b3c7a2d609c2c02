package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"radicado/cmd/torture/audit"
	"radicado/mailbox/mailtest"
)

// password opens every mailbox of .ci/dovecot.
const password = "secreto"

// site is Dovecot and Postfix of their own, in a folder of the run.
type site struct {
	root    string // of the repository
	folder  string
	env     []string
	imap    string // host:port
	smtp    string // of Postfix, for the ministry's own people
	narrow  string // the same, one connection at a time
	owner   int    // of the mail on disk
	group   int
	serial  atomic.Int64
	running bool
}

// newSite starts the servers.
func newSite(ctx context.Context, root, folder string) (*site, error) {
	s := &site{root: root, folder: folder}
	if err := os.Chmod(folder, 0o755); err != nil { // the servers drop their rights and must still get there
		return nil, err
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	if s.owner, err = strconv.Atoi(nobody.Uid); err != nil {
		return nil, err
	}
	if s.group, err = strconv.Atoi(nobody.Gid); err != nil {
		return nil, err
	}
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	s.imap, s.smtp, s.narrow = loopback(ports[0]), loopback(ports[2]), loopback(ports[4])
	s.env = append(os.Environ(), fmt.Sprint("DOVECOT_IMAP_PORT=", ports[0]), fmt.Sprint("DOVECOT_LMTP_PORT=", ports[1]), "DOVECOT_SIEVE_PORT=0",
		"DOVECOT_PASSWORD="+password, fmt.Sprint("POSTFIX_PORT=", ports[2]), fmt.Sprint("POSTFIX_INBOUND_PORT=", ports[3]),
		fmt.Sprint("POSTFIX_NARROW_PORT=", ports[4]), "DOVECOT_SUBMISSION="+s.smtp)
	if err := s.script(ctx, "dovecot", "start"); err != nil {
		return nil, err
	}
	s.running = true
	return s, s.script(ctx, "postfix", "start")
}

// script runs .ci/dovecot or .ci/postfix.
func (s *site) script(ctx context.Context, name, verb string) error {
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(s.root, ".ci", name), verb, filepath.Join(s.folder, name))
	cmd.Env = s.env
	log, err := os.Create(filepath.Join(s.folder, name+".said")) // a file and no pipe: the servers keep it open
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf(".ci/%s %s: %w: see %s", name, verb, err, log.Name())
	}
	return nil
}

func (s *site) close(ctx context.Context) {
	if s.running {
		_ = s.script(ctx, "postfix", "stop")
		_ = s.script(ctx, "dovecot", "stop")
	}
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePorts returns ports of loopback that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// maildir is where the mails of an address lie.
func (s *site) maildir(address string) string {
	return filepath.Join(s.folder, "dovecot", "mail", strings.ToLower(address), "Maildir")
}

// deliver puts a mail into an inbox as a delivery agent does: whole, or not at all, whether Dovecot is up or not.
func (s *site) deliver(address string, raw []byte) error {
	dir := s.maildir(address)
	for _, name := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	for d := dir; d != filepath.Join(s.folder, "dovecot", "mail"); d = filepath.Dir(d) {
		if err := os.Chown(d, s.owner, s.group); err != nil {
			return err
		}
	}
	n := s.serial.Add(1)
	name := fmt.Sprintf("%d.M%dP%d.torture", 1_700_000_000+n, n, os.Getpid())
	temporary := filepath.Join(dir, "tmp", name)
	if err := os.WriteFile(temporary, bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), 0o600); err != nil {
		return err
	}
	for _, path := range []string{temporary, filepath.Join(dir, "tmp"), filepath.Join(dir, "new"), filepath.Join(dir, "cur")} {
		if err := os.Chown(path, s.owner, s.group); err != nil {
			return err
		}
	}
	return os.Rename(temporary, filepath.Join(dir, "new", name))
}

// submit sends a mail through Postfix, and again where Postfix puts it off: it does while it starts on a busy machine.
func (s *site) submit(ctx context.Context, from, to string, raw []byte) error {
	for tries := 1; ; tries++ {
		err := mailtest.Send(ctx, s.smtp, mailtest.Envelope{From: from, To: []string{to}}, raw)
		var reply *smtp.SMTPError
		if !errors.As(err, &reply) || !reply.Temporary() || tries == 20 || ctx.Err() != nil {
			return err
		}
		sleep(ctx, 500*time.Millisecond)
	}
}

// queued returns how many mails Postfix has accepted and not delivered yet.
func (s *site) queued() (n int) {
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

// mails reads every folder of an address from the disk.
func (s *site) mails(address string) ([]audit.Mail, error) {
	var list []audit.Mail
	err := s.files(address, func(folder, path string) error {
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil // moved meanwhile
		}
		raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		list = append(list, audit.Mail{Owner: address, Folder: folder, Raw: raw})
		return err
	})
	return list, err
}

// count returns how many mails lie in a folder of an address; "" for all folders.
func (s *site) count(address, folder string) (n int) {
	_ = s.files(address, func(in, _ string) error {
		if folder == "" || in == folder {
			n++
		}
		return nil
	})
	return n
}

// files calls yield for every mail of an address.
func (s *site) files(address string, yield func(folder, path string) error) error {
	dir := s.maildir(address)
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	folders := map[string]string{"INBOX": dir}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), ".") {
			folders[e.Name()[1:]] = filepath.Join(dir, e.Name())
		}
	}
	for folder, path := range folders {
		for _, part := range []string{"new", "cur"} {
			found, err := os.ReadDir(filepath.Join(path, part))
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			for _, f := range found {
				if err := yield(folder, filepath.Join(path, part, f.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
