package deliver

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"radicado/mailbox"
)

// envelope is a mail as it goes over the wire.
type envelope struct {
	from, to string // without angle brackets, domains in ASCII
	utf8     bool   // an address needs SMTPUTF8 (RFC 6531)
	content  []byte
	wire     []byte // the content as it is sent, with the dot that ends it
}

// Bytes returns the mail in the form in which Send sends it, for instance to be kept as an .eml file. It fails where an
// address, the Message-ID, a Content-ID or a field name cannot stand in a mail, or the date is missing; all other text is
// made to fit, and identifiers of other mails that cannot stand in it are left out. Two calls differ in the
// boundaries alone.
func Bytes(m mailbox.Outgoing) ([]byte, error) {
	e, err := compose(m, nil)
	if err != nil {
		return nil, err
	}
	return e.content, nil
}

// quotedPrintable is mail.EncodingQP in other letters, which mean the same (RFC 2045 section 6.1). An encoding that go-mail does not know
// by its letters it writes quoted-printable as well, and straight into the mail. A body of EncodingQP it writes into a buffer first, which
// was half of the memory that writing a notice took.
const quotedPrintable mail.Encoding = "Quoted-Printable"

// compose writes the mail: multipart/alternative of the text and the HTML, with the pictures of the HTML and the files
// around it as needed. It writes into room as far as that reaches.
func compose(m mailbox.Outgoing, room []byte) (*envelope, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(quotedPrintable))
	from, to, wide, err := setAddresses(msg, m)
	if err != nil {
		return nil, err
	}
	if err := setIdentity(msg, m); err != nil {
		return nil, err
	}
	msg.SetGenHeader(mail.HeaderSubject, encodeText(m.Subject))
	if m.Lang != "" {
		msg.SetGenHeader("Content-Language", clean(m.Lang))
	}
	if err := setFields(msg, m.Header); err != nil {
		return nil, err
	}
	msg.SetBodyString(mail.TypeTextPlain, cleanBody(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, cleanBody(m.HTML))
	}
	for _, file := range m.Files {
		if err := addFile(msg, file); err != nil {
			return nil, fmt.Errorf("file %q: %w", file.Name, err)
		}
	}
	b := bytes.NewBuffer(room[:0])
	if _, err := msg.WriteTo(b); err != nil {
		return nil, err
	}
	return &envelope{from: from, to: to, utf8: wide, content: b.Bytes()}, nil
}

// setAddresses sets From, To and Reply-To and returns the envelope.
func setAddresses(msg *mail.Msg, m mailbox.Outgoing) (from, to string, wide bool, err error) {
	fromAddr, fromWide, err := address("From", m.From)
	if err != nil {
		return "", "", false, err
	}
	toAddr, toWide, err := address("To", m.To)
	if err != nil {
		return "", "", false, err
	}
	msg.FromMailAddress(fromAddr)
	msg.ToMailAddress(toAddr)
	wide = fromWide || toWide
	if !m.ReplyTo.IsZero() {
		replyTo, replyWide, err := address("Reply-To", m.ReplyTo)
		if err != nil {
			return "", "", false, err
		}
		msg.ReplyToMailAddress(replyTo)
		wide = wide || replyWide
	}
	return bare(fromAddr), bare(toAddr), wide, nil
}

// maxAddress is what RFC 5321 section 4.5.3.1 allows for local part, @ and domain, in bytes.
const maxAddress = 64 + 1 + 255

// address returns an address fit for a field, its domain in ASCII (RFC 5891), and whether it is still internationalised.
func address(field string, a mailbox.Address) (*netmail.Address, bool, error) {
	// ParseAddress would also take comments and a name within the address.
	parsed, err := netmail.ParseAddress("<" + a.Addr + ">")
	if err != nil || len(a.Addr) > maxAddress || strings.ContainsAny(a.Addr, "<>()\x00\r\n\t") {
		return nil, false, fmt.Errorf("%s: %q is not an address", field, a.Addr)
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	if !isASCII(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return nil, false, fmt.Errorf("%s: the domain of %q: %w", field, a.Addr, err)
		}
	}
	return &netmail.Address{Name: displayName(a.Name), Address: local + "@" + domain}, !isASCII(local), nil
}

