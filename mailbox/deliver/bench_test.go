package deliver

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"radicado/mailbox"
)

// target is the server that RADICADO_TEST_SMTP names, or else the fake one, which takes its share of the time.
func target(b *testing.B) Server {
	if address := os.Getenv("RADICADO_TEST_SMTP"); address != "" {
		return Server{Address: address, TLS: None}
	}
	server := plain(newFakeServer(b, pipelined(script{}), nil))
	server.Password = nil
	return server
}

// typical returns a notice of the size that most have.
func typical() mailbox.Outgoing {
	m := full()
	m.Text = strings.Repeat("Buenos días: la impresora del segundo piso no imprime desde ayer, y nadie sabe por qué.\n", 50)
	m.HTML = strings.Repeat(`<p style="margin:0 0 14px 0"><a class="chip" href="mailto:soporte@example.org">Buenos días: la impresora no imprime.</a></p>`+"\n", 180)
	m.Files = nil
	return m
}

func BenchmarkCompose(b *testing.B) {
	m := typical()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compose(m, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSend measures sends on one connection beside bare go-mail with the same texts against the same server.
func BenchmarkSend(b *testing.B) {
	m := notice(2000)
	m.HTML = "<p>" + m.Text + "</p>"
	b.Run("deliver", func(b *testing.B) {
		s := New(target(b))
		defer func() { _ = s.Close() }()
		for b.Loop() {
			if got := s.Send(b.Context(), m); got.Outcome != Delivered {
				b.Fatal(got)
			}
		}
	})
	b.Run("go-mail", func(b *testing.B) {
		_, port, err := net.SplitHostPort(target(b).Address)
		if err != nil {
			b.Fatal(err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			b.Fatal(err)
		}
		client, err := mail.NewClient("127.0.0.1", mail.WithPort(n), mail.WithTLSPolicy(mail.NoTLS), mail.WithTimeout(5*time.Second),
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
