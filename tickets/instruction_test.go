package tickets_test

import (
	"slices"
	"strings"
	"testing"

	"radicado/tickets"
)

// instructions furnishes an office with checklists and articles.
func instructions(o *office) {
	o.policy.Instructions = []tickets.Instruction{
		{Name: "desarrollo", Title: "Desarrollo de software", Inform: []string{"jefe@ministerio.example"}, Steps: []tickets.Step{
			{Text: "Requerimientos", Role: "Técnico"}, {Text: "Aprobación", Role: "Coordinador", Inform: []string{"oti@ministerio.example"}}}},
		{Name: "adquisicion", Title: "Adquisición de hardware y software", Aliases: []string{"compra"}, Steps: []tickets.Step{{Text: "Estudio"}}},
		{Name: "permisos", Title: "Permisos", Steps: []tickets.Step{{Text: "Visto bueno", Inform: []string{"oti@ministerio.example"}}, {Text: "Cambio"}, {Text: "Prueba"}}},
	}
	o.policy.Library = tickets.NewLibrary([]tickets.Article{
		{Name: "clave-correo", Title: "Cómo cambiar la clave del correo", Words: []string{"contraseña"}, Text: "Entre a la página del correo."},
		{Name: "impresora", Title: "La impresora no imprime", Words: []string{"atasco"}, Text: "Apáguela y enciéndala."},
		{Name: "red", Title: "No hay internet", Words: []string{"wifi"}, Text: "Revise el cable."},
	})
}

func TestInstructions(t *testing.T) {
	assigned := []letter{request, {from: marta, subject: "@ #asignar ana"}}
	referred := append(slices.Clone(assigned), letter{from: ana, subject: "@ #instructivo desarrollo"})
	half := append(slices.Clone(referred), letter{from: ana, subject: "@ #paso 1 acta firmada"})
	done := append(slices.Clone(half), letter{from: marta, subject: "@ #paso 2"})
	checkRows(t, instructions, []row{
		{"referred", assigned, letter{from: ana, subject: "@ #instructivo desarrollo"},
			"referred by technician | = referred | > instruction to jefe | > status to pedro | > status to marta | > receipt to ana"},
		{"by another name", assigned, letter{from: ana, subject: "@ #instr Compra"}, "referred by technician | = referred | > status to pedro | > status to marta | > receipt to ana"},
		{"by a name that fits two", assigned, letter{from: ana, subject: "@ #instructivo software"}, "refused by technician | = coordinated | > receipt to ana !ambiguous"},
		{"by a slip", assigned, letter{from: ana, subject: "@ #instructivo desarollo"}, "refused by technician | = coordinated | > receipt to ana !unknown_argument?desarrollo"},
		{"by no name", assigned, letter{from: ana, subject: "@ #instructivo"}, "refused by technician | = coordinated | > receipt to ana !missing_argument"},
		{"twice", referred, letter{from: ana, subject: "@ #instructivo desarrollo"}, "refused by technician | = referred | > receipt to ana !nothing_to_do"},
		{"an official refers nothing", assigned, letter{from: pedro, subject: "@ #instructivo compra"}, "refused by requester | = coordinated | > receipt to pedro !forbidden"},
		{"a step, and whose turn is next is told", referred, letter{from: ana, subject: "@ #paso 1 acta firmada"}, "stepped by technician | = referred | > instruction to oti | > receipt to ana"},
		{"two steps at once end it", referred, letter{from: ana, subject: "@ #paso 1 #paso 2"}, "stepped by technician | stepped by technician | = in_service | > status to pedro | > receipt to ana"},
		{"what people were told of is not undone", half, letter{from: ana, subject: "@ #deshacer"}, "refused by technician | = referred | > receipt to ana !irrevocable"},
		{"what nobody was told of is", done[:len(done):len(done)], letter{from: marta, subject: "@ #deshacer"}, "undone by coordinator | = referred | > status to pedro | > receipt to marta"},
		{"a step out of turn tells nobody again", append(slices.Clone(assigned), letter{from: ana, subject: "@ #instructivo permisos"}), letter{from: ana, subject: "@ #paso 2"}, "stepped by technician | = referred | > receipt to ana"},
		{"referred and a step at once", assigned, letter{from: ana, subject: "@ #instructivo desarrollo #paso 1"},
			"referred by technician | stepped by technician | = referred | > instruction to jefe | > instruction to oti | > status to pedro | > status to marta | > receipt to ana"},
		{"a step again", half, letter{from: ana, subject: "@ #paso 1"}, "refused by technician | = referred | > receipt to ana !nothing_to_do"},
		{"a step that there is not", half, letter{from: ana, subject: "@ #paso 3"}, "refused by technician | = referred | > receipt to ana !unknown_argument"},
		{"a step without its number", half, letter{from: ana, subject: "@ #paso aprobado"}, "refused by technician | = referred | > receipt to ana !unknown_argument"},
		{"a step too large for any number", half, letter{from: ana, subject: "@ #paso 99999999999999999999"}, "refused by technician | = referred | > receipt to ana !unknown_argument"},
		{"a step of no instruction", assigned, letter{from: ana, subject: "@ #paso 1"}, "refused by technician | = coordinated | > receipt to ana !no_instruction"},
		{"closing half done", half, letter{from: marta, subject: "@ #cerrar ya no hace falta"}, "refused by coordinator | = referred | > receipt to marta !unfinished"},
		{"solving half done", half, letter{from: ana, subject: "@ #solucion Listo"}, "refused by technician | = referred | > receipt to ana !unfinished"},
		{"forcing it", half, letter{from: marta, subject: "@ #cerrar forzar se canceló el proyecto"}, "closed by coordinator | = closed | > closed to pedro | > status to ana | > receipt to marta"},
		{"forcing it, the reason in the mail", half, letter{from: marta, subject: "@ #cerrar forzar", text: "Se canceló el proyecto."}, "closed by coordinator | = closed | > closed to pedro | > status to ana | > receipt to marta"},
		{"forcing it, the reason in the subject, and a text", half, letter{from: marta, subject: "@ #cerrar forzar se canceló", text: "Entre nosotros."}, "closed by coordinator | noted by coordinator | = closed | > closed to pedro | > status to ana | > receipt to marta"},
		{"forcing it, and a note, with one text for both", half, letter{from: marta, subject: "@ #cerrar forzar #nota", text: "Se canceló el proyecto."}, "refused by coordinator | noted by coordinator | = referred | > receipt to marta !text_twice"},
		{"a note, and forcing it, with one text for both", half, letter{from: marta, subject: "@ #nota #cerrar forzar", text: "Se canceló el proyecto."}, "refused by coordinator | noted by coordinator | = referred | > receipt to marta !text_twice"},
		{"forcing it when it is closed", append(slices.Clone(half), letter{from: marta, subject: "@ #cerrar forzar ya"}), letter{from: marta, subject: "@ #cerrar forzar"}, "refused by coordinator | = closed | > receipt to marta !state"},
		{"forcing it without a reason", half, letter{from: marta, subject: "@ #cerrar forzar"}, "refused by coordinator | = referred | > receipt to marta !missing_text"},
		{"the official takes the request back", half, letter{from: pedro, subject: "@ #cerrar"}, "closed by requester | = closed | > closed to pedro | > status to ana | > status to marta | > receipt to pedro"},
		{"solving when all is done", done, letter{from: ana, subject: "@ #solucion En producción"}, "resolved by technician | = resolved | > resolved to pedro | > status to marta | > receipt to ana"},
		{"an article", assigned, letter{from: ana, subject: "@ #solucion impresora"}, "resolved by technician | = resolved | > resolved to pedro | > status to marta | > receipt to ana"},
		{"a slip in an article's name", assigned, letter{from: ana, subject: "@ #solucion clave-coreo"}, "refused by technician | = coordinated | > receipt to ana !unknown_argument?clave-correo"},
	})
}

