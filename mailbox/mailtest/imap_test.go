package mailtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const support = "soporte@ministerio.example"

var day = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("COT", -5*3600))

func newIMAP(t *testing.T, o IMAPOptions) *IMAP {
	t.Helper()
	s, err := NewIMAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.AddUser(support, "clave", "Procesados"); err != nil {
		t.Fatal(err)
	}
	return s
}

// login connects a client that has the INBOX selected.
func login(t *testing.T, s *IMAP, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.Addr(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(support, "clave").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, s *IMAP, n int) {
	t.Helper()
	for i := range n {
		raw := fmt.Appendf(nil, "Subject: mail %d\r\n\r\ntext\r\n", i)
		if _, err := s.Append(support, "INBOX", raw, day); err != nil {
			t.Fatal(err)
		}
	}
}

func TestListReturnsWhatWasAppended(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	raw := []byte("Subject: =?utf-8?q?=C3=B1?=\r\n\r\ncr\rlf\nnul\x00 \xff\r\n.\r\n")
	uid, err := s.Append("SOPORTE@ministerio.example", "INBOX", raw, day)
	if err != nil {
		t.Fatal(err)
	}
	s.Down() // List does not need the port
	mails, err := s.List(support, "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) != 1 || mails[0].UID != uid || !mails[0].Time.Equal(day) || !bytes.Equal(mails[0].Raw, raw) {
		t.Fatalf("got %+v", mails)
	}
	folders, err := s.Folders(support)
	if err != nil || fmt.Sprint(folders) != "[INBOX Procesados]" {
		t.Fatalf("folders %v, %v", folders, err)
	}
	if _, err := s.List(support, "Nada"); err == nil {
		t.Error("a folder that does not exist was listed")
	}
	if _, err := s.Append("nadie@ministerio.example", "INBOX", raw, day); err == nil {
		t.Error("a user who does not exist got a mail")
	}
}

func TestIdleSeesEveryAppend(t *testing.T) {
	for _, when := range []string{"before IDLE", "during IDLE"} {
		t.Run(when, func(t *testing.T) {
			s := newIMAP(t, IMAPOptions{})
			exists := make(chan uint32, 8)
			c := login(t, s, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
				Mailbox: func(data *imapclient.UnilateralDataMailbox) {
					if data.NumMessages != nil {
						exists <- *data.NumMessages
					}
				},
			}})
			if when == "before IDLE" {
				put(t, s, 1)
			}
			idle, err := c.Idle()
			if err != nil {
				t.Fatal(err)
			}
			if when == "during IDLE" {
				put(t, s, 1)
			}
			select {
			case n := <-exists:
				if n != 1 {
					t.Errorf("EXISTS %d", n)
				}
			case <-time.After(5 * time.Second):
				t.Error("IDLE was not told of the mail")
			}
			if err := idle.Close(); err != nil {
				t.Error(err)
			}
			if err := idle.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMove(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	put(t, s, 3)
	var expunged []uint32
	c := login(t, s, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(seqNum uint32) { expunged = append(expunged, seqNum) },
	}})
	data, err := c.Move(imap.UIDSetNum(1, 3, 7), "Procesados").Wait()
	if err != nil {
		t.Fatal(err)
	}
	if src, dst := data.SourceUIDs.(imap.UIDSet).String(), data.DestUIDs.(imap.UIDSet).String(); src != "1,3" || dst != "1:2" {
		t.Errorf("COPYUID %s %s", src, dst)
	}
	if data, err := c.Move(imap.UIDSetNum(7), "Procesados").Wait(); err != nil || data.SourceUIDs != nil {
		t.Errorf("MOVE of a missing UID: %+v, %v", data, err)
	}
	if data, err := c.Copy(imap.UIDSetNum(7), "Procesados").Wait(); err != nil || data.SourceUIDs != nil {
		t.Errorf("COPY of a missing UID: %+v, %v", data, err)
	}
	if fmt.Sprint(expunged) != "[3 1]" {
		t.Errorf("EXPUNGE %v, want [3 1]", expunged)
	}
	left, err := s.List(support, "INBOX")
	if err != nil || len(left) != 1 || left[0].UID != 2 {
		t.Errorf("left %+v, %v", left, err)
	}
	moved, err := s.List(support, "Procesados")
	if err != nil || len(moved) != 2 || len(moved[0].Flags) != 0 || HeaderOf(moved[1].Raw, "Subject") != "mail 2" {
		t.Errorf("moved %+v, %v", moved, err)
	}
}

func TestMoveByTwoIsOneCopy(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	put(t, s, 50)
	var wg sync.WaitGroup
	for range 2 {
		c := login(t, s, nil)
		wg.Go(func() {
			for uid := imap.UID(1); uid <= 50; uid++ {
				if _, err := c.Move(imap.UIDSetNum(uid), "Procesados").Wait(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := s.Count(support, "Procesados"); n != 50 {
		t.Errorf("%d mails moved, want 50", n)
	}
}

// TestMoveOnABreakingConnection sends moves and breaks the connection before their answers: each mail lies in one mailbox.
func TestMoveOnABreakingConnection(t *testing.T) {
	const mails = 20
	s := newIMAP(t, IMAPOptions{})
	put(t, s, mails)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "a LOGIN %s clave\r\nb SELECT INBOX\r\n", support); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(conn); lines.Scan() && !strings.HasPrefix(lines.Text(), "b OK"); {
	}
	var moves strings.Builder
	for i := range mails {
		fmt.Fprintf(&moves, "c%d UID MOVE %d Procesados\r\n", i, i+1)
	}
	if _, err := conn.Write([]byte(moves.String())); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // closing resets, so that the server cannot write
		t.Fatal(err)
	}
	conn.Close()
	s.sessions.Wait()
	if inbox, moved := s.Count(support, "INBOX"), s.Count(support, "Procesados"); inbox+moved != mails {
		t.Errorf("%d mails in INBOX and %d in Procesados, of %d", inbox, moved, mails)
	}
}

func TestFetchAnswersOnlyWhatWasAnnounced(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	c := login(t, s, nil)
	put(t, s, 1)
	for i, want := range []int{0, 1} { // the answer to the first FETCH announces the mail
		got, err := c.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true}).Collect()
		if err != nil || len(got) != want {
			t.Errorf("FETCH %d: %d mails, %v; want %d", i+1, len(got), err, want)
		}
	}
}

func TestWaitAndRenew(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	done := make(chan error)
	go func() { done <- s.WaitCount(ctx, support, "INBOX", 3) }()
	put(t, s, 3)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.WaitCount(ctx, support, "INBOX", 3); err != nil {
		t.Fatal(err)
	}
	before, err := s.account(support).user.Status("INBOX", &imap.StatusOptions{UIDValidity: true})
	if err != nil {
		t.Fatal(err)
	}
	c := login(t, s, nil)
	if err := s.Renew(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("the connection outlived the renewal")
	}
	after, err := s.account(support).user.Status("INBOX", &imap.StatusOptions{UIDValidity: true, NumMessages: true})
	if err != nil || after.UIDValidity == before.UIDValidity || *after.NumMessages != 3 {
		t.Errorf("before %+v, after %+v, %v", before, after, err)
	}
	short, stop := context.WithCancel(ctx)
	stop()
	if _, err := s.Wait(short, support, "Procesados", func(m []Stored) bool { return len(m) > 0 }); err == nil {
		t.Error("waiting for what never comes succeeded")
	}
}

func TestDownAndUp(t *testing.T) {
	s := newIMAP(t, IMAPOptions{})
	c := login(t, s, nil)
	s.Down()
	if err := c.Noop().Wait(); err == nil {
		t.Error("the connection outlived Down")
	}
	if c, err := imapclient.DialInsecure(s.Addr(), nil); err == nil {
		_ = c.Close()
		t.Error("connected to a server that is down")
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	_ = login(t, s, nil)
}
