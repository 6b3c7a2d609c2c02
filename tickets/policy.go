package tickets

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
	"radicado/tickets/calendar"
)

// Policy is what the settings say of the desk's rules.
type Policy struct {
	People          People
	OfficialDomains []string // mail domains of officials, in lower case; empty: everybody is one
	RefuseStrangers bool     // mail from other domains is quarantined instead of registered
	Own             []string // addresses of the desk itself: mailboxes and sender of notices
	Lists           []string // List-Ids by which requests may come, in lower case
	ReopenDays      int      // days after closure within which an answer reopens
	Lang            string   // of people for whom nothing else is known, "es" or "en"
	MaxRows         int      // rows of a list in a mail

	CommandAge time.Duration // how old a mail may be that commands; 0: any age
	Types      []string      // kinds of request that #tipo knows, as they are shown

	Zone      *time.Location      // of the ministry's days; nil is UTC
	Officials map[string]Official // the ministry's directory, by address key
	Calendar  *calendar.Calendar  // when the desk works, in its time zone; nil: always, in UTC

	Instructions  []Instruction // that #instructivo knows
	Library       *Library      // first-level solutions that #solucion knows
	AutoAssign    bool          // new requests are assigned by themselves
	Resources     []Resource
	PriorityRules []PriorityRule
	Terms         map[Priority]Terms // in working time; a priority that is missing has none
	WarnPercent   int                // of a term after which the desk is warned; 0: never
	WaitDays      int                // working days after which an official is reminded of a question; 0: never
	WaitReminders int                // at most
	CloseDays     int                // working days of silence after which what is resolved is closed; 0: never
	LoanDays      int                // working days after which the desk is reminded again of an overdue loan; 0: once is enough
	Confirm       Confirming
	Limits        Limits
	ReportTo      []mailbox.Address // who gets the weekly and monthly reports besides the coordinators
}

// Identify says who a message claims to be from. Proof is added by whoever examined the message.
func (p *Policy) Identify(m *mailbox.Message, proof mailbox.Proof) Sender {
	s := Sender{Address: m.From, Name: m.From.Name, Role: RoleStranger, Lang: p.Lang, Proof: proof}
	if person, known := p.People.Find(m.From.Addr); known {
		s.Name, s.Role = person.Name, person.Role
		if person.Lang != "" {
			s.Lang = person.Lang
		}
		return s
	}
	known, listed := p.Officials[m.From.Key()]
	if listed || p.Official(m.From) {
		s.Role = RoleRequester
	}
	s.Name, s.Lang = cmp.Or(known.Name, s.Name), cmp.Or(known.Lang, s.Lang)
	return s
}

// Official reports whether an address belongs to a domain of officials.
func (p *Policy) Official(a mailbox.Address) bool {
	if len(p.OfficialDomains) == 0 {
		return a.Domain() != ""
	}
	domain := a.Domain()
	return slices.ContainsFunc(p.OfficialDomains, func(d string) bool {
		return domain == d || strings.HasSuffix(domain, "."+d)
	})
}

// SamePerson reports whether two addresses are of one person, who may have several.
func (p *Policy) SamePerson(a, b string) bool {
	if (mailbox.Address{Addr: a}).Key() == (mailbox.Address{Addr: b}).Key() {
		return true
	}
	person, known := p.People.Find(a)
	return known && person.Has(b)
}

// technicianOf returns the technician of a request as the settings have the person now; ok is false where it has none, and where the one
// whom it was given to is not of the desk any more: whoever has left must not be written to, and nobody looks after the request.
func (p *Policy) technicianOf(t *Ticket) (technician Person, ok bool) {
	if !t.Assigned() {
		return Person{}, false
	}
	technician, known := p.People.Find(t.Technician.Addr)
	return technician, known && technician.Role.Staff()
}

// VendorOf returns the vendor of an asset or a claim as the settings have it now: by the address, else by the name, which in the settings
// is that of the inventory. ok is false where there is none, who must not be written to any more.
func (p *Policy) VendorOf(a mailbox.Address) (vendor Person, ok bool) {
	if vendor, known := p.People.Find(a.Addr); known && vendor.Role == RoleVendor {
		return vendor, true
	}
	for _, vendor := range p.People.With(RoleVendor) {
		if a.Name != "" && Fold(vendor.Name) == Fold(a.Name) {
			return vendor, true
		}
	}
	return Person{}, false
}

// IsOwn reports whether the address is one of the desk's: mail to it would come back to us.
func (p *Policy) IsOwn(a mailbox.Address) bool {
	return slices.ContainsFunc(p.Own, func(own string) bool { return strings.EqualFold(own, a.Key()) })
}

// langOf returns the language in which an address is written to.
func (p *Policy) langOf(addr mailbox.Address) string {
	if person, known := p.People.Find(addr.Addr); known && person.Lang != "" {
		return person.Lang
	}
	return cmp.Or(p.official(addr).Lang, p.Lang)
}
