package mailtest

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
)

func notice(t *testing.T) []byte {
	t.Helper()
	return desk.Write(ana.Addr, "[SS-2026-000042] Impresora no imprime", "Señora Ana:\n\nRegistramos su solicitud.",
		At(day), MessageID("aviso.1@ministerio.example"), Field("References", "<uno@ministerio.example>"),
		Field("Reply-To", "Mesa <soporte+t1@ministerio.example>"))
}

func TestReplyOfClients(t *testing.T) {
	tests := []struct {
		person  Person
		subject string
		text    string
	}{
		{ana, "RE: [SS-2026-000042] Impresora no imprime #cerrar", "Ya imprime, gracias.\n\n" +
			"________________________________\nDe: Mesa de soporte <soporte@ministerio.example>\n" +
			"Enviado: lunes, 23 de noviembre de 2026 10:00 a. m.\nPara: ana@ministerio.example\n" +
			"Asunto: [SS-2026-000042] Impresora no imprime\n\nSeñora Ana:\n\nRegistramos su solicitud.\n"},
		{luis, "Re: [SS-2026-000042] Impresora no imprime #cerrar", "Ya imprime, gracias.\n\n" +
			"El lun, 23 nov 2026 a la(s) 10:00 a.m., Mesa de soporte <soporte@ministerio.example> escribió:\n\n" +
			"> Señora Ana:\n> \n> Registramos su solicitud.\n"},
	}
	for _, tt := range tests {
		raw, err := tt.person.Reply(notice(t), "#cerrar", "Ya imprime, gracias.", At(day))
		if err != nil {
			t.Fatal(err)
		}
		if got := HeaderOf(raw, "Subject"); got != tt.subject {
			t.Errorf("subject %q, want %q", got, tt.subject)
		}
		if got := TextOf(raw, "text/plain"); got != tt.text {
			t.Errorf("text %q\nwant %q", got, tt.text)
		}
		if page := TextOf(raw, "text/html"); !strings.Contains(page, "Registramos su solicitud.") {
			t.Errorf("HTML %q", page)
		}
		for name, want := range map[string]string{
			"To":          "soporte+t1@ministerio.example",
			"In-Reply-To": "<aviso.1@ministerio.example>",
			"References":  "<uno@ministerio.example> <aviso.1@ministerio.example>",
		} {
			if got := HeaderOf(raw, name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		again, err := ana.Reply(raw, "", "De nada")
		if err != nil {
			t.Fatal(err)
		}
		if got := HeaderOf(again, "Subject"); got != "RE: [SS-2026-000042] Impresora no imprime #cerrar" {
			t.Errorf("prefixes pile up: %q", got)
		}
	}
	if _, err := ana.Reply([]byte("Subject: x\r\n\r\n"), "", "a nadie"); err == nil {
		t.Error("answered a mail from nobody")
	}
}

func TestWriteIsWellFormed(t *testing.T) {
	picture := bytes.Repeat([]byte{0, 255, 'x'}, 999)
	raw := ana.Write(support, "Año nuevo: equipo dañado en la dirección de contratación y presupuesto", "Señores:\n\nVéase ▣.",
		At(day), Cc(luis.Addr, acme.Addr), Attach("daño.png", "image/png", picture), MessageID("x"))
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if cc, err := m.Header.AddressList("Cc"); err != nil || len(cc) != 2 {
		t.Errorf("Cc %v, %v", cc, err)
	}
	if got := TextOf(raw, "text/plain"); got != "Señores:\n\nVéase ▣.\n" { // beyond Windows-1252
		t.Errorf("text %q", got)
	}
	if got := HeaderOf(raw, "Subject"); got != "Año nuevo: equipo dañado en la dirección de contratación y presupuesto" {
		t.Errorf("subject %q", got)
	}
	if got := TextOf(raw, "image/png"); got != string(picture) {
		t.Errorf("the picture came out as %d bytes, want %d", len(got), len(picture))
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 200 || !bytes.HasSuffix(line, []byte("\r\n")) {
			t.Errorf("line %q", line)
		}
	}
}
