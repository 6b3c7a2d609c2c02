package tickets

import (
	"cmp"
	"slices"

	"radicado/mailbox"
)

// rule says who may give a command and what it needs.
type rule struct {
	roles     []Role // besides the requester of the ticket, where requester is set
	requester bool
	ticket    bool // needs a request, at least the one that the same mail registers
	opens     bool // may stand in a mail that registers a request
	takesText bool // takes the body where its argument is empty, and needs one of the two
	mayTake   bool // takes the body where its argument is empty and there is one
	comments  bool // takes the body also beside its argument, where there is one
	carryOut  func(w *work, c Command, text string) (Item, *Problem)
}

// rules is the table of commands: one row a verb.
func rules() map[Verb]rule {
	coordinator := []Role{RoleCoordinator}
	staff := []Role{RoleCoordinator, RoleTechnician}
	everybody := []Role{RoleCoordinator, RoleTechnician, RoleRequester}
	return map[Verb]rule{
		VerbPriority:  {roles: coordinator, ticket: true, opens: true, carryOut: (*work).prioritise},
		VerbAssign:    {roles: coordinator, ticket: true, opens: true, carryOut: (*work).assign},
		VerbTake:      {roles: []Role{RoleTechnician}, ticket: true, opens: true, carryOut: (*work).take},
		VerbWait:      {roles: staff, ticket: true, takesText: true, carryOut: (*work).wait},
		VerbNote:      {roles: staff, ticket: true, takesText: true, carryOut: (*work).addNote},
		VerbSolve:     {roles: staff, ticket: true, takesText: true, carryOut: (*work).solve},
		VerbClose:     {roles: coordinator, requester: true, ticket: true, mayTake: true, carryOut: (*work).closeTicket},
		VerbReopen:    {roles: coordinator, requester: true, ticket: true, mayTake: true, carryOut: (*work).reopen},
		VerbReject:    {roles: coordinator, ticket: true, takesText: true, carryOut: (*work).reject},
		VerbStatus:    {roles: everybody, requester: true, carryOut: (*work).status},
		VerbList:      {roles: everybody, carryOut: (*work).list},
		VerbSearch:    {roles: everybody, carryOut: (*work).search},
		VerbHelp:      {roles: everybody, requester: true, carryOut: (*work).help},
		VerbType:      {roles: staff, ticket: true, opens: true, carryOut: (*work).setType},
		VerbDiagnose:  {roles: staff, ticket: true, takesText: true, carryOut: (*work).diagnose},
		VerbPlan:      {roles: staff, ticket: true, takesText: true, carryOut: (*work).plan},
		VerbCopy:      {roles: coordinator, ticket: true, opens: true, carryOut: (*work).follow},
		VerbFor:       {roles: coordinator, ticket: true, opens: true, carryOut: (*work).enter},
		VerbAsset:     {roles: staff, ticket: true, opens: true, carryOut: (*work).equip},
		VerbWarranty:  {roles: staff, ticket: true, comments: true, carryOut: (*work).warranty},
		VerbUnsolved:  {roles: staff, ticket: true, takesText: true, carryOut: (*work).unsolved},
		VerbVendor:    {roles: staff, ticket: true, takesText: true, carryOut: (*work).toVendor},
		VerbInstruct:  {roles: staff, ticket: true, carryOut: (*work).instruct},
		VerbStep:      {roles: staff, ticket: true, carryOut: (*work).step},
		VerbSurvey:    {requester: true, ticket: true, comments: true, carryOut: (*work).survey},
		VerbForm:      {roles: everybody, requester: true, carryOut: (*work).sendForm},
		VerbDuplicate: {roles: coordinator, ticket: true, carryOut: (*work).duplicate},
		VerbSplit:     {roles: coordinator, ticket: true, carryOut: (*work).split},
		VerbUndo:      {roles: everybody, requester: true, ticket: true, carryOut: (*work).undo},
		VerbAway:      {roles: []Role{RoleTechnician}, carryOut: (*work).away},
		VerbResource:  {roles: staff, ticket: true, opens: true, carryOut: (*work).reserve},
		VerbReturn:    {roles: staff, ticket: true, carryOut: (*work).giveBackSome},
		VerbReport:    {roles: staff, carryOut: (*work).report},
		VerbConfirm:   {roles: everybody, carryOut: (*work).confirm},
	}
}

