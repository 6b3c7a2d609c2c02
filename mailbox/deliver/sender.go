package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"radicado/mailbox"
)

// Sender sends mails to one server over one connection, which it opens when there is a mail to send and keeps for the
// next. It may be used by several goroutines, which wait for one another; who wants to send side by side makes several.
type Sender struct {
	server Server
	turn   chan struct{} // held by whoever uses link
	link   *link         // nil where there is no connection
}

// New returns a Sender. It does not connect.
func New(server Server) *Sender {
	if server.Timeout <= 0 {
		server.Timeout = DefaultTimeout
	}
	return &Sender{server: server, turn: make(chan struct{}, 1)}
}

// Send sends a mail to its recipient and says what became of it. When ctx ends it gives up at once, whatever the server
// does; the outcome tells whether the mail may have got through.
func (s *Sender) Send(ctx context.Context, m mailbox.Outgoing) Result {
	e, err := compose(m)
	if err != nil {
		return Result{Outcome: Permanent, Stage: StageCompose, Err: fmt.Errorf("write the mail to %s: %w", m.To.Addr, err)}
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.judge(ctx, fail(StageConnect, ctx.Err()), m)
	}

	reused := s.link != nil
	failure := s.try(ctx, e)
	// A server may end a connection that was idle at any time. That shows at the first command, of which it has done nothing.
	if reused && s.link == nil && failure != nil && failure.stage == StageFrom && ctx.Err() == nil {
		failure = s.try(ctx, e)
	}
	return s.judge(ctx, failure, m)
}

// Close ends the connection, after the mail that is being sent. A later Send opens a new one.
func (s *Sender) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	link := s.link
	s.link = nil
	if link == nil {
		return nil
	}
	return link.quit()
}

// try sends over the connection at hand, or a new one, and drops the connection where it cannot serve another mail.
func (s *Sender) try(ctx context.Context, e *envelope) *failure {
	if s.link == nil {
		link, failure := dial(ctx, s.server)
		if failure != nil {
			return failure
		}
		s.link = link
	}
	failure := s.link.send(ctx, e)
	if s.link.broken {
		s.link.drop()
		s.link = nil
	}
	return failure
}

// link is one connection to the server.
type link struct {
	conn    *guard
	client  *smtp.Client
	timeout time.Duration
	login   *login // nil where nobody logged in
	broken  bool   // of no further use
}

// failure is why a delivery ended, and where.
type failure struct {
	stage  Stage
	err    error
	login  *login // for what must not be shown
	unsent bool   // the server was not asked: it says itself that it cannot take such a mail
}

func fail(stage Stage, err error) *failure { return &failure{stage: stage, err: err} }

// dial connects, encrypts, says hello and logs in.
func dial(ctx context.Context, server Server) (*link, *failure) {
	host, _, err := net.SplitHostPort(server.Address)
	if err != nil {
		return nil, fail(StageConnect, err)
	}
	dialer := net.Dialer{Timeout: server.Timeout}
	raw, err := dialer.DialContext(ctx, "tcp", server.Address)
	if err != nil {
		return nil, fail(StageConnect, err)
	}
	l := &link{conn: &guard{Conn: raw}, timeout: server.Timeout}
	stop := context.AfterFunc(ctx, l.drop)
	failure := l.open(ctx, server, host)
	if !stop() && failure == nil {
		failure = fail(StageConnect, ctx.Err())
	}
	if failure != nil {
		l.drop()
		return nil, failure
	}
	return l, nil
}

