package message

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
)

// load reads a test mail.
func load(t *testing.T, name string, opt Options) *mailbox.Message {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	m := Read(raw, opt)
	checkRead(t, name, m)
	return m
}

func TestReadOfTestMails(t *testing.T) {
	for _, c := range []struct {
		name, from, subject, newText string
		class                        mailbox.Class
	}{
		{"re-gmail", "Nubia Cárdenas <nubia@example.net>", "Re: [SS-2025-000042] El escáner no prende", "Ya lo conecté a otro tomacorriente y nada.\n¿Pueden venir hoy?", mailbox.ClassPerson},
		{"re-outlook-html", "Prada, Ernesto <ernesto@example.net>", "RE: Clave vencida", "Buenos días,\n\nSigue pidiendo la clave anterior. Ver el instructivo (https://intranet.example.net/clave).", mailbox.ClassPerson},
		{"fwd-inline", "Coordinadora <coordinadora@example.org>", "RV: Silla rota", "Por favor registrar a nombre de él.", mailbox.ClassPerson},
		{"fwd-attached", "Coordinadora <coordinadora@example.org>", "Fwd: Sin red", "Va adjunto.", mailbox.ClassPerson},
		{"out-of-office", "Rosa Niño <rosa@example.net>", "Respuesta automática: Su solicitud SS-2025-000042", "Estaré fuera de la oficina hasta el lunes.", mailbox.ClassAutoReply},
		{"read-receipt", "Rosa <rosa@example.net>", "Leído: Su solicitud", "Su mensaje fue leído.", mailbox.ClassReceipt},
		{"list", "Un suscriptor <alguien@example.net>", "[tic] Nueva circular", "Se publicó la circular.", mailbox.ClassList},
		{"calendar-reply", "Rosa <rosa@example.net>", "Aceptada: Revisión del servidor", "Nos vemos.", mailbox.ClassCalendar},
		{"abuse-report", "feedback@example.net", "FW: Su solicitud", "This is an email abuse report.", mailbox.ClassFeedback},
		{"latin1", "Muñoz Peña <munoz@example.net>", "Cañón de proyección dañado", "El cañón está dañado.", mailbox.ClassPerson},
		{"broken", "Señora Inés <ines@example.net>", "Adjunto diseño y más", "El diseño va adjunto, 100=% listo?", mailbox.ClassPerson},
		{"pgp-signed", "Ana <ana@example.net>", "Firmado", "Cambien la clave.\n-- nada más", mailbox.ClassPerson},
		{"interleaved", "Ana <ana@example.net>", "Re: Preguntas", "> ¿Qué equipo es?\n\nEl de la ventanilla, el que compramos este año.\n\n> ¿Prende?\n\nNo.", mailbox.ClassPerson},
		{"bare-cr", "Ana <ana@example.net>", "Fines de linea", "Uno\ndos", mailbox.ClassPerson},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := load(t, c.name, Options{})
			if m.From.String() != c.from {
				t.Errorf("from %q, want %q", m.From, c.from)
			}
			if m.Subject != c.subject {
				t.Errorf("subject %q, want %q", m.Subject, c.subject)
			}
			if m.NewText != c.newText {
				t.Errorf("new text %q, want %q", m.NewText, c.newText)
			}
			if m.Class != c.class {
				t.Errorf("class %s (%s), want %s", m.Class, m.ClassReason, c.class)
			}
		})
	}
}

func TestThreadFields(t *testing.T) {
	m := load(t, "re-gmail", Options{})
	if m.MessageID != "re-gmail@example.net" || !slices.Equal(m.InReplyTo, []string{"aviso.42@example.org"}) || !slices.Equal(m.References, []string{"aviso.41@example.org", "aviso.42@example.org"}) {
		t.Errorf("got %q, %q, %q", m.MessageID, m.InReplyTo, m.References)
	}
	if want := time.Date(2025, 11, 3, 15, 30, 0, 0, time.UTC); !m.Date.Equal(want) {
		t.Errorf("date %v, want %v", m.Date, want)
	}
	if m.Header[0].Name != "From" || m.Header[1].Name != "Subject" {
		t.Errorf("the order of the fields is lost: %v", m.Header)
	}
}

