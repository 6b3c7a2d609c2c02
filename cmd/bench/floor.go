package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	_ "github.com/mattn/go-sqlite3" // the driver that the register uses
)

// floorAddress has the same mails as the desk.
const floorAddress = "suelo@ministerio.example"

const (
	floorBatch = 50  // mails a commit, as the register does
	moveBatch  = 500 // mails a MOVE
)

// floor is how fast the parts are that nothing can do without, each alone, in mails a second.
type floor struct {
	Fetch  float64 `json:"fetch_per_second"`
	Commit float64 `json:"commit_per_second"`
	Move   float64 `json:"move_per_second"`
	// Sum is the rate of all three, one after the other.
	Sum float64 `json:"sum_per_second"`
}

// measureFloor fetches the mails of the mailbox pipelined, commits their bytes with the register's settings, and moves them.
func measureFloor(ctx context.Context, w *world, folder string) (f floor, err error) {
	client, err := dial(ctx, w.imap, floorAddress, w.password)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	selected, err := client.Select("INBOX", nil).Wait()
	if err != nil {
		return f, err
	}
	n := float64(selected.NumMessages)
	begin := time.Now()
	mails, uids, err := fetchAll(client)
	if err != nil {
		return f, fmt.Errorf("floor: fetch: %w", err)
	}
	if float64(len(mails)) != n {
		return f, fmt.Errorf("floor: %d of %.0f mails were fetched", len(mails), n)
	}
	fetched := time.Since(begin)
	committed, err := commitAll(ctx, filepath.Join(folder, "floor.db"), mails)
	if err != nil {
		return f, fmt.Errorf("floor: commit: %w", err)
	}
	moved, err := moveAll(client, uids)
	if err != nil {
		return f, fmt.Errorf("floor: move: %w", err)
	}
	f.Fetch, f.Commit, f.Move = n/fetched.Seconds(), n/committed.Seconds(), n/moved.Seconds()
	f.Sum = n / (fetched + committed + moved).Seconds()
	return f, nil
}

func fetchAll(client *imapclient.Client) (mails [][]byte, uids []imap.UID, err error) {
	body := &imap.FetchItemBodySection{Peek: true}
	command := client.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}})
	for msg := command.Next(); msg != nil; msg = command.Next() {
		data, err := msg.Collect()
		if err != nil {
			return nil, nil, err
		}
		mails, uids = append(mails, data.FindBodySection(body)), append(uids, data.UID)
	}
	return mails, uids, command.Close()
}

// commitAll writes the mails into a table of their own, durably, and returns how long that took.
func commitAll(ctx context.Context, path string, mails [][]byte) (took time.Duration, err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.Remove(path)) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE mails (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT"); err != nil {
		return 0, err
	}
	begin := time.Now()
	for rest := mails; len(rest) > 0; {
		batch := rest[:min(len(rest), floorBatch)]
		rest = rest[len(batch):]
		if err := commitBatch(ctx, db, batch); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

func commitBatch(ctx context.Context, db *sql.DB, batch [][]byte) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	insert, err := tx.PrepareContext(ctx, "INSERT INTO mails (content) VALUES (?1)")
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for _, raw := range batch {
		if _, err := insert.ExecContext(ctx, raw); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func moveAll(client *imapclient.Client, uids []imap.UID) (time.Duration, error) {
	if err := client.Create("Procesados", nil).Wait(); err != nil {
		return 0, err
	}
	begin := time.Now()
	for rest := uids; len(rest) > 0; {
		batch := rest[:min(len(rest), moveBatch)]
		rest = rest[len(batch):]
		if _, err := client.Move(imap.UIDSetNum(batch...), "Procesados").Wait(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// bareSend hands the same notices to the SMTP server by a client that does nothing else, and returns mails a second.
func bareSend(ctx context.Context, w *world, notices []sentNotice, connections int) (rates, error) {
	work := make(chan sentNotice)
	errs := make(chan error, connections)
	begin := time.Now()
	var wait sync.WaitGroup
	for range connections {
		wait.Go(func() { errs <- bareConnection(ctx, w, work) })
	}
	var failure error
	for _, n := range notices {
		select {
		case work <- n:
			continue
		case failure = <-errs:
		}
		break
	}
	close(work)
	wait.Wait()
	close(errs)
	for err := range errs {
		failure = errors.Join(failure, err)
	}
	if failure != nil {
		return rates{}, fmt.Errorf("bare sender: %w", failure)
	}
	return w.accepted(ctx, len(notices), begin)
}

// bareConnection speaks SMTP over one connection (RFC 5321).
func bareConnection(ctx context.Context, w *world, work <-chan sentNotice) (err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", w.smtp)
	if err != nil {
		return err
	}
	text := textproto.NewConn(conn)
	defer func() { err = errors.Join(err, text.Close()) }()
	if _, _, err := text.ReadResponse(220); err != nil {
		return err
	}
	say := func(code int, format string, args ...any) error {
		if err := text.PrintfLine(format, args...); err != nil {
			return err
		}
		_, _, err := text.ReadResponse(code)
		return err
	}
	if err := say(250, "EHLO bench.ministerio.example"); err != nil {
		return err
	}
	if w.login {
		if err := say(235, "AUTH PLAIN %s", plain(deskAddress, w.password)); err != nil {
			return err
		}
	}
	for n := range work {
		if err := errors.Join(say(250, "MAIL FROM:<%s>", deskAddress), say(250, "RCPT TO:<%s>", n.to), say(354, "DATA")); err != nil {
			return err
		}
		if err := sendData(text.W, n.raw); err != nil {
			return err
		}
		if _, _, err := text.ReadResponse(250); err != nil {
			return err
		}
	}
	return say(221, "QUIT")
}

func sendData(w *bufio.Writer, raw []byte) error {
	dots := textproto.NewWriter(w).DotWriter()
	if _, err := dots.Write(raw); err != nil {
		return err
	}
	return errors.Join(dots.Close(), w.Flush())
}

// sentNotice is a notice as the daemon sent it.
type sentNotice struct {
	to  string
	raw []byte
}

// twin returns the address of somebody who has received nothing yet: Dovecot is slower the more a mailbox holds.
func twin(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return local + "@gemelo.example"
}

// noticesOf returns as many notices as a person received, the first limit of them over and over, for their twin.
func noticesOf(ctx context.Context, w *world, user string, limit int) (list []sentNotice, err error) {
	client, err := dial(ctx, w.imap, user, w.password)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	selected, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || selected.NumMessages == 0 {
		return nil, err
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := client.Fetch(imap.SeqSet{{Start: 1, Stop: uint32(min(limit, int(selected.NumMessages)))}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		return nil, err
	}
	if len(fetched) == 0 {
		return nil, fmt.Errorf("the mailbox of %s gives out nothing of its %d mails", user, selected.NumMessages)
	}
	for i := range int(selected.NumMessages) {
		list = append(list, sentNotice{to: twin(user), raw: fetched[i%len(fetched)].FindBodySection(body)})
	}
	return list, nil
}
