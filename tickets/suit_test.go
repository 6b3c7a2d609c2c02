package tickets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/tickets"
	"radicado/tickets/calendar"
)

// staffed is a policy with three technicians: Ana does printers and networks, Luis everything, Olga printers in the mornings.
func staffed(t *testing.T) *tickets.Policy {
	p := policy()
	p.Calendar = ministryHours(t)
	for i := range p.People {
		if p.People[i].Name == "Ana María Gómez" {
			p.People[i].Skills = []string{"impresoras", "red"}
			p.People[i].MaxLoad = 2
		}
	}
	week := calendar.Week{}
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []calendar.Hours{{From: 8 * 60, To: 12 * 60}}
	}
	mornings, err := calendar.New(calendar.Config{Zone: p.Calendar.Zone(), Week: week})
	if err != nil {
		t.Fatal(err)
	}
	p.People = append(p.People, tickets.Person{Name: "Olga Paz", Addresses: []string{"olga@ministerio.example"}, Role: tickets.RoleTechnician,
		Skills: []string{"impresora"}, Calendar: mornings})
	return p
}

// other is a further request.
func other(subject string) letter { return letter{from: sofia, subject: subject} }

func TestAssignAuto(t *testing.T) {
	auto := letter{from: marta, subject: "@ #asignar auto"}
	to := func(who string) string {
		return "assigned by coordinator | = coordinated | > status to pedro | > assignment to " + who + " | > receipt to marta"
	}
	away := func(who string) letter { return letter{from: who, subject: "#ausente hoy"} }
	ofOthers := func(n int, name string) letter {
		return letter{from: marta, subject: fmt.Sprintf("[SS-2026-00000%d] x #asignar %s", n, name)}
	}
	const nobody = "refused by coordinator | = registered | > receipt to marta !nobody"
	tests := []struct {
		name  string
		hour  int // in Bogotá
		given []letter
		mail  letter
		want  string
	}{
		{"the first of those who are equal", 9, []letter{request}, auto, to("ana")},
		{"the less loaded", 9, []letter{request, other("a"), ofOthers(2, "ana")}, auto, to("luis")},
		{"the idle for longest", 9, []letter{request, other("a"), ofOthers(2, "ana"), other("b"), ofOthers(3, "luis"), other("c"), ofOthers(4, "olga")}, auto, to("ana")},
		{"who has the skill, not who has none of it", 9, []letter{{from: pedro, subject: "Sin redes"}, away(ana)}, auto, to("luis")},
		{"nobody who is absent", 9, []letter{request, away(ana), away(luis)}, auto, to("olga")},
		{"nobody after hours of his or her own", 15, []letter{request, away(ana), away(luis)}, auto, nobody},
		{"tomorrow's staff in the evening", 20, []letter{request, away(ana), away(luis)}, auto, to("ana")},
		{"who comes later this morning", 6, []letter{request, away(ana), away(luis)}, auto, to("olga")},
		{"nobody who is full", 9, []letter{{from: pedro, subject: "Red caída"}, away(luis), other("a"), ofOthers(2, "ana"), other("b"), ofOthers(3, "ana")}, auto, nobody},
		{"nobody with another skill", 9, []letter{{from: pedro, subject: "Red caída"}, away(luis), away(ana)}, auto, nobody},
		{"anybody where no skill is asked for", 9, []letter{{from: pedro, subject: "Buenos días"}, away(luis), away(ana)}, auto, to("olga")},
		{"in English", 9, []letter{request}, letter{from: marta, subject: "@ #assign automatic"}, to("ana")},
		{"who has it already", 9, []letter{request, away(luis), away("olga@ministerio.example"), {from: marta, subject: "@ #asignar ana"}}, auto,
			"refused by coordinator | = coordinated | > receipt to marta !nothing_to_do"},
		{"not what is over", 9, []letter{request, {from: marta, subject: "@ #rechazar no"}}, auto, "refused by coordinator | = rejected | > receipt to marta !state"},
		{"somebody absent by name", 9, []letter{request, away(ana)}, letter{from: marta, subject: "@ #asignar ana"}, "refused by coordinator | = registered | > receipt to marta !absent"},
		{"somebody by name who is back", 9, []letter{request, away(ana), {from: ana, subject: "#ausente no"}}, letter{from: marta, subject: "@ #asignar ana"}, to("ana")},
		{"somebody by name who will be absent", 9, []letter{request, {from: ana, subject: "#ausente 1/12"}}, letter{from: marta, subject: "@ #asignar ana"}, to("ana")},
		{"somebody by name after hours of her own", 15, []letter{request}, letter{from: marta, subject: "@ #asignar olga"}, to("olga")},
		{"somebody full by name", 9, []letter{request, other("a"), ofOthers(2, "ana"), other("b"), ofOthers(3, "ana")}, letter{from: marta, subject: "@ #asignar ana"}, to("ana")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy = staffed(t)
			o.now = time.Date(2026, 11, 23, tt.hour+5, 0, 0, 0, time.UTC)
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

func TestAutomaticAssignment(t *testing.T) {
	tests := []struct {
		name  string
		given []letter
		mail  letter
		want  string
	}{
		{"at registration", nil, request, "registered by requester | assigned by system | = coordinated | > acknowledgement to pedro | > new_request to marta | > assignment to ana"},
		{"not where the coordinator assigns", nil, letter{from: marta, subject: "Proyector #asignar luis"},
			"registered by coordinator | assigned by coordinator | = coordinated | > acknowledgement to marta | > assignment to luis | > receipt to marta"},
		{"also where an unproven mail says otherwise", nil, letter{from: marta, subject: "Proyector #asignar luis", unproven: true},
			"registered by coordinator | assigned by system | = coordinated | > acknowledgement to marta | > assignment to ana"},
		{"nobody is there", []letter{{from: ana, subject: "#ausente hoy"}, {from: luis, subject: "#ausente hoy"}, {from: "olga@ministerio.example", subject: "#ausente hoy"}}, request,
			"registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			o.policy = staffed(t)
			o.policy.AutoAssign = true
			o.now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
			for _, l := range tt.given {
				o.take(l)
			}
			if got := strings.Join(o.take(tt.mail), " | "); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			for _, n := range o.last.Notices {
				if n.Kind == tickets.NoticeNewRequest && n.Data.Nobody != (len(o.last.Events) == 1) {
					t.Errorf("the coordinator is told that nobody suits it: %t", n.Data.Nobody)
				}
			}
			o.checkReplay()
		})
	}
}

// TestCoordinatorSeesWhoIsSuited looks at the notice of a new request.
func TestCoordinatorSeesWhoIsSuited(t *testing.T) {
	o := newOffice(t)
	o.policy = staffed(t)
	o.policy.Resources = []tickets.Resource{{Name: "Portátil", Stock: 2}}
	o.now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	o.take(other("Red caída"))
	o.take(letter{from: marta, subject: "@ #asignar ana #recurso portátil"})
	o.take(letter{from: luis, subject: "#ausente hoy"})
	o.take(request)
	for _, n := range o.last.Notices {
		if n.Kind != tickets.NoticeNewRequest {
			continue
		}
		var got []string
		for _, s := range n.Data.Staff {
			got = append(got, fmt.Sprintf("%s %d/%d %v suited %t present %t chosen %t", s.Name, s.Open, s.Max, s.Skills, s.Suited, s.Present, s.Chosen))
		}
		want := []string{
			"Olga Paz 0/0 [impresora] suited true present true chosen true",
			"Ana María Gómez 1/2 [impresoras] suited true present true chosen false",
			"Luis Gómez 0/0 [] suited true present false chosen false",
		}
		if !slices.Equal(got, want) {
			t.Errorf("staff:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(n.Data.Resources) != 1 || n.Data.Resources[0].Free != 1 {
			t.Errorf("resources %+v", n.Data.Resources)
		}
		if back := n.Data.Staff[2].Back.In(o.zone()).Format(time.DateOnly); back != "2026-11-24" {
			t.Errorf("Luis is back on %s", back)
		}
		var assign []string
		for _, l := range n.Data.Links {
			if l.Verb == tickets.VerbAssign {
				assign = append(assign, l.Arg)
			}
		}
		if got := strings.Join(assign, ", "); got != "auto, Olga Paz, Ana María Gómez" {
			t.Errorf("the links assign to %s", got)
		}
	}
}

// TestAutoNeverTakesWhoDoesNotFit tries whatever staff there may be.
func TestAutoNeverTakesWhoDoesNotFit(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(t)
		o.policy.Calendar = ministryHours(t)
		o.now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
		o.policy.People = slices.DeleteFunc(o.policy.People, func(p tickets.Person) bool { return p.Role == tickets.RoleTechnician })
		var people []tickets.Person
		for i := range rapid.IntRange(0, 5).Draw(r, "technicians") {
			p := tickets.Person{Name: fmt.Sprint("Técnico ", string(rune('A'+i))), Addresses: []string{fmt.Sprintf("t%d@ministerio.example", i)}, Role: tickets.RoleTechnician,
				Skills: rapid.SliceOfN(rapid.SampledFrom([]string{"red", "impresora", "correo"}), 0, 2).Draw(r, "skills"), MaxLoad: rapid.IntRange(0, 2).Draw(r, "max")}
			people = append(people, p)
			o.policy.People = append(o.policy.People, p)
			if rapid.Bool().Draw(r, "away") {
				o.take(letter{from: p.Addresses[0], subject: "#ausente hoy"})
			}
		}
		loads := map[string]int{}
		for i := range rapid.IntRange(1, 8).Draw(r, "requests") {
			o.take(letter{from: pedro, subject: rapid.SampledFrom([]string{"Red caída", "Impresora", "Hola"}).Draw(r, "subject")})
			before := o.situation()
			o.take(letter{from: marta, subject: fmt.Sprintf("[SS-2026-%06d] x #asignar auto", i+1)})
			got := o.last.Ticket.Technician.Addr
			if got == "" {
				if problem := o.last.Notices[len(o.last.Notices)-1].Data.Receipt.Items[0].Problem; problem == nil || problem.Code != tickets.ProblemNobody {
					r.Fatalf("nobody was assigned and the answer is %+v", problem)
				}
				continue
			}
			at := slices.IndexFunc(people, func(p tickets.Person) bool { return p.Has(got) })
			p := people[at]
			if p.MaxLoad > 0 && loads[got] >= p.MaxLoad {
				r.Fatalf("%s has %d of %d already", p.Name, loads[got], p.MaxLoad)
			}
			if slices.ContainsFunc(before.Absences, func(a tickets.Absence) bool { return p.Has(a.Person) }) {
				r.Fatalf("%s is absent", p.Name)
			}
			loads[got]++
		}
	})
}
