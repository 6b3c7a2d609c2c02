package main

import (
	"fmt"
	"strings"
	"testing"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
)

// TestMainJob walks a request from its mail to its closure.
func TestMainJob(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.start()

		o.writes(o.pedro, "Impresora no imprime", "No imprime desde ayer.", mailtest.Attach("foto.png", "image/png", []byte("\x89PNG")))
		ack := o.gets(o.pedro, 1)
		number := string(o.number(1))
		if subject := mailtest.HeaderOf(ack, "Subject"); subject != "["+number+"] Impresora no imprime" {
			t.Errorf("acknowledgement has the subject %q", subject)
		}
		for name, want := range map[string]string{"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"} {
			if got := mailtest.HeaderOf(ack, name); got != want {
				t.Errorf("acknowledgement has %s %q, want %q", name, got, want)
			}
		}
		if !strings.Contains(mailtest.TextOf(ack, "text/plain"), number) || !strings.Contains(mailtest.TextOf(ack, "text/html"), number) {
			t.Errorf("a part of the acknowledgement lacks the number")
		}

		o.answers(o.marta, 1, "#prioridad alta #asignar Ana", "")
		o.reaches(1, tickets.Coordinated)
		o.answers(o.ana, 1, "", "Voy en camino.")
		o.reaches(1, tickets.InService)
		o.until("the technician's answer at the official's", func() bool {
			for _, m := range w.list(t, o.pedro.Addr, "INBOX") {
				if strings.Contains(mailtest.TextOf(m, "text/plain"), "Voy en camino.") {
					return true
				}
			}
			return false
		})
		o.answers(o.pedro, 1, "", "Aquí la espero.")
		incoming := o.gets(o.ana, 2)
		if text := mailtest.TextOf(incoming, "text/plain"); !strings.Contains(text, "Aquí la espero.") || strings.Contains(text, "quedó registrada") {
			t.Errorf("the technician got the answer with the quoted history:\n%s", text)
		}
		o.answers(o.ana, 2, "#nota", "Rodillo gastado.")
		o.records(1, "Rodillo gastado.") // mails may overtake one another
		o.answers(o.ana, 2, "#solucion", "Rodillo cambiado.")
		o.reaches(1, tickets.Resolved)
		o.answers(o.marta, 1, "#cerrar", "")
		o.reaches(1, tickets.Closed)
		o.until("the closure notice", func() bool {
			for _, m := range w.list(t, o.pedro.Addr, "INBOX") {
				if strings.Contains(mailtest.TextOf(m, "text/plain"), "quedó cerrada") {
					return true
				}
			}
			return false
		})
		for _, m := range w.list(t, o.pedro.Addr, "INBOX") {
			if strings.Contains(string(m), "Rodillo gastado") {
				t.Errorf("the internal note reached the official")
			}
		}
		o.holds("Procesados", 7)
		o.holds("INBOX", 0)
		o.sound()
	})
}

// TestForgedCommandsAreNotObeyed has commands in the coordinator's name come from outside.
func TestForgedCommandsAreNotObeyed(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.start()
		o.writes(o.sofia, "Sin correo", "No entra nada.")
		o.gets(o.marta, 1)
		forged, err := o.sofia.Reply(o.gets(o.sofia, 1), "#cerrar ya", "", mailtest.From(o.marta.Name, o.marta.Addr),
			mailtest.Field("Authentication-Results", "mx.ministerio.example; dmarc=pass header.from=ministerio.example"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.forge(o.ctx, o.marta.Addr, forged); err != nil {
			t.Fatal(err)
		}
		warning := o.gets(o.marta, 2)
		if text := mailtest.TextOf(warning, "text/plain"); !strings.Contains(text, "#cerrar ya") {
			t.Errorf("the coordinator is not told of the forged command:\n%s", text)
		}
		if got := o.ticket(1).State; got != tickets.Registered {
			t.Errorf("a forged command brought the request to %s", got)
		}
		o.sound()
	})
}

