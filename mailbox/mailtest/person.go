package mailtest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Client is the mail program that somebody writes with.
type Client int

// The clients: what they write differs in subject prefix, quotes, charset, transfer encoding and header fields.
const (
	Outlook Client = iota // "RE:", the original below "De: … Enviado: …", Windows-1252
	Gmail                 // "Re:", the original in ">" below "El … escribió:", UTF-8
)

// Person is somebody with a mailbox.
type Person struct {
	Name     string
	Addr     string
	Password string // of their IMAP and SMTP account
	Client   Client
}

// WriteOption changes a mail that a person writes.
type WriteOption func(*draft)

// At says when the mail is written. Without it, now.
func At(t time.Time) WriteOption { return func(d *draft) { d.date = t } }

// Cc adds recipients of a copy.
func Cc(addresses ...string) WriteOption {
	return func(d *draft) { d.cc = append(d.cc, addresses...) }
}

// Attach adds a file.
func Attach(name, mediaType string, content []byte) WriteOption {
	return func(d *draft) { d.files = append(d.files, file{name, mediaType, content}) }
}

// MessageID sets the message identifier, without angle brackets. Without it, one in the manner of the client.
func MessageID(id string) WriteOption { return func(d *draft) { d.messageID = id } }

// Field adds a header field as it stands, so that a test can write what no client would.
func Field(name, value string) WriteOption {
	return func(d *draft) { d.fields = append(d.fields, [2]string{name, value}) }
}

// From writes in the name of another address, as a forger does; who submits it is another matter.
func From(name, address string) WriteOption {
	return func(d *draft) { d.from = mail.Address{Name: name, Address: address} }
}

// draft is a mail being written.
type draft struct {
	client     Client
	from       mail.Address
	to         string
	cc         []string
	subject    string
	date       time.Time
	messageID  string
	inReplyTo  string
	references []string
	text       string
	quote      string // text below it
	htmlQuote  string
	files      []file
	fields     [][2]string
}

type file struct {
	name, mediaType string
	content         []byte
}

// Write returns a new mail as the person's client writes it, ready to be submitted.
func (p Person) Write(to, subject, text string, options ...WriteOption) []byte {
	d := p.draft(options)
	d.to, d.subject, d.text = to, subject, text
	return d.bytes()
}

// Reply returns the person's answer to a mail that they received. The commands, if any, are put behind the subject, as
// somebody does who edits it. The answer goes to Reply-To, or else to From.
func (p Person) Reply(received []byte, commands, text string, options ...WriteOption) ([]byte, error) {
	original, err := mail.ReadMessage(bytes.NewReader(received))
	if err != nil {
		return nil, fmt.Errorf("read the mail to answer: %w", err)
	}
	d := p.draft(options)
	d.to = original.Header.Get("From")
	if replyTo := original.Header.Get("Reply-To"); replyTo != "" {
		d.to = replyTo
	}
	to, err := mail.ParseAddress(d.to)
	if err != nil {
		return nil, fmt.Errorf("read whom to answer: %w", err)
	}
	d.to = to.Address
	d.text = text
	d.subject = d.client.replyPrefix() + answerPrefix.ReplaceAllString(HeaderOf(received, "Subject"), "")
	if commands != "" {
		d.subject += " " + commands
	}
	if id := angled.FindString(original.Header.Get("Message-ID")); id != "" {
		d.inReplyTo = id
		d.references = append(angled.FindAllString(original.Header.Get("References"), -1), id)
	}
	d.quoteOriginal(received)
	return d.bytes(), nil
}

var (
	answerPrefix = regexp.MustCompile(`(?i)^(\s*(re|rv|fwd?|res)\s*:)+\s*`)
	angled       = regexp.MustCompile(`<[^<>\s]+>`)
)

func (p Person) draft(options []WriteOption) *draft {
	d := &draft{client: p.Client, from: mail.Address{Name: p.Name, Address: p.Addr}}
	for _, option := range options {
		option(d)
	}
	if d.date.IsZero() {
		d.date = time.Now()
	}
	if d.messageID == "" {
		d.messageID = d.client.messageID(d.from.Address)
	}
	return d
}

func (c Client) replyPrefix() string {
	if c == Outlook {
		return "RE: "
	}
	return "Re: "
}

// messageID returns an identifier in the manner of the client.
func (c Client) messageID(address string) string {
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	_, domain, _ := cutAddress(address)
	if c == Outlook {
		return strings.ToUpper(hex.EncodeToString(token)) + "@BN8PR01.prod." + domain
	}
	return "CA+" + base64.RawURLEncoding.EncodeToString(token) + "@mail." + domain
}

// quoteOriginal puts the mail that is answered below the answer.
func (d *draft) quoteOriginal(received []byte) {
	var (
		text    = strings.TrimRight(TextOf(received, "text/plain"), "\n")
		author  = HeaderOf(received, "From")
		subject = HeaderOf(received, "Subject")
		to      = HeaderOf(received, "To")
		sent    time.Time
	)
	if t, err := mail.ParseDate(HeaderOf(received, "Date")); err == nil {
		sent = t
	}
	if a, err := mail.ParseAddress(author); err == nil && a.Name != "" {
		author = a.Name + " <" + a.Address + ">"
	}
	switch d.client {
	case Outlook:
		fields := fmt.Sprintf("De: %s\nEnviado: %s\nPara: %s\nAsunto: %s", author, longDate(sent), to, subject)
		d.quote = strings.Repeat("_", 32) + "\n" + fields + "\n\n" + text + "\n"
		d.htmlQuote = `<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">` +
			htmlLines(fields) + `</div><div>` + htmlLines(text) + `</div>`
	case Gmail:
		intro := fmt.Sprintf("El %s, %s escribió:", shortDate(sent), author)
		d.quote = intro + "\n\n> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n"
		d.htmlQuote = `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
			htmlLines(intro) + `<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;` +
			`border-left:1px solid rgb(204,204,204);padding-left:1ex">` + htmlLines(text) + `</blockquote></div>`
	}
}

