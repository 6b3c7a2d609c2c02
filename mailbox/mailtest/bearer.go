package mailtest

import (
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
)

// Bearer makes both servers of a site demand access tokens of whoever asks what they offer.
type Bearer struct {
	Mechanism string // "XOAUTH2" or "OAUTHBEARER"
	Accept    func(user, token string) bool
}

// server returns the server's side of the mechanism; login is called for a user whose token was accepted.
func (b *Bearer) server(login func(user string) error) sasl.Server {
	return &bearerServer{bearer: b, login: login}
}

// bearerServer is XOAUTH2 and OAUTHBEARER (RFC 7628), which differ in how they begin.
type bearerServer struct {
	bearer  *Bearer
	login   func(user string) error
	refused bool
}

// Next implements sasl.Server. A refusal is explained in a challenge, and ends the exchange once the client has answered that.
func (s *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if s.refused {
		return nil, true, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAuthenticationFailed, Text: "AUTHENTICATE failed"}
	}
	if response == nil {
		return []byte{}, false, nil
	}
	user, token := "", ""
	for _, part := range strings.Split(string(response), "\x01") {
		if name, ok := strings.CutPrefix(part, "user="); ok {
			user = name
		}
		if name, ok := strings.CutPrefix(part, "n,a="); ok {
			user = strings.TrimSuffix(name, ",")
		}
		if said, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			token = said
		}
	}
	if !s.bearer.Accept(user, token) {
		s.refused = true
		return []byte(`{"status":"invalid_token","token":"` + token + `"}`), false, nil
	}
	return nil, true, s.login(user)
}

// bearerSession is a session that demands a token.
type bearerSession struct {
	*session
	bearer *Bearer
}

var _ imapserver.SessionSASL = bearerSession{}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (s bearerSession) AuthenticateMechanisms() []string { return []string{s.bearer.Mechanism} }

// Authenticate implements imapserver.SessionSASL.
func (s bearerSession) Authenticate(mechanism string) (sasl.Server, error) {
	if mechanism != s.bearer.Mechanism {
		return nil, imapserver.ErrAuthFailed
	}
	return s.bearer.server(func(user string) error {
		account := s.server.account(user)
		if account == nil {
			return imapserver.ErrAuthFailed
		}
		s.account = account
		s.UserSession = imapmemserver.NewUserSession(account.user)
		return nil
	}), nil
}
