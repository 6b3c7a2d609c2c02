package deliver

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// guard bounds what a server can do to us in one step: how long it takes and how much it says. The SMTP client reads lines
// of any length.
type guard struct {
	net.Conn
	left atomic.Int64 // bytes that may still be read
}

// maxReply is far above any reply, and the certificates of a TLS handshake fit in.
const maxReply = 256 << 10

var errTooMuch = errors.New("the server talks without end")

// allow begins a step.
func (g *guard) allow(deadline time.Time) {
	g.left.Store(maxReply)
	_ = g.SetDeadline(deadline) // fails only where the connection is closed, which the next read or write says
}

// Read implements net.Conn.
func (g *guard) Read(b []byte) (int, error) {
	left := g.left.Load()
	if left <= 0 {
		return 0, errTooMuch
	}
	if int64(len(b)) > left {
		b = b[:left]
	}
	n, err := g.Conn.Read(b)
	g.left.Add(int64(-n))
	return n, err
}
