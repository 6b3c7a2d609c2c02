package message

import (
	"bytes"
	"mime"
	"strings"

	"radicado/mailbox"
)

// Limits on the structure of one mail. Real mails stay under a tenth of each; past them the rest is kept as one
// attachment and a defect says so.
const (
	maxDepth = 24
	maxParts = 2000
)

// part is one MIME entity (RFC 2045 section 2.4). Its body is a slice of the mail: nothing is copied.
type part struct {
	header   mailbox.Header
	kind     string // media type in lower case, never ""
	params   map[string]string
	body     []byte  // as encoded
	children []*part // of a multipart; the message inside a message/rfc822
	declared bool    // the mail named the media type itself
	raw      []byte  // header and body, of the message inside a message/rfc822
}

// splitter takes a mail apart and keeps count.
type splitter struct {
	parts      int
	decoded    int      // messages within that came encoded
	boundaries []string // of the multiparts so far
	defects    *defects
}

// maxDecoded bounds how many messages within a mail, in each other or beside each other, are decoded to be read: each costs a copy.
const maxDecoded = 3

// maxBoundaries bounds how many boundaries are remembered to find stray parts by.
const maxBoundaries = 8

// defects gathers what is wrong with a mail, each thing once.
type defects struct{ list []string }

const maxDefects = 50

func (d *defects) add(what string) {
	for _, known := range d.list {
		if known == what {
			return
		}
	}
	if len(d.list) < maxDefects {
		d.list = append(d.list, what)
	}
}

// split reads the entity in b. depth is how many entities are around it.
func (s *splitter) split(b []byte, fallback string, depth int) *part {
	s.parts++
	p := &part{raw: b}
	p.header, p.body = splitHeader(b, s.defects.add)
	p.kind, p.params, p.declared = contentType(p.header, fallback)
	if !p.declared && p.kind == "text/plain" && len(p.body) > 0 {
		s.undeclared(p)
	}
	switch {
	case depth >= maxDepth:
		if strings.HasPrefix(p.kind, "multipart/") || p.kind == "message/rfc822" {
			s.defects.add("nested too deep: the innermost parts are kept as one file")
			p.kind = "application/octet-stream"
		}
	case strings.HasPrefix(p.kind, "multipart/"):
		s.splitMultipart(p, depth)
	case p.kind == "message/rfc822", p.kind == "message/global":
		inner := p.body
		if enc := transferEncoding(p.header); enc == "base64" || enc == "quoted-printable" {
			if s.decoded++; s.decoded > maxDecoded {
				s.defects.add("many encoded messages within: the rest is kept as files")
				p.kind = "application/octet-stream"
				return p
			}
			inner = p.content(s.defects) // forbidden by RFC 2046 section 5.2.1, and sent
		}
		if len(bytes.TrimSpace(inner)) > 0 {
			p.children = []*part{s.split(inner, "text/plain", depth+1)}
		}
	case strings.HasPrefix(p.kind, "text/"):
		s.splitStray(p, depth)
	}
	return p
}

// splitStray parts a text in which parts of an earlier multipart go on, whose end got lost.
func (s *splitter) splitStray(p *part, depth int) {
	if enc := transferEncoding(p.header); enc == "base64" {
		return
	}
	at, boundary := len(p.body), ""
	for _, b := range s.boundaries {
		if i := bytes.Index(p.body[:at], []byte("\n--"+b+"\n")); i >= 0 {
			at, boundary = i, b
		} else if i := bytes.Index(p.body[:at], []byte("\n--"+b+"\r\n")); i >= 0 {
			at, boundary = i, b
		}
	}
	bodies, _ := splitAtBoundary(p.body, boundary)
	if len(bodies) == 0 {
		return
	}
	s.defects.add("a part outside its multipart")
	first := &part{header: p.header, kind: p.kind, params: p.params, declared: p.declared, body: p.body[:at], raw: p.raw}
	p.kind, p.children = "multipart/mixed", []*part{first}
	s.splitBodies(p, bodies, "text/plain", depth)
}

func (s *splitter) splitMultipart(p *part, depth int) {
	inner := "text/plain"
	if p.kind == "multipart/digest" {
		inner = "message/rfc822" // RFC 2046 section 5.1.5
	}
	if blank(p.body) {
		s.defects.add("multipart without a body")
		return
	}
	boundary := p.params["boundary"]
	bodies, closed := splitAtBoundary(p.body, boundary)
	if len(bodies) == 0 {
		if found := likelyBoundary(p.body); found != "" {
			s.defects.add("boundary is not the one that the header names")
			boundary = found
			bodies, closed = splitAtBoundary(p.body, found)
		}
	}
	if len(bodies) == 0 {
		s.defects.add("multipart without a boundary: read as text")
		p.kind = "text/plain"
		if looksLikeHTML(p.body) {
			p.kind = "text/html"
		}
		return
	}
	if !closed {
		s.defects.add("multipart not closed: the mail may be cut off")
	}
	if len(s.boundaries) < maxBoundaries {
		defer func() { s.boundaries = append(s.boundaries, boundary) }()
	}
	s.splitBodies(p, bodies, inner, depth)
}

