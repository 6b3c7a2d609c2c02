// Package archive reads mails that are kept in files: mbox and Maildir. It finds where each mail lies, so that an archive of any
// size can be gone through twice without being held in memory. What the mails say it does not know.
package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is where a mail lies.
type Entry struct {
	File   string
	Offset int64
	Length int64     // bytes in the file, which quoting may make more than those of the mail
	At     time.Time // when the archive says that the mail came; zero where it does not
	quoted bool      // lines that begin with "From " have a mark before them
}

// End is where the mail ends in its file.
func (e Entry) End() int64 { return e.Offset + e.Length }

// ErrNoArchive says that a path holds no archive of the kind asked for.
var ErrNoArchive = errors.New("not an archive of mails")

// maxHeader is how much of a mail too large is looked through for the end of its header.
const maxHeader = 1 << 20

// Load returns the mail. Of one larger than max only the header is read, and truncated is true.
func (e Entry) Load(max int64) (raw []byte, truncated bool, err error) {
	file, err := os.Open(e.File)
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	length := e.Length
	if truncated = length > max; truncated {
		length = min(length, maxHeader)
	}
	raw = make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(file, e.Offset, length), raw); err != nil {
		return nil, false, fmt.Errorf("mail at byte %d of %s: %w", e.Offset, e.File, err)
	}
	if truncated {
		raw = header(raw)
	}
	if e.quoted {
		raw = unquote(raw)
	}
	return raw, truncated, nil
}

// header cuts behind the empty line that ends a header, where there is one.
func header(raw []byte) []byte {
	for _, end := range []string{"\n\n", "\n\r\n"} {
		if i := bytes.Index(raw, []byte(end)); i >= 0 {
			raw = raw[:i+len(end)]
		}
	}
	return raw
}

var quotedFrom = regexp.MustCompile(`(?m)^>(>*From )`)

// unquote takes the mark away that the writer of an mbox put before lines that begin with "From ", so that they do not look
// like the beginning of another mail (the "mboxrd" way, which reads the older ways too).
func unquote(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(">From ")) {
		return raw
	}
	return quotedFrom.ReplaceAll(raw, []byte("$1"))
}

// Maildir yields the mails of a Maildir in the order of their file names, which begin with the time.
func Maildir(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if info, err := os.Stat(filepath.Join(path, "cur")); err != nil || !info.IsDir() {
			yield(Entry{}, fmt.Errorf("%s: %w: a Maildir has a folder cur", path, ErrNoArchive))
			return
		}
		var all []Entry
		for _, folder := range []string{"cur", "new"} {
			entries, err := os.ReadDir(filepath.Join(path, folder))
			if err != nil && !(folder == "new" && errors.Is(err, os.ErrNotExist)) {
				yield(Entry{}, err)
				return
			}
			for _, entry := range entries {
				info, err := entry.Info()
				if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(entry.Name(), ".") {
					continue // gone meanwhile, or no mail
				}
				all = append(all, Entry{File: filepath.Join(path, folder, entry.Name()), Length: info.Size(), At: delivered(entry.Name(), info.ModTime())})
			}
		}
		slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(filepath.Base(a.File), filepath.Base(b.File)) })
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// delivered reads the time from the name of a file, whose first part is the seconds since 1970.
func delivered(name string, modified time.Time) time.Time {
	seconds, _, _ := strings.Cut(name, ".")
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil && len(seconds) >= 9 && len(seconds) <= 10 {
		return time.Unix(n, 0)
	}
	return modified
}
