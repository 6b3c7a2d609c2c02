package message

import (
	"regexp"
	"strings"

	"radicado/mailbox"
)

// unstructuredBounce: a report in words, as mail servers sent them before RFC 3464 and some still do.
func (b *body) unstructuredBounce(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	reason := b.bounceReason(m)
	if reason == "" {
		return "", ""
	}
	var bounce mailbox.Bounce
	for _, value := range m.Header.Values("X-Failed-Recipients") {
		for _, a := range parseAddresses(value) {
			if strings.Contains(a.Addr, "@") {
				bounce.Recipients = addAddress(bounce.Recipients, a.Addr)
			}
		}
	}
	b.complete(m, &bounce)
	m.Bounce = &bounce
	if delayed(m.Subject, b.bounceWords(m)) {
		return mailbox.ClassDelay, reason + ", and it is not given up yet"
	}
	return mailbox.ClassBounce, reason
}

// bounceReason says why a mail is a report in words, "" where it is none. A person may write about reports, and answers
// them: subject or text alone prove nothing.
func (b *body) bounceReason(m *mailbox.Message) string {
	if m.Header.Get("X-Failed-Recipients") != "" {
		return "X-Failed-Recipients is there"
	}
	sender, subject := bounceSender(m), bounceSubject(m.Subject)
	switch {
	case b.report.kind == "delivery-status" || b.report.kind == "delivery":
		return "its report-type is delivery-status"
	case sender != "" && (subject || bounceBody(b.bounceWords(m))):
		return sender
	case nullPath(m.Header) && b.report.original != nil && strongBody(b.bounceWords(m)):
		return "an empty return path, a mail that came back, and the words of a mail server"
	case b.listRefused(m):
		return "a mailing list refused the mail"
	case sender != "" || !subject:
		return ""
	}
	if m.Header.Get("In-Reply-To") != "" && !nullPath(m.Header) {
		return ""
	}
	words := b.bounceWords(m)
	if bounceBody(words) && (nullPath(m.Header) || b.report.original != nil || strongBody(words)) {
		return "subject and text are those of a delivery report"
	}
	return ""
}

// listRefused: what list managers answer to a mail that they do not pass on.
func (b *body) listRefused(m *mailbox.Message) bool {
	if m.Header.Get("X-MLServer") == "" {
		return false
	}
	s := strings.ToLower(m.Subject)
	return strings.Contains(s, "not member") || strings.Contains(s, "not a member") || strings.Contains(s, "loop alert") || strings.Contains(s, "rejected") || strings.Contains(s, "refused")
}

func nullPath(h mailbox.Header) bool {
	value, ok := field(h, "Return-Path")
	return ok && strings.Trim(value, " \t") == "<>"
}

// bounceSender names the sender where it is a mail server.
func bounceSender(m *mailbox.Message) string {
	local, _, _ := strings.Cut(m.From.Key(), "@")
	local = strings.Trim(local, `"`)
	name := strings.ToLower(m.From.Name)
	for _, known := range []string{"mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "mail.daemon", "maildaemon", "postmaster", "mdaemon", "mail-administrator", "mailadmin", "microsoftexchange", "mailsystem", "smtpd", "mail_system", "uucp", "daemon", "mmdf", "mailrouter", "noreply-delivery", "autoreply-bounce"} {
		if local == known || strings.HasPrefix(local, known) {
			return "the sender is a mail server: " + m.From.Addr
		}
	}
	for _, known := range []string{"mail delivery", "mail deliver", "mailer-daemon", "mail administrator", "postmaster", "system administrator", "administrador del sistema", "microsoft outlook", "delivery subsystem", "mailer daemon", "mail system", "correo no entregado", "internet mail delivery", "mailsystem", "e-mail gateway"} {
		if strings.HasPrefix(name, known) || strings.Contains(name, "mail delivery s") {
			return "the sender is a mail server: " + m.From.Name
		}
	}
	if m.From.Addr == "" && (nullPath(m.Header) || strings.Contains(m.Header.Get("From"), "<>")) {
		return "it has no sender"
	}
	return ""
}

