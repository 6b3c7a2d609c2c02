package main

import (
	"context"
	"errors"
	"fmt"
)

// relief is the next shift, handed over to Run.
type relief struct {
	shift *shift
	done  chan error // what ending the former shift said
}

// errRestart is in the error of a reload that only a restart can do.
var errRestart = errors.New("this takes effect at a restart alone; nothing was changed")

// needsRestart says which changes cannot be made while the daemon runs.
func needsRestart(old, changed settingsFile) error {
	var errs []error
	for _, k := range []struct{ key, old, changed string }{
		{"register.path", old.Register.Path, changed.Register.Path},
		{"desk.number_prefix", old.Desk.NumberPrefix, changed.Desk.NumberPrefix},
		{"desk.time_zone", old.Desk.TimeZone, changed.Desk.TimeZone},
		{"log.format", old.Log.Format, changed.Log.Format},
	} {
		if k.old != k.changed {
			errs = append(errs, fmt.Errorf("%s: from %q to %q: %w", k.key, k.old, k.changed, errRestart))
		}
	}
	return errors.Join(errs...)
}

// reload makes the running daemon work by other settings, all of them or, where it returns an error, none. It returns when they
// are in force: mails and notices that were in hand are finished by the old ones.
func (p *program) reload(ctx context.Context, s *settings) error {
	p.mu.Lock()
	old := p.shift
	p.mu.Unlock()
	if err := needsRestart(old.settings.file, s.file); err != nil {
		return err
	}
	next, err := p.newShift(s, old)
	if err != nil {
		return err
	}
	handover := relief{next, make(chan error, 1)}
	select {
	case p.relief <- handover:
		if err := <-handover.done; err != nil {
			p.log.Warn("connections to the mail server did not end well", "error", err)
		}
		return nil
	case <-p.ended:
		return errors.Join(errors.New("the daemon is stopping"), next.close())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), next.close())
	}
}
