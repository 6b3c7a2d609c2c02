package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
)

// TestPrivateAuthority runs the daemon over TLS with a certificate that only the settings make trustworthy.
func TestPrivateAuthority(t *testing.T) {
	for _, implicit := range []bool{true, false} {
		mode := map[bool]string{true: "implicit", false: "starttls"}[implicit]
		t.Run(mode, func(t *testing.T) {
			config, authority, err := mailtest.Certificate(time.Now(), "localhost", "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			site, err := mailtest.NewSite(mailtest.SiteOptions{TLS: config, Implicit: implicit})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := site.Close(); err != nil {
					t.Errorf("closing the mail servers: %v", err)
				}
			})
			o := newOffice(t, &inProcess{site: site})
			text := strings.ReplaceAll(o.settingsText(), `tls = "none"`, `tls = "`+mode+`"`)
			path := filepath.Join(o.folder, "tls.toml")
			write := func(text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			write(text)
			if status, out, _ := say(t, "", "check", "-config", path); status != 1 || strings.Count(out, "FAILED  ") != 2 || !strings.Contains(out, "certificate") {
				t.Errorf("a certificate of nobody: %d\n%s", status, out)
			}
			ca := filepath.Join(o.folder, "ca.pem")
			if err := os.WriteFile(ca, authority, 0o600); err != nil {
				t.Fatal(err)
			}
			write(strings.ReplaceAll(text, `tls = "`+mode+`"`, `tls = "`+mode+"\"\nca_file = \""+ca+`"`))
			if status, out, errs := say(t, "", "check", "-config", path); status != 0 {
				t.Fatalf("with the authority named: %d\n%s%s", status, out, errs)
			}
			o.startWith(path)
			if _, err := site.IMAP.Append(o.desk.Addr, "INBOX", o.pedro.Write(o.desk.Addr, "Cifrado", "Hola."), time.Now()); err != nil {
				t.Fatal(err)
			}
			o.gets(o.pedro, 1)
		})
	}
}

// TestAuthoritiesThatCannotBeReadForAMoment takes a process of its own: Go reads the system's authorities once in the life of one, and
// keeps the failure.
func TestAuthoritiesThatCannotBeReadForAMoment(t *testing.T) {
	const child = "RADICADO_AUTHORITIES_TEST"
	if os.Getenv(child) == "" {
		command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		command.Env = append(os.Environ(), child+"=1")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	config, authority, err := mailtest.Certificate(time.Now(), "localhost")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"ficha","token_type":"Bearer","expires_in":3600}`)
	}))
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	folder := t.TempDir()
	ca := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(ca, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("RADICADO_CLIENT_SECRET", "secreto")
	giver := tokens{account: "soporte@example.org", section: oauthSection{Provider: providerMicrosoft, Tenant: "t", ClientID: "c",
		SecretEnv: "RADICADO_CLIENT_SECRET", TokenAddress: server.URL}}

	t.Setenv("SSL_CERT_FILE", folder) // which is none
	t.Setenv("SSL_CERT_DIR", ca)
	if _, err := tlsConfig(server.Listener.Addr().String(), ""); err == nil {
		t.Error("without authorities a connection was prepared")
	}
	if _, err := giver.Token(t.Context()); err == nil {
		t.Error("without authorities a token was given")
	}
	t.Setenv("SSL_CERT_FILE", ca)
	t.Setenv("SSL_CERT_DIR", folder)
	trusting, err := tlsConfig(server.Listener.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), trusting)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if token, err := giver.Token(t.Context()); err != nil || token != "ficha" {
		t.Errorf("got the token %q, %v", token, err)
	}
}
