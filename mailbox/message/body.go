package message

import (
	"bytes"
	"hash"
	"net/url"
	"strings"

	"radicado/mailbox"
	"radicado/mailbox/message/htmltext"
)

// block is one passage of the body: what one text part, or one multipart/alternative, says.
type block struct {
	plain string   // of the text/plain parts, "" where there is none
	html  [][]byte // of the text/html parts in UTF-8
	read  *htmltext.Document
}

// doc returns the HTML as text. It is made only where it is asked for: most mails say the same in plain text.
func (b *block) doc() *htmltext.Document {
	if b.read == nil {
		source := []byte(nil)
		if len(b.html) == 1 {
			source = b.html[0]
		} else {
			source = bytes.Join(b.html, []byte("\n"))
		}
		doc := htmltext.Convert(source)
		b.read = &doc
	}
	return b.read
}

// text returns the words of the block, and whether they come from its HTML.
func (b *block) text() (string, bool) {
	if strings.TrimSpace(b.plain) != "" && !(len(b.html) > 0 && placeholder(b.plain)) {
		return b.plain, false
	}
	if len(b.html) > 0 {
		return b.doc().Text, true
	}
	return b.plain, false
}

// placeholder reports whether a plain text only says that the mail should be read as HTML.
func placeholder(text string) bool {
	if len(text) > 400 {
		return false
	}
	lower := strings.ToLower(text)
	if !strings.Contains(lower, "html") {
		return false
	}
	for _, words := range []string{"does not support html", "doesn't support html", "not support html", "no soporta html",
		"no admite html", "view this message in html", "enable html", "html-compatible", "html compatible", "compatible con html",
		"this is an html", "in html format", "formato html", "html e-mail", "html email viewer", "html view"} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}

// body is what the parts of a mail add up to.
type body struct {
	blocks     []block
	files      []mailbox.Attachment
	messages   []*part // the mails inside, outermost first
	report     report
	calendar   *mailbox.Calendar
	encrypted  string
	signed     string
	opened     int      // S/MIME parts opened so far
	root       *part    // the mail itself
	keep       bool     // what files hold
	textFree   []string // text of a TNEF stream: the body, where there is no other
	named      []string // text parts with a file name that are shown in place: the body, where there is no other
	serverSays *string  // what a delivery report says before the mail that came back, once it was asked for
	read       int      // bytes of text so far; see maxWords
	beyond     hash.Hash
}

// report is what the machine-readable parts of a multipart/report say.
type report struct {
	kind     string // the report-type parameter, or what the parts show: delivery-status, disposition-notification, feedback-report
	status   []byte // message/delivery-status
	receipt  []byte // message/disposition-notification
	feedback []byte // message/feedback-report
	original []byte // what came back: a whole mail or its header
}

// gather adds a part and all below it.
func (b *body) gather(p *part, d *defects) {
	switch {
	case p.kind == "multipart/alternative":
		b.alternative(p, d)
	case p.kind == "multipart/signed":
		b.signed = protocolOf(p)
		b.each(p.children, d)
	case p.kind == "multipart/encrypted":
		b.encrypted = protocolOf(p)
		for _, child := range p.children {
			b.file(child, d)
		}
	case p.kind == "multipart/report":
		if kind := strings.ToLower(p.params["report-type"]); kind != "" {
			b.report.kind = kind
		}
		b.each(p.children, d)
	case strings.HasPrefix(p.kind, "multipart/"):
		b.each(p.children, d)
	default:
		b.leaf(p, d)
	}
}

func (b *body) each(parts []*part, d *defects) {
	for _, child := range parts {
		b.gather(child, d)
	}
}

// alternative takes the plain text and the HTML of the same words as one block (RFC 2046 section 5.1.4).
func (b *body) alternative(p *part, d *defects) {
	outer := b.blocks
	b.blocks = nil
	b.each(p.children, d)
	var one block
	var plain []string
	for _, inner := range b.blocks {
		if inner.plain != "" {
			plain = append(plain, strings.TrimRight(inner.plain, "\n"))
		}
		one.html = append(one.html, inner.html...)
	}
	one.plain = strings.Join(plain, "\n\n")
	b.blocks = outer
	if len(plain) > 0 || len(one.html) > 0 {
		b.blocks = append(b.blocks, one)
	}
}

func protocolOf(p *part) string {
	if strings.Contains(strings.ToLower(p.params["protocol"]), "pgp") {
		return "PGP"
	}
	return "S/MIME"
}

