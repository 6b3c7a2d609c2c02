package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// messages looks whether what is stored is what came, and whether each mail is one message and each request one number.
func (a *auditor) messages(ctx context.Context) error {
	if err := a.raws(ctx); err != nil {
		return err
	}
	arrivals, read, requests := map[*Sent]int{}, map[*Sent]int{}, map[*Sent][]string{}
	err := a.each(ctx, "SELECT raw, state, coalesce(reason, '') FROM arrivals", func(scan func(...any) error) error {
		var raw int64
		var state, reason string
		if err := scan(&raw, &state, &reason); err != nil {
			return err
		}
		s := a.stored[raw]
		arrivals[s]++
		if s != nil && !s.Anything && state == "quarantined" {
			a.violation(RuleMessage, s.Label, "an honest mail was quarantined: %s", reason)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = a.each(ctx, `SELECT m.raw, coalesce(t.number, '') FROM messages m
		LEFT JOIN events e ON e.message = m.id AND e.kind = 'registered' LEFT JOIN tickets t ON t.id = e.ticket`,
		func(scan func(...any) error) error {
			var raw int64
			var number string
			if err := scan(&raw, &number); err != nil {
				return err
			}
			s := a.stored[raw]
			read[s]++
			if number != "" {
				requests[s] = append(requests[s], number)
			}
			return nil
		})
	for i := range a.evidence.Sent {
		s := &a.evidence.Sent[i]
		switch {
		case arrivals[s] == 0 && !s.Optional:
			a.violation(RuleMessage, s.Label, "the register has never seen it: a mail was lost")
		case s.Anything || s.Optional && arrivals[s] == 0:
		case read[s] != 1 || len(requests[s]) != 1:
			a.violation(RuleMessage, s.Label, "it is %d messages and %d requests %q, wanted one", read[s], len(requests[s]), requests[s])
		}
	}
	return err
}

// raws unpacks every stored mail.
func (a *auditor) raws(ctx context.Context) error {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer decoder.Close()
	more := map[int64][]byte{} // of large mails, which are kept in pieces
	if err := a.each(ctx, "SELECT raw, content FROM pieces ORDER BY raw, piece", func(scan func(...any) error) error {
		var id int64
		var piece []byte
		err := scan(&id, &piece)
		more[id] = append(more[id], piece...)
		return err
	}); err != nil {
		return err
	}
	return a.each(ctx, "SELECT id, digest, size, codec, content FROM raws", func(scan func(...any) error) error {
		var id, size int64
		var codec string
		var digest, raw []byte
		if err := scan(&id, &digest, &size, &codec, &raw); err != nil {
			return err
		}
		raw = append(raw, more[id]...)
		if codec == "zstd" {
			var err error
			if raw, err = decoder.DecodeAll(raw, nil); err != nil {
				a.violation(RuleBytes, fmt.Sprint("stored mail ", id), "%v", err)
				return nil
			}
		}
		if sum := sha256.Sum256(raw); !bytes.Equal(sum[:], digest) || int64(len(raw)) != size {
			a.violation(RuleBytes, fmt.Sprint("stored mail ", id), "its bytes are not those of its digest")
		}
		if a.stored[id] = a.sentAs(raw); a.stored[id] == nil {
			a.violation(RuleBytes, fmt.Sprint("stored mail ", id), "nobody sent these %d bytes", len(raw))
		}
		return nil
	})
}

// numbers looks for gaps and repeats.
func (a *auditor) numbers(ctx context.Context) error {
	given := map[string][]int{}
	err := a.each(ctx, "SELECT number FROM tickets", func(scan func(...any) error) error {
		var number string
		if err := scan(&number); err != nil {
			return err
		}
		a.report.Requests++
		parts := strings.Split(number, "-")
		serial, err := strconv.Atoi(parts[len(parts)-1])
		if err != nil || len(parts) < 3 {
			a.violation(RuleNumbers, number, "not a number")
			return nil
		}
		year := parts[len(parts)-2]
		given[year] = append(given[year], serial)
		return nil
	})
	for year, serials := range given {
		slices.Sort(serials)
		for i, n := range serials {
			switch {
			case i > 0 && n == serials[i-1]:
				a.violation(RuleNumbers, year, "number %d was given twice", n)
			case i == 0 && n != 1:
				a.violation(RuleNumbers, year, "the first number is %d", n)
			case i > 0 && n != serials[i-1]+1:
				a.violation(RuleNumbers, year, "after %d comes %d", serials[i-1], n)
			}
		}
	}
	return err
}

// limbo looks for what was begun and not ended.
func (a *auditor) limbo(ctx context.Context) error {
	// Under an earlier UIDVALIDITY nothing can be moved any more; the mail is there again under the new one.
	err := a.each(ctx, `SELECT mailbox || '/' || uidvalidity || '/' || uid, raw, state, moved_at IS NULL
		AND uidvalidity = (SELECT uidvalidity FROM arrivals l WHERE l.mailbox = a.mailbox ORDER BY id DESC LIMIT 1)
		FROM arrivals a WHERE state = 'taken' OR moved_at IS NULL`, func(scan func(...any) error) error {
		var subject, state string
		var raw int64
		var unmoved bool
		if err := scan(&subject, &raw, &state, &unmoved); err != nil {
			return err
		}
		switch {
		case state == "taken":
			a.violation(RuleLimbo, subject, "it was taken and never handled")
		case unmoved:
			a.violation(RuleLimbo, subject, "it was handled and never moved")
		}
		return nil
	})
	if err != nil {
		return err
	}
	mayFail, hostile := map[string]bool{}, false // by recipient
	for _, s := range a.evidence.Sent {
		mayFail[s.From] = mayFail[s.From] || s.Unreachable
		hostile = hostile || s.Anything // in whatever name
	}
	return a.each(ctx, "SELECT message_id, recipient, state, attempts, last_error FROM outbox WHERE state <> 'sent'", func(scan func(...any) error) error {
		var id, recipient, state string
		var attempts int
		var reason sql.NullString
		if err := scan(&id, &recipient, &state, &attempts, &reason); err != nil {
			return err
		}
		if state != "failed" || !mayFail[recipient] && !hostile {
			a.violation(RuleLimbo, id, "the notice to %s is %s after %d attempts: %s", recipient, state, attempts, reason.String)
		}
		return nil
	})
}

// notices looks for the acknowledgement of each request in the mailbox of who wrote it.
func (a *auditor) notices(ctx context.Context) error {
	type answers struct {
		count int
		ids   map[string]bool
	}
	found := map[*Sent]*answers{}
	for _, m := range a.evidence.Notices {
		s := a.byID[headerOf(m.Raw, "In-Reply-To")]
		if s == nil || headerOf(m.Raw, "X-Radicado") == "" || !strings.EqualFold(m.Owner, s.From) {
			continue
		}
		if found[s] == nil {
			found[s] = &answers{ids: map[string]bool{}}
		}
		found[s].count++
		found[s].ids[headerOf(m.Raw, "Message-Id")] = true
	}
	kept := map[*Sent]bool{}
	for _, s := range a.stored {
		kept[s] = true
	}
	for i := range a.evidence.Sent {
		s := &a.evidence.Sent[i]
		switch got := found[s]; {
		case s.Anything || !kept[s]:
		case got == nil:
			if !s.Unreachable {
				a.violation(RuleNotice, s.Label, "%s was never told that the request is registered", s.From)
			}
		default:
			a.report.Acknowledged++
			if got.count > 1 {
				a.report.Twice++
			}
			if len(got.ids) > 1 {
				a.violation(RuleNotice, s.Label, "it was acknowledged by %d different notices", len(got.ids))
			}
		}
	}
	return ctx.Err()
}
