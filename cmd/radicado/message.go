package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

type messageCommand struct {
	Show       messageShowCommand   `cmd:"" help:"Show a received mail as it was read, or byte for byte."`
	Replay     messageReplayCommand `cmd:"" help:"Say what would become of a received mail if it came now; with --apply handle one again that was set aside."`
	Quarantine quarantineCommand    `cmd:"" help:"Look at the mails that were set aside, and release them."`
}

// shownMessage is a message for programs.
type shownMessage struct {
	ID       int64          `json:"id"`
	Received time.Time      `json:"received_at"`
	From     string         `json:"from"`
	Subject  string         `json:"subject"`
	Mail     string         `json:"message_id,omitempty"`
	Ticket   tickets.Number `json:"ticket,omitempty"`
	Class    mailbox.Class  `json:"class"`
	Why      string         `json:"class_reason,omitempty"`
	Proven   bool           `json:"proven"`
	Proof    string         `json:"proof,omitempty"`
	Defects  []string       `json:"defects,omitempty"`
	Text     string         `json:"text"`
	Mailbox  string         `json:"mailbox,omitempty"`
	UID      uint32         `json:"uid,omitempty"`
	State    string         `json:"state,omitempty"`
	Reason   string         `json:"reason,omitempty"`
	Trace    string         `json:"trace"`
}

type messageShowCommand struct {
	configFlag
	jsonFlag
	ID      string `arg:"" help:"Number of the message in the register, or its Message-ID."`
	Raw     bool   `help:"The mail byte for byte, as the server gave it." xor:"form"`
	Headers bool   `help:"The header alone." xor:"form"`
}

// Run shows one message.
func (m *messageShowCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, m.Config, func(s *settings, r *register.Reader) error {
		found, err := findMessage(r, m.ID)
		if err != nil {
			return err
		}
		if m.Raw || m.Headers {
			raw, err := r.LoadRaw(found.Digest)
			if err != nil {
				return err
			}
			return m.write(c.out, raw)
		}
		shown := shownMessage{ID: found.ID, Received: found.ReceivedAt, From: found.From.String(), Subject: found.Subject, Mail: found.MessageID, Ticket: found.Ticket,
			Class: found.Class, Why: found.ClassReason, Proven: found.Proof.Proven, Proof: found.Proof.Reason, Defects: found.Defects, Text: found.Text, Trace: found.Digest.Trace()}
		arrival, err := r.ArrivalOf(found.ID)
		switch {
		case err == nil:
			shown.Mailbox, shown.UID, shown.State, shown.Reason = arrival.Mailbox, arrival.UID, string(arrival.State), arrival.Reason
		case !errors.Is(err, register.ErrNotFound):
			return err
		}
		if m.JSON {
			return printJSON(c.out, shown)
		}
		return shown.print(c.out, s.location)
	})
}

// write writes the mail, or its header. Only the header is made safe for a terminal: the bytes of a mail are for files.
func (m *messageShowCommand) write(w io.Writer, raw []byte) error {
	if !m.Headers {
		_, err := w.Write(raw)
		return err
	}
	header, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	_, err := fmt.Fprintln(w, printable(strings.ToValidUTF8(string(header), "?")))
	return err
}

func (m shownMessage) print(w io.Writer, location *time.Location) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, printable(value))
		}
	}
	row("Message", strconv.FormatInt(m.ID, 10))
	row("Received", m.Received.In(location).Format(time.DateTime))
	row("From", m.From)
	row("Subject", m.Subject)
	row("Message-ID", m.Mail)
	row("Request", string(m.Ticket))
	row("Class", strings.TrimSpace(string(m.Class)+" "+m.Why))
	row("Sender", map[bool]string{true: "proven: ", false: "not proven: "}[m.Proven]+m.Proof)
	row("Mailbox", fmt.Sprintf("%s, UID %d, %s %s", m.Mailbox, m.UID, m.State, m.Reason))
	row("Trace", m.Trace)
	for _, d := range m.Defects {
		row("Defect", d)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", indent(printable(m.Text)))
	return err
}

// findMessage finds a message by what people have of it.
func findMessage(r *register.Reader, id string) (register.Message, error) {
	if number, err := strconv.ParseInt(id, 10, 64); err == nil {
		m, err := r.Message(number)
		return m, orNoMessage(err, id)
	}
	found, err := r.MessagesByMessageID(strings.Trim(id, "<> "))
	switch {
	case err != nil:
		return register.Message{}, err
	case len(found) == 0:
		return register.Message{}, orNoMessage(register.ErrNotFound, id)
	case len(found) > 1:
		var numbers []string
		for _, m := range found {
			numbers = append(numbers, strconv.FormatInt(m.ID, 10))
		}
		return register.Message{}, fmt.Errorf("%d messages have the Message-ID %s: say which by number, %s", len(found), printable(id), strings.Join(numbers, ", "))
	}
	return found[0], nil
}

