package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/register"
)

// History is brought in from archives of mails of before the cut-off: each conversation becomes one request. No notice is sent and
// no command obeyed.

// Old is a mail of an archive.
type Old struct {
	Raw       []byte
	Truncated bool      // only the header was read
	At        time.Time // when the archive says that it came; zero where it does not
}

// Sketch is what must be known of every mail of an archive at the same time.
type Sketch struct {
	Digest   register.Digest
	Identity string
	ID       string           // Message-ID, "" where absent
	Answers  []string         // Message-IDs that it answers, nearest first
	Numbers  []tickets.Number // in its subject
	Received time.Time
	Opens    bool // it can have been a request
}

// Sketch reads a mail of an archive.
func (d *Desk) Sketch(old Old, now time.Time) Sketch { return d.sketch(d.readOld(old), old, now) }

func (d *Desk) sketch(m *mailbox.Message, old Old, now time.Time) Sketch {
	digest := register.DigestOf(old.Raw)
	return Sketch{Digest: digest, Identity: string(identityOf(m, digest)), ID: m.MessageID, Answers: references(m),
		Numbers: d.options.Grammar.Read(m.Subject).Numbers, Received: receivedOld(m, old.At, now), Opens: d.options.Policy.Opens(m)}
}

// readOld reads a mail as every mail is read. One that the reader fails on is kept and opens nothing.
func (d *Desk) readOld(old Old) (m *mailbox.Message) {
	defer func() {
		if fault := recover(); fault != nil {
			m = &mailbox.Message{Class: mailbox.ClassPerson, Defects: []string{fmt.Sprintf("the reader failed: %v", fault)}}
		}
	}()
	m = message.Read(old.Raw, d.options.Reader)
	m.Truncated = old.Truncated
	return m
}

// firstYear is before every mail: an earlier date is a mistake.
const firstYear = 1990

// receivedOld is when a mail had come. The mail's own date is to be had in every archive; what an archive says is often the day of
// an export.
func receivedOld(m *mailbox.Message, at, now time.Time) time.Time {
	when := m.Date
	if when.Year() < firstYear || when.After(now) {
		when = cmp.Or(at, now)
	}
	return when.UTC().Truncate(time.Millisecond)
}

// Conversations divides mails into those that hang together, by the Message-IDs that they answer and by numbers of requests in
// their subjects. The mails of each come by time, and the conversations by the time of their first mails. Copies of a mail
// are in one conversation.
func Conversations(mails []Sketch) [][]int {
	parent := make([]int, len(mails))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	seen := map[string]int{} // whatever a mail is known by, to a mail
	join := func(i int, key string) {
		if first, known := seen[key]; known {
			parent[root(i)] = root(first)
		} else {
			seen[key] = i
		}
	}
	for i, m := range mails {
		join(i, "identity "+m.Identity)
		if m.ID != "" {
			join(i, "id "+m.ID)
		}
		for _, id := range m.Answers {
			join(i, "id "+id)
		}
		for _, n := range m.Numbers {
			join(i, "number "+string(n))
		}
	}
	byRoot := map[int][]int{}
	for i := range mails {
		byRoot[root(i)] = append(byRoot[root(i)], i)
	}
	list := make([][]int, 0, len(byRoot))
	for _, thread := range byRoot {
		slices.SortStableFunc(thread, func(a, b int) int { return mails[a].Received.Compare(mails[b].Received) })
		list = append(list, thread)
	}
	slices.SortFunc(list, func(a, b []int) int {
		return cmp.Or(mails[a[0]].Received.Compare(mails[b[0]].Received), cmp.Compare(a[0], b[0]))
	})
	return list
}

// Placed is what becomes of a conversation.
type Placed struct {
	Fresh   []int          // which of its mails the register does not have, by their places in it
	Ticket  tickets.Number // the request to which it belongs; "" for none yet
	Opens   bool           // it becomes a request
	Current bool           // Ticket is no imported one: mails are filed with it, and nothing of it changes
}

// Place says what would become of a conversation now.
func (d *Desk) Place(ctx context.Context, thread []Sketch) (p Placed, err error) {
	err = d.register.View(ctx, func(r *register.Reader) error {
		p, _, err = place(r, thread, "")
		return err
	})
	return p, err
}

