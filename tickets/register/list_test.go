package register

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// fits says in plain words what a filter chooses; Words is left out.
func (f Filter) fits(t *tickets.Ticket) bool {
	return (len(f.States) == 0 || slices.Contains(f.States, t.State)) &&
		(f.Requester == "" || strings.EqualFold(f.Requester, t.Requester.Addr)) &&
		(!f.Unassigned || !t.Assigned()) &&
		(f.Unassigned || len(f.Technicians) == 0 || slices.ContainsFunc(f.Technicians, func(addr string) bool { return strings.EqualFold(addr, t.Technician.Addr) })) &&
		(len(f.Priorities) == 0 || slices.Contains(f.Priorities, t.Priority)) &&
		(f.From.IsZero() || !t.RegisteredAt.Before(f.From)) &&
		(f.To.IsZero() || t.RegisteredAt.Before(f.To)) &&
		(f.Office == "" || f.Office == t.Office) &&
		(f.Person == "" || strings.EqualFold(f.Person, t.Requester.Addr) || slices.ContainsFunc(t.Followers, func(a mailbox.Address) bool { return strings.EqualFold(f.Person, a.Addr) })) &&
		(len(f.Vendors) == 0 || slices.ContainsFunc(f.Vendors, func(addr string) bool { return strings.EqualFold(addr, t.Claim.Vendor.Addr) }))
}

var openStates = slices.DeleteFunc(tickets.States(), func(s tickets.State) bool { return !s.Open() })

var anyFilter = rapid.Custom(func(t *rapid.T) Filter {
	start := newClock("2026-03-02T09:00:00-05:00").now()
	at := rapid.Map(rapid.IntRange(-1, 40), func(n int) time.Time {
		if n < 0 {
			return time.Time{}
		}
		return start.Add(time.Duration(n) * time.Minute)
	})
	return Filter{
		States:      rapid.OneOf(rapid.Just(openStates), rapid.SliceOfNDistinct(rapid.SampledFrom(tickets.States()), 0, 4, rapid.ID)).Draw(t, "states"),
		Requester:   rapid.SampledFrom([]string{"", "", "ANA.gomez@min.example.org", luis.Addr, "nadie@x"}).Draw(t, "requester"),
		Technicians: rapid.SampledFrom([][]string{nil, nil, {pedro.Addr}, {"otro@min.example.org", strings.ToUpper(pedro.Addr)}}).Draw(t, "technicians"),
		Unassigned:  rapid.Bool().Draw(t, "unassigned"),
		Priorities:  rapid.SliceOfNDistinct(rapid.SampledFrom([]tickets.Priority{tickets.High, tickets.Low, tickets.Unassessed}), 0, 2, rapid.ID).Draw(t, "priorities"),
		From:        at.Draw(t, "from"),
		To:          at.Draw(t, "to"),
		Words:       rapid.SampledFrom([]string{"", "", "asunto"}).Draw(t, "words"),
		Office:      rapid.SampledFrom([]string{"", "", "Contratos", "Archivo"}).Draw(t, "office"),
		Person:      rapid.SampledFrom([]string{"", "", "", "LUIS@min.example.org", "nadie@x"}).Draw(t, "person"),
		Vendors:     rapid.SampledFrom([][]string{nil, nil, {"otro@vendor.example.org", "Servicio@vendor.example.org"}, {"otro@vendor.example.org"}}).Draw(t, "vendors"),
	}
})

