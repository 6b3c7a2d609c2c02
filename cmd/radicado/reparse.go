package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"radicado/mailbox/message"
	"radicado/mailbox/trust"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

type reparseCommand struct {
	configFlag
	jsonFlag
	Limit int `help:"Show at most so many mails; 0 for all. All are counted." default:"0"`
}

// reread is a stored mail that this version reads otherwise than the one that handled it.
type reread struct {
	Message     int64        `json:"message,omitempty"` // 0 for a mail that could not be read then
	Arrival     int64        `json:"arrival,omitempty"` // of such a mail
	Ticket      string       `json:"request,omitempty"`
	From        string       `json:"from"`
	Subject     string       `json:"subject"`
	Differences []difference `json:"differences"`
}

// reparsed is the sum.
type reparsed struct {
	Read      int            `json:"read"`
	Same      int            `json:"same"`
	Different int            `json:"different"`
	Removed   int            `json:"removed"` // by retention, so that there is nothing to read
	Fields    map[string]int `json:"fields"`  // how many mails differ in what
}

// Run reads every stored mail again beside a running daemon and changes nothing.
func (r *reparseCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(r.Config)
	if err != nil {
		return err
	}
	reg, err := openRegister(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	keys, err := trust.OpenKeyring(s.file.Trust.KeyFile, rand.Reader)
	if err != nil {
		return fmt.Errorf("trust.key_file: %w", err)
	}
	bar := c.progress()
	defer bar.end()
	reader := rereader{register: reg, options: message.Options{Own: s.policy.Own, Instance: s.instance(keys)}, grammar: command.New(s.file.Desk.NumberPrefix)}
	sum := reparsed{Fields: map[string]int{}}
	var total int64
	err = reg.View(ctx, func(read *register.Reader) (err error) {
		if reader.truncated, err = read.Truncated(); err != nil {
			return err
		}
		t, err := read.Tally()
		total = t.Messages
		return err
	})
	if err != nil {
		return err
	}
	err = reader.all(ctx, func(result outcome) error {
		sum.add(result)
		bar.at("reading", int64(sum.Read+sum.Removed), total)
		if len(result.Differences) == 0 || r.Limit > 0 && sum.Different > r.Limit {
			return nil
		}
		bar.end()
		if r.JSON {
			return json.NewEncoder(c.out).Encode(result.reread)
		}
		result.say(c)
		return nil
	})
	bar.end()
	if err != nil {
		return err
	}
	if r.JSON {
		return json.NewEncoder(c.out).Encode(map[string]reparsed{"summary": sum})
	}
	sum.say(c)
	return nil
}

// outcome is what reading a mail again came to.
type outcome struct {
	reread
	removed bool
}

func (s *reparsed) add(o outcome) {
	if o.removed {
		s.Removed++
		return
	}
	s.Read++
	if len(o.Differences) == 0 {
		s.Same++
		return
	}
	s.Different++
	for _, d := range o.Differences {
		s.Fields[d.Field]++
	}
}

func (s *reparsed) say(c console) {
	fmt.Fprintf(c.out, "%d stored mails read again, %d as before, %d otherwise. Nothing was changed.\n", s.Read, s.Same, s.Different)
	for _, field := range slices.Sorted(maps.Keys(s.Fields)) {
		fmt.Fprintf(c.out, "  %-12s %d\n", field, s.Fields[field])
	}
	if s.Removed > 0 {
		fmt.Fprintf(c.out, "%d mails were removed by retention and cannot be read again.\n", s.Removed)
	}
}

// say shows a mail and where it differs.
func (r reread) say(c console) {
	name := fmt.Sprintf("message %d", r.Message)
	if r.Message == 0 {
		name = fmt.Sprintf("arrival %d", r.Arrival)
	}
	if r.Ticket != "" {
		name += " of " + r.Ticket
	}
	fmt.Fprintf(c.out, "%s, from %s: %s\n", name, printable(r.From), shorten(printable(r.Subject), 60))
	for _, d := range r.Differences {
		then, now := firstDifference(d.Stored, d.Now)
		fmt.Fprintf(c.out, "  %s\n    was  %s\n    now  %s\n", d.Field, orDash(shorten(printable(then), 110)), orDash(shorten(printable(now), 110)))
	}
}

// firstDifference returns the first lines in which two texts differ.
func firstDifference(a, b string) (string, string) {
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(linesA), len(linesB)) {
		var one, other string
		if i < len(linesA) {
			one = linesA[i]
		}
		if i < len(linesB) {
			other = linesB[i]
		}
		if one != other {
			return one, other
		}
	}
	return a, b
}

