package tickets

import (
	"encoding/json"
	"fmt"
	"time"

	"radicado/mailbox"
)

// Event is one thing that happened to a ticket. Events are only ever appended.
type Event struct {
	Ticket  Number
	Seq     int // within the ticket, from 1
	At      time.Time
	Actor   Actor
	Message int64 // the stored message that caused it, 0 for none
	Fact    Fact
}

// Erased reports whether retention has taken out who did what. Kind and time stay.
func (e Event) Erased() bool { return e.Actor.Role == "" }

// Actor is who caused an event. The daemon itself is an Actor with RoleSystem and no address.
type Actor struct {
	Role Role   `json:"role"`
	Addr string `json:"addr,omitempty"`
	Name string `json:"name,omitempty"`
}

// Label returns the name of the actor for people, the address where there is no name.
func (a Actor) Label() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Addr
}

// Fact is what an event says. Its JSON form is stored for ever: fields are added to a fact, never renamed or reused.
type Fact interface {
	// Kind names the fact in the register.
	Kind() string
	// Internal reports whether the fact is for staff alone and must never reach an official or a vendor.
	Internal() bool
	apply(t *Ticket, e Event)
}

// The facts.
type (
	// RegisteredFact opens a ticket.
	RegisteredFact struct {
		Requester  mailbox.Address `json:"requester"`
		Subject    string          `json:"subject"`
		Text       string          `json:"text"`
		Files      []File          `json:"files,omitempty"`
		Linked     Number          `json:"linked,omitempty"`
		Origin     string          `json:"origin,omitempty"`
		Lang       string          `json:"lang,omitempty"`
		Unproven   bool            `json:"unproven,omitempty"`  // nothing proves that the requester wrote it
		OnBehalfBy string          `json:"on_behalf,omitempty"` // address of the staff member who sent it in
		Note       string          `json:"note,omitempty"`      // what the member of staff wrote above it, for staff
		Remarks    []Remark        `json:"remarks,omitempty"`   // for staff: what was odd about the mail
		Office     string          `json:"office,omitempty"`    // of the requester (dependencia)
		Telephone  string          `json:"telephone,omitempty"`
		Imported   Imported        `json:"imported,omitzero"`
	}
	// AnsweredFact is a message that both the official and the desk see.
	AnsweredFact struct {
		Text     string    `json:"text"`
		Files    []File    `json:"files,omitempty"`
		Unproven bool      `json:"unproven,omitempty"` // nothing proves that the official wrote it
		Received time.Time `json:"received,omitzero"`  // when it had come, where it was imported
	}
	// UnprovenFact is a message in somebody's name that nothing proves. Staff see it; nobody else, and no command of it is obeyed.
	UnprovenFact struct {
		From     mailbox.Address `json:"from"`
		Text     string          `json:"text"`
		Files    []File          `json:"files,omitempty"`
		Commands []string        `json:"commands,omitempty"` // as written
		Reason   string          `json:"reason"`             // why it is not proven
	}
	// NotedFact is an internal note.
	NotedFact struct {
		Text  string `json:"text"`
		Files []File `json:"files,omitempty"`
	}
	// AutomaticFact is an automatic mail about the ticket: an absence notice, a receipt.
	AutomaticFact struct {
		From  mailbox.Address `json:"from"`
		Class mailbox.Class   `json:"class"`
		Text  string          `json:"text,omitempty"`
	}
	// UndeliveredFact is a notice of ours that came back or was given up.
	UndeliveredFact struct {
		Recipients []string `json:"recipients"`
		Status     string   `json:"status,omitempty"`
		Permanent  bool     `json:"permanent"`          // refused for good
		GivenUp    bool     `json:"given_up,omitempty"` // not refused for good, and not tried any more: it took too long, or we failed
		Diagnostic string   `json:"diagnostic,omitempty"`
		Dead       bool     `json:"dead,omitempty"` // nothing more is sent to the address until a mail comes from it
	}
	// PrioritisedFact sets the priority.
	PrioritisedFact struct {
		Priority Priority `json:"priority"`
		Impact   Level    `json:"impact,omitempty"`
		Urgency  Level    `json:"urgency,omitempty"`
		Presumed bool     `json:"presumed,omitempty"` // by a rule; nobody has looked at it
	}
	// AssignedFact gives the ticket to a technician; Taken where the technician took it.
	AssignedFact struct {
		Technician mailbox.Address `json:"technician"`
		Taken      bool            `json:"taken,omitempty"`
		Auto       bool            `json:"auto,omitempty"`    // chosen by skills, presence and load
		Resumes    bool            `json:"resumes,omitempty"` // the technician has it already and goes on: whom it waited for is waited for no more
	}
	// StartedFact is the technician's first work on the ticket.
	StartedFact struct{}
	// WaitedFact asks the official something and stops the clock.
	WaitedFact struct {
		Text string `json:"text"`
	}
	// ResolvedFact records the solution.
	ResolvedFact struct {
		Text    string `json:"text"`
		Article string `json:"article,omitempty"` // the first-level solution on file that it is
	}
	// ClosedFact ends the ticket. Text says why where there was no solution before.
	ClosedFact struct {
		Text   string `json:"text,omitempty"`
		Silent bool   `json:"silent,omitempty"` // nobody answered the solution
	}
	// ReopenedFact takes up a resolved or ended ticket again.
	ReopenedFact struct {
		Text string `json:"text,omitempty"`
	}
	// RejectedFact ends the ticket without service.
	RejectedFact struct {
		Text string `json:"text"`
	}
	// RefusedFact records commands that were read and not carried out.
	RefusedFact struct {
		Commands []string `json:"commands"` // as written
		Reasons  []string `json:"reasons"`  // codes of Problem
	}
)

