package tickets_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/command"
)

// The people of the tests.
const (
	marta  = "marta@ministerio.example"   // coordinator
	ana    = "ana@ministerio.example"     // technician
	luis   = "luis@ministerio.example"    // technician
	pedro  = "pedro@ministerio.example"   // official
	sofia  = "sofia@ministerio.example"   // official
	nadie  = "nadie@otra.example"         // stranger
	ventas = "ventas@proveedor.example"   // vendor
	desk   = "soporte@ministerio.example" // the desk
)

func policy() *tickets.Policy {
	return &tickets.Policy{
		People: tickets.People{
			{Name: "Marta Ruiz", Addresses: []string{marta}, Role: tickets.RoleCoordinator},
			{Name: "Ana María Gómez", Addresses: []string{ana, "ana@movil.example"}, Role: tickets.RoleTechnician},
			{Name: "Luis Gómez", Addresses: []string{luis}, Aliases: []string{"lucho"}, Role: tickets.RoleTechnician},
			{Name: "Proveedor S. A.", Addresses: []string{ventas}, Role: tickets.RoleVendor},
		},
		OfficialDomains: []string{"ministerio.example"},
		Own:             []string{desk},
		ReopenDays:      5,
		Lang:            "es",
		MaxRows:         50,
	}
}

// letter is a mail of a test. Its subject begins with "@" where it answers the first request.
type letter struct {
	from, subject, text string
	unproven            bool
	class               mailbox.Class
	later               time.Duration // after the mail before
	answers             bool          // a notice that was sent to this address
	change              func(*mailbox.Message)
}

// titled makes the subject the only sign of a mail's class.
func titled(m *mailbox.Message) { m.BySubject = true }

// office is a desk without a database: what decide says is done to maps.
type office struct {
	t       *testing.T
	policy  *tickets.Policy
	now     time.Time
	tickets map[tickets.Number]*tickets.Ticket
	events  map[tickets.Number][]tickets.Event
	bounced *tickets.Bounced
	mails   int64
	assets  []tickets.Asset
	away    []tickets.Absence
	last    tickets.Decision
}

func newOffice(t *testing.T) *office {
	return &office{t: t, policy: policy(), now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
		tickets: map[tickets.Number]*tickets.Ticket{}, events: map[tickets.Number][]tickets.Event{}}
}

const first = tickets.Number("SS-2026-000001")

// take handles a mail as tickets/desk does and returns what happened, a line an event or notice.
func (o *office) take(l letter) []string {
	o.t.Helper()
	o.now = o.now.Add(time.Minute + l.later)
	o.mails++
	subject := l.subject
	if rest, answers := strings.CutPrefix(subject, "@"); answers {
		subject = "Re: [" + string(first) + "] Impresora" + rest
	}
	s := command.New("SS").Read(subject)
	m := &mailbox.Message{From: mailbox.Address{Addr: l.from}, Subject: subject, Text: l.text, NewText: l.text, Class: l.class, MessageID: fmt.Sprint(o.now.Unix(), "@x.example")}
	if m.Class == "" {
		m.Class = mailbox.ClassPerson
	}
	if l.change != nil {
		l.change(m)
	}
	in := tickets.Input{Now: o.now, Policy: o.policy, Bounced: o.bounced, Answers: l.answers,
		Sender: o.policy.Identify(m, mailbox.Proof{Proven: !l.unproven, Reason: "test"}),
		Mail:   tickets.Mail{ID: o.mails, Message: m, Commands: s.Commands, Title: s.Title, Whole: s.Whole, Numbers: s.Numbers},
		Next:   tickets.FormatNumber("SS", 2026, len(o.tickets)+1),
	}
	if len(s.Numbers) > 0 {
		in.Ticket = o.tickets[s.Numbers[0]]
	}
	in.Situation = o.situation()
	in.Found = o.find(tickets.Lookups(in))
	o.furnish(&in)
	before := ""
	if in.Ticket != nil {
		before = fmt.Sprintf("%+v", *in.Ticket)
	}
	d, err := tickets.Decide(in)
	if err != nil {
		o.t.Fatalf("Decide(%+v): %v", l, err)
	}
	if in.Ticket != nil && fmt.Sprintf("%+v", *in.Ticket) != before {
		o.t.Errorf("Decide changed the ticket that it was given")
	}
	o.studied(in, d)
	o.last = d
	return o.apply(d)
}