var (
	weekdays = [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	months   = [...]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
)

// longDate is a date as Outlook writes it in Colombia.
func longDate(t time.Time) string {
	return fmt.Sprintf("%s, %d de %s de %d %s",
		weekdays[t.Weekday()], t.Day(), months[t.Month()-1], t.Year(), clock(t, "a. m.", "p. m."))
}

// shortDate is a date as Gmail writes it in Colombia.
func shortDate(t time.Time) string {
	day := []rune(weekdays[t.Weekday()])[:3]
	return fmt.Sprintf("%s, %d %s %d a la(s) %s",
		string(day), t.Day(), months[t.Month()-1][:3], t.Year(), clock(t, "a.m.", "p.m."))
}

func clock(t time.Time, am, pm string) string {
	half := am
	if t.Hour() >= 12 {
		half = pm
	}
	return t.Format("3:04 ") + half
}

func htmlLines(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\r\n")
}

// bytes returns the mail in the form of the client.
func (d *draft) bytes() []byte {
	var b bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }

	field("From", d.from.String())
	field("To", d.to)
	if len(d.cc) > 0 {
		field("Cc", strings.Join(d.cc, ",\r\n "))
	}
	field("Subject", encodeWords(d.subject))
	if d.client == Outlook {
		field("Thread-Topic", encodeWords(answerPrefix.ReplaceAllString(d.subject, "")))
		field("Thread-Index", "AQHc"+base64.StdEncoding.EncodeToString([]byte(d.messageID)))
	}
	field("Date", d.date.Format(time.RFC1123Z))
	field("Message-ID", "<"+d.messageID+">")
	if d.inReplyTo != "" {
		field("In-Reply-To", d.inReplyTo)
		field("References", strings.Join(d.references, "\r\n "))
	}
	if d.client == Outlook {
		field("Accept-Language", "es-CO, en-US")
		field("Content-Language", "es-CO")
		field("X-MS-Has-Attach", map[bool]string{true: "yes", false: ""}[len(d.files) > 0])
	}
	for _, f := range d.fields {
		field(f[0], f[1])
	}
	field("MIME-Version", "1.0")

	if len(d.files) == 0 {
		body, contentType := d.alternative()
		field("Content-Type", contentType)
		b.WriteString("\r\n")
		b.Write(body)
		return b.Bytes()
	}
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	d.mixed(w)
	field("Content-Type", `multipart/mixed; boundary="`+w.Boundary()+`"`)
	b.WriteString("\r\n")
	b.Write(parts.Bytes())
	return b.Bytes()
}

// encodeWords encodes what is not ASCII (RFC 2047), a word a line.
func encodeWords(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// mixed writes the texts and the files. Writing to memory does not fail.
func (d *draft) mixed(w *multipart.Writer) {
	body, contentType := d.alternative()
	part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Type": {contentType}})
	_, _ = part.Write(body)
	for _, f := range d.files {
		part, _ := w.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {mime.FormatMediaType(f.mediaType, map[string]string{"name": f.name})},
			"Content-Disposition":       {mime.FormatMediaType("attachment", map[string]string{"filename": f.name})},
			"Content-Transfer-Encoding": {"base64"},
		})
		encoded := base64.StdEncoding.EncodeToString(f.content)
		for len(encoded) > 76 {
			_, _ = part.Write([]byte(encoded[:76] + "\r\n"))
			encoded = encoded[76:]
		}
		_, _ = part.Write([]byte(encoded + "\r\n"))
	}
	_ = w.Close()
}

// alternative returns the texts as multipart/alternative.
func (d *draft) alternative() (body []byte, contentType string) {
	text := d.text + "\n"
	page := `<div dir="ltr">` + htmlLines(d.text) + `</div>`
	if d.quote != "" {
		text += "\n" + d.quote
		page += d.htmlQuote
	}
	if d.client == Outlook {
		page = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1252"></head><body>` + page + `</body></html>`
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range [][2]string{{"text/plain", text}, {"text/html", page}} {
		label, content := d.client.encode(part[1])
		p, _ := w.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {part[0] + `; charset="` + label + `"`},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		qp := quotedprintable.NewWriter(p)
		_, _ = qp.Write(content)
		_ = qp.Close()
	}
	_ = w.Close()
	return b.Bytes(), `multipart/alternative; boundary="` + w.Boundary() + `"`
}

// encode returns the text in the client's charset, in UTF-8 where that cannot hold it.
func (c Client) encode(text string) (label string, content []byte) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	if c == Outlook {
		if narrow, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text)); err == nil {
			return "Windows-1252", narrow
		}
	}
	return "UTF-8", []byte(text)
}
