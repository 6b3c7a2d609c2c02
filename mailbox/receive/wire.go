package receive

import (
	"net"
	"sync"
	"time"
)

// wire is the connection that the library gets. Reading passes the filter. Deadlines are ours alone: the library sets
// its own of 30 seconds and 5 minutes and none between answers, and the settings promise others.
type wire struct {
	net.Conn // TLS or plain, on raw
	raw      net.Conn
	filter   *filter
	writing  time.Duration // what one write may take

	mu       sync.Mutex
	progress time.Duration // how long the server may be silent; 0: for ever
}

func newWire(conn, raw net.Conn, writing time.Duration) *wire {
	w := &wire{Conn: conn, raw: raw, writing: writing}
	w.filter = newFilter(progressReader{w})
	return w
}

func (w *wire) Read(p []byte) (int, error) { return w.filter.Read(p) }

func (w *wire) Write(p []byte) (int, error) {
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.writing)); err != nil {
		return 0, err
	}
	w.filter.notice.sent(p)
	return w.Conn.Write(p)
}

// Close closes the raw connection: closing TLS would wait for a peer that may be gone.
func (w *wire) Close() error { return w.raw.Close() }

// SetDeadline, SetReadDeadline and SetWriteDeadline do nothing; see the type.
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// expect bounds the silence of the server from now on; 0 lifts the bound.
func (w *wire) expect(progress time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress = progress
	w.extend()
}

// extend moves the deadline of a read, also of one under way. A failure shows in the read itself.
func (w *wire) extend() {
	var deadline time.Time
	if w.progress > 0 {
		deadline = time.Now().Add(w.progress)
	}
	_ = w.Conn.SetReadDeadline(deadline)
}

// progressReader reads from the server and counts every byte as progress.
type progressReader struct{ w *wire }

func (r progressReader) Read(p []byte) (int, error) {
	r.w.mu.Lock()
	r.w.extend()
	r.w.mu.Unlock()
	return r.w.Conn.Read(p)
}
