package receive

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const benchMails = 3000

// fill makes a folder with mails of 4 KB.
func fill(b *testing.B, srv server) *desk {
	b.Helper()
	d := srv.newDesk(b)
	text := strings.Repeat("La impresora de la oficina 304 no imprime desde ayer.\r\n", 72)
	var appends []*imapclient.AppendCommand
	for i := range benchMails {
		raw := fmt.Sprintf("Subject: prueba %d\r\nFrom: ana@example.org\r\n\r\n%s", i, text)
		cmd := d.client.Append(d.acc.Folder, int64(len(raw)), nil)
		_, err := io.WriteString(cmd, raw)
		d.must(err)
		d.must(cmd.Close())
		appends = append(appends, cmd)
	}
	for _, cmd := range appends {
		_, err := cmd.Wait()
		d.must(err)
	}
	return d
}

// benchServers are the servers to measure: the real one where there is one, as the library's is slow by itself.
func benchServers(b *testing.B) []server {
	if srv, ok := realServer(); ok {
		return []server{srv}
	}
	return []server{memoryServer(b, "memory", imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus)}
}

func perMail(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchMails/b.Elapsed().Seconds(), "mails/s")
}

// receiveAll runs a receiver until the ledger has every mail, and reports from the first dial on.
func receiveAll(b *testing.B, acc Account, ledger *testLedger, enough func() bool) {
	ctx, cancel := context.WithCancel(b.Context())
	log := &testLog{}
	r := New(acc, ledger, log.logger())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx) // always nil
	}()
	deadline := time.Now().Add(time.Minute)
	for !enough() {
		if time.Now().After(deadline) {
			b.Error(log)
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
}

// BenchmarkReceive is what a receiver does with a folder, the ledger taking no time.
func BenchmarkReceive(b *testing.B) {
	for _, srv := range benchServers(b) {
		b.Run(srv.name, func(b *testing.B) {
			d := fill(b, srv)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				ledger := newLedger()
				ledger.drop = true
				receiveAll(b, d.acc, ledger, func() bool { return ledger.counted() == benchMails })
			}
			perMail(b)
		})
	}
}

// BenchmarkBareFetch is the floor: the library alone, with one command for all mails.
func BenchmarkBareFetch(b *testing.B) {
	for _, srv := range benchServers(b) {
		b.Run(srv.name, func(b *testing.B) {
			d := fill(b, srv)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				client, err := imapclient.DialInsecure(srv.address, nil)
				d.must(err)
				d.must(client.Login(srv.user, srv.password).Wait())
				_, err = client.Select(d.acc.Folder, nil).Wait()
				d.must(err)
				cmd := client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{
					UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
				})
				count := 0
				for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
					if _, err := msg.Collect(); err != nil {
						b.Fatal(err)
					}
					count++
				}
				d.must(cmd.Close())
				if count != benchMails {
					b.Fatalf("%d mails", count)
				}
				_ = client.Close()
			}
			perMail(b)
		})
	}
}

// BenchmarkReceiveAndMove empties the folder.
func BenchmarkReceiveAndMove(b *testing.B) {
	for _, srv := range benchServers(b) {
		b.Run(srv.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				d := fill(b, srv)
				ledger := newLedger()
				ledger.drop, ledger.settles = true, true
				b.StartTimer()
				receiveAll(b, d.acc, ledger, func() bool { return len(ledger.gone()) == benchMails })
			}
			perMail(b)
		})
	}
}