func (s *splitter) splitBodies(p *part, bodies []span, inner string, depth int) {
	for _, body := range bodies {
		if s.parts >= maxParts {
			s.defects.add("too many parts: the rest is kept as one file")
			rest := p.body[body.start:]
			p.children = append(p.children, &part{kind: "application/octet-stream", body: rest, raw: rest})
			return
		}
		p.children = append(p.children, s.split(p.body[body.start:body.end], inner, depth+1))
	}
}

// undeclared takes a body for a multipart whose Content-Type got lost on the way.
func (s *splitter) undeclared(p *part) {
	head := p.body[:min(len(p.body), 2000)]
	before, _, _ := bytes.Cut(append([]byte("\n"), head...), []byte("\n--"))
	if len(before) > 300 || !blank(before) && !bytes.Contains(before, []byte("MIME")) {
		return // a copy of a mail in the text
	}
	if boundary := likelyBoundary(head); boundary != "" && bytes.Count(p.body, []byte("\n--"+boundary)) > 1 {
		s.defects.add("multipart without a Content-Type")
		p.kind, p.params = "multipart/mixed", map[string]string{"boundary": boundary}
	}
}

// span is a passage of a slice.
type span struct{ start, end int }

// splitAtBoundary returns the body parts between the delimiter lines (RFC 2046 section 5.1.1) and whether the closing
// one was there. A part after the closing delimiter is taken as well.
func splitAtBoundary(b []byte, boundary string) (bodies []span, closed bool) {
	if boundary == "" {
		return nil, false
	}
	delimiter := append([]byte("--"), boundary...)
	start := -1 // of the current part
	for at := 0; at < len(b); {
		i := bytes.Index(b[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		at = i + len(delimiter)
		if i > 0 && b[i-1] != '\n' {
			continue
		}
		line, _ := cutLine(b[at:])
		end := bytes.HasPrefix(line, []byte("--"))
		if !end && !blank(line) {
			continue // a longer boundary that begins like this one
		}
		if start >= 0 {
			bodies = append(bodies, span{start, start + len(trimLineEnd(b[start:i]))})
		}
		at += len(line)
		if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
			at += n + 1
		} else {
			at = len(b)
		}
		start = at
		if end {
			closed, start = true, -1
		}
	}
	if start >= 0 && start < len(b) {
		bodies = append(bodies, span{start, len(b)})
	}
	return bodies, closed
}

// trimLineEnd drops the line end before a delimiter, which belongs to the delimiter.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// likelyBoundary finds a delimiter line where the header names none or a wrong one: a line "--something" followed by a
// Content field.
func likelyBoundary(b []byte) string {
	for rest := b; len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		if len(line) > 4 && len(line) < 100 && bytes.HasPrefix(line, []byte("--")) && len(rest) > 8 &&
			bytes.EqualFold(rest[:8], []byte("content-")) {
			return string(bytes.TrimRight(line[2:], " \t"))
		}
	}
	return ""
}

// contentType reads Content-Type; fallback is the type of RFC 2045 section 5.2 where there is none.
func contentType(h mailbox.Header, fallback string) (kind string, params map[string]string, declared bool) {
	value := h.Get("Content-Type")
	if strings.TrimSpace(value) == "" {
		return fallback, nil, false
	}
	kind, params = parseParams(value)
	if major, minor, ok := strings.Cut(kind, "/"); !ok || major == "" || minor == "" {
		switch kind {
		case "text", "html":
			return map[string]string{"text": "text/plain", "html": "text/html"}[kind], params, true
		case "multipart":
			return "multipart/mixed", params, true
		}
		if params["boundary"] != "" {
			return "multipart/mixed", params, true
		}
		return fallback, params, false
	}
	return kind, params, true
}

// parseParams reads "value; name=value" fields (RFC 2045 section 5.1, RFC 2231). mime.ParseMediaType does it where the
// field is well formed; what people send often is not.
func parseParams(value string) (string, map[string]string) {
	// The library drops parameters in charsets other than UTF-8 (RFC 2231) without an error, and takes backslashes for
	// themselves.
	if !strings.ContainsAny(value, "*\\") {
		if kind, params, err := mime.ParseMediaType(value); err == nil {
			return kind, params
		}
	}
	kind, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.Trim(kind, " \t\"'<>"))
	if i := strings.IndexAny(kind, " \t("); i > 0 {
		kind = kind[:i]
	}
	return kind, looseParams(rest)
}

// transferEncoding returns the Content-Transfer-Encoding in lower case.
func transferEncoding(h mailbox.Header) string {
	enc := strings.ToLower(h.Get("Content-Transfer-Encoding"))
	if i := strings.IndexAny(enc, ";( \t"); i > 0 {
		enc = enc[:i]
	}
	return strings.Trim(enc, " \t\"'")
}
