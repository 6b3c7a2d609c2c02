package tickets_test

import (
	"slices"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

func TestSurvey(t *testing.T) {
	solved := []letter{request, {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #solucion Tóner nuevo"}}
	closed := append(slices.Clone(solved), letter{from: marta, subject: "@ #cerrar"})
	const reopened = "answered by requester | reopened by requester | = in_service | > reopened to ana | > reopened to marta"
	const confirmed = "answered by requester | closed by requester | = closed | > closed to pedro | > status to ana | > status to marta"
	checkRows(t, nil, []row{
		{"a score", closed, letter{from: pedro, subject: "@ #encuesta 5"}, "surveyed by requester | = closed | > receipt to pedro"},
		{"a score with a signature or comment in the mail does not reopen", closed, letter{from: pedro, subject: "@ #encuesta 4", text: "Enviado desde mi celular"}, "surveyed by requester | = closed | > receipt to pedro"},
		{"a score in words beside it", closed, letter{from: pedro, subject: "@ #encuesta 2 muy lento"}, "surveyed by requester | = closed | > receipt to pedro"},
		{"another score", append(slices.Clone(closed), letter{from: pedro, subject: "@ #encuesta 5"}), letter{from: pedro, subject: "@ #encuesta 3"}, "surveyed by requester | = closed | > receipt to pedro"},
		{"the same score", append(slices.Clone(closed), letter{from: pedro, subject: "@ #encuesta 5"}), letter{from: pedro, subject: "@ #encuesta 5"}, "refused by requester | = closed | > receipt to pedro !nothing_to_do"},
		{"no score", closed, letter{from: pedro, subject: "@ #encuesta"}, "refused by requester | = closed | > receipt to pedro !missing_argument"},
		{"six", closed, letter{from: pedro, subject: "@ #encuesta 6"}, "refused by requester | = closed | > receipt to pedro !unknown_argument"},
		{"ten", closed, letter{from: pedro, subject: "@ #encuesta 10"}, "refused by requester | = closed | > receipt to pedro !unknown_argument"},
		{"too early", []letter{request}, letter{from: pedro, subject: "@ #encuesta 5"}, "refused by requester | = registered | > receipt to pedro !state"},
		{"staff does not rate itself", closed, letter{from: ana, subject: "@ #encuesta 5"}, "refused by technician | = closed | > receipt to ana !forbidden"},
		{"the same score with the same comment does not reopen", append(slices.Clone(closed), letter{from: pedro, subject: "@ #encuesta 5", text: "Ana resolvió todo rápido."}), letter{from: pedro, subject: "@ #encuesta 5", text: "Ana resolvió todo rápido."},
			"refused by requester | answered by requester | = closed | > incoming to ana | > receipt to pedro !nothing_to_do"},
		{"a score that is none, with a comment, does not reopen", closed, letter{from: pedro, subject: "@ #encuesta excelente", text: "Ana resolvió todo rápido."},
			"refused by requester | answered by requester | = closed | > incoming to ana | > receipt to pedro !unknown_argument"},
		{"the form with a word of courtesy does not reopen", closed, letter{from: pedro, subject: "@ #formato", text: "Por favor, para mi archivo.", later: 200 * 24 * time.Hour},
			"answered by requester | = closed | > incoming to ana | > receipt to pedro"},
		{"the form of what is resolved neither reopens nor confirms", solved, letter{from: pedro, subject: "@ #formato", text: "Gracias."},
			"answered by requester | = resolved | > incoming to ana | > receipt to pedro"},
		{"a name that nobody has may be a word that matters", solved, letter{from: pedro, subject: "@", text: "Muchas gracias, Ana. ¡Ya funciona!\n\nPedro"}, reopened},
		{"thanks confirm", solved, letter{from: pedro, subject: "@", text: "Muchas gracias, Ana. Ya funciona."}, confirmed},
		{"thanks and a complaint reopen", solved, letter{from: pedro, subject: "@", text: "Gracias, pero sigue igual."}, reopened},
		{"thanks and a no reopen", solved, letter{from: pedro, subject: "@", text: "Gracias. Ya no funciona."}, reopened},
		{"unproven thanks reopen", solved, letter{from: pedro, subject: "@", text: "Gracias", unproven: true}, reopened},
		{"thanks with a file reopen", solved, letter{from: pedro, subject: "@", text: "Gracias", change: func(m *mailbox.Message) {
			m.Attachments = []mailbox.Attachment{{Name: "error.png"}}
		}}, reopened},
		{"thanks after the end change nothing", closed, letter{from: pedro, subject: "@", text: "Mil gracias"}, "answered by requester | = closed | > incoming to ana"},
		{"thanks before the solution are an answer", solved[:2], letter{from: pedro, subject: "@", text: "Gracias"}, "answered by requester | = coordinated | > incoming to ana"},
		{"the form", closed, letter{from: pedro, subject: "@ #formato"}, "> receipt to pedro"},
		{"the form of another's request", closed, letter{from: sofia, subject: "#formato SS-2026-000001"}, "> receipt to sofia !no_such_ticket"},
		{"the form of nothing", closed, letter{from: marta, subject: "#formato"}, "> receipt to marta !no_ticket"},
	})
}

// TestThanks lists what confirms, and what does not for a single word.
func TestThanks(t *testing.T) {
	for text, want := range map[string]bool{
		"Gracias":    true,
		"GRACIAS!!!": true,
		"Buenos días, muchas gracias por su ayuda. Feliz día.": true,
		"Ok, perfecto 👍":                   true,
		"Confirmado, quedó solucionado.":   true,
		"Gracias Ana María\n\nPedro":       true,
		"Listo ingeniero, ya imprime":      true,
		"Thank you very much!":             true,
		"No":                               false,
		"Gracias, no":                      false,
		"Ya no funciona":                   false,
		"Ok, ¿y la otra impresora?":        false,
		"Gracias. Y ahora no tengo correo": false,
		"Funciona a veces":                 false,
		"Buenos días":                      false,
		"":                                 false,
		"Sí, pero":                         false,
		"Perfecto, sigue dañado":           false,
		"Todo bien menos el color":         false,
		"5":                                false,
	} {
		o := newOffice(t)
		for _, l := range []letter{request, {from: marta, subject: "@ #asignar ana"}, {from: ana, subject: "@ #solucion Listo"}} {
			o.take(l)
		}
		o.take(letter{from: pedro, subject: "@", text: text, change: func(m *mailbox.Message) { m.From.Name = "Pedro Páramo" }})
		if got := o.tickets[first].State == tickets.Closed; got != want {
			t.Errorf("%q closes: %v, want %v", text, got, want)
		}
	}
}

// TestClosureAsksAndAttaches gives the official five answers to tap and the form; nobody else is asked.
func TestClosureAsksAndAttaches(t *testing.T) {
	o := newOffice(t)
	for _, l := range []letter{request, {from: marta, subject: "@ #copia sofia@ministerio.example"}, {from: marta, subject: "@ #cerrar No procede"}} {
		o.take(l)
	}
	for _, n := range o.last.Notices {
		asked := 0
		for _, l := range n.Data.Links {
			if l.Verb == tickets.VerbSurvey {
				asked++
			}
		}
		want := 0
		if n.To.Addr == pedro {
			want = 5
		}
		if asked != want || (n.Kind == tickets.NoticeClosed) != (n.Data.Form == first) {
			t.Errorf("%s to %s: %d answers, form %q", n.Kind, n.To.Addr, asked, n.Data.Form)
		}
	}
}
