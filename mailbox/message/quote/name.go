package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// looksLikeName reports whether a line is one to four capitalised words and nothing else.
func looksLikeName(text string) bool {
	words := strings.Fields(strings.Trim(text, "*_-~,. \u00a0"))
	if len(words) == 0 || len(words) > 4 || len(text) > 50 || isClosing(text) {
		return false
	}
	for _, w := range words {
		if !capitalised(w) {
			return false
		}
		for _, r := range w {
			if !unicode.IsLetter(r) && !strings.ContainsRune(".'’-", r) {
				return false
			}
		}
	}
	return true
}

// startsWith reports whether the first letter of a line, without its accent, is the one given.
func startsWith(text string, letter rune) bool {
	text = strings.TrimLeft(text, "*_-~ ")
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return false
	}
	return r == letter || unaccented(unicode.ToLower(r)) == letter
}

// isName reports whether a line is the author's name, in full, shortened, or with further surnames: its first word is the
// first name, every other one is a part of the name, its initial, or one more capitalised word.
func isName(text, author string) bool {
	text = strings.Trim(text, "*_-~,. \u00a0")
	if len(text) > 60 {
		return false
	}
	words := strings.Fields(plain(text))
	names := strings.Fields(plain(author))
	if len(words) == 0 || len(words) > 6 || len(names) == 0 || words[0] != names[0] {
		return false
	}
	if len(words) == 1 {
		return len(names) > 0 && strings.EqualFold(words[0], names[0]) && len(words[0]) > 2
	}
	known := 1
	for i, w := range words[1:] {
		original := strings.Fields(text)[min(i+1, len(strings.Fields(text))-1)]
		switch {
		case partOf(w, names):
			known++
		case !capitalised(original):
			return false
		}
	}
	return known >= 2 || len(names) == 1
}

// partOf reports whether a word is one of the names or the initial of one.
func partOf(w string, names []string) bool {
	w = strings.TrimRight(w, ".")
	for _, n := range names {
		if w == n || len(w) == 1 && strings.HasPrefix(n, w) {
			return true
		}
	}
	return false
}

func capitalised(w string) bool {
	for _, r := range w {
		return unicode.IsUpper(r) || w == "de" || w == "del" || w == "la" || w == "las" || w == "los" || w == "y" || w == "von" || w == "van"
	}
	return false
}

// plain lowers letters and takes their accents off.
func plain(s string) string {
	s = strings.ToLower(s)
	if isASCII(s) {
		return s
	}
	return strings.Map(unaccented, s)
}

// unaccented returns a small letter without its accent.
func unaccented(r rune) rune {
	switch r {
	case 'á', 'à', 'â', 'ã', 'ä':
		return 'a'
	case 'é', 'è', 'ê', 'ë':
		return 'e'
	case 'í', 'ì', 'î', 'ï':
		return 'i'
	case 'ó', 'ò', 'ô', 'õ', 'ö':
		return 'o'
	case 'ú', 'ù', 'û', 'ü':
		return 'u'
	case 'ñ':
		return 'n'
	case 'ç':
		return 'c'
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
