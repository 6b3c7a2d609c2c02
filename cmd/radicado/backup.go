package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"radicado/tickets/register"
)

type backupCommand struct {
	configFlag
	jsonFlag
	To string `help:"Folder for this one backup; then no older one is removed. Default: the folder of the settings." type:"path" placeholder:"DIR"`
}

// Run makes a backup.
func (b *backupCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(b.Config)
	if err != nil {
		return err
	}
	reg, err := openRegister(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	options := s.backupOptions()
	if b.To != "" {
		options.Folder, options.Keep = b.To, nil
	}
	bar := c.progress()
	defer bar.end()
	options.Progress = bar.at
	made, err := makeBackup(ctx, reg, options)
	bar.end()
	if made.File == "" {
		return err
	}
	if b.JSON {
		return errors.Join(err, printJSON(c.out, made))
	}
	fmt.Fprintf(c.out, "%s: %s, made and verified.\n", made.File, size(made.Size))
	fmt.Fprintf(c.out, "It holds %s.\n", holdings(made.Holds))
	if len(made.LeftOut) > 0 {
		fmt.Fprintf(c.out, "It is not encrypted, so it lacks %s: keep %s yourself, in a safe place, or name public keys in backup.recipients.\n"+
			"Without the key, answers to notices sent so far are known by their numbers alone.\n", strings.Join(made.LeftOut, " and "), them(len(made.LeftOut)))
	}
	for _, file := range made.Removed {
		fmt.Fprintf(c.out, "%s is kept no longer and was removed.\n", file)
	}
	return err
}

// openRegister opens the register that the settings name, beside a daemon if one runs.
func openRegister(ctx context.Context, s *settings) (*register.Register, error) {
	if err := hasRegister(s); err != nil {
		return nil, err
	}
	return register.Open(ctx, s.file.Register.Path, s.registerOptions(false))
}

// hasRegister fails where there is no register yet, which opening it would make.
func hasRegister(s *settings) error {
	_, err := os.Stat(s.file.Register.Path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no register at %s: it is made when the daemon first runs: %w", s.file.Register.Path, err)
	}
	if err != nil {
		return fmt.Errorf("register.path: %w", err)
	}
	return nil
}

// holdings says how much a register holds.
func holdings(t register.Tally) string {
	return fmt.Sprintf("%d requests with %d events, %d mails in %d arrivals, %d notices", t.Requests, t.Events, t.Mails, t.Arrivals, t.Notices)
}

// size says a number of bytes as people do.
func size(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
