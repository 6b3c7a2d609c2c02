package oauth

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	secret       = "S3cret~of the+client"
	refreshToken = "1//refresh-token-of-ana"
)

// endpoint is a token endpoint. It answers as told and remembers what it was asked.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []url.Values
	answer func(w http.ResponseWriter, r *http.Request, n int) // n counts from 1
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{answer: good}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Errorf("form: %v", err)
		}
		e.mu.Lock()
		e.asked = append(e.asked, r.PostForm)
		n, answer := len(e.asked), e.answer
		e.mu.Unlock()
		answer(w, r, n)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) set(answer func(http.ResponseWriter, *http.Request, int)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

func (e *endpoint) requests() []url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

func good(w http.ResponseWriter, _ *http.Request, n int) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, n)
}

func say(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// fakeClock is the time of a source.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *fakeClock { return &fakeClock{now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func must(t *testing.T) func(*Source, error) *Source {
	return func(s *Source, err error) *Source {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func microsoft(t *testing.T, e *endpoint, clock *fakeClock) *Source {
	t.Helper()
	return must(t)(NewMicrosoft365(Microsoft365{ClientID: "app", ClientSecret: secret, TokenURL: e.URL}, nil, clock.Now))
}

func expect(t *testing.T, s *Source, want string) {
	t.Helper()
	if got, err := s.Token(t.Context()); err != nil || got != want {
		t.Errorf("Token = %q, %v, want %q", got, err, want)
	}
}

func serviceKey(t *testing.T, tokenURL string) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "desk@project.example.org", "private_key_id": "k1", "token_uri": tokenURL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return key, file
}

func TestMicrosoft365(t *testing.T) {
	e := newEndpoint(t)
	expect(t, microsoft(t, e, newClock()), "token-1")
	asked := e.requests()[0]
	for name, want := range map[string]string{"grant_type": "client_credentials", "client_id": "app", "client_secret": secret, "scope": "https://outlook.office365.com/.default"} {
		if got := asked.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestGoogleRefresh(t *testing.T) {
	e, clock := newEndpoint(t), newClock()
	e.set(func(w http.ResponseWriter, _ *http.Request, n int) {
		say(200, fmt.Sprintf(`{"access_token":"token-%d","expires_in":3600,"refresh_token":"next-%d"}`, n, n))(w, nil, n)
	})
	s := must(t)(NewGoogleRefresh(GoogleRefresh{ClientID: "app", ClientSecret: secret, RefreshToken: refreshToken, TokenURL: e.URL}, nil, clock.Now))
	expect(t, s, "token-1")
	clock.pass(time.Hour)
	expect(t, s, "token-2")
	if got := e.requests()[0]; got.Get("grant_type") != "refresh_token" || got.Get("refresh_token") != refreshToken || got.Get("client_secret") != secret {
		t.Errorf("asked with %v", got)
	}
	if got := e.requests()[1].Get("refresh_token"); got != "next-1" {
		t.Errorf("the second time with %q, want the refresh token that came", got)
	}
}

func TestGoogleServiceAccount(t *testing.T) {
	e := newEndpoint(t)
	key, file := serviceKey(t, e.URL)
	s := must(t)(NewGoogleServiceAccount(GoogleServiceAccount{Key: file, Mailbox: "desk@ministry.example.org"}, nil, newClock().Now))
	expect(t, s, "token-1")
	asked := e.requests()[0]
	if got := asked.Get("grant_type"); got != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		t.Errorf("grant_type = %q", got)
	}
	parts := strings.Split(asked.Get("assertion"), ".")
	if len(parts) != 3 {
		t.Fatalf("the assertion has %d parts", len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		t.Errorf("signature of the assertion: %v", err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Iss, Sub, Aud, Scope string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Iss != "desk@project.example.org" || claims.Sub != "desk@ministry.example.org" || claims.Aud != e.URL || claims.Scope != "https://mail.google.com/" {
		t.Errorf("claims %+v", claims)
	}
}

func TestRenewal(t *testing.T) {
	e, clock := newEndpoint(t), newClock()
	s := microsoft(t, e, clock)
	expect(t, s, "token-1")
	clock.pass(time.Hour - earlyRenewal - time.Minute)
	expect(t, s, "token-1")
	clock.pass(2 * time.Minute)
	expect(t, s, "token-2")

	// A renewal that fails leaves the old token in use until it ends, and is not tried with every call.
	clock.pass(time.Hour - earlyRenewal + time.Minute)
	e.set(say(503, "busy"))
	expect(t, s, "token-2")
	expect(t, s, "token-2")
	if n := len(e.requests()); n != 3 {
		t.Errorf("%d requests, want 3: the failed one is not repeated at once", n)
	}
	clock.pass(retryAfter)
	expect(t, s, "token-2")
	if n := len(e.requests()); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	clock.pass(earlyRenewal)
	if token, err := s.Token(t.Context()); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("Token = %q, %v once the old one has ended, want an error that may pass", token, err)
	}
	e.set(good)
	expect(t, s, "token-6")

	s.Forget("token-2") // another one's old token: nothing happens
	expect(t, s, "token-6")
	s.Forget("token-6")
	expect(t, s, "token-7")
}

func TestLifeOfTokens(t *testing.T) {
	for _, c := range []struct {
		expires string
		serves  time.Duration
	}{{`"expires_in":60`, 30 * time.Second}, {`"expires_in":"3600"`, 55 * time.Minute}, {`"x":1`, unknownLife - earlyRenewal}} {
		e, clock := newEndpoint(t), newClock()
		e.set(func(w http.ResponseWriter, _ *http.Request, n int) {
			say(200, fmt.Sprintf(`{"access_token":"token-%d","token_type":"bearer",%s}`, n, c.expires))(w, nil, n)
		})
		s := microsoft(t, e, clock)
		expect(t, s, "token-1")
		clock.pass(c.serves - 5*time.Second)
		expect(t, s, "token-1")
		clock.pass(10 * time.Second)
		expect(t, s, "token-2")
	}
}

func TestOneRenewalAtATime(t *testing.T) {
	e := newEndpoint(t)
	s := microsoft(t, e, newClock())
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { expect(t, s, "token-1") })
	}
	group.Wait()
	if n := len(e.requests()); n != 1 {
		t.Errorf("%d requests for twenty callers, want 1", n)
	}
}

func TestContextEndsTheWait(t *testing.T) {
	e := newEndpoint(t)
	let := make(chan struct{})
	defer close(let)
	arrived := make(chan struct{}, 4)
	e.set(func(http.ResponseWriter, *http.Request, int) { arrived <- struct{}{}; <-let })
	_, file := serviceKey(t, e.URL)
	for name, s := range map[string]*Source{
		"client credentials": microsoft(t, e, newClock()),
		"service account":    must(t)(NewGoogleServiceAccount(GoogleServiceAccount{Key: file, Mailbox: "a@b"}, nil, newClock().Now)),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done, waiting := make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Token(ctx); done <- err }()
		<-arrived
		second, cancelSecond := context.WithCancel(t.Context())
		go func() { _, err := s.Token(second); waiting <- err }()
		cancelSecond()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the second caller waits on: %v", name, err)
		}
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want the context's error", name, err)
			}
		case <-time.After(fetchTimeout / 3):
			t.Errorf("%s: still waiting after the context has ended", name)
		}
	}
}

