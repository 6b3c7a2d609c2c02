package receive

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/net/html/charset"

	"radicado/mailbox/oauth"
)

// session is one authenticated connection. One goroutine uses it; a step is over before the next begins. After an error
// that is not a refusal the session is of no more use.
type session struct {
	acc    Account
	wire   *wire
	client *imapclient.Client
	caps   imap.CapSet
	begin  time.Time
	// patience is how long the library gets to come back once its connection is closed.
	patience time.Duration

	news        chan struct{} // of size one: the server announced mail
	folder      string        // the selected one, as the server calls it
	uidValidity uint32
	uidNext     uint32 // 0 where the server did not say
	messages    uint32
}

// connect dials, protects and authenticates. The caller closes the session.
func connect(ctx context.Context, acc Account) (*session, error) {
	s, err := dial(ctx, acc)
	if err != nil {
		return nil, trouble(Unreachable, fmt.Errorf("connect to %s: %w", acc.Address, err))
	}
	if err := s.login(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// dial returns a session that has seen the greeting.
func dial(ctx context.Context, acc Account) (*session, error) {
	limited, cancel := context.WithTimeoutCause(ctx, acc.Timing.Step, errSlow)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(limited, "tcp", acc.Address)
	if err != nil {
		return nil, unfound(err)
	}
	stop := context.AfterFunc(limited, func() { _ = raw.Close() })
	conn, greeting, err := protect(limited, acc, raw)
	if !stop() && err == nil {
		err = context.Cause(limited)
	}
	if err != nil {
		_ = raw.Close()
		if cause := context.Cause(limited); cause != nil {
			err = cause
		}
		return nil, err
	}
	s := &session{
		acc:      acc,
		begin:    time.Now(),
		news:     make(chan struct{}, 1),
		wire:     newWire(conn, raw, acc.Timing.Step),
		patience: 5 * time.Second,
	}
	s.wire.filter.out = []byte(greeting)
	s.client = imapclient.New(s.wire, &imapclient.Options{
		WordDecoder: &mime.WordDecoder{CharsetReader: charset.NewReaderLabel},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					notify(s.news)
				}
			},
		},
	})
	if err := s.step(ctx, "greeting", acc.Timing.Step, s.client.WaitGreeting); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// protect returns the connection to speak over, and the greeting where that has been read already.
func protect(ctx context.Context, acc Account, raw net.Conn) (conn net.Conn, greeting string, err error) {
	switch acc.TLS {
	case Plain:
		return raw, "", nil
	case StartTLS:
		// Not by the library, which sends a CAPABILITY of its own while it upgrades and would have no filter below TLS.
		if err := startTLS(raw); err != nil {
			return nil, "", err
		}
		greeting = "* OK protected\r\n"
	case Implicit:
	default:
		return nil, "", fmt.Errorf("unknown TLS mode %q", acc.TLS)
	}
	protected := tls.Client(raw, acc.tlsConfig())
	if err := protected.HandshakeContext(ctx); err != nil {
		return nil, "", fmt.Errorf("TLS: %w", err)
	}
	return protected, greeting, nil
}

// startTLS asks for TLS and returns when the server awaits the handshake.
func startTLS(conn net.Conn) error {
	r := bufio.NewReader(conn)
	for i := range 20 {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
		words := strings.ToUpper(strings.TrimSpace(string(line)))
		switch {
		case strings.HasPrefix(words, "* PREAUTH"):
			// Somebody in between could so make us speak in the clear (RFC 9051 section 7.1.4).
			return errors.New("the server skipped the login on an unprotected connection")
		case strings.HasPrefix(words, "* BYE"), strings.HasPrefix(words, "S NO"), strings.HasPrefix(words, "S BAD"):
			return fmt.Errorf("the server refused STARTTLS: %s", strings.TrimSpace(string(line)))
		case strings.HasPrefix(words, "S OK"):
			if r.Buffered() > 0 {
				return errors.New("the server sent more after its answer to STARTTLS: somebody may have added to it")
			}
			return nil
		}
		if i == 0 { // that was the greeting
			if _, err := conn.Write([]byte("S STARTTLS\r\n")); err != nil {
				return fmt.Errorf("STARTTLS: %w", err)
			}
		}
	}
	return errors.New("the server does not answer STARTTLS")
}

