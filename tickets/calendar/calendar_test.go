package calendar_test

import (
	"strings"
	"testing"
	"time"

	_ "time/tzdata" // the tests must not depend on the host's zones

	"radicado/tickets/calendar"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func hours(tb testing.TB, spans ...string) []calendar.Hours {
	tb.Helper()
	var list []calendar.Hours
	for _, s := range spans {
		h, err := calendar.ParseHours(s)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, h)
	}
	return list
}

func everyDay(h []calendar.Hours) calendar.Week {
	w := calendar.Week{}
	for d := time.Sunday; d <= time.Saturday; d++ {
		w[d] = h
	}
	return w
}

func mondayToFriday(h []calendar.Hours) calendar.Week {
	w := everyDay(h)
	delete(w, time.Saturday)
	delete(w, time.Sunday)
	return w
}

func mustNew(tb testing.TB, c calendar.Config) *calendar.Calendar {
	tb.Helper()
	cal, err := calendar.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return cal
}

// ministry works 8:00–12:00 and 13:00–17:00 from Monday to Friday in Bogotá.
func ministry(tb testing.TB) *calendar.Calendar {
	return mustNew(tb, calendar.Config{
		Zone:     zone(tb, "America/Bogota"),
		Week:     mondayToFriday(hours(tb, "8:00-12:00", "13:00-17:00")),
		Holidays: calendar.Colombia,
	})
}

const layout = "2006-01-02 15:04"

