package quote

import (
	"strings"
	"unicode"
)

// attribution is the sentence above a quoted mail: "On 3 Nov 2025, at 10:12, X wrote:".
type attribution struct {
	from, to int    // lines[from:to]
	cut      int    // where on the first line it begins, where it shares the line with the reply; otherwise 0
	text     string // on one line
	strong   bool   // with a date, and an address or the usual opening: it needs no quote marks behind it
}

// maxAttributionLines is how many lines mail clients break an attribution into, long names included.
const maxAttributionLines = 5

// findAttribution looks for an attribution that ends on lines[j].
func findAttribution(lines []line, j int) (attribution, bool) {
	if lines[j].blank || len(lines[j].text) > 400 {
		return attribution{}, false
	}
	if a, ok := bareAttribution(lines, j); ok {
		return a, true
	}
	if !endsAttribution(lines[j].text) {
		return attribution{}, false
	}
	quoted := quoteFollows(lines, j)
	joined := ""
	for k := j; k >= 0 && k > j-maxAttributionLines; k-- {
		if lines[k].blank || lines[k].depth != lines[j].depth {
			break
		}
		joined = strings.TrimSpace(lines[k].text + " " + joined)
		if len(joined) > 500 {
			break
		}
		if a, ok := judge(joined, quoted, k == 0 || lines[k-1].blank || lines[k-1].depth != lines[k].depth); ok {
			a.from, a.to = k, j+1
			return a, true
		}
	}
	return attribution{}, false
}

// endsAttribution reports whether a line may be the last of an attribution: it ends in a colon, or in dashes after a verb.
func endsAttribution(s string) bool {
	s = strings.TrimRight(s, " *_\u00a0")
	if strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") {
		return true
	}
	bare := strings.TrimRight(s, "- ")
	return bare != s && hasVerb(fold(bare))
}

// sharedAttribution finds the attribution at the start of a line on which the quoted mail follows, as Yahoo's programs for
// telephones write plain text.
func sharedAttribution(s string) bool {
	if len(s) < 30 || strings.IndexByte(s, '@') < 0 || !hasOpener(fold(s[:20])) {
		return false
	}
	head := s[:min(len(s), 300)]
	for _, verb := range []string{" escribió:", " wrote:", " escreveu:", " a écrit :", " ha scritto:", "> schrieb:"} {
		if i := strings.Index(head, verb); i > 0 && i+len(verb) < len(s) {
			a, ok := judge(head[:i+len(verb)], false, true)
			return ok && a.strong && strings.Contains(head[:i], "@")
		}
	}
	return false
}

// mayEndAttribution reports, at little cost, whether a line may be the last of an attribution.
func mayEndAttribution(s string) bool {
	if s == "" || len(s) > 400 {
		return false
	}
	switch s[len(s)-1] {
	case ':', '>', '-', '*', '_', ' ', 0xa0:
		return true
	}
	return isoDated(s) || strings.HasSuffix(s, "：")
}

// judge decides on the text of a possible attribution. paragraph: it begins a paragraph.
func judge(s string, quoted, paragraph bool) (attribution, bool) {
	a := attribution{text: s}
	bare := strings.Trim(s, "-_* \u00a0>")
	low := fold(bare)
	if !hasVerb(low) || spokenOf(low) {
		return a, false
	}
	opens := hasOpener(low) || low != "" && unicode.IsDigit(rune(low[0]))
	address := strings.Contains(low, "@")
	date := dated(low)
	dashed := strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--")
	switch {
	case date && (opens || address || dashed):
		a.strong = opens && (address || clocked(low) || dashed) || address
	case date && quoted && paragraph:
	case dashed:
		a.strong = true
	case address && paragraph && len(s) < 200:
		a.strong = quoted
		if !quoted {
			return a, false
		}
	case quoted && len(s) < 80 && paragraph:
	default:
		return a, false
	}
	if !quoted && !a.strong {
		return a, false
	}
	if !opens && !paragraph && !address && !dashed {
		return a, false
	}
	a.cut = sharedLine(s, paragraph || opens)
	return a, true
}

// sharedLine finds where an attribution begins that stands behind the last words of the reply on the same line.
func sharedLine(s string, fresh bool) int {
	if i := strings.Index(s, "--- On "); i > 0 {
		return i
	}
	if fresh && (hasOpener(fold(strings.Trim(s, "-_* "))) || unicode.IsDigit(rune(s[0]))) {
		return 0
	}
	for _, opener := range []string{" On ", " El ", " Le ", " Am ", " Em ", " Il "} {
		if i := strings.LastIndex(s, opener); i > 0 && dated(s[i:]) {
			return i + 1
		}
	}
	return 0
}

