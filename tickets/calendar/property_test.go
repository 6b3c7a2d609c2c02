package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/tickets/calendar"
)

var zones = []string{
	"America/Bogota", "UTC", "America/New_York", "America/Santiago", "America/Havana", "America/St_Johns", "Australia/Lord_Howe",
	"Pacific/Apia", "Pacific/Kiritimati", "Europe/Madrid", "Africa/Casablanca", "Asia/Kathmandu",
}

// anyCalendar draws a calendar with up to four spans a day, some of them touching each other or midnight, and absences.
func anyCalendar(t *testing.T, r *rapid.T) *calendar.Calendar {
	week := calendar.Week{}
	for day := time.Sunday; day <= time.Saturday; day++ {
		var from calendar.Clock
		for range rapid.IntRange(0, 4).Draw(r, "spans") {
			from += calendar.Clock(rapid.SampledFrom([]int{0, 0, 1, 30, 240, 600}).Draw(r, "free"))
			to := min(from+calendar.Clock(rapid.IntRange(1, 600).Draw(r, "long")), 24*60)
			if from >= to {
				break
			}
			week[day] = append(week[day], calendar.Hours{From: from, To: to})
			from = to
		}
	}
	if len(week) == 0 {
		week[time.Wednesday] = hours(t, "0:00-24:00")
	}
	cal := mustNew(t, calendar.Config{Zone: zone(t, rapid.SampledFrom(zones).Draw(r, "zone")), Week: week, Holidays: calendar.Colombia})
	var absences []calendar.Span
	for range rapid.IntRange(0, 3).Draw(r, "absences") {
		from := anyTime(r, "absent")
		absences = append(absences, calendar.Span{From: from, To: from.Add(time.Duration(rapid.Int64Range(-1e12, 1e15).Draw(r, "away")))})
	}
	return cal.With(absences)
}

// anyTime draws an instant of 2010 to 2028, or of 2048, near a change of the clock as often as not.
func anyTime(r *rapid.T, label string) time.Time {
	around := rapid.SampledFrom([]int64{
		1289097000, // St. John's goes back over midnight, 7 November 2010
		1325239200, // Apia skips 30 December 2011
		1772953200, // New York springs forward, 8 March 2026
		1793512800, // New York falls back, 1 November 2026
		1775358000, // Santiago falls back over midnight, 5 April 2026
		1788667200, // Santiago skips a midnight, 6 September 2026
		1775000000,
		2493028800, // 31 December of a leap year that no zone's table reaches
		1262304000 + rapid.Int64Range(0, 18*365*86400).Draw(r, label+" day"),
	}).Draw(r, label)
	t := time.Unix(around, rapid.Int64Range(0, 999999999).Draw(r, label+" fraction"))
	return t.Add(time.Duration(rapid.Int64Range(-2*86400, 2*86400).Draw(r, label+" offset")) * time.Second)
}

func anyWork(r *rapid.T, label string) time.Duration {
	return time.Duration(rapid.OneOf(rapid.Int64Range(0, int64(80*time.Hour)), rapid.Int64Range(0, int64(2000*time.Hour))).Draw(r, label))
}

func TestBetweenUndoesAdd(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cal, a, d := anyCalendar(t, r), anyTime(r, "a"), anyWork(r, "d")
		due := cal.Add(a, d)
		if due.Before(a) {
			r.Fatalf("%s + %s is earlier: %s", a, d, due)
		}
		if got := cal.Between(a, due); got != d {
			r.Fatalf("from %s %s are due %s, and it is %s until then", a, d, due, got)
		}
	})
}

func TestAddAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cal, a, d, e := anyCalendar(t, r), anyTime(r, "a"), anyWork(r, "d"), anyWork(r, "e")
		at, step := cal.Add(a, d+e), cal.Add(cal.Add(a, d), e)
		if !at.Equal(step) {
			r.Fatalf("%s + (%s + %s) is %s at once and %s in two steps", a, d, e, at, step)
		}
	})
}

func TestAddIsMonotone(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cal, a, d := anyCalendar(t, r), anyTime(r, "a"), anyWork(r, "d")
		b := a.Add(time.Duration(rapid.Int64Range(0, int64(500*time.Hour)).Draw(r, "later")))
		if first, second := cal.Add(a, d), cal.Add(b, d); second.Before(first) {
			r.Fatalf("begun later, %s, it is due earlier: %s before %s", b, second, first)
		}
		if more := cal.Add(a, d+time.Minute); more.Before(cal.Add(a, d)) {
			r.Fatalf("a minute more is due earlier: %s", more)
		}
	})
}

func TestBetweenAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cal, a, b, c := anyCalendar(t, r), anyTime(r, "a"), anyTime(r, "b"), anyTime(r, "c")
		if ab, bc, ac := cal.Between(a, b), cal.Between(b, c), cal.Between(a, c); ab+bc != ac {
			r.Fatalf("%s: %s + %s is not %s", []time.Time{a, b, c}, ab, bc, ac)
		}
		if got := cal.Between(a, b); got > max(b.Sub(a), 0) {
			r.Fatalf("from %s to %s there are %s of work", a, b, got)
		}
	})
}

func TestNextOpeningIsTheFirstWorkingInstant(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cal, a := anyCalendar(t, r), anyTime(r, "a")
		opening := cal.NextOpening(a)
		if opening.Before(a) || !cal.IsWorking(opening) {
			r.Fatalf("after %s it opens at %s, working %v", a, opening, cal.IsWorking(opening))
		}
		if got := cal.Between(a, opening); got != 0 {
			r.Fatalf("%s of work before the opening at %s", got, opening)
		}
		if cal.IsWorking(a) != opening.Equal(a) {
			r.Fatalf("at %s: working %v, opening %s", a, cal.IsWorking(a), opening)
		}
		if got := cal.Between(opening, opening.Add(time.Nanosecond)); got != time.Nanosecond {
			r.Fatalf("the first moment counts %s", got)
		}
	})
}

// The quick way over whole days and the slow one over spans agree: an absence of a moment each day forces the slow one.
func TestWholeDaysAreCountedLikeSpans(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		base := mustNew(t, calendar.Config{
			Zone: zone(t, rapid.SampledFrom(zones).Draw(r, "zone")), Week: everyDay(hours(t, "0:00-7:00", "8:00-12:00", "20:00-24:00")),
		})
		a, b := anyTime(r, "a"), anyTime(r, "b")
		if b.Before(a) {
			a, b = b, a
		}
		b = earlierOf(b, a.AddDate(0, 0, 40))
		var moments []calendar.Span
		for day := a.AddDate(0, 0, -2); day.Before(b.AddDate(0, 0, 2)); day = day.Add(4 * time.Hour) {
			if !base.IsWorking(day) {
				moments = append(moments, calendar.Span{From: day, To: day.Add(1)})
			}
		}
		if quick, slow := base.Between(a, b), base.With(moments).Between(a, b); quick != slow {
			r.Fatalf("from %s to %s: %s by days, %s by spans", a, b, quick, slow)
		}
	})
}

func earlierOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
