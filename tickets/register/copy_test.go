package register

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openCopy(t *testing.T, path string) *Register {
	t.Helper()
	r, err := Open(t.Context(), path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

func TestCopyWhileOthersWrite(t *testing.T) {
	f := open(t)
	f.take(t, "a", 1)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "impresora", "texto"); return err })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			err := f.Update(t.Context(), func(tx *Tx) error { _, err := register(tx, luis, "otra", "texto"); return err })
			if err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	path := filepath.Join(t.TempDir(), "copy.db")
	copied, err := f.Copy(t.Context(), path)
	check(t, err)
	stop()
	check(t, <-ended)

	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has the rights %s", info.Mode())
	}
	r := openCopy(t, path)
	findings, err := r.VerifyCopy(t.Context(), copied, nil)
	check(t, err)
	if len(findings) > 0 || copied.Before.Requests < 1 || copied.Before.Mails != 1 {
		t.Errorf("the copy of %+v: %v", copied, findings)
	}
	check(t, r.View(t.Context(), func(read *Reader) error {
		if found, err := read.Search("impresora", "", 5); err != nil || len(found) != 1 {
			t.Errorf("search in the copy: %d, %v", len(found), err)
		}
		return nil
	}))
	if err := r.Update(t.Context(), func(*Tx) error { return nil }); err == nil {
		t.Error("the copy was written to")
	}
	if leftovers, _ := filepath.Glob(path + "-*"); len(leftovers) > 0 {
		t.Errorf("opening the copy made %v", leftovers)
	}
	if _, err := f.Copy(t.Context(), path); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("a copy over another file: %v", err)
	}
}

func TestCopyOfAnotherStateIsFound(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error { _, err := register(tx, ana, "a", "b"); return err })
	path := filepath.Join(t.TempDir(), "copy.db")
	copied, err := f.Copy(t.Context(), path)
	check(t, err)
	r := openCopy(t, path)
	for name, change := range map[string]func(c *Copied){
		"fewer than there were": func(c *Copied) { c.Before.Notices, c.After.Notices = 5, 6 },
		"more than there were":  func(c *Copied) { c.Before.Requests, c.After.Requests = 0, 0 },
		"another chain":         func(c *Copied) { c.Before.Head = make([]byte, 32) },
		"a shorter chain":       func(c *Copied) { c.Before.Events, c.After.Events = 9, 9 },
	} {
		other := copied
		change(&other)
		findings, err := r.VerifyCopy(t.Context(), other, nil)
		check(t, err)
		if len(findings) == 0 || findings[0].Check != CheckCopy {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

func TestReadOnlyNeitherMakesNorMigrates(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.db")
	if _, err := Open(t.Context(), missing, Options{ReadOnly: true}); err == nil {
		t.Error("opened what is not there")
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	old := restoreV1(t)
	if _, err := Open(t.Context(), old, Options{ReadOnly: true}); !errors.Is(err, ErrOlder) {
		t.Errorf("an old one: %v", err)
	}
}
