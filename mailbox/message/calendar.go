package message

import (
	"strings"
	"time"

	"radicado/mailbox"
)

// event reads a text/calendar part.
func (b *body) event(p *part, d *defects) {
	content := p.content(d)
	c := parseCalendar(normalise(decodeCharset(content[:min(len(content), maxWords)], p.params["charset"])))
	if c.Method == "" {
		c.Method = strings.ToUpper(p.params["method"])
	}
	b.calendar = &c
}

// parseCalendar reads the method, and summary and start of the first event (RFC 5545 section 3.1).
func parseCalendar(s string) mailbox.Calendar {
	var c mailbox.Calendar
	s = strings.ReplaceAll(s, "\n ", "")
	s = strings.ReplaceAll(s, "\n\t", "")
	component := ""
	for line := range strings.Lines(s) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		name, params, _ := strings.Cut(name, ";")
		switch strings.ToUpper(name) {
		case "METHOD":
			c.Method = strings.ToUpper(oneLine(value))
		case "BEGIN":
			component = strings.ToUpper(strings.TrimSpace(value))
		case "END":
			component = ""
		case "SUMMARY":
			if component == "VEVENT" && c.Summary == "" {
				c.Summary = oneLine(unescapeCalendar(value))
			}
		case "DTSTART":
			if component == "VEVENT" && c.Start.IsZero() {
				c.Start = calendarTime(value, params)
			}
		}
	}
	return c
}

func unescapeCalendar(s string) string {
	return strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}

// calendarTime reads a DATE or DATE-TIME value (RFC 5545 section 3.3.4). A zone that this system does not know, as Outlook
// names its own, is taken for UTC.
func calendarTime(value, params string) time.Time {
	zone := time.UTC
	for param := range strings.SplitSeq(params, ";") {
		if name, id, ok := strings.Cut(param, "="); ok && strings.EqualFold(name, "TZID") {
			if loc, err := time.LoadLocation(strings.Trim(id, `"`)); err == nil {
				zone = loc
			}
		}
	}
	value = strings.TrimSpace(value)
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		if t, err := time.ParseInLocation(layout, value, zone); err == nil {
			return t
		}
	}
	return time.Time{}
}
