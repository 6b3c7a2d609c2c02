package message

import (
	"strings"
	"unicode/utf8"

	"radicado/mailbox"
)

// maxAddresses bounds how many addresses of one field are kept.
const maxAddresses = 1000

// parseAddresses reads an address list (RFC 5322 section 3.4) as leniently as it can be read: groups, comments, source
// routes, names without quotes, brackets that do not close, semicolons for commas. It returns no address without an @,
// unless the whole field has none.
func parseAddresses(value string) []mailbox.Address {
	p := addressParser{s: value}
	return p.parse()
}

func (p *addressParser) parse() []mailbox.Address {
	for p.i < len(p.s) && len(p.list) < maxAddresses {
		p.step()
	}
	p.flush()
	return p.list
}

// addressParser goes over the field once, byte by byte.
type addressParser struct {
	s       string
	i       int
	list    []mailbox.Address
	phrase  strings.Builder // words before the angle bracket, or the bare address
	comment string          // the last comment: the name, where there is no phrase (RFC 5322 section 3.4)
	angle   string
	bracket bool // an angle address was seen
	decoded bool // the field is what encoded words stood for, and is not decoded again
}

func (p *addressParser) step() {
	switch c := p.s[p.i]; c {
	case '"':
		text, ok := p.quotedString()
		if !ok {
			p.phrase.WriteByte('"')
			p.i++
			return
		}
		// A quoted local part: "john doe"@example.org
		if p.i < len(p.s) && p.s[p.i] == '@' {
			text = `"` + text + `"`
		}
		p.phrase.WriteString(text)
	case '(':
		p.comment = p.commentText()
	case '<':
		p.angleAddress()
	case ',', ';':
		p.flush()
		p.i++
	case ':':
		if p.isGroupName() {
			p.reset()
		} else {
			p.phrase.WriteByte(':')
		}
		p.i++
	default:
		p.phrase.WriteByte(c)
		p.i++
	}
}

// isGroupName reports whether the phrase so far names a group: "Undisclosed recipients:".
func (p *addressParser) isGroupName() bool {
	name := p.phrase.String()
	return !p.bracket && !strings.ContainsAny(name, "@") && !strings.EqualFold(strings.TrimSpace(name), "mailto") &&
		!strings.HasSuffix(name, "[IPv6") && strings.TrimSpace(name) != "" || strings.EqualFold(strings.TrimSpace(name), "mailto")
}

func (p *addressParser) quotedString() (string, bool) {
	var sb strings.Builder
	for i := p.i + 1; i < len(p.s); i++ {
		switch c := p.s[i]; c {
		case '\\':
			if i+1 < len(p.s) {
				i++
				sb.WriteByte(p.s[i])
			}
		case '"':
			p.i = i + 1
			return sb.String(), true
		default:
			sb.WriteByte(c)
		}
	}
	return "", false
}

func (p *addressParser) commentText() string {
	depth, start := 0, p.i
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				text := p.s[start+1 : p.i]
				p.i++
				return text
			}
		}
	}
	p.i = len(p.s)
	return p.s[start+1:]
}

func (p *addressParser) angleAddress() {
	rest := strings.TrimLeft(p.s[p.i:], "<")
	start := len(p.s) - len(rest)
	end := strings.IndexByte(rest, '>')
	if end < 0 {
		end = strings.IndexAny(rest, ",;")
		if end < 0 {
			end = len(rest)
		}
		p.i = start + end
	} else {
		p.i = start + end
		for p.i < len(p.s) && p.s[p.i] == '>' {
			p.i++
		}
	}
	text := rest[:end]
	// "Name <no address> <a@b>": the one with an @ counts.
	if p.bracket && !strings.Contains(text, "@") {
		return
	}
	if p.bracket && !strings.Contains(p.angle, "@") {
		p.phrase.WriteString(p.angle)
	}
	p.angle, p.bracket = text, true
}

func (p *addressParser) reset() {
	p.phrase.Reset()
	p.comment, p.angle, p.bracket = "", "", false
}

// flush adds what was gathered to the list.
func (p *addressParser) flush() {
	name := strings.TrimSpace(p.phrase.String())
	comment, angle, bracket := p.comment, p.angle, p.bracket
	p.reset()
	if !bracket {
		p.bare(name, comment)
		return
	}
	addr := cleanAddress(angle)
	name = decodeName(name)
	if name == "" {
		name = decodeName(comment)
	}
	if addr == "" && strings.Contains(name, "@") && !strings.ContainsAny(name, " \t") {
		addr, name = cleanAddress(name), ""
	}
	if addr != "" || name != "" {
		p.list = append(p.list, mailbox.Address{Name: name, Addr: addr})
	}
}

// bare adds an address without angle brackets; words around it are its name.
func (p *addressParser) bare(text, comment string) {
	if text == "" {
		return
	}
	if strings.Contains(text, "=?") && !p.decoded {
		text = decodeHeader(text)
		if strings.Contains(text, "<") {
			inner := addressParser{s: text, decoded: true}
			p.list = append(p.list, inner.parse()...)
			return
		}
	}
	if !strings.ContainsAny(text, " \t") || strings.HasPrefix(text, `"`) {
		p.list = append(p.list, mailbox.Address{Name: decodeName(comment), Addr: cleanAddress(text)})
		return
	}
	if compact := strings.Join(strings.Fields(text), ""); strings.Contains(text, " @") || strings.Contains(text, "@ ") || strings.Contains(text, " .") {
		p.list = append(p.list, mailbox.Address{Name: decodeName(comment), Addr: cleanAddress(compact)})
		return
	}
	var words []string
	addr := ""
	for _, w := range strings.Fields(text) {
		if strings.Contains(w, "@") && addr == "" {
			addr = cleanAddress(w)
			continue
		}
		words = append(words, w)
	}
	p.list = append(p.list, mailbox.Address{Name: decodeName(strings.Join(words, " ")), Addr: addr})
}

// cleanAddress strips what does not belong to an addr-spec: white space, comments, source routes, "mailto:".
func cleanAddress(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "=?") {
		s = decodeHeader(s)
	}
	if !utf8.ValidString(s) {
		s = decodeCharset([]byte(s), "")
	}
	for {
		open := strings.IndexByte(s, '(')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], ')')
		if end < 0 {
			break
		}
		s = s[:open] + s[open+end+1:]
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") { // <@relay,@relay:user@host>, RFC 5322 section 4.4
		if colon := strings.IndexByte(s, ':'); colon >= 0 {
			s = s[colon+1:]
		}
	}
	if !strings.HasPrefix(s, `"`) {
		s = strings.Join(strings.Fields(s), "")
		s = strings.Trim(s, "'<>[],;")
	}
	return oneLine(s)
}

// decodeName returns a display name without the quotes that some senders put around it twice.
func decodeName(s string) string {
	name := strings.Join(strings.Fields(decodeHeader(s)), " ")
	if len(name) > 1 && (name[0] == '"' && name[len(name)-1] == '"' || name[0] == '\'' && name[len(name)-1] == '\'') {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return name
}

// addresses reads every field of that name.
func addresses(h mailbox.Header, name string) []mailbox.Address {
	var list []mailbox.Address
	for _, value := range h.Values(name) {
		list = append(list, parseAddresses(value)...)
	}
	return list
}

// usable returns the first address that mail can be sent to.
func usable(list []mailbox.Address) (mailbox.Address, bool) {
	for _, a := range list {
		if local, domain, ok := strings.Cut(a.Addr, "@"); ok && local != "" && domain != "" {
			return a, true
		}
	}
	return mailbox.Address{}, false
}
