package main

import (
	"slices"
	"strings"
	"time"

	"radicado/tickets/calendar"
)

type calendarSection struct {
	Monday    []string        `toml:"monday"`
	Tuesday   []string        `toml:"tuesday"`
	Wednesday []string        `toml:"wednesday"`
	Thursday  []string        `toml:"thursday"`
	Friday    []string        `toml:"friday"`
	Saturday  []string        `toml:"saturday"`
	Sunday    []string        `toml:"sunday"`
	Holidays  string          `toml:"holidays"`
	Extra     []dayOffSection `toml:"extra"`
	Removed   []string        `toml:"removed"`
}

type dayOffSection struct {
	Date   string `toml:"date"`
	Reason string `toml:"reason"`
}

// defaultCalendar is the week of most offices of the state.
func defaultCalendar() calendarSection {
	day := []string{"8:00-12:00", "13:00-17:00"}
	return calendarSection{Monday: day, Tuesday: day, Wednesday: day, Thursday: day, Friday: day, Holidays: "co"}
}

// calendar reads when the desk works.
func (c *checker) calendar(s *settings) {
	k := s.file.Calendar
	config := calendar.Config{Zone: orUTC(s.location), Week: calendar.Week{}}
	for day, one := range map[time.Weekday]struct {
		key   string
		spans []string
	}{
		time.Monday: {"monday", k.Monday}, time.Tuesday: {"tuesday", k.Tuesday}, time.Wednesday: {"wednesday", k.Wednesday},
		time.Thursday: {"thursday", k.Thursday}, time.Friday: {"friday", k.Friday}, time.Saturday: {"saturday", k.Saturday},
		time.Sunday: {"sunday", k.Sunday},
	} {
		config.Week[day] = c.hours("calendar."+one.key, one.spans)
	}
	c.oneOf("calendar.holidays", k.Holidays, "co", "none")
	if k.Holidays == "co" {
		config.Holidays = calendar.Colombia
	}
	for i, e := range k.Extra {
		config.Extra = append(config.Extra, calendar.Holiday{Date: c.day(keyOf("calendar.extra", i, "date"), e.Date), Name: e.Reason})
	}
	for i, r := range k.Removed {
		config.Removed = append(config.Removed, c.day(keyOf("calendar.removed", i, ""), r))
	}
	s.calendarConfig = config
	s.policy.Calendar = c.newCalendar("calendar", config)
}

// newCalendar makes a calendar, or says what is wrong with it unless something was found wrong with its parts.
func (c *checker) newCalendar(key string, config calendar.Config) *calendar.Calendar {
	cal, err := calendar.New(config)
	said := slices.ContainsFunc(c.problems, func(p settingsError) bool {
		return strings.HasPrefix(p.key, key) || strings.HasPrefix(p.key, "calendar")
	})
	if err != nil && !said {
		c.wrong(key, "found hours or days that do not go together: %v", err)
	}
	return cal
}

// ownHours is the calendar of a technician who works other hours than the desk, on the desk's days.
func (c *checker) ownHours(key string, spans []string, desk calendar.Config) *calendar.Calendar {
	if len(spans) == 0 {
		return nil
	}
	hours := c.hours(key, spans)
	own := desk
	own.Week = calendar.Week{}
	for day, spans := range desk.Week {
		if len(spans) > 0 {
			own.Week[day] = hours
		}
	}
	return c.newCalendar(key, own)
}

func (c *checker) hours(key string, spans []string) []calendar.Hours {
	var hours []calendar.Hours
	for i, span := range spans {
		h, err := calendar.ParseHours(span)
		if err != nil {
			c.wrong(keyOf(key, i, ""), `found %q, expected hours such as "8:00-12:00": %v`, span, err)
			continue
		}
		hours = append(hours, h)
	}
	return hours
}

func (c *checker) day(key, value string) calendar.Date {
	d, err := calendar.ParseDate(value)
	if err != nil {
		c.wrong(key, `found %q, expected a day such as "2026-12-24"`, value)
	}
	return d
}