// bounceSubjects begin the subject of a delivery report.
var bounceSubjects = []string{
	"undelivered mail", "undeliverable", "undeliverable mail", "undeliverable message", "undelivered message", "failure notice", "mail delivery fail", "mail delivery error", "mail delivery problem", "mail delivery status", "mail delivery notification", "mail delivery", "delivery failure", "delivery failed", "delivery status notification", "delivery notification", "delivery report", "delivery delayed", "delivery error", "delivery problem", "delivery unsuccessful", "delivery has failed", "returned mail", "returned to sender", "mail returned", "message returned", "return to sender", "returned message", "message delivery fail", "message undeliverable", "message could not be delivered", "message not delivered", "message status - undeliverable", "failed delivery", "failed mail", "failed to deliver", "nondeliverable", "non-deliverable", "non deliverable", "non delivery", "non-delivery", "nondelivery", "unable to deliver", "could not send message", "warning: could not send message", "warning: message", "mail system error", "error sending", "mail could not be delivered", "mail failure", "mail error", "user unknown", "unknown user", "dsn:", "dsn (", "[bounce]", "bounce", "email delivery failure", "email not delivered", "cannot deliver", "can't deliver", "your message could not be delivered", "delivery incomplete", "delayed:", "delayed mail", "message delayed", "rejected:", "mail rejected", "rejected mail", "error de entrega", "mail status report", "notification d'état", "message you sent blocked", "blocked mail", "[postmaster]", "notification of delivery", "nicht zustellbar", "banned: ", "considered uns", "failure delivery", "deliver mail failed", "message delivery status", "automatically rejected mail", "mail undeliverable", "notice: ", "unzustellbare", "**message you sent", "message from mail",
	"no se puede entregar", "no se pudo entregar", "no se ha podido entregar", "correo no entregado", "mensaje no entregado", "mensaje no entregable", "no entregado", "no entregable", "devuelto al remitente", "correo devuelto", "mensaje devuelto", "error en la entrega", "error al entregar", "notificación de estado de entrega", "notificación del estado de la entrega", "notificación de estado de la entrega", "entrega fallida", "fallo en la entrega", "falló la entrega", "fallo de entrega", "aviso de fallo", "imposible entregar", "retraso en la entrega", "entrega retrasada", "entrega demorada", "estado de la entrega", "notificación de fallo de entrega", "mensaje rechazado", "no enviado:", "error en entrega", "informe de no entrega",
	"não entregue", "não foi possível entregar", "falha na entrega", "notificação de status de entrega", "mensagem não entregue", "devolvido ao remetente", "non remis", "échec de la remise", "échec de remise", "non distribué", "message non distribué", "notification d'échec", "retour à l'expéditeur", "courrier non distribué", "unzustellbar", "nicht zugestellt", "zustellung fehlgeschlagen", "nachricht nicht zustellbar", "zustellungsfehler", "fehlgeschlagen", "rückläufer", "mancato recapito", "non recapitabile", "recapito non riuscito", "messaggio non recapitabile", "errore di consegna", "onbestelbaar", "onbezorgbaar", "niet afgeleverd", "olevererbart", "kan inte levereras", "ikke leveret", "ei voitu toimittaa", "niedostarczaln", "nedoručiteln", "kézbesíthetetlen", "недоставленное", "не доставлено", "сообщение не доставлено", "недоставлен", "teslim edilemedi", "未送达", "无法送达", "退信", "系统退信", "邮件退回", "無法傳遞", "配信不能", "配信エラー", "メールエラー", "エラーメール", "宛先不明", "送信エラー", "配送エラー", "not delivered", "message rejected", "rejected message", "processing error", "spam rejected", "배달되지 않음", "반송",
}

var bounceHeads = headsOf(bounceSubjects)

