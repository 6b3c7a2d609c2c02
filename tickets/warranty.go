package tickets

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
)

// The verbs of step 4.4: no solution in house, so that the vendor is asked.
const (
	VerbWarranty Verb = "warranty"
	VerbUnsolved Verb = "unsolved"
	VerbVendor   Verb = "vendor"
)

// Claim is what a ticket asks of a vendor.
type Claim struct {
	Vendor     mailbox.Address `json:"vendor,omitzero"`
	Plate      string          `json:"plate,omitempty"`
	Case       string          `json:"case,omitempty"`     // the vendor's own number, as it writes it
	CaseKey    string          `json:"case_key,omitempty"` // AssetKey of it, by which the vendor's mails are matched
	WrittenAt  time.Time       `json:"written_at,omitzero"`
	LastAt     time.Time       `json:"last_at,omitzero"`     // of our latest message that is no reminder
	FirstAt    time.Time       `json:"first_at,omitzero"`    // of the vendor's first answer by a person
	AnsweredAt time.Time       `json:"answered_at,omitzero"` // of its latest
	Reminders  int             `json:"reminders,omitempty"`  // since LastAt
	RemindedAt time.Time       `json:"reminded_at,omitzero"`
	Silent     bool            `json:"silent,omitempty"` // the coordinator was told that the vendor does not answer
	Late       bool            `json:"late,omitempty"`   // the coordinator was told that the vendor takes too long
}

// Open reports whether a vendor was written to and can be again.
func (c Claim) Open() bool { return c.Vendor.Addr != "" }

// Made reports whether a vendor was written to. Its address may be erased since.
func (c Claim) Made() bool { return !c.WrittenAt.IsZero() }

// Facts about the vendor. They are for staff: an official sees the state, a vendor sees its letters.
type (
	// UnsolvedFact says that the desk has no solution of its own.
	UnsolvedFact struct {
		Text string `json:"text"`
	}
	// VendorWrittenFact is a letter to the vendor. The First opens the claim.
	VendorWrittenFact struct {
		Vendor mailbox.Address `json:"vendor"`
		Plate  string          `json:"plate,omitempty"`
		Text   string          `json:"text,omitempty"`
		First  bool            `json:"first,omitempty"`
		Afresh bool            `json:"afresh,omitempty"` // the coordinator, who was told that the vendor does not answer, is told anew of this one
	}
	// VendorAnsweredFact is a mail of the vendor.
	VendorAnsweredFact struct {
		Text      string `json:"text"`
		Files     []File `json:"files,omitempty"`
		Case      string `json:"case,omitempty"` // the vendor's own number, where the mail is the first to name it
		Unproven  bool   `json:"unproven,omitempty"`
		Automatic bool   `json:"automatic,omitempty"` // by the vendor's own system, so that nobody has answered yet
	}
	// VendorRemindedFact is a reminder to the vendor.
	VendorRemindedFact struct {
		Count int `json:"count"`
	}
	// EscalatedFact tells the coordinator that the vendor does not keep its times.
	EscalatedFact struct {
		Reason EscalationReason `json:"reason"`
	}
)

// EscalationReason says which of its times the vendor does not keep.
type EscalationReason string

// The reasons.
const (
	EscalatedSilent  EscalationReason = "silent"  // no answer, not even to the reminders
	EscalatedLate    EscalationReason = "late"    // no solution within the time agreed
	EscalatedUnknown EscalationReason = "unknown" // no answer, and the settings have no such vendor any more, who could be reminded
)

// Kind names the fact in the register.
func (*UnsolvedFact) Kind() string       { return "unsolved" }
func (*VendorWrittenFact) Kind() string  { return "vendor_written" }
func (*VendorAnsweredFact) Kind() string { return "vendor_answered" }
func (*VendorRemindedFact) Kind() string { return "vendor_reminded" }
func (*EscalatedFact) Kind() string      { return "escalated" }

// Internal reports whether the fact is for staff alone.
func (*UnsolvedFact) Internal() bool       { return true }
func (*VendorWrittenFact) Internal() bool  { return true }
func (*VendorAnsweredFact) Internal() bool { return true }
func (*VendorRemindedFact) Internal() bool { return true }
func (*EscalatedFact) Internal() bool      { return true }

func (f *UnsolvedFact) said() string { return f.Text }
func (f *VendorWrittenFact) said() string {
	return strings.TrimSpace(cmp.Or(f.Vendor.Name, f.Vendor.Addr) + "\n\n" + f.Text)
}
func (f *VendorAnsweredFact) said() string { return f.Text }

func (f *UnsolvedFact) apply(t *Ticket, _ Event) {
	if t.Diagnosis == "" {
		t.Diagnosis = f.Text
	}
	t.start()
}

