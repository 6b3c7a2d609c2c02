package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

type retentionCommand struct {
	configFlag
	jsonFlag
	Apply   bool `help:"Erase it. Without this flag nothing is changed."`
	Compact bool `help:"With --apply: write the register anew afterwards, so that it gives back the room; mails wait meanwhile."`
}

// retained is what the command found or did.
type retained struct {
	Applied           bool             `json:"applied"`
	PersonalBefore    time.Time        `json:"personal_before,omitzero"`
	MailsBefore       time.Time        `json:"mails_before,omitzero"`
	AttachmentsBefore time.Time        `json:"attachments_before,omitzero"`
	Rows              []tickets.Erased `json:"rows"`
}

// Run says what is past its time, and erases it where that is wanted.
func (r *retentionCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(r.Config)
	if err != nil {
		return err
	}
	if r.Compact && !r.Apply {
		return errors.New("--compact goes with --apply")
	}
	reg, err := openRegister(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	e := s.retention.Expiry(time.Now())
	result := retained{Applied: r.Apply, PersonalBefore: e.Personal, MailsBefore: e.Mails, AttachmentsBefore: e.Attachments}
	err = reg.View(ctx, func(view *register.Reader) (err error) {
		result.Rows, err = view.Expired(e)
		return err
	})
	if err == nil && r.Apply {
		result.Rows, err = r.apply(ctx, c, reg, e, result.Rows)
	}
	if r.JSON {
		result.Rows = listed(result.Rows)
		return errors.Join(err, printJSON(c.out, result))
	}
	return errors.Join(err, result.print(c.out, s))
}

// apply erases, and shows how far it is.
func (r *retentionCommand) apply(ctx context.Context, c console, reg *register.Register, e tickets.Expiry, due []tickets.Erased) ([]tickets.Erased, error) {
	totals := map[tickets.ErasedKind]int64{}
	for _, d := range due {
		totals[d.What] += d.Rows
	}
	bar := c.progress()
	defer bar.end()
	erased, err := reg.Retain(ctx, e, "command", func(kind tickets.ErasedKind, rows int64) { bar.at(string(kind), rows, totals[kind]) })
	if err != nil || !r.Compact {
		return erased, err
	}
	bar.at("compact", 0, 0)
	return erased, reg.Compact(ctx)
}

// print tells people.
func (r retained) print(out io.Writer, s *settings) error {
	if s.retention == (tickets.Retention{}) {
		_, err := fmt.Fprintln(out, "The settings keep everything for ever: see [retention].")
		return err
	}
	day := func(t time.Time) string { return t.In(s.location).Format(time.DateOnly) }
	for _, limit := range []struct {
		what   string
		before time.Time
	}{{"Personal data goes", r.PersonalBefore}, {"Mails as they came go", r.MailsBefore}, {"Mails that brought files go", r.AttachmentsBefore}} {
		if !limit.before.IsZero() {
			fmt.Fprintf(out, "%s of what ended before %s.\n", limit.what, day(limit.before))
		}
	}
	if len(r.Rows) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is past its time.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if r.Applied {
		fmt.Fprintln(table, "ERASED\tROWS")
	} else {
		fmt.Fprintln(table, "TO BE ERASED\tYEAR\tROWS")
	}
	for _, kind := range tickets.ErasedKinds() {
		for _, row := range slices.DeleteFunc(slices.Clone(r.Rows), func(e tickets.Erased) bool { return e.What != kind }) {
			if r.Applied {
				fmt.Fprintf(table, "%s\t%d\n", kind, row.Rows)
			} else {
				fmt.Fprintf(table, "%s\t%d\t%d\n", kind, row.Year, row.Rows)
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	last := "Backups made before still hold it; they go as they grow old."
	if !r.Applied {
		last = "Nothing was changed. --apply erases it."
	}
	_, err := fmt.Fprintln(out, last)
	return err
}
