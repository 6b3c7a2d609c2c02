package report

import (
	"encoding/json"
	"iter"
	"time"

	"radicado/tickets"
)

// Query says what a report is about.
type Query struct {
	Period     tickets.Period
	Now        time.Time       // what happened later is left out; of a period that goes on, the report is up to then
	Technician *tickets.Person // whose requests alone count; nil for those of everybody
}

// Until is the end of what the report looks at.
func (q Query) Until() time.Time {
	if q.Now.Before(q.Period.To) {
		return q.Now
	}
	return q.Period.To
}

// Since is the beginning of what the report looks at: requests that ended before do not matter.
func (q Query) Since() time.Time { return q.Period.Before().From }

// before returns the period before this one; of one that goes on, as much of the one before.
func (q Query) before() (p tickets.Period, until time.Time) {
	p = q.Period.Before()
	if !q.Now.Before(q.Period.To) {
		return p, p.To
	}
	until = p.From.Add(q.Now.Sub(q.Period.From))
	if until.After(p.To) {
		until = p.To
	}
	return p, until
}

// NeedsEvents reports whether the request alone does not tell what the report must know of it: how it stood at the end, if
// something happened later; each time that it was done, if it was reopened; when the vendor wrote.
func (q Query) NeedsEvents(t *tickets.Ticket, reopened bool) bool {
	if reopened || t.Claim.Made() {
		return true
	}
	until := q.Until()
	return !t.ChangedAt.Before(until) && turnsOf(tickets.Case{Ticket: t}).openAt(until)
}

// Figures is all that a report says. What is zero did not happen.
type Figures struct {
	Period     tickets.Period `json:"period"`
	Until      time.Time      `json:"until"`                // the end of the period, or the time of the report where it still goes on
	Technician string         `json:"technician,omitempty"` // whose requests alone count; "" for those of everybody
	Desk       *Totals        `json:"desk,omitempty"`       // of everybody, where Technician is set

	Totals
	Before      Totals         `json:"before"` // of the period before, up to the same point
	BeforeUntil time.Time      `json:"before_until"`
	BeforeSpan  tickets.Period `json:"before_period"`

	Unit   Unit     `json:"unit"` // of Course
	Course []Bucket `json:"course"`

	Ages   []Age         `json:"ages"`   // of what is open at the end, youngest first; every age is there
	States []StateCount  `json:"states"` // of what is open at the end, in the order of the procedure; those that there are
	Terms  []PriorityRow `json:"terms"`  // most urgent first, those without a priority last; every priority is there

	Offices     []Group   `json:"offices"`     // those with most requests first
	Technicians []Group   `json:"technicians"` // likewise
	Kinds       []Group   `json:"kinds"`       // likewise
	Vendors     []Vendor  `json:"vendors"`     // those with most cases first
	Machines    []Machine `json:"machines"`    // with most requests received first, at most MaxMachines
}

// InProgress reports whether the period goes on after the end of the figures.
func (f *Figures) InProgress() bool { return f.Until.Before(f.Period.To) }

// Totals is the books of a period: OpenBefore + Received + Reopened - Done = OpenAfter.
type Totals struct {
	OpenBefore int `json:"open_before"`
	Received   int `json:"received"`
	Reopened   int `json:"reopened"`
	Done       int `json:"done"` // Solved + Rejected + Duplicates
	Solved     int `json:"solved"`
	Rejected   int `json:"rejected"`
	Duplicates int `json:"duplicates"`
	OpenAfter  int `json:"open_after"`
	Late       int `json:"late"`   // of OpenAfter: the term of the solution is past
	Closed     int `json:"closed"` // ended for good; what is solved is closed by the official or by silence later

	Response     Span   `json:"response"`     // of requests first answered in the period
	Solution     Span   `json:"solution"`     // of requests solved in the period, their last time
	Satisfaction Rating `json:"satisfaction"` // of the same requests
}

// Span is how long something took, in working time.
type Span struct {
	Count  int
	Due    int // of Count: those with a term
	InTime int // of Due
	Median time.Duration
	P90    time.Duration // nine in ten took no longer

	all []time.Duration
}

