package monitor

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Look finds out how things stand. What could not be found out is said in the figures.
type Look func(ctx context.Context) Figures

// Figures is how things stand.
type Figures struct {
	Mailboxes []Mailbox

	Register     error // why the register cannot be read, nil where it can
	Size         int64 // of the register, in bytes
	Waiting      int   // mails that were received and not handled
	WaitingSince time.Time
	Queued       int // notices
	QueuedSince  time.Time
	Due          time.Time // when the first of them was to be tried
	Now          time.Time // by the clock of the register

	Space      int64 // bytes that are free where the register lies
	SpaceError error
	Folder     string // where it lies

	Backup         time.Time // of the state in the last verified backup; zero for none
	BackupFailures int       // in a row since then
}

// Mailbox is how a mailbox stands.
type Mailbox struct {
	Name    string
	Trouble string // "" while it is being read
	Err     error
	Advice  string
	Seen    time.Time // zero: not since the start
}

// lookTime bounds a look, so that a hanging disk is told and not waited for.
const lookTime = 5 * time.Second

// looking is the collector of what is found out at a scrape.
type looking struct {
	m   *Monitor
	all []*prometheus.Desc

	imapUp, imapTrouble, imapSeen, readable, size, waiting, waitingAge, queued, queuedAge, serverUp, space, backup, backupFailures *prometheus.Desc
}

func newLooking(m *Monitor) *looking {
	l := &looking{m: m}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
		l.all = append(l.all, d)
		return d
	}
	l.imapUp = desc("imap_up", "Whether the mailbox is being read.", "mailbox")
	l.imapTrouble = desc("imap_trouble", "Why the mailbox is not being read; there is no such series while it is.", "mailbox", "trouble")
	l.imapSeen = desc("imap_seen_timestamp_seconds", "When the mailbox was seen last; 0: not since the start.", "mailbox")
	l.readable = desc("register_readable", "Whether the register can be read.")
	l.size = desc("register_size_bytes", "Size of the register with its log.")
	l.space = desc("register_free_bytes", "Free space where the register lies.")
	l.waiting = desc("mails_waiting", "Mails that were received and not decided on.")
	l.waitingAge = desc("mails_waiting_seconds", "Age of the oldest mail that waits.")
	l.queued = desc("notices_queued", "Notices in the outbox.")
	l.queuedAge = desc("notices_queued_seconds", "Age of the oldest notice in the outbox.")
	l.serverUp = desc("smtp_up", "Whether the mail server takes notices, as far as was tried.")
	l.backup = desc("backup_verified_timestamp_seconds", "Of the last verified backup; 0: there is none.")
	l.backupFailures = desc("backup_failures", "Backups that failed since the last verified one.")
	return l
}

// Describe is part of prometheus.Collector.
func (l *looking) Describe(out chan<- *prometheus.Desc) {
	for _, d := range l.all {
		out <- d
	}
}

// Collect is part of prometheus.Collector.
func (l *looking) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	f := l.m.options.Look(ctx)
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, b := range f.Mailboxes {
		gauge(l.imapUp, truth(b.Trouble == "" && !b.Seen.IsZero()), b.Name)
		gauge(l.imapSeen, unix(b.Seen), b.Name)
		if b.Trouble != "" {
			gauge(l.imapTrouble, 1, b.Name, b.Trouble)
		}
	}
	gauge(l.readable, truth(f.Register == nil))
	if f.Register == nil {
		gauge(l.size, float64(f.Size))
		gauge(l.waiting, float64(f.Waiting))
		gauge(l.waitingAge, age(f.Now, f.WaitingSince))
		gauge(l.queued, float64(f.Queued))
		gauge(l.queuedAge, age(f.Now, f.QueuedSince))
		gauge(l.backup, unix(f.Backup))
		gauge(l.backupFailures, float64(f.BackupFailures))
	}
	if f.SpaceError == nil {
		gauge(l.space, float64(f.Space))
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	gauge(l.serverUp, truth(l.m.server.err == nil))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(now.Sub(since).Seconds(), 0)
}