func (f *VendorWrittenFact) apply(t *Ticket, e Event) {
	if f.First {
		t.Claim = Claim{Vendor: f.Vendor, Plate: f.Plate, WrittenAt: e.At}
	}
	t.Claim.LastAt, t.Claim.Reminders = e.At, 0
	t.Claim.Silent = t.Claim.Silent && !f.Afresh
	t.start()
	switch t.State {
	case WaitingVendor:
	case WaitingRequester:
		t.State = WaitingVendor
	default:
		t.State, t.Resume = WaitingVendor, t.State
	}
}

func (f *VendorAnsweredFact) apply(t *Ticket, e Event) {
	if f.Case != "" {
		t.Claim.Case, t.Claim.CaseKey = f.Case, AssetKey(f.Case)
	}
	if !f.Automatic {
		t.Claim.AnsweredAt, t.Claim.Silent = e.At, false
		if t.Claim.FirstAt.IsZero() {
			t.Claim.FirstAt = e.At
		}
	}
}

func (f *VendorRemindedFact) apply(t *Ticket, e Event) {
	t.Claim.Reminders, t.Claim.RemindedAt = f.Count, e.At
}

func (f *EscalatedFact) apply(t *Ticket, _ Event) {
	t.Claim.Silent = t.Claim.Silent || f.Reason == EscalatedSilent || f.Reason == EscalatedUnknown
	t.Claim.Late = t.Claim.Late || f.Reason == EscalatedLate
}

// Letter is what a vendor is told, and all that it is told: the rest of the ticket is the ministry's business.
type Letter struct {
	Asset     AssetView `json:"asset"`
	Fault     string    `json:"fault,omitempty"`
	Diagnosis string    `json:"diagnosis,omitempty"`
	Contact   string    `json:"contact,omitempty"` // name of the technician
	Place     string    `json:"place,omitempty"`   // office and official
	Case      string    `json:"case,omitempty"`    // the vendor's own number
	Since     time.Time `json:"since,omitzero"`    // of the first letter
	Reminders int       `json:"reminders,omitempty"`
}

// machine returns the ticket's machine as the register has it now.
func (w *work) machine(a Asset) Asset {
	for _, fresh := range w.in.Found.Assets {
		if fresh.same(a) {
			return fresh
		}
	}
	return a
}

// claimable says why no letter can be written about a machine.
func (w *work) claimable(a Asset) *Problem {
	view := w.in.Policy.assetView(a, w.in.Now)
	if view.Coverage != CoverageValid {
		return &Problem{Code: ProblemWarranty, Value: a.Plate, Asset: &view}
	}
	if _, known := w.in.Policy.VendorOf(a.Vendor); !known {
		return &Problem{Code: ProblemNoVendor, Value: view.Vendor, Asset: &view}
	}
	return nil
}

// claimFor writes to the vendor of a claimable machine, and links the machine where it is not or has changed.
func (w *work) claimFor(a Asset, text string) Item {
	if !slices.Contains(w.t.Assets, a) {
		w.add(&EquippedFact{Asset: a})
	}
	vendor, _ := w.in.Policy.VendorOf(a.Vendor)
	w.add(&VendorWrittenFact{Vendor: vendor.Address(), Plate: a.Plate, Text: text, First: true})
	view := w.in.Policy.assetView(a, w.in.Now)
	return Item{Value: vendor.Name, Asset: &view}
}

// warranty carries out #garantia.
func (w *work) warranty(c Command, text string) (Item, *Problem) {
	if !possible(VerbWarranty, w.t) {
		return Item{}, w.stateProblem()
	}
	var a Asset
	switch {
	case c.Arg != "":
		found, problem := w.asset(c.Arg)
		if problem != nil {
			return Item{}, problem
		}
		a = found
	case len(w.t.Assets) == 0:
		return Item{}, &Problem{Code: ProblemNoAsset, Choices: w.heldPlates()}
	case len(w.t.Assets) > 1:
		return Item{}, &Problem{Code: ProblemAmbiguous, Value: c.String(), Choices: plates(w.t.Assets)}
	default:
		a = w.machine(w.t.Assets[0])
	}
	if problem := w.claimable(a); problem != nil {
		return Item{}, problem
	}
	if text != "" && w.t.Diagnosis == "" {
		w.add(&DiagnosedFact{Text: text})
		text = ""
	}
	return w.claimFor(a, text), nil
}

func plates(list []Asset) []string {
	var names []string
	for _, a := range list {
		names = append(names, a.Plate)
	}
	return names
}

