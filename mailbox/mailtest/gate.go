package mailtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// gate is a listener whose port can be shut and opened again while the server behind it goes on: to that server a shut
// gate looks like a quiet one, to a client like a server that is down.
type gate struct {
	address string      // with the port that was allotted
	tls     *tls.Config // nil: plain
	greet   func(*gateConn) bool

	mu      sync.Mutex
	ln      net.Listener  // nil while shut
	changed chan struct{} // closed and replaced whenever ln or closed changes
	closed  bool
	conns   map[*gateConn]struct{}
}

// openGate listens on address. With a TLS configuration it speaks TLS from the first byte. greet, if any, sees every
// new connection first and returns false where the server shall not; it owns the connection then.
func openGate(address string, implicitTLS *tls.Config, greet func(*gateConn) bool) (*gate, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &gate{
		address: ln.Addr().String(),
		tls:     implicitTLS,
		greet:   greet,
		ln:      ln,
		changed: make(chan struct{}),
		conns:   make(map[*gateConn]struct{}),
	}, nil
}

// Accept implements net.Listener. It waits while the gate is shut.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		ln, changed, closed := g.ln, g.changed, g.closed
		g.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		if ln == nil {
			<-changed
			continue
		}
		raw, err := ln.Accept()
		if err != nil {
			g.mu.Lock()
			broken := g.ln == ln && !g.closed // not our doing
			g.mu.Unlock()
			if broken {
				return nil, err
			}
			continue
		}
		conn := &gateConn{Conn: raw, gate: g}
		if !g.admit(ln, conn) {
			_ = raw.Close()
			continue
		}
		if g.greet != nil && !g.greet(conn) {
			continue
		}
		if g.tls != nil {
			return tls.Server(conn, g.tls), nil
		}
		return conn, nil
	}
}

// admit notes a connection, unless the gate was shut since ln accepted it.
func (g *gate) admit(ln net.Listener, conn *gateConn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ln != ln {
		return false
	}
	g.conns[conn] = struct{}{}
	return true
}

// Addr implements net.Listener.
func (g *gate) Addr() net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", g.address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return addr
}

// Close implements net.Listener: shut for good.
func (g *gate) Close() error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.down()
	return nil
}

// down refuses new connections and cuts the present ones.
func (g *gate) down() {
	g.mu.Lock()
	ln := g.ln
	g.ln = nil
	close(g.changed)
	g.changed = make(chan struct{})
	g.mu.Unlock()
	if ln != nil {
		_ = ln.Close()
	}
	g.drop()
}

// drop cuts the present connections.
func (g *gate) drop() {
	g.mu.Lock()
	conns := make([]*gateConn, 0, len(g.conns))
	for conn := range g.conns {
		conns = append(conns, conn)
	}
	g.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// up listens on the same port again.
func (g *gate) up() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return net.ErrClosed
	}
	if g.ln != nil {
		return nil
	}
	ln, err := net.Listen("tcp", g.address)
	if err != nil {
		return fmt.Errorf("listen on %s again: %w", g.address, err)
	}
	g.ln = ln
	close(g.changed)
	g.changed = make(chan struct{})
	return nil
}

// gateConn is one connection through a gate.
type gateConn struct {
	net.Conn
	gate *gate
	last atomic.Bool // close once the next write is through
}

// Write implements net.Conn.
func (c *gateConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.last.Load() {
		_ = c.Close()
	}
	return n, err
}

// Close implements net.Conn.
func (c *gateConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// signal wakes everybody who waits for a change.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// next returns a channel that the next fire closes.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
