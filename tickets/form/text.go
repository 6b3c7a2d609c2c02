package form

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// unknown stands for each character that the font does not have.
	unknown = '□'
	// maxRunes is how much of one text is printed; ordinary mails are a thousandth of it.
	maxRunes = 400_000
	// cellRunes is how much of a value is printed in a cell, which cannot flow to another page; entryRunes how much of a
	// step or of an entry of the history.
	cellRunes  = 300
	entryRunes = 3000
	// elsewhere ends what was cut.
	elsewhere = "(continúa en el expediente)"
)

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n", "\f", "\n", "\v", "\n", "\t", "    ")

// clean makes a text printable: composed letters (decomposed ones would lose their accents in some fonts), plain spaces and
// line ends, nothing invisible, and a box for every character that cannot be shown.
func clean(s string) string {
	s = strings.ToValidUTF8(s, string(unknown))
	s = norm.NFC.String(s)
	s = lineEnds.Replace(s)
	known := glyphs()
	var b strings.Builder
	marked := true // the last letter carries a mark, or there is none
	for _, r := range s {
		switch {
		case r >= ' ' && r <= '~': // most of them
			b.WriteRune(r)
		case isMark(r):
			// One that does not compose serves every language; a pile of them would black out the lines around.
			if !marked && known[r] {
				b.WriteRune(r)
			}
			marked = true
			continue
		case r == '\n':
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		case rightToLeft(r) || !known[r]:
			b.WriteRune(unknown)
		default:
			b.WriteRune(r)
		}
		marked = r == '\n'
	}
	return strings.TrimRight(b.String(), " \n")
}

func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

// rightToLeft scripts would stand in the wrong order, which is worse than not at all.
func rightToLeft(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) }

// cell makes a value fit a cell: clean, on one line, not too long.
func cell(s string) string { return oneLine(s, cellRunes) }

func oneLine(s string, limit int) string {
	return shorten(strings.Join(strings.Fields(clean(shorten(s, maxRunes))), " "), limit)
}

// shorten cuts a text after so many runes and says so.
func shorten(s string, limit int) string {
	count := 0
	for i := range s {
		if count++; count > limit {
			return s[:i] + "…"
		}
	}
	return s
}

func date(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("02/01/2006")
}

func dateTime(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("02/01/2006 15:04")
}

// hours writes a working time as "3 h 05 min", to the minute.
func hours(d time.Duration) string {
	minutes := int64(d.Round(time.Minute) / time.Minute)
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
}
