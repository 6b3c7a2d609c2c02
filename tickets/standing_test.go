package tickets_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// requests lets some tickets be read one after the other, as tickets/register does.
func requests(at time.Time, all []*tickets.Ticket) tickets.Requests {
	one := func(wanted func(*tickets.Ticket) bool) iter.Seq2[*tickets.Ticket, error] {
		return func(yield func(*tickets.Ticket, error) bool) {
			for _, t := range all {
				if wanted(t) && !yield(t.Outline(), nil) {
					return
				}
			}
		}
	}
	return tickets.Requests{
		Open: one(func(t *tickets.Ticket) bool { return t.State.Open() }),
		Loans: one(func(t *tickets.Ticket) bool {
			return slices.ContainsFunc(t.Resources, func(h tickets.Held) bool { return !h.Due.IsZero() && !h.Due.After(at) })
		}),
		Whole: func(n tickets.Number) (*tickets.Ticket, error) {
			return all[slices.IndexFunc(all, func(t *tickets.Ticket) bool { return t.Number == n })], nil
		},
	}
}

// drawTicket is a request in any situation, as far as digest and morning lists look at it.
func drawTicket(rt *rapid.T, i int) *tickets.Ticket {
	at := func(label string) time.Time {
		return bogotaTime(rapid.IntRange(2, 25).Draw(rt, label), rapid.IntRange(7, 18).Draw(rt, label), rapid.SampledFrom([]int{0, 30}).Draw(rt, label))
	}
	t := &tickets.Ticket{
		Number: tickets.FormatNumber("SS", 2026, i), Subject: fmt.Sprint("Solicitud ", i), Text: "El portátil no enciende.", Diagnosis: "Batería",
		State:        rapid.SampledFrom(tickets.States()[:7]).Draw(rt, "state"),
		Priority:     rapid.SampledFrom([]tickets.Priority{"", tickets.High, tickets.Medium, tickets.Low}).Draw(rt, "priority"),
		Technician:   mailbox.Address{Addr: rapid.SampledFrom([]string{"", ana, "ana@movil.example", luis}).Draw(rt, "technician")},
		RegisteredAt: at("registered"),
	}
	if rapid.Bool().Draw(rt, "answered") {
		t.RespondedAt = t.RegisteredAt.Add(time.Hour)
	}
	switch t.State {
	case tickets.WaitingVendor:
		t.Claim = tickets.Claim{Vendor: mailbox.Address{Addr: ventas}, LastAt: t.RegisteredAt.Add(time.Hour)}
		if rapid.Bool().Draw(rt, "vendor answered") {
			t.Claim.AnsweredAt = t.Claim.LastAt.Add(time.Hour)
		}
		fallthrough
	case tickets.WaitingRequester:
		t.Pauses = []tickets.Pause{{From: t.RegisteredAt.Add(time.Hour)}}
	}
	for range rapid.IntRange(0, 2).Draw(rt, "resources") {
		h := tickets.Held{Resource: "Portátil", Units: 1}
		if rapid.Bool().Draw(rt, "loan") {
			h.Due = at("due")
		}
		t.Resources = append(t.Resources, h)
	}
	return t
}

// digestOf is what the digest says of some requests.
func digestOf(rt *rapid.T, m tickets.Moment, of ...*tickets.Ticket) tickets.Digest {
	d, err := m.Digest(requests(m.Now, of))
	if err != nil {
		rt.Fatal(err)
	}
	return d
}

// merged is a list made of the lists of each request, which are in the order wanted, as far as it is shown.
func merged[T any](limit int, lists []tickets.Shown[T]) tickets.Shown[T] {
	var all []T
	for _, l := range lists {
		all = append(all, l.Rows...)
	}
	shown := all[:min(limit, len(all))]
	return tickets.Shown[T]{Rows: shown, More: len(all) - len(shown)}
}

// loans are in the order of their due times.
func loans(lists []tickets.Shown[tickets.LoanView]) []tickets.Shown[tickets.LoanView] {
	var each []tickets.Shown[tickets.LoanView]
	for _, l := range lists {
		for _, row := range l.Rows {
			each = append(each, tickets.Shown[tickets.LoanView]{Rows: []tickets.LoanView{row}})
		}
	}
	slices.SortStableFunc(each, func(a, b tickets.Shown[tickets.LoanView]) int { return dueFirst(a.Rows[0].Due, b.Rows[0].Due) })
	return each
}

func dueFirst(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// byUrgency sorts requests by the time that is next for the desk, by priority and by number.
func byUrgency(p *tickets.Policy, list []*tickets.Ticket) []*tickets.Ticket {
	next := func(t *tickets.Ticket) time.Time {
		due := p.Due(t)
		if t.RespondedAt.IsZero() && dueFirst(due.Response, due.Solution) < 0 {
			return due.Response
		}
		return due.Solution
	}
	urgency := map[tickets.Priority]int{tickets.High: 1, tickets.Medium: 2, "": 2, tickets.Low: 3}
	return slices.SortedFunc(slices.Values(list), func(a, b *tickets.Ticket) int {
		return cmp.Or(dueFirst(next(a), next(b)), cmp.Compare(urgency[a.Priority], urgency[b.Priority]), strings.Compare(string(a.Number), string(b.Number)))
	})
}

func same(rt *rapid.T, what string, got, want any) {
	rt.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		rt.Errorf("%s is\n%s, want\n%s", what, g, w)
	}
}

