package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// SMTPOptions says how an SMTP server is started.
type SMTPOptions struct {
	Address  string           // host:port; "" for a free port of 127.0.0.1
	Hostname string           // its name, also the authserv-id; "" for mx.ministerio.example
	Domains  []string         // for which it is the final server; nil for ministerio.example
	TLS      *tls.Config      // offered by STARTTLS, or from the first byte where Implicit
	Implicit bool             // RFC 8314: TLS from the first byte
	SMTPUTF8 bool             // offered (RFC 6531)
	MaxBytes int64            // largest mail taken; 0 for any
	Mail     *IMAP            // where mail is delivered
	Clock    func() time.Time // nil for time.Now
	Log      *slog.Logger     // what the server complains of; nil for silence

	// KeepForged leaves Authentication-Results that a sender wrote in the name of this server in the mail, against
	// RFC 8601 section 5, as some servers do.
	KeepForged bool

	Bearer *Bearer // nil: passwords
}

// SMTP plays the ministry's mail server on one port. People of its users submit with AUTH and reach anybody; anybody
// reaches people of its own domains. It delivers to the INBOX of each recipient, with Return-Path, Received and
// Authentication-Results on top as a final server does, and keeps every mail that it accepted. Recipients of other domains
// who have a mailbox are delivered to as well, so that a test can play a vendor. All its methods may be called at the
// same time.
type SMTP struct {
	o       SMTPOptions
	gate    *gate
	server  *smtp.Server
	kept    signal
	serving sync.WaitGroup // the listener

	mu     sync.Mutex
	users  map[string]*submitter
	script func(Step) *Reply
	mails  []Mail
	serial int
}

// submitter is somebody who may log in, and the addresses that are theirs.
type submitter struct {
	name, password string
	addresses      []string // keys
}

// Stage names a point of an SMTP session at which a script may step in.
type Stage string

// The stages. At StageAccepted the mail is kept and delivered, but the client was not told.
const (
	StageConnect  Stage = "connect"
	StageHello    Stage = "hello"
	StageAuth     Stage = "auth"
	StageMail     Stage = "mail"
	StageRcpt     Stage = "rcpt"
	StageData     Stage = "data"
	StageAccepted Stage = "accepted"
)

// Step is what a script decides on.
type Step struct {
	Stage Stage
	Hello string // what the client calls itself
	User  string // who logged in, "" for nobody
	From  string // envelope sender
	To    string // envelope recipient; at StageData and StageAccepted the first
	Raw   []byte // the mail, at StageData and StageAccepted
}

// Reply is what a script wants instead of what the server would do.
type Reply struct {
	Code   int    // 421 ends the connection as well
	Status string // enhanced status code, "4.7.1"; "" for the general one
	Text   string
	Cut    bool // end the connection without a word
}

// Mail is one mail that the server accepted.
type Mail struct {
	User string // who submitted it, "" for nobody
	From string // envelope sender, "" for the null sender
	To   []string
	Time time.Time
	Raw  []byte // as it came, without what the server adds
}

// NewSMTP starts an SMTP server.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Hostname == "" {
		o.Hostname = "mx.ministerio.example"
	}
	if o.Domains == nil {
		o.Domains = []string{"ministerio.example"}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &SMTP{o: o, users: make(map[string]*submitter)}
	var implicit *tls.Config
	if o.Implicit {
		implicit = o.TLS
	}
	gate, err := openGate(o.Address, implicit, s.greet)
	if err != nil {
		return nil, fmt.Errorf("start the SMTP server: %w", err)
	}
	s.gate = gate
	s.server = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.server.Domain = o.Hostname
	s.server.AllowInsecureAuth = true // it serves loopback alone
	s.server.EnableSMTPUTF8 = o.SMTPUTF8
	s.server.MaxMessageBytes = o.MaxBytes
	s.server.ErrorLog = logger{o.Log}
	if !o.Implicit {
		s.server.TLSConfig = o.TLS
	}
	s.serving.Go(func() { _ = s.server.Serve(s.gate) })
	return s, nil
}

// Addr returns host:port.
func (s *SMTP) Addr() string { return s.gate.address }

