package outbox

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

// far is a server that takes its time for each mail and none of the processor's.
type far time.Duration

// Send implements Sender.
func (f far) Send(_ context.Context, m mailbox.Outgoing) deliver.Result {
	if f > 0 {
		time.Sleep(time.Duration(f))
	}
	if _, err := deliver.Bytes(m); err != nil {
		return deliver.Result{Outcome: deliver.Permanent, Err: err}
	}
	return delivered(m.To.Addr)
}

// rendering makes the mails of the daemon.
type rendering struct{ *templates.Set }

// Render implements Renderer.
func (r rendering) Render(n tickets.Notice, made *templates.Report) (templates.Mail, error) {
	return r.RenderReport(n, made)
}

// BenchmarkBurst sends acknowledgements by two connections: to a server that answers at once, which shows what a notice costs, and
// to one that takes its time, which two connections would wait for all the time if nothing else held them up.
func BenchmarkBurst(b *testing.B) {
	for _, answer := range []time.Duration{0, 5 * time.Millisecond, 20 * time.Millisecond} {
		b.Run(fmt.Sprint("answer=", answer), func(b *testing.B) {
			f := newFixture(b)
			texts, err := templates.Load("", templates.Settings{Desk: f.options.From, DeskName: "Mesa de servicios", Location: time.UTC})
			if err != nil {
				b.Fatal(err)
			}
			f.options.Render, f.options.Senders = rendering{texts}, []Sender{far(answer), far(answer)}
			f.queueRequests(b.N)
			b.ResetTimer()
			if n := f.flush(); n != b.N || f.left() {
				b.Fatalf("%d notices tried, want %d", n, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "notices/s")
			if answer > 0 {
				b.ReportMetric(100*float64(b.N)*answer.Seconds()/2/b.Elapsed().Seconds(), "%busy")
			}
		})
	}
}

// queueRequests queues acknowledgements of as many requests.
func (f *fixture) queueRequests(n int) {
	f.t.Helper()
	text := strings.Repeat("La impresora del segundo piso no imprime desde ayer.\n", 60)
	err := f.register.Update(context.Background(), func(tx *register.Tx) error {
		for i := range n {
			view := tickets.TicketView{Number: tickets.FormatNumber("SS", 2026, i+1), Subject: "La impresora no imprime", Text: text, RegisteredAt: f.now()}
			notice := tickets.Notice{Kind: tickets.NoticeAcknowledgement, Lang: "es", To: mailbox.Address{Name: "Ana Muñoz", Addr: fmt.Sprint(i, "@x.example")},
				Data: tickets.NoticeData{Role: tickets.RoleRequester, Recipient: "Ana Muñoz", Ticket: &view}}
			if _, err := tx.Queue(register.OutboxRow{MessageID: fmt.Sprint(i, "@n.example"), Notice: notice}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}
