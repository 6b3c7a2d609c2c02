package tickets

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
)

// Viewer is somebody who looks at requests otherwise than by mail. Who he or she is must be proven before.
type Viewer struct {
	Address mailbox.Address
	Role    Role // RoleRequester for whoever is neither staff nor a vendor
	Lang    string

	keys []string // of all addresses of the person
}

// Viewer returns the person who has the address. Whether there is such a person it does not say.
func (p *Policy) Viewer(a mailbox.Address) Viewer {
	v := Viewer{Address: a, Role: RoleRequester, Lang: p.langOf(a), keys: []string{a.Key()}}
	if person, known := p.People.Find(a.Addr); known {
		v.Role, v.Address.Name, v.keys = person.Role, person.Name, person.keys()
		return v
	}
	v.Address.Name = cmp.Or(p.official(a).Name, a.Name)
	return v
}

// Keys returns the keys of all addresses of the viewer.
func (v Viewer) Keys() []string { return v.keys }

// is reports whether the address is one of the viewer's.
func (v Viewer) is(a mailbox.Address) bool { return slices.Contains(v.keys, a.Key()) }

// RoleIn returns as what the viewer may see a request; ok is false where he or she may not even know of it.
func (v Viewer) RoleIn(t *Ticket) (role Role, ok bool) {
	switch {
	case v.Role.Staff():
		return v.Role, true
	case v.is(t.Requester) || slices.ContainsFunc(t.Followers, v.is):
		return RoleRequester, true
	case v.Role == RoleVendor && t.Claim.Open() && v.is(t.Claim.Vendor):
		return RoleVendor, true
	}
	return "", false
}

// Dossier is what is known of a request.
type Dossier struct {
	Case
	Told      []Told // notices about it to the viewer, oldest first. Of a vendor they are all that it may see
	Situation Situation
	Found     Found // the machines of the request and of its official as they are now
}

// Told is a notice that was queued.
type Told struct {
	At     time.Time
	Notice Notice
}

// Look is a request as a viewer may see it.
type Look struct {
	Ticket  TicketView
	Role    Role // as which it is seen
	Entries []Entry
	Links   []Link  // sensible next commands
	Letter  *Letter // RoleVendor: the latest one
	Waits   bool    // RoleVendor: for an answer of the vendor
}

// Entry is a line of the history with what came by mail.
type Entry struct {
	Line
	Seq      int
	Role     Role // of who acted
	Internal bool // for staff alone
	Unproven bool
	Message  int64  // the mail that may be seen whole, 0 for none
	Files    []File // that came with it and may be had
	Source   int64  // the mail that holds Files
}

// Look returns what the viewer may see of the request, which is nothing where ok is false.
func (p *Policy) Look(v Viewer, d Dossier, now time.Time) (look Look, ok bool) {
	role, ok := v.RoleIn(d.Ticket)
	if !ok {
		return Look{}, false
	}
	if role == RoleVendor {
		return v.lookAsVendor(d), true
	}
	w := p.watch(d, now)
	look = Look{Ticket: w.view(d.Ticket, role), Role: role, Links: w.links(role, v.Address)}
	shown := map[int64]bool{}
	for _, e := range d.Events {
		if e.Fact.Internal() && !role.Staff() {
			continue
		}
		entry := entryOf(e)
		// A mail of staff quotes what is for staff; whoever wrote a mail knows all of it.
		if mine := v.is(mailbox.Address{Addr: e.Actor.Addr}); (role.Staff() || mine && carriesWords(e.Fact)) && !shown[e.Message] {
			entry.Message = e.Message
			shown[e.Message] = true
		}
		look.Entries = append(look.Entries, entry)
	}
	return look, true
}

// Row returns a request as a line of a list.
func (p *Policy) Row(t *Ticket, role Role, now time.Time) TicketView {
	return p.watch(Dossier{Case: Case{Ticket: t}}, now).view(t, role)
}

// Technicians returns the technicians with their load, whoever can take most first.
func (p *Policy) Technicians(s Situation, now time.Time) []StaffView {
	return p.watch(Dossier{Situation: s}, now).staff()
}

