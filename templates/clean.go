package templates

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ansiSequence is a command to a terminal (ECMA-48 section 5.4); without its ESC the rest would stay as rubbish.
var ansiSequence = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]")

// lineEnds are the other ways to end a line.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n")

// clean drops what a reader cannot see and a program may obey: control characters, terminal sequences, and the marks that
// reverse the direction of text (U+202A–202E, U+2066–2069) or hide it. Line feeds and tabs stay, other line ends become
// line feeds.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	return cleaned(s)
}

func cleaned(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(visible, ansiSequence.ReplaceAllString(lineEnds.Replace(s), ""))
}

// isClean reports whether clean would change nothing, as is so for nearly every text.
func isClean(s string) bool {
	for i, r := range s {
		switch {
		case r >= ' ' && r < 0x7F, r == '\n', r == '\t', r >= '\u00A1' && r < '\u02FF' && r != '\u00AD':
			continue
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		case r == '\u2028', r == '\u2029', visible(r) < 0:
			return false
		}
	}
	return true
}

func visible(r rune) rune {
	switch {
	case r == '\n', r == '\t', r == '\u200C', r == '\u200D': // the joiners belong to emoji and to several scripts
		return r
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// oneLine cleans a value that must stay on one line: a name, a subject.
func oneLine(s string) string {
	s = clean(s)
	for i, r := range s {
		if unicode.IsSpace(r) && (r != ' ' || i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s
}

// maxSubject bounds what is kept of the subject of a request, in characters: a telephone shows 40, Outlook about 250.
const maxSubject = 120

var (
	// commandSign is a # that would begin a command when the mail is answered. The full-width sign counts as one, and the joiners
	// that clean leaves do not part it from its word.
	commandSign = regexp.MustCompile(`[#＃﹟][#＃﹟\x{200C}\x{200D}]*(\p{L})`)
	// numberTag is a number in brackets: the tag of a notice of ours. An answer must belong to our own number alone.
	numberTag = regexp.MustCompile(`\[\s*\pL{1,12}\s*[-\x{2010}-\x{2015}\x{2212}]\s*\d{4}\s*[-\x{2010}-\x{2015}\x{2212}]\s*\d[\d\s]{0,15}\]`)
)

// harmless returns the subject of a request as the subject of our notices may show it: "Re: [SS-…] " before it must still be
// a plain answer to that request, whatever somebody wrote.
func harmless(subject string) string {
	subject = oneLine(subject)
	for numberTag.MatchString(subject) { // taking a tag out may join the halves of another
		subject = numberTag.ReplaceAllString(subject, " ")
	}
	subject = commandSign.ReplaceAllString(subject, "$1")
	return shorten(oneLine(subject), maxSubject)
}

// shorten cuts s to at most limit characters, between words where that is near.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end, n := 0, 0 // of limit-1 characters, and how many there are
	for i := range s {
		if n++; n == limit {
			end = i
		}
		if n > limit {
			break
		}
	}
	if n <= limit {
		return s
	}
	cut := strings.ToValidUTF8(s[:end], "\uFFFD")
	if at := strings.LastIndexByte(cut, ' '); at > len(cut)*3/4 {
		cut = cut[:at]
	}
	return strings.TrimRight(cut, " ,;:.") + "…"
}
