package message

import (
	"bytes"
	"crypto/sha256"
	"unicode/utf8"
)

// maxWords bounds how much text of one mail is read, in bytes: some three hundred pages, which nobody writes into a mail. What goes
// beyond it, a pasted log or an export, stays in the mail as it was kept. A text costs the program many times its length.
const maxWords = 1 << 20

// clip returns what is read of a text of the mail, and keeps a digest of the rest.
func clip[T string | []byte](b *body, text T) T {
	room := maxWords - b.read
	if len(text) <= room {
		b.read += len(text)
		return text
	}
	end := room - overhang([]byte(text[max(0, room-nearLine):room]), text[room])
	if b.beyond == nil {
		b.beyond = sha256.New()
	}
	for rest := text[end:]; len(rest) > 0; {
		n := min(len(rest), 1<<16)
		b.beyond.Write([]byte(rest[:n]))
		rest = rest[n:]
	}
	b.read += end
	return text[:end]
}

// nearLine is how far before the bound a line may end for the text to be cut there, in bytes.
const nearLine = 1000

// overhang is how many bytes at the end of a cut text are given up, so that it ends with a line or, at least, a character.
func overhang(end []byte, next byte) int {
	if i := bytes.LastIndexByte(end, '\n'); i >= 0 {
		return len(end) - i - 1
	}
	for n := range min(len(end), utf8.UTFMax) {
		if utf8.RuneStart(next) {
			return n
		}
		next = end[len(end)-1-n]
	}
	return 0
}

// isWrapped reports whether a text holds files or PGP armour, which only the whole of it shows.
func isWrapped(text []byte) bool {
	return bytes.Contains(text, []byte("\nbegin ")) || bytes.HasPrefix(text, []byte("begin ")) || bytes.Contains(text, []byte("-----BEGIN PGP "))
}

// markup returns what is read of an HTML.
func (b *body) markup(html []byte) []byte {
	if len(html) > maxWords-b.read {
		html = withoutData(html)
	}
	return clip(b, html)
}

// withoutData drops what an HTML holds of pictures in itself (RFC 2397), which is no text and may be nearly all of it.
func withoutData(html []byte) []byte {
	const mark = ";base64,"
	out := make([]byte, 0, min(len(html), 2*maxWords))
	for {
		start := bytes.Index(html, []byte(mark))
		if start < 0 {
			return append(out, html...)
		}
		start += len(mark)
		out = append(out, html[:start]...)
		html = html[start:]
		end := 0
		for end < len(html) && (html[end] == '+' || html[end] == '/' || html[end] == '=' || html[end] == '%' || html[end] == '\r' || html[end] == '\n' || isAlphanumeric(html[end])) {
			end++
		}
		html = html[end:]
	}
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