// bareAttribution knows the forms without a verb: a date, a time and an address before the colon, as Gmail and Yandex write
// it in some languages, and an ISO date with a zone.
func bareAttribution(lines []line, j int) (attribution, bool) {
	joined := ""
	for k := j; k >= 0 && k >= j-2; k-- {
		if lines[k].blank || lines[k].depth != lines[j].depth {
			break
		}
		joined = strings.TrimSpace(lines[k].text + " " + joined)
		if len(joined) > 300 {
			break
		}
		if k > 0 && !lines[k-1].blank && !isoDated(joined) {
			continue
		}
		if bare(joined, quoteFollows(lines, j)) {
			return attribution{from: k, to: j + 1, text: joined, strong: true}, true
		}
	}
	return attribution{}, false
}

func bare(s string, quoted bool) bool {
	address := strings.Contains(s, "@")
	end := strings.TrimRight(s, " ")
	switch {
	case strings.HasPrefix(s, ">>>") && strings.HasSuffix(end, ">>>"): // GroupWise
		return dated(s)
	case address && dated(s) && (isoDated(s) || clocked(s)) && (strings.HasSuffix(end, ">:") || strings.HasSuffix(end, ">：") || strings.HasSuffix(end, "):")):
		return true
	case address && isoDated(s) && strings.HasSuffix(end, ">"):
		return quoted
	case isoDated(s) && len(s) < 100:
		_, name, ok := strings.Cut(s, " GMT")
		return ok && clocked(s) && len(name) > 7 && unicode.IsUpper([]rune(strings.TrimLeft(name, "+-0123456789: ") + "x")[0])
	}
	return false
}

// isoDated reports whether s begins with a date of the form 2011-04-07 or 2011/4/7.
func isoDated(s string) bool {
	if len(s) < 8 {
		return false
	}
	for i := range 4 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return (s[4] == '-' || s[4] == '/' || s[4] == '.') && s[5] >= '0' && s[5] <= '9'
}

// quoteFollows reports whether the next words after lines[j] are quoted deeper than it.
func quoteFollows(lines []line, j int) bool {
	n := nextText(lines, j+1)
	if n >= len(lines) {
		return false
	}
	return lines[n].depth > lines[j].depth || strings.HasPrefix(lines[n].text, "| ")
}

func hasVerb(low string) bool {
	for _, v := range verbWords {
		if strings.Contains(low, v) {
			return true
		}
	}
	return false
}

func hasOpener(low string) bool {
	for _, o := range openerWords {
		if strings.HasPrefix(low, o) {
			return true
		}
	}
	return false
}

// spokenOf reports whether somebody is only said to have written: "el ingeniero me escribió:".
func spokenOf(low string) bool {
	for _, words := range []string{" me escrib", " nos escrib", " le escrib", " les escrib", " te escrib", " se escrib", " i wrote", " we wrote",
		" he wrote", " she wrote", " they wrote", " me wrote", " me env", " nos env", " le env", " m'a écrit", " mi ha scritto", " me escreveu", " i said", " you said", " he said", " she said", " que escrib"} {
		if strings.Contains(low, words) {
			return true
		}
	}
	return false
}

// dated reports whether s has a date: a year, or day and month in digits, or a time with another number.
func dated(s string) bool {
	digits, groups, year, mark := 0, 0, false, false
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			digits++
			continue
		}
		if digits > 0 && digits <= 4 {
			groups++
			if digits == 4 && (s[i-4] == '1' && s[i-3] == '9' || s[i-4] == '2' && s[i-3] == '0') {
				year = true
			}
			if i+1 < len(s) && strings.IndexByte("/.-:", s[i]) >= 0 && s[i+1] >= '0' && s[i+1] <= '9' {
				mark = true
			}
		}
		digits = 0
	}
	return year && groups >= 1 || mark && groups >= 2
}

// clocked reports whether s names a time of day, "10:12".
func clocked(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if (s[i] == ':' || s[i] == '.') && isDigit(s[i-1]) && isDigit(s[i+1]) && isDigit(s[i+2]) {
			return true
		}
	}
	return strings.Contains(s, "下午") || strings.Contains(s, "上午")
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
