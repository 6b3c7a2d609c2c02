package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

type explainCommand struct {
	configFlag
	jsonFlag
	File string `arg:"" help:"Mail file, byte for byte as the server keeps it."`
}

// explained is an explanation for programs.
type explained struct {
	File string `json:"file"`
	Read struct {
		Subject     string   `json:"subject"`
		From        string   `json:"from"`
		MessageID   string   `json:"message_id,omitempty"`
		Text        string   `json:"text"`
		Attachments []string `json:"attachments,omitempty"`
		Defects     []string `json:"defects,omitempty"`
	} `json:"read"`
	Class struct {
		Class  mailbox.Class `json:"class"`
		Reason string        `json:"reason"`
	} `json:"class"`
	Sender struct {
		Name string       `json:"name,omitempty"`
		Role tickets.Role `json:"role"`
	} `json:"sender"`
	Proof struct {
		Proven bool     `json:"proven"`
		Method string   `json:"method"`
		Steps  []string `json:"steps"`
	} `json:"proof"`
	Subject struct {
		Commands []string         `json:"commands,omitempty"`
		Numbers  []tickets.Number `json:"numbers,omitempty"`
	} `json:"subject"`
	Match struct {
		Same   int64          `json:"same_as_message,omitempty"`
		Ticket tickets.Number `json:"ticket,omitempty"`
		State  tickets.State  `json:"state,omitempty"`
		By     string         `json:"by,omitempty"`
	} `json:"match"`
	Would struct {
		Summary    string            `json:"summary"`
		Quarantine string            `json:"quarantine,omitempty"`
		Events     []string          `json:"events,omitempty"`
		Notices    []explainedNotice `json:"notices,omitempty"`
		Error      string            `json:"error,omitempty"`
	} `json:"would"`
}

type explainedNotice struct {
	Kind tickets.NoticeKind `json:"kind"`
	To   string             `json:"to"`
}

// Run explains one mail. Neither the register nor the mailbox is changed, and nothing is sent.
func (e *explainCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(e.Config)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(e.File)
	if err != nil {
		return fmt.Errorf("reading a mail: %w", err)
	}
	folder, err := os.MkdirTemp("", "radicado-explain-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	d, closing, err := bystander(ctx, s, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	found, err := d.Explain(ctx, mailbox.Arrival{Raw: raw, InternalDate: time.Now()})
	if err != nil {
		return err
	}
	view := newExplained(e.File, found)
	if e.JSON {
		return printJSON(c.out, view)
	}
	return view.print(c.out)
}

// bystander returns a desk on the register as it is, and on an empty one where there is none yet. What is missing is made in
// the folder instead of in its place.
func bystander(ctx context.Context, s *settings, folder string) (*desk.Desk, func() error, error) {
	keyFile, path := s.file.Trust.KeyFile, s.file.Register.Path
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		keyFile = filepath.Join(folder, "key")
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		path = filepath.Join(folder, "register.db")
	}
	keys, err := trust.OpenKeyring(keyFile, rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("trust.key_file: %w", err)
	}
	prover, err := newProver(s, keys, time.Now)
	if err != nil {
		return nil, nil, err
	}
	reg, err := register.Open(ctx, path, s.registerOptions(false))
	if err != nil {
		return nil, nil, fmt.Errorf("register.path: %w", err)
	}
	return desk.New(reg, s.deskOptions(prover, keys, slog.New(slog.DiscardHandler))), reg.Close, nil
}

func newExplained(file string, e desk.Explanation) *explained {
	x := &explained{File: file}
	m := e.Message
	x.Read.Subject, x.Read.From, x.Read.MessageID, x.Read.Text, x.Read.Defects = m.Subject, m.From.String(), m.MessageID, m.NewText, m.Defects
	for _, a := range m.Attachments {
		x.Read.Attachments = append(x.Read.Attachments, fmt.Sprintf("%s (%s, %d bytes)", a.Name, a.Type, a.Size))
	}
	x.Class.Class, x.Class.Reason = m.Class, m.ClassReason
	x.Sender.Name, x.Sender.Role = e.Input.Sender.Name, e.Input.Sender.Role
	x.Proof.Proven, x.Proof.Method, x.Proof.Steps = e.Proof.Proven, e.Proof.Method, strings.Split(e.Proof.Reason, "; ")
	if e.Input.Replayed != "" {
		x.Proof.Steps = append(x.Proof.Steps, "but it commands nothing: "+e.Input.Replayed)
	}
	for _, c := range e.Input.Mail.Commands {
		x.Subject.Commands = append(x.Subject.Commands, c.String())
	}
	x.Subject.Numbers = e.Input.Mail.Numbers
	x.Match.Same, x.Match.By = e.Same, e.Input.MatchedBy
	if t := e.Input.Ticket; t != nil {
		x.Match.Ticket, x.Match.State = t.Number, t.State
	}
	x.Would.Summary, x.Would.Quarantine = e.Decision.Summary, e.Decision.Quarantine
	if e.Same != 0 {
		x.Would.Summary = fmt.Sprintf("nothing: it is the same mail as message %d", e.Same)
	}
	if e.ErrDecide != nil {
		x.Would.Error = e.ErrDecide.Error()
	}
	for _, event := range e.Decision.Events {
		x.Would.Events = append(x.Would.Events, fmt.Sprintf("%s of %s by %s %s", event.Fact.Kind(), event.Ticket, event.Actor.Role, event.Actor.Label()))
	}
	for _, n := range e.Decision.Notices {
		x.Would.Notices = append(x.Would.Notices, explainedNotice{n.Kind, n.To.String()})
	}
	return x
}

// print says it step by step for people.
func (x *explained) print(w io.Writer) error {
	var b strings.Builder
	step := func(name string) { fmt.Fprintf(&b, "%s\n", name) }
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "   %-13s%s\n", name, strings.ReplaceAll(printable(value), "\n", "\n                "))
		}
	}
	list := func(name string, values []string) {
		for _, v := range values {
			line(name, v)
			name = ""
		}
	}
	step("1. How it is read")
	line("From", x.Read.From)
	line("Subject", x.Read.Subject)
	line("Message-ID", x.Read.MessageID)
	list("Attachment", x.Read.Attachments)
	line("New text", shorten(x.Read.Text, 500))
	list("Defect", x.Read.Defects)
	step("2. What kind of mail it is")
	line(string(x.Class.Class), x.Class.Reason)
	step("3. Who it claims to be from")
	line("Name", x.Sender.Name)
	line("Role", string(x.Sender.Role))
	step("4. What that claim is worth")
	proven := "no"
	if x.Proof.Proven {
		proven = "yes, by " + x.Proof.Method
	}
	line("Proven", proven)
	list("Because", x.Proof.Steps)
	step("5. What the subject says")
	for _, n := range x.Subject.Numbers {
		line("Number", string(n))
	}
	list("Command", x.Subject.Commands)
	if len(x.Subject.Commands) == 0 {
		line("Command", "none")
	}
	step("6. Which request it belongs to")
	if x.Match.Ticket == "" {
		line("Request", "none that the register knows")
	} else {
		line("Request", fmt.Sprintf("%s (%s)", x.Match.Ticket, x.Match.State))
		line("Found by", x.Match.By)
	}
	step("7. What would be done")
	line("Result", x.Would.Summary)
	list("Event", x.Would.Events)
	for _, n := range x.Would.Notices {
		line("Notice", string(n.Kind)+" to "+n.To)
	}
	line("Error", x.Would.Error)
	_, err := io.WriteString(w, b.String())
	return err
}
