package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

type peopleCommand struct {
	List   peopleListCommand   `cmd:"" help:"List staff and vendors, and how many officials stand in the file."`
	Show   peopleShowCommand   `cmd:"" help:"Show one person."`
	Check  peopleCheckCommand  `cmd:"" help:"Say what is wrong with the file of officials, line by line."`
	Revive peopleReviveCommand `cmd:"" help:"Write again to an address that refused notices."`
}

// shownPerson is a person for programs.
type shownPerson struct {
	Name      string       `json:"name"`
	Role      tickets.Role `json:"role"`
	Addresses []string     `json:"addresses"`
	Aliases   []string     `json:"aliases,omitempty"`
	Language  string       `json:"language,omitempty"`
	Skills    []string     `json:"skills,omitempty"`
	Load      int          `json:"open_requests"`
	MaxLoad   int          `json:"max_load,omitempty"`
	AwayUntil time.Time    `json:"away_until,omitzero"`
	Failures  int          `json:"refused_notices,omitempty"`
	Dead      bool         `json:"dead_address,omitempty"`
}

// person gathers what the settings and the register say of somebody.
func newShownPerson(p tickets.Person, situation tickets.Situation, r *register.Reader, now time.Time) (shownPerson, error) {
	shown := shownPerson{Name: p.Name, Role: p.Role, Addresses: p.Addresses, Aliases: p.Aliases, Language: p.Lang, Skills: p.Skills,
		Load: situation.Loads[p.Address().Key()], MaxLoad: p.MaxLoad}
	for _, a := range situation.Absences {
		if p.Has(a.Person) && !a.From.After(now) && a.To.After(now) && a.To.After(shown.AwayUntil) {
			shown.AwayUntil = a.To
		}
	}
	var err error
	shown.Failures, shown.Dead, err = r.AddressFailures(p.Address().Addr)
	return shown, err
}

// people is everybody of the settings as they stand.
func shownPeople(s *settings, r *register.Reader) ([]shownPerson, error) {
	now := time.Now()
	situation, err := r.Situation(now)
	if err != nil {
		return nil, err
	}
	var list []shownPerson
	for _, p := range s.policy.People {
		shown, err := newShownPerson(p, situation, r, now)
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	return list, nil
}

type peopleListCommand struct {
	configFlag
	jsonFlag
}

// Run lists people.
func (l *peopleListCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, l.Config, func(s *settings, r *register.Reader) error {
		list, err := shownPeople(s, r)
		if err != nil {
			return err
		}
		if l.JSON {
			return printJSON(c.out, list)
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tROLE\tADDRESS\tOPEN\tAWAY UNTIL\tSKILLS")
		for _, p := range list {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", printable(p.Name), p.Role, printable(p.Addresses[0])+map[bool]string{true: " (takes no mail)"}[p.Dead],
				p.load(), p.away(s.location), orDash(strings.Join(p.Skills, ", ")))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "and %d officials with an office\n", len(s.policy.Officials))
		return err
	})
}

func (p shownPerson) load() string {
	switch {
	case p.Role != tickets.RoleTechnician:
		return "-"
	case p.MaxLoad > 0:
		return fmt.Sprintf("%d of %d", p.Load, p.MaxLoad)
	}
	return fmt.Sprint(p.Load)
}

func (p shownPerson) away(location *time.Location) string {
	if p.AwayUntil.IsZero() {
		return "-"
	}
	return p.AwayUntil.In(location).Format("2006-01-02 15:04")
}

type peopleShowCommand struct {
	configFlag
	jsonFlag
	Name string `arg:"" help:"Name, part of it, alias or address."`
}

// Run shows one person.
func (p *peopleShowCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, p.Config, func(s *settings, r *register.Reader) error {
		found, err := findPerson(s, p.Name)
		if err != nil {
			return err
		}
		list, err := shownPeople(s, r)
		if err != nil {
			return err
		}
		shown := list[slices.IndexFunc(list, func(other shownPerson) bool { return found.Has(other.Addresses[0]) })]
		if p.JSON {
			return printJSON(c.out, shown)
		}
		return shown.print(c.out, s.location)
	})
}

func (p shownPerson) print(w io.Writer, location *time.Location) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{{"Name", p.Name}, {"Role", string(p.Role)}, {"Addresses", strings.Join(p.Addresses, ", ")}, {"Also called", strings.Join(p.Aliases, ", ")},
		{"Language", p.Language}, {"Skills", strings.Join(p.Skills, ", ")}, {"Open requests", p.load()}, {"Away until", p.away(location)}} {
		if row[1] != "" && row[1] != "-" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], printable(row[1]))
		}
	}
	if p.Failures > 0 {
		fmt.Fprintf(table, "Refused notices\t%d in a row%s\n", p.Failures, map[bool]string{true: "; nothing more is sent there"}[p.Dead])
	}
	return table.Flush()
}

// findPerson finds a person of the settings by what people call them.
func findPerson(s *settings, name string) (tickets.Person, error) {
	if p, known := s.policy.People.Find(name); known {
		return p, nil
	}
	var fits []tickets.Person
	var names []string
	for _, p := range s.policy.People {
		called := append([]string{p.Name}, p.Aliases...)
		if slices.ContainsFunc(called, func(n string) bool { return tickets.Fold(n) == tickets.Fold(name) }) {
			return p, nil
		}
		if slices.ContainsFunc(called, func(n string) bool { return strings.Contains(tickets.Fold(n), tickets.Fold(name)) }) {
			fits = append(fits, p)
		}
		names = append(names, called...)
	}
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		hint := `say "radicado people list" for those that there are`
		if near := tickets.Nearest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return tickets.Person{}, fmt.Errorf("the settings name nobody like %q: %s", printable(name), hint)
	}
	var found []string
	for _, p := range fits {
		found = append(found, p.Name)
	}
	return tickets.Person{}, fmt.Errorf("%q may be %s: say which", printable(name), strings.Join(found, " or "))
}

type peopleCheckCommand struct{ configFlag }

// Run reads the file of officials. The settings need not be right: they are what may be wrong with it.
func (p *peopleCheckCommand) Run(c console) error {
	s, err := readSettings(p.Config)
	if err != nil {
		return err // it names the lines of the file too
	}
	if s.file.People.File == "" {
		_, err := fmt.Fprintln(c.out, "people.file names no file: officials are known by their mails alone")
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d officials\n", s.file.People.File, len(s.policy.Officials))
	return err
}

type peopleReviveCommand struct {
	configFlag
	Address string `arg:"" help:"The address."`
}

// Run forgets what an address refused.
func (p *peopleReviveCommand) Run(ctx context.Context, c console) error {
	return changeRegister(ctx, p.Config, func(_ *settings, tx *register.Tx) error {
		failures, _, err := tx.AddressFailures(p.Address)
		if err != nil {
			return err
		}
		if failures == 0 {
			return fmt.Errorf("%s refused nothing since the last mail from it", printable(p.Address))
		}
		if err := tx.AddressAlive(p.Address); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "notices are sent to %s again; those that failed: radicado outbox retry --failed\n", printable(p.Address))
		return err
	})
}
