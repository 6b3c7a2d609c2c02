package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// IMAPOptions says how an IMAP server is started. Its zero value is a plain one on a free port of 127.0.0.1.
type IMAPOptions struct {
	Address  string       // host:port; "" for a free port of 127.0.0.1
	TLS      *tls.Config  // offered by STARTTLS, or from the first byte where Implicit
	Implicit bool         // RFC 8314: TLS from the first byte
	Caps     imap.CapSet  // nil for IMAP4rev1 with UIDPLUS, MOVE, NAMESPACE, ESEARCH, LIST-STATUS, STATUS=SIZE; IDLE always
	Log      *slog.Logger // what the server complains of; nil for silence
	Bearer   *Bearer      // nil: passwords
}

// IMAP is an IMAP server in memory. All its methods may be called at the same time.
type IMAP struct {
	bearer  *Bearer
	gate    *gate
	inside  *pipeListener // for List: works while the port is shut
	server  *imapserver.Server
	changed signal
	serving sync.WaitGroup // the listeners

	sessions sync.WaitGroup

	mu       sync.Mutex
	accounts map[string]*account
	closed   bool
}

// account is one user. Its lock makes a move one step: without it two sessions that move the same mail both copy it.
type account struct {
	name, password string
	user           *imapmemserver.User
	mu             sync.Mutex
}

// Stored is one mail as a mailbox holds it.
type Stored struct {
	UID   uint32
	Flags []string
	Time  time.Time // INTERNALDATE
	Raw   []byte
}

// NewIMAP starts an IMAP server.
func NewIMAP(o IMAPOptions) (*IMAP, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Caps == nil {
		o.Caps = imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapNamespace: {},
			imap.CapESearch: {}, imap.CapListStatus: {}, imap.CapStatusSize: {},
		}
	}
	var implicit, startTLS *tls.Config
	if o.Implicit {
		implicit = o.TLS
	} else {
		startTLS = o.TLS
	}
	s := &IMAP{bearer: o.Bearer, accounts: make(map[string]*account), inside: newPipeListener()}
	gate, err := openGate(o.Address, implicit, nil)
	if err != nil {
		return nil, fmt.Errorf("start the IMAP server: %w", err)
	}
	s.gate = gate
	s.server = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return s.newSession()
		},
		Caps:         o.Caps,
		TLSConfig:    startTLS,
		InsecureAuth: true, // it serves loopback alone
		Logger:       logger{o.Log},
	})
	for _, ln := range []net.Listener{s.gate, s.inside} {
		s.serving.Go(func() { _ = s.server.Serve(ln) })
	}
	return s, nil
}

// newSession begins a session that Close waits for.
func (s *IMAP) newSession() (imapserver.Session, *imapserver.GreetingData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, &imap.Error{Type: imap.StatusResponseTypeBye, Text: "Closing"}
	}
	s.sessions.Add(1)
	one := &session{server: s}
	if s.bearer != nil {
		return bearerSession{one, s.bearer}, nil, nil
	}
	return one, nil, nil
}

// Addr returns host:port.
func (s *IMAP) Addr() string { return s.gate.address }

// AddUser adds a user with an INBOX and the given folders. Names are compared without letter case.
func (s *IMAP) AddUser(name, password string, folders ...string) error {
	user := imapmemserver.NewUser(name, password)
	for _, folder := range slices.Concat([]string{"INBOX"}, folders) {
		if err := user.Create(folder, nil); err != nil {
			return fmt.Errorf("create folder %s of %s: %w", folder, name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(name)
	if s.accounts[key] != nil {
		return fmt.Errorf("user %s exists already", name)
	}
	s.accounts[key] = &account{name: name, password: password, user: user}
	return nil
}

// HasUser reports whether there is a user of that name.
func (s *IMAP) HasUser(name string) bool { return s.account(name) != nil }

func (s *IMAP) account(name string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[strings.ToLower(name)]
}

// Append puts a mail into a folder as received at the given time and wakes the clients that wait in IDLE. It returns the
// UID that the mail got.
func (s *IMAP) Append(user, folder string, raw []byte, at time.Time) (uint32, error) {
	account := s.account(user)
	if account == nil {
		return 0, fmt.Errorf("append to %s of %s: no such user", folder, user)
	}
	data, err := account.user.Append(folder, bytes.NewReader(bytes.Clone(raw)), &imap.AppendOptions{Time: at})
	if err != nil {
		return 0, fmt.Errorf("append to %s of %s: %w", folder, user, err)
	}
	s.changed.fire()
	return uint32(data.UID), nil
}

// Count returns how many mails a folder holds, -1 where there is no such folder.
func (s *IMAP) Count(user, folder string) int {
	data := s.status(user, folder)
	if data == nil {
		return -1
	}
	return int(*data.NumMessages)
}

// Stamp returns what is another after each mail that came into a folder or left it, "" where there is no such folder. Who
// looks at a folder again and again need not list what is still the same.
func (s *IMAP) Stamp(user, folder string) string {
	data := s.status(user, folder)
	if data == nil {
		return ""
	}
	return fmt.Sprint(data.UIDValidity, data.UIDNext, *data.NumMessages)
}

// status returns what is known of a folder, nil where there is no such folder.
func (s *IMAP) status(user, folder string) *imap.StatusData {
	account := s.account(user)
	if account == nil {
		return nil
	}
	data, err := account.user.Status(folder, &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true})
	if err != nil {
		return nil
	}
	return data
}

// List returns the mails of a folder in the order of their UIDs. It works while the server is down.
func (s *IMAP) List(user, folder string) ([]Stored, error) {
	mails, err := s.list(user, folder)
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", folder, user, err)
	}
	return mails, nil
}

func (s *IMAP) list(user, folder string) ([]Stored, error) {
	client, err := s.dialInside(user)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	selected, err := client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return nil, err
	}
	if selected.NumMessages == 0 {
		return nil, nil
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := client.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{body},
	}).Collect()
	if err != nil {
		return nil, err
	}
	mails := make([]Stored, 0, len(fetched))
	for _, m := range fetched {
		stored := Stored{UID: uint32(m.UID), Time: m.InternalDate, Raw: m.FindBodySection(body)}
		for _, flag := range m.Flags {
			stored.Flags = append(stored.Flags, string(flag))
		}
		mails = append(mails, stored)
	}
	return mails, nil
}