// TestListsAddUp has digest and morning lists of many requests, read one by one in any order, be what each request alone makes of
// them, in order of urgency.
func TestListsAddUp(t *testing.T) {
	p := timed(t)
	rapid.Check(t, func(rt *rapid.T) {
		var all []*tickets.Ticket
		for i := range rapid.IntRange(0, 20).Draw(rt, "requests") {
			all = append(all, drawTicket(rt, i+1))
		}
		sorted := byUrgency(p, slices.DeleteFunc(slices.Clone(all), func(t *tickets.Ticket) bool { return !t.State.Open() }))
		for _, t := range all {
			if !t.State.Open() {
				sorted = append(sorted, t)
			}
		}
		policy := *p
		policy.MaxRows = rapid.IntRange(1, 6).Draw(rt, "rows")
		m := tickets.Moment{Now: bogotaTime(24, 7, 30), Policy: &policy}
		single := tickets.Moment{Now: m.Now, Policy: p}

		var each struct {
			open                               int
			overdue, today, unassigned, vendor []tickets.Shown[tickets.TaskView]
			loans                              []tickets.Shown[tickets.LoanView]
		}
		for _, t := range sorted {
			d := digestOf(rt, single, t)
			each.open += d.Open
			each.overdue, each.today = append(each.overdue, d.Overdue), append(each.today, d.Today)
			each.unassigned, each.vendor = append(each.unassigned, d.Unassigned), append(each.vendor, d.Vendors)
		}
		for _, t := range all {
			each.loans = append(each.loans, digestOf(rt, single, t).Loans)
		}
		shuffled := rapid.Permutation(all).Draw(rt, "order")
		from := requests(m.Now, shuffled)
		from.Loans = requests(m.Now, all).Loans
		d, err := m.Digest(from)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "open", d.Open, each.open)
		same(rt, "overdue", d.Overdue, merged(policy.MaxRows, each.overdue))
		same(rt, "today", d.Today, merged(policy.MaxRows, each.today))
		same(rt, "unassigned", d.Unassigned, merged(policy.MaxRows, each.unassigned))
		same(rt, "vendors", d.Vendors, merged(policy.MaxRows, each.vendor))
		same(rt, "loans", d.Loans, merged(policy.MaxRows, loans(each.loans)))
		sum := 0
		for _, a := range d.Ages {
			sum += a.Count
		}
		for _, s := range d.States {
			sum += s.Count
			for _, t := range all {
				if t.State == s.State && t.RegisteredAt.Before(s.Oldest) {
					rt.Errorf("of %s the oldest is %s, and %s is of %s", s.State, s.Oldest, t.Number, t.RegisteredAt)
				}
			}
		}
		same(rt, "twice the open ones by state and by age", sum, 2*each.open)

		lists, err := m.Worklists(from)
		if err != nil {
			rt.Fatal(err)
		}
		for _, to := range []string{ana, luis} {
			var todo, waiting []tickets.Shown[tickets.TaskView]
			var out []tickets.Shown[tickets.LoanView]
			for _, t := range sorted {
				alone, err := single.Worklists(requests(m.Now, []*tickets.Ticket{t}))
				if err != nil {
					rt.Fatal(err)
				}
				for _, n := range alone {
					if n.To.Addr == to {
						w := n.Data.Worklist
						todo, waiting, out = append(todo, w.Todo), append(waiting, w.Waiting), append(out, w.Loans)
					}
				}
			}
			want := tickets.Worklist{Day: m.Now, Todo: merged(policy.MaxRows, todo), Waiting: merged(policy.MaxRows, waiting), Loans: merged(policy.MaxRows, loans(out))}
			got := tickets.Worklist{Day: m.Now}
			for _, n := range lists {
				if n.To.Addr == to {
					got = *n.Data.Worklist
				}
			}
			same(rt, "the list of "+to, got, want)
		}
	})
}

// TestRequestsThatCannotBeRead has every way of reading them fail.
func TestRequestsThatCannotBeRead(t *testing.T) {
	o := busyOffice(t)
	m := o.overview(bogotaTime(24, 7, 30)).Moment
	whole := o.requests(m.Now)
	unread := errors.New("unread")
	fails := func(yield func(*tickets.Ticket, error) bool) { yield(nil, unread) }
	for what, from := range map[string]tickets.Requests{
		"open":  {Open: fails, Loans: whole.Loans, Whole: whole.Whole},
		"loans": {Open: whole.Open, Loans: fails, Whole: whole.Whole},
		"whole": {Open: whole.Open, Loans: whole.Loans, Whole: func(tickets.Number) (*tickets.Ticket, error) { return nil, unread }},
	} {
		if _, err := m.Digest(from); !errors.Is(err, unread) {
			t.Errorf("%s: the digest says %v", what, err)
		}
		if _, err := m.Worklists(from); !errors.Is(err, unread) {
			t.Errorf("%s: the lists say %v", what, err)
		}
	}
}

// TestOutlineDecidesChores has every chore do on an outline what it does on the ticket.
func TestOutlineDecidesChores(t *testing.T) {
	p := timed(t)
	rapid.Check(t, func(rt *rapid.T) {
		whole := drawTicket(rt, 1)
		whole.Version, whole.Requester = 1, mailbox.Address{Addr: pedro}
		whole.ResolvedAt, whole.Waiting.Since = whole.RegisteredAt.Add(time.Hour), whole.RegisteredAt.Add(time.Hour)
		for _, chore := range tickets.Chores() {
			var did []string
			for _, t := range []*tickets.Ticket{whole, whole.Outline()} {
				d, err := tickets.Tend(tickets.Input{Now: bogotaTime(24, 7, 30), Policy: p, Ticket: t}, chore)
				did = append(did, fmt.Sprint(err))
				for _, e := range d.Events {
					did[len(did)-1] += " " + e.Fact.Kind()
				}
			}
			if did[0] != did[1] {
				rt.Errorf("%s does %s on a ticket and %s on its outline", chore, did[0], did[1])
			}
		}
	})
}
