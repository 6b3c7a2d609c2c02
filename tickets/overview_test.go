package tickets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// requests are those of the office, as tickets/register lets them be read.
func (o *office) requests(at time.Time) tickets.Requests {
	var all []*tickets.Ticket
	for _, n := range slices.Sorted(keysOf(o.tickets)) {
		all = append(all, o.tickets[n])
	}
	return requests(at, all)
}

// overview is the desk as tickets/register shows it in the morning of a day.
func (o *office) overview(at time.Time) tickets.Overview {
	o.t.Helper()
	o.now = at
	v := tickets.Overview{Moment: tickets.Moment{Now: at, Policy: o.policy, Situation: o.situation()}}
	var err error
	if v.Requests, err = v.Digest(o.requests(at)); err != nil {
		o.t.Fatal(err)
	}
	return v
}

// worklists is what goes out in the morning of a day.
func (o *office) worklists(at time.Time) []tickets.Notice {
	o.t.Helper()
	notices, err := o.overview(at).Worklists(o.requests(at))
	if err != nil {
		o.t.Fatal(err)
	}
	return notices
}

func keysOf(m map[tickets.Number]*tickets.Ticket) func(func(tickets.Number) bool) {
	return func(yield func(tickets.Number) bool) {
		for n := range m {
			if !yield(n) {
				return
			}
		}
	}
}

// serials names the requests of a list by their serial.
func serials(list tickets.Shown[tickets.TaskView]) string {
	var names []string
	for _, t := range list.Rows {
		names = append(names, strings.TrimLeft(string(t.Number[len(t.Number)-6:]), "0"))
	}
	if list.More > 0 {
		names = append(names, fmt.Sprint("+", list.More))
	}
	return strings.Join(names, " ")
}

// nth addresses a letter to the n-th request.
func nth(n int, from, commands string) letter {
	return letter{from: from, subject: fmt.Sprintf("[%s] %s", tickets.FormatNumber("SS", 2026, n), commands)}
}

// busyOffice has requests in every situation on Tuesday, 24 November 2026, all of them registered the day before at eight.
func busyOffice(t *testing.T) *office {
	o := newOffice(t)
	o.policy = timed(t)
	o.now = bogotaTime(23, 8, 0)
	for range 6 {
		o.take(request)
	}
	o.take(nth(1, marta, "#prioridad alta #asignar ana"))  // its answer was due at ten on Monday
	o.take(nth(2, marta, "#prioridad media #asignar ana")) // answered, so that it is due on Thursday
	o.take(letter{from: ana, subject: "[SS-2026-000002]", text: "Voy."})
	o.take(nth(3, marta, "#prioridad alta #asignar ana"))
	o.take(letter{from: ana, subject: "[SS-2026-000003] #espera", text: "¿Cuál?"})
	o.take(nth(4, marta, "#asignar luis #recurso portátil"))
	o.take(letter{from: luis, subject: "[SS-2026-000004] #solucion", text: "Listo."})
	o.take(nth(5, marta, "#prioridad alta #asignar luis"))
	o.take(letter{from: luis, subject: "[SS-2026-000005]", text: "Voy."}) // solved by Tuesday at eight: eight hours
	return o
}

