package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A proxy stands between the daemon and a real server. At every point between two steps it asks what to do: most often
// nothing, and then both sides see one another byte for byte.

// point is a moment on the wire.
type point struct {
	protocol string // "imap" or "smtp"
	verb     string // in capitals; "FETCH BODY" is a FETCH that asks for mails
	phase    phase
}

func (p point) String() string { return p.protocol + " " + p.verb + " " + string(p.phase) }

// phase is where within a command a point lies.
type phase string

const (
	before  phase = "before" // the server does not know the command yet
	within  phase = "within" // half of a mail has passed
	after   phase = "after"  // the server has done it, and the daemon does not know
	literal phase = "literal"
)

// deed is what is done at a point. The zero value is nothing.
type deed struct {
	kind  deedKind
	reply string        // of answer: what the daemon is told instead of the server's words
	wait  time.Duration // of slow and silent
}

type deedKind int

const (
	pass     deedKind = iota
	cut               // end the connection
	answer            // tell the daemon something else
	slow              // pass what follows drop by drop for a while
	silent            // say nothing for a while
	misstate          // announce another size than that of the literal: off by reply, or "=" and the size
)

// meddler decides what is done at a point. It is called from every connection. said is the line that has brought it there: the
// daemon's before, the server's after.
type meddler func(p point, said string) deed

// proxy is a listener in front of a server.
type proxy struct {
	listener net.Listener
	serve    func(p *proxy, client net.Conn)

	mu       sync.Mutex
	server   string
	meddle   meddler
	conns    map[net.Conn]struct{}
	open     map[string]int // commands without an answer yet, by verb
	deserted map[string]int // commands whose connection ended before the answer, by verb
}

// newProxy listens on a free port.
func newProxy(server string, serve func(p *proxy, client net.Conn)) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{server: server, serve: serve, conns: map[net.Conn]struct{}{}, open: map[string]int{}, deserted: map[string]int{}}
	p.listen(listener)
	return p, nil
}

// listen serves the connections of a listener, until that is closed.
func (p *proxy) listen(listener net.Listener) {
	p.listener = listener
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer p.forget(client)
				p.serve(p, client)
			}()
		}
	}()
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// set changes the meddler; nil for none.
func (p *proxy) set(m meddler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meddle = m
}

// at asks what to do.
func (p *proxy) at(protocol, verb string, ph phase, said string) deed {
	p.mu.Lock()
	m := p.meddle
	p.mu.Unlock()
	if m == nil {
		return deed{}
	}
	return m(point{protocol, verb, ph}, said)
}

// turn has new connections go to another server.
func (p *proxy) turn(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
}

// dial connects to the server.
func (p *proxy) dial() (net.Conn, error) {
	p.mu.Lock()
	server := p.server
	p.mu.Unlock()
	return net.Dial("tcp", server)
}

// asked notes that a command went to the server, answered that the answer came, or that it cannot come any more.
func (p *proxy) asked(verb string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[verb]++
}

func (p *proxy) answered(verb string, comes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[verb]--
	if !comes {
		p.deserted[verb]++
	}
}

// waiting returns how many commands of a verb have no answer yet, and how many will never have one.
func (p *proxy) waiting(verb string) (open, deserted int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[verb], p.deserted[verb]
}

func (p *proxy) remember(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
}

func (p *proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close()
}

// drop cuts every connection.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.drop()
}

// imapConn is the proxy's understanding of one connection.
type imapConn struct {
	proxy          *proxy
	client, server net.Conn
	mu             sync.Mutex // held while something is written to the client
	pending        sync.Map   // verb by tag
	crawl          time.Time  // until then every byte to the client is slow; under mu
}

// serveIMAP passes one connection.
func serveIMAP(p *proxy, client net.Conn) {
	server, err := p.dial()
	if err != nil {
		return
	}
	p.remember(client)
	p.remember(server)
	defer p.forget(server)
	c := &imapConn{proxy: p, client: client, server: server}
	done := make(chan struct{}, 2)
	go func() { c.commands(); done <- struct{}{} }()
	go func() { c.answers(); done <- struct{}{} }()
	<-done
	_ = client.Close()
	_ = server.Close()
	<-done
	c.pending.Range(func(_, verb any) bool {
		p.answered(verb.(string), false)
		return true
	})
}

