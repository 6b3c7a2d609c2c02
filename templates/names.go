package templates

import (
	"strconv"

	"radicado/tickets"
)

// Name returns a state, a priority or a coverage of a warranty in Spanish, as forms show it; any other text stays.
func Name(code string) string {
	if words := spanish.states[tickets.State(code)]; words != "" {
		return words
	}
	if words := spanish.priorities[tickets.Priority(code)]; words != "" && code != "" {
		return words
	}
	switch tickets.Coverage(code) {
	case tickets.CoverageValid:
		return "vigente"
	case tickets.CoverageExpired:
		return "vencida"
	case tickets.CoverageUnknown:
		return "desconocida"
	}
	return code
}

// EventName returns the kind of a fact in Spanish, as forms show it.
func EventName(kind string) string { return orCode(spanish.events[kind], kind) }

// StateName returns a state in the words of a language.
func StateName(s tickets.State, lang string) string {
	return orCode(vocabularyOf(lang).states[s], s)
}

// PriorityName returns a priority in the words of a language.
func PriorityName(p tickets.Priority, lang string) string {
	return orCode(vocabularyOf(lang).priorities[p], p)
}

// ScoreName returns an answer of the survey, from 1 to 5, in the words of a language.
func ScoreName(score int, lang string) string {
	code := strconv.Itoa(score)
	return orCode(vocabularyOf(lang).scores[code], code)
}

// vocabularyOf returns the words of a language, the first of Langs for one that there are none of.
func vocabularyOf(lang string) *vocabulary {
	if w := vocabularies[lang]; w != nil {
		return w
	}
	return vocabularies[Langs()[0]]
}
