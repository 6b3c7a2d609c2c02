package tickets

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Digest goes through the requests for what the digest says of them, to every coordinator the same. What it holds meanwhile does
// not grow with their number.
func (in Moment) Digest(from Requests) (d Digest, err error) {
	coordinators := in.Policy.People.With(RoleCoordinator)
	if len(coordinators) == 0 {
		return d, nil
	}
	reader := coordinators[0]
	tally := newTally(in)
	overdue, today, unassigned, vendors := in.shortlist(), in.shortlist(), in.shortlist(), in.shortlist()
	for t, err := range from.Open {
		if err != nil {
			return d, err
		}
		d.Open++
		tally.count(t)
		due := in.Policy.owed(t)
		_, assigned := in.Policy.technicianOf(t)
		r := rankOf(t, due)
		switch {
		case due.late(in.Now):
			overdue.add(r)
		case in.isToday(due.Response), in.isToday(due.Solution):
			today.add(r)
		case !assigned:
			unassigned.add(r)
		}
		if t.State == WaitingVendor && t.Claim.Open() && t.Claim.AnsweredAt.Before(t.Claim.LastAt) {
			vendors.add(r)
		}
	}
	d.States, d.Ages = tally.states(), tally.ages()
	var late []*Ticket
	for t, err := range from.Loans {
		if err != nil {
			return d, err
		}
		late = append(late, t)
	}
	d.Loans = show(in.Policy, in.loans(reader, late, true))
	for _, list := range []struct {
		of    *shortlist
		shown *Shown[TaskView]
	}{{overdue, &d.Overdue}, {today, &d.Today}, {unassigned, &d.Unassigned}, {vendors, &d.Vendors}} {
		if *list.shown, err = in.tasks(list.of, reader, from.Whole); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Worklists goes through the requests for the morning list of every technician who works today and has something to do.
func (in Moment) Worklists(from Requests) ([]Notice, error) {
	var desks []*ownWork
	for _, p := range in.Policy.People.With(RoleTechnician) {
		if in.worksToday(p) {
			desks = append(desks, &ownWork{person: p, todo: in.shortlist(), waiting: in.shortlist()})
		}
	}
	if len(desks) == 0 {
		return nil, nil
	}
	for t, err := range from.Open {
		if err != nil {
			return nil, err
		}
		for _, own := range desks {
			if own.person.Has(t.Technician.Addr) {
				own.add(t, in.Policy)
			}
		}
	}
	for t, err := range from.Loans { // of requests that are closed meanwhile
		if err != nil {
			return nil, err
		}
		for _, own := range desks {
			if own.person.Has(t.Technician.Addr) && !t.State.Open() {
				own.closed = append(own.closed, t)
			}
		}
	}
	var notices []Notice
	for _, own := range desks {
		list, err := in.worklist(own, from.Whole)
		if err != nil {
			return nil, err
		}
		if list.Todo.Total()+list.Waiting.Total()+list.Loans.Total() == 0 {
			continue
		}
		n := in.notice(NoticeWorklist, own.person)
		n.Data.Worklist = list
		notices = append(notices, n)
	}
	return notices, nil
}

// ownWork is what a technician has in hand.
type ownWork struct {
	person        Person
	todo, waiting *shortlist
	holding       []held    // open requests with something out: no more than there are technical resources
	closed        []*Ticket // with a loan that should be back
}

// held is an open request with something out, and its place among the others.
type held struct {
	rank
	ticket *Ticket
}

func (o *ownWork) add(t *Ticket, p *Policy) {
	r := rankOf(t, p.owed(t))
	if t.running() {
		o.todo.add(r)
	} else {
		o.waiting.add(r)
	}
	if len(t.Resources) > 0 {
		o.holding = append(o.holding, held{r, t})
	}
}

func (in Moment) worklist(own *ownWork, whole func(Number) (*Ticket, error)) (*Worklist, error) {
	slices.SortFunc(own.holding, func(a, b held) int { return a.compare(b.rank) })
	var lent []*Ticket
	for _, h := range own.holding {
		lent = append(lent, h.ticket)
	}
	w := &Worklist{Day: in.Now, Absences: in.absences(own.person), Loans: show(in.Policy, in.loans(own.person, append(lent, own.closed...), false))}
	var err error
	if w.Todo, err = in.tasks(own.todo, own.person, whole); err == nil {
		w.Waiting, err = in.tasks(own.waiting, own.person, whole)
	}
	return w, err
}

// tasks shows the requests of a list to a person. They are read as a whole one by one: which technicians suit one follows from its text.
func (in Moment) tasks(list *shortlist, p Person, whole func(Number) (*Ticket, error)) (Shown[TaskView], error) {
	shown := Shown[TaskView]{More: list.total - len(list.first)}
	for _, r := range list.first {
		t, err := whole(r.number)
		if err != nil {
			return shown, err
		}
		shown.Rows = append(shown.Rows, in.task(t, p))
	}
	return shown, nil
}

func (in Moment) isToday(at time.Time) bool {
	zone := in.Policy.calendar().Zone()
	return !at.IsZero() && sameDay(at.In(zone), in.Now.In(zone))
}

// rank is the place of a request in a list: by the time that is next for the desk, then by priority, then by age.
type rank struct {
	next     time.Time
	priority int
	number   Number
}

func rankOf(t *Ticket, owed Due) rank {
	r := rank{owed.Solution, t.Priority.rank(), t.Number}
	if CompareDue(owed.Response, owed.Solution) < 0 {
		r.next = owed.Response
	}
	return r
}

func (r rank) compare(other rank) int {
	return cmp.Or(CompareDue(r.next, other.next), cmp.Compare(r.priority, other.priority), strings.Compare(string(r.number), string(other.number)))
}

// shortlist keeps the first of many requests, in order, and counts them all.
type shortlist struct {
	limit, total int
	first        []rank
}

func (in Moment) shortlist() *shortlist { return &shortlist{limit: in.Policy.maxRows()} }

func (l *shortlist) add(r rank) {
	l.total++
	at, _ := slices.BinarySearchFunc(l.first, r, rank.compare)
	if at == l.limit {
		return
	}
	if len(l.first) == l.limit {
		l.first = l.first[:l.limit-1]
	}
	l.first = slices.Insert(l.first, at, r)
}

// tally counts open requests by state and by age.
type tally struct {
	today   time.Time // its beginning
	byState map[State]*StateTally
	byAge   [len(ages)]int
}

// ages are the bounds of AgeTally in days.
var ages = [...]AgeTally{{From: 0, To: 0}, {From: 1, To: 3}, {From: 4, To: 7}, {From: 8, To: 15}, {From: 16}}

func newTally(in Moment) *tally {
	return &tally{today: startOfDay(in.Now.In(in.Policy.calendar().Zone())), byState: map[State]*StateTally{}}
}

func (c *tally) count(t *Ticket) {
	s := c.byState[t.State]
	if s == nil {
		s = &StateTally{State: t.State, Oldest: t.RegisteredAt}
		c.byState[t.State] = s
	}
	s.Count++
	if t.RegisteredAt.Before(s.Oldest) {
		s.Oldest = t.RegisteredAt
	}
	// Half a day more, because a day with a change of the clock has 23 hours.
	days := int((c.today.Sub(startOfDay(t.RegisteredAt.In(c.today.Location()))) + 12*time.Hour) / (24 * time.Hour))
	c.byAge[slices.IndexFunc(ages[:], func(a AgeTally) bool { return days <= a.To || a.From > 0 && a.To == 0 })]++
}

// states returns the states that there are requests in, in the order of the procedure.
func (c *tally) states() (found []StateTally) {
	for _, s := range States() {
		if t := c.byState[s]; t != nil {
			found = append(found, *t)
		}
	}
	return found
}

// ages returns the ages that there are requests of.
func (c *tally) ages() (found []AgeTally) {
	for i, n := range c.byAge {
		if n > 0 {
			found = append(found, AgeTally{From: ages[i].From, To: ages[i].To, Count: n})
		}
	}
	return found
}