// Remark is something about a mail that staff should know.
type Remark struct {
	Code  RemarkCode `json:"code"`
	Value string     `json:"value,omitempty"`
}

// RemarkCode says what was odd about a mail.
type RemarkCode string

// The remarks.
const (
	RemarkEncrypted     RemarkCode = "encrypted"      // Value: "S/MIME" or "PGP"; the content could not be read
	RemarkIncomplete    RemarkCode = "incomplete"     // above the size cap: only the header was read
	RemarkLong          RemarkCode = "long"           // more text than is read: the request has its beginning
	RemarkAuthors       RemarkCode = "authors"        // Value: how many addresses the From fields name
	RemarkUnknownNumber RemarkCode = "unknown_number" // Value: a number in the subject that does not exist
	RemarkInvitation    RemarkCode = "invitation"     // Value: the summary of a calendar invitation
	RemarkUnscanned     RemarkCode = "unscanned"      // no scanner has looked at it though the settings name one
	RemarkUnobeyed      RemarkCode = "unobeyed"       // Value: a command that was not obeyed because nothing proves the sender
	RemarkReleased      RemarkCode = "released"       // Value: who took the mail out of the quarantine
)

// RemarkCodes lists every remark.
func RemarkCodes() []RemarkCode {
	return []RemarkCode{RemarkEncrypted, RemarkIncomplete, RemarkLong, RemarkAuthors, RemarkUnknownNumber, RemarkInvitation, RemarkUnscanned, RemarkUnobeyed, RemarkReleased}
}

// NewFact returns an empty fact of that kind.
func NewFact(kind string) (Fact, error) {
	for _, f := range allFacts() {
		if f.Kind() == kind {
			return f, nil
		}
	}
	return nil, fmt.Errorf("event of unknown kind %q: it was written by a newer version", kind)
}

// DecodeFact reads a fact from its stored form.
func DecodeFact(kind string, data []byte) (Fact, error) {
	f, err := NewFact(kind)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("event of kind %s: %w", kind, err)
	}
	return f, nil
}

// EncodeFact returns the stored form of a fact.
func EncodeFact(f Fact) ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("event of kind %s: %w", f.Kind(), err)
	}
	return data, nil
}

func allFacts() []Fact {
	return []Fact{
		&RegisteredFact{}, &AnsweredFact{}, &UnprovenFact{}, &NotedFact{}, &AutomaticFact{}, &UndeliveredFact{}, &PrioritisedFact{},
		&AssignedFact{}, &StartedFact{}, &WaitedFact{}, &ResolvedFact{}, &ClosedFact{}, &ReopenedFact{}, &RejectedFact{}, &RefusedFact{},
		&ReservedFact{}, &ReturnedFact{}, &AlertedFact{}, &RemindedFact{}, &OverdueFact{},
		&TypedFact{}, &DiagnosedFact{}, &PlannedFact{}, &FollowedFact{}, &EnteredFact{}, &EquippedFact{},
		&UnsolvedFact{}, &VendorWrittenFact{}, &VendorAnsweredFact{}, &VendorRemindedFact{}, &EscalatedFact{},
		&ReferredFact{}, &SteppedFact{}, &SurveyedFact{},
		&DuplicateFact{}, &JoinedFact{}, &SeparatedFact{}, &UndoneFact{},
		&ConfirmationAskedFact{}, &ConfirmedFact{}, &WithheldFact{},
	}
}

// Kind names the fact in the register.
func (*RegisteredFact) Kind() string  { return "registered" }
func (*AnsweredFact) Kind() string    { return "answered" }
func (*UnprovenFact) Kind() string    { return "unproven" }
func (*NotedFact) Kind() string       { return "noted" }
func (*AutomaticFact) Kind() string   { return "automatic" }
func (*UndeliveredFact) Kind() string { return "undelivered" }
func (*PrioritisedFact) Kind() string { return "prioritised" }
func (*AssignedFact) Kind() string    { return "assigned" }
func (*StartedFact) Kind() string     { return "started" }
func (*WaitedFact) Kind() string      { return "waited" }
func (*ResolvedFact) Kind() string    { return "resolved" }
func (*ClosedFact) Kind() string      { return "closed" }
func (*ReopenedFact) Kind() string    { return "reopened" }
func (*RejectedFact) Kind() string    { return "rejected" }
func (*RefusedFact) Kind() string     { return "refused" }

// Internal reports whether the fact is for staff alone.
func (*RegisteredFact) Internal() bool  { return false }
func (*AnsweredFact) Internal() bool    { return false }
func (*UnprovenFact) Internal() bool    { return true }
func (*NotedFact) Internal() bool       { return true }
func (*AutomaticFact) Internal() bool   { return true }
func (*UndeliveredFact) Internal() bool { return true }
func (*PrioritisedFact) Internal() bool { return false }
func (*AssignedFact) Internal() bool    { return false }
func (*StartedFact) Internal() bool     { return false }
func (*WaitedFact) Internal() bool      { return false }
func (*ResolvedFact) Internal() bool    { return false }
func (*ClosedFact) Internal() bool      { return false }
func (*ReopenedFact) Internal() bool    { return false }
func (*RejectedFact) Internal() bool    { return false }
func (*RefusedFact) Internal() bool     { return true }
