package tickets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// isBack reports whether the argument of #ausente takes an absence back.
func isBack(arg string) bool {
	return slices.Contains([]string{"no", "presente", "ya no", "cancelar", "back", "present", "cancel"}, Fold(arg))
}

// periodChoices are ways to write the argument of #ausente.
func periodChoices() []string {
	return []string{"2026-12-01..2026-12-05", "1/12..5/12", "hoy", "manana", "no"}
}

// The forms of a period and of a day, folded.
var (
	periodStart = regexp.MustCompile(`^(?:desde|del?|from)\s+(?:el\s+)?`)
	periodUntil = regexp.MustCompile(`^(?:hasta|until|till)\s+(?:el\s+)?`)
	periodSplit = regexp.MustCompile(`\s*\.{2,}\s*|\s*[–—]\s*|\s+-\s+|\s+(?:al?|hasta|y|to|until)\s+(?:el\s+)?`)
	dayISO      = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	daySlashed  = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?$`)
	dayWords    = regexp.MustCompile(`^(\d{1,2})(?:\s+de)?\s+([a-z]+)\.?(?:\s+del?)?(?:\s+(\d{4}))?$`)
	dayAlone    = regexp.MustCompile(`^\d{1,2}$`)
)

// writtenDay is a day as somebody wrote it; a zero year was left out.
type writtenDay struct{ year, month, day int }

// maxInferred is how far from today a day without a year may lie: half a year to either side leaves one year for each day.
const maxInferred = 183

// periodArg reads a period of whole days: "2026-12-01..2026-12-05", "1/12 al 5/12", "1 al 5 de diciembre", "hoy", "mañana",
// "hasta el 5 de diciembre". It ends with the midnight after its last day.
func periodArg(arg string, now time.Time) (from, to time.Time, problem *Problem) {
	folded := periodStart.ReplaceAllString(Fold(arg), "")
	if folded == "" {
		return from, to, &Problem{Code: ProblemMissingArgument, Choices: periodChoices()}
	}
	unreadable := &Problem{Code: ProblemPeriod, Value: arg, Choices: periodChoices()}
	if until := periodUntil.ReplaceAllString(folded, ""); until != folded {
		folded = "hoy .. " + until
	}
	parts := periodSplit.Split(folded, -1)
	if len(parts) > 2 {
		return from, to, unreadable
	}
	first, read := dayArg(parts[0], now)
	last := first
	if len(parts) == 2 {
		var ended bool
		last, ended = dayArg(parts[1], now)
		if !read && ended && dayAlone.MatchString(parts[0]) { // "1 al 5 de diciembre"
			first.year, first.month, read = last.year, last.month, true
			first.day, _ = strconv.Atoi(parts[0]) // two digits
		}
		read = read && ended
	}
	if !read {
		return from, to, unreadable
	}
	from, to, ordered := place(first, last, now)
	switch {
	case !exists(first, from) || !exists(last, to):
		return from, to, unreadable
	case !ordered:
		return from, to, &Problem{Code: ProblemPeriodOrder, From: from, Last: to}
	}
	if to = to.AddDate(0, 0, 1); !to.After(now) {
		return from, to, &Problem{Code: ProblemPeriodPast, From: from, Last: lastDay(to)}
	}
	return from, to, nil
}

// place finds the years that were left out: of the first day the one nearest to today, of the last day the first one that
// does not lie before the first day. Where that is most of a year away, the days were written in the wrong order.
func place(first, last writtenDay, now time.Time) (from, to time.Time, ordered bool) {
	if first.year == 0 && last.year != 0 {
		first.year = last.year
		if first.on(last.year, now).After(last.on(last.year, now)) {
			first.year-- // "28/12..3/1/2027"
		}
	}
	if first.year == 0 {
		first.year = nearestYear(first, now)
	}
	from = first.on(first.year, now)
	if last.year != 0 {
		to = last.on(last.year, now)
		return from, to, !to.Before(from)
	}
	to = last.on(first.year, now)
	if next := last.on(first.year+1, now); to.Before(from) && next.Sub(from) <= maxInferred*24*time.Hour {
		to = next
	}
	return from, to, !to.Before(from)
}

func nearestYear(d writtenDay, now time.Time) int {
	best := now.Year()
	for _, year := range []int{now.Year() - 1, now.Year() + 1} {
		if d.on(year, now).Sub(now).Abs() < d.on(best, now).Sub(now).Abs() {
			best = year
		}
	}
	return best
}

// on returns the beginning of the day in a year.
func (d writtenDay) on(year int, now time.Time) time.Time {
	return time.Date(year, time.Month(d.month), d.day, 0, 0, 0, 0, now.Location())
}

// exists reports whether the day that was written is the one that came of it: 31/2 becomes a day of March.
func exists(d writtenDay, placed time.Time) bool {
	return int(placed.Month()) == d.month && placed.Day() == d.day
}

// dayArg reads a day.
func dayArg(s string, now time.Time) (writtenDay, bool) {
	s = strings.TrimSpace(s)
	today := func(days int) (writtenDay, bool) {
		d := now.AddDate(0, 0, days)
		return writtenDay{d.Year(), int(d.Month()), d.Day()}, true
	}
	switch s {
	case "hoy", "today":
		return today(0)
	case "manana", "tomorrow":
		return today(1)
	case "pasado manana":
		return today(2)
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // four digits at most, or none
		return n
	}
	if m := dayISO.FindStringSubmatch(s); m != nil {
		return writtenDay{number(m[1]), number(m[2]), number(m[3])}, true
	}
	if m := daySlashed.FindStringSubmatch(s); m != nil {
		year := number(m[3])
		if len(m[3]) == 2 {
			year += 2000
		}
		return writtenDay{year, number(m[2]), number(m[1])}, true
	}
	if m := dayWords.FindStringSubmatch(s); m != nil {
		month := monthArg(m[2])
		return writtenDay{number(m[3]), month, number(m[1])}, month > 0
	}
	return writtenDay{}, false
}

// monthArg returns the month of a Spanish or English name, which may be cut to three letters or more; 0 for none.
func monthArg(word string) int {
	if len(word) < 3 {
		return 0
	}
	for i, names := range [12][]string{{"enero", "january"}, {"febrero", "february"}, {"marzo", "march"}, {"abril", "april"},
		{"mayo", "may"}, {"junio", "june"}, {"julio", "july"}, {"agosto", "august"}, {"septiembre", "september", "setiembre"},
		{"octubre", "october"}, {"noviembre", "november"}, {"diciembre", "december"}} {
		for _, name := range names {
			if strings.HasPrefix(name, word) {
				return i + 1
			}
		}
	}
	return 0
}
