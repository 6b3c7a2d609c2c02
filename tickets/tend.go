package tickets

import (
	"slices"
	"time"

	"radicado/mailbox"
)

// Chore is something that the daemon looks after by itself, whether or not anybody writes.
type Chore string

// The chores.
const (
	ChoreDeadlines Chore = "deadlines" // warns of terms that run out, and tells of those that ran out
	ChoreReminders Chore = "reminders" // reminds officials of questions that wait for their answer
	ChoreClosure   Chore = "closure"   // closes resolved requests that nobody took up again
	ChoreLoans     Chore = "loans"     // reminds of loans that are overdue
	ChoreVendors   Chore = "vendors"   // reminds vendors, and tells of those that do not keep their times
)

// Chores lists every chore.
func Chores() []Chore {
	return []Chore{ChoreDeadlines, ChoreReminders, ChoreClosure, ChoreLoans, ChoreVendors}
}

// Waiting is the question that a request waits for the answer to.
type Waiting struct {
	Question   string    `json:"question,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	Reminders  int       `json:"reminders,omitempty"`  // sent so far
	RemindedAt time.Time `json:"reminded_at,omitzero"` // when the last one was sent
}

// The facts of the chores.
type (
	// AlertedFact tells the desk that a term is running out or ran out.
	AlertedFact struct {
		Alert
	}
	// RemindedFact reminds the official of the question that waits for an answer.
	RemindedFact struct{}
	// OverdueFact reminds of a loan that should be back.
	OverdueFact struct {
		Resource string    `json:"resource"`
		Units    int       `json:"units"`
		Due      time.Time `json:"due"`
	}
)

// Kind names the fact in the register.
func (*AlertedFact) Kind() string { return "alerted" }

// Kind names the fact in the register.
func (*RemindedFact) Kind() string { return "reminded" }

// Kind names the fact in the register.
func (*OverdueFact) Kind() string { return "overdue" }

// Internal reports whether the fact is for staff alone.
func (*AlertedFact) Internal() bool { return true }

// Internal reports whether the fact is for staff alone.
func (*RemindedFact) Internal() bool { return false }

// Internal reports whether the fact is for staff alone.
func (*OverdueFact) Internal() bool { return false }

func (f *OverdueFact) said() string {
	return (&ReservedFact{Resource: f.Resource, Units: f.Units}).said()
}

func (f *AlertedFact) apply(t *Ticket, _ Event) { t.Alerts = append(t.Alerts, f.Alert) }

func (*RemindedFact) apply(t *Ticket, e Event) {
	t.Waiting.Reminders++
	t.Waiting.RemindedAt = e.At
}

func (f *OverdueFact) apply(t *Ticket, e Event) {
	if at := t.held(f.Resource); at >= 0 {
		t.Resources[at].Reminded = e.At
	}
}

// Tend says what a chore causes on in.Ticket at in.Now. What was done is recorded as events of the ticket, so that it is done
// once, however often the chore comes by.
func Tend(in Input, chore Chore) (Decision, error) {
	in.Sender = Sender{Role: RoleSystem}
	if in.Mail.Message == nil {
		in.Mail.Message = new(mailbox.Message)
	}
	w := newWork(in)
	switch chore {
	case ChoreDeadlines:
		w.warn()
	case ChoreReminders:
		w.remind()
	case ChoreClosure:
		w.closeSilent()
	case ChoreLoans:
		w.remindLoans()
	case ChoreVendors:
		return DueVendor(in)
	}
	return w.decision(string(chore))
}

// warn tells the technician and the coordinators of terms, in one notice each.
func (w *work) warn() {
	alerts := w.in.Policy.alerts(w.t, w.in.Now)
	for _, a := range alerts {
		w.add(&AlertedFact{a})
	}
	if len(alerts) > 0 {
		w.tellStaff(NoticeDeadline, func(d *NoticeData) { d.Alerts = alerts })
	}
}

// tellStaff writes to the technician and the coordinators.
func (w *work) tellStaff(kind NoticeKind, fill func(*NoticeData)) {
	if p, has := w.in.Policy.technicianOf(w.t); has {
		w.notify(kind, p.Address(), p.Role, fill)
	}
	for _, p := range w.in.Policy.People.With(RoleCoordinator) {
		w.notify(kind, p.Address(), RoleCoordinator, fill)
	}
}

// remind asks the officials for the answer again, some working days after the question or the last reminder.
func (w *work) remind() {
	p, since := w.in.Policy, w.t.Waiting.Since
	if w.t.Waiting.Reminders > 0 {
		since = w.t.Waiting.RemindedAt
	}
	if w.t.State != WaitingRequester || p.WaitDays < 1 || w.t.Waiting.Reminders >= p.WaitReminders || !w.passed(since, p.WaitDays) {
		return
	}
	w.add(&RemindedFact{})
	for _, a := range w.officials() {
		w.notify(NoticeReminder, a, RoleRequester, func(d *NoticeData) { d.Text = w.t.Waiting.Question })
	}
}

// closeSilent closes a request some working days after its solution.
func (w *work) closeSilent() {
	p := w.in.Policy
	if w.t.State != Resolved || p.CloseDays < 1 || !w.passed(w.t.ResolvedAt, p.CloseDays) {
		return
	}
	w.add(&ClosedFact{Silent: true})
	w.tell()
}

// remindLoans reminds of what should be back, and again every so many working days.
func (w *work) remindLoans() {
	var overdue []Held
	for _, h := range slices.Clone(w.t.Resources) {
		if h.Due.IsZero() || w.in.Now.Before(h.Due) {
			continue
		}
		if !h.Reminded.IsZero() && (w.in.Policy.LoanDays < 1 || !w.passed(h.Reminded, w.in.Policy.LoanDays)) {
			continue
		}
		w.add(&OverdueFact{Resource: h.Resource, Units: h.Units, Due: h.Due})
		overdue = append(overdue, h)
	}
	if len(overdue) == 0 {
		return
	}
	fill := func(d *NoticeData) { d.Overdue = overdue }
	w.notify(NoticeOverdue, w.t.Requester, RoleRequester, fill)
	w.tellStaff(NoticeOverdue, fill)
}

// passed reports whether so many working days have passed since then: as soon as the last of them begins.
func (w *work) passed(since time.Time, days int) bool {
	c := w.in.Policy.calendar()
	last := c.WorkingDays(since, days)
	return !last.IsZero() && !w.in.Now.Before(startOfDay(last.Add(-1))) // a day may close at the midnight that begins the next
}

func startOfDay(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}
