package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/form"
	"radicado/tickets/register"
)

// sheetMaker fills in forms and makes reports. It is safe for concurrent use.
type sheetMaker struct {
	organisation form.Organisation
	policy       *tickets.Policy
	pictures     pictures
}

func newSheetMaker(s *settings) (*sheetMaker, error) {
	m := &sheetMaker{policy: s.policy, organisation: form.Organisation{Name: s.file.Desk.Organisation, Desk: s.file.Desk.Name, Zone: s.location}}
	if path := s.file.Procedure.Logo; path != "" {
		logo, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("procedure.logo: %w", err)
		}
		if err := form.CheckLogo(logo); err != nil {
			return nil, fmt.Errorf("procedure.logo: %s: %w", path, err)
		}
		m.organisation.Logo = logo
	}
	return m, nil
}

// pdf returns the form of a request as it is now.
func (m *sheetMaker) pdf(r *register.Reader, number tickets.Number, now time.Time) ([]byte, error) {
	t, err := r.Ticket(number)
	if err != nil {
		return nil, err
	}
	events, err := r.History(number)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := form.PDF(&file, m.sheet(t, events, now), m.organisation); err != nil {
		return nil, fmt.Errorf("form of %s: %w", number, err)
	}
	return file.Bytes(), nil
}

// sheet fills the form in. Officials get it too, so nothing internal is on it.
func (m *sheetMaker) sheet(t *tickets.Ticket, events []tickets.Event, now time.Time) form.Sheet {
	s := form.Sheet{
		Number: string(t.Number), State: templates.Name(string(t.State)), Kind: t.Type, Subject: t.Subject, Text: t.Text, Made: now,
		Registered: t.RegisteredAt, Resolved: t.ResolvedAt, Closed: t.ClosedAt,
		Official:   form.Official{Name: t.Requester.Name, Address: t.Requester.Addr, Office: t.Office, Telephone: t.Telephone},
		Technician: t.Technician.Name, Diagnosis: t.Diagnosis, Plan: t.Plan, Solution: t.Solution,
		Instruction: form.Instruction{Name: t.Instruction.Title},
		Vendor:      form.Vendor{Name: t.Claim.Vendor.Name, Case: t.Claim.Case}, Satisfaction: t.Score, Comment: t.Comment,
	}
	if t.Priority != tickets.Unassessed {
		s.Priority = templates.Name(string(t.Priority))
	}
	for _, step := range t.Instruction.Steps {
		s.Instruction.Steps = append(s.Instruction.Steps, form.Step{Text: step.Text, Done: step.Done, By: step.By, At: step.At})
	}
	s.Equipment = m.equipment(t, now)
	for _, e := range events {
		m.addEvent(&s, t, e)
	}
	s.Times = m.times(t, s, events)
	m.due(t, &s)
	return s
}

// equipment is the machine that the vendor was written about, else the first. Others stand in the description.
func (m *sheetMaker) equipment(t *tickets.Ticket, now time.Time) form.Equipment {
	var e form.Equipment
	var others []string
	for i, a := range t.Assets {
		claimed := t.Claim.Made() && tickets.AssetKey(a.Plate) == tickets.AssetKey(t.Claim.Plate)
		if i > 0 && !claimed {
			others = append(others, strings.TrimSpace(a.Plate+" "+a.Name()))
			continue
		}
		if i > 0 {
			others = append(others, strings.TrimSpace(e.Plate+" "+e.Description))
		}
		e = form.Equipment{Plate: a.Plate, Serial: a.Serial, Description: a.Name(), Vendor: a.Vendor.Name,
			Warranty: templates.Name(string(a.Coverage(now.In(m.organisation.Zone))))}
		if end, err := time.ParseInLocation(time.DateOnly, a.Warranty, m.organisation.Zone); err == nil {
			e.WarrantyEnd = end
		}
	}
	if len(others) > 0 {
		e.Description += "; además: " + strings.Join(others, ", ")
	}
	return e
}

