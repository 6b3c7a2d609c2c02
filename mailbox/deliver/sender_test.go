package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cr3t-contraseña"

var day = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("COT", -5*3600))

func password(context.Context) (string, error) { return secret, nil }

// notice returns a mail with a text of so many bytes.
func notice(size int) mailbox.Outgoing {
	return mailbox.Outgoing{
		MessageID: "aviso.1@ministerio.example",
		Date:      day,
		From:      mailbox.Address{Name: "Mesa de soporte", Addr: "soporte@ministerio.example"},
		To:        mailbox.Address{Name: "Ana Muñoz", Addr: "ana@ministerio.example"},
		Subject:   "[SS-2026-000042] Impresora no imprime",
		Text:      strings.Repeat("0123456789\n", size/11),
		Lang:      "es",
	}
}

// plain returns the settings for a fake server.
func plain(f *fakeServer) Server {
	return Server{Address: f.ln.Addr().String(), TLS: None, Username: "soporte", Password: password, Timeout: 5 * time.Second}
}

func TestOutcomes(t *testing.T) {
	echo := "535 5.7.8 no: " + base64.StdEncoding.EncodeToString([]byte("\x00soporte\x00"+secret)) + " " + secret
	tests := []struct {
		name   string
		script script
		size   int // of the text; 100 where 0
		want   Result
	}{
		{"accepted", script{}, 0, Result{Outcome: Delivered, Stage: StageReply, Code: 250}},
		{"accepted, byte by byte", script{
			"banner": {"drip 220-fake\n220 hi"}, "EHLO": {"drip 250-fake\r\n250 AUTH LOGIN PLAIN"}, "MAIL": {"drip 250 ok"}, ".": {"drip 250 ok"},
		}, 0, Result{Outcome: Delivered, Stage: StageReply, Code: 250}},
		{"accepted by another 2yz", script{".": {"251 2.1.5 forwarded"}}, 0,
			Result{Outcome: Delivered, Stage: StageReply, Code: 251, Status: "2.1.5", Response: "forwarded"}},
		{"accepted, 3 MB", script{}, 3 << 20, Result{Outcome: Delivered, Stage: StageReply, Code: 250}},

		{"banner 4xx", script{"banner": {"421 4.3.2 busy then cut"}}, 0,
			Result{Outcome: Temporary, Stage: StageBanner, Code: 421, Status: "4.3.2", Response: "busy", Server: true}},
		{"banner 5xx", script{"banner": {"554 no SMTP here"}}, 0,
			Result{Outcome: Temporary, Stage: StageBanner, Code: 554, Response: "no SMTP here", Server: true}},
		{"banner cut", script{"banner": {"cut"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},
		{"banner silence", script{"banner": {"silence"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},
		{"banner garbage", script{"banner": {"+OK POP3 ready"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},
		{"banner binary", script{"banner": {"\x16\x03\x01\x00\xff"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},
		{"banner without end", script{"banner": {"flood"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},
		{"banner code out of range", script{"banner": {"999 hi"}}, 0, Result{Outcome: Temporary, Stage: StageBanner, Server: true}},

		{"EHLO and HELO refused", script{"EHLO": {"550 5.7.1 not you"}, "HELO": {"550 5.7.1 not you"}}, 0,
			Result{Outcome: Temporary, Stage: StageHello, Code: 550, Status: "5.7.1", Response: "not you", Server: true}},
		{"EHLO refused, HELO without AUTH", script{"EHLO": {"502 what?"}}, 0, Result{Outcome: Temporary, Stage: StageLogin, Server: true}},
		{"no mechanism in common", script{"EHLO": {"250-x\n250 AUTH GSSAPI"}}, 0, Result{Outcome: Temporary, Stage: StageLogin, Server: true}},
		{"AUTH refused", script{"AUTH": {"535 5.7.8 bad credentials"}}, 0,
			Result{Outcome: Temporary, Stage: StageLogin, Code: 535, Status: "5.7.8", Response: "bad credentials", Server: true}},
		{"AUTH refused with the secret", script{"AUTH": {echo}}, 0,
			Result{Outcome: Temporary, Stage: StageLogin, Code: 535, Status: "5.7.8", Response: "no: [secret] [secret]", Server: true}},
		{"AUTH refused with the secret, beyond what is kept of an answer", script{"AUTH": {"500 5.5.1 " + strings.Repeat("what? ", 81) + secret}}, 0,
			Result{Outcome: Temporary, Stage: StageLogin, Code: 500, Status: "5.5.1", Response: strings.Repeat("what? ", 81) + "[secret]", Server: true}},
		{"AUTH later", script{"AUTH": {"454 4.7.0 later"}}, 0,
			Result{Outcome: Temporary, Stage: StageLogin, Code: 454, Status: "4.7.0", Response: "later", Server: true}},
		{"AUTH silence", script{"AUTH": {"silence"}}, 0, Result{Outcome: Temporary, Stage: StageLogin, Server: true}},

		{"MAIL 4xx", script{"MAIL": {"452 4.3.1 disk full"}}, 0,
			Result{Outcome: Temporary, Stage: StageFrom, Code: 452, Status: "4.3.1", Response: "disk full"}},
		{"MAIL 5xx", script{"MAIL": {"553 5.1.8 bad sender"}}, 0,
			Result{Outcome: Temporary, Stage: StageFrom, Code: 553, Status: "5.1.8", Response: "bad sender", Server: true}},
		{"MAIL too large", script{"MAIL": {"552 too much mail data"}}, 0,
			Result{Outcome: Permanent, Stage: StageFrom, Code: 552, Response: "too much mail data"}},
		{"MAIL wants a login", script{"MAIL": {"530 5.7.0 log in first"}}, 0,
			Result{Outcome: Temporary, Stage: StageFrom, Code: 530, Status: "5.7.0", Response: "log in first", Server: true}},
		{"MAIL 421", script{"MAIL": {"421 4.3.2 closing then cut"}}, 0,
			Result{Outcome: Temporary, Stage: StageFrom, Code: 421, Status: "4.3.2", Response: "closing", Server: true}},
		{"MAIL cut", script{"MAIL": {"cut"}}, 0, Result{Outcome: Temporary, Stage: StageFrom, Server: true}},

		{"RCPT 4xx: greylisting", script{"RCPT": {"451-4.7.1 Greylisted\n451 4.7.1 come back"}}, 0,
			Result{Outcome: Temporary, Stage: StageTo, Code: 451, Status: "4.7.1", Response: "Greylisted come back"}},
		{"RCPT 5xx", script{"RCPT": {"550 5.1.1 no such user"}}, 0,
			Result{Outcome: Permanent, Stage: StageTo, Code: 550, Status: "5.1.1", Response: "no such user"}},
		{"RCPT 5xx, escape codes", script{"RCPT": {"550 \x1b[31mred\x07"}}, 0,
			Result{Outcome: Permanent, Stage: StageTo, Code: 550, Response: "[31mred"}},
		{"RCPT 421", script{"RCPT": {"421 4.7.0 too many then cut"}}, 0,
			Result{Outcome: Temporary, Stage: StageTo, Code: 421, Status: "4.7.0", Response: "too many", Server: true}},
		{"RCPT garbage", script{"RCPT": {"hello"}}, 0, Result{Outcome: Temporary, Stage: StageTo}},
		{"RCPT silence", script{"RCPT": {"silence"}}, 0, Result{Outcome: Temporary, Stage: StageTo}},

		{"DATA 4xx", script{"DATA": {"451 4.3.0 not now"}}, 0,
			Result{Outcome: Temporary, Stage: StageData, Code: 451, Status: "4.3.0", Response: "not now"}},
		{"DATA 5xx", script{"DATA": {"554 5.5.1 no valid recipients"}}, 0,
			Result{Outcome: Permanent, Stage: StageData, Code: 554, Status: "5.5.1", Response: "no valid recipients"}},
		{"cut in DATA", script{"content": {"cut"}}, 8 << 20, Result{Outcome: Temporary, Stage: StageContent}},
		{"dot 4xx", script{".": {"452 4.2.2 mailbox full"}}, 0,
			Result{Outcome: Temporary, Stage: StageReply, Code: 452, Status: "4.2.2", Response: "mailbox full"}},
		{"dot 5xx", script{".": {"550 5.7.1 looks like spam"}}, 0,
			Result{Outcome: Permanent, Stage: StageReply, Code: 550, Status: "5.7.1", Response: "looks like spam"}},
		{"dot 421", script{".": {"421 4.3.2 closing then cut"}}, 0,
			Result{Outcome: Temporary, Stage: StageReply, Code: 421, Status: "4.3.2", Response: "closing", Server: true}},
		{"cut after the dot", script{".": {"cut"}}, 0, Result{Outcome: Ambiguous, Stage: StageReply}},
		{"silence after the dot", script{".": {"silence"}}, 0, Result{Outcome: Ambiguous, Stage: StageReply}},
		{"garbage after the dot", script{".": {"thanks"}}, 0, Result{Outcome: Ambiguous, Stage: StageReply}},

		{"larger than SIZE", script{"EHLO": {"250-x\n250-AUTH PLAIN\n250 SIZE 1000"}}, 2000, Result{Outcome: Permanent, Stage: StageFrom}},
	}
	for _, tt := range tests {
		for mode, script := range map[string]script{"one by one": tt.script, "pipelined": pipelined(tt.script)} {
			t.Run(tt.name+", "+mode, func(t *testing.T) {
				f := newFakeServer(t, script, nil)
				server := plain(f)
				if strings.Contains(fmt.Sprint(tt.script), "silence") {
					server.Timeout = 40 * time.Millisecond
				}
				s := New(server)
				defer func() { _ = s.Close() }()
				got := s.Send(t.Context(), notice(max(tt.size, 100)))
				if (got.Err == nil) != (got.Outcome == Delivered) {
					t.Errorf("outcome %v with error %v", got.Outcome, got.Err)
				}
				if text := fmt.Sprint(got.Err, got.Response); strings.Contains(text, secret[:6]) || strings.Contains(text, "c29wb3J0") {
					t.Errorf("the secret leaks: %s", text)
				}
				if got.Server && strings.Contains(got.Err.Error(), "ana@") {
					t.Errorf("whoever is told of the server is told of a person: %v", got.Err)
				}
				got.Err = nil
				if got != tt.want {
					t.Errorf("got  %+v\nwant %+v", got, tt.want)
				}
			})
		}
	}
}

// TestConnection shows what becomes of the connection: a second mail that nothing is wrong with follows each first one.
func TestConnection(t *testing.T) {
	tests := []struct {
		name     string
		script   script
		first    Outcome
		conns    int
		commands string // after the login of the first connection
	}{
		{"kept after a delivery", script{}, Delivered, 1, "MAIL RCPT DATA content . MAIL RCPT DATA content ."},
		{"RSET is not asked for after a delivery", script{"RSET": {"cut"}}, Delivered, 1, "MAIL RCPT DATA content . MAIL RCPT DATA content ."},
		{"kept after a refused recipient", script{"RCPT": {"550 5.1.1 no", "250 ok"}}, Permanent, 1,
			"MAIL RCPT RSET MAIL RCPT DATA content ."},
		{"kept after refused DATA", script{"DATA": {"451 no", "354 ok"}}, Temporary, 1,
			"MAIL RCPT DATA RSET MAIL RCPT DATA content ."},
		{"kept after a refused mail", script{".": {"550 no", "250 ok"}}, Permanent, 1,
			"MAIL RCPT DATA content . MAIL RCPT DATA content ."},
		{"new after RSET failed", script{"RCPT": {"550 5.1.1 no", "250 ok"}, "RSET": {"500 what?"}}, Permanent, 2,
			"MAIL RCPT RSET banner EHLO AUTH MAIL RCPT DATA content ."},
		{"new after 421", script{"RCPT": {"421 bye", "250 ok"}}, Temporary, 2,
			"MAIL RCPT banner EHLO AUTH MAIL RCPT DATA content ."},
		{"new after a cut", script{".": {"cut", "250 ok"}}, Ambiguous, 2,
			"MAIL RCPT DATA content . banner EHLO AUTH MAIL RCPT DATA content ."},
		{"new when it ended while idle", script{".": {"250 ok then cut", "250 ok"}}, Delivered, 2,
			"MAIL RCPT DATA content . banner EHLO AUTH MAIL RCPT DATA content ."},
		{"new when it is told so at the next mail", script{"MAIL": {"250 ok", "421 idle for too long then cut", "250 ok"}}, Delivered, 2,
			"MAIL RCPT DATA content . MAIL banner EHLO AUTH MAIL RCPT DATA content ."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeServer(t, tt.script, nil)
			s := New(plain(f))
			if got := s.Send(t.Context(), notice(100)); got.Outcome != tt.first {
				t.Errorf("first: %+v", got)
			}
			if got := s.Send(t.Context(), notice(100)); got.Outcome != Delivered {
				t.Errorf("second: %+v", got)
			}
			conns, commands, mails := f.seen()
			if want := "banner EHLO AUTH " + tt.commands; conns != tt.conns || commands != want {
				t.Errorf("%d connections: %s\nwant %d: %s", conns, commands, tt.conns, want)
			}
			if len(mails) == 0 || !strings.Contains(mails[len(mails)-1], "Message-ID: <aviso.1@ministerio.example>") {
				t.Errorf("mails: %q", mails)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
}

// TestPipelining shows that a refusal within commands that went out together leaves the connection in order.
func TestPipelining(t *testing.T) {
	tests := []struct {
		name     string
		script   script
		first    Stage
		conns    int
		commands string // of the first mail
	}{
		{"accepted", script{}, StageReply, 1, "MAIL RCPT DATA content ."},
		{"recipient refused, and so the mail", script{"RCPT": {"550 no", "250 ok"}, "DATA": {"554 no valid recipients", "354 go on"}},
			StageTo, 1, "MAIL RCPT DATA RSET"},
		{"recipient refused, the mail expected all the same", script{"RCPT": {"550 no", "250 ok"}, ".": {"554 nobody", "250 ok"}},
			StageTo, 1, "MAIL RCPT DATA content . RSET"},
		{"sender refused", script{"MAIL": {"553 no", "250 ok"}, "RCPT": {"503 MAIL first", "250 ok"}, "DATA": {"503 MAIL first", "354 go on"}},
			StageFrom, 1, "MAIL RCPT DATA RSET"},
		{"cut at the recipient", script{"RCPT": {"cut", "250 ok"}}, StageTo, 2, "MAIL RCPT banner EHLO AUTH"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeServer(t, pipelined(tt.script), nil)
			s := New(plain(f))
			defer func() { _ = s.Close() }()
			if got := s.Send(t.Context(), notice(100)); got.Stage != tt.first {
				t.Errorf("first: %+v", got)
			}
			if got := s.Send(t.Context(), notice(100)); got.Outcome != Delivered {
				t.Errorf("second: %+v", got)
			}
			conns, commands, mails := f.seen()
			if want := "banner EHLO AUTH " + tt.commands + " MAIL RCPT DATA content ."; conns != tt.conns || commands != want {
				t.Errorf("%d connections: %s\nwant %d: %s", conns, commands, tt.conns, want)
			}
			if last := mails[len(mails)-1]; !strings.Contains(last, "Message-ID: <aviso.1@ministerio.example>") {
				t.Errorf("the last mail: %q", last)
			}
		})
	}
}

func TestContextIsHonouredEverywhere(t *testing.T) {
	for _, at := range []string{"banner", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		t.Run(at, func(t *testing.T) {
			f := newFakeServer(t, script{at: {"silence"}}, nil)
			s := New(plain(f))
			defer func() { _ = s.Close() }()
			ctx, cancel := context.WithCancelCause(t.Context())
			stopped := errors.New("the daemon stops")
			result := make(chan Result)
			go func() { result <- s.Send(ctx, notice(100)) }()
			waitFor(t, func() bool { _, commands, _ := f.seen(); return strings.HasSuffix(commands, at) })
			cancel(stopped)
			select {
			case got := <-result:
				want := Temporary
				if at == "." {
					want = Ambiguous
				}
				if got.Outcome != want || got.Server || !errors.Is(got.Err, stopped) {
					t.Errorf("got %+v", got)
				}
			case <-time.After(2 * time.Second): // less than the timeout of the server
				t.Fatal("Send goes on")
			}
		})
	}
	t.Run("while waiting for one's turn", func(t *testing.T) {
		s := New(Server{Address: "127.0.0.1:1"})
		s.turn <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := s.Send(ctx, notice(100)); got.Outcome != Temporary || got.Server {
			t.Errorf("got %+v", got)
		}
	})
}

// waitFor waits for a condition that no channel tells of.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to that")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestUnreachable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	for _, address := range []string{ln.Addr().String(), "no-port", "no such host.invalid:25"} {
		s := New(Server{Address: address, TLS: None, Timeout: time.Second})
		if got := s.Send(t.Context(), notice(100)); got.Outcome != Temporary || got.Stage != StageConnect || !got.Server || got.Err == nil {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	f := newFakeServer(t, script{}, nil)
	server := plain(f)
	missing := errors.New("no such file")
	server.Password = func(context.Context) (string, error) { return "", missing }
	got := New(server).Send(t.Context(), notice(100))
	if got.Outcome != Temporary || got.Stage != StageLogin || !got.Server || !errors.Is(got.Err, missing) {
		t.Errorf("got %+v", got)
	}
}

func TestXOAUTH2(t *testing.T) {
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"status":"401","schemes":"bearer"}`))
	offer := []string{"250-x\n250 AUTH PLAIN XOAUTH2"}
	refusing := newFakeServer(t, script{"EHLO": offer, "AUTH": {"334 " + challenge}, "": {"535 5.7.3 Authentication unsuccessful"}}, nil)
	server := plain(refusing)
	server.Mechanism = XOAUTH2
	got := New(server).Send(t.Context(), notice(100))
	if got.Code != 535 || !got.Server || !strings.Contains(got.Err.Error(), `{"status":"401"`) {
		t.Errorf("got %+v", got)
	}
	accepting := newFakeServer(t, script{"EHLO": offer}, nil)
	server.Address = accepting.ln.Addr().String()
	s := New(server)
	defer func() { _ = s.Close() }()
	if got := s.Send(t.Context(), notice(100)); got.Outcome != Delivered {
		t.Errorf("got %+v", got)
	}
}

// certificate returns TLS settings of a server and of a client that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	server, pem, err := mailtest.Certificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return server, &tls.Config{RootCAs: pool}
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	tests := []struct {
		name   string
		script script
		mode   TLSMode
		client *tls.Config
		want   Outcome
		stage  Stage
	}{
		{"STARTTLS", script{}, StartTLS, clientTLS, Delivered, StageReply},
		{"STARTTLS missing", script{"EHLO": {"250-x\n250 AUTH PLAIN"}}, StartTLS, clientTLS, Temporary, StageTLS},
		{"STARTTLS refused", script{"STARTTLS": {"454 4.7.0 not available"}}, StartTLS, clientTLS, Temporary, StageTLS},
		{"STARTTLS cut", script{"STARTTLS": {"cut"}}, StartTLS, clientTLS, Temporary, StageTLS},
		{"certificate unknown", script{}, StartTLS, nil, Temporary, StageTLS},
		{"certificate for another name", script{}, StartTLS, &tls.Config{RootCAs: clientTLS.RootCAs, ServerName: "mx.example.org"}, Temporary, StageTLS},
		{"implicit against plain", script{}, Implicit, clientTLS, Temporary, StageTLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeServer(t, tt.script, serverTLS)
			server := plain(f)
			server.TLS, server.TLSConfig = tt.mode, tt.client
			s := New(server)
			defer func() { _ = s.Close() }()
			got := s.Send(t.Context(), notice(100))
			if got.Outcome != tt.want || got.Stage != tt.stage || got.Server != (tt.want != Delivered) {
				t.Errorf("got %+v", got)
			}
			_, commands, _ := f.seen()
			if tt.want != Delivered && strings.Contains(commands, "AUTH") {
				t.Errorf("logged in without TLS: %s", commands)
			}
		})
	}
}

func newSite(t testing.TB, o mailtest.SiteOptions) *mailtest.Site {
	t.Helper()
	site, err := mailtest.NewSite(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	for _, address := range []string{"soporte@ministerio.example", "ana@ministerio.example"} {
		if err := site.Add(mailtest.Person{Addr: address, Password: secret}); err != nil {
			t.Fatal(err)
		}
	}
	return site
}

func of(site *mailtest.Site) Server {
	return Server{
		Address: site.SMTP.Addr(), TLS: None, Username: "soporte@ministerio.example", Password: password, Timeout: 5 * time.Second,
	}
}

func TestServerThatComesAndGoes(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	site := newSite(t, mailtest.SiteOptions{TLS: serverTLS, Implicit: true})
	server := of(site)
	server.TLS, server.TLSConfig = Implicit, clientTLS
	s := New(server)
	defer func() { _ = s.Close() }()
	send := func(want Outcome) {
		t.Helper()
		if got := s.Send(t.Context(), notice(100)); got.Outcome != want {
			t.Fatalf("got %+v, want %v", got, want)
		}
	}
	send(Delivered)
	site.SMTP.Drop()
	send(Delivered)
	site.SMTP.Down()
	send(Temporary)
	if err := site.SMTP.Up(); err != nil {
		t.Fatal(err)
	}
	send(Delivered)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	send(Delivered)
	if got := len(site.SMTP.Sent()); got != 4 {
		t.Errorf("%d mails arrived, want 4", got)
	}
}

func TestSideBySide(t *testing.T) {
	site := newSite(t, mailtest.SiteOptions{})
	s := New(of(site))
	defer func() { _ = s.Close() }()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := s.Send(t.Context(), notice(100)); got.Outcome != Delivered {
				t.Errorf("got %+v", got)
			}
		})
	}
	wg.Wait()
	if got := len(site.SMTP.Sent()); got != 20 {
		t.Errorf("%d mails arrived, want 20", got)
	}
}

func TestInternationalisedAddresses(t *testing.T) {
	wide := notice(100)
	wide.To.Addr = "muñoz@ministerio.example"
	idn := notice(100)
	idn.To.Addr = "ana@año.example"

	f := newFakeServer(t, script{}, nil)
	s := New(plain(f))
	defer func() { _ = s.Close() }()
	got := s.Send(t.Context(), wide)
	if got.Outcome != Permanent || got.Server || !strings.Contains(got.Err.Error(), "SMTPUTF8") {
		t.Errorf("without SMTPUTF8: %+v", got)
	}
	if got := s.Send(t.Context(), idn); got.Outcome != Delivered {
		t.Errorf("a domain has an ASCII form: %+v", got)
	}
	if conns, _, mails := f.seen(); conns != 1 || len(mails) != 1 || !strings.Contains(mails[0], "<ana@xn--ao-zja.example>") {
		t.Errorf("%d connections, mails %q", conns, mails)
	}

	site := newSite(t, mailtest.SiteOptions{})
	if err := site.Add(mailtest.Person{Addr: wide.To.Addr}); err != nil {
		t.Fatal(err)
	}
	s8 := New(of(site))
	defer func() { _ = s8.Close() }()
	if got := s8.Send(t.Context(), wide); got.Outcome != Delivered {
		t.Errorf("with SMTPUTF8: %+v", got)
	}
	if sent := site.SMTP.Sent(); len(sent) != 1 || !sent[0].IsTo(wide.To.Addr) || !strings.Contains(string(sent[0].Raw), "<muñoz@ministerio.example>") {
		t.Errorf("sent %+v", sent)
	}
}

// TestAgainstServer sends by a real server, named by RADICADO_TEST_SMTP (host:port, plain, without login) and serving
// ministerio.example.
func TestAgainstServer(t *testing.T) {
	address := os.Getenv("RADICADO_TEST_SMTP")
	if address == "" {
		t.Skip("RADICADO_TEST_SMTP is not set")
	}
	s := New(Server{Address: address, TLS: None, Timeout: 10 * time.Second})
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for range 3 {
		if got := s.Send(t.Context(), notice(2000)); got.Outcome != Delivered {
			t.Errorf("got %+v", got)
		}
	}
	refusals := map[string]Result{ // by .ci/postfix
		"nobody@elsewhere.invalid":   {Outcome: Permanent, Stage: StageTo, Code: 554, Status: "5.7.1"},
		"nadie@ministerio.example":   {Outcome: Permanent, Stage: StageTo, Code: 550, Status: "5.1.1"},
		"grisela@ministerio.example": {Outcome: Temporary, Stage: StageTo, Code: 451, Status: "4.7.1"},
	}
	for address, want := range refusals {
		m := notice(100)
		m.To.Addr = address
		got := s.Send(t.Context(), m)
		if got.Response == "" || got.Err == nil {
			t.Errorf("%s: %+v", address, got)
		}
		got.Response, got.Err = "", nil
		if got != want {
			t.Errorf("%s: got %+v, want %+v", address, got, want)
		}
	}
	if got := s.Send(t.Context(), notice(100)); got.Outcome != Delivered {
		t.Errorf("after a refusal: %+v", got)
	}
	for _, f := range Check(t.Context(), s.server) {
		t.Logf("%+v", f)
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
}
