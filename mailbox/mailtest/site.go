package mailtest

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/mail"
	"strings"
	"time"
)

// SiteOptions says how a whole mail system is started. Its zero value is plain, on free ports of 127.0.0.1, for
// ministerio.example.
type SiteOptions struct {
	IMAPAddress, SMTPAddress string      // "" for free ports
	TLS                      *tls.Config // for both, by STARTTLS, or from the first byte where Implicit
	Implicit                 bool
	Domains                  []string // nil for ministerio.example
	Clock                    func() time.Time
	Log                      *slog.Logger
	Bearer                   *Bearer // of both servers; nil: passwords
}

// Site is a mail system: an SMTP server that delivers into an IMAP server, and the people who have a mailbox there.
type Site struct {
	IMAP *IMAP
	SMTP *SMTP
	tls  *tls.Config // of clients, nil for plain
}

// NewSite starts both servers.
func NewSite(o SiteOptions) (*Site, error) {
	imap, err := NewIMAP(IMAPOptions{Address: o.IMAPAddress, TLS: o.TLS, Implicit: o.Implicit, Log: o.Log, Bearer: o.Bearer})
	if err != nil {
		return nil, err
	}
	smtp, err := NewSMTP(SMTPOptions{
		Address: o.SMTPAddress, Domains: o.Domains, TLS: o.TLS, Implicit: o.Implicit, SMTPUTF8: true,
		Mail: imap, Clock: o.Clock, Log: o.Log, Bearer: o.Bearer,
	})
	if err != nil {
		return nil, errors.Join(err, imap.Close())
	}
	s := &Site{IMAP: imap, SMTP: smtp}
	if o.Implicit {
		s.tls = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} // to ourselves, on loopback
	}
	return s, nil
}

// Add gives people a mailbox with the given folders besides INBOX, and an account to submit with. The address is the name
// of both.
func (s *Site) Add(p Person, folders ...string) error {
	if err := s.IMAP.AddUser(p.Addr, p.Password, folders...); err != nil {
		return err
	}
	s.SMTP.AddUser(p.Addr, p.Password)
	return nil
}

// Submit sends a mail that the person wrote, logged in as them, to all its recipients.
func (s *Site) Submit(ctx context.Context, p Person, raw []byte) error {
	e := Envelope{From: p.Addr, To: recipients(raw), User: p.Addr, Password: p.Password, TLS: s.tls}
	return Send(ctx, s.SMTP.Addr(), e, raw)
}

// Forge sends a mail as a stranger who claims the envelope sender, to all its recipients.
func (s *Site) Forge(ctx context.Context, from string, raw []byte) error {
	return Send(ctx, s.SMTP.Addr(), Envelope{From: from, To: recipients(raw), TLS: s.tls}, raw)
}

// Close ends both servers.
func (s *Site) Close() error { return errors.Join(s.SMTP.Close(), s.IMAP.Close()) }

// recipients returns the addresses of To, Cc and Bcc.
func recipients(raw []byte) []string {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return nil
	}
	var all []string
	for _, name := range []string{"To", "Cc", "Bcc"} {
		list, err := m.Header.AddressList(name)
		if err != nil {
			continue
		}
		for _, a := range list {
			all = append(all, a.Address)
		}
	}
	return all
}
