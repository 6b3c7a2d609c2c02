package tickets

import (
	"cmp"
	"slices"
	"time"

	"radicado/mailbox"
)

// Input is all that Decide looks at.
type Input struct {
	Now     time.Time
	Policy  *Policy
	Sender  Sender
	Mail    Mail
	Ticket  *Ticket // the request that the mail belongs to by number or Message-ID; nil for none
	Next    Number  // the number of a request registered now
	Found   Found   // answers to Lookups
	Bounced *Bounced
	Answers bool // the mail answers a notice of ours

	MatchedBy string     // how Ticket was found, in English, for an explanation
	Replayed  string     // why the mail repeats one that was obeyed, in English; "" where it does not
	Situation Situation  // of staff and resources
	Confirmed *Confirmed // the person has confirmed these commands; nil where nobody was asked or has answered
}

// Mail is a stored message with its subject taken apart.
type Mail struct {
	ID       int64 // in the register
	Message  *mailbox.Message
	Commands []Command
	Title    string   // subject without tags, reply marks and commands
	Whole    string   // subject without tags and reply marks
	Numbers  []Number // that the subject names
	Released string   // who took it out of the quarantine as a mail that a person wrote, "" for nobody
	Empty    string   // why nothing of the mail could be read, "" where it could

	Infected  string // what a scanner found in it, "" for nothing
	Unscanned bool   // the scanner could not look at it, and the settings take it all the same

	Received time.Time // by our server; zero where nobody knows

	studied bool         // what follows is known
	gist    *Gist        // of the request that it would be
	keys    []string     // of machines that it may name
	skills  skillReading // for which that request asks
}

// mayBeRequest reports whether the mail may register a request: a person wrote it, or only its subject says otherwise, or a list brought
// it, which the policy may accept.
func (m *Mail) mayBeRequest() bool {
	return m.Message != nil && (!m.Message.Class.Automatic() || m.Message.Class == mailbox.ClassList || m.Message.BySubject)
}

// Study works out ahead what Recent and Assets look for and which skills are asked for: that takes most of their time, and neither a
// register nor a turn in it.
func (m *Mail) Study(p *Policy, sender Sender) {
	if !m.mayBeRequest() {
		return
	}
	subject, text := m.about(sender)
	whole := together(subject, text)
	folded := Fold(opening(whole))
	m.gist, m.keys, m.studied = gistOf(folded), m.assetKeys(), true
	people := p.People.With(RoleTechnician)
	switch {
	case len(people) == 0:
	case len(whole) <= min(maxGistText, maxSkillText): // the same words, which are folded already
		m.skills = skillReading{"", subject, text, skillsIn(folded, people)}
	default:
		m.skills = readSkills("", subject, text, people)
	}
}

// Bounced is the notice of ours that a delivery report is about.
type Bounced struct {
	Ticket Number // "" for a notice of no ticket
	Kind   NoticeKind
	To     mailbox.Address

	Failures int  // earlier refusals of the address in a row
	Dead     bool // nothing is sent to it any more
}

// Confirmed is an answer, with the right code, to the question whether commands are meant.
type Confirmed struct {
	By int64 // the message with the code
}

// Decision is what a mail causes. Either Quarantine says why it was set aside, or the mail was handled.
type Decision struct {
	Ticket     *Ticket  // as it is after the events; nil where there are none
	Events     []Event  // all of Ticket, in order
	Others     []Change // to further tickets, where a command is about two
	Notices    []Notice
	Absence    *AbsenceChange // nil for none
	Quarantine string         // why the mail is set aside, in English; "" where it was handled
	Summary    string         // what was done, in English, for the log

	Answer       *Notice        // the receipt of commands that came without an address to send it to; nil for none
	Confirmation *Confirmation  // is asked for, nil for none
	Failed       *FailedAddress // took no notice of ours, nil for none
	Commanded    bool           // commands of a proven sender were read, whatever became of them
	Held         []Scope        // from which notices were held back by Restrain
	Told         []Scope        // those of Held of which the coordinators are told now
}

