// Package browser looks at the board as people do: in Chromium, driven by the DevTools protocol, against the demo's daemon and its mail
// servers. It is a module of its own, so that the program does not depend on a browser's driver.
//
//	RADICADO_BIN    the program; without it nothing runs
//	RADICADO_AXE    axe.min.js of axe-core; without it accessibility is not checked
//	RADICADO_SHOTS  a folder for pictures of every page; without it none are taken
package browser

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/mailbox/mailtest"
)

// demo is the demo's daemon, left running.
type demo struct {
	t                 *testing.T
	ctx               context.Context
	imap, smtp, board string
	links             map[string]string // to sign in, by the first name
}

const (
	password = "demo"
	desk     = "soporte@ministerio.example"
	patience = 30 * time.Second
)

func startDemo(ctx context.Context, t *testing.T) *demo {
	t.Helper()
	program := os.Getenv("RADICADO_BIN")
	if program == "" {
		t.Skip("RADICADO_BIN is not set: see .ci/run")
	}
	d := &demo{t: t, ctx: ctx, links: map[string]string{}}
	command := exec.CommandContext(ctx, program, "demo", "--keep", "--folder", t.TempDir())
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Logf("the demo ended with %v", err)
		}
	})
	servers := regexp.MustCompile(`IMAP (\S+)   SMTP (\S+)`)
	link := regexp.MustCompile(`^\s+(\S+).*\s(http://\S+/entrar/\S+)$`)
	for s := bufio.NewScanner(out); s.Scan(); {
		line := s.Text()
		if m := servers.FindStringSubmatch(line); m != nil {
			d.imap, d.smtp = m[1], m[2]
		}
		if m := link.FindStringSubmatch(line); m != nil {
			d.links[m[1]] = m[2]
			d.board = m[2][:strings.Index(m[2], "/entrar/")]
		}
		if strings.Contains(line, "End with Ctrl-C") {
			go func() {
				for s.Scan() { // the pipe must not fill up
				}
			}()
			return d
		}
	}
	t.Fatal("the demo did not come up")
	return nil
}

func person(name, addr string) mailtest.Person {
	return mailtest.Person{Name: name, Addr: addr, Password: password, Client: mailtest.Gmail}
}

// writes lets somebody write to the desk.
func (d *demo) writes(p mailtest.Person, subject, text string) {
	d.t.Helper()
	envelope := mailtest.Envelope{From: p.Addr, To: []string{desk}, User: p.Addr, Password: password}
	if err := mailtest.Send(d.ctx, d.smtp, envelope, p.Write(desk, subject, text)); err != nil {
		d.t.Fatal(err)
	}
}

// gets waits for a mail with that subject in somebody's inbox and returns the latest.
func (d *demo) gets(p mailtest.Person, subject string) []byte {
	d.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		mails := d.inbox(p)
		for i := len(mails) - 1; i >= 0; i-- {
			if mailtest.HeaderOf(mails[i], "Subject") == subject {
				return mails[i]
			}
		}
	}
	d.t.Fatalf("no mail %q came to %s", subject, p.Addr)
	return nil
}

func (d *demo) inbox(p mailtest.Person) (mails [][]byte) {
	d.t.Helper()
	client, err := imapclient.DialInsecure(d.imap, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(p.Addr, password).Wait(); err != nil {
		d.t.Fatal(err)
	}
	selected, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		d.t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return nil
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := client.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range fetched {
		mails = append(mails, m.FindBodySection(body))
	}
	return mails
}
