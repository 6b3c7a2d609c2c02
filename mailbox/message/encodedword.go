package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// decodeHeader returns the value of an unstructured field, or of a display name, as people read it: encoded words
// (RFC 2047) decoded, eight-bit bytes taken for the likeliest charset, on one line.
func decodeHeader(value string) string {
	if strings.Contains(value, "=?") {
		value = decodeWords(value)
	} else if !utf8.ValidString(value) || strings.Contains(value, "\x1b") {
		value = decodeCharset([]byte(value), "")
	}
	return oneLine(value)
}

// oneLine turns line ends and control characters into single spaces.
func oneLine(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// word is one encoded word: its charset and the bytes it stands for.
type word struct {
	charset string
	content []byte
}

// decodeWords decodes every encoded word in s. Adjacent words of the same charset are joined as bytes first: some senders
// split a character between two words, against RFC 2047 section 5.
func decodeWords(s string) string {
	var out strings.Builder
	var open []byte // decoded bytes whose charset conversion is pending
	var charset string
	flush := func() {
		if open != nil {
			out.WriteString(decodeCharset(open, charset))
			open = nil
		}
	}
	plain := func(text string) {
		if text != "" {
			flush()
			if !utf8.ValidString(text) {
				text = decodeCharset([]byte(text), "")
			}
			out.WriteString(text)
		}
	}
	for {
		start := strings.Index(s, "=?")
		if start < 0 {
			break
		}
		w, size, ok := cutWord(s[start:])
		if !ok {
			plain(s[:start+2])
			s = s[start+2:]
			continue
		}
		// White space between two encoded words is not part of the text (RFC 2047 section 6.2).
		if open == nil || strings.TrimSpace(s[:start]) != "" {
			plain(s[:start])
		}
		if open != nil && !strings.EqualFold(charset, w.charset) {
			flush()
		}
		charset = w.charset
		open = append(open, w.content...)
		if open == nil {
			open = []byte{}
		}
		s = s[start+size:]
	}
	flush()
	plain(s)
	return out.String()
}

// cutWord reads the encoded word at the start of s and returns how many bytes it takes.
func cutWord(s string) (w word, size int, ok bool) {
	rest := s[2:]
	mark := strings.IndexByte(rest, '?')
	if mark <= 0 || mark > 60 || len(rest) < mark+3 || rest[mark+2] != '?' {
		return word{}, 0, false
	}
	charset, encoding := rest[:mark], rest[mark+1]
	if strings.ContainsAny(charset, " \t\"<>") {
		return word{}, 0, false
	}
	charset, _, _ = strings.Cut(charset, "*") // language tag, RFC 2231 section 5
	payload := rest[mark+3:]
	end := strings.Index(payload, "?=")
	if end < 0 {
		// A truncated last word: take what is there.
		if strings.ContainsAny(payload, " \t") || payload == "" {
			return word{}, 0, false
		}
		end = len(strings.TrimRight(payload, "?="))
		size = len(s)
	} else {
		size = 2 + mark + 3 + end + 2
	}
	// A "Q" payload that begins with an encoded "=" as in "?Q?=C3" was found at its own "?=": look one further.
	if end == 0 && size < len(s) && (encoding == 'Q' || encoding == 'q') {
		if further := strings.Index(payload[1:], "?="); further >= 0 {
			end = further + 1
			size = 2 + mark + 3 + end + 2
		}
	}
	payload = payload[:end]
	switch encoding {
	case 'B', 'b':
		return word{charset, looseBase64(nil, []byte(payload))}, size, true
	case 'Q', 'q':
		return word{charset, decodeQ(payload)}, size, true
	}
	return word{}, 0, false
}

// decodeQ decodes the "Q" encoding of RFC 2047 section 4.2.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// looseBase64 appends to dst what src encodes, skipping bytes outside the alphabet and making do without padding.
func looseBase64(dst, src []byte) []byte {
	clean := make([]byte, 0, len(src))
	urlSafe := !bytes.ContainsAny(src, "+/") // RFC 4648 section 5
	for i, c := range src {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-' && urlSafe:
			clean = append(clean, '+')
		case c == '_' && urlSafe:
			clean = append(clean, '/')
		case c == '=':
			// Padding ends one run. What follows may be the next (concatenated encodings), so the run is decoded by itself.
			if rest := src[i+1:]; len(rest) > 0 && len(clean) > 0 {
				dst = appendBase64(dst, clean)
				clean = clean[:0]
			}
		}
	}
	return appendBase64(dst, clean)
}

func appendBase64(dst, clean []byte) []byte {
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	dst, err := base64.RawStdEncoding.AppendDecode(dst, clean)
	_ = err // every byte is of the alphabet and the length is possible: there is no error left
	return dst
}
