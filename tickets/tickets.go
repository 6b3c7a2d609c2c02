// Package tickets is the domain: requests, the events that make them what they are, the people around them, the notices
// that they cause, and Decide, the pure function from a mail to events and notices. It knows no database, no clock and no
// network, and imports nothing of this module but the types of mail.
package tickets

import (
	"fmt"
	"time"

	"radicado/mailbox"
)

// Number is a radicado, "SS-2026-000042": prefix, year of registration, consecutive within the year.
type Number string

// FormatNumber returns the number of the serial-th request of a year. Serials past 999999 get more digits.
func FormatNumber(prefix string, year, serial int) Number {
	return Number(fmt.Sprintf("%s-%04d-%06d", prefix, year, serial))
}

// State is where a request stands in the procedure.
type State string

// The states, in the order of the procedure.
const (
	Registered       State = "registered"        // step 2
	Coordinated      State = "coordinated"       // step 3
	InService        State = "in_service"        // step 4
	WaitingRequester State = "waiting_requester" // the official was asked something; the clock stops
	WaitingVendor    State = "waiting_vendor"    // the vendor was written to; the clock stops
	Referred         State = "referred"          // an instruction is being followed
	Resolved         State = "resolved"          // solution told, not yet confirmed
	Closed           State = "closed"            // step 5
	Rejected         State = "rejected"
	Duplicate        State = "duplicate"
)

// States lists every state in the order of the procedure.
func States() []State {
	return []State{Registered, Coordinated, InService, WaitingRequester, WaitingVendor, Referred, Resolved, Closed, Rejected, Duplicate}
}

// Final reports whether nothing more is to be done in this state.
func (s State) Final() bool { return s == Closed || s == Rejected || s == Duplicate }

// Open reports whether the desk still owes work: neither final nor resolved.
func (s State) Open() bool { return !s.Final() && s != Resolved }

// Waiting reports whether somebody else must do something first.
func (s State) Waiting() bool { return s == WaitingRequester || s == WaitingVendor }

// Priority orders the work.
type Priority string

// The priorities, most urgent first. A request has none until the coordinator sets it.
const (
	Critical   Priority = "critical"
	High       Priority = "high"
	Medium     Priority = "medium"
	Low        Priority = "low"
	Unassessed Priority = ""
)

// Ticket is one registered request: what its events add up to. It is changed by Apply alone.
type Ticket struct {
	Number       Number            `json:"number"`
	Version      int               `json:"version"` // Seq of the last event applied
	State        State             `json:"state"`
	Resume       State             `json:"resume,omitempty"` // the state to which waiting returns
	Priority     Priority          `json:"priority,omitempty"`
	Impact       Level             `json:"impact,omitempty"` // from which the priority follows, where it does
	Urgency      Level             `json:"urgency,omitempty"`
	Presumed     bool              `json:"presumed,omitempty"` // the priority is by a rule; nobody has looked at it
	Subject      string            `json:"subject"`
	Text         string            `json:"text"` // what the official wrote
	Files        []File            `json:"files,omitempty"`
	Requester    mailbox.Address   `json:"requester"`
	Office       string            `json:"office,omitempty"` // of the requester (dependencia)
	Telephone    string            `json:"telephone,omitempty"`
	Followers    []mailbox.Address `json:"followers,omitempty"`
	Technician   mailbox.Address   `json:"technician,omitzero"`
	Linked       Number            `json:"linked,omitempty"`  // the request that this one goes back to
	Origin       string            `json:"origin,omitempty"`  // Message-ID of the mail that was registered
	Lang         string            `json:"lang,omitempty"`    // in which the requester is written to
	Note         string            `json:"note,omitempty"`    // what a colleague wrote above the mail that he or she sent in
	Remarks      []Remark          `json:"remarks,omitempty"` // what was odd about the mail
	OnBehalfBy   string            `json:"on_behalf,omitempty"`
	Unproven     bool              `json:"unproven,omitempty"` // nothing proves that the requester wrote the request
	Solution     string            `json:"solution,omitempty"`
	Type         string            `json:"type,omitempty"`       // kind of request, step 4.2
	Diagnosis    string            `json:"diagnosis,omitempty"`  // step 4.1
	Plan         string            `json:"plan,omitempty"`       // step 4.3
	Assets       []Asset           `json:"assets,omitempty"`     // machines that it is about
	Claim        Claim             `json:"claim,omitzero"`       // step 4.4
	Instruction  Progress          `json:"instruction,omitzero"` // step 4.2
	Article      string            `json:"article,omitempty"`    // the first-level solution on file by which it was solved
	Score        int               `json:"score,omitempty"`      // of the survey, from 1 to 5; 0 for none
	Comment      string            `json:"comment,omitempty"`    // of the survey
	Resources    []Held            `json:"resources,omitempty"`  // technical resources that are out for it
	RegisteredAt time.Time         `json:"registered_at"`
	RespondedAt  time.Time         `json:"responded_at,omitzero"` // when the desk first wrote to the official
	Pauses       []Pause           `json:"pauses,omitempty"`
	Alerts       []Alert           `json:"alerts,omitempty"`
	Waiting      Waiting           `json:"waiting,omitzero"` // for an answer of the official
	ResolvedAt   time.Time         `json:"resolved_at,omitzero"`
	ClosedAt     time.Time         `json:"closed_at,omitzero"`  // also of rejected
	ChangedAt    time.Time         `json:"changed_at"`          // time of the last event
	Anonymised   time.Time         `json:"anonymised,omitzero"` // when the personal data of it was erased
	Imported     Imported          `json:"imported,omitzero"`   // from an archive
}

// File is an attachment as a ticket remembers it; the content stays with the mail.
type File struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"` // bytes
}

// Assigned reports whether the request was given to a technician, who may have left: Policy.technicianOf knows.
func (t *Ticket) Assigned() bool { return t.Technician.Addr != "" }

// Clone returns a copy that Apply may change without the original noticing.
func (t *Ticket) Clone() *Ticket {
	c := *t
	c.Followers = append([]mailbox.Address(nil), t.Followers...)
	c.Files = append([]File(nil), t.Files...)
	c.Resources = append([]Held(nil), t.Resources...)
	c.Pauses = append([]Pause(nil), t.Pauses...)
	c.Alerts = append([]Alert(nil), t.Alerts...)
	c.Assets = append([]Asset(nil), t.Assets...)
	c.Instruction.Steps = append([]StepDone(nil), t.Instruction.Steps...)
	return &c
}

// Outline returns the ticket without what people wrote at length. It still tells where the ticket stands and what is due when.
func (t *Ticket) Outline() *Ticket {
	c := *t
	c.Text, c.Files, c.Note, c.Diagnosis, c.Plan, c.Solution, c.Comment = "", nil, "", "", "", "", ""
	return &c
}
