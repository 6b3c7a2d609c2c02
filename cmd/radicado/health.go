package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/mailbox/receive"
	"radicado/tickets/register"
)

type healthCommand struct {
	configFlag
	jsonFlag
	Offline bool `help:"Look at the register and its folder alone, connect to nothing."`
}

// severity is how bad something is, and the exit status that monitoring systems know it by.
type severity int

// The severities.
const (
	well severity = iota
	warning
	critical
)

func (s severity) String() string { return [...]string{"ok", "WARNING", "CRITICAL"}[s] }

// MarshalText writes a severity as monitoring systems call it.
func (s severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// symptom is one thing that was looked at.
type symptom struct {
	What     string   `json:"what"`
	Severity severity `json:"severity"`
	Detail   string   `json:"detail"`
	Advice   string   `json:"advice,omitempty"`
}

// errCritical ends the program with status 2 when everything was said already.
var errCritical = fmt.Errorf("%w: critical", errFailed)

// From when on something is worth a warning, and from when on it is critical; what [monitor] says of mails and notices is critical.
const (
	mailsWarn       = 5 * time.Minute
	failedWithin    = 24 * time.Hour
	backupWarn      = 2 // times what lies between two by the schedule
	backupCritical  = 7
	secretWarn      = 30 * 24 * time.Hour
	secretCritical  = 7 * 24 * time.Hour
	clockTolerance  = 5 * time.Minute
	maxFailedListed = 100
)

// Run looks at everything, also where something is wrong.
func (h *healthCommand) Run(ctx context.Context, c console) error {
	s, err := readSettings(h.Config)
	if err != nil {
		fmt.Fprintln(c.err, "radicado:", err)
		return errCritical
	}
	now := time.Now()
	symptoms := append(checkDaemon(s), registerSymptoms(ctx, s, now)...)
	symptoms = append(symptoms, spaceSymptom(s))
	if s.file.OAuth.Provider != "" {
		symptoms = append(symptoms, secretSymptom(s, now))
	}
	if !h.Offline {
		symptoms = append(symptoms, mailboxSymptoms(ctx, s, now)...)
	}
	worst := well
	for _, found := range symptoms {
		worst = max(worst, found.Severity)
	}
	if err := h.print(c.out, worst, symptoms); err != nil {
		return err
	}
	switch worst {
	case critical:
		return errCritical
	case warning:
		return errFailed
	}
	return nil
}

func (h *healthCommand) print(w io.Writer, worst severity, symptoms []symptom) error {
	if h.JSON {
		return printJSON(w, map[string]any{"severity": worst, "symptoms": symptoms})
	}
	for _, found := range symptoms {
		if _, err := fmt.Fprintf(w, "%-8s  %s: %s\n", found.Severity, found.What, printable(found.Detail)); err != nil {
			return err
		}
		if found.Severity > well && found.Advice != "" {
			if _, err := fmt.Fprintf(w, "          what to do: %s\n", found.Advice); err != nil {
				return err
			}
		}
	}
	return nil
}

// graded is what lasts since then: bad from some time on.
func graded(what string, since, now time.Time, warn, crit time.Duration, advice string) symptom {
	age := now.Sub(since)
	found := symptom{What: what, Detail: fmt.Sprintf("since %s, %s", since.Format(time.DateTime), age.Round(time.Second)), Advice: advice}
	switch {
	case age >= crit:
		found.Severity = critical
	case age >= warn:
		found.Severity = warning
	}
	return found
}

// checkDaemon says whether a daemon holds the register.
func checkDaemon(s *settings) []symptom {
	stopped := symptom{What: "daemon", Severity: critical, Detail: "does not run", Advice: "systemctl start radicado"}
	if _, err := os.Stat(s.file.Register.Path + ".lock"); errors.Is(err, os.ErrNotExist) {
		return []symptom{stopped} // nor ever did; a lock made here would not be the daemon's own
	}
	lock, err := register.Lock(s.file.Register.Path)
	switch {
	case errors.Is(err, register.ErrLocked):
		return []symptom{{What: "daemon", Detail: "runs"}}
	case err != nil:
		return []symptom{{What: "daemon", Severity: critical, Detail: err.Error(), Advice: "run this as the daemon's user or as root"}}
	}
	if err := lock.Close(); err != nil {
		stopped.Detail += "; " + err.Error()
	}
	return []symptom{stopped}
}

// registerSymptoms looks at what waits, what failed, and the backups.
func registerSymptoms(ctx context.Context, s *settings, now time.Time) (found []symptom) {
	if err := hasRegister(s); err != nil {
		return []symptom{{What: "register", Severity: critical, Detail: err.Error(),
			Advice: "where there was one, look for it, or say radicado restore; for a new desk, systemctl start radicado makes it"}}
	}
	options := s.registerOptions(false)
	options.AsIs = true // who only looks must not migrate
	reg, err := register.Open(ctx, s.file.Register.Path, options)
	if errors.Is(err, register.ErrOlder) {
		return []symptom{{What: "register", Severity: warning, Detail: err.Error(), Advice: "start the daemon of this version, which brings it up to date"}}
	}
	if err != nil {
		return []symptom{{What: "register", Severity: critical, Detail: err.Error(), Advice: "the error says what is wrong; radicado verify looks closer"}}
	}
	err = reg.View(ctx, func(r *register.Reader) error {
		waiting, err := r.Figures()
		if err != nil {
			return err
		}
		mails := symptom{What: "mails", Detail: "all are handled"}
		if waiting.Arrivals > 0 {
			mails = graded(fmt.Sprintf("%d mails wait to be handled", waiting.Arrivals), waiting.OldestArrival, now, mailsWarn, s.limits.Delay, "the daemon's log says what keeps it")
		}
		notices := symptom{What: "notices", Detail: "none waits longer than it should"}
		if waiting.Notices > 0 && waiting.Due.Before(now) {
			notices = graded(fmt.Sprintf("%d notices wait to be sent", waiting.Notices), waiting.Due, now, mailsWarn, s.limits.Delay, "radicado outbox list --queued says why")
		}
		found = append(found, mails, notices)
		failed, err := r.Outbox(register.OutboxFailed, maxFailedListed)
		if err != nil {
			return err
		}
		late := 0
		for _, o := range failed {
			if now.Sub(o.CreatedAt) < failedWithin {
				late++
			}
		}
		if late > 0 {
			found = append(found, symptom{What: "deliveries", Severity: warning, Detail: fmt.Sprintf("%d notices of the last day could not be delivered", late), Advice: "radicado outbox list --failed"})
		}
		backups, err := r.Backups()
		if err != nil {
			return err
		}
		found = append(found, backupSymptom(s, backups, now), clockSymptom(r, now))
		return nil
	})
	if err = errors.Join(err, reg.Close()); err != nil {
		found = append(found, symptom{What: "register", Severity: critical, Detail: err.Error(), Advice: "radicado verify looks closer"})
	}
	return found
}

func backupSymptom(s *settings, b register.Backups, now time.Time) symptom {
	switch {
	case s.file.Backup.Schedule == "":
		return symptom{What: "backup", Severity: warning, Detail: "none is made: backup.schedule is empty", Advice: "set it, unless something else replicates the register"}
	case b.Verified.At.IsZero() && !b.Failing():
		return symptom{What: "backup", Severity: warning, Detail: "none was made yet", Advice: "radicado backup makes one now"}
	case b.Verified.At.IsZero():
		return symptom{What: "backup", Severity: critical, Detail: "none could be made: " + b.Failed.Error, Advice: "mend what the error says, then say radicado backup"}
	}
	between := 24 * time.Hour
	if times, err := cron.ParseStandard(s.file.Backup.Schedule); err == nil { // the settings were checked
		next := times.Next(now.In(s.location))
		between = times.Next(next).Sub(next)
	}
	found := graded("backup: the last that was verified", b.Verified.At, now, backupWarn*between, backupCritical*between, "radicado backup makes one now and says what keeps it")
	if b.Failing() {
		found.Severity, found.Detail = max(found.Severity, warning), found.Detail+"; the last attempt failed: "+b.Failed.Error
	}
	return found
}

// clockSymptom compares the clock with the latest message: one from the future says that it was set back.
func clockSymptom(r *register.Reader, now time.Time) symptom {
	id, err := r.LastMessage()
	if err != nil || id == 0 {
		return symptom{What: "clock", Detail: "no mail to compare it with"}
	}
	arrival, err := r.ArrivalOf(id)
	if err != nil {
		return symptom{What: "clock", Detail: "no mail to compare it with"}
	}
	if ahead := arrival.TakenAt.Sub(now); ahead > clockTolerance {
		return symptom{What: "clock", Severity: warning, Detail: fmt.Sprintf("the latest mail was taken %s in the future", ahead.Round(time.Second)), Advice: "look at the clock of this machine"}
	}
	return symptom{What: "clock", Detail: "not behind the latest mail"}
}

func spaceSymptom(s *settings) symptom {
	folder := filepath.Dir(s.file.Register.Path)
	free, err := freeSpace(folder)
	switch {
	case err != nil:
		return symptom{What: "disk", Severity: critical, Detail: err.Error()}
	case free < s.limits.Space:
		return symptom{What: "disk", Severity: critical, Detail: fmt.Sprintf("%s free in %s", size(free), folder), Advice: "make room: mails wait in the mailbox while the register cannot be written"}
	case free < 2*s.limits.Space:
		return symptom{What: "disk", Severity: warning, Detail: fmt.Sprintf("%s free in %s", size(free), folder), Advice: "make room before it is full"}
	}
	return symptom{What: "disk", Detail: fmt.Sprintf("%s free in %s", size(free), folder)}
}

// secretSymptom says how long the client secret of [oauth] lasts, which no server tells.
func secretSymptom(s *settings, now time.Time) symptom {
	o := s.file.OAuth
	last, err := time.ParseInLocation(time.DateOnly, o.Expires, s.location)
	if err != nil {
		return symptom{What: "client secret", Detail: "nobody has said how long it lasts: oauth.secret_expires"}
	}
	left := last.AddDate(0, 0, 1).Sub(now)
	found := symptom{What: "client secret", Detail: fmt.Sprintf("%d days left, until %s", int(left.Hours()/24), o.Expires), Advice: "make a new one at the provider, and write its last day into oauth.secret_expires"}
	switch {
	case left < secretCritical:
		found.Severity = critical
	case left < secretWarn:
		found.Severity = warning
	}
	return found
}

// mailboxSymptoms logs in to each mailbox and looks for the mail that lies there longest.
func mailboxSymptoms(ctx context.Context, s *settings, now time.Time) (found []symptom) {
	for _, m := range s.mailboxes {
		what := "mailbox " + m.section.Name
		account, err := m.account(receive.Timing{})
		if err != nil {
			found = append(found, symptom{What: what, Severity: critical, Detail: err.Error()})
			continue
		}
		stock, err := receive.Stock(ctx, account, now)
		switch {
		case err != nil:
			found = append(found, symptom{What: what, Severity: critical, Detail: err.Error(), Advice: "radicado check says what to do"})
			continue
		case stock.LeftInPlace || len(stock.Inbox) == 0:
			found = append(found, symptom{What: what, Detail: fmt.Sprintf("can be read; %d mails in %s", len(stock.Inbox), m.section.Folder)})
			continue
		}
		oldest := now
		for _, mail := range stock.Inbox {
			if !mail.Date.IsZero() && mail.Date.Before(oldest) {
				oldest = mail.Date
			}
		}
		found = append(found, graded(fmt.Sprintf("%s: %d mails in %s, the oldest", what, len(stock.Inbox), m.section.Folder), oldest, now, mailsWarn, s.limits.Delay,
			"mails from before the first start stay there for ever: move or import them; for others the daemon's log says more"))
	}
	return found
}
