package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"radicado/mailbox/message"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

// catchUp brings a restored register up to what the mailboxes hold. Mails that came after the backup have been handled once: they
// got numbers, which went out in notices and must not be given to others. So they are handled again before anything else, in the
// order in which they came and with the time at which they came, which gives each the number that it had. Where something
// contradicts that, it is a doubt.
func (n *restoration) catchUp(ctx context.Context, reg *register.Register, skip serials, made *restored) error {
	var last int64
	err := reg.View(ctx, func(r *register.Reader) (err error) {
		if made.holds, err = r.Tally(); err != nil {
			return err
		}
		if last, err = r.LastMessage(); err != nil {
			return err
		}
		made.before, err = r.LastNumbers()
		return err
	})
	if err != nil {
		return err
	}
	if n.offline {
		skip = n.last
	}
	if err := n.skip(ctx, reg, skip); err != nil {
		return err
	}
	if !n.offline {
		if err := n.handleMissed(ctx, reg, last, made); err != nil {
			return err
		}
	}
	return reg.View(ctx, func(r *register.Reader) (err error) {
		if made.after, err = r.LastNumbers(); err != nil {
			return err
		}
		gaps, err := r.Gaps()
		for _, g := range gaps {
			if g.Last > made.before[g.Year] {
				made.skipped = append(made.skipped, g)
			}
		}
		if skip == nil {
			n.compare(made)
		}
		return err
	})
}

// skip records that numbers are not given.
func (n *restoration) skip(ctx context.Context, reg *register.Register, skip serials) error {
	if len(skip) == 0 {
		return nil
	}
	return reg.Update(ctx, func(tx *register.Tx) error {
		for year, serial := range skip {
			if err := tx.SkipNumbers(year, serial, "restored from a backup: these numbers may have gone out in notices that it did not know"); err != nil {
				return err
			}
		}
		return nil
	})
}

// handleMissed takes up what the backup does not know and handles it.
func (n *restoration) handleMissed(ctx context.Context, reg *register.Register, last int64, made *restored) error {
	s := n.settings
	keys, err := trust.OpenKeyring(s.file.Trust.KeyFile, rand.Reader)
	if err != nil {
		return fmt.Errorf("trust.key_file: %w", err)
	}
	prover, err := newProver(s, keys, time.Now)
	if err != nil {
		return err
	}
	options := s.deskOptions(prover, keys, slog.New(slog.DiscardHandler))
	d := desk.New(reg, options)
	if made.recalled, err = n.recall(ctx, reg, d); err != nil {
		return err
	}
	if err := reg.OrderTaken(ctx); err != nil {
		return err
	}
	for ; ; made.handled++ {
		var at time.Time
		waiting := false
		err := reg.View(ctx, func(r *register.Reader) (err error) {
			at, waiting, err = r.NextTaken()
			return err
		})
		if err != nil {
			return err
		}
		if !waiting {
			break
		}
		if at.After(n.now) {
			n.now = at
		}
		if err := d.HandleNext(ctx); err != nil {
			return fmt.Errorf("handle a mail again: %w", err)
		}
		n.bar.at("handling mails again", int64(made.handled+1), 0)
	}
	n.now = time.Time{}
	return n.look(ctx, reg, last, options, made)
}

// recall takes every mail that the mailboxes hold and the register does not know.
func (n *restoration) recall(ctx context.Context, reg *register.Register, d *desk.Desk) (map[string]int, error) {
	recalled := map[string]int{}
	for _, m := range n.settings.mailboxes {
		name := m.section.Name
		var since time.Time
		err := reg.View(ctx, func(r *register.Reader) (err error) {
			since, err = r.LastTaken(name)
			return err
		})
		if errors.Is(err, register.ErrNotFound) {
			continue // never read before: the daemon begins with it as with a new one
		}
		if err != nil {
			return nil, err
		}
		account, err := m.account(receive.Timing{})
		if err != nil {
			return nil, err
		}
		before, err := arrivals(ctx, reg)
		if err != nil {
			return nil, err
		}
		if err := n.recallMailbox(ctx, reg, d, account, since); err != nil {
			return nil, fmt.Errorf("%w\n(mend that, or restore without a look into the mailboxes: --offline)", err)
		}
		after, err := arrivals(ctx, reg)
		if err != nil {
			return nil, err
		}
		recalled[name] = int(after - before)
	}
	return recalled, nil
}

