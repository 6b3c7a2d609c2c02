package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/tickets"
	"radicado/tickets/register"
)

// TestMornings lets a day begin over a request, a mail from outside and an absence.
func TestMornings(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.desks = "refuse_strangers = true\n"
		o.extra = always + "[schedule]\ndigest = \"0 12 * * *\"\nworklist = \"0 12 * * *\"\n"
		o.start()
		o.writes(o.pedro, "Sin red", "No hay red.")
		o.answers(o.marta, 1, "#asignar Ana", "")
		o.reaches(1, tickets.Coordinated)
		w.append(t, o.desk.Addr, []byte("From: Ventas <ventas@tienda.example>\r\nSubject: Ofertas\r\nMessage-ID: <1@tienda.example>\r\n\r\nCompre.\r\n"))
		o.holds("Cuarentena", 1)
		day := time.Now().Add(24 * time.Hour).In(o.program.shift.settings.location).Format("2/1")
		o.writes(o.luis, "#ausente "+day+".."+time.Now().Add(48*time.Hour).In(o.program.shift.settings.location).Format("2/1"), "")
		o.saysTo(o.marta, "Luis Caicedo estará ausente")

		for range 2 { // down at noon of the next day, and again the day after
			o.stop()
			o.later(24 * time.Hour)
			o.start()
			o.saysTo(o.marta, "Resumen del")
		}
		o.until("two digests", func() bool { return o.count(o.marta, "Resumen del") == 2 })
		if got := o.count(o.marta, "Motivo: el remitente no es de la entidad"); got != 1 {
			t.Errorf("the mail in quarantine was told %d times, want once", got)
		}
		if got := o.count(o.marta, "AUSENTES HOY - Luis Caicedo"); got != 2 {
			t.Errorf("the absence was told %d times, want twice", got)
		}
		o.saysTo(o.ana, "Tiene 1 solicitud por atender")
		if got := o.count(o.luis, "Sus solicitudes del"); got != 0 {
			t.Errorf("an absent technician got %d lists", got)
		}
		var list []byte
		for _, m := range w.list(t, o.ana.Addr, "INBOX") {
			if strings.Contains(mailtest.TextOf(m, "text/plain"), "Tiene 1 solicitud") {
				list = m
			}
		}
		for _, part := range []string{"text/plain", "text/html"} {
			if text := mailtest.TextOf(list, part); !strings.Contains(text, string(o.number(1))) || !strings.Contains(text, "Registrar la solución") {
				t.Errorf("the list lacks the request or its links as %s:\n%s", part, text)
			}
		}

		// The digest says how what was set aside becomes a request.
		o.writes(o.marta, "Fwd: Ofertas", "Sí es para nosotros.\n\n---------- Forwarded message ---------\nDe: Ventas <ventas@tienda.example>\n"+
			"Date: lun, 23 nov 2026 a las 9:12\nSubject: Ofertas\nTo: <"+o.desk.Addr+">\n\n\nCompre.\n")
		o.reaches(2, tickets.Registered)
		if got := o.ticket(2).Requester.Addr; got != "ventas@tienda.example" {
			t.Errorf("what the coordinator forwarded is a request of %s", got)
		}
		o.sound()
	})
}

// TestReconciliation has somebody meddle with the folders of the desk while the daemon is down.
func TestReconciliation(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		o.extra = "[schedule]\ndeadlines = \"0 4 * * *\"\n"
		o.start()
		o.writes(o.pedro, "La que desaparece", "Hola.")
		o.until("the move to be recorded", func() (moved bool) {
			o.view(func(r *register.Reader) error {
				l, err := r.Ledger("soporte", mailbox.Stock{})
				moved = len(l.Unchecked) == 1
				if errors.Is(err, register.ErrNotFound) {
					return nil // the mailbox was not opened yet
				}
				return err
			})
			return moved
		})
		night := func() (b tickets.Books) {
			o.stop()
			o.later(24 * time.Hour)
			o.start()
			o.until("the books", func() (known bool) {
				o.view(func(r *register.Reader) (err error) {
					b, known, err = r.Books("soporte")
					return err
				})
				return known && b.At.After(time.Now().Add(time.Duration(o.ahead.Load())-time.Hour))
			})
			return b
		}

		o.stop()
		client := o.client()
		emptied(t, client, "Procesados")
		appended(t, client, "Procesados", "From: x@ministerio.example\r\nSubject: De contrabando\r\nMessage-ID: <2@x.example>\r\n\r\nHola.\r\n")
		if b := night(); len(b.Missing) != 1 || b.Missing[0].Subject != "La que desaparece" || len(b.Unknown) != 1 || b.Arrivals != 1 || b.Processed != 1 {
			t.Errorf("after the first night the books are %+v", b)
		}
		o.saysTo(o.marta, "Ya no están donde se dejaron")
		o.saysTo(o.marta, "No pasaron por la mesa")
		if o.logs.count("mailbox and ledger do not balance") != 1 {
			t.Errorf("the log does not say once that something is wrong:\n%s", o.logs)
		}

		o.stop()
		emptied(t, client, "Procesados")
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if b := night(); !b.Balanced() {
			t.Errorf("after the second night the books are %+v", b)
		}
		o.writes(o.pedro, "La que queda", "Hola.")
		o.holds("Procesados", 1)
		if b := night(); !b.Balanced() || b.Arrivals != 2 || b.Processed != 1 || o.logs.count("mailbox and ledger balance") != 2 {
			t.Errorf("after the third night the books are %+v", b)
		}
		o.sound()
	})
}

// client opens the mailbox of the desk.
func (o *office) client() *imapclient.Client {
	o.t.Helper()
	client, err := imapclient.DialInsecure(o.world.settings().imap, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := client.Login(o.desk.Addr, o.world.settings().password).Wait(); err != nil {
		o.t.Fatal(err)
	}
	return client
}

// emptied removes every mail of a folder.
func emptied(t *testing.T, client *imapclient.Client, folder string) {
	t.Helper()
	if _, err := client.Select(folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	all := imap.SeqSet{{Start: 1, Stop: 0}}
	if err := client.Store(all, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
}

func appended(t *testing.T, client *imapclient.Client, folder, raw string) {
	t.Helper()
	cmd := client.Append(folder, int64(len(raw)), nil)
	if _, err := cmd.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
