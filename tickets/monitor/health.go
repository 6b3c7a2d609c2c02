package monitor

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Limits is from when on something is wrong.
type Limits struct {
	Silence time.Duration // of a mailbox
	Delay   time.Duration // of notices
	Space   int64         // bytes that must be free

	Stalled map[string]time.Duration // of the loops by name: without a step for so long, one hangs
}

// SetLimits sets the limits.
func (m *Monitor) SetLimits(l Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limits = l
}

// Turned notes that a loop came a step further.
func (m *Monitor) Turned(loop string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pulses[loop] = m.options.Now()
}

// Stalled lists the loops that hang, in order. A loop that has made no step yet is none of them.
func (m *Monitor) Stalled() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for loop, at := range m.pulses {
		if limit, watched := m.limits.Stalled[loop]; watched && m.options.Now().Sub(at) > limit {
			found = append(found, loop)
		}
	}
	slices.Sort(found)
	return found
}

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // what to do, where it is not OK
}

// Ready looks at everything that the daemon needs to serve.
func (m *Monitor) Ready(ctx context.Context) (checks []Check, ready bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	f := m.options.Look(ctx)
	written := m.options.Try(ctx)
	m.mu.Lock()
	limits, server := m.limits, m.server
	m.mu.Unlock()
	now := m.options.Now()
	for _, b := range f.Mailboxes {
		checks = append(checks, checkMailbox(b, now, limits.Silence))
	}
	checks = append(checks, checkOutbox(f, server, now, limits.Delay), checkRegister(f, written), checkSpace(f, limits.Space))
	return checks, !slices.ContainsFunc(checks, func(c Check) bool { return !c.OK })
}

func checkMailbox(b Mailbox, now time.Time, silence time.Duration) Check {
	c := Check{Name: "mailbox " + b.Name}
	switch {
	case b.Seen.IsZero():
		c.Detail = "not read since the start"
	case now.Sub(b.Seen) > silence:
		c.Detail = "not seen since " + b.Seen.UTC().Format(time.RFC3339)
	default:
		return Check{Name: c.Name, OK: true, Detail: "seen " + now.Sub(b.Seen).Round(time.Second).String() + " ago"}
	}
	c.Advice = b.Advice
	if b.Err != nil {
		c.Detail += ": " + b.Err.Error()
	} else {
		c.Advice = `wait a moment after the start; then say "radicado check"`
	}
	return c
}

func checkOutbox(f Figures, server fault, now time.Time, delay time.Duration) Check {
	c := Check{Name: "outbox", OK: true, Detail: fmt.Sprintf("%d notices queued", f.Queued)}
	switch {
	case server.err != nil && now.Sub(server.since) > delay:
		c.OK, c.Detail = false, fmt.Sprintf("the mail server takes nothing since %s: %v", server.since.UTC().Format(time.RFC3339), server.err)
		c.Advice = `check [smtp] with "radicado check"; no notice is lost meanwhile`
	case f.Queued > 0 && f.Now.Sub(f.Due) > delay:
		c.OK, c.Detail = false, fmt.Sprintf("%d notices queued, of which the first was due at %s", f.Queued, f.Due.UTC().Format(time.RFC3339))
		c.Advice = "look into the log for what the outbox says; a restart loses nothing"
	}
	return c
}

func checkRegister(f Figures, written error) Check {
	c := Check{Name: "register", OK: true, Detail: "can be read and written"}
	switch {
	case f.Register != nil:
		c.OK, c.Detail = false, "cannot be read: "+f.Register.Error()
	case written != nil:
		c.OK, c.Detail = false, "cannot be written: "+written.Error()
	}
	if !c.OK {
		c.Advice = "check that the disk has room and works, and that the folder " + f.Folder + " belongs to the daemon's user; no mail is lost meanwhile"
	}
	return c
}

func checkSpace(f Figures, least int64) Check {
	c := Check{Name: "disk", Detail: fmt.Sprintf("%d MB free in %s", f.Space>>20, f.Folder)}
	switch {
	case f.SpaceError != nil:
		c.Detail, c.Advice = f.SpaceError.Error(), "check that the folder of the register is there"
	case f.Space < least:
		c.Detail += fmt.Sprintf(", expected %d MB or more", least>>20)
		c.Advice = "make room: the register stops taking mails when the disk is full"
	default:
		c.OK = true
	}
	return c
}
