package calendar

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar, wherever it is.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date such as "2026-07-13".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want one such as 2026-07-13", s)
	}
	return dateOf(t), nil
}

// String returns the date as "2026-07-13".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Compare returns -1, 0 or 1 as d is before, on or after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

func (d Date) valid() bool { return dateOfNumber(d.number()) == d }

// number counts days from 1970-01-01, which was a Thursday.
func (d Date) number() int {
	seconds := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()
	return int(seconds / 86400) // exact: UTC knows no other days
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func dateOfNumber(n int) Date { return dateOf(time.Unix(int64(n)*86400, 0).UTC()) }

func weekday(number int) time.Weekday { return time.Weekday(((number+4)%7 + 7) % 7) }

// Clock is a time of day in minutes since midnight, from 0 to 1440 for the midnight at its end.
type Clock int

const endOfDay Clock = 24 * 60

// String returns the time as "8:00".
func (c Clock) String() string { return fmt.Sprintf("%d:%02d", int(c)/60, int(c)%60) }

func (c Clock) sinceMidnight() time.Duration { return time.Duration(c) * time.Minute }

// Hours is a working span of a day, from From up to, not including, To.
type Hours struct{ From, To Clock }

var hoursForm = regexp.MustCompile(`^\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*$`)

// ParseHours reads a span such as "8:00-12:00"; "24:00" is the midnight at the end of the day.
func ParseHours(s string) (Hours, error) {
	m := hoursForm.FindStringSubmatch(s)
	if m == nil {
		return Hours{}, fmt.Errorf("working hours %q: want a span such as 8:00-12:00", s)
	}
	var part [4]int
	for i := range part {
		part[i], _ = strconv.Atoi(m[i+1]) // two digits at most
	}
	if part[1] > 59 || part[3] > 59 {
		return Hours{}, fmt.Errorf("working hours %q: an hour has 60 minutes", s)
	}
	h := Hours{Clock(part[0]*60 + part[1]), Clock(part[2]*60 + part[3])}
	if err := h.check(); err != nil {
		return Hours{}, err
	}
	return h, nil
}

// String returns the span as "8:00-12:00".
func (h Hours) String() string { return h.From.String() + "-" + h.To.String() }

// Duration is the length of the span as written, before the clock changes anything.
func (h Hours) Duration() time.Duration { return (h.To - h.From).sinceMidnight() }

func (h Hours) check() error {
	switch {
	case h.From < 0 || h.To > endOfDay:
		return fmt.Errorf("working hours %s: a day runs from 0:00 to 24:00", h)
	case h.From >= h.To:
		return fmt.Errorf("working hours %s must end after they begin; hours across midnight are two spans, one a day", h)
	}
	return nil
}
