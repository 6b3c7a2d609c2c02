package tickets

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
)

// StaffView is a technician as the coordinator sees him or her beside a request.
type StaffView struct {
	Name    string    `json:"name"`
	Skills  []string  `json:"skills,omitempty"`  // of those that the request asks for
	Suited  bool      `json:"suited,omitempty"`  // has such a skill, or does everything
	Present bool      `json:"present,omitempty"` // today, or on the next day on which the desk works
	Back    time.Time `json:"back,omitzero"`     // where not present
	Open    int       `json:"open"`              // requests
	Max     int       `json:"max,omitempty"`     // of them, 0 for no limit
	Chosen  bool      `json:"chosen,omitempty"`  // whom #asignar auto takes
}

// Full reports whether the technician has as many requests as he or she may have.
func (s StaffView) Full() bool { return s.Max > 0 && s.Open >= s.Max }

// fits reports whether the technician may be chosen.
func (s StaffView) fits() bool { return s.Suited && s.Present && !s.Full() }

// maxSkillText bounds what is searched for skills, in bytes: who writes more has said what it is about before.
const maxSkillText = 20_000

// staff returns the technicians with how well they suit the request: whoever fits first, of those the least loaded, and of
// those whoever has been idle longest. The first one that fits is chosen.
func (w *work) staff() []StaffView {
	people := w.in.Policy.People.With(RoleTechnician)
	views := make(map[string]StaffView, len(people))
	asked := w.skills(people)
	for _, p := range people {
		v := StaffView{Name: p.Name, Open: w.in.Situation.load(p), Max: p.MaxLoad, Suited: len(p.Skills) == 0}
		for _, skill := range p.Skills {
			if asked[skill] {
				v.Skills, v.Suited = append(v.Skills, skill), true
			}
		}
		present, back := w.in.presence(p)
		if v.Present = present; !present {
			v.Back = back
		}
		views[p.Name] = v
	}
	if !slices.ContainsFunc(people, func(p Person) bool { return len(views[p.Name].Skills) > 0 }) {
		// Nothing in the request asks for a skill that anybody has: everybody will do.
		for name, v := range views {
			v.Suited = true
			views[name] = v
		}
	}
	slices.SortStableFunc(people, func(a, b Person) int {
		x, y := views[a.Name], views[b.Name]
		return cmp.Or(compareBool(x.fits(), y.fits()), cmp.Compare(x.Open, y.Open),
			w.in.Situation.lastAssigned(a).Compare(w.in.Situation.lastAssigned(b)))
	})
	list := make([]StaffView, len(people))
	for i, p := range people {
		list[i] = views[p.Name]
		list[i].Chosen = i == 0 && list[i].fits()
	}
	return list
}

// compareBool puts what is true first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// skills returns which skills of these people the request asks for. It is looked for once in what the request says, for several
// notices about it want to know.
func (w *work) skills(people []Person) map[string]bool {
	if w.t == nil || len(people) == 0 {
		return nil
	}
	if w.read.asked == nil || w.read.kind != w.t.Type || w.read.subject != w.t.Subject || w.read.text != w.t.Text {
		w.read = readSkills(w.t.Type, w.t.Subject, w.t.Text, people)
	}
	return w.read.asked
}

// skillReading is which skills a request asks for that says this.
type skillReading struct {
	kind, subject, text string
	asked               map[string]bool
}

func readSkills(kind, subject, text string, people []Person) skillReading {
	folded := Fold(kind + " " + subject + " " + text[:min(len(text), maxSkillText)])
	return skillReading{kind, subject, text, skillsIn(folded, people)}
}

// skillsIn returns those skills of the people of which each word occurs in the folded text, be it in the plural where the skill is in
// the singular.
func skillsIn(folded string, people []Person) map[string]bool {
	wanted := map[string][]string{} // words by skill
	var missing []string            // words
	var begins [1 << 8]bool         // does one of them begin so?
	for _, p := range people {
		for _, skill := range p.Skills {
			if wanted[skill] != nil {
				continue
			}
			wanted[skill] = slices.Collect(wordsIn(skill))
			missing = append(missing, wanted[skill]...)
			for _, word := range wanted[skill] {
				begins[beginning(word)] = true
			}
		}
	}
	for word := range skillLetters.words(folded) {
		if !begins[beginning(word)] { // nearly always, and cheaper
			continue
		}
		if missing = slices.DeleteFunc(missing, func(s string) bool { return sameStem(word, s) }); len(missing) == 0 {
			break
		}
	}
	asked := map[string]bool{}
	for skill, words := range wanted {
		asked[skill] = len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return slices.Contains(missing, word) })
	}
	return asked
}

// beginning is the same for words of the same stem.
func beginning(word string) byte {
	if len(word) < 3 {
		return word[0]
	}
	return word[0] ^ word[1]<<3 ^ word[2]<<6 // the bits in which small letters differ, spread
}

// wordsIn returns the words of a text in the form in which they are compared.
func wordsIn(text string) iter.Seq[string] { return skillLetters.words(Fold(text)) }

// sameStem reports whether two words differ at most by an ending of two letters: "red" and "redes", "impresora" and
// "impresoras". Shorter words are only themselves.
func sameStem(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= 3 && len(b)-len(a) <= 2 && strings.HasPrefix(b, a)
}

// isAuto reports whether the argument of #asignar leaves the choice to us.
func isAuto(arg string) bool {
	return slices.Contains([]string{"auto", "automatico", "automaticamente", "automatic", "automatically"}, Fold(arg))
}

// assignAuto gives the request to whoever suits it best, or says why nobody does.
func (w *work) assignAuto() (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	staff := w.staff()
	if len(staff) == 0 || !staff[0].Chosen {
		return Item{}, &Problem{Code: ProblemNobody, Staff: staff}
	}
	p, problem := w.in.Policy.technician(staff[0].Name)
	switch {
	case problem != nil:
		return Item{}, problem
	case w.samePerson(w.t.Technician, p.Address()):
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&AssignedFact{Technician: p.Address(), Auto: true})
	return Item{Value: p.Name}, nil
}

// absent says whether a person is absent now, or when the desk opens next.
func (w *work) absent(p Person) *Problem {
	at := w.in.Policy.calendar().NextOpening(w.in.Now)
	for _, a := range w.in.Situation.absences(p) {
		if a.From.After(at) || !a.To.After(at) {
			continue
		}
		problem := &Problem{Code: ProblemAbsent, Value: p.Name, From: a.From, Last: lastDay(a.To)}
		for _, s := range w.staff() {
			if s.Present {
				problem.Choices = append(problem.Choices, s.Name)
			}
		}
		return problem
	}
	return nil
}

// preset does what the policy says of every new request: whoever sent the mail may do otherwise by a command of the same mail.
func (w *work) preset() {
	sender := w.actor
	w.actor = Actor{Role: RoleSystem}
	defer func() { w.actor = sender }()
	if fact := w.in.Policy.presumed(w.t); fact != nil && !w.says(VerbPriority) {
		w.add(fact)
	}
	if w.in.Policy.AutoAssign && !w.says(VerbAssign, VerbTake) {
		_, problem := w.assignAuto()
		w.nobody = problem != nil && problem.Code == ProblemNobody
	}
}

// says reports whether a proven mail has a command with one of the verbs.
func (w *work) says(verbs ...Verb) bool {
	return w.in.Sender.Proof.Proven && slices.ContainsFunc(w.in.Mail.Commands, func(c Command) bool { return slices.Contains(verbs, c.Verb) })
}
