package tickets

import (
	"slices"
	"strings"
)

// priorityWord names a priority in Spanish and English.
type priorityWord struct {
	priority Priority
	words    []string // folded, the Spanish one first
}

func priorityWords() []priorityWord {
	return []priorityWord{
		{Critical, []string{"critica", "critical"}},
		{High, []string{"alta", "high"}},
		{Medium, []string{"media", "medium"}},
		{Low, []string{"baja", "low"}},
	}
}

// priorityArg reads the argument of #prioridad; unambiguous beginnings serve.
func priorityArg(arg string) (Priority, *Problem) {
	folded := Fold(arg)
	choices, all := []string{}, []string{}
	var begun []Priority
	for _, p := range priorityWords() {
		choices = append(choices, p.words[0])
		all = append(all, p.words...)
		if slices.Contains(p.words, folded) {
			return p.priority, nil
		}
		if len(folded) >= 2 && slices.ContainsFunc(p.words, func(w string) bool { return strings.HasPrefix(w, folded) }) {
			begun = append(begun, p.priority)
		}
	}
	switch {
	case folded == "":
		return "", &Problem{Code: ProblemMissingArgument, Choices: choices}
	case len(begun) == 1:
		return begun[0], nil
	}
	return "", &Problem{Code: ProblemUnknownArgument, Value: arg, Nearest: Nearest(arg, all), Choices: choices}
}

// technician finds the technician whom a name means: an alias, an address, the whole name or any words of it.
func (p *Policy) technician(name string) (Person, *Problem) {
	folded := Fold(name)
	var exact, partial []Person
	var choices []string
	for _, t := range p.People.With(RoleTechnician) {
		choices = append(choices, t.Name)
		names := append([]string{t.Name}, t.Aliases...)
		switch {
		case t.Has(name), slices.ContainsFunc(names, func(n string) bool { return Fold(n) == folded }):
			exact = append(exact, t)
		case hasWords(Fold(t.Name), folded):
			partial = append(partial, t)
		}
	}
	fits := exact
	if len(fits) == 0 {
		fits = partial
	}
	switch {
	case folded == "":
		return Person{}, &Problem{Code: ProblemMissingArgument, Choices: choices}
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		var several []string
		for _, t := range fits {
			several = append(several, t.Name)
		}
		return Person{}, &Problem{Code: ProblemAmbiguous, Value: name, Choices: several}
	}
	return Person{}, &Problem{Code: ProblemUnknownArgument, Value: name, Nearest: p.nearestTechnician(folded), Choices: choices}
}

// nearestTechnician compares with whole names, aliases and single words of names, because people slip in any of them.
func (p *Policy) nearestTechnician(folded string) string {
	of := map[string]string{}
	var names []string
	for _, t := range p.People.With(RoleTechnician) {
		for _, n := range append(append([]string{t.Name}, t.Aliases...), strings.Fields(t.Name)...) {
			of[n] = t.Name
			names = append(names, n)
		}
	}
	return of[Nearest(folded, names)]
}

// hasWords reports whether each word of asked begins a different word of name, in order.
func hasWords(name, asked string) bool {
	rest := strings.Fields(name)
	words := strings.Fields(asked)
	for _, w := range words {
		at := slices.IndexFunc(rest, func(n string) bool { return strings.HasPrefix(n, w) })
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
	}
	return len(words) > 0
}
