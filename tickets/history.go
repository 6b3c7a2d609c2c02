package tickets

import (
	"cmp"
	"time"

	"radicado/mailbox"
)

// Imported says of a request that it was brought in from an archive of mails of before. It was registered, with a number, on the day
// of the import, because a number says when a request was registered; when it had come is noted beside. The zero value is
// of a request that came by itself. Its JSON form is stored for ever.
type Imported struct {
	Source   string    `json:"source"`   // name of the archive
	Received time.Time `json:"received"` // when its first mail had come
}

// Past is a mail of an archive.
type Past struct {
	Message  *mailbox.Message
	ID       int64     // of the stored message
	Subject  string    // without tags and reply marks
	Received time.Time // when it had come
}

// Opens reports whether a mail of an archive can have been a request: somebody wrote it, and not the desk.
func (p *Policy) Opens(m *mailbox.Message) bool {
	return !m.Class.Automatic() && m.From.Key() != "" && !p.IsOwn(m.From)
}

// Import makes a request of a conversation of the past, whose mails come in the order in which they were written. It sends no notice
// and obeys no command. Unless it is to stay open, it is closed. ok is false where nothing in the conversation can have been
// a request.
func Import(p *Policy, now time.Time, number Number, source string, open bool, thread []Past) (t *Ticket, events []Event, ok bool, err error) {
	first := -1
	for i, m := range thread {
		if p.Opens(m.Message) {
			first = i
			break
		}
	}
	if first < 0 {
		return nil, nil, false, nil
	}
	t = new(Ticket)
	add := func(by Actor, message int64, fact Fact) {
		e := Event{Ticket: number, Seq: t.Version + 1, At: now, Actor: by, Message: message, Fact: fact}
		if err == nil {
			err = t.Apply(e)
		}
		events = append(events, e)
	}
	root := thread[first]
	s := p.Identify(root.Message, mailbox.Proof{})
	requester := mailbox.Address{Name: s.Name, Addr: root.Message.From.Addr}
	known := p.official(requester)
	add(p.pastActor(root.Message), root.ID, &RegisteredFact{
		Requester: requester, Subject: root.Subject, Text: cmp.Or(root.Message.NewText, root.Message.Text), Files: Files(root.Message),
		Origin: root.Message.MessageID, Lang: s.Lang, Unproven: true, Remarks: remarks(root.Message), Office: known.Office, Telephone: known.Telephone,
		Imported: Imported{Source: source, Received: root.Received.UTC()},
	})
	for i, m := range thread {
		if i != first {
			add(p.pastActor(m.Message), m.ID, pastFact(m))
		}
	}
	if !open {
		add(Actor{Role: RoleSystem}, 0, &ClosedFact{})
	}
	return t, events, true, err
}

// Continue adds further mails of the past to a request that was imported before.
func Continue(p *Policy, now time.Time, t *Ticket, thread []Past) (events []Event, err error) {
	for _, m := range thread {
		e := Event{Ticket: t.Number, Seq: t.Version + 1, At: now, Actor: p.pastActor(m.Message), Message: m.ID, Fact: pastFact(m)}
		if err := t.Apply(e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func pastFact(m Past) Fact {
	if m.Message.Class.Automatic() {
		return &AutomaticFact{From: m.Message.From, Class: m.Message.Class, Text: m.Message.NewText}
	}
	return &AnsweredFact{Text: cmp.Or(m.Message.NewText, m.Message.Text), Files: Files(m.Message), Unproven: true, Received: m.Received.UTC()}
}

// pastActor is who wrote a mail, as it says. It is nobody's word for anything: nothing follows from it.
func (p *Policy) pastActor(m *mailbox.Message) Actor {
	if p.IsOwn(m.From) {
		return Actor{Role: RoleSystem, Addr: m.From.Key(), Name: m.From.Name}
	}
	s := p.Identify(m, mailbox.Proof{})
	if s.Role == RoleStranger {
		s.Role = RoleRequester
	}
	return Actor{Role: s.Role, Addr: m.From.Key(), Name: s.Name}
}
