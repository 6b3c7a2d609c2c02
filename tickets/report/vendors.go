package report

import (
	"cmp"
	"time"

	"radicado/tickets"
)

// vendor adds what the request asked of vendors.
func (c *collector) vendor(r *measured) {
	if !r.Ticket.Claim.Made() {
		return
	}
	var current claim
	for _, e := range r.Events {
		if !e.At.Before(c.until) {
			break
		}
		if e.Erased() {
			e.Fact = recalled(r.Ticket.Claim, e)
		}
		switch f := e.Fact.(type) {
		case *tickets.VendorWrittenFact:
			if f.First {
				c.settle(r, current, e.At)
				current = claim{row: c.vendorRow(f), since: e.At}
				current.row.Cases += count(c.q.Period.Contains(e.At))
			}
		case *tickets.VendorAnsweredFact:
			if current.row != nil && !f.Automatic && !current.answered {
				current.answered = true
				if c.q.Period.Contains(e.At) {
					current.row.Answer.add(c.policy.Elapsed(current.since, e.At), 0)
				}
			}
		case *tickets.VendorRemindedFact:
			if current.row != nil {
				current.row.Reminders += count(c.q.Period.Contains(e.At))
			}
		}
	}
	c.settle(r, current, c.until)
}

// recalled returns what an erased event said, as far as the claim still tells: of a request that went to several vendors, the last one's.
func recalled(c tickets.Claim, e tickets.Event) tickets.Fact {
	switch e.Fact.(type) {
	case *tickets.VendorWrittenFact:
		return &tickets.VendorWrittenFact{Vendor: c.Vendor, First: e.At.Equal(c.WrittenAt)}
	case *tickets.VendorAnsweredFact:
		first := cmp.Or(c.FirstAt, c.AnsweredAt) // the first was not noted by versions before
		return &tickets.VendorAnsweredFact{Automatic: !e.At.Equal(first)}
	}
	return e.Fact
}

// claim is a case of a vendor.
type claim struct {
	row      *Vendor // nil for none
	since    time.Time
	answered bool
}

// settle counts how a case stood when another took its place, or at the end.
func (c *collector) settle(r *measured, one claim, end time.Time) {
	if one.row == nil {
		return
	}
	for i, t := range r.turns {
		if i == 0 || t.at.Before(one.since) || !t.at.Before(end) || t.state.Open() || !r.turns[i-1].state.Open() {
			continue
		}
		if !t.at.Before(c.q.Period.From) {
			one.row.Solution.add(c.policy.Elapsed(one.since, t.at), 0)
		}
		return
	}
	one.row.Open += count(end.Equal(c.until))
}

func (c *collector) vendorRow(f *tickets.VendorWrittenFact) *Vendor {
	name := cmp.Or(f.Vendor.Name, f.Vendor.Addr)
	if p, known := c.policy.People.Find(f.Vendor.Addr); known {
		name = p.Name
	}
	if c.vendors[name] == nil {
		c.vendors[name] = &Vendor{Name: name}
	}
	return c.vendors[name]
}
