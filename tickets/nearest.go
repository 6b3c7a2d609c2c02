package tickets

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which words are compared: lower case, without accents, white space squeezed. "Crítica" and
// "critica" are one word to people who write on telephones.
func Fold(s string) string {
	folded := make([]byte, 0, len(s))
	spaced := true // nothing but white space was there last
	for _, r := range s {
		if r < utf8.RuneSelf {
			letter := ascii[r]
			if letter != ' ' || !spaced {
				folded = append(folded, letter)
			}
			spaced = letter == ' '
			continue
		}
		letters, known := foldOne(r)
		switch {
		case !known:
			return foldAny(s)
		case letters == "" || letters == " " && spaced:
		default:
			folded = append(folded, letters...)
			spaced = letters == " "
		}
	}
	return strings.TrimSuffix(string(folded), " ")
}

// foldAny folds letters of every script.
func foldAny(s string) string {
	s = norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s)))
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

// foldOne returns what foldAny makes of a letter of Spanish and its neighbours, or of a mark of punctuation, wherever it stands;
// white space as a space.
func foldOne(r rune) (string, bool) {
	switch {
	case int(r) < len(latin):
		return latin[r], true
	case firstMark <= r && int(r-firstMark) < len(marks):
		return marks[r-firstMark], true
	}
	return "", false
}

const firstMark = 0x2000 // of the dashes, quotation marks and signs of currencies, up to the marks that go over letters

// The tables of foldOne, and ascii for what most of a mail is: every word of a mail comes by here several times.
var (
	latin = foldTable(0, 0x180)
	marks = foldTable(firstMark, 0x20d0)
	ascii = asciiTable()
)

func foldTable(from, to rune) []string {
	table := make([]string, 0, to-from)
	for r := from; r < to; r++ {
		folded := foldAny("x" + string(r) + "x")
		table = append(table, folded[1:len(folded)-1])
	}
	return table
}

func asciiTable() (table [utf8.RuneSelf]byte) {
	for r := range table {
		table[r] = latin[r][0]
	}
	return table
}

// Nearest returns the choice that a mistyped word most likely meant, or "" where none is close enough to be offered.
func Nearest(word string, choices []string) string {
	word = Fold(word)
	best, least := "", 3
	for _, choice := range choices {
		folded := Fold(choice)
		limit := 2
		if min(len(word), len(folded)) <= 4 {
			limit = 1
		}
		if d := distance(word, folded); d <= limit && d < least {
			best, least = choice, d
		}
	}
	return best
}

// distance is the number of letters to insert, drop, change or swap with their neighbour to make b of a (optimal string
// alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 {
		return 3 // more than anybody asks for: spares the table for long words
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}
