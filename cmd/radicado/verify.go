package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"radicado/tickets/backup"
	"radicado/tickets/register"
)

type verifyCommand struct {
	configFlag
	jsonFlag
	File     string   `arg:"" optional:"" help:"A backup, or the SQLite file of a register that no daemon uses. Default: the register of the settings." type:"existingfile"`
	Identity []string `help:"File with the secret key of age that opens an encrypted backup; may be repeated." short:"i" type:"existingfile" placeholder:"FILE"`
}

// verified is what was looked at and found.
type verified struct {
	File     string             `json:"file"`
	Holds    register.Tally     `json:"holds"`
	Gaps     []register.Gap     `json:"gaps,omitempty"`
	Checks   []string           `json:"checks"`
	Findings []register.Finding `json:"findings"`
}

// Run verifies, and fails where anything is found.
func (v *verifyCommand) Run(ctx context.Context, c console) (err error) {
	bar := c.progress()
	defer bar.end()
	var report verified
	if v.File == "" {
		s, err := readSettings(v.Config)
		if err != nil {
			return err
		}
		reg, err := openRegister(ctx, s)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, reg.Close()) }()
		report, err = verifyRegister(ctx, reg, s.file.Register.Path, bar)
		if err != nil {
			return err
		}
	} else if report, err = v.verifyFile(ctx, bar); err != nil {
		return err
	}
	bar.end()
	return report.print(c, v.JSON)
}

// verifyFile looks at what is in a backup. It is unpacked for that, where only the user of this process can read it; TMPDIR says where.
func (v *verifyCommand) verifyFile(ctx context.Context, bar *progress) (report verified, err error) {
	identities, err := readIdentities(v.Identity)
	if err != nil {
		return report, err
	}
	folder, err := os.MkdirTemp("", "radicado-verify-")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	unpacked, err := unpack(ctx, v.File, identities, filepath.Join(folder, "register.db"))
	if err != nil {
		return report, err
	}
	reg, err := register.Open(ctx, unpacked.Register, register.Options{ReadOnly: true})
	if errors.Is(err, register.ErrOlder) { // of an older version of the program: this copy is migrated
		reg, err = register.Open(ctx, unpacked.Register, register.Options{Program: version()})
	}
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	report, err = verifyRegister(ctx, reg, v.File, bar)
	if err != nil {
		return report, err
	}
	report.Findings = append(backupFindings(unpacked, report.Holds), report.Findings...)
	return report, nil
}

// unpack unpacks a backup. Of a bare SQLite file, all must be in the file itself.
func unpack(ctx context.Context, file string, identities []age.Identity, path string) (backup.Unpacked, error) {
	if info, err := os.Stat(file + "-wal"); err == nil && info.Size() > 0 {
		return backup.Unpacked{}, fmt.Errorf("%s is in use or was not closed, as %s-wal says: stop the program that uses it, or make a backup of it", file, file)
	}
	return backup.Unpack(ctx, file, identities, path)
}

// backupFindings compares what a backup says of itself with what is in it.
func backupFindings(u backup.Unpacked, holds register.Tally) []register.Finding {
	said := u.Manifest.Holds
	if u.Manifest.Digest == "" { // a bare SQLite file says nothing
		return nil
	}
	if said.Requests == holds.Requests && said.Events == holds.Events && said.Mails == holds.Mails && slices.Equal(said.Head, holds.Head) {
		return nil
	}
	return []register.Finding{{Check: register.CheckCopy, Subject: "manifest", Detail: fmt.Sprintf("it speaks of %s, and there are %s", holdings(said), holdings(holds))}}
}

// verifyRegister runs every check.
func verifyRegister(ctx context.Context, r *register.Register, file string, bar *progress) (verified, error) {
	report := verified{File: file, Checks: []string{register.CheckFile, register.CheckChain, register.CheckNumbers, register.CheckTickets, register.CheckMails}}
	err := r.View(ctx, func(read *register.Reader) (err error) {
		if report.Holds, err = read.Tally(); err != nil {
			return err
		}
		report.Gaps, err = read.Gaps()
		return err
	})
	if err != nil {
		return report, err
	}
	report.Findings, err = r.Verify(ctx, bar.at)
	return report, err
}

// print says what was checked and what was found.
func (v verified) print(c console, asJSON bool) error {
	var err error
	if asJSON {
		v.Findings = listed(v.Findings)
		err = printJSON(c.out, v)
	} else {
		v.say(c)
	}
	if err == nil && len(v.Findings) > 0 {
		err = errFailed
	}
	return err
}

func (v verified) say(c console) {
	what := map[string]string{
		register.CheckFile:    "pages, indexes and references are sound",
		register.CheckChain:   fmt.Sprintf("%d events, none altered, added, removed or moved", v.Holds.Events),
		register.CheckNumbers: "no number is missing or given twice",
		register.CheckTickets: fmt.Sprintf("%d requests are what their events add up to, and so is the search", v.Holds.Requests),
		register.CheckMails:   fmt.Sprintf("%d stored mails are byte for byte what was received", v.Holds.Mails),
	}
	fmt.Fprintf(c.out, "%s: %s\n", v.File, holdings(v.Holds))
	for _, g := range v.Gaps {
		fmt.Fprintf(c.out, "        numbers %d to %d of %d were skipped: %s\n", g.First, g.Last, g.Year, printable(g.Reason))
	}
	for _, check := range v.Checks {
		if !slices.ContainsFunc(v.Findings, func(f register.Finding) bool { return f.Check == check }) {
			fmt.Fprintf(c.out, "ok      %s: %s\n", check, what[check])
		}
	}
	for _, f := range v.Findings {
		fmt.Fprintf(c.out, "FAILED  %s\n", printable(f.String()))
	}
	if len(v.Findings) > 0 {
		fmt.Fprintf(c.out, "%d findings: keep this file as it is, and see \"When verify finds something\" in docs/operations.md.\n", len(v.Findings))
	}
}

// readIdentities reads files of secret keys.
func readIdentities(paths []string) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--identity: %w", err)
		}
		identities, err := age.ParseIdentities(file)
		if err = errors.Join(err, file.Close()); err != nil {
			// The error of the parser may show a part of the file.
			return nil, fmt.Errorf("--identity %s: not a file of secret keys as age-keygen writes it (encrypted ones must be decrypted first)", path)
		}
		all = append(all, identities...)
	}
	return all, nil
}
