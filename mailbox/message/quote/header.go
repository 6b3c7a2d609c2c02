package quote

import (
	"strings"
	"unicode/utf8"
)

// Header is the header of a quoted or forwarded mail, as it stands in a text. Its values are as written.
type Header struct {
	From, Subject, Date, To string
}

// headerBlock is a run of lines that label a quoted mail: "From: …", "Sent: …".
type headerBlock struct {
	header   Header
	from, to int // lines[from:to]
	labels   int // how many different roles were named
	strong   bool
}

// maxHeaderLines bounds how long a quoted header may be: long lists of recipients wrap.
const maxHeaderLines = 60

// findHeader reads a header block that begins at lines[i]. With sure, something before it already announced one, and two
// labels suffice; otherwise it takes three, or two with an address or a date among their values.
func findHeader(lines []line, i int, sure bool) (headerBlock, bool) {
	b := headerBlock{from: i, to: i}
	first, _, ok := cutLabel(lines[i].text)
	if !ok || first == roleOther || first == roleCopy {
		return b, false
	}
	var seen [roleOther + 1]bool
	depth := lines[i].depth
	var last *string
	for n := i; n < len(lines) && n < i+maxHeaderLines; n++ {
		l := lines[n]
		if l.depth != depth && !l.blank {
			break
		}
		r, value, ok := cutLabel(l.text)
		if !ok {
			if !b.continues(lines, n) {
				break
			}
			if last != nil && !l.blank {
				*last += " " + l.text
			}
			continue
		}
		if seen[r] && r != roleOther && r != roleCopy && !(r == roleDate) {
			break // the next mail's header
		}
		if !seen[r] && r != roleOther {
			b.labels++
		}
		seen[r] = true
		last = b.set(r, value)
		b.strong = b.strong || telling(r, value)
		b.to = n + 1
	}
	if !seen[roleFrom] && !(seen[roleDate] && (seen[roleTo] || seen[roleSubject])) {
		return b, false
	}
	// Labels alone do not do: memoranda and forms have them too.
	if b.labels >= 2 && (b.strong || sure) || b.labels >= 1 && sure && b.strong {
		return b, true
	}
	return b, false
}

func (b *headerBlock) set(r role, value string) *string {
	var field *string
	switch r {
	case roleFrom:
		field = &b.header.From
	case roleSubject:
		field = &b.header.Subject
	case roleDate:
		field = &b.header.Date
	case roleTo:
		field = &b.header.To
	default:
		return nil
	}
	if *field == "" {
		*field = value
	}
	return field
}

// continues reports whether lines[n], which has no label, still belongs to the header: the rest of a long value, or one
// blank line between two labels.
func (b *headerBlock) continues(lines []line, n int) bool {
	for next := n + 1; next < len(lines) && next <= n+3; next++ {
		if lines[next].depth != lines[n].depth && !lines[next].blank {
			return false
		}
		if r, _, ok := cutLabel(lines[next].text); ok && r != noRole {
			if lines[n].blank {
				return next == n+1 && b.labels < 3
			}
			// The rest of a value is an address list or short.
			return strings.ContainsAny(lines[n].text, "@;<>") || len(lines[n].text) < 80 && b.labels >= 1 && next == n+1
		}
		if lines[n].blank || lines[next].blank {
			return false
		}
	}
	return false
}

// telling reports whether a value is one that only a real header has: an address, or a date with digits.
func telling(r role, value string) bool {
	switch r {
	case roleFrom, roleTo, roleCopy:
		return strings.Contains(value, "@")
	case roleDate:
		return dated(value) && clocked(value) // people write a day, mail programs the time as well
	}
	return false
}

// cutLabel splits "*From:* value" into the role of the label and the value.
func cutLabel(s string) (role, string, bool) {
	if s == "" || s[0] == '-' && !strings.HasPrefix(s, "- ") {
		return noRole, "", false
	}
	const longest = 48
	colon, width := strings.IndexByte(s[:min(len(s), longest)], ':'), 1
	if wide := strings.Index(s[:min(len(s), longest)], "："); wide >= 0 && (colon < 0 || wide < colon) {
		colon, width = wide, len("：")
	}
	if colon <= 0 {
		return noRole, "", false
	}
	label := strings.Trim(fold(s[:colon]), "*_|~ \t\u00a0.")
	r, ok := labels[label]
	if !ok {
		return noRole, "", false
	}
	value := trimSpace(strings.TrimLeft(s[colon+width:], "*_| \t"))
	value = trimSpace(strings.TrimSuffix(strings.TrimSuffix(value, "|"), "*"))
	return r, value, true
}

// inlineHeader reads the header that Yahoo puts on one line after its separator, with nothing between the value of one
// field and the label of the next.
func inlineHeader(s string) (Header, bool) {
	var h Header
	from, value, ok := cutLabel(trimSpace(s))
	if !ok || from != roleFrom || !strings.Contains(value, "@") {
		return h, false
	}
	end := strings.IndexByte(value, '>')
	if end < 0 {
		return h, false
	}
	h.From = value[:end+1]
	rest := value[end+1:]
	best := -1
	for _, word := range labelWords[roleSubject] {
		title := titled(word)
		for _, mark := range []string{":", " "} {
			if i := strings.LastIndex(rest, title+mark); i > best {
				best = i
				h.Subject = trimSpace(strings.TrimPrefix(rest[i+len(title):], ":"))
			}
		}
	}
	return h, true
}

// titled writes the first letter of a label large.
func titled(word string) string {
	r, n := utf8.DecodeRuneInString(word)
	return strings.ToUpper(string(r)) + word[n:]
}
