package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/mailbox/message"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets/board"
	"radicado/tickets/command"
	"radicado/tickets/desk"
	"radicado/tickets/monitor"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
)

// program is the daemon: everything that runs, wired together. Tests and the demo start it in their own process.
type program struct {
	register *register.Register
	path     string // of the register
	pace     pace
	log      *slog.Logger
	readings readings
	monitor  *monitor.Monitor
	board    *board.Board  // nil where the settings want none
	wrote    chan struct{} // a token: something was committed
	started  chan struct{} // closed when the first shift is at work
	relief   chan relief   // how reload hands the next shift to Run
	ended    chan struct{}

	mu    sync.Mutex
	shift *shift
}

// pace is how long the parts wait; its zero value is right for everybody but a test.
type pace struct {
	receive receive.Timing
	outbox  outbox.Pace
	look    time.Duration    // between looks at a mailbox whose books do not balance yet; 0 is desk's own
	rest    time.Duration    // until the daemon counts as being at rest; 0 is restAfter
	now     func() time.Time // the clock; nil is time.Now
}

// newProgram opens the register and wires the parts. Nothing runs and nothing is connected yet.
func newProgram(ctx context.Context, s *settings, pace pace, log *slog.Logger) (_ *program, err error) {
	if pace.now == nil {
		pace.now = time.Now
	}
	p := &program{path: s.file.Register.Path, pace: pace, log: log, wrote: make(chan struct{}, 1), started: make(chan struct{}), readings: readings{log: log.With("part", "receive")}, relief: make(chan relief), ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	storage := s.registerOptions(true)
	storage.Now, storage.Committed = pace.now, p.committed
	p.register, err = register.Open(ctx, s.file.Register.Path, storage)
	if err != nil {
		return nil, fmt.Errorf("register.path: %w", err)
	}
	if err := p.newBoard(s); err != nil {
		return nil, err
	}
	p.monitor = newMonitor(p)
	p.readings.monitor = p.monitor
	if p.shift, err = p.newShift(s, nil); err != nil {
		return nil, err
	}
	if p.board != nil {
		err = p.board.Use(p.shift.page)
	}
	return p, err
}

// instance is what our notices carry, so that one of them that comes back is known.
func (s *settings) instance(keys *trust.Keyring) string {
	return keys.Token("instance", s.file.Desk.Address)
}

func (s *settings) deskOptions(prover desk.Prover, keys *trust.Keyring, log *slog.Logger) desk.Options {
	options := desk.Options{
		Policy: s.policy, Grammar: command.New(s.file.Desk.NumberPrefix), Prover: prover, Keys: keys,
		Reader: message.Options{Own: s.policy.Own, Instance: s.instance(keys)},
		Domain: mailbox.Address{Addr: s.file.Desk.Address}.Domain(), CutOff: s.cutOffs(), Log: log,
		Refuse: s.file.Scan.OnFailure == "quarantine",
	}
	if s.scanner != nil { // and no typed nil
		options.Scanner = s.scanner
	}
	return options
}

// Run does the daemon's work until ctx ends. Parts that are ended finish what they have begun.
func (p *program) Run(ctx context.Context) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer close(p.ended)
	defer p.readings.end()
	serving := monitor.Server{Handler: p.monitor.Handler(), Log: p.log.With("part", "monitor")}
	defer serving.Close()
	var sending sync.WaitGroup
	defer sending.Wait()
	defer stop()
	endBoard := p.startBoard(ctx, stop)
	defer func() { err = errors.Join(err, endBoard()) }()
	var before *shift
	for {
		working, relieve := context.WithCancel(ctx)
		ended := make(chan error, 1)
		now, last := p.shift, before
		go func() { ended <- now.run(working) }()
		sending.Go(func() {
			if err := now.send(ctx, last); err != nil {
				p.log.Warn("connections to the mail server did not end well", "error", err)
			}
		})
		p.readings.become(ctx, now.mailboxes, now.desk)
		p.watch(&serving)
		if before == nil {
			close(p.started)
		}
		var next relief
		select {
		case <-ctx.Done():
		case next = <-p.relief:
		case err := <-ended: // a part has failed, and none goes on without the others
			ended <- err
		}
		relieve()
		err = <-ended
		if next.shift == nil || err != nil {
			return err
		}
		now.outbox.Relieve()
		before = now
		p.mu.Lock()
		p.shift = next.shift
		p.mu.Unlock()
		p.useBoard(next.shift)
		close(next.done)
	}
}

