// Package quote tells, in the text of a mail, what its author says now from what was said before: it finds quoted mails,
// forwarded mails, signatures and legal notices by the words of the mail clients and by the marks of their HTML. It cuts
// only what it knows the form of; whatever is in doubt counts as said now. It knows nothing of MIME and headers.
package quote

import (
	"strings"

	"radicado/mailbox/message/htmltext"
)

// Mail is what is known of the mail.
type Mail struct {
	Text       string
	Marks      []htmltext.Mark // of the HTML that Text was made of, nil for plain text
	Author     string          // display name of the sender, "" where unknown: a line with it begins a signature
	Forwarding bool            // the subject says that the mail is a forwarded one
}

// Kind says what a cut passage is.
type Kind string

// The kinds of cuts.
const (
	Quoted     Kind = "quote"
	Signature  Kind = "signature"
	Disclaimer Kind = "disclaimer"
	Forwarded  Kind = "forward"
)

// Cut is a passage of the text that was not said now.
type Cut struct {
	Kind       Kind
	Rule       string // what gave it away, in English
	Start, End int    // byte offsets into the text
}

// Forward is a mail inside the text that the author passed on.
type Forward struct {
	Header Header
	Text   string
}

// Result is what Split found.
type Result struct {
	New     string // the text without the cuts
	Cuts    []Cut  // in order, never overlapping
	Forward *Forward
}

// Split parts the text of a mail.
func Split(m Mail) Result {
	s := &splitter{mail: m, lines: splitLines(m.Text)}
	s.marks = marksOnLines(s.lines, m.Marks)
	s.end = len(s.lines)
	s.findHistory()
	s.findQuotes()
	s.findSignatures()
	return s.result()
}

// passage is a run of lines to be cut.
type passage struct {
	from, to int
	cut      int // bytes of the first line that stay
	kind     Kind
	rule     string
}

type splitter struct {
	mail         Mail
	lines        []line
	marks        []marked
	attributions []attribution // those with quoted lines behind them, in order
	end          int           // lines from here on are history
	tail         int           // end of what the author wrote: the signature stands before it
	passages     []passage
	forward      *Forward
	recent       [maxAttributionLines]ending // of the last lines that were asked about, by line modulo its length
	judged       int                         // lines that were asked about
	wraps        answer                      // does the mail have quoted lines that were broken?
}

// answer is one to a question that is asked once.
type answer int

const (
	unknown answer = iota
	yes
	no
)

// Limits on what is looked at in one mail. No person answers so many mails at once, or writes so many lines that may end an
// attribution.
const (
	maxAttributions = 300
	maxJudged       = 10_000
)

// ending is the answer to whether an attribution ends at a line.
type ending struct {
	line int // from 1 on; 0 for no answer
	attribution
	ok bool
}

// history is where the words of others begin and go on to the end of the mail.
type history struct {
	at      int // the first line of it
	cut     int // bytes of that line that stay
	body    int // the first line behind its header
	header  Header
	forward bool
	rule    string
}

// findHistory looks for the first sign that all that follows was written before: a quoted header, a separator, an
// attribution without quote marks behind it, or an element of the HTML that holds the quoted mail.
func (s *splitter) findHistory() {
	for i := 0; i < len(s.lines); i++ {
		h, next, ok := s.historyAt(i)
		if !ok {
			i = max(i, next-1)
			continue
		}
		s.end = s.backOverRules(h.at)
		rest := passage{from: s.end, to: len(s.lines), cut: h.cut, kind: Quoted, rule: h.rule}
		if h.cut > 0 {
			s.end = h.at + 1
			rest.from = h.at
		}
		if h.forward || s.mail.Forwarding {
			rest.kind = Forwarded
			s.forward = &Forward{Header: h.header, Text: s.body(h.body)}
		}
		s.passages = append(s.passages, rest)
		return
	}
}

