package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Envelope says who submits a mail, and to whom.
type Envelope struct {
	From     string // envelope sender, "" for the null sender
	To       []string
	User     string // "" to submit as a stranger
	Password string
	TLS      *tls.Config // for implicit TLS; nil for plain
}

// Send hands a mail to an SMTP server as any client does. The error of a refusal is an *smtp.SMTPError of go-smtp. A context
// without a deadline gets one of 30 seconds.
func Send(ctx context.Context, server string, e Envelope, raw []byte) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
	}
	if err := send(ctx, server, e, raw); err != nil {
		return fmt.Errorf("send from <%s> to %v by %s: %w", e.From, e.To, server, err)
	}
	return nil
}

func send(ctx context.Context, server string, e Envelope, raw []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if e.TLS != nil {
		conn = tls.Client(conn, e.TLS)
	}
	client := smtp.NewClient(conn)
	if err := client.Hello("cliente.ministerio.example"); err != nil {
		return err
	}
	if e.User != "" {
		if err := client.Auth(sasl.NewPlainClient("", e.User, e.Password)); err != nil {
			return err
		}
	}
	if err := client.SendMail(e.From, e.To, bytes.NewReader(raw)); err != nil {
		return err
	}
	return client.Quit()
}
