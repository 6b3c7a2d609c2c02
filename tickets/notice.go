package tickets

import (
	"time"

	"radicado/mailbox"
)

// NoticeKind says which template a notice is made from.
type NoticeKind string

// The kinds of notice.
const (
	NoticeAcknowledgement NoticeKind = "acknowledgement" // to the official: registered under this number
	NoticeNewRequest      NoticeKind = "new_request"     // to the coordinator
	NoticeAssignment      NoticeKind = "assignment"      // to the technician
	NoticeReassigned      NoticeKind = "reassigned"      // to the technician who no longer has it
	NoticeStatus          NoticeKind = "status"          // to the official: the state changed
	NoticeAnswer          NoticeKind = "answer"          // to the official: the desk wrote
	NoticeIncoming        NoticeKind = "incoming"        // to staff: the official wrote
	NoticeNote            NoticeKind = "note"            // to staff: an internal note
	NoticeQuestion        NoticeKind = "question"        // to the official: the desk waits for an answer
	NoticeResolved        NoticeKind = "resolved"        // to the official: the solution
	NoticeClosed          NoticeKind = "closed"          // to the official
	NoticeReopened        NoticeKind = "reopened"        // to staff and the official
	NoticeRejected        NoticeKind = "rejected"        // to the official
	NoticeReceipt         NoticeKind = "receipt"         // to whoever gave commands: what was done, what was refused and why
	NoticeUnproven        NoticeKind = "unproven"        // to the coordinator: a mail in somebody's name that nothing proves
	NoticeUndelivered     NoticeKind = "undelivered"     // to the coordinator: a notice did not arrive
	NoticeCopied          NoticeKind = "copied"          // to somebody who now follows the request
	NoticeClaim           NoticeKind = "claim"           // to the vendor: a machine under warranty
	NoticeVendorMessage   NoticeKind = "vendor_message"  // to the vendor: a further message
	NoticeVendorReminder  NoticeKind = "vendor_reminder" // to the vendor
	NoticeVendorAnswer    NoticeKind = "vendor_answer"   // to staff: the vendor wrote
	NoticeEscalation      NoticeKind = "escalation"      // to staff: the vendor does not keep its times
	NoticeInstruction     NoticeKind = "instruction"     // to whom an instruction names
	NoticeDuplicate       NoticeKind = "duplicate"       // to the official: another request is about the same
	NoticeDeadline        NoticeKind = "deadline"        // to staff: a term runs out, or ran out
	NoticeReminder        NoticeKind = "reminder"        // to the official: a question waits for the answer
	NoticeOverdue         NoticeKind = "overdue"         // to the official and staff: a loan should be back
	NoticeAbsence         NoticeKind = "absence"         // to the coordinator: a technician will be absent, or is back
	NoticeConfirm         NoticeKind = "confirm"         // to whoever is said to have given commands: were they yours?
	NoticeWithheld        NoticeKind = "withheld"        // to the coordinator: notices are not sent, and why
	NoticeDigest          NoticeKind = "digest"          // to the coordinator, every working day: how the desk stands
	NoticeWorklist        NoticeKind = "worklist"        // to the technician, every working day: what there is to do
	NoticeUnbalanced      NoticeKind = "unbalanced"      // to the coordinator: mailbox and ledger do not agree
	NoticeReport          NoticeKind = "report"          // to the coordinator and whom the settings name: the figures of a week or month
	NoticeSignIn          NoticeKind = "sign_in"         // to whoever asked for it: a link to the board
)

// NoticeKinds lists every kind.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeAcknowledgement, NoticeNewRequest, NoticeAssignment, NoticeReassigned, NoticeStatus, NoticeAnswer,
		NoticeIncoming, NoticeNote, NoticeQuestion, NoticeResolved, NoticeClosed, NoticeReopened, NoticeRejected, NoticeReceipt,
		NoticeUnproven, NoticeUndelivered, NoticeCopied,
		NoticeClaim, NoticeVendorMessage, NoticeVendorReminder, NoticeVendorAnswer, NoticeEscalation,
		NoticeInstruction, NoticeDuplicate, NoticeAbsence,
		NoticeDeadline, NoticeReminder, NoticeOverdue, NoticeConfirm, NoticeWithheld,
		NoticeDigest, NoticeWorklist, NoticeUnbalanced, NoticeReport, NoticeSignIn}
}

