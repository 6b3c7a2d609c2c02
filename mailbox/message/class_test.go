package message

import (
	"testing"

	"radicado/mailbox"
)

func TestClassByFields(t *testing.T) {
	for fields, want := range map[string]mailbox.Class{
		"Subject: Impresora":                               mailbox.ClassPerson,
		"Auto-Submitted: auto-replied (vacation)":          mailbox.ClassAutoReply,
		"Auto-Submitted: auto-generated":                   mailbox.ClassAutoReply,
		"Auto-Submitted: no":                               mailbox.ClassPerson,
		"X-Autoreply: yes":                                 mailbox.ClassAutoReply,
		"X-Autorespond:":                                   mailbox.ClassAutoReply,
		"Precedence: auto_reply":                           mailbox.ClassAutoReply,
		"Precedence: bulk":                                 mailbox.ClassNewsletter,
		"Precedence: bulk\nAuto-Submitted: auto-generated": mailbox.ClassAutoReply,
		"Precedence: list":                                 mailbox.ClassList,
		"List-Id: <tic.example.org>\nAuto-Submitted: auto-generated":                      mailbox.ClassList,
		"List-Unsubscribe: <https://example.org/u>":                                       mailbox.ClassNewsletter,
		"Sender: owner-tic@example.org":                                                   mailbox.ClassList,
		"X-Spam-Flag: YES":                                                                mailbox.ClassSpam,
		"X-Spam-Status: Yes, score=9":                                                     mailbox.ClassSpam,
		"X-Spam-Status: No, score=1":                                                      mailbox.ClassPerson,
		"X-Auto-Response-Suppress: All":                                                   mailbox.ClassPerson, // Exchange puts it on the mails of people
		"Subject: Respuesta automática: su solicitud":                                     mailbox.ClassAutoReply,
		"Subject: Fuera de la oficina":                                                    mailbox.ClassAutoReply,
		"Subject: Automatic reply: x":                                                     mailbox.ClassAutoReply,
		"Subject: Re: Out of office AutoReply: x":                                         mailbox.ClassAutoReply,
		"Subject: AUTO: Rosa Niño está fuera de la oficina (regresa 24/11/2025)":          mailbox.ClassAutoReply,
		"Subject: AUTO: Rosa Niño is out of the office (returning 24/11/2025)":            mailbox.ClassAutoReply,
		"Subject: Auto: Re: su solicitud":                                                 mailbox.ClassAutoReply,
		"Subject: Auto: [SS-2026-000042] No imprime":                                      mailbox.ClassAutoReply,
		"Subject: Respuesta automática: [SS-2026-000042] No imprime":                      mailbox.ClassAutoReply,
		"Subject: Fuera de la oficina Re: [SS-2026-000042] No imprime":                    mailbox.ClassAutoReply,
		"Subject: Re: Fuera de oficina [SS-2026-000042] No imprime":                       mailbox.ClassAutoReply,
		"Subject: Respuesta automática (Rosa Niño)":                                       mailbox.ClassAutoReply,
		"Subject: Acuse de recibo automático":                                             mailbox.ClassAutoReply,
		"Subject: Auto respuesta: su solicitud":                                           mailbox.ClassAutoReply,
		"Subject: Auto: no abre el documento":                                             mailbox.ClassPerson,
		"Subject: Auto: RV: no abre el documento":                                         mailbox.ClassPerson,
		"Subject: RV: [SS-2026-000042] Auto: no abre el documento":                        mailbox.ClassPerson,
		"Subject: RV: Respuesta automática: su solicitud":                                 mailbox.ClassPerson,
		"Subject: Respuesta automática de Outlook no se desactiva":                        mailbox.ClassPerson,
		"Subject: Respuesta automática (Outlook) no se desactiva":                         mailbox.ClassPerson,
		"Subject: Auto respuesta del correo no funciona":                                  mailbox.ClassPerson,
		"Subject: Autorespuesta no funciona":                                              mailbox.ClassPerson,
		"Subject: Acuse de recibo automático en el correo no sale":                        mailbox.ClassPerson,
		"Subject: Re: [SS-2026-000042] Respuesta automática: no se desactiva":             mailbox.ClassPerson,
		"Subject: Re: [SS–2026–000042] Fuera de la oficina":                               mailbox.ClassPerson,
		"Subject: Re: [SS-2026-000042] Respuesta automática #asignar Ana":                 mailbox.ClassPerson,
		"Subject: [SS-2026-000042] Respuesta automática: x\nAuto-Submitted: auto-replied": mailbox.ClassAutoReply,
		"Subject: La respuesta automática no funciona":                                    mailbox.ClassPerson,
		"Subject: Fuera de la oficina mañana, revisen mi equipo":                          mailbox.ClassPerson,
		"Subject: No se puede entregar un correo que envié":                               mailbox.ClassPerson,
		"Subject: Undeliverable: ¿qué significa?":                                         mailbox.ClassPerson,
		"From: MAILER-DAEMON@example.org\nSubject: failure notice":                        mailbox.ClassBounce,
		"X-Failed-Recipients: x@example.org":                                              mailbox.ClassBounce,
	} {
		raw := "From: ana@example.net\n" + fields + "\n\nMe ayudan?"
		if fields[:5] == "From:" {
			raw = fields + "\n\nMe ayudan?"
		}
		m := Read([]byte(raw), Options{})
		if m.Class != want {
			t.Errorf("%q: class %s (%s), want %s", fields, m.Class, m.ClassReason, want)
		}
		checkRead(t, fields, m)
	}
}