// historyAt reports whether history begins at lines[i]; next is where to look on.
func (s *splitter) historyAt(i int) (h history, next int, ok bool) {
	l := s.lines[i]
	if h, ok := s.markedAt(i); ok {
		return h, 0, true
	}
	if l.blank {
		return h, 0, false
	}
	if h, ok := s.separatorAt(i); ok {
		return h, 0, true
	}
	if l.depth > 0 {
		return h, 0, false
	}
	if b, ok := findHeader(s.lines, i, i > 0 && isRule(s.lines[i-1].text)); ok {
		return history{at: i, body: b.to, header: b.header, rule: "the header of a quoted mail: " + shorten(l.text, 60)}, 0, true
	}
	if i > 0 && sharedAttribution(l.text) {
		return history{at: i, body: i, header: Header{From: addressIn(l.text)}, rule: "an attribution with the quoted mail behind it: " + shorten(l.text, 80)}, 0, true
	}
	if a, ok := s.attributionFrom(i); ok {
		if quoteFollows(s.lines, a.to-1) {
			s.markPipes(a.to)
			s.attributions = append(s.attributions, a)
			return h, a.to, false
		}
		if a.strong && allBlank(s.lines, 0, i) && !s.mail.Forwarding {
			// An attribution on top of unquoted words: what follows may be the answer, only the line itself is not.
			s.passages = append(s.passages, passage{from: a.from, to: a.to, kind: Quoted, rule: "the line above a quoted mail: " + shorten(a.text, 80)})
			return h, a.to, false
		}
		if a.strong && (a.cut > 0 || !allBlank(s.lines, 0, i) || s.mail.Forwarding) && !allBlank(s.lines, a.to, len(s.lines)) {
			return history{at: i, cut: a.cut, body: a.to, header: Header{From: addressIn(a.text)}, rule: "the line above a quoted mail: " + shorten(a.text, 80)}, 0, true
		}
	}
	return h, 0, false
}

// separatorAt reads a separating line and the header behind it.
func (s *splitter) separatorAt(i int) (history, bool) {
	l := s.lines[i]
	kind, drawn, rest := findSeparator(l.text)
	if isReplyMarker(l.text) {
		kind, drawn = replyMarker, true
	}
	if kind == noSeparator {
		return history{}, false
	}
	h := history{at: i, body: i + 1, forward: kind == forwardSeparator, rule: "the line that separates it: " + shorten(l.text, 60)}
	if rest != "" {
		if header, ok := inlineHeader(rest); ok {
			h.header = header
			return h, true
		}
	}
	n := nextText(s.lines, i+1)
	if n < len(s.lines) {
		if b, ok := findHeader(s.lines, n, true); ok {
			h.header, h.body = b.header, b.to
			return h, true
		}
	}
	if kind == replyMarker && l.depth > 0 {
		h.at = s.startOfQuote(i)
		return h, true
	}
	// In quoted lines, or without dashes, the words alone prove nothing.
	drawn = drawn || i > 0 && isRule(s.lines[i-1].text)
	return h, drawn && l.depth == 0
}

// startOfQuote returns the first line of the quoted passage around lines[i], its attribution included.
func (s *splitter) startOfQuote(i int) int {
	for i > 0 && (s.lines[i-1].depth > 0 || s.lines[i-1].blank) {
		i--
	}
	if n := len(s.attributions); n > 0 && s.attributions[n-1].to == i {
		i = s.attributions[n-1].from
		s.attributions = s.attributions[:n-1]
	}
	return i
}

// markedAt reads an element of the HTML that begins at lines[i] and holds a quoted mail to the end.
func (s *splitter) markedAt(i int) (history, bool) {
	for _, m := range s.marks {
		if m.from != i || m.kind == htmltext.Signature || m.rule == "blockquote" {
			continue
		}
		if m.kind == htmltext.Quote && (!allBlank(s.lines, m.to, len(s.lines)) || s.interleaved(m)) {
			continue
		}
		h := history{at: i, body: i, forward: m.kind == htmltext.Forward, rule: "the HTML of the mail client: " + m.rule}
		if m.kind == htmltext.QuoteRest && s.weakRest(m, i) {
			continue
		}
		n := nextText(s.lines, i)
		if n < len(s.lines) {
			if kind, _, _ := findSeparator(s.lines[n].text); kind != noSeparator {
				if sep, ok := s.separatorAt(n); ok {
					h.header, h.body, h.forward = sep.header, sep.body, h.forward || sep.forward
				}
			} else if b, ok := findHeader(s.lines, n, true); ok {
				h.header, h.body = b.header, b.to
			} else if a, ok := s.attributionFrom(n); ok {
				h.header.From, h.body = addressIn(a.text), a.to
			}
		}
		return h, true
	}
	return history{}, false
}