func at(tb testing.TB, z *time.Location, s string) time.Time {
	tb.Helper()
	t, err := time.ParseInLocation(layout, s, z)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func TestAdd(t *testing.T) {
	cal := ministry(t)
	for _, test := range []struct{ name, start, working, want string }{
		{"within a span", "2026-11-23 09:00", "2h", "2026-11-23 11:00"},
		{"over the midday break", "2026-11-23 11:00", "2h", "2026-11-23 14:00"},
		{"ends on the closing, not on the next opening", "2026-11-23 08:00", "8h", "2026-11-23 17:00"},
		{"over a night", "2026-11-23 16:00", "2h", "2026-11-24 09:00"},
		{"over a weekend", "2026-11-27 16:30", "1h", "2026-11-30 08:30"},
		{"before opening", "2026-11-23 05:00", "1h", "2026-11-23 09:00"},
		{"in the break", "2026-11-23 12:30", "1h", "2026-11-23 14:00"},
		{"on a Sunday", "2026-11-22 12:00", "30m", "2026-11-23 08:30"},
		{"over the new holiday of 13 July 2026", "2026-07-10 16:00", "2h", "2026-07-14 09:00"},
		{"over Easter", "2026-04-01 16:00", "2h", "2026-04-06 09:00"},
		{"over the year's end", "2026-12-31 16:00", "2h", "2027-01-04 09:00"},
		{"over 29 February", "2028-02-28 16:00", "2h", "2028-02-29 09:00"},
		{"over a February without", "2027-02-26 16:00", "2h", "2027-03-01 09:00"},
		{"nothing", "2026-11-22 12:00", "0s", "2026-11-22 12:00"},
		{"less than nothing", "2026-11-23 12:00", "-1h", "2026-11-23 12:00"},
		{"forty hours over a holiday", "2026-10-09 08:00", "40h", "2026-10-16 17:00"},
	} {
		working, err := time.ParseDuration(test.working)
		if err != nil {
			t.Fatal(err)
		}
		if got := cal.Add(at(t, cal.Zone(), test.start), working).Format(layout); got != test.want {
			t.Errorf("%s: %s + %s: got %s, want %s", test.name, test.start, test.working, got, test.want)
		}
	}
}

func TestAnswersAreInTheCalendarsZone(t *testing.T) {
	cal := ministry(t)
	start := time.Date(2026, 11, 23, 13, 30, 0, 0, time.UTC) // 8:30 in Bogotá
	if got := cal.Add(start, time.Hour).String(); got != "2026-11-23 09:30:00 -0500 -05" {
		t.Errorf("got %s", got)
	}
}

func TestBetween(t *testing.T) {
	cal := ministry(t)
	for _, test := range []struct{ name, a, b, want string }{
		{"a day", "2026-11-23 00:00", "2026-11-24 00:00", "8h0m0s"},
		{"the break", "2026-11-23 12:00", "2026-11-23 13:00", "0s"},
		{"a part of each span", "2026-11-23 11:30", "2026-11-23 13:15", "45m0s"},
		{"a week with a holiday", "2026-11-16 00:00", "2026-11-23 00:00", "32h0m0s"},
		{"a weekend", "2026-11-27 17:00", "2026-11-30 08:00", "0s"},
		{"backwards", "2026-11-24 09:00", "2026-11-23 16:00", "-2h0m0s"},
		{"no time", "2026-11-23 09:00", "2026-11-23 09:00", "0s"},
		{"the year 2026: 261 weekdays without 18 holidays on weekdays", "2026-01-01 00:00", "2027-01-01 00:00", "1936h0m0s"},
	} {
		if got := cal.Between(at(t, cal.Zone(), test.a), at(t, cal.Zone(), test.b)).String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestIsWorkingAndNextOpening(t *testing.T) {
	cal := ministry(t)
	for _, test := range []struct {
		at      string
		working bool
		opening string
	}{
		{"2026-11-23 08:00", true, "2026-11-23 08:00"},
		{"2026-11-23 07:59", false, "2026-11-23 08:00"},
		{"2026-11-23 12:00", false, "2026-11-23 13:00"},
		{"2026-11-23 13:00", true, "2026-11-23 13:00"},
		{"2026-11-23 16:59", true, "2026-11-23 16:59"},
		{"2026-11-23 17:00", false, "2026-11-24 08:00"},
		{"2026-11-28 10:00", false, "2026-11-30 08:00"},
		{"2026-12-08 10:00", false, "2026-12-09 08:00"},
	} {
		instant := at(t, cal.Zone(), test.at)
		if got := cal.IsWorking(instant); got != test.working {
			t.Errorf("%s: working %v, want %v", test.at, got, test.working)
		}
		if got := cal.NextOpening(instant).Format(layout); got != test.opening {
			t.Errorf("%s: opens %s, want %s", test.at, got, test.opening)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	cal := ministry(t)
	for _, test := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-23 10:00", 3, "2026-11-26 17:00"}, // Monday: Tuesday, Wednesday, Thursday
		{"2026-11-23 23:59", 1, "2026-11-24 17:00"},
		{"2026-11-27 10:00", 1, "2026-11-30 17:00"}, // Friday
		{"2026-11-28 10:00", 1, "2026-11-30 17:00"}, // Saturday
		{"2026-12-04 10:00", 3, "2026-12-10 17:00"}, // the 8th is a holiday
		{"2026-12-24 10:00", 5, "2027-01-04 17:00"},
		{"2026-11-23 10:00", 0, "2026-11-23 10:00"},
	} {
		if got := cal.WorkingDays(at(t, cal.Zone(), test.from), test.n).Format(layout); got != test.want {
			t.Errorf("%d days from %s: got %s, want %s", test.n, test.from, got, test.want)
		}
	}
}

// Where the clock changes, a span is as long as it really is.
func TestDaylightSaving(t *testing.T) {
	for _, test := range []struct{ name, zone, span, day, want, opening string }{
		{"skipped hour within the span", "America/New_York", "0:00-8:00", "2026-03-08", "7h0m0s", "2026-03-08T00:00:00-05:00"},
		{"repeated hour within the span", "America/New_York", "0:00-8:00", "2026-11-01", "9h0m0s", "2026-11-01T00:00:00-04:00"},
		{"opening in the skipped hour", "America/New_York", "2:30-4:00", "2026-03-08", "1h0m0s", "2026-03-08T03:00:00-04:00"},
		{"span within the skipped hour", "America/New_York", "2:15-2:45", "2026-03-08", "0s", "2026-03-15T02:15:00-04:00"},
		{"opening in the repeated hour", "America/New_York", "1:30-3:00", "2026-11-01", "2h30m0s", "2026-11-01T01:30:00-04:00"},
		{"span within the repeated hour", "America/New_York", "1:15-1:45", "2026-11-01", "30m0s", "2026-11-01T01:15:00-04:00"},
		{"no midnight: it is skipped", "America/Santiago", "0:00-24:00", "2026-09-06", "23h0m0s", "2026-09-06T01:00:00-03:00"},
		{"23:00 comes twice", "America/Santiago", "0:00-24:00", "2026-04-04", "25h0m0s", "2026-04-04T00:00:00-03:00"},
		{"and its last hour is two", "America/Santiago", "23:00-24:00", "2026-04-04", "2h0m0s", "2026-04-04T23:00:00-03:00"},
		{"midnight comes twice", "America/Havana", "0:00-24:00", "2026-11-01", "25h0m0s", "2026-11-01T00:00:00-04:00"},
		{"half an hour", "Australia/Lord_Howe", "0:00-24:00", "2026-10-04", "23h30m0s", "2026-10-04T00:00:00+10:30"},
		{"the clock goes back over midnight", "America/St_Johns", "0:00-24:00", "2010-11-06", "24h0m0s", "2010-11-06T00:00:00-02:30"},
		{"and the day after is longer", "America/St_Johns", "0:00-24:00", "2010-11-07", "25h0m0s", "2010-11-07T00:00:00-02:30"},
		{"a day that never was", "Pacific/Apia", "0:00-24:00", "2011-12-30", "0s", "2012-01-06T00:00:00+14:00"},
		{"no daylight saving", "America/Bogota", "8:00-17:00", "2026-03-08", "9h0m0s", "2026-03-08T08:00:00-05:00"},
	} {
		t.Run(test.zone+" "+test.day, func(t *testing.T) {
			day, err := calendar.ParseDate(test.day)
			if err != nil {
				t.Fatal(err)
			}
			noon := time.Date(day.Year, day.Month, day.Day, 12, 0, 0, 0, time.UTC)
			// The only working day of the week, so that six days around it hold it alone.
			week := calendar.Week{noon.Weekday(): hours(t, test.span)}
			cal := mustNew(t, calendar.Config{Zone: zone(t, test.zone), Week: week})
			before, after := noon.AddDate(0, 0, -3), noon.AddDate(0, 0, 3)
			if got := cal.Between(before, after).String(); got != test.want {
				t.Errorf("%s: %s hours, want %s", test.name, got, test.want)
			}
			if got := cal.NextOpening(before).Format(time.RFC3339); got != test.opening {
				t.Errorf("%s: opens %s, want %s", test.name, got, test.opening)
			}
		})
	}
}

// A night shift is two spans that touch at midnight; nothing is lost or counted twice there.
func TestSpansTouchingMidnight(t *testing.T) {
	cal := mustNew(t, calendar.Config{Zone: zone(t, "America/Bogota"), Week: everyDay(hours(t, "0:00-6:00", "22:00-24:00"))})
	start := at(t, cal.Zone(), "2026-12-31 23:00")
	if got := cal.Add(start, 2*time.Hour).Format(layout); got != "2027-01-01 01:00" {
		t.Errorf("two hours from 23:00: %s", got)
	}
	if !cal.IsWorking(at(t, cal.Zone(), "2027-01-01 00:00")) {
		t.Error("midnight within the shift is not working time")
	}
	if got := cal.Between(start, start.AddDate(0, 0, 10)); got != 80*time.Hour {
		t.Errorf("ten days of eight hours: %s", got)
	}
	around := mustNew(t, calendar.Config{Zone: time.UTC, Week: everyDay(hours(t, "0:00-24:00"))})
	if got := around.Add(start, 100*time.Hour); !got.Equal(start.Add(100 * time.Hour)) {
		t.Errorf("around the clock: %s", got)
	}
}

func TestExtraAndRemovedDays(t *testing.T) {
	date := func(s string) calendar.Date {
		d, err := calendar.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	cal := mustNew(t, calendar.Config{
		Zone: zone(t, "America/Bogota"), Week: mondayToFriday(hours(t, "8:00-16:00")), Holidays: calendar.Colombia,
		Extra:   []calendar.Holiday{{Date: date("2026-12-24"), Name: "Día del servidor"}, {Date: date("2026-12-25"), Name: "Cierre"}},
		Removed: []calendar.Date{date("2026-12-08")},
	})
	if got := cal.Add(at(t, cal.Zone(), "2026-12-23 15:00"), 2*time.Hour).Format(layout); got != "2026-12-28 09:00" {
		t.Errorf("over the extra day: %s", got)
	}
	if !cal.IsWorking(at(t, cal.Zone(), "2026-12-08 10:00")) {
		t.Error("the removed holiday is free")
	}
	for day, want := range map[string]string{
		"2026-12-24": "Día del servidor", "2026-12-25": "Navidad / Cierre", "2026-12-08": "", "2025-06-30": "Sagrado Corazón de Jesús / San Pedro y San Pablo",
		"2026-11-23": "",
	} {
		if got := cal.Holiday(date(day)); got != want {
			t.Errorf("%s: got %q, want %q", day, got, want)
		}
	}
	if got := len(cal.Holidays(2026)); got != 19-1+2 {
		t.Errorf("2026 has %d days off", got)
	}
}

func TestAbsences(t *testing.T) {
	base := ministry(t)
	span := func(from, to string) calendar.Span {
		return calendar.Span{From: at(t, base.Zone(), from), To: at(t, base.Zone(), to)}
	}
	cal := base.With([]calendar.Span{
		span("2026-11-25 00:00", "2026-11-27 00:00"), // two days
		span("2026-11-23 10:00", "2026-11-23 11:00"), // within a span
		span("2026-11-24 16:00", "2026-11-25 09:00"), // overlaps the first
		span("2026-11-30 09:00", "2026-11-30 08:00"), // ends before it begins
	}).With([]calendar.Span{span("2026-12-01 12:00", "2026-12-01 18:00")})
	for _, test := range []struct{ start, working, want string }{
		{"2026-11-23 09:00", "2h", "2026-11-23 12:00"},
		{"2026-11-24 15:00", "2h", "2026-11-27 09:00"},
		{"2026-11-30 08:00", "9h", "2026-12-01 09:00"},
		{"2026-12-01 11:00", "2h", "2026-12-02 09:00"},
	} {
		working, _ := time.ParseDuration(test.working)
		if got := cal.Add(at(t, cal.Zone(), test.start), working).Format(layout); got != test.want {
			t.Errorf("%s + %s: got %s, want %s", test.start, test.working, got, test.want)
		}
	}
	if got := cal.WorkingDays(at(t, cal.Zone(), "2026-11-23 09:00"), 2).Format(layout); got != "2026-11-27 17:00" {
		t.Errorf("two days of presence: %s", got)
	}
	if !base.IsWorking(at(t, base.Zone(), "2026-11-25 10:00")) {
		t.Error("the absence of one is an absence of all")
	}
}

// Who never comes back has no next opening: the answer is the zero time, and it comes at once.
func TestNever(t *testing.T) {
	base := ministry(t)
	now := at(t, base.Zone(), "2026-11-23 09:00")
	gone := base.With([]calendar.Span{{From: now, To: now.AddDate(500, 0, 0)}})
	if got := gone.NextOpening(now); !got.IsZero() {
		t.Errorf("opens %s", got)
	}
	if got := gone.Add(now, time.Hour); !got.IsZero() {
		t.Errorf("due %s", got)
	}
	if got := gone.WorkingDays(now, 1); !got.IsZero() {
		t.Errorf("a working day on %s", got)
	}
	if gone.IsWorking(now) {
		t.Error("works")
	}
	if got := base.Add(now, 1<<63-1); !got.IsZero() {
		t.Errorf("292 years of work are done on %s", got)
	}
	if got := base.WorkingDays(now, 1<<62); !got.IsZero() {
		t.Errorf("the last day is %s", got)
	}
}

func TestBadCalendarsAreRefused(t *testing.T) {
	bogota := zone(t, "America/Bogota")
	week := everyDay(hours(t, "8:00-12:00"))
	for _, test := range []struct {
		name   string
		config calendar.Config
		want   []string
	}{
		{"no hours", calendar.Config{Zone: bogota}, []string{"no working hours"}},
		{"a day without hours", calendar.Config{Zone: bogota, Week: calendar.Week{time.Monday: nil}}, []string{"no working hours"}},
		{"no zone", calendar.Config{Week: week}, []string{"no time zone"}},
		{"all at once", calendar.Config{Week: calendar.Week{
			time.Monday:  {{From: 480, To: 720}, {From: 700, To: 800}},
			time.Tuesday: {{From: 720, To: 480}},
			time.Friday:  {{From: 480, To: 1441}},
			9:            {{From: 480, To: 720}},
		}}, []string{
			"no time zone", "Monday: 8:00-12:00 and 11:40-13:20 overlap", "Tuesday: working hours 12:00-8:00 must end after they begin",
			"Friday: working hours 8:00-24:01: a day runs from 0:00 to 24:00", "no day 9",
		}},
		{"mistyped removed day", calendar.Config{Zone: bogota, Week: week, Holidays: calendar.Colombia,
			Removed: []calendar.Date{{Year: 2026, Month: 7, Day: 14}}}, []string{"2026-07-14: that day is no public holiday"}},
		{"impossible days", calendar.Config{Zone: bogota, Week: week, Holidays: calendar.Colombia,
			Removed: []calendar.Date{{Year: 2026, Month: 2, Day: 29}},
			Extra:   []calendar.Holiday{{Date: calendar.Date{Year: 2027, Month: 4, Day: 31}, Name: "X"}}},
			[]string{"2026-02-29: there is no such day", "2027-04-31 (X): there is no such day"}},
		{"both", calendar.Config{Zone: bogota, Week: week, Holidays: calendar.Colombia,
			Removed: []calendar.Date{{Year: 2026, Month: 12, Day: 8}},
			Extra:   []calendar.Holiday{{Date: calendar.Date{Year: 2026, Month: 12, Day: 8}, Name: "X"}}}, []string{"both a day off and a removed"}},
	} {
		cal, err := calendar.New(test.config)
		if err == nil || cal != nil {
			t.Errorf("%s: accepted", test.name)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", test.name, err, want)
			}
		}
	}
}

func BenchmarkAddYear(b *testing.B) {
	cal := ministry(b)
	start := at(b, cal.Zone(), "2026-01-02 09:30")
	for b.Loop() {
		cal.Add(start, 1936*time.Hour)
	}
}

func BenchmarkAddHours(b *testing.B) {
	cal := ministry(b)
	start := at(b, cal.Zone(), "2026-11-23 09:30")
	for b.Loop() {
		cal.Add(start, 4*time.Hour)
	}
}

func BenchmarkBetweenYearWithDaylightSaving(b *testing.B) {
	cal := mustNew(b, calendar.Config{Zone: zone(b, "America/Santiago"), Week: mondayToFriday(hours(b, "8:00-12:00", "13:00-17:00"))})
	start := at(b, cal.Zone(), "2026-01-02 09:30")
	end := start.AddDate(1, 0, 0)
	for b.Loop() {
		cal.Between(start, end)
	}
}

// TestLastDayOfALeapYear has a day that, for package time, belongs to no period of a zone with summer time.
func TestLastDayOfALeapYear(t *testing.T) {
	for _, name := range zones {
		day := calendar.Week{}
		for d := time.Sunday; d <= time.Saturday; d++ {
			day[d] = hours(t, "8:00-16:00")
		}
		loc := zone(t, name)
		cal := mustNew(t, calendar.Config{Zone: loc, Week: day})
		for _, year := range []int{2028, 2048, 2096} {
			start := time.Date(year, 12, 30, 8, 0, 0, 0, loc)
			if got, want := cal.Add(start, 20*time.Hour), time.Date(year+1, 1, 1, 12, 0, 0, 0, loc); !got.Equal(want) {
				t.Errorf("%s: twenty hours after %s is %s, want %s", name, start, got, want)
			}
			if got, want := cal.NextOpening(start.Add(9*time.Hour)), time.Date(year, 12, 31, 8, 0, 0, 0, loc); !got.Equal(want) {
				t.Errorf("%s: the next opening is %s, want %s", name, got, want)
			}
		}
	}
}