// Stock returns the technical resources with how many units are free.
func (p *Policy) Stock(s Situation, now time.Time) []ResourceView {
	return p.watch(Dossier{Situation: s}, now).resources()
}

// Machine returns a machine as it is shown.
func (p *Policy) Machine(a Asset, now time.Time) AssetView { return p.assetView(a, now) }

// watch is the work of somebody who only looks.
func (p *Policy) watch(d Dossier, now time.Time) *work {
	return newWork(Input{Policy: p, Now: now, Ticket: d.Ticket, Situation: d.Situation, Found: d.Found, Mail: Mail{Message: new(mailbox.Message)}})
}

// FilesOf returns the files that came with the mail of a fact. ok is false for a fact that is of no mail with files.
func FilesOf(fact Fact) (files []File, ok bool) {
	switch f := fact.(type) {
	case *RegisteredFact:
		return f.Files, true
	case *AnsweredFact:
		return f.Files, true
	case *UnprovenFact:
		return f.Files, true
	case *NotedFact:
		return f.Files, true
	case *VendorAnsweredFact:
		return f.Files, true
	}
	return nil, false
}

func entryOf(e Event) Entry {
	entry := Entry{Line: Line{At: e.At, Kind: e.Fact.Kind(), By: e.Actor.Label(), Text: Said(e.Fact)}, Seq: e.Seq, Role: e.Actor.Role,
		Internal: e.Fact.Internal()}
	entry.Files, _ = FilesOf(e.Fact)
	switch f := e.Fact.(type) {
	case *RegisteredFact:
		entry.Text, entry.Unproven = f.Text, f.Unproven
	case *AnsweredFact:
		entry.Unproven = f.Unproven
	case *UnprovenFact:
		entry.Unproven, entry.By = true, f.From.String()
	case *VendorAnsweredFact:
		entry.Unproven = f.Unproven
	case *RefusedFact:
		entry.Text = strings.Join(f.Commands, "\n")
	case *UndeliveredFact:
		entry.Text = strings.TrimSpace(strings.Join(f.Recipients, ", ") + "\n" + f.Diagnostic)
	}
	if len(entry.Files) > 0 {
		entry.Source = e.Message
	}
	return entry
}

// carriesWords reports whether a fact is what its mail says, and not what a command in its subject does.
func carriesWords(f Fact) bool {
	switch f.(type) {
	case *RegisteredFact, *AnsweredFact, *ReopenedFact, *ClosedFact, *SurveyedFact, *VendorAnsweredFact:
		return true
	}
	return false
}

// lookAsVendor shows what the vendor was told and what it answered.
func (v Viewer) lookAsVendor(d Dossier) Look {
	t := d.Ticket
	look := Look{Role: RoleVendor, Waits: t.State == WaitingVendor,
		Ticket: TicketView{Number: t.Number, RegisteredAt: t.RegisteredAt, ChangedAt: t.Claim.WrittenAt}}
	for _, told := range d.Told {
		data := told.Notice.Data
		if data.Role != RoleVendor || data.Ticket == nil {
			continue
		}
		look.Ticket.Subject, look.Ticket.ChangedAt = data.Ticket.Subject, told.At
		if data.Letter != nil {
			look.Letter = data.Letter
		}
		kind := new(VendorWrittenFact).Kind()
		if told.Notice.Kind == NoticeVendorReminder {
			kind = new(VendorRemindedFact).Kind()
		}
		look.Entries = append(look.Entries, Entry{Line: Line{At: told.At, Kind: kind, By: data.From, Text: data.Text}, Role: RoleTechnician})
	}
	for _, e := range d.Events {
		if f, ok := e.Fact.(*VendorAnsweredFact); ok && v.is(mailbox.Address{Addr: e.Actor.Addr}) {
			entry := entryOf(e)
			entry.Internal, entry.Message, entry.Unproven = false, e.Message, false
			look.Entries = append(look.Entries, entry)
			look.Ticket.Case = cmp.Or(f.Case, look.Ticket.Case)
		}
	}
	slices.SortStableFunc(look.Entries, func(a, b Entry) int { return a.At.Compare(b.At) })
	return look
}