// addEvent adds what an event says to the form.
func (m *sheetMaker) addEvent(s *form.Sheet, t *tickets.Ticket, e tickets.Event) {
	if e.Actor.Role == tickets.RoleCoordinator && s.Coordinator == "" {
		s.Coordinator = e.Actor.Name
	}
	if s.FirstAnswer.IsZero() && e.Seq > 1 && answers(t, e) {
		s.FirstAnswer = e.At
	}
	if e.Fact.Internal() {
		return
	}
	text := templates.EventName(e.Fact.Kind())
	switch f := e.Fact.(type) {
	case *tickets.AssignedFact, *tickets.TypedFact, *tickets.EquippedFact, *tickets.ReferredFact:
		text += ": " + tickets.Said(f)
	case *tickets.PrioritisedFact:
		text += ": " + templates.Name(string(f.Priority))
	}
	s.History = append(s.History, form.Entry{At: e.At, Who: e.Actor.Label(), Text: text})
}

// answers reports whether by the event the desk turned to the official. Of an erased one the request still tells when that was.
func answers(t *tickets.Ticket, e tickets.Event) bool {
	switch e.Fact.(type) {
	case *tickets.AnsweredFact, *tickets.WaitedFact, *tickets.ResolvedFact, *tickets.RejectedFact:
		return e.Actor.Role.Desk() || e.Erased() && e.At.Equal(t.RespondedAt)
	case *tickets.ReferredFact:
		return e.Actor.Role.Desk() || e.Erased() // nobody else refers
	}
	return false
}

// times counts working time. The clock stops while the official or the vendor is waited for.
func (m *sheetMaker) times(t *tickets.Ticket, s form.Sheet, events []tickets.Event) form.Times {
	worked := func(from, to time.Time) time.Duration {
		if from.IsZero() || to.IsZero() {
			return 0
		}
		if m.policy.Calendar == nil {
			return to.Sub(from)
		}
		return m.policy.Calendar.Between(from, to)
	}
	times := form.Times{FirstAnswer: worked(s.Registered, s.FirstAnswer)}
	end := t.ResolvedAt
	if end.IsZero() {
		end = t.ClosedAt
	}
	if end.IsZero() {
		return times
	}
	replay := new(tickets.Ticket)
	var since time.Time
	for _, e := range events {
		if e.At.After(end) || replay.Apply(e) != nil {
			break
		}
		waiting := replay.State == tickets.WaitingRequester || replay.State == tickets.WaitingVendor
		if e.Erased() { // it no longer says whether it was the official who answered
			waiting = waiting && paused(t, e.At)
		}
		switch {
		case waiting && since.IsZero():
			since = e.At
		case !waiting && !since.IsZero():
			times.Waiting += worked(since, e.At)
			since = time.Time{}
		}
	}
	times.Solution = worked(s.Registered, end) - times.Waiting
	return times
}

// paused reports whether the clock of the request stood still from that moment on.
func paused(t *tickets.Ticket, at time.Time) bool {
	return slices.ContainsFunc(t.Pauses, func(p tickets.Pause) bool { return !p.From.After(at) && (p.To.IsZero() || p.To.After(at)) })
}

type formCommand struct {
	configFlag
	Number string `arg:"" help:"Number of the request, such as SS-2026-000042."`
	Output string `help:"PDF file to write; by default NUMBER.pdf here." short:"o" type:"path" placeholder:"FILE"`
}

// Run writes the form of a request.
func (f *formCommand) Run(ctx context.Context, c console) error {
	number := tickets.Number(strings.ToUpper(f.Number))
	path := f.Output
	if path == "" {
		path = string(number) + ".pdf"
	}
	var pdf []byte
	err := viewRegister(ctx, f.Config, func(s *settings, r *register.Reader) error {
		sheets, err := newSheetMaker(s)
		if err != nil {
			return err
		}
		pdf, err = sheets.pdf(r, number, time.Now())
		return orNoTicket(err, f.Number)
	})
	if err != nil {
		return err
	}
	if err := writeFile(path, pdf); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "The form of %s is in %s.\n", number, path)
	return nil
}
