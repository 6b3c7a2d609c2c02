package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"radicado/cmd/torture/audit"
	"radicado/mailbox/mailtest"
	"radicado/mailbox/mailtest/peers"
)

// site is Dovecot and Postfix of their own, in a folder of the run.
type site struct {
	*peers.Servers
	owner, group int // of the mail on disk
	serial       atomic.Int64
}

// newSite starts the servers. The caller stops them.
func newSite(ctx context.Context, root, folder string) (*site, error) {
	s := new(site)
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
	s.Servers, err = peers.Start(ctx, filepath.Join(root, ".ci"), folder)
	return s, err
}

// deliver puts a mail into an inbox as a delivery agent does: whole, or not at all, whether Dovecot is up or not.
func (s *site) deliver(address string, raw []byte) error {
	dir := s.Maildir(address)
	for _, name := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} { // what is above is Dovecot's
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
		err := mailtest.Send(ctx, s.SMTP, mailtest.Envelope{From: from, To: []string{to}}, raw)
		var reply *smtp.SMTPError
		if !errors.As(err, &reply) || !reply.Temporary() || tries == 20 || ctx.Err() != nil {
			return err
		}
		sleep(ctx, 500*time.Millisecond)
	}
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
	dir := s.Maildir(address)
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
