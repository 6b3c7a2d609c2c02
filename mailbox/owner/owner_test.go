package owner

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

const nobody = 65534

// folder makes one that belongs to somebody else.
func folder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes files for others")
	}
	path := t.TempDir()
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return path
}

// belongs checks whom a file belongs to.
func belongs(t *testing.T, path string, uid uint32) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if of := info.Sys().(*syscall.Stat_t); of.Uid != uid || of.Gid != uid {
		t.Errorf("%s belongs to %d:%d, want %d", path, of.Uid, of.Gid, uid)
	}
}

func TestFilesInherit(t *testing.T) {
	path := filepath.Join(folder(t), "a")
	for _, content := range []string{"made", "kept"} {
		f, err := OpenFile(path, os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(content)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	belongs(t, path, nobody)
	if content, err := os.ReadFile(path); err != nil || string(content) != "kept" {
		t.Errorf("it holds %q, %v", content, err)
	}
	if _, err := OpenFile(path, os.O_RDWR|os.O_EXCL, 0o600); !errors.Is(err, os.ErrExist) {
		t.Errorf("made a second time: %v", err)
	}
}

// TestOthersKeepTheirs has a name lead to a file that was there before.
func TestOthersKeepTheirs(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(elsewhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(t), "a")
	if err := os.Symlink(elsewhere, path); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	belongs(t, elsewhere, 0)
}

func TestFoldersInherit(t *testing.T) {
	above := folder(t)
	path := filepath.Join(above, "a", "b")
	for range 2 {
		if err := MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	belongs(t, filepath.Dir(path), nobody)
	belongs(t, path, nobody)
	file := filepath.Join(above, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "c")} {
		if err := MkdirAll(path, 0o700); !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("a folder %s: %v", path, err)
		}
	}
}
