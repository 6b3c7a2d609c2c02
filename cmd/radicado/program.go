package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/mailbox/message"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/desk"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

// program is the daemon: everything that runs, wired together. Tests and the demo start it in their own process.
type program struct {
	register  *register.Register
	desk      *desk.Desk
	outbox    *outbox.Outbox
	senders   []*deliver.Sender
	receivers []*receive.Receiver
	cron      *cron.Cron
	sheets    *sheetMaker
	schedule  *schedule.Schedule
	log       *slog.Logger
}

// pace is how long the parts wait; its zero value is right for everybody but a test.
type pace struct {
	receive receive.Timing
	outbox  outbox.Pace
	now     func() time.Time // the clock; nil is time.Now
}

// newProgram opens the register and wires the parts. Nothing runs and nothing is connected yet.
func newProgram(ctx context.Context, s *settings, pace pace, log *slog.Logger) (_ *program, err error) {
	p := &program{log: log}
	if pace.now == nil {
		pace.now = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	keys, err := trust.OpenKeyring(s.file.Trust.KeyFile, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("trust.key_file: %w", err)
	}
	prover, err := newProver(s, keys, time.Now)
	if err != nil {
		return nil, err
	}
	texts, err := templates.Load(s.file.Templates.Folder, s.templates())
	if err != nil {
		return nil, fmt.Errorf("templates.folder: %w", err)
	}
	if p.sheets, err = newSheetMaker(s); err != nil {
		return nil, err
	}
	storage := s.registerOptions(true)
	storage.Now = pace.now
	p.register, err = register.Open(ctx, s.file.Register.Path, storage)
	if err != nil {
		return nil, fmt.Errorf("register.path: %w", err)
	}
	if err := p.addOutbox(s, texts, keys, pace); err != nil {
		return nil, err
	}
	options := s.deskOptions(prover, keys, log)
	options.Queued = p.outbox.Kick
	p.desk = desk.New(p.register, options)
	p.schedule, err = schedule.New(p.register, s.jobs(p.desk), schedule.Options{Location: s.location, Now: pace.now, Done: p.outbox.Kick, Log: log})
	if err != nil {
		return nil, fmt.Errorf("[schedule]: %w", err)
	}
	return p, p.addReceivers(s, pace.receive)
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

// codeRenderer puts the codes of confirmations into notices: the register does not hold them.
type codeRenderer struct {
	texts *templates.Set
	keys  *trust.Keyring
}

// Render implements outbox.Renderer.
func (r codeRenderer) Render(n tickets.Notice) (templates.Mail, error) {
	if n.Data.Confirmation != nil {
		c := *n.Data.Confirmation
		c.Code = desk.Code(r.keys, c, n.To.Key())
		n.Data.Confirmation = &c
	}
	return r.texts.Render(n)
}

func (p *program) addOutbox(s *settings, texts *templates.Set, keys *trust.Keyring, pace pace) error {
	instance := s.instance(keys)
	server, err := s.smtpServer()
	if err != nil {
		return err
	}
	options := outbox.Options{
		Render: codeRenderer{texts, keys}, From: s.from(), Instance: instance, GiveUpAfter: s.giveUpAfter, Pace: pace.outbox, Now: pace.now, Log: p.log,
		Attach: p.attach,
		GivenUp: func(tx *register.Tx, row register.OutboxRow, status, diagnostic string) error {
			return p.desk.GivenUp(tx, row, status, diagnostic)
		},
	}
	if s.file.Desk.PlusAddresses {
		options.ReplyTo = func(row register.OutboxRow) mailbox.Address {
			if row.Ticket == "" {
				return mailbox.Address{}
			}
			return keys.ReplyAddress(s.from(), string(row.Ticket), row.Notice.To.Addr)
		}
	}
	for range s.file.SMTP.Connections {
		sender := deliver.New(server)
		p.senders = append(p.senders, sender)
		options.Senders = append(options.Senders, sender)
	}
	p.outbox = outbox.New(p.register, options)
	return nil
}

func (p *program) addReceivers(s *settings, timing receive.Timing) error {
	p.cron = cron.New(cron.WithLocation(s.location), cron.WithChain(cron.Recover(cronLog{p.log})))
	for _, m := range s.mailboxes {
		account, err := m.account(timing)
		if err != nil {
			return err
		}
		receiver := receive.New(account, p.desk, p.log)
		if _, err := p.cron.AddFunc(m.section.Poll, receiver.Poke); err != nil {
			return fmt.Errorf("mailbox %s: poll: %w", m.section.Name, err)
		}
		p.receivers = append(p.receivers, receiver)
	}
	return nil
}

// Run does the daemon's work until ctx ends. Parts that are ended finish what they have begun.
func (p *program) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	errs := make(chan error, len(p.receivers)+3)
	start := func(run func(context.Context) error) {
		wait.Go(func() {
			errs <- run(ctx)
			stop() // no part goes on without the others
		})
	}
	start(p.desk.Run)
	start(p.outbox.Run)
	start(p.schedule.Run)
	for _, r := range p.receivers {
		start(r.Run)
	}
	p.cron.Start()
	wait.Wait()
	<-p.cron.Stop().Done()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// Close ends the connections and closes the register, which goes last.
func (p *program) Close() error {
	var errs []error
	for _, s := range p.senders {
		errs = append(errs, s.Close())
	}
	if p.register != nil {
		errs = append(errs, p.register.Close())
	}
	return errors.Join(errs...)
}

// cronLog lets the scheduler speak through slog.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(string, ...any) {} // every wake-up: nobody wants to read that

func (l cronLog) Error(err error, msg string, _ ...any) {
	l.log.Error("scheduled job failed", "error", err, "message", msg)
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
		return config, nil
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

// resolver is the system's, where DKIM is to be verified here.
func resolver(s *settings) trust.Resolver {
	if !s.trust.VerifyDKIM {
		return nil
	}
	return net.DefaultResolver
}
