package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/calendar"
)

// situation is what tickets/register finds out.
func (o *office) situation() tickets.Situation {
	s := tickets.Situation{Loads: map[string]int{}, Assigned: map[string]time.Time{}, Reserved: map[string]int{}}
	for n, t := range o.tickets {
		if t.State.Open() && t.Assigned() {
			s.Loads[t.Technician.Key()]++
		}
		for _, e := range o.events[n] {
			if f, ok := e.Fact.(*tickets.AssignedFact); ok && e.At.After(s.Assigned[f.Technician.Key()]) {
				s.Assigned[f.Technician.Key()] = e.At
			}
		}
	}
	for _, t := range o.tickets {
		for _, h := range t.Resources {
			s.Reserved[h.Key()] += h.Units
		}
	}
	for _, a := range o.away {
		if a.To.After(o.now) {
			s.Absences = append(s.Absences, a)
		}
	}
	return s
}

// keepAbsence does what tickets/desk does with an absence.
func (o *office) keepAbsence(change *tickets.AbsenceChange) []string {
	if change == nil {
		return nil
	}
	who := strings.SplitN(change.Person, "@", 2)[0]
	if change.Ended {
		o.away = slices.DeleteFunc(o.away, func(a tickets.Absence) bool { return a.Person == change.Person })
		return []string{who + " is back"}
	}
	o.away = append(o.away, change.Absence)
	zone := o.zone()
	return []string{who + " away " + change.From.In(zone).Format(time.DateOnly) + ".." + change.To.In(zone).Format(time.DateOnly)}
}

func (o *office) zone() *time.Location {
	if o.policy.Calendar == nil {
		return time.UTC
	}
	return o.policy.Calendar.Zone()
}

// ministryHours is a calendar in Bogotá from Monday to Friday, eight to twelve and one to five.
func ministryHours(t testing.TB) *calendar.Calendar {
	t.Helper()
	week := calendar.Week{}
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []calendar.Hours{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	c, err := calendar.New(calendar.Config{Zone: time.FixedZone("Bogotá", -5*3600), Week: week, Holidays: calendar.Colombia})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAbsence is about Monday, 23 November 2026.
func TestAbsence(t *testing.T) {
	says := func(arg string) letter { return letter{from: ana, subject: "#ausente " + arg} }
	const kept, told = "ana away ", " | > absence to marta | > receipt to ana"
	tests := []struct {
		name  string
		given []letter
		mail  letter
		want  string
	}{
		{"days of the year", nil, says("2026-12-01..2026-12-05"), kept + "2026-12-01..2026-12-06" + told},
		{"the English word", nil, letter{from: ana, subject: "#away 2026-12-01..2026-12-05"}, kept + "2026-12-01..2026-12-06" + told},
		{"days of the month", nil, says("1/12..5/12"), kept + "2026-12-01..2026-12-06" + told},
		{"in words", nil, says("del 1 al 5 de diciembre"), kept + "2026-12-01..2026-12-06" + told},
		{"in other words", nil, says("desde el 1 de dic. hasta el 5 de enero de 2027"), kept + "2026-12-01..2027-01-06" + told},
		{"over the turn of the year", nil, says("28/12 - 3/1"), kept + "2026-12-28..2027-01-04" + told},
		{"with the year at the end", nil, says("28/12..3/1/27"), kept + "2026-12-28..2027-01-04" + told},
		{"one day", nil, says("7/12"), kept + "2026-12-07..2026-12-08" + told},
		{"next year", nil, says("1/3..5/3"), kept + "2027-03-01..2027-03-06" + told},
		{"today", nil, says("hoy"), kept + "2026-11-23..2026-11-24" + told},
		{"tomorrow", nil, says("mañana"), kept + "2026-11-24..2026-11-25" + told},
		{"until", nil, says("hasta el 27 de noviembre"), kept + "2026-11-23..2026-11-28" + told},
		{"under way", nil, says("20/11..25/11"), kept + "2026-11-20..2026-11-26" + told},
		{"by the second address", nil, letter{from: "ana@movil.example", subject: "#ausente hoy"}, kept + "2026-11-23..2026-11-24" + told},
		{"the wrong way round", nil, says("5/12..1/12"), "> receipt to ana !period_order"},
		{"the wrong way round, with years", nil, says("2026-12-05..2026-12-01"), "> receipt to ana !period_order"},
		{"over already", nil, says("16/11..20/11"), "> receipt to ana !period_past"},
		{"a day that is none", nil, says("31/11"), "> receipt to ana !period"},
		{"no days", nil, says("de vacaciones"), "> receipt to ana !period"},
		{"nothing", nil, says(""), "> receipt to ana !missing_argument"},
		{"known already", []letter{says("1/12..5/12")}, says("2/12..3/12"), "> receipt to ana !absent_already"},
		{"taken back", []letter{says("1/12..5/12")}, says("no"), "ana is back" + told},
		{"nothing to take back", nil, says("no"), "> receipt to ana !not_absent"},
		{"after it was over", []letter{says("hoy")}, letter{from: ana, subject: "#ausente no", later: 48 * time.Hour}, "> receipt to ana !not_absent"},
		{"not by the coordinator", nil, letter{from: marta, subject: "#ausente hoy"}, "> receipt to marta !forbidden"},
		{"not by an official", nil, letter{from: pedro, subject: "#ausente hoy"}, "> receipt to pedro !forbidden"},
		{"not by somebody who says to be ana", nil, letter{from: ana, subject: "#ausente hoy", unproven: true},
			"registered by technician | = registered | > acknowledgement to ana | > new_request to marta"},
		{"with another command that fails, nothing", []letter{request}, letter{from: ana, subject: "@ #ausente hoy #prioridad alta"},
			"refused by technician | = registered | > receipt to ana !forbidden"},
		{"on a request", []letter{request}, letter{from: ana, subject: "@ #tomar #ausente mañana"},
			"assigned by technician | = in_service | ana away 2026-11-24..2026-11-25 | > status to pedro | > status to marta | > absence to marta | > receipt to ana"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy.Calendar = ministryHours(t)
			o.now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC) // still the 23rd in Bogotá
			for _, l := range tt.given {
				o.take(l)
			}
			if got := strings.Join(o.take(tt.mail), " | "); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			o.checkReplay()
		})
	}
}

