package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/form"
	"radicado/tickets/register"
)

type exportCommand struct {
	configFlag
	From   string `help:"First day, such as 2026-01-01; by default the beginning." placeholder:"DAY"`
	To     string `help:"Last day, included; by default today." placeholder:"DAY"`
	Format string `help:"xlsx or csv." enum:"xlsx,csv" default:"xlsx"`
	Output string `help:"File to write; by default registro.xlsx or registro.csv here." short:"o" type:"path" placeholder:"FILE"`
}

// Run writes the register of a period.
func (e *exportCommand) Run(ctx context.Context, c console) error {
	path := e.Output
	if path == "" {
		path = "registro." + e.Format
	}
	write := form.XLSX
	if e.Format == "csv" {
		write = form.CSV
	}
	var file bytes.Buffer
	rows := 0
	err := viewRegister(ctx, e.Config, func(s *settings, r *register.Reader) error {
		sheets, err := newSheetMaker(s)
		if err != nil {
			return err
		}
		period, err := e.period(s.location)
		if err != nil {
			return err
		}
		rows, err = sheets.register(&file, write, r, period, time.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := writeFile(path, file.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d requests written to %s.\n", rows, path)
	return nil
}

// period reads the days. The last is included, and so the period ends with the next.
func (e *exportCommand) period(location *time.Location) (f register.Filter, err error) {
	for _, day := range []struct {
		flag, value string
		into        *time.Time
		days        int
	}{{"--from", e.From, &f.From, 0}, {"--to", e.To, &f.To, 1}} {
		if day.value == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, day.value, location)
		if err != nil {
			return f, fmt.Errorf("%s: found %q, expected a day such as 2026-11-23", day.flag, day.value)
		}
		*day.into = t.AddDate(0, 0, day.days)
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return f, fmt.Errorf("the period ends on %s, before it begins on %s", e.To, e.From)
	}
	return f, nil
}

func names[T ~string](codes []T) []string {
	var list []string
	for _, c := range codes {
		list = append(list, templates.Name(string(c)))
	}
	return list
}

// register writes the requests of a period by one of the writers of form, and returns how many there are.
func (m *sheetMaker) register(w io.Writer, write func(io.Writer, form.Register, form.Organisation) error, r *register.Reader, period register.Filter, now time.Time) (rows int, err error) {
	err = write(w, form.Register{
		From: period.From, To: period.To, Made: now, States: names(tickets.States()),
		Priorities: names([]tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low}),
		Rows: func(yield func(form.Row, error) bool) {
			m.rows(r, period, now, func(row form.Row, err error) bool {
				rows++
				return yield(row, err)
			})
		},
	}, m.organisation)
	return rows, err
}

// exportPage is how many requests are read at a time.
const exportPage = 500

// rows yields the requests of a period, oldest first.
func (m *sheetMaker) rows(r *register.Reader, period register.Filter, now time.Time, yield func(form.Row, error) bool) {
	var pages [][]*tickets.Ticket
	for offset := 0; ; offset += exportPage {
		page, _, err := r.List(period, exportPage, offset)
		if err != nil {
			yield(form.Row{}, err)
			return
		}
		pages = append(pages, page)
		if len(page) < exportPage {
			break
		}
	}
	for _, page := range slices.Backward(pages) {
		for _, t := range slices.Backward(page) {
			events, err := r.History(t.Number)
			if err != nil {
				yield(form.Row{}, err)
				return
			}
			s := m.sheet(t, events, now)
			row := form.Row{Number: s.Number, State: s.State, Priority: s.Priority, Kind: s.Kind, Subject: s.Subject, Official: s.Official,
				Equipment: s.Equipment, Technician: s.Technician, Vendor: s.Vendor, Registered: s.Registered, FirstAnswer: s.FirstAnswer,
				DueAnswer: s.DueAnswer, Resolved: s.Resolved, DueSolution: s.DueSolution, Closed: s.Closed, Times: s.Times, Satisfaction: s.Satisfaction}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// due is when the request should have been answered and solved.
func (m *sheetMaker) due(t *tickets.Ticket, s *form.Sheet) {
	due := m.policy.Due(t)
	s.DueAnswer, s.DueSolution = due.Response, due.Solution
}
