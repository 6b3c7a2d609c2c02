package tickets

import (
	"hash/fnv"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Gist is what a request is about, in little memory. It does not change.
type Gist struct {
	// The words that say what it is about, as numbers in ascending order. They are taken in the form in which they are compared:
	// without accents, common words and endings, so that "imprimen" and "imprime" are one.
	words  []uint32
	sketch sketch
}

// sketch is a set of words, roughly: a bit for each, which others may share. Sets that differ much are told apart by it at a glance.
type sketch [4]uint64

func sketchOf(words []uint32) (s sketch) {
	for _, word := range words {
		s[word>>6%4] |= 1 << (word % 64)
	}
	return s
}

// lacks returns how many bits of other are missing: at least so many of its words are.
func (s sketch) lacks(other sketch) (missing int) {
	for i := range s {
		missing += bits.OnesCount64(other[i] &^ s[i])
	}
	return missing
}

// GistOf returns what a text is about.
func GistOf(text string) *Gist { return gistOf(Fold(opening(text))) }

// Gist returns what the request is about.
func (t *Ticket) Gist() *Gist { return GistOf(together(t.Subject, t.Text)) }

// together is all of a request of which a gist is made.
func together(subject, text string) string { return subject + "\n" + text }

const maxGistText = 8 << 10 // bytes

// opening returns as much of a text as is read for its gist: what it is about stands at its beginning.
func opening(text string) string {
	if len(text) > maxGistText {
		text = strings.ToValidUTF8(text[:maxGistText], "")
	}
	return text
}

// gistOf returns what a folded text is about.
func gistOf(folded string) *Gist {
	var few [128]uint32 // more words are rare
	words := few[:0]
	// The numbers so far, each at the first free place from its own on; at most half of the places are ever taken. A place is free while
	// it is 0: a word of that number is told from itself only at the end.
	seen := make([]uint32, 1<<bits.Len(uint(len(folded)/2)))
	last := uint32(len(seen) - 1)
	for word := range gistLetters.words(folded) {
		word = stem(word)
		if len(word) < 3 {
			continue
		}
		n := fnv32(word)
		at := n & last
		for seen[at] != 0 && seen[at] != n {
			at = (at + 1) & last
		}
		if seen[at] == n && n != 0 {
			continue
		}
		seen[at] = n
		if !common(word) {
			words = append(words, n)
		}
	}
	slices.Sort(words)
	words = slices.Clone(slices.Compact(words)) // many are kept, and for long
	return &Gist{words, sketchOf(words)}
}

// fnv32 is the number of a word: its FNV-1a hash.
func fnv32(word string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(word))
	return h.Sum32()
}

// Alike reports whether two requests say much the same.
func (g *Gist) Alike(other *Gist) bool {
	if len(g.words) > len(other.words) {
		g, other = other, g
	}
	short, long := g.words, other.words
	least := max(leastCommon, int(math.Ceil(leastShare*float64(len(short)))))
	spare := len(short) - least // words that the long one may lack
	if other.sketch.lacks(g.sketch) > spare {
		return false
	}
	common := 0
	for i, j := 0, 0; i < len(short) && j < len(long) && i-common <= spare; {
		x, y := short[i], long[j]
		if x == y {
			common++
		}
		if x <= y {
			i++
		}
		if y <= x {
			j++
		}
	}
	return common >= least
}
