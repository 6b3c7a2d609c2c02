package templates

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"radicado/tickets"
)

// vocabulary is the closed lists of a language: names of what the domain has codes for. Sentences stand in the templates.
type vocabulary struct {
	states     map[tickets.State]string
	priorities map[tickets.Priority]string
	events     map[string]string // by Kind of the fact
	verbs      map[tickets.Verb]verbWords
	scores     map[string]string // of the survey
	months     [12]string
	or         string
	point      string            // the decimal separator
	auto       string            // the argument of #assign that lets the daemon choose
	choices    map[string]string // arguments as Decide names them, where the language writes them otherwise
	number     string            // stands for the number of a request in examples

	quarter, week, until string // of periods: ordinal and year, days, between two days
	ordinals             [4]string
	weekdays             [7]string
	ages, oldest         string // in days
}

// verbWords is what is said of a command.
type verbWords struct {
	does      string // in the help of staff
	doesOwn   string // in the help of an official, where it is another thing
	argument  string // in the example
	label     string // on the button of staff
	labelArg  string // the same with an argument, %s
	labelOwn  string // on the button of an official
	labelAuto string // with the argument auto
}

// vocabularies by language.
var vocabularies = map[string]*vocabulary{"es": &spanish, "en": &english}

// noBreak joins what must stay on one line: "a. m.", "1,2 MB".
const noBreak = "\u00A0"

// date returns "23 de noviembre de 2026, 10:05 a. m." or "23 November 2026, 10:05".
func (w *vocabulary) date(t time.Time) string {
	month := w.months[t.Month()-1]
	if w != &spanish {
		return fmt.Sprintf("%d %s %d, %s", t.Day(), month, t.Year(), t.Format("15:04"))
	}
	half := "a." + noBreak + "m."
	if t.Hour() >= 12 {
		half = "p." + noBreak + "m."
	}
	return fmt.Sprintf("%d de %s de %d, %s%s%s", t.Day(), month, t.Year(), t.Format("3:04"), noBreak, half)
}

// writtenDay returns a calendar day, "2006-01-02", as people write it: "23 de noviembre de 2026". What is no day stays as it is.
func (w *vocabulary) writtenDay(written string) string {
	t, err := time.Parse(time.DateOnly, written)
	if err != nil {
		return oneLine(written)
	}
	if w != &spanish {
		return fmt.Sprintf("%d %s %d", t.Day(), w.months[t.Month()-1], t.Year())
	}
	return fmt.Sprintf("%d de %s de %d", t.Day(), w.months[t.Month()-1], t.Year())
}

// day returns "23 de noviembre de 2026" or "23 November 2026".
func (w *vocabulary) day(t time.Time) string {
	month := w.months[t.Month()-1]
	if w != &spanish {
		return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
	}
	return fmt.Sprintf("%d de %s de %d", t.Day(), month, t.Year())
}

// size returns a number of bytes for people: "1,2 MB".
func (w *vocabulary) size(bytes int64) string {
	unit, value := "B", float64(bytes)
	for _, larger := range []string{"KB", "MB", "GB"} {
		if value < 1000 {
			break
		}
		unit, value = larger, value/1000
	}
	digits := 0
	if unit != "B" && value < 10 {
		digits = 1
	}
	return strings.Replace(strconv.FormatFloat(value, 'f', digits, 64), ".", w.point, 1) + noBreak + unit
}

// choice returns an argument that may be written, in the words of the language.
func (w *vocabulary) choice(arg string) string {
	if own, known := w.choices[tickets.Fold(arg)]; known {
		return own
	}
	return oneLine(arg)
}

// either returns choices as an enumeration: "alta, media o baja".
func (w *vocabulary) either(choices []string) string {
	if len(choices) == 0 {
		return ""
	}
	own := make([]string, len(choices))
	for i, c := range choices {
		own[i] = w.choice(c)
	}
	last := own[len(own)-1]
	if len(own) == 1 {
		return last
	}
	or := w.or
	if w == &spanish && strings.HasPrefix(tickets.Fold(last), "o") {
		or = "u" // "una u otra"
	}
	return strings.Join(own[:len(own)-1], ", ") + " " + or + " " + last
}

// value returns what a command set in words: the code of a priority becomes its name, anything else stays.
func (w *vocabulary) value(verb tickets.Verb, value string) string {
	if verb == tickets.VerbPriority {
		return orCode(w.priorities[tickets.Priority(value)], value)
	}
	if verb == tickets.VerbSurvey {
		return orCode(w.scores[value], value)
	}
	return value
}

// argument returns the argument of a link as it stands in a subject.
func (w *vocabulary) argument(l tickets.Link) string {
	if l.Verb == tickets.VerbSurvey {
		return l.Arg
	}
	return w.value(l.Verb, l.Arg)
}

// detail returns what an event of the history says: a priority by its name, anything else as it was written.
func (w *vocabulary) detail(l tickets.Line) string {
	if l.Kind == new(tickets.PrioritisedFact).Kind() {
		return w.value(tickets.VerbPriority, l.Text)
	}
	return l.Text
}

// label returns what the button of a link says to somebody of that role.
func (w *vocabulary) label(l tickets.Link, role tickets.Role) string {
	words, known := w.verbs[l.Verb]
	switch {
	case !known:
		return string(l.Verb)
	case l.Arg != "" && strings.EqualFold(l.Arg, w.auto) && words.labelAuto != "":
		return words.labelAuto
	case l.Arg != "" && words.labelArg != "":
		return fmt.Sprintf(words.labelArg, w.value(l.Verb, oneLine(l.Arg)))
	case !role.Staff() && words.labelOwn != "":
		return words.labelOwn
	}
	return words.label
}

// sampleNumber returns a number for an example: that of the notice, else a word that stands for one.
func (w *vocabulary) sampleNumber(v *view) tickets.Number {
	if v.Ticket != nil {
		return v.Ticket.Number
	}
	return tickets.Number(w.number)
}

// commandHelp is one command as the help explains it.
type commandHelp struct{ Command, Does, Example string }

// help explains commands to the recipient of a notice.
func (w *vocabulary) help(verbs []tickets.Verb, v *view) []commandHelp {
	var list []commandHelp
	for _, verb := range verbs {
		words := w.verbs[verb]
		h := commandHelp{Command: "#" + Word(verb, v.Lang), Does: words.does}
		if !v.Role.Staff() && words.doesOwn != "" {
			h.Does = words.doesOwn
		}
		h.Example = strings.TrimSpace(h.Command + " " + words.argument)
		list = append(list, h)
	}
	return list
}
