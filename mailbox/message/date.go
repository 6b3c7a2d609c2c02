package message

import (
	"net/mail"
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