// allows reports whether the sender may give the command about the ticket.
func (r rule) allows(w *work) bool {
	return slices.Contains(r.roles, w.in.Sender.Role) || r.requester && w.isRequester()
}

// obey carries out the commands of a proven sender: all of them, or none.
func (w *work) obey(commands []Command) (Decision, error) {
	text := w.in.Mail.Message.NewText
	if w.before == nil && w.registers(commands) {
		subject := w.in.Mail.Whole
		if w.in.Sender.Role.Staff() {
			subject = w.in.Mail.Title
		}
		w.register(subject, nil)
		text = ""
	}
	base := *w
	if w.t != nil {
		base.t = w.t.Clone()
	}
	refused, textTaken := w.carryOut(commands, text)
	if refused {
		items := w.items
		*w = base
		w.items = items
		return w.refuse(commands, text)
	}
	noteKept := false
	if text != "" && !textTaken && w.t != nil && !w.isCopy() {
		noteKept = w.keepText(text)
	}
	w.tell()
	w.tellAbsence()
	w.receipt(true, noteKept)
	return w.decision("commands carried out")
}

// registers reports whether a mail that belongs to no request opens one besides commanding. Staff do so by naming something
// in the subject and by commands that make sense for a new request alone; what an official writes is never lost for a #word.
func (w *work) registers(commands []Command) bool {
	if !w.in.Sender.Role.Staff() {
		wordsOfTheirOwn := w.in.Mail.Title != "" && !w.in.Answers
		for _, c := range commands {
			switch {
			case c.Verb == VerbList && !w.understands(c): // "#lista de precios no carga"
				return true
			case c.Verb == VerbReport && (!w.isPeriod(c) || w.in.Mail.Message.NewText != ""): // "#informe de nómina no abre"
				return true
			case c.Verb == "" || rules()[c.Verb].ticket:
				wordsOfTheirOwn = wordsOfTheirOwn || w.in.Mail.Message.NewText != ""
			}
		}
		return wordsOfTheirOwn
	}
	return w.in.Mail.Title != "" && w.linked == "" && len(w.in.Mail.Numbers) == 0 &&
		!slices.ContainsFunc(commands, func(c Command) bool { return !rules()[c.Verb].opens })
}

func (w *work) understands(c Command) bool {
	_, problem := listQuery(w.in, c.Arg)
	return problem == nil
}

// carryOut tries the commands in order and reports whether any was refused and whether one took the text.
func (w *work) carryOut(commands []Command, text string) (refused, textTaken bool) {
	table := rules()
	for i, c := range commands {
		r, known := table[c.Verb]
		free := text != "" && !textTaken
		takes := c.Arg == "" && (r.takesText || r.mayTake && free) || r.comments && free || c.Verb == VerbClose && bareForce(c.Arg) && text != ""
		item, problem := Item{}, (*Problem)(nil)
		switch {
		case !known:
			problem = &Problem{Code: ProblemUnknownWord, Value: c.Word, Nearest: c.Nearest}
		case r.ticket && w.t == nil:
			problem = w.noTicket()
		case !r.allows(w):
			problem = &Problem{Code: ProblemForbidden}
		case takes && textTaken:
			problem = &Problem{Code: ProblemTextTwice}
		case takes && text == "":
			problem = &Problem{Code: ProblemMissingText}
		case repeated(commands[:i], c) >= 0:
			problem = &Problem{Code: ProblemContradiction, Value: commands[repeated(commands[:i], c)].String()}
		default:
			given := c.Arg
			if r.comments {
				given = ""
			}
			if takes {
				given, textTaken = text, true
			}
			item, problem = r.carryOut(w, c, given)
		}
		item.Command, item.Verb, item.Problem = c.String(), c.Verb, problem
		w.items = append(w.items, item)
		refused = refused || problem != nil
	}
	return refused, textTaken
}