// login authenticates and learns what the server can do.
func (s *session) login(ctx context.Context) error {
	var err error
	if s.acc.Token != nil {
		err = s.authenticate(ctx)
	} else {
		err = s.password(ctx)
	}
	if err != nil {
		return err
	}
	return s.step(ctx, "CAPABILITY", s.acc.Timing.Step, func() error {
		caps, err := s.client.Capability().Wait()
		s.caps = caps
		return err
	})
}

func (s *session) password(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.acc.Timing.Step)
	defer cancel()
	password, err := s.acc.Password(limited)
	if err != nil {
		return trouble(NoSecret, fmt.Errorf("password of %s: %w", s.acc.Username, err))
	}
	disabled := false
	err = s.step(ctx, "login as "+s.acc.Username, s.acc.Timing.Step, func() error {
		if disabled = s.client.Caps().Has(imap.CapLoginDisabled); disabled {
			return nil
		}
		err := s.client.Login(s.acc.Username, password).Wait()
		if answer := refusal(err); answer != nil && password != "" { // some servers repeat the command
			answer.Text = strings.ReplaceAll(answer.Text, password, "…")
		}
		return err
	})
	if disabled {
		return trouble(Refused, errors.New("the server takes no password on this connection (LOGINDISABLED)"))
	}
	answer := refusal(err)
	if answer == nil {
		return err
	}
	return loginRefused(err, answer)
}

func (s *session) authenticate(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.acc.Timing.Step)
	defer cancel()
	token, err := s.acc.Token(limited)
	switch {
	case errors.Is(err, oauth.ErrRefused):
		return trouble(Refused, fmt.Errorf("token of %s: %w", s.acc.Username, err))
	case err != nil:
		return trouble(NoSecret, fmt.Errorf("token of %s: %w", s.acc.Username, err))
	}
	bearer, err := s.bearer(token)
	if err != nil {
		return trouble(Refused, fmt.Errorf("token of %s: %w", s.acc.Username, err))
	}
	err = s.step(ctx, "authentication of "+s.acc.Username, s.acc.Timing.Step, func() error {
		return s.client.Authenticate(bearer)
	})
	answer := refusal(err)
	if answer == nil {
		return err
	}
	if s.acc.Refused != nil {
		s.acc.Refused()
	}
	if why := bearer.Refusal(); why != nil { // the only place where the reason stands
		err = fmt.Errorf("%w (%w)", err, why)
	}
	return loginRefused(err, answer)
}

// bearer says a token by the best mechanism that the server offers.
func (s *session) bearer(token string) (*oauth.Client, error) {
	host, port, err := net.SplitHostPort(s.acc.Address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	offered := func(mechanism string) bool { return s.client.Caps().Has(imap.AuthCap(mechanism)) }
	return oauth.NewClient(offered, s.acc.Username, token, host, number)
}

func loginRefused(err error, answer *imap.Error) error {
	if passing(answer) {
		return trouble(Unreachable, err)
	}
	return trouble(Refused, err)
}

// step runs one exchange with the server. It is bounded as a whole by limit, and by Timing.Step in every silence; its
// end, or that of ctx, closes the connection. What f writes may be read only where step returned nil or a refusal: f may
// still be running otherwise.
func (s *session) step(ctx context.Context, what string, limit time.Duration, f func() error) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, errSlow)
	defer cancel()
	stop := context.AfterFunc(limited, func() { _ = s.wire.Close() })
	defer stop()
	s.wire.expect(s.acc.Timing.Step)
	defer s.wire.expect(0)

	done := make(chan error, 1)
	go func() {
		defer func() {
			// What a server makes us fail at costs one connection, and in the end one mail, not the daemon.
			if fault := recover(); fault != nil {
				done <- fmt.Errorf("panic: %v", fault)
			}
		}()
		done <- f()
	}()
	var err error
	select {
	case err = <-done:
	case <-limited.Done(): // the connection is closed, which ends f
		timer := time.NewTimer(s.patience)
		defer timer.Stop()
		select {
		case err = <-done:
		case <-timer.C:
			err = errStuck
		}
	}
	switch {
	case err == nil:
		return nil
	case refusal(err) != nil, errors.Is(err, errStuck):
	case limited.Err() != nil:
		err = context.Cause(limited)
	default:
		err = goodbye(err, s.wire.filter.notice.bye.Load())
	}
	return fmt.Errorf("%s: %w", what, err)
}

