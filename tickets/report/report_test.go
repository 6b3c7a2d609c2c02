package report_test

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
	"radicado/tickets/calendar"
	"radicado/tickets/report"
)

var bogota = time.FixedZone("-05", -5*3600)

// at returns a time of 2026.
func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, bogota)
}

var (
	pedro  = mailbox.Address{Name: "Pedro Páramo", Addr: "pedro@min.example.org"}
	ana    = tickets.Person{Name: "Ana Gómez", Addresses: []string{"ana@min.example.org", "ana2@min.example.org"}, Role: tickets.RoleTechnician}
	luis   = tickets.Person{Name: "Luis Díaz", Addresses: []string{"luis@min.example.org"}, Role: tickets.RoleTechnician}
	vendor = mailbox.Address{Name: "Impresoras S. A.", Addr: "venta@impresoras.example.org"}
	marta  = tickets.Actor{Role: tickets.RoleCoordinator, Addr: "marta@min.example.org", Name: "Marta"}
)

// policy is a desk that works from 8 to 12 and 13 to 17, with a term of 8 working hours for high priority.
func policy(t testing.TB) *tickets.Policy {
	week := calendar.Week{}
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []calendar.Hours{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	c, err := calendar.New(calendar.Config{Zone: bogota, Week: week, Holidays: calendar.Colombia})
	if err != nil {
		t.Fatal(err)
	}
	return &tickets.Policy{Calendar: c, People: tickets.People{ana, luis}, Terms: map[tickets.Priority]tickets.Terms{
		tickets.High:   {Response: 2 * time.Hour, Solution: 8 * time.Hour},
		tickets.Medium: {Response: 4 * time.Hour, Solution: 24 * time.Hour},
	}}
}

// happened is a fact at a time.
type happened struct {
	at   time.Time
	fact tickets.Fact
}

// request is a case that so came about.
func request(t testing.TB, serial int, office string, list ...happened) tickets.Case {
	t.Helper()
	c := tickets.Case{Ticket: new(tickets.Ticket)}
	list[0].fact = &tickets.RegisteredFact{Requester: pedro, Subject: "Impresora", Office: office}
	for i, h := range list {
		e := tickets.Event{Ticket: tickets.FormatNumber("SS", 2026, serial), Seq: i + 1, At: h.at, Actor: marta, Fact: h.fact}
		if err := c.Ticket.Apply(e); err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, e)
	}
	return c
}

