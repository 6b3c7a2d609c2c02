package calendar

import "time"

// period is a stretch of time during which a zone keeps one offset; zero bounds are open.
type period struct {
	from, to time.Time
	offset   int // seconds east of UTC
}

// zonePeriod returns the period of t, which ends after t. Where a rule continues the zone's table, after 2037, package time has every
// year end after 365 days: on 31 December of a leap year ZoneBounds ends the period before t.
func zonePeriod(t time.Time) period {
	from, to := t.ZoneBounds()
	if !to.IsZero() && !to.After(t) {
		to = to.Add(24 * time.Hour)
	}
	_, offset := t.Zone()
	return period{from, to, offset}
}

// holds reports whether the offset stays the same from a day before the one instant until after the other: no change of
// the clock then repeats or skips anything in between, nor the midnight at either end.
func (p period) holds(from, to time.Time) bool {
	return (p.from.IsZero() || !from.Add(-24*time.Hour).Before(p.from)) && (p.to.IsZero() || to.Before(p.to))
}

// bounds returns the first instants of a day and of the next one, the period in which the day begins, and whether it holds
// the day. The period given is tried first: it serves for months on end, and spares a search of the zone's table.
func (c *Calendar) bounds(number int, p period) (from, to time.Time, in period, plain bool) {
	for range 2 {
		from = time.Unix(int64(number)*86400-int64(p.offset), 0).In(c.zone)
		to = from.Add(24 * time.Hour)
		if p.holds(from, to) {
			return from, to, p, true
		}
		p = zonePeriod(instant(number, 0, c.zone))
	}
	return instant(number, 0, c.zone), instant(number+1, 0, c.zone), p, false
}

// instant returns the first instant at which the clock of the zone shows that time of that day or a later one. It grows
// with the day and the time, so that a day ends where the next begins, whatever the clock does. time.Date would promise
// nothing where the clock jumps.
func instant(number int, c Clock, zone *time.Location) time.Time {
	wall := int64(number)*86400 + int64(c)*60
	// No zone is a day away from UTC: a day earlier the clock shows less than the time sought.
	at := time.Unix(wall-86400, 0).In(zone)
	for {
		p := zonePeriod(at)
		sought := time.Unix(wall-int64(p.offset), 0).In(zone)
		if p.to.IsZero() || sought.Before(p.to) {
			return later(at, sought)
		}
		at = p.to.In(zone)
	}
}
