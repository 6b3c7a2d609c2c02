package tickets

import (
	"cmp"
	"net/mail"
	"slices"
	"strings"

	"radicado/mailbox"
)

// The verbs of coordination and service.
const (
	VerbType     Verb = "type"
	VerbDiagnose Verb = "diagnose"
	VerbPlan     Verb = "plan"
	VerbCopy     Verb = "copy"
	VerbFor      Verb = "for"
)

// Facts of coordination and service.
type (
	// TypedFact sets the kind of request, step 4.2 of the procedure.
	TypedFact struct {
		Type string `json:"type"`
	}
	// DiagnosedFact records the diagnosis, step 4.1.
	DiagnosedFact struct {
		Text string `json:"text"`
	}
	// PlannedFact records the plan, step 4.3.
	PlannedFact struct {
		Text string `json:"text"`
	}
	// FollowedFact lets somebody follow the ticket.
	FollowedFact struct {
		Follower mailbox.Address `json:"follower"`
	}
	// EnteredFact makes the ticket that of the official on whose behalf staff registered it.
	EnteredFact struct {
		Requester mailbox.Address `json:"requester"`
		Lang      string          `json:"lang,omitempty"`
		Office    string          `json:"office,omitempty"`
		Telephone string          `json:"telephone,omitempty"`
	}
)

// Kind names the fact in the register.
func (*TypedFact) Kind() string     { return "typed" }
func (*DiagnosedFact) Kind() string { return "diagnosed" }
func (*PlannedFact) Kind() string   { return "planned" }
func (*FollowedFact) Kind() string  { return "followed" }
func (*EnteredFact) Kind() string   { return "entered" }

// Internal reports whether the fact is for staff alone.
func (*TypedFact) Internal() bool     { return false }
func (*DiagnosedFact) Internal() bool { return false }
func (*PlannedFact) Internal() bool   { return false }
func (*FollowedFact) Internal() bool  { return false }
func (*EnteredFact) Internal() bool   { return false }

func (f *TypedFact) said() string     { return f.Type }
func (f *DiagnosedFact) said() string { return f.Text }
func (f *PlannedFact) said() string   { return f.Text }
func (f *FollowedFact) said() string  { return cmp.Or(f.Follower.Name, f.Follower.Addr) }
func (f *EnteredFact) said() string   { return cmp.Or(f.Requester.Name, f.Requester.Addr) }

func (f *TypedFact) apply(t *Ticket, _ Event) {
	t.Type = f.Type
	t.coordinate()
}

func (f *DiagnosedFact) apply(t *Ticket, _ Event) { t.Diagnosis = f.Text }
func (f *PlannedFact) apply(t *Ticket, _ Event)   { t.Plan = f.Text }

func (f *FollowedFact) apply(t *Ticket, _ Event) { t.Followers = append(t.Followers, f.Follower) }

func (f *EnteredFact) apply(t *Ticket, e Event) {
	t.OnBehalfBy = cmp.Or(e.Actor.Addr, t.OnBehalfBy)
	t.Requester, t.Lang, t.Office, t.Telephone = f.Requester, f.Lang, f.Office, f.Telephone
	t.Followers = slices.DeleteFunc(t.Followers, func(a mailbox.Address) bool { return a.Key() == f.Requester.Key() })
}

func (w *work) setType(c Command, _ string) (Item, *Problem) {
	name, problem := choose(c.Arg, w.in.Policy.Types)
	switch {
	case problem != nil:
		return Item{}, problem
	case w.t.State.Final():
		return Item{}, w.stateProblem()
	case w.t.Type == name:
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&TypedFact{Type: name})
	return Item{Value: name}, nil
}

// choose finds the one of the names that people mean by some words of it, in any letter case and without accents.
func choose(asked string, names []string) (string, *Problem) {
	folded := Fold(asked)
	var fits []string
	for _, name := range names {
		if Fold(name) == folded {
			return name, nil
		}
		if hasWords(Fold(name), folded) {
			fits = append(fits, name)
		}
	}
	switch {
	case folded == "":
		return "", &Problem{Code: ProblemMissingArgument, Choices: names}
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return "", &Problem{Code: ProblemAmbiguous, Value: asked, Choices: fits}
	}
	return "", &Problem{Code: ProblemUnknownArgument, Value: asked, Nearest: nearestWord(folded, names), Choices: names}
}

// nearestWord returns the name of which the whole or a word is nearest.
func nearestWord(folded string, names []string) string {
	of := map[string]string{}
	var words []string
	for _, name := range names {
		for _, n := range append([]string{name}, strings.Fields(name)...) {
			if _, taken := of[n]; !taken {
				of[n] = name
				words = append(words, n)
			}
		}
	}
	return of[Nearest(folded, words)]
}

func (w *work) diagnose(_ Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	w.add(&DiagnosedFact{Text: text})
	if w.isTechnician() {
		w.start()
	}
	return Item{}, nil
}

func (w *work) plan(_ Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	w.add(&PlannedFact{Text: text})
	if w.isTechnician() {
		w.start()
	}
	return Item{}, nil
}

// follow lets a further person have what the official gets.
func (w *work) follow(c Command, _ string) (Item, *Problem) {
	a, problem := w.correspondent(c.Arg)
	switch {
	case problem != nil:
		return Item{}, problem
	case w.t.State.Final():
		return Item{}, w.stateProblem()
	case w.t.concerns(a):
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&FollowedFact{Follower: a})
	return Item{Value: cmp.Or(a.Name, a.Addr)}, nil
}

// enter makes the request that of the official for whom the coordinator registered it.
func (w *work) enter(c Command, _ string) (Item, *Problem) {
	a, problem := w.correspondent(c.Arg)
	switch {
	case problem != nil:
		return Item{}, problem
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	case w.t.Requester.Key() == a.Key():
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	o := w.in.Policy.official(a)
	a.Name = cmp.Or(o.Name, a.Name)
	w.add(&EnteredFact{Requester: a, Lang: cmp.Or(o.Lang, w.in.Policy.langOf(a)), Office: o.Office, Telephone: o.Telephone})
	return Item{Value: cmp.Or(a.Name, a.Addr)}, nil
}

// correspondent reads the address of somebody on the official's side. The desk itself would answer itself, and a vendor must
// not see what an official sees.
func (w *work) correspondent(arg string) (mailbox.Address, *Problem) {
	if arg == "" {
		return mailbox.Address{}, &Problem{Code: ProblemMissingArgument}
	}
	parsed, err := mail.ParseAddress(arg)
	if err != nil {
		return mailbox.Address{}, &Problem{Code: ProblemAddress, Value: arg}
	}
	a := mailbox.Address{Name: parsed.Name, Addr: parsed.Address}
	person, known := w.in.Policy.People.Find(a.Addr)
	switch {
	case a.Domain() == "", w.in.Policy.IsOwn(a), known && person.Role == RoleVendor:
		return a, &Problem{Code: ProblemAddress, Value: arg}
	case w.in.Policy.RefuseStrangers && !known && !w.in.Policy.Official(a):
		return a, &Problem{Code: ProblemAddress, Value: arg}
	case known:
		a.Name = person.Name
	}
	return a, nil
}

// tellJoined writes to those who have come to the ticket by a command.
func (w *work) tellJoined() {
	for _, e := range w.events {
		switch f := e.Fact.(type) {
		case *FollowedFact:
			if w.before != nil {
				w.notify(NoticeCopied, f.Follower, RoleRequester, nil)
			}
		case *EnteredFact:
			if w.before != nil {
				w.notify(NoticeAcknowledgement, f.Requester, RoleRequester, nil)
			}
		}
	}
}
