package tickets

import (
	"strings"
	"time"

	"radicado/mailbox"
)

// Quarantined is a mail that was set aside, as the digest shows it.
type Quarantined struct {
	ID      int64           `json:"id"` // of the arrival, by which it is released
	Mailbox string          `json:"mailbox"`
	From    string          `json:"from,omitempty"` // "" where nothing could be read
	Subject string          `json:"subject,omitempty"`
	Cause   QuarantineCause `json:"cause"`
	Reason  string          `json:"reason"` // as it was recorded, in English
	At      time.Time       `json:"at"`     // when it was set aside
}

// QuarantineCause is the kind of a reason for which a mail was set aside.
type QuarantineCause string

// The causes.
const (
	CauseUnreadable QuarantineCause = "unreadable" // nothing of it could be read, or reading it failed
	CauseHarmful    QuarantineCause = "harmful"    // a scanner found something in it
	CauseUnscanned  QuarantineCause = "unscanned"  // a scanner could not look at it
	CauseLoop       QuarantineCause = "loop"       // it is of the desk itself
	CauseAutomatic  QuarantineCause = "automatic"  // nobody wrote it, and it answers no request
	CauseList       QuarantineCause = "list"       // it came by a list that is no way to the desk
	CauseSpam       QuarantineCause = "spam"
	CauseReport     QuarantineCause = "report"   // a delivery report about no notice of ours
	CauseSender     QuarantineCause = "sender"   // it has no usable sender
	CauseCode       QuarantineCause = "code"     // a code that confirms nothing, from nobody who is proven
	CauseStranger   QuarantineCause = "stranger" // its sender is no official
)

// causes are how the reasons begin.
var causes = [...]struct {
	prefix string
	cause  QuarantineCause
}{
	{"a scanner found ", CauseHarmful},
	{"not scanned: ", CauseUnscanned},
	{"loop: ", CauseLoop},
	{string(mailbox.ClassList) + ": ", CauseList},
	{string(mailbox.ClassSpam) + ": ", CauseSpam},
	{string(mailbox.ClassBounce) + " that matches no notice: ", CauseReport},
	{string(mailbox.ClassDelay) + " that matches no notice: ", CauseReport},
	{"no usable sender address", CauseSender},
	{"an unproven mail with a code", CauseCode},
	{"sender outside the domains of officials", CauseStranger},
}

// CauseOf returns what a recorded reason is an instance of. What the reader could not make sense of has many words.
func CauseOf(reason string) QuarantineCause {
	for _, c := range causes {
		if strings.HasPrefix(reason, c.prefix) {
			return c.cause
		}
	}
	switch class, _, _ := strings.Cut(reason, ": "); mailbox.Class(class) {
	case mailbox.ClassAutoReply, mailbox.ClassReceipt, mailbox.ClassNewsletter, mailbox.ClassCalendar, mailbox.ClassFeedback:
		return CauseAutomatic
	}
	return CauseUnreadable
}