// TestTextOfStaffIsKeptOnce sees where the text of a mail goes, and what the receipt says of it.
func TestTextOfStaffIsKeptOnce(t *testing.T) {
	const text = "Entre nosotros: el funcionario desistió."
	for commands, want := range map[string]struct{ note, told bool }{
		"#cerrar forzar":                  {note: false, told: true},
		"#cerrar":                         {note: false, told: true},
		"#cerrar forzar ya no hace falta": {note: true, told: false},
		"#prioridad alta":                 {note: true, told: false},
		"#cerar":                          {note: true, told: false}, // refused
		"#espera #cerrar forzar":          {note: true, told: false}, // refused
	} {
		o := newOffice(t)
		o.take(request)
		o.take(letter{from: marta, subject: "@ " + commands, text: text})
		noted, said, told := false, false, false
		for _, e := range o.events[first] {
			f, is := e.Fact.(*tickets.NotedFact)
			noted = noted || is && f.Text == text
		}
		for _, n := range o.last.Notices {
			if n.Kind == tickets.NoticeReceipt {
				said = n.Data.Receipt.NoteKept
			}
			told = told || n.To.Addr == pedro && strings.Contains(n.Data.Text, text)
		}
		if noted != want.note || said != want.note || told != want.told {
			t.Errorf("%s: noted %v, so the receipt says %v, the official is told %v, want %+v", commands, noted, said, told, want)
		}
	}
}

func TestArticleIsTheSolution(t *testing.T) {
	for arg, want := range map[string][2]string{
		"clave-correo":                     {"clave-correo", "Entre a la página del correo."},
		"Cómo cambiar la clave del correo": {"clave-correo", "Entre a la página del correo."},
		"Se cambió el tóner":               {"", "Se cambió el tóner"},
	} {
		o := newOffice(t)
		instructions(o)
		o.take(request)
		o.take(letter{from: marta, subject: "@ #solucion " + arg})
		if got := o.tickets[first]; got.Article != want[0] || got.Solution != want[1] {
			t.Errorf("%q: article %q, solution %q", arg, got.Article, got.Solution)
		}
	}
}

func TestSuggest(t *testing.T) {
	o := newOffice(t)
	instructions(o)
	for text, want := range map[string]string{
		"La IMPRESORA del piso 2 no imprimió":            "impresora",
		"olvidé mi contraseña y no entro al correo":      "clave-correo",
		"No tengo internet ni wifi":                      "red",
		"Buenos días, necesito una silla nueva. Gracias": "",
	} {
		got := ""
		if fits := o.policy.Library.Suggest(tickets.GistOf(text)); len(fits) > 0 {
			got = fits[0].Name
		}
		if got != want {
			t.Errorf("%q: suggested %q, want %q", text, got, want)
		}
	}
}

// TestSuggestionReachesTheCoordinator shows the article and a button for it to the coordinator alone.
func TestSuggestionReachesTheCoordinator(t *testing.T) {
	o := newOffice(t)
	instructions(o)
	o.take(request)
	for _, n := range o.last.Notices {
		button := slices.Contains(n.Data.Links, tickets.Link{Verb: tickets.VerbSolve, Arg: "impresora"})
		if want := n.Kind == tickets.NoticeNewRequest; (len(n.Data.Articles) > 0) != want || button != want {
			t.Errorf("%s: articles %v, button %v", n.Kind, n.Data.Articles, button)
		}
	}
}
