package main

import (
	"context"
	"errors"
	"fmt"
)

// relief is the next shift, handed over to Run.
type relief struct {
	shift *shift
	done  chan struct{} // closed when it is at work
}

// errRestart is in the error of a reload that only a restart can do.
var errRestart = errors.New("this takes effect at a restart alone; nothing was changed")

// needsRestart says which changes cannot be made while the daemon runs.
func needsRestart(old, changed settingsFile) error {
	var errs []error
	before := lasting(old)
	for i, k := range lasting(changed) {
		if k.value != before[i].value {
			errs = append(errs, fmt.Errorf("%s: from %q to %q: %w", k.key, before[i].value, k.value, errRestart))
		}
	}
	return errors.Join(errs...)
}

// kept is a key with the value that it keeps.
type kept struct{ key, value string }

// lasting is the settings that stay as they are while the daemon runs: the register is opened with them, and the log is written.
func lasting(f settingsFile) []kept {
	return []kept{{"register.path", f.Register.Path}, {"desk.number_prefix", f.Desk.NumberPrefix}, {"desk.time_zone", f.Desk.TimeZone}, {"board.listen", f.Board.Listen},
		{"log.format", f.Log.Format}}
}

// reload makes the running daemon work by other settings, all of them or, where it returns an error, none. It returns when they
// are in force: what was in hand is finished by the old ones.
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
	handover := relief{next, make(chan struct{})}
	select {
	case p.relief <- handover:
		select {
		case <-handover.done:
			return nil
		case <-p.ended:
			return errors.New("the daemon is stopping")
		}
	case <-p.ended:
		return errors.New("the daemon is stopping")
	case <-ctx.Done():
		return ctx.Err()
	}
}
