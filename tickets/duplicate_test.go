package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
)

const second = tickets.Number("SS-2026-000002")

// about lets somebody write about the second request.
func about(from, commands string) letter {
	return letter{from: from, subject: "[" + string(second) + "] " + commands}
}

func TestTwoRequests(t *testing.T) {
	two := []letter{request, {from: sofia, subject: "La impresora no sirve", text: "No imprime."}, {from: marta, subject: "@ #asignar ana"}}
	joined := append(slices.Clone(two), about(marta, "#duplicada SS-2026-000001"))
	answered := []letter{request, {from: pedro, subject: "@", text: "Además no tengo internet."}}
	checkRows(t, nil, []row{
		{"a duplicate", two, about(marta, "#duplicada SS-2026-000001"),
			"duplicate by coordinator | = duplicate | other: joined by coordinator | > duplicate to sofia | > status to ana | > receipt to marta"},
		{"its requester is told of the solution", joined, letter{from: ana, subject: "@ #solucion Tóner"},
			"resolved by technician | = resolved | > resolved to pedro | > resolved to sofia | > status to marta | > receipt to ana"},
		{"and of the closure", append(slices.Clone(joined), letter{from: ana, subject: "@ #solucion Tóner"}), letter{from: marta, subject: "@ #cerrar"},
			"closed by coordinator | = closed | > closed to pedro | > closed to sofia | > status to ana | > receipt to marta"},
		{"of itself", two, about(marta, "#duplicada SS-2026-000002"), "refused by coordinator | = registered | > receipt to marta !itself"},
		{"of nothing", two, about(marta, "#duplicada"), "refused by coordinator | = registered | > receipt to marta !missing_argument"},
		{"of a number that does not exist", two, about(marta, "#duplicada SS-2026-000077"), "refused by coordinator | = registered | > receipt to marta !no_such_ticket"},
		{"of something that is no number", two, about(marta, "#duplicada la otra"), "refused by coordinator | = registered | > receipt to marta !no_such_ticket"},
		{"of a request that has ended", append(slices.Clone(two), letter{from: marta, subject: "@ #cerrar ya"}), about(marta, "#duplicada SS-2026-000001"), "refused by coordinator | = registered | > receipt to marta !other_state"},
		{"twice", joined, about(marta, "#duplicada SS-2026-000001"), "refused by coordinator | = duplicate | > receipt to marta !state"},
		{"a technician joins nothing", two, about(ana, "#duplicada SS-2026-000001"), "refused by technician | = registered | > receipt to ana !forbidden"},
		{"with another command that is wrong nothing is joined", two, about(marta, "#duplicada SS-2026-000001 #asignar nadie"), "refused by coordinator | = registered | > receipt to marta !unknown_argument"},
		{"an answer becomes a request", answered, letter{from: marta, subject: "@ #separar Sin internet"},
			"separated by coordinator | = registered | other: registered by coordinator | > acknowledgement to pedro | > new_request to marta | > receipt to marta"},
		{"no answer", []letter{request}, letter{from: marta, subject: "@ #separar"}, "refused by coordinator | = registered | > receipt to marta !no_answer"},
		{"the same answer twice", append(slices.Clone(answered), letter{from: marta, subject: "@ #separar"}), letter{from: marta, subject: "@ #separar"}, "refused by coordinator | = registered | > receipt to marta !no_answer"},
	})
}

func TestSeparatedAnswer(t *testing.T) {
	o := newOffice(t)
	for _, l := range []letter{request, {from: pedro, subject: "@", text: "Además no tengo internet."}, {from: marta, subject: "@ #separar Sin internet"}} {
		o.take(l)
	}
	got := o.tickets[second]
	if got == nil || got.Subject != "Sin internet" || got.Text != "Además no tengo internet." || got.Requester.Addr != pedro || got.Linked != first {
		t.Errorf("the new request is %+v", got)
	}
	o.checkReplay()
}

