package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"radicado/mailbox/owner"
	"radicado/tickets"
	"radicado/tickets/backup"
	"radicado/tickets/register"
)

type restoreCommand struct {
	configFlag
	Backup     string   `arg:"" help:"The backup." type:"existingfile"`
	Identity   []string `help:"File with the secret key of age that opens an encrypted backup; may be repeated." short:"i" type:"existingfile" placeholder:"FILE"`
	To         string   `help:"Where the register is made. Default: the register of the settings. Nothing is ever overwritten." type:"path" placeholder:"FILE"`
	LastNumber string   `help:"The highest number that went out in a notice: look for the latest notice in a coordinator's mailbox." placeholder:"NUMBER"`
	Offline    bool     `help:"Do not look into the mailboxes. What came after the backup stays unknown; takes --last-number."`
	Secrets    string   `help:"Only write the files that an encrypted backup keeps beside the register into this folder." type:"path" placeholder:"DIR"`
}

// Run restores.
func (r *restoreCommand) Run(ctx context.Context, c console) (err error) {
	identities, err := readIdentities(r.Identity)
	if err != nil {
		return err
	}
	if r.Secrets != "" {
		return r.writeSecrets(ctx, c, identities)
	}
	s, err := readSettings(r.Config)
	if err != nil {
		return fmt.Errorf("%w\n(an encrypted backup holds the settings: radicado restore BACKUP --identity FILE --secrets FOLDER)", err)
	}
	n := &restoration{settings: s, console: c, backup: r.Backup, identities: identities, target: cmp.Or(r.To, s.file.Register.Path), offline: r.Offline, bar: c.progress()}
	defer n.bar.end()
	if err := n.setLast(r.LastNumber); err != nil {
		return err
	}
	if n.target, err = filepath.Abs(n.target); err != nil {
		return err
	}
	lock, err := register.Lock(n.target)
	if errors.Is(err, register.ErrLocked) {
		return fmt.Errorf("restore: stop the daemon first: %w", err)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return n.run(ctx)
}

// writeSecrets takes the files out that a backup keeps beside the register.
func (r *restoreCommand) writeSecrets(ctx context.Context, c console, identities []age.Identity) (err error) {
	if err := os.MkdirAll(r.Secrets, 0o700); err != nil {
		return fmt.Errorf("--secrets: %w", err)
	}
	scratch := filepath.Join(r.Secrets, ".register.unpacked")
	unpacked, err := unpack(ctx, r.Backup, identities, scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(scratch)) }()
	if len(unpacked.Secrets) == 0 {
		return fmt.Errorf("%s holds nothing but the register: only encrypted backups keep more", r.Backup)
	}
	for _, name := range slices.Sorted(maps.Keys(unpacked.Secrets)) {
		path := filepath.Join(r.Secrets, name)
		if err := writeNew(path, unpacked.Secrets[name]); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s written; it was at %s.\n", path, unpacked.Manifest.Files[name])
	}
	return nil
}

