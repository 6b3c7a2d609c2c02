package tickets_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"radicado/tickets"
)

// row is a mail and all that it brings about, joined by " | ".
type row struct {
	name  string
	given []letter
	mail  letter
	want  string
}

// checkRows takes each row's mails in an office of its own, which prepare furnishes.
func checkRows(t *testing.T, prepare func(*office), rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			o := newOffice(t)
			if prepare != nil {
				prepare(o)
			}
			for _, l := range r.given {
				o.take(l)
			}
			if got := strings.Join(o.take(r.mail), " | "); got != r.want {
				t.Errorf("\n got %s\nwant %s", got, r.want)
			}
			o.checkReplay()
		})
	}
}

func TestService(t *testing.T) {
	assigned := []letter{request, {from: marta, subject: "@ #asignar ana"}}
	solved := append(slices.Clone(assigned), letter{from: ana, subject: "@ #solucion Listo"})
	closed := append(slices.Clone(solved), letter{from: marta, subject: "@ #cerrar"})
	checkRows(t, func(o *office) {
		o.policy.Types = []string{"Equipos", "Redes", "Correo y cuentas", "Desarrollo de software"}
	}, []row{
		{"a kind by a word of it", assigned, letter{from: marta, subject: "@ #tipo cuentas"}, "typed by coordinator | = coordinated | > receipt to marta"},
		{"a kind sets coordination off", []letter{request}, letter{from: marta, subject: "@ #tipo Redes"}, "typed by coordinator | = coordinated | > status to pedro | > receipt to marta"},
		{"an unknown kind", assigned, letter{from: ana, subject: "@ #tipo rdes"}, "refused by technician | = coordinated | > receipt to ana !unknown_argument?Redes"},
		{"no kind", assigned, letter{from: ana, subject: "@ #tipo"}, "refused by technician | = coordinated | > receipt to ana !missing_argument"},
		{"the same kind again", append(slices.Clone(assigned), letter{from: ana, subject: "@ #tipo redes"}), letter{from: ana, subject: "@ #tipo redes"}, "refused by technician | = coordinated | > receipt to ana !nothing_to_do"},
		{"a kind after the end", closed, letter{from: marta, subject: "@ #tipo redes"}, "refused by coordinator | = closed | > receipt to marta !state"},
		{"an official sets no kind", assigned, letter{from: pedro, subject: "@ #tipo redes"}, "refused by requester | = coordinated | > receipt to pedro !forbidden"},
		{"a diagnosis starts the service", assigned, letter{from: ana, subject: "@ #diagnostico", text: "Rodillo gastado."}, "diagnosed by technician | started by technician | = in_service | > status to pedro | > receipt to ana"},
		{"a diagnosis without words", assigned, letter{from: ana, subject: "@ #diagnostico"}, "refused by technician | = coordinated | > receipt to ana !missing_text"},
		{"diagnosis and plan in one mail", assigned, letter{from: ana, subject: "@ #diag Rodillo gastado #plan Cambiarlo el lunes"},
			"diagnosed by technician | started by technician | planned by technician | = in_service | > status to pedro | > receipt to ana"},
		{"a plan of the coordinator", assigned, letter{from: marta, subject: "@ #plan Cambiarlo"}, "planned by coordinator | = coordinated | > receipt to marta"},
		{"a plan for what is solved", solved, letter{from: ana, subject: "@ #plan Cambiarlo"}, "refused by technician | = resolved | > receipt to ana !state"},
		{"a follower", assigned, letter{from: marta, subject: "@ #copia sofia@ministerio.example"}, "followed by coordinator | = coordinated | > copied to sofia | > receipt to marta"},
		{"two followers", assigned, letter{from: marta, subject: "@ #copia sofia@ministerio.example #cc jefe@ministerio.example"},
			"followed by coordinator | followed by coordinator | = coordinated | > copied to sofia | > copied to jefe | > receipt to marta"},
		{"a follower gets what the official gets", append(slices.Clone(assigned), letter{from: marta, subject: "@ #copia sofia@ministerio.example"}),
			letter{from: ana, subject: "@ #solucion Listo"}, "resolved by technician | = resolved | > resolved to pedro | > resolved to sofia | > status to marta | > receipt to ana"},
		{"the official already follows", assigned, letter{from: marta, subject: "@ #copia pedro@ministerio.example"}, "refused by coordinator | = coordinated | > receipt to marta !nothing_to_do"},
		{"no address", assigned, letter{from: marta, subject: "@ #copia Sofía"}, "refused by coordinator | = coordinated | > receipt to marta !address"},
		{"a vendor does not follow", assigned, letter{from: marta, subject: "@ #copia " + ventas}, "refused by coordinator | = coordinated | > receipt to marta !address"},
		{"the desk does not follow", assigned, letter{from: marta, subject: "@ #copia " + desk}, "refused by coordinator | = coordinated | > receipt to marta !address"},
		{"a technician adds no follower", assigned, letter{from: ana, subject: "@ #copia sofia@ministerio.example"}, "refused by technician | = coordinated | > receipt to ana !forbidden"},
		{"registered on behalf", nil, letter{from: marta, subject: "Proyector dañado #para Sofía Vergel <sofia@ministerio.example> #prioridad alta", text: "Llamó por teléfono."},
			"registered by coordinator | entered by coordinator | prioritised by coordinator | = coordinated | > acknowledgement to sofia | > new_request to marta | > receipt to marta"},
		{"an old request on behalf", []letter{{from: marta, subject: "Proyector"}}, letter{from: marta, subject: "@ #para sofia@ministerio.example"},
			"entered by coordinator | = registered | > acknowledgement to sofia | > receipt to marta"},
		{"on behalf of the same", assigned, letter{from: marta, subject: "@ #para pedro@ministerio.example"}, "refused by coordinator | = coordinated | > receipt to marta !nothing_to_do"},
		{"on behalf of nobody", assigned, letter{from: marta, subject: "@ #para"}, "refused by coordinator | = coordinated | > receipt to marta !missing_argument"},
	})
}

// dump returns a value with all that is in it.
func dump(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestEnteredKeepsWhoRegistered keeps the coordinator's name with a request on behalf of somebody.
func TestEnteredKeepsWhoRegistered(t *testing.T) {
	o := newOffice(t)
	o.take(letter{from: marta, subject: "Proyector #para sofia@ministerio.example"})
	got := o.tickets[first]
	if got.Requester.Addr != sofia || got.OnBehalfBy != marta {
		t.Errorf("requester %s, on behalf by %s", got.Requester.Addr, got.OnBehalfBy)
	}
	if lines := o.take(letter{from: sofia, subject: "@", text: "Gracias por registrarla, es la sala 2."}); !slices.Contains(lines, "answered by requester") {
		t.Errorf("the official may not write: %v", lines)
	}
	if state := o.tickets[first].State; state != tickets.Registered {
		t.Errorf("state %s", state)
	}
}
