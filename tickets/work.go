package tickets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"radicado/mailbox"
)

// work is a decision in the making.
type work struct {
	in       Input
	actor    Actor
	number   Number  // of the ticket that events go to
	before   *Ticket // as it was; nil for a new one
	t        *Ticket // as it is with the events so far; nil for none
	linked   Number  // the request that the mail names and may not touch
	events   []Event
	notices  []Notice
	items    []Item
	others   []Change // to other tickets than the mail's
	absence  *AbsenceChange
	gist     *Gist // of the request that the mail registers, nil where nobody knows it yet
	nobody   bool  // suits the new request, which should have been assigned by itself
	asked    *Confirmation
	answered *Notice // what a command without an address is answered
	proven   bool    // commands of a proven sender were read, whatever became of them
	read     skillReading
	err      error
}

func newWork(in Input) *work {
	w := &work{in: in, actor: in.Sender.Actor(), before: in.Ticket, read: in.Mail.skills}
	if in.Ticket != nil {
		w.number, w.t = in.Ticket.Number, in.Ticket.Clone()
	}
	return w
}

// add appends an event and applies it.
func (w *work) add(f Fact) {
	e := Event{Ticket: w.number, Seq: w.t.Version + 1, At: w.in.Now, Actor: w.actor, Message: w.in.Mail.ID, Fact: f}
	if err := w.t.Apply(e); err != nil && w.err == nil {
		w.err = fmt.Errorf("deciding on message %d: %w", w.in.Mail.ID, err)
	}
	w.events = append(w.events, e)
	if w.before != nil && !w.before.State.Final() && w.t.State.Final() {
		w.giveBack()
	}
}

// decision ends the work.
func (w *work) decision(summary string) (Decision, error) {
	if w.err != nil {
		return Decision{}, w.err
	}
	d := Decision{Events: w.events, Notices: w.notices, Absence: w.absence, Others: w.others, Summary: summary, Answer: w.answered, Confirmation: w.asked, Commanded: w.proven}
	if len(w.events) > 0 {
		d.Ticket = w.t
	}
	return d, nil
}

// party reports whether the sender may write into the ticket that was found: staff, its requester, its followers and its vendor. A
// member of staff is let in unproven too; what is unproven is kept from everybody but staff.
func (w *work) party() bool {
	if w.before == nil {
		return false
	}
	return w.in.Sender.Role.Staff() || w.before.concerns(w.in.Sender.Address) || w.isVendor()
}

// concerns reports whether the address is the ticket's requester or one of its followers.
func (t *Ticket) concerns(a mailbox.Address) bool {
	return t.Requester.Key() == a.Key() || slices.ContainsFunc(t.Followers, func(f mailbox.Address) bool { return f.Key() == a.Key() })
}

// isRequester reports whether the sender is on the official's side of the ticket, whatever else he or she is.
func (w *work) isRequester() bool {
	return w.before != nil && w.before.concerns(w.in.Sender.Address)
}

// isTechnician reports whether the sender is the technician of the ticket.
func (w *work) isTechnician() bool {
	p, has := w.in.Policy.technicianOf(w.t)
	return has && p.Has(w.in.Sender.Address.Addr)
}

// samePerson reports whether two addresses are of one person, who may have several.
func (w *work) samePerson(a, b mailbox.Address) bool { return w.in.Policy.SamePerson(a.Addr, b.Addr) }

// start marks the technician's first work.
func (w *work) start() {
	if s := w.t.State; s == Registered || s == Coordinated {
		w.add(&StartedFact{})
	}
}

// Files lists the attachments of a message without the pictures that belong to its text.
func Files(m *mailbox.Message) []File {
	var list []File
	for _, a := range m.Attachments {
		if !a.Inline {
			list = append(list, File{Name: a.Name, Type: a.Type, Size: a.Size})
		}
	}
	return list
}

// remarks says what staff should know of a mail.
func remarks(m *mailbox.Message) []Remark {
	var odd []Remark
	if m.Encrypted != "" {
		odd = append(odd, Remark{RemarkEncrypted, m.Encrypted})
	}
	if m.Truncated {
		odd = append(odd, Remark{RemarkIncomplete, ""})
	}
	if m.Beyond != nil {
		odd = append(odd, Remark{RemarkLong, ""})
	}
	if len(m.Authors) > 1 {
		odd = append(odd, Remark{RemarkAuthors, strconv.Itoa(len(m.Authors))})
	}
	if m.Calendar != nil {
		odd = append(odd, Remark{RemarkInvitation, m.Calendar.Summary})
	}
	return odd
}

func commandStrings(commands []Command) []string {
	var list []string
	for _, c := range commands {
		list = append(list, c.String())
	}
	return list
}

func containsAddress(addrs []string, p Person) bool {
	return slices.ContainsFunc(addrs, p.Has)
}

// acceptsList reports whether a mail came by a list that the settings name as a way to the desk.
func (p *Policy) acceptsList(m *mailbox.Message) bool {
	id := strings.ToLower(m.Header.Get("List-Id"))
	if at := strings.LastIndexByte(id, '<'); at >= 0 {
		id = strings.TrimRight(id[at+1:], "> ")
	}
	return id != "" && slices.Contains(p.Lists, strings.TrimSpace(id))
}
