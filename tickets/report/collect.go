package report

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"radicado/tickets"
)

// collector sums up requests as they pass, so that of a register of any length only the figures are kept.
type collector struct {
	q       Query
	policy  *tickets.Policy
	until   time.Time
	f       *Figures
	edges   []time.Time // of the buckets: the first's beginning, then each one's end
	terms   map[tickets.Priority]*PriorityRow
	states  map[tickets.State]int
	offices map[string]*Group
	people  map[string]*Group
	kinds   map[string]*Group
	vendors map[string]*Vendor
	assets  map[string]*Machine
}

// ages are the bounds of the ages of open requests, in days.
var ages = [...]int{0, 2, 4, 8, 16, 31}

func newCollector(q Query, p *tickets.Policy) *collector {
	c := &collector{q: q, policy: p, until: q.Until(), terms: map[tickets.Priority]*PriorityRow{}, states: map[tickets.State]int{},
		offices: map[string]*Group{}, people: map[string]*Group{}, kinds: map[string]*Group{}, vendors: map[string]*Vendor{}, assets: map[string]*Machine{}}
	f := &Figures{Period: q.Period, Until: c.until}
	f.BeforeSpan, f.BeforeUntil = q.before()
	f.Unit, c.edges = divide(q.Period)
	for from, to := range neighbours(c.edges) {
		if from.Before(c.until) || len(f.Course) == 0 { // of a period that goes on, what has begun
			f.Course = append(f.Course, Bucket{From: from, To: to})
		}
	}
	for i, from := range ages {
		a := Age{From: from}
		if i+1 < len(ages) {
			a.To = ages[i+1]
		}
		f.Ages = append(f.Ages, a)
	}
	for _, priority := range []tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low, tickets.Unassessed} {
		f.Terms = append(f.Terms, PriorityRow{Priority: priority, Target: p.TermsOf(priority)})
	}
	for i := range f.Terms {
		c.terms[f.Terms[i].Priority] = &f.Terms[i]
	}
	if q.Technician != nil {
		f.Technician, f.Desk = q.Technician.Name, new(Totals)
	}
	c.f = f
	return c
}

// neighbours yields each edge with the one after it.
func neighbours(edges []time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		for i := range len(edges) - 1 {
			if !yield(edges[i], edges[i+1]) {
				return
			}
		}
	}
}

// add counts one request.
func (c *collector) add(one tickets.Case) {
	if !one.Ticket.RegisteredAt.Before(c.until) || one.Ticket.Imported.Source != "" { // what was imported says nothing of the desk's work
		return
	}
	r := c.measure(one)
	if c.f.Desk != nil {
		r.total(c.f.Desk, c.q.Period.From, c.until)
		if !c.q.Technician.Has(one.Ticket.Technician.Addr) {
			return
		}
	}
	r.total(&c.f.Before, c.f.BeforeSpan.From, c.f.BeforeUntil)
	r.total(&c.f.Totals, c.q.Period.From, c.until)
	c.course(r)
	c.open(r)
	c.group(r)
	c.vendor(r)
}

// measured is a request with what all figures need of it.
type measured struct {
	tickets.Case
	turns  turns
	policy *tickets.Policy
	terms  tickets.Terms
	open   bool // at the end of the period
	late   bool // then
}

func (c *collector) measure(one tickets.Case) *measured {
	r := &measured{Case: one, turns: turnsOf(one), policy: c.policy, terms: c.policy.TermsOf(one.Ticket.Priority)}
	r.open = r.turns.openAt(c.until)
	r.late = r.open && r.lateAt(c.until)
	return r
}

// solved returns when the request was solved in the period for the last time.
func (r *measured) solved(from, until time.Time) (at time.Time, ok bool) {
	for i, t := range r.turns {
		if i > 0 && !t.at.Before(from) && t.at.Before(until) && r.turns[i-1].state.Open() && (t.state == tickets.Resolved || t.state == tickets.Closed) {
			at, ok = t.at, true
		}
	}
	return at, ok
}

// lateAt reports whether the term of the solution was past then.
func (r *measured) lateAt(at time.Time) bool {
	return r.terms.Solution > 0 && r.policy.Worked(r.Ticket, at) > r.terms.Solution
}