// close ends the connection, without LOGOUT: no server needs it, and a dead one would hold us up.
func (s *session) close() {
	_ = s.wire.Close()
	timer := time.NewTimer(s.patience)
	defer timer.Stop()
	select {
	case <-s.client.Closed():
	case <-timer.C:
	}
}

// open selects the folder to be read, by the name as it is or under the personal namespace.
func (s *session) open(ctx context.Context, name string) error {
	err := s.selectFolder(ctx, name)
	if refusal(err) != nil {
		for _, other := range s.otherNames(ctx, name) {
			if s.selectFolder(ctx, other) == nil {
				return nil
			}
		}
	}
	if refusal(err) != nil || errors.Is(err, errNoUIDValidity) {
		return trouble(NoFolder, err)
	}
	return err
}

func (s *session) selectFolder(ctx context.Context, name string) error {
	var data *imap.SelectData
	// EXAMINE where nothing is to be changed (RFC 3501 section 6.3.2).
	options := &imap.SelectOptions{ReadOnly: s.acc.LeaveInPlace}
	err := s.step(ctx, "open folder "+name, 2*s.acc.Timing.Step, func() error {
		var err error
		data, err = s.client.Select(name, options).Wait()
		return err
	})
	if err != nil {
		return err
	}
	if data.UIDValidity == 0 {
		return fmt.Errorf("open folder %s: %w", name, errNoUIDValidity)
	}
	s.folder, s.uidValidity, s.uidNext, s.messages = name, data.UIDValidity, uint32(data.UIDNext), data.NumMessages
	s.wire.filter.notice.uidValidity.Store(data.UIDValidity)
	return nil
}

// stillValid reports whether the UIDs mean what they meant when the folder was opened. A server may say otherwise at
// any time (RFC 3501 section 7.1).
func (s *session) stillValid() error {
	if now := s.wire.filter.notice.uidValidity.Load(); now != s.uidValidity {
		return fmt.Errorf("folder %s: %w, %d after %d", s.folder, errUIDValidity, now, s.uidValidity)
	}
	return nil
}

// noop gives the server the occasion to announce mail (RFC 3501 section 6.1.2).
func (s *session) noop(ctx context.Context) error {
	return s.step(ctx, "NOOP", s.acc.Timing.Step, func() error { return s.client.Noop().Wait() })
}

// reason is why a wait ended.
type reason int

const (
	timeOver reason = iota
	announced
	woken
	poked
)

// idle lets the server announce mail until something happens, for at most cycle (RFC 2177). No command may be sent
// meanwhile. The library renews IDLE only after 28 minutes and does not notice where a server ends it, so that the cycle
// is our own and the filter watches.
func (s *session) idle(ctx context.Context, cycle time.Duration, wake, poke <-chan struct{}) (reason, error) {
	var cmd *imapclient.IdleCommand
	err := s.step(ctx, "IDLE", s.acc.Timing.Step, func() error {
		var err error
		cmd, err = s.client.Idle()
		return err
	})
	if err != nil {
		heard(s.wire.filter.notice.idleEnded) // which is what a refusal looks like
		return 0, err
	}
	why, err := s.await(ctx, cycle, wake, poke)
	if err != nil {
		return 0, err // nothing can be sent any more; closing the connection ends the command
	}
	return why, s.step(ctx, "end of IDLE", s.acc.Timing.Step, func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
}

// await returns when one of the channels fires or the time is over, or with an error where the connection ended.
func (s *session) await(ctx context.Context, limit time.Duration, wake, poke <-chan struct{}) (reason, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-s.client.Closed():
		return 0, goodbye(errClosed, s.wire.filter.notice.bye.Load())
	case <-s.wire.filter.notice.idleEnded:
		return 0, errIdleEnded
	case <-s.news:
		return announced, nil
	case <-wake:
		return woken, nil
	case <-poke:
		return poked, nil
	case <-timer.C:
		return timeOver, nil
	}
}

// notify fires a channel of size one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// heard reports whether a channel of size one has fired, and quiets it.
func heard(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