// place finds out what the register does not have of a conversation, and the request to which it belongs: preferred, where it is
// not "", or one that has a mail of it.
func place(r *register.Reader, thread []Sketch, preferred tickets.Number) (p Placed, t *tickets.Ticket, err error) {
	candidates := []tickets.Number{preferred}
	copies := map[string]bool{}
	for i, m := range thread {
		known, err := r.FindCopy(m.Digest, []byte(m.Identity))
		switch {
		case err == nil:
			candidates = append(candidates, known.Ticket)
		case !errors.Is(err, register.ErrNotFound):
			return p, nil, err
		case !copies[m.Identity]:
			copies[m.Identity] = true
			p.Fresh = append(p.Fresh, i)
			p.Opens = p.Opens || m.Opens
		}
	}
	if len(p.Fresh) == 0 {
		return Placed{}, nil, nil
	}
	for _, i := range p.Fresh {
		threads, err := r.TicketsByMessageIDs(append(slices.Clone(thread[i].Answers), thread[i].ID))
		if err != nil {
			return p, nil, err
		}
		for _, other := range threads {
			candidates = append(candidates, other.Ticket)
		}
		candidates = append(candidates, thread[i].Numbers...)
	}
	for _, n := range candidates {
		if n == "" {
			continue
		}
		t, err := r.Ticket(n)
		if errors.Is(err, register.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, nil, err
		}
		p.Ticket, p.Opens, p.Current = n, false, t.Imported.Source == ""
		return p, t, nil
	}
	return p, nil, nil
}

// Importing is how conversations are brought in.
type Importing struct {
	Source string         // name of the archive
	Open   bool           // requests are left open instead of being closed
	Into   tickets.Number // the request that an earlier part of the same conversation became; "" for none
	Now    time.Time
}

// Import brings a conversation in, all of it or nothing, and says what became of it. The same conversation a second time adds
// nothing.
func (d *Desk) Import(ctx context.Context, how Importing, thread []Old) (p Placed, err error) {
	sketches, packed, read := make([]Sketch, len(thread)), make([]register.Packed, len(thread)), make([]*mailbox.Message, len(thread))
	for i, old := range thread {
		read[i] = d.readOld(old)
		sketches[i] = d.sketch(read[i], old, how.Now)
		packed[i] = d.register.Pack(old.Raw)
	}
	err = d.register.Update(ctx, func(tx *register.Tx) error {
		var t *tickets.Ticket
		if p, t, err = place(&tx.Reader, sketches, how.Into); err != nil {
			return err
		}
		past := make([]tickets.Past, len(p.Fresh))
		for i, place := range p.Fresh {
			s, m := sketches[place], read[place]
			if err := tx.Keep(packed[place]); err != nil {
				return err
			}
			id, err := tx.AddMessage(register.Message{
				Identity: []byte(s.Identity), Digest: s.Digest, MessageID: m.MessageID, From: m.From, Subject: m.Subject, Class: m.Class,
				ClassReason: m.ClassReason, Proof: mailbox.Proof{Reason: "imported from " + how.Source}, ReceivedAt: s.Received, Ticket: p.Ticket,
				Text: m.NewText, Defects: m.Defects, Attached: len(m.Attachments),
			})
			if err != nil {
				return err
			}
			past[i] = tickets.Past{Message: m, ID: id, Subject: d.options.Grammar.Read(m.Subject).Whole, Received: s.Received}
		}
		switch {
		case p.Ticket != "" && !p.Current && len(past) > 0:
			events, err := tickets.Continue(d.options.Policy, tx.Now(), t, past)
			if err != nil {
				return err
			}
			return tx.Append(t, events)
		case p.Opens:
			p.Ticket, err = d.importTicket(tx, how, past)
			return err
		}
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("import a conversation of %d mails: %w", len(thread), err)
	}
	return p, nil
}

func (d *Desk) importTicket(tx *register.Tx, how Importing, past []tickets.Past) (tickets.Number, error) {
	number, err := tx.NextNumber()
	if err != nil {
		return "", err
	}
	t, events, ok, err := tickets.Import(d.options.Policy, tx.Now(), number, how.Source, how.Open, past)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("number %s was taken for a conversation that opens nothing", number)
	}
	return number, tx.Append(t, events)
}
