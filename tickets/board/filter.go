package board

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// filter is what the address of a list says. Whatever it says that means nothing is left out, as if it were not there.
type filter struct {
	State      tickets.State // "" for any
	Technician string        // address key, or unassigned
	Office     string
	Priority   string // code, or unassessed
	From, To   time.Time
	Words      string
	Late       bool
	Page       int // from 1
}

// unassigned and unassessed stand in an address for the lack of a technician and of a priority.
const (
	unassigned = "nadie"
	unassessed = "sin"
)

// The keys of an address.
const (
	keyState      = "estado"
	keyTechnician = "tecnico"
	keyOffice     = "dependencia"
	keyPriority   = "prioridad"
	keyFrom       = "desde"
	keyTo         = "hasta"
	keyWords      = "palabras"
	keyLate       = "vencidas"
	keyPage       = "pagina"
)

const (
	maxWords  = 200 // bytes
	maxOffice = 200
	maxPage   = 1000
)

func readFilter(q url.Values, zone *time.Location) filter {
	f := filter{Office: clip(q.Get(keyOffice), maxOffice), Words: clip(q.Get(keyWords), maxWords), Late: q.Get(keyLate) != "", Page: 1}
	if s := tickets.State(q.Get(keyState)); slices.Contains(tickets.States(), s) {
		f.State = s
	}
	if p := q.Get(keyPriority); p == unassessed || p != "" && slices.Contains(priorities, tickets.Priority(p)) {
		f.Priority = p
	}
	f.Technician = mailbox.Address{Addr: clip(q.Get(keyTechnician), maxOffice)}.Key()
	f.From, f.To = readDay(q.Get(keyFrom), zone), readDay(q.Get(keyTo), zone)
	if n, err := strconv.Atoi(q.Get(keyPage)); err == nil && n > 1 {
		f.Page = min(n, maxPage)
	}
	return f
}

func clip(s string, limit int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

func readDay(s string, zone *time.Location) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return time.Time{}
	}
	return day
}

// end is the first moment after the period; zero for an open one.
func (f filter) end() time.Time {
	if f.To.IsZero() {
		return f.To
	}
	return f.To.AddDate(0, 0, 1)
}

// values returns the filter as it stands in an address.
func (f filter) values() url.Values {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set(keyState, string(f.State))
	set(keyTechnician, f.Technician)
	set(keyOffice, f.Office)
	set(keyPriority, f.Priority)
	set(keyFrom, f.day(f.From))
	set(keyTo, f.day(f.To))
	set(keyWords, f.Words)
	if f.Late {
		q.Set(keyLate, "1")
	}
	if f.Page > 1 {
		q.Set(keyPage, strconv.Itoa(f.Page))
	}
	return q
}

func (filter) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// path returns the address of a page with the filter.
func (f filter) path(page string) string {
	if q := f.values().Encode(); q != "" {
		return page + "?" + q
	}
	return page
}

// FromDay and ToDay are the period as a form shows it.
func (f filter) FromDay() string { return f.day(f.From) }

// ToDay is the last day of the period.
func (f filter) ToDay() string { return f.day(f.To) }

// Empty reports whether everything is chosen.
func (f filter) Empty() bool { return len(filter{Page: f.Page}.values()) == len(f.values()) }

// fits reports whether the filter chooses a row, its words and its office aside.
func (f filter) fits(r *row, now time.Time) bool {
	return (f.State == "" || f.State == r.State) &&
		(f.Technician == "" || f.Technician == r.technician || f.Technician == unassigned && r.technician == "") &&
		(f.Priority == "" || f.Priority == string(r.Priority) || f.Priority == unassessed && r.Priority == tickets.Unassessed) &&
		(f.From.IsZero() || !r.RegisteredAt.Before(f.From)) &&
		(f.To.IsZero() || r.RegisteredAt.Before(f.end())) &&
		(!f.Late || r.late(now))
}

// query is the filter in the terms of the register, for what the viewer may see.
func (f filter) query(v tickets.Viewer, people tickets.People) register.Filter {
	q := register.Filter{From: f.From, To: f.end(), Words: f.Words}
	if f.State != "" {
		q.States = []tickets.State{f.State}
	}
	switch {
	case v.Role == tickets.RoleVendor:
		// Of a vendor's cases the words, the state and the rest are the ministry's business: it could guess them by what is found.
		return register.Filter{Vendors: v.Keys()}
	case !v.Role.Staff():
		q.Person = v.Address.Addr
		return q
	}
	q.Office = f.Office
	if person, known := people.Find(f.Technician); known {
		q.Technicians = person.Addresses
	} else if f.Technician != "" && f.Technician != unassigned {
		q.Technicians = []string{f.Technician}
	}
	q.Unassigned = f.Technician == unassigned
	switch f.Priority {
	case "":
	case unassessed:
		q.Priorities = []tickets.Priority{tickets.Unassessed}
	default:
		q.Priorities = []tickets.Priority{tickets.Priority(f.Priority)}
	}
	return q
}
