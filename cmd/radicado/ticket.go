package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"radicado/tickets"
	"radicado/tickets/register"
)

type ticketCommand struct {
	List    ticketListCommand   `cmd:"" help:"List requests, latest first."`
	Search  ticketSearchCommand `cmd:"" help:"Find requests by words; letter case and accents do not matter."`
	Show    ticketShowCommand   `cmd:"" help:"Show a request with everything that happened to it."`
	Command orderCommand        `cmd:"" help:"Give commands as an administrator, as the coordinator gives them by mail; the history names you."`
}

type ticketListCommand struct {
	configFlag
	jsonFlag
	State      []string `help:"Only these states: ${enum}." enum:"registered,coordinated,in_service,waiting_requester,waiting_vendor,referred,resolved,closed,rejected,duplicate" placeholder:"STATE"`
	Open       bool     `help:"Only requests that are neither resolved nor ended."`
	Requester  string   `help:"Only requests of this address." placeholder:"ADDRESS"`
	Technician string   `help:"Only requests of the technician with this name or address." placeholder:"NAME"`
	Unassigned bool     `help:"Only requests that nobody has."`
	Office     string   `help:"Only requests from this office (dependencia)." placeholder:"NAME"`
	Priority   []string `help:"Only these priorities: ${enum}." enum:"critical,high,medium,low" placeholder:"PRIORITY"`
	Period     string   `help:"Only requests registered in a period, as in #informe: 2026-10, \"mes pasado\", 2026-10-01..2026-10-15." placeholder:"PERIOD"`
	Words      string   `help:"Only requests with these words." placeholder:"WORDS"`
	Limit      int      `help:"At most so many." default:"50"`
}

type ticketSearchCommand struct {
	configFlag
	jsonFlag
	Words []string `arg:"" help:"Words that all occur, also in internal notes."`
	Limit int      `help:"At most so many." default:"50"`
}

// Run finds requests.
func (s *ticketSearchCommand) Run(ctx context.Context, c console) error {
	list := ticketListCommand{configFlag: s.configFlag, jsonFlag: s.jsonFlag, Words: strings.Join(s.Words, " "), Limit: s.Limit}
	return list.Run(ctx, c)
}

// filter is the flags in the terms of the register.
func (l *ticketListCommand) filter(s *settings) (register.Filter, error) {
	f := register.Filter{Requester: l.Requester, Unassigned: l.Unassigned, Office: l.Office, Words: l.Words}
	for _, state := range l.State {
		f.States = append(f.States, tickets.State(state))
	}
	if l.Open {
		for _, state := range tickets.States() {
			if state.Open() {
				f.States = append(f.States, state)
			}
		}
	}
	for _, p := range l.Priority {
		f.Priorities = append(f.Priorities, tickets.Priority(p))
	}
	if l.Technician != "" {
		technician, err := findPerson(s, l.Technician)
		if err != nil {
			return f, err
		}
		f.Technicians = technician.Addresses
	}
	if l.Period != "" {
		period, problem := tickets.ParsePeriod(l.Period, time.Now().In(s.location))
		if problem != nil {
			return f, fmt.Errorf("--period: found %q, expected a period such as %s", l.Period, strings.Join(problem.Choices, ", "))
		}
		f.From, f.To = period.From, period.To
	}
	return f, nil
}

// Run lists requests.
func (l *ticketListCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, l.Config, func(s *settings, r *register.Reader) error {
		filter, err := l.filter(s)
		if err != nil {
			return err
		}
		found, total, err := r.List(filter, l.Limit, 0)
		if err != nil {
			return err
		}
		if l.JSON {
			return printJSON(c.out, listed(found))
		}
		if err := printTickets(c.out, found, s.location); err != nil {
			return err
		}
		if total > len(found) {
			fmt.Fprintf(c.out, "and %d more: say --limit %d to see them\n", total-len(found), total)
		}
		return nil
	})
}

type ticketShowCommand struct {
	configFlag
	jsonFlag
	Number string `arg:"" help:"Number of the request, such as SS-2026-000042."`
}

// shownTicket is a request for programs.
type shownTicket struct {
	Ticket *tickets.Ticket `json:"ticket"`
	Events []shownEvent    `json:"events"`
}

type shownEvent struct {
	Seq     int           `json:"seq"`
	At      time.Time     `json:"at"`
	Kind    string        `json:"kind"`
	Actor   tickets.Actor `json:"actor"`
	Message int64         `json:"message,omitempty"`
	Fact    tickets.Fact  `json:"fact"`
}

