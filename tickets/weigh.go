package tickets

import (
	"fmt"
	"time"
)

// clockSkew is how far into the future the Date of a commanding mail may lie: whole time zones go wrong now and then.
const clockSkew = 26 * time.Hour

// weighed returns the input with the proof worth what it is worth for this very mail. What is proven to be somebody's was
// not for that sent by somebody now: a signed mail can be kept and put into the mailbox again. Without commands that does no
// harm, and the mail stays what it is.
func (in Input) weighed() Input {
	if len(in.Mail.Commands) == 0 || !in.Sender.Proof.Proven || in.Confirmed != nil {
		return in
	}
	reason := in.outOfTime()
	if reason == "" && in.Mail.Message.BySubject && in.Ticket != nil && !in.Answers {
		// A program answers with the subject that it was sent, commands and all, and the server signs that as its owner's.
		reason = "its subject is that of an automatic answer, and it answers no notice that was sent to this address"
	}
	if reason != "" {
		in.Sender.Proof.Proven, in.Sender.Proof.Reason = false, reason
	}
	return in
}

// outOfTime says why a proven mail does not command, or "" where it does.
func (in Input) outOfTime() string {
	if in.Replayed != "" {
		return "repeated: " + in.Replayed
	}
	limit := in.Policy.CommandAge
	if limit <= 0 {
		return ""
	}
	// The mailbox, not this daemon, says when the mail came: after a week of standstill commands are still obeyed.
	received, date := in.Mail.Received, in.Mail.Message.Date
	if received.IsZero() || received.After(in.Now) {
		received = in.Now
	}
	switch age := received.Sub(date); {
	case date.IsZero():
		return "the mail has no Date, so that an old one could not be told from a new one"
	case age > limit:
		return fmt.Sprintf("written %d days before it came, and commands are obeyed for %d", int(age.Hours()/24), int(limit.Hours()/24))
	case age < -clockSkew:
		return fmt.Sprintf("its Date lies %d hours in the future", int(-age.Hours()))
	}
	return ""
}

// isCopy reports whether the request was registered from an unproven copy of this mail, so that its words are there.
func (w *work) isCopy() bool {
	id := w.in.Mail.Message.MessageID
	return w.before != nil && id != "" && w.before.Origin == id
}
