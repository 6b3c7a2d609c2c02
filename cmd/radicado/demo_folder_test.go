package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radicado/tickets/register"
)

// tree lists the files below a folder.
func tree(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, folder+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDemoFolder has a demo find folders of demos and of others.
func TestDemoFolder(t *testing.T) {
	for name, tt := range map[string]struct {
		settings string // none where empty
		running  bool   // a daemon
		files    []string
		left     []string // of the files; all where it is refused
		says     string
	}{
		"an empty folder":             {},
		"files of somebody else's":    {files: []string{"informe.odt"}, says: "holds something else"},
		"settings of somebody else's": {settings: "[desk]\nname = \"Mesa\"\n", files: []string{"register.db", "reply.key", "sent/01-ana.eml"}, says: "holds something else"},
		"a demo": {settings: demoMark + "[desk]\n", files: []string{"register.db", "register.db-wal", "reply.key", "password", "sent/01-ana.eml", "sent/112-marta.eml",
			"backups/radicado-20261125T080000Z.tar.zst", "notas.txt", "sent/guardado.eml"}, left: []string{"notas.txt", "sent/guardado.eml"}},
		"a demo that runs": {settings: demoMark + "[desk]\n", running: true, files: []string{"register.db", "reply.key", "sent/01-ana.eml"}, says: register.ErrLocked.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "[demo]")
			files := tt.files
			if tt.settings != "" {
				files = append(files, "settings.toml")
			}
			for _, file := range files {
				path := filepath.Join(folder, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(tt.settings), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if tt.running {
				lock, err := register.Lock(filepath.Join(folder, "register.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Close()
			}
			err := freshFolder(folder)
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("freshFolder says %v, want %q", err, tt.says)
			}
			want := tt.left
			if tt.says != "" {
				want = files
			} else if tt.settings != "" {
				want = append(want, "settings.toml")
			}
			got := slices.DeleteFunc(tree(t, folder), func(name string) bool { return name == "register.db.lock" })
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("left are %q, want %q", got, want)
			}
		})
	}
}