// Notice is a mail that Decide wants sent. It is committed with the events that cause it and rendered when it is sent.
type Notice struct {
	Kind NoticeKind
	To   mailbox.Address
	Lang string // "es" or "en"
	Data NoticeData
}

// NoticeData is all that a template may say; it is a snapshot of the moment of the decision. Which fields are set depends on the kind.
type NoticeData struct {
	Role       Role             `json:"role"`                  // of the recipient: staff see more
	Recipient  string           `json:"recipient,omitempty"`   // name to greet, "" for none
	Ticket     *TicketView      `json:"ticket,omitempty"`      // the ticket as the recipient may see it
	From       string           `json:"from,omitempty"`        // name of who wrote or acted
	Text       string           `json:"text,omitempty"`        // what was written: answer, question, solution, reason, note
	Files      []File           `json:"files,omitempty"`       // that came with it
	Unproven   bool             `json:"unproven,omitempty"`    // staff: nothing proves the sender
	Proof      string           `json:"proof,omitempty"`       // staff: why not
	Commands   []string         `json:"commands,omitempty"`    // NoticeUnproven: commands not obeyed, as written
	Failure    *UndeliveredFact `json:"failure,omitempty"`     // NoticeUndelivered
	Receipt    *Receipt         `json:"receipt,omitempty"`     // NoticeReceipt
	Absence    *AbsenceView     `json:"absence,omitempty"`     // NoticeAbsence
	Staff      []StaffView      `json:"staff,omitempty"`       // NoticeNewRequest: the technicians, the most suited first
	Resources  []ResourceView   `json:"resources,omitempty"`   // NoticeNewRequest: technical resources
	Alerts     []Alert          `json:"alerts,omitempty"`      // NoticeDeadline
	Overdue    []Held           `json:"overdue,omitempty"`     // NoticeOverdue
	Nobody     bool             `json:"nobody,omitempty"`      // NoticeNewRequest: nobody suits it, so that it was not assigned by itself
	Links      []Link           `json:"links,omitempty"`       // staff: ready-made next commands
	ReopenDays int              `json:"reopen_days,omitempty"` // within which an answer reopens
	Held       []AssetView      `json:"held,omitempty"`        // NoticeNewRequest: machines of the official, where the request names none
	Letter     *Letter          `json:"letter,omitempty"`      // to a vendor, or about one
	Steps      []StepView       `json:"steps,omitempty"`       // NoticeInstruction
	Next       int              `json:"next,omitempty"`        // NoticeInstruction: number of the step whose turn it is, 0 for none
	Articles   []ArticleView    `json:"articles,omitempty"`    // NoticeNewRequest: solutions on file that may fit
	Similar    []TicketView     `json:"similar,omitempty"`     // NoticeNewRequest: requests that are probably the same
	Other      Number           `json:"other,omitempty"`       // NoticeDuplicate: the request that goes on
	Form       Number           `json:"form,omitempty"`        // the request whose form is attached when the notice is sent
	Reason     EscalationReason `json:"reason,omitempty"`      // NoticeEscalation

	Confirmation *Confirmation `json:"confirmation,omitempty"` // NoticeConfirm
	Withheld     *Scope        `json:"withheld,omitempty"`     // NoticeWithheld
	Digest       *Digest       `json:"digest,omitempty"`       // NoticeDigest
	Worklist     *Worklist     `json:"worklist,omitempty"`     // NoticeWorklist
	Books        *Books        `json:"books,omitempty"`        // NoticeUnbalanced
	Report       *ReportView   `json:"report,omitempty"`       // NoticeReport, and a receipt that answers #informe: made when the notice is sent
	SignIn       *SignIn       `json:"sign_in,omitempty"`      // NoticeSignIn
}

// SignIn is a link by which somebody signs in at the board, once.
type SignIn struct {
	Nonce string    `json:"nonce"` // of which the token is worked out, with the key
	Until time.Time `json:"until"`

	// Link is the address to follow. It is never stored: whoever renders the notice works it out, and the register has the digest of
	// its token.
	Link string `json:"-"`
}

