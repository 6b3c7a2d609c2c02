package deliver

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"radicado/mailbox/oauth"
)

// bearer says an access token in the way of net/smtp.
type bearer struct{ client *oauth.Client }

// newBearer returns the login by the best OAuth mechanism that the server offers (RFC 7628, XOAUTH2). A token opens the mailbox as a
// password does: it is said over TLS alone, unless the settings allow otherwise.
func newBearer(l *login, server *smtp.ServerInfo) (smtp.Auth, error) {
	if !server.TLS && !l.plaintext {
		return nil, errors.New("the connection is not encrypted: the token is not said")
	}
	host, port, err := net.SplitHostPort(l.address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	offered := func(mechanism string) bool {
		return slices.ContainsFunc(server.Auth, func(s string) bool { return strings.EqualFold(s, mechanism) })
	}
	client, err := oauth.NewClient(offered, l.username, l.secret, host, number)
	if err != nil {
		return nil, err
	}
	return bearer{client}, nil
}

// Start implements smtp.Auth.
func (b bearer) Start(*smtp.ServerInfo) (string, []byte, error) { return b.client.Start() }

// Next implements smtp.Auth. A challenge can only be a refusal.
func (b bearer) Next(fromServer []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	return b.client.Next(fromServer)
}
