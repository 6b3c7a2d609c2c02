package receive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
)

// Limits of what a server may send. Bodies are not among them: they are streamed and measured where they are read.
const (
	maxLine    = 2 << 20  // bytes of one line: a SEARCH answer with 200,000 numbers fits
	maxLiteral = 64 << 10 // bytes of a literal that the library keeps in memory
	maxAnswer  = 4 << 20  // bytes of one answer without the literals of bodies
	maxNesting = 64       // lists within lists: a BODYSTRUCTURE deeper than that is no mail that anybody wrote
)

// filter stands between the server and the library and hands over only answers that the library was made for. The
// library ends the connection on an answer, FETCH item or folder name that it does not know, loses a mail where the
// server mentions its flags in between, reads for ever on a CAPABILITY with a parenthesis and keeps literals of any
// size in memory; a server that does one of these would never be read. The filter follows the grammar of RFC 3501
// section 9 as far as it must: lines, literals and the items of FETCH.
type filter struct {
	src    *bufio.Reader
	notice *notices

	line    []byte // backing store of a line longer than the buffer of src
	store   []byte // backing store of out
	out     []byte // cleaned text not handed over yet
	literal int64  // bytes of a literal still to come
	keep    bool   // whether they are handed over
	rest    func(segment []byte) error
	size    int // bytes of the answer so far
	fetch   fetchAnswer
	err     error
}

// notices is what the filter saw go by that the library keeps to itself.
type notices struct {
	uidValidity atomic.Uint32          // the last one announced
	bye         atomic.Pointer[string] // the words of BYE
	bodies      atomic.Bool            // set by the session while it takes sections of mails
	idleTag     atomic.Pointer[string] // of the IDLE that runs, nil where none does
	idleEnded   chan struct{}          // the server ended IDLE by itself; of size one
}

// sent notes a command on its way to the server.
func (n *notices) sent(command []byte) {
	if tag, idle := bytes.CutSuffix(command, []byte(" IDLE\r\n")); idle {
		text := string(tag)
		n.idleTag.Store(&text)
	} else if string(command) == "DONE\r\n" {
		n.idleTag.Store(nil)
	}
}

func newFilter(r io.Reader) *filter {
	return &filter{
		src:    bufio.NewReaderSize(r, 64<<10),
		notice: &notices{idleEnded: make(chan struct{}, 1)},
	}
}

// Read implements io.Reader. Its errors are final.
func (f *filter) Read(p []byte) (int, error) {
	for {
		switch {
		case len(f.out) > 0:
			n := copy(p, f.out)
			f.out = f.out[n:]
			return n, nil
		case f.err != nil:
			return 0, f.err
		case f.literal > 0:
			n, err := f.readLiteral(p)
			if n > 0 || len(p) == 0 {
				return n, nil
			}
			f.err = err
		default:
			f.err = f.segment()
		}
	}
}

// readLiteral hands over the next bytes of a literal, or passes over them and returns none.
func (f *filter) readLiteral(p []byte) (int, error) {
	var n int
	var err error
	if f.keep {
		n, err = f.src.Read(p[:min(int64(len(p)), f.literal)])
	} else {
		n, err = f.src.Discard(int(min(f.literal, 1<<20)))
	}
	f.literal -= int64(n)
	if errors.Is(err, io.EOF) {
		// A plain EOF would pass for the end of the literal.
		err = fmt.Errorf("connection closed with %d bytes of a literal to come: %w", f.literal, io.ErrUnexpectedEOF)
	}
	if !f.keep {
		n = 0
	}
	return n, err
}

// segment reads one line, which is an answer or what follows a literal of it, and puts what is to be handed over in out.
func (f *filter) segment() error {
	if f.notice.bye.Load() != nil {
		return io.EOF // RFC 3501 section 7.1.5: the server closes the connection; some forget to
	}
	line, err := f.readLine()
	if err != nil {
		return err
	}
	f.out = f.store[:0]
	defer func() { f.store = f.out }()
	if f.rest == nil {
		f.size = 0
	}
	if f.size += len(line); f.size > maxAnswer {
		return fmt.Errorf("server sent an answer of more than %d bytes", maxAnswer)
	}
	if rest := f.rest; rest != nil {
		f.rest = nil
		return rest(line)
	}
	return f.answer(line)
}

