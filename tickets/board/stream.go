package board

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	eventStream = "text/event-stream"
	maxWatchers = 500              // pages that are open at a time
	maxOwn      = 20               // of one session
	heartbeat   = 20 * time.Second // by which a client that has gone is noticed, and a session that has ended
	slowest     = 10 * time.Second // to take a line; whoever is slower is dropped and comes again
)

// watchers is the pages that show changes as they come.
type watchers struct {
	mu   sync.Mutex
	all  map[*watcher]bool
	seen int64 // the last event that they were told of
}

// watcher is one open page.
type watcher struct {
	viewer  tickets.Viewer
	session int64
	number  tickets.Number // the request that it shows, "" for a list
	changed chan struct{}  // a token: there is something new to be seen
}

// add lets a page watch; ok is false where there are too many.
func (w *watchers) add(one *watcher) (ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	own := 0
	for other := range w.all {
		if other.session == one.session {
			own++
		}
	}
	if len(w.all) >= maxWatchers || own >= maxOwn {
		return false
	}
	if w.all == nil {
		w.all = map[*watcher]bool{}
	}
	w.all[one] = true
	return true
}

func (w *watchers) remove(one *watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, one)
}

// tell wakes the pages on which a change is to be seen, and no other: that something changed is news too.
func (w *watchers) tell(changed []*tickets.Ticket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.all {
		for _, t := range changed {
			if _, sees := one.viewer.RoleIn(t); sees && (one.number == "" || one.number == t.Number) {
				select {
				case one.changed <- struct{}{}:
				default: // it has not looked since the last time
				}
				break
			}
		}
	}
}

// wake tells the pages what has changed since the last time.
func (b *Board) wake(ctx context.Context) error {
	w := &b.watchers
	var changed []*tickets.Ticket
	err := b.register.View(ctx, func(r *register.Reader) error {
		last, err := r.LastEvent()
		if err != nil || last == w.seen {
			return err
		}
		if w.seen > 0 {
			changed, last, err = r.Changed(w.seen)
		}
		if err == nil {
			w.seen = last
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look at what has changed: %w", err)
	}
	w.tell(changed)
	return nil
}

// stream sends a line whenever the page that asks for it should look again.
func (p *page) stream() error {
	one := &watcher{viewer: p.Viewer, session: p.session.ID, number: tickets.Number(p.request.URL.Query().Get("solicitud")), changed: make(chan struct{}, 1)}
	if !p.board.watchers.add(one) {
		p.writer.Header().Set("Retry-After", "60")
		return p.fail(http.StatusServiceUnavailable, "failed")
	}
	defer p.board.watchers.remove(one)
	p.writer.Header().Set("Content-Type", eventStream)
	p.writer.Header().Set("X-Accel-Buffering", "no") // nginx would keep lines back
	control := http.NewResponseController(p.writer)
	send := func(line string) error {
		if err := control.SetWriteDeadline(time.Now().Add(slowest)); err != nil {
			return err
		}
		if _, err := fmt.Fprint(p.writer, line); err != nil {
			return err
		}
		return control.Flush()
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil { // that of the request would end the stream
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	err := send("retry: 5000\nevent: hola\ndata: {}\n\n")
	for err == nil {
		select {
		case <-p.request.Context().Done():
			return nil
		case <-one.changed:
			err = send("event: cambio\ndata: {}\n\n")
		case <-beat.C:
			if p.now = p.board.options.Now(); !p.goesOn() {
				return nil
			}
			err = send(": aquí\n\n")
		}
	}
	p.board.options.Log.Debug("board: a page that watched has gone", "error", err)
	return nil
}

// goesOn reports whether the session has not ended meanwhile.
func (p *page) goesOn() bool {
	before := p.session.ID
	p.session = register.Session{}
	return p.identify() == nil && p.session.ID == before
}
