package tickets_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// night is when the books of the tests are balanced.
var night = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// listed is a mail that the server received some time before the night.
func listed(uid uint32, before time.Duration, id string) mailbox.Listed {
	return mailbox.Listed{UID: uid, Date: night.Add(-before), Size: 1000 + int64(uid), MessageID: id}
}

// kept is an arrival that was taken, settled and moved so long before the night; a negative time is never.
func kept(m mailbox.Listed, taken, settled, moved time.Duration) tickets.Kept {
	k := tickets.Kept{ID: int64(m.UID), Listed: m, TakenAt: night.Add(-taken)}
	if settled >= 0 {
		k.SettledAt = night.Add(-settled)
	}
	if moved >= 0 {
		k.MovedAt = night.Add(-moved)
	}
	return k
}

func TestReconcile(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	one := listed(1, 5*hour, "1@x.example")
	elsewhere := one
	elsewhere.UID = 77 // a folder counts for itself
	nameless, moved := listed(2, 5*hour, ""), listed(33, 5*hour, "")
	moved.Size = nameless.Size
	tests := []struct {
		name   string
		change func(*mailbox.Stock, *tickets.Ledger)
		want   string
		where  string
	}{
		{"nothing at all", func(*mailbox.Stock, *tickets.Ledger) {}, "", ""},
		{"a mail on its way", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Inbox = []mailbox.Listed{listed(11, hour/2, "")} }, "", ""},
		{"a mail that nobody reads", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Inbox = []mailbox.Listed{listed(11, 2*hour, "")} }, "unread 11", ""},
		{"a mail that was passed over", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Inbox = []mailbox.Listed{listed(9, hour/2, "")} }, "untaken 9", ""},
		{"a mail from before the cut-off", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Inbox = []mailbox.Listed{listed(9, 40*day, "")} }, "", ""},
		{"a mail that is being handled", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Inbox, l.Inbox[1] = []mailbox.Listed{one}, kept(one, hour/2, -1, -1)
		}, "", ""},
		{"a mail that is not handled", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Inbox, l.Inbox[1] = []mailbox.Listed{one}, kept(one, 2*hour, -1, -1)
		}, "unhandled 1", ""},
		{"a mail that is about to be moved", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Inbox, l.Inbox[1] = []mailbox.Listed{one}, kept(one, 2*hour, hour/2, -1)
		}, "", ""},
		{"a mail that is not moved", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Inbox, l.Inbox[1] = []mailbox.Listed{one}, kept(one, 2*hour, 2*hour, -1)
		}, "unmoved 1", ""},
		{"a mail that stays where it is", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Inbox, l.Inbox[1], s.LeftInPlace = []mailbox.Listed{one}, kept(one, 2*hour, 2*hour, -1), true
		}, "", ""},
		{"a mail in its folder", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Processed, l.Unchecked = []mailbox.Listed{elsewhere}, []tickets.Kept{kept(one, 2*hour, 2*hour, 2*hour)}
		}, "", "1 found"},
		{"a mail without Message-ID in its folder", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Processed, l.Unchecked = []mailbox.Listed{moved}, []tickets.Kept{kept(nameless, 2*hour, 2*hour, 2*hour)}
		}, "", "2 found"},
		{"a mail whose date the move changed", func(s *mailbox.Stock, l *tickets.Ledger) {
			changed := elsewhere
			changed.Date = night
			s.Processed, l.Unchecked = []mailbox.Listed{changed}, []tickets.Kept{kept(one, 2*hour, 2*hour, 2*hour)}
		}, "", "1 found"},
		{"a mail in the other folder", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Quarantine, l.Unchecked = []mailbox.Listed{elsewhere}, []tickets.Kept{kept(one, 2*hour, 2*hour, 2*hour)}
		}, "", "1 found"},
		{"a mail that is gone", func(_ *mailbox.Stock, l *tickets.Ledger) {
			l.Unchecked = []tickets.Kept{kept(one, 2*hour, 2*hour, 2*hour)}
		}, "missing 1", "1 missing"},
		{"a mail that was moved just now", func(_ *mailbox.Stock, l *tickets.Ledger) {
			l.Unchecked = []tickets.Kept{kept(one, 2*hour, 2*hour, time.Minute)}
		}, "", ""},
		{"a mail that is gone since long ago", func(_ *mailbox.Stock, l *tickets.Ledger) {
			l.Unchecked = []tickets.Kept{kept(one, 9*day, 9*day, 8*day)}
		}, "", "1 unverifiable"},
		{"two of the same, one of them there", func(s *mailbox.Stock, l *tickets.Ledger) {
			twin := kept(one, 2*hour, 2*hour, 2*hour)
			twin.ID = 2
			s.Processed, l.Unchecked = []mailbox.Listed{elsewhere}, []tickets.Kept{kept(one, 2*hour, 2*hour, 2*hour), twin}
		}, "missing 1", "1 found 2 missing"},
		{"a mail that was looked for before", func(s *mailbox.Stock, l *tickets.Ledger) {
			s.Processed, l.Known = []mailbox.Listed{elsewhere}, []tickets.Kept{kept(one, day, day, day)}
		}, "", ""},
		{"a mail that somebody put there", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Quarantine = []mailbox.Listed{elsewhere} }, "unknown 77", ""},
		{"an old mail that somebody put there", func(s *mailbox.Stock, _ *tickets.Ledger) { s.Processed = []mailbox.Listed{listed(5, 40*day, "")} }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stock := mailbox.Stock{At: night, Since: night.Add(-3 * day)}
			ledger := tickets.Ledger{CutOff: night.Add(-30 * day), Cursor: 10, Inbox: map[uint32]tickets.Kept{}}
			tt.change(&stock, &ledger)
			books, where := tickets.Reconcile("soporte", stock, ledger)
			if got := astray(books); got != tt.want || books.Balanced() != (tt.want == "") {
				t.Errorf("astray is %q, want %q", got, tt.want)
			}
			var known []string
			for id := range int64(100) {
				if at := where[id]; at != "" {
					known = append(known, fmt.Sprint(id, " ", at))
				}
			}
			if got := strings.Join(known, " "); got != tt.where {
				t.Errorf("known is %q, want %q", got, tt.where)
			}
			if told := tickets.Unbalanced(policy(), books); (len(told) == 1) != (tt.want != "") {
				t.Errorf("%d people are told", len(told))
			}
		})
	}
}