// Hostname returns the server's name, which is the authserv-id of its Authentication-Results too.
func (s *SMTP) Hostname() string { return s.o.Hostname }

// AddUser lets somebody log in with their address and password, and write as that address and the others given. Each of
// these may carry +detail before the @ (RFC 5233).
func (s *SMTP) AddUser(address, password string, others ...string) {
	user := &submitter{name: address, password: password}
	for _, a := range slices.Concat([]string{address}, others) {
		user.addresses = append(user.addresses, mailboxOf(a))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[strings.ToLower(address)] = user
}

// Script sets what decides at each stage: nil from it lets the server go on as usual. It is called from every connection
// at the same time and may block, which the client sees as a slow server. A nil script ends the interference.
func (s *SMTP) Script(script func(Step) *Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

func (s *SMTP) decide(step Step) *Reply {
	s.mu.Lock()
	script := s.script
	s.mu.Unlock()
	if script == nil {
		return nil
	}
	return script(step)
}

// greet lets a script turn a client away before the banner.
func (s *SMTP) greet(conn *gateConn) bool {
	reply := s.decide(Step{Stage: StageConnect})
	if reply == nil {
		return true
	}
	if !reply.Cut {
		_, _ = fmt.Fprintf(conn, "%d %s\r\n", reply.Code, reply.Text)
	}
	_ = conn.Close()
	return false
}

// Sent returns the mails accepted so far, oldest first.
func (s *SMTP) Sent() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails[:len(s.mails):len(s.mails)] // it only grows
}

// WaitFor returns the oldest accepted mail that is wanted, and waits until there is one.
func (s *SMTP) WaitFor(ctx context.Context, wanted func(Mail) bool) (Mail, error) {
	seen := 0
	for {
		changed := s.kept.next()
		sent := s.Sent()
		for _, m := range sent[seen:] {
			if wanted(m) {
				return m, nil
			}
		}
		seen = len(sent)
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("wait for a mail, of %d accepted ones none was it (%s): %w",
				seen, strings.Join(describe(sent), "; "), context.Cause(ctx))
		}
	}
}

// WaitCount waits until that many mails were accepted and returns all.
func (s *SMTP) WaitCount(ctx context.Context, n int) ([]Mail, error) {
	for {
		changed := s.kept.next()
		sent := s.Sent()
		if len(sent) >= n {
			return sent, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return sent, fmt.Errorf("wait for %d mails, %d were accepted (%s): %w",
				n, len(sent), strings.Join(describe(sent), "; "), context.Cause(ctx))
		}
	}
}

// describe returns a line for each of the last ten mails.
func describe(mails []Mail) []string {
	var lines []string
	for _, m := range mails[max(0, len(mails)-10):] {
		lines = append(lines, fmt.Sprintf("to %s: %s", strings.Join(m.To, ", "), m.Subject()))
	}
	return lines
}

// Down refuses connections and cuts the present ones, Up serves the same port again, Drop only cuts.
func (s *SMTP) Down() { s.gate.down() }

// Up undoes Down.
func (s *SMTP) Up() error { return s.gate.up() }

// Drop cuts the present connections.
func (s *SMTP) Drop() { s.gate.drop() }

// Close ends the server and waits for its connections to end.
func (s *SMTP) Close() error {
	_ = s.gate.Close()
	s.serving.Wait() // first: the server counts its connections without a lock
	return s.server.Shutdown(context.Background())
}

