// Package owner has what root makes belong to whoever the folder belongs to that it lies in, as SQLite does for the files that it keeps
// beside a database. An administrator works on the register as root, and the daemon must be able to go on with what that leaves.
//
// Only what was made here changes hands, and only while it is open: a name could lead elsewhere by then, because the folder is not
// root's. Where the system refuses, as some network drives do, it stays root's.
package owner

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// OpenFile opens a file as os.OpenFile does, and makes it where there is none.
func OpenFile(path string, flag int, perm os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, os.ErrExist) && flag&os.O_EXCL == 0 {
		return os.OpenFile(path, flag|os.O_CREATE, perm)
	}
	if err != nil {
		return nil, err
	}
	Inherit(f)
	return f, nil
}

// MkdirAll makes a folder and those above it that are missing.
func MkdirAll(path string, perm os.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if above := filepath.Dir(path); above != path {
		if err := MkdirAll(above, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, perm); errors.Is(err, os.ErrExist) {
		return os.MkdirAll(path, perm) // made by somebody else meanwhile, or no folder
	} else if err != nil {
		return err
	}
	folder, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	Inherit(folder)
	return folder.Close()
}

// Inherit gives what root has just made, and still has open, the owner and the group of the folder that it lies in.
func Inherit(f *os.File) {
	if os.Geteuid() != 0 {
		return
	}
	info, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return
	}
	if of, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(of.Uid), int(of.Gid)) // see above
	}
}
