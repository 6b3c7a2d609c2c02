package tickets

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which words are compared: lower case, without accents, white space squeezed. "Crítica" and
// "critica" are one word to people who write on telephones.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false // white space was seen and is not written yet
	for _, r := range s {
		if int(r) >= len(latin) {
			return foldAny(s)
		}
		switch folded := latin[r]; folded {
		case "":
		case " ":
			gap = b.Len() > 0
		default:
			if gap {
				b.WriteByte(' ')
				gap = false
			}
			if len(folded) == 1 { // nearly always, and cheaper
				b.WriteByte(folded[0])
			} else {
				b.WriteString(folded)
			}
		}
	}
	return b.String()
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

// latin is what foldAny makes of each letter of Spanish and its neighbours, white space as a space. Every word of a mail comes by
// here several times.
var latin = latinTable()

func latinTable() (table [0x180]string) {
	for r := range rune(len(table)) {
		switch folded := foldAny("x" + string(r) + "x"); {
		case folded == "x x":
			table[r] = " "
		default:
			table[r] = strings.TrimSuffix(strings.TrimPrefix(folded, "x"), "x")
		}
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
