package message

import (
	"net/mail"
	"slices"
	"strings"
	"time"
)

// dateLayouts are forms of Date that net/mail.ParseDate refuses and senders use.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 -07:00",
	"Mon, 2 Jan 2006 15:04 -0700",
	"2 Jan 2006 15:04:05",
	"Mon Jan 2 15:04:05 2006",
	"Mon Jan 2 15:04:05 MST 2006",
	"Mon Jan 2 15:04:05 2006 -0700",
	"Mon, 2-Jan-2006 15:04:05 -0700",
	"Monday, 2 January 2006 15:04:05 -0700",
	"Mon, 2 January 2006 15:04:05 -0700",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05",
	time.RFC3339,
}

// parseDate reads a Date field (RFC 5322 section 3.3); the zero time where it cannot be read. A date without a zone is
// taken for UTC.
func parseDate(value string) time.Time {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > 200 {
		return time.Time{}
	}
	if t, ok := usualDate(value); ok {
		return t
	}
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	if i := strings.IndexByte(value, '('); i > 0 {
		value = value[:i]
	}
	value = strings.Join(strings.Fields(value), " ")
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	// A zone that is no zone: "Tue, 3 Feb 2009 10:11:12 XYZW".
	if i := strings.LastIndexByte(value, ' '); i > 0 {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, value[:i]); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

// usualDate reads the form in which nearly all mails have it: "Mon, 3 Nov 2025 10:12:31 -0500 (COT)". The library tries one
// layout after the other, which takes a good part of the time that a mail takes.
func usualDate(s string) (time.Time, bool) {
	if comma := strings.IndexByte(s[:min(len(s), 12)], ','); comma >= 0 {
		s = s[comma+1:]
	}
	var words [5]string
	for i := range words {
		s = strings.TrimLeft(s, " \t")
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			end = len(s)
		}
		words[i], s = s[:end], s[end:]
	}
	if s = strings.TrimSpace(s); s != "" && s[0] != '(' {
		return time.Time{}, false
	}
	day, year := digits(words[0], 1, 2), digits(words[2], 4, 4)
	month := slices.IndexFunc(monthNames, func(name string) bool { return strings.EqualFold(name, words[1]) }) + 1
	clock, zone := words[3], words[4]
	if len(clock) != 8 || clock[2] != ':' || clock[5] != ':' || zone == "" {
		return time.Time{}, false
	}
	hour, minute, second := digits(clock[:2], 2, 2), digits(clock[3:5], 2, 2), digits(clock[6:], 2, 2)
	offset, ok := zoneOffset(zone)
	if !ok || day < 1 || month < 1 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return time.Time{}, false
	}
	location := time.UTC
	if offset != 0 {
		location = time.FixedZone("", offset)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, location)
	return t, t.Day() == day || second == 60
}

var monthNames = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// digits reads a number of shortest to longest digits, -1 where it is none.
func digits(s string, shortest, longest int) int {
	if len(s) < shortest || len(s) > longest {
		return -1
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// namedZones are the zones of RFC 5322 section 4.3, in hours from Greenwich. Left to the library their meaning would depend on
// the zone of this machine.
var namedZones = map[string]int{"GMT": 0, "UTC": 0, "UT": 0, "Z": 0, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}

// zoneOffset reads "+hhmm", or the name of a zone, in seconds.
func zoneOffset(s string) (int, bool) {
	if hours, ok := namedZones[s]; ok {
		return hours * 3600, true
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, minutes := digits(s[1:3], 2, 2), digits(s[3:], 2, 2)
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	seconds := (hours*60 + minutes) * 60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