// open brings a new connection to where mail can be sent.
func (l *link) open(ctx context.Context, server Server, host string) *failure {
	config := &tls.Config{}
	if server.TLSConfig != nil {
		config = server.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)

	var conn net.Conn = l.conn
	if server.TLS == Implicit {
		l.step(1)
		secure := tls.Client(l.conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return fail(StageTLS, err)
		}
		conn = secure
	}
	l.step(1)
	var err error
	if l.client, err = smtp.NewClient(conn, host); err != nil {
		return fail(StageBanner, err)
	}
	l.step(1)
	hello := server.Hello
	if hello == "" {
		hello = "localhost"
	}
	if err := l.client.Hello(hello); err != nil {
		return fail(StageHello, err)
	}
	if server.TLS == StartTLS {
		if failure := l.startTLS(config); failure != nil {
			return failure
		}
	}
	if server.Password == nil {
		return nil
	}
	return l.logIn(ctx, server)
}

func (l *link) startTLS(config *tls.Config) *failure {
	if ok, _ := l.client.Extension("STARTTLS"); !ok {
		return fail(StageTLS, errNoStartTLS)
	}
	l.step(1)
	if err := l.client.StartTLS(config); err != nil {
		return fail(StageTLS, err)
	}
	return nil
}

func (l *link) logIn(ctx context.Context, server Server) *failure {
	secret, err := server.Password(ctx)
	if err != nil {
		return fail(StageLogin, fmt.Errorf("get the password: %w", err))
	}
	l.login = &login{
		mechanism: server.Mechanism, username: server.Username, secret: secret, plaintext: server.TLS == None,
	}
	l.step(1)
	if err := l.client.Auth(l.login); err != nil {
		if l.login.challenge != "" {
			err = fmt.Errorf("%w (%s)", err, l.login.challenge)
		}
		return &failure{stage: StageLogin, err: err, login: l.login}
	}
	return nil
}

var errNoStartTLS = errors.New("the server does not offer STARTTLS, which the settings demand")

// step gives the next step its time and its share of bytes.
func (l *link) step(times int) {
	l.conn.allow(time.Now().Add(time.Duration(times) * l.timeout))
}

// send runs one mail transaction (RFC 5321 section 3.3).
func (l *link) send(ctx context.Context, e *envelope) *failure {
	stop := context.AfterFunc(ctx, l.drop)
	defer func() {
		if !stop() {
			l.broken = true
		}
	}()
	failure := l.transact(e)
	if failure == nil {
		return nil
	}
	// A refusal leaves the transaction open except after the mail itself. Whether the server can end it says whether the
	// connection is of further use.
	reply := replyOf(failure.err)
	switch {
	case failure.unsent:
	case reply == nil || reply.Code == 421:
		l.broken = true
	case failure.stage != StageReply:
		l.step(1)
		l.broken = l.client.Reset() != nil
	}
	failure.login = l.login
	return failure
}

func (l *link) transact(e *envelope) *failure {
	if err := l.cannotTake(e); err != nil {
		return &failure{stage: StageFrom, unsent: true, err: err}
	}
	l.client.SkipSMTPUTF8(!e.utf8) // where it is not needed it only makes servers further on refuse the mail
	l.step(1)
	if err := l.client.Mail("<" + e.from + ">"); err != nil {
		return fail(StageFrom, err)
	}
	l.step(1)
	if err := l.client.Rcpt("<" + e.to + ">"); err != nil {
		return fail(StageTo, err)
	}
	l.step(1)
	w, err := l.client.Data()
	if err != nil {
		return fail(StageData, err)
	}
	for content := e.content; len(content) > 0; {
		piece := content[:min(len(content), 64<<10)]
		l.step(1)
		if _, err := w.Write(piece); err != nil {
			return fail(StageContent, err)
		}
		content = content[len(piece):]
	}
	l.step(2)
	if err := w.Close(); err != nil {
		return fail(StageReply, err)
	}
	return nil
}

// cannotTake returns why the server cannot take the mail, going by what it offers.
func (l *link) cannotTake(e *envelope) error {
	if ok, _ := l.client.Extension("SMTPUTF8"); e.utf8 && !ok {
		return errors.New("an address is internationalised (RFC 6531) and the server does not offer SMTPUTF8")
	}
	_, size := l.client.Extension("SIZE") // RFC 1870 section 3; absent, empty or 0 for no limit
	if limit, err := strconv.ParseInt(size, 10, 64); err == nil && limit > 0 && int64(len(e.content)) > limit {
		return fmt.Errorf("the mail has %d bytes and the server takes %d at most", len(e.content), limit)
	}
	return nil
}