// TestProbableDuplicates points out to the coordinator what the same official wrote within a day, and merges nothing.
func TestProbableDuplicates(t *testing.T) {
	again := func(from, text string, later time.Duration) letter {
		return letter{from: from, subject: "Impresora", text: text, later: later}
	}
	for name, tt := range map[string]struct {
		mail letter
		want bool
	}{
		"in other words":     {again(pedro, "La impresora sigue sin imprimir desde ayer", time.Hour), true},
		"another matter":     {letter{from: pedro, subject: "Correo", text: "Olvidé mi clave."}, false},
		"two days later":     {again(pedro, "No imprime desde ayer.", 48*time.Hour), false},
		"somebody else's":    {again(sofia, "No imprime desde ayer.", time.Hour), false},
		"the same by letter": {again(pedro, "No imprime desde ayer.", time.Minute), true},
	} {
		o := newOffice(t)
		o.take(request)
		lines := o.take(tt.mail)
		if len(o.tickets) != 2 {
			t.Errorf("%s: %v", name, lines)
		}
		for _, n := range o.last.Notices {
			pointed := len(n.Data.Similar) == 1 && slices.Contains(n.Data.Links, tickets.Link{Verb: tickets.VerbDuplicate, Arg: string(first)})
			if want := tt.want && n.Kind == tickets.NoticeNewRequest; pointed != want {
				t.Errorf("%s: %s points it out: %v", name, n.Kind, pointed)
			}
		}
	}
}

func TestUndo(t *testing.T) {
	assigned := []letter{request, {from: marta, subject: "@ #prioridad alta #asignar ana"}}
	checkRows(t, machines, []row{
		{"priority and technician", assigned, letter{from: marta, subject: "@ #deshacer"}, "undone by coordinator | = registered | > status to pedro | > reassigned to ana | > receipt to marta"},
		{"the last of several", append(slices.Clone(assigned), letter{from: marta, subject: "@ #asignar luis"}), letter{from: marta, subject: "@ #deshacer"},
			"undone by coordinator | = coordinated | > reassigned to luis | > assignment to ana | > receipt to marta"},
		{"one after the other", append(slices.Clone(assigned), letter{from: marta, subject: "@ #asignar luis"}, letter{from: marta, subject: "@ #deshacer"}), letter{from: marta, subject: "@ #undo"},
			"undone by coordinator | = registered | > status to pedro | > reassigned to ana | > receipt to marta"},
		{"nothing more", append(slices.Clone(assigned), letter{from: marta, subject: "@ #deshacer"}), letter{from: marta, subject: "@ #deshacer"}, "refused by coordinator | = registered | > receipt to marta !nothing_to_undo"},
		{"over a note", append(slices.Clone(assigned), letter{from: ana, subject: "@ #nota Voy"}), letter{from: marta, subject: "@ #deshacer"}, "undone by coordinator | = registered | > status to pedro | > reassigned to ana | > receipt to marta"},
		{"what somebody else has gone on from", append(slices.Clone(assigned), letter{from: ana, subject: "@ #diag Rodillo"}), letter{from: marta, subject: "@ #deshacer"}, "refused by coordinator | = in_service | > receipt to marta !overtaken"},
		{"what the official was told", append(slices.Clone(assigned), letter{from: ana, subject: "@ #solucion Listo"}), letter{from: ana, subject: "@ #deshacer"}, "refused by technician | = resolved | > receipt to ana !irrevocable"},
		{"somebody else's", assigned, letter{from: ana, subject: "@ #deshacer"}, "refused by technician | = coordinated | > receipt to ana !nothing_to_undo"},
		{"a machine", []letter{request, {from: marta, subject: "@ #equipo 30001"}}, letter{from: marta, subject: "@ #deshacer"}, "undone by coordinator | = registered | > receipt to marta"},
		{"besides other commands", assigned, letter{from: marta, subject: "@ #tipo x #deshacer"}, "refused by coordinator | = coordinated | > receipt to marta !unknown_argument"},
	})
}

// TestUndoRestores compares the ticket with what it was, letter by letter.
func TestUndoRestores(t *testing.T) {
	for _, command := range []string{"#prioridad baja", "#asignar luis", "#diagnostico Roto", "#plan Cambiar", "#equipo 30002", "#copia sofia@ministerio.example", "#prio baja #asignar luis #equipo 30003"} {
		o := newOffice(t)
		machines(o)
		o.take(named("30001"))
		o.take(letter{from: marta, subject: "@ #prioridad alta #asignar ana"})
		before := *o.tickets[first]
		o.take(letter{from: marta, subject: "@ " + command})
		if lines := o.take(letter{from: marta, subject: "@ #deshacer"}); !slices.Contains(lines, "undone by coordinator") {
			t.Errorf("%s: %v", command, lines)
			continue
		}
		after := *o.tickets[first]
		after.Version, after.ChangedAt = before.Version, before.ChangedAt
		if got, want := dump(t, after), dump(t, before); got != want {
			t.Errorf("%s: restored\n%s\nwant\n%s", command, got, want)
		}
		if !strings.Contains(dump(t, o.events[first]), "before") {
			t.Errorf("%s: the events do not say what was before", command)
		}
		o.checkReplay()
	}
}