func TestListIsWhatTheFilterSays(t *testing.T) {
	f := open(t)
	var all []*tickets.Ticket
	i := 0
	for _, requester := range []mailbox.Address{ana, luis} {
		for _, facts := range [][]tickets.Fact{
			nil,
			{&tickets.PrioritisedFact{Priority: tickets.High}},
			{&tickets.PrioritisedFact{Priority: tickets.Low}, &tickets.AssignedFact{Technician: pedro}},
			{&tickets.AssignedFact{Technician: pedro, Taken: true}},
			{&tickets.PrioritisedFact{Priority: tickets.High}, &tickets.AssignedFact{Technician: pedro}, &tickets.WaitedFact{}},
			{&tickets.ResolvedFact{}},
			{&tickets.AssignedFact{Technician: pedro}, &tickets.ResolvedFact{}, &tickets.ClosedFact{}},
			{&tickets.ClosedFact{}},
			{&tickets.RejectedFact{}},
			{&tickets.FollowedFact{Follower: luis}, &tickets.VendorWrittenFact{Vendor: mailbox.Address{Addr: "servicio@vendor.example.org"}, First: true}},
			{&tickets.EnteredFact{Requester: requester, Office: "Contratos"}, &tickets.ClosedFact{}},
			{&tickets.EnteredFact{Requester: requester, Office: "Contratos"}, &tickets.AssignedFact{Technician: pedro}},
		} {
			for range 2 {
				if i++; i%3 != 0 { // some at the same moment
					f.clock.advance(time.Minute)
				}
				f.update(t, func(tx *Tx) error {
					ticket, err := register(tx, requester, "asunto", "x")
					check(t, err)
					all = append(all, ticket)
					if len(facts) == 0 {
						return nil
					}
					return appendFacts(tx, ticket, ticket.Number, coordinator, 0, facts...)
				})
			}
		}
	}
	slices.SortFunc(all, func(a, b *tickets.Ticket) int {
		return cmp.Or(b.RegisteredAt.Compare(a.RegisteredAt), cmp.Compare(b.Number, a.Number))
	})
	rapid.Check(t, func(rt *rapid.T) {
		filter := anyFilter.Draw(rt, "filter")
		limit, offset := rapid.IntRange(0, 40).Draw(rt, "limit"), rapid.IntRange(0, 5).Draw(rt, "offset")
		var want []*tickets.Ticket
		for _, ticket := range all {
			if filter.fits(ticket) {
				want = append(want, ticket)
			}
		}
		total := len(want)
		want = want[min(offset, total):]
		want = want[:min(limit, len(want))]
		f.view(t, func(r *Reader) error {
			got, n, err := r.List(filter, limit, offset)
			check(t, err)
			if n != total || serials(t, got) != serials(t, want) {
				rt.Fatalf("%+v: %s of %d, want %s of %d", filter, serials(t, got), n, serials(t, want), total)
			}
			return nil
		})
	})
}

