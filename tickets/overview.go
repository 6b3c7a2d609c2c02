package tickets

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"radicado/mailbox"
)

// Moment is when staff are told how requests stand.
type Moment struct {
	Now       time.Time
	Policy    *Policy
	Situation Situation
}

// Requests is where requests are read one after the other, all as they are at one moment: there may be more of them than memory
// holds. Outlines will do, but of Whole.
type Requests struct {
	Open  iter.Seq2[*Ticket, error] // every open request
	Loans iter.Seq2[*Ticket, error] // every request with a loan that should be back, also where it is closed
	Whole func(Number) (*Ticket, error)
}

// Overview is how the whole desk stands at a moment: what the daily digest is made of. Lists may be longer than is shown.
type Overview struct {
	Moment
	Since      time.Time // of the digest before: what is new is newer
	Requests   Digest    // what the digest says of requests
	Quarantine []Quarantined
	Failing    []FailingAddress // those that refused a notice since
	Dead       int              // addresses that nothing is sent to any more
	Failed     []Undelivered    // notices given up since
	Queued     []Undelivered    // notices that have waited for too long
	Books      []Books          // of mailboxes that did not balance since
}

// Shown is the beginning of a list, with how many more there are.
type Shown[T any] struct {
	Rows []T `json:"rows,omitempty"`
	More int `json:"more,omitempty"`
}

// Total returns how many there are.
func (s Shown[T]) Total() int { return len(s.Rows) + s.More }

func (p *Policy) maxRows() int { return cmp.Or(p.MaxRows, 50) }

// show returns the beginning of a list as long as the settings allow.
func show[T any](p *Policy, list []T) Shown[T] {
	limit := p.maxRows()
	if len(list) <= limit {
		return Shown[T]{Rows: list}
	}
	return Shown[T]{Rows: list[:limit], More: len(list) - limit}
}

// Digest is what the coordinators are told every morning.
type Digest struct {
	Day        time.Time             `json:"day"`
	Open       int                   `json:"open"`
	States     []StateTally          `json:"states,omitempty"` // of what is open, in the order of the procedure
	Ages       []AgeTally            `json:"ages,omitempty"`   // likewise, the youngest first
	Overdue    Shown[TaskView]       `json:"overdue,omitzero"`
	Today      Shown[TaskView]       `json:"today,omitzero"`      // due today
	Unassigned Shown[TaskView]       `json:"unassigned,omitzero"` // of those that are neither
	Vendors    Shown[TaskView]       `json:"vendors,omitzero"`    // that owe an answer
	Loans      Shown[LoanView]       `json:"loans,omitzero"`      // that should be back
	Quarantine Shown[Quarantined]    `json:"quarantine,omitzero"`
	Failing    Shown[FailingAddress] `json:"failing,omitzero"`
	Dead       int                   `json:"dead,omitempty"`
	Failed     Shown[Undelivered]    `json:"failed,omitzero"`
	Queued     Shown[Undelivered]    `json:"queued,omitzero"`
	Absences   []AbsenceView         `json:"absences,omitempty"` // today
	Books      []Books               `json:"books,omitempty"`
}

// Calm reports whether nothing wants anybody's attention.
func (d *Digest) Calm() bool {
	return d.Overdue.Total()+d.Today.Total()+d.Unassigned.Total()+d.Vendors.Total()+d.Loans.Total()+d.Quarantine.Total()+
		d.Failing.Total()+d.Failed.Total()+d.Queued.Total()+len(d.Absences)+len(d.Books) == 0
}

// Worklist is what a technician is told every morning.
type Worklist struct {
	Day      time.Time       `json:"day"`
	Todo     Shown[TaskView] `json:"todo,omitzero"`      // what is to be done, by due time and priority
	Waiting  Shown[TaskView] `json:"waiting,omitzero"`   // what waits for somebody else
	Loans    Shown[LoanView] `json:"loans,omitzero"`     // that are out
	Absences []AbsenceView   `json:"absences,omitempty"` // of colleagues, today
}

// StateTally counts the open requests in a state.
type StateTally struct {
	State  State     `json:"state"`
	Count  int       `json:"count"`
	Oldest time.Time `json:"oldest"` // registration
}

// AgeTally counts the open requests that were registered From to To days ago; To is 0 where there is no end.
type AgeTally struct {
	From  int `json:"from"`
	To    int `json:"to,omitempty"`
	Count int `json:"count"`
}

// TaskView is a request in a list, with the commands that make sense next.
type TaskView struct {
	TicketView
	Links     []Link    `json:"links,omitempty"`
	Since     time.Time `json:"since,omitzero"`      // waits for somebody since then
	Reminders int       `json:"reminders,omitempty"` // that were sent meanwhile
}

// LoanView is a loan with the request that it is for.
type LoanView struct {
	TaskView
	Resource string    `json:"resource"`
	Units    int       `json:"units"`
	Due      time.Time `json:"due,omitzero"`
	Overdue  bool      `json:"overdue,omitempty"`
}

// FailingAddress is an address that refuses notices.
type FailingAddress struct {
	Addr       string    `json:"addr"`
	Failures   int       `json:"failures"`       // in a row
	Dead       bool      `json:"dead,omitempty"` // nothing is sent there until a mail comes from it
	Status     string    `json:"status,omitempty"`
	Diagnostic string    `json:"diagnostic,omitempty"`
	At         time.Time `json:"at"` // of the last one
}

