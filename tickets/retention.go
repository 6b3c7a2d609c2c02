package tickets

import (
	"time"

	"radicado/mailbox"
)

// Retention is how long personal data is kept (Ley 1581 de 2012; Decreto 1377 de 2013, artículo 11). All of it counts from the
// closure of the request, and for what belongs to none from when it came. Zero fields keep it for ever.
type Retention struct {
	Years       int           // after which whatever names or describes people is erased
	Mails       time.Duration // after which the mails as they came are removed
	Attachments time.Duration // after which the mails that brought files are removed
}

// Expiry is before when what must have ended for it to be erased; a zero time erases nothing.
type Expiry struct {
	Personal    time.Time
	Mails       time.Time
	Attachments time.Time
}

// Expiry returns what is past its time.
func (r Retention) Expiry(now time.Time) (e Expiry) {
	if r.Years > 0 {
		e.Personal = now.AddDate(-r.Years, 0, 0)
	}
	if r.Mails > 0 {
		e.Mails = now.Add(-r.Mails)
	}
	if r.Attachments > 0 {
		e.Attachments = now.Add(-r.Attachments)
	}
	if e.Personal.After(e.Mails) { // a mail names and describes people
		e.Mails = e.Personal
	}
	return e
}

// Erased counts what retention has erased, or would.
type Erased struct {
	What ErasedKind `json:"what"`
	Year int        `json:"year,omitempty"` // of the request's number, or in which it came
	Rows int64      `json:"rows"`
}

// ErasedKind is a kind of what retention erases.
type ErasedKind string

// The kinds.
const (
	ErasedRequests  ErasedKind = "requests"  // names, addresses, texts and events of requests
	ErasedMessages  ErasedKind = "messages"  // what was read of mails
	ErasedMails     ErasedKind = "mails"     // mails byte for byte, attachments included
	ErasedNotices   ErasedKind = "notices"   // recipients and contents of notices
	ErasedArrivals  ErasedKind = "arrivals"  // why what could not be read was set aside
	ErasedAbsences  ErasedKind = "absences"  // whose they were
	ErasedCommands  ErasedKind = "commands"  // that waited for a confirmation
	ErasedAddresses ErasedKind = "addresses" // that failed, were written to too often, or were assigned something
	ErasedBooks     ErasedKind = "books"     // reconciliations
)

// ErasedKinds lists every kind, in the order in which they are erased.
func ErasedKinds() []ErasedKind {
	return []ErasedKind{ErasedMails, ErasedRequests, ErasedMessages, ErasedNotices, ErasedArrivals, ErasedAbsences, ErasedCommands, ErasedAddresses, ErasedBooks}
}

// erasedSource stands for the name of the archive from which an erased request was imported.
const erasedSource = "archive"

// Anonymous returns what stays of a ticket when the personal data in it is erased: what statistics are made of. Firms are no
// persons and keep their name.
func (t *Ticket) Anonymous(at time.Time) *Ticket {
	a := &Ticket{
		Number: t.Number, Version: t.Version, State: t.State, Resume: t.Resume, Priority: t.Priority, Impact: t.Impact, Urgency: t.Urgency,
		Presumed: t.Presumed, Office: t.Office, Linked: t.Linked, Lang: t.Lang, Unproven: t.Unproven, Type: t.Type, Article: t.Article, Score: t.Score,
		RegisteredAt: t.RegisteredAt, RespondedAt: t.RespondedAt, ResolvedAt: t.ResolvedAt, ClosedAt: t.ClosedAt, ChangedAt: t.ChangedAt,
		Pauses: t.Pauses, Alerts: t.Alerts, Resources: t.Resources, Anonymised: at,
	}
	for _, m := range t.Assets {
		m.Holder, m.Vendor.Addr = mailbox.Address{}, ""
		a.Assets = append(a.Assets, m)
	}
	for _, r := range t.Remarks {
		a.Remarks = append(a.Remarks, Remark{Code: r.Code})
	}
	if t.Imported.Source != "" { // an archive may have the name of a person
		a.Imported = Imported{Source: erasedSource, Received: t.Imported.Received}
	}
	a.Claim = t.Claim
	a.Claim.Vendor.Addr, a.Claim.Case, a.Claim.CaseKey = "", "", ""
	a.Instruction = t.Instruction
	a.Instruction.Steps = nil
	for _, s := range t.Instruction.Steps {
		s.By, s.Note = "", ""
		a.Instruction.Steps = append(a.Instruction.Steps, s)
	}
	return a.Clone()
}