// local reports whether this server is the final one for the address.
func (s *SMTP) local(address string) bool {
	_, domain, _ := cutAddress(address)
	return slices.ContainsFunc(s.o.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// accept keeps a mail and delivers it to each recipient who has a mailbox.
func (s *SMTP) accept(m Mail, hello string, peer net.Addr, secure bool) error {
	s.mu.Lock()
	s.serial++
	serial := s.serial
	owned := s.owns(m.User, soleAuthor(m.Raw))
	s.mu.Unlock()

	body := m.Raw
	if !s.o.KeepForged {
		body = withoutResultsOf(s.o.Hostname, body)
	}
	for _, to := range m.To {
		if s.o.Mail == nil || !s.o.Mail.HasUser(mailboxOf(to)) {
			continue
		}
		trace := s.trace(m, to, hello, peer, secure, owned, serial)
		if _, err := s.o.Mail.Append(mailboxOf(to), "INBOX", slices.Concat(trace, body), m.Time); err != nil {
			return fmt.Errorf("deliver to %s: %w", to, err)
		}
	}

	s.mu.Lock()
	s.mails = append(s.mails, m)
	s.mu.Unlock()
	s.kept.fire()
	return nil
}

// owns reports whether a user may write as an address. The caller holds the lock.
func (s *SMTP) owns(user, address string) bool {
	u := s.users[strings.ToLower(user)]
	return u != nil && address != "" && slices.Contains(u.addresses, mailboxOf(address))
}

// trace returns the fields that a final server puts on top (RFC 5321 section 4.4, RFC 8601).
func (s *SMTP) trace(m Mail, to, hello string, peer net.Addr, secure, owned bool, serial int) []byte {
	with := "ESMTP"
	if secure {
		with += "S"
	}
	if m.User != "" {
		with += "A" // RFC 3848
	}
	ip, _, err := net.SplitHostPort(peer.String())
	if err != nil {
		ip = peer.String()
	}
	address := soleAuthor(m.Raw)
	_, domain, _ := cutAddress(address)
	spf, dmarc := "none", "none"
	switch {
	case owned:
		spf, dmarc = "pass", "pass"
	case domain == "":
		dmarc, domain = "permerror", "unknown"
	case s.local(address):
		spf, dmarc = "fail", "fail"
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <%s>\r\n", m.From)
	fmt.Fprintf(&b, "Delivered-To: %s\r\n", mailboxOf(to))
	fmt.Fprintf(&b, "Authentication-Results: %s;\r\n", s.o.Hostname)
	if m.User != "" {
		fmt.Fprintf(&b, "\tauth=pass smtp.auth=%s;\r\n", m.User)
	}
	fmt.Fprintf(&b, "\tspf=%s smtp.mailfrom=%s;\r\n\tdmarc=%s header.from=%s\r\n", spf, m.From, dmarc, domain)
	fmt.Fprintf(&b, "Received: from %s ([%s])\r\n\tby %s with %s id %08d\r\n\tfor <%s>; %s\r\n",
		hello, ip, s.o.Hostname, with, serial, to, m.Time.Format(time.RFC1123Z))
	return b.Bytes()
}

// withoutResultsOf removes the Authentication-Results of that authserv-id from a mail, byte for byte otherwise
// (RFC 8601 section 5).
func withoutResultsOf(authserv string, raw []byte) []byte {
	var kept []byte
	rest := raw
	for len(rest) > 0 {
		field := nextField(rest)
		if field == nil {
			break
		}
		if !resultsOf(authserv, field) {
			kept = append(kept, field...)
		}
		rest = rest[len(field):]
	}
	return append(kept, rest...)
}

// nextField returns the first header field with its folded lines, nil where the header is over.
func nextField(b []byte) []byte {
	end := 0
	for {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			end = len(b)
			break
		}
		end += i + 1
		if end >= len(b) || (b[end] != ' ' && b[end] != '\t') {
			break
		}
	}
	field := b[:end]
	if len(bytes.TrimSpace(field)) == 0 {
		return nil
	}
	return field
}

func resultsOf(authserv string, field []byte) bool {
	name, value, ok := bytes.Cut(field, []byte(":"))
	if !ok || !bytes.EqualFold(bytes.TrimSpace(name), []byte("Authentication-Results")) {
		return false
	}
	id, _, _ := bytes.Cut(value, []byte(";"))
	words := bytes.Fields(id) // the authserv-id, and perhaps a version
	return len(words) > 0 && bytes.EqualFold(words[0], []byte(authserv))
}

// cutAddress splits an address at its last @.
func cutAddress(address string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, "", false
	}
	return address[:at], address[at+1:], true
}

// mailboxOf returns the address in lower case without its +detail.
func mailboxOf(address string) string {
	local, domain, ok := cutAddress(strings.ToLower(address))
	local, _, _ = strings.Cut(local, "+")
	if !ok {
		return local
	}
	return local + "@" + domain
}

// readAll reads what the client sends as the mail.
func readAll(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}
