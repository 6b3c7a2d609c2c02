package deliver

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// login logs in by the mechanism that is set, or by the first one that the server offers and we know.
type login struct {
	mechanism        Mechanism
	username, secret string
	plaintext        bool // the settings allow a password without TLS
	address          string

	chosen    smtp.Auth
	initial   string // what a token was said in
	challenge string // what the server said of a token before it refused it
}

// Start implements smtp.Auth.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if l.mechanism == OAuth {
		var err error
		if l.chosen, err = newBearer(l, server); err != nil {
			return "", nil, err
		}
		mechanism, initial, err := l.chosen.Start(server)
		l.initial = string(initial)
		return mechanism, initial, err
	}
	wanted := []Mechanism{"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}
	if l.mechanism != Automatic {
		wanted = []Mechanism{l.mechanism}
	}
	for _, mechanism := range wanted {
		if slices.ContainsFunc(server.Auth, func(s string) bool { return strings.EqualFold(s, string(mechanism)) }) {
			if l.chosen = l.by(mechanism, server.Name); l.chosen != nil {
				return l.chosen.Start(server)
			}
		}
	}
	if len(server.Auth) == 0 {
		return "", nil, errors.New("the server offers no login here")
	}
	return "", nil, fmt.Errorf("the server offers to log in by %s, and none of %v is among them", strings.Join(server.Auth, ", "), wanted)
}

func (l *login) by(mechanism Mechanism, host string) smtp.Auth {
	switch mechanism {
	case "PLAIN":
		return smtp.PlainAuth("", l.username, l.secret, host, l.plaintext)
	case "LOGIN":
		return smtp.LoginAuth(l.username, l.secret, host, l.plaintext)
	case "SCRAM-SHA-256":
		return smtp.ScramSHA256Auth(l.username, l.secret)
	case "SCRAM-SHA-1":
		return smtp.ScramSHA1Auth(l.username, l.secret)
	case "CRAM-MD5":
		return smtp.CRAMMD5Auth(l.username, l.secret)
	case XOAUTH2:
		return smtp.XOAuth2Auth(l.username, l.secret)
	}
	return nil
}

// Next implements smtp.Auth. It keeps what the server says of a token, which is the only place where the reason stands.
func (l *login) Next(fromServer []byte, more bool) ([]byte, error) {
	if more && (l.mechanism == XOAUTH2 || l.mechanism == OAuth) {
		l.challenge = string(fromServer)
	}
	return l.chosen.Next(fromServer, more)
}

// redact removes the secret from what the server said, also where the server echoes it encoded.
func (l *login) redact(text string) string {
	if l == nil || l.secret == "" {
		return text
	}
	encode := base64.StdEncoding.EncodeToString
	for _, secret := range []string{
		encode([]byte("\x00" + l.username + "\x00" + l.secret)),
		encode([]byte("user=" + l.username + "\x01auth=Bearer " + l.secret + "\x01\x01")),
		encode([]byte(l.secret)),
		encode([]byte(l.initial)),
		l.secret,
	} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}