// readLine returns the next line without its end. It is valid until the next call.
func (f *filter) readLine() ([]byte, error) {
	f.line = f.line[:0]
	for {
		part, err := f.src.ReadSlice('\n')
		if err == nil && len(f.line) == 0 {
			return bytes.TrimSuffix(part[:len(part)-1], []byte("\r")), nil
		}
		f.line = append(f.line, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(f.line[:len(f.line)-1], []byte("\r")), nil
		case len(f.line) > maxLine:
			return nil, fmt.Errorf("server sent a line of more than %d bytes", maxLine)
		case errors.Is(err, io.EOF) && len(f.line) > 0:
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// answer begins a new answer.
func (f *filter) answer(line []byte) error {
	first, rest, _ := bytes.Cut(line, []byte(" "))
	switch {
	case len(first) == 0:
		return nil
	case first[0] == '+':
		f.emit(line, crlf)
		return nil
	case string(first) == "*":
		return f.untagged(bytes.TrimLeft(rest, " "))
	}
	kind, text, _ := bytes.Cut(rest, []byte(" "))
	// Not any tag: the library asks for capabilities in the background whenever it likes.
	if idle := f.notice.idleTag.Load(); idle != nil && *idle == string(first) {
		notify(f.notice.idleEnded)
	}
	f.status(first, bytes.ToUpper(kind), text)
	return nil
}

// untagged takes an answer without its "* " (RFC 3501 section 7).
func (f *filter) untagged(line []byte) error {
	word, rest, _ := bytes.Cut(line, []byte(" "))
	switch kind := string(bytes.ToUpper(word)); kind {
	case "OK", "NO", "BAD", "PREAUTH":
		f.status([]byte("*"), []byte(kind), rest)
		return nil
	case "BYE":
		f.status([]byte("*"), []byte(kind), rest)
		text := string(rest)
		f.notice.bye.Store(&text)
		return nil
	case "CAPABILITY":
		f.emit([]byte("* CAPABILITY"), capabilities(rest), crlf)
		return nil
	case "SEARCH":
		f.emit([]byte("* SEARCH"))
		for number := range bytes.FieldsSeq(rest) {
			if isNumber(number) {
				f.emit([]byte(" "), number)
			}
		}
		f.emit(crlf)
		return nil
	case "NAMESPACE":
		return f.pass([]byte("* "+kind+" "), rest)
	case "STATUS":
		if plainFolder(rest) {
			return f.pass([]byte("* "+kind+" "), rest)
		}
		return f.drop(rest)
	}
	if !isNumber(word) {
		return f.drop(rest)
	}
	kind, rest, _ := bytes.Cut(rest, []byte(" "))
	switch string(bytes.ToUpper(kind)) {
	case "EXISTS", "EXPUNGE":
		f.emit([]byte("* "), word, []byte(" "), bytes.ToUpper(kind), crlf)
		return nil
	case "FETCH":
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) == 0 || rest[0] != '(' {
			return errors.New("server sent a FETCH answer that is not a list")
		}
		f.fetch = fetchAnswer{seq: append(f.fetch.seq[:0], word...), uid: f.fetch.uid[:0]}
		return f.fetchItems(rest[1:])
	}
	return f.drop(rest)
}

// status hands over OK, NO, BAD, BYE or PREAUTH with the response codes that matter, and those only where they are well
// formed (RFC 3501 section 7.1).
func (f *filter) status(tag, kind, text []byte) {
	var code []byte
	text = bytes.TrimLeft(bytes.ReplaceAll(text, []byte("\r"), []byte(" ")), " ")
	if bytes.HasPrefix(text, []byte("[")) {
		inside, after, closed := bytes.Cut(text[1:], []byte("]"))
		if closed {
			code, text = f.code(inside), after
		}
		text = bytes.TrimLeft(text, " [")
	}
	f.emit(tag, []byte(" "), kind)
	if len(code) > 0 {
		f.emit([]byte(" ["), code, []byte("]"))
	}
	if len(text) > 0 {
		f.emit([]byte(" "), text)
	}
	f.emit(crlf)
}

// code returns a response code as the library reads it, or nothing where it need not see it.
func (f *filter) code(inside []byte) []byte {
	word, args, _ := bytes.Cut(inside, []byte(" "))
	name := bytes.ToUpper(word)
	switch string(name) {
	case "CAPABILITY":
		return append(name, capabilities(args)...)
	case "UIDVALIDITY", "UIDNEXT":
		n, err := strconv.ParseUint(string(bytes.TrimSpace(args)), 10, 32)
		if err != nil {
			return nil
		}
		if string(name) == "UIDVALIDITY" {
			f.notice.uidValidity.Store(uint32(n))
		}
		return fmt.Appendf(name, " %d", n)
	case "PERMANENTFLAGS", "COPYUID", "APPENDUID", "HIGHESTMODSEQ":
		return nil // the library insists on their arguments, nothing here needs them
	}
	if !isAtom(name) {
		return nil
	}
	return name
}

// pass hands over a segment and, through rest, all others of its answer.
func (f *filter) pass(prefix, segment []byte) error {
	text, size, found, err := cutLiteral(segment)
	if err != nil {
		return err
	}
	f.emit(prefix, text)
	if !found {
		f.emit(crlf)
		return nil
	}
	if err := f.openLiteral(size, true, false); err != nil {
		return err
	}
	f.rest = func(next []byte) error { return f.pass(nil, next) }
	return nil
}

// drop passes over a segment and all others of its answer.
func (f *filter) drop(segment []byte) error {
	_, size, found, err := cutLiteral(segment)
	if err != nil || !found {
		return err
	}
	f.rest = f.drop
	return f.openLiteral(size, false, false)
}

// openLiteral announces a literal of which the bytes come next.
func (f *filter) openLiteral(size int64, keep, body bool) error {
	if keep && !body && size > maxLiteral {
		return fmt.Errorf("server announced %d bytes where %d are allowed", size, maxLiteral)
	}
	f.literal, f.keep = size, keep
	if !keep {
		return nil
	}
	if !body {
		f.size += int(size)
	}
	f.out = fmt.Appendf(f.out, "{%d}\r\n", size)
	return nil
}

func (f *filter) emit(parts ...[]byte) {
	for _, part := range parts {
		f.out = append(f.out, part...)
	}
}

var crlf = []byte("\r\n")

// cutLiteral splits a segment that ends in "{123}" into the text before and the size (RFC 3501 section 4.3). It takes
// the forms "~{123}" of RFC 3516 and "{123+}" of RFC 7888 too, though no server should send the latter.
func cutLiteral(segment []byte) (text []byte, size int64, found bool, err error) {
	if !bytes.HasSuffix(segment, []byte("}")) {
		return segment, 0, false, nil
	}
	open := bytes.LastIndexByte(segment, '{')
	if open < 0 {
		return segment, 0, false, nil
	}
	digits := bytes.TrimSuffix(segment[open+1:len(segment)-1], []byte("+"))
	size, err = strconv.ParseInt(string(digits), 10, 64)
	if err != nil || size < 0 {
		return nil, 0, false, fmt.Errorf("server announced a literal of %.40q bytes", digits)
	}
	return bytes.TrimSuffix(segment[:open], []byte("~")), size, true, nil
}

// capabilities returns the well-formed ones of a list, each after a space. Where a server speaks both revisions, the
// second is replaced by what it brings: the library would use its UTF-8 folder names without having asked for them
// (RFC 9051 appendix E).
func capabilities(list []byte) []byte {
	var clean []byte
	var rev1, rev2 bool
	for word := range bytes.FieldsSeq(list) {
		switch {
		case !isAtom(word):
		case bytes.EqualFold(word, []byte("IMAP4rev2")):
			rev2 = true
		default:
			rev1 = rev1 || bytes.EqualFold(word, []byte("IMAP4rev1"))
			clean = append(append(clean, ' '), word...)
		}
	}
	switch {
	case rev1 && rev2:
		clean = append(clean, " IDLE MOVE NAMESPACE UIDPLUS"...)
	case rev2:
		clean = append(clean, " IMAP4rev2"...)
	}
	return clean
}

// plainFolder reports whether an answer begins with a folder name that the library can read: printable ASCII, with
// well-formed shifts to modified base64 (RFC 3501 section 5.1.3).
func plainFolder(answer []byte) bool {
	if bytes.HasPrefix(answer, []byte("{")) {
		return true // a literal; what it holds is not known here
	}
	name, _, found := bytes.Cut(answer, []byte(" ("))
	if !found {
		return false
	}
	for _, b := range name {
		if b < ' ' || b > '~' {
			return false
		}
	}
	for {
		_, after, shifted := bytes.Cut(name, []byte("&"))
		if !shifted {
			return true
		}
		code, rest, ended := bytes.Cut(after, []byte("-"))
		if !ended || len(code)%4 == 1 {
			return false
		}
		for _, b := range code {
			if !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '+' || b == ',') {
				return false
			}
		}
		name = rest
	}
}

// isNumber reports whether the word is a number of RFC 3501 section 9, one of 32 bits.
func isNumber(word []byte) bool {
	if len(word) == 0 || word[0] < '0' || word[0] > '9' {
		return false
	}
	_, err := strconv.ParseUint(string(word), 10, 32)
	return err == nil
}

// isAtom reports whether the word is an atom of RFC 3501 section 9.
func isAtom(word []byte) bool {
	for _, b := range word {
		if b <= ' ' || b >= 0x7f || bytes.IndexByte([]byte(`(){%*"\]`), b) >= 0 {
			return false
		}
	}
	return len(word) > 0
}
