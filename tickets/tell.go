package tickets

import (
	"cmp"
	"slices"
	"strings"

	"radicado/mailbox"
)

// tell derives the notices from what the events add up to, so that one mail never causes two notices to one person, however
// many commands it carried.
func (w *work) tell() {
	if len(w.events) == 0 {
		return
	}
	if w.before == nil {
		w.tellRegistered()
	}
	w.tellJoined()
	w.tellVendor()
	w.tellInformed()
	w.tellOfficials()
	w.tellTechnicians()
	w.tellCoordinators()
	w.tellOthers()
}

// tellRegistered acknowledges the request, also to whoever only sent it in.
func (w *work) tellRegistered() {
	for _, a := range w.officials() {
		w.notify(NoticeAcknowledgement, a, RoleRequester, nil)
	}
	coordinators := w.in.Policy.People.With(RoleCoordinator)
	if len(coordinators) == 0 {
		return
	}
	help := w.advise()
	for _, p := range coordinators {
		w.notify(NoticeNewRequest, p.Address(), RoleCoordinator, func(d *NoticeData) {
			w.machines(d)
			help.fill(d)
			d.Nobody = w.nobody
		})
	}
}

// tellOfficials sends the requester and the followers the weightiest news: an end before a solution, a solution before a
// question, a question before an answer, an answer before a mere change of state.
func (w *work) tellOfficials() {
	kind, text, from := NoticeKind(""), "", ""
	var attached []File
	weight := 0
	for _, e := range w.events {
		k, said, heavy := officialNews(e)
		if heavy > weight {
			kind, text, from, weight = k, said, e.Actor.Name, heavy
			attached = nil
			if f, ok := e.Fact.(*AnsweredFact); ok {
				attached = f.Files
			}
		}
	}
	if weight == 0 {
		if w.before == nil || w.before.State == w.t.State {
			return
		}
		kind = NoticeStatus
	}
	for _, a := range w.officials() {
		if w.acting(a) && kind != NoticeClosed { // of the end everybody gets a record
			continue
		}
		w.notify(kind, a, RoleRequester, func(d *NoticeData) {
			d.Text, d.From, d.Files = text, from, attached
			switch kind {
			case NoticeClosed:
				d.Form = w.t.Number
			case NoticeDuplicate:
				d.Text, d.Other = "", Number(text)
			}
		})
	}
}

// officialNews says what an event means to the official: the notice, its words, and its weight; 0 for nothing.
func officialNews(e Event) (NoticeKind, string, int) {
	switch f := e.Fact.(type) {
	case *DuplicateFact:
		return NoticeDuplicate, string(f.Of), 8
	case *RejectedFact:
		return NoticeRejected, f.Text, 7
	case *ClosedFact:
		return NoticeClosed, f.Text, 6
	case *ResolvedFact:
		return NoticeResolved, f.Text, 5
	case *WaitedFact:
		return NoticeQuestion, f.Text, 4
	case *AnsweredFact:
		if e.Actor.Role.Staff() {
			return NoticeAnswer, f.Text, 3
		}
	case *ReopenedFact:
		return NoticeReopened, f.Text, 2
	case *AssignedFact:
		return NoticeStatus, "", 1
	}
	return "", "", 0
}

// tellTechnicians writes to the technician of the ticket, and to the one who no longer has it.
func (w *work) tellTechnicians() {
	if w.before != nil && !w.samePerson(w.before.Technician, w.t.Technician) {
		if former, had := w.in.Policy.technicianOf(w.before); had && !w.acting(former.Address()) {
			w.notify(NoticeReassigned, former.Address(), former.Role, nil)
		}
	}
	technician, has := w.in.Policy.technicianOf(w.t)
	if !has || w.acting(technician.Address()) {
		return
	}
	kind, fill := w.staffNews()
	if w.happened("assigned") || w.happened("undone") && !w.samePerson(w.before.Technician, w.t.Technician) {
		kind = NoticeAssignment
	}
	if kind != "" {
		w.notify(kind, technician.Address(), technician.Role, fill)
	}
}

// tellCoordinators writes to the coordinators about what somebody else did and nobody nearer is told, and about every
// change that a technician made.
func (w *work) tellCoordinators() {
	if w.before == nil {
		return
	}
	kind, fill := w.staffNews()
	if _, has := w.in.Policy.technicianOf(w.t); has && (kind == NoticeIncoming || kind == NoticeVendorAnswer) {
		return
	}
	if kind == "" && w.happened("assigned") {
		kind = NoticeStatus
	}
	if kind == "" {
		return
	}
	for _, p := range w.in.Policy.People.With(RoleCoordinator) {
		if !w.acting(p.Address()) {
			w.notify(kind, p.Address(), RoleCoordinator, fill)
		}
	}
}

