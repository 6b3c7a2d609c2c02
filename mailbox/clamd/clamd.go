// Package clamd asks a ClamAV daemon whether a mail carries something harmful. It knows the daemon's protocol and nothing of what
// becomes of a mail; nothing is written to disk and nothing of the mail is run.
package clamd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Scanner is a daemon that listens on a socket. It is safe for concurrent use: every scan has a connection of its own.
type Scanner struct {
	network, address string
	timeout          time.Duration
}

// chunk is how much is sent at a time; clamd bounds the whole by its StreamMaxLength.
const chunk = 64 << 10

// maxReply bounds what is read of an answer, in bytes.
const maxReply = 4 << 10

// New returns a scanner on "unix:/run/clamav/clamd.ctl" or "tcp:127.0.0.1:3310". The protocol has neither encryption nor login, so that
// TCP is for loopback alone. timeout is for one whole mail.
func New(where string, timeout time.Duration) (*Scanner, error) {
	network, address, _ := strings.Cut(where, ":")
	switch network {
	case "unix":
		if !strings.HasPrefix(address, "/") {
			return nil, fmt.Errorf("clamd at %q: the path of a socket begins with a slash", where)
		}
	case "tcp":
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("clamd at %q: %w", where, err)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, fmt.Errorf("clamd at %q: mails would cross the network in the clear; only loopback is allowed", where)
		}
	default:
		return nil, fmt.Errorf(`clamd at %q: expected "unix:/path" or "tcp:127.0.0.1:3310"`, where)
	}
	return &Scanner{network, address, timeout}, nil
}

// Scan sends the mail to the daemon and returns the name of what it found, "" for nothing. An error says that nobody knows.
func (s *Scanner) Scan(ctx context.Context, mail []byte) (found string, err error) {
	answer, err := s.ask(ctx, "INSTREAM", func(w *bufio.Writer) error {
		for len(mail) > 0 {
			piece := mail[:min(len(mail), chunk)]
			if err := binary.Write(w, binary.BigEndian, uint32(len(piece))); err != nil {
				return err
			}
			if _, err := w.Write(piece); err != nil {
				return err
			}
			mail = mail[len(piece):]
		}
		return binary.Write(w, binary.BigEndian, uint32(0))
	})
	if err != nil {
		return "", fmt.Errorf("scan by clamd: %w", err)
	}
	said, ok := strings.CutPrefix(answer, "stream: ")
	if name, harmful := strings.CutSuffix(said, " FOUND"); ok && harmful && name != "" {
		return name, nil
	}
	if ok && said == "OK" {
		return "", nil
	}
	return "", fmt.Errorf("scan by clamd: it says %+.200q", answer)
}

// Version returns what the daemon says of itself and its signatures.
func (s *Scanner) Version(ctx context.Context) (string, error) {
	answer, err := s.ask(ctx, "VERSION", func(*bufio.Writer) error { return nil })
	if err == nil && !strings.HasPrefix(answer, "ClamAV") {
		err = fmt.Errorf("it says %+.200q", answer)
	}
	if err != nil {
		return "", fmt.Errorf("ask clamd for its version: %w", err)
	}
	return answer, nil
}

// ask gives one command in the form that ends with a NUL, and returns the answer without it.
func (s *Scanner) ask(ctx context.Context, command string, send func(*bufio.Writer) error) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := bufio.NewWriter(conn)
	if _, err := w.WriteString("z" + command + "\x00"); err != nil {
		return "", err
	}
	sent := send(w)
	if sent == nil {
		sent = w.Flush()
	}
	// Of a mail that is too large the daemon says so and hangs up: its answer explains the broken pipe.
	answer, err := bufio.NewReaderSize(conn, maxReply).ReadSlice(0)
	answer = bytes.TrimRight(answer, "\x00\n")
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case len(answer) > 0 && !errors.Is(err, bufio.ErrBufferFull):
		return string(answer), nil
	case sent != nil:
		return "", sent
	case err != nil:
		return "", fmt.Errorf("no answer: %w", err)
	}
	return "", errors.New("an empty answer")
}
