package desk

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"radicado/mailbox"
	"radicado/tickets/register"
)

func TestNextClaim(t *testing.T) {
	tests := []struct {
		name                              string
		window, waiting, settled, handled int
		want                              claim
	}{
		{"enough are read", 400, 400, 100, 0, claim{}},
		{"half of them are settled", 400, 300, 100, 100, claim{300, 200}},
		{"the last ones", 400, 1, 1, 399, claim{1, 400}},
		{"one alone", 1, 1, 1, 0, claim{}},
		{"a pause for those that were given back", 400, 300, 100, maxRun, claim{}},
	}
	for _, tt := range tests {
		p := pipeline{window: tt.window, handled: tt.handled}
		for i := range tt.waiting {
			p.claimed = append(p.claimed, register.Arrival{ID: int64(i + 1)})
		}
		if got := p.next(tt.settled); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// watcher counts the mails that are claimed while it looks at one.
type watcher struct {
	everybody
	db *sql.DB

	mu      sync.Mutex
	claimed map[string]int // by subject
}

// Prove implements Prover.
func (w *watcher) Prove(ctx context.Context, raw []byte, m *mailbox.Message) mailbox.Proof {
	var claimed int
	err := w.db.QueryRowContext(ctx, "SELECT count(*) FROM arrivals WHERE state = 'taken' AND attempts > 0").Scan(&claimed)
	if err != nil {
		claimed = -1
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claimed[m.Subject] = claimed
	return w.everybody.Prove(ctx, raw, m)
}

func TestMailThatWasTriedBeforeComesAlone(t *testing.T) {
	f := newFixture(t)
	db := f.file()
	w := &watcher{db: db, claimed: map[string]int{}}
	f.options.Prover = w
	const mails, tried, window = 30, 19, 8
	var raws []string
	for i := range mails {
		raws = append(raws, mail(pedro, fmt.Sprint(i), fmt.Sprint("Solicitud ", i)))
	}
	f.take("a", raws...)
	if _, err := db.Exec("UPDATE arrivals SET attempts = 1 WHERE uid = ?", tried+1); err != nil {
		t.Fatal(err)
	}
	handled := 0
	for {
		n, err := f.handleWaiting(t.Context(), window)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		handled += n
	}
	if handled != mails || len(w.claimed) != mails {
		t.Errorf("%d mails were handled and %d read, want %d", handled, len(w.claimed), mails)
	}
	for subject, claimed := range w.claimed {
		least, most := 1, window+1 // the one that was tried before counts always
		if subject == fmt.Sprint(tried) {
			most = 1
		}
		if claimed < least || claimed > most {
			t.Errorf("mail %s was read while %d were claimed, want %d to %d", subject, claimed, least, most)
		}
	}
	for i, ticket := range f.tickets() {
		if want := fmt.Sprint(mails - 1 - i); ticket.Subject != want {
			t.Errorf("request %s is mail %s, want %s", ticket.Number, ticket.Subject, want)
		}
	}
}
