package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

type orderCommand struct {
	configFlag
	Number   string `arg:"" help:"Number of the request, such as SS-2026-000042; \"-\" where the commands need none."`
	Commands string `arg:"" help:"Commands as in a subject, in quotes: '#prioridad alta #asignar Ana'."`
	Text     string `help:"What a mail would say in its body; \"-\" reads it from standard input." placeholder:"TEXT"`
}

// maxBody bounds what is read from standard input.
const maxBody = 1 << 20

// Run gives the commands, and prints what the coordinator would get by mail.
func (o *orderCommand) Run(ctx context.Context, c console) (err error) {
	account := operator(user.Current)
	order := desk.Order{Account: account, Commands: o.Commands, Text: o.Text}
	if o.Number != "-" {
		order.Number = tickets.Number(strings.ToUpper(o.Number))
	}
	if o.Text == "-" {
		body, err := io.ReadAll(io.LimitReader(c.in, maxBody))
		if err != nil {
			return fmt.Errorf("reading the text: %w", err)
		}
		order.Text = strings.TrimSpace(string(body))
	}
	s, d, closing, err := administer(ctx, o.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	decision, err := d.Obey(ctx, order)
	if err != nil {
		return orNoTicket(err, o.Number)
	}
	texts, err := templates.Load(s.file.Templates.Folder, s.templates())
	if err != nil {
		return err
	}
	mail, err := texts.Render(*decision.Answer)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.out, printable(mail.Text)); err != nil {
		return err
	}
	if !decision.Answer.Data.Receipt.Applied {
		return errFailed
	}
	return nil
}

// operator names the account of the system that runs this program, by its number where it has no name.
func operator(current func() (*user.User, error)) string {
	name := fmt.Sprintf("uid %d", os.Getuid())
	if who, err := current(); err == nil && who.Username != "" {
		name = who.Username
	}
	if behind := os.Getenv("SUDO_USER"); behind != "" {
		name = behind + " (" + name + ")"
	}
	return name
}

// administer returns a desk on the register that the settings name, beside a daemon if one runs, which notices what is changed.
func administer(ctx context.Context, config string) (*settings, *desk.Desk, func() error, error) {
	s, err := readSettings(config)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := hasRegister(s); err != nil {
		return nil, nil, nil, err
	}
	if _, err := os.Stat(s.file.Trust.KeyFile); err != nil {
		return nil, nil, nil, fmt.Errorf("trust.key_file: without the daemon's key, notices would bear other tokens than its own: %w", err)
	}
	d, closing, err := bystander(ctx, s, "")
	return s, d, closing, err
}

// changeRegister opens the register that the settings name, beside a daemon if one runs, and changes it in one transaction.
func changeRegister(ctx context.Context, config string, change func(*settings, *register.Tx) error) error {
	return withRegister(ctx, config, func(s *settings, reg *register.Register) error {
		return reg.Update(ctx, func(tx *register.Tx) error { return change(s, tx) })
	})
}
