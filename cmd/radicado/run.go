package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

type runCommand struct {
	configFlag
}

// Run runs the daemon until it is told to stop.
func (r *runCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(r.Config)
	if err != nil {
		return err
	}
	log := newLog(s.file.Log, c.err)
	p, err := newProgram(ctx, s, pace{}, log)
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	log.Info("started", "version", version(), "mailboxes", len(p.receivers), "register", s.file.Register.Path)
	err = p.Run(ctx)
	log.Info("stopped")
	return err
}

// newLog returns the log that the settings ask for.
func newLog(l logSection, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // the settings were checked
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
