package message

import (
	"strings"

	"github.com/smallstep/pkcs7"
)

// maxOpened bounds how many signed parts of one mail are opened, in each other or beside each other: each costs a copy.
const maxOpened = 4

// smime opens a signed S/MIME part (RFC 8551 section 3.5.2) and reads what is inside; the signature is not verified. An
// encrypted one is named and kept as a file.
func (b *body) smime(p *part, d *defects) bool {
	b.signed = "S/MIME"
	content := p.content(d)
	if strings.EqualFold(p.params["smime-type"], "enveloped-data") || strings.EqualFold(p.params["smime-type"], "authenveloped-data") {
		b.signed, b.encrypted = "", "S/MIME"
		return false
	}
	if b.opened++; b.opened > maxOpened {
		d.add("too many signed parts: the rest is kept as files")
		return false
	}
	inner, err := openSigned(content)
	if err != nil || len(inner) == 0 {
		b.signed, b.encrypted = "", "S/MIME"
		if err != nil {
			d.add("S/MIME part that cannot be opened")
		}
		return false
	}
	s := splitter{defects: d}
	b.gather(s.split(inner, "text/plain", 1), d)
	return true
}

// openSigned returns the content of a signed PKCS #7 message.
func openSigned(der []byte) ([]byte, error) {
	p7, err := pkcs7.Parse(der)
	if err != nil {
		return nil, err
	}
	return p7.Content, nil
}

// unarmour returns the words of an inline PGP signed text (RFC 9580 section 7) without the armour.
func unarmour(text string) (string, bool) {
	const begin, signature, end = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
	start := strings.Index(text, begin)
	if start < 0 || start > 0 && text[start-1] != '\n' {
		return text, false
	}
	before, rest := text[:start], text[start+len(begin):]
	sig := strings.Index(rest, signature)
	if sig < 0 {
		return text, false
	}
	words, after := rest[:sig], rest[sig:]
	if _, tail, ok := strings.Cut(after, end); ok {
		after = tail
	} else {
		after = ""
	}
	// Armour headers ("Hash: SHA256") run to the first empty line.
	if _, body, ok := strings.Cut(words, "\n\n"); ok {
		words = body
	}
	words = strings.ReplaceAll("\n"+words, "\n- -", "\n-")[1:]
	return before + words + after, true
}
