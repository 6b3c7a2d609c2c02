package tickets

import (
	"slices"
	"strings"
	"time"
)

// Confirming says which commands must be confirmed by reply: with a code that is sent to the person's own address.
type Confirming struct {
	Unproven bool          // commands of known people that nothing proves; otherwise these are simply not obeyed
	Verbs    []Verb        // also of proven people
	Bulk     int           // so many commands in one mail, or more, also of proven people; 0: never
	Valid    time.Duration // how long a code serves
}

// Confirmation is a question to the person in whose name commands came: were they yours? It holds for that mail, with its very
// commands and text, and for that request alone.
type Confirmation struct {
	Message  int64     `json:"message"`
	Ticket   Number    `json:"ticket"`
	Commands []string  `json:"commands"` // as written
	Until    time.Time `json:"until"`

	// Code answers the question. It is never stored: whoever renders the notice works it out, and the register has its digest.
	Code   string `json:"-"`
	Person string `json:"-"` // address key to which the question goes
}

// ConfirmationAskedFact says that commands wait for a confirmation.
type ConfirmationAskedFact struct {
	Person   string    `json:"person"` // address asked
	Commands []string  `json:"commands"`
	Until    time.Time `json:"until"`
}

// ConfirmedFact says that the person has confirmed commands, which come into effect by the events that follow.
type ConfirmedFact struct {
	Commands []string `json:"commands"`
	By       int64    `json:"by"` // the message with the code
}

// Kind names the fact in the register.
func (*ConfirmationAskedFact) Kind() string { return "confirmation_asked" }
func (*ConfirmedFact) Kind() string         { return "confirmed" }

// Internal reports whether the fact is for staff alone.
func (*ConfirmationAskedFact) Internal() bool { return true }
func (*ConfirmedFact) Internal() bool         { return true }

func (*ConfirmationAskedFact) apply(*Ticket, Event) {}
func (*ConfirmedFact) apply(*Ticket, Event)         {}

// mustConfirm reports whether proven commands about an existing request need a confirmation besides.
func (w *work) mustConfirm(commands []Command) bool {
	c := w.in.Policy.Confirm
	if w.before == nil || w.in.Confirmed != nil {
		return false
	}
	return c.Bulk > 0 && len(commands) >= c.Bulk ||
		slices.ContainsFunc(commands, func(one Command) bool { return slices.Contains(c.Verbs, one.Verb) })
}

// confirmFirst asks whether proven commands are meant. Commands that would be refused are refused at once.
func (w *work) confirmFirst(commands []Command) (Decision, error) {
	d, err := newWork(w.in).obey(commands)
	if err != nil || slices.ContainsFunc(d.Notices, func(n Notice) bool { return n.Data.Receipt != nil && !n.Data.Receipt.Applied }) {
		return d, err
	}
	w.ask(commands)
	return w.decision("commands wait for a confirmation")
}

// askUnproven asks the person in whose name commands came, where the settings want that. The question goes to the address
// that the settings or the request have for that person, so that whoever only writes in the name learns nothing.
func (w *work) askUnproven(commands []Command) {
	if !w.in.Policy.Confirm.Unproven || len(commands) == 0 || w.t == nil || w.in.Replayed != "" {
		return
	}
	if w.in.Sender.Role.Staff() || w.isRequester() {
		w.ask(commands)
	}
}

func (w *work) ask(commands []Command) {
	to := w.in.Sender.Address
	if p, known := w.in.Policy.People.Find(to.Addr); known {
		to = p.Address()
	}
	to.Name = w.in.Sender.Name
	c := &Confirmation{Message: w.in.Mail.ID, Ticket: w.t.Number, Commands: commandStrings(commands),
		Until: w.in.Now.Add(w.in.Policy.Confirm.Valid), Person: to.Key()}
	actor := w.actor
	w.actor = Actor{Role: RoleSystem}
	w.add(&ConfirmationAskedFact{Person: to.Key(), Commands: c.Commands, Until: c.Until})
	w.actor = actor
	role := w.in.Sender.Role
	if !role.Staff() {
		role = RoleRequester
	}
	w.notify(NoticeConfirm, to, role, func(d *NoticeData) {
		d.Confirmation, d.Text, d.Links = c, w.in.Mail.Message.NewText, nil
	})
	w.asked = c
}

// codeLength is of a code as Keyring.Token makes it, in characters.
const codeLength = 20

// ReadCode returns the code that somebody wrote or a client has changed, in the form in which codes compare; "" for what is none.
func ReadCode(written string) string {
	code := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '2' && r <= '7' {
			return r
		}
		return -1
	}, strings.ToLower(written))
	if len(code) != codeLength {
		return ""
	}
	return code
}

// confirms reports whether a mail is meant to answer a question of ours. "#confirmar la cita" is not.
func (in Input) confirms() bool {
	return slices.ContainsFunc(in.Mail.Commands, func(c Command) bool { return c.Verb == VerbConfirm && ReadCode(c.Arg) != "" })
}

// confirm refuses a code: one that serves is taken by whoever keeps the codes, before anything is decided.
func (w *work) confirm(Command, string) (Item, *Problem) {
	return Item{}, &Problem{Code: ProblemCodeUseless}
}
