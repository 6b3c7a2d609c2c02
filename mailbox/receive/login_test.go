package receive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"radicado/mailbox/oauth"
)

func TestToken(t *testing.T) {
	tests := []struct {
		name string
		rows []row
		err  error // of the token
		want Trouble
		says string
	}{
		{"accepted", []row{{on: "^AUTHENTICATE XOAUTH2", reply: "$T OK in\n"}}, nil, NoTrouble, ""},
		{"refused with an explanation", []row{
			{on: "^AUTHENTICATE XOAUTH2", reply: "+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\n"}, {on: `^$`, reply: "T1 NO failed\n"},
		}, nil, Refused, "invalid_token"},
		{"not given", nil, fmt.Errorf("HTTP 401: %w", oauth.ErrRefused), Refused, "token of soporte@example.org: HTTP 401"},
		{"nobody there", nil, errors.New("no route to host"), NoSecret, "token of soporte@example.org: no route to host"},
		{"no file to be opened", nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}, NoFiles, "too many open files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, tt.rows...)
			sc.caps += " SASL-IR AUTH=XOAUTH2"
			sc.greeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello\r\n"
			acc := sc.serveAccount()
			acc.Password = nil
			acc.Token = func(context.Context) (string, error) { return "ya29.clave", tt.err }
			s, err := connect(t.Context(), acc.withDefaults())
			if tt.want == NoTrouble {
				if err != nil {
					t.Fatal(err)
				}
				s.close()
				return
			}
			if err == nil || troubleOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "clave") {
				t.Errorf("error %v, want %q, and nothing of the token", err, tt.says)
			}
		})
	}
}

// TestSecretThatCannotBeRead is out of open files for a moment: the server has refused nothing, and there is no need to wait as if it had.
func TestSecretThatCannotBeRead(t *testing.T) {
	sc := newScript(t)
	sc.addPlain(1)
	acc := sc.serveAccount()
	acc.Timing.RefusedRetry = time.Hour
	acc.Timing.MaxRetry = time.Hour
	var asked atomic.Int32
	acc.Password = func(context.Context) (string, error) {
		if asked.Add(1) == 1 {
			return "", &fs.PathError{Op: "open", Path: "/etc/radicado/clave", Err: syscall.EMFILE}
		}
		return "clave-secreta", nil
	}
	ledger := newLedger()
	r := run(t, acc, ledger)
	wantMails(t, ledger, plainMail(0))
	if !strings.Contains(r.log.String(), "LimitNOFILE") || strings.Contains(r.log.String(), "check user") {
		t.Errorf("what to do is not said:\n%s", r.log)
	}
}

// TestNameThatIsNotFoundForWantOfFiles has the process open no more files: Go's resolver tells nobody why it finds nothing. No other test
// may run meanwhile.
func TestNameThatIsNotFoundForWantOfFiles(t *testing.T) {
	acc := newScript(t).serveAccount().withDefaults()
	acc.Address = "correo.invalid:993" // which there never is (RFC 6761 section 6.4)
	acc.Timing.Step = 200 * time.Millisecond
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := connect(t.Context(), acc)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if troubleOf(err) != NoFiles {
		t.Errorf("without files: %q, %v", troubleOf(err), err)
	}
	if _, err := connect(t.Context(), acc); troubleOf(err) != Unreachable {
		t.Errorf("with files: %q, %v", troubleOf(err), err)
	}
}
