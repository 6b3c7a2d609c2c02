package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/register"
)

// maxAttempts is after how many a mail that ended the program is set aside unread; power cuts in a row must not look like that.
const maxAttempts = 9

// prepared is a mail that was read, before anything is decided: all that can be known of it without the register.
type prepared struct {
	arrival  register.Arrival
	message  *mailbox.Message
	proof    mailbox.Proof
	empty    string // why nothing could be read; then nothing else is known
	sender   tickets.Sender
	mail     tickets.Mail // without its ID
	identity []byte       // see identityOf
}

// result is what is told of a mail that was settled. The decision itself is left to the garbage: there are many in a transaction.
type result struct {
	number  tickets.Number // of its request, "" for none
	summary string
	notices int
	refused []tickets.ProblemCode
	outcome Outcome
	took    time.Duration
}

func resultOf(decision tickets.Decision, outcome Outcome) result {
	r := result{summary: decision.Summary, notices: len(decision.Notices), refused: refused(decision), outcome: outcome}
	if decision.Ticket != nil {
		r.number = decision.Ticket.Number
	}
	return r
}

// settleGroup settles the mails in order, in one transaction, which claims the next ones as well. What could be undone alone costs a
// savepoint, for which SQLite copies each page before it changes: only after one mail has failed each is settled so. It returns what
// became of each mail, and what was claimed.
func (d *Desk) settleGroup(ctx context.Context, mails []prepared, next claim) ([]result, []register.Arrival, error) {
	results, claimed, err := d.settleAll(ctx, mails, next, d.settleOne)
	if err != nil && !d.blameless(ctx, err) {
		results, claimed, err = d.settleAll(ctx, mails, next, d.settleApart)
	}
	return results, claimed, err
}

// settler settles one mail.
type settler func(context.Context, *register.Tx, prepared) (result, error)

// settleAll settles the mails one by one in one transaction, and makes the claim. There is a result for each mail.
func (d *Desk) settleAll(ctx context.Context, mails []prepared, next claim, settle settler) ([]result, []register.Arrival, error) {
	results := make([]result, len(mails))
	var claimed []register.Arrival
	err := d.register.Update(ctx, func(tx *register.Tx) (err error) {
		for i, p := range mails {
			if results[i], err = settle(ctx, tx, p); err != nil {
				return err
			}
			results[i].took = tx.Now().Sub(p.arrival.TakenAt)
		}
		claimed, err = next.make(tx)
		return err
	})
	return results, claimed, err
}

// settleOne settles a mail, and leaves the transaction unusable where it fails. A fault of ours must cost one mail, not the daemon.
func (d *Desk) settleOne(_ context.Context, tx *register.Tx, p prepared) (r result, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	decision, outcome, err := d.settle(tx, p)
	return resultOf(decision, outcome), err
}

// settleApart settles a mail and sets it aside where it fails.
func (d *Desk) settleApart(ctx context.Context, tx *register.Tx, p prepared) (r result, err error) {
	err = tx.Nested(func() (err error) {
		r, err = d.settleOne(ctx, tx, p)
		return err
	})
	if err == nil || d.blameless(ctx, err) {
		return r, err
	}
	reason := "handling failed: " + err.Error()
	return result{summary: reason, outcome: Quarantined}, tx.Settle(p.arrival.ID, register.Settlement{Quarantined: true, Reason: reason})
}

// blameless reports whether an error is no fault of the mail: the same mail goes through later.
func (d *Desk) blameless(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, register.ErrFull) || errors.Is(err, register.ErrBusy) || errors.Is(err, register.ErrDamaged)
}

// report logs what became of the mails, tells their receivers that they may be moved, and the outbox that there is something to send.
func (d *Desk) report(mails []prepared, results []result) {
	var names []string
	for i, r := range results {
		m, a := mails[i], mails[i].arrival
		log := d.options.Log.With("trace", a.Digest.Trace())
		log.Info("mail read", "mailbox", a.Mailbox, "uid", a.UID, "from", m.message.From.Addr, "class", m.message.Class, "proven", m.proof.Proven)
		log.Info("mail handled", "outcome", r.outcome, "ticket", r.number, "notices", r.notices, "result", r.summary)
		if d.options.Observe.Handled != nil {
			d.options.Observe.Handled(Handled{Mailbox: a.Mailbox, Outcome: r.outcome, Refused: r.refused, Took: r.took})
		}
		if !slices.Contains(names, a.Mailbox) {
			names = append(names, a.Mailbox)
		}
	}
	for _, name := range names {
		notify(d.wake(name))
	}
	queued := slices.ContainsFunc(results, func(r result) bool { return r.notices > 0 })
	if queued && d.options.Queued != nil {
		d.options.Queued()
	}
}

