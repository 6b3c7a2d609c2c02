package backup

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Keep is how many backups are kept: the last one of each of so many days, weeks and months that have one. The newest backup is
// kept whatever the numbers say.
type Keep struct{ Daily, Weekly, Monthly int }

// surplus returns those of the backups, named by their times, that none of the numbers keeps. Days begin at midnight of the location.
func (k Keep) surplus(stamps []time.Time, location *time.Location) []time.Time {
	newestFirst := slices.SortedFunc(slices.Values(stamps), func(a, b time.Time) int { return b.Compare(a) })
	var surplus []time.Time
	spans := []struct {
		left int
		key  func(time.Time) string
		last string
	}{
		{k.Daily, func(t time.Time) string { return t.Format(time.DateOnly) }, ""},
		{k.Weekly, func(t time.Time) string { year, week := t.ISOWeek(); return fmt.Sprint(year, "-", week) }, ""},
		{k.Monthly, func(t time.Time) string { return t.Format("2006-01") }, ""},
	}
	for i, at := range newestFirst {
		kept := i == 0
		for j := range spans {
			span := &spans[j]
			if key := span.key(at.In(location)); key != span.last && span.left > 0 {
				span.last = key
				span.left--
				kept = true
			}
		}
		if !kept {
			surplus = append(surplus, at)
		}
	}
	return surplus
}

// The name of a backup is "radicado-", the time of what it holds in UTC, and its endings.
const (
	namePrefix  = "radicado-"
	stampLayout = "20060102T150405Z"
	packedExt   = ".tar.zst"
	sealedExt   = ".age"
)

func nameOf(at time.Time, sealed bool) string {
	name := namePrefix + at.UTC().Format(stampLayout) + packedExt
	if sealed {
		name += sealedExt
	}
	return name
}

// stampOf reads the time from the name of a backup. Other files are none of our business.
func stampOf(name string) (at time.Time, ok bool) {
	rest, ours := strings.CutPrefix(strings.TrimSuffix(name, sealedExt), namePrefix)
	stamp, packed := strings.CutSuffix(rest, packedExt)
	at, err := time.Parse(stampLayout, stamp)
	return at, ours && packed && err == nil
}