// drop ends the connection at once.
func (l *link) drop() { _ = l.conn.Close() }

// quit ends the connection as is polite.
func (l *link) quit() error {
	defer l.drop()
	l.conn.allow(time.Now().Add(min(l.timeout, 5*time.Second)))
	err := l.client.Quit()
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return nil // the server was first
	}
	if err != nil {
		return fmt.Errorf("end the connection to the SMTP server: %w", err)
	}
	return nil
}

// replyOf returns the server's refusal within an error, nil where the server said nothing.
func replyOf(err error) *textproto.Error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 200 && reply.Code < 600 {
		return reply
	}
	return nil
}

var enhancedStatus = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)`)

// judge says what a failure means for the mail.
func (s *Sender) judge(ctx context.Context, f *failure, m mailbox.Outgoing) Result {
	if f == nil {
		return Result{Outcome: Delivered, Stage: StageReply, Code: 250}
	}
	r := Result{Stage: f.stage}
	reply := replyOf(f.err)
	if reply != nil && f.stage == StageReply && reply.Code < 300 {
		// Any 2yz is a yes (RFC 5321 section 4.2.1), whatever code the client library waited for.
		r.Outcome, r.Code = Delivered, reply.Code
		r.Status, r.Response = splitStatus(reply.Msg)
		return r
	}
	if reply != nil {
		r.Code = reply.Code
		r.Status, r.Response = splitStatus(reply.Msg)
		r.Response = f.login.redact(r.Response)
	}
	r.Outcome = outcome(f, r.Code)
	r.Server = serversFault(f, r.Code)
	err := f.err
	if text := f.login.redact(oneLine(err.Error())); text != err.Error() {
		err = errors.New(text)
	}
	if cause := context.Cause(ctx); cause != nil && reply == nil {
		err, r.Server = cause, false // ours is the only fault
	}
	r.Err = fmt.Errorf("send to %s by %s: %s: %w", m.To.Addr, s.server.Address, f.stage, err)
	return r
}

// outcome decides by where the delivery ended and by the server's code, 0 for none. Up to the first command about this very
// mail nothing can be held against it.
func outcome(f *failure, code int) Outcome {
	switch {
	case f.unsent:
		return Permanent
	case code >= 500 && !serversFault(f, code):
		return Permanent
	case code < 400 && f.stage == StageReply:
		return Ambiguous
	}
	return Temporary
}

// serversFault reports whether other mails would fare no better.
func serversFault(f *failure, code int) bool {
	switch f.stage {
	case StageConnect, StageTLS, StageBanner, StageHello, StageLogin:
		return true
	case StageFrom:
		if code == 0 && !f.unsent {
			return true
		}
	}
	switch code {
	case 421, // closing down (RFC 5321 section 3.8)
		530, 534, 535, 538: // wants a login, a stronger one, or TLS first (RFC 4954 section 6, RFC 3207 section 4)
		return true
	}
	return false
}

// splitStatus parts the enhanced status code from the words of a reply, each line of which may begin with it.
func splitStatus(msg string) (status, words string) {
	var lines []string
	for line := range strings.Lines(msg) {
		line = strings.TrimSpace(line)
		if match := enhancedStatus.FindStringSubmatch(line); match != nil {
			if status == "" {
				status = match[1]
			}
			line = line[len(match[0]):]
		}
		lines = append(lines, line)
	}
	return status, oneLine(strings.Join(lines, " "))
}

// oneLine makes what a server said fit for a log: without control characters, and not longer than anybody reads.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > 500 {
		s = string(runes[:500]) + "…"
	}
	return s
}
