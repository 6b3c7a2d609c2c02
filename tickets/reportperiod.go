package tickets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PeriodUnit is what a period of a report is.
type PeriodUnit string

// The units. PeriodDays is any other number of days.
const (
	PeriodDays    PeriodUnit = "days"
	PeriodWeek    PeriodUnit = "week" // from Monday
	PeriodMonth   PeriodUnit = "month"
	PeriodQuarter PeriodUnit = "quarter"
	PeriodYear    PeriodUnit = "year"
)

// Period is the whole days that a report is about, from the midnight of From up to, not including, that of To.
type Period struct {
	Unit PeriodUnit `json:"unit"`
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
}

// String writes the period as ParsePeriod reads it: "2026-10", "2026-W47", "2026-T3", "2026", "2026-10-01..2026-10-15".
func (p Period) String() string {
	switch p.Unit {
	case PeriodYear:
		return p.From.Format("2006")
	case PeriodQuarter:
		return fmt.Sprintf("%s-T%d", p.From.Format("2006"), (p.From.Month()+2)/3)
	case PeriodMonth:
		return p.From.Format("2006-01")
	case PeriodWeek:
		year, week := p.From.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	if p.Length() == 1 {
		return p.From.Format(time.DateOnly)
	}
	return p.From.Format(time.DateOnly) + ".." + p.Last().Format(time.DateOnly)
}

// PeriodOf returns the period of a unit that holds the instant, in the instant's time zone.
func PeriodOf(unit PeriodUnit, at time.Time) Period {
	y, m, d := at.Date()
	switch unit {
	case PeriodWeek:
		d -= (int(at.Weekday()) + 6) % 7
	case PeriodMonth:
		d = 1
	case PeriodQuarter:
		m, d = m-(m-1)%3, 1
	case PeriodYear:
		m, d = time.January, 1
	}
	p := Period{Unit: unit, From: time.Date(y, m, d, 0, 0, 0, 0, at.Location())}
	p.To = p.step(1)
	return p
}

// Days returns the period from the day of first to that of last.
func Days(first, last time.Time) Period {
	return Period{Unit: PeriodDays, From: startOfDay(first), To: startOfDay(last).AddDate(0, 0, 1)}
}

// step returns the midnight n units after From.
func (p Period) step(n int) time.Time {
	switch p.Unit {
	case PeriodWeek:
		return p.From.AddDate(0, 0, 7*n)
	case PeriodMonth:
		return p.From.AddDate(0, n, 0)
	case PeriodQuarter:
		return p.From.AddDate(0, 3*n, 0)
	case PeriodYear:
		return p.From.AddDate(n, 0, 0)
	}
	if p.To.IsZero() {
		return p.From.AddDate(0, 0, n)
	}
	return p.From.AddDate(0, 0, n*p.Length())
}

// Before returns the period of the same unit that ends where this one begins.
func (p Period) Before() Period {
	return Period{Unit: p.Unit, From: p.step(-1), To: p.From}
}

// In returns the period in a time zone, in which its midnights are midnights.
func (p Period) In(zone *time.Location) Period {
	return Period{Unit: p.Unit, From: p.From.In(zone), To: p.To.In(zone)}
}

// Length is the number of days.
func (p Period) Length() int {
	const day = 24 * 60 * 60                                // seconds; a time.Duration ends after 292 years
	return int((p.To.Unix() - p.From.Unix() + day/2) / day) // daylight saving makes a day longer or shorter
}

// Last is the last day, at its midnight.
func (p Period) Last() time.Time { return p.To.AddDate(0, 0, -1) }

// Contains reports whether the instant lies within the period.
func (p Period) Contains(at time.Time) bool { return !at.Before(p.From) && at.Before(p.To) }

// reportChoices are ways to write the argument of #informe.
func reportChoices(now time.Time) []string {
	month, lastYear := now.Format("2006-01"), strconv.Itoa(now.Year()-1)
	return []string{"mes pasado", "semana pasada", "octubre", now.AddDate(0, 0, -now.Day()).Format("2006-01"), lastYear + "-T3", lastYear, month + "-01.." + month + "-15"}
}

// The forms of a period, folded.
var (
	periodArticle = regexp.MustCompile(`^(?:del?|from|el|la|the)\s+`)
	periodNamed   = regexp.MustCompile(`^(?:mes\s+(?:de\s+)?)?([a-z]{3,})\.?(?:\s+(?:del?\s+)?([12]\d{3}))?$`)
	periodOrdinal = regexp.MustCompile(`^(primer|segundo|tercer|cuarto|first|second|third|fourth)o?\s+(?:trimestre|quarter)(?:\s+(?:del?\s+|of\s+)?([12]\d{3}))?$`)
	periodSpan    = regexp.MustCompile(`\s*\.{2,}\s*|\s*[–—]\s*|\s+-\s+|\s+(?:al?|hasta|to|until)\s+(?:el\s+)?`)

	// periodNumbered are those in figures: which group is the year, and which the number of the unit within it; 0 for none.
	periodNumbered = []struct {
		form         *regexp.Regexp
		unit         PeriodUnit
		year, number int
	}{
		{regexp.MustCompile(`^(?:ano\s+|year\s+)?([12]\d{3})$`), PeriodYear, 1, 0},
		{regexp.MustCompile(`^([12]\d{3})[-/.](\d{1,2})$`), PeriodMonth, 1, 2},
		{regexp.MustCompile(`^(\d{1,2})[-/.]([12]\d{3})$`), PeriodMonth, 2, 1},
		{regexp.MustCompile(`^([12]\d{3})-?w(\d{1,2})$`), PeriodWeek, 1, 2},
		{regexp.MustCompile(`^(?:semana|week)\s+(\d{1,2})(?:\s*(?:del?\s+|of\s+|,\s*)?([12]\d{3}))?$`), PeriodWeek, 2, 1},
		{regexp.MustCompile(`^([12]\d{3})\s*-?\s*[tq]([1-4])$`), PeriodQuarter, 1, 2},
		{regexp.MustCompile(`^(?:trimestre\s+|quarter\s+|[tq])([1-4])(?:\s*(?:-|del?\s+|of\s+|,\s*)?\s*([12]\d{3}))?$`), PeriodQuarter, 2, 1},
	}
)

// oldestReport is the first year that anybody asks for; an earlier one is mistyped.
const oldestReport = 1990

// ParsePeriod reads the period of a report, nothing for the month that goes on: "2026-10", "octubre de 2026", "mes pasado",
// "2026-W47", "2026-T3", "2026-10-01..2026-10-15" and their like, in Spanish or English. A month, week or quarter without a year
// is the latest that has begun. What has not begun is refused, and what ends after the coming year is taken for mistyped.
func ParsePeriod(arg string, now time.Time) (Period, *Problem) {
	folded := periodArticle.ReplaceAllString(periodArticle.ReplaceAllString(Fold(arg), ""), "") // "del", "de la"
	if strings.HasSuffix(folded, ".") && !strings.HasSuffix(folded, "..") {
		folded = folded[:len(folded)-1]
	}
	unreadable := &Problem{Code: ProblemPeriod, Value: arg, Choices: reportChoices(now)}
	p, read := onePeriod(folded, now)
	if !read {
		var problem *Problem
		if p, problem = spanOfPeriods(folded, now); problem != nil {
			problem.Value, problem.Choices = arg, unreadable.Choices
			return Period{}, problem
		}
	}
	switch {
	case p.From.After(now):
		return Period{}, &Problem{Code: ProblemPeriodFuture, Value: arg, From: p.From, Choices: unreadable.Choices}
	case p.From.Year() < oldestReport, p.Last().Year() > now.Year()+1:
		return Period{}, unreadable
	}
	return p, nil
}

// spanOfPeriods reads "first..last", each a day or a longer period.
func spanOfPeriods(folded string, now time.Time) (Period, *Problem) {
	parts := periodSpan.Split(folded, -1)
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return Period{}, &Problem{Code: ProblemPeriod}
	}
	last, read := onePeriod(parts[1], now)
	first, begins := onePeriod(parts[0], now)
	if dayAlone.MatchString(parts[0]) && read && last.Length() == 1 { // "1 al 15 de octubre"
		day, _ := strconv.Atoi(parts[0]) // two digits
		first = Days(last.From.AddDate(0, 0, day-last.From.Day()), last.From)
		begins = first.From.Day() == day
	}
	switch {
	case !read || !begins:
		return Period{}, &Problem{Code: ProblemPeriod}
	case first.From.After(last.Last()):
		return Period{}, &Problem{Code: ProblemPeriodOrder, From: first.From, Last: last.Last()}
	}
	return Period{Unit: PeriodDays, From: first.From, To: last.To}, nil
}

