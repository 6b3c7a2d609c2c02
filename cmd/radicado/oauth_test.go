package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
)

// tokenEndpoint gives out numbered tokens to whoever asks with the right words, and knows which are good.
type tokenEndpoint struct {
	*httptest.Server
	mu      sync.Mutex
	issued  int
	revoked map[string]bool
	asked   []url.Values
}

const tokenStem = "ya29.TOKEN-secreto-"

func newTokenEndpoint(t *testing.T) *tokenEndpoint {
	t.Helper()
	e := &tokenEndpoint{revoked: map[string]bool{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Errorf("form: %v", err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.issued++
		e.asked = append(e.asked, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"%s%d","token_type":"Bearer","expires_in":3600}`, tokenStem, e.issued)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *tokenEndpoint) accept(_, token string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.HasPrefix(token, tokenStem) && !e.revoked[token]
}

// revoke makes every token of no use that was given out so far, and returns how many those were.
func (e *tokenEndpoint) revoke() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n := range e.issued {
		e.revoked[fmt.Sprint(tokenStem, n+1)] = true
	}
	return e.issued
}

func (e *tokenEndpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.issued
}

// provider is one way to tokens: its settings, and what the endpoint must have been asked with.
type provider struct {
	name, section string
	asked         map[string]string
	secrets       []string
}

func providers(t *testing.T, folder, endpoint string) []provider {
	t.Helper()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "mesa@proyecto.example", "token_uri": endpoint,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err != nil {
		t.Fatal(err)
	}
	return []provider{
		{"Microsoft 365", fmt.Sprintf("provider = \"microsoft365\"\ntenant = \"ministerio.example\"\nclient_id = \"app\"\nsecret_file = %q\ntoken_url = %q\n", write("client", "S3creto-del-cliente\n"), endpoint),
			map[string]string{"grant_type": "client_credentials", "client_secret": "S3creto-del-cliente"}, []string{"S3creto-del-cliente"}},
		{"Google, service account", fmt.Sprintf("provider = \"google_service_account\"\nsecret_file = %q\ntoken_url = %q\n", write("account.json", string(account)), endpoint),
			map[string]string{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, []string{base64.StdEncoding.EncodeToString(der)[:60]}},
		{"Google, refresh token", fmt.Sprintf("provider = \"google_refresh_token\"\nclient_id = \"app\"\nsecret_file = %q\nrefresh_token_file = %q\ntoken_url = %q\n", write("client", "S3creto-del-cliente\n"), write("refresh", "1//renovar-secreto\n"), endpoint),
			map[string]string{"grant_type": "refresh_token", "refresh_token": "1//renovar-secreto"}, []string{"S3creto-del-cliente", "1//renovar-secreto"}},
	}
}

// TestLeakSecretsWithOAuth runs the daemon on servers that demand tokens, over TLS with a private authority, by every provider and
// mechanism. The tokens are revoked midway. Nothing secret stands in anything that is written or printed.
func TestLeakSecretsWithOAuth(t *testing.T) {
	for i, mechanism := range []string{"XOAUTH2", "OAUTHBEARER", "XOAUTH2"} {
		endpoint := newTokenEndpoint(t)
		folder := t.TempDir()
		p := providers(t, folder, endpoint.URL)[i]
		t.Run(p.name+" by "+mechanism, func(t *testing.T) {
			tls, authority, err := mailtest.Certificate(time.Now(), "localhost", "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			ca := filepath.Join(folder, "ca.pem")
			if err := os.WriteFile(ca, authority, 0o600); err != nil {
				t.Fatal(err)
			}
			site, err := mailtest.NewSite(mailtest.SiteOptions{TLS: tls, Implicit: true, Bearer: &mailtest.Bearer{Mechanism: mechanism, Accept: endpoint.accept}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := site.Close(); err != nil {
					t.Error(err)
				}
			})
			desk := mailtest.Person{Name: "Mesa", Addr: "soporte@ministerio.example", Password: "x"}
			pedro := mailtest.Person{Name: "Pedro", Addr: "pedro@ministerio.example", Password: "x"}
			for _, person := range []mailtest.Person{desk, pedro, {Name: "Marta", Addr: "marta@ministerio.example", Password: "x"}} {
				if err := site.Add(person); err != nil {
					t.Fatal(err)
				}
			}
			settings := filepath.Join(folder, "settings.toml")
			text := fmt.Sprintf(`
[desk]
address = "soporte@ministerio.example"
official_domains = ["ministerio.example"]
[monitor]
listen = ""
[register]
path = %q
[smtp]
address = %q
tls = "implicit"
ca_file = %q
username = "soporte@ministerio.example"
oauth = true
[trust]
authority = [%q]
key_file = %q
[oauth]
%s
[[mailbox]]
name = "soporte"
address = %q
ca_file = %q
username = "soporte@ministerio.example"
oauth = true
[[person]]
name = "Marta Ruiz"
role = "coordinator"
addresses = ["marta@ministerio.example"]
`, filepath.Join(folder, "register.db"), site.SMTP.Addr(), ca, site.SMTP.Hostname(), filepath.Join(folder, "key"), p.section, site.IMAP.Addr(), ca)
			if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
			defer cancel()
			said := &logBuffer{}
			run := func(work func()) {
				s, err := readSettings(settings)
				if err != nil {
					t.Fatal(err)
				}
				log := slog.New(slog.NewTextHandler(io.MultiWriter(said), &slog.HandlerOptions{Level: slog.LevelDebug}))
				program, err := newProgram(ctx, s, testPace(), log)
				if err != nil {
					t.Fatal(err)
				}
				running, stop := context.WithCancel(ctx)
				ended := make(chan error, 1)
				go func() { ended <- program.Run(running) }()
				work()
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if err := program.Close(); err != nil {
					t.Error(err)
				}
			}
			arrive := func(n int) {
				t.Helper()
				raw := pedro.Write(desk.Addr, fmt.Sprint("Solicitud ", n), "Hola.")
				if _, err := site.IMAP.Append(desk.Addr, "INBOX", raw, time.Now()); err != nil {
					t.Fatal(err)
				}
				if err := site.IMAP.WaitCount(ctx, pedro.Addr, "INBOX", n); err != nil {
					t.Fatalf("%v; the daemon said:\n%s", err, said)
				}
			}
			run(func() {
				arrive(1)
				first := endpoint.revoke()
				site.IMAP.Drop() // both connections must be made anew, with tokens that are refused
				site.SMTP.Drop()
				arrive(2)
				if endpoint.count() <= first {
					t.Errorf("no token was asked for after the first were revoked")
				}
			})
			for name, want := range p.asked {
				if got := endpoint.asked[0].Get(name); got != want {
					t.Errorf("the endpoint was asked with %s %q, want %q", name, got, want)
				}
			}
			var out bytes.Buffer
			for _, args := range [][]string{{"check"}, {"check", "--json"}, {"ticket", "list", "--json"}, {"ticket", "list"}} {
				if status := execute(ctx, append(args, "--config", settings), console{strings.NewReader(""), &out, &out}); status != 0 {
					t.Errorf("%v: %s", args, out.String())
				}
			}
			endpoint.Close() // errors too must say nothing
			if status := execute(ctx, []string{"check", "--config", settings}, console{strings.NewReader(""), &out, &out}); status == 0 {
				t.Error("check succeeds without a token endpoint")
			}
			key, err := os.ReadFile(filepath.Join(folder, "key"))
			if err != nil {
				t.Fatal(err)
			}
			secrets := append([]string{tokenStem}, p.secrets...)
			for line := range strings.Lines(string(key)) {
				if line = strings.TrimSpace(line); len(line) >= 16 {
					secrets = append(secrets, line)
				}
			}
			scan(t, secrets, map[string]string{"the log": said.String(), "the terminal": out.String()}, filepath.Join(folder, "register.db*"))
		})
	}
}

// TestLeakPasswords is the same with passwords, right and wrong.
func TestLeakPasswords(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.gets(o.pedro, 1)
	out, failed, _ := o.ask("check", "--json")
	o.stop()
	const wrong = "Equivocada-secreta-77"
	if err := os.WriteFile(filepath.Join(o.folder, "password"), []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	more, why, status := o.ask("check")
	if status == 0 {
		t.Error("check accepts a wrong password")
	}
	scan(t, []string{wrong}, map[string]string{"the terminal": out + failed + more + why, "the log": o.logs.String()}, filepath.Join(o.folder, "register.db*"))
}

// scan looks for secrets, as they are and encoded, in texts and files.
func scan(t *testing.T, secrets []string, texts map[string]string, pattern string) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(data)
	}
	for _, secret := range secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
			for where, text := range texts {
				if strings.Contains(text, form) {
					t.Errorf("%s holds the secret %s…", where, secret[:8])
				}
			}
		}
	}
}