// Decide says what a mail causes: a pure function, so that every rule of the desk is a row of a table test. An error means
// that the ticket and its events do not fit, which no mail can bring about.
func Decide(in Input) (Decision, error) {
	commanded := in.commandsOfStaff()
	in = in.weighed()
	w := newWork(in)
	switch class := in.Mail.Message.Class; {
	case in.Mail.Empty != "":
		return quarantined(in.Mail.Empty), nil
	case in.Mail.Released != "" && in.Mail.Message.From.Key() != "" && !in.Policy.IsOwn(in.Mail.Message.From):
		return w.person() // somebody has looked at it; who wrote it is as proven as before
	case in.Mail.Infected != "":
		return quarantined("a scanner found " + in.Mail.Infected), nil
	case in.Policy.IsOwn(in.Mail.Message.From), class == mailbox.ClassLoop:
		return quarantined("loop: " + cmp.Or(in.Mail.Message.ClassReason, "from an address of the desk itself")), nil
	case class == mailbox.ClassBounce, class == mailbox.ClassDelay:
		return w.bounce()
	case class == mailbox.ClassList && in.Policy.acceptsList(in.Mail.Message):
	case in.Mail.Message.BySubject && commanded: // a program does not command, and a subject is not proof enough that one wrote
	case class.Automatic():
		return w.automatic()
	}
	if in.Mail.Message.From.Key() == "" {
		return quarantined("no usable sender address"), nil
	}
	if in.confirms() && !in.Sender.Proof.Proven {
		return quarantined("an unproven mail with a code that confirms nothing"), nil
	}
	if in.Sender.Role == RoleStranger && in.Policy.RefuseStrangers {
		return quarantined("sender outside the domains of officials"), nil
	}
	return w.person()
}

// commandsOfStaff reports whether the mail has a known command and is proven to be from a member of staff.
func (in Input) commandsOfStaff() bool {
	return in.Sender.Role.Staff() && in.Sender.Proof.Proven && slices.ContainsFunc(in.Mail.Commands, func(c Command) bool { return c.Verb != "" })
}

// Order says what the commands of in.Mail cause that an administrator gave on the machine itself. What became of them stands in
// Decision.Answer.
func Order(in Input) (Decision, error) {
	w := newWork(in)
	w.proven = true
	return w.obey(in.Mail.Commands)
}

// quarantined sets a mail aside.
func quarantined(reason string) Decision {
	return Decision{Quarantine: reason, Summary: "quarantined: " + reason}
}

// automatic records a mail that nobody wrote on the ticket that it answers, or sets it aside. It is never answered (RFC 3834
// section 2).
func (w *work) automatic() (Decision, error) {
	m := w.in.Mail.Message
	if w.before == nil || m.Class == mailbox.ClassSpam || !w.party() {
		return quarantined(string(m.Class) + ": " + m.ClassReason), nil
	}
	if w.isVendor() && m.Class == mailbox.ClassAutoReply {
		return w.vendorAnswer(true)
	}
	w.add(&AutomaticFact{From: m.From, Class: m.Class, Text: m.NewText})
	return w.decision("automatic mail recorded")
}

// bounce records that a notice did not arrive and tells the coordinators; a report about no notice of ours is set aside.
func (w *work) bounce() (Decision, error) {
	m := w.in.Mail.Message
	if w.in.Bounced == nil || m.Bounce == nil {
		return quarantined(string(m.Class) + " that matches no notice: " + m.ClassReason), nil
	}
	final := m.Class == mailbox.ClassBounce
	fact := &UndeliveredFact{Recipients: m.Bounce.Recipients, Status: m.Bounce.Status, Permanent: final && m.Bounce.Permanent,
		GivenUp:    final && !m.Bounce.Permanent, // after days, most likely: with the status of the last try (RFC 3464 section 2.3.4)
		Diagnostic: m.Bounce.Diagnostic}
	if len(fact.Recipients) == 0 {
		fact.Recipients = []string{w.in.Bounced.To.Key()}
	}
	var failed *FailedAddress
	if w.in.Bounced.meant(m.Bounce) {
		failed = w.failed(fact)
	}
	return w.undelivered(fact, failed)
}

