package deliver

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	"radicado/mailbox"
)

// replyOf returns the server's refusal within an error, nil where the server said nothing.
func replyOf(err error) *textproto.Error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 200 && reply.Code < 600 {
		return reply
	}
	return nil
}

var enhancedStatus = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)`)

// judge says what a failure means for the mail.
func (s *Sender) judge(ctx context.Context, f *failure, m mailbox.Outgoing) Result {
	if f == nil {
		return Result{Outcome: Delivered, Stage: StageReply, Code: 250}
	}
	r := Result{Stage: f.stage}
	reply := replyOf(f.err)
	if reply != nil && f.stage == StageReply && reply.Code < 300 {
		// Any 2yz is a yes (RFC 5321 section 4.2.1), whatever code the client library waited for.
		r.Outcome, r.Code = Delivered, reply.Code
		r.Status, r.Response = splitStatus(reply.Msg)
		return r
	}
	if reply != nil {
		r.Code = reply.Code
		r.Status, r.Response = splitStatus(f.login.redact(reply.Msg)) // before it is cut to a line, where half a secret would stay
	}
	r.Server = serversFault(f, r.Code, r.Status)
	r.Outcome = outcome(f, r)
	err := f.err
	if text := oneLine(f.login.redact(err.Error())); text != err.Error() {
		err = errors.New(text)
	}
	if cause := context.Cause(ctx); cause != nil && reply == nil {
		err, r.Server = cause, false // ours is the only fault
	}
	to := ""
	if !r.Server { // or whoever is told of the server would be told of a person
		to = "to " + m.To.Addr + " "
	}
	r.Err = fmt.Errorf("send %sby %s: %s: %w", to, s.server.Address, f.stage, err)
	return r
}

// outcome decides by where the delivery ended and by the server's code, 0 for none. Up to the first command about this very
// mail nothing can be held against it.
func outcome(f *failure, r Result) Outcome {
	switch {
	case f.unsent:
		return Permanent
	case r.Code >= 500 && !r.Server:
		return Permanent
	case r.Code < 400 && f.stage == StageReply:
		return Ambiguous
	}
	return Temporary
}

// serversFault reports whether other mails would fare no better.
func serversFault(f *failure, code int, status string) bool {
	switch f.stage {
	case StageConnect, StageTLS, StageBanner, StageHello, StageLogin:
		return true
	case StageFrom:
		// All mails are from the desk: who does not take it from one takes it from none. Only size (RFC 1870 section 6.1) and
		// characters (RFC 6531 section 3.5) are this mail's own.
		own := f.unsent || code == 552 || status == "5.3.4" || status == "5.6.7"
		if !own && (code == 0 || code >= 500) {
			return true
		}
	}
	switch code {
	case 421, // closing down (RFC 5321 section 3.8)
		530, 534, 535, 538: // wants a login, a stronger one, or TLS first (RFC 4954 section 6, RFC 3207 section 4)
		return true
	}
	return false
}

// splitStatus parts the enhanced status code from the words of a reply, each line of which may begin with it.
func splitStatus(msg string) (status, words string) {
	var lines []string
	for line := range strings.Lines(msg) {
		line = strings.TrimSpace(line)
		if match := enhancedStatus.FindStringSubmatch(line); match != nil {
			if status == "" {
				status = match[1]
			}
			line = line[len(match[0]):]
		}
		lines = append(lines, line)
	}
	return status, oneLine(strings.Join(lines, " "))
}

// oneLine makes what a server said fit for a log: clean, and not longer than anybody reads.
func oneLine(s string) string {
	s = clean(s)
	if runes := []rune(s); len(runes) > 500 {
		s = string(runes[:500]) + "…"
	}
	return s
}
