package clamd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a clamd that says what it is told to, and keeps what it was sent.
type daemon struct {
	mu    sync.Mutex
	got   []byte
	reply func(mail []byte) string // "" hangs up
	limit int                      // bytes after which it says that the mail is too large; 0: none
	hang  chan struct{}            // where set, it answers when this is closed
}

func (d *daemon) serve(t *testing.T, ln net.Listener) {
	t.Helper()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { d.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
}

func (d *daemon) talk(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	command, err := r.ReadString(0)
	if err != nil {
		return
	}
	if command == "zVERSION\x00" {
		_, _ = io.WriteString(conn, "ClamAV 1.4.3/27800/Mon Nov 23\x00")
		return
	}
	var mail []byte
	for {
		var size uint32
		if binary.Read(r, binary.BigEndian, &size) != nil {
			return
		}
		if size == 0 {
			break
		}
		piece := make([]byte, size)
		if _, err := io.ReadFull(r, piece); err != nil {
			return
		}
		mail = append(mail, piece...)
		if d.limit > 0 && len(mail) > d.limit {
			_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
			return
		}
	}
	if d.hang != nil {
		<-d.hang
	}
	d.mu.Lock()
	d.got = mail
	d.mu.Unlock()
	_, _ = io.WriteString(conn, d.reply(mail))
}

func scanner(t *testing.T, d *daemon, network string) *Scanner {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "clamd.ctl")
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	d.serve(t, ln)
	s, err := New(network+":"+ln.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	tests := []struct {
		name    string
		reply   string
		mail    []byte
		limit   int
		found   string
		problem string // in the error, "" for none
	}{
		{"clean", "stream: OK\x00", []byte("hola"), 0, "", ""},
		{"clean and empty", "stream: OK\x00", nil, 0, "", ""},
		{"clean and larger than a piece", "stream: OK\x00", large, 0, "", ""},
		{"infected", "stream: Eicar-Signature FOUND\x00", []byte("x"), 0, "Eicar-Signature", ""},
		{"too large for it", "", large, 100_000, "", "size limit exceeded"},
		{"an error", "stream: Can't allocate memory ERROR\x00", []byte("x"), 0, "", "allocate memory"},
		{"it hangs up", "", []byte("x"), 0, "", "no answer"},
		{"an answer without end", strings.Repeat("x", 3*maxReply), []byte("x"), 0, "", "no answer"},
		{"an answer to something else", "PONG\x00", []byte("x"), 0, "", "PONG"},
		{"FOUND without a name", "stream:  FOUND\x00", []byte("x"), 0, "", "FOUND"},
		{"a terminal sequence", "\x1b[2J\x00", []byte("x"), 0, "", `\x1b[2J`},
	}
	for _, network := range []string{"unix", "tcp"} {
		for _, tt := range tests {
			t.Run(network+" "+tt.name, func(t *testing.T) {
				d := &daemon{reply: func([]byte) string { return tt.reply }, limit: tt.limit}
				found, err := scanner(t, d, network).Scan(t.Context(), tt.mail)
				if found != tt.found || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("Scan = %q, %v, want %q and an error with %q", found, err, tt.found, tt.problem)
				}
				if tt.problem == "" && !bytes.Equal(d.got, tt.mail) {
					t.Errorf("the daemon got %d bytes of %d", len(d.got), len(tt.mail))
				}
			})
		}
	}
}

func TestScanEnds(t *testing.T) {
	d := &daemon{reply: func([]byte) string { return "stream: OK\x00" }, hang: make(chan struct{})}
	s := scanner(t, d, "tcp")
	defer close(d.hang)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := s.Scan(ctx, []byte("x")); err == nil {
		t.Error("a scan goes on after its context ended")
	}
	s.timeout = 10 * time.Millisecond
	if _, err := s.Scan(t.Context(), []byte("x")); err == nil {
		t.Error("a scan goes on after its time")
	}
}

func TestVersion(t *testing.T) {
	if got, err := scanner(t, &daemon{}, "unix").Version(t.Context()); err != nil || !strings.HasPrefix(got, "ClamAV 1.4.3") {
		t.Errorf("Version = %q, %v", got, err)
	}
}

func TestNew(t *testing.T) {
	for where, good := range map[string]bool{"unix:/run/clamav/clamd.ctl": true, "tcp:127.0.0.1:3310": true, "tcp:[::1]:3310": true, "tcp:localhost:3310": true,
		"": false, "/run/clamd.ctl": false, "unix:clamd.ctl": false, "tcp:192.0.2.1:3310": false, "tcp:clamd.example.org:3310": false, "tcp:127.0.0.1": false, "udp:127.0.0.1:1": false} {
		if _, err := New(where, time.Second); (err == nil) != good {
			t.Errorf("New(%q): %v", where, err)
		}
	}
}
