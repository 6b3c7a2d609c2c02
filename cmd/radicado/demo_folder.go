package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"radicado/tickets/register"
)

// demoMark is the first line of the settings that a demo writes. Settings without it are somebody's own.
const demoMark = "# Settings of the demo: a ministry with mail servers on loopback.\n"

// demoLeavings are the files of a demo, as patterns. The settings stay, to be written over, so that a demo that ends before it does so
// leaves a folder that is still known; so does the lock, because others may be waiting for it.
var demoLeavings = [...]string{"password", "reply.key", "reply.key.new-*", "register.db", "register.db-wal", "register.db-shm", "register.db-journal",
	"register.db.backup", "register.db.backup-*", "backups/radicado-*", "backups/.radicado-*.part", "sent/[0-9][0-9]*-*.eml"}

// freshFolder makes a folder for a demo, and removes only what an earlier one made there.
func freshFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("demo folder: %w", err)
	}
	if len(entries) > 0 {
		settings, err := os.ReadFile(filepath.Join(folder, "settings.toml"))
		if err != nil || !bytes.HasPrefix(settings, []byte(demoMark)) {
			return fmt.Errorf("demo folder %s holds something else: name another with --folder", folder)
		}
		if err := clearDemo(folder); err != nil {
			return fmt.Errorf("demo folder: %w", err)
		}
	}
	return os.MkdirAll(filepath.Join(folder, "sent"), 0o755)
}

// clearDemo removes the files of a demo that has ended.
func clearDemo(folder string) (err error) {
	lock, err := register.Lock(filepath.Join(folder, "register.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for _, pattern := range demoLeavings {
		names, err := fs.Glob(os.DirFS(folder), pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
