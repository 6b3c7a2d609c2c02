package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox/message/htmltext"
)

// run is a passage of quoted lines with the attribution above it.
type run struct {
	from, to    int
	attribution *attribution
	marked      bool // by the HTML, or with a header or attribution of its own inside
}

// findQuotes decides which of the quoted passages before the history are cut. A quote at the end was added by the mail
// client; one above the answer as well; between answers it shows what they answer, and stays.
func (s *splitter) findQuotes() {
	s.tail = s.end
	runs := s.runs()
	if len(runs) == 0 {
		return
	}
	last := runs[len(runs)-1]
	before := s.words(0, runs[0].start())
	between := false
	for i := 1; i < len(runs); i++ {
		between = between || s.words(runs[i-1].to, runs[i].start())
	}
	after := s.words(last.to, s.end) && !s.onlySignature(last.to, s.end)
	switch {
	case !after:
		s.cutTrailing(runs, before || between)
	case between || len(runs) > 1:
		s.dropAttributions(runs)
	case before && s.onlyClosing(last.to, s.end):
		s.cutRun(last, "a quote above the closing words")
	case !before && (last.attribution != nil || last.marked):
		s.cutRun(last, "a quote above the answer")
	default:
		s.dropAttributions(runs)
	}
}

// cutTrailing cuts the last run and whatever stands behind it. answered: there are words of the author above it.
func (s *splitter) cutTrailing(runs []run, answered bool) {
	last := runs[len(runs)-1]
	known := last.attribution != nil || last.marked
	if !known && (!answered || s.introduced(last.from)) {
		return // a passage that the author quotes: an error message, a law
	}
	s.cutRun(last, "a quote at the end")
	s.tail = s.backOverRules(last.start())
	s.dropAttributions(runs[:len(runs)-1])
	if s.mail.Forwarding && s.forward == nil && last.attribution != nil {
		s.passages[len(s.passages)-1].kind = Forwarded
		s.forward = &Forward{Header: Header{From: addressIn(last.attribution.text)}, Text: s.body(last.from)}
	}
}

// introduced reports whether the words above lines[i] announce what follows: "this is the error:".
func (s *splitter) introduced(i int) bool {
	for i--; i >= 0; i-- {
		if !s.lines[i].blank {
			return strings.HasSuffix(s.lines[i].text, ":")
		}
	}
	return false
}

func (s *splitter) cutRun(r run, rule string) {
	p := passage{from: s.backOverRules(r.start()), to: r.to, kind: Quoted, rule: rule}
	if r.attribution != nil {
		p.cut = r.attribution.cut
		p.rule += ", below: " + shorten(r.attribution.text, 80)
	}
	s.passages = append(s.passages, p)
}

func (s *splitter) dropAttributions(runs []run) {
	for _, r := range runs {
		if a := r.attribution; a != nil {
			s.passages = append(s.passages, passage{from: a.from, to: a.to, cut: a.cut, kind: Quoted, rule: "the line above a quote between answers"})
		}
	}
}

func (r run) start() int {
	if r.attribution != nil {
		return r.attribution.from
	}
	return r.from
}

// runs gathers the quoted passages before the history.
func (s *splitter) runs() []run {
	var runs []run
	next := 0 // of attributions
	for i := 0; i < s.end; i++ {
		if s.lines[i].depth == 0 {
			continue
		}
		r := run{from: i, to: i + 1}
		for n := i + 1; n < s.end; n++ {
			switch {
			case s.lines[n].depth > 0 || s.broken(n):
				r.to = n + 1
				continue
			case s.lines[n].blank:
				continue
			}
			break
		}
		for next < len(s.attributions) && nextText(s.lines, s.attributions[next].to) < r.from {
			next++
		}
		if next < len(s.attributions) && nextText(s.lines, s.attributions[next].to) < r.to {
			r.attribution = &s.attributions[next]
			next++
		}
		r.marked = s.knownQuote(r)
		runs = append(runs, r)
		i = r.to - 1
	}
	return runs
}