func TestAbsenceSaysHowMuchWorkWaits(t *testing.T) {
	o := newOffice(t)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #asignar ana"})
	o.take(letter{from: ana, subject: "#ausente hoy"})
	for _, n := range o.last.Notices {
		if n.Kind == tickets.NoticeAbsence && n.Data.Absence.Open != 1 {
			t.Errorf("the coordinator is told of %+v, want one open request", n.Data.Absence)
		}
	}
}

func FuzzAbsence(f *testing.F) {
	for _, s := range []string{"2026-12-01..2026-12-05", "1/12..5/12", "hoy", "pasado mañana", "28/12 - 3/1", "del 1 al 5 de diciembre", "1..5/12", "0/0..99/99/99", "29/2"} {
		f.Add(s)
	}
	cal := ministryHours(f)
	f.Fuzz(func(t *testing.T, arg string) {
		o := newOffice(t)
		o.policy.Calendar = cal
		o.take(letter{from: ana, subject: "#ausente " + arg})
		if c := o.last.Absence; c != nil && !c.Ended && (!c.From.Before(c.To) || !c.To.After(o.now)) {
			t.Errorf("#ausente %q is kept from %s to %s", arg, c.From, c.To)
		}
	})
}

// TestOfficeAndTelephone has an official whom the directory knows.
func TestOfficeAndTelephone(t *testing.T) {
	o := newOffice(t)
	o.policy.Officials = map[string]tickets.Official{
		pedro: {Name: "Pedro Páramo", Office: "Contratos", Telephone: "ext. 2214"},
		nadie: {Name: "Comisionada", Lang: "en"},
	}
	o.take(request)
	got := o.tickets[first]
	if got.Office != "Contratos" || got.Telephone != "ext. 2214" || got.Requester.Name != "Pedro Páramo" {
		t.Errorf("registered as %+v", got)
	}
	for _, n := range o.last.Notices {
		if n.Data.Ticket.Office != "Contratos" || n.Data.Ticket.Telephone != "ext. 2214" {
			t.Errorf("%s to %s lacks the office: %+v", n.Kind, n.To.Addr, n.Data.Ticket)
		}
	}
	o.checkReplay()

	o.take(letter{from: nadie, subject: "Hola"})
	if n := o.last.Notices[0]; o.last.Events[0].Actor.Role != tickets.RoleRequester || n.Lang != "en" {
		t.Errorf("somebody of the directory outside the ministry's domains is %s, written to in %q", o.last.Events[0].Actor.Role, n.Lang)
	}

	forward := letter{from: marta, subject: "RV: Impresora", text: "Para registrar.", change: func(m *mailbox.Message) {
		m.Forward = &mailbox.Forward{From: mailbox.Address{Addr: pedro}, Subject: "Impresora", Text: "No imprime."}
	}}
	o.take(forward)
	if got := o.last.Ticket; got.Office != "Contratos" {
		t.Errorf("sent in by the coordinator, the request has the office %q of its requester", got.Office)
	}
}

