package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// decodeText returns a text part as UTF-8 with single line feeds and no control characters but tabs.
func decodeText(b []byte, label string) string {
	if (isASCII(b) || utf8.Valid(b) && narrow(label)) && !stateful(label) && bytes.IndexByte(b, 0x1b) < 0 {
		return tidy(b)
	}
	return normalise(decodeCharset(b, label))
}

// narrow reports whether well-formed UTF-8 under this label is UTF-8: where the label says so, says nothing, or names a
// single-byte charset.
func narrow(label string) bool {
	enc, name := lookup(strings.ToLower(strings.Trim(label, " \t\"'")))
	return enc == nil || name == "utf-8" || singleByte(enc)
}

// tidy is normalise for bytes, with one copy.
func tidy(b []byte) string {
	var sb strings.Builder
	sb.Grow(len(b))
	for len(b) > 0 {
		i := 0
		for i < len(b) && (b[i] >= ' ' && b[i] != 0x7f || b[i] == '\n' || b[i] == '\t') {
			i++
		}
		sb.Write(b[:i])
		if i == len(b) {
			break
		}
		if b[i] == '\r' && (i+1 == len(b) || b[i+1] != '\n') {
			sb.WriteByte('\n')
		}
		b = b[i+1:]
	}
	return sb.String()
}

// normalise gives a text single line feeds and no control characters but tabs.
func normalise(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\n' && s[i] != '\t' || s[i] == 0x7f {
			return tidy([]byte(s))
		}
	}
	return s
}

// unflow joins the lines that format=flowed broke (RFC 3676 section 4): a line that ends in a space goes on in the next
// one of the same quote depth. "-- " stays a line of its own (section 4.3).
func unflow(s string, deleteSpace bool) string {
	var out strings.Builder
	out.Grow(len(s))
	open, openDepth := false, 0
	for rest := s; rest != ""; {
		var line string
		var more bool
		line, rest, more = strings.Cut(rest, "\n")
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		words := strings.TrimPrefix(line[depth:], " ") // space-stuffing, section 4.4
		if open && depth == openDepth && words != "-- " {
			line = words
		} else if open {
			out.WriteByte('\n')
		}
		if depth == 0 && !open {
			line = words
		}
		open = strings.HasSuffix(line, " ") && words != "-- " && more
		openDepth = depth
		if open && deleteSpace {
			line = line[:len(line)-1]
		}
		out.WriteString(line)
		if !open && more {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// plainEnriched drops the marks of text/enriched (RFC 1896).
func plainEnriched(s string) string {
	var out strings.Builder
	last := len(s) - strings.LastIndex(s, "</param>") // bytes that are left where it begins: behind it nothing is looked for
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		out.WriteString(s[:open])
		s = s[open:]
		if strings.HasPrefix(s, "<<") {
			out.WriteByte('<')
			s = s[2:]
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 || end > 60 {
			out.WriteByte('<')
			s = s[1:]
			continue
		}
		tag := strings.ToLower(s[1:end])
		s = s[end+1:]
		if tag == "param" && len(s) >= last {
			if _, after, ok := strings.Cut(s, "</param>"); ok {
				s = after
			}
		}
		if tag == "nl" || tag == "paragraph" {
			out.WriteByte('\n')
		}
	}
	out.WriteString(s)
	return out.String()
}