// unsolved carries out #sin-solucion: the vendor is written to without further ado where there is a warranty.
func (w *work) unsolved(_ Command, text string) (Item, *Problem) {
	if !w.t.State.Open() {
		return Item{}, w.stateProblem()
	}
	var covered []Asset
	for _, linked := range w.t.Assets {
		if a := w.machine(linked); w.claimable(a) == nil {
			covered = append(covered, a)
		}
	}
	if len(covered) > 1 && w.t.State != WaitingVendor {
		return Item{}, &Problem{Code: ProblemSeveralAssets, Choices: plates(covered)}
	}
	w.add(&UnsolvedFact{Text: text})
	if len(covered) == 0 || w.t.State == WaitingVendor {
		return Item{}, nil
	}
	return w.claimFor(covered[0], ""), nil
}

// toVendor carries out #proveedor.
func (w *work) toVendor(_ Command, text string) (Item, *Problem) {
	vendor, known := w.in.Policy.VendorOf(w.t.Claim.Vendor)
	switch {
	case !w.t.Claim.Open():
		return Item{}, &Problem{Code: ProblemNoClaim}
	case !w.t.State.Open():
		return Item{}, w.stateProblem()
	case !known:
		return Item{}, &Problem{Code: ProblemNoVendor, Value: cmp.Or(w.t.Claim.Vendor.Name, w.t.Claim.Vendor.Addr)}
	}
	w.add(&VendorWrittenFact{Vendor: vendor.Address(), Text: text, Afresh: w.t.Claim.Silent})
	return Item{Value: vendor.Name}, nil
}

// isVendor reports whether the sender is the vendor that the ticket asks something of.
func (w *work) isVendor() bool {
	if w.before == nil || !w.before.Claim.Open() || w.in.Sender.Role != RoleVendor {
		return false
	}
	vendor, known := w.in.Policy.VendorOf(w.before.Claim.Vendor)
	return known && vendor.Has(w.in.Sender.Address.Addr)
}

// vendorAnswer records a mail of the vendor. Whatever stands in it is text: a vendor commands nothing, and its word alone
// resolves nothing.
func (w *work) vendorAnswer(automatic bool) (Decision, error) {
	m := w.in.Mail.Message
	proven := w.in.Sender.Proof.Proven
	f := &VendorAnsweredFact{Text: cmp.Or(m.NewText, m.Text), Files: Files(m), Unproven: !proven, Automatic: automatic}
	if w.t.Claim.Case == "" && proven {
		f.Case = caseNumber(m.Subject+"\n"+f.Text, w.t)
	}
	w.add(f)
	w.tell()
	return w.decision("answer of the vendor recorded")
}

// casePattern finds the number that a vendor gives to a case: "Caso No. INC-00421", "Ticket#: 88123", "RMA 5512-A".
var casePattern = regexp.MustCompile(`(?i)(\ben\s+)?\b(?:caso|case|ticket|tiquete|incidente|incident|requerimiento|reporte|orden\s+de\s+servicio|service\s+request|rma)\b` +
	`(?:[\s:.,#º°()\[\]*-]|\b(?:no|nro|núm|num|número|numero|number|id|es|el|is|asignado|creado|registrado|servicio|de)\b)*` +
	`([A-Z]{0,8}[-_/]?\d[A-Z0-9_/-]{2,24})`)

// caseNumber returns the vendor's own number that a text names, "" for none. Our own number, the plate, the serial and the
// contract are in our letter and come back with the answer.
func caseNumber(text string, t *Ticket) string {
	ours := []string{AssetKey(string(t.Number))}
	for _, a := range t.Assets {
		ours = append(ours, append(a.keys(), AssetKey(a.Contract))...)
	}
	for _, m := range casePattern.FindAllStringSubmatch(text, -1) {
		number := strings.TrimRight(m[2], "-_/")
		if m[1] == "" && len(AssetKey(number)) >= minAssetKey && !slices.Contains(ours, AssetKey(number)) {
			return number
		}
	}
	return ""
}

// CaseKeys returns what in a vendor's mail could be its own number of a case: the keys by which Claim.CaseKey is found.
func CaseKeys(m *mailbox.Message) []string { return assetKeys(m.Subject + "\n" + m.NewText) }

// tellVendor writes the letters, and shows staff what the vendor answered where nobody else does.
func (w *work) tellVendor() {
	for _, e := range w.events {
		switch f := e.Fact.(type) {
		case *VendorWrittenFact:
			kind := NoticeVendorMessage
			if f.First {
				kind = NoticeClaim
			}
			w.notify(kind, f.Vendor, RoleVendor, func(d *NoticeData) {
				d.Letter, d.Text = w.letter(), f.Text
				d.From = d.Letter.Contact
			})
		case *VendorRemindedFact:
			if vendor, known := w.in.Policy.VendorOf(w.t.Claim.Vendor); known {
				w.notify(NoticeVendorReminder, vendor.Address(), RoleVendor, func(d *NoticeData) { d.Letter = w.letter() })
			}
		case *EscalatedFact:
			for _, to := range w.deskPeople() {
				w.notify(NoticeEscalation, to.Address(), to.Role, func(d *NoticeData) { d.Letter, d.Reason = w.letter(), f.Reason })
			}
		}
	}
}