func (r *measured) addResponse(s *Span, from, until time.Time) {
	if at := r.Ticket.RespondedAt; !at.IsZero() && !at.Before(from) && at.Before(until) {
		s.add(r.policy.Worked(r.Ticket, at), r.terms.Response)
	}
}

func (r *measured) addSolution(s *Span, rating *Rating, from, until time.Time) {
	at, ok := r.solved(from, until)
	if !ok {
		return
	}
	s.add(r.policy.Worked(r.Ticket, at), r.terms.Solution)
	if score := r.Ticket.Score; score >= 1 && score <= len(rating.Scores) {
		rating.Scores[score-1]++
	}
}

// total adds the request to the books of a period.
func (r *measured) total(t *Totals, from, until time.Time) {
	if r.turns.openAt(from) {
		t.OpenBefore++
	}
	for i, turn := range r.turns {
		if turn.at.Before(from) || !turn.at.Before(until) {
			continue
		}
		if turn.ends {
			t.Closed++
		}
		switch {
		case i == 0:
			t.Received++
		case turn.state.Open():
			t.Reopened++
		case !r.turns[i-1].state.Open(): // it was done before
		case turn.state == tickets.Rejected:
			t.Done++
			t.Rejected++
		case turn.state == tickets.Duplicate:
			t.Done++
			t.Duplicates++
		default:
			t.Done++
			t.Solved++
		}
	}
	if r.turns.openAt(until) {
		t.OpenAfter++
		t.Late += count(r.lateAt(until))
	}
	r.addResponse(&t.Response, from, until)
	r.addSolution(&t.Solution, &t.Satisfaction, from, until)
}

// course adds the turns of the request to the stretches of the period.
func (c *collector) course(r *measured) {
	for i, turn := range r.turns {
		if turn.at.Before(c.q.Period.From) || !turn.at.Before(c.until) {
			continue
		}
		at, found := slices.BinarySearchFunc(c.edges, turn.at, time.Time.Compare)
		if !found {
			at--
		}
		b := &c.f.Course[at]
		if turn.ends {
			b.Closed++
		}
		switch {
		case i == 0:
			b.Received++
		case turn.state.Open():
			b.reopened++
		case r.turns[i-1].state.Open():
			b.Done++
		}
	}
}

// open adds the request to what is open at the end.
func (c *collector) open(r *measured) {
	if !r.open {
		return
	}
	days := int(c.until.Sub(r.Ticket.RegisteredAt) / (24 * time.Hour))
	for i := range slices.Backward(c.f.Ages) {
		if a := &c.f.Ages[i]; days >= a.From {
			a.Count++
			a.Late += count(r.late)
			break
		}
	}
	c.states[r.stateAt(c.until)]++
	row := c.terms[r.priority()]
	row.Open++
	row.Late += count(r.late)
}

// stateAt is the state of the request then.
func (r *measured) stateAt(at time.Time) tickets.State {
	if len(r.Events) == 0 || r.Ticket.ChangedAt.Before(at) {
		return r.Ticket.State
	}
	replay := new(tickets.Ticket)
	for _, e := range r.Events {
		if !e.At.Before(at) || replay.Apply(e) != nil {
			break
		}
	}
	return replay.State
}

// priority is the priority under which the request is counted: one that this version does not know has none.
func (r *measured) priority() tickets.Priority {
	switch p := r.Ticket.Priority; p {
	case tickets.Critical, tickets.High, tickets.Medium, tickets.Low:
		return p
	}
	return tickets.Unassessed
}

// group adds the request to what it has in common with others.
func (c *collector) group(r *measured) {
	t, from := r.Ticket, c.q.Period.From
	var own Group // of this request alone
	own.Received = count(c.q.Period.Contains(t.RegisteredAt))
	own.Open, own.Late = count(r.open), count(r.late)
	for i, turn := range r.turns {
		if i > 0 && !turn.at.Before(from) && turn.at.Before(c.until) && !turn.state.Open() && r.turns[i-1].state.Open() {
			own.Done++
		}
	}
	r.addSolution(&own.Solution, &own.Satisfaction, from, c.until)

	row := c.terms[r.priority()]
	row.Received += own.Received
	r.addResponse(&row.Response, from, c.until)
	row.Solution.merge(own.Solution)

	if own.Received+own.Open+own.Done == 0 {
		return
	}
	addTo(c.offices, t.Office, own)
	addTo(c.kinds, t.Type, own)
	addTo(c.people, c.technician(t), own)
	for _, a := range t.Assets {
		if own.Received == 0 || a.Plate == "" {
			continue
		}
		key := tickets.AssetKey(a.Plate)
		if c.assets[key] == nil {
			c.assets[key] = &Machine{Plate: a.Plate, Name: a.Name(), Office: a.Office}
		}
		c.assets[key].Requests++
	}
}

