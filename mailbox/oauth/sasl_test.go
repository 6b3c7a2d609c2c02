package oauth

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
)

func TestInitialResponses(t *testing.T) {
	x, err := NewXOAUTH2("ana@example.org", "ya29.token")
	if err != nil {
		t.Fatal(err)
	}
	if mechanism, initial, err := x.Start(); err != nil || mechanism != "XOAUTH2" || string(initial) != "user=ana@example.org\x01auth=Bearer ya29.token\x01\x01" {
		t.Errorf("Start = %s %q %v", mechanism, initial, err)
	}
	b, err := NewOAUTHBEARER("a=n,a@example.org", "ya29.token", "imap.example.org", 993)
	if err != nil {
		t.Fatal(err)
	}
	const want = "n,a=a=3Dn=2Ca@example.org,\x01host=imap.example.org\x01port=993\x01auth=Bearer ya29.token\x01\x01"
	if mechanism, initial, err := b.Start(); err != nil || mechanism != "OAUTHBEARER" || string(initial) != want {
		t.Errorf("Start = %s %q %v", mechanism, initial, err)
	}
}

func TestOAUTHBEARERAgainstAServer(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		var seen sasl.OAuthBearerOptions
		server := sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			seen = o
			if refuse {
				return &sasl.OAuthBearerError{Status: "invalid_token", Scope: "mail " + o.Token}
			}
			return nil
		})
		c, err := NewOAUTHBEARER("ana@example.org", "ya29.token", "imap.example.org", 993)
		if err != nil {
			t.Fatal(err)
		}
		_, response, _ := c.Start()
		challenge, done, err := server.Next(response)
		if seen.Username != "ana@example.org" || seen.Token != "ya29.token" || seen.Host != "imap.example.org" || seen.Port != 993 {
			t.Errorf("the server saw %+v", seen)
		}
		if !refuse {
			if !done || err != nil || c.Refusal() != nil {
				t.Errorf("done %v, %v, refusal %v", done, err, c.Refusal())
			}
			continue
		}
		response, err = c.Next(challenge)
		if err != nil {
			t.Fatal(err)
		}
		if _, done, err = server.Next(response); !done || err == nil {
			t.Errorf("after the reply to the refusal: done %v, %v, want the server's end", done, err)
		}
		refusal := c.Refusal()
		if !errors.Is(refusal, ErrRefused) || !strings.Contains(refusal.Error(), "invalid_token") || strings.Contains(refusal.Error(), "ya29") {
			t.Errorf("Refusal = %v", refusal)
		}
		if _, err := c.Next(challenge); !errors.Is(err, ErrRefused) {
			t.Errorf("a second challenge: %v", err)
		}
	}
}

func TestXOAUTH2Refusal(t *testing.T) {
	for challenge, says := range map[string]string{
		`{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`: "https://mail.google.com/",
		"no JSON \x1b[2J":          `no JSON \x1b[2J`,
		"":                         "the server says",
		strings.Repeat("x", 10000): "xxx…",
	} {
		c, err := NewXOAUTH2("ana@example.org", "ya29.token")
		if err != nil {
			t.Fatal(err)
		}
		if reply, err := c.Next([]byte(challenge + "ya29.token")); err != nil || reply == nil || len(reply) != 0 {
			t.Errorf("Next = %q, %v, want an empty reply", reply, err)
		}
		var refusal *Refusal
		if err := c.Refusal(); !errors.As(err, &refusal) || strings.Contains(err.Error(), "ya29") || strings.Contains(refusal.Challenge, "ya29") || len(err.Error()) > 1000 {
			t.Errorf("Refusal = %v", err)
		} else if len(challenge) < 1000 && !strings.Contains(err.Error(), says) {
			t.Errorf("Refusal = %v, want %q", err, says)
		}
	}
}

func TestNewClientTakesTheStandard(t *testing.T) {
	for _, c := range []struct{ offered, want string }{{"XOAUTH2 OAUTHBEARER", OAUTHBEARER}, {"PLAIN XOAUTH2", XOAUTH2}, {"PLAIN", ""}} {
		client, err := NewClient(func(m string) bool { return strings.Contains(" "+c.offered+" ", " "+m+" ") }, "ana@example.org", "t", "imap.example.org", 993)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: no error", c.offered)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if mechanism, _, _ := client.Start(); mechanism != c.want {
			t.Errorf("%s: %s, want %s", c.offered, mechanism, c.want)
		}
	}
}

func TestInjectIntoInitialResponse(t *testing.T) {
	for _, c := range []struct{ user, token, host string }{
		{"ana\x01auth=Bearer x", "t", "h"}, {"ana", "t\x01\x01", "h"}, {"ana", "t\r\nA1 LOGOUT", "h"}, {"ana", "t", "h\x01port=1"},
		{"", "t", "h"}, {"ana", "", "h"}, {"ana", "t", ""}, {"ana", "tö", "h"}, {"ana\n", "t", "h"},
	} {
		if client, err := NewOAUTHBEARER(c.user, c.token, c.host, 1); err == nil || client != nil {
			t.Errorf("OAUTHBEARER takes %q", c)
		} else if len(c.token) > 1 && strings.Contains(err.Error(), c.token) {
			t.Errorf("the error shows the token: %v", err)
		}
		if c.host == "h" {
			if client, err := NewXOAUTH2(c.user, c.token); err == nil || client != nil {
				t.Errorf("XOAUTH2 takes %q", c)
			}
		}
	}
}