// astray shows what books found.
func astray(b tickets.Books) string {
	var out []string
	for _, kind := range []struct {
		name  string
		mails []tickets.Astray
	}{{"untaken", b.Untaken}, {"unread", b.Unread}, {"unhandled", b.Unhandled}, {"unmoved", b.Unmoved}, {"missing", b.Missing}, {"unknown", b.Unknown}} {
		for _, m := range kind.mails {
			out = append(out, fmt.Sprint(kind.name, " ", m.UID))
		}
	}
	return strings.Join(out, " ")
}

// TestReconcileFindsWhatIsAstray moves mails to their folders, then loses some and adds some: exactly these are found.
func TestReconcileFindsWhatIsAstray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stock := mailbox.Stock{At: night, Since: night.AddDate(0, 0, -3)}
		ledger := tickets.Ledger{Cursor: 1000, Inbox: map[uint32]tickets.Kept{}}
		missing, unknown := 0, 0
		for i := range rapid.IntRange(0, 40).Draw(t, "mails") {
			id := ""
			if rapid.Bool().Draw(t, "named") {
				id = fmt.Sprint(i, "@x.example")
			}
			m := mailbox.Listed{UID: uint32(i), Date: night.Add(-time.Duration(2+i) * time.Hour), Size: rapid.Int64Range(1, 5).Draw(t, "size"), MessageID: id}
			k := kept(m, 2*time.Hour, 2*time.Hour, 2*time.Hour)
			k.Quarantined = rapid.Bool().Draw(t, "quarantined")
			folder := &stock.Processed
			if k.Quarantined {
				folder = &stock.Quarantine
			}
			switch rapid.IntRange(0, 3).Draw(t, "fate") {
			case 0:
				ledger.Unchecked = append(ledger.Unchecked, k)
				missing++
			case 1:
				*folder = append(*folder, m)
				unknown++
			default:
				*folder = append(*folder, m)
				if rapid.Bool().Draw(t, "known") {
					ledger.Known = append(ledger.Known, k)
				} else {
					ledger.Unchecked = append(ledger.Unchecked, k)
				}
			}
		}
		b, where := tickets.Reconcile("soporte", stock, ledger)
		if len(b.Missing) != missing || len(b.Unknown) != unknown || len(where) != len(ledger.Unchecked) {
			t.Fatalf("%d missing and %d unknown, want %d and %d; %d of %d known now", len(b.Missing), len(b.Unknown), missing, unknown, len(where), len(ledger.Unchecked))
		}
	})
}
