package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"text/tabwriter"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

type outboxCommand struct {
	List  outboxListCommand  `cmd:"" help:"List notices, latest first."`
	Retry outboxRetryCommand `cmd:"" help:"Try notices again now that wait, failed or were given up."`
	Drop  outboxDropCommand  `cmd:"" help:"Give notices up, so that they are not sent."`
}

type outboxListCommand struct {
	configFlag
	jsonFlag
	State  string `help:"Only this state: ${enum}." enum:"queued,sent,failed,dropped," default:"" placeholder:"STATE"`
	Queued bool   `help:"Only those that wait to be sent." xor:"state"`
	Failed bool   `help:"Only those that were refused for good or given up." xor:"state"`
	Limit  int    `help:"At most so many." default:"50"`
}

// shownNotice is a notice for programs.
type shownNotice struct {
	ID        int64                `json:"id"`
	State     register.OutboxState `json:"state"`
	Kind      tickets.NoticeKind   `json:"kind"`
	To        string               `json:"to"`
	Ticket    tickets.Number       `json:"ticket,omitempty"`
	MessageID string               `json:"message_id"`
	Queued    time.Time            `json:"queued_at"`
	Next      time.Time            `json:"next_at,omitzero"`
	Sent      time.Time            `json:"sent_at,omitzero"`
	Attempts  int                  `json:"attempts"`
	Code      int                  `json:"last_code,omitempty"`
	Error     string               `json:"last_error,omitempty"`
}

// Run lists notices.
func (l *outboxListCommand) Run(ctx context.Context, c console) error {
	state := register.OutboxState(l.State)
	switch {
	case l.Queued:
		state = register.OutboxQueued
	case l.Failed:
		state = register.OutboxFailed
	}
	return viewRegister(ctx, l.Config, func(s *settings, r *register.Reader) error {
		rows, err := r.Outbox(state, l.Limit)
		if err != nil {
			return err
		}
		shown := make([]shownNotice, len(rows))
		for i, o := range rows {
			shown[i] = shownNotice{o.ID, o.State, o.Notice.Kind, o.Notice.To.Addr, o.Ticket, o.MessageID, o.CreatedAt, time.Time{}, o.SentAt, o.Attempts, o.LastCode, o.LastError}
			if o.State == register.OutboxQueued {
				shown[i].Next = o.NextAt
			}
		}
		if l.JSON {
			return printJSON(c.out, shown)
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tSTATE\tQUEUED\tTRIES\tTO\tKIND\tREQUEST\tLAST ERROR")
		for _, n := range shown {
			fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", n.ID, n.State, n.Queued.In(s.location).Format("2006-01-02 15:04"), n.Attempts,
				printable(n.To), n.Kind, orDash(string(n.Ticket)), orDash(shorten(printable(n.Error), 80)))
		}
		return table.Flush()
	})
}

type outboxRetryCommand struct {
	configFlag
	IDs    []int64 `arg:"" optional:"" name:"id" help:"Notices, as the list shows them."`
	Failed bool    `help:"All that failed."`
}

// Run makes notices due now, which stands in the history of their requests as an internal note. A running daemon sends them at once.
func (o *outboxRetryCommand) Run(ctx context.Context, c console) error {
	if len(o.IDs) == 0 && !o.Failed {
		return errors.New(`say which: numbers as in "radicado outbox list --failed", or --failed for all of these`)
	}
	account := operator(user.Current)
	return changeRegister(ctx, o.Config, func(_ *settings, tx *register.Tx) error {
		ids := o.IDs
		if o.Failed {
			rows, err := tx.Outbox(register.OutboxFailed, -1) // no limit
			if err != nil {
				return err
			}
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
		}
		for _, id := range ids {
			if err := orNoNotice(tx, id, tx.Retry(id)); err != nil {
				return err
			}
			if err := noteNotice(tx, id, account, "Se vuelve a intentar", ""); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(c.out, "%d notices are tried again by the daemon\n", len(ids))
		return err
	})
}

type outboxDropCommand struct {
	configFlag
	IDs    []int64 `arg:"" name:"id" help:"Notices, as the list shows them."`
	Reason string  `help:"Why: it is kept, and stands in the history of the request." required:"" placeholder:"TEXT"`
}

// Run gives notices up. That stands in the history of their requests as an internal note.
func (o *outboxDropCommand) Run(ctx context.Context, c console) error {
	account := operator(user.Current)
	return changeRegister(ctx, o.Config, func(_ *settings, tx *register.Tx) error {
		for _, id := range o.IDs {
			if err := orNoNotice(tx, id, tx.Drop(id, "dropped by "+account+": "+o.Reason)); err != nil {
				return err
			}
			if err := noteNotice(tx, id, account, "No se envía", ": "+o.Reason); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(c.out, "%d notices are not sent\n", len(o.IDs))
		return err
	})
}

// noteNotice puts into the history of a request what an administrator did with one of its notices. The notice is named between the
// two halves of that.
func noteNotice(tx *register.Tx, id int64, account, before, after string) error {
	row, err := tx.OutboxRow(id)
	if err != nil || row.Ticket == "" {
		return err
	}
	t, err := tx.Ticket(row.Ticket)
	if err != nil {
		return err
	}
	e := tickets.Event{Ticket: t.Number, Seq: t.Version + 1, At: tx.Now(), Actor: tickets.Administrator(account).Actor(),
		Fact: &tickets.NotedFact{Text: fmt.Sprintf("%s el aviso %d (%s) a %s%s", before, id, row.Notice.Kind, row.Notice.To.Addr, after)}}
	if err := t.Apply(e); err != nil {
		return err
	}
	return tx.Append(t, []tickets.Event{e})
}

// orNoNotice says what to do where there is no such notice, or it cannot be changed any more.
func orNoNotice(tx *register.Tx, id int64, err error) error {
	if !errors.Is(err, register.ErrConflict) {
		return err
	}
	row, lookup := tx.OutboxRow(id)
	if lookup != nil {
		return fmt.Errorf(`no notice %d: say "radicado outbox list" for those that there are`, id)
	}
	return fmt.Errorf("notice %d is %s: nothing of it can be changed any more", id, row.State)
}