func TestForwards(t *testing.T) {
	m := load(t, "fwd-inline", Options{})
	if f := m.Forward; f == nil || !f.Inline || f.From.String() != "Fabio Rincón <fabio@example.net>" || f.Subject != "Silla rota" ||
		f.Text != "Jefe, el computador de la ventanilla 3 se apaga solo.\n\nFabio" || f.Message != "Por favor registrar a nombre de él." {
		t.Errorf("inline: %+v", f)
	}
	m = load(t, "fwd-attached", Options{})
	if f := m.Forward; f == nil || f.Inline || f.From.String() != "Lucía Ríos <lucia@example.net>" || f.Text != "No hay red en el piso 2." || f.Message != "Va adjunto." {
		t.Errorf("attached: %+v", f)
	}
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{"Sin red.eml", "ping.txt"}) {
		t.Errorf("files %q: the forwarded mail and its own files are wanted", names)
	}
}

func TestBounces(t *testing.T) {
	for _, c := range []struct {
		name, recipient, status, id string
		permanent                   bool
		class                       mailbox.Class
	}{
		{"bounce-dsn", "nadie@example.net", "5.1.1", "aviso.77@example.org", true, mailbox.ClassBounce},
		{"bounce-words", "lleno@example.net", "5.2.2", "aviso.78@example.org", true, mailbox.ClassBounce},
		{"delay", "lento@example.net", "4.4.1", "", false, mailbox.ClassDelay},
	} {
		m := load(t, c.name, Options{})
		if m.Class != c.class || m.Bounce == nil {
			t.Errorf("%s: class %s (%s)", c.name, m.Class, m.ClassReason)
			continue
		}
		if b := m.Bounce; !slices.Equal(b.Recipients, []string{c.recipient}) || b.Status != c.status || b.MessageID != c.id || b.Permanent != c.permanent || b.Diagnostic == "" && c.name != "bounce-words" {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

func TestPictures(t *testing.T) {
	m := load(t, "inline-picture", Options{HTML: true})
	if len(m.Attachments) != 2 || !m.Attachments[0].Inline || m.Attachments[1].Inline || m.Attachments[1].Name != "foto.png" {
		t.Errorf("attachments %+v: the picture that the HTML shows is inline, the other is a file", m.Attachments)
	}
	if strings.Contains(m.HTML, "script") || !strings.Contains(m.HTML, `src="cid:img1@example.net"`) {
		t.Errorf("HTML %q", m.HTML)
	}
	if m := load(t, "inline-picture", Options{}); m.HTML != "" {
		t.Errorf("HTML %q that nobody asked for", m.HTML)
	}
}

func TestBrokenMailIsReadAsFarAsItGoes(t *testing.T) {
	m := load(t, "broken", Options{Files: true})
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "diseño.pdf" || !strings.HasPrefix(string(m.Attachments[0].Content), "%PDF-1.4\n%PDF-1") {
		t.Errorf("attachments %+v", m.Attachments)
	}
	for _, want := range []string{"line in the header that is no field", "boundary is not the one that the header names", "multipart not closed", "broken base64"} {
		if !slices.ContainsFunc(m.Defects, func(d string) bool { return strings.Contains(d, want) }) {
			t.Errorf("defect %q is not among %q", want, m.Defects)
		}
	}
}

func TestCalendarIsNamed(t *testing.T) {
	m := load(t, "calendar-reply", Options{})
	bogota := time.FixedZone("", -5*3600)
	if c := m.Calendar; c == nil || c.Method != "REPLY" || c.Summary != "Revisión del servidor, piso 2" || !c.Start.Equal(time.Date(2025, 11, 4, 9, 0, 0, 0, bogota)) {
		t.Errorf("calendar %+v", c)
	}
}

func TestEncryptedAndSigned(t *testing.T) {
	if m := load(t, "pgp-encrypted", Options{}); m.Encrypted != "PGP" || len(m.Attachments) != 2 {
		t.Errorf("encrypted %q with %d files", m.Encrypted, len(m.Attachments))
	}
	if m := load(t, "pgp-signed", Options{}); m.Signed != "PGP" {
		t.Errorf("signed %q", m.Signed)
	}
}

func TestLoop(t *testing.T) {
	raw := "From: Mesa <Soporte@Example.org>\nX-Radicado: instancia-1\nMessage-ID: <x@radicado.example.org>\nAuto-Submitted: auto-generated\n\nx"
	for name, opt := range map[string]Options{
		"own address":    {Own: []string{"soporte@example.org"}},
		"own header":     {Instance: "instancia-1"},
		"own Message-ID": {MessageIDDomain: "radicado.example.org"},
	} {
		if m := Read([]byte(raw), opt); m.Class != mailbox.ClassLoop {
			t.Errorf("%s: class %s (%s)", name, m.Class, m.ClassReason)
		}
	}
	if m := Read([]byte(raw), Options{Own: []string{"otra@example.org"}, Instance: "instancia-2"}); m.Class != mailbox.ClassAutoReply {
		t.Errorf("somebody else's: class %s (%s)", m.Class, m.ClassReason)
	}
}

// A panic inside costs the body, not the mail.
func TestAPanicLeavesTheHeader(t *testing.T) {
	m := guarded([]byte("From: a@example.org\nSubject: x\n\ny"), Options{}, func([]byte, Options) *mailbox.Message { panic("broken") })
	if m.Subject != "x" || m.From.Addr != "a@example.org" || m.Class != mailbox.ClassPerson || len(m.Defects) == 0 || !strings.HasPrefix(m.Defects[len(m.Defects)-1], readerFailed) {
		t.Errorf("got %+v", m)
	}
}

// A text that has a file name and is shown in place is the body of a mail that has no other; it is kept as a file as well.
func TestNamedTextIsTheBodyWhereThereIsNoOther(t *testing.T) {
	named := "--b\nContent-Type: text/plain; name=nota.txt\nContent-Disposition: inline\n\nNo prende.\n"
	m := Read(mailOf("multipart/mixed; boundary=b", named+"--b--\n"), Options{})
	if m.NewText != "No prende." || len(m.Attachments) != 1 {
		t.Errorf("new text %q with %d files", m.NewText, len(m.Attachments))
	}
	m = Read(mailOf("multipart/mixed; boundary=b", "--b\n\nVer nota.\n"+named+"--b--\n"), Options{})
	if m.NewText != "Ver nota." || len(m.Attachments) != 1 {
		t.Errorf("new text %q with %d files", m.NewText, len(m.Attachments))
	}
}

// A report in a mail of its own, as gateways wrap it, and an exchange of Content-Type for nothing on the way.
func TestReportsThatWereTamperedWith(t *testing.T) {
	raw, err := os.ReadFile("testdata/bounce-dsn.eml")
	if err != nil {
		t.Fatal(err)
	}
	wrapped := "From: MAILER-DAEMON@gw.example.org\nSubject: Undeliverable\nContent-Type: multipart/mixed; boundary=w\n\n--w\nContent-Type: message/rfc822\n\n" + string(raw) + "\n--w--\n"
	bare := strings.Replace(string(raw), "Content-Type: multipart/report; report-type=delivery-status; boundary=dsn\r\n", "", 1)
	for name, text := range map[string]string{"wrapped": wrapped, "without Content-Type": bare} {
		m := Read([]byte(text), Options{})
		checkRead(t, name, m)
		if m.Class != mailbox.ClassBounce || !slices.Equal(m.Bounce.Recipients, []string{"nadie@example.net"}) || m.Bounce.Status != "5.1.1" {
			t.Errorf("%s: class %s (%s), %+v", name, m.Class, m.ClassReason, m.Bounce)
		}
	}
}