func arrivals(ctx context.Context, reg *register.Register) (count int64, err error) {
	err = reg.View(ctx, func(r *register.Reader) error {
		t, err := r.Tally()
		count = t.Arrivals
		return err
	})
	return count, err
}

// recallMargin is by how much the clock of a mail server may be behind ours.
const recallMargin = time.Hour

// recallMailbox takes from the folders of a mailbox and moves nothing.
func (n *restoration) recallMailbox(ctx context.Context, reg *register.Register, d *desk.Desk, account receive.Account, since time.Time) error {
	log := slog.New(slog.DiscardHandler)
	folders := []string{account.Processed, account.Quarantine}
	if account.LeaveInPlace {
		folders = nil
	}
	account.LeaveInPlace = true
	count := int64(0)
	ledger := desk.Recall{Register: reg, Since: since.Add(-recallMargin), Taken: func(fresh int) {
		count += int64(fresh)
		n.bar.at("mailbox "+account.Name, count, 0)
	}}
	for _, folder := range folders {
		handled := account
		handled.Folder = folder
		if err := receive.New(handled, ledger, log).Once(ctx); err != nil && !errors.Is(err, receive.ErrNoFolder) {
			return err
		}
	}
	return receive.New(account, d, log).Once(ctx)
}

// look reads the mails that were taken up: those that answer notices of ours, by keyed Message-IDs, tell which numbers went out and
// to what they belonged.
func (n *restoration) look(ctx context.Context, reg *register.Register, last int64, o desk.Options, made *restored) error {
	made.seen = serials{}
	var given map[tickets.Number]string
	err := reg.View(ctx, func(r *register.Reader) (err error) {
		given, err = n.given(r, made.before)
		return err
	})
	if err != nil {
		return err
	}
	const page = 200
	for {
		var list []register.Message
		err := reg.View(ctx, func(r *register.Reader) (err error) {
			if list, err = r.MessagesAfter(last, page); err != nil {
				return err
			}
			for _, m := range list {
				last = m.ID
				raw, err := r.LoadRaw(m.Digest)
				if err != nil {
					return err
				}
				answered, ok := o.Keys.Answers(message.Read(raw, o.Reader))
				number := tickets.Number(answered)
				year, serial, isNumber := register.SerialOf(number)
				if !ok || !isNumber || serial <= made.before[year] { // of the time before the backup
					continue
				}
				made.seen.raise(year, serial)
				if why := doubt(m, number, given); why != "" {
					made.doubts = append(made.doubts, why)
				}
			}
			return nil
		})
		if err != nil || len(list) < page {
			return err
		}
	}
}

// given returns the subjects of what got numbers after the backup.
func (n *restoration) given(r *register.Reader, before serials) (map[tickets.Number]string, error) {
	after, err := r.LastNumbers()
	if err != nil {
		return nil, err
	}
	given := map[tickets.Number]string{}
	for year, last := range after {
		for serial := before[year] + 1; serial <= last; serial++ {
			t, err := r.Ticket(tickets.FormatNumber(n.settings.file.Desk.NumberPrefix, year, serial))
			if errors.Is(err, register.ErrNotFound) {
				continue // of a gap
			}
			if err != nil {
				return nil, err
			}
			given[t.Number] = tickets.Fold(t.Subject)
		}
	}
	return given, nil
}

// doubt says why a mail, which answers a notice about a number, shows that the number was another request's before; "" where it
// does not.
func doubt(m register.Message, number tickets.Number, given map[tickets.Number]string) string {
	subject, there := given[number]
	if !there {
		return fmt.Sprintf("%s answers a notice about %s, and no mail got that number", m.From.Addr, number)
	}
	if m.Ticket != "" && m.Ticket != number {
		return fmt.Sprintf("%s answers a notice about %s, and is no party of what has that number now", m.From.Addr, number)
	}
	if title := tickets.Fold(m.Subject); !strings.Contains(title, subject) {
		for other, otherSubject := range given {
			if otherSubject != "" && strings.Contains(title, otherSubject) {
				return fmt.Sprintf("%s answers a notice about %s under the subject of what is %s now", m.From.Addr, number, other)
			}
		}
	}
	return ""
}

// compare adds what the numbers say: whoever knows the last one that went out must find it given.
func (n *restoration) compare(made *restored) {
	for year, serial := range n.last {
		if made.after[year] < serial {
			made.doubts = append(made.doubts, fmt.Sprintf("the numbers reach %d of %d, and %d went out: mails are missing from the mailboxes", made.after[year], year, serial))
		}
	}
}