// commands passes what the client says.
func (c *imapConn) commands() {
	r := bufio.NewReader(c.client)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		tag, verb := commandOf(string(line))
		if verb != "" {
			d := c.proxy.at("imap", verb, before, string(line))
			switch d.kind {
			case cut:
				return
			case answer:
				c.tell(strings.ReplaceAll(d.reply, "TAG", tag))
				if strings.HasPrefix(d.reply, "* BYE") {
					return
				}
				continue
			case silent:
				time.Sleep(d.wait)
			case slow:
				c.mu.Lock()
				c.crawl = time.Now().Add(d.wait)
				c.mu.Unlock()
			}
			c.pending.Store(tag, verb)
			c.proxy.asked(verb)
		}
		if _, err := c.server.Write(line); err != nil {
			return
		}
	}
}

// commandOf returns tag and verb of a line of a client, no verb where it is none.
func commandOf(line string) (tag, verb string) {
	fields := strings.Fields(strings.ToUpper(line))
	if len(fields) < 2 {
		return "", ""
	}
	tag, verb = strings.Fields(line)[0], fields[1]
	if verb == "UID" && len(fields) > 2 {
		verb = fields[2]
	}
	if verb == "FETCH" && strings.Contains(strings.ToUpper(line), "BODY") {
		verb = "FETCH BODY"
	}
	return tag, verb
}

func (c *imapConn) tell(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(c.client, text+"\r\n")
}

var literalSize = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// answers passes what the server says: a response with its literals is never mixed with anything else.
func (c *imapConn) answers() {
	r := bufio.NewReader(c.server)
	for c.response(r) {
	}
}

func (c *imapConn) response(r *bufio.Reader) bool {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return false
	}
	tag, _, _ := bytes.Cut(line, []byte(" "))
	if verb, ok := c.pending.LoadAndDelete(string(tag)); ok {
		c.proxy.answered(verb.(string), true)
		d := c.proxy.at("imap", verb.(string), after, string(line))
		switch d.kind {
		case cut:
			return false
		case answer:
			line = []byte(strings.ReplaceAll(d.reply, "TAG", string(tag)) + "\r\n")
		case silent:
			time.Sleep(d.wait)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		found := literalSize.FindSubmatch(line)
		if found == nil {
			return c.write(line)
		}
		size, err := strconv.ParseInt(string(found[1]), 10, 64)
		if err != nil {
			return false
		}
		d := c.proxy.at("imap", "FETCH BODY", literal, string(line))
		if d.kind == misstate {
			wrong, exact := strings.CutPrefix(d.reply, "=")
			if !exact {
				off, _ := strconv.ParseInt(d.reply, 10, 64)
				wrong = strconv.FormatInt(max(0, size+off), 10)
			}
			line = literalSize.ReplaceAll(line, fmt.Appendf(nil, "{%s}\r\n", wrong))
		}
		if !c.write(line) {
			return false
		}
		content := make([]byte, size)
		if _, err := io.ReadFull(r, content); err != nil {
			return false
		}
		if !c.write(content[:size/2]) || d.kind == cut {
			return false
		}
		if c.proxy.at("imap", "FETCH BODY", within, "").kind == cut || !c.write(content[size/2:]) {
			return false
		}
		if line, err = r.ReadBytes('\n'); err != nil {
			return false
		}
	}
}

// write passes bytes to the client, slowly where that was asked for. The caller holds the lock.
func (c *imapConn) write(b []byte) bool {
	for len(b) > 0 && time.Now().Before(c.crawl) {
		n := min(len(b), 7)
		if _, err := c.client.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
		time.Sleep(time.Millisecond)
	}
	_, err := c.client.Write(b)
	return err == nil
}
