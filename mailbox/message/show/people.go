package show

import (
	"fmt"
	"io"
	"strings"
	"time"

	"radicado/mailbox"
)

// People writes the message for somebody who wants to see what was read out of a mail: what it is and why, what was said
// now, and what was cut off it by which rule. The words are English, as in the log.
func People(w io.Writer, m *mailbox.Message) error {
	p := &printer{w: w}
	p.line("Subject", m.Subject)
	p.line("From", m.From.String())
	if len(m.Authors) > 1 {
		p.line("Authors", join(m.Authors))
	}
	p.line("To", join(m.To))
	p.line("Cc", join(m.Cc))
	p.line("Reply-To", join(m.ReplyTo))
	p.date("Date", m.Date)
	p.line("Message-ID", m.MessageID)
	p.line("Class", string(m.Class)+": "+m.ClassReason)
	p.line("Signed", m.Signed)
	p.line("Encrypted", m.Encrypted)
	if b := m.Bounce; b != nil {
		p.line("Bounced", strings.Join(b.Recipients, ", "))
		p.line("Status", strings.TrimSpace(b.Status+" "+map[bool]string{true: "(permanent)", false: "(temporary)"}[b.Permanent]))
		p.line("Diagnostic", b.Diagnostic)
		p.line("Bounced mail", b.MessageID)
	}
	if c := m.Calendar; c != nil {
		p.line("Calendar", strings.TrimSpace(c.Method+" "+c.Summary))
		p.date("Begins", c.Start)
	}
	for _, a := range m.Attachments {
		kind := "File"
		if a.Inline {
			kind = "Picture"
		}
		p.line(kind, fmt.Sprintf("%q, %s, %d bytes", a.Name, a.Type, a.Size))
	}
	for _, d := range m.Defects {
		p.line("Defect", d)
	}
	p.passage("What was said now", m.NewText)
	if f := m.Forward; f != nil {
		p.passage("Forwarded: "+f.Subject+", from "+f.From.String(), f.Text)
	}
	for _, c := range m.Cuts {
		p.passage("Cut, "+c.Kind+": "+c.Rule, c.Text)
	}
	return p.err
}

func join(list []mailbox.Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}

// printer keeps the first error, so that the lines above stay readable.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// line writes one value, nothing where there is none.
func (p *printer) line(label, value string) {
	if value != "" {
		p.printf("%-13s %s\n", label+":", plain(value))
	}
}

func (p *printer) date(label string, t time.Time) {
	if !t.IsZero() {
		p.line(label, t.Format(time.RFC1123Z))
	}
}

func (p *printer) passage(title, text string) {
	p.printf("\n--- %s\n%s\n", plain(title), plain(strings.Trim(text, "\n")))
}

// plain takes out control characters: a mail must not drive the terminal of whoever looks at it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
