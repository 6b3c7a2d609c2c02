package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"
)

// content returns the body with its transfer encoding undone (RFC 2045 section 6). Where nothing is encoded it is the
// mail's own memory.
func (p *part) content(d *defects) []byte {
	switch transferEncoding(p.header) {
	case "base64":
		return decodeBase64(p.body, d)
	case "quoted-printable", "quoted-printeable", "qp":
		return decodeQuotedPrintable(p.body)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		if _, content, ok := uudecode(p.body); ok {
			return content
		}
		d.add("uuencoded part that is none")
	case "", "7bit", "8bit", "binary", "none", "8-bit", "7-bit":
	default:
		d.add("unknown transfer encoding")
	}
	return p.body
}

// measure returns how many bytes content returns, and their digest. Of base64 without a fault, as large files come, no copy is made.
func (p *part) measure(d *defects) (int64, [sha256.Size]byte) {
	if transferEncoding(p.header) == "base64" {
		padding := len(p.body)
		if i := bytes.IndexByte(p.body, '='); i >= 0 {
			padding = i
		}
		if len(bytes.Trim(p.body[padding:], "=\r\n")) == 0 { // else several encodings, one after the other
			h := sha256.New()
			n, err := io.Copy(h, base64.NewDecoder(base64.StdEncoding, bytes.NewReader(p.body)))
			if err == nil {
				return n, [sha256.Size]byte(h.Sum(nil))
			}
		}
	}
	content := p.content(d)
	return int64(len(content)), sha256.Sum256(content)
}

func decodeBase64(b []byte, d *defects) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Decode(out, b)
	if err == nil {
		return out[:n]
	}
	if n == 0 && bytes.IndexByte(b, ' ') >= 0 && looksLikeText(b) {
		d.add("text labelled base64 that is not encoded")
		return b
	}
	d.add("broken base64: read as far as it goes")
	return looseBase64(out[:0], b)
}

// looksLikeText reports whether the start of b reads as words, not as base64 lines.
func looksLikeText(b []byte) bool {
	head := b[:min(len(b), 400)]
	return bytes.Count(head, []byte(" "))*12 > len(head)
}

// decodeQuotedPrintable undoes RFC 2045 section 6.7 and leaves alone what is no encoding.
func decodeQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, max(64, len(b)-2*bytes.Count(b, []byte("="))))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			break
		}
		out = append(out, b[:i]...)
		b = b[i:]
		if len(b) >= 3 && hexDigit(b[1]) >= 0 && hexDigit(b[2]) >= 0 {
			out = append(out, byte(hexDigit(b[1])<<4|hexDigit(b[2])))
			b = b[3:]
			continue
		}
		// A soft line break, also with white space that a relay appended.
		j := 1
		for j < len(b) && (b[j] == ' ' || b[j] == '\t' || b[j] == '\r') {
			j++
		}
		if j == len(b) {
			b = nil
			break
		}
		if b[j] == '\n' {
			b = b[j+1:]
			continue
		}
		out = append(out, '=')
		b = b[1:]
	}
	return append(out, b...)
}

// uudecode finds a "begin 644 name" block and decodes it.
func uudecode(b []byte) (name string, content []byte, ok bool) {
	for len(b) > 0 && !ok {
		var line []byte
		line, b = cutLine(b)
		name, ok = uuBegin(string(line))
	}
	if !ok {
		return "", nil, false
	}
	content = make([]byte, 0, len(b)*3/4)
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		if bytes.Equal(bytes.TrimSpace(line), []byte("end")) {
			break
		}
		content = appendUULine(content, line)
	}
	return name, content, true
}

// uuBegin reads the line that starts a block: "begin", an octal mode, a name.
func uuBegin(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "begin ")
	if !ok {
		return "", false
	}
	mode, name, ok := strings.Cut(rest, " ")
	if !ok || len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" {
		return "", false
	}
	return strings.TrimSpace(name), true
}

func appendUULine(out, line []byte) []byte {
	if len(line) == 0 {
		return out
	}
	n := int(line[0]-' ') & 0x3f
	line = line[1:]
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 0x3f
		}
		return 0
	}
	for i := 0; n > 0; i += 4 {
		three := [3]byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		out = append(out, three[:min(n, 3)]...)
		n -= 3
	}
	return out
}