// rereader reads stored mails with this version of the program.
type rereader struct {
	register  *register.Register
	options   message.Options
	grammar   *command.Grammar
	truncated map[int64]bool // messages of which only the header was taken
}

// rereadPage is how many mails are looked up at a time, in a transaction of their own: a long one would keep the log from being
// folded in. Of each processor, one mail is in memory.
const rereadPage = 200

// all reads every stored mail on all processors and tells of each in order.
func (r *rereader) all(ctx context.Context, tell func(outcome) error) error {
	for after := int64(0); ; {
		var page []register.Message
		err := r.register.View(ctx, func(read *register.Reader) (err error) {
			page, err = read.MessagesAfter(after, rereadPage)
			return err
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		if err := eachOf(ctx, page, r.message, tell); err != nil {
			return err
		}
	}
	for after := int64(0); ; {
		var page []register.Unread
		err := r.register.View(ctx, func(read *register.Reader) (err error) {
			page, err = read.UnreadArrivals(after, rereadPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Arrival
		if err := eachOf(ctx, page, r.unread, tell); err != nil {
			return err
		}
	}
}

// eachOf works on all processors and tells of the results in order.
func eachOf[T any](ctx context.Context, list []T, work func(context.Context, T) (outcome, error), tell func(outcome) error) error {
	results, errs := make([]outcome, len(list)), make([]error, len(list))
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, item := range list {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			results[i], errs[i] = work(ctx, item)
		})
	}
	wait.Wait()
	for i, result := range results {
		if errs[i] != nil {
			return errs[i]
		}
		if err := tell(result); err != nil {
			return err
		}
	}
	return nil
}

// message compares a message with what is made of its mail now.
func (r *rereader) message(ctx context.Context, m register.Message) (outcome, error) {
	o := outcome{reread: reread{Message: m.ID, Ticket: string(m.Ticket), From: m.From.String(), Subject: m.Subject}}
	var raw []byte
	var stored recorded
	err := r.register.View(ctx, func(read *register.Reader) (err error) {
		if raw, err = read.LoadRaw(m.Digest); err != nil {
			return err
		}
		stored, err = recordedOf(read, m)
		return err
	})
	if errors.Is(err, register.ErrRemoved) {
		o.removed = true
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("message %d: %w", m.ID, err)
	}
	now, fault := readSafely(raw, r.options)
	if fault != "" {
		o.Differences = []difference{{"reader", "read", fault}}
		return o, nil
	}
	now.Truncated = r.truncated[m.ID]
	o.Differences = compareMessages(m, stored, now, r.grammar)
	return o, nil
}

// unread looks whether a mail that could not be read can be read now.
func (r *rereader) unread(ctx context.Context, u register.Unread) (outcome, error) {
	o := outcome{reread: reread{Arrival: u.Arrival}}
	var raw []byte
	err := r.register.View(ctx, func(read *register.Reader) (err error) {
		raw, err = read.LoadRaw(u.Digest)
		return err
	})
	switch {
	case errors.Is(err, register.ErrRemoved):
		o.removed = true
		return o, nil
	case errors.Is(err, register.ErrDamaged) || err == nil && len(raw) == 0: // still nothing to read
		return o, nil
	case err != nil:
		return o, fmt.Errorf("arrival %d: %w", u.Arrival, err)
	}
	now, fault := readSafely(raw, r.options)
	if fault == "" {
		o.From, o.Subject = now.From.String(), now.Subject
		o.Differences = []difference{{"reader", u.Reason, "read"}}
	}
	return o, nil
}
