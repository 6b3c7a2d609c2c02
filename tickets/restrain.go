package tickets

import (
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
)

// Limits bounds how many notices go out within LimitPeriod; 0 is no limit. Whatever is over a limit is registered and not
// answered, so that two programs that answer each other come to rest.
type Limits struct {
	Address int // to one address that is not of staff
	Staff   int // to one address of staff
	Domain  int // to all addresses of one domain that is not of officials
	Ticket  int // about one request
}

// LimitPeriod is the time over which notices are counted.
const LimitPeriod = time.Hour

// ScopeKind says why notices are held back.
type ScopeKind string

// The reasons.
const (
	ScopeAddress ScopeKind = "address" // too many to the address
	ScopeDomain  ScopeKind = "domain"  // too many to the domain
	ScopeTicket  ScopeKind = "ticket"  // too many about the request
	ScopeDead    ScopeKind = "dead"    // the address takes no mail
)

// ScopeKinds lists every reason.
func ScopeKinds() []ScopeKind {
	return []ScopeKind{ScopeAddress, ScopeDomain, ScopeTicket, ScopeDead}
}

// Scope is what notices are held back from.
type Scope struct {
	Kind  ScopeKind `json:"kind"`
	Value string    `json:"value"` // an address, a domain, a number
}

// String returns the scope as a key.
func (s Scope) String() string { return string(s.Kind) + ":" + s.Value }

// Sent is what Restrain must know of the notices before.
type Sent struct {
	To    map[string]int // by address key, within LimitPeriod
	In    map[string]int // by domain, likewise
	About map[Number]int // by request, likewise
	Dead  map[string]bool
	Told  map[Scope]bool // of which the coordinators know already
}

// WithheldFact says that notices about the request were not sent.
type WithheldFact struct {
	Notices []Withheld `json:"notices"`
}

// Withheld is a notice that was not sent.
type Withheld struct {
	Kind  NoticeKind `json:"kind"`
	To    string     `json:"to"`
	Scope Scope      `json:"scope"`
}

// Kind names the fact in the register.
func (*WithheldFact) Kind() string { return "withheld" }

// Internal reports whether the fact is for staff alone.
func (*WithheldFact) Internal() bool { return true }

func (*WithheldFact) apply(*Ticket, Event) {}

// Counts says up to where the notices before one must be counted; 0: not at all, because nothing limits them.
type Counts struct{ Address, Domain, Ticket int }

// Counts returns which notices must be counted before n may go out.
func (p *Policy) Counts(n Notice) Counts {
	if n.Kind == NoticeWithheld {
		return Counts{}
	}
	c := Counts{Address: p.Limits.Address}
	if n.Data.Ticket != nil {
		c.Ticket = p.Limits.Ticket
	}
	switch {
	case n.Data.Role.Staff():
		c.Address = p.Limits.Staff
	case len(p.OfficialDomains) == 0 || !p.Official(n.To): // a busy morning of the officials is no flood
		c.Domain = p.Limits.Domain
	}
	return c
}

// Overdone returns what notices of the decision will be held back from, for which Restrain wants Sent.Told.
func Overdone(p *Policy, d Decision, sent Sent) []Scope {
	r := newRestraint(p, sent)
	var scopes []Scope
	for _, n := range d.Notices {
		if scope, over := r.over(n); over && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// Restrain takes the notices out of a decision that would be too many, or that would not arrive, and tells the coordinators
// once a flood. The ticket of the decision is changed with it.
func Restrain(p *Policy, now time.Time, d Decision, sent Sent) (Decision, error) {
	r := newRestraint(p, sent)
	var kept []Notice
	var held []Withheld
	for _, n := range d.Notices {
		scope, over := r.over(n)
		if !over {
			kept = append(kept, n)
			continue
		}
		held = append(held, Withheld{n.Kind, n.To.Key(), scope})
		if !slices.Contains(d.Held, scope) {
			d.Held = append(d.Held, scope)
		}
	}
	if len(held) == 0 {
		return d, nil
	}
	d.Notices = kept
	for _, scope := range d.Held {
		if !sent.Told[scope] {
			d.Notices = append(d.Notices, withheldNotices(p, d.Ticket, scope)...)
			d.Told = append(d.Told, scope)
		}
	}
	if d.Ticket != nil {
		e := Event{Ticket: d.Ticket.Number, Seq: d.Ticket.Version + 1, At: now, Actor: Actor{Role: RoleSystem},
			Message: d.Events[0].Message, Fact: &WithheldFact{held}}
		if err := d.Ticket.Apply(e); err != nil {
			return d, err
		}
		d.Events = append(d.Events, e)
	}
	return d, nil
}

// restraint counts along.
type restraint struct {
	policy *Policy
	sent   Sent
	to, in map[string]int
	about  map[Number]int
}

func newRestraint(p *Policy, sent Sent) restraint {
	return restraint{policy: p, sent: sent, to: map[string]int{}, in: map[string]int{}, about: map[Number]int{}}
}

// over says what keeps a notice back, and counts it where nothing does.
func (r *restraint) over(n Notice) (Scope, bool) {
	if n.Kind == NoticeWithheld {
		return Scope{}, false
	}
	key, domain, limits := n.To.Key(), DomainOf(n.To), r.policy.Counts(n)
	number := Number("")
	if n.Data.Ticket != nil {
		number = n.Data.Ticket.Number
	}
	switch {
	case r.sent.Dead[key] && !n.Data.Role.Staff():
		return Scope{ScopeDead, key}, true
	case reached(r.sent.To[key]+r.to[key], limits.Address):
		return Scope{ScopeAddress, key}, true
	case reached(r.sent.In[domain]+r.in[domain], limits.Domain):
		return Scope{ScopeDomain, domain}, true
	case reached(r.sent.About[number]+r.about[number], limits.Ticket):
		return Scope{ScopeTicket, string(number)}, true
	}
	r.to[key]++
	r.in[domain]++
	r.about[number]++
	return Scope{}, false
}

func reached(count, limit int) bool { return limit > 0 && count >= limit }

// DomainOf returns the domain by which notices are counted: what stands behind the first @ of the key.
func DomainOf(a mailbox.Address) string {
	_, domain, _ := strings.Cut(a.Key(), "@")
	return domain
}

// withheldNotices tells the coordinators that notices are held back.
func withheldNotices(p *Policy, t *Ticket, scope Scope) []Notice {
	var list []Notice
	for _, c := range p.People.With(RoleCoordinator) {
		n := Notice{Kind: NoticeWithheld, To: c.Address(), Lang: p.langOf(c.Address()),
			Data: NoticeData{Role: RoleCoordinator, Recipient: c.Name, Withheld: &scope}}
		if t != nil {
			v := view(t, RoleCoordinator)
			n.Data.Ticket = &v
		}
		list = append(list, n)
	}
	return list
}
