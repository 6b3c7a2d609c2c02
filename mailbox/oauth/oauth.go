// Package oauth gets OAuth 2.0 access tokens (RFC 6749) for the mailbox and says them to its server by SASL. It knows
// three ways to a token: client credentials at Microsoft 365, and a service account or a refresh token at Google. It knows neither
// IMAP nor SMTP, keeps nothing on disk, and shows no secret in an error, a log or a printed value.
package oauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"
)

// ErrRefused is wrapped where the token endpoint refused the credentials, or a mail server a token. From the endpoint it means that
// trying again does not help: somebody must look at the settings or the consent.
var ErrRefused = errors.New("credentials refused")

// Where tokens come from and what they are for.
const (
	microsoftAuthority = "https://login.microsoftonline.com"
	microsoftScope     = "https://outlook.office365.com/.default"
	googleTokenURL     = "https://oauth2.googleapis.com/token"
	googleScope        = "https://mail.google.com/" // IMAP and SMTP; Google has no narrower one for them
)

// Microsoft365 is an application of Microsoft Entra ID that may read and send mail as the mailbox on its own behalf
// (RFC 6749 section 4.4).
type Microsoft365 struct {
	Tenant       string // directory: its GUID or a domain of it
	ClientID     string
	ClientSecret string
	Scope        string // "" for mail of the worldwide cloud
	TokenURL     string // "" for the worldwide cloud's
}

// GoogleServiceAccount is a service account with domain-wide delegation over the mailbox (RFC 7523 section 2.1).
type GoogleServiceAccount struct {
	Key      []byte // the JSON file that Google gave out
	Mailbox  string // the address as which it acts
	TokenURL string // "" for the one in the file
}

// GoogleRefresh is a consent that the owner of the mailbox gave once (RFC 6749 section 6).
type GoogleRefresh struct {
	ClientID     string
	ClientSecret string
	RefreshToken string
	TokenURL     string // "" for Google's
}

// NewMicrosoft365 returns a source of tokens. The client may be nil.
func NewMicrosoft365(c Microsoft365, client *http.Client, now func() time.Time) (*Source, error) {
	if c.TokenURL == "" {
		if strings.Trim(strings.ToLower(c.Tenant), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || c.Tenant == "" {
			return nil, fmt.Errorf("tokens of Microsoft 365: tenant %q is neither a GUID nor a domain", c.Tenant)
		}
		c.TokenURL = microsoftAuthority + "/" + c.Tenant + "/oauth2/v2.0/token"
	}
	if c.Scope == "" {
		c.Scope = microsoftScope
	}
	if err := complete("Microsoft 365 tokens", c.TokenURL, field{"client id", c.ClientID}, field{"client secret", c.ClientSecret}); err != nil {
		return nil, err
	}
	config := clientcredentials.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: c.TokenURL,
		Scopes: []string{c.Scope}, AuthStyle: oauth2.AuthStyleInParams,
	}
	return newSource("Microsoft 365", config.Token, client, now, c.ClientSecret), nil
}

// NewGoogleServiceAccount returns a source of tokens. The client may be nil.
func NewGoogleServiceAccount(c GoogleServiceAccount, client *http.Client, now func() time.Time) (*Source, error) {
	var key struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		KeyID string `json:"private_key_id"`
		URL   string `json:"token_uri"`
	}
	// The decoder's error is kept back: it may quote what it read.
	if err := json.Unmarshal(c.Key, &key); err != nil || key.Type != "service_account" {
		return nil, errors.New("tokens of Google: the key is not the JSON file of a service account")
	}
	if c.TokenURL == "" {
		c.TokenURL = key.URL
	}
	if c.TokenURL == "" {
		c.TokenURL = googleTokenURL
	}
	if err := complete("Google tokens", c.TokenURL, field{"client_email in the key", key.Email}, field{"private_key in the key", key.Key}, field{"mailbox", c.Mailbox}); err != nil {
		return nil, err
	}
	config := jwt.Config{
		Email: key.Email, PrivateKey: []byte(key.Key), PrivateKeyID: key.KeyID,
		Subject: c.Mailbox, Scopes: []string{googleScope}, TokenURL: c.TokenURL,
	}
	fetch := func(ctx context.Context) (*oauth2.Token, error) { return config.TokenSource(ctx).Token() }
	return newSource("Google", fetch, client, now, key.Key), nil
}