// badMails are mails as they should not be, each with the request that it must become; "" for quarantine.
func badMails(desk string) map[string]struct{ raw, subject string } {
	recipients := "To: " + desk
	for i := range 10_000 {
		recipients += fmt.Sprintf(",\r\n funcionario%d@ministerio.example", i)
	}
	type mail = struct{ raw, subject string }
	return map[string]mail{
		"no From":           {"Subject: sin remitente\r\n\r\nHola.\r\n", ""},
		"no header":         {"\r\nHola.\r\n", ""},
		"a null From":       {"From: <>\r\nSubject: nadie\r\n\r\nHola.\r\n", ""},
		"no Message-ID":     {"From: a@ministerio.example\r\nSubject: sin identificador\r\nDate: Mon, 2 Nov 2026 10:00:00 -0500\r\n\r\nHola.\r\n", "sin identificador"},
		"no Date":           {"From: b@ministerio.example\r\nSubject: sin fecha\r\nMessage-ID: <1@x.example>\r\n\r\nHola.\r\n", "sin fecha"},
		"no body":           {"From: c@ministerio.example\r\nSubject: sin cuerpo\r\n", "sin cuerpo"},
		"no subject":        {"From: d@ministerio.example\r\n\r\nHola.\r\n", "(none)"},
		"eight-bit header":  {"From: e@ministerio.example\r\nSubject: Se da\xf1\xf3 la impresora\r\n\r\nHola.\r\n", "Se dañó la impresora"},
		"unknown charset":   {"From: f@ministerio.example\r\nSubject: juego raro\r\nContent-Type: text/plain; charset=klingon-1\r\n\r\nHola.\r\n", "juego raro"},
		"10,000 recipients": {"From: g@ministerio.example\r\n" + recipients + "\r\nSubject: a todos\r\n\r\nHola.\r\n", "a todos"},
		"no boundary":       {"From: h@ministerio.example\r\nSubject: sin frontera\r\nContent-Type: multipart/mixed\r\n\r\nHola.\r\n", "sin frontera"},
		"NULs":              {"From: i@ministerio.example\r\nSubject: nulos\r\n\r\nHo\x00la.\r\n", "nulos"},
		"a 30 MB attachment": {"From: j@ministerio.example\r\nSubject: treinta megas\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=grande.bin\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 18)+"\r\n", 30<<20/74), "treinta megas"},
	}
}

// TestBadMailIsNormalMail puts bad mails into the mailbox, and good ones behind them.
func TestBadMailIsNormalMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		bad := badMails(o.desk.Addr)
		registered, quarantined := 0, 0
		for name, m := range bad {
			if _, dovecot := w.(realServers); dovecot && name == "NULs" {
				continue // no IMAP server takes a NUL outside literal8
			}
			w.append(t, o.desk.Addr, []byte(m.raw))
			if m.subject == "" {
				quarantined++
			} else {
				registered++
			}
		}
		w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "La de atrás", "Buenos días."))
		registered++
		o.start()
		o.holds("Procesados", registered)
		o.holds("Cuarentena", quarantined)
		if got := o.tickets(); got != registered {
			t.Errorf("%d requests of %d mails", got, registered)
		}
		subjects := map[string]bool{}
		for n := range registered {
			subjects[o.ticket(n+1).Subject] = true
		}
		for name, m := range bad {
			if want := strings.Replace(m.subject, "(none)", "", 1); m.subject != "" && !subjects[want] && name != "NULs" {
				t.Errorf("%s: no request with the subject %q", name, want)
			}
		}
		o.sound()
	})
}

// TestTooLargeIsRegisteredByItsHeader has a mail above the size cap.
func TestTooLargeIsRegisteredByItsHeader(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = `max_size = "100KB"`
		o.start()
		o.writes(o.pedro, "Va el video", "Adjunto.", mailtest.Attach("video.mp4", "video/mp4", make([]byte, 200<<10)))
		o.gets(o.pedro, 1)
		got := o.ticket(1)
		if got.Subject != "Va el video" || len(got.Remarks) != 1 || got.Remarks[0].Code != tickets.RemarkIncomplete {
			t.Errorf("request is %+v, want a remark that it is incomplete", got)
		}
		if len(got.Files) != 1 || got.Files[0].Name != "video.mp4" {
			t.Errorf("the attachment left behind is told as %+v", got.Files)
		}
		o.holds("Procesados", 1)
	})
}

// TestRestartRepeatsNothing stops the daemon in mid-work, again and again.
func TestRestartRepeatsNothing(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		const mails = 40
		for i := range mails {
			w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, fmt.Sprint("Solicitud ", i), "Hola."))
		}
		for i := range 6 {
			o.start()
			o.until("something to be handled", func() bool { return o.tickets() > min(i*7, mails-1) })
			o.stop()
		}
		o.start()
		o.holds("Procesados", mails)
		o.until("all acknowledgements", func() bool { return len(w.list(t, o.pedro.Addr, "INBOX")) >= mails })
		if got := o.tickets(); got != mails {
			t.Errorf("%d requests of %d mails", got, mails)
		}
		ids := map[string]bool{}
		for _, m := range w.list(t, o.pedro.Addr, "INBOX") {
			ids[mailtest.HeaderOf(m, "Message-Id")] = true
		}
		if len(ids) != mails {
			t.Errorf("%d different acknowledgements of %d mails", len(ids), mails)
		}
		o.sound()
	})
}
