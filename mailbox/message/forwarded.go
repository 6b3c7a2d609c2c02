package message

import (
	"strings"

	"radicado/mailbox"
)

// attachedForward reads a mail that was forwarded as an attachment. A mail may also be attached as evidence, below words
// of another matter: it counts as forwarded where the subject says so, or is that of the mail inside, or where nothing
// was written above it.
func (b *body) attachedForward(m *mailbox.Message) {
	if m.Forward != nil || len(b.messages) == 0 || m.Class != mailbox.ClassPerson {
		return
	}
	part := b.messages[0]
	var inner mailbox.Message
	var d defects
	inner.Header = part.header
	readFields(&inner, &d)
	bare := bareSubject(inner.Subject)
	same := bare != "" && strings.Contains(bareSubject(m.Subject), bare)
	if !forwardingSubject(m.Subject) && !same && strings.TrimSpace(m.NewText) != "" {
		return
	}
	words := body{keep: b.keep}
	words.gather(part, &d)
	text, _ := words.text()
	for i := 0; i < len(words.messages) && i < maxDepth; i++ { // forwards of forwards
		words.gather(words.messages[i], &d)
	}
	if b.beyond == nil {
		b.beyond = words.beyond
	}
	m.Attachments = append(m.Attachments, words.files...)
	m.Forward = &mailbox.Forward{From: inner.From, Subject: inner.Subject, Date: inner.Date, Text: strings.TrimSpace(text), Message: m.NewText}
}

// bareSubject returns a subject in lower case without the prefixes of answers and forwards.
func bareSubject(subject string) string {
	s := strings.ToLower(strings.TrimSpace(subject))
	for range 4 {
		prefix, rest, ok := strings.Cut(s, ":")
		if !ok || len([]rune(prefix)) > 5 || strings.Contains(prefix, " ") {
			break
		}
		s = strings.TrimSpace(rest)
	}
	return s
}