// deskPeople returns the coordinators and the technician of the ticket.
func (w *work) deskPeople() []Person {
	people := w.in.Policy.People.With(RoleCoordinator)
	if p, has := w.in.Policy.technicianOf(w.t); has {
		people = append(people, p)
	}
	return people
}

func (w *work) letter() *Letter {
	t := w.t
	technician, _ := w.in.Policy.technicianOf(t) // nobody to contact where the one who had it has left
	l := &Letter{Fault: t.Text, Diagnosis: t.Diagnosis, Contact: technician.Name, Case: t.Claim.Case, Since: t.Claim.WrittenAt, Reminders: t.Claim.Reminders}
	for _, a := range t.Assets {
		if AssetKey(a.Plate) == AssetKey(t.Claim.Plate) {
			l.Asset = w.in.Policy.assetView(a, w.in.Now)
			l.Asset.Holder = ""
			l.Place = strings.Trim(a.Office+", "+cmp.Or(t.Requester.Name, a.Holder.Name), ", ")
		}
	}
	return l
}

// VendorTerms is what was agreed with a vendor, in working time; zero fields take the defaults.
type VendorTerms struct {
	Answer time.Duration // to the first answer, after which it is reminded
	Again  time.Duration // between reminders
	Solve  time.Duration // to the solution
}

// The terms of vendors with whom none were agreed, in working time, and how often they are reminded before the coordinator
// takes over.
const (
	defaultAnswer = 16 * time.Hour
	defaultAgain  = 16 * time.Hour
	defaultSolve  = 80 * time.Hour
	maxReminders  = 3
)

// DueVendor decides what is due on a ticket that waits for its vendor: a reminder, an escalation, or nothing. Of the input it
// looks at Now, Policy and Ticket.
func DueVendor(in Input) (Decision, error) {
	if in.Mail.Message == nil {
		in.Mail.Message = new(mailbox.Message)
	}
	w := newWork(in)
	w.actor = Actor{Role: RoleSystem}
	if w.t == nil || w.t.State != WaitingVendor || !w.t.Claim.Open() {
		return Decision{}, nil
	}
	c := w.t.Claim
	vendor, known := in.Policy.VendorOf(c.Vendor)
	terms := vendor.Terms.withDefaults()
	since, wait := c.LastAt, terms.Answer
	if c.Reminders > 0 {
		since, wait = c.RemindedAt, terms.Again
	}
	summary := "nothing due at the vendor"
	if c.AnsweredAt.Before(c.LastAt) && in.Policy.Elapsed(since, in.Now) >= wait {
		switch {
		case !known && !c.Silent:
			w.add(&EscalatedFact{Reason: EscalatedUnknown})
			summary = "vendor is not in the settings: coordinator told"
		case known && c.Reminders < maxReminders:
			w.add(&VendorRemindedFact{Count: c.Reminders + 1})
			summary = "vendor reminded"
		case !c.Silent:
			w.add(&EscalatedFact{Reason: EscalatedSilent})
			summary = "vendor does not answer: coordinator told"
		}
	}
	if !c.Late && !w.happened("escalated") && in.Policy.Elapsed(c.WrittenAt, in.Now) >= terms.Solve {
		w.add(&EscalatedFact{Reason: EscalatedLate})
		summary = "vendor takes too long: coordinator told"
	}
	w.tellVendor()
	return w.decision(summary)
}

func (t VendorTerms) withDefaults() VendorTerms {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&t.Answer, defaultAnswer)
	set(&t.Again, defaultAgain)
	set(&t.Solve, defaultSolve)
	return t
}

// Elapsed is the working time between two moments.
func (p *Policy) Elapsed(from, to time.Time) time.Duration {
	if p.Calendar == nil {
		return to.Sub(from)
	}
	return p.Calendar.Between(from, to)
}

// offerVendor adds the links of step 4.4 where they lead anywhere.
func (w *work) offerVendor(add func(Verb, ...string)) {
	switch {
	case w.t.Claim.Open():
		if _, known := w.in.Policy.VendorOf(w.t.Claim.Vendor); known {
			add(VerbVendor, "")
		}
	case slices.ContainsFunc(w.t.Assets, func(a Asset) bool { return w.claimable(w.machine(a)) == nil }):
		add(VerbUnsolved, "")
		add(VerbWarranty, "")
	}
}
