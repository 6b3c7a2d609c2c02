package tickets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"radicado/mailbox"
)

// The verbs of step 4.2 where there is no first-level solution.
const (
	VerbInstruct Verb = "instruct"
	VerbStep     Verb = "step"
)

// Instruction is a checklist for specialised requests, an instructivo.
type Instruction struct {
	Name    string   // by which #instructivo calls it
	Title   string   // "Desarrollo de software"
	Aliases []string // further names
	Inform  []string // addresses that are told when a request is referred
	Steps   []Step
}

// Step is one thing to do.
type Step struct {
	Text   string   `json:"text"`
	Role   string   `json:"role,omitempty"`   // who is responsible, as people call it
	Inform []string `json:"inform,omitempty"` // addresses that are told when it is this step's turn
}

// Progress is how far a ticket has come with its instruction.
type Progress struct {
	Name  string     `json:"name,omitempty"`
	Title string     `json:"title,omitempty"`
	Steps []StepDone `json:"steps,omitempty"`
}

// StepDone is a step of a ticket.
type StepDone struct {
	Step
	Done bool      `json:"done,omitempty"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at,omitzero"`
	Note string    `json:"note,omitempty"`
}

// Pending returns the numbers, from 1, of the steps that are not done.
func (p Progress) Pending() []int {
	var list []int
	for i, s := range p.Steps {
		if !s.Done {
			list = append(list, i+1)
		}
	}
	return list
}

// pendingTexts names the steps that are not done.
func (p Progress) pendingTexts() []string {
	var list []string
	for _, n := range p.Pending() {
		list = append(list, fmt.Sprintf("%d. %s", n, strings.TrimRight(p.Steps[n-1].Text, ".")))
	}
	return list
}

// Facts about instructions. A ticket keeps the steps as they were when it was referred: files may change later.
type (
	// ReferredFact refers the ticket to an instruction.
	ReferredFact struct {
		Name   string   `json:"name"`
		Title  string   `json:"title"`
		Inform []string `json:"inform,omitempty"`
		Steps  []Step   `json:"steps"`
	}
	// SteppedFact ticks a step off.
	SteppedFact struct {
		Step int    `json:"step"` // from 1
		Note string `json:"note,omitempty"`
	}
)

// Kind names the fact in the register.
func (*ReferredFact) Kind() string { return "referred" }
func (*SteppedFact) Kind() string  { return "stepped" }

// Internal reports whether the fact is for staff alone.
func (*ReferredFact) Internal() bool { return false }
func (*SteppedFact) Internal() bool  { return true }

func (f *ReferredFact) said() string { return f.Title }
func (f *SteppedFact) said() string {
	return strings.TrimSpace(strconv.Itoa(f.Step) + ". " + f.Note)
}

func (f *ReferredFact) apply(t *Ticket, _ Event) {
	t.Instruction = Progress{Name: f.Name, Title: f.Title}
	for _, s := range f.Steps {
		t.Instruction.Steps = append(t.Instruction.Steps, StepDone{Step: s})
	}
	t.Type = f.Title
	t.State, t.Resume = Referred, ""
}

// apply ticks the step off. After the last, the request goes back to the technician, who records the solution.
func (f *SteppedFact) apply(t *Ticket, e Event) {
	if f.Step < 1 || f.Step > len(t.Instruction.Steps) {
		return
	}
	s := &t.Instruction.Steps[f.Step-1]
	s.Done, s.By, s.At, s.Note = true, e.Actor.Label(), e.At, f.Note
	if len(t.Instruction.Pending()) > 0 {
		return
	}
	switch {
	case t.State == Referred:
		t.State = InService
	case t.Resume == Referred:
		t.Resume = InService
	}
}

// instruction finds the instruction that a word means.
func (p *Policy) instruction(asked string) (Instruction, *Problem) {
	var names []string
	of := map[string]Instruction{}
	for _, in := range p.Instructions {
		for _, n := range append([]string{in.Name, in.Title}, in.Aliases...) {
			names = append(names, n)
			of[n] = in
			if Fold(n) == Fold(asked) {
				return in, nil
			}
		}
	}
	var choices []string
	var fits []Instruction
	for _, in := range p.Instructions {
		choices = append(choices, in.Name)
		if slices.ContainsFunc(append([]string{in.Name, in.Title}, in.Aliases...), func(n string) bool { return hasWords(Fold(n), Fold(asked)) }) {
			fits = append(fits, in)
		}
	}
	switch {
	case asked == "":
		return Instruction{}, &Problem{Code: ProblemMissingArgument, Choices: choices}
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return Instruction{}, &Problem{Code: ProblemAmbiguous, Value: asked, Choices: choices}
	}
	return Instruction{}, &Problem{Code: ProblemUnknownArgument, Value: asked, Nearest: of[nearestWord(Fold(asked), names)].Name, Choices: choices}
}