// writeNew makes a file for its owner alone where there is none.
func writeNew(path string, content []byte) (err error) {
	f, err := owner.OpenFile(path, os.O_WRONLY|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("nothing is overwritten: %w", err)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// restoration is one restore on its way.
type restoration struct {
	settings   *settings
	console    console
	backup     string
	identities []age.Identity
	target     string
	last       serials // that went out, as the user says
	offline    bool
	bar        *progress

	now time.Time // the time at which the register believes to be; zero is the real one
}

// serials are the last numbers of years.
type serials map[int]int

// raise makes sure that a number is counted.
func (s serials) raise(year, serial int) { s[year] = max(s[year], serial) }

func (n *restoration) setLast(number string) error {
	n.last = serials{}
	if number == "" {
		if n.offline {
			return errors.New("--offline takes --last-number: without a look into the mailboxes, the numbers that went out after the backup must be known, lest they be given twice")
		}
		return nil
	}
	year, serial, ok := register.SerialOf(tickets.Number(strings.ToUpper(number)))
	if !ok {
		return fmt.Errorf("--last-number: found %q, expected a number such as %s", number, tickets.FormatNumber(n.settings.file.Desk.NumberPrefix, time.Now().Year(), 42))
	}
	n.last.raise(year, serial)
	return nil
}

// stage is where the register is made before it is whole.
func (n *restoration) stage() string { return n.target + ".restore" }

// run makes the register beside the target and puts it there when all is well. Until then a failure, or the end of the process,
// leaves no register, and restoring again begins anew.
func (n *restoration) run(ctx context.Context) (err error) {
	if err := n.free(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.clear()) }()
	made, err := n.build(ctx, nil)
	if err != nil {
		return err
	}
	if len(made.doubts) > 0 {
		if made, err = n.again(ctx, made); err != nil {
			return err
		}
	}
	if err := n.place(); err != nil {
		return err
	}
	n.bar.end()
	n.report(made)
	return nil
}

// again begins anew and gives none of the numbers that may have gone out.
func (n *restoration) again(ctx context.Context, doubtful restored) (restored, error) {
	skip := maps.Clone(n.last)
	for _, seen := range []serials{doubtful.seen, doubtful.after} {
		for year, serial := range seen {
			skip.raise(year, serial)
		}
	}
	made, err := n.build(ctx, skip)
	made.doubts, made.notes = doubtful.doubts, doubtful.notes
	return made, err
}

// leavings are the files that SQLite keeps beside one of its own.
var leavings = [...]string{"", "-wal", "-shm", "-journal"}

// free makes sure that nothing lies where the register is to be, not even a log, which SQLite would take for one of the new register.
func (n *restoration) free() error {
	for _, ending := range leavings {
		if _, err := os.Lstat(n.target + ending); !errors.Is(err, os.ErrNotExist) {
			return errors.Join(fmt.Errorf("there is %s%s already, and nothing is overwritten: move it away, with all files whose names begin like that, or say --to",
				n.target, ending), err)
		}
	}
	return n.clear()
}

// clear removes what an attempt has left, this one or one that was killed. The lock on the target keeps others from it.
func (n *restoration) clear() error {
	var errs []error
	for _, ending := range append(leavings[:], ".lock") {
		if err := os.Remove(n.stage() + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// place gives the register its name, durably, where nothing has come to bear it meanwhile.
func (n *restoration) place() error {
	file, err := os.OpenFile(n.stage(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", n.stage(), err)
	}
	if err := os.Link(n.stage(), n.target); err != nil { // unlike a rename it overwrites nothing
		return fmt.Errorf("put the register in its place: %w", err)
	}
	folder, err := os.Open(filepath.Dir(n.target))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// restored is what a register was made of.
type restored struct {
	manifest backup.Manifest
	holds    register.Tally // of the backup
	before   serials        // last numbers of the backup
	after    serials        // last numbers now
	seen     serials        // numbers that mails name with proof that we wrote them
	recalled map[string]int // mails taken up, by mailbox
	handled  int
	doubts   []string // why mails may have got other numbers than before
	skipped  []register.Gap
	notes    []string
}

// build makes the register at the stage: unpacked, verified, brought up to date, and verified again. Numbers up to those of skip
// are not given.
func (n *restoration) build(ctx context.Context, skip serials) (made restored, err error) {
	if err := n.clear(); err != nil {
		return made, err
	}
	unpacked, err := unpack(ctx, n.backup, n.identities, n.stage())
	if err != nil {
		return made, err
	}
	made.manifest = unpacked.Manifest
	if made.notes, err = n.placeKey(unpacked); err != nil {
		return made, err
	}
	frozen, err := register.Open(ctx, n.stage(), register.Options{ReadOnly: true})
	if err == nil {
		err = errors.Join(n.verify(ctx, frozen, unpacked), frozen.Close())
	}
	if err != nil && !errors.Is(err, register.ErrOlder) { // an older one is verified when it was migrated
		return made, err
	}
	n.now = time.Time{}
	options := n.settings.registerOptions(false)
	options.Now = func() time.Time { return cmp.Or(n.now, time.Now()) }
	reg, err := register.Open(ctx, n.stage(), options)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	if err := n.catchUp(ctx, reg, skip, &made); err != nil {
		return made, err
	}
	return made, n.verify(ctx, reg, backup.Unpacked{})
}

// verify fails where the register is not sound.
func (n *restoration) verify(ctx context.Context, r *register.Register, u backup.Unpacked) error {
	report, err := verifyRegister(ctx, r, n.backup, n.bar)
	if err != nil {
		return err
	}
	report.Findings = append(backupFindings(u, report.Holds), report.Findings...)
	if len(report.Findings) == 0 {
		return nil
	}
	n.bar.end()
	report.say(n.console)
	return fmt.Errorf("%s is not sound, so no register was made of it: use an older backup", n.backup)
}

// placeKey puts the key of the notices in its place where it is missing: without it, the register's older notices could not be
// told from forged ones.
func (n *restoration) placeKey(u backup.Unpacked) (notes []string, err error) {
	path := n.settings.file.Trust.KeyFile
	kept, have := u.Secrets[keyInBackup]
	there, err := os.ReadFile(path)
	switch {
	case err == nil && have && string(there) != string(kept):
		return []string{fmt.Sprintf("%s holds other keys than the backup, and was left as it is: add the lines of the backup's reply.key below its own, so that answers to older notices are known (--secrets writes it)", path)}, nil
	case err == nil:
		return nil, nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("trust.key_file: %w", err)
	case !have:
		return []string{fmt.Sprintf("The backup holds no key and there is none at %s, so a new one is made: answers to notices sent so far are known by their numbers alone. If you kept the file, put it there and restore again", path)}, nil
	}
	return []string{path + " was missing and is restored"}, writeNew(path, kept)
}

// report says what was done and what to do next.
func (n *restoration) report(made restored) {
	say := func(format string, args ...any) { fmt.Fprintf(n.console.out, format+"\n", args...) }
	when := "without a date"
	if at := made.manifest.Holds.At; !at.IsZero() {
		when = "of " + at.In(n.settings.location).Format("2006-01-02 15:04:05 -0700")
	}
	say("%s: sound, %s, with %s.", n.backup, when, holdings(made.holds))
	for _, name := range slices.Sorted(maps.Keys(made.recalled)) {
		say("Mailbox %s: %d mails that the backup did not know were taken up.", name, made.recalled[name])
	}
	n.reportNumbers(made, say)
	for _, note := range made.notes {
		say("%s.", note)
	}
	say("%s is ready: verified, and nothing was overwritten.", n.target)
	say("Next: start the daemon. It sends the notices that were not sent when the backup was made, and those of the mails taken up: some for the second time, with the same text.")
	if n.offline {
		say("Mails that came after the backup and were handled lie in the folders for processed mails and are not in this register: save them from there and say \"radicado import\".")
	}
	say("Then: radicado verify; radicado backup.")
}

func (n *restoration) reportNumbers(made restored, say func(string, ...any)) {
	prefix := n.settings.file.Desk.NumberPrefix
	number := func(year, serial int) tickets.Number { return tickets.FormatNumber(prefix, year, serial) }
	for _, doubt := range made.doubts {
		say("Doubt: %s.", doubt)
	}
	for _, gap := range made.skipped {
		say("Numbers %s to %s may have gone out and are given to nobody; the register records why.", number(gap.Year, gap.First), number(gap.Year, gap.Last))
	}
	given := false
	for _, year := range slices.Sorted(maps.Keys(made.after)) {
		first := made.before[year] + 1
		for _, gap := range made.skipped {
			if gap.Year == year {
				first = max(first, gap.Last+1)
			}
		}
		if last := made.after[year]; last >= first {
			given = true
			say("Mails taken up have the numbers %s to %s, in the order in which they came.", number(year, first), number(year, last))
		}
	}
	if given && len(made.doubts) == 0 && len(n.last) == 0 {
		say("These are the numbers that they had, if the mailboxes still hold all of them. To be sure, look at the latest notice in a coordinator's mailbox: " +
			"if it has a higher number, remove this register and restore again with --last-number.")
	}
}
