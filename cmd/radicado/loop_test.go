package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// notices returns how many notices of a kind were queued to an address, whatever became of them; "" for any kind.
func (o *office) notices(kind tickets.NoticeKind, to string) (count int) {
	o.t.Helper()
	requests := o.tickets()
	o.view(func(r *register.Reader) error {
		for n := 1; n <= requests; n++ {
			rows, err := r.Notices(o.number(n))
			if err != nil {
				return err
			}
			for _, row := range rows {
				if (kind == "" || row.Notice.Kind == kind) && strings.EqualFold(row.Notice.To.Addr, to) {
					count++
				}
			}
		}
		return nil
	})
	return count
}

// responder answers every mail of an inbox until the test ends, and returns how many answers it has given.
func (o *office) responder(p mailtest.Person, answer func(received []byte, n int) (mailtest.Person, []byte)) func() int {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.ctx)
	answered := make(chan int, 1)
	answered <- 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for mails := o.world.list(o.t, p.Addr, "INBOX"); n < len(mails); {
				from, raw := answer(mails[n], n)
				n++
				if raw == nil {
					continue
				}
				if err := o.world.submit(ctx, from, raw); err != nil && ctx.Err() == nil {
					o.t.Errorf("answering: %v", err)
					return
				}
				<-answered
				answered <- n
			}
		}
	}()
	o.t.Cleanup(func() { cancel(); <-done })
	return func() int {
		n := <-answered
		answered <- n
		return n
	}
}

// TestLoopWithLyingResponder has an absence program without Auto-Submitted, with a subject and a Message-ID of its own each
// time and no References: nothing tells that it is one.
func TestLoopWithLyingResponder(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	const limit = 8
	o.more = fmt.Sprintf("[limits]\nper_address = %d\n", limit)
	answers := o.responder(o.pedro, func(_ []byte, n int) (mailtest.Person, []byte) {
		return o.pedro, o.pedro.Write(o.desk.Addr, fmt.Sprintf("Gracias por su mensaje, caso %d", n), fmt.Sprint("Lo leo en cuanto pueda. ", n))
	})
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.until("the coordinator's alert", func() bool { return o.notices(tickets.NoticeWithheld, o.marta.Addr) == 1 })
	o.holds("Procesados", limit+1) // the request and one answer to each acknowledgement
	o.until("every answer to be given", func() bool { return answers() == limit })
	o.writes(o.sofia, "Otra cosa", "Hola.") // whoever else writes is answered
	o.gets(o.sofia, 1)
	o.holds("Procesados", limit+2)
	if got := o.notices("", o.pedro.Addr); got != limit || o.notices(tickets.NoticeWithheld, o.marta.Addr) != 1 {
		t.Errorf("%d notices went to the responder, want %d", got, limit)
	}
	t.Logf("rest after %d mails: %d requests and %d acknowledgements", 2*limit+1, limit+1, limit)
	o.sound()
}

// TestLoopOfTwoDaemons lets one desk write to another.
func TestLoopOfTwoDaemons(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		a := newOffice(t, w)
		b := newOffice(t, w)
		a.start()
		b.start()
		a.submit(b.desk, b.desk.Write(a.desk.Addr, "Solicitud de la otra mesa", "Hola."))
		a.gets(a.marta, 1)
		b.holds("Cuarentena", 1) // the acknowledgement says that a program wrote it
		b.writes(b.sofia, "Otra", "Hola.")
		b.gets(b.sofia, 1)
		if a.tickets() != 1 || b.tickets() != 1 || a.notices("", b.desk.Addr) != 1 || b.notices("", a.desk.Addr) != 0 {
			t.Errorf("%d and %d requests, %d and %d notices to one another", a.tickets(), b.tickets(), a.notices("", b.desk.Addr), b.notices("", a.desk.Addr))
		}
		t.Log("rest after 2 mails: the request and its acknowledgement")
		a.sound()
		b.sound()
	})
}

