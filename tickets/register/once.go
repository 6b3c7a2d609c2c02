package register

import (
	"hash/maphash"
	"math/bits"
	"unicode/utf8"
)

// once returns the words of a text with a space behind each, every word a single time, in the order in which they come first. A search
// asks which words a document has, not how often or side by side, and what is indexed is stored and counted word by word. Only what
// the full-text index takes for the end of a word as well ends one here: the characters of ASCII that are neither letter nor digit.
// What of the rest is a letter is left to the index, and so are letter case and accents.
func once(text string) string {
	var few [2048]uint32
	// Where in out each word stands, counted from 1, at the first free place from its hash on. There are more places than words, by far:
	// few words have one letter.
	places := few[:]
	if n := 1 << bits.Len(uint(len(text)/2)); n > len(few) {
		places = make([]uint32, n)
	}
	last := uint64(len(places) - 1)
	seed := maphash.MakeSeed()
	out := make([]byte, 0, len(text)+1)
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && inWord(text[i]) {
			i++
		}
		word := text[start:i]
		if word == "" {
			continue
		}
		at := maphash.String(seed, word) & last
		for places[at] != 0 && !begins(out[places[at]-1:], word) {
			at = (at + 1) & last
		}
		if places[at] == 0 {
			places[at] = uint32(len(out)) + 1
			out = append(append(out, word...), ' ')
		}
	}
	return string(out)
}

// begins reports whether out begins with the word, and not with a longer one.
func begins(out []byte, word string) bool {
	return len(out) > len(word) && string(out[:len(word)]) == word && out[len(word)] == ' '
}

func inWord(c byte) bool {
	return c >= utf8.RuneSelf || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
