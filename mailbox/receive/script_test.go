package receive

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// script is an IMAP server of one account that answers by a table, so that each way to misbehave is one row. Where no
// row matches it behaves.
type script struct {
	t        *testing.T
	listener net.Listener
	rows     []row
	caps     string
	validity atomic.Uint32
	greeting string
	begin    sync.Once
	serving  sync.WaitGroup

	mu      sync.Mutex
	mails   []scriptMail
	uidNext uint32
	folders map[string][]string // what was moved or copied there
	lines   []string            // the commands, without their tags
	idlers  map[*talk]struct{}
	talks   map[*talk]struct{}
	dials   int
}

type scriptMail struct {
	uid     uint32
	raw     string
	date    string // "" for a date in 2026, "NIL" for none
	size    int    // RFC822.SIZE where it lies
	deleted bool
}

// row answers a command that the pattern matches. In the reply, $T is the tag and line ends are \n; what follows <CUT>
// is not sent and the connection closed, <SILENCE> keeps it open and says nothing more, <DRIP> sends the rest byte by
// byte, <MORE> goes on as if there were no row.
type row struct {
	on    string
	reply string
	times int // 0: always
	do    func()
}

const folderDate = "10-Mar-2026 08:30:00 -0500"

func newScript(t *testing.T, rows ...row) *script {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sc := &script{
		t: t, listener: listener, rows: rows, uidNext: 1,
		caps:     "IMAP4rev1 IDLE MOVE UIDPLUS NAMESPACE",
		greeting: "* OK [CAPABILITY IMAP4rev1] ready\r\n",
		folders:  map[string][]string{"INBOX": nil},
		idlers:   make(map[*talk]struct{}),
		talks:    make(map[*talk]struct{}),
	}
	sc.validity.Store(7)
	t.Cleanup(func() {
		_ = listener.Close()
		sc.cutAll()
		sc.serving.Wait()
	})
	return sc
}

// start begins to serve. Until then the fields may be changed freely, afterwards under the lock.
func (sc *script) start() {
	sc.begin.Do(func() {
		sc.serving.Go(func() {
			for {
				conn, err := sc.listener.Accept()
				if err != nil {
					return
				}
				sc.serving.Go(func() { sc.serve(conn) })
			}
		})
	})
}

func (sc *script) address() string { return sc.listener.Addr().String() }

// add puts mails into the folder and announces them to whoever idles.
func (sc *script) add(mails ...scriptMail) {
	sc.mu.Lock()
	for _, m := range mails {
		if m.uid == 0 {
			m.uid = sc.uidNext
		}
		sc.uidNext = m.uid + 1
		sc.mails = append(sc.mails, m)
	}
	count := len(sc.mails)
	idlers := make([]*talk, 0, len(sc.idlers))
	for c := range sc.idlers {
		idlers = append(idlers, c)
	}
	sc.mu.Unlock()
	for _, c := range idlers {
		c.send(fmt.Sprintf("* %d EXISTS\n", count))
	}
}

// addPlain puts n small mails into the folder.
func (sc *script) addPlain(n int) {
	for i := range n {
		sc.add(scriptMail{raw: plainMail(i)})
	}
}

func plainMail(i int) string {
	return fmt.Sprintf("From: ana@example.org\r\nSubject: prueba %d\r\n\r\nBuenos días, fila %d.\r\n", i, i)
}

func (sc *script) cutAll() {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for c := range sc.talks {
		_ = c.conn.Close()
	}
}

func (sc *script) idling() int {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return len(sc.idlers)
}

func (sc *script) dialled() int {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.dials
}

func (sc *script) in(folder string) []string {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return slices.Clone(sc.folders[folder])
}

func (sc *script) left() int {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return len(sc.mails)
}

