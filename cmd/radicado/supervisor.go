package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// supervisor is the service manager that started the daemon and wants to know how it is: systemd, by the protocol of sd_notify(3).
// Where nobody asks, nothing is said.
type supervisor struct {
	socket   string        // of datagrams; one that begins with @ is abstract. "" where nobody asks
	watchdog time.Duration // after which a daemon that says nothing is killed, 0 for never
	log      *slog.Logger
}

// newSupervisor reads what the service manager put into the environment.
func newSupervisor(env func(string) string, log *slog.Logger) supervisor {
	s := supervisor{socket: env("NOTIFY_SOCKET"), log: log}
	usec, err := strconv.ParseInt(env("WATCHDOG_USEC"), 10, 64)
	pid := env("WATCHDOG_PID")
	if err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		s.watchdog = time.Duration(usec) * time.Microsecond
	}
	return s
}

// say sends a message of lines such as READY=1.
func (s supervisor) say(lines ...string) {
	if s.socket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(strings.Join(lines, "\n")))
		_ = conn.Close() // nothing is buffered
	}
	if err != nil {
		s.log.Warn("the service manager could not be told how the daemon is", "error", err)
	}
}

// reloading announces that the settings are read again; the next READY=1 ends it.
func (s supervisor) reloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		s.log.Warn("the clock of the service manager cannot be read", "error", err)
		return
	}
	s.say("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/int64(time.Microsecond)))
}

// pokeEvery is how often the loops are made to show that they turn, or more often where a watchdog asks.
const pokeEvery = 30 * time.Second

// watch says that the daemon is ready when it is, and then, while its loops turn, that it is alive.
func (s supervisor) watch(ctx context.Context, p *program) {
	select {
	case <-p.started:
	case <-ctx.Done():
		return
	}
	s.say("READY=1", "STATUS="+p.status(ctx))
	every := pokeEvery
	if s.watchdog > 0 {
		every = min(every, s.watchdog/2)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	silent := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p.poke()
		stalled := p.monitor.Stalled()
		if len(stalled) == 0 {
			silent = false
			s.say("WATCHDOG=1", "STATUS="+p.status(ctx))
			continue
		}
		if !silent {
			s.log.Error("a loop hangs; the watchdog is told nothing until it goes on", "loops", stalled)
		}
		silent = true
		s.say("STATUS=hangs: " + strings.Join(stalled, ", "))
	}
}

// status is how the daemon is, on one line.
func (p *program) status(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	f := p.look(ctx)
	read := 0
	for _, m := range f.Mailboxes {
		if m.Trouble == "" && !m.Seen.IsZero() {
			read++
		}
	}
	if f.Register != nil {
		return fmt.Sprintf("%d of %d mailboxes read; the register cannot be read", read, len(f.Mailboxes))
	}
	return fmt.Sprintf("%d of %d mailboxes read, %d mails wait, %d notices queued", read, len(f.Mailboxes), f.Waiting, f.Queued)
}

// poke makes the loops show that they turn.
func (p *program) poke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shift.desk.Poke()
	p.shift.outbox.Kick()
}