// NewGoogleRefresh returns a source of tokens. The client may be nil. A new refresh token that comes with an access token is
// used from then on, but not kept past the life of the source; Google gives out none.
func NewGoogleRefresh(c GoogleRefresh, client *http.Client, now func() time.Time) (*Source, error) {
	if c.TokenURL == "" {
		c.TokenURL = googleTokenURL
	}
	if err := complete("Google tokens", c.TokenURL, field{"client id", c.ClientID}, field{"client secret", c.ClientSecret}, field{"refresh token", c.RefreshToken}); err != nil {
		return nil, err
	}
	config := oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		Endpoint: oauth2.Endpoint{TokenURL: c.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	refresh := c.RefreshToken
	fetch := func(ctx context.Context) (*oauth2.Token, error) { // never called twice at a time
		token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		if err == nil && token.RefreshToken != "" {
			refresh = token.RefreshToken
		}
		return token, err
	}
	return newSource("Google", fetch, client, now, c.ClientSecret, c.RefreshToken), nil
}

type field struct{ name, value string }

// complete checks that nothing is missing and that secrets travel by TLS.
func complete(what, tokenURL string, fields ...field) error {
	var errs []error
	for _, f := range fields {
		if strings.TrimSpace(f.value) == "" {
			errs = append(errs, fmt.Errorf("%s: no %s", what, f.name))
		}
	}
	if u, err := url.Parse(tokenURL); err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		errs = append(errs, fmt.Errorf("%s: the token endpoint is not an https address without a password", what))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Tokens that come back in an error, and assertions, look like this.
var jwtPattern = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*`)

// describe makes the error of a fetch fit for a log: what the endpoint said, without secrets and without the rest of its answer. Of what
// the transport failed with, as not every way to a token hands that on, the number of the system stays behind the words.
func (s *Source) describe(ctx context.Context, err, transport error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("get a token of %s: %w", s.name, context.Cause(ctx))
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		words := fmt.Errorf("get a token of %s: %s", s.name, s.scrub(err.Error()))
		var errno syscall.Errno
		if errors.As(transport, &errno) {
			return systemError{words, errno}
		}
		return words
	}
	code, description := refused.ErrorCode, refused.ErrorDescription
	if code == "" {
		code, description = errorOf(refused.Body)
	}
	said := ""
	if code != "" {
		said = fmt.Sprintf(": %+q", s.scrub(code))
	}
	if description != "" {
		said += fmt.Sprintf(": %+q", s.scrub(description))
	}
	status := refused.Response.StatusCode
	if status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout {
		return fmt.Errorf("get a token of %s: %w: HTTP %d%s", s.name, ErrRefused, status, said)
	}
	return fmt.Errorf("get a token of %s: HTTP %d%s", s.name, status, said)
}

// systemError is an error in words with that of the system behind it.
type systemError struct {
	error
	errno syscall.Errno
}

func (e systemError) Unwrap() error { return e.errno }

// errorOf reads an error answer (RFC 6749 section 5.2).
func errorOf(body []byte) (code, description string) {
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	return answer.Code, answer.Description
}

func (s *Source) scrub(text string) string {
	for _, secret := range s.secrets {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			text = strings.ReplaceAll(text, form, "[secret]")
		}
	}
	text = jwtPattern.ReplaceAllString(text, "[token]")
	const most = 500
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// bound returns a client that goes through the transport and follows no redirect: that would carry the secrets to another place.
func bound(client *http.Client, transport *boundTransport) *http.Client {
	copied := *client
	copied.Timeout = cmp.Or(client.Timeout, fetchTimeout)
	copied.Transport = transport
	copied.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &copied
}

// boundTransport has requests end with the context, which jwt.Config does not see to.
type boundTransport struct {
	ctx     context.Context
	base    http.RoundTripper
	failure error // of the last request
}

// RoundTrip implements http.RoundTripper.
func (b *boundTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	base := b.base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx, cancel := context.WithCancel(request.Context())
	stop := context.AfterFunc(b.ctx, cancel)
	response, err := base.RoundTrip(request.WithContext(ctx))
	b.failure = err
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	response.Body = boundBody{response.Body, func() { stop(); cancel() }}
	return response, nil
}

type boundBody struct {
	io.ReadCloser
	release func()
}

func (b boundBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