// said returns the commands that the pattern matches.
func (sc *script) said(pattern string) []string {
	re := regexp.MustCompile("(?i)" + pattern)
	sc.mu.Lock()
	defer sc.mu.Unlock()
	var found []string
	for _, line := range sc.lines {
		if re.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

// talk is one connection.
type talk struct {
	sc      *script
	conn    net.Conn
	r       *bufio.Reader
	writing sync.Mutex
}

func (c *talk) send(text string) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	_, err := io.WriteString(c.conn, text)
	return err == nil
}

func (sc *script) serve(conn net.Conn) {
	c := &talk{sc: sc, conn: conn, r: bufio.NewReader(conn)}
	sc.mu.Lock()
	sc.dials++
	sc.talks[c] = struct{}{}
	greeting := sc.greeting
	sc.mu.Unlock()
	defer func() {
		_ = conn.Close()
		sc.mu.Lock()
		delete(sc.talks, c)
		delete(sc.idlers, c)
		sc.mu.Unlock()
	}()
	hello := sc.row("GREETING")
	if hello != "" && !c.play("", hello) {
		return
	}
	if (hello == "" || strings.HasSuffix(hello, "<MORE>")) && !c.send(greeting) {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		sc.mu.Lock()
		sc.lines = append(sc.lines, command)
		sc.mu.Unlock()
		if reply := sc.row(command); reply != "" && !c.play(tag, reply) {
			return
		} else if reply != "" && !strings.HasSuffix(reply, "<MORE>") {
			continue
		}
		if !c.obey(tag, command) {
			return
		}
	}
}

// row returns the reply of the first row that matches and is not used up.
func (sc *script) row(command string) string {
	sc.mu.Lock()
	var do func()
	reply := ""
	for i := range sc.rows {
		row := &sc.rows[i]
		if row.times < 0 || !regexp.MustCompile("(?i)"+row.on).MatchString(command) {
			continue
		}
		if row.times > 0 {
			if row.times--; row.times == 0 {
				row.times = -1
			}
		}
		reply, do = row.reply, row.do
		break
	}
	sc.mu.Unlock()
	if do != nil {
		do()
	}
	return reply
}

// play sends a reply and reports whether the connection goes on.
func (c *talk) play(tag, reply string) bool {
	reply = strings.TrimSuffix(strings.ReplaceAll(reply, "$T", tag), "<MORE>")
	before, drip, drips := strings.Cut(reply, "<DRIP>")
	if drips {
		if !c.send(before) {
			return false
		}
		for _, b := range []byte(drip) {
			if _, err := c.conn.Write([]byte{b}); err != nil {
				return false
			}
			time.Sleep(5 * time.Millisecond) // the misbehaviour itself
		}
		return true
	}
	if text, _, cut := strings.Cut(reply, "<CUT>"); cut {
		c.send(text)
		return false
	}
	text, _, silent := strings.Cut(reply, "<SILENCE>")
	if !c.send(text) {
		return false
	}
	if silent {
		_, _ = io.Copy(io.Discard, c.r) // until the client has had enough
		return false
	}
	return true
}

// obey does what a command says.
func (c *talk) obey(tag, command string) bool {
	sc := c.sc
	words := strings.Fields(command)
	if len(words) == 0 {
		return false
	}
	name := strings.ToUpper(words[0])
	if name == "UID" && len(words) > 1 {
		name += " " + strings.ToUpper(words[1])
		words = words[1:]
	}
	sc.mu.Lock()
	var out strings.Builder
	ok := "OK done"
	switch name {
	case "CAPABILITY":
		fmt.Fprintf(&out, "* CAPABILITY %s\n", sc.caps)
	case "SELECT", "EXAMINE":
		if _, found := sc.folders[strings.Trim(words[1], `"`)]; !found {
			ok = "NO [NONEXISTENT] no such folder"
			break
		}
		fmt.Fprintf(&out, "* FLAGS (\\Seen)\n* %d EXISTS\n* 0 RECENT\n* OK [UIDVALIDITY %d] valid\n* OK [UIDNEXT %d] next\n",
			len(sc.mails), sc.validity.Load(), sc.uidNext)
		ok = "OK [READ-WRITE] selected"
	case "UID FETCH", "FETCH":
		sc.fetch(&out, name == "UID FETCH", words[1], command)
	case "UID SEARCH", "SEARCH":
		sc.search(&out, name == "UID SEARCH", words)
	case "UID MOVE", "UID COPY":
		ok = sc.transfer(&out, name == "UID MOVE", words[1], strings.Trim(words[2], `"`))
	case "UID STORE":
		for i := range sc.mails {
			if inSet(words[1], sc.mails[i].uid, sc.highest()) {
				sc.mails[i].deleted = true
			}
		}
	case "UID EXPUNGE", "EXPUNGE":
		sc.expunge(&out, func(m scriptMail) bool {
			return m.deleted && (name == "EXPUNGE" || inSet(words[1], m.uid, sc.highest()))
		})
	case "STATUS":
		folder := strings.Trim(words[1], `"`)
		content, found := sc.folders[folder]
		if !found {
			ok = "NO [NONEXISTENT] no such folder"
			break
		}
		count := len(content)
		if folder == "INBOX" {
			count = len(sc.mails)
		}
		fmt.Fprintf(&out, "* STATUS %s (MESSAGES %d)\n", words[1], count)
	case "CREATE":
		sc.folders[strings.Trim(words[1], `"`)] = nil
	case "NAMESPACE":
		out.WriteString("* NAMESPACE ((\"\" \"/\")) NIL NIL\n")
	case "IDLE":
		sc.idlers[c] = struct{}{}
		sc.mu.Unlock()
		return c.send("+ idling\n") && c.untilDone(tag)
	}
	sc.mu.Unlock()
	return c.send(out.String() + tag + " " + ok + "\n")
}

// untilDone keeps the tag of IDLE; DONE comes as the next line.
func (c *talk) untilDone(tag string) bool {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return false
	}
	c.sc.mu.Lock()
	delete(c.sc.idlers, c)
	c.sc.lines = append(c.sc.lines, strings.TrimSpace(line))
	c.sc.mu.Unlock()
	return c.send(tag + " OK idle ended\n")
}

