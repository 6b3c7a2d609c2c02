package tickets_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/tickets"
)

// timed is a policy with terms: of high priority 2 and 8 working hours, of medium 4 and 24.
func timed(t *testing.T) *tickets.Policy {
	p := policy()
	p.Calendar = ministryHours(t)
	p.Terms = map[tickets.Priority]tickets.Terms{
		tickets.High:   {Response: 2 * time.Hour, Solution: 8 * time.Hour},
		tickets.Medium: {Response: 4 * time.Hour, Solution: 24 * time.Hour},
	}
	p.WarnPercent, p.WaitDays, p.WaitReminders, p.CloseDays, p.LoanDays = 80, 2, 2, 3, 2
	p.Resources = []tickets.Resource{{Name: "Portátil", Stock: 3, Days: 5}}
	return p
}

// bogotaTime returns a time of November 2026 in the test's zone; the 23rd is a Monday.
func bogotaTime(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour+5, minute, 0, 0, time.UTC)
}

func TestWeigh(t *testing.T) {
	for _, tt := range []struct {
		impact, urgency tickets.Level
		want            tickets.Priority
	}{
		{tickets.LevelHigh, tickets.LevelHigh, tickets.Critical}, {tickets.LevelHigh, tickets.LevelMedium, tickets.High}, {tickets.LevelMedium, tickets.LevelHigh, tickets.High},
		{tickets.LevelMedium, tickets.LevelMedium, tickets.Medium}, {tickets.LevelHigh, tickets.LevelLow, tickets.Medium}, {tickets.LevelLow, tickets.LevelHigh, tickets.Medium},
		{tickets.LevelMedium, tickets.LevelLow, tickets.Low}, {tickets.LevelLow, tickets.LevelMedium, tickets.Low}, {tickets.LevelLow, tickets.LevelLow, tickets.Low},
		{tickets.LevelUnknown, tickets.LevelHigh, tickets.High}, {tickets.LevelUnknown, tickets.LevelUnknown, tickets.Medium},
	} {
		if got := tickets.Weigh(tt.impact, tt.urgency); got != tt.want {
			t.Errorf("impact %q and urgency %q weigh %s, want %s", tt.impact, tt.urgency, got, tt.want)
		}
	}
}

func TestPriorityByImpactAndUrgency(t *testing.T) {
	for arg, want := range map[string]string{
		"alto/alta": "critical", "alto / media": "high", "MEDIO/baja": "low", "high/low": "medium", "a/m": "high", "alta": "high",
		"alto/": "!levels", "/": "!levels", "enorme/alta": "!levels", "alto/media/baja": "!levels",
	} {
		o := newOffice(t)
		o.take(request)
		lines := strings.Join(o.take(letter{from: marta, subject: "@ #prioridad " + arg}), " | ")
		got := string(o.tickets[first].Priority)
		if got == "" && strings.Contains(lines, "!levels") {
			got = "!levels"
		}
		if got != want {
			t.Errorf("#prioridad %s gives %s, want %s", arg, lines, want)
		}
		o.checkReplay()
	}
}

func TestPriorityRules(t *testing.T) {
	rules := []tickets.PriorityRule{
		{Senders: []string{sofia}, Priority: tickets.Low},
		{Offices: []string{"despacho del ministro"}, Impact: tickets.LevelHigh},
		{Words: []string{"no funciona", "caída"}, Urgency: tickets.LevelHigh},
		{Senders: []string{"@otra.example"}, Words: []string{"factura"}, Priority: tickets.High},
	}
	tests := []struct {
		name string
		mail letter
		want tickets.Priority
	}{
		{"none fits", request, tickets.Unassessed},
		{"by sender", letter{from: sofia, subject: "Hola"}, tickets.Low},
		{"by office, the rest is medium", letter{from: pedro, subject: "Hola"}, tickets.High},
		{"by words, the rest is medium", letter{from: ana, subject: "Red CAIDA"}, tickets.High},
		{"by a phrase", letter{from: ana, subject: "El correo no funciona"}, tickets.High},
		{"not by the words of a phrase apart", letter{from: ana, subject: "Funciona, ¿no?"}, tickets.Unassessed},
		{"not by a part of a word", letter{from: ana, subject: "Recaída"}, tickets.Unassessed},
		{"office and words together", letter{from: pedro, subject: "No funciona nada"}, tickets.Critical},
		{"the first rule that names a priority", letter{from: sofia, subject: "No funciona nada"}, tickets.Low},
		{"only where all of a rule fits", letter{from: nadie, subject: "Hola"}, tickets.Unassessed},
		{"by domain and word", letter{from: nadie, subject: "Su factura"}, tickets.High},
		{"not where the coordinator says otherwise", letter{from: marta, subject: "Red caída #prioridad baja"}, tickets.Low},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy.PriorityRules = rules
			if tt.name != "none fits" {
				o.policy.Officials = map[string]tickets.Official{pedro: {Office: "Despacho del Ministro"}}
			}
			o.take(tt.mail)
			got := o.tickets[first]
			if got.Priority != tt.want {
				t.Errorf("priority %q, want %q", got.Priority, tt.want)
			}
			if rule := got.Presumed; rule && got.State != tickets.Registered {
				t.Errorf("a rule took the place of the coordinator: %s", got.State)
			}
			o.checkReplay()
		})
	}
}

