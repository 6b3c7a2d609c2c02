package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"radicado/mailbox/owner"
	"radicado/tickets/register"
)

// The names in the archive. The manifest comes last: an archive that has it is whole.
const (
	registerName = "register.db"
	manifestName = "manifest.json"
	secretFolder = "secrets/"
)

// Manifest is what a backup says of itself.
type Manifest struct {
	Holds  register.Tally    `json:"holds"`
	Digest string            `json:"register_sha256"`
	Files  map[string]string `json:"secrets,omitempty"` // name in the archive to the path that it had
}

// disk is what the system does for a file, so that tests can have each step fail.
type disk struct {
	sync       func(*os.File) error
	rename     func(from, to string) error
	syncFolder func(path string) error
}

func (d *disk) fill() {
	if d.sync == nil {
		*d = disk{sync: (*os.File).Sync, rename: os.Rename, syncFolder: syncFolder}
	}
}

// syncFolder makes a rename last through a crash.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// write packs the copy into the file of made: under another name until it is on the disk and was read back.
func (o Options) write(ctx context.Context, copyPath string, made *Made) (err error) {
	part := filepath.Join(o.Folder, "."+filepath.Base(made.File)+partExt)
	file, err := owner.OpenFile(part, os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	manifest, witness, err := o.pack(ctx, file, copyPath, made)
	if err == nil {
		err = o.disk.sync(file)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := readBack(ctx, part, witness, manifest); err != nil {
		return fmt.Errorf("what was written cannot be read back: %w", err)
	}
	info, err := os.Stat(part)
	if err != nil {
		return err
	}
	made.Size = info.Size()
	if _, err := os.Lstat(made.File); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", made.File, os.ErrExist), err)
	}
	if err := o.disk.rename(part, made.File); err != nil {
		return err
	}
	if err := o.disk.syncFolder(o.Folder); err != nil {
		// Whether it lasts is not known: it does not count, and must not look as if it did.
		return errors.Join(err, os.Rename(made.File, part))
	}
	return nil
}

// pack writes the archive. The witness is a key of this moment, to which the archive is encrypted too, so that it can be read back:
// nobody here has the keys of the recipients. It is forgotten after that.
func (o Options) pack(ctx context.Context, to io.Writer, copyPath string, made *Made) (m Manifest, witness []age.Identity, err error) {
	m = Manifest{Holds: made.Holds}
	var out io.WriteCloser = nopWriteCloser{to}
	if made.Sealed {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			return m, nil, err
		}
		recipients := []age.Recipient{key.Recipient()}
		for _, r := range o.Recipients {
			recipients = append(recipients, r)
		}
		witness = []age.Identity{key}
		if out, err = age.Encrypt(to, recipients...); err != nil {
			return m, nil, err
		}
	}
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return m, nil, err
	}
	archive := tar.NewWriter(packed)
	err = o.fillArchive(ctx, archive, copyPath, &m, made)
	return m, witness, errors.Join(err, archive.Close(), packed.Close(), out.Close())
}

func (o Options) fillArchive(ctx context.Context, archive *tar.Writer, copyPath string, m *Manifest, made *Made) error {
	file, err := os.Open(copyPath)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	made.Register = info.Size()
	digest := sha256.New()
	content := io.TeeReader(&contextReader{ctx, file}, digest)
	if err := add(archive, registerName, info.Size(), m.Holds.At, content); err != nil {
		return err
	}
	m.Digest = hex.EncodeToString(digest.Sum(nil))
	for _, name := range slices.Sorted(maps.Keys(o.Secrets)) {
		if !made.Sealed {
			made.LeftOut = append(made.LeftOut, name)
			continue
		}
		path := o.Secrets[name]
		secret, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("keep %s with the register: %w", name, err)
		}
		if err := add(archive, secretFolder+name, int64(len(secret)), m.Holds.At, bytes.NewReader(secret)); err != nil {
			return err
		}
		if m.Files == nil {
			m.Files = map[string]string{}
		}
		m.Files[name] = path
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return add(archive, manifestName, int64(len(text)), m.Holds.At, bytes.NewReader(text))
}

func add(archive *tar.Writer, name string, size int64, at time.Time, content io.Reader) error {
	header := &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := io.CopyN(archive, content, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