// weakRest reports whether the mark needs a header or an attribution behind it and has none: a line drawn above some
// words is also a matter of taste, and an answer may follow an attribution's quote.
func (s *splitter) weakRest(m marked, i int) bool {
	n := nextText(s.lines, i)
	if n >= len(s.lines) {
		return true
	}
	if _, ok := findHeader(s.lines, n, true); ok {
		return false
	}
	if strings.HasPrefix(m.rule, "#divRplyFwdMsg") || strings.HasPrefix(m.rule, "#appendonsend") {
		return false
	}
	a, ok := s.attributionFrom(n)
	return !ok || quoteFollows(s.lines, a.to-1)
}

// attributionFrom returns the attribution that begins at lines[i].
func (s *splitter) attributionFrom(i int) (attribution, bool) {
	for j := i; j < len(s.lines) && j < i+maxAttributionLines && !s.lines[j].blank; j++ {
		if !s.lines[j].ends {
			continue
		}
		if a, ok := s.attributionTo(j); ok && a.from == i {
			return a, true
		}
	}
	return attribution{}, false
}

// attributionTo returns the attribution that ends at lines[j]. Each line is asked about by those right above it, one after the
// other, and looked at once.
func (s *splitter) attributionTo(j int) (attribution, bool) {
	known := &s.recent[j%maxAttributionLines]
	if known.line != j+1 {
		if len(s.attributions) >= maxAttributions || s.judged >= maxJudged {
			return attribution{}, false
		}
		s.judged++
		a, ok := findAttribution(s.lines, j)
		*known = ending{j + 1, a, ok}
	}
	return known.attribution, known.ok
}

// interleaved reports whether words stand behind quoted lines inside a marked element.
func (s *splitter) interleaved(m marked) bool {
	quoted := false
	for i := m.from; i < m.to; i++ {
		switch {
		case s.lines[i].depth > 0:
			quoted = true
		case quoted && !s.lines[i].blank:
			return true
		}
	}
	return false
}

// markPipes counts "| " as a quote mark, as some clients draw it, in the lines below an attribution.
func (s *splitter) markPipes(i int) {
	for i = nextText(s.lines, i); i < len(s.lines) && strings.HasPrefix(s.lines[i].text, "|"); i++ {
		s.lines[i].depth++
		s.lines[i].blank = false
	}
}

// backOverRules returns the line from which on nothing but drawn lines stands above lines[i].
func (s *splitter) backOverRules(i int) int {
	for n := i - 1; n >= 0; n-- {
		if s.lines[n].blank {
			continue
		}
		if !isRule(s.lines[n].text) {
			break
		}
		i = n
	}
	return i
}

// body returns the text from lines[i] on, without the quote marks that all of it has.
func (s *splitter) body(i int) string {
	i = nextText(s.lines, i)
	if i >= len(s.lines) {
		return ""
	}
	depth := s.lines[i].depth
	if depth == 0 {
		return trimSpace(s.mail.Text[s.lines[i].start:])
	}
	var sb strings.Builder
	for _, l := range s.lines[i:] {
		raw := s.mail.Text[l.start:l.end]
		for n := 0; n < depth && n < l.depth; n++ {
			_, after, _ := strings.Cut(raw, ">")
			raw = strings.TrimPrefix(after, " ")
		}
		sb.WriteString(raw)
		sb.WriteByte('\n')
	}
	return trimSpace(sb.String())
}

// addressIn returns the sender that an attribution names, as a From value: "Name <addr>" as far as it can be told.
func addressIn(s string) string {
	for _, r := range "()<>[],;\"„“”«»'" {
		s = strings.ReplaceAll(s, string(r), " ")
	}
	for word := range strings.FieldsSeq(s) {
		word = strings.Trim(strings.TrimPrefix(word, "mailto:"), ":.")
		if at := strings.IndexByte(word, '@'); at > 0 && at < len(word)-1 {
			return "<" + word + ">"
		}
	}
	return ""
}
