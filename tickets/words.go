package tickets

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// alphabet is the characters of which words are made.
type alphabet struct {
	ascii [utf8.RuneSelf]bool // those of which most of a text is
	has   func(rune) bool
}

func newAlphabet(has func(rune) bool) *alphabet {
	a := &alphabet{has: has}
	for r := range rune(len(a.ascii)) {
		a.ascii[r] = has(r)
	}
	return a
}

// The alphabets of what is looked for in texts.
var (
	gistLetters  = newAlphabet(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	skillLetters = newAlphabet(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	keyLetters   = newAlphabet(func(r rune) bool { return !endsKey(r) })
)

// words returns the words of a text.
func (a *alphabet) words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1 // of the word, where one has begun
		for i, n := 0, 1; i < len(text); i += n {
			inside := false
			if c := text[i]; c < utf8.RuneSelf {
				inside, n = a.ascii[c], 1
			} else {
				var r rune
				r, n = utf8.DecodeRuneInString(text[i:])
				inside = a.has(r)
			}
			if inside && start < 0 {
				start = i
			} else if !inside && start >= 0 {
				if !yield(text[start:i]) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(text[start:])
		}
	}
}
