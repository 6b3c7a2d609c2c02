package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"radicado/mailbox/deliver"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/monitor"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
)

type monitorSection struct {
	Listen       string `toml:"listen"`
	AllowNetwork bool   `toml:"allow_network"`
	Silence      string `toml:"mailbox_silence"`
	Delay        string `toml:"outbox_delay"`
	Space        string `toml:"free_space"`
}

// defaultMonitor serves this machine alone. A mailbox in IDLE is heard of every nine minutes.
func defaultMonitor() monitorSection {
	return monitorSection{Listen: "127.0.0.1:9180", Silence: "20m", Delay: "30m", Space: "200MB"}
}

// The loops that are watched, and how long a step of theirs may take. A step of the outbox is one notice, in which the mail
// server may take its time again and again.
const (
	loopDesk    = "desk"
	loopOutbox  = "outbox"
	deskStep    = 5 * time.Minute
	outboxSteps = 15 // of smtp.timeout
)

// monitor reads where metrics are served, and from when on something is wrong.
func (c *checker) monitor(s *settings) {
	m := s.file.Monitor
	if m.Listen != "" {
		host, port, err := net.SplitHostPort(m.Listen)
		switch {
		case err != nil || port == "":
			c.wrong("monitor.listen", `found %q, expected host:port, such as "127.0.0.1:9180", or nothing`, m.Listen)
		case !loopback(host) && !m.AllowNetwork:
			c.wrong("monitor.listen", "found %q, expected an address of this machine alone, such as \"127.0.0.1:9180\": whoever reaches it sees how much mail "+
				"there is. If that is really wanted, set allow_network = true", m.Listen)
		}
	}
	s.limits = monitor.Limits{Silence: c.duration("monitor.mailbox_silence", m.Silence), Delay: c.duration("monitor.outbox_delay", m.Delay),
		Space:   c.size("monitor.free_space", m.Space),
		Stalled: map[string]time.Duration{loopDesk: deskStep, loopOutbox: max(outboxSteps*s.smtpTimeout, deskStep)}}
}

func newMonitor(p *program) *monitor.Monitor {
	return monitor.New(monitor.Options{Version: version(), Look: p.look, Try: p.tryRegister})
}

// watchDesk tells the monitor of the desk.
func watchDesk(m *monitor.Monitor) desk.Observer {
	return desk.Observer{
		Turned: func() { m.Turned(loopDesk) },
		Handled: func(h desk.Handled) {
			problems := make([]string, len(h.Refused))
			for i, code := range h.Refused {
				problems[i] = string(code)
			}
			m.Handled(h.Mailbox, string(h.Outcome), h.Took, problems...)
		},
	}
}

// watchOutbox tells the monitor of the outbox.
func watchOutbox(m *monitor.Monitor) outbox.Observer {
	return outbox.Observer{
		Turned: func() { m.Turned(loopOutbox) },
		Tried:  func(r deliver.Result, took time.Duration) { m.Sent(r.Outcome.String(), took) },
		Became: func(kind tickets.NoticeKind, o outbox.Outcome) { m.Notice(string(kind), string(o)) },
		Server: m.Server,
	}
}

// watch serves the metrics as the settings say. Without them the desk works all the same.
func (p *program) watch(serving *monitor.Server) {
	s := p.shift.settings
	p.monitor.SetLimits(s.limits)
	for _, m := range p.shift.mailboxes {
		p.monitor.Expect(m.Name, texts(desk.Outcomes())...)
	}
	p.monitor.ExpectNotices(texts(tickets.NoticeKinds()), texts(outbox.Outcomes())...)
	for _, job := range p.shift.jobs(p) {
		p.monitor.ExpectJob(job.Name)
	}
	if err := serving.Listen(s.file.Monitor.Listen); err != nil {
		p.log.Error("metrics are not served: set monitor.listen to an address that is free", "error", err)
	}
}

// texts are the values of a type as labels.
func texts[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// look gathers the figures of the monitor.
func (p *program) look(ctx context.Context) monitor.Figures {
	f := monitor.Figures{Mailboxes: p.readings.figures(), Folder: filepath.Dir(p.path), Now: p.pace.now()}
	f.Space, f.SpaceError = freeSpace(f.Folder)
	f.Register = p.register.View(ctx, func(r *register.Reader) error {
		waiting, err := r.Figures()
		if err != nil {
			return err
		}
		f.Waiting, f.WaitingSince = waiting.Arrivals, waiting.OldestArrival
		f.Queued, f.QueuedSince, f.Due = waiting.Notices, waiting.OldestNotice, waiting.Due
		backups, err := r.Backups()
		f.Backup = backups.Verified.At
		if backups.Failing() {
			f.BackupFailures = backups.Failed.Failures
		}
		return err
	})
	if f.Register == nil {
		f.Size, f.Register = p.register.Size()
	}
	return f
}

// tryRegister says whether the register can be written: whether its turn comes, and its folder takes a file.
func (p *program) tryRegister(ctx context.Context) error {
	if err := p.register.Try(ctx); err != nil {
		return err
	}
	if found := checkFolder("register", p.path); !found.OK {
		return fmt.Errorf("%s: %s", found.What, found.Detail)
	}
	return nil
}

// freeSpace returns how many bytes an ordinary user may still write where folder lies.
func freeSpace(folder string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, fmt.Errorf("free space in %s: %w", folder, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
