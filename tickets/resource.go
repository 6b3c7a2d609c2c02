package tickets

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Resource is a kind of technical resource that requests take and give back: a loan machine, a tool, a spare part.
type Resource struct {
	Name    string
	Aliases []string // further names by which commands may call it
	Stock   int      // units that there are
	Days    int      // working days of a loan, which outlives the request; 0: it is given back when the request ends
}

// Key is the name under which units are counted.
func (r Resource) Key() string { return Fold(r.Name) }

// Held is units of a resource that are out for a request.
type Held struct {
	Resource string    `json:"resource"` // name as the settings had it
	Units    int       `json:"units"`
	Due      time.Time `json:"due,omitzero"`      // of a loan
	Reminded time.Time `json:"reminded,omitzero"` // that it is overdue, for the last time
}

// Key is the name under which units are counted.
func (h Held) Key() string { return Fold(h.Resource) }

// ResourceView is a resource with how many units are free.
type ResourceView struct {
	Name  string `json:"name"`
	Free  int    `json:"free"`
	Stock int    `json:"stock"`
}

// The facts about resources.
type (
	// ReservedFact takes units of a resource for the request.
	ReservedFact struct {
		Resource string    `json:"resource"`
		Units    int       `json:"units"`
		Due      time.Time `json:"due,omitzero"` // of a loan
	}
	// ReturnedFact gives units back.
	ReturnedFact struct {
		Resource string `json:"resource"`
		Units    int    `json:"units"`
	}
)

// Kind names the fact in the register.
func (*ReservedFact) Kind() string { return "reserved" }

// Kind names the fact in the register.
func (*ReturnedFact) Kind() string { return "returned" }

// Internal reports whether the fact is for staff alone.
func (*ReservedFact) Internal() bool { return false }

// Internal reports whether the fact is for staff alone.
func (*ReturnedFact) Internal() bool { return false }

func (f *ReservedFact) said() string { return strconv.Itoa(f.Units) + " × " + f.Resource }
func (f *ReturnedFact) said() string { return strconv.Itoa(f.Units) + " × " + f.Resource }

func (f *ReservedFact) apply(t *Ticket, _ Event) {
	if at := t.held(f.Resource); at >= 0 {
		t.Resources[at].Units += f.Units
		if f.Due.After(t.Resources[at].Due) {
			t.Resources[at].Due, t.Resources[at].Reminded = f.Due, time.Time{}
		}
		return
	}
	t.Resources = append(t.Resources, Held{Resource: f.Resource, Units: f.Units, Due: f.Due})
}

func (f *ReturnedFact) apply(t *Ticket, _ Event) {
	at := t.held(f.Resource)
	if at < 0 {
		return
	}
	if t.Resources[at].Units -= f.Units; t.Resources[at].Units <= 0 {
		t.Resources = slices.Delete(t.Resources, at, at+1)
	}
	if len(t.Resources) == 0 {
		t.Resources = nil
	}
}

// held returns where in Resources a resource is, -1 for nowhere.
func (t *Ticket) held(name string) int {
	return slices.IndexFunc(t.Resources, func(h Held) bool { return h.Key() == Fold(name) })
}

// units returns how many units of a resource are out for the ticket, nil for none.
func (t *Ticket) units(key string) int {
	if t == nil {
		return 0
	}
	if at := t.held(key); at >= 0 {
		return t.Resources[at].Units
	}
	return 0
}

// free returns how many units are left, the commands of this mail included.
func (w *work) free(r Resource) int {
	elsewhere := w.in.Situation.Reserved[r.Key()] - w.before.units(r.Key())
	return max(r.Stock-elsewhere-w.t.units(r.Key()), 0)
}

// resources returns the resources with what of them is free.
func (w *work) resources() []ResourceView {
	var list []ResourceView
	for _, r := range w.in.Policy.Resources {
		list = append(list, ResourceView{Name: r.Name, Free: w.free(r), Stock: r.Stock})
	}
	return list
}

// quantity is a number of units behind the name of a resource.
var quantity = regexp.MustCompile(`^(.*?)\s*(?:\bx\s*)?([-+]?\d+(?:[.,]\d+)?)$`)

// unitsArg takes the number of units from the end of an argument; 0 where there is none.
func unitsArg(arg string, named func(string) bool) (name string, units int, problem *Problem) {
	m := quantity.FindStringSubmatch(arg)
	if m == nil || named(arg) { // "Portátil 14" may be a name
		return arg, 0, nil
	}
	units, err := strconv.Atoi(m[2])
	if err != nil || units < 1 {
		return m[1], 0, &Problem{Code: ProblemQuantity, Value: m[2]}
	}
	return strings.TrimSpace(m[1]), units, nil
}

