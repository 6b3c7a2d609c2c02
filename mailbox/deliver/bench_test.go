package deliver

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/wneessen/go-mail"
)

// BenchmarkSend measures sends on one connection beside bare go-mail with the same texts against the same server. The
// server takes its share of the time.
func BenchmarkSend(b *testing.B) {
	m := notice(2000)
	m.HTML = "<p>" + m.Text + "</p>"
	b.Run("deliver", func(b *testing.B) {
		f := newFakeServer(b, script{}, nil)
		s := New(plain(f))
		defer func() { _ = s.Close() }()
		for b.Loop() {
			if got := s.Send(b.Context(), m); got.Outcome != Delivered {
				b.Fatal(got)
			}
		}
	})
	b.Run("go-mail", func(b *testing.B) {
		f := newFakeServer(b, script{}, nil)
		_, port, err := net.SplitHostPort(f.ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			b.Fatal(err)
		}
		client, err := mail.NewClient("127.0.0.1", mail.WithPort(n), mail.WithTLSPolicy(mail.NoTLS), mail.WithTimeout(5*time.Second),
			mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc), mail.WithUsername("soporte"), mail.WithPassword(secret),
			mail.WithHELO("localhost"), mail.WithoutNoop(), mail.WithoutRset())
		if err != nil {
			b.Fatal(err)
		}
		if err := client.DialWithContext(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		for b.Loop() {
			msg := mail.NewMsg()
			if err := msg.FromFormat(m.From.Name, m.From.Addr); err != nil {
				b.Fatal(err)
			}
			if err := msg.AddToFormat(m.To.Name, m.To.Addr); err != nil {
				b.Fatal(err)
			}
			msg.Subject(m.Subject)
			msg.SetMessageIDWithValue(m.MessageID)
			msg.SetDateWithValue(m.Date)
			msg.SetBodyString(mail.TypeTextPlain, m.Text)
			msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
			if err := client.Send(msg); err != nil {
				b.Fatal(err)
			}
		}
	})
}