// secretsIn fails the test where a text shows what must not be seen.
func secretsIn(t *testing.T, what, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			t.Errorf("%s shows %q: %s", what, s, text)
		}
	}
}

func TestErrorsKeepSecrets(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request, n int) {
		form, _ := json.Marshal(r.PostForm.Encode() + " " + r.PostForm.Get("client_secret") + r.PostForm.Get("refresh_token") + r.PostForm.Get("assertion"))
		say(400, `{"error":"invalid_client","error_description":`+string(form)+`}`)(w, r, n)
	}
	cut := func(w http.ResponseWriter, _ *http.Request, _ int) { panic(http.ErrAbortHandler) }
	redirect := func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 1 && !strings.HasPrefix(r.URL.Path, "/elsewhere") {
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	for _, c := range []struct {
		name    string
		answer  func(http.ResponseWriter, *http.Request, int)
		refused bool
		says    string
	}{
		{"refused", say(401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"}`), true, "AADSTS7000215"},
		{"consent withdrawn", say(400, `{"error":"invalid_grant"}`), true, "invalid_grant"},
		{"echoes what it was sent", echo, true, "invalid_client"},
		{"escapes for a terminal", say(400, `{"error":"x","error_description":"\u001b[2J\n"}`), true, `\x1b[2J\n`},
		{"a page", say(404, "<html>"+secret), true, "HTTP 404"},
		{"busy", say(429, `{"error":"slow_down"}`), false, "slow_down"},
		{"broken", say(500, secret), false, "HTTP 500"},
		{"no JSON", say(200, secret+" "+refreshToken), false, ""},
		{"no token", say(200, `{"expires_in":3600}`), false, ""},
		{"a token with a line break", say(200, `{"access_token":"abcdefgh\r\nA1 LOGOUT"}`), false, "no token may have"},
		{"another type", say(200, `{"access_token":"abcdefgh","token_type":"mac"}`), false, "want Bearer"},
		{"cut off", cut, false, ""},
		{"a redirect", redirect, false, "HTTP 307"},
	} {
		e := newEndpoint(t)
		e.set(c.answer)
		key, file := serviceKey(t, e.URL)
		sources := []*Source{
			microsoft(t, e, newClock()),
			must(t)(NewGoogleRefresh(GoogleRefresh{ClientID: "app", ClientSecret: secret, RefreshToken: refreshToken, TokenURL: e.URL}, nil, newClock().Now)),
			must(t)(NewGoogleServiceAccount(GoogleServiceAccount{Key: file, Mailbox: "a@b.example.org"}, nil, newClock().Now)),
		}
		for _, s := range sources {
			before := len(e.requests())
			_, err := s.Token(t.Context())
			if err == nil {
				t.Errorf("%s, %s: no error", c.name, s)
				continue
			}
			if errors.Is(err, ErrRefused) != c.refused || !strings.Contains(err.Error(), c.says) && c.name != "a redirect" {
				t.Errorf("%s, %s: %v, want refused %v and %q", c.name, s, err, c.refused, c.says)
			}
			if c.name == "a redirect" && len(e.requests()) != before+1 {
				t.Errorf("%s: %s followed it", c.name, s)
			}
			secretsIn(t, c.name, err.Error(), secret, refreshToken, "abcdefgh", "eyJ", key.D.String())
			for _, r := range e.requests() {
				if assertion := r.Get("assertion"); assertion != "" {
					secretsIn(t, c.name, err.Error(), assertion, assertion[len(assertion)-20:])
				}
			}
		}
	}
}

// broken is a transport by which no request goes out.
type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// TestWantOfFilesIsKnown shows that an error in words lets its reader know that no connection could be opened here.
func TestWantOfFilesIsKnown(t *testing.T) {
	client := &http.Client{Transport: broken{&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}}}
	_, file := serviceKey(t, "https://x.example")
	for _, s := range []*Source{
		must(t)(NewMicrosoft365(Microsoft365{Tenant: "t", ClientID: "app", ClientSecret: secret}, client, newClock().Now)),
		must(t)(NewGoogleRefresh(GoogleRefresh{ClientID: "app", ClientSecret: secret, RefreshToken: refreshToken}, client, newClock().Now)),
		must(t)(NewGoogleServiceAccount(GoogleServiceAccount{Key: file, Mailbox: "a@b.example.org"}, client, newClock().Now)),
	} {
		_, err := s.Token(t.Context())
		if !errors.Is(err, syscall.EMFILE) || !strings.Contains(fmt.Sprint(err), "too many open files") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	e := newEndpoint(t)
	s := microsoft(t, e, newClock())
	expect(t, s, "token-1")
	c, err := NewXOAUTH2("ana@example.org", "token-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		secretsIn(t, verb, fmt.Sprintf(verb+" "+verb, s, c), secret, "token-1")
	}
}

func TestBadSettings(t *testing.T) {
	_, file := serviceKey(t, "https://tokens.example.org/")
	_, plain := serviceKey(t, "http://tokens.example.org/")
	build := map[string]func() (*Source, error){
		"no tenant": func() (*Source, error) {
			return NewMicrosoft365(Microsoft365{ClientID: "a", ClientSecret: secret}, nil, time.Now)
		},
		"a tenant's path": func() (*Source, error) {
			return NewMicrosoft365(Microsoft365{Tenant: "../x", ClientID: "a", ClientSecret: secret}, nil, time.Now)
		},
		"no secret": func() (*Source, error) {
			return NewMicrosoft365(Microsoft365{Tenant: "t", ClientID: "a"}, nil, time.Now)
		},
		"no TLS": func() (*Source, error) {
			return NewMicrosoft365(Microsoft365{TokenURL: "http://tokens.example.org", ClientID: "a", ClientSecret: secret}, nil, time.Now)
		},
		"a password in it": func() (*Source, error) {
			return NewGoogleRefresh(GoogleRefresh{TokenURL: "https://a:hidden@x.example.org/", ClientID: "a", ClientSecret: secret, RefreshToken: "r"}, nil, time.Now)
		},
		"no refresh token": func() (*Source, error) {
			return NewGoogleRefresh(GoogleRefresh{ClientID: "a", ClientSecret: secret}, nil, time.Now)
		},
		"no JSON": func() (*Source, error) {
			return NewGoogleServiceAccount(GoogleServiceAccount{Key: []byte(secret), Mailbox: "a@b"}, nil, time.Now)
		},
		"another JSON": func() (*Source, error) {
			return NewGoogleServiceAccount(GoogleServiceAccount{Key: []byte(`{"private_key":"` + secret + `"}`), Mailbox: "a@b"}, nil, time.Now)
		},
		"no mailbox": func() (*Source, error) {
			return NewGoogleServiceAccount(GoogleServiceAccount{Key: file}, nil, time.Now)
		},
		"a key without TLS": func() (*Source, error) {
			return NewGoogleServiceAccount(GoogleServiceAccount{Key: plain, Mailbox: "a@b"}, nil, time.Now)
		},
	}
	for name, new := range build {
		s, err := new()
		if err == nil || s != nil {
			t.Errorf("%s: %v, want an error", name, s)
			continue
		}
		secretsIn(t, name, err.Error(), secret, refreshToken, "hidden")
	}
	if _, err := NewMicrosoft365(Microsoft365{Tenant: "ministry.onmicrosoft.com", ClientID: "a", ClientSecret: secret}, nil, time.Now); err != nil {
		t.Errorf("good settings: %v", err)
	}
}