func bounceSubject(subject string) bool {
	s := strings.ToLower(strings.TrimSpace(subject))
	if after, ok := cutReply(s); ok {
		s = after
	}
	s = strings.TrimLeft(s, "*[ ")
	if bounceHeads.prefixOf(s) != "" {
		return true
	}
	for _, part := range []string{"returned to sender", "delivery failure", "delivery failed", "undeliverable", "could not be delivered", "mail delivery failed", "returned mail", "failure notice", "was not delivered", "delivery status notification", "no se pudo entregar", "devuelto al remitente", "not deliverable", "delivery notification"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// maxBounceWords bounds how much of a report is looked at, in bytes.
const maxBounceWords = 100_000

// bounceWords returns what the server says: the text up to the copy of the mail that came back.
func (b *body) bounceWords(m *mailbox.Message) string {
	if b.serverSays != nil {
		return *b.serverSays
	}
	words := m.Text[:min(len(m.Text), maxBounceWords)]
	at := 0
	for line := range strings.Lines(words) {
		if at > 30 && startsCopy(line) {
			words = words[:at]
			break
		}
		at += len(line)
	}
	words = strings.ToValidUTF8(words, "")
	b.serverSays = &words
	return words
}

// startsCopy reports whether a line announces the copy of the mail that came back, or is its first field.
func startsCopy(line string) bool {
	line = strings.TrimLeft(line, " \t>")
	if len(line) < 8 {
		return false
	}
	low := strings.ToLower(line[:min(len(line), 80)])
	switch low[0] {
	case '-', '=', '*':
		drawn := len(low)
		low = strings.TrimLeft(low, "-=* ")
		return len(low) < drawn-1 && startsAny(low, copyHeads...)
	case 'r':
		return startsAny(low, "received: from", "received: by", "received: (qmail") || strings.HasPrefix(low, "return-path:") && !strings.Contains(low, "<>")
	case 'x':
		return startsAny(low, "x-message-info: ", "x-messageinfo: ")
	}
	return startsAny(low, "original message follows", "original message header", "message header", "here is a copy", "here is the header", "here is a header",
		"the original message follows", "the original message was", "copy of your message", "copy of the message", "the text of the original", "encabezados de mensajes originales",
		"mensaje original", "a copy of the original message", "original message as received", "your original message")
}

// copyHeads begin a drawn line before the copy.
var copyHeads = []string{
	"below this line is a copy", "this is a copy of", "original message", "unsent message", "start of original", "returned message", "returned mail", "the header of the original", "body of message",
	"enclosed", "below", "message header", "message text", "message contents", "copia del mensaje", "mensaje original", "encabezado", "original header", "forwarded", "header of the source", "original",
}

// strongBody reports whether the words are a mail server's beyond doubt: a piece of an SMTP dialogue.
func strongBody(words string) bool { return smtpDialogue.MatchString(words) }

var smtpDialogue = regexp.MustCompile(`(?i)(?:\b[45]\d\d[ -](?:#?[45]\.\d+\.\d+|<?[^\s<>@]+@|.{0,60}(?:user|mailbox|recipient|unknown|rejected|relay|address))|\b(?:rcpt to|remote host said|smtp error|diagnostic-code|final-recipient)\b|delivered to(?: the following| ?:? ?<)|recipients? could not be|entregado a (?:los|las) siguientes|(?:これ|配信|送信)(?:できません|不能|エラー))`)

// bounceBody reports whether the words are about a delivery that failed.
func bounceBody(words string) bool {
	low := strings.ToLower(words)
	for _, part := range bounceParts {
		if strings.Contains(low, part) {
			return true
		}
	}
	return smtpDialogue.MatchString(words)
}

var bounceParts = []string{
	"returned", "not be delivered", "n't be delivered", "not deliver", "unable to deliver", "undeliver", "delivery to", "delivery of", "delivery for", "delivery has", "delivery fail", "delivery error", "error delivering", "failed delivery", "not delivered", "n't delivered",
	"permanent error", "permanent fatal", "permanently", "fatal error", "failed address", "following address", "following recipient", "following user", "cannot deliver", "can't deliver", "cannot be delivered", "can't be delivered", "cannot send", "user unknown", "unknown user", "no such user", "does not exist", "mailbox full", "mailbox is full", "over quota",
	"delivery attempt", "remote host said", "rejected", "non-deliver", "nondeliver", "not be sent", "not reach the following", "has been delayed", "will be retried", "transport failed", "could not reach",
	"no se pudo entregar", "no se puede entregar", "no se ha podido entregar", "no ha sido entregado", "no pudo ser entregado", "no fue entregado", "no se entreg", "no llegó a", "buzón lleno", "está lleno", "no existe", "no se encontr",
	"nicht zugestellt", "konnte nicht", "n'a pas pu être", "impossible de remettre", "não pôde", "não foi", "non è stato possibile", "エラー", "配信", "送信", "届", "未送达", "无法", "退信", "не доставлен", "не может быть",
}

// delayed reports whether the server goes on trying.
func delayed(subject, words string) bool {
	s := strings.ToLower(subject)
	for _, p := range []string{"delay", "delayed", "warning: could not send", "warning: message", "retraso", "retrasad", "demora", "still being retried", "verzögert", "retard", "atraso", "ritardo"} {
		if strings.Contains(s, p) {
			return true
		}
	}
	low := strings.ToLower(words[:min(len(words), 4000)])
	for _, p := range []string{"this is a warning message only", "you do not need to resend", "no need to resend", "no action is required on your part", "will keep trying", "will continue to try", "will be retried", "has not yet been delivered", "still trying to deliver", "delivery attempts will continue", "no es necesario que reenvíe", "no necesita volver a enviar", "se seguirá intentando", "seguirá intentando"} {
		if strings.Contains(low, p) {
			return true
		}
	}
	return false
}

// diagnosticLine returns what the other server answered: from the first reply code of SMTP that tells of a failure
// (RFC 5321 section 4.2) to the end of its line.
func diagnosticLine(words string) string {
	for line := range strings.Lines(words) {
		for i := 0; i+3 < len(line); i++ {
			if (line[i] == '4' || line[i] == '5') && isDigit(line[i+1]) && isDigit(line[i+2]) && (line[i+3] == ' ' || line[i+3] == '-') && (i == 0 || !isWordByte(line[i-1])) {
				return oneLine(strings.ToValidUTF8(line[i:min(len(line), i+500)], ""))
			}
		}
	}
	return ""
}

func isWordByte(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '-' || c >= 0x80
}
