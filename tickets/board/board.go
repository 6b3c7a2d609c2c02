// Package board is the page to look at: requests by state, a request with its history, machines, resources, technicians and
// figures, for whoever has signed in by mail. It shows what tickets.Look lets a viewer see and changes nothing but who is signed in:
// every action on it is a mail to the desk with the command filled in. It decides nothing and must not know how mail comes or goes.
package board

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"radicado/mailbox/message"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

// Options is what a Board keeps for its life.
type Options struct {
	Listen string           // host:port
	Now    func() time.Time // the clock
	Log    *slog.Logger
}

// Desk is what the settings say to a board, and may say otherwise while it runs.
type Desk struct {
	Policy  *tickets.Policy
	Texts   *templates.Set
	Keys    *trust.Keyring
	Reader  message.Options
	Domain  string                                                                            // of the Message-IDs of notices
	Form    func(r *register.Reader, n tickets.Number, now time.Time) (pdf []byte, err error) // of a request
	Queued  func()                                                                            // called after a notice was committed
	URL     *url.URL                                                                          // by which people reach the board; nil: where it listens
	Proxies []netip.Prefix                                                                    // whose word on the client's address is taken
	Session time.Duration                                                                     // how long a sign-in holds
}

// Board serves the pages.
type Board struct {
	register  *register.Register
	options   Options
	listener  net.Listener
	desk      atomic.Pointer[deskInUse]
	standing  standing
	watchers  watchers
	changed   chan struct{} // a token: something was committed
	asked     chan ask
	clients   *limiter      // by address of the client
	reporting chan struct{} // a place: figures are made one after the other
	assets    map[string]asset
}

// deskInUse is a Desk with what follows from it.
type deskInUse struct {
	Desk
	hosts   map[string]bool // that a request may be for
	secure  bool            // people reach the board by TLS
	pages   map[string]pages
	handler http.Handler
}

// New listens and returns a Board that is not served yet. Use must be called before Run.
func New(r *register.Register, options Options) (*Board, error) {
	b := &Board{register: r, options: options, changed: make(chan struct{}, 1), asked: make(chan ask, maxAsked), clients: newLimiter(askLimit, askWindow),
		reporting: make(chan struct{}, 1)}
	var err error
	if b.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if b.listener, err = net.Listen("tcp", options.Listen); err != nil {
		return nil, err
	}
	return b, nil
}

// Use makes the board show the desk as it is set up from now on.
func (b *Board) Use(d Desk) error {
	in := &deskInUse{Desk: d, hosts: map[string]bool{}}
	if in.URL == nil {
		in.URL = b.listensAt()
	}
	in.secure = in.URL.Scheme == "https"
	in.hosts[in.URL.Host] = true
	if port := in.URL.Port(); port == "443" && in.secure || port == "80" && !in.secure {
		in.hosts[in.URL.Hostname()] = true // browsers leave it out
	}
	if at := b.listener.Addr().(*net.TCPAddr); at.IP.IsLoopback() || at.IP.IsUnspecified() {
		// Whoever is at the machine itself may be so by any of its own names. A page from elsewhere cannot: its Host is its own.
		for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
			in.hosts[fmt.Sprintf("%s:%d", name, at.Port)] = true
		}
	}
	var err error
	if in.pages, err = parsePages(b, in); err != nil {
		return err
	}
	if in.handler, err = b.handler(in); err != nil {
		return err
	}
	b.desk.Store(in)
	b.Changed()
	return nil
}

func (b *Board) listensAt() *url.URL {
	at := b.listener.Addr().(*net.TCPAddr)
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "localhost"
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, fmt.Sprint(at.Port))}
}

// URL returns where people reach the board.
func (b *Board) URL() string { return b.desk.Load().URL.String() }

// Changed says that something was committed to the register. It does not block.
func (b *Board) Changed() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// How long a client may take, and what it may send.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
	maxForm       = 4 << 10
	graceTime     = 5 * time.Second // for requests in hand when the board ends
)

// Run serves until ctx ends, and lets requests in hand be finished.
func (b *Board) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.desk.Load().handler.ServeHTTP(w, r) }),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(b.options.Log.Handler(), slog.LevelDebug), // of clients that hang up and the like
		BaseContext: func(net.Listener) context.Context { return ctx },           // streams end with it
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(b.listener) }()
	working := make(chan struct{})
	go func() {
		defer close(working)
		b.work(ctx)
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		err = fmt.Errorf("board: %w", err)
	}
	stop()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
	defer cancel()
	if shut := server.Shutdown(grace); shut != nil {
		err = errors.Join(err, server.Close())
	}
	<-working
	return err
}

// Close ends the listening of a board that does not run.
func (b *Board) Close() error {
	if err := b.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// work sends links to whoever asked for one, and wakes the pages when the register has changed.
func (b *Board) work(ctx context.Context) {
	// Another process may write to the register too, and nobody tells of that.
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-b.asked:
			if err := b.invite(ctx, a); err != nil && ctx.Err() == nil {
				b.options.Log.Error("board: no link to sign in was sent", "error", err)
			}
			continue
		case <-b.changed:
		case <-look.C:
		}
		if err := b.wake(ctx); err != nil && ctx.Err() == nil {
			b.options.Log.Warn("board: cannot tell what has changed", "error", err)
		}
	}
}

const lookEvery = 30 * time.Second

// zone is that of the ministry.
func (d *deskInUse) zone() *time.Location { return cmp.Or(d.Policy.Zone, time.UTC) }