// dialInside logs in past the port.
func (s *IMAP) dialInside(user string) (*imapclient.Client, error) {
	account := s.account(user)
	if account == nil {
		return nil, errors.New("no such user")
	}
	conn, err := s.inside.dial()
	if err != nil {
		return nil, err
	}
	client := imapclient.New(conn, nil)
	if err := client.Login(account.name, account.password).Wait(); err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// Folders returns the names of the user's folders in alphabetical order.
func (s *IMAP) Folders(user string) ([]string, error) {
	client, err := s.dialInside(user)
	if err != nil {
		return nil, fmt.Errorf("list the folders of %s: %w", user, err)
	}
	defer func() { _ = client.Close() }()
	list, err := client.List("", "*", nil).Collect()
	if err != nil {
		return nil, fmt.Errorf("list the folders of %s: %w", user, err)
	}
	var names []string
	for _, folder := range list {
		names = append(names, folder.Mailbox)
	}
	slices.Sort(names)
	return names, nil
}

// Wait waits until the mails of a folder are as wanted and returns them; a folder that does not exist yet is an empty one.
func (s *IMAP) Wait(ctx context.Context, user, folder string, wanted func([]Stored) bool) ([]Stored, error) {
	for {
		changed := s.changed.next()
		var mails []Stored
		if s.Count(user, folder) > 0 {
			var err error
			if mails, err = s.List(user, folder); err != nil {
				return nil, err
			}
		}
		if wanted(mails) {
			return mails, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return mails, fmt.Errorf("wait for %s of %s, which holds %d mails: %w", folder, user, len(mails), context.Cause(ctx))
		}
	}
}

// WaitCount waits until a folder holds that many mails. It is cheaper than Wait.
func (s *IMAP) WaitCount(ctx context.Context, user, folder string, n int) error {
	for {
		changed := s.changed.next()
		count := s.Count(user, folder)
		if count == n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d mails in %s of %s, which holds %d: %w", n, folder, user, count, context.Cause(ctx))
		}
	}
}

// Renew gives a folder a new UIDVALIDITY and its mails new UIDs, and cuts the connections, as a server does that was
// restored from a backup. It must not run while mail is being moved.
func (s *IMAP) Renew(user, folder string) error {
	mails, err := s.List(user, folder)
	if err != nil {
		return fmt.Errorf("renew %s of %s: %w", folder, user, err)
	}
	account := s.account(user)
	if err := account.user.Delete(folder); err != nil {
		return fmt.Errorf("renew %s of %s: %w", folder, user, err)
	}
	if err := account.user.Create(folder, nil); err != nil {
		return fmt.Errorf("renew %s of %s: %w", folder, user, err)
	}
	for _, m := range mails {
		if _, err := s.Append(user, folder, m.Raw, m.Time); err != nil {
			return err
		}
	}
	s.Drop()
	return nil
}

// Down refuses connections and cuts the present ones, Up serves the same port again, Drop only cuts.
func (s *IMAP) Down() { s.gate.down() }

// Up undoes Down.
func (s *IMAP) Up() error { return s.gate.up() }

// Drop cuts the present connections.
func (s *IMAP) Drop() { s.gate.drop() }

// Close ends the server and waits for its connections to end.
func (s *IMAP) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.gate.Close()
	_ = s.inside.Close()
	s.serving.Wait() // first: the server counts its listeners without a lock
	err := s.server.Close()
	s.sessions.Wait()
	return err
}

// pipeListener lets the process itself in without a port.
type pipeListener struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{incoming: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.incoming <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "inside", Net: "pipe"} }

// logger is what both servers complain to.
type logger struct{ log *slog.Logger }

// Printf implements the servers' Logger.
func (l logger) Printf(format string, args ...any) {
	if l.log != nil {
		l.log.Debug(strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// Println implements the SMTP server's Logger.
func (l logger) Println(args ...any) {
	if l.log != nil {
		l.log.Debug(strings.TrimSpace(fmt.Sprintln(args...)))
	}
}