// Share is how much of what had a term was in time, from 0 to 1; known is false where nothing had one.
func (s Span) Share() (share float64, known bool) {
	if s.Due == 0 {
		return 0, false
	}
	return float64(s.InTime) / float64(s.Due), true
}

// MarshalJSON writes the times in seconds.
func (s Span) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Count  int     `json:"count"`
		Due    int     `json:"due"`
		InTime int     `json:"in_time"`
		Median float64 `json:"median_seconds"`
		P90    float64 `json:"p90_seconds"`
	}{s.Count, s.Due, s.InTime, s.Median.Seconds(), s.P90.Seconds()})
}

// Rating is the answers to the survey.
type Rating struct {
	Scores [5]int `json:"scores"` // how many gave 1 to 5
}

// Count is the number of answers.
func (r Rating) Count() (n int) {
	for _, c := range r.Scores {
		n += c
	}
	return n
}

// Mean is the mean of the answers, from 1 to 5; known is false where there are none.
func (r Rating) Mean() (mean float64, known bool) {
	sum := 0
	for i, c := range r.Scores {
		sum += (i + 1) * c
	}
	if n := r.Count(); n > 0 {
		return float64(sum) / float64(n), true
	}
	return 0, false
}

// Bucket is a stretch of the period.
type Bucket struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Received int       `json:"received"`
	Done     int       `json:"done"`
	Closed   int       `json:"closed"`
	Open     int       `json:"open"` // at its end

	reopened int
}

// Age is how many of the open requests were registered how many days ago.
type Age struct {
	From  int `json:"from"`         // whole days
	To    int `json:"to,omitempty"` // up to, not including; 0: no end
	Count int `json:"count"`
	Late  int `json:"late"`
}

// StateCount is how many of the open requests are in a state.
type StateCount struct {
	State tickets.State `json:"state"`
	Count int           `json:"count"`
}

// PriorityRow is the times of the requests of a priority against its terms.
type PriorityRow struct {
	Priority tickets.Priority `json:"priority"`
	Target   tickets.Terms    `json:"-"` // of which MarshalJSON writes the seconds
	Response Span             `json:"response"`
	Solution Span             `json:"solution"`
	Received int              `json:"received"`
	Open     int              `json:"open"` // at the end
	Late     int              `json:"late"`
}

// MarshalJSON writes the times in seconds.
func (r PriorityRow) MarshalJSON() ([]byte, error) {
	type plain PriorityRow
	return json.Marshal(struct {
		plain
		Response float64 `json:"response_term_seconds"`
		Solution float64 `json:"solution_term_seconds"`
	}{plain(r), r.Target.Response.Seconds(), r.Target.Solution.Seconds()})
}

// Group is the requests that have something in common.
type Group struct {
	Name         string `json:"name"` // "" for those that lack it
	Received     int    `json:"received"`
	Done         int    `json:"done"`
	Open         int    `json:"open"` // at the end
	Late         int    `json:"late"`
	Solution     Span   `json:"solution"`
	Satisfaction Rating `json:"satisfaction"`
}

// Vendor is the cases of a vendor.
type Vendor struct {
	Name      string `json:"name"`
	Cases     int    `json:"cases"`     // put to it in the period
	Answer    Span   `json:"answer"`    // of cases first answered in the period
	Solution  Span   `json:"solution"`  // of cases solved in the period
	Reminders int    `json:"reminders"` // sent in the period
	Open      int    `json:"open"`      // at the end
}

// Machine is a machine that requests were about.
type Machine struct {
	Plate    string `json:"plate"`
	Name     string `json:"name"`
	Office   string `json:"office,omitempty"`
	Requests int    `json:"requests"`
}

// MaxMachines bounds the machines of a report.
const MaxMachines = 10

// Collect makes the figures of the requests, which may come in any order. Of those that NeedsEvents names the case has the
// events.
func Collect(q Query, p *tickets.Policy, cases iter.Seq2[tickets.Case, error]) (*Figures, error) {
	c := newCollector(q, p)
	for one, err := range cases {
		if err != nil {
			return nil, err
		}
		c.add(one)
	}
	return c.figures(), nil
}