// people has the settings say something else of the people, of whom ana is the second.
func (o *office) people(change func(tickets.People) tickets.People) {
	p := *o.policy
	p.People = change(slices.Clone(p.People))
	o.policy = &p
}

// TestTechnicianWhoHasLeft has a request whose technician the settings do not name any more, have as something else, or know by another
// address.
func TestTechnicianWhoHasLeft(t *testing.T) {
	removed := func(ps tickets.People) tickets.People { return slices.Delete(ps, 1, 2) }
	promoted := func(ps tickets.People) tickets.People { ps[1].Role = tickets.RoleVendor; return ps }
	moved := func(ps tickets.People) tickets.People {
		ps[1].Addresses = []string{"gomez@ministerio.example", ana}
		return ps
	}
	waits := []letter{{from: marta, subject: "@ #prioridad alta #asignar ana"}, {from: ana, subject: "@ #garantia", text: "El fusor"}}
	for _, tt := range []struct {
		name   string
		change func(tickets.People) tickets.People
		mail   letter
		want   string
	}{
		{"the official answers", removed, letter{from: pedro, subject: "@", text: "¿Y?"}, "answered by requester | = waiting_vendor | > incoming to marta"},
		{"the vendor answers", removed, letter{from: ventas, subject: "@", text: "No aplica."}, "vendor_answered by vendor | = waiting_vendor | > vendor_answer to marta"},
		{"another gets the request", removed, letter{from: marta, subject: "@ #asignar luis"},
			"assigned by coordinator | = waiting_vendor | > status to pedro | > assignment to luis | > receipt to marta"},
		{"somebody else's joins it", removed, letter{from: marta, subject: "[SS-2026-000002] #duplicada SS-2026-000001"},
			"duplicate by coordinator | = duplicate | other: joined by coordinator | > duplicate to sofia | > receipt to marta"},
		{"who is of the desk no more answers", promoted, letter{from: pedro, subject: "@", text: "¿Y?"}, "answered by requester | = waiting_vendor | > incoming to marta"},
		{"an answer goes to the new address", moved, letter{from: pedro, subject: "@", text: "¿Y?"}, "answered by requester | = waiting_vendor | > incoming to gomez"},
		{"so does that the request is another's", moved, letter{from: marta, subject: "@ #asignar luis"},
			"assigned by coordinator | = waiting_vendor | > status to pedro | > reassigned to gomez | > assignment to luis | > receipt to marta"},
		{"and that another joins it", moved, letter{from: marta, subject: "[SS-2026-000002] #duplicada SS-2026-000001"},
			"duplicate by coordinator | = duplicate | other: joined by coordinator | > duplicate to sofia | > status to gomez | > receipt to marta"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			machines(o)
			o.takeAfterChange(append([]letter{named("PC-20451"), {from: sofia, subject: "La impresora no sirve"}}, waits...), tt.change, tt.mail, tt.want)
		})
	}
}

// takeAfterChange takes mails, has the people of the settings change, and looks what one more mail brings.
func (o *office) takeAfterChange(given []letter, change func(tickets.People) tickets.People, l letter, want string) {
	o.t.Helper()
	for _, l := range given {
		o.take(l)
	}
	o.people(change)
	if got := strings.Join(o.take(l), " | "); got != want {
		o.t.Errorf("\n got %s\nwant %s", got, want)
	}
	o.checkReplay()
}

// TestWorkOfWhoHasLeftIsTold has the warnings, the links, the letters and the digest know that the technician is gone.
func TestWorkOfWhoHasLeftIsTold(t *testing.T) {
	removed := func(ps tickets.People) tickets.People { return slices.Delete(ps, 1, 2) }
	o := newOffice(t)
	o.policy = timed(t)
	o.now = bogotaTime(23, 9, 0)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #prioridad alta #asignar ana"})
	o.people(removed)
	o.now = bogotaTime(23, 10, 45) // of two hours
	if got, want := o.tend(tickets.ChoreDeadlines), "alerted by system | = coordinated | > deadline to marta"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if offered := o.last.Notices[0].Data.Links; !slices.Contains(offered, tickets.Link{Verb: tickets.VerbAssign, Arg: "Luis Gómez"}) {
		t.Errorf("nobody is offered instead: %v", offered)
	}

	o = newOffice(t)
	machines(o)
	o.take(named("PC-20451"))
	o.take(letter{from: marta, subject: "@ #asignar ana"})
	o.people(removed)
	o.take(letter{from: marta, subject: "@ #garantia"})
	if l := o.last.Notices[0].Data.Letter; l == nil || l.Contact != "" {
		t.Errorf("the vendor is told to contact %+v", l)
	}
	o.take(letter{from: ventas, subject: "@", text: "Vamos el jueves."})
	d := tickets.Digests(o.overview(o.now))[0].Data.Digest
	if serials(d.Unassigned) != "1" || d.Calm() {
		t.Errorf("the digest says that %q are unassigned, and calm is %v", serials(d.Unassigned), d.Calm())
	}
}

