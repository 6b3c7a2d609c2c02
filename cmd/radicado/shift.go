package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/board"
	"radicado/tickets/desk"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

// shift is the parts of the daemon that are made of the settings and hold nothing that must outlive them. Other settings make
// another shift, which relieves this one between two mails; the register and the mailboxes stay.
type shift struct {
	settings  *settings
	register  *register.Register
	desk      *desk.Desk
	outbox    *outbox.Outbox
	senders   []*deliver.Sender
	mailboxes []account
	cron      *cron.Cron // looks at the mailboxes
	sheets    *sheetMaker
	page      board.Desk
	schedule  *schedule.Schedule
	log       *slog.Logger
	sent      chan struct{} // closed when the outbox has ended
}

// newShift wires the parts, which are to go on where those of the shift before stop; nil for the first. Nothing runs and nothing is connected yet.
func (p *program) newShift(s *settings, before *shift) (*shift, error) {
	w := &shift{settings: s, register: p.register, log: p.log.With("part", "daemon"), sent: make(chan struct{})}
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
	if w.sheets, err = newSheetMaker(s); err != nil {
		return nil, err
	}
	if err := w.addOutbox(p, texts, keys); err != nil {
		return nil, err
	}
	options := s.deskOptions(prover, keys, p.log.With("part", "desk"))
	options.Queued, options.Observe, options.Tidy = w.outbox.Kick, watchDesk(p.monitor), giveBackMemory
	if before == nil {
		w.desk = desk.New(p.register, options)
	} else {
		w.desk = before.desk.Successor(options)
	}
	if err := w.addMailboxes(p); err != nil {
		return nil, err
	}
	w.schedule, err = schedule.New(p.register, w.jobs(p), schedule.Options{Location: s.location, Now: p.pace.now, Done: w.outbox.Kick,
		Ran: p.monitor.Job, Log: p.log.With("part", "schedule")})
	if err != nil {
		return nil, fmt.Errorf("[schedule]: %w", err)
	}
	w.page = w.boardDesk(texts, keys)
	return w, nil
}

func (w *shift) addOutbox(p *program, texts *templates.Set, keys *trust.Keyring) error {
	s := w.settings
	server, err := s.smtpServer()
	if err != nil {
		return err
	}
	options := outbox.Options{
		Render: codeRenderer{texts, keys, p.board}, From: s.from(), Instance: s.instance(keys), GiveUpAfter: s.giveUpAfter, Pace: p.pace.outbox, Now: p.pace.now,
		Log: p.log.With("part", "outbox"), Enclose: w.enclose, Observe: watchOutbox(p.monitor), Hold: func() time.Duration { return w.desk.Rush() },
		GivenUp: func(tx *register.Tx, row register.OutboxRow, why *tickets.UndeliveredFact) error {
			return w.desk.GivenUp(tx, row, why)
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
		w.senders = append(w.senders, sender)
		options.Senders = append(options.Senders, sender)
	}
	w.outbox = outbox.New(w.register, options)
	return nil
}

// addMailboxes prepares what is to be read, and when it is looked at.
func (w *shift) addMailboxes(p *program) error {
	w.cron = cron.New(cron.WithLocation(w.settings.location), cron.WithChain(cron.Recover(cronLog{w.log})))
	for _, m := range w.settings.mailboxes {
		one, err := w.settings.newAccount(m, p.pace.receive)
		if err != nil {
			return err
		}
		if _, err := w.cron.AddFunc(m.section.Poll, func() { p.readings.poke(m.section.Name) }); err != nil {
			return fmt.Errorf("mailbox %s: poll: %w", m.section.Name, err)
		}
		w.mailboxes = append(w.mailboxes, one)
	}
	return nil
}

// jobs is everything that the daemon does by itself.
func (w *shift) jobs(p *program) []schedule.Job {
	s := w.settings
	return slices.Concat(s.jobs(w.desk, w.counted(p)), s.reportJobs(w.desk), []schedule.Job{w.retentionJob(p.pace.now)}, w.backupJobs(p.pace.now))
}

// counted is the mailboxes as the daily reconciliation looks at them.
func (w *shift) counted(p *program) []desk.Mailbox {
	var list []desk.Mailbox
	for _, a := range w.mailboxes {
		list = append(list, desk.Mailbox{Name: a.Name, Now: p.pace.now, Wait: p.pace.look,
			Stock: func(ctx context.Context, since time.Time) (mailbox.Stock, error) {
				return receive.Stock(ctx, a.Account, since)
			},
			Retake: func(uidValidity uint32, uids []uint32) { p.readings.retake(a.Name, uidValidity, uids) }})
	}
	return list
}

// run does the work of the shift, but for what send does, until ctx ends or a part fails. Parts that are ended finish what they have
// begun.
func (w *shift) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := []func(context.Context) error{w.desk.Run, w.schedule.Run, w.heed}
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i, run := range parts {
		wait.Go(func() {
			errs[i] = run(ctx)
			stop() // no part goes on without the others
		})
	}
	w.cron.Start()
	wait.Wait()
	<-w.cron.Stop().Done()
	return errors.Join(errs...)
}

// How often the register is looked at for what others have changed, and after how long again where that failed.
const (
	heedEvery = time.Second
	heedAgain = time.Minute
)

// heed does at once what somebody else has left to do in the register: an administrator at the command line, above all.
func (w *shift) heed(ctx context.Context) error {
	for ctx.Err() == nil {
		err := w.register.Watch(ctx, heedEvery, func() {
			w.outbox.Kick()
			w.desk.Kick()
		})
		if err == nil {
			continue
		}
		w.log.Warn("what the command line changes is noticed late", "error", err)
		timer := time.NewTimer(heedAgain)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// send sends notices until ctx ends or the outbox is relieved. It begins when the shift before has sent what it had in hand: a notice
// that is being sent must not be claimed again, and a mail server that takes its time must not keep mails from being handled.
func (w *shift) send(ctx context.Context, before *shift) error {
	defer close(w.sent)
	if before != nil {
		<-before.sent
	}
	return errors.Join(w.outbox.Run(ctx), w.close())
}

// close ends the connections of a shift that does not run.
func (w *shift) close() error {
	var errs []error
	for _, s := range w.senders {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// codeRenderer puts the codes of confirmations and the links to sign in into notices: the register does not hold them.
type codeRenderer struct {
	texts *templates.Set
	keys  *trust.Keyring
	board *board.Board // nil where there is none, and nobody can sign in
}

// Render implements outbox.Renderer.
func (r codeRenderer) Render(n tickets.Notice, made *templates.Report) (templates.Mail, error) {
	if n.Data.Confirmation != nil {
		c := *n.Data.Confirmation
		c.Code = desk.Code(r.keys, c, n.To.Key())
		n.Data.Confirmation = &c
	}
	if n.Data.SignIn != nil && r.board != nil {
		s := *n.Data.SignIn
		s.Link = r.board.Link(s, n.To.Key())
		n.Data.SignIn = &s
	}
	return r.texts.RenderReport(n, made)
}

// cronLog lets the scheduler speak through slog.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(string, ...any) {} // every wake-up: nobody wants to read that

func (l cronLog) Error(err error, msg string, _ ...any) {
	l.log.Error("scheduled job failed", "error", err, "message", msg)
}
