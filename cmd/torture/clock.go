package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// zones have daylight-saving time of every kind: north, south, by half an hour, backwards in winter, and none.
var zones = []string{"America/New_York", "America/Santiago", "Europe/Dublin", "Australia/Lord_Howe", "America/Bogota", "Africa/Casablanca"}

// jumpsPerZone is how many jumps a daemon makes in one zone: each of clockList once.
const jumpsPerZone = 8

func zoneOf(seed uint64, i int) string {
	return zones[dealt(seed, "zone", i/jumpsPerZone, len(zones))]
}

// clockList is where the clock may jump to. begin is when the torture began.
func clockList(random *rand.Rand, location *time.Location, begin time.Time) []trouble {
	some := time.Duration(random.Int64N(int64(72 * time.Hour)))
	to := func(name string, ahead time.Duration) trouble {
		return trouble{name: name, mails: 2 + random.IntN(8), act: func(ctx context.Context, o *office, random *rand.Rand) (bool, error) {
			if err := o.setClock(ahead); err != nil {
				return false, err
			}
			return true, o.write(ctx, random, 2)
		}}
	}
	change := nextChange(begin, location).Sub(begin)
	year := time.Date(begin.In(location).Year()+1, 1, 1, 0, 0, 0, 0, location).Sub(begin)
	return []trouble{
		to("forward", some), to("back", -some), to("back to the true time", 0), to("forward by a second", time.Second),
		to("just before the zone changes", change-3*time.Second), to("just after the zone changed", change+time.Second),
		to("just before the new year", year-3*time.Second), to("just after the new year", year+time.Second),
	}
}

// clockTroubleOf is the plan of the i-th jump of the clock.
func clockTroubleOf(seed uint64, i int, begin time.Time) trouble {
	location, err := time.LoadLocation(zoneOf(seed, i))
	if err != nil {
		location = time.UTC
	}
	list := clockList(dice(seed, "clock", i), location, begin)
	return list[dealt(seed, "clock", i, len(list))]
}

// clockKinds are the names of all jumps and zones.
func clockKinds() []string {
	kinds := names(clockList(dice(0, "", 0), time.UTC, time.Now()))
	for _, zone := range zones {
		kinds = append(kinds, "zone "+zone)
	}
	return kinds
}

// nextChange returns when the zone changes its distance to UTC next, a day later where it never does.
func nextChange(from time.Time, location *time.Location) time.Time {
	_, end := from.In(location).ZoneBounds()
	if end.IsZero() {
		return from.Add(24 * time.Hour)
	}
	return end
}

func clockTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	begin := time.Now()
	planned := func(i int) trouble { return clockTroubleOf(r.seed, i, begin) }
	return o.bear(ctx, r, until, planned, func(i int) (bool, error) {
		if i%jumpsPerZone != 0 {
			return false, nil
		}
		o.zone = zoneOf(r.seed, i)
		r.count(o.name, "zone "+o.zone, true)
		return true, o.configure()
	})
}

func clockPlan(seed uint64, i int) string {
	t := clockTroubleOf(seed, i, time.Now())
	return fmt.Sprintf("%s in %s, %d mails", t.name, zoneOf(seed, i), t.mails)
}
