package receive

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// selfSigned returns the configurations of a server for 127.0.0.1 and of a client that trusts it.
func selfSigned(t *testing.T) (server, client *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

// front listens before a script, speaks the given preamble with each client and then TLS.
func front(t *testing.T, sc *script, config *tls.Config, preamble func(net.Conn) bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if preamble != nil && !preamble(conn) {
				_ = conn.Close()
				continue
			}
			sc.serve(tls.Server(conn, config)) // one client at a time is enough
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		sc.cutAll()
		<-done
	})
	return listener.Addr().String()
}

func TestTLS(t *testing.T) {
	server, client := selfSigned(t)
	starttls := func(answer string) func(net.Conn) bool {
		return func(conn net.Conn) bool {
			_, _ = conn.Write([]byte("* OK waiting\r\n* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"))
			line, _ := bufio.NewReaderSize(conn, 16).ReadString('\n')
			tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
			_, _ = conn.Write([]byte(strings.ReplaceAll(answer, "$T", tag)))
			return command == "STARTTLS" && strings.HasSuffix(answer, "OK go\r\n")
		}
	}
	tests := []struct {
		name     string
		mode     TLSMode
		client   *tls.Config
		preamble func(net.Conn) bool
		fails    string
	}{
		{"implicit", Implicit, client, nil, ""},
		{"by default", "", client, nil, ""},
		{"unknown authority", Implicit, nil, nil, "certificate"},
		{"other host", Implicit, &tls.Config{RootCAs: client.RootCAs, ServerName: "imap.example.org"}, nil, "certificate"},
		{"unknown mode", "tls", client, nil, "is none of"},
		{"STARTTLS", StartTLS, client, starttls("$T OK go\r\n"), ""},
		{"STARTTLS, unknown authority", StartTLS, nil, starttls("$T OK go\r\n"), "certificate"},
		{"STARTTLS refused", StartTLS, client, starttls("$T NO not here\r\n"), "refused STARTTLS"},
		{"STARTTLS with something added", StartTLS, client, starttls("$T OK go\r\n* OK [CAPABILITY X] evil\r\n"), "may have added"},
		{"STARTTLS never answered", StartTLS, client, starttls(strings.Repeat("* OK still here\r\n", 30)), "does not answer"},
		{"login skipped", StartTLS, client, func(conn net.Conn) bool {
			_, _ = conn.Write([]byte("* PREAUTH welcome\r\n"))
			return false
		}, "skipped the login"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t)
			sc.addPlain(1)
			acc := sc.serveAccount()
			acc.Address, acc.TLS, acc.TLSConfig = front(t, sc, server, tt.preamble), tt.mode, tt.client
			if tt.fails == "" {
				ledger := newLedger()
				run(t, acc, ledger)
				wantMails(t, ledger, plainMail(0))
				return
			}
			findings := Check(t.Context(), acc)
			if last := findings[len(findings)-1]; last.OK || !strings.Contains(last.Detail, tt.fails) || last.Advice == "" {
				t.Errorf("found %+v, want a failure that says %q", last, tt.fails)
			}
			if len(sc.said("LOGIN")) > 0 {
				t.Error("the password was sent nevertheless")
			}
		})
	}
}
