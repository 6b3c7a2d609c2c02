package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets/register"
)

// TestAMailThatCameTwiceCountsOnce counts mails of which one was delivered anew, with another line on top, and one could not be read.
func TestAMailThatCameTwiceCountsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	r, err := register.Open(t.Context(), path, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := r.Position(t.Context(), "soporte", 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	var batch []mailbox.Arrival
	for i, raw := range []string{"one", "Received: again\r\none", "two", "unread", "waiting"} {
		batch = append(batch, mailbox.Arrival{Mailbox: "soporte", UIDValidity: 1, UID: uint32(i + 1), Raw: []byte(raw), Size: int64(len(raw))})
	}
	if err := r.Take(t.Context(), "soporte", 1, 5, batch); err != nil {
		t.Fatal(err)
	}
	if err := r.Update(t.Context(), settleSome); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]int{countCome: 4, countCome + " WHERE state <> 'taken'": 3} {
		var got int
		if err := db.QueryRowContext(context.Background(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", query, got, err, want)
		}
	}
}

// settleSome settles the first four of the mails that wait: two are one message, and the fourth is none.
func settleSome(tx *register.Tx) error {
	claimed, err := tx.ClaimArrivals(0, 4)
	if err != nil {
		return err
	}
	one, err := tx.AddMessage(register.Message{Identity: []byte("one"), Digest: claimed[0].Digest})
	if err != nil {
		return err
	}
	two, err := tx.AddMessage(register.Message{Identity: []byte("two"), Digest: claimed[2].Digest})
	if err != nil {
		return err
	}
	for i, s := range []register.Settlement{{Message: one}, {Message: one}, {Message: two}, {Quarantined: true, Reason: "unreadable"}} {
		if err := tx.Settle(claimed[i].ID, s); err != nil {
			return err
		}
	}
	return nil
}
