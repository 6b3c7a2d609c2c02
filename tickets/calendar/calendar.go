// Package calendar says when the desk works: hours of the week, public holidays, the ministry's own days off, and working
// time counted along them. It is pure: it reads neither the clock nor the settings, and knows nothing of tickets.
//
// A day's hours are wall-clock times in the calendar's zone. They open at the first instant of the day at which the clock
// reads that time or a later one: an opening that daylight saving skips falls on the change itself, one that comes twice
// counts from its first coming. A working span is therefore longer or shorter than written by what the change adds or takes.
package calendar

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// Week is the working hours of each day of the week; a day that is absent is free.
type Week map[time.Weekday][]Hours

// Config is what a calendar is made of.
type Config struct {
	Zone     *time.Location
	Week     Week
	Holidays func(year int) []Holiday // the public holidays of a year, such as Colombia; nil for none
	Extra    []Holiday                // days off besides them
	Removed  []Date                   // public holidays on which the desk works all the same
}

// Span is a stretch of time from From up to, not including, To.
type Span struct{ From, To time.Time }

// Calendar counts working time. It never changes and may be used by several goroutines at once.
type Calendar struct {
	zone     *time.Location
	week     [7][]Hours       // in order, without overlap
	nominal  [7]time.Duration // working time of a day without a change of the clock
	holidays func(year int) []Holiday
	extra    []Holiday
	removed  map[Date]bool
	absences []Span // in order, without overlap

	off *sync.Map // the days off by year, as offDays found them
}

// horizonDays is how far a calendar looks ahead, a hundred years: an answer beyond it is as good as never.
const horizonDays = 36525