func (w *work) instruct(c Command, _ string) (Item, *Problem) {
	in, problem := w.in.Policy.instruction(c.Arg)
	switch {
	case problem != nil:
		return Item{}, problem
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	case w.t.Instruction.Name == in.Name && len(w.t.Instruction.Pending()) > 0:
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&ReferredFact{Name: in.Name, Title: in.Title, Inform: in.Inform, Steps: in.Steps})
	return Item{Value: in.Title, Steps: stepViews(w.t.Instruction)}, nil
}

func (w *work) step(c Command, _ string) (Item, *Problem) {
	digits := strings.IndexFunc(c.Arg+" ", func(r rune) bool { return !unicode.IsDigit(r) })
	n, err := strconv.Atoi(c.Arg[:digits])
	pending := w.t.Instruction.pendingTexts()
	switch {
	case len(w.t.Instruction.Steps) == 0:
		return Item{}, &Problem{Code: ProblemNoInstruction}
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	case c.Arg == "":
		return Item{}, &Problem{Code: ProblemMissingArgument, Choices: pending}
	case err != nil, n < 1, n > len(w.t.Instruction.Steps):
		return Item{}, &Problem{Code: ProblemUnknownArgument, Value: c.Arg, Choices: pending}
	case w.t.Instruction.Steps[n-1].Done:
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&SteppedFact{Step: n, Note: strings.TrimLeft(c.Arg[digits:], " .:)-")})
	return Item{Value: strconv.Itoa(n), Steps: stepViews(w.t.Instruction)}, nil
}

// unfinished says why a request whose instruction is not finished cannot end.
func (w *work) unfinished() *Problem {
	if pending := w.t.Instruction.pendingTexts(); len(pending) > 0 {
		return &Problem{Code: ProblemUnfinished, Value: w.t.Instruction.Title, Choices: pending}
	}
	return nil
}

// forced takes "forzar" from the beginning of an argument.
func forced(arg string) (reason string, ok bool) {
	word, rest, _ := strings.Cut(arg, " ")
	folded := strings.TrimRight(Fold(word), ":,.")
	if folded != "forzar" && folded != "force" {
		return arg, false
	}
	return strings.TrimSpace(rest), true
}

// bareForce reports whether an argument forces and leaves the reason to the text of the mail.
func bareForce(arg string) bool {
	reason, force := forced(arg)
	return force && reason == ""
}

// next returns the number of the step whose turn it is, 0 for none.
func (p Progress) next() int { return firstOf(p.Pending()) }

// informed reports whether people are told when the progress becomes another, because it is the turn of a step that names them.
func (p Progress) informed(becomes Progress) bool {
	next := becomes.next()
	return next > 0 && next != p.next() && len(becomes.Steps[next-1].Inform) > 0
}

// tellInformed writes to the addresses that an instruction names: of the whole when it begins, of a step when it is its turn.
func (w *work) tellInformed() {
	var inform []string
	var before Progress
	if w.before != nil {
		before = w.before.Instruction
	}
	for _, e := range w.events {
		switch f := e.Fact.(type) {
		case *ReferredFact:
			inform = append(inform, f.Inform...)
			inform = append(inform, f.Steps[0].Inform...)
			before = Progress{Steps: []StepDone{{Step: f.Steps[0]}}} // whose turn it is
		case *SteppedFact:
			if now := w.t.Instruction; before.informed(now) {
				inform = append(inform, now.Steps[now.next()-1].Inform...)
				before = now
			}
		}
	}
	for _, addr := range inform {
		to := mailbox.Address{Addr: addr}
		role := RoleRequester
		if p, known := w.in.Policy.People.Find(addr); known {
			to.Name = p.Name
			if p.Role.Staff() {
				role = p.Role
			}
		}
		if !w.acting(to) {
			w.notify(NoticeInstruction, to, role, func(d *NoticeData) { d.Steps, d.Next = stepViews(w.t.Instruction), w.t.Instruction.next() })
		}
	}
}

func firstOf(list []int) int {
	if len(list) == 0 {
		return 0
	}
	return list[0]
}

// StepView is a step as a notice shows it.
type StepView struct {
	N    int       `json:"n"`
	Text string    `json:"text"`
	Role string    `json:"role,omitempty"`
	Done bool      `json:"done,omitempty"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at,omitzero"`
	Note string    `json:"note,omitempty"`
}

func stepViews(p Progress) []StepView {
	var views []StepView
	for i, s := range p.Steps {
		views = append(views, StepView{N: i + 1, Text: s.Text, Role: s.Role, Done: s.Done, By: s.By, At: s.At, Note: s.Note})
	}
	return views
}

// offerInstructions adds the links of step 4.2.
func (w *work) offerInstructions(add func(Verb, ...string)) {
	if pending := w.t.Instruction.Pending(); len(pending) > 0 {
		add(VerbStep, strconv.Itoa(pending[0]))
		return
	}
	if len(w.t.Instruction.Steps) > 0 || w.t.State == Registered {
		return
	}
	for _, in := range w.in.Policy.Instructions {
		add(VerbInstruct, in.Name)
	}
}