func TestTotalIsCountedUpToABound(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		_, err := tx.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO tickets (id, number, version, state, open, priority, requester, technician, subject, registered_at, changed_at, body)
			SELECT i, '', 1, 'closed', 0, '', '', '', '', i, i, '{}' FROM n`, MaxTotal+5)
		return err
	})
	f.view(t, func(r *Reader) error {
		if _, total, err := r.List(Filter{States: []tickets.State{tickets.Closed}}, 1, 0); err != nil || total != MaxTotal {
			t.Errorf("total %d, %v", total, err)
		}
		return nil
	})
}

// TestEveryQueryUsesAnIndex does everything that the register can do and looks at how SQLite would go about it: nothing
// may walk through a table that grows.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	f := open(t)
	queries := map[string]bool{}
	f.trace = func(query string) { queries[query] = true }
	useEverything(t, f)
	f.trace = nil
	if len(queries) < 50 {
		t.Fatalf("only %d queries were seen", len(queries))
	}
	big := []string{"board_links", "board_sessions", "raws", "arrivals", "messages", "tickets", "events", "words", "outbox", "assets", " t ", " t\n", " a ", " m ", " e ", " o ", " r "}
	f.view(t, func(r *Reader) error {
		for query := range queries {
			if strings.HasPrefix(query, "PRAGMA") || strings.HasSuffix(query, "ORDER BY id DESC LIMIT 1") { // reads one row
				continue
			}
			args := make([]any, 0, strings.Count(query, "?"))
			for i := range cap(args) {
				if strings.Contains(query, fmt.Sprintf("?%d", i+1)) {
					args = append(args, nil)
				}
			}
			steps, err := collect(r, func(row scanner) (step string, err error) {
				var id, parent, unused int
				err = row.Scan(&id, &parent, &unused, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+query, args...)
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
			for _, step := range steps {
				if walks(step) && slices.ContainsFunc(big, func(table string) bool { return strings.Contains(step+" ", table) }) {
					t.Errorf("%s\n\twalks: %s", query, step)
				}
			}
		}
		return nil
	})
}

// walks reports whether a step of a plan reads a whole table or index. Walking an index in its order is fine where the
// query asks for that order, because all such queries are limited; so is a search of the full-text index.
func walks(step string) bool {
	if !strings.HasPrefix(step, "SCAN ") {
		return false
	}
	if strings.Contains(step, "VIRTUAL TABLE INDEX") {
		return strings.HasSuffix(step, "INDEX 0:")
	}
	for _, ordered := range []string{"tickets_registered", "tickets_open", "tickets_load", "outbox_due", "arrivals_pending"} {
		if strings.Contains(step, ordered) {
			return false
		}
	}
	return true
}

func useEverything(t *testing.T, f *fixture) {
	t.Helper()
	f.take(t, "a", 1, 2)
	claimed := f.claim(t, 5)
	f.update(t, func(tx *Tx) error {
		check(t, tx.ReleaseArrivals(claimed[1].ID))
		id, err := tx.AddMessage(Message{Identity: []byte{1}, Digest: claimed[0].Digest, MessageID: "m@x", ReceivedAt: tx.Now()})
		check(t, err)
		ticket, err := register(tx, ana, "asunto", "texto")
		check(t, err)
		check(t, appendFacts(tx, ticket, ticket.Number, coordinator, id, &tickets.NotedFact{Text: "nota"}))
		check(t, queue(tx, "n@x", ana, ticket.Number))
		_, err = tx.PutAssets([]tickets.Asset{{Plate: "1001", Serial: "A1"}})
		check(t, err)
		check(t, tx.Settle(claimed[0].ID, Settlement{Message: id}))
		return tx.Moved("a", 7, 1)
	})
	f.update(t, func(tx *Tx) error { // a ticket whose document is stored already
		ticket, err := tx.Ticket("SS-2026-000001")
		check(t, err)
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.NotedFact{Text: "nota"})
	})
	due := f.due(t, 5)
	f.update(t, func(tx *Tx) error {
		check(t, tx.Deferred(due[0].ID, 400, "x"))
		check(t, tx.Failed(due[0].ID, 500, "x"))
		_, err := tx.UpcomingNumber()
		check(t, err)
		_, err = tx.UpcomingNotice()
		check(t, err)
		check(t, tx.AddSignInLink(SignInLink{Digest: make([]byte, 32), Person: ana.Addr, ExpiresAt: tx.Now().Add(time.Hour)}))
		_, err = tx.UseSignInLink(make([]byte, 32), nil)
		check(t, err)
		id, err := tx.AddSession(make([]byte, 32), ana.Addr, tx.Now().Add(time.Hour))
		check(t, err)
		check(t, tx.EndSession(id))
		_, err = tx.EndSessionsOf(ana.Addr)
		check(t, err)
		return tx.Sent(due[0].ID)
	})
	f.view(t, func(r *Reader) error {
		const n = "SS-2026-000001"
		for _, read := range []func() error{
			func() error { _, err := r.Ticket(n); return err },
			func() error { _, err := r.History(n); return err },
			func() error { _, err := r.KeysOf(ana.Addr, time.Time{}, 5); return err },
			func() error { _, err := r.Messages(n); return err },
			func() error { _, err := r.Message(1); return err },
			func() error { _, err := r.FindCopy(claimed[0].Digest, []byte{1}); return err },
			func() error { _, err := r.FindByIdentity([]byte{1}); return err },
			func() error { _, err := r.LoadRaw(claimed[0].Digest); return err },
			func() error { _, err := r.TicketsByMessageIDs([]string{"n@x"}); return err },
			func() error { _, err := r.Settled("a", 7, 1); return err },
			func() error { _, err := r.Loads(); return err },
			func() error { _, err := r.AssetsByKeys([]string{"1001"}); return err },
			func() error { _, err := r.AssetsOf(ana.Addr, 5); return err },
			func() error { _, err := r.Assets("", 5); return err },
			func() error { _, err := r.TicketsByCase("A-1"); return err },
			func() error { _, _, err := r.NextDue(); return err },
			func() error { _, err := r.LastNoticesTo(n, ana.Addr); return err },
			func() error { _, err := r.NoticeByMessageID("n@x"); return err },
			func() error { _, err := r.Notices(n); return err },
			func() error { _, err := r.NoticesTo(ana.Addr, time.Time{}, 10); return err },
			func() error {
				for _, err := range r.Cases(time.Time{}, f.clock.now().Add(time.Hour), func(*tickets.Ticket, bool) bool { return true }) {
					check(t, err)
				}
				return nil
			},
			func() error { _, err := r.Search("asunto", "", 1); return err },
			func() error { _, err := r.Search("asunto", ana.Addr, 1); return err },
			func() error { _, _, err := r.Standing(); return err },
			func() error { _, _, err := r.Changed(1); return err },
			func() error { _, err := r.Matching("asunto", 1); return err },
			func() error { _, err := r.Situation(time.Time{}); return err },
			func() error {
				for _, chore := range tickets.Chores() {
					outlines(t, r, chore, f.clock.now())
				}
				return nil
			},
			func() error { _, err := r.SignInLinks(ana.Addr, time.Time{}); return err },
			func() error { _, err := r.Sessions(time.Time{}); return err },
			func() error {
				if _, err := r.Session(nil, time.Time{}); !errors.Is(err, ErrNotFound) {
					return err
				}
				return nil
			},
		} {
			check(t, read())
		}
		return nil
	})
	rapid.Check(t, func(rt *rapid.T) {
		filter := anyFilter.Draw(rt, "filter")
		f.view(t, func(r *Reader) error { _, _, err := r.List(filter, 5, 0); return err })
	})
}