// repeated returns which of the commands before says the same verb, -1 for none. Notes, followers, machines, steps and resources may
// be several.
func repeated(before []Command, c Command) int {
	return slices.IndexFunc(before, func(other Command) bool {
		return other.Verb == c.Verb && !slices.Contains([]Verb{VerbNote, VerbCopy, VerbAsset, VerbStep, VerbResource, VerbReturn}, c.Verb)
	})
}

// noTicket says why a command has no request to work on.
func (w *work) noTicket() *Problem {
	if len(w.in.Mail.Numbers) > 0 {
		// Whoever may not see a request learns no more about it than about one that does not exist.
		return &Problem{Code: ProblemNoSuchTicket, Value: string(w.in.Mail.Numbers[0])}
	}
	return &Problem{Code: ProblemNoTicket}
}

// refuse answers a mail of which nothing was obeyed. What an official wrote besides is still an answer; what staff wrote was
// meant for the command: it is not passed on, and kept as a note.
func (w *work) refuse(commands []Command, text string) (Decision, error) {
	if w.t != nil {
		fact := &RefusedFact{Commands: commandStrings(commands)}
		for _, item := range w.items {
			if item.Problem != nil {
				fact.Reasons = append(fact.Reasons, string(item.Problem.Code))
			}
		}
		w.add(fact)
	}
	if w.isRequester() && !w.in.Sender.Role.Staff() && text != "" {
		w.keepText(text)
	}
	w.tell()
	noteKept := text != "" && w.in.Sender.Role.Staff() && w.t != nil && !w.isCopy() && w.keepText(text) // after the others were told
	w.receipt(false, noteKept)
	return w.decision("commands refused")
}

// keepText keeps the text that no command took: of staff as an internal note, of an official as an answer, which leaves the state to the
// commands: who rates a service or asks for a form does not reopen the request. It reports whether it became a note.
func (w *work) keepText(text string) bool {
	if w.in.Sender.Role.Staff() {
		w.add(&NotedFact{Text: text, Files: Files(w.in.Mail.Message)})
		return true
	}
	w.recordAnswer(text)
	return false
}

