package register

import (
	"database/sql"
	"fmt"
	"time"
)

// Backups is how the backups of the register stand.
type Backups struct {
	Verified Backup // the last one that was verified; zero for none yet
	Failed   Backup // the last failure; zero for none yet
}

// Backup is one backup, or one that failed.
type Backup struct {
	At       time.Time // of the state that it holds, or of the failure
	File     string    // "" where it failed
	Size     int64     // bytes of the file
	Failures int       // how many failed in a row up to this one; 0 where it was verified
	Error    string    // why it failed, "" where it was verified
}

// Failing reports whether the last attempt failed.
func (b Backups) Failing() bool { return b.Failed.At.After(b.Verified.At) }

// Backups returns the last backup that was verified and the last failure.
func (r *Reader) Backups() (Backups, error) {
	var found Backups
	rows, err := collect(r, func(row scanner) (b Backup, err error) {
		var at sql.NullInt64
		err = row.Scan(&at, &b.File, &b.Size, &b.Failures, &b.Error)
		b.At = fromMillis(at)
		return b, err
	}, "SELECT at, file, size, failures, error FROM backups")
	if err != nil {
		return found, fmt.Errorf("look for the last backup: %w", err)
	}
	for _, b := range rows {
		if b.Error == "" {
			found.Verified = b
		} else {
			found.Failed = b
		}
	}
	return found, nil
}

// BackupVerified records a backup of the state at a time. It ends a row of failures.
func (tx *Tx) BackupVerified(at time.Time, file string, size int64) error {
	_, err := tx.exec(`INSERT INTO backups (outcome, at, file, size, failures, error) VALUES ('verified', ?1, ?2, ?3, 0, '')
		ON CONFLICT DO UPDATE SET at = excluded.at, file = excluded.file, size = excluded.size`, at.UnixMilli(), file, size)
	if err != nil {
		return fmt.Errorf("record backup %s: %w", file, err)
	}
	return nil
}

// BackupFailed records that a backup failed now.
func (tx *Tx) BackupFailed(reason error) error {
	_, err := tx.exec(`INSERT INTO backups (outcome, at, file, size, failures, error) VALUES ('failed', ?1, '', 0, 1, ?2)
		ON CONFLICT DO UPDATE SET at = excluded.at, error = excluded.error,
			failures = CASE WHEN at > coalesce((SELECT v.at FROM backups v WHERE v.outcome = 'verified'), 0) THEN failures + 1 ELSE 1 END`,
		tx.now.UnixMilli(), reason.Error())
	if err != nil {
		return fmt.Errorf("record a failed backup: %w", err)
	}
	return nil
}
