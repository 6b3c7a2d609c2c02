package backup

import (
	"archive/tar"
	"bufio"
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
	"path"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"radicado/mailbox/owner"
)

// Errors that tell what is the matter with a file that should be a backup.
var (
	ErrNoIdentity = errors.New("the backup is encrypted: name the file of the secret key with --identity")
	ErrIdentity   = errors.New("none of the keys opens this backup: it was encrypted to others")
	ErrNoBackup   = errors.New("not a backup of Radicado, neither an archive nor an SQLite file")
	ErrBroken     = errors.New("the backup is damaged or cut off: use an older one")
)

const (
	ageMagic    = "age-encryption.org/"
	zstdMagic   = "\x28\xb5\x2f\xfd"
	sqliteMagic = "SQLite format 3\x00"

	maxSecret = 16 << 20 // of a file beside the register; those are short
)

// Unpacked is the content of a backup.
type Unpacked struct {
	Register string   // path of the SQLite file
	Manifest Manifest // zero where the backup was a bare SQLite file
	Sealed   bool
	Secrets  map[string][]byte // by their names
}

// Unpack writes the register of a backup to path, which must not exist, and makes sure that every byte is as it was packed. A bare
// SQLite file, as replication leaves one, is taken too. Where it fails, nothing is left at path.
func Unpack(ctx context.Context, file string, identities []age.Identity, path string) (u Unpacked, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup %s: %w", file, err)
		}
	}()
	out, err := owner.OpenFile(path, os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return u, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	u, err = read(ctx, file, identities, out)
	if err == nil {
		err = out.Sync()
	}
	u.Register = path
	return u, errors.Join(err, out.Close())
}

// readBack reads a whole backup and compares it with what was to be written.
func readBack(ctx context.Context, file string, identities []age.Identity, want Manifest) error {
	u, err := read(ctx, file, identities, io.Discard)
	if err != nil {
		return err
	}
	if u.Manifest.Digest != want.Digest || !maps.Equal(u.Manifest.Files, want.Files) || len(u.Secrets) != len(want.Files) {
		return ErrBroken
	}
	return nil
}

// read reads a whole backup and writes its register.
func read(ctx context.Context, file string, identities []age.Identity, to io.Writer) (u Unpacked, err error) {
	in, err := os.Open(file)
	if err != nil {
		return u, err
	}
	defer in.Close()
	content := bufio.NewReaderSize(&contextReader{ctx, in}, 1<<16)
	u.Sealed = hasMagic(content, ageMagic)
	if u.Sealed {
		if len(identities) == 0 {
			return u, ErrNoIdentity
		}
		plain, err := age.Decrypt(content, identities...)
		var wrong *age.NoIdentityMatchError
		if errors.As(err, &wrong) {
			return u, ErrIdentity
		}
		if err != nil {
			return u, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		content = bufio.NewReaderSize(plain, 1<<16)
	}
	switch {
	case hasMagic(content, sqliteMagic):
		_, err = io.Copy(to, content)
		return u, err
	case !hasMagic(content, zstdMagic):
		return u, ErrNoBackup
	}
	unpacked, err := zstd.NewReader(content)
	if err != nil {
		return u, err
	}
	defer unpacked.Close()
	err = u.fill(tar.NewReader(unpacked), to)
	if err == nil { // what lies behind the archive is checked and authenticated too
		_, err = io.Copy(io.Discard, unpacked)
	}
	if err == nil {
		_, err = content.ReadByte()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		err = errors.Join(err, errors.New("something follows the archive"))
	}
	return u, damaged(ctx, err)
}

// damaged tells a backup that cannot be read from a disk that cannot be written and a user who has had enough.
func damaged(ctx context.Context, err error) error {
	var onDisk *os.PathError
	if ctx.Err() != nil || errors.As(err, &onDisk) || errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

func hasMagic(r *bufio.Reader, magic string) bool {
	start, _ := r.Peek(len(magic)) // a file that is shorter has no magic
	return string(start) == magic
}

// fill reads the archive to its manifest.
func (u *Unpacked) fill(archive *tar.Reader, to io.Writer) error {
	digest := sha256.New()
	found := false
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it has no manifest", ErrBroken)
		}
		if err != nil {
			return err
		}
		switch {
		case header.Name == registerName && !found:
			found = true
			if _, err := io.Copy(io.MultiWriter(to, digest), archive); err != nil {
				return err
			}
		case header.Name == manifestName:
			text, err := io.ReadAll(io.LimitReader(archive, maxSecret))
			if err == nil {
				err = json.Unmarshal(text, &u.Manifest)
			}
			if err != nil {
				return err
			}
			if !found || u.Manifest.Digest != hex.EncodeToString(digest.Sum(nil)) {
				return fmt.Errorf("%w: the register in it is not the one that was packed", ErrBroken)
			}
			return nil
		case strings.HasPrefix(header.Name, secretFolder):
			var secret bytes.Buffer
			if _, err := io.Copy(&secret, io.LimitReader(archive, maxSecret)); err != nil {
				return err
			}
			if u.Secrets == nil {
				u.Secrets = map[string][]byte{}
			}
			u.Secrets[path.Base(filepath.ToSlash(header.Name))] = secret.Bytes()
		default:
			return fmt.Errorf("%w: nobody packed %q", ErrBroken, header.Name)
		}
	}
}