// broken reports whether lines[n] is the rest of a quoted line that a mail client broke without quoting the rest: it stands
// between quoted lines, goes on in small letters where a long line stopped, or is the rest of a link.
func (s *splitter) broken(n int) bool {
	if !s.sandwiched(n) {
		return false
	}
	l, before := s.lines[n].text, s.lines[n-1].text
	if !strings.ContainsAny(l, " \t") && strings.Contains(before, "://") {
		return true
	}
	if s.wraps == unknown {
		s.wraps = no
		for i := 1; i < s.end-1; i++ {
			if s.sandwiched(i) && s.goesOn(i) && strings.TrimRight(s.lines[i-1].text, ".!?:;") == s.lines[i-1].text {
				s.wraps = yes
				break
			}
		}
	}
	return s.wraps == yes && s.goesOn(n) && !strings.HasSuffix(before, "?") && !strings.HasSuffix(before, ":")
}

func (s *splitter) sandwiched(n int) bool {
	return n > 0 && n+1 < len(s.lines) && !s.lines[n].blank && s.lines[n].depth == 0 &&
		s.lines[n-1].depth > 0 && !s.lines[n-1].blank && s.lines[n+1].depth > 0
}

// goesOn reports whether lines[n] could be the rest of the line before it.
func (s *splitter) goesOn(n int) bool {
	first, _ := utf8.DecodeRuneInString(s.lines[n].text)
	return unicode.IsLower(first) && len(s.lines[n-1].text) >= 58 && len(s.lines[n].text) < len(s.lines[n-1].text)
}

// knownQuote reports whether a run is certainly a quoted mail: set off by the HTML, or with an attribution, a separator
// or a header as its first words.
func (s *splitter) knownQuote(r run) bool {
	for _, m := range s.marks {
		if m.kind == htmltext.Quote && m.from <= r.from && m.to > r.from {
			return true
		}
	}
	n := nextText(s.lines[:r.to], r.from)
	if n >= r.to {
		return false
	}
	if _, ok := s.attributionFrom(n); ok {
		return true
	}
	if _, ok := findHeader(s.lines, n, false); ok {
		return true
	}
	kind, _, _ := findSeparator(s.lines[n].text)
	return kind != noSeparator
}

// words reports whether the author says anything in lines[from:to]; attributions do not count.
func (s *splitter) words(from, to int) bool {
	for i := from; i < to; i++ {
		if s.lines[i].blank || s.lines[i].depth > 0 {
			continue
		}
		inside := false
		for _, a := range s.attributions {
			inside = inside || a.from <= i && i < a.to && a.cut == 0
		}
		if !inside {
			return true
		}
	}
	return false
}

// result puts together what was not cut.
func (s *splitter) result() Result {
	r := Result{Forward: s.forward}
	if len(s.passages) == 0 {
		r.New = strings.TrimRight(strings.Trim(s.mail.Text, "\n"), " \t\n\u00a0")
		return r
	}
	drop := make([]int, len(s.lines)) // index of the passage + 1
	for i, p := range s.passages {
		for n := p.from; n < p.to; n++ {
			if drop[n] == 0 {
				drop[n] = i + 1
			}
		}
	}
	var out strings.Builder
	out.Grow(len(s.mail.Text))
	at := 0 // what of the text was dealt with
	for n := 0; n < len(s.lines); {
		if drop[n] == 0 {
			n++
			continue
		}
		p := s.passages[drop[n]-1]
		first := n
		for n < len(s.lines) && drop[n] == drop[first] {
			n++
		}
		start, end := s.lines[first].start, s.lines[n-1].end
		if n == len(s.lines) {
			end = len(s.mail.Text)
		}
		if first == p.from && p.cut > 0 {
			raw := s.mail.Text[start:s.lines[first].end]
			if i := strings.Index(raw, s.lines[first].text); i >= 0 && i+p.cut <= len(raw) {
				start += i + p.cut
			}
		}
		out.WriteString(s.mail.Text[at:start])
		at = end
		r.Cuts = append(r.Cuts, Cut{Kind: p.kind, Rule: p.rule, Start: start, End: end})
	}
	out.WriteString(s.mail.Text[at:])
	r.New = strings.TrimRight(strings.Trim(trimLines(out.String()), "\n"), " \t\n\u00a0")
	return r
}

// trimLines leaves at most two line ends in a row where a passage was cut out.
func trimLines(s string) string {
	for strings.Contains(s, "\n\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n\n", "\n\n\n")
	}
	return s
}
