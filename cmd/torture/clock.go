package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// zones have daylight-saving time of every kind: north, south, by half an hour, backwards in winter, and none.
var zones = []string{"America/New_York", "America/Santiago", "Europe/Dublin", "Australia/Lord_Howe", "America/Bogota", "Africa/Casablanca"}

// livesPerZone is how many jumps a daemon makes in one zone.
const livesPerZone = 8

func zoneOf(seed uint64, i int) string {
	return zones[dice(seed, "zone", i/livesPerZone).IntN(len(zones))]
}

// clockTroubleOf is the plan of the i-th jump of the clock. begin is when the torture began.
func clockTroubleOf(seed uint64, i int, begin time.Time) trouble {
	random := dice(seed, "clock", i)
	location, err := time.LoadLocation(zoneOf(seed, i))
	if err != nil {
		location = time.UTC
	}
	some := time.Duration(random.Int64N(int64(72 * time.Hour)))
	to := func(name string, ahead time.Duration) trouble {
		return trouble{name: name, mails: 2 + random.IntN(8), act: func(ctx context.Context, _ *run, o *office, random *rand.Rand) error {
			if err := o.setClock(ahead); err != nil {
				return err
			}
			return o.write(ctx, random, 2)
		}}
	}
	change := nextChange(begin, location).Sub(begin)
	year := time.Date(begin.In(location).Year()+1, 1, 1, 0, 0, 0, 0, location).Sub(begin)
	list := []trouble{
		to("forward", some), to("back", -some), to("back to the true time", 0), to("forward by a second", time.Second),
		to("just before the zone changes", change-3*time.Second), to("just after the zone changed", change+time.Second),
		to("just before the new year", year-3*time.Second), to("just after the new year", year+time.Second),
	}
	return list[random.IntN(len(list))]
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
		if i%livesPerZone != 0 {
			return false, nil
		}
		o.zone = zoneOf(r.seed, i)
		o.notes = append(o.notes, "zone "+o.zone)
		return true, o.configure()
	})
}

func clockPlan(seed uint64, i int) string {
	t := clockTroubleOf(seed, i, time.Now())
	return fmt.Sprintf("%s in %s, %d mails", t.name, zoneOf(seed, i), t.mails)
}