// TestCoordinatorConfirmsAPresumedPriority sets by command what a rule has presumed.
func TestCoordinatorConfirmsAPresumedPriority(t *testing.T) {
	o := newOffice(t)
	o.policy.PriorityRules = []tickets.PriorityRule{{Words: []string{"impresora"}, Priority: tickets.High}}
	o.take(request)
	want := "prioritised by coordinator | = coordinated | > status to pedro | > receipt to marta"
	if got := strings.Join(o.take(letter{from: marta, subject: "@ #prioridad alta"}), " | "); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := strings.Join(o.take(letter{from: marta, subject: "@ #prioridad alta"}), " | "); !strings.HasSuffix(got, "!nothing_to_do") {
		t.Errorf("said again: %s", got)
	}
}

// TestDue follows the due times of a request registered on Monday at ten.
func TestDue(t *testing.T) {
	type step struct {
		at   time.Time
		mail letter
	}
	tests := []struct {
		name               string
		steps              []step
		response, solution string // day and hour; "" for none
		stopped            bool
	}{
		{"without a priority as of medium", nil, "23 15:00", "26 10:00", false},
		{"by priority", []step{{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad alta"}}}, "23 12:00", "24 10:00", false},
		{"by a priority without terms", []step{{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad baja"}}}, "", "", false},
		{"while the official is asked", []step{{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad alta #espera ¿Cuál?"}}}, "", "", true},
		{"after the official answered", []step{
			{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad alta #espera ¿Cuál?"}},
			{bogotaTime(24, 9, 0), letter{from: pedro, subject: "@", text: "Esa."}}}, "24 10:00", "24 17:00", false},
		{"asked and answered at night", []step{
			{bogotaTime(23, 19, 0), letter{from: marta, subject: "@ #prioridad alta #espera ¿Cuál?"}},
			{bogotaTime(23, 22, 0), letter{from: pedro, subject: "@", text: "Esa."}}}, "23 12:00", "24 10:00", false},
		{"over already before it was asked", []step{{bogotaTime(25, 9, 0), letter{from: marta, subject: "@ #prioridad alta #espera ¿Cuál?"}}}, "23 12:00", "24 10:00", true},
		{"twice asked", []step{
			{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad alta #espera ¿Cuál?"}},
			{bogotaTime(23, 14, 0), letter{from: marta, subject: "@ #espera ¿Y cuál otra?"}},
			{bogotaTime(24, 9, 0), letter{from: pedro, subject: "@", text: "Esa."}}}, "24 10:00", "24 17:00", false},
		{"solved and not good", []step{
			{bogotaTime(23, 11, 0), letter{from: marta, subject: "@ #prioridad alta #solucion Ya"}},
			{bogotaTime(25, 9, 0), letter{from: pedro, subject: "@", text: "No sirve."}}}, "25 10:00", "25 17:00", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy = timed(t)
			o.now = bogotaTime(23, 9, 59)
			o.take(request)
			for _, s := range tt.steps {
				o.now = s.at.Add(-time.Minute)
				o.take(s.mail)
			}
			due := o.policy.Due(o.tickets[first])
			show := func(at time.Time) string {
				if at.IsZero() {
					return ""
				}
				return at.In(o.zone()).Format("2 15:04")
			}
			if show(due.Response) != tt.response || show(due.Solution) != tt.solution || due.Stopped != tt.stopped {
				t.Errorf("due %q and %q, stopped %t; want %q and %q, %t", show(due.Response), show(due.Solution), due.Stopped, tt.response, tt.solution, tt.stopped)
			}
			o.checkReplay()
		})
	}
}

// TestFirstResponse says what counts as one.
func TestFirstResponse(t *testing.T) {
	for _, tt := range []struct {
		name string
		mail letter
		want bool
	}{
		{"an answer", letter{from: marta, subject: "@", text: "Ya vamos."}, true},
		{"a question", letter{from: marta, subject: "@ #espera ¿Cuál?"}, true},
		{"a solution", letter{from: marta, subject: "@ #solucion Listo"}, true},
		{"an assignment", letter{from: marta, subject: "@ #asignar ana"}, false},
		{"a note", letter{from: marta, subject: "@ #nota", text: "x"}, false},
		{"an answer of the official", letter{from: pedro, subject: "@", text: "¿Y?"}, false},
		{"closure by the official", letter{from: pedro, subject: "@ #cerrar"}, false},
	} {
		o := newOffice(t)
		o.take(request)
		o.take(tt.mail)
		if got := !o.tickets[first].RespondedAt.IsZero(); got != tt.want {
			t.Errorf("%s counts as a response: %t", tt.name, got)
		}
	}
}

// TestDueTimesAreShown looks at what staff and the official read.
func TestDueTimesAreShown(t *testing.T) {
	o := newOffice(t)
	o.policy = timed(t)
	o.now = bogotaTime(23, 9, 59)
	o.take(request)
	seen := map[tickets.NoticeKind]tickets.TicketView{}
	see := func() {
		for _, n := range o.last.Notices {
			v := n.Data.Ticket
			if r := n.Data.Receipt; r != nil && len(r.Items[0].Rows) > 0 {
				v = &r.Items[0].Rows[0]
			}
			seen[n.Kind] = *v
		}
	}
	see()
	if v := seen[tickets.NoticeAcknowledgement]; !v.SolutionDue.IsZero() || !v.ResponseDue.IsZero() {
		t.Errorf("the official is promised %s before anybody looked at the request", v.SolutionDue)
	}
	if v := seen[tickets.NoticeNewRequest]; v.SolutionDue.IsZero() || v.ResponseDue.IsZero() || v.Late {
		t.Errorf("the coordinator sees %+v", v)
	}
	o.take(letter{from: marta, subject: "@ #prioridad alta"})
	see()
	if v := seen[tickets.NoticeStatus]; v.SolutionDue.IsZero() || !v.ResponseDue.IsZero() {
		t.Errorf("the official sees %+v", v)
	}
	for _, command := range []string{"#estado", "#lista"} {
		o.now = bogotaTime(24, 9, 0)
		o.take(letter{from: marta, subject: "@ " + command})
		if see(); seen[tickets.NoticeReceipt].SolutionDue.IsZero() || !seen[tickets.NoticeReceipt].Late { // the response is late
			t.Errorf("%s shows %+v", command, seen[tickets.NoticeReceipt])
		}
	}
}

// tend lets a chore come by and returns what happened.
func (o *office) tend(chore tickets.Chore) string {
	o.t.Helper()
	d, err := tickets.Tend(tickets.Input{Now: o.now, Policy: o.policy, Ticket: o.tickets[first], Situation: o.situation()}, chore)
	if err != nil {
		o.t.Fatal(err)
	}
	o.last = d
	return strings.Join(o.apply(d), " | ")
}

func TestChores(t *testing.T) {
	assigned := []letter{request, {from: marta, subject: "@ #prioridad alta #asignar ana"}}
	answered := append(assigned[:2:2], letter{from: ana, subject: "@", text: "Voy."})
	asked := append(assigned[:2:2], letter{from: ana, subject: "@ #espera ¿Cuál?"})
	solved := append(assigned[:2:2], letter{from: ana, subject: "@ #solucion Listo"})
	lent := append(assigned[:2:2], letter{from: marta, subject: "@ #recurso portátil"}, letter{from: marta, subject: "@", text: "Venga por él."})
	const deadline = " | > deadline to ana | > deadline to marta"
	type visit struct {
		at   time.Time
		want string // "" for nothing
	}
	tests := []struct {
		name   string
		given  []letter
		chore  tickets.Chore
		visits []visit
	}{
		{"a warning and a breach of the first answer, once each", assigned, tickets.ChoreDeadlines, []visit{
			{bogotaTime(23, 11, 0), ""}, {bogotaTime(23, 11, 40), "alerted by system | = coordinated" + deadline}, {bogotaTime(23, 11, 50), ""},
			{bogotaTime(23, 12, 30), "alerted by system | = coordinated" + deadline}, {bogotaTime(23, 13, 0), ""}}},
		{"of the solution alone where it was answered", answered, tickets.ChoreDeadlines, []visit{
			{bogotaTime(23, 15, 0), ""}, {bogotaTime(24, 8, 30), "alerted by system | = in_service" + deadline},
			{bogotaTime(24, 10, 0), "alerted by system | = in_service" + deadline}, {bogotaTime(27, 10, 0), ""}}},
		{"after downtime the breach alone", answered, tickets.ChoreDeadlines, []visit{{bogotaTime(27, 10, 0), "alerted by system | = in_service" + deadline}, {bogotaTime(27, 10, 1), ""}}},
		{"both at once in one notice", assigned, tickets.ChoreDeadlines, []visit{{bogotaTime(27, 10, 0), "alerted by system | alerted by system | = coordinated" + deadline}}},
		{"to the coordinator alone where nobody has it", assigned[:1], tickets.ChoreDeadlines, []visit{{bogotaTime(23, 15, 30), "alerted by system | = registered | > deadline to marta"}}},
		{"none while the official is waited for", asked, tickets.ChoreDeadlines, []visit{{bogotaTime(27, 10, 0), ""}}},
		{"none after the solution", solved, tickets.ChoreDeadlines, []visit{{bogotaTime(27, 10, 0), ""}}},

		{"two reminders of a question, then none", asked, tickets.ChoreReminders, []visit{
			{bogotaTime(24, 8, 0), ""}, {bogotaTime(25, 8, 0), "reminded by system | = waiting_requester | > reminder to pedro"}, {bogotaTime(26, 8, 0), ""},
			{bogotaTime(27, 8, 0), "reminded by system | = waiting_requester | > reminder to pedro"}, {bogotaTime(30, 8, 0), ""}, {bogotaTime(30, 18, 0), ""}}},
		{"after downtime one reminder", asked, tickets.ChoreReminders, []visit{
			{bogotaTime(30, 8, 0), "reminded by system | = waiting_requester | > reminder to pedro"}, {bogotaTime(30, 9, 0), ""}}},
		{"none where nobody is asked", assigned, tickets.ChoreReminders, []visit{{bogotaTime(30, 8, 0), ""}}},

		{"closure after three working days of silence", solved, tickets.ChoreClosure, []visit{
			{bogotaTime(25, 8, 0), ""}, {bogotaTime(26, 8, 0), "closed by system | = closed | > closed to pedro | > status to ana | > status to marta"}, {bogotaTime(27, 8, 0), ""}}},
		{"no closure of what is open", assigned, tickets.ChoreClosure, []visit{{bogotaTime(30, 8, 0), ""}}},

		{"an overdue loan, again after two working days", lent, tickets.ChoreLoans, []visit{
			{bogotaTime(27, 9, 0), ""}, {bogotaTime(30, 18, 0), "overdue by system | = coordinated | > overdue to pedro | > overdue to ana | > overdue to marta"},
			{bogotaTime(31, 9, 0), ""}, {bogotaTime(32, 9, 0), "overdue by system | = coordinated | > overdue to pedro | > overdue to ana | > overdue to marta"}, {bogotaTime(32, 10, 0), ""}}},
		{"none where nothing is out", assigned, tickets.ChoreLoans, []visit{{bogotaTime(30, 18, 0), ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy = timed(t)
			o.now = bogotaTime(23, 9, 59)
			for _, l := range tt.given {
				o.take(l)
			}
			for _, v := range tt.visits {
				o.now = v.at
				if got := o.tend(tt.chore); got != v.want {
					t.Errorf("%s:\n got %s\nwant %s", v.at.In(o.zone()).Format("2 15:04"), got, v.want)
				}
			}
			o.checkReplay()
		})
	}
}

// TestANewDueTimeIsWarnedOfAgain moves the due time by a pause.
func TestANewDueTimeIsWarnedOfAgain(t *testing.T) {
	o := newOffice(t)
	o.policy = timed(t)
	o.now = bogotaTime(23, 9, 59)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #prioridad alta #asignar ana"})
	o.take(letter{from: ana, subject: "@", text: "Voy."})
	o.now = bogotaTime(24, 9, 0)
	if got := o.tend(tickets.ChoreDeadlines); !strings.HasPrefix(got, "alerted") {
		t.Fatalf("no warning: %s", got)
	}
	o.take(letter{from: ana, subject: "@ #espera ¿Cuál?"})
	o.now = bogotaTime(25, 8, 0)
	o.take(letter{from: pedro, subject: "@", text: "Esa."})
	if got := o.tend(tickets.ChoreDeadlines); !strings.HasPrefix(got, "alerted") || o.last.Notices[0].Data.Alerts[0].Breached {
		t.Errorf("of the new due time nobody is warned: %s", got)
	}
	if got := o.tend(tickets.ChoreDeadlines); got != "" {
		t.Errorf("warned twice: %s", got)
	}
}

// TestReminderRepeatsTheQuestion looks at what the official reads.
func TestReminderRepeatsTheQuestion(t *testing.T) {
	o := newOffice(t)
	o.policy = timed(t)
	o.now = bogotaTime(23, 9, 59)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #espera ¿Cuál es la placa?"})
	o.now = bogotaTime(30, 8, 0)
	o.tend(tickets.ChoreReminders)
	if n := o.last.Notices[0]; n.Data.Text != "¿Cuál es la placa?" {
		t.Errorf("the reminder says %q", n.Data.Text)
	}
	o.take(letter{from: pedro, subject: "@", text: "123"})
	if got := o.tickets[first].Waiting; got != (tickets.Waiting{}) {
		t.Errorf("after the answer the request waits for %+v", got)
	}
}

// TestEveryDueTimeIsToldOnce lets the chores come by at random among mails.
func TestEveryDueTimeIsToldOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(t)
		o.policy = timed(t)
		o.now = bogotaTime(23, 9, 59)
		o.take(request)
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			o.now = o.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(r, "minutes")) * time.Minute)
			switch step := rapid.SampledFrom([]string{"tend", "tend", "tend", "#prioridad alta", "#prioridad media", "#espera ¿Cuál?", "#solucion Listo", "#reabrir", "answer"}).Draw(r, "step"); step {
			case "tend":
				for _, c := range tickets.Chores() {
					o.tend(c)
					if again := o.tend(c); again != "" {
						r.Fatalf("%s came by twice at once and did %s", c, again)
					}
				}
			case "answer":
				o.take(letter{from: pedro, subject: "@", text: "Así es."})
			default:
				o.take(letter{from: marta, subject: "@ " + step})
			}
		}
		told := map[string]bool{}
		for _, e := range o.events[first] {
			if f, ok := e.Fact.(*tickets.AlertedFact); ok {
				key := fmt.Sprint(f.Clock, f.Due, f.Breached)
				if told[key] {
					r.Fatalf("told twice of %+v", f.Alert)
				}
				told[key] = true
			}
		}
		o.checkReplay()
	})
}

// TestChoresOfADeskThatNeverCloses has days that end with the midnight of the next.
func TestChoresOfADeskThatNeverCloses(t *testing.T) {
	o := newOffice(t)
	o.policy = timed(t)
	o.policy.Calendar = nil // always, in UTC
	o.now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #espera ¿Cuál?"})
	o.now = time.Date(2026, 11, 24, 23, 59, 0, 0, time.UTC)
	if got := o.tend(tickets.ChoreReminders); got != "" {
		t.Errorf("reminded a day early: %s", got)
	}
	o.now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	if got := o.tend(tickets.ChoreReminders); got == "" {
		t.Error("not reminded on the second day")
	}
}

// TestVendorsAreTended reminds a silent vendor by the same way as everything else.
func TestVendorsAreTended(t *testing.T) {
	o := newOffice(t)
	machines(o)
	o.take(named("PC-20451"))
	o.take(letter{from: marta, subject: "@ #asignar ana #garantia"})
	if got := o.tend(tickets.ChoreVendors); got != "" {
		t.Errorf("reminded at once: %s", got)
	}
	o.now = o.now.Add(16 * time.Hour)
	if got, want := o.tend(tickets.ChoreVendors), "vendor_reminded by system | = waiting_vendor | > vendor_reminder to ventas"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	o.checkReplay()
}

// TestUndoneReturnTakesNothingFromOthers undoes a return after somebody else took the resource.
func TestUndoneReturnTakesNothingFromOthers(t *testing.T) {
	o := newOffice(t)
	o.policy = stocked(t)
	o.take(request)
	o.take(other("Otra"))
	o.take(letter{from: marta, subject: "@ #recurso multímetro"})
	o.take(letter{from: marta, subject: "@ #devolver multímetro"})
	o.take(letter{from: marta, subject: "[SS-2026-000002] x #recurso multímetro"})
	lines := strings.Join(o.take(letter{from: marta, subject: "@ #deshacer"}), " | ")
	if out := o.situation().Reserved["multimetro"]; out != 1 || !strings.HasSuffix(lines, "!exhausted") {
		t.Errorf("%d of 1 are out after %s", out, lines)
	}
	o.take(letter{from: sofia, subject: "Una más"})
	o.take(letter{from: marta, subject: "[SS-2026-000003] x #recurso laptop 2"})
	o.take(letter{from: marta, subject: "[SS-2026-000003] x #deshacer"})
	if out := o.situation().Reserved["portatil de prestamo"]; out != 0 {
		t.Errorf("%d are out after the reservation was undone", out)
	}
}
