package register

import (
	"errors"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
)

func TestLastBackupAndLastFailure(t *testing.T) {
	f := open(t)
	state := func() (b Backups) {
		t.Helper()
		f.view(t, func(r *Reader) (err error) { b, err = r.Backups(); return err })
		return b
	}
	fail := func(reason string) {
		t.Helper()
		f.clock.advance(time.Hour)
		f.update(t, func(tx *Tx) error { return tx.BackupFailed(errors.New(reason)) })
	}
	if got := state(); got != (Backups{}) || got.Failing() {
		t.Errorf("before the first: %+v", got)
	}
	fail("no folder")
	fail("no space")
	if got := state(); !got.Failing() || got.Failed.Error != "no space" || got.Failed.Failures != 2 || !got.Failed.At.Equal(f.clock.now()) {
		t.Errorf("after two failures: %+v", got)
	}
	f.clock.advance(time.Hour)
	at := f.clock.now().UTC()
	f.update(t, func(tx *Tx) error { return tx.BackupVerified(at, "/b/one", 77) })
	if got := state(); got.Failing() || got.Verified != (Backup{At: at, File: "/b/one", Size: 77}) || got.Failed.Error != "no space" {
		t.Errorf("after a success: %+v", got)
	}
	fail("no space again")
	if got := state(); !got.Failing() || got.Failed.Failures != 1 || got.Verified.File != "/b/one" {
		t.Errorf("after a failure that follows a success: %+v", got)
	}
}

func TestNumbersThatWentOutAreNotGivenAgain(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	f.update(t, func(tx *Tx) error { return tx.SkipNumbers(2026, 5, "restored") })
	f.update(t, func(tx *Tx) error { return tx.SkipNumbers(2026, 3, "nothing is left to skip") })
	f.update(t, func(tx *Tx) error { return tx.SkipNumbers(2025, 2, "restored") })
	var got tickets.Number
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "c", "d")
		if err == nil {
			got = ticket.Number
		}
		return err
	})
	if got != "SS-2026-000006" {
		t.Errorf("after the gap came %s", got)
	}
	f.sound(t)
	f.view(t, func(r *Reader) error {
		gaps, err := r.Gaps()
		check(t, err)
		if len(gaps) != 2 || gaps[0] != (Gap{Year: 2025, First: 1, Last: 2, At: f.clock.now().UTC(), Reason: "restored"}) || gaps[1].First != 2 || gaps[1].Last != 5 {
			t.Errorf("gaps %+v", gaps)
		}
		return nil
	})
	for _, change := range []string{"DELETE FROM gaps", "UPDATE gaps SET last = 4"} {
		if err := f.Update(t.Context(), func(tx *Tx) error { _, err := tx.exec(change); return err }); err == nil {
			t.Errorf("%s was allowed", change)
		}
	}
	// A request under a number of a gap, or a hole that is no recorded gap, is a finding.
	f.update(t, func(tx *Tx) error {
		_, err := tx.exec("UPDATE counters SET last = 8 WHERE year = 2026")
		check(t, err)
		_, err = register(tx, ana, "e", "f")
		return err
	})
	findings, err := f.Verify(t.Context(), nil)
	check(t, err)
	if len(findings) != 1 || findings[0].Check != CheckNumbers || !strings.Contains(findings[0].Detail, "1 to 9") {
		t.Errorf("a hole: %v", findings)
	}
}
