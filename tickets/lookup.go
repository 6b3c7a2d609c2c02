package tickets

import (
	"slices"
)

// Lookup is something that Decide must know of other requests before it can carry out a command.
type Lookup struct {
	Command int    // index in Mail.Commands
	Number  Number // the request to look up; "" for a list
	Query   Query  // the list, where Number is ""
}

// Query selects requests, newest first.
type Query struct {
	States      []State // any of them; none: every state
	Priority    Priority
	Requester   string   // address key; with it internal notes are not searched
	Technicians []string // address keys of one who may have several
	Unassigned  bool
	Words       string // full-text search; "" for all
	Limit       int
}

// Found is the answers to the lookups of a mail.
type Found struct {
	Tickets map[Number]Case // without those that do not exist
	Lists   map[int]Rows    // by index of the command
	Assets  []Asset         // that Input.Assets asked for by plate or serial
	Held    []Asset         // that Input.Assets asked for by the official in charge
	Recent  []*Ticket       // that Input.Recent asked for, those that are alike
	Gist    *Gist           // by which it asked, nil where it did not
}

// Case is a request with its events.
type Case struct {
	Ticket *Ticket
	Events []Event
}

// Rows is a list of requests.
type Rows struct {
	Tickets []*Ticket
	Total   int // including those beyond the limit
}

// Lookups returns what must be looked up before Decide is asked. It is empty for whoever has not proven who he or she is.
func Lookups(in Input) []Lookup {
	if in = in.weighed(); !in.Sender.Proof.Proven {
		return nil
	}
	var list []Lookup
	for i, c := range in.Mail.Commands {
		switch c.Verb {
		case VerbDuplicate:
			if c.Number != "" {
				list = append(list, Lookup{Command: i, Number: c.Number})
			}
		case VerbSplit, VerbUndo:
			if in.Ticket != nil {
				list = append(list, Lookup{Command: i, Number: in.Ticket.Number})
			}
		case VerbStatus, VerbForm:
			if n := statusNumber(in, c); n != "" {
				list = append(list, Lookup{Command: i, Number: n})
			}
		case VerbList:
			if q, problem := listQuery(in, c.Arg); problem == nil {
				list = append(list, Lookup{Command: i, Query: q})
			}
		case VerbSearch:
			if c.Arg != "" {
				list = append(list, Lookup{Command: i, Query: visible(in, Query{Words: c.Arg, Limit: in.Policy.MaxRows})})
			}
		}
	}
	return list
}

// statusNumber returns the request that #estado asks about: its argument, else the one that the mail belongs to.
func statusNumber(in Input, c Command) Number {
	if c.Arg != "" {
		return c.Number
	}
	if in.Ticket != nil {
		return in.Ticket.Number
	}
	return ""
}

// visible narrows a query to what the sender may see.
func visible(in Input, q Query) Query {
	if !in.Sender.Role.Staff() {
		q.Requester = in.Sender.Address.Key()
	}
	return q
}

// filterWord is a word that #lista understands.
type filterWord struct {
	words []string
	apply func(q *Query, in Input)
}

func filterWords() []filterWord {
	states := func(list ...State) func(*Query, Input) {
		return func(q *Query, _ Input) { q.States = list }
	}
	return []filterWord{
		{[]string{"abiertas", "open", "abierta"}, states(openStates()...)},
		{[]string{"nuevas", "new", "registradas", "registered"}, states(Registered)},
		{[]string{"coordinadas", "coordinated"}, states(Coordinated)},
		{[]string{"servicio", "service", "en servicio"}, states(InService)},
		{[]string{"espera", "waiting", "en espera"}, states(WaitingRequester, WaitingVendor)},
		{[]string{"resueltas", "resolved"}, states(Resolved)},
		{[]string{"cerradas", "closed"}, states(Closed)},
		{[]string{"rechazadas", "rejected"}, states(Rejected)},
		{[]string{"todas", "all"}, states()},
		{[]string{"mias", "mine"}, func(q *Query, in Input) {
			if in.Sender.Role.Staff() {
				q.Technicians = ownKeys(in)
			}
		}},
		{[]string{"sin asignar", "unassigned"}, func(q *Query, _ Input) { q.Unassigned = true }},
	}
}

func openStates() []State {
	return slices.DeleteFunc(States(), func(s State) bool { return !s.Open() })
}

// listQuery reads the argument of #lista: a state, a priority, a technician's name, or nothing for what is open. A
// technician's own list is what he or she has been assigned.
func listQuery(in Input, arg string) (Query, *Problem) {
	q := visible(in, Query{States: openStates(), Limit: in.Policy.MaxRows})
	folded := Fold(arg)
	if folded == "" {
		if in.Sender.Role == RoleTechnician {
			q.Technicians = ownKeys(in)
		}
		return q, nil
	}
	choices := []string{}
	for _, f := range filterWords() {
		if slices.Contains(f.words, folded) {
			f.apply(&q, in)
			return q, nil
		}
		choices = append(choices, f.words[0])
	}
	if p, problem := priorityArg(arg); problem == nil {
		q.Priority = p
		return q, nil
	}
	if in.Sender.Role.Staff() {
		if p, problem := in.Policy.technician(arg); problem == nil {
			q.Technicians = p.keys()
			return q, nil
		}
	}
	return q, &Problem{Code: ProblemUnknownArgument, Value: arg, Nearest: Nearest(arg, choices), Choices: choices}
}

// ownKeys returns the addresses under which requests were given to the sender: which one was the first may have changed since.
func ownKeys(in Input) []string {
	if p, known := in.Policy.People.Find(in.Sender.Address.Addr); known {
		return p.keys()
	}
	return []string{in.Sender.Address.Key()}
}
