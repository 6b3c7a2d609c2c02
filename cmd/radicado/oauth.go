package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"radicado/mailbox/oauth"
)

// oauthSection is how access tokens are got, for the mailboxes and the SMTP server that say oauth = true.
type oauthSection struct {
	Provider     string `toml:"provider"`
	Tenant       string `toml:"tenant"`
	ClientID     string `toml:"client_id"`
	SecretFile   string `toml:"secret_file"`
	SecretEnv    string `toml:"secret_env"`
	SecretCred   string `toml:"secret_credential"`
	RefreshFile  string `toml:"refresh_token_file"`
	RefreshEnv   string `toml:"refresh_token_env"`
	RefreshCred  string `toml:"refresh_token_credential"`
	Scope        string `toml:"scope"`
	TokenAddress string `toml:"token_url"`
	Expires      string `toml:"secret_expires"`
}

// The providers.
const (
	providerMicrosoft = "microsoft365"
	providerService   = "google_service_account"
	providerRefresh   = "google_refresh_token"
)

func (o oauthSection) secret() secret {
	return secret{secretKeys{File: o.SecretFile, Env: o.SecretEnv, Credential: o.SecretCred}, os.Getenv}
}

func (o oauthSection) refresh() secret {
	return secret{secretKeys{File: o.RefreshFile, Env: o.RefreshEnv, Credential: o.RefreshCred}, os.Getenv}
}

// oauth checks the section, which may be missing where nobody wants tokens.
func (c *checker) oauth(s *settings) {
	o := s.file.OAuth
	wanted := s.file.SMTP.OAuth
	for _, m := range s.file.Mailbox {
		wanted = wanted || m.OAuth
	}
	if !wanted && o.Provider == "" {
		return
	}
	c.oneOf("oauth.provider", o.Provider, providerMicrosoft, providerService, providerRefresh)
	one := func(key string, needed bool, values ...string) {
		named := 0
		for _, v := range values {
			if v != "" {
				named++
			}
		}
		if needed && named != 1 || named > 1 {
			c.wrong("oauth."+key+"_file", "found %d, expected one of %[2]s_file, %[2]s_env and %[2]s_credential", named, key)
		}
	}
	if _, err := time.Parse(time.DateOnly, o.Expires); o.Expires != "" && err != nil {
		c.wrong("oauth.secret_expires", `found %q, expected a day such as "2027-05-01"`, o.Expires)
	}
	one("secret", true, o.SecretFile, o.SecretEnv, o.SecretCred)
	one("refresh_token", o.Provider == providerRefresh, o.RefreshFile, o.RefreshEnv, o.RefreshCred)
	if o.Provider != providerService {
		c.require("oauth.client_id", o.ClientID, "the id under which the application is registered")
	}
	if o.Provider == providerMicrosoft && o.TokenAddress == "" {
		c.require("oauth.tenant", o.Tenant, "the directory: its GUID or a domain of it")
	}
}

// tokens hands out access tokens for one account. It reads the secrets when the first is wanted.
type tokens struct {
	section oauthSection
	account string

	mu     sync.Mutex
	source *oauth.Source
	last   string // handed out
}

// newTokens returns the tokens for an account, the name with which it logs in.
func (s *settings) newTokens(account string) *tokens {
	return &tokens{section: s.file.OAuth, account: account}
}

// Token returns a token that serves for a while.
func (t *tokens) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.source == nil {
		source, err := t.section.source(ctx, t.account)
		if err != nil {
			return "", fmt.Errorf("[oauth]: %w", err)
		}
		t.source = source
	}
	token, err := t.source.Token(ctx)
	if errors.Is(err, oauth.ErrRefused) {
		t.source = nil // the secret may be another one by the next time
	}
	t.last = token
	return token, err
}

// Refused drops the token that a mail server has refused.
func (t *tokens) Refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.source != nil {
		t.source.Forget(t.last)
	}
}

// source reads the secrets and returns where tokens come from.
func (o oauthSection) source(ctx context.Context, account string) (*oauth.Source, error) {
	authorities, err := systemAuthorities()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // a token lasts for an hour
	}}
	if o.Provider == providerService {
		key, err := o.secret().readAll()
		if err != nil {
			return nil, err
		}
		return oauth.NewGoogleServiceAccount(oauth.GoogleServiceAccount{Key: []byte(key), Mailbox: account, TokenURL: o.TokenAddress}, client, time.Now)
	}
	clientSecret, err := o.secret().read(ctx)
	if err != nil {
		return nil, err
	}
	if o.Provider == providerMicrosoft {
		return oauth.NewMicrosoft365(oauth.Microsoft365{Tenant: o.Tenant, ClientID: o.ClientID, ClientSecret: clientSecret,
			Scope: o.Scope, TokenURL: o.TokenAddress}, client, time.Now)
	}
	refresh, err := o.refresh().read(ctx)
	if err != nil {
		return nil, err
	}
	return oauth.NewGoogleRefresh(oauth.GoogleRefresh{ClientID: o.ClientID, ClientSecret: clientSecret, RefreshToken: refresh,
		TokenURL: o.TokenAddress}, client, time.Now)
}