// Undelivered is a notice that did not go out.
type Undelivered struct {
	Kind   NoticeKind `json:"kind"`
	Ticket Number     `json:"ticket,omitempty"`
	To     string     `json:"to"`
	At     time.Time  `json:"at"` // when it was queued
	Error  string     `json:"error,omitempty"`
}

// WorkingDay reports whether the desk works on the day of t.
func (p *Policy) WorkingDay(t time.Time) bool {
	c := p.calendar()
	t = t.In(c.Zone())
	opening := c.NextOpening(startOfDay(t))
	return !opening.IsZero() && sameDay(opening, t)
}

// Digests returns the digest for every coordinator.
func Digests(in Overview) []Notice {
	var notices []Notice
	for _, p := range in.Policy.People.With(RoleCoordinator) {
		d := in.Requests
		d.Day, d.Dead, d.Absences, d.Books = in.Now, in.Dead, in.absences(p), in.Books
		d.Quarantine, d.Failing = show(in.Policy, in.Quarantine), show(in.Policy, in.Failing)
		d.Failed, d.Queued = show(in.Policy, in.Failed), show(in.Policy, in.Queued)
		n := in.notice(NoticeDigest, p)
		n.Data.Digest = &d
		notices = append(notices, n)
	}
	return notices
}

func (in Moment) notice(kind NoticeKind, p Person) Notice {
	return Notice{Kind: kind, To: p.Address(), Lang: in.Policy.langOf(p.Address()), Data: NoticeData{Role: p.Role, Recipient: p.Name}}
}

// task shows a request to a person.
func (in Moment) task(t *Ticket, p Person) TaskView {
	w := newWork(Input{Now: in.Now, Policy: in.Policy, Ticket: t, Situation: in.Situation, Mail: Mail{Message: new(mailbox.Message)}})
	v := w.view(t, p.Role)
	task := TaskView{TicketView: TicketView{Number: v.Number, Subject: v.Subject, State: v.State, Priority: v.Priority, Requester: v.Requester, Office: v.Office,
		Telephone: v.Telephone, Technician: v.Technician, ResponseDue: v.ResponseDue, SolutionDue: v.SolutionDue, Stopped: v.Stopped, Late: v.Late,
		Vendor: v.Vendor, Case: v.Case, RegisteredAt: v.RegisteredAt, ChangedAt: v.ChangedAt}, Links: w.taskLinks(p)}
	switch t.State {
	case WaitingRequester:
		task.Since, task.Reminders = t.Waiting.Since, t.Waiting.Reminders
	case WaitingVendor:
		task.Since, task.Reminders = t.Claim.LastAt, t.Claim.Reminders
	}
	return task
}

// maxAssign bounds the technicians whom a row of a list offers.
const maxAssign = 2

// taskLinks offers fewer commands than a notice about the one request: a list must stay one.
func (w *work) taskLinks(p Person) []Link {
	var links []Link
	assign := 0
	for _, l := range w.links(p.Role, p.Address()) {
		switch l.Verb {
		case VerbAssign:
			if assign++; assign > maxAssign {
				continue
			}
		case VerbPriority, VerbTake, VerbNote, VerbWait, VerbSolve, VerbVendor:
			if p.Role == RoleCoordinator && l.Verb != VerbPriority && l.Verb != VerbVendor {
				continue
			}
		default:
			continue
		}
		links = append(links, l)
	}
	return append(links, Link{Verb: VerbStatus})
}

// loans lists what of the requests is out; due leaves only what should be back.
func (in Moment) loans(p Person, list []*Ticket, due bool) []LoanView {
	var loans []LoanView
	for _, t := range list {
		for _, h := range t.Resources {
			late := !h.Due.IsZero() && !in.Now.Before(h.Due)
			if due && !late {
				continue
			}
			task := in.task(t, p)
			task.Links = []Link{{Verb: VerbReturn, Arg: h.Resource}, {Verb: VerbStatus}}
			loans = append(loans, LoanView{TaskView: task, Resource: h.Resource, Units: h.Units, Due: h.Due, Overdue: late})
		}
	}
	slices.SortStableFunc(loans, func(a, b LoanView) int { return CompareDue(a.Due, b.Due) })
	return loans
}

// CompareDue orders by due time, and puts what has none last.
func CompareDue(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		return compareBool(!a.IsZero(), !b.IsZero())
	}
	return a.Compare(b)
}

// rank orders priorities, the most urgent first. One that nobody has set counts as medium, as its terms do.
func (p Priority) rank() int {
	switch p {
	case Critical:
		return 0
	case High:
		return 1
	case Low:
		return 3
	}
	return 2
}

// worksToday reports whether a person has working hours left today.
func (in Moment) worksToday(p Person) bool {
	opening := Input{Policy: in.Policy, Situation: in.Situation}.hours(p).NextOpening(in.Now)
	return !opening.IsZero() && sameDay(opening, in.Now.In(opening.Location()))
}

// absences lists the others who are absent today.
func (in Moment) absences(reader Person) []AbsenceView {
	zone := in.Policy.calendar().Zone()
	today := startOfDay(in.Now.In(zone))
	tomorrow := today.AddDate(0, 0, 1)
	var list []AbsenceView
	for _, p := range in.Policy.People {
		if p.Address() == reader.Address() {
			continue
		}
		for _, a := range in.Situation.absences(p) {
			if a.From.Before(tomorrow) && a.To.After(today) {
				list = append(list, AbsenceView{Name: p.Name, From: a.From, Last: lastDay(a.To), Open: in.Situation.load(p)})
				break
			}
		}
	}
	return list
}