// displayName returns a name that is not too long for a line and does not look encoded: programs decode encoded words also
// within quotes, against RFC 2047 section 5. A backslash would come out of net/mail bare where the name is not ASCII, which
// no address parser takes.
func displayName(name string) string {
	name = strings.NewReplacer("=?", "= ?", `\`, "/").Replace(clean(name))
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	return name
}

// bare returns the address as it stands in SMTP commands, its local part quoted where it must be.
func bare(a *netmail.Address) string {
	s := (&netmail.Address{Address: a.Address}).String()
	return strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
}

// isIdentifier reports whether s is what a msg-id of RFC 5322 section 3.6.4 looks like, told generously: some that we answer
// were made by careless programs. It holds nothing that could end it or the line.
func isIdentifier(s string) bool {
	return s != "" && len(s) <= 900 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
}

// setIdentity sets what makes this the same mail when it is sent again, and puts it into its conversation.
func setIdentity(msg *mail.Msg, m mailbox.Outgoing) error {
	if !isIdentifier(m.MessageID) || !strings.Contains(m.MessageID, "@") {
		return fmt.Errorf("%q is not a Message-ID", m.MessageID)
	}
	if m.Date.IsZero() {
		return errors.New("the mail has no date")
	}
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.Date)
	// What we answer was written by others. An identifier that cannot stand in a mail is left out rather than keep somebody
	// from being answered.
	if isIdentifier(m.InReplyTo) {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+m.InReplyTo+">")
	}
	var references []string
	for _, id := range m.References {
		if isIdentifier(id) {
			references = append(references, "<"+id+">")
		}
	}
	if len(references) > 0 {
		msg.SetGenHeader(mail.HeaderReferences, strings.Join(references, " ")) // folded between identifiers
	}
	return nil
}

// isFieldName reports whether s is a field-name of RFC 5322 section 3.6.8 that leaves room on its line.
func isFieldName(s string) bool {
	return s != "" && len(s) <= 70 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' })
}

// ours are the fields that compose writes itself.
var ours = []string{
	"Bcc", "Cc", "Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "In-Reply-To",
	"Message-Id", "Mime-Version", "References", "Reply-To", "Sender", "Subject", "To",
}

// setFields sets the further fields.
func setFields(msg *mail.Msg, fields []mailbox.Field) error {
	var seen []string
	for _, f := range fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		switch {
		case !isFieldName(f.Name):
			return fmt.Errorf("%q is not the name of a header field", f.Name)
		case slices.Contains(ours, name):
			return fmt.Errorf("header field %s is not a further one", name)
		case slices.Contains(seen, name):
			return fmt.Errorf("header field %s is given twice", name)
		}
		seen = append(seen, name)
		msg.SetGenHeader(mail.Header(f.Name), encodeText(f.Value))
	}
	return nil
}

// maxMediaType bounds a media type: two names of 127 characters (RFC 6838 section 4.2). A longer one would not fit on a line.
const maxMediaType = 2*127 + len("/")

// addFile attaches a file, or adds a picture that the HTML shows.
func addFile(msg *mail.Msg, file mailbox.File) error {
	name := fileName(file.Name)
	mediaType, _, err := mime.ParseMediaType(file.Type)
	if err != nil || !strings.Contains(mediaType, "/") || len(mediaType) > maxMediaType {
		mediaType = "application/octet-stream"
	}
	disposition := "attachment"
	if file.Inline {
		disposition = "inline"
	}
	headers := func(f *mail.File) {
		// RFC 2231, which go-mail does not write. It also puts the name into Content-Type as an encoded word, which the old
		// programs read that do not know RFC 2231.
		f.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
		if file.Inline {
			f.Header.Set("Content-ID", "<"+file.ID+">")
		}
	}
	options := []mail.FileOption{mail.WithFileContentType(mail.ContentType(mediaType)), headers}
	if !file.Inline {
		return msg.AttachReader(name, bytes.NewReader(file.Content), options...)
	}
	if !isIdentifier(file.ID) {
		return fmt.Errorf("%q is not a Content-ID", file.ID)
	}
	return msg.EmbedReader(name, bytes.NewReader(file.Content), options...)
}

// fileName returns a name that is safe as one and short enough for a header line.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"/\:<>?|*`, r) {
			return '_'
		}
		return r
	}, clean(name))
	if runes := []rune(name); len(runes) > 80 {
		ending := ""
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= 10 {
			ending = name[dot:]
		}
		name = string(runes[:80-len(ending)]) + ending
	}
	if strings.Trim(name, ". ") == "" {
		return "archivo"
	}
	return name
}

// clean returns text on one line, without anything that could end the line, turn its direction or hide in it.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
			return ' '
		case r == '\ufeff', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cleanBody returns text without what no mail text may hold.
func cleanBody(s string) string {
	if !utf8.ValidString(s) { // which is found out much faster than it is put right
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

// encodeText returns text as it may stand in an unstructured field: plain up to the first word that is not ASCII, looks
// encoded or is too long to be folded, and encoded words from there on (RFC 2047). The plain part keeps the number of a
// request readable to the filters of mail programs.
func encodeText(s string) string {
	words := strings.Fields(clean(s))
	first := slices.IndexFunc(words, func(w string) bool { return !isASCII(w) || len(w) > 70 || strings.Contains(w, "=?") })
	if first < 0 {
		return strings.Join(words, " ")
	}
	return strings.Join(append(words[:first], encodeWords(strings.Join(words[first:], " "))), " ")
}

// encodeWords encodes all of the text, which mime.WordEncoder does not do where it is ASCII.
func encodeWords(s string) string {
	if !isASCII(s) {
		return mime.QEncoding.Encode("utf-8", s)
	}
	var words []string
	for piece := range slices.Chunk([]byte(s), 42) { // at most 75 characters with what is around them
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString(piece)+"?=")
	}
	return strings.Join(words, " ")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