// TicketView is a ticket as a notice shows it.
type TicketView struct {
	Number       Number      `json:"number"`
	Subject      string      `json:"subject"`
	State        State       `json:"state"`
	Priority     Priority    `json:"priority,omitempty"`
	Requester    string      `json:"requester"`        // name and address
	Office       string      `json:"office,omitempty"` // of the requester
	Telephone    string      `json:"telephone,omitempty"`
	Technician   string      `json:"technician,omitempty"`  // name
	Resources    []Held      `json:"resources,omitempty"`   // that the request has out
	ResponseDue  time.Time   `json:"response_due,omitzero"` // staff: the first answer is due
	SolutionDue  time.Time   `json:"solution_due,omitzero"`
	Stopped      bool        `json:"stopped,omitempty"` // the clock stands still
	Late         bool        `json:"late,omitempty"`    // a due time is past
	Type         string      `json:"type,omitempty"`    // kind of request
	Diagnosis    string      `json:"diagnosis,omitempty"`
	Plan         string      `json:"plan,omitempty"`
	Assets       []AssetView `json:"assets,omitempty"`      // machines that it is about
	Vendor       string      `json:"vendor,omitempty"`      // staff: who was written to
	Case         string      `json:"case,omitempty"`        // staff: the vendor's own number
	Instruction  string      `json:"instruction,omitempty"` // title
	Steps        []StepView  `json:"steps,omitempty"`       // staff
	Text         string      `json:"text,omitempty"`        // the request itself
	Files        []File      `json:"files,omitempty"`
	Solution     string      `json:"solution,omitempty"`
	Linked       Number      `json:"linked,omitempty"`
	Note         string      `json:"note,omitempty"`      // staff: what a colleague wrote above a mail that he or she sent in
	Remarks      []Remark    `json:"remarks,omitempty"`   // staff: what was odd about the mail
	OnBehalfBy   string      `json:"on_behalf,omitempty"` // staff: address of the colleague who sent it in
	RegisteredAt time.Time   `json:"registered_at"`
	ChangedAt    time.Time   `json:"changed_at"`
}

// Link is a mailto link of a notice: one sensible next command.
type Link struct {
	Verb Verb   `json:"verb"`
	Arg  string `json:"arg,omitempty"` // a priority's code, a technician's name
}

// Receipt answers a mail with commands.
type Receipt struct {
	Applied  bool   `json:"applied"` // all of them; otherwise none
	Items    []Item `json:"items"`
	NoteKept bool   `json:"note_kept,omitempty"` // the text of the mail was kept as an internal note
	Help     []Verb `json:"help,omitempty"`      // what may be said now: asked for by #ayuda, or because something was refused
}

// Item is one command of a receipt.
type Item struct {
	Command string       `json:"command"` // as written
	Verb    Verb         `json:"verb,omitempty"`
	Problem *Problem     `json:"problem,omitempty"` // nil: fine
	Value   string       `json:"value,omitempty"`   // what was set, for people: a technician's name, a priority's code
	Number  Number       `json:"number,omitempty"`
	Rows    []TicketView `json:"rows,omitempty"`    // of #lista, #buscar
	More    int          `json:"more,omitempty"`    // rows that were left out
	History []Line       `json:"history,omitempty"` // of #estado
	Asset   *AssetView   `json:"asset,omitempty"`   // the machine that it is about
	Steps   []StepView   `json:"steps,omitempty"`   // of #instructivo, #paso
	Undone  []string     `json:"undone,omitempty"`  // of #deshacer: kinds of the facts that were taken back
	Absence *AbsenceView `json:"absence,omitempty"` // of #ausente
	Units   int          `json:"units,omitempty"`   // of #recurso, #devolver
	Due     time.Time    `json:"due,omitzero"`      // of #recurso: when it should be back
	Report  *ReportView  `json:"report,omitempty"`  // of #informe
}

// Line is one event of a ticket as #estado shows it.
type Line struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // Kind of the fact
	By   string    `json:"by,omitempty"`
	Text string    `json:"text,omitempty"`
}

// Problem says why a command was refused. The templates turn its code into a sentence that says what to do instead.
type Problem struct {
	Code    ProblemCode `json:"code"`
	Value   string      `json:"value,omitempty"`   // what was found wrong
	Nearest string      `json:"nearest,omitempty"` // what was most likely meant
	Choices []string    `json:"choices,omitempty"` // what may be said
	State   State       `json:"state,omitempty"`   // the ticket's state, where that forbids it
	Asset   *AssetView  `json:"asset,omitempty"`   // the machine that it is about
	From    time.Time   `json:"from,omitzero"`     // first day of a period
	Last    time.Time   `json:"last,omitzero"`     // a moment of its last day
	Staff   []StaffView `json:"staff,omitempty"`   // why nobody can be chosen
	Free    int         `json:"free,omitempty"`    // units that are left
	Stock   int         `json:"stock,omitempty"`   // of so many
}