// TestBySubject tells what only the subject says from what a field says too.
func TestBySubject(t *testing.T) {
	for fields, want := range map[string]bool{
		"Subject: Respuesta automática: x":                                 true,
		"Subject: Respuesta automática: x\nX-Auto-Response-Suppress: All":  true, // also on the mails of people
		"Subject: Respuesta automática: x\nAuto-Submitted: auto-generated": false,
		"Subject: Respuesta automática: x\nReturn-Path: <>":                false,
		"Subject: Respuesta automática: x\nPrecedence: bulk":               false,
		"Subject: Respuesta automática: x\nX-Spam-Flag: YES":               false,
		"Subject: Respuesta automática: x\nList-Id: <tic.example.org>":     false,
		"Subject: x\nAuto-Submitted: auto-replied":                         false,
		"Subject: x": false,
	} {
		if m := Read([]byte("From: ana@example.net\n"+fields+"\n\nx"), Options{}); m.BySubject != want {
			t.Errorf("%q: by its subject alone: %v, want %v", fields, m.BySubject, want)
		}
	}
}

func TestOwnSpamHeader(t *testing.T) {
	raw := []byte("From: a@example.org\nX-Nuestro-Filtro: Yes\n\nx")
	if m := Read(raw, Options{SpamHeader: "X-Nuestro-Filtro"}); m.Class != mailbox.ClassSpam {
		t.Errorf("class %s (%s)", m.Class, m.ClassReason)
	}
	if m := Read(raw, Options{}); m.Class != mailbox.ClassPerson {
		t.Errorf("class %s (%s)", m.Class, m.ClassReason)
	}
}

// The words of mail servers without RFC 3464, in the forms that they have.
func TestBouncesInWords(t *testing.T) {
	for name, c := range map[string]struct{ subject, text, recipient, status string }{
		"sendmail": {"Returned mail: see transcript for details", "   ----- The following addresses had permanent fatal errors -----\n<x@example.net>\n    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n550 5.1.1 <x@example.net>... User unknown", "x@example.net", "5.1.1"},
		"Exim":     {"Mail delivery failed: returning message to sender", "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  x@example.net\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <soporte@example.org>\nTo: y@example.net", "x@example.net", "5.1.1"},
		"Exchange": {"Undeliverable: Su solicitud", "Your message did not reach some or all of the intended recipients.\n\nThe following recipient(s) could not be reached:\n\n      'x@example.net' on 3/11/2025 10:12 AM\n            550 5.1.1 User unknown", "x@example.net", "5.1.1"},
		"Gmail":    {"Delivery Status Notification (Failure)", "Delivery to the following recipient failed permanently:\n\n     x@example.net\n\nTechnical details of permanent failure:\n550 5.2.1 The email account is disabled", "x@example.net", "5.2.1"},
		"Gmail es": {"Delivery Status Notification (Failure)", "** No se ha encontrado la dirección **\n\nTu mensaje no se ha entregado a x@example.net porque no se ha encontrado la dirección.", "x@example.net", "5.1.1"},
		"Yahoo":    {"Failure Notice", "Sorry, we were unable to deliver your message to the following address.\n\n<x@example.net>:\n554: delivery error: dd This user doesn't have an account [-5]\n\n--- Below this line is a copy of the message.", "x@example.net", ""},
		"Domino":   {"DELIVERY FAILURE: User x not listed in Domino Directory", "Your message\n\n  Subject: Su solicitud\n\nwas not delivered to:\n\n  x@example.net\n\nbecause:\n\n  User x (x@example.net) not listed in Domino Directory", "x@example.net", "5.1.1"},
		"lleno":    {"Correo no entregado", "Su mensaje no pudo ser entregado a x@example.net: el buzón está lleno.", "x@example.net", "5.2.2"},
		"postfix":  {"Undelivered Mail Returned to Sender", "This is the mail system at host mx.example.org.\n\nFor further assistance, please send mail to postmaster.\n\n<x@example.net>: host mx.example.net[192.0.2.1] said: 452 4.2.2 Mailbox full (in\n    reply to RCPT TO command)", "x@example.net", "4.2.2"},
	} {
		m := Read([]byte("Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@mx.example.org>\nTo: soporte@example.org\nSubject: "+c.subject+"\nContent-Type: text/plain; charset=utf-8\n\n"+c.text), Options{})
		checkRead(t, name, m)
		if m.Class != mailbox.ClassBounce || m.Bounce == nil {
			t.Errorf("%s: class %s (%s)", name, m.Class, m.ClassReason)
			continue
		}
		if b := m.Bounce; len(b.Recipients) != 1 || b.Recipients[0] != c.recipient || b.Status != c.status || b.Permanent == (c.status != "" && c.status[0] == '4') {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