// TestLoopOfTwoDaemonsThroughGateway has a gateway between the desks that makes new mails of their notices and so hides that programs
// wrote them.
func TestLoopOfTwoDaemonsThroughGateway(t *testing.T) {
	w := newInProcess(t)
	a, b := newOffice(t, w), newOffice(t, w)
	const limit = 6
	a.more, b.more = fmt.Sprintf("[limits]\nper_address = %d\n", limit), fmt.Sprintf("[limits]\nper_address = %d\n", limit)
	gateway := a.pedro
	passed := a.responder(gateway, func(received []byte, n int) (mailtest.Person, []byte) {
		to := a.desk.Addr
		if strings.Contains(mailtest.HeaderOf(received, "From"), a.desk.Addr) {
			to = b.desk.Addr
		}
		return gateway, gateway.Write(to, fmt.Sprint("Mensaje ", n), mailtest.TextOf(received, "text/plain"))
	})
	a.start()
	b.start()
	a.writes(gateway, "Solicitud", "Hola.")
	a.until("desk A to hold back", func() bool { return a.notices(tickets.NoticeWithheld, a.marta.Addr) == 1 })
	// A acknowledges what the gateway brings up to its limit, and so does B: it is A that reaches it first.
	a.holds("Procesados", limit+1)
	b.holds("Procesados", limit)
	a.until("the gateway to have passed on everything", func() bool { return passed() == 2*limit })
	if a.notices("", gateway.Addr) != limit || b.notices("", gateway.Addr) != limit {
		t.Errorf("%d and %d notices, want %d each", a.notices("", gateway.Addr), b.notices("", gateway.Addr), limit)
	}
	t.Logf("rest after %d mails", 4*limit+1)
	a.sound()
	b.sound()
}

// TestLoopWithSieve has Dovecot's own vacation program answer, and another rule send our notices back to us.
func TestLoopWithSieve(t *testing.T) {
	w, ok := real()
	sieve := os.Getenv("RADICADO_TEST_SIEVE")
	if !ok || sieve == "" {
		t.Skip("RADICADO_TEST_IMAP, RADICADO_TEST_SMTP, RADICADO_TEST_SMTP_INBOUND and RADICADO_TEST_SIEVE are not set: see .ci")
	}
	o := newOffice(t, w)
	activate(t, sieve, o.pedro.Addr, w.password, fmt.Sprintf("require [\"vacation\"];\r\nvacation :days 1 :addresses [%q] :subject \"Vacaciones\" \"Vuelvo el lunes.\";\r\n", o.pedro.Addr))
	activate(t, sieve, o.sofia.Addr, w.password, fmt.Sprintf("require [\"copy\"];\r\nredirect :copy %q;\r\n", o.desk.Addr))
	o.start()
	o.writes(o.pedro, "Impresora", "No imprime.")
	o.gets(o.pedro, 1)
	o.writes(o.sofia, "Teclado", "Le faltan teclas.")
	o.gets(o.sofia, 1)
	o.holds("Cuarentena", 1) // our notice to Sofía, come back
	// Dovecot sees Auto-Submitted and answers nothing (RFC 5230 section 4.6): two requests are all that came.
	o.holds("Procesados", 2)
	o.writes(o.luis, "Otra", "Hola.")
	o.gets(o.luis, 1)
	o.holds("Procesados", 3)
	if got := len(w.list(t, o.pedro.Addr, "INBOX")); got != 1 || o.tickets() != 3 {
		t.Errorf("%d mails at the one on holiday, %d requests", got, o.tickets())
	}
	// Another official writes to the one on holiday: that his vacation program does answer, so that it was on all the time.
	o.submit(o.luis, o.luis.Write(o.pedro.Addr, "¿Almuerzo?", "Hola."))
	o.until("the vacation notice", func() bool {
		for _, m := range w.list(t, o.luis.Addr, "INBOX") {
			if mailtest.HeaderOf(m, "Subject") == "Vacaciones" {
				return true
			}
		}
		return false
	})
	t.Log("rest after 1 acknowledgement; the redirected notice went to quarantine")
	o.sound()
}

// activate puts a sieve script into force by ManageSieve (RFC 5804).
func activate(t *testing.T, address, user, password, script string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	await := func(what string) {
		t.Helper()
		for {
			line, err := r.ReadString('\n')
			switch {
			case err != nil, strings.HasPrefix(line, "NO"), strings.HasPrefix(line, "BYE"):
				t.Fatalf("%s: %q, %v", what, line, err)
			case strings.HasPrefix(line, "OK"):
				return
			}
		}
	}
	await("greeting")
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	fmt.Fprintf(conn, "AUTHENTICATE \"PLAIN\" \"%s\"\r\n", plain)
	await("login")
	fmt.Fprintf(conn, "PUTSCRIPT \"prueba\" {%d+}\r\n%s\r\n", len(script), script)
	await("script")
	fmt.Fprintf(conn, "SETACTIVE \"prueba\"\r\n")
	await("activation")
}