// yield gives the cases as a register would: with their events only where they are needed.
func yield(q report.Query, cases []tickets.Case) iter.Seq2[tickets.Case, error] {
	return func(yield func(tickets.Case, error) bool) {
		for _, c := range cases {
			reopened := slices.ContainsFunc(c.Events, func(e tickets.Event) bool { return e.Fact.Kind() == "reopened" })
			if !q.NeedsEvents(c.Ticket, reopened) {
				c.Events = nil
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func collect(t testing.TB, q report.Query, cases ...tickets.Case) *report.Figures {
	t.Helper()
	f, err := report.Collect(q, policy(t), yield(q, cases))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func october() report.Query {
	return report.Query{Period: tickets.PeriodOf(tickets.PeriodMonth, at(10, 10, 0, 0)), Now: at(11, 10, 12, 0)}
}

// few is a month of a small desk.
func few(t testing.TB) []tickets.Case {
	high := &tickets.PrioritisedFact{Priority: tickets.High}
	toAna := &tickets.AssignedFact{Technician: mailbox.Address{Name: "Ana", Addr: "ANA2@min.example.org"}}
	toLuis := &tickets.AssignedFact{Technician: luis.Address()}
	printer := &tickets.EquippedFact{Asset: tickets.Asset{Plate: "20451", What: "Impresora", Office: "Contratos"}}
	return []tickets.Case{
		// Answered after one working hour, solved after three, of eight: in time. Rated, closed in November.
		request(t, 1, "Contratos", happened{at(10, 5, 9, 0), nil}, happened{at(10, 5, 9, 5), high}, happened{at(10, 5, 9, 6), toAna}, happened{at(10, 5, 9, 7), printer},
			happened{at(10, 5, 10, 0), &tickets.AnsweredFact{Text: "Voy"}}, happened{at(10, 5, 13, 0), &tickets.ResolvedFact{Text: "Listo"}},
			happened{at(11, 3, 9, 0), &tickets.ClosedFact{}}, happened{at(11, 3, 10, 0), &tickets.SurveyedFact{Score: 4}}),
		// Registered in September, solved in October after 17 working hours: late. Reopened and open at the end; solved again in November.
		request(t, 2, "Contratos", happened{at(9, 30, 8, 0), nil}, happened{at(9, 30, 8, 1), high}, happened{at(9, 30, 8, 2), toLuis},
			happened{at(10, 2, 9, 0), &tickets.ResolvedFact{Text: "Listo"}}, happened{at(10, 6, 9, 0), &tickets.ReopenedFact{}},
			happened{at(11, 4, 9, 0), &tickets.ResolvedFact{Text: "Ahora sí"}}),
		// To the vendor: answered after two working hours, reminded twice, solved after ten; the clock stood still.
		request(t, 3, "", happened{at(10, 13, 8, 0), nil}, happened{at(10, 13, 8, 1), high}, happened{at(10, 13, 8, 2), printer},
			happened{at(10, 13, 9, 0), &tickets.VendorWrittenFact{Vendor: vendor, Plate: "20451", First: true}}, happened{at(10, 13, 9, 1), &tickets.VendorAnsweredFact{Automatic: true}},
			happened{at(10, 13, 10, 0), &tickets.VendorRemindedFact{Count: 1}}, happened{at(10, 13, 10, 30), &tickets.VendorRemindedFact{Count: 2}},
			happened{at(10, 13, 11, 0), &tickets.VendorAnsweredFact{Text: "Caso 5"}}, happened{at(10, 14, 10, 0), &tickets.VendorAnsweredFact{Text: "Está"}}, happened{at(10, 14, 11, 0), &tickets.ResolvedFact{Text: "Cambiado"}},
			happened{at(10, 16, 9, 0), &tickets.ClosedFact{Silent: true}}, happened{at(10, 16, 9, 30), &tickets.SurveyedFact{Score: 5}}),
		request(t, 4, "Jurídica", happened{at(10, 20, 8, 0), nil}, happened{at(10, 20, 8, 5), &tickets.RejectedFact{Text: "No es de la mesa"}}),
		request(t, 5, "Jurídica", happened{at(10, 20, 8, 0), nil}, happened{at(10, 20, 8, 5), &tickets.DuplicateFact{Of: "SS-2026-000003"}}),
		// Waiting at the end, answered in November.
		request(t, 6, "Jurídica", happened{at(10, 30, 8, 0), nil}, happened{at(10, 30, 8, 1), toAna}, happened{at(10, 30, 9, 0), &tickets.WaitedFact{Text: "¿Cuál?"}},
			happened{at(11, 2, 9, 0), &tickets.StartedFact{}}, happened{at(11, 5, 9, 0), &tickets.ClosedFact{}}),
		request(t, 7, "Jurídica", happened{at(11, 1, 8, 0), nil}), // after the end
		request(t, 8, "Contratos", happened{at(9, 2, 8, 0), nil}, happened{at(9, 3, 8, 0), &tickets.ClosedFact{Text: "Era un error"}}),
	}
}

func TestFigures(t *testing.T) {
	f := collect(t, october(), few(t)...)
	totals := report.Totals{OpenBefore: 1, Received: 5, Reopened: 1, Done: 5, Solved: 3, Rejected: 1, Duplicates: 1, OpenAfter: 2, Late: 1, Closed: 3,
		Response:     report.Span{Count: 5, Due: 5, InTime: 4, Median: time.Hour, P90: 17 * time.Hour},
		Solution:     report.Span{Count: 3, Due: 3, InTime: 2, Median: 3 * time.Hour, P90: 17 * time.Hour},
		Satisfaction: report.Rating{Scores: [5]int{0, 0, 0, 1, 1}}}
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"totals", f.Totals, totals},
		{"before", f.Before, report.Totals{Received: 2, Done: 1, Solved: 1, OpenAfter: 1, Closed: 1, Late: 0,
			Response: report.Span{Count: 1, Due: 1, InTime: 0, Median: 8 * time.Hour, P90: 8 * time.Hour}, Solution: report.Span{Count: 1, Due: 1, InTime: 1, Median: 8 * time.Hour, P90: 8 * time.Hour}}},
		{"states", f.States, []report.StateCount{{State: tickets.InService, Count: 1}, {State: tickets.WaitingRequester, Count: 1}}},
		{"ages", f.Ages, []report.Age{{From: 0, To: 2, Count: 1}, {From: 2, To: 4}, {From: 4, To: 8}, {From: 8, To: 16}, {From: 16, To: 31}, {From: 31, Count: 1, Late: 1}}},
		{"high priority", f.Terms[1], report.PriorityRow{Priority: tickets.High, Target: tickets.Terms{Response: 2 * time.Hour, Solution: 8 * time.Hour}, Received: 2, Open: 1, Late: 1,
			Response: report.Span{Count: 3, Due: 3, InTime: 2, Median: time.Hour, P90: 17 * time.Hour}, Solution: report.Span{Count: 3, Due: 3, InTime: 2, Median: 3 * time.Hour, P90: 17 * time.Hour}}},
		{"no priority", f.Terms[4], report.PriorityRow{Target: tickets.Terms{Response: 4 * time.Hour, Solution: 24 * time.Hour}, Received: 3, Open: 1,
			Response: report.Span{Count: 2, Due: 2, InTime: 2, Median: 32*time.Minute + 30*time.Second, P90: time.Hour}}},
		{"technicians", groups(f.Technicians), "no name 3/3/0, Ana Gómez 2/1/1, Luis Díaz 0/1/1"},
		{"offices", groups(f.Offices), "Jurídica 3/2/1, Contratos 1/2/1, no name 1/1/0"},
		{"vendors", f.Vendors, []report.Vendor{{Name: "Impresoras S. A.", Cases: 1, Reminders: 2,
			Answer: report.Span{Count: 1, Median: 2 * time.Hour, P90: 2 * time.Hour}, Solution: report.Span{Count: 1, Median: 10 * time.Hour, P90: 10 * time.Hour}}}},
		{"14 October", f.Course[13], report.Bucket{From: at(10, 14, 0, 0), To: at(10, 15, 0, 0), Done: 1, Open: 1}},
		{"machines", f.Machines, []report.Machine{{Plate: "20451", Name: "Impresora", Office: "Contratos", Requests: 2}}},
	} {
		if fmt.Sprintf("%+v", tt.got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.what, tt.got, tt.want)
		}
	}
}

// groups writes received, done and open of each.
func groups(list []report.Group) string {
	var lines []string
	for _, g := range list {
		lines = append(lines, fmt.Sprintf("%s %d/%d/%d", cmp.Or(g.Name, "no name"), g.Received, g.Done, g.Open))
	}
	return strings.Join(lines, ", ")
}

// erased is a case as retention leaves it: its events keep kind and time.
func erased(t *testing.T, c tickets.Case) tickets.Case {
	t.Helper()
	e := tickets.Case{Ticket: c.Ticket.Anonymous(at(12, 31, 0, 0).AddDate(6, 0, 0))}
	for _, event := range c.Events {
		fact, err := tickets.NewFact(event.Fact.Kind())
		if err != nil {
			t.Fatal(err)
		}
		event.Actor, event.Fact = tickets.Actor{}, fact
		e.Events = append(e.Events, event)
	}
	return e
}

// TestFiguresOfErasedRequests makes the same report before and after retention.
func TestFiguresOfErasedRequests(t *testing.T) {
	imported := request(t, 10, "Jurídica", happened{at(10, 6, 8, 0), nil}, happened{at(10, 6, 8, 0), &tickets.ClosedFact{}})
	imported.Ticket.Imported = tickets.Imported{Source: "buzón de Pedro.mbox", Received: at(1, 1, 0, 0)}
	cases := append(few(t), imported)
	var after []tickets.Case
	for _, c := range cases {
		after = append(after, erased(t, c))
		if c.Ticket.Imported.Source != "" && strings.Contains(fmt.Sprint(after[len(after)-1].Ticket), "Pedro") {
			t.Errorf("of an imported request there is left %+v", after[len(after)-1].Ticket)
		}
	}
	figures := func(cases []tickets.Case) string {
		f := collect(t, october(), cases...)
		f.States, f.Technicians = nil, nil // how a request stood, and whose it was, is no longer known
		text, err := json.MarshalIndent(f, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	was, is := strings.Split(figures(cases), "\n"), strings.Split(figures(after), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Fatalf("the figures change from line %d:\n%s\nwas:\n%s", i, strings.Join(is[i:min(i+20, len(is))], "\n"), strings.Join(was[i:min(i+20, len(was))], "\n"))
		}
	}
	if len(was) != len(is) {
		t.Errorf("%d lines of figures, and there were %d", len(is), len(was))
	}
}

// TestOneTechnician gives the figures of Ana's requests alone, and of the others' only how many there are.
func TestOneTechnician(t *testing.T) {
	q := october()
	q.Technician = &ana
	f := collect(t, q, few(t)...)
	if f.Technician != ana.Name || f.Received != 2 || f.OpenAfter != 1 || f.Desk.Received != 5 || f.Desk.OpenAfter != 2 {
		t.Errorf("%s: received %d, open %d; the desk %+v", f.Technician, f.Received, f.OpenAfter, f.Desk)
	}
	if got := groups(f.Technicians); got != "Ana Gómez 2/1/1" {
		t.Errorf("technicians: %s", got)
	}
}

// TestPeriodThatGoesOn is compared with as much of the one before.
func TestPeriodThatGoesOn(t *testing.T) {
	q := report.Query{Period: tickets.PeriodOf(tickets.PeriodMonth, at(10, 10, 0, 0)), Now: at(10, 14, 9, 0)}
	f := collect(t, q, few(t)...)
	if !f.InProgress() || len(f.Course) != 14 || !f.BeforeUntil.Equal(at(9, 14, 9, 0)) || f.Received != 2 || f.OpenAfter != 2 || f.Before.Received != 1 {
		t.Errorf("in progress %v, %d days, compared up to %s, received %d, open %d, received before %d", f.InProgress(), len(f.Course), f.BeforeUntil, f.Received, f.OpenAfter, f.Before.Received)
	}
}

func TestNothingHappened(t *testing.T) {
	f := collect(t, october())
	if fmt.Sprint(f.Totals) != fmt.Sprint(report.Totals{}) || len(f.Course) != 31 || len(f.Ages) != 6 || len(f.Terms) != 5 {
		t.Errorf("%+v", f)
	}
}

// TestStretches divides periods so that no chart has more bars than can be seen.
func TestStretches(t *testing.T) {
	for _, tt := range []struct {
		first, last string
		want        report.Unit
		n           int
		second      string // first day of the second stretch
	}{
		{"2026-10-05", "2026-10-05", report.ByDay, 1, ""},
		{"2026-10-01", "2026-12-01", report.ByDay, 62, "2026-10-02"},
		{"2026-10-01", "2026-12-31", report.ByWeek, 14, "2026-10-05"},
		{"2026-01-01", "2026-12-31", report.ByMonth, 12, "2026-02-01"},
		{"2026-01-15", "2027-01-14", report.ByMonth, 13, "2026-02-01"},
		{"2020-01-01", "2026-12-31", report.ByYear, 7, "2021-01-01"},
	} {
		day := func(s string) time.Time {
			d, err := time.ParseInLocation(time.DateOnly, s, bogota)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		f := collect(t, report.Query{Period: tickets.Days(day(tt.first), day(tt.last)), Now: at(12, 31, 0, 0).AddDate(9, 0, 0)})
		if f.Unit != tt.want || len(f.Course) != tt.n {
			t.Errorf("%s..%s: %d of a %s, want %d of a %s", tt.first, tt.last, len(f.Course), f.Unit, tt.n, tt.want)
		}
		if tt.n > 1 && !f.Course[1].From.Equal(day(tt.second)) {
			t.Errorf("%s..%s: the second begins on %s, want %s", tt.first, tt.last, f.Course[1].From, tt.second)
		}
	}
}

// anyCase draws a request with a course that the procedure allows.
func anyCase(rt *rapid.T, t testing.TB, serial int) tickets.Case {
	moment := at(8, 1, 0, 0).Add(time.Duration(rapid.IntRange(0, 120*24*60).Draw(rt, "registered")) * time.Minute)
	list := []happened{{at: moment}}
	so := new(tickets.Ticket)
	*so = *request(t, serial, "", list...).Ticket
	for range rapid.IntRange(0, 8).Draw(rt, "events") {
		moment = moment.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(rt, "later")) * time.Minute)
		facts := []tickets.Fact{&tickets.NotedFact{}}
		switch {
		case so.State.Open():
			facts = append(facts, &tickets.PrioritisedFact{Priority: tickets.High}, &tickets.AssignedFact{Technician: ana.Address()}, &tickets.AssignedFact{Technician: luis.Address()},
				&tickets.WaitedFact{}, &tickets.AnsweredFact{}, &tickets.VendorWrittenFact{Vendor: vendor, First: true}, &tickets.ResolvedFact{}, &tickets.ResolvedFact{},
				&tickets.ClosedFact{}, &tickets.RejectedFact{}, &tickets.DuplicateFact{})
			if so.Claim.Open() {
				facts = append(facts, &tickets.VendorAnsweredFact{}, &tickets.VendorRemindedFact{Count: 1})
			}
		case so.State == tickets.Resolved:
			facts = append(facts, &tickets.ClosedFact{}, &tickets.ReopenedFact{}, &tickets.SurveyedFact{Score: 3})
		default:
			facts = append(facts, &tickets.ReopenedFact{}, &tickets.SurveyedFact{Score: 5})
		}
		list = append(list, happened{moment, rapid.SampledFrom(facts).Draw(rt, "fact")})
		so = request(t, serial, "", list...).Ticket
	}
	return request(t, serial, rapid.SampledFrom([]string{"", "Jurídica", "Contratos"}).Draw(rt, "office"), list...)
}

// TestBooksBalance draws requests and compares the figures with what a replay of every event says; all sums agree.
func TestBooksBalance(t *testing.T) {
	p := policy(t)
	rapid.Check(t, func(rt *rapid.T) {
		var cases []tickets.Case
		for i := range rapid.IntRange(0, 12).Draw(rt, "requests") {
			cases = append(cases, anyCase(rt, t, i+1))
		}
		unit := rapid.SampledFrom([]tickets.PeriodUnit{tickets.PeriodDays, tickets.PeriodWeek, tickets.PeriodMonth, tickets.PeriodQuarter, tickets.PeriodYear}).Draw(rt, "unit")
		q := report.Query{Period: tickets.PeriodOf(unit, at(9, rapid.IntRange(1, 60).Draw(rt, "day"), 12, 0))}
		q.Now = q.Period.From.Add(time.Duration(rapid.IntRange(1, 400*24).Draw(rt, "now")) * time.Hour)
		f, err := report.Collect(q, p, yield(q, cases))
		if err != nil {
			rt.Fatal(err)
		}
		if whole, err := report.Collect(q, p, all(cases)); err != nil || fmt.Sprintf("%+v", whole) != fmt.Sprintf("%+v", f) {
			rt.Fatalf("with all events: %v\n%+v\nwith those that are needed:\n%+v", err, whole, f)
		}

		var want report.Totals
		states := map[tickets.State]int{}
		for _, c := range cases {
			before, after := stateAt(c, q.Period.From), stateAt(c, q.Until())
			want.OpenBefore += one(before.Open() && before != "")
			want.OpenAfter += one(after.Open() && after != "")
			want.Received += one(!c.Ticket.RegisteredAt.Before(q.Period.From) && c.Ticket.RegisteredAt.Before(q.Until()))
			if after.Open() && after != "" {
				states[after]++
			}
		}
		if f.OpenBefore != want.OpenBefore || f.OpenAfter != want.OpenAfter || f.Received != want.Received {
			rt.Fatalf("got %+v, want %+v", f.Totals, want)
		}
		for name, totals := range map[string]report.Totals{"period": f.Totals, "period before": f.Before} {
			if totals.OpenBefore+totals.Received+totals.Reopened-totals.Done != totals.OpenAfter || totals.Solved+totals.Rejected+totals.Duplicates != totals.Done {
				rt.Fatalf("%s: the books do not balance: %+v", name, totals)
			}
		}
		agree(rt, f, states)
	})
}

// agree compares the sums of every table with the totals.
func agree(rt *rapid.T, f *report.Figures, states map[tickets.State]int) {
	sum := func(what string, want int, add func(yield func(int))) {
		got := 0
		add(func(n int) { got += n })
		if got != want {
			rt.Fatalf("%s add up to %d, want %d: %+v", what, got, want, f)
		}
	}
	for _, s := range f.States {
		if states[s.State] != s.Count {
			rt.Fatalf("%d in state %s, want %d", s.Count, s.State, states[s.State])
		}
	}
	sum("states", f.OpenAfter, func(n func(int)) {
		for _, s := range f.States {
			n(s.Count)
		}
	})
	sum("ages", f.OpenAfter, func(n func(int)) {
		for _, a := range f.Ages {
			n(a.Count)
		}
	})
	sum("late by age", f.Late, func(n func(int)) {
		for _, a := range f.Ages {
			n(a.Late)
		}
	})
	sum("received by stretch", f.Received, func(n func(int)) {
		for _, b := range f.Course {
			n(b.Received)
		}
	})
	sum("done by stretch", f.Done, func(n func(int)) {
		for _, b := range f.Course {
			n(b.Done)
		}
	})
	if last := f.Course[len(f.Course)-1]; last.Open != f.OpenAfter {
		rt.Fatalf("open after the last stretch: %d, want %d", last.Open, f.OpenAfter)
	}
	for name, groups := range map[string][]report.Group{"offices": f.Offices, "technicians": f.Technicians, "kinds": f.Kinds} {
		sum("received by "+name, f.Received, func(n func(int)) {
			for _, g := range groups {
				n(g.Received)
			}
		})
		sum("done by "+name, f.Done, func(n func(int)) {
			for _, g := range groups {
				n(g.Done)
			}
		})
		sum("open by "+name, f.OpenAfter, func(n func(int)) {
			for _, g := range groups {
				n(g.Open)
			}
		})
	}
	sum("solved by priority", f.Solution.Count, func(n func(int)) {
		for _, row := range f.Terms {
			n(row.Solution.Count)
		}
	})
}

func stateAt(c tickets.Case, at time.Time) tickets.State {
	replay := new(tickets.Ticket)
	for _, e := range c.Events {
		if e.At.Before(at) {
			_ = replay.Apply(e) // they were applied before
		}
	}
	return replay.State
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func all(cases []tickets.Case) iter.Seq2[tickets.Case, error] {
	return func(yield func(tickets.Case, error) bool) {
		for _, c := range cases {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// TestFiguresForPrograms writes times in seconds, and every figure under a name.
func TestFiguresForPrograms(t *testing.T) {
	data, err := json.Marshal(collect(t, october(), few(t)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"received":5`, `"solution":{"count":3,"due":3,"in_time":2,"median_seconds":10800,"p90_seconds":61200}`, `"solution_term_seconds":28800`,
		`"plate":"20451"`, `"scores":[0,0,0,1,1]`, `"unit":"month"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

func TestErrorOfTheRegisterIsPassedOn(t *testing.T) {
	broken := errors.New("broken")
	_, err := report.Collect(october(), policy(t), func(yield func(tickets.Case, error) bool) { yield(tickets.Case{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
