package trust

import (
	"bytes"
	"fmt"
	"strings"

	"radicado/mailbox"
)

// author is who the mail says wrote it, once it says so in one voice.
type author struct {
	addr   string // in the form in which addresses compare
	domain string // in ASCII form
}

// readAuthor returns the one author of a mail, or why there is none. The header is read twice: strictly out of the raw
// bytes, as a server does that checks signatures, and tolerantly by whoever made the Message. Where the two differ, a signature
// might cover one From and the reader believe another, so that they must agree.
func readAuthor(raw mailbox.Header, m *mailbox.Message) (author, string) {
	// Of what is there twice a signature covers the lower one (RFC 6376 section 5.4.2) and a reader takes the upper one. Date and Message-ID
	// tell an old command from a new one, and the others how its text reads.
	for _, name := range []string{"From", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding"} {
		strict, read := valuesOf(raw, name), valuesOf(m.Header, name)
		// RFC 5322 section 3.6: at most one of each.
		if len(strict) > 1 || len(read) > 1 {
			return author{}, fmt.Sprintf("%d %s fields: a signature covers one and a reader may show another", max(len(strict), len(read)), name)
		}
		if len(strict) != len(read) || len(strict) == 1 && squeeze(strict[0]) != squeeze(read[0]) {
			return author{}, fmt.Sprintf("the %s field is not the same when the header is read strictly", name)
		}
	}
	switch {
	case len(valuesOf(raw, "From")) == 0:
		return author{}, "no From field"
	case len(m.Authors) != 1:
		return author{}, fmt.Sprintf("%d addresses in From: nobody can tell which of them wrote", len(m.Authors))
	case m.Authors[0].Key() != m.From.Key():
		return author{}, "the author is not the address in From"
	}
	key := m.From.Key()
	who := author{addr: key, domain: asciiDomain(m.From.Domain())}
	local, _, _ := strings.Cut(key, "@")
	if local == "" || who.domain == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return author{}, fmt.Sprintf("%s is no address of a domain", quote(key))
	}
	return who, ""
}

func valuesOf(h mailbox.Header, name string) []string {
	var values []string
	for _, f := range h {
		if named(f, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// squeeze removes all white space, which folding may have changed.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// rawHeader reads the header as RFC 5322 section 2.2 has it and as go-msgauth does: lines up to the first empty one.
// White space before the colon is taken for part of no name, as old servers did, so that "From :" counts as a From.
func rawHeader(raw []byte) mailbox.Header {
	header := make(mailbox.Header, 0, 24)
	var folded []byte // the further lines of the last field; joined once, as there may be hundreds of thousands
	unfold := func() {
		if len(folded) > 0 {
			header[len(header)-1].Value += string(folded)
			folded = folded[:0]
		}
	}
	for len(raw) > 0 {
		line := raw
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			line, raw = raw[:end], raw[end+1:]
		} else {
			raw = nil
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(header) > 0 {
			folded = append(folded, line...)
			continue
		}
		unfold()
		name, value, _ := strings.Cut(string(line), ":")
		header = append(header, mailbox.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	unfold()
	return header
}
