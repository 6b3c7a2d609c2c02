package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox/message/htmltext"
)

// line is one line of the text with what the rules ask about it.
type line struct {
	start, end int    // byte offsets, without the line end
	text       string // without quote marks and surrounding white space
	depth      int    // how many quote marks it began with
	blank      bool
	ends       bool // may be the last line of an attribution
}

// maxLines bounds how many lines are looked at for quotes and signatures; what follows is kept as it is. No person
// writes that many, and machines quote at the end.
const maxLines = 20_000

func splitLines(text string) []line {
	lines := make([]line, 0, min(strings.Count(text, "\n")+1, maxLines))
	for at := 0; at <= len(text) && len(lines) < maxLines; {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += at
		}
		lines = append(lines, parseLine(text, at, end))
		if n := len(lines) - 1; n > 0 && lines[n].depth == 1 && brokenAddress(lines[n-1], lines[n].text) {
			lines[n].depth, lines[n].text, lines[n].blank, lines[n].ends = 0, trimSpace(text[at:end]), false, true
		}
		at = end + 1
	}
	return lines
}

// brokenAddress reports whether a line begins with ">" because an address in angle brackets was broken before it: "<a@b" and
// ">:" on the next line.
func brokenAddress(before line, text string) bool {
	open := strings.LastIndexByte(before.text, '<')
	return before.depth == 0 && open >= 0 && strings.IndexByte(before.text[open:], '>') < 0 && strings.Contains(before.text[open:], "@") &&
		(strings.HasSuffix(text, ":") || strings.HasSuffix(text, "："))
}

func parseLine(text string, start, end int) line {
	l := line{start: start, end: end}
	s := text[start:end]
	l.depth, s = quoteMarks(s)
	l.text = trimSpace(s)
	l.blank = l.text == ""
	l.ends = mayEndAttribution(l.text)
	return l
}

// quoteMarks counts the ">" at the start of a line, also with spaces between and behind it, and returns the rest.
func quoteMarks(s string) (int, string) {
	depth := 0
	rest := strings.TrimLeft(s, " \t\u00a0\ufeff")
	if strings.HasPrefix(rest, ">>>") && (strings.Contains(rest, "<<<") || len(rest) > 8 && strings.HasSuffix(strings.TrimRight(rest, " \r"), ">>>")) {
		return 0, s // ">>> look here <<<", and what GroupWise puts above a quoted mail
	}
	for strings.HasPrefix(rest, ">") {
		depth++
		s = rest[1:]
		rest = strings.TrimLeft(s, " \t")
	}
	return depth, s
}

// trimSpace trims white space with the invisible characters that mail clients add.
func trimSpace(s string) string {
	if s != "" && s[0] > ' ' && s[0] < 0x7f && s[len(s)-1] > ' ' && s[len(s)-1] < 0x7f {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\u200e' || r == '\u200f' || r == '\ufeff' || r == '\u200c' || r == '\u202a' || r == '\u202c'
	})
}

// lineAt returns the index of the line that holds or follows the offset, skipping blank ones.
func lineAt(lines []line, offset int) int {
	lo, hi := 0, len(lines)
	for lo < hi {
		mid := (lo + hi) / 2
		if lines[mid].end < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	// An offset at the end of a line means the text after it.
	for lo < len(lines) && (lines[lo].blank || lines[lo].end <= offset && lines[lo].start < offset) {
		lo++
	}
	return lo
}

// nextText returns the first line from i on that is not blank, or len(lines).
func nextText(lines []line, i int) int {
	for i < len(lines) && lines[i].blank {
		i++
	}
	return i
}

// allBlank reports whether there are no words in lines[from:to].
func allBlank(lines []line, from, to int) bool { return nextText(lines[:to], from) >= to }

// marked is a passage in lines that the HTML sets off.
type marked struct {
	kind     htmltext.Kind
	from, to int // lines[from:to]
	rule     string
}

func marksOnLines(lines []line, marks []htmltext.Mark) []marked {
	var out []marked
	for _, m := range marks {
		from := lineAt(lines, m.Start)
		if from >= len(lines) || lines[from].start >= m.End {
			continue
		}
		to := from
		for to < len(lines) && lines[to].start < m.End {
			to++
		}
		out = append(out, marked{m.Kind, from, to, m.Rule})
	}
	return out
}

// fold returns the text in the form in which words are looked up.
func fold(s string) string { return strings.ToLower(trimSpace(s)) }

// shorten returns at most n bytes, for the rule that people read.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
