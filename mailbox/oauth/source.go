package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	// earlyRenewal is how long before its end a token is renewed, so that none runs out while a server checks it. A token
	// that lives less than twice that long is renewed at half its life.
	earlyRenewal = 5 * time.Minute
	// unknownLife is what a token is given that does not say how long it lives (RFC 6749 section 5.1 allows that).
	unknownLife = 30 * time.Minute
	// retryAfter is how long a failed renewal is not tried again while the old token still serves.
	retryAfter = 30 * time.Second
	// fetchTimeout is for one exchange with the token endpoint.
	fetchTimeout = 30 * time.Second
)

// Source hands out access tokens and renews them early. It is safe for concurrent use: only one renewal goes on at a time.
type Source struct {
	name    string
	fetch   func(context.Context) (*oauth2.Token, error)
	client  *http.Client
	now     func() time.Time
	secrets []string

	busy  chan struct{} // of size one: held by whoever looks at or changes the fields below
	token string
	renew time.Time // from when a new token is wanted
	ends  time.Time // from when the token is of no use
}

func newSource(name string, fetch func(context.Context) (*oauth2.Token, error), client *http.Client, now func() time.Time, secrets ...string) *Source {
	if client == nil {
		client = new(http.Client)
	}
	return &Source{name: name, fetch: fetch, client: client, now: now, secrets: secrets, busy: make(chan struct{}, 1)}
}

// Token returns an access token that lives for a while yet. Where a renewal fails while the old token still serves, it returns the old
// one. The error wraps [ErrRefused] where the endpoint refused the credentials.
func (s *Source) Token(ctx context.Context) (string, error) {
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	now := s.now()
	if s.token != "" && now.Before(s.renew) {
		return s.token, nil
	}
	err := s.renewToken(ctx)
	if err == nil {
		return s.token, nil
	}
	if now := s.now(); s.token != "" && now.Before(s.ends) && ctx.Err() == nil {
		s.renew = now.Add(retryAfter)
		return s.token, nil
	}
	return "", err
}

// Forget drops a token that a mail server refused, so that the next one is new. A token that was renewed meanwhile stays.
func (s *Source) Forget(token string) {
	s.busy <- struct{}{}
	defer s.release()
	if s.token == token {
		s.token = ""
	}
}

func (s *Source) renewToken(ctx context.Context) error {
	transport := &boundTransport{ctx: ctx, base: s.client.Transport}
	fetched, err := s.fetch(context.WithValue(ctx, oauth2.HTTPClient, bound(s.client, transport)))
	if err != nil {
		return s.describe(ctx, err, transport.failure)
	}
	if err := usable(fetched); err != nil {
		return fmt.Errorf("get a token of %s: %w", s.name, err)
	}
	life := unknownLife
	if !fetched.Expiry.IsZero() {
		life = time.Until(fetched.Expiry) // as x/oauth2 reckoned it a moment ago
	}
	now := s.now()
	s.token, s.ends = fetched.AccessToken, now.Add(life)
	s.renew = s.ends.Add(-min(earlyRenewal, life/2))
	return nil
}

// usable checks that the token can be said by SASL: RFC 6750 section 2.1 gives it visible ASCII.
func usable(token *oauth2.Token) error {
	if !strings.EqualFold(token.Type(), "Bearer") {
		return fmt.Errorf("token of type %+q, want Bearer", token.Type())
	}
	if token.AccessToken == "" || strings.ContainsFunc(token.AccessToken, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("the token is empty or has characters that no token may have")
	}
	return nil
}

func (s *Source) acquire(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("get a token of %s: %w", s.name, context.Cause(ctx))
	}
}

func (s *Source) release() { <-s.busy }

// String names the source and keeps its secrets, whatever verb prints it.
func (s *Source) String() string { return "tokens of " + s.name }

// Format does what String does for every verb.
func (s *Source) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }
