package form

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// tally sums up a group of requests.
type tally struct {
	requests, open               int
	answered, solved, rated      int
	answerHours, solutionHours   float64
	dueSolved, solvedInTime, sum int // sum of the ratings
}

func (t *tally) add(r Row) {
	t.requests++
	if r.Resolved.IsZero() && r.Closed.IsZero() {
		t.open++
	}
	if !r.FirstAnswer.IsZero() {
		t.answered++
		t.answerHours += r.Times.FirstAnswer.Hours()
	}
	if !r.Resolved.IsZero() {
		t.solved++
		t.solutionHours += r.Times.Solution.Hours()
	}
	if in, known := inTime(r.Resolved, r.DueSolution); known {
		t.dueSolved++
		if in {
			t.solvedInTime++
		}
	}
	if r.Satisfaction > 0 {
		t.rated++
		t.sum += r.Satisfaction
	}
}

// mean is nil where there is nothing to divide by.
func mean(sum float64, n int) any {
	if n == 0 {
		return nil
	}
	return sum / float64(n)
}

// grouping is the totals by one property.
type grouping struct {
	title   string
	key     func(Row) string
	order   []string // keys that come first; the others follow by number of requests
	monthly bool     // keys are the first days of months, and in their order
	groups  map[string]*tally
}

// totals sums up rows as they pass, so that a register of any length takes no room.
type totals struct {
	groupings []*grouping
	all       tally
}

const none = "(sin dato)"

func newTotals(r Register, zone *time.Location) *totals {
	month := func(r Row) string {
		if r.Registered.IsZero() {
			return ""
		}
		return r.Registered.In(zone).Format("2006-01") + "-01"
	}
	groupings := []*grouping{
		{title: "Por estado", order: r.States, key: func(r Row) string { return r.State }},
		{title: "Por prioridad", order: r.Priorities, key: func(r Row) string { return r.Priority }},
		{title: "Por técnico", key: func(r Row) string { return r.Technician }},
		{title: "Por dependencia", key: func(r Row) string { return r.Official.Office }},
		{title: "Por mes de registro", key: month, monthly: true},
	}
	for _, g := range groupings {
		g.groups = map[string]*tally{}
	}
	return &totals{groupings: groupings}
}

func (t *totals) add(r Row) {
	t.all.add(r)
	for _, g := range t.groupings {
		key := cmp.Or(plain(g.key(r)), none)
		if g.groups[key] == nil {
			g.groups[key] = &tally{}
		}
		g.groups[key].add(r)
	}
}

// keys returns the groups in their order; what has no value comes last.
func (g *grouping) keys() []string {
	rank := func(key string) int {
		if i := slices.Index(g.order, key); i >= 0 {
			return i
		}
		if key == none {
			return len(g.order) + 1
		}
		return len(g.order)
	}
	return slices.SortedFunc(maps.Keys(g.groups), func(a, b string) int {
		byNumber := cmp.Compare(g.groups[b].requests, g.groups[a].requests)
		if g.monthly {
			byNumber = 0
		}
		return cmp.Or(cmp.Compare(rank(a), rank(b)), byNumber, cmp.Compare(a, b))
	})
}
