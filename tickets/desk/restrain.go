package desk

import (
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	// calm is how long a flood must have paused for the next to be another one, of which the coordinators are told again.
	calm = time.Hour
	// reminder is how long they are left in peace about one that goes on.
	reminder = 24 * time.Hour
)

// restrain holds back the notices that would be too many or would not arrive.
func (d *Desk) restrain(tx *register.Tx, decision tickets.Decision) (tickets.Decision, error) {
	if len(decision.Notices) == 0 {
		return decision, nil
	}
	sent, err := d.sent(tx, decision.Notices)
	if err != nil {
		return decision, err
	}
	decision, err = tickets.Restrain(d.options.Policy, tx.Now(), decision, sent)
	if err != nil {
		return decision, err
	}
	told := map[tickets.Scope]bool{}
	for _, scope := range decision.Told {
		told[scope] = true
	}
	for _, scope := range decision.Held {
		if err := tx.Withhold(scope, told[scope]); err != nil {
			return decision, err
		}
	}
	for _, scope := range decision.Told {
		d.options.Log.Warn("notices are held back", "reason", scope.Kind, "of", scope.Value)
	}
	return decision, nil
}

// sent counts the notices before, as far as the decision's own need it.
func (d *Desk) sent(tx *register.Tx, notices []tickets.Notice) (tickets.Sent, error) {
	sent := tickets.Sent{To: map[string]int{}, In: map[string]int{}, About: map[tickets.Number]int{}, Dead: map[string]bool{}, Told: map[tickets.Scope]bool{}}
	since := tx.Now().Add(-tickets.LimitPeriod)
	for _, n := range notices {
		key, domain := n.To.Key(), tickets.DomainOf(n.To)
		scopes := []tickets.Scope{{Kind: tickets.ScopeAddress, Value: key}, {Kind: tickets.ScopeDomain, Value: domain}, {Kind: tickets.ScopeDead, Value: key}}
		var err error
		if sent.To[key], err = tx.NoticesTo(key, since); err != nil {
			return sent, err
		}
		if sent.In[domain], err = tx.NoticesIn(domain, since); err != nil {
			return sent, err
		}
		if _, sent.Dead[key], err = tx.AddressFailures(key); err != nil {
			return sent, err
		}
		if n.Data.Ticket != nil {
			number := n.Data.Ticket.Number
			if sent.About[number], err = tx.NoticesAbout(number, since); err != nil {
				return sent, err
			}
			scopes = append(scopes, tickets.Scope{Kind: tickets.ScopeTicket, Value: string(number)})
		}
		for _, scope := range scopes {
			last, told, err := tx.Withholding(scope)
			if err != nil {
				return sent, err
			}
			now := tx.Now()
			goesOn := scope.Kind == tickets.ScopeDead || now.Sub(last) < calm
			sent.Told[scope] = goesOn && now.Sub(told) < reminder
		}
	}
	return sent, nil
}
