package trust

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"radicado/mailbox"
)

// place says which fields of a header our own servers added.
type place struct {
	above  int    // fields [0, above) were added by our servers
	border int    // index of the border Received; -1 where the walk reached none
	inside bool   // every Received is inner: the mail never came from outside
	said   string // the same for people
}

// walk finds the place as the package comment describes.
func (p Policy) walk(header mailbox.Header) place {
	last, inner := -1, 0
	for i, field := range header {
		if !named(field, "Received") {
			continue
		}
		h := parseHop(field.Value)
		switch p.kind(h) {
		case foreign:
			if last < 0 {
				return place{border: -1, said: fmt.Sprintf("the topmost Received is by %s, which is none of our servers", quote(h.by))}
			}
			return place{above: last, border: -1, said: fmt.Sprintf("below %d Received of ours comes one by %s", inner, quote(h.by))}
		case border:
			return place{above: i, border: i, said: fmt.Sprintf("came in from outside at %s", quote(h.by))}
		case innerHop:
			last, inner = i, inner+1
		}
	}
	if last < 0 {
		return place{border: -1, said: "no Received field: no field can be told to be our server's"}
	}
	return place{above: last, border: -1, inside: true, said: "every Received is between our own servers"}
}

type hopKind int

const (
	foreign hopKind = iota
	innerHop
	border
)

var (
	// The names of Exchange Online, its national clouds included.
	microsoftHosts = []string{"outlook.com", "office365.com", "office365.us", "outlook.cn"}
	// The addresses from which its machines talk to one another: Microsoft's own block and unroutable ones.
	microsoftInner = []netip.Prefix{
		netip.MustParsePrefix("2603:1000::/24"), netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8"),
	}
	googleHosts = []string{"google.com", "gmail.com"}
	// Google's machines name themselves by 6to4 forms of 10.5.0.0/16 in "Received: by".
	googleInner = netip.MustParsePrefix("2002:a05::/32")
)

// kind says what a Received field means to the walk.
func (p Policy) kind(h hop) hopKind {
	switch p.Server {
	case ServerMicrosoft365:
		switch {
		case under(h.by, p.Hosts):
			return p.ownKind(h)
		case !under(h.by, microsoftHosts):
			return foreign
		case strings.Contains("."+h.by, ".protection."):
			return border
		case under(h.from, microsoftHosts) && h.fromAll(microsoftInner):
			return innerHop
		}
		return border
	case ServerGoogle:
		if by, err := netip.ParseAddr(h.by); err == nil && googleInner.Contains(by) && h.from == "" {
			return innerHop
		}
		if under(h.by, googleHosts) {
			return border
		}
	}
	if !under(h.by, p.Hosts) {
		return foreign
	}
	return p.ownKind(h)
}

// ownKind tells inner from border among the fields of our own hosts. RFC 3848: a protocol that ends in A was
// authenticated, which is how people submit mail, even by LMTP.
func (p Policy) ownKind(h hop) hopKind {
	authenticated := strings.HasSuffix(h.with, "A")
	switch {
	case authenticated:
		return border
	case strings.HasPrefix(h.with, "LMTP"):
		return innerHop
	case h.fromAll(p.Internal):
		return innerHop
	}
	return border
}

// hop is what a Received field says (RFC 5321 section 4.4).
type hop struct {
	from  string // the name that the peer gave itself, in lower case; "" where there is no from clause
	by    string // the host that wrote the field, in lower case
	with  string // the protocol in upper case
	addrs []netip.Addr
}

// fromAll reports whether the field names addresses of the peer and all lie in the prefixes.
func (h hop) fromAll(prefixes []netip.Prefix) bool {
	for _, addr := range h.addrs {
		if !slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			return false
		}
	}
	return len(h.addrs) > 0
}

// parseHop reads a Received field. One whose clauses come twice is somebody's attempt to confuse and gives the zero hop, which
// is foreign to everybody.
func parseHop(value string) hop {
	var h hop
	clause, seen := "", make([]string, 0, 6)
	for _, word := range hopWords(value) {
		if word.comment {
			if clause == "from" {
				h.addrs = append(h.addrs, addresses(word.text)...)
			}
			continue
		}
		if word.text == ";" {
			break
		}
		switch lower := strings.ToLower(word.text); lower {
		case "from", "by", "with", "via", "id", "for":
			if slices.Contains(seen, lower) {
				return hop{}
			}
			seen, clause = append(seen, lower), lower
			continue
		}
		switch {
		case clause == "from":
			if h.from == "" {
				h.from = hostName(word.text)
			}
			h.addrs = append(h.addrs, addresses(word.text)...)
		case clause == "by" && h.by == "":
			h.by = hostName(word.text)
		case clause == "with" && h.with == "":
			h.with = strings.ToUpper(word.text)
		}
	}
	return h
}

type hopWord struct {
	text    string
	comment bool
}

// hopWords cuts a Received field into words and comments. A comment that is not closed runs to the end: what it hides is
// not read.
func hopWords(value string) []hopWord {
	words := make([]hopWord, 0, 24)
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == ';':
			words = append(words, hopWord{text: ";"})
			i++
		case c == '(':
			end, err := skipComment(value, i)
			if err != nil {
				end = len(value)
			}
			words = append(words, hopWord{text: value[i:end], comment: true})
			i = end
		default:
			end := i
			for end < len(value) && strings.IndexByte(" \t\r\n;(", value[end]) < 0 {
				end++
			}
			words = append(words, hopWord{text: value[i:end]})
			i = end
		}
	}
	return words
}

// addresses finds the IP addresses in a word or comment, in whatever brackets the server put them.
func addresses(text string) []netip.Addr {
	var found []netip.Addr
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n()[]<>=,;\"", r) }) {
		if len(part) > 5 && strings.EqualFold(part[:5], "IPv6:") { // RFC 5321 section 4.1.3
			part = part[5:]
		}
		if addr, err := netip.ParseAddr(part); err == nil {
			found = append(found, addr.Unmap().WithZone(""))
		} else if pair, err := netip.ParseAddrPort(part); err == nil {
			found = append(found, pair.Addr().Unmap().WithZone(""))
		}
	}
	return found
}

func hostName(s string) string {
	return strings.TrimSuffix(strings.ToLower(strings.Trim(s, "[]")), ".")
}

// under reports whether the host is one of the names or below one.
func under(host string, names []string) bool {
	return host != "" && slices.ContainsFunc(names, func(name string) bool {
		name = strings.ToLower(name)
		return host == name || strings.HasSuffix(host, "."+name)
	})
}

func named(f mailbox.Field, name string) bool {
	return strings.EqualFold(strings.TrimSpace(f.Name), name)
}
