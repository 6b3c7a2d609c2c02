package tickets

// Verb is what a command does, whatever the language of its word.
type Verb string

// The verbs.
const (
	VerbPriority Verb = "priority"
	VerbAssign   Verb = "assign"
	VerbTake     Verb = "take"
	VerbWait     Verb = "wait"
	VerbNote     Verb = "note"
	VerbSolve    Verb = "solve"
	VerbClose    Verb = "close"
	VerbReopen   Verb = "reopen"
	VerbReject   Verb = "reject"
	VerbStatus   Verb = "status"
	VerbList     Verb = "list"
	VerbSearch   Verb = "search"
	VerbHelp     Verb = "help"
	VerbAway     Verb = "away"
	VerbResource Verb = "resource"
	VerbReturn   Verb = "return"
	VerbConfirm  Verb = "confirm"
)

// Command is one "#word argument" of a subject, read by the package command.
type Command struct {
	Verb    Verb   // "" where the word is not known
	Word    string // as written, without the #
	Arg     string // up to the next #, white space trimmed
	Number  Number // the request that Arg names, "" for none
	Nearest string // where Verb is "": the known word that was most likely meant, "" for none
}

// String returns the command as it was written.
func (c Command) String() string {
	if c.Arg == "" {
		return "#" + c.Word
	}
	return "#" + c.Word + " " + c.Arg
}

// Verbs lists every verb in the order in which help names them.
func Verbs() []Verb {
	return []Verb{VerbPriority, VerbAssign, VerbTake, VerbWait, VerbNote, VerbSolve, VerbClose, VerbReopen, VerbReject,
		VerbStatus, VerbList, VerbSearch, VerbHelp,
		VerbType, VerbDiagnose, VerbPlan, VerbCopy, VerbFor,
		VerbAsset, VerbWarranty, VerbUnsolved, VerbVendor,
		VerbInstruct, VerbStep, VerbAway, VerbSurvey, VerbForm,
		VerbDuplicate, VerbSplit, VerbUndo, VerbResource, VerbReturn, VerbReport, VerbConfirm}
}