// ProblemCode is the reason of a refusal.
type ProblemCode string

// The problems.
const (
	ProblemUnknownWord     ProblemCode = "unknown_word"     // Value: the word; Nearest: the word meant
	ProblemForbidden       ProblemCode = "forbidden"        // the role may not
	ProblemNoTicket        ProblemCode = "no_ticket"        // the command needs a number
	ProblemNoSuchTicket    ProblemCode = "no_such_ticket"   // Value: the number
	ProblemState           ProblemCode = "state"            // State forbids it
	ProblemMissingArgument ProblemCode = "missing_argument" // Choices where there is a closed list
	ProblemUnknownArgument ProblemCode = "unknown_argument" // Value, Nearest, Choices
	ProblemAmbiguous       ProblemCode = "ambiguous"        // Value fits several: Choices
	ProblemMissingText     ProblemCode = "missing_text"     // neither an argument nor a body
	ProblemTextTwice       ProblemCode = "text_twice"       // two commands want the body
	ProblemNothingToDo     ProblemCode = "nothing_to_do"    // it is so already
	ProblemTooLate         ProblemCode = "too_late"         // reopening after the days allowed
	ProblemContradiction   ProblemCode = "contradiction"    // with another command of the same mail: Value
	ProblemUnknownAsset    ProblemCode = "unknown_asset"    // Value, Nearest; Choices: the official's machines
	ProblemWarranty        ProblemCode = "warranty"         // Asset is under none, or nobody knows
	ProblemNoVendor        ProblemCode = "no_vendor"        // Value: the name of a vendor whose address nobody knows
	ProblemNoAsset         ProblemCode = "no_asset"         // the request names no machine; Choices: the official's
	ProblemSeveralAssets   ProblemCode = "several_assets"   // Choices: machines under warranty
	ProblemNoClaim         ProblemCode = "no_claim"         // no vendor was written to
	ProblemNoInstruction   ProblemCode = "no_instruction"   // the request follows none
	ProblemUnfinished      ProblemCode = "unfinished"       // Value: the instruction; Choices: its steps that are not done
	ProblemItself          ProblemCode = "itself"           // Value: the number, which is that of the request itself
	ProblemOtherState      ProblemCode = "other_state"      // Value: the other request, whose State forbids it
	ProblemNoAnswer        ProblemCode = "no_answer"        // there is no answer to be separated
	ProblemNothingToUndo   ProblemCode = "nothing_to_undo"  // the sender commanded nothing here
	ProblemIrrevocable     ProblemCode = "irrevocable"      // others were told; Value: kind of the fact
	ProblemOvertaken       ProblemCode = "overtaken"        // something else has happened since
	ProblemAddress         ProblemCode = "address"          // Value is no address of a person of the desk's officials
	ProblemPeriod          ProblemCode = "period"           // Value is no period: Choices
	ProblemPeriodOrder     ProblemCode = "period_order"     // it ends (Last) before it begins (From)
	ProblemPeriodPast      ProblemCode = "period_past"      // it was over on Last
	ProblemPeriodFuture    ProblemCode = "period_future"    // it begins on From; Choices
	ProblemNotAbsent       ProblemCode = "not_absent"       // there is no absence to take back
	ProblemAbsent          ProblemCode = "absent"           // Value is absent from From to Last: Choices
	ProblemNobody          ProblemCode = "nobody"           // no technician suits the request: Staff
	ProblemExhausted       ProblemCode = "exhausted"        // of Value there are Free of Stock left
	ProblemQuantity        ProblemCode = "quantity"         // Value is no number of units
	ProblemNotHeld         ProblemCode = "not_held"         // the request does not have so many of Value; it has Choices
	ProblemLevels          ProblemCode = "levels"           // Value is no impact and urgency
	ProblemAbsentAlready   ProblemCode = "absent_already"   // From and Last of the absence that is known
	ProblemCodeUseless     ProblemCode = "code_useless"     // a confirmation whose code is wrong, used or too old
)
