package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"radicado/tickets/backup"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

type backupSection struct {
	Folder     string   `toml:"folder"`
	Schedule   string   `toml:"schedule"`
	Daily      int      `toml:"keep_daily"`
	Weekly     int      `toml:"keep_weekly"`
	Monthly    int      `toml:"keep_monthly"`
	Recipients []string `toml:"recipients"`
}

// backup reads where backups are kept and who can read them.
func (c *checker) backup(s *settings) {
	b := s.file.Backup
	c.fromRoot("backup.folder", b.Folder)
	if b.Schedule != "" {
		c.schedule("backup.schedule", b.Schedule)
	}
	c.atLeast("backup.keep_daily", b.Daily, 0)
	c.atLeast("backup.keep_weekly", b.Weekly, 0)
	c.atLeast("backup.keep_monthly", b.Monthly, 0)
	if b.Daily < 1 && b.Weekly < 1 && b.Monthly < 1 {
		c.wrong("backup.keep_weekly", "found %d, expected 1 or more in keep_daily, keep_weekly or keep_monthly", b.Weekly)
	}
	for i, text := range b.Recipients {
		key := fmt.Sprintf("backup.recipients[%d]", i)
		if strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-") {
			c.wrong(key, `found "AGE-SECRET-KEY-…", which is a secret key and does not belong here; expected its public key, which age-keygen -y prints`)
			continue
		}
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			c.wrong(key, `found %q, expected a public key of age, "age1…", as age-keygen prints it`, text)
			continue
		}
		s.recipients = append(s.recipients, recipient)
	}
}

// The names by which what is kept beside the register lies in encrypted backups.
const (
	keyInBackup      = "reply.key"
	settingsInBackup = "config.toml"
)

// backupOptions is how the settings want backups made.
func (s *settings) backupOptions() backup.Options {
	b := s.file.Backup
	return backup.Options{
		Folder:     cmp.Or(b.Folder, filepath.Join(filepath.Dir(s.file.Register.Path), "backups")),
		Recipients: s.recipients,
		Secrets:    map[string]string{keyInBackup: s.file.Trust.KeyFile, settingsInBackup: s.path},
		Keep:       &backup.Keep{Daily: b.Daily, Weekly: b.Weekly, Monthly: b.Monthly},
		Location:   s.location,
	}
}

// backupRetry is how long a backup that failed rests: each attempt reads the whole register.
const backupRetry = 15 * time.Minute

// backupJobs is the backup as a job of the schedule, none where it is off.
func (w *shift) backupJobs(now func() time.Time) []schedule.Job {
	spec := w.settings.file.Backup.Schedule
	if spec == "" {
		return nil
	}
	return []schedule.Job{{Name: "backup", Spec: spec, Work: func(ctx context.Context, _ time.Time) (func(*register.Tx) error, error) {
		var state register.Backups
		err := w.register.View(ctx, func(r *register.Reader) (err error) {
			state, err = r.Backups()
			return err
		})
		if err != nil {
			return nil, err
		}
		if rest := state.Failed.At.Add(backupRetry).Sub(now()); state.Failing() && rest > 0 && rest <= backupRetry {
			return nil, errors.New(state.Failed.Error) // said and recorded already
		}
		made, err := makeBackup(ctx, w.register, w.settings.backupOptions())
		if err != nil && made.File == "" {
			return nil, err
		}
		if err != nil { // again and again would not help
			w.log.Error("older backups could not be removed", "error", err)
		}
		w.log.Info("backup made and verified", "file", made.File, "bytes", made.Size, "encrypted", made.Sealed, "requests", made.Holds.Requests,
			"events", made.Holds.Events, "removed", len(made.Removed))
		return nil, nil
	}}}
}

// makeBackup makes a backup and records how that went.
func makeBackup(ctx context.Context, r *register.Register, o backup.Options) (backup.Made, error) {
	made, err := backup.Make(ctx, r, o)
	switch {
	case ctx.Err() != nil, errors.Is(err, backup.ErrRunning):
		return made, err // neither says anything about backups
	case made.File == "":
		return made, errors.Join(err, r.Update(ctx, func(tx *register.Tx) error { return tx.BackupFailed(err) }))
	}
	return made, errors.Join(err, r.Update(ctx, func(tx *register.Tx) error { return tx.BackupVerified(made.Holds.At, made.File, made.Size) }))
}
