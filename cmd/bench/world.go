package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/mailbox/mailtest"
	"radicado/mailbox/mailtest/peers"
)

// world is the mail servers that the daemon is measured with.
type world struct {
	imap, smtp string
	password   string
	login      bool // at SMTP
	hosts      []string
	fill       func(user string, mails [][]byte) error // puts mails into an empty INBOX, as quickly as can be
	queued     func() int                              // how many mails the server has accepted and not delivered yet
	close      func() error
}

// staff is who reads notices in the bench.
func staff() []string {
	return []string{coordinatorAddress, "ana.gomez@ministerio.example"}
}

// official returns the address of one of those who write requests.
func official(i int) string { return fmt.Sprintf("funcionario%d@ministerio.example", i) }

// realWorld starts Dovecot and Postfix.
func realWorld(ctx context.Context, scripts, folder string) (*world, error) {
	servers, err := peers.Start(ctx, scripts, folder)
	if err != nil {
		return nil, err
	}
	return &world{imap: servers.IMAP, smtp: servers.SMTP, password: servers.Password, hosts: servers.Hosts, close: servers.Stop, queued: servers.Queued,
		fill: func(user string, mails [][]byte) error {
			if err := makeMailbox(ctx, servers, user); err != nil {
				return err
			}
			return fillMaildir(servers.Maildir(user), mails)
		}}, nil
}

// makeMailbox lets Dovecot make the user's mailbox, with the rights that it gives.
func makeMailbox(ctx context.Context, servers *peers.Servers, user string) error {
	client, err := dial(ctx, servers.IMAP, user, servers.Password)
	if err != nil {
		return err
	}
	_, err = client.Select("INBOX", nil).Wait()
	return errors.Join(err, client.Logout().Wait(), client.Close())
}

// fillMaildir writes the mails as a delivery agent does, without waiting for the disk.
func fillMaildir(folder string, mails [][]byte) error {
	inbox := filepath.Join(folder, "new")
	info, err := os.Stat(inbox)
	if err != nil {
		return fmt.Errorf("fill a mailbox: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("fill a mailbox: nobody knows whose it is")
	}
	for i, raw := range mails {
		name := filepath.Join(inbox, fmt.Sprintf("%d.M%06dP1.bench", time.Now().Unix(), i))
		stored := []byte(strings.ReplaceAll(string(raw), "\r\n", "\n")) // Maildir keeps lines as Unix does
		if err := os.WriteFile(name, stored, fs.FileMode(0o600)); err != nil {
			return fmt.Errorf("fill a mailbox: %w", err)
		}
		if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("fill a mailbox: %w", err)
		}
	}
	return nil
}

// inProcessWorld starts the servers of mailtest in this process.
func inProcessWorld(m mix) (*world, error) {
	site, err := mailtest.NewSite(mailtest.SiteOptions{})
	if err != nil {
		return nil, err
	}
	w := &world{imap: site.IMAP.Addr(), smtp: site.SMTP.Addr(), password: "bench", login: true, hosts: []string{site.SMTP.Hostname()}, close: site.Close,
		queued: func() int { return 0 }} // it delivers before it answers
	people := []string{deskAddress, floorAddress}
	for _, addr := range staff() {
		people = append(people, addr, twin(addr))
	}
	for i := range m.Senders {
		people = append(people, official(i), twin(official(i)))
	}
	for _, addr := range people {
		if err := site.Add(mailtest.Person{Name: addr, Addr: addr, Password: w.password}); err != nil {
			return nil, errors.Join(err, site.Close())
		}
	}
	w.fill = func(user string, mails [][]byte) error {
		for _, raw := range mails {
			if _, err := site.IMAP.Append(user, "INBOX", raw, time.Now()); err != nil {
				return err
			}
		}
		return nil
	}
	return w, nil
}

// accepted returns the rates of n mails that were sent since begin, the last of which the server has just accepted. It waits until all are
// delivered.
func (w *world) accepted(ctx context.Context, n int, begin time.Time) (r rates, err error) {
	rate := func() float64 { return float64(n) / time.Since(begin).Seconds() }
	r.Accepted = rate()
	for left := w.queued(); left > 0; left = w.queued() {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return rates{}, fmt.Errorf("waiting for %d mails in the server's queue: %w", left, err)
		}
	}
	r.Delivered = rate()
	return r, nil
}

// dial logs in to the IMAP server.
func dial(ctx context.Context, address, user, password string) (*imapclient.Client, error) {
	client, err := imapclient.DialInsecure(address, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	if err := client.Login(user, password).Wait(); err != nil {
		return nil, errors.Join(fmt.Errorf("log in as %s: %w", user, err), client.Close())
	}
	return client, nil
}

// appendMail puts one mail into the inbox and returns when the server has it.
func appendMail(client *imapclient.Client, raw []byte) error {
	command := client.Append("INBOX", int64(len(raw)), &imap.AppendOptions{})
	if _, err := command.Write(raw); err != nil {
		return err
	}
	if err := command.Close(); err != nil {
		return err
	}
	_, err := command.Wait()
	return err
}
