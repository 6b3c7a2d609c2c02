package main

import (
	"os"
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