// studied checks that a mail that was studied ahead causes the same.
func (o *office) studied(in tickets.Input, want tickets.Decision) {
	o.t.Helper()
	ahead := in
	ahead.Mail.Study(o.policy, in.Sender)
	if !reflect.DeepEqual(ahead.Recent(), in.Recent()) || !reflect.DeepEqual(ahead.Assets(), in.Assets()) {
		o.t.Errorf("a studied mail asks for %+v and %+v, want %+v and %+v", ahead.Recent(), ahead.Assets(), in.Recent(), in.Assets())
	}
	got, err := tickets.Decide(ahead)
	if err != nil || !reflect.DeepEqual(got, want) {
		o.t.Errorf("a studied mail causes %+v, %v, want %+v", got, err, want)
	}
}

func (o *office) apply(d tickets.Decision) []string {
	var lines []string
	if d.Quarantine != "" {
		lines = append(lines, "quarantine")
	}
	for _, e := range d.Events {
		o.events[e.Ticket] = append(o.events[e.Ticket], e)
		lines = append(lines, fmt.Sprintf("%s by %s", e.Fact.Kind(), e.Actor.Role))
	}
	if d.Ticket != nil {
		o.tickets[d.Ticket.Number] = d.Ticket
		lines = append(lines, "= "+string(d.Ticket.State))
	}
	lines = append(lines, o.keepAbsence(d.Absence)...)
	for _, c := range d.Others {
		for _, e := range c.Events {
			o.events[e.Ticket] = append(o.events[e.Ticket], e)
			lines = append(lines, fmt.Sprintf("other: %s by %s", e.Fact.Kind(), e.Actor.Role))
		}
		o.tickets[c.Ticket.Number] = c.Ticket
	}
	for _, n := range d.Notices {
		line := fmt.Sprintf("> %s to %s", n.Kind, strings.SplitN(n.To.Addr, "@", 2)[0])
		if n.Data.Receipt != nil {
			for _, i := range n.Data.Receipt.Items {
				if i.Problem != nil {
					line += fmt.Sprintf(" !%s", i.Problem.Code)
					if i.Problem.Nearest != "" {
						line += "?" + i.Problem.Nearest
					}
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func (o *office) find(lookups []tickets.Lookup) tickets.Found {
	found := tickets.Found{Tickets: map[tickets.Number]tickets.Case{}, Lists: map[int]tickets.Rows{}}
	for _, l := range lookups {
		if l.Number != "" {
			if t := o.tickets[l.Number]; t != nil {
				found.Tickets[l.Number] = tickets.Case{Ticket: t, Events: o.events[l.Number]}
			}
			continue
		}
		var rows tickets.Rows
		for _, t := range o.tickets {
			if (len(l.Query.States) == 0 || slices.Contains(l.Query.States, t.State)) && (l.Query.Requester == "" || l.Query.Requester == t.Requester.Key()) &&
				(len(l.Query.Technicians) == 0 || slices.Contains(l.Query.Technicians, t.Technician.Key())) {
				rows.Tickets = append(rows.Tickets, t)
			}
		}
		rows.Total = len(rows.Tickets)
		found.Lists[l.Command] = rows
	}
	return found
}

// furnish looks up what tickets/desk looks up besides the commands' questions.
func (o *office) furnish(in *tickets.Input) {
	if q := in.Recent(); q.Requester != "" {
		for _, t := range o.tickets {
			if t.Requester.Key() == q.Requester && !t.RegisteredAt.Before(q.Since) && t.Gist().Alike(q.Gist) {
				in.Found.Recent = append(in.Found.Recent, t)
			}
		}
	}
	wanted := in.Assets()
	for _, a := range o.assets {
		if slices.Contains(wanted.Keys, tickets.AssetKey(a.Plate)) || a.Serial != "" && slices.Contains(wanted.Keys, tickets.AssetKey(a.Serial)) {
			in.Found.Assets = append(in.Found.Assets, a)
		}
		if wanted.Holder != "" && wanted.Holder == a.Holder.Key() {
			in.Found.Held = append(in.Found.Held, a)
		}
	}
}

var request = letter{from: pedro, subject: "Impresora no imprime", text: "No imprime desde ayer."}

func TestDecide(t *testing.T) {
	solved := []letter{request, {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #solucion Tóner nuevo"}}
	closed := append(slices.Clone(solved), letter{from: marta, subject: "@ #cerrar"})
	strange := []letter{{from: nadie, subject: "Impresora", text: "No imprime."}}
	followed := []letter{request, {from: marta, subject: "@ #copia nadie@otra.example"}}
	tests := []struct {
		name  string
		given []letter
		mail  letter
		want  string // lines joined by " | "
	}{
		{"a request", nil, request, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"a request of a stranger", nil, letter{from: nadie, subject: "Hola"}, "registered by stranger | = registered | > acknowledgement to nadie | > new_request to marta"},
		{"a request without proof is registered all the same", nil, letter{from: pedro, subject: "x", unproven: true}, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"a request of the coordinator", nil, letter{from: marta, subject: "Mi equipo"}, "registered by coordinator | = registered | > acknowledgement to marta"},
		{"priority", []letter{request}, letter{from: marta, subject: "@ #prioridad alta"}, "prioritised by coordinator | = coordinated | > status to pedro | > receipt to marta"},
		{"priority and technician in one mail", []letter{request}, letter{from: marta, subject: "@ #prio crit #asignar Ana"},
			"prioritised by coordinator | assigned by coordinator | = coordinated | > status to pedro | > assignment to ana | > receipt to marta"},
		{"text that no command takes becomes a note", []letter{request}, letter{from: marta, subject: "@ #asignar ana", text: "Vaya hoy, por favor."},
			"assigned by coordinator | noted by coordinator | = coordinated | > status to pedro | > assignment to ana | > receipt to marta"},
		{"another technician", []letter{request, {from: marta, subject: "@ #asignar ana"}}, letter{from: marta, subject: "@ #asignar lucho"},
			"assigned by coordinator | = coordinated | > status to pedro | > reassigned to ana | > assignment to luis | > receipt to marta"},
		{"a name that fits two", []letter{request}, letter{from: marta, subject: "@ #asignar gomez"}, "refused by coordinator | = registered | > receipt to marta !ambiguous"},
		{"a mistyped name", []letter{request}, letter{from: marta, subject: "@ #asignar Lusi"}, "refused by coordinator | = registered | > receipt to marta !unknown_argument?Luis Gómez"},
		{"a mistyped command", []letter{request}, letter{from: marta, subject: "@ #cerar"}, "refused by coordinator | = registered | > receipt to marta !unknown_word?cerrar"},
		{"one bad command spoils all", []letter{request}, letter{from: marta, subject: "@ #prioridad alta #asignar nadie"}, "refused by coordinator | = registered | > receipt to marta !unknown_argument"},
		{"twice the same command", []letter{request}, letter{from: marta, subject: "@ #prioridad alta #prioridad baja"}, "refused by coordinator | = registered | > receipt to marta !contradiction"},
		{"a technician may not set priority", []letter{request}, letter{from: ana, subject: "@ #prioridad alta"}, "refused by technician | = registered | > receipt to ana !forbidden"},
		{"a technician takes it", []letter{request}, letter{from: ana, subject: "@ #tomar"}, "assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"by the second address", []letter{request}, letter{from: "ana@movil.example", subject: "@ #tomar"}, "assigned by technician | = in_service | > status to pedro | > status to marta | > receipt to ana"},
		{"a coordinator does not take", []letter{request}, letter{from: marta, subject: "@ #tomar"}, "refused by coordinator | = registered | > receipt to marta !forbidden"},
		{"the technician's first answer starts the service", []letter{request, {from: marta, subject: "@ #asignar ana"}}, letter{from: ana, subject: "@", text: "Voy."},
			"answered by technician | started by technician | = in_service | > answer to pedro"},
		{"an answer of the desk", []letter{request}, letter{from: marta, subject: "@", text: "¿Qué modelo es?"}, "answered by coordinator | = registered | > answer to pedro"},
		{"an empty answer of the desk is not passed on", []letter{request}, letter{from: marta, subject: "@"}, "> receipt to marta !missing_text"},
		{"an answer of the official", []letter{request, {from: marta, subject: "@ #asignar ana"}}, letter{from: pedro, subject: "@", text: "Es una HP."},
			"answered by requester | = coordinated | > incoming to ana"},
		{"an answer to a request that nobody has", []letter{request}, letter{from: pedro, subject: "@", text: "Es una HP."}, "answered by requester | = registered | > incoming to marta"},
		{"an unproven answer of the official", []letter{request}, letter{from: pedro, subject: "@", text: "Es una HP.", unproven: true}, "answered by requester | = registered | > incoming to marta"},
		{"an internal note", []letter{request, {from: marta, subject: "@ #asignar ana"}}, letter{from: ana, subject: "@ #nota", text: "Falta repuesto."},
			"noted by technician | = coordinated | > note to marta | > receipt to ana"},
		{"a question", []letter{request}, letter{from: marta, subject: "@ #espera ¿Cuál es la placa?"}, "waited by coordinator | = waiting_requester | > question to pedro | > receipt to marta"},
		{"the answer to a question", []letter{request, {from: marta, subject: "@ #espera ¿Placa?"}}, letter{from: pedro, subject: "@", text: "123"},
			"answered by requester | = registered | > incoming to marta"},
		{"a question without words", []letter{request}, letter{from: marta, subject: "@ #espera"}, "refused by coordinator | = registered | > receipt to marta !missing_text"},
		{"two commands want the body", []letter{request}, letter{from: marta, subject: "@ #nota #espera", text: "x"}, "refused by coordinator | noted by coordinator | = registered | > receipt to marta !text_twice"},
		{"a solution", solved[:2], solved[2], "resolved by technician | = resolved | > resolved to pedro | > status to marta | > receipt to ana"},
		{"solved and closed at once", []letter{request}, letter{from: marta, subject: "@ #solucion Tóner #cerrar"}, "resolved by coordinator | closed by coordinator | = closed | > closed to pedro | > receipt to marta"},
		{"closure", solved, letter{from: marta, subject: "@ #cerrar"}, "closed by coordinator | = closed | > closed to pedro | > status to ana | > receipt to marta"},
		{"closure without a solution needs a reason", []letter{request}, letter{from: marta, subject: "@ #cerrar"}, "refused by coordinator | = registered | > receipt to marta !missing_text"},
		{"closure by the official", []letter{request}, letter{from: pedro, subject: "@ #cerrar"}, "closed by requester | = closed | > closed to pedro | > status to marta | > receipt to pedro"},
		{"closure by another official", []letter{request}, letter{from: sofia, subject: "@ #cerrar", text: "ya"}, "registered by requester | refused by requester | = registered | > acknowledgement to sofia | > new_request to marta | > receipt to sofia !forbidden"},
		{"an answer reopens what was resolved", solved, letter{from: pedro, subject: "@", text: "Sigue igual."}, "answered by requester | reopened by requester | = in_service | > reopened to ana | > reopened to marta"},
		{"an answer reopens what was closed", closed, letter{from: pedro, subject: "@", text: "Sigue igual."}, "answered by requester | reopened by requester | = in_service | > reopened to ana | > reopened to marta"},
		{"too late an answer is a new request", closed, letter{from: pedro, subject: "@", text: "Otra vez.", later: 6 * 24 * time.Hour}, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"too late to reopen", closed, letter{from: pedro, subject: "@ #reabrir", later: 6 * 24 * time.Hour}, "refused by requester | = closed | > receipt to pedro !too_late"},
		{"too late to reopen, with a text", closed, letter{from: pedro, subject: "@ #reabrir", text: "Otra vez.", later: 60 * 24 * time.Hour}, "refused by requester | answered by requester | = closed | > incoming to ana | > receipt to pedro !too_late"},
		{"in time to reopen, with a text", closed, letter{from: pedro, subject: "@ #reabrir", text: "Otra vez."}, "reopened by requester | = in_service | > reopened to ana | > reopened to marta | > receipt to pedro"},
		{"what is closed is not closed, and not reopened", closed, letter{from: pedro, subject: "@ #cerrar", text: "Confirmo que funciona."}, "refused by requester | answered by requester | = closed | > incoming to ana | > receipt to pedro !state"},
		{"what is closed for a reason in the subject stays so", solved, letter{from: pedro, subject: "@ #cerrar ya funciona", text: "Quedó con el tóner nuevo."}, "closed by requester | answered by requester | = closed | > closed to pedro | > status to ana | > status to marta | > receipt to pedro"},
		{"state asked with a text does not reopen", closed, letter{from: pedro, subject: "@ #estado", text: "¿Qué se le hizo?"}, "answered by requester | = closed | > incoming to ana | > receipt to pedro"},
		{"a refused command and an answer to the question", []letter{request, {from: ana, subject: "@ #espera", text: "¿Cuál es la placa?"}}, letter{from: pedro, subject: "@ #encuesta 5", text: "La 20451."}, "refused by requester | answered by requester | = registered | > incoming to marta | > receipt to pedro !state"},
		{"the coordinator reopens at any time", closed, letter{from: marta, subject: "@ #reabrir", later: 90 * 24 * time.Hour}, "reopened by coordinator | = in_service | > reopened to pedro | > reopened to ana | > receipt to marta"},
		{"what is open is not reopened", []letter{request}, letter{from: marta, subject: "@ #reabrir"}, "refused by coordinator | = registered | > receipt to marta !state"},
		{"nothing is assigned after the end", closed, letter{from: marta, subject: "@ #asignar luis"}, "refused by coordinator | = closed | > receipt to marta !state"},
		{"a rejection", []letter{request}, letter{from: marta, subject: "@ #rechazar", text: "No es de soporte."}, "rejected by coordinator | = rejected | > rejected to pedro | > receipt to marta"},
		{"forged commands change nothing", []letter{request}, letter{from: marta, subject: "@ #cerrar ya", unproven: true}, "unproven by stranger | = registered | > unproven to marta"},
		{"a forged answer of staff is not passed on", []letter{request}, letter{from: ana, subject: "@", text: "Mande su clave.", unproven: true}, "unproven by stranger | = registered | > unproven to marta"},
		{"a forged command of the official", []letter{request}, letter{from: pedro, subject: "@ #cerrar", unproven: true}, "unproven by stranger | = registered | > unproven to marta"},
		{"somebody who quotes the number cannot write into it", []letter{request}, letter{from: sofia, subject: "@", text: "Yo también."}, "registered by requester | = registered | > acknowledgement to sofia | > new_request to marta"},
		{"a stranger's command is only text", []letter{request}, letter{from: nadie, subject: "@ #estado"}, "registered by stranger | = registered | > acknowledgement to nadie | > new_request to marta"},
		{"state asked by a stranger whose request it is", strange, letter{from: nadie, subject: "@ #estado"}, "> receipt to nadie"},
		{"the form asked by a stranger whose request it is", strange, letter{from: nadie, subject: "@ #formato"}, "> receipt to nadie"},
		{"help for a stranger with a request", strange, letter{from: nadie, subject: "@ #ayuda"}, "> receipt to nadie"},
		{"state asked by a stranger who follows", followed, letter{from: nadie, subject: "@ #estado"}, "> receipt to nadie"},
		{"state of another's request asked by a stranger who follows one", append(slices.Clone(followed), letter{from: sofia, subject: "Monitor"}), letter{from: nadie, subject: "@ #estado SS-2026-000002"}, "refused by stranger | = registered | > receipt to nadie !no_such_ticket"},
		{"a list asked by a stranger who follows", followed, letter{from: nadie, subject: "@ #lista"}, "refused by stranger | = registered | > receipt to nadie !forbidden"},
		{"state asked in the name of a stranger who follows", followed, letter{from: nadie, subject: "@ #estado", unproven: true}, "unproven by stranger | = registered | > unproven to marta"},
		{"state asked by its official", []letter{request}, letter{from: pedro, subject: "@ #estado"}, "> receipt to pedro"},
		{"state asked by another official", []letter{request}, letter{from: sofia, subject: "#estado SS-2026-000001"}, "> receipt to sofia !no_such_ticket"},
		{"state of a number that does not exist", []letter{request}, letter{from: marta, subject: "#estado SS-2026-000099"}, "> receipt to marta !no_such_ticket"},
		{"a command for a number that does not exist", nil, letter{from: marta, subject: "[SS-2026-000099] x #cerrar"}, "> receipt to marta !no_such_ticket"},
		{"a command for no request", nil, letter{from: marta, subject: "#cerrar"}, "> receipt to marta !no_ticket"},
		{"a list", []letter{request}, letter{from: marta, subject: "#lista"}, "> receipt to marta"},
		{"an unknown filter", []letter{request}, letter{from: marta, subject: "#lista abirtas"}, "> receipt to marta !unknown_argument?abiertas"},
		{"an official's request that looks like a query is not lost", nil, letter{from: pedro, subject: "#lista de precios no carga"}, "registered by requester | refused by requester | = registered | > acknowledgement to pedro | > new_request to marta | > receipt to pedro !unknown_argument"},
		{"a hash tag of an official", nil, letter{from: pedro, subject: "Falla en #SIIF"}, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"the coordinator registers and coordinates at once", nil, letter{from: marta, subject: "Proyector sala 2 #prioridad baja #asignar luis", text: "No enciende."},
			"registered by coordinator | prioritised by coordinator | assigned by coordinator | = coordinated | > acknowledgement to marta | > assignment to luis | > receipt to marta"},
		{"a search without words", nil, letter{from: marta, subject: "#buscar"}, "> receipt to marta !missing_argument"},
		{"help", nil, letter{from: pedro, subject: "#ayuda"}, "> receipt to pedro"},
		{"an absence notice on a request", []letter{request}, letter{from: pedro, subject: "@", class: mailbox.ClassAutoReply}, "automatic by requester | = registered"},
		{"a command of proven staff that only the subject takes for an automatic answer", []letter{request}, letter{from: marta, subject: "@ #asignar ana", class: mailbox.ClassAutoReply, change: titled, answers: true},
			"assigned by coordinator | = coordinated | > status to pedro | > assignment to ana | > receipt to marta"},
		{"the same as an answer to somebody else's mail is told and not obeyed", []letter{request}, letter{from: marta, subject: "@ #asignar ana", class: mailbox.ClassAutoReply, change: titled},
			"unproven by stranger | = registered | > unproven to marta"},
		{"the same as a new request", nil, letter{from: marta, subject: "Respuesta automática: no se desactiva #prioridad alta", class: mailbox.ClassAutoReply, change: titled},
			"registered by coordinator | prioritised by coordinator | = coordinated | > acknowledgement to marta | > receipt to marta"},
		{"an automatic answer of staff by more than its subject", []letter{request}, letter{from: marta, subject: "@ #asignar ana", class: mailbox.ClassAutoReply, answers: true}, "automatic by coordinator | = registered"},
		{"an automatic answer of staff with an unknown word", []letter{request}, letter{from: marta, subject: "@ #nohay", class: mailbox.ClassAutoReply, change: titled, answers: true}, "automatic by coordinator | = registered"},
		{"an automatic answer in the name of staff", []letter{request}, letter{from: marta, subject: "@ #asignar ana", class: mailbox.ClassAutoReply, change: titled, answers: true, unproven: true}, "automatic by coordinator | = registered"},
		{"an absence notice out of nowhere", nil, letter{from: pedro, subject: "Ausente", class: mailbox.ClassAutoReply}, "quarantine"},
		{"our own mail", nil, letter{from: desk, subject: "x"}, "quarantine"},
		{"no sender", nil, letter{subject: "x"}, "quarantine"},
		{"spam", []letter{request}, letter{from: pedro, subject: "@", class: mailbox.ClassSpam}, "quarantine"},
		{"a bounce of nothing of ours", nil, letter{from: "mailer-daemon@x.example", class: mailbox.ClassBounce, change: func(m *mailbox.Message) { m.Bounce = &mailbox.Bounce{} }}, "quarantine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
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

// TestStrangersSeeWhatRequestersSee asks about one request as its official and as a follower from outside.
func TestStrangersSeeWhatRequestersSee(t *testing.T) {
	o := newOffice(t)
	o.policy.Officials = map[string]tickets.Official{pedro: {Office: "Contratos", Telephone: "ext. 2214"}}
	for _, l := range []letter{request, {from: marta, subject: "@ #copia nadie@otra.example"}, {from: marta, subject: "@ #nota Entre nosotros"}, {from: marta, subject: "@ #asignar ana"}} {
		o.take(l)
	}
	for _, command := range []string{"#estado", "#formato"} {
		answer := func(from string) string {
			o.take(letter{from: from, subject: "@ " + command})
			data := o.last.Notices[0].Data
			data.Recipient, data.Ticket.ChangedAt = "", time.Time{}
			return dump(t, data)
		}
		official, follower := answer(pedro), answer(nadie)
		if follower != official {
			t.Errorf("%s: the follower is answered\n%s\nand the official\n%s", command, follower, official)
		}
		if strings.Contains(follower, "Entre nosotros") || !strings.Contains(follower, "Contratos") {
			t.Errorf("%s: the follower is answered %s", command, follower)
		}
	}
}

// checkReplay holds the tickets against what their events add up to.
func (o *office) checkReplay() {
	o.t.Helper()
	for n, events := range o.events {
		replayed, err := tickets.Replay(events)
		if err != nil {
			o.t.Errorf("replaying %s: %v", n, err)
			continue
		}
		if got, want := fmt.Sprintf("%+v", *replayed), fmt.Sprintf("%+v", *o.tickets[n]); got != want {
			o.t.Errorf("events of %s add up to\n%s, want\n%s", n, got, want)
		}
	}
}
