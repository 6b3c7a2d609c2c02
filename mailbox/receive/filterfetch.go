package receive

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fetchAnswer is one FETCH answer under way, over as many segments as its literals cut it into (RFC 3501 section 7.4.2).
type fetchAnswer struct {
	seq   []byte
	uid   []byte // the UID, while it has not been handed over
	begun bool   // "* n FETCH (" has been handed over
	items int    // how many items have been
	news  bool   // it tells of flags: sent unasked wherever another program changes one
	depth int    // of the list under way where a segment ended inside one
	keep  bool   // whether that list is handed over
}

// dateTime is the date-time of RFC 3501 section 9.
const dateTime = "_2-Jan-2006 15:04:05 -0700"

var errFetchAnswer = errors.New("server sent a FETCH answer that cannot be read")

// fetchItems reads items up to the end of the answer or of the segment, and hands over those that were asked for and are
// well formed.
func (f *filter) fetchItems(segment []byte) error {
	a := &f.fetch
	text, size, literal, err := cutLiteral(segment)
	if err != nil {
		return err
	}
	if a.depth > 0 { // inside a list that a literal interrupted
		n, err := f.list(text)
		if err != nil {
			return err
		}
		if a.depth > 0 {
			return f.fetchLiteral(literal, size, a.keep, false)
		}
		text = text[n:]
	}
	for {
		text = bytes.TrimLeft(text, " ")
		if len(text) == 0 {
			return fmt.Errorf("%w: it ends within the list", errFetchAnswer)
		}
		if text[0] == ')' {
			if literal {
				return fmt.Errorf("%w: a literal follows the list", errFetchAnswer)
			}
			f.endFetch()
			return nil
		}
		name, rest, err := fetchName(text)
		if err != nil {
			return err
		}
		text = bytes.TrimLeft(rest, " ")
		switch {
		case len(text) == 0: // the literal is the value
			keep := f.wantsBody(name)
			if keep {
				f.fetchItem(name, nil)
			}
			return f.fetchLiteral(literal, size, keep, keep)
		case text[0] == '(':
			a.news = a.news || name == "FLAGS" || name == "MODSEQ"
			a.keep = name == "BODYSTRUCTURE"
			if a.keep {
				f.fetchItem(name, nil)
			}
			n, err := f.list(text)
			if err != nil {
				return err
			}
			if a.depth > 0 {
				return f.fetchLiteral(literal, size, a.keep, false)
			}
			text = text[n:]
		default:
			value, err := fetchValue(text)
			if err != nil {
				return err
			}
			f.fetchValue(name, value)
			text = text[len(value):]
		}
	}
}

// wantsBody reports whether the item is a section that was asked for: one that was not would be kept in memory, whatever
// its size.
func (f *filter) wantsBody(name string) bool {
	return (name == "BODY[]" || name == "BODY[HEADER]" || strings.HasPrefix(name, "BODY[HEADER.FIELDS ")) && f.notice.bodies.Load()
}

// fetchName cuts the name off an item, in capitals, with its section and without its origin.
func fetchName(text []byte) (name string, rest []byte, err error) {
	end := bytes.IndexAny(text, " ()[")
	if end >= 0 && text[end] == '[' {
		closing := bytes.IndexByte(text, ']')
		if closing < 0 {
			return "", nil, fmt.Errorf("%w: a section is not closed", errFetchAnswer)
		}
		name, rest = string(bytes.ToUpper(text[:closing+1])), text[closing+1:]
		if bytes.HasPrefix(rest, []byte("<")) {
			_, rest, _ = bytes.Cut(rest, []byte(">"))
		}
		return name, rest, nil
	}
	if end < 0 {
		end = len(text)
	}
	if end == 0 {
		return "", nil, fmt.Errorf("%w: an item has no name", errFetchAnswer)
	}
	return string(bytes.ToUpper(text[:end])), text[end:], nil
}

// fetchValue returns the string, number or NIL at the beginning of the text.
func fetchValue(text []byte) ([]byte, error) {
	if text[0] != '"' {
		if end := bytes.IndexAny(text, " )"); end > 0 {
			return text[:end], nil
		}
		return nil, fmt.Errorf("%w: an item has no value", errFetchAnswer)
	}
	if end := quotedEnd(text); end > 0 {
		return text[:end], nil
	}
	return nil, fmt.Errorf("%w: a string is not closed", errFetchAnswer)
}

// quotedEnd returns how many bytes the quoted string at the beginning takes, or 0 where it does not end.
func quotedEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// list reads on in a list, to its end or to that of the text, and returns how many bytes it took.
func (f *filter) list(text []byte) (int, error) {
	a := &f.fetch
	i := 0
	for i < len(text) {
		switch text[i] {
		case '(':
			if a.depth++; a.depth > maxNesting {
				return 0, fmt.Errorf("%w: lists nested more than %d deep", errFetchAnswer, maxNesting)
			}
		case ')':
			a.depth--
		case '"':
			n := quotedEnd(text[i:])
			if n == 0 {
				return 0, fmt.Errorf("%w: a string is not closed", errFetchAnswer)
			}
			i += n - 1
		}
		i++
		if a.depth == 0 {
			break
		}
	}
	if a.keep {
		f.emit(text[:i])
	}
	return i, nil
}

// fetchValue hands an item with a simple value over where it was asked for and is well formed.
func (f *filter) fetchValue(name string, value []byte) {
	switch name {
	case "UID":
		if uid, err := strconv.ParseUint(string(value), 10, 32); err != nil || uid == 0 {
			return
		}
		if !f.fetch.begun { // held back: where nothing else comes, it may not be for us
			f.fetch.uid = append(f.fetch.uid[:0], value...)
			return
		}
	case "RFC822.SIZE":
		if _, err := strconv.ParseInt(string(value), 10, 64); err != nil || value[0] == '-' || value[0] == '+' {
			return
		}
	case "INTERNALDATE":
		if _, err := time.Parse(`"`+dateTime+`"`, string(value)); err != nil {
			return
		}
	default:
		if !f.wantsBody(name) {
			return
		}
		if value[0] != '"' {
			value = []byte("NIL")
		}
	}
	f.fetchItem(name, value)
}

// fetchItem hands over an item, after the beginning of the answer where that has not been.
func (f *filter) fetchItem(name string, value []byte) {
	a := &f.fetch
	if !a.begun {
		a.begun = true
		f.emit([]byte("* "), a.seq, []byte(" FETCH ("))
		if len(a.uid) > 0 {
			f.emit([]byte("UID "), a.uid)
			a.items++
		}
	}
	if a.items > 0 {
		f.emit([]byte(" "))
	}
	a.items++
	f.emit([]byte(name), []byte(" "), value)
}

// fetchLiteral opens the literal that the segment announced.
func (f *filter) fetchLiteral(found bool, size int64, keep, body bool) error {
	if !found {
		return fmt.Errorf("%w: it ends within an item", errFetchAnswer)
	}
	f.rest = f.fetchItems
	return f.openLiteral(size, keep, body)
}

// endFetch closes the answer. One that told of flags and of nothing that was asked for is left out altogether: the
// library would take it for the mail being fetched and lose the mail itself.
func (f *filter) endFetch() {
	a := &f.fetch
	switch {
	case a.begun:
		f.emit([]byte(")"), crlf)
	case len(a.uid) > 0 && !a.news:
		f.emit([]byte("* "), a.seq, []byte(" FETCH (UID "), a.uid, []byte(")"), crlf)
	}
}