// leaf takes one part that has no parts of its own.
func (b *body) leaf(p *part, d *defects) {
	shownAs, _ := disposition(p.header)
	switch p.kind {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/markdown":
		named := fileName(p) != ""
		if !named && (shownAs != "attachment" || b.root == p) || named && shownAs == "inline" && p.kind == "text/html" {
			b.words(p, d)
			return
		}
		if shownAs != "attachment" && p.kind == "text/plain" && len(b.named) < 10 {
			content := p.content(d) // counts when it is taken for the body, and is a file whether or not
			b.named = append(b.named, decodeText(content[:min(len(content), maxWords)], p.params["charset"]))
		}
	case "message/delivery-status", "message/global-delivery-status":
		if len(b.report.status) < maxWords { // each part costs a copy of those before it
			content := p.content(d)
			b.report.status = joinLines(b.report.status, content[:min(len(content), maxWords)])
		}
		return
	case "message/disposition-notification", "message/global-disposition-notification":
		b.report.receipt = p.content(d)
		return
	case "message/feedback-report":
		b.report.feedback = p.content(d)
		return
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		b.report.original = p.content(d)
		return
	case "message/rfc822", "message/global":
		if len(p.children) > 0 {
			b.messages = append(b.messages, p.children[0])
			b.report.original = p.children[0].raw
		}
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
		if b.signed != "" {
			return
		}
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		if b.smime(p, d) {
			return
		}
	case "application/ms-tnef", "application/vnd.ms-tnef":
		if b.tnef(p, d) {
			return
		}
	case "text/calendar":
		b.event(p, d)
	}
	if strings.EqualFold(fileName(p), "winmail.dat") && p.kind != "application/ms-tnef" && b.tnef(p, d) {
		return
	}
	b.file(p, d)
}

func joinLines(a, b []byte) []byte {
	if len(a) == 0 {
		return b
	}
	return append(append(append([]byte(nil), a...), "\n\n"...), b...)
}

// words takes a text part of the body.
func (b *body) words(p *part, d *defects) {
	content := p.content(d)
	switch {
	case p.kind == "text/html" || p.kind == "text/x-amp-html" || p.kind == "text/plain" && !p.declared && looksLikeHTML(content):
		if p.kind == "text/x-amp-html" {
			return
		}
		label := p.params["charset"]
		if label == "" {
			label = metaCharset(content)
		}
		b.blocks = append(b.blocks, block{html: [][]byte{decodeBytes(b.markup(content), label)}})
	case p.kind == "text/enriched" || p.kind == "text/richtext":
		b.blocks = append(b.blocks, block{plain: plainEnriched(decodeText(clip(b, content), p.params["charset"]))})
	default:
		wrapped := isWrapped(content)
		if !wrapped {
			content = clip(b, content)
		}
		text := decodeText(content, p.params["charset"])
		if strings.EqualFold(p.params["format"], "flowed") {
			text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
		}
		if text = b.unwrapped(text); wrapped {
			text = strings.Clone(clip(b, text))
		}
		b.blocks = append(b.blocks, block{plain: text})
	}
}

// unwrapped returns the words of a text that may hold files or PGP armour, and takes the files.
func (b *body) unwrapped(text string) string {
	if signed, ok := unarmour(text); ok {
		text, b.signed = signed, "PGP"
	} else if strings.Contains(text, "-----BEGIN PGP MESSAGE-----") && strings.Contains(text, "-----END PGP MESSAGE-----") {
		b.encrypted = "PGP"
	}
	return b.cutUUEncoded(text)
}

// decodeBytes is decodeCharset without a copy where the bytes are good already.
func decodeBytes(content []byte, label string) []byte {
	if isASCII(content) && !stateful(label) && bytes.IndexByte(content, 0) < 0 && bytes.IndexByte(content, 0x1b) < 0 {
		return content
	}
	return []byte(decodeCharset(content, label))
}

// looksLikeHTML reports whether bytes without a declared type are HTML.
func looksLikeHTML(b []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 300)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// metaCharset returns the charset that the HTML names itself.
func metaCharset(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 2000)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(head[i+8:], `"' `)
	if end := bytes.IndexAny(rest, "\"'>; /"); end > 0 {
		return string(rest[:end])
	}
	return ""
}

// finish writes what was gathered into the message.
func (b *body) finish(m *mailbox.Message, opt Options) {
	m.Encrypted, m.Signed, m.Calendar = b.encrypted, b.signed, b.calendar
	var marks []htmltext.Mark
	m.Text, marks = b.text()
	b.classify(m, opt)
	b.say(m, marks)
	if opt.HTML {
		m.HTML = b.safeHTML()
	}
	m.Attachments = b.files
	shown := b.shown()
	for i := range m.Attachments {
		a := &m.Attachments[i]
		a.Inline = strings.HasPrefix(a.Type, "image/") && shown[a.ContentID]
	}
	b.attachedForward(m)
	if b.beyond != nil {
		m.Beyond = b.beyond.Sum(nil)
	}
}

// maxShown bounds how many pictures of one mail are told from files.
const maxShown = 5000

// shown returns the Content-IDs that the HTML refers to (RFC 2392), as they stand there.
func (b *body) shown() map[string]bool {
	ids := map[string]bool{}
	for i := range b.blocks {
		for _, source := range b.blocks[i].html {
			for len(ids) < maxShown {
				_, rest, ok := bytes.Cut(source, []byte("cid:"))
				if !ok {
					break
				}
				end := bytes.IndexAny(rest[:min(len(rest), 300)], "\"'> \t\r\n)")
				if end > 0 {
					id := string(rest[:end])
					ids[id] = true
					if plain, err := url.PathUnescape(id); err == nil {
						ids[plain] = true
					}
				}
				source = rest
			}
		}
	}
	return ids
}
