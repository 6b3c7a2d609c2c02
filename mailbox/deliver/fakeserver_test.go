package deliver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
)

// script says what the fake server answers: a command, or "banner", "content" or ".", to its replies, the last of which
// serves for all further times. What is not in it gets the usual reply.
//
// Besides a reply, which may have several lines, there are: "cut" ends the connection (in "content" with a reset), "silence"
// says nothing more, "drip REPLY" writes the reply byte by byte, "flood" never ends its line, "REPLY then cut" ends the
// connection afterwards.
type script map[string][]string

// fakeServer is an SMTP server that does what a script says.
type fakeServer struct {
	ln     net.Listener
	script script
	tls    *tls.Config

	mu       sync.Mutex
	used     map[string]int
	conns    int
	commands []string
	mails    []string
	open     map[net.Conn]struct{}
	wg       sync.WaitGroup
	end      chan struct{}
}

func newFakeServer(t testing.TB, s script, config *tls.Config) *fakeServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{
		ln: ln, script: s, tls: config, used: make(map[string]int), open: make(map[net.Conn]struct{}), end: make(chan struct{}),
	}
	f.wg.Go(f.serve)
	t.Cleanup(f.close)
	return f
}

func (f *fakeServer) close() {
	close(f.end)
	_ = f.ln.Close()
	f.mu.Lock()
	for conn := range f.open {
		_ = conn.Close()
	}
	f.mu.Unlock()
	f.wg.Wait()
}

func (f *fakeServer) serve() {
	for {
		conn, err := f.ln.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns++
		f.open[conn] = struct{}{}
		f.mu.Unlock()
		f.wg.Go(func() {
			defer func() { _ = conn.Close() }()
			if f.talk(conn) {
				// Commands that were sent ahead and not read would make the end a reset, which takes the last reply with it.
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
			}
		})
	}
}

// pipelined returns the script of a server that does the same and offers PIPELINING (RFC 2920).
func pipelined(s script) script {
	s = maps.Clone(s)
	if s["EHLO"] == nil {
		s["EHLO"] = []string{usualReplies["EHLO"]}
	}
	var replies []string
	for _, reply := range s["EHLO"] {
		if strings.HasPrefix(reply, "250") {
			reply = "250-fake.example\n250-PIPELINING\n" + reply
		}
		replies = append(replies, reply)
	}
	s["EHLO"] = replies
	return s
}

// next returns the reply to a command.
func (f *fakeServer) next(command, usual string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, command)
	replies := f.script[command]
	if len(replies) == 0 {
		return usual
	}
	n := min(f.used[command], len(replies)-1)
	f.used[command]++
	return replies[n]
}

// say plays a reply and reports whether the connection goes on.
func (f *fakeServer) say(conn net.Conn, reply string) bool {
	reply, cut := strings.CutSuffix(reply, " then cut")
	switch {
	case reply == "cut":
		return false
	case reply == "silence":
		<-f.end
		return false
	case reply == "flood":
		line := strings.Repeat("2", 4096)
		for {
			if _, err := io.WriteString(conn, line); err != nil {
				return false
			}
		}
	case strings.HasPrefix(reply, "drip "):
		for _, c := range []byte(strings.TrimPrefix(reply, "drip ") + "\r\n") {
			if _, err := conn.Write([]byte{c}); err != nil {
				return false
			}
		}
		return !cut
	}
	_, err := io.WriteString(conn, strings.ReplaceAll(reply, "\n", "\r\n")+"\r\n")
	return err == nil && !cut
}

var usualReplies = map[string]string{
	"EHLO": "250-fake.example\n250-ENHANCEDSTATUSCODES\n250-AUTH PLAIN\n250 STARTTLS", "HELO": "250 fake.example", "AUTH": "235 2.7.0 welcome",
	"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on", "RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye then cut",
	"STARTTLS": "220 2.0.0 go on", "*": "501 5.7.0 given up",
}

// talk reports whether the connection is to end in good order.
func (f *fakeServer) talk(conn net.Conn) bool {
	if !f.say(conn, f.next("banner", "220 fake.example ESMTP")) {
		return true
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return true
		}
		command, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		reply := f.next(command, usualReplies[command])
		if reply == "" {
			reply = "500 5.5.1 what is " + command + "?"
		}
		if !f.say(conn, reply) {
			return true
		}
		switch {
		case command == "STARTTLS" && strings.HasPrefix(reply, "220"):
			secure := tls.Server(conn, f.tls)
			conn, r = secure, bufio.NewReader(secure)
		case command == "DATA" && strings.HasPrefix(reply, "354"):
			if !f.content(conn, r) {
				return f.script["content"] == nil
			}
		}
	}
}

// content reads the mail and answers.
func (f *fakeServer) content(conn net.Conn, r *bufio.Reader) bool {
	if reply := f.next("content", ""); reply != "" {
		return f.say(conn, reply)
	}
	var mail strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(strings.TrimPrefix(line, "."))
	}
	f.mu.Lock()
	f.mails = append(f.mails, mail.String())
	f.mu.Unlock()
	return f.say(conn, f.next(".", fmt.Sprintf("250 2.0.0 queued as %d", len(f.mails))))
}

func (f *fakeServer) seen() (conns int, commands string, mails []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns, strings.Join(f.commands, " "), f.mails
}
