package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"radicado/mailbox/message"
	"radicado/mailbox/message/show"
)

type readCommand struct {
	jsonFlag
	Own   []string `help:"Address of the desk, by which its own mail is known. May be repeated." placeholder:"ADDRESS"`
	Files []string `arg:"" optional:"" help:"Mail files. Without any, their paths are read from standard input, one a line."`
}

// Run reads the files in order. One that cannot be opened is said so in its place, and the others are read all the same.
func (r *readCommand) Run(c console) error {
	out := bufio.NewWriter(c.out)
	failed := false
	readOne := func(path string) error {
		if err := r.read(out, path); err != nil {
			failed = true
			fmt.Fprintln(c.err, "radicado:", err)
		}
		return out.Flush() // whoever pipes paths in may wait for each answer
	}
	for _, path := range r.Files {
		if err := readOne(path); err != nil {
			return err
		}
	}
	if len(r.Files) == 0 {
		paths := bufio.NewScanner(c.in)
		for paths.Scan() {
			if path := paths.Text(); path != "" {
				if err := readOne(path); err != nil {
					return err
				}
			}
		}
		if err := paths.Err(); err != nil {
			return fmt.Errorf("reading paths: %w", err)
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

func (r *readCommand) read(w io.Writer, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading a mail: %w", err)
	}
	m := message.Read(raw, message.Options{Own: r.Own})
	if !r.JSON {
		if len(r.Files) != 1 {
			fmt.Fprintf(w, "%s\n", printable(path))
		}
		return show.People(w, m)
	}
	object, err := show.JSON(path, m)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	_, err = fmt.Fprintf(w, "%s\n", object)
	return err
}
