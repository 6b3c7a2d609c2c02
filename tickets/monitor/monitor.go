// Package monitor counts what the daemon does and says how it is: metrics for Prometheus, whether it is alive, whether it is ready
// to serve. It is told in plain values and asks for plain figures; it must not know where they come from, and nothing that it
// publishes is of a person or of a mail.
package monitor

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Options is what a Monitor works with.
type Options struct {
	Version string
	Look    Look                            // asked at every scrape and question
	Try     func(ctx context.Context) error // tries to write the register; asked whether the daemon is ready
	Now     func() time.Time                // nil is time.Now
}

// Monitor counts. All of its methods may be called from several goroutines at a time.
type Monitor struct {
	options  Options
	registry *prometheus.Registry

	received, handled, refused, notices, jobs, reloads *prometheus.CounterVec
	handling                                           prometheus.Observer
	smtp, jobTimes                                     *prometheus.HistogramVec
	reloaded                                           prometheus.Gauge

	mu     sync.Mutex
	limits Limits
	pulses map[string]time.Time // of the loops, when each came a step further
	server fault                // of the mail server
}

// fault is a trouble that lasts.
type fault struct {
	err   error // nil for none
	since time.Time
}

const namespace = "radicado"

// New returns a Monitor with a registry of its own.
func New(options Options) *Monitor {
	if options.Now == nil {
		options.Now = time.Now
	}
	m := &Monitor{options: options, registry: prometheus.NewRegistry(), pulses: map[string]time.Time{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	m.received = counter("mails_received_total", "Mails taken from a mailbox and kept.", "mailbox")
	m.handled = counter("mails_handled_total", "Mails decided on: registered (a new request), filed, repeated or quarantined.", "mailbox", "outcome")
	m.refused = counter("commands_refused_total", "Commands in subjects that were not obeyed.", "problem")
	m.notices = counter("notices_total", "Attempts at notices: sent, deferred or given_up.", "kind", "outcome")
	m.jobs = counter("job_runs_total", "Runs of scheduled jobs: done or failed.", "job", "result")
	m.reloads = counter("settings_reloads_total", "Times that the settings were read again: taken or refused.", "result")
	quick := []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
	m.handling = histogram("mail_handling_seconds", "Time from a mail's being kept to the decision on it.", quick).WithLabelValues()
	m.smtp = histogram("smtp_send_seconds", "Time that the mail server took for a notice.", quick, "result")
	m.jobTimes = histogram("job_seconds", "Time that the runs of scheduled jobs took.", quick, "job")
	m.reloaded = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "settings_loaded_timestamp_seconds",
		Help: "When the settings in force were read."})
	m.reloaded.Set(unix(options.Now()))
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "The version that runs.",
		ConstLabels: prometheus.Labels{"version": options.Version}})
	build.Set(1)
	m.registry.MustRegister(m.reloaded, build, newLooking(m), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{"taken", "refused"} {
		m.reloads.WithLabelValues(result) // so that the first one is seen as an increase
	}
	return m
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Expect makes the series of a mailbox, so that its first mail is seen as an increase.
func (m *Monitor) Expect(mailbox string, outcomes ...string) {
	m.received.WithLabelValues(mailbox)
	for _, outcome := range outcomes {
		m.handled.WithLabelValues(mailbox, outcome)
	}
}

// ExpectNotices makes the series of kinds of notice, so that the first one given up is seen as an increase.
func (m *Monitor) ExpectNotices(kinds []string, outcomes ...string) {
	for _, kind := range kinds {
		for _, outcome := range outcomes {
			m.notices.WithLabelValues(kind, outcome)
		}
	}
}

// ExpectJob makes the series of a job, so that its first failure is seen as an increase.
func (m *Monitor) ExpectJob(job string) {
	for _, result := range []string{jobDone, jobFailed} {
		m.jobs.WithLabelValues(job, result)
	}
}

// Received counts mails that were kept.
func (m *Monitor) Received(mailbox string, mails int) {
	m.received.WithLabelValues(mailbox).Add(float64(mails))
}

// Handled counts a mail that was decided on, with the problems of the commands in it that were refused.
func (m *Monitor) Handled(mailbox, outcome string, took time.Duration, problems ...string) {
	m.handled.WithLabelValues(mailbox, outcome).Inc()
	m.handling.Observe(took.Seconds())
	for _, problem := range problems {
		m.refused.WithLabelValues(problem).Inc()
	}
}

// Notice counts an attempt at a notice.
func (m *Monitor) Notice(kind, outcome string) { m.notices.WithLabelValues(kind, outcome).Inc() }

// Sent times an attempt at a notice.
func (m *Monitor) Sent(result string, took time.Duration) {
	m.smtp.WithLabelValues(result).Observe(took.Seconds())
}

// Server notes that the mail server fails as a whole; nil: that it takes notices again.
func (m *Monitor) Server(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server.err == nil || err == nil {
		m.server.since = m.options.Now()
	}
	m.server.err = err
}

// How the run of a job ends.
const (
	jobDone   = "done"
	jobFailed = "failed"
)

// Job counts a run of a job.
func (m *Monitor) Job(job string, took time.Duration, err error) {
	result := jobDone
	if err != nil {
		result = jobFailed
	}
	m.jobs.WithLabelValues(job, result).Inc()
	m.jobTimes.WithLabelValues(job).Observe(took.Seconds())
}

// Reloaded counts a reading of the settings.
func (m *Monitor) Reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues("refused").Inc()
		return
	}
	m.reloads.WithLabelValues("taken").Inc()
	m.reloaded.Set(unix(m.options.Now()))
}