// Close closes the register.
func (p *program) Close() error {
	if p.register == nil {
		return nil
	}
	var errs []error
	if p.board != nil {
		errs = append(errs, p.board.Close())
	}
	return errors.Join(append(errs, p.register.Close())...)
}

func (s *settings) templates() templates.Settings {
	d := s.file.Desk
	return templates.Settings{Desk: s.from(), Organisation: d.Organisation, DeskName: d.Name, Location: s.location}
}

func (s *settings) from() mailbox.Address {
	return mailbox.Address{Name: s.file.Desk.Name, Addr: s.file.Desk.Address}
}

func (s *settings) registerOptions(daemon bool) register.Options {
	return register.Options{Prefix: s.file.Desk.NumberPrefix, Location: s.location, Program: version(), Daemon: daemon}
}

func (s *settings) cutOffs() map[string]time.Time {
	list := map[string]time.Time{}
	for _, m := range s.mailboxes {
		if !m.since.IsZero() {
			list[m.section.Name] = m.since
		}
	}
	return list
}

// account is the mailbox in the terms of receive.
func (m mailboxSettings) account(timing receive.Timing) (receive.Account, error) {
	config, err := tlsConfig(m.section.Address, m.section.CAFile)
	if err != nil {
		return receive.Account{}, fmt.Errorf("mailbox %s: %w", m.section.Name, err)
	}
	timing.Step = cmp.Or(timing.Step, m.timeout)
	timing.Check = cmp.Or(timing.Check, m.check)
	// The schedule looks; the receiver's own clock is only for servers that the schedule would leave waiting for a day.
	timing.Poll = cmp.Or(timing.Poll, 24*time.Hour)
	account := receive.Account{
		Name: m.section.Name, Address: m.section.Address, TLS: receive.TLSMode(m.section.TLS), TLSConfig: config,
		Username: m.section.Username, Password: m.secret.read, Folder: m.section.Folder, Processed: m.section.ProcessedFolder,
		Quarantine: m.section.QuarantineFolder, LeaveInPlace: m.section.LeaveInPlace, MaxSize: m.maxSize, Timing: timing,
	}
	if m.tokens != nil {
		account.Password, account.Token, account.Refused = nil, m.tokens.Token, m.tokens.Refused
	}
	return account, nil
}

// smtpServer is the server in the terms of deliver.
func (s *settings) smtpServer() (deliver.Server, error) {
	m := s.file.SMTP
	config, err := tlsConfig(m.Address, m.CAFile)
	if err != nil {
		return deliver.Server{}, fmt.Errorf("smtp: %w", err)
	}
	hello := m.Hello
	if hello == "" {
		if hello, err = os.Hostname(); err != nil {
			hello = "localhost"
		}
	}
	server := deliver.Server{Address: m.Address, TLSConfig: config, Hello: hello, Username: m.Username, Timeout: s.smtpTimeout,
		TLS: map[string]deliver.TLSMode{"implicit": deliver.Implicit, "starttls": deliver.StartTLS, "none": deliver.None}[m.TLS]}
	if m.OAuth {
		tokens := s.newTokens(m.Username)
		server.Password, server.Mechanism, server.Refused = tokens.Token, deliver.OAuth, tokens.Refused
	} else if !s.smtpSecret.none() {
		server.Password = s.smtpSecret.read
	}
	return server, nil
}

// tlsConfig trusts the system's authorities, or a private one.
func tlsConfig(address, caFile string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		config.RootCAs, err = systemAuthorities()
		return config, err
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s: no PEM certificate in it", caFile)
	}
	return config, nil
}

// systemAuthorities reads the system's authorities. The first handshake without any named would read them too, but once in the life of the
// process: where they cannot be read then, for want of open files say, no certificate is trusted until it ends.
func systemAuthorities() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificate authorities: %w", err)
	}
	return pool, nil
}

// resolver is the system's, where DKIM is to be verified here.
func resolver(s *settings) trust.Resolver {
	if !s.trust.VerifyDKIM {
		return nil
	}
	return net.DefaultResolver
}
