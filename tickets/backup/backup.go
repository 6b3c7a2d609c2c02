// Package backup makes backups of a running register, keeps the right ones, looks whether a backup is sound, and takes the
// register out of one. It knows nothing of mail servers, nor of what a restored register must learn from them.
//
// A backup is a tar archive, compressed with zstd and, where there are recipients, encrypted with age. It holds the register as
// an SQLite file and what was known of it; encrypted ones also the files without which the register is of less use. So
// "age --decrypt -i KEY FILE | zstd -d | tar -x" opens it on any machine.
package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"

	"radicado/mailbox/owner"
	"radicado/tickets/register"
)

// ErrRunning says that another process makes a backup of the same register.
var ErrRunning = errors.New("another backup of this register is being made")

// Options is how backups are made.
type Options struct {
	Folder     string                 // where they are kept; made where it is missing
	Recipients []*age.X25519Recipient // who can read them; empty: not encrypted
	Secrets    map[string]string      // further files by their name in the archive; kept in encrypted backups alone
	Keep       *Keep                  // nil: no older one is removed
	Location   *time.Location         // whose days Keep counts
	Progress   func(check string, done, total int64)

	disk disk
}

// Made is a backup that was verified.
type Made struct {
	File     string         `json:"file"`
	Size     int64          `json:"size"`
	Holds    register.Tally `json:"holds"`
	Sealed   bool           `json:"encrypted"`
	LeftOut  []string       `json:"left_out,omitempty"` // names of Secrets that are not in it because nothing protects it
	Removed  []string       `json:"removed,omitempty"`  // older backups that are kept no longer
	Register int64          `json:"register_size"`      // bytes of the register before compression
}

// Make makes a backup of an open register while it is being used. The copy is verified against the register before it is packed,
// and what was packed is read back before it gets its name: what bears the name of a backup is one. On any failure
// nothing is left behind, except by the end of the process itself, whose leavings the next Make removes. An error beside a file
// says that older backups could not be removed.
func Make(ctx context.Context, r *register.Register, o Options) (made Made, err error) {
	o.disk.fill()
	if err := owner.MkdirAll(o.Folder, 0o700); err != nil {
		return made, fmt.Errorf("folder for backups: %w", err)
	}
	stage, err := openStage(r.Path() + ".backup")
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, stage.remove()) }()
	if err := enoughRoom(r.Path(), filepath.Dir(r.Path())); err != nil {
		return made, err
	}
	copied, err := r.Copy(ctx, stage.path)
	if err != nil {
		return made, err
	}
	held, err := verifyCopy(ctx, stage.path, copied, o.Progress)
	if err != nil {
		return made, err
	}
	if err := removeParts(o.Folder); err != nil {
		return made, err
	}
	made = Made{Holds: held, Sealed: len(o.Recipients) > 0}
	made.File = filepath.Join(o.Folder, nameOf(held.At, made.Sealed))
	if err := o.write(ctx, stage.path, &made); err != nil {
		return Made{}, fmt.Errorf("write backup %s: %w", made.File, err)
	}
	made.Removed, err = o.rotate()
	return made, err
}

// verifyCopy looks whether the copy is sound and returns what it holds.
func verifyCopy(ctx context.Context, path string, copied register.Copied, progress func(string, int64, int64)) (held register.Tally, err error) {
	r, err := register.Open(ctx, path, register.Options{ReadOnly: true})
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	findings, err := r.VerifyCopy(ctx, copied, progress)
	if err != nil {
		return held, err
	}
	if len(findings) > 0 {
		return held, fmt.Errorf("%w: %d findings, the first: %s: say \"radicado verify\" for all", register.ErrDamaged, len(findings), findings[0])
	}
	err = r.View(ctx, func(read *register.Reader) error {
		held, err = read.Tally()
		return err
	})
	held.At = copied.Before.At
	return held, err
}

// stage is the plain copy beside the register, where whoever may read it may read the register too. The file is the lock as well.
type stage struct {
	path string
	file *os.File
}

func openStage(path string) (*stage, error) {
	file, err := owner.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("room for a copy beside the register: %w", err)
	}
	s := &stage{path, file}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrRunning
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	mine, errMine := file.Stat()
	there, errThere := os.Stat(path)
	if errMine != nil || errThere != nil || !os.SameFile(mine, there) {
		file.Close() // another one has just removed it: it was making a backup a moment ago
		return nil, ErrRunning
	}
	if err := file.Truncate(0); err != nil { // what a process left that was killed
		return nil, errors.Join(fmt.Errorf("empty %s: %w", path, err), s.remove())
	}
	return s, nil
}

// remove also removes what SQLite may have left beside it.
func (s *stage) remove() error {
	errs := []error{os.Remove(s.path)}
	for _, ending := range []string{"-journal", "-wal", "-shm"} {
		if err := os.Remove(s.path + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.file.Close())...)
}

// reserve is what a backup leaves free on the disk of the register, which must go on taking mails.
const reserve = 64 << 20

// enoughRoom refuses to fill the disk of the register with a copy of it.
func enoughRoom(registerPath, folder string) error {
	info, err := os.Stat(registerPath)
	if err != nil {
		return err
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return fmt.Errorf("look for room in %s: %w", folder, err)
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	if need := info.Size() + reserve; free < need {
		return fmt.Errorf("%s has %d MB free and the copy of the register takes %d MB, with a reserve for new mails: make room: %w",
			folder, free>>20, need>>20, syscall.ENOSPC)
	}
	return nil
}

// partExt ends the name of a backup that is not complete; staleAfter is when nobody can be writing it any more.
const (
	partExt    = ".part"
	staleAfter = 24 * time.Hour
)

// removeParts removes what processes left that were killed.
func removeParts(folder string) error {
	return eachFile(folder, func(name string, info os.FileInfo) error {
		_, ours := stampOf(strings.TrimPrefix(strings.TrimSuffix(name, partExt), "."))
		if ours && strings.HasPrefix(name, ".") && strings.HasSuffix(name, partExt) && time.Since(info.ModTime()) > staleAfter {
			return os.Remove(filepath.Join(folder, name))
		}
		return nil
	})
}

// rotate removes the backups that are kept no longer and returns their files.
func (o Options) rotate() (removed []string, err error) {
	if o.Keep == nil {
		return nil, nil
	}
	files := map[time.Time][]string{}
	err = eachFile(o.Folder, func(name string, _ os.FileInfo) error {
		if at, ok := stampOf(name); ok {
			files[at] = append(files[at], filepath.Join(o.Folder, name))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	stamps := make([]time.Time, 0, len(files))
	for at := range files {
		stamps = append(stamps, at)
	}
	for _, at := range o.Keep.surplus(stamps, o.Location) {
		for _, file := range files[at] {
			if err := os.Remove(file); err != nil {
				return removed, fmt.Errorf("remove a backup that is kept no longer: %w", err)
			}
			removed = append(removed, file)
		}
	}
	slices.Sort(removed)
	return removed, nil
}

func eachFile(folder string, do func(name string, info os.FileInfo) error) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("folder for backups: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err == nil {
			err = do(entry.Name(), info)
		}
		if err != nil {
			return fmt.Errorf("folder for backups: %w", err)
		}
	}
	return nil
}