// New returns the calendar that the config describes, or everything that is wrong with it.
func New(c Config) (*Calendar, error) {
	cal := &Calendar{zone: c.Zone, holidays: c.Holidays, extra: slices.Clone(c.Extra), removed: map[Date]bool{}, off: new(sync.Map)}
	if cal.holidays == nil {
		cal.holidays = func(int) []Holiday { return nil }
	}
	var problems []error
	if c.Zone == nil {
		problems = append(problems, errors.New("the calendar has no time zone"))
	}
	problems = append(problems, cal.setWeek(c.Week), cal.setRemoved(c.Removed))
	for _, h := range c.Extra {
		if !h.Date.valid() {
			problems = append(problems, fmt.Errorf("day off %s (%s): there is no such day", h.Date, h.Name))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return cal, nil
}

func (c *Calendar) setWeek(week Week) error {
	var problems []error
	var total time.Duration
	for _, day := range slices.Sorted(maps.Keys(week)) {
		if day < time.Sunday || day > time.Saturday {
			problems = append(problems, fmt.Errorf("the week has no day %d", int(day)))
			continue
		}
		hours := slices.SortedFunc(slices.Values(week[day]), func(a, b Hours) int { return int(a.From - b.From) })
		for i, h := range hours {
			if err := h.check(); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", day, err))
			} else if i > 0 && h.From < hours[i-1].To {
				problems = append(problems, fmt.Errorf("%s: %s and %s overlap", day, hours[i-1], h))
			}
			c.nominal[day] += h.Duration()
		}
		c.week[day] = hours
		total += c.nominal[day]
	}
	if len(problems) == 0 && total == 0 {
		return errors.New("the calendar has no working hours on any day of the week")
	}
	return errors.Join(problems...)
}

// setRemoved refuses a day that is no public holiday: it would be a mistyped one, and the desk would be closed unawares.
func (c *Calendar) setRemoved(days []Date) error {
	var problems []error
	for _, day := range days {
		switch {
		case !day.valid():
			problems = append(problems, fmt.Errorf("removed holiday %s: there is no such day", day))
		case !slices.ContainsFunc(c.holidays(day.Year), func(h Holiday) bool { return h.Date == day }):
			problems = append(problems, fmt.Errorf("removed holiday %s: that day is no public holiday", day))
		case slices.ContainsFunc(c.extra, func(h Holiday) bool { return h.Date == day }):
			problems = append(problems, fmt.Errorf("%s is both a day off and a removed holiday", day))
		}
		c.removed[day] = true
	}
	return errors.Join(problems...)
}

// With returns the calendar of somebody who is absent at those times as well. Spans that do not end after they begin count
// for nothing.
func (c *Calendar) With(absences []Span) *Calendar {
	all := slices.Concat(c.absences, absences)
	all = slices.DeleteFunc(all, func(s Span) bool { return !s.From.Before(s.To) })
	slices.SortFunc(all, func(a, b Span) int { return a.From.Compare(b.From) })
	var merged []Span
	for _, s := range all {
		if last := len(merged) - 1; last >= 0 && !s.From.After(merged[last].To) {
			merged[last].To = later(merged[last].To, s.To)
			continue
		}
		merged = append(merged, s)
	}
	personal := *c
	personal.absences = merged
	return &personal
}

// Zone is the time zone in which the calendar's hours are meant and its answers are given.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Holidays returns the days off of a year by date: public holidays but the removed ones, and the extra days.
func (c *Calendar) Holidays(year int) []Holiday {
	days := slices.DeleteFunc(slices.Clone(c.holidays(year)), func(h Holiday) bool { return c.removed[h.Date] })
	for _, h := range c.extra {
		if h.Date.Year == year {
			days = append(days, h)
		}
	}
	slices.SortStableFunc(days, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return days
}

// Holiday returns the name of the day off that a date is, "" where it is none. Two that fall together are joined by " / ".
func (c *Calendar) Holiday(d Date) string {
	var names []string
	for _, h := range c.Holidays(d.Year) {
		if h.Date == d {
			names = append(names, h.Name)
		}
	}
	return strings.Join(names, " / ")
}

// IsWorking reports whether the instant is in working time. A span's end is not.
func (c *Calendar) IsWorking(t time.Time) bool {
	opening := c.NextOpening(t)
	return !opening.IsZero() && opening.Equal(t)
}

// NextOpening returns the first working instant at or after t; the zero time if there is none within a hundred years.
func (c *Calendar) NextOpening(t time.Time) time.Time {
	t = c.local(t)
	for day := range c.days(t) {
		for _, s := range day.spans() {
			if s.To.After(t) {
				return later(s.From, t)
			}
		}
	}
	return time.Time{}
}

// Add returns the instant at which that much working time has passed since start: when something is due. It falls on a
// closing rather than on the next opening, as people read a date. With no working time to pass it is start itself. It is
// the zero time if the working time is not to be had within a hundred years.
func (c *Calendar) Add(start time.Time, working time.Duration) time.Time {
	start = c.local(start)
	if working <= 0 {
		return start
	}
	for day := range c.days(start) {
		if day.plain && !day.from.Before(start) && day.nominal() < working {
			working -= day.nominal()
			continue
		}
		for _, s := range day.spans() {
			from := later(s.From, start)
			length := s.To.Sub(from)
			if length >= working {
				return from.Add(working)
			}
			working -= max(length, 0)
		}
	}
	return time.Time{}
}

// Between returns the working time from a to b, negative where b is before a. It looks no further than a hundred years
// ahead of the earlier one.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	a, b = c.local(a), c.local(b)
	var sum time.Duration
	for day := range c.days(a) {
		if !day.from.Before(b) {
			break
		}
		if day.plain && !day.from.Before(a) && !day.to.After(b) {
			sum += day.nominal()
			continue
		}
		for _, s := range day.spans() {
			sum += max(earlier(s.To, b).Sub(later(s.From, a)), 0)
		}
	}
	return sum
}

// WorkingDays returns the closing of the n-th working day after the day of from, which itself does not count, as in the
// terms of the law (Ley 4 de 1913, artículo 62: days off are left out). With n below one it is from itself; the zero time if there
// are not so many days within a hundred years.
func (c *Calendar) WorkingDays(from time.Time, n int) time.Time {
	from = c.local(from)
	if n <= 0 {
		return from
	}
	first := dateOf(from).number()
	for day := range c.days(from) {
		if day.number <= first {
			continue
		}
		spans := day.spans()
		if len(spans) == 0 {
			continue
		}
		if n--; n == 0 {
			return spans[len(spans)-1].To
		}
	}
	return time.Time{}
}

// local strips the monotonic reading as well: working time is counted on the wall clock.
func (c *Calendar) local(t time.Time) time.Time { return t.Round(0).In(c.zone) }

// workday is a day with working hours.
type workday struct {
	cal      *Calendar
	number   int // days since 1970-01-01
	from, to time.Time
	plain    bool // the clock does not change and nobody is absent: the hours add up to what is written
}

// days yields the working days in order, from the date of t on: earlier ones are over, as a date's first instant begins it.
func (c *Calendar) days(t time.Time) iter.Seq[workday] {
	return func(yield func(workday) bool) {
		var (
			first = dateOf(t).number()
			year  = math.MinInt
			off   map[int]bool
			zone  = zonePeriod(t)
		)
		for number := first; number < first+horizonDays; number++ {
			hours := c.week[weekday(number)]
			if len(hours) == 0 {
				continue
			}
			if y := dateOfNumber(number).Year; y != year {
				year, off = y, c.offDays(y)
			}
			if off[number] {
				continue
			}
			day := workday{cal: c, number: number}
			day.from, day.to, zone, day.plain = c.bounds(number, zone)
			day.plain = day.plain && !c.absent(day.from, day.to)
			if !yield(day) {
				return
			}
		}
	}
}

// offDays returns the days off of a year. They are found once: a report asks for them a hundred thousand times.
func (c *Calendar) offDays(year int) map[int]bool {
	if known, found := c.off.Load(year); found {
		return known.(map[int]bool)
	}
	off := map[int]bool{}
	for _, h := range c.holidays(year) {
		if !c.removed[h.Date] {
			off[h.Date.number()] = true
		}
	}
	for _, h := range c.extra {
		off[h.Date.number()] = true
	}
	c.off.Store(year, off)
	return off
}

// absent reports whether an absence touches the time.
func (c *Calendar) absent(from, to time.Time) bool {
	i, _ := slices.BinarySearchFunc(c.absences, from, func(s Span, t time.Time) int {
		if s.To.After(t) {
			return 1
		}
		return -1
	})
	return i < len(c.absences) && c.absences[i].From.Before(to)
}

func (d workday) nominal() time.Duration { return d.cal.nominal[weekday(d.number)] }

// spans returns the working time of the day in order, without absences.
func (d workday) spans() []Span {
	hours := d.cal.week[weekday(d.number)]
	spans := make([]Span, 0, len(hours))
	for _, h := range hours {
		s := Span{d.at(h.From), d.at(h.To)}
		if s.From.Before(s.To) {
			spans = d.cal.present(spans, s)
		}
	}
	return spans
}

func (d workday) at(c Clock) time.Time {
	if d.plain {
		return d.from.Add(c.sinceMidnight())
	}
	return instant(d.number, c, d.cal.zone)
}

// present appends what the absences leave of a span.
func (c *Calendar) present(spans []Span, s Span) []Span {
	for _, a := range c.absences {
		if !a.To.After(s.From) {
			continue
		}
		if !a.From.Before(s.To) {
			break
		}
		if s.From.Before(a.From) {
			spans = append(spans, Span{s.From, a.From.In(c.zone)})
		}
		if s.From = a.To.In(c.zone); !s.From.Before(s.To) {
			return spans
		}
	}
	return append(spans, s)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
