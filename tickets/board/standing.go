package board

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

// standing is the requests that are not at their end, as the board shows them. What is due cannot be asked of the register: it
// follows from the settings and the calendar. So the rows are kept, and made anew where events tell that something happened.
type standing struct {
	mu   sync.Mutex
	desk *deskInUse // whose rows they are
	last int64      // the last event that they include
	rows map[tickets.Number]*row
	line []*row // the same, what is due first before what is due later; nil where it must be made anew
}

// row is a request on the board.
type row struct {
	tickets.TicketView
	key        int64     // of the register
	technician string    // address key
	office     string    // folded
	due        time.Time // the next one; zero for none
}

// refresh brings the rows up to date.
func (s *standing) refresh(r *register.Reader, d *deskInUse, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var changed []*tickets.Ticket
	var last int64
	var err error
	if s.desk != d { // other settings, other terms
		if changed, last, err = r.Standing(); err != nil {
			return err
		}
		s.rows, s.desk = make(map[tickets.Number]*row, len(changed)), d
	} else {
		if last, err = r.LastEvent(); err != nil || last <= s.last {
			return err // nothing, or a state of the register from before the last refresh
		}
		if changed, last, err = r.Changed(s.last); err != nil {
			return err
		}
	}
	s.line = nil
	for _, t := range changed {
		if t.State.Final() {
			delete(s.rows, t.Number)
			continue
		}
		s.rows[t.Number] = newRow(d.Policy, t, now)
	}
	s.last = last
	return nil
}

func newRow(p *tickets.Policy, t *tickets.Ticket, now time.Time) *row {
	v := p.Row(t, tickets.RoleCoordinator, now)
	r := &row{key: register.KeyOf(t.Number), technician: t.Technician.Key(), office: tickets.Fold(v.Office), due: v.SolutionDue, TicketView: tickets.TicketView{
		Number: v.Number, Subject: v.Subject, State: v.State, Priority: v.Priority, Requester: cmp.Or(t.Requester.Name, t.Requester.Addr), Office: v.Office,
		Technician: cmp.Or(v.Technician, t.Technician.Addr), ResponseDue: v.ResponseDue, SolutionDue: v.SolutionDue, Stopped: v.Stopped,
		RegisteredAt: v.RegisteredAt, ChangedAt: v.ChangedAt}}
	if person, known := p.People.Find(t.Technician.Addr); known { // by whichever address the request was given
		r.technician = person.Address().Key()
	}
	if !v.ResponseDue.IsZero() && (r.due.IsZero() || v.ResponseDue.Before(r.due)) {
		r.due = v.ResponseDue
	}
	return r
}

// late reports whether a term of the request is past.
func (r *row) late(now time.Time) bool { return !r.due.IsZero() && now.After(r.due) }

// choose returns the rows that a filter chooses, what is due first before what is due later. matches are the keys of those that hold the words of the filter.
func (s *standing) choose(f filter, matches map[int64]bool, now time.Time) []*row {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == nil {
		s.line = slices.SortedFunc(maps.Values(s.rows), func(a, b *row) int {
			return cmp.Or(tickets.CompareDue(a.due, b.due), cmp.Compare(rank(a.Priority), rank(b.Priority)), a.RegisteredAt.Compare(b.RegisteredAt), cmp.Compare(a.Number, b.Number))
		})
	}
	office := tickets.Fold(f.Office)
	var chosen []*row
	for _, r := range s.line {
		if f.fits(r, now) && (office == "" || office == r.office) && (f.Words == "" || matches[r.key]) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

// offices lists the offices of the standing requests.
func (s *standing) offices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	var list []string
	for _, r := range s.rows {
		if r.Office != "" && !seen[r.Office] {
			seen[r.Office] = true
			list = append(list, r.Office)
		}
	}
	slices.Sort(list)
	return list
}

// priorities, most urgent first; what nobody has assessed counts as one of medium priority.
var priorities = []tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low, tickets.Unassessed}

func rank(p tickets.Priority) int {
	if p == tickets.Unassessed {
		p = tickets.Medium
	}
	return slices.Index(priorities, p)
}