func (w *work) prioritise(c Command, _ string) (Item, *Problem) {
	fact, problem, weighed := weighedArg(c.Arg)
	if !weighed {
		fact = new(PrioritisedFact)
		fact.Priority, problem = priorityArg(c.Arg)
	}
	switch {
	case problem != nil:
		return Item{}, problem
	case w.t.State.Final():
		return Item{}, w.stateProblem()
	case w.t.Priority == fact.Priority && !w.t.Presumed:
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(fact)
	return Item{Value: string(fact.Priority)}, nil
}

func (w *work) assign(c Command, _ string) (Item, *Problem) {
	if isAuto(c.Arg) {
		return w.assignAuto()
	}
	p, problem := w.in.Policy.technician(c.Arg)
	if problem == nil {
		problem = w.absent(p)
	}
	if problem != nil {
		return Item{}, problem
	}
	return w.assignTo(p, false)
}

func (w *work) take(Command, string) (Item, *Problem) {
	p, known := w.in.Policy.People.Find(w.in.Sender.Address.Addr)
	if !known {
		return Item{}, &Problem{Code: ProblemForbidden}
	}
	return w.assignTo(p, true)
}

// assignTo gives the request to a person. To whoever has it already it is given again to go on: the vendor may have declined.
func (w *work) assignTo(p Person, taken bool) (Item, *Problem) {
	waits := w.before != nil && w.before.State.Waiting() && w.t.State.Waiting() // since before this mail, which may ask itself
	resumes := waits && w.samePerson(w.t.Technician, p.Address())
	switch {
	case w.t.State.Final(), w.t.State == Resolved:
		return Item{}, w.stateProblem()
	case w.t.Technician.Key() == p.Address().Key() && !resumes && (!taken || w.t.State != Coordinated):
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&AssignedFact{Technician: p.Address(), Taken: taken, Resumes: resumes})
	return Item{Value: p.Name}, nil
}

func (w *work) wait(_ Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	w.add(&WaitedFact{Text: text})
	return Item{}, nil
}

func (w *work) addNote(_ Command, text string) (Item, *Problem) {
	w.add(&NotedFact{Text: text, Files: Files(w.in.Mail.Message)})
	return Item{}, nil
}

func (w *work) solve(c Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	if problem := w.unfinished(); problem != nil {
		return Item{}, problem
	}
	article, problem := Article{}, (*Problem)(nil)
	if c.Arg != "" {
		article, problem = w.article(c.Arg)
	}
	if problem != nil {
		return Item{}, problem
	}
	w.add(&ResolvedFact{Text: cmp.Or(article.Text, text), Article: article.Name})
	return Item{Value: article.Title}, nil
}

// closeTicket ends a request. An official may withdraw it at any time; the coordinator needs a solution, or
// says why not, and the instruction's last step, or forces it with a reason.
func (w *work) closeTicket(c Command, text string) (Item, *Problem) {
	reason, force := forced(c.Arg)
	if force && text == c.Arg { // what the mail says was not taken
		text = reason
	}
	switch {
	case w.t.State.Final():
		return Item{}, w.stateProblem()
	case !force && !w.isRequester() && w.unfinished() != nil:
		return Item{}, w.unfinished()
	case (force || w.t.State != Resolved) && text == "" && !w.isRequester():
		return Item{}, &Problem{Code: ProblemMissingText}
	}
	w.add(&ClosedFact{Text: text})
	return Item{}, nil
}

func (w *work) reopen(_ Command, text string) (Item, *Problem) {
	switch {
	case w.t.State.Open():
		return Item{}, w.stateProblem()
	case w.in.Sender.Role != RoleCoordinator && w.t.State == Closed && !w.mayReopen():
		return Item{}, &Problem{Code: ProblemTooLate}
	case w.in.Sender.Role != RoleCoordinator && (w.t.State == Rejected || w.t.State == Duplicate):
		return Item{}, w.stateProblem()
	}
	w.add(&ReopenedFact{Text: text})
	return Item{}, nil
}

func (w *work) reject(_ Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	w.add(&RejectedFact{Text: text})
	return Item{}, nil
}

func (w *work) stateProblem() *Problem {
	return &Problem{Code: ProblemState, State: w.t.State}
}

func (w *work) status(c Command, _ string) (Item, *Problem) {
	n := statusNumber(w.in, c)
	switch {
	case n == "" && c.Arg != "":
		return Item{}, &Problem{Code: ProblemNoSuchTicket, Value: c.Arg}
	case n == "":
		return Item{}, w.noTicket()
	}
	found, exists := w.in.Found.Tickets[n]
	if !exists || !w.in.Sender.Role.Staff() && !found.Ticket.concerns(w.in.Sender.Address) {
		return Item{}, &Problem{Code: ProblemNoSuchTicket, Value: string(n)}
	}
	role := w.in.Sender.Role
	if !role.Staff() { // on the official's side of that request, whatever else
		role = RoleRequester
	}
	return Item{Number: n, Rows: []TicketView{w.view(found.Ticket, role)}, History: history(found.Events, role)}, nil
}

// history returns the events that a role may see. Internal ones are for staff alone.
func history(events []Event, role Role) []Line {
	var lines []Line
	for _, e := range events {
		if e.Fact.Internal() && !role.Staff() {
			continue
		}
		lines = append(lines, Line{At: e.At, Kind: e.Fact.Kind(), By: e.Actor.Label(), Text: Said(e.Fact)})
	}
	return lines
}

// Said returns the words of a fact, for a history.
func Said(f Fact) string {
	switch f := f.(type) {
	case *AnsweredFact:
		return f.Text
	case *UnprovenFact:
		return f.Text
	case *NotedFact:
		return f.Text
	case *AutomaticFact:
		return f.Text
	case *WaitedFact:
		return f.Text
	case *ResolvedFact:
		return f.Text
	case *ClosedFact:
		return f.Text
	case *ReopenedFact:
		return f.Text
	case *RejectedFact:
		return f.Text
	case *PrioritisedFact:
		return string(f.Priority)
	case *AssignedFact:
		return f.Technician.Name
	case interface{ said() string }:
		return f.said()
	}
	return ""
}

func (w *work) list(c Command, _ string) (Item, *Problem) {
	if _, problem := listQuery(w.in, c.Arg); problem != nil {
		return Item{}, problem
	}
	return w.rows(c), nil
}

func (w *work) search(c Command, _ string) (Item, *Problem) {
	if c.Arg == "" {
		return Item{}, &Problem{Code: ProblemMissingArgument}
	}
	return w.rows(c), nil
}

// rows shows the list that was looked up for a command.
func (w *work) rows(c Command) Item {
	at := slices.Index(w.in.Mail.Commands, c)
	found := w.in.Found.Lists[at]
	item := Item{More: found.Total - len(found.Tickets)}
	for _, t := range found.Tickets {
		v := w.view(t, w.in.Sender.Role)
		v.Text, v.Files, v.Solution = "", nil, "" // a list is for finding, not for reading
		item.Rows = append(item.Rows, v)
	}
	return item
}

func (w *work) help(Command, string) (Item, *Problem) { return Item{}, nil }

// allowed lists the verbs that the sender may use now.
func (w *work) allowed() []Verb {
	table := rules()
	return slices.DeleteFunc(Verbs(), func(v Verb) bool {
		r := table[v]
		return v == VerbConfirm || !r.allows(w) || !possible(v, w.t) // a code comes with its own instructions
	})
}

// possible reports whether a verb makes sense in the ticket's state; without a ticket all do.
func possible(v Verb, t *Ticket) bool {
	if t == nil {
		return true
	}
	switch v {
	case VerbPriority, VerbType, VerbCopy, VerbAsset:
		return !t.State.Final()
	case VerbAssign, VerbTake, VerbWait, VerbSolve, VerbReject, VerbDiagnose, VerbPlan, VerbFor, VerbUnsolved, VerbInstruct, VerbDuplicate:
		return t.State.Open()
	case VerbWarranty:
		return t.State.Open() && t.State != WaitingVendor
	case VerbSurvey:
		return t.State == Resolved || t.State == Closed
	case VerbStep:
		return t.State.Open() && len(t.Instruction.Pending()) > 0
	case VerbVendor:
		return t.State.Open() && t.Claim.Open()
	case VerbClose:
		return !t.State.Final()
	case VerbReopen:
		return !t.State.Open()
	case VerbResource:
		return t.State.Open()
	case VerbReturn:
		return len(t.Resources) > 0
	}
	return true
}

// receipt answers a mail with commands.
func (w *work) receipt(applied, noteKept bool) {
	r := &Receipt{Applied: applied, Items: w.items, NoteKept: noteKept}
	if !applied || slices.ContainsFunc(w.items, func(i Item) bool { return i.Verb == VerbHelp }) {
		r.Help = w.allowed()
	}
	to := mailbox.Address{Name: w.in.Sender.Name, Addr: w.in.Sender.Address.Addr}
	fill := func(d *NoticeData) {
		d.Receipt = r
		for _, i := range w.items {
			if i.Verb == VerbForm && applied {
				d.Form = i.Number
			}
			if i.Verb == VerbReport && applied {
				d.Report = i.Report
			}
		}
	}
	role := w.in.Sender.Role
	if !role.Staff() && w.isRequester() {
		role = RoleRequester
	}
	if w.in.Sender.Console {
		n := w.compose(NoticeReceipt, to, role, fill)
		w.answered = &n
		return
	}
	w.notify(NoticeReceipt, to, role, fill)
}
