package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

type runCommand struct {
	configFlag
}

// Run runs the daemon until it is told to stop.
func (r *runCommand) Run(ctx context.Context, c console) (err error) {
	keepMemorySmall()
	return runDaemon(ctx, r.Config, runPace(), c.err)
}

// runDaemon runs the daemon until ctx ends. At SIGHUP it reads its settings again.
func runDaemon(ctx context.Context, config string, pace pace, out io.Writer) (err error) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anything else: one that comes early must not end the program
	defer signal.Stop(hangups)
	s, err := readSettings(config)
	if err != nil {
		return err
	}
	log, level := newLog(s.file.Log, out)
	p, err := newProgram(ctx, s, pace, log)
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	log.Info("started", "version", version(), "mailboxes", len(s.mailboxes), "register", s.file.Register.Path)
	manager := newSupervisor(os.Getenv, log.With("part", "supervisor"))
	running, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		<-running.Done()
		manager.say("STOPPING=1")
	})
	wait.Go(func() { manager.watch(running, p) })
	wait.Go(func() { p.restLightly(running) })
	wait.Go(func() {
		for {
			select {
			case <-hangups:
				manager.reloading()
				reloadFrom(running, p, config, level)
				manager.say("READY=1", "STATUS="+p.status(running))
			case <-running.Done():
				return
			}
		}
	})
	err = p.Run(ctx)
	stop()
	wait.Wait()
	log.Info("stopped")
	return err
}

// reloadFrom reads the settings again. What is wrong with them is logged, and the daemon goes on with those that it has.
func reloadFrom(ctx context.Context, p *program, config string, level *slog.LevelVar) {
	s, err := readSettings(config)
	if err == nil {
		err = p.reload(ctx, s)
	}
	p.monitor.Reloaded(err)
	if err != nil {
		for _, one := range reasons(err) {
			p.log.Error("settings refused; the daemon goes on with those that it has", "reason", one)
		}
		return
	}
	level.Set(logLevel(s.file.Log))
	p.log.Info("settings read again and in force", "mailboxes", len(s.mailboxes))
}

// reasons takes an error apart into the faults that it is made of.
func reasons(err error) []string {
	var list []string
	var settings *settingsErrors
	switch many, ok := err.(interface{ Unwrap() []error }); {
	case errors.As(err, &settings):
		for _, one := range settings.list {
			list = append(list, (&settingsErrors{settings.path, []settingsError{one}}).Error())
		}
	case ok:
		for _, one := range many.Unwrap() {
			list = append(list, reasons(one)...)
		}
	default:
		list = append(list, err.Error())
	}
	return list
}

// newLog returns the log that the settings ask for, and its level, which may be changed.
func newLog(l logSection, w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(logLevel(l))
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}

// logLevel is the least that is logged.
func logLevel(l logSection) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // the settings were checked
	}
	return level
}