// GivenUp says what follows when a notice could not be delivered at all: the in.Ticket is that of the notice, nil for none.
func GivenUp(in Input, fact *UndeliveredFact) (Decision, error) {
	if in.Mail.Message == nil {
		in.Mail.Message = new(mailbox.Message)
	}
	w := newWork(in)
	return w.undelivered(fact, w.failed(fact))
}

// undelivered tells the coordinators, but neither by the address that failed nor of what told of another failure: either would go round
// for ever.
func (w *work) undelivered(fact *UndeliveredFact, failed *FailedAddress) (Decision, error) {
	w.actor = Actor{Role: RoleSystem}
	fact.Dead = failed != nil && failed.Dead
	if w.before != nil {
		w.add(fact)
	}
	quiet := !fact.Permanent && !fact.GivenUp ||
		failed != nil && w.in.Bounced.Dead || // of a dead address the coordinators were told
		w.in.Bounced.Kind == NoticeUndelivered
	for _, p := range w.in.Policy.People.With(RoleCoordinator) {
		if !quiet && !containsAddress(fact.Recipients, p) {
			w.notify(NoticeUndelivered, p.Address(), RoleCoordinator, func(d *NoticeData) { d.Failure = fact })
		}
	}
	d, err := w.decision("notice was not delivered")
	d.Failed = failed
	return d, err
}

// person handles a mail that somebody wrote.
func (w *work) person() (Decision, error) {
	if w.in.Ticket != nil && !w.party() {
		w.linked, w.before, w.t = w.in.Ticket.Number, nil, nil
	}
	commands := w.commands()
	w.proven = len(commands) > 0 && w.in.Sender.Proof.Proven
	switch {
	case w.isVendor():
		return w.vendorAnswer(false)
	case len(commands) > 0 && w.in.Sender.Proof.Proven && w.mustConfirm(commands):
		return w.confirmFirst(commands)
	case len(commands) > 0 && w.in.Sender.Proof.Proven:
		if w.in.Confirmed != nil && w.before != nil {
			w.add(&ConfirmedFact{Commands: commandStrings(commands), By: w.in.Confirmed.By})
		}
		return w.obey(commands)
	case w.before == nil:
		w.register(w.in.Mail.Whole, commandStrings(commands))
		w.tell()
		w.askUnproven(commands)
		return w.decision("registered")
	case !w.in.Sender.Proof.Proven && (len(commands) > 0 || w.in.Sender.Role.Staff() && !w.isRequester()):
		return w.unproven(commands)
	default:
		return w.answer()
	}
}

// commands returns what of the mail's #words is to be read as commands. Staff hear about every unknown word; an official may
// well write about #SIIF, so of theirs only known words and slips of known words count.
func (w *work) commands() []Command {
	switch role := w.in.Sender.Role; {
	case role.Staff():
		return w.in.Mail.Commands
	case role != RoleRequester && !w.isRequester():
		return nil
	}
	var known []Command
	for _, c := range w.in.Mail.Commands {
		if c.Verb != "" || c.Nearest != "" {
			known = append(known, c)
		}
	}
	return known
}

// unproven keeps a mail whose sender nothing proves and which would command or speak for the desk. Nothing of it is obeyed.
func (w *work) unproven(commands []Command) (Decision, error) {
	m := w.in.Mail.Message
	w.actor = Actor{Role: RoleStranger, Addr: m.From.Key(), Name: m.From.Name}
	w.add(&UnprovenFact{From: m.From, Text: m.NewText, Files: Files(m), Commands: commandStrings(commands), Reason: w.in.Sender.Proof.Reason})
	w.warnCoordinators(commandStrings(commands))
	w.askUnproven(commands)
	return w.decision("message of unproven sender kept, not obeyed")
}