// prepareAll reads the mails on all processors: reading is most of the work and needs no database.
func (d *Desk) prepareAll(ctx context.Context, group []register.Arrival, mails []prepared) error {
	var wait sync.WaitGroup
	errs := make([]error, len(group))
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, a := range group {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			mails[i], errs[i] = d.prepare(ctx, a)
			d.options.Observe.turned() // a group may take long without anything hanging: a scanner has half a minute for each mail
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// prepare reads a mail and looks for proof of its sender. Whatever the mail does to the reader is noted, not returned.
func (d *Desk) prepare(ctx context.Context, a register.Arrival) (p prepared, err error) {
	p = prepared{arrival: a, message: new(mailbox.Message)}
	if a.Attempts > maxAttempts {
		p.empty = fmt.Sprintf("handling it ended the program %d times", a.Attempts-1)
		return p, nil
	}
	leave, err := d.enter(ctx, a.Size)
	if err != nil {
		return p, err
	}
	defer leave()
	raw, err := d.load(ctx, a.Digest)
	switch {
	case errors.Is(err, register.ErrRemoved), errors.Is(err, register.ErrDamaged):
		p.empty = err.Error()
		return p, nil
	case err != nil:
		return p, fmt.Errorf("loading UID %d of mailbox %s: %w", a.UID, a.Mailbox, err)
	case len(raw) == 0:
		p.empty = "the server would not give out the mail"
		return p, nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			p.empty = fmt.Sprintf("the reader failed: %v", fault)
		}
	}()
	p.message = message.Read(raw, d.options.Reader)
	p.message.Truncated = a.Truncated
	if a.Truncated {
		for _, part := range a.Structure {
			if part.Name != "" {
				p.message.Attachments = append(p.message.Attachments, mailbox.Attachment{Name: part.Name, Type: part.Type, Size: part.Size})
			}
		}
	}
	p.proof = d.options.Prover.Prove(ctx, raw, p.message)
	d.study(&p)
	if !a.Genuine {
		d.scan(ctx, raw, &p)
	}
	return p, ctx.Err()
}

// load returns a mail that was taken.
func (d *Desk) load(ctx context.Context, digest register.Digest) ([]byte, error) {
	raw, known := d.fresh.take(digest)
	if known {
		return raw, nil
	}
	err := d.register.View(ctx, func(r *register.Reader) (err error) {
		raw, err = r.LoadRaw(digest)
		return err
	})
	return raw, err
}

// study works out what can be known of a mail that was read and proven.
func (d *Desk) study(p *prepared) {
	m := p.message
	p.identity = identityOf(m, p.arrival.Digest)
	p.sender = d.options.Policy.Identify(m, p.proof)
	subject := d.options.Grammar.Read(m.Subject)
	p.mail = tickets.Mail{Message: m, Commands: subject.Commands, Title: subject.Title, Whole: subject.Whole, Numbers: subject.Numbers, Received: p.received()}
	if p.arrival.Genuine {
		p.mail.Released = p.arrival.RequeuedBy
	}
	p.mail.Study(d.options.Policy, p.sender)
}

// scan has the whole mail looked at: whoever unpacks files knows best how they are packed.
func (d *Desk) scan(ctx context.Context, raw []byte, p *prepared) {
	if d.options.Scanner == nil {
		return
	}
	found, err := d.options.Scanner.Scan(ctx, raw)
	p.mail.Infected = found
	if err == nil {
		return
	}
	d.options.Log.Warn("mail was not scanned", "trace", p.arrival.Digest.Trace(), "mailbox", p.arrival.Mailbox, "uid", p.arrival.UID, "error", err)
	if d.options.Refuse {
		p.empty = "not scanned: " + err.Error()
		return
	}
	p.mail.Unscanned = true
}

// settle decides on one mail and writes what follows. It runs inside a nested part of a transaction.
func (d *Desk) settle(tx *register.Tx, p prepared) (tickets.Decision, Outcome, error) {
	if p.empty != "" {
		decision := tickets.Decision{Quarantine: p.empty, Summary: "quarantined: " + p.empty}
		return decision, Quarantined, tx.Settle(p.arrival.ID, register.Settlement{Quarantined: true, Reason: p.empty})
	}
	known, err := d.recognise(tx, p)
	if err != nil {
		return tickets.Decision{}, "", err
	}
	if known.same != 0 && p.arrival.RequeuedBy != "" {
		// The message is that of the first time, of which nothing came.
		earlier, err := tx.Message(known.same)
		if err != nil {
			return tickets.Decision{}, "", err
		}
		if earlier.Ticket == "" {
			decision, err := d.decideOn(tx, p, known, earlier.ID, nil)
			return decision, outcomeOf(decision), err
		}
	}
	if known.same != 0 {
		summary := fmt.Sprintf("the same mail as message %d, which came before", known.same)
		return tickets.Decision{Summary: summary}, Repeated, tx.Settle(p.arrival.ID, register.Settlement{Message: known.same})
	}
	decision, err := d.decide(tx, p, known)
	return decision, outcomeOf(decision), err
}

func (d *Desk) decide(tx *register.Tx, p prepared, known acquaintance) (tickets.Decision, error) {
	m := p.message
	id, err := tx.UpcomingMessage()
	if err != nil {
		return tickets.Decision{}, err
	}
	return d.decideOn(tx, p, known, id, &register.Message{
		ID: id, Identity: known.identity, Digest: p.arrival.Digest, MessageID: m.MessageID, From: m.From, Subject: m.Subject, Class: m.Class,
		ClassReason: m.ClassReason, Proof: p.proof, ReceivedAt: p.received(), Text: m.NewText, Defects: m.Defects,
		Attached: len(m.Attachments),
	})
}

// decideOn decides on a mail whose message has that id, and writes what follows, and the message itself where it is not stored yet.
func (d *Desk) decideOn(tx *register.Tx, p prepared, known acquaintance, id int64, unsaved *register.Message) (tickets.Decision, error) {
	m := p.message
	if m.Bounce == nil {
		if err := tx.AddressAlive(m.From.Addr); err != nil {
			return tickets.Decision{}, err
		}
	}
	in, err := d.input(tx, p, known, id)
	if err != nil {
		return tickets.Decision{}, err
	}
	in, confirmation, err := d.confirmed(tx, in)
	if err != nil {
		return tickets.Decision{}, err
	}
	decision, err := tickets.Decide(in)
	if err != nil {
		return tickets.Decision{}, err
	}
	if err := d.commitWith(tx, in, decision, unsaved); err != nil {
		return tickets.Decision{}, err
	}
	if confirmation != 0 {
		if err := tx.UseConfirmation(confirmation, id); err != nil {
			return tickets.Decision{}, err
		}
	}
	if gist := in.Found.Gist; gist != nil && registers(decision, in.Next) {
		d.gists.add(register.KeyOf(in.Next), gist)
	}
	if err := known.remember(tx, id, decision); err != nil {
		return tickets.Decision{}, err
	}
	return decision, tx.Settle(p.arrival.ID, register.Settlement{Quarantined: decision.Quarantine != "", Reason: decision.Quarantine, Message: id})
}

// input gathers what Decide looks at.
func (d *Desk) input(tx *register.Tx, p prepared, known acquaintance, id int64) (tickets.Input, error) {
	m := p.message
	in := tickets.Input{Now: tx.Now(), Policy: d.options.Policy, Sender: p.sender, Mail: p.mail, Replayed: known.replayed}
	in.Mail.ID = id
	var err error
	if m.Bounce != nil {
		err = d.matchBounce(tx, m, &in)
	} else {
		err = d.match(tx, m, in.Mail.Numbers, &in)
	}
	if err == nil && in.Ticket == nil && known.copyOf != "" {
		in.MatchedBy = "an unproven copy of this mail, which came before"
		err = d.ticketOf(tx, known.copyOf, &in)
	}
	if err != nil {
		return in, err
	}
	return in, d.complete(tx, &in)
}

// complete looks up what the mail and its commands ask for.
func (d *Desk) complete(tx *register.Tx, in *tickets.Input) (err error) {
	if in.Next, err = tx.UpcomingNumber(); err != nil {
		return err
	}
	if in.Found, err = find(tx, tickets.Lookups(*in)); err != nil {
		return err
	}
	if in.Situation, err = tx.Situation(); err != nil {
		return err
	}
	return d.furnish(tx, in)
}

// commit writes what a decision says.
func (d *Desk) commit(tx *register.Tx, in tickets.Input, decision tickets.Decision) error {
	return d.commitWith(tx, in, decision, nil)
}

// commitWith is commit, and adds a message that is not stored yet, nil for none.
func (d *Desk) commitWith(tx *register.Tx, in tickets.Input, decision tickets.Decision, unsaved *register.Message) error {
	if decision.Failed != nil { // before anything is sent there
		if err := tx.AddressFailed(*decision.Failed); err != nil {
			return err
		}
	}
	decision, err := d.restrain(tx, decision)
	if err != nil {
		return err
	}
	changes := decision.Others
	if decision.Ticket != nil {
		changes = append([]tickets.Change{{Ticket: decision.Ticket, Events: decision.Events}}, changes...)
	}
	if len(changes) == 0 && unsaved != nil {
		if _, err := tx.AddMessage(*unsaved); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if err := d.change(tx, in, c, unsaved); err != nil {
			return err
		}
		unsaved = nil
	}
	if err := keepAbsence(tx, decision.Absence, in.Mail.ID); err != nil {
		return err
	}
	for _, n := range decision.Notices {
		if err := d.queue(tx, n, in.Mail, decision); err != nil {
			return err
		}
	}
	if decision.Confirmation != nil {
		return d.ask(tx, decision.Confirmation)
	}
	return nil
}

// change writes what happens to one ticket, under the number that was decided on, and adds a message that is not stored yet.
func (d *Desk) change(tx *register.Tx, in tickets.Input, c tickets.Change, unsaved *register.Message) error {
	if c.Events[0].Seq == 1 {
		number, err := tx.NextNumber()
		if err != nil {
			return err
		}
		if number != in.Next {
			return fmt.Errorf("number %s was decided on and %s allocated", in.Next, number)
		}
	}
	if unsaved != nil {
		return tx.AppendOf(*unsaved, c.Ticket, c.Events)
	}
	return tx.Append(c.Ticket, c.Events)
}

// find carries out the lookups.
func find(tx *register.Tx, lookups []tickets.Lookup) (tickets.Found, error) {
	found := tickets.Found{Tickets: map[tickets.Number]tickets.Case{}, Lists: map[int]tickets.Rows{}}
	for _, l := range lookups {
		if l.Number == "" {
			rows, err := list(tx, l.Query)
			if err != nil {
				return found, err
			}
			found.Lists[l.Command] = rows
			continue
		}
		t, err := tx.Ticket(l.Number)
		if errors.Is(err, register.ErrNotFound) {
			continue
		}
		if err != nil {
			return found, err
		}
		events, err := tx.History(l.Number)
		if err != nil {
			return found, err
		}
		found.Tickets[l.Number] = tickets.Case{Ticket: t, Events: events}
	}
	return found, nil
}

func list(tx *register.Tx, q tickets.Query) (rows tickets.Rows, err error) {
	if q.Words != "" {
		rows.Tickets, err = tx.Search(q.Words, q.Requester, q.Limit)
		rows.Total = len(rows.Tickets)
		return rows, err
	}
	filter := register.Filter{States: q.States, Requester: q.Requester, Technicians: q.Technicians, Unassigned: q.Unassigned}
	if q.Priority != "" {
		filter.Priorities = []tickets.Priority{q.Priority}
	}
	rows.Tickets, rows.Total, err = tx.List(filter, q.Limit, 0)
	return rows, err
}

// identityOf tells one mail from another whatever way they came: the way changes trace fields, and a list may add to the
// subject and the foot, but neither changes who said what when. A Message-ID that is used again with other content is
// another mail.
func identityOf(m *mailbox.Message, digest register.Digest) []byte {
	when := m.MessageID
	if when == "" && !m.Date.IsZero() {
		when = m.Date.UTC().Format(time.RFC3339)
	}
	if when == "" || m.Truncated {
		return slices.Clone(digest[:])
	}
	text := m.NewText
	if text == "" {
		text = m.Text
	}
	text = tickets.Fold(text)
	said := make([]byte, 0, len(text)+200)
	for _, part := range []string{when, m.From.Key(), string(m.Class), text} {
		said = strconv.AppendInt(said, int64(len(part)), 10)
		said = append(append(append(said, ':'), part...), ',')
	}
	for _, a := range m.Attachments {
		said = append(hex.AppendEncode(said, a.Digest[:]), ',')
	}
	if m.Beyond != nil {
		said = append(hex.AppendEncode(said, m.Beyond), ',')
	}
	identity := sha256.Sum256(said)
	return identity[:]
}