// Run shows one request.
func (t *ticketShowCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, t.Config, func(s *settings, r *register.Reader) error {
		number := tickets.Number(strings.ToUpper(t.Number))
		ticket, err := r.Ticket(number)
		if err != nil {
			return orNoTicket(err, t.Number)
		}
		events, err := r.History(number)
		if err != nil {
			return err
		}
		shown := shownTicket{Ticket: ticket}
		for _, e := range events {
			shown.Events = append(shown.Events, shownEvent{e.Seq, e.At, e.Fact.Kind(), e.Actor, e.Message, e.Fact})
		}
		if t.JSON {
			return printJSON(c.out, shown)
		}
		return printTicket(c.out, shown, s.location)
	})
}

// viewRegister opens the register that the settings name, beside a daemon if one runs, and reads it.
func viewRegister(ctx context.Context, config string, read func(*settings, *register.Reader) error) error {
	return withRegister(ctx, config, func(s *settings, reg *register.Register) error {
		return reg.View(ctx, func(r *register.Reader) error { return read(s, r) })
	})
}

// withRegister opens the register that the settings name, beside a daemon if one runs, and closes it after use.
func withRegister(ctx context.Context, config string, use func(*settings, *register.Register) error) (err error) {
	s, err := readSettings(config)
	if err != nil {
		return err
	}
	reg, err := openRegister(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	return use(s, reg)
}

// printJSON prints a value so that it is safe on a terminal too: JSON itself escapes neither C1 controls nor the marks that turn
// text around.
func printJSON(w io.Writer, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range string(data) {
		switch {
		case r == '\n': // between the values; within them JSON escapes it
			out.WriteRune(r)
		case r > 0xffff && unicode.Is(unicode.Cf, r):
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, "\\u%04x\\u%04x", high, low)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&out, "\\u%04x", r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('\n')
	_, err = io.WriteString(w, out.String())
	return err
}

// listed is a list for programs, for which an empty one is [] and not null.
func listed[T any](list []T) []T { return append([]T{}, list...) }

// printTickets prints a table.
func printTickets(w io.Writer, list []*tickets.Ticket, location *time.Location) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tSTATE\tPRIORITY\tREGISTERED\tREQUESTER\tTECHNICIAN\tSUBJECT")
	for _, t := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Number, t.State, orDash(string(t.Priority)),
			t.RegisteredAt.In(location).Format("2006-01-02 15:04"), printable(t.Requester.Addr), orDash(printable(t.Technician.Name)), shorten(printable(t.Subject), 60))
	}
	return table.Flush()
}

// orNoTicket says what to do where there is no request of that number.
func orNoTicket(err error, number string) error {
	if errors.Is(err, register.ErrNotFound) {
		return fmt.Errorf(`no request %s: say "radicado ticket list" for those that there are`, printable(number))
	}
	return err
}

// printTicket prints a request and its history.
func printTicket(w io.Writer, s shownTicket, location *time.Location) error {
	t := s.Ticket
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, printable(value))
		}
	}
	row("Number", string(t.Number))
	row("Subject", t.Subject)
	row("State", string(t.State))
	row("Priority", string(t.Priority))
	row("Requester", t.Requester.String())
	row("Sent in by", t.OnBehalfBy)
	row("Technician", t.Technician.String())
	row("Goes back to", string(t.Linked))
	row("Registered", t.RegisteredAt.In(location).Format(time.DateTime))
	if t.Imported.Source != "" {
		row("Imported", fmt.Sprintf("from %s; it had come on %s", t.Imported.Source, t.Imported.Received.In(location).Format(time.DateTime)))
	}
	for _, f := range t.Files {
		row("Attachment", fmt.Sprintf("%s (%s, %d bytes)", f.Name, f.Type, f.Size))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n\nHistory\n", indent(printable(t.Text)))
	for _, e := range s.Events {
		by := e.Actor.Label()
		if by == "" {
			by = string(e.Actor.Role)
		}
		internal := ""
		if e.Fact.Internal() {
			internal = " (internal)"
		}
		fmt.Fprintf(w, "%3d  %s  %s by %s%s\n", e.Seq, e.At.In(location).Format("2006-01-02 15:04:05"), e.Kind, printable(by), internal)
		if text := tickets.Said(e.Fact); text != "" {
			fmt.Fprintf(w, "%s\n", indent(printable(text)))
		}
	}
	return nil
}

// printable takes the characters out of a mail's text with which it could command a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

func indent(s string) string {
	return "     " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n     ")
}

func shorten(s string, letters int) string {
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) <= letters {
		return string(runes)
	}
	return string(runes[:letters-1]) + "…"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
