package mailtest

import (
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// smtpSession is one SMTP connection.
type smtpSession struct {
	server *SMTP
	conn   *smtp.Conn
	user   string // who logged in
	from   string
	to     []string
}

var _ smtp.AuthSession = (*smtpSession)(nil)

func (s *SMTP) newSession(conn *smtp.Conn) (smtp.Session, error) {
	sess := &smtpSession{server: s, conn: conn}
	if err := sess.script(Step{Stage: StageHello}); err != nil {
		return nil, err
	}
	return sess, nil
}

// script lets the server's script step in.
func (s *smtpSession) script(step Step) error {
	step.Hello, step.User = s.conn.Hostname(), s.user
	reply := s.server.decide(step)
	switch {
	case reply == nil:
		return nil
	case reply.Cut:
		_ = s.net().Close()
		return &smtp.SMTPError{Code: 421, Message: "cut"} // goes nowhere
	case reply.Code == 421:
		s.net().last.Store(true)
	}
	refusal := &smtp.SMTPError{Code: reply.Code, Message: reply.Text}
	if c := &refusal.EnhancedCode; reply.Status != "" {
		if _, err := fmt.Sscanf(reply.Status, "%d.%d.%d", &c[0], &c[1], &c[2]); err != nil {
			refusal.EnhancedCode = smtp.EnhancedCodeNotSet
		}
	}
	return refusal
}

// net returns the connection below TLS.
func (s *smtpSession) net() *gateConn {
	conn := s.conn.Conn()
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return conn.(*gateConn)
}

// AuthMechanisms implements smtp.AuthSession.
func (s *smtpSession) AuthMechanisms() []string {
	if b := s.server.o.Bearer; b != nil {
		return []string{b.Mechanism}
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth implements smtp.AuthSession.
func (s *smtpSession) Auth(mech string) (sasl.Server, error) {
	if b := s.server.o.Bearer; b != nil && strings.EqualFold(mech, b.Mechanism) {
		return b.server(func(user string) error {
			s.user = user
			return nil
		}), nil
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return s.login(username, password) }), nil
	case sasl.Login:
		return &loginServer{check: s.login}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *smtpSession) login(username, password string) error {
	if err := s.script(Step{Stage: StageAuth, From: username}); err != nil {
		return err
	}
	s.server.mu.Lock()
	user := s.server.users[strings.ToLower(username)]
	s.server.mu.Unlock()
	if user == nil || subtle.ConstantTimeCompare([]byte(user.password), []byte(password)) != 1 {
		return smtp.ErrAuthFailed
	}
	s.user = user.name
	return nil
}

// loginServer is the LOGIN mechanism, which Outlook still asks for and go-sasl has no server for.
type loginServer struct {
	check    func(username, password string) error
	asked    int
	username string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && l.asked == 0 {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 { // also where the name came with the command
		l.asked, l.username = 2, string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}

// Mail implements smtp.Session.
func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.script(Step{Stage: StageMail, From: from}); err != nil {
		return err
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.script(Step{Stage: StageRcpt, From: s.from, To: to}); err != nil {
		return err
	}
	known := s.server.o.Mail != nil && s.server.o.Mail.HasUser(mailboxOf(to))
	switch {
	case s.server.local(to) && !known:
		return &smtp.SMTPError{
			Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
			Message: fmt.Sprintf("<%s>: Recipient address rejected: User unknown in local recipient table", to),
		}
	case !s.server.local(to) && s.user == "":
		return &smtp.SMTPError{
			Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
			Message: fmt.Sprintf("<%s>: Relay access denied", to),
		}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *smtpSession) Data(r io.Reader) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	step := Step{Stage: StageData, From: s.from, To: s.to[0], Raw: raw}
	if err := s.script(step); err != nil {
		return err
	}
	m := Mail{User: s.user, From: s.from, To: slices.Clone(s.to), Time: s.server.o.Clock(), Raw: raw}
	_, secure := s.conn.TLSConnectionState()
	if err := s.server.accept(m, s.conn.Hostname(), s.peer(), secure); err != nil {
		return err
	}
	step.Stage = StageAccepted
	return s.script(step)
}

func (s *smtpSession) peer() net.Addr { return s.conn.Conn().RemoteAddr() }

// Reset implements smtp.Session.
func (s *smtpSession) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *smtpSession) Logout() error { return nil }
