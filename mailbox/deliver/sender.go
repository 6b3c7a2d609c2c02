package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"radicado/mailbox"
)

// Sender sends mails to one server over one connection, which it opens when there is a mail to send and keeps for the
// next. It may be used by several goroutines, which wait for one another; who wants to send side by side makes several.
type Sender struct {
	server Server
	turn   chan struct{} // held by whoever uses what follows
	link   *link         // nil where there is no connection
	// The room of the last mail, for the next: as it was written, and as it was sent.
	mail, wire []byte
}

// maxRoom is how much room is kept. Nearly every notice has less; what a large file took is not held until the next.
const maxRoom = 128 << 10

// keep returns the room of b for the next mail.
func keep(b []byte) []byte {
	if cap(b) > maxRoom {
		return nil
	}
	return b
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
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.judge(ctx, fail(StageConnect, ctx.Err()), m)
	}
	e, err := compose(m, s.mail)
	if err != nil {
		return Result{Outcome: Permanent, Stage: StageCompose, Err: fmt.Errorf("write the mail to %s: %w", m.To.Addr, err)}
	}
	e.wire = append(stuffed(e.content, s.wire), ".\r\n"...)
	s.mail, s.wire = keep(e.content), keep(e.wire)

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
		mechanism: server.Mechanism, username: server.Username, secret: secret, plaintext: server.TLS == None, address: server.Address,
	}
	l.step(1)
	if err := l.client.Auth(l.login); err != nil {
		if server.Refused != nil && replyOf(err) != nil {
			server.Refused()
		}
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