// reserve takes units of a resource for the request: as many as asked for, or none.
func (w *work) reserve(c Command, _ string) (Item, *Problem) {
	name, units, problem := unitsArg(c.Arg, func(s string) bool { return isNamed(w.in.Policy.Resources, s) })
	if problem != nil {
		return Item{}, problem
	}
	r, problem := findResource(w.in.Policy.Resources, name)
	switch {
	case problem != nil:
		return Item{}, problem
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	}
	units = cmp.Or(units, 1)
	if free := w.free(r); units > free {
		return Item{}, &Problem{Code: ProblemExhausted, Value: r.Name, Free: free, Stock: r.Stock}
	}
	fact := &ReservedFact{Resource: r.Name, Units: units}
	if r.Days > 0 {
		fact.Due = w.in.Policy.calendar().WorkingDays(w.in.Now, r.Days).UTC()
	}
	w.add(fact)
	return Item{Value: r.Name, Units: units, Due: fact.Due}, nil
}

// giveBackSome gives units back: without a number all of the resource, without a name all of the only one.
func (w *work) giveBackSome(c Command, _ string) (Item, *Problem) {
	out := make([]Resource, len(w.t.Resources)) // also what the settings no longer name
	for i, h := range w.t.Resources {
		out[i] = Resource{Name: h.Resource}
		for _, r := range w.in.Policy.Resources {
			if r.Key() == h.Key() {
				out[i].Aliases = r.Aliases
			}
		}
	}
	if len(out) == 0 {
		return Item{}, &Problem{Code: ProblemNotHeld}
	}
	name, units, problem := unitsArg(c.Arg, func(s string) bool { return isNamed(out, s) })
	if problem != nil {
		return Item{}, problem
	}
	r := out[0]
	if name != "" || len(out) > 1 {
		if r, problem = findResource(out, name); problem != nil {
			if problem.Code == ProblemUnknownArgument && isNamed(w.in.Policy.Resources, name) {
				problem.Code = ProblemNotHeld
			}
			return Item{}, problem
		}
	}
	has := w.t.units(r.Key())
	if units = cmp.Or(units, has); units > has {
		return Item{}, &Problem{Code: ProblemNotHeld, Value: r.Name, Choices: []string{strconv.Itoa(has) + " × " + r.Name}}
	}
	w.add(&ReturnedFact{Resource: r.Name, Units: units})
	return Item{Value: r.Name, Units: units}, nil
}

// retaken says what of the resources that the ticket had before is no longer free for it.
func (w *work) retaken(before *Ticket) *Problem {
	for _, r := range w.in.Policy.Resources {
		more := before.units(r.Key()) - w.t.units(r.Key())
		if free := w.free(r); more > free {
			return &Problem{Code: ProblemExhausted, Value: r.Name, Free: free, Stock: r.Stock}
		}
	}
	return nil
}

// giveBack gives back at the end of a request what is no loan.
func (w *work) giveBack() {
	for _, h := range slices.Clone(w.t.Resources) {
		if h.Due.IsZero() {
			w.add(&ReturnedFact{Resource: h.Resource, Units: h.Units})
		}
	}
}

// isNamed reports whether a text is the name or an alias of one of the resources.
func isNamed(list []Resource, s string) bool {
	return slices.ContainsFunc(list, func(r Resource) bool {
		return slices.ContainsFunc(append([]string{r.Name}, r.Aliases...), func(n string) bool { return Fold(n) == Fold(s) })
	})
}

// findResource finds the resource that a name means: an alias, the whole name or any words of it.
func findResource(list []Resource, name string) (Resource, *Problem) {
	folded := Fold(name)
	var fits []Resource
	var choices, names []string
	of := map[string]string{}
	for _, r := range list {
		choices = append(choices, r.Name)
		for _, n := range append(append([]string{r.Name}, r.Aliases...), strings.Fields(r.Name)...) {
			of[n] = r.Name
			names = append(names, n)
		}
		if isNamed([]Resource{r}, name) {
			return r, nil
		}
		if hasWords(Fold(r.Name), folded) {
			fits = append(fits, r)
		}
	}
	switch {
	case folded == "":
		return Resource{}, &Problem{Code: ProblemMissingArgument, Choices: choices}
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		var several []string
		for _, r := range fits {
			several = append(several, r.Name)
		}
		return Resource{}, &Problem{Code: ProblemAmbiguous, Value: name, Choices: several}
	}
	return Resource{}, &Problem{Code: ProblemUnknownArgument, Value: name, Nearest: of[Nearest(folded, names)], Choices: choices}
}

// resourceLinks offers to reserve and to give back.
func (w *work) resourceLinks(add func(v Verb, args ...string)) {
	if len(w.in.Policy.Resources) > 0 {
		add(VerbResource, "")
	}
	for _, h := range w.t.Resources {
		add(VerbReturn, h.Resource)
	}
}