// staffNews says what the events mean to staff: the notice and its words.
func (w *work) staffNews() (NoticeKind, func(*NoticeData)) {
	kind, texts := NoticeKind(""), []string{}
	var attached []File
	unproven, from := false, ""
	for _, e := range w.events {
		switch f := e.Fact.(type) {
		case *ReopenedFact:
			kind = NoticeReopened
			texts = append(texts, f.Text)
		case *AnsweredFact:
			if kind == "" {
				kind = NoticeIncoming
			}
			unproven, attached = f.Unproven, f.Files
			texts = append(texts, f.Text)
		case *NotedFact:
			if kind == "" {
				kind = NoticeNote
			}
			attached = f.Files
			texts = append(texts, f.Text)
		case *VendorAnsweredFact:
			kind, unproven, attached = NoticeVendorAnswer, f.Unproven, f.Files
			texts = append(texts, f.Text)
		case *ResolvedFact, *ClosedFact, *RejectedFact, *WaitedFact, *UnsolvedFact, *VendorWrittenFact, *ReferredFact, *DuplicateFact, *SeparatedFact:
			if _, closed := f.(*ClosedFact); kind == "" || kind == NoticeNote || closed && kind == NoticeIncoming {
				kind = NoticeStatus
			}
			texts = append(texts, Said(f))
		}
		from = cmp.Or(e.Actor.Label(), from) // what the daemon adds by itself is nobody's word
	}
	text := strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n\n")
	return kind, func(d *NoticeData) {
		d.Text, d.Files, d.From, d.Unproven = text, attached, from, unproven
		if unproven {
			d.Proof = w.in.Sender.Proof.Reason
		}
		if d.Role == RoleCoordinator && (kind == NoticeIncoming || kind == NoticeReopened) {
			d.Links = append(d.Links, Link{Verb: VerbSplit})
		}
	}
}

// warnCoordinators tells of a mail in somebody's name that nothing proves.
func (w *work) warnCoordinators(commands []string) {
	m := w.in.Mail.Message
	for _, p := range w.in.Policy.People.With(RoleCoordinator) {
		w.notify(NoticeUnproven, p.Address(), RoleCoordinator, func(d *NoticeData) {
			d.From, d.Text, d.Files = m.From.String(), m.NewText, Files(m)
			d.Unproven, d.Proof, d.Commands = true, w.in.Sender.Proof.Reason, commands
		})
	}
}

// officials returns the requester and the followers.
func (w *work) officials() []mailbox.Address {
	return append([]mailbox.Address{w.t.Requester}, w.t.Followers...)
}

// acting reports whether the address is of the one who caused the events.
func (w *work) acting(a mailbox.Address) bool {
	return w.samePerson(a, mailbox.Address{Addr: w.actor.Addr})
}

// happened reports whether there is an event of that kind.
func (w *work) happened(kind string) bool {
	return slices.ContainsFunc(w.events, func(e Event) bool { return e.Fact.Kind() == kind })
}

// notify adds a notice unless the same person is already told, or the address is the desk's own. Whoever is both on the official's side
// and staff is told as staff, where the official is told of the state alone: what was said would reach nobody else.
func (w *work) notify(kind NoticeKind, to mailbox.Address, role Role, fill func(*NoticeData)) {
	if to.Key() == "" || w.in.Policy.IsOwn(to) {
		return
	}
	told := slices.IndexFunc(w.notices, func(n Notice) bool { return n.To.Key() == to.Key() && n.Kind != NoticeReceipt })
	switch {
	case told < 0, kind == NoticeReceipt, kind == NoticeUnproven, kind == NoticeConfirm:
		w.notices = append(w.notices, w.compose(kind, to, role, fill))
	case role.Staff() && w.notices[told].saysState():
		w.notices[told] = w.compose(kind, to, role, fill)
	}
}

// saysState reports whether the notice tells an official where the request stands, and nothing of what was said.
func (n Notice) saysState() bool {
	return n.Data.Role == RoleRequester && (n.Kind == NoticeStatus || n.Kind == NoticeReopened)
}