// TestListOfWhoHasSeveralAddresses asks for requests that were given to somebody by an address that is not the first any more.
func TestListOfWhoHasSeveralAddresses(t *testing.T) {
	o := newOffice(t)
	o.take(request)
	o.take(letter{from: marta, subject: "@ #asignar ana"})
	o.people(func(ps tickets.People) tickets.People {
		ps[1].Addresses = []string{"gomez@ministerio.example", ana}
		return ps
	})
	for _, l := range []letter{{from: marta, subject: "#lista Ana"}, {from: ana, subject: "#lista"}, {from: "gomez@ministerio.example", subject: "#lista mias"}} {
		o.take(l)
		if rows := o.last.Notices[0].Data.Receipt.Items[0].Rows; len(rows) != 1 {
			t.Errorf("%s by %s: %d requests", l.subject, l.from, len(rows))
		}
	}
	o.take(letter{from: marta, subject: "#lista Luis"})
	if rows := o.last.Notices[0].Data.Receipt.Items[0].Rows; len(rows) != 0 {
		t.Errorf("%d requests of somebody else", len(rows))
	}
}

// TestStaffWhoFollow has members of the desk stand on the official's side too, by copy or by a request of their own.
func TestStaffWhoFollow(t *testing.T) {
	follows := func(who string) []letter {
		return []letter{request, {from: marta, subject: "@ #copia " + who}, {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #espera ¿Cuál es la placa?"}}
	}
	own := []letter{{from: ana, subject: "Impresora no imprime"}, {from: marta, subject: "@ #copia " + sofia}, {from: marta, subject: "@ #asignar ana"},
		{from: marta, subject: "@ #espera ¿Cuál es la placa?"}}
	alone := []letter{request, {from: marta, subject: "@ #copia " + marta}, {from: marta, subject: "@ #espera ¿Cuál es la placa?"}}
	solved := append(follows(ana), letter{from: ana, subject: "@ #solucion Listo"})
	answer := letter{from: pedro, subject: "@", text: "La 12345"}
	for _, tt := range []struct {
		name  string
		given []letter
		mail  letter
		want  string
		to    string // who must read what the mail says, as staff
	}{
		{"the technician follows", follows(ana), answer, "answered by requester | = coordinated | > incoming to ana", ana},
		{"it is the technician's own", own, letter{from: sofia, subject: "@", text: "La 12345"}, "answered by requester | = coordinated | > incoming to ana", ana},
		{"the only coordinator follows", alone, answer, "answered by requester | = registered | > incoming to marta", marta},
		{"another technician follows", follows(luis), answer, "answered by requester | = coordinated | > status to luis | > incoming to ana", ana},
		{"an answer reopens", solved, answer, "answered by requester | reopened by requester | = in_service | > reopened to ana | > reopened to marta", ana},
		{"the follower is assigned", follows(ana)[:2], letter{from: marta, subject: "@ #asignar ana"},
			"assigned by coordinator | = coordinated | > status to pedro | > assignment to ana | > receipt to marta", ""},
		{"a solution is told as one", append(follows(ana), letter{from: marta, subject: "@ #tipo x"}), letter{from: marta, subject: "@ #solucion Listo"},
			"resolved by coordinator | = resolved | > resolved to pedro | > resolved to ana | > receipt to marta", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			for _, l := range tt.given {
				o.take(l)
			}
			if got := strings.Join(o.take(tt.mail), " | "); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			read := func(n tickets.Notice) bool {
				return n.To.Addr == tt.to && n.Data.Role.Staff() && n.Data.Text == tt.mail.text
			}
			if tt.to != "" && !slices.ContainsFunc(o.last.Notices, read) {
				t.Errorf("%s does not read it as staff: %+v", tt.to, o.last.Notices)
			}
			o.checkReplay()
		})
	}
}
