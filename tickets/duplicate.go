package tickets

import (
	"cmp"
	"slices"
	"time"

	"radicado/mailbox"
)

// The verbs about two requests.
const (
	VerbDuplicate Verb = "duplicate"
	VerbSplit     Verb = "split"
)

// Change is what happens to one ticket.
type Change struct {
	Ticket *Ticket // as it is after the events
	Events []Event
}

// Facts about two requests; each ticket has its own.
type (
	// DuplicateFact ends the ticket, because another is about the same thing.
	DuplicateFact struct {
		Of Number `json:"of"`
	}
	// JoinedFact lets the people of a duplicate follow this ticket.
	JoinedFact struct {
		From      Number            `json:"from"`
		Followers []mailbox.Address `json:"followers,omitempty"`
	}
	// SeparatedFact makes an answer a request of its own.
	SeparatedFact struct {
		Answer int    `json:"answer"` // Seq of the answer
		New    Number `json:"new"`
	}
)

// Kind names the fact in the register.
func (*DuplicateFact) Kind() string { return "duplicate" }
func (*JoinedFact) Kind() string    { return "joined" }
func (*SeparatedFact) Kind() string { return "separated" }

// Internal reports whether the fact is for staff alone.
func (*DuplicateFact) Internal() bool { return false }
func (*JoinedFact) Internal() bool    { return true }
func (*SeparatedFact) Internal() bool { return false }

func (f *DuplicateFact) said() string { return string(f.Of) }
func (f *JoinedFact) said() string    { return string(f.From) }
func (f *SeparatedFact) said() string { return string(f.New) }

func (f *DuplicateFact) apply(t *Ticket, e Event) {
	t.State, t.Resume = Duplicate, ""
	t.Linked, t.ClosedAt = f.Of, e.At
}

func (f *JoinedFact) apply(t *Ticket, _ Event) { t.Followers = append(t.Followers, f.Followers...) }

func (*SeparatedFact) apply(*Ticket, Event) {}

// addTo appends an event to another ticket than that of the mail.
func (w *work) addTo(t *Ticket, f Fact) *Ticket {
	at := slices.IndexFunc(w.others, func(c Change) bool { return c.Ticket.Number == t.Number })
	if at < 0 {
		w.others = append(slices.Clip(w.others), Change{Ticket: t.Clone()})
		at = len(w.others) - 1
	}
	c := &w.others[at]
	e := Event{Ticket: t.Number, Seq: c.Ticket.Version + 1, At: w.in.Now, Actor: w.actor, Message: w.in.Mail.ID, Fact: f}
	if err := c.Ticket.Apply(e); err != nil && w.err == nil {
		w.err = err
	}
	c.Events = append(c.Events, e)
	return c.Ticket
}

// duplicate carries out #duplicada.
func (w *work) duplicate(c Command, _ string) (Item, *Problem) {
	original, exists := w.in.Found.Tickets[c.Number]
	switch {
	case c.Arg == "":
		return Item{}, &Problem{Code: ProblemMissingArgument}
	case !exists:
		return Item{}, &Problem{Code: ProblemNoSuchTicket, Value: c.Arg}
	case c.Number == w.t.Number:
		return Item{}, &Problem{Code: ProblemItself, Value: string(c.Number)}
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	case original.Ticket.State.Final():
		return Item{}, &Problem{Code: ProblemOtherState, Value: string(c.Number), State: original.Ticket.State}
	}
	var joined []mailbox.Address
	for _, a := range w.officials() {
		if !original.Ticket.concerns(a) && !slices.ContainsFunc(joined, func(j mailbox.Address) bool { return j.Key() == a.Key() }) {
			joined = append(joined, a)
		}
	}
	w.add(&DuplicateFact{Of: c.Number})
	w.addTo(original.Ticket, &JoinedFact{From: w.t.Number, Followers: joined})
	return Item{Value: string(c.Number)}, nil
}

