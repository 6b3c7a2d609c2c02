package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"golang.org/x/net/html/charset"
)

// Header returns the decoded value of the topmost field of that name, "" where there is none.
func (m Mail) Header(name string) string { return HeaderOf(m.Raw, name) }

// Subject returns the decoded subject.
func (m Mail) Subject() string { return m.Header("Subject") }

// Text returns the decoded text/plain part.
func (m Mail) Text() string { return TextOf(m.Raw, "text/plain") }

// HTML returns the decoded text/html part.
func (m Mail) HTML() string { return TextOf(m.Raw, "text/html") }

// IsTo reports whether the address is among the recipients.
func (m Mail) IsTo(address string) bool {
	for _, to := range m.To {
		if strings.EqualFold(to, address) {
			return true
		}
	}
	return false
}

// HeaderOf returns the decoded value of the topmost field of that name, "" where there is none.
func HeaderOf(raw []byte, name string) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	value := m.Header.Get(name)
	decoder := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	if decoded, err := decoder.DecodeHeader(value); err == nil {
		return decoded
	}
	return value
}

// TextOf returns the first part of that media type as UTF-8, "" where there is none. It is for the well-formed mails of
// tests; the daemon has a reader for all others.
func TextOf(raw []byte, mediaType string) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	text, _ := findText(textproto.MIMEHeader(m.Header), m.Body, mediaType)
	return text
}

func findText(h textproto.MIMEHeader, body io.Reader, wanted string) (string, bool) {
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		mediaType, params = "text/plain", nil
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return "", false
			}
			if text, ok := findText(part.Header, part, wanted); ok {
				return text, true
			}
		}
	}
	if mediaType != wanted {
		return "", false
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	if label := params["charset"]; label != "" && !strings.EqualFold(label, "utf-8") {
		if decoded, err := charset.NewReaderLabel(label, body); err == nil {
			body = decoded
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return fmt.Sprintf("%s [%v]", text, err), true
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n"), true
}

// soleAuthor returns the one address of the From field, "" where there is none or more than one: DMARC has no
// domain to ask about then (RFC 7489 section 6.6.1).
func soleAuthor(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(m.Header["From"]) != 1 {
		return ""
	}
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}}
	list, err := parser.ParseList(m.Header["From"][0])
	if err != nil || len(list) != 1 {
		return ""
	}
	return list[0].Address
}
