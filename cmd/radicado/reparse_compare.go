package main

import (
	"fmt"
	"slices"
	"strings"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

// difference is something that came out otherwise.
type difference struct {
	Field  string `json:"field"`
	Stored string `json:"stored"`
	Now    string `json:"now"`
}

// recorded is what the events that a mail caused say of it, beside its message.
type recorded struct {
	files    []tickets.File
	hasFiles bool     // an event names the files that came with it
	commands []string // read and not obeyed, as written
	failed   []string // recipients that a report of the mail server named
}

func recordedOf(r *register.Reader, m register.Message) (found recorded, err error) {
	if m.Ticket == "" {
		return found, nil
	}
	events, err := r.History(m.Ticket)
	for _, e := range events {
		if e.Message != m.ID {
			continue
		}
		if files, ok := tickets.FilesOf(e.Fact); ok && !found.hasFiles {
			found.files, found.hasFiles = files, true
		}
		switch f := e.Fact.(type) {
		case *tickets.RefusedFact:
			found.commands = append(found.commands, f.Commands...)
		case *tickets.UnprovenFact:
			found.commands = append(found.commands, f.Commands...)
		case *tickets.UndeliveredFact:
			found.failed = append(found.failed, f.Recipients...)
		}
	}
	return found, err
}

// readSafely reads a mail; a panic of the reader is what it is looked for here.
func readSafely(raw []byte, o message.Options) (m *mailbox.Message, fault string) {
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Sprintf("the reader failed: %v", p)
		}
	}()
	return message.Read(raw, o), ""
}

// compareMessages returns where a mail, read again, differs from what was stored of it.
func compareMessages(m register.Message, stored recorded, now *mailbox.Message, grammar *command.Grammar) (list []difference) {
	differ := func(field, then, now string) {
		if then != now {
			list = append(list, difference{field, then, now})
		}
	}
	differ("subject", m.Subject, now.Subject)
	differ("sender", m.From.String(), now.From.String())
	differ("message_id", m.MessageID, now.MessageID)
	differ("class", string(m.Class), string(now.Class))
	differ("text", m.Text, now.NewText)
	differ("defects", strings.Join(m.Defects, "\n"), strings.Join(now.Defects, "\n"))
	then, today := grammar.Read(m.Subject), grammar.Read(now.Subject)
	differ("commands", commandText(then.Commands), commandText(today.Commands))
	if missing := without(stored.commands, today.Commands); len(missing) > 0 && m.Subject == now.Subject {
		differ("commands", strings.Join(stored.commands, " "), commandText(today.Commands))
	}
	if stored.hasFiles && !now.Truncated {
		differ("attachments", fileText(stored.files), fileText(tickets.Files(now)))
	}
	if len(stored.failed) > 0 && (now.Bounce == nil || len(now.Bounce.Recipients) > 0) {
		var recipients []string
		if now.Bounce != nil {
			recipients = now.Bounce.Recipients
		}
		differ("bounce", strings.Join(stored.failed, " "), strings.Join(recipients, " "))
	}
	return list
}

func commandText(commands []tickets.Command) string {
	var words []string
	for _, c := range commands {
		verb := string(c.Verb)
		if verb == "" {
			verb = "?" // a word that is no command
		}
		words = append(words, strings.TrimSpace(verb+": "+c.String()))
	}
	return strings.Join(words, " ")
}

// without returns those of the commands, as they were written, that are not among those read now.
func without(stored []string, now []tickets.Command) []string {
	return slices.DeleteFunc(slices.Clone(stored), func(written string) bool {
		return slices.ContainsFunc(now, func(c tickets.Command) bool { return c.String() == written })
	})
}

func fileText(files []tickets.File) string {
	var lines []string
	for _, f := range files {
		lines = append(lines, fmt.Sprintf("%s (%s, %d bytes)", f.Name, f.Type, f.Size))
	}
	return strings.Join(lines, "\n")
}
