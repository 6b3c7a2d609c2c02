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
	over := tickets.Overdone(d.options.Policy, decision, sent)
	if len(over) == 0 {
		return decision, nil
	}
	if sent.Told, err = toldOf(tx, over); err != nil {
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
	sent := tickets.Sent{To: map[string]int{}, In: map[string]int{}, About: map[tickets.Number]int{}, Dead: map[string]bool{}}
	since := tx.Now().Add(-tickets.LimitPeriod)
	for _, n := range notices {
		key, counts := n.To.Key(), d.options.Policy.Counts(n)
		var err error
		if !n.Data.Role.Staff() {
			if _, sent.Dead[key], err = tx.AddressFailures(key); err != nil {
				return sent, err
			}
		}
		if counts.Address > 0 {
			if sent.To[key], err = tx.NoticesTo(key, since, counts.Address); err != nil {
				return sent, err
			}
		}
		if counts.Domain > 0 {
			domain := tickets.DomainOf(n.To)
			if sent.In[domain], err = tx.NoticesIn(domain, since, counts.Domain); err != nil {
				return sent, err
			}
		}
		if counts.Ticket > 0 {
			number := n.Data.Ticket.Number
			if sent.About[number], err = tx.NoticesAbout(number, since, counts.Ticket); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// toldOf says of which scopes the coordinators know already.
func toldOf(tx *register.Tx, scopes []tickets.Scope) (map[tickets.Scope]bool, error) {
	known := map[tickets.Scope]bool{}
	for _, scope := range scopes {
		last, told, err := tx.Withholding(scope)
		if err != nil {
			return nil, err
		}
		goesOn := scope.Kind == tickets.ScopeDead || tx.Now().Sub(last) < calm
		known[scope] = goesOn && tx.Now().Sub(told) < reminder
	}
	return known, nil
}
