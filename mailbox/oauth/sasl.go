package oauth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

// The mechanisms.
const (
	XOAUTH2     = "XOAUTH2"
	OAUTHBEARER = "OAUTHBEARER"
)

// Client says a token to a mail server. It serves for one exchange. When the server refuses, it answers with a challenge that holds
// the reason, wants a reply to it, and only then ends the exchange with an error that says nothing: see [Client.Refusal].
type Client struct {
	mechanism string
	token     string
	initial   []byte
	farewell  []byte // the reply to a refusal
	refusal   *Refusal
}

var _ sasl.Client = (*Client)(nil)

// NewXOAUTH2 returns a client of the mechanism that Google and Microsoft made before there was a standard.
func NewXOAUTH2(user, token string) (*Client, error) {
	if err := sayable(user, token); err != nil {
		return nil, err
	}
	initial := "user=" + user + "\x01auth=Bearer " + token + "\x01\x01"
	return &Client{mechanism: XOAUTH2, token: token, initial: []byte(initial), farewell: []byte{}}, nil
}

// NewOAUTHBEARER returns a client of the mechanism of RFC 7628. Host and port are those of the mail server.
func NewOAUTHBEARER(user, token, host string, port int) (*Client, error) {
	if err := sayable(user, token); err != nil {
		return nil, err
	}
	if err := sayable(host, "x"); err != nil {
		return nil, err
	}
	// RFC 5801 section 4: a name in the GS2 header has its commas and equals signs written out.
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user)
	initial := "n,a=" + name + ",\x01host=" + host + "\x01port=" + strconv.Itoa(port) + "\x01auth=Bearer " + token + "\x01\x01"
	return &Client{mechanism: OAUTHBEARER, token: token, initial: []byte(initial), farewell: []byte{1}}, nil // RFC 7628 section 3.2.3
}

// NewClient returns a client of the best mechanism that the server offers: the standard one where it has it.
func NewClient(offered func(mechanism string) bool, user, token, host string, port int) (*Client, error) {
	switch {
	case offered(OAUTHBEARER):
		return NewOAUTHBEARER(user, token, host, port)
	case offered(XOAUTH2):
		return NewXOAUTH2(user, token)
	}
	return nil, fmt.Errorf("%s offers neither %s nor %s", host, OAUTHBEARER, XOAUTH2)
}

// sayable refuses what would break out of its place in the initial response.
func sayable(name, token string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%+q cannot be said to a mail server", name)
	}
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("the token is empty or has characters that no token may have")
	}
	return nil
}

// Start returns the mechanism and the initial response.
func (c *Client) Start() (mechanism string, initial []byte, err error) {
	return c.mechanism, c.initial, nil
}

// Next takes a challenge, which in both mechanisms can only be a refusal, and returns the reply that ends the exchange.
func (c *Client) Next(challenge []byte) ([]byte, error) {
	if c.refusal != nil {
		return nil, fmt.Errorf("%s: a second challenge after %w", c.mechanism, c.refusal)
	}
	c.refusal = &Refusal{c.mechanism, strings.ReplaceAll(string(challenge), c.token, "[token]")}
	return c.farewell, nil
}

// Refusal returns what the server said when it refused, a *[Refusal], or nil. Ask after the exchange has failed.
func (c *Client) Refusal() error {
	if c.refusal == nil {
		return nil // and no typed nil
	}
	return c.refusal
}

// String keeps the token, whatever verb prints the client.
func (c *Client) String() string { return c.mechanism + " client" }

// Format does what String does for every verb.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// Refusal is what a mail server said when it refused a token (RFC 7628 section 3.2.2). It wraps [ErrRefused]. The token may simply be
// too old: [Source.Forget] it and try once more.
type Refusal struct {
	Mechanism string
	Challenge string // as the server sent it, JSON as a rule, but without the token
}

func (r *Refusal) Error() string {
	challenge := r.Challenge
	const most = 300
	if runes := []rune(challenge); len(runes) > most {
		challenge = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%s: %v: the server says %+q", r.Mechanism, ErrRefused, challenge)
}

// Unwrap returns ErrRefused.
func (r *Refusal) Unwrap() error { return ErrRefused }