func (sc *script) highest() uint32 {
	if len(sc.mails) == 0 {
		return 0
	}
	return sc.mails[len(sc.mails)-1].uid
}

// fetch answers for the mails of a set the items that were asked for.
func (sc *script) fetch(out *strings.Builder, byUID bool, set, command string) {
	for i, m := range sc.mails {
		number, highest := uint32(i+1), uint32(len(sc.mails))
		if byUID {
			number, highest = m.uid, sc.highest()
		}
		if !inSet(set, number, highest) {
			continue
		}
		fmt.Fprintf(out, "* %d FETCH (UID %d", i+1, m.uid)
		if strings.Contains(command, "INTERNALDATE") && m.date != "NIL" {
			date := m.date
			if date == "" {
				date = folderDate
			}
			fmt.Fprintf(out, " INTERNALDATE %q", date)
		}
		if strings.Contains(command, "RFC822.SIZE") {
			size := m.size
			if size == 0 {
				size = len(m.raw)
			}
			fmt.Fprintf(out, " RFC822.SIZE %d", size)
		}
		if strings.Contains(command, "BODYSTRUCTURE") {
			out.WriteString(` BODYSTRUCTURE (("text" "plain" NIL NIL NIL "7bit" 12 1)("application" "pdf" ("name*" "UTF-8''informe%20t%C3%A9cnico.pdf") NIL NIL "base64" 5000000) "mixed")`)
		}
		if strings.Contains(command, "BODY.PEEK[HEADER]") {
			header, _, _ := strings.Cut(m.raw, "\r\n\r\n")
			header += "\r\n\r\n"
			fmt.Fprintf(out, " BODY[HEADER] {%d}\r\n%s", len(header), header)
		}
		if strings.Contains(command, "BODY.PEEK[]") {
			fmt.Fprintf(out, " BODY[] {%d}\r\n%s", len(m.raw), m.raw)
		}
		out.WriteString(")\n")
	}
}

func (sc *script) search(out *strings.Builder, byUID bool, words []string) {
	out.WriteString("* SEARCH")
	for i, m := range sc.mails {
		match := true
		for k, word := range words {
			switch strings.ToUpper(word) {
			case "UID":
				match = match && inSet(words[k+1], m.uid, sc.highest())
			case "DELETED", "UNDELETED":
				match = match && m.deleted == (word == "DELETED")
			}
		}
		switch {
		case match && byUID:
			fmt.Fprintf(out, " %d", m.uid)
		case match:
			fmt.Fprintf(out, " %d", i+1)
		}
	}
	out.WriteString("\n")
}

func (sc *script) transfer(out *strings.Builder, move bool, set, folder string) string {
	if _, found := sc.folders[folder]; !found {
		return "NO [TRYCREATE] no such folder"
	}
	highest := sc.highest()
	for _, m := range sc.mails {
		if inSet(set, m.uid, highest) {
			sc.folders[folder] = append(sc.folders[folder], m.raw)
		}
	}
	if move {
		sc.expunge(out, func(m scriptMail) bool { return inSet(set, m.uid, highest) })
	}
	return "OK done"
}

func (sc *script) expunge(out *strings.Builder, gone func(scriptMail) bool) {
	for i := len(sc.mails) - 1; i >= 0; i-- {
		if gone(sc.mails[i]) {
			sc.mails = slices.Delete(sc.mails, i, i+1)
			fmt.Fprintf(out, "* %d EXPUNGE\n", i+1)
		}
	}
}

// inSet tells whether a sequence-set holds a number (RFC 3501 section 9).
func inSet(set string, n, highest uint32) bool {
	number := func(s string) uint32 {
		if s == "*" {
			return highest
		}
		v, _ := strconv.ParseUint(s, 10, 32)
		return uint32(v)
	}
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		low, high := number(from), number(to)
		if low > high {
			low, high = high, low
		}
		if low <= n && n <= high {
			return true
		}
	}
	return false
}
