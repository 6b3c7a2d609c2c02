package tickets

import (
	"slices"
	"strings"
	"unicode"
)

// VerbSurvey says how satisfied the official is.
const VerbSurvey Verb = "survey"

// SurveyedFact is what the official thinks of the service.
type SurveyedFact struct {
	Score   int    `json:"score"` // from 1, very dissatisfied, to 5, very satisfied
	Comment string `json:"comment,omitempty"`
}

// Kind names the fact in the register.
func (*SurveyedFact) Kind() string { return "surveyed" }

// Internal reports whether the fact is for staff alone.
func (*SurveyedFact) Internal() bool { return false }

func (f *SurveyedFact) said() string {
	return strings.TrimSpace(string(rune('0'+f.Score)) + "/5\n\n" + f.Comment)
}

func (f *SurveyedFact) apply(t *Ticket, _ Event) { t.Score, t.Comment = f.Score, f.Comment }

// scores are the answers of the survey, best first.
func scores() []string { return []string{"5", "4", "3", "2", "1"} }

// survey carries out #encuesta: a score, and what is written beside it or in the mail.
func (w *work) survey(c Command, text string) (Item, *Problem) {
	score, comment, _ := strings.Cut(c.Arg, " ")
	score = strings.TrimRight(score, ".,:;/")
	switch {
	case c.Arg == "":
		return Item{}, &Problem{Code: ProblemMissingArgument, Choices: scores()}
	case !slices.Contains(scores(), score):
		return Item{}, &Problem{Code: ProblemUnknownArgument, Value: c.Arg, Choices: scores()}
	case w.t.State != Resolved && w.t.State != Closed:
		return Item{}, w.stateProblem()
	}
	said := strings.TrimSpace(strings.TrimSpace(comment) + "\n\n" + text)
	if w.t.Score == int(score[0]-'0') && w.t.Comment == said {
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&SurveyedFact{Score: int(score[0] - '0'), Comment: said})
	return Item{Value: score}, nil
}

// maxThanks bounds what can be nothing but thanks, in words.
const maxThanks = 40

// onlyThanks reports whether a text says thank you or confirms, and nothing else. Every word of it must belong to such a
// phrase: in doubt it does not, for who still has a problem must not be taken for content.
func onlyThanks(text string, names ...string) bool {
	if strings.ContainsAny(text, "?¿") {
		return false
	}
	words := strings.FieldsFunc(Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 || len(words) > maxThanks {
		return false
	}
	var known []string
	for _, n := range names {
		known = append(known, strings.FieldsFunc(Fold(n), func(r rune) bool { return !unicode.IsLetter(r) })...)
	}
	thanked := false
	for len(words) > 0 {
		n := longest(thanks(), words)
		if n > 0 {
			thanked = true
		} else if n = longest(courtesies(), words); n == 0 && slices.Contains(known, words[0]) {
			n = 1
		}
		if n == 0 {
			return false
		}
		words = words[n:]
	}
	return thanked
}

// longest returns how many of the words the longest phrase takes that they begin with.
func longest(phrases []string, words []string) int {
	most := 0
	for _, phrase := range phrases {
		p := strings.Fields(phrase)
		if len(p) > most && len(p) <= len(words) && slices.Equal(p, words[:len(p)]) {
			most = len(p)
		}
	}
	return most
}

// thanks are phrases that thank or confirm, as Fold writes them.
func thanks() []string {
	return []string{"gracias", "muchas gracias", "mil gracias", "muchisimas gracias", "mil y mil gracias", "ok", "okey", "okay", "vale", "listo", "perfecto", "excelente", "genial",
		"confirmo", "confirmado", "recibido", "de acuerdo", "ya funciona", "funciona", "ya funciona bien", "funciona bien", "funciona perfecto",
		"funciona perfectamente", "funciona correctamente", "ya funciona perfectamente", "ya funciona correctamente", "ya quedo", "ya quedo bien", "quedo bien", "quedo listo",
		"quedo perfecto", "quedo solucionado", "ya quedo solucionado", "quedo resuelto", "ya quedo resuelto", "solucionado", "resuelto",
		"problema solucionado", "problema resuelto", "ya imprime", "ya pude entrar", "ya pude ingresar", "ya tengo internet", "todo bien",
		"todo en orden", "todo perfecto", "muy amable", "muy amables", "agradezco su ayuda", "agradezco su colaboracion", "agradezco su gestion",
		"agradezco la ayuda", "agradezco la colaboracion", "muy agradecido", "muy agradecida", "excelente servicio", "muy buen servicio",
		"thanks", "thank you", "many thanks", "thank you very much", "thanks a lot", "it works", "it works now", "works fine", "all good", "great",
		"solved", "confirmed", "perfect"}
}

// courtesies are phrases that say nothing by themselves, as Fold writes them.
func courtesies() []string {
	return []string{"hola", "buenos dias", "buen dia", "buenas tardes", "buenas noches", "buenas", "cordial saludo", "saludos", "un saludo", "saludos cordiales",
		"cordialmente", "atentamente", "feliz dia", "feliz tarde", "feliz noche", "feliz fin de semana", "que tenga buen dia", "que tenga un buen dia",
		"que esten bien", "que este bien", "bendiciones", "un abrazo", "si", "si senor", "si senora", "y", "muy bien", "por todo", "por su ayuda", "por la ayuda", "por su colaboracion",
		"por la colaboracion", "por su atencion", "por la atencion", "por su gestion", "por la gestion", "por su apoyo", "por el apoyo",
		"por su pronta respuesta", "por la pronta respuesta", "por la solucion", "por el servicio", "senor", "senora", "don",
		"dona", "doctor", "doctora", "dr", "dra", "ing", "ingeniero", "ingeniera", "estimado", "estimada", "estimados", "apreciado", "apreciada", "nuevamente", "de nuevo",
		"a todos", "a usted", "a ustedes", "quedo atento", "quedo atenta", "hello", "hi", "dear", "regards", "best regards", "kind regards", "yes"}
}

// content reports whether the official, who proves to be the one, only thanks for the solution.
func (w *work) content(text string) bool {
	m := w.in.Mail.Message
	if !w.in.Sender.Proof.Proven || len(Files(m)) > 0 {
		return false
	}
	names := []string{w.in.Sender.Name, m.From.Name, w.t.Requester.Name}
	for _, p := range w.in.Policy.People {
		if p.Role.Staff() {
			names = append(names, p.Name)
			names = append(names, p.Aliases...)
		}
	}
	return onlyThanks(text, names...)
}
