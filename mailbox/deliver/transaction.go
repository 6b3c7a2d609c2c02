package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// send runs one mail transaction (RFC 5321 section 3.3).
func (l *link) send(ctx context.Context, e *envelope) *failure {
	stop := context.AfterFunc(ctx, l.drop)
	defer func() {
		if !stop() {
			l.broken = true
		}
	}()
	failure := l.transact(e)
	if failure == nil {
		return nil
	}
	// A refusal leaves the transaction open except after the mail itself. Whether the server can end it says whether the
	// connection is of further use.
	reply := replyOf(failure.err)
	switch {
	case failure.unsent:
	case reply == nil || reply.Code == 421:
		l.broken = true
	case failure.stage != StageReply:
		l.step(1)
		l.broken = l.client.Reset() != nil
	}
	failure.login = l.login
	return failure
}

// command is one of those that say whom a mail is from and for.
type command struct {
	stage Stage
	line  string
	code  int // of the reply that lets it go on; 25 for any 25z
}

func (l *link) transact(e *envelope) *failure {
	if err := l.cannotTake(e); err != nil {
		return &failure{stage: StageFrom, unsent: true, err: err}
	}
	from := "MAIL FROM:<" + e.from + ">"
	if e.utf8 { // where it is not needed it only makes servers further on refuse the mail
		from += " BODY=8BITMIME SMTPUTF8"
	}
	commands := []command{{StageFrom, from, 250}, {StageTo, "RCPT TO:<" + e.to + ">", 25}, {StageData, "DATA", 354}}
	if ok, _ := l.client.Extension("PIPELINING"); ok {
		if failure := l.together(commands); failure != nil {
			return failure
		}
		return l.content(e.wire)
	}
	for i := range commands {
		if failure := l.together(commands[i : i+1]); failure != nil {
			return failure
		}
	}
	return l.content(e.wire)
}

// together sends commands in one go and then reads their replies (RFC 2920 section 3.1). It returns the first failure.
func (l *link) together(commands []command) *failure {
	l.step(1)
	for _, c := range commands {
		_, _ = l.client.Text.W.WriteString(c.line + "\r\n") // an error stays and comes out of Flush
	}
	if err := l.client.Text.W.Flush(); err != nil {
		return fail(commands[0].stage, err)
	}
	var first *failure
	for _, c := range commands {
		l.step(1)
		_, _, err := l.client.Text.ReadResponse(c.code)
		switch {
		case err == nil && c.stage == StageData && first != nil:
			l.nothing()
		case err != nil && first == nil:
			first = fail(c.stage, err)
		}
		if err != nil && replyOf(err) == nil {
			break // nothing will follow
		}
	}
	return first
}

// nothing ends the mail that a server is ready to take although it refused the recipient. No recipient, no mail, whatever
// it answers.
func (l *link) nothing() {
	if err := l.client.Text.PrintfLine("."); err == nil {
		_, _, _ = l.client.Text.ReadResponse(250)
	}
}

// pieceSize is how much of a mail the server is given the time of one step for.
const pieceSize = 64 << 10

// content sends the mail itself, the last of it together with the dot that ends it: where that fails, nobody knows whether the
// server has all of it.
func (l *link) content(wire []byte) *failure {
	w := l.client.Text.W
	for len(wire) > pieceSize {
		l.step(1)
		if _, err := w.Write(wire[:pieceSize]); err != nil {
			return fail(StageContent, err)
		}
		wire = wire[pieceSize:]
	}
	l.step(2)
	_, _ = w.Write(wire) // an error stays and comes out of Flush
	if err := w.Flush(); err != nil {
		return fail(StageReply, err)
	}
	if _, _, err := l.client.Text.ReadResponse(250); err != nil {
		return fail(StageReply, err)
	}
	return nil
}

// stuffed returns a mail with the line ends that SMTP wants, the last one included, and its dots doubled where they begin a line
// (RFC 5321 sections 2.3.8 and 4.5.2). It writes into room as far as that reaches. The writer of net/textproto, which does the same,
// looks at one byte after the other.
func stuffed(content, room []byte) []byte {
	crlf := []byte("\r\n")
	if len(content) == 0 {
		return crlf
	}
	out := slices.Grow(room[:0], len(content)+len(content)/64+64) // for the dots and the end
	for line := range bytes.Lines(content) {
		if line[0] == '.' {
			out = append(out, '.')
		}
		if text, ended := bytes.CutSuffix(line, []byte("\n")); ended {
			line = bytes.TrimSuffix(text, []byte("\r"))
		}
		out = append(append(out, line...), crlf...)
	}
	return out
}

// cannotTake returns why the server cannot take the mail, going by what it offers.
func (l *link) cannotTake(e *envelope) error {
	if ok, _ := l.client.Extension("SMTPUTF8"); e.utf8 && !ok {
		return errors.New("an address is internationalised (RFC 6531) and the server does not offer SMTPUTF8")
	}
	_, size := l.client.Extension("SIZE") // RFC 1870 section 3; absent, empty or 0 for no limit
	if limit, err := strconv.ParseInt(size, 10, 64); err == nil && limit > 0 && int64(len(e.content)) > limit {
		return fmt.Errorf("the mail has %d bytes and the server takes %d at most", len(e.content), limit)
	}
	return nil
}
