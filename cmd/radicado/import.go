package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"radicado/mailbox/archive"
	"radicado/tickets"
	"radicado/tickets/desk"
)

type importCommand struct {
	MBox    importMBoxCommand    `cmd:"" name:"mbox" help:"Bring in the mails of an mbox file from before the daemon's time; without --apply only say what would happen."`
	Maildir importMaildirCommand `cmd:"" help:"Likewise of a Maildir."`
}

// importFlags are of both kinds of archive.
type importFlags struct {
	configFlag
	Apply bool `help:"Store it. Without it nothing is changed."`
	Open  bool `help:"Leave the requests open, for the coordinator to work on. Without it they are closed."`
}

type importMBoxCommand struct {
	importFlags
	Path string `arg:"" help:"The mbox file." type:"existingfile"`
}

// Run imports an mbox.
func (i *importMBoxCommand) Run(ctx context.Context, c console) error {
	return i.run(ctx, c, i.Path, archive.MBox(i.Path))
}

type importMaildirCommand struct {
	importFlags
	Path string `arg:"" help:"The Maildir: a folder with the folder cur in it." type:"existingdir"`
}

// Run imports a Maildir.
func (i *importMaildirCommand) Run(ctx context.Context, c console) error {
	return i.run(ctx, c, i.Path, archive.Maildir(i.Path))
}

// importing is one import on its way.
type importing struct {
	desk    *desk.Desk
	how     desk.Importing
	bar     *progress
	entries []archive.Entry
	mails   []desk.Sketch
	sum     imported
}

// imported counts what becomes of an archive.
type imported struct {
	mails, conversations int
	requests             int // that it makes, or would make
	first, last          tickets.Number
	known                int // mails that the register has
	added, filed, kept   int // mails: with requests imported before, with current ones, with none
	truncated            int
}

// maxImported is the largest mail that is read whole.
const maxImported = 64 << 20

