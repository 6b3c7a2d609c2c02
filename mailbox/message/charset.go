package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// decodeCharset returns b as UTF-8. label is the charset that the mail names, "" for none; where it is unknown or cannot
// be true, the likeliest one is taken. The result is always valid UTF-8 without NULs.
func decodeCharset(b []byte, label string) string {
	if isASCII(b) && !(bytes.IndexByte(b, 0x1b) >= 0 || stateful(label)) {
		return dropNUL(string(b))
	}
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if strings.HasPrefix(label, "cp-") || strings.HasPrefix(label, "cp12") {
		label = "windows-" + strings.TrimLeft(strings.TrimPrefix(label, "cp"), "-")
	}
	if strings.Contains(label, "utf-7") || strings.Contains(label, "utf7") {
		return dropNUL(decodeUTF7(b))
	}
	enc, name := lookup(label)
	if strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf16") {
		return dropNUL(decodeUTF16(b, label))
	}
	// A label of a single-byte charset on bytes that are well-formed multi-byte UTF-8 is a lie: by chance that happens
	// in no text of some length.
	if name != "iso-2022-jp" && utf8.Valid(b) && bytes.IndexByte(b, 0x1b) < 0 {
		if enc == nil || name == "utf-8" || name == "replacement" || singleByte(enc) {
			return dropNUL(string(b))
		}
	}
	if enc == nil || name == "replacement" || (name == "utf-8" && !mostlyUTF8(b)) {
		enc = guess(b)
	}
	if name == "utf-8" && mostlyUTF8(b) || enc == unicode.UTF8 {
		return dropNUL(repair(b))
	}
	if table, ok := enc.(*charmap.Charmap); ok {
		return decodeTable(b, table)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		out = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return dropNUL(string(out))
}

// repair reads UTF-8 into which a program put a few bytes of Windows-1252.
func repair(b []byte) string {
	var sb strings.Builder
	sb.Grow(len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(b[0])
		}
		sb.WriteRune(r)
		b = b[n:]
	}
	return sb.String()
}

// decodeTable decodes a single-byte charset in one allocation, and drops the controls that tidy drops.
func decodeTable(b []byte, table *charmap.Charmap) string {
	high := 0
	for _, c := range b {
		if c >= 0x80 {
			high++
		}
	}
	var sb strings.Builder
	sb.Grow(len(b) + 2*high)
	for i, c := range b {
		switch {
		case c == '\r' && (i+1 == len(b) || b[i+1] != '\n'):
			sb.WriteByte('\n')
		case c < ' ' && c != '\n' && c != '\t', c == 0x7f:
		case c < 0x80:
			sb.WriteByte(c)
		default:
			sb.WriteRune(table.DecodeByte(c))
		}
	}
	return sb.String()
}

// lookup finds a charset by the names of the WHATWG, which are what senders mean: ISO-8859-1 is Windows-1252. It goes past
// x/net/html/charset, which hides what kind of encoding it returns.
func lookup(label string) (encoding.Encoding, string) {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, ""
	}
	name, err := htmlindex.Name(enc)
	if err != nil {
		return nil, ""
	}
	return enc, name
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// stateful reports whether ASCII bytes under this label may stand for other letters.
func stateful(label string) bool {
	label = strings.ToLower(label)
	return strings.Contains(label, "utf-7") || strings.Contains(label, "utf7") || strings.Contains(label, "2022") ||
		strings.Contains(label, "utf-16") || strings.Contains(label, "hz-gb")
}

func dropNUL(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

func singleByte(enc encoding.Encoding) bool {
	_, ok := enc.(*charmap.Charmap)
	return ok
}

// mostlyUTF8 reports whether b has more well-formed multi-byte sequences than broken ones.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good >= bad
}

// guess names the likeliest encoding of text without a usable label.
func guess(b []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.Contains(b, []byte("\x1b$")), bytes.Contains(b, []byte("\x1b(")):
		return japanese.ISO2022JP
	case mostlyUTF8(b):
		return unicode.UTF8
	}
	return guessByLetters(b)
}

// guessByLetters tells Cyrillic from Western text: Western text has a few high bytes among ASCII letters, Cyrillic text
// consists of them, in KOI8-R mostly small letters 0xC0–0xDF, in Windows-1251 0xE0–0xFF.
func guessByLetters(b []byte) encoding.Encoding {
	var ascii, low, high, control int
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			ascii++
		case c >= 0xe0:
			high++
		case c >= 0xc0:
			low++
		case c >= 0x80 && c < 0xa0:
			control++
		}
	}
	if letters := low + high; letters > 20 && letters > ascii && control*8 < letters {
		if low > 2*high {
			return charmap.KOI8R
		}
		return charmap.Windows1251
	}
	return charmap.Windows1252
}

func decodeUTF16(b []byte, label string) string {
	order := unicode.BigEndian
	if strings.HasSuffix(label, "le") {
		order = unicode.LittleEndian
	}
	out, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// decodeUTF7 decodes RFC 2152, which old Outlooks sent and x/text does not know.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		plus := bytes.IndexByte(b, '+')
		if plus < 0 {
			break
		}
		out.Write(b[:plus])
		b = b[plus+1:]
		end := 0
		for end < len(b) && isBase64(b[end]) {
			end++
		}
		if end == 0 {
			if len(b) > 0 && b[0] == '-' {
				b = b[1:]
			}
			out.WriteByte('+')
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(string(b[:end-boolInt(end%4 == 1)]))
		_ = err // a broken tail leaves what was decoded before it
		units := make([]uint16, 0, len(raw)/2)
		for i := 0; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
		b = b[end:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	out.Write(b)
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
