package templates

import (
	"slices"
	"time"

	"radicado/tickets"
)

// Speaker says in one language what the notices say, for whatever else shows requests to people.
type Speaker struct {
	Lang string

	set   *Set
	words *vocabulary
}

// Speaker returns the one of a language; for an unknown one, that of the first of Langs.
func (s *Set) Speaker(lang string) Speaker {
	if !slices.Contains(Langs(), lang) {
		lang = Langs()[0]
	}
	return Speaker{lang, s, vocabularies[lang]}
}

// Settings returns what the notices say of the desk.
func (s Speaker) Settings() Settings { return s.set.settings }

// State names a state.
func (s Speaker) State(state tickets.State) string { return orCode(s.words.states[state], state) }

// Priority names a priority.
func (s Speaker) Priority(p tickets.Priority) string { return orCode(s.words.priorities[p], p) }

// Event names the kind of a fact.
func (s Speaker) Event(kind string) string { return orCode(s.words.events[kind], kind) }

// Detail returns what an event of a history says.
func (s Speaker) Detail(l tickets.Line) string { return s.words.detail(l) }

// Date returns a moment with its time of the day.
func (s Speaker) Date(t time.Time) string { return s.words.date(t.In(s.set.settings.Location)) }

// Day returns the day of a moment.
func (s Speaker) Day(t time.Time) string { return s.words.day(t.In(s.set.settings.Location)) }

// WrittenDay returns a day that is stored as "2006-01-02".
func (s Speaker) WrittenDay(day string) string { return s.words.writtenDay(day) }

// Size returns a number of bytes.
func (s Speaker) Size(bytes int64) string { return s.words.size(bytes) }

// Dangerous reports whether opening the file may run something.
func (s Speaker) Dangerous(f tickets.File) bool { return dangerous(f) }

// Actions returns the commands of links about a request, each as a mail to the desk with its subject ready.
func (s Speaker) Actions(number tickets.Number, role tickets.Role, links []tickets.Link) []Action {
	return s.set.buttons(s.Lang, role, number, links)
}

// Answer returns the address of a plain mail to the desk about a request.
func (s Speaker) Answer(number tickets.Number, subject string) string {
	return mailtoLink(s.set.settings.Desk, tagged(number, subject))
}

// Write returns the address of a mail to the desk with that subject, "" for none.
func (s Speaker) Write(subject string) string { return mailtoLink(s.set.settings.Desk, subject) }
