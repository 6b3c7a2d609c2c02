package message

import (
	"bytes"
	"strings"

	"radicado/mailbox"
)

// maxFields bounds how many header fields of one part are kept. Real mails have under 200.
const maxFields = 5000

// splitHeader parts a mail, or a MIME part, into its fields and its body. It takes what senders get wrong: blank lines
// and an mbox "From " line on top, lines that are no field, a missing empty line before the body.
func splitHeader(b []byte, note func(string)) (mailbox.Header, []byte) {
	var header mailbox.Header
	b = skipPreamble(b)
	for len(b) > 0 {
		line, rest := cutLine(b)
		if len(line) == 0 {
			return header, rest
		}
		name, value, ok := cutField(line)
		if !ok {
			if blank(line) && len(header) > 0 && !startsField(rest) {
				return header, rest
			}
			if !startsField(rest) {
				if len(header) > 0 {
					note("header not ended by an empty line")
				}
				return header, b
			}
			note("line in the header that is no field")
			b = rest
			continue
		}
		more, after := foldedLines(rest)
		if header == nil {
			header = make(mailbox.Header, 0, 24)
		}
		if len(header) < maxFields {
			header = append(header, newField(line, name, value, more))
		}
		b = after
	}
	return header, nil
}

// skipPreamble drops blank lines, a byte order mark and an mbox envelope line in front of the header.
func skipPreamble(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	start := b
	for len(b) > 0 {
		line, rest := cutLine(b)
		if !blank(line) && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) {
			break
		}
		b = rest
	}
	if !startsField(b) {
		// Not a header at all: an empty header followed by a body, as MIME parts without fields have it.
		return start
	}
	return b
}

// cutLine returns the first line without its line end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return bytes.TrimRight(b, "\r"), nil
	}
	return bytes.TrimRight(b[:i], "\r"), b[i+1:]
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// cutField splits "Name: value". RFC 5322 section 2.2 allows printable ASCII but the colon in the name; the obsolete
// form of section 4.5 allows white space before the colon.
func cutField(line []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 200 {
		return nil, nil, false
	}
	name = bytes.TrimRight(line[:colon], " \t")
	if len(name) == 0 {
		return nil, nil, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return nil, nil, false
		}
	}
	return name, line[colon+1:], true
}

// startsField reports whether b begins with a header field.
func startsField(b []byte) bool {
	line, _ := cutLine(b)
	_, _, ok := cutField(line)
	return ok
}

// foldedLines returns the continuation lines at the start of b (RFC 5322 section 2.2.3) and what follows them.
func foldedLines(b []byte) (folded, rest []byte) {
	rest = b
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		line, after := cutLine(rest)
		if blank(line) {
			// White space alone ends the header unless a field or a continuation follows.
			if len(after) == 0 || !(after[0] == ' ' || after[0] == '\t') && !startsField(after) {
				break
			}
		}
		rest = after
	}
	return b[:len(b)-len(rest)], rest
}

// newField makes one field out of its line, cut into name and value, and the lines that continue it.
func newField(line, name, value, folded []byte) mailbox.Field {
	if len(folded) > 0 {
		return mailbox.Field{Name: string(name), Value: unfold(value, folded)}
	}
	s := string(line) // one allocation for both
	return mailbox.Field{Name: s[:len(name)], Value: strings.Trim(s[len(s)-len(value):], " \t\x00")}
}

// unfold joins the first line of a field with its continuation lines.
func unfold(first, folded []byte) string {
	var sb strings.Builder
	sb.Grow(len(first) + len(folded))
	sb.Write(first)
	for len(folded) > 0 {
		line, rest := cutLine(folded)
		sb.Write(line)
		folded = rest
	}
	return strings.Trim(sb.String(), " \t\x00")
}