// technician is the name of who has the request: that of the settings, for addresses and spellings change.
func (c *collector) technician(t *tickets.Ticket) string {
	if p, known := c.policy.People.Find(t.Technician.Addr); known {
		return p.Name
	}
	return cmp.Or(t.Technician.Name, t.Technician.Addr)
}

func addTo(groups map[string]*Group, name string, own Group) {
	g := groups[name]
	if g == nil {
		g = &Group{Name: name}
		groups[name] = g
	}
	g.Received += own.Received
	g.Done += own.Done
	g.Open += own.Open
	g.Late += own.Late
	g.Solution.merge(own.Solution)
	for i, n := range own.Satisfaction.Scores {
		g.Satisfaction.Scores[i] += n
	}
}

// figures ends the counting.
func (c *collector) figures() *Figures {
	f := c.f
	for _, t := range []*Totals{&f.Totals, &f.Before, f.Desk} {
		if t != nil {
			t.Response.settle()
			t.Solution.settle()
		}
	}
	open := f.OpenBefore
	for i := range f.Course {
		b := &f.Course[i]
		open += b.Received + b.reopened - b.Done
		b.Open = open
	}
	f.States, f.Vendors, f.Machines = []StateCount{}, []Vendor{}, []Machine{} // [] for programs, where there are none
	for _, s := range tickets.States() {
		if n := c.states[s]; n > 0 {
			f.States = append(f.States, StateCount{s, n})
		}
	}
	for i := range f.Terms {
		f.Terms[i].Response.settle()
		f.Terms[i].Solution.settle()
	}
	f.Offices, f.Technicians, f.Kinds = sorted(c.offices), sorted(c.people), sorted(c.kinds)
	for _, v := range c.vendors {
		v.Answer.settle()
		v.Solution.settle()
		if v.Cases+v.Answer.Count+v.Solution.Count+v.Reminders+v.Open > 0 {
			f.Vendors = append(f.Vendors, *v)
		}
	}
	slices.SortFunc(f.Vendors, func(a, b Vendor) int { return cmp.Or(b.Cases-a.Cases, b.Open-a.Open, cmp.Compare(a.Name, b.Name)) })
	for _, m := range c.assets {
		f.Machines = append(f.Machines, *m)
	}
	slices.SortFunc(f.Machines, func(a, b Machine) int { return cmp.Or(b.Requests-a.Requests, cmp.Compare(a.Plate, b.Plate)) })
	f.Machines = f.Machines[:min(len(f.Machines), MaxMachines)]
	return f
}

func sorted(groups map[string]*Group) []Group {
	list := make([]Group, 0, len(groups))
	for g := range maps.Values(groups) {
		g.Solution.settle()
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(b.Received-a.Received, b.Done-a.Done, b.Open-a.Open, cmp.Compare(a.Name, b.Name))
	})
	return list
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (s *Span) add(took, target time.Duration) {
	s.Count++
	if target > 0 {
		s.Due++
		s.InTime += count(took <= target)
	}
	s.all = append(s.all, took)
}

func (s *Span) merge(other Span) {
	s.Count += other.Count
	s.Due += other.Due
	s.InTime += other.InTime
	s.all = append(s.all, other.all...)
}

// settle finds the median, which of two middle ones is their mean, and the ninth decile by nearest rank.
func (s *Span) settle() {
	n := len(s.all)
	if n == 0 {
		return
	}
	slices.Sort(s.all)
	s.Median = (s.all[(n-1)/2] + s.all[n/2]) / 2
	s.P90 = s.all[(9*n+9)/10-1]
	s.all = nil
}