// run reads the archive, says what it would become, and stores it where it may.
func (f *importFlags) run(ctx context.Context, c console, path string, entries iter.Seq2[archive.Entry, error]) (err error) {
	s, err := readSettings(f.Config)
	if err != nil {
		return err
	}
	if f.Apply {
		if err := hasRegister(s); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp("", "radicado-import-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	d, closeRegister, err := bystander(ctx, s, scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeRegister()) }()
	n := &importing{desk: d, bar: c.progress(), how: desk.Importing{Source: filepath.Base(path), Open: f.Open, Now: time.Now()}}
	defer n.bar.end()
	if err := n.read(ctx, entries); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if len(n.mails) == 0 {
		return fmt.Errorf("import: %s holds no mail", path)
	}
	err = n.each(ctx, f.Apply)
	n.bar.end()
	n.sum.say(c, path, n.mails, s.location, f.Apply, f.Open)
	if ctx.Err() != nil && f.Apply {
		return fmt.Errorf("import interrupted: what is said above is stored; say the same again to go on: %w", err)
	}
	return err
}

// read makes a sketch of every mail.
func (n *importing) read(ctx context.Context, entries iter.Seq2[archive.Entry, error]) error {
	var bytes int64
	for entry, err := range entries {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		old, err := load(entry)
		if err != nil {
			return err
		}
		if old.Truncated {
			n.sum.truncated++
		}
		n.entries, n.mails = append(n.entries, entry), append(n.mails, n.desk.Sketch(old, n.how.Now))
		bytes += entry.Length
		n.bar.at("reading, in KB", bytes>>10, 0)
	}
	return nil
}

func load(entry archive.Entry) (desk.Old, error) {
	raw, truncated, err := entry.Load(maxImported)
	return desk.Old{Raw: raw, Truncated: truncated, At: entry.At}, err
}

// each places every conversation, and stores it where it may.
func (n *importing) each(ctx context.Context, apply bool) error {
	done := 0
	for _, thread := range desk.Conversations(n.mails) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n.sum.conversations++
		n.how.Into = ""
		parts := [][]int{thread}
		if apply {
			parts = n.parts(thread)
		}
		for _, part := range parts {
			placed, err := n.place(ctx, part, apply)
			if err != nil {
				return err
			}
			n.sum.add(placed, len(part), apply, n.how.Into == "")
			if placed.Ticket != "" {
				n.how.Into = placed.Ticket
			}
			done += len(part)
			n.bar.at("conversations, in mails", int64(done), int64(len(n.mails)))
		}
	}
	return nil
}

func (n *importing) place(ctx context.Context, part []int, apply bool) (desk.Placed, error) {
	if !apply {
		sketches := make([]desk.Sketch, len(part))
		for i, mail := range part {
			sketches[i] = n.mails[mail]
		}
		return n.desk.Place(ctx, sketches)
	}
	old := make([]desk.Old, len(part))
	for i, mail := range part {
		var err error
		if old[i], err = load(n.entries[mail]); err != nil {
			return desk.Placed{}, fmt.Errorf("import: %w", err)
		}
	}
	return n.desk.Import(ctx, n.how, old)
}

// partBytes bounds what is in memory at a time: a conversation may be longer.
const partBytes = 32 << 20

// parts cuts a conversation into parts that fit into memory. What can have been a request comes with the first.
func (n *importing) parts(thread []int) (parts [][]int) {
	if i := slices.IndexFunc(thread, func(mail int) bool { return n.mails[mail].Opens }); i > 0 {
		opener := thread[i]
		thread = slices.Insert(slices.Delete(slices.Clone(thread), i, i+1), 0, opener)
	}
	var bytes int64
	begin := 0
	for i, mail := range thread {
		if bytes += n.entries[mail].Length; bytes > partBytes && i > begin {
			parts = append(parts, thread[begin:i])
			begin, bytes = i, n.entries[mail].Length
		}
	}
	return append(parts, thread[begin:])
}

// add counts what became of a part of a conversation.
func (s *imported) add(p desk.Placed, mails int, applied, first bool) {
	fresh := len(p.Fresh)
	s.mails += mails
	s.known += mails - fresh
	switch {
	case fresh == 0:
	case p.Opens:
		s.requests++
		if applied {
			s.last = p.Ticket
			if s.first == "" {
				s.first = p.Ticket
			}
		}
	case p.Ticket == "":
		s.kept += fresh
	case p.Current:
		s.filed += fresh
	case first:
		s.added += fresh
	}
}

func (s *imported) say(c console, path string, mails []desk.Sketch, location *time.Location, applied, open bool) {
	say := func(n int, format string, args ...any) {
		if n > 0 {
			fmt.Fprintf(c.out, "  "+format+"\n", args...)
		}
	}
	byTime := func(a, b desk.Sketch) int { return a.Received.Compare(b.Received) }
	from, to := slices.MinFunc(mails, byTime).Received, slices.MaxFunc(mails, byTime).Received
	fmt.Fprintf(c.out, "%s: %d mails in %d conversations, of %s to %s.\n", path, s.mails, s.conversations,
		from.In(location).Format(time.DateOnly), to.In(location).Format(time.DateOnly))
	state := "closed"
	if open {
		state = "open"
	}
	if applied {
		say(s.requests, "%d conversations are requests now, %s, with the numbers %s to %s", s.requests, state, s.first, s.last)
	} else {
		say(s.requests, "%d conversations would become requests, %s, with the next numbers in the order of their first mails", s.requests, state)
	}
	say(s.added, "%d mails belong to requests that were imported before", s.added)
	say(s.filed, "%d mails belong to current requests: kept with them, and nothing of these changes", s.filed)
	say(s.kept, "%d mails cannot have been requests (automatic, or of the desk itself): kept without a number", s.kept)
	say(s.known, "%d mails are in the register already, or twice in the archive", s.known)
	say(s.truncated, "%d mails are larger than %s: of them only the header is kept", s.truncated, size(maxImported))
	if applied {
		fmt.Fprintln(c.out, "Stored. No notice was sent and no command obeyed.")
	} else {
		fmt.Fprintln(c.out, "Nothing was stored: say --apply to store it. No notice will be sent and no command obeyed.")
	}
}
