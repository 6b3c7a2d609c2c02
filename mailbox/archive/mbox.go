package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"strings"
	"time"
)

// MBox yields the mails of an mbox file (RFC 4155) in their order. A line that begins with "From " begins a mail only at the start of
// the file or after an empty line, and only where it ends with a date: many writers leave such lines in texts as they are.
func MBox(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer file.Close()
		for entry, err := range split(file) {
			entry.File = path
			if err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// split finds the mails.
func split(file io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		in := bufio.NewReaderSize(file, 1<<16)
		var current Entry
		var at int64      // where the line begins
		var blank int64   // length of the empty line before it, 0 for none
		inMail := false   // after the first separator
		inLine := false   // the line is longer than the buffer, and this is not its beginning
		beginning := true // of the file
		for {
			line, err := in.ReadSlice('\n')
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
				yield(Entry{}, err)
				return
			}
			if date, separates := separator(line); separates && !inLine && (beginning || blank > 0) {
				if inMail {
					current.Length = at - blank - current.Offset
					if !yield(current, nil) {
						return
					}
				}
				inMail, current = true, Entry{Offset: at + int64(len(line)), At: date, quoted: true}
				blank = 0
			} else {
				if !inMail && len(line) > 0 {
					yield(Entry{}, fmt.Errorf(`%w: an mbox begins with a line such as "From ana@example.org Mon Nov 23 10:00:00 2026"`, ErrNoArchive))
					return
				}
				switch {
				case len(line) == 0: // the end
				case !inLine && (string(line) == "\n" || string(line) == "\r\n"):
					blank = int64(len(line))
				default:
					blank = 0
				}
			}
			at += int64(len(line))
			beginning = false
			inLine = errors.Is(err, bufio.ErrBufferFull)
			if errors.Is(err, io.EOF) {
				break
			}
		}
		if inMail {
			// The empty line is the separator's, unless it is all that the mail has.
			current.Length = max(0, at-blank-current.Offset)
			yield(current, nil)
		}
	}
}

var fromLine = regexp.MustCompile(`^From .*?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d{2}:\d{2}(?::\d{2})?)(?: ([A-Z]{1,5}|[+-]\d{4}))? (\d{4})(?: ([+-]\d{4}))?\s*$`)

// separator reports whether a line begins a mail, and when it says that the mail came. The time is UTC where it names no zone.
func separator(line []byte) (at time.Time, ok bool) {
	if len(line) < 5 || string(line[:5]) != "From " {
		return time.Time{}, false
	}
	m := fromLine.FindSubmatch(line)
	if m == nil {
		return time.Time{}, false
	}
	text := strings.Join(strings.Fields(strings.Replace(string(m[1]), ",", "", 1)), " ") + " " + string(m[3])
	zone := string(m[4])
	if len(m[2]) == 5 && (m[2][0] == '+' || m[2][0] == '-') {
		zone = string(m[2])
	}
	if zone == "" {
		zone = "+0000"
	}
	for _, layout := range []string{"Mon Jan 2 15:04:05 2006 -0700", "Mon Jan 2 15:04 2006 -0700"} {
		if at, err := time.Parse(layout, text+" "+zone); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, true // a date that is none, such as 31 February, still separates
}