func orNoMessage(err error, id string) error {
	if errors.Is(err, register.ErrNotFound) {
		return fmt.Errorf("no message %s in the register: a request's messages stand in \"radicado ticket show NUMBER --json\"", printable(id))
	}
	return err
}

type messageReplayCommand struct {
	configFlag
	jsonFlag
	ID    string `arg:"" help:"Number of the message in the register, or its Message-ID."`
	Apply bool   `help:"Handle it again, where it was set aside: by the running daemon at once, or by the next one. It never registers twice."`
}

// Run says what would be done, or has it done.
func (m *messageReplayCommand) Run(ctx context.Context, c console) error {
	if m.Apply {
		return m.apply(ctx, c)
	}
	var raw []byte
	var at time.Time
	err := viewRegister(ctx, m.Config, func(_ *settings, r *register.Reader) error {
		found, err := findMessage(r, m.ID)
		if err != nil {
			return err
		}
		at = found.ReceivedAt
		raw, err = r.LoadRaw(found.Digest)
		return err
	})
	if err != nil {
		return err
	}
	_, d, closing, err := administer(ctx, m.Config)
	if err != nil {
		return err
	}
	found, err := d.Replay(ctx, mailbox.Arrival{Raw: raw, InternalDate: at})
	if err := errors.Join(err, closing()); err != nil {
		return err
	}
	view := newExplained("message "+m.ID, found)
	if m.JSON {
		return printJSON(c.out, view)
	}
	return view.print(c.out)
}

func (m *messageReplayCommand) apply(ctx context.Context, c console) error {
	return changeRegister(ctx, m.Config, func(_ *settings, tx *register.Tx) error {
		found, err := findMessage(&tx.Reader, m.ID)
		if err != nil {
			return err
		}
		arrival, err := tx.ArrivalOf(found.ID)
		if err != nil {
			return err
		}
		return requeue(tx, c, arrival, false)
	})
}

type quarantineCommand struct {
	List    quarantineListCommand    `cmd:"" help:"List the mails that are set aside, latest first."`
	Release quarantineReleaseCommand `cmd:"" help:"Have a mail handled as one that a person wrote. Its commands are obeyed only where it is proven who wrote it."`
}

type quarantineListCommand struct {
	configFlag
	jsonFlag
	Limit int `help:"At most so many." default:"50"`
}

// Run lists the quarantine.
func (q *quarantineListCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, q.Config, func(s *settings, r *register.Reader) error {
		list, err := r.Quarantine(q.Limit)
		if err != nil {
			return err
		}
		if q.JSON {
			return printJSON(c.out, listed(list))
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tSET ASIDE\tMAILBOX\tFROM\tSUBJECT\tREASON")
		for _, m := range list {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.At.In(s.location).Format("2006-01-02 15:04"), printable(m.Mailbox),
				orDash(shorten(printable(m.From), 40)), orDash(shorten(printable(m.Subject), 50)), shorten(printable(m.Reason), 80))
		}
		return table.Flush()
	})
}

type quarantineReleaseCommand struct {
	configFlag
	ID int64 `arg:"" help:"Number of the mail, as the list and the daily digest show it."`
}

// Run releases one mail.
func (q *quarantineReleaseCommand) Run(ctx context.Context, c console) error {
	return changeRegister(ctx, q.Config, func(_ *settings, tx *register.Tx) error {
		arrival, err := tx.HandledArrival(q.ID)
		if errors.Is(err, register.ErrNotFound) {
			return fmt.Errorf(`no mail %d: say "radicado message quarantine list" for those that are set aside`, q.ID)
		}
		if err != nil {
			return err
		}
		return requeue(tx, c, arrival, true)
	})
}

// requeue gives a mail that was set aside another chance.
func requeue(tx *register.Tx, c console, arrival register.Handled, genuine bool) error {
	if arrival.State != register.ArrivalQuarantined {
		return fmt.Errorf("mail %d is not set aside but %s: nothing is done twice", arrival.ID, cmp.Or(arrival.State, "unknown"))
	}
	account := operator(user.Current)
	if err := tx.Requeue(arrival.ID, account, genuine); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "mail %d is handled again: by the running daemon at once, or when it starts. In the mailbox it stays in the folder of the quarantine.\n", arrival.ID)
	return err
}