// compose makes a notice about the ticket as it is now.
func (w *work) compose(kind NoticeKind, to mailbox.Address, role Role, fill func(*NoticeData)) Notice {
	n := Notice{Kind: kind, To: to, Lang: w.in.Policy.langOf(to), Data: NoticeData{Role: role, Recipient: to.Name, ReopenDays: w.in.Policy.ReopenDays}}
	if w.t != nil {
		v := w.view(w.t, role)
		n.Data.Ticket = &v
		n.Data.Unproven = role.Staff() && w.t.Unproven && kind == NoticeNewRequest
		if n.Data.Unproven {
			n.Data.Proof = w.in.Sender.Proof.Reason
		}
		if !role.Staff() && w.t.Lang != "" && to.Key() == w.t.Requester.Key() {
			n.Lang = w.t.Lang
		}
		n.Data.Links = w.links(role, to)
	}
	if fill != nil {
		fill(&n.Data)
	}
	return n
}

// view is the ticket as a role may see it now.
func (w *work) view(t *Ticket, role Role) TicketView {
	if role == RoleVendor {
		return TicketView{Number: t.Number, Subject: t.Subject, State: t.State, RegisteredAt: t.RegisteredAt, ChangedAt: t.ChangedAt}
	}
	v := view(t, role)
	v.Assets = w.in.Policy.assetViews(t.Assets, w.in.Now)
	w.showDue(&v, t, role)
	return v
}

// view is what of the ticket does not depend on the time.
func view(t *Ticket, role Role) TicketView {
	v := TicketView{
		Number: t.Number, Subject: t.Subject, State: t.State, Priority: t.Priority, Requester: t.Requester.String(),
		Technician: t.Technician.Name, Type: t.Type, Instruction: t.Instruction.Title, Diagnosis: t.Diagnosis, Plan: t.Plan, Text: t.Text, Files: t.Files, Solution: t.Solution,
		RegisteredAt: t.RegisteredAt, ChangedAt: t.ChangedAt,
	}
	for _, r := range t.Remarks {
		// An official should know that the desk could not read the mail; the rest is for staff.
		if role.Staff() || r.Code == RemarkIncomplete || r.Code == RemarkEncrypted {
			v.Remarks = append(v.Remarks, r)
		}
	}
	if role.Staff() || role == RoleRequester {
		v.Office, v.Telephone, v.Resources = t.Office, t.Telephone, t.Resources
	}
	if role.Staff() {
		v.Linked, v.Note, v.OnBehalfBy = t.Linked, t.Note, t.OnBehalfBy
		v.Steps = stepViews(t.Instruction)
		v.Vendor, v.Case = cmp.Or(t.Claim.Vendor.Name, t.Claim.Vendor.Addr), t.Claim.Case
	}
	return v
}

// links offers the commands that make sense next, so that on a telephone the work is tap and send.
func (w *work) links(role Role, to mailbox.Address) []Link {
	var offered []Link
	add := func(v Verb, args ...string) {
		if !possible(v, w.t) {
			return
		}
		for _, arg := range args {
			offered = append(offered, Link{Verb: v, Arg: arg})
		}
	}
	switch role {
	case RoleCoordinator:
		if w.t.Priority == Unassessed || w.t.Presumed {
			for _, p := range priorityWords() {
				add(VerbPriority, string(p.priority))
			}
		}
		if _, has := w.in.Policy.technicianOf(w.t); !has {
			staff := w.staff()
			if len(staff) > 0 && staff[0].Chosen {
				add(VerbAssign, "auto")
			}
			for _, s := range staff {
				if s.Present {
					add(VerbAssign, s.Name)
				}
			}
		}
		if len(w.t.Assets) == 0 {
			add(VerbAsset, w.heldPlates()...)
		}
		if w.t.Type == "" {
			add(VerbType, "")
		}
		add(VerbWait, "")
		w.offerVendor(add)
		w.offerInstructions(add)
		add(VerbSolve, "")
		add(VerbReject, "")
		if w.t.State == Resolved {
			add(VerbClose, "")
		}
		add(VerbReopen, "")
		w.resourceLinks(add)
	case RoleTechnician:
		if !w.samePerson(w.t.Technician, to) || w.t.State == Coordinated || w.t.State == WaitingVendor {
			add(VerbTake, "")
		}
		add(VerbNote, "")
		if w.t.Diagnosis == "" {
			add(VerbDiagnose, "")
		}
		if w.t.Plan == "" {
			add(VerbPlan, "")
		}
		add(VerbWait, "")
		w.offerVendor(add)
		w.offerInstructions(add)
		add(VerbSolve, "")
		w.resourceLinks(add)
	case RoleRequester:
		if w.t.State == Resolved {
			add(VerbClose, "")
			add(VerbReopen, "")
		}
		if w.t.State == Closed && to.Key() == w.t.Requester.Key() {
			add(VerbSurvey, scores()...)
		}
		add(VerbStatus, "")
	}
	return offered
}
