package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

var (
	ana  = Person{Name: "Ana Muñoz", Addr: "ana@ministerio.example", Password: "a", Client: Outlook}
	luis = Person{Name: "Luis Pérez", Addr: "luis@ministerio.example", Password: "l", Client: Gmail}
	acme = Person{Name: "ACME", Addr: "garantias@acme.example", Password: "v", Client: Gmail}
	desk = Person{Name: "Mesa de soporte", Addr: support, Password: "d"}
)

func newSite(t *testing.T, o SiteOptions) *Site {
	t.Helper()
	o.Clock = func() time.Time { return day }
	s, err := NewSite(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, p := range []Person{ana, luis, acme, desk} {
		if err := s.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func code(err error) int {
	var refusal *smtp.SMTPError
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return 0
}

func TestDeliveryProvesSenders(t *testing.T) {
	s := newSite(t, SiteOptions{})
	forged := "Authentication-Results: MX.ministerio.example 1;\r\n\tdmarc=pass header.from=ministerio.example\r\n"
	other := "Authentication-Results: mx.example.net; dkim=pass\r\n"
	tests := []struct {
		name   string
		submit func(raw []byte) error
		raw    []byte
		want   string
	}{
		{"own address", func(raw []byte) error { return s.Submit(t.Context(), ana, raw) },
			ana.Write(support, "hola", "texto"), "auth=pass smtp.auth=ana@ministerio.example; " +
				"spf=pass smtp.mailfrom=ana@ministerio.example; dmarc=pass header.from=ministerio.example"},
		{"somebody else's address", func(raw []byte) error { return s.Submit(t.Context(), ana, raw) },
			ana.Write(support, "hola", "texto", From("Luis", luis.Addr)), "auth=pass smtp.auth=ana@ministerio.example; " +
				"spf=fail smtp.mailfrom=ana@ministerio.example; dmarc=fail header.from=ministerio.example"},
		{"two authors", func(raw []byte) error { return s.Submit(t.Context(), ana, raw) },
			ana.Write(support, "hola", "texto", Field("From", luis.Addr)), "auth=pass smtp.auth=ana@ministerio.example; " +
				"spf=none smtp.mailfrom=ana@ministerio.example; dmarc=permerror header.from=unknown"},
		{"forged from outside", func(raw []byte) error { return s.Forge(t.Context(), luis.Addr, raw) },
			luis.Write(support, "hola", "texto"), "spf=fail smtp.mailfrom=luis@ministerio.example; dmarc=fail header.from=ministerio.example"},
		{"forged with its own results", func(raw []byte) error { return s.Forge(t.Context(), luis.Addr, raw) },
			append([]byte(forged+other), luis.Write(support, "hola", "texto")...),
			"spf=fail smtp.mailfrom=luis@ministerio.example; dmarc=fail header.from=ministerio.example"},
		{"vendor with an account", func(raw []byte) error { return s.Submit(t.Context(), acme, raw) },
			acme.Write(support, "hola", "texto"), "auth=pass smtp.auth=garantias@acme.example; " +
				"spf=pass smtp.mailfrom=garantias@acme.example; dmarc=pass header.from=acme.example"},
		{"stranger", func(raw []byte) error { return s.Forge(t.Context(), "x@example.org", raw) },
			ana.Write(support, "hola", "texto", From("", "x@example.org")), "spf=none smtp.mailfrom=x@example.org; dmarc=none header.from=example.org"},
		{"null sender", func(raw []byte) error { return s.Forge(t.Context(), "", raw) },
			ana.Write(support, "rebote", "texto", From("", "MAILER-DAEMON@example.org")), "spf=none smtp.mailfrom=; dmarc=none header.from=example.org"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.submit(tt.raw); err != nil {
				t.Fatal(err)
			}
			inbox, err := s.IMAP.List(support, "INBOX")
			if err != nil || len(inbox) != i+1 {
				t.Fatalf("%d mails, %v", len(inbox), err)
			}
			raw := string(inbox[i].Raw)
			if got, want := HeaderOf(inbox[i].Raw, "Authentication-Results"), "mx.ministerio.example; "+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if n := strings.Count(strings.ToLower(raw), "authentication-results: mx.ministerio.example"); n != 1 {
				t.Errorf("%d results in our name", n)
			}
			if strings.Contains(string(tt.raw), other) && !strings.Contains(raw, other) {
				t.Error("results of another server were removed")
			}
			if !strings.HasPrefix(raw, "Return-Path: <") || !strings.Contains(raw, "for <"+support+">; Mon, 23 Nov 2026 10:00:00 -0500") {
				t.Errorf("trace fields: %s", raw[:200])
			}
			if !inbox[i].Time.Equal(day) {
				t.Errorf("received at %v", inbox[i].Time)
			}
		})
	}
}

func TestRecipients(t *testing.T) {
	s := newSite(t, SiteOptions{})
	envelope := func(user, to string) Envelope {
		return Envelope{From: "x@example.org", To: []string{to}, User: user, Password: "a"}
	}
	tests := []struct {
		name string
		e    Envelope
		code int
	}{
		{"known", envelope("", ana.Addr), 0},
		{"in another case, with detail", envelope("", "Ana+Solicitud-1@Ministerio.Example"), 0},
		{"unknown", envelope("", "nadie@ministerio.example"), 550},
		{"unknown, submitted", envelope(ana.Addr, "nadie@ministerio.example"), 550},
		{"elsewhere", envelope("", "x@example.net"), 554},
		{"elsewhere, submitted", envelope(ana.Addr, "x@example.net"), 0},
		{"wrong password", Envelope{From: ana.Addr, To: []string{support}, User: ana.Addr, Password: "b"}, 535},
		{"unknown user", Envelope{From: ana.Addr, To: []string{support}, User: "nadie", Password: "b"}, 535},
	}
	accepted := 0
	for _, tt := range tests {
		err := Send(t.Context(), s.SMTP.Addr(), tt.e, []byte("Subject: x\r\n\r\nx\r\n"))
		if code(err) != tt.code || (err == nil) != (tt.code == 0) {
			t.Errorf("%s: %v, want code %d", tt.name, err, tt.code)
		}
		if err == nil {
			accepted++
		}
	}
	if n := len(s.SMTP.Sent()); n != accepted {
		t.Errorf("%d mails kept, %d accepted", n, accepted)
	}
	if n := s.IMAP.Count(ana.Addr, "INBOX"); n != 2 {
		t.Errorf("%d mails delivered to Ana, want 2", n)
	}
}

func TestLoginMechanism(t *testing.T) {
	s := newSite(t, SiteOptions{})
	for password, want := range map[string]int{ana.Password: 0, "otra": 535} {
		client, err := smtp.Dial(s.SMTP.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Auth(sasl.NewLoginClient(ana.Addr, password)); code(err) != want || (err == nil) != (want == 0) {
			t.Errorf("password %s: %v", password, err)
		}
		_ = client.Close()
	}
}

func TestScript(t *testing.T) {
	s := newSite(t, SiteOptions{})
	raw := ana.Write(support, "hola", "texto")
	tests := []struct {
		stage Stage
		reply Reply
		code  int
		kept  bool
	}{
		{StageConnect, Reply{Code: 421, Text: "mx busy"}, 421, false},
		{StageConnect, Reply{Code: 554, Text: "go away"}, 554, false},
		{StageConnect, Reply{Cut: true}, 0, false},
		{StageHello, Reply{Code: 421, Status: "4.3.2", Text: "busy"}, 421, false},
		{StageAuth, Reply{Code: 454, Text: "later"}, 454, false},
		{StageMail, Reply{Code: 452, Status: "4.3.1", Text: "disk"}, 452, false},
		{StageRcpt, Reply{Code: 451, Status: "4.7.1", Text: "Greylisted"}, 451, false},
		{StageRcpt, Reply{Cut: true}, 0, false},
		{StageData, Reply{Code: 552, Text: "too large"}, 552, false},
		{StageAccepted, Reply{Cut: true}, 0, true},
		{StageAccepted, Reply{Code: 421, Text: "too late"}, 421, true},
	}
	for _, tt := range tests {
		before := len(s.SMTP.Sent())
		s.SMTP.Script(func(step Step) *Reply {
			if step.Stage == tt.stage {
				return &tt.reply
			}
			return nil
		})
		err := s.Submit(t.Context(), ana, raw)
		if err == nil || code(err) != tt.code {
			t.Errorf("%s %+v: %v", tt.stage, tt.reply, err)
		}
		if kept := len(s.SMTP.Sent()) > before; kept != tt.kept {
			t.Errorf("%s %+v: kept %v", tt.stage, tt.reply, kept)
		}
	}
	s.SMTP.Script(nil)
	if err := s.Submit(t.Context(), ana, raw); err != nil {
		t.Error(err)
	}
}

func TestSMTPDownAndUp(t *testing.T) {
	s := newSite(t, SiteOptions{})
	raw := ana.Write(support, "hola", "texto")
	open, err := net.Dial("tcp", s.SMTP.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	if _, err := open.Read(make([]byte, 3)); err != nil { // the server has taken it
		t.Fatal(err)
	}
	s.SMTP.Down()
	if _, err := io.Copy(io.Discard, open); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	if err := s.Submit(t.Context(), ana, raw); err == nil {
		t.Error("a server that is down took a mail")
	}
	for range 2 { // up twice is up
		if err := s.SMTP.Up(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Submit(t.Context(), ana, raw); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if m, err := s.SMTP.WaitFor(ctx, func(m Mail) bool { return m.IsTo(support) }); err != nil || m.User != ana.Addr || m.Subject() != "hola" {
		t.Errorf("%+v, %v", m, err)
	}
	short, stop := context.WithCancel(ctx)
	stop()
	if _, err := s.SMTP.WaitFor(short, func(Mail) bool { return false }); err == nil || !strings.Contains(err.Error(), "hola") {
		t.Errorf("waiting in vain: %v", err)
	}
	if _, err := s.SMTP.WaitCount(short, 2); err == nil {
		t.Error("waiting for two mails where there is one succeeded")
	}
}

func TestTLS(t *testing.T) {
	server, pem, err := Certificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, SiteOptions{TLS: server, Implicit: true})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	e := Envelope{From: ana.Addr, To: []string{support}, User: ana.Addr, Password: ana.Password}
	e.TLS = &tls.Config{RootCAs: pool, ServerName: "localhost"}
	if err := Send(t.Context(), s.SMTP.Addr(), e, ana.Write(support, "x", "y")); err != nil {
		t.Error(err)
	}
	e.TLS = &tls.Config{ServerName: "localhost"}
	if err := Send(t.Context(), s.SMTP.Addr(), e, ana.Write(support, "x", "y")); err == nil {
		t.Error("an unknown certificate was trusted")
	}
	if err := s.Submit(t.Context(), ana, ana.Write(support, "x", "y")); err != nil {
		t.Error(err)
	}
}