// register opens a request. ignored are commands that were not obeyed.
func (w *work) register(subject string, ignored []string) {
	m, s := w.in.Mail.Message, w.in.Sender
	fact := &RegisteredFact{
		Requester: mailbox.Address{Name: s.Name, Addr: m.From.Addr},
		Subject:   subject,
		Text:      cmp.Or(m.NewText, m.Text),
		Files:     Files(m),
		Linked:    w.linked,
		Origin:    m.MessageID,
		Lang:      s.Lang,
		Unproven:  !s.Proof.Proven,
		Remarks:   remarks(m),
	}
	if f := m.Forward; f != nil && s.Role.Staff() && s.Proof.Proven && f.From.Key() != "" && !w.in.Policy.IsOwn(f.From) {
		w.registerFor(fact, f)
	}
	if w.in.Mail.Unscanned {
		fact.Remarks = append(fact.Remarks, Remark{RemarkUnscanned, ""})
	}
	if len(w.in.Mail.Numbers) > 0 && fact.Linked == "" {
		fact.Remarks = append(fact.Remarks, Remark{RemarkUnknownNumber, string(w.in.Mail.Numbers[0])})
	}
	if w.in.Mail.Released != "" {
		fact.Remarks = append(fact.Remarks, Remark{RemarkReleased, w.in.Mail.Released})
	}
	for _, c := range ignored {
		fact.Remarks = append(fact.Remarks, Remark{RemarkUnobeyed, c})
	}
	known := w.in.Policy.official(fact.Requester)
	fact.Office, fact.Telephone = known.Office, known.Telephone
	w.t = &Ticket{}
	w.number, w.gist = w.in.Next, w.in.Found.Gist
	w.add(fact)
	w.equipFrom(fact.Subject + "\n" + fact.Text)
	w.preset()
}

// registerFor makes the request that of the person whose mail a member of staff forwarded.
func (w *work) registerFor(fact *RegisteredFact, f *mailbox.Forward) {
	fact.Requester = f.From
	fact.Subject = cmp.Or(f.Subject, fact.Subject)
	fact.Text = cmp.Or(f.Text, fact.Text)
	fact.OnBehalfBy = w.in.Sender.Address.Key()
	fact.Lang = w.in.Policy.langOf(f.From)
	fact.Note = f.Message
}

// answer adds what somebody wrote to the request.
func (w *work) answer() (Decision, error) {
	m := w.in.Mail.Message
	text := m.NewText
	if text == "" && len(m.Attachments) == 0 {
		if w.in.Sender.Role.Staff() && !w.isRequester() {
			// Sent by mistake more often than not: an official must not get an empty mail.
			w.items = []Item{{Problem: &Problem{Code: ProblemMissingText}}}
			w.receipt(false, false)
			return w.decision("empty answer of staff not passed on")
		}
		text = m.Text
	}
	if w.tooLate() {
		w.linked, w.before, w.t = w.before.Number, nil, nil
		w.register(w.in.Mail.Whole, nil)
		w.tell()
		return w.decision("registered: the request that it answers was closed too long ago")
	}
	w.addAnswer(text)
	w.tell()
	return w.decision("answer recorded")
}

// recordAnswer records an answer, which changes nothing but that it ends the waiting for one.
func (w *work) recordAnswer(text string) {
	if w.isRequester() || !w.in.Sender.Role.Staff() {
		w.actor.Role = RoleRequester
	}
	w.add(&AnsweredFact{Text: text, Files: Files(w.in.Mail.Message), Unproven: !w.in.Sender.Proof.Proven})
	if w.actor.Role == RoleRequester && !w.t.State.Final() {
		w.equipFrom(text)
	}
}

// addAnswer records an answer and what it does to the state: one of the official reopens unless it is nothing but
// thanks, which confirms the solution; the first of the technician starts
// the service.
func (w *work) addAnswer(text string) {
	w.recordAnswer(text)
	switch {
	case w.actor.Role == RoleRequester && w.t.State == Resolved && w.content(text):
		w.add(&ClosedFact{})
	case w.actor.Role == RoleRequester && w.t.State == Closed && w.content(text):
	case w.actor.Role == RoleRequester && (w.t.State == Resolved || w.t.State == Closed):
		w.add(&ReopenedFact{})
	case w.isTechnician() && !w.t.State.Final():
		w.start()
	}
}

// tooLate reports whether an answer of the official comes after the days in which it reopens.
func (w *work) tooLate() bool {
	return w.before.State == Closed && (w.isRequester() || !w.in.Sender.Role.Staff()) && !w.mayReopen()
}

func (w *work) mayReopen() bool {
	return !w.in.Now.After(w.before.ClosedAt.AddDate(0, 0, w.in.Policy.ReopenDays))
}