// split carries out #separar: the latest answer of the official that is not separated yet becomes a request.
func (w *work) split(c Command, _ string) (Item, *Problem) {
	var answer *Event
	separated := map[int]bool{}
	for _, e := range w.in.Found.Tickets[w.t.Number].Events {
		switch f := e.Fact.(type) {
		case *SeparatedFact:
			separated[f.Answer] = true
		case *AnsweredFact:
			if e.Actor.Role == RoleRequester {
				answer = &e
			}
		}
	}
	if answer == nil || separated[answer.Seq] {
		return Item{}, &Problem{Code: ProblemNoAnswer}
	}
	said := answer.Fact.(*AnsweredFact)
	requester := w.t.Requester
	if answer.Actor.Addr != "" {
		requester = mailbox.Address{Name: answer.Actor.Name, Addr: answer.Actor.Addr}
	}
	w.add(&SeparatedFact{Answer: answer.Seq, New: w.in.Next})
	w.addTo(&Ticket{Number: w.in.Next}, &RegisteredFact{
		Requester: requester, Subject: cmp.Or(c.Arg, w.t.Subject), Text: said.Text, Files: said.Files, Linked: w.t.Number, Lang: w.t.Lang,
		Unproven: said.Unproven, OnBehalfBy: w.in.Sender.Address.Key(), Office: w.t.Office, Telephone: w.t.Telephone,
	})
	return Item{Value: string(w.in.Next), Number: w.in.Next}, nil
}

// tellOthers writes about the other ticket that the mail changed.
func (w *work) tellOthers() {
	for _, c := range w.others {
		about := *w
		about.t, about.before, about.events, about.notices, about.gist = c.Ticket, nil, c.Events, nil, nil
		switch c.Events[0].Fact.(type) {
		case *RegisteredFact:
			about.tellRegistered()
		case *JoinedFact:
			if p, has := w.in.Policy.technicianOf(c.Ticket); has && !w.acting(p.Address()) {
				about.notify(NoticeStatus, p.Address(), p.Role, nil)
			}
		}
		w.notices = append(w.notices, about.notices...)
	}
}

// The measure of what is probably the same request.
const (
	recentTime    = 24 * time.Hour
	leastCommon   = 2   // words that both have
	leastShare    = 0.6 // of the shorter one's words
	maxDuplicates = 3   // that are pointed out
)

// RecentQuery is which requests may be the same as one that a mail registers.
type RecentQuery struct {
	Requester string // address key; "" where none can be
	Since     time.Time
	Gist      *Gist // of what the mail says: of other requests it is enough to know that they are not alike
}

// Recent returns which requests may be the same as one that this mail registers.
func (in Input) Recent() RecentQuery {
	m := in.Mail.Message
	if in.Ticket != nil || !in.Mail.mayBeRequest() {
		return RecentQuery{}
	}
	q := RecentQuery{Requester: m.From.Key(), Since: in.Now.Add(-recentTime)}
	if f := m.Forward; f != nil && in.Sender.Role.Staff() {
		q.Requester = f.From.Key()
	}
	if q.Gist = in.Mail.gist; !in.Mail.studied {
		q.Gist = GistOf(together(in.Mail.about(in.Sender)))
	}
	return q
}

// about returns subject and text of the request that the mail would be.
func (m *Mail) about(sender Sender) (subject, text string) {
	subject, text = m.Whole, cmp.Or(m.Message.NewText, m.Message.Text)
	if f := m.Message.Forward; f != nil && sender.Role.Staff() {
		subject, text = cmp.Or(f.Subject, subject), cmp.Or(f.Text, text)
	}
	return subject, text
}

// same returns the requests that are probably the same as a new one, which is about gist. It merges nothing.
func (w *work) same(gist *Gist) []*Ticket {
	var found []*Ticket
	asked := w.gist != nil // Recent was asked for by it, and all of it is alike
	for _, t := range w.in.Found.Recent {
		if len(found) < maxDuplicates && t.Number != w.t.Number && !t.State.Final() && t.Requester.Key() == w.t.Requester.Key() && (asked || t.Gist().Alike(gist)) {
			found = append(found, t)
		}
	}
	return found
}
