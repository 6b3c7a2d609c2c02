package trust

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"radicado/mailbox/owner"
)

// Keyring holds the secret keys of the reply tokens: the current one, which makes them, and the former ones, which still
// verify the tokens of older mails. It is safe for concurrent use.
type Keyring struct {
	path string

	mu   sync.RWMutex
	keys [][]byte // the current one first
}

const (
	keySize       = 32 // bytes, as long as the digest (RFC 2104 section 3)
	maxKeyring    = 1 << 20
	keyringHeader = "# Keys of the reply tokens: the first is current, the others verify older mails. Secret; belongs in the backup.\n"
)

// OpenKeyring reads the keys from the file at path, or makes the file with one new key out of random where there is
// none. A file that others than its owner may read or write is refused.
func OpenKeyring(path string, random io.Reader) (*Keyring, error) {
	k := &Keyring{path: path}
	keys, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = k.Rotate(random)
	} else {
		k.keys = keys
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Rotate makes a new current key out of random and writes the file. Keys that another process put there meanwhile are kept.
// Where it fails, the keys in use stay as they were.
func (k *Keyring) Rotate(random io.Reader) error {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return fmt.Errorf("make a key for %s: %w", k.path, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	former, err := readKeys(k.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		former = k.keys
	}
	keys := append([][]byte{key}, former...)
	if err := writeKeys(k.path, keys); err != nil {
		return fmt.Errorf("write keyring %s: %w", k.path, err)
	}
	k.keys = keys
	return nil
}

// all returns the keys, the current one first.
func (k *Keyring) all() [][]byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys
}

// readKeys reads the file. Its errors never show what is in it.
func readKeys(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("keyring %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("keyring %s has mode %04o, so that others can get at the keys: chmod 600 it, and rotate the keys if anybody may have", path, mode)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyring+1))
	if err != nil {
		return nil, fmt.Errorf("read keyring %s: %w", path, err)
	}
	if len(content) > maxKeyring {
		return nil, fmt.Errorf("keyring %s is larger than %d bytes", path, maxKeyring)
	}
	return parseKeys(path, content)
}

func parseKeys(path string, content []byte) ([][]byte, error) {
	var keys [][]byte
	number := 0
	for line := range bytes.Lines(content) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("keyring %s, line %d: not a key of %d bytes in base64", path, number, keySize)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("keyring %s holds no key", path)
	}
	return keys, nil
}

// writeKeys replaces the file so that a crash leaves the old one or the new one, whole.
func writeKeys(path string, keys [][]byte) (err error) {
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, filepath.Base(path)+".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(temp.Close()), os.Remove(temp.Name()))
		}
	}()
	owner.Inherit(temp)
	content := []byte(keyringHeader)
	for _, key := range keys {
		content = append(base64.StdEncoding.AppendEncode(content, key), '\n')
	}
	if _, err := temp.Write(content); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// syncFolder makes a rename last through a crash.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