// namedPeriods are periods by how many units they lie back, as Fold writes them.
var namedPeriods = []struct {
	unit  PeriodUnit
	back  int
	words []string
}{
	{PeriodMonth, 0, []string{"", "este mes", "mes", "mes actual", "this month", "month"}},
	{PeriodMonth, 1, []string{"mes pasado", "mes anterior", "ultimo mes", "last month", "previous month"}},
	{PeriodWeek, 0, []string{"semana", "esta semana", "semana actual", "this week", "week"}},
	{PeriodWeek, 1, []string{"semana pasada", "semana anterior", "ultima semana", "last week", "previous week"}},
	{PeriodQuarter, 0, []string{"trimestre", "este trimestre", "trimestre actual", "this quarter", "quarter"}},
	{PeriodQuarter, 1, []string{"trimestre pasado", "trimestre anterior", "ultimo trimestre", "last quarter", "previous quarter"}},
	{PeriodYear, 0, []string{"ano", "este ano", "ano actual", "this year", "year"}},
	{PeriodYear, 1, []string{"ano pasado", "ano anterior", "last year", "previous year"}},
	{PeriodDays, 0, []string{"hoy", "today"}},
	{PeriodDays, 1, []string{"ayer", "yesterday"}},
}

// onePeriod reads a period that is no span of others.
func onePeriod(folded string, now time.Time) (Period, bool) {
	for _, named := range namedPeriods {
		if slices.Contains(named.words, folded) {
			p := PeriodOf(named.unit, now)
			for range named.back {
				p = p.Before()
			}
			return p, true
		}
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // digits, or nothing
		return n
	}
	for _, numbered := range periodNumbered {
		if m := numbered.form.FindStringSubmatch(folded); m != nil {
			n := 1
			if numbered.number > 0 {
				n = number(m[numbered.number])
			}
			return yearly(numbered.unit, number(m[numbered.year]), n, now)
		}
	}
	if m := periodOrdinal.FindStringSubmatch(folded); m != nil {
		n := slices.Index([]string{"primer", "segundo", "tercer", "cuarto", "first", "second", "third", "fourth"}, m[1])%4 + 1
		return yearly(PeriodQuarter, number(m[2]), n, now)
	}
	if m := periodNamed.FindStringSubmatch(folded); m != nil && monthArg(m[1]) > 0 {
		return yearly(PeriodMonth, number(m[2]), monthArg(m[1]), now)
	}
	day, read := dayArg(folded, now)
	if !read {
		return Period{}, false
	}
	if day.year == 0 {
		day.year = now.Year()
		if day.on(day.year, now).After(now) {
			day.year--
		}
	}
	at := day.on(day.year, now)
	return Days(at, at), exists(day, at)
}

// yearly returns the n-th month, week or quarter of a year, of the latest in which it has begun where the year is 0.
func yearly(unit PeriodUnit, year, n int, now time.Time) (Period, bool) {
	if year == 0 {
		p, ok := yearly(unit, now.Year(), n, now)
		if !ok || p.From.After(now) {
			p, ok = yearly(unit, now.Year()-1, n, now)
		}
		return p, ok
	}
	start := time.Date(year, 1, 1, 0, 0, 0, 0, now.Location())
	switch unit {
	case PeriodMonth:
		return PeriodOf(unit, start.AddDate(0, n-1, 0)), n >= 1 && n <= 12
	case PeriodQuarter:
		return PeriodOf(unit, start.AddDate(0, 3*(n-1), 0)), true
	case PeriodWeek: // that of 4 January is the first of its year (ISO 8601)
		p := PeriodOf(unit, start.AddDate(0, 0, 3+7*(n-1)))
		_, number := p.From.ISOWeek()
		return p, number == n
	}
	return PeriodOf(unit, start), true
}
