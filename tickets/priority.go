package tickets

import (
	"slices"
	"strings"

	"radicado/mailbox"
)

// Level is how large the impact of a fault is, or how urgent its repair.
type Level string

// The levels.
const (
	LevelHigh    Level = "high"
	LevelMedium  Level = "medium"
	LevelLow     Level = "low"
	LevelUnknown Level = ""
)

// Weigh returns the priority that follows from impact and urgency; an unknown level counts as medium.
func Weigh(impact, urgency Level) Priority {
	weight := func(l Level) int {
		switch l {
		case LevelHigh:
			return 2
		case LevelLow:
			return 0
		}
		return 1
	}
	switch weight(impact) + weight(urgency) {
	case 4:
		return Critical
	case 3:
		return High
	case 2:
		return Medium
	}
	return Low
}

// PriorityRule gives a priority to the new requests that it fits. Of each list that is not empty, one entry must fit.
type PriorityRule struct {
	Senders  []string // addresses, or domains such as "@ministerio.example"
	Offices  []string // of the official
	Words    []string // in the subject
	Priority Priority // Unassessed: from impact and urgency
	Impact   Level
	Urgency  Level
}

// fits reports whether the rule is for the request.
func (r PriorityRule) fits(t *Ticket) bool {
	subject := slices.Collect(wordsIn(t.Subject))
	return fitsOne(r.Senders, func(s string) bool { return isFrom(t.Requester, s) }) &&
		fitsOne(r.Offices, func(o string) bool { return Fold(o) == Fold(t.Office) }) &&
		fitsOne(r.Words, func(w string) bool { return hasPhrase(subject, slices.Collect(wordsIn(w))) })
}

func fitsOne(list []string, fits func(string) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, fits)
}

func isFrom(a mailbox.Address, sender string) bool {
	if domain, cut := strings.CutPrefix(sender, "@"); cut {
		return strings.EqualFold(a.Domain(), domain)
	}
	return strings.EqualFold(a.Addr, sender)
}

// hasPhrase reports whether words follow one another in a text.
func hasPhrase(text, words []string) bool {
	for i := 0; len(words) > 0 && i+len(words) <= len(text); i++ {
		if slices.Equal(text[i:i+len(words)], words) {
			return true
		}
	}
	return false
}

// presumed returns the priority that the rules give to a request, nil for none. Earlier rules come before later ones.
func (p *Policy) presumed(t *Ticket) *PrioritisedFact {
	fact := &PrioritisedFact{Presumed: true}
	for _, r := range p.PriorityRules {
		if !r.fits(t) {
			continue
		}
		if fact.Priority == Unassessed && fact.Impact == LevelUnknown && fact.Urgency == LevelUnknown {
			fact.Priority = r.Priority
		}
		if fact.Impact == LevelUnknown {
			fact.Impact = r.Impact
		}
		if fact.Urgency == LevelUnknown {
			fact.Urgency = r.Urgency
		}
	}
	switch {
	case fact.Priority != Unassessed:
		fact.Impact, fact.Urgency = LevelUnknown, LevelUnknown
	case fact.Impact == LevelUnknown && fact.Urgency == LevelUnknown:
		return nil
	default:
		fact.Priority = Weigh(fact.Impact, fact.Urgency)
	}
	return fact
}

// levelArg reads a level; unambiguous beginnings serve.
func levelArg(word string) (Level, bool) {
	folded := Fold(word)
	for _, l := range []struct {
		level Level
		words []string
	}{{LevelHigh, []string{"alto", "alta", "high"}}, {LevelMedium, []string{"medio", "media", "medium"}}, {LevelLow, []string{"bajo", "baja", "low"}}} {
		if folded != "" && slices.ContainsFunc(l.words, func(w string) bool { return strings.HasPrefix(w, folded) }) {
			return l.level, true
		}
	}
	return LevelUnknown, false
}

// weighedArg reads "IMPACT/URGENCY"; ok is false where the argument is not written like that.
func weighedArg(arg string) (fact *PrioritisedFact, problem *Problem, ok bool) {
	first, second, ok := strings.Cut(arg, "/")
	if !ok {
		return nil, nil, false
	}
	impact, known := levelArg(first)
	urgency, knownToo := levelArg(second)
	if !known || !knownToo {
		return nil, &Problem{Code: ProblemLevels, Value: arg}, true
	}
	return &PrioritisedFact{Priority: Weigh(impact, urgency), Impact: impact, Urgency: urgency}, nil, true
}