func TestDigest(t *testing.T) {
	o := busyOffice(t)
	o.take(letter{from: luis, subject: "#ausente 24/11..25/11"})
	notices := tickets.Digests(o.overview(bogotaTime(24, 7, 30)))
	if len(notices) != 1 || notices[0].Kind != tickets.NoticeDigest || notices[0].To.Addr != marta {
		t.Fatalf("the digest goes out as %+v", notices)
	}
	d := notices[0].Data.Digest
	for what, got := range map[string][2]string{
		"overdue":    {serials(d.Overdue), "1 6"}, // the sixth, which nobody has answered, counts as one of medium priority
		"today":      {serials(d.Today), "5"},
		"unassigned": {serials(d.Unassigned), ""}, // the sixth stands above
		"states":     {fmt.Sprintln(len(d.States), d.States[0].State, d.States[0].Count), "4 registered 1\n"},
		"ages":       {fmt.Sprint(d.Ages), "[{1 3 5}]"},
		"absences":   {fmt.Sprintln(len(d.Absences), d.Absences[0].Name), "1 Luis Gómez\n"},
		"calm":       {fmt.Sprint(d.Calm()), "false"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
	late := d.Overdue.Rows[1]
	if !late.Late || late.Technician != "" || late.Text != "" || fmt.Sprint(late.Links) !=
		"[{priority critical} {priority high} {priority medium} {priority low} {assign auto} {assign Ana María Gómez} {status }]" {
		t.Errorf("the row of an unassigned request is %+v", late)
	}
	o.policy.MaxRows = 1
	if d := tickets.Digests(o.overview(bogotaTime(24, 7, 30)))[0].Data.Digest; serials(d.Overdue) != "1 +1" || d.Overdue.Total() != 2 {
		t.Errorf("a list that is too long is shown as %s", serials(d.Overdue))
	}
	d = tickets.Digests(o.overview(bogotaTime(30, 7, 30)))[0].Data.Digest // loans of five days
	if len(d.Loans.Rows) != 0 {
		t.Errorf("a loan that is not due is told: %+v", d.Loans)
	}
	d = tickets.Digests(o.overview(bogotaTime(30, 18, 0)))[0].Data.Digest
	if len(d.Loans.Rows) != 1 || !d.Loans.Rows[0].Overdue || fmt.Sprint(d.Loans.Rows[0].Links) != "[{return Portátil} {status }]" {
		t.Errorf("an overdue loan of a resolved request is told as %+v", d.Loans)
	}
}

func TestDigestNamesVendorsThatOweAnAnswer(t *testing.T) {
	o := newOffice(t)
	machines(o)
	o.take(request)
	o.take(nth(1, marta, "#asignar ana #garantia PC-20451"))
	if o.tickets[first].State != tickets.WaitingVendor {
		t.Fatalf("the request is %s", o.tickets[first].State)
	}
	owes := func() tickets.Shown[tickets.TaskView] {
		return tickets.Digests(o.overview(o.now))[0].Data.Digest.Vendors
	}
	if v := owes(); serials(v) != "1" || v.Rows[0].Vendor == "" || v.Rows[0].Since.IsZero() {
		t.Errorf("the vendor that was written to is told as %+v", v)
	}
	o.take(letter{from: o.tickets[first].Claim.Vendor.Addr, subject: "Re: [" + string(first) + "]", text: "Vamos el jueves."})
	if v := owes(); v.Total() != 0 {
		t.Errorf("a vendor that has answered is told as %+v", v)
	}
}

func TestCalmDigest(t *testing.T) {
	o := newOffice(t)
	if d := tickets.Digests(o.overview(o.now))[0].Data.Digest; !d.Calm() || d.Open != 0 {
		t.Errorf("a desk without requests is not calm: %+v", d)
	}
	quiet := o.overview(o.now)
	for what, change := range map[string]func(*tickets.Overview){
		"quarantine": func(v *tickets.Overview) { v.Quarantine = make([]tickets.Quarantined, 1) },
		"failing":    func(v *tickets.Overview) { v.Failing = make([]tickets.FailingAddress, 1) },
		"failed":     func(v *tickets.Overview) { v.Failed = make([]tickets.Undelivered, 1) },
		"queued":     func(v *tickets.Overview) { v.Queued = make([]tickets.Undelivered, 1) },
		"books":      func(v *tickets.Overview) { v.Books = make([]tickets.Books, 1) },
	} {
		v := quiet
		change(&v)
		if tickets.Digests(v)[0].Data.Digest.Calm() {
			t.Errorf("%s is not worth a word", what)
		}
	}
}

func TestWorklists(t *testing.T) {
	o := busyOffice(t)
	show := func(at time.Time) string {
		var lines []string
		for _, n := range o.worklists(at) {
			w := n.Data.Worklist
			var away []string
			for _, a := range w.Absences {
				away = append(away, a.Name)
			}
			lines = append(lines, fmt.Sprintf("%s: %s, waiting %s, %d loans, without %s", n.To.Addr[:4], serials(w.Todo), serials(w.Waiting), len(w.Loans.Rows), strings.Join(away, " ")))
		}
		return strings.Join(lines, " | ")
	}
	morning := bogotaTime(24, 7, 45)
	if got := show(morning); got != "ana@: 1 2, waiting 3, 0 loans, without  | luis: 5, waiting , 0 loans, without " {
		t.Errorf("the lists are %s", got)
	}
	o.take(letter{from: ana, subject: "#ausente 24/11..25/11"})
	if got := show(morning); got != "luis: 5, waiting , 0 loans, without Ana María Gómez" {
		t.Errorf("with an absence the lists are %s", got)
	}
	if got := show(bogotaTime(24, 18, 0)); got != "" {
		t.Errorf("after work the lists are %s", got)
	}
	o.take(nth(5, marta, "#cerrar ya no hace falta"))
	if got := show(morning); got != "" {
		t.Errorf("whoever has nothing to do is told %s", got)
	}
	if got := show(bogotaTime(30, 7, 45)); got != "ana@: 1 2, waiting 3, 0 loans, without " {
		t.Errorf("after the absence the lists are %s", got)
	}
}

// TestEveryReasonHasACause sets mails aside in every way that Decide has.
func TestEveryReasonHasACause(t *testing.T) {
	message := func(change func(*mailbox.Message)) *mailbox.Message {
		m := &mailbox.Message{From: mailbox.Address{Addr: pedro}, Class: mailbox.ClassPerson}
		change(m)
		return m
	}
	strict := policy()
	strict.RefuseStrangers = true
	for want, in := range map[tickets.QuarantineCause]tickets.Input{
		tickets.CauseUnreadable: {Mail: tickets.Mail{Message: new(mailbox.Message), Empty: "the server would not give out the mail"}},
		tickets.CauseUnscanned:  {Mail: tickets.Mail{Message: new(mailbox.Message), Empty: "not scanned: connection refused"}},
		tickets.CauseHarmful:    {Mail: tickets.Mail{Message: new(mailbox.Message), Infected: "Eicar"}},
		tickets.CauseLoop:       {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.From.Addr = desk })}},
		tickets.CauseAutomatic:  {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.Class = mailbox.ClassAutoReply })}},
		tickets.CauseList:       {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.Class = mailbox.ClassList })}},
		tickets.CauseSpam:       {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.Class = mailbox.ClassSpam })}},
		tickets.CauseReport:     {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.Class = mailbox.ClassBounce })}},
		tickets.CauseSender:     {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.From.Addr = "" })}},
		tickets.CauseStranger:   {Mail: tickets.Mail{Message: message(func(m *mailbox.Message) { m.From.Addr = nadie })}, Policy: strict},
		tickets.CauseCode: {Mail: tickets.Mail{Message: message(func(*mailbox.Message) {}),
			Commands: []tickets.Command{{Verb: tickets.VerbConfirm, Arg: "abcde-fghij-klmno-pqrst"}}}},
	} {
		if in.Policy == nil {
			in.Policy = policy()
		}
		in.Sender = in.Policy.Identify(in.Mail.Message, mailbox.Proof{})
		d, err := tickets.Decide(in)
		if err != nil || d.Quarantine == "" || tickets.CauseOf(d.Quarantine) != want {
			t.Errorf("%q is of the cause %s, want %s; %v", d.Quarantine, tickets.CauseOf(d.Quarantine), want, err)
		}
	}
}
