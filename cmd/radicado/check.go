package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/deliver"
	"radicado/mailbox/message"
	"radicado/mailbox/receive"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets/monitor"
)

type checkCommand struct {
	configFlag
	jsonFlag
	Offline bool `help:"Check the settings and files only, connect to nothing."`
}

// finding is one line of the check.
type finding struct {
	Where  string `json:"where"` // "mailbox soporte", "smtp" …
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Advice string `json:"advice,omitempty"`
}

// Run checks everything and fails where anything failed.
func (k *checkCommand) Run(ctx context.Context, c console) error {
	s, err := readSettings(k.Config)
	if err != nil {
		return err
	}
	failed := false
	say := func(f finding) {
		failed = failed || !f.OK
		k.print(c, f)
	}
	var keys []string
	for _, one := range lasting(s.file) {
		keys = append(keys, one.key)
	}
	say(finding{Where: "settings", What: k.Config, OK: true, Detail: "valid; a reload puts them in force, but another " +
		strings.Join(keys, ", ") + " at a restart alone"})
	checkState(ctx, s, say)
	say(checkTemplates(s))
	if s.file.Monitor.Listen != "" && !k.Offline {
		say(checkMonitor(ctx, s))
	}
	if s.file.Board.Listen != "" && !k.Offline {
		say(checkBoard(s))
	}
	if s.scanner != nil && !k.Offline {
		say(checkScanner(ctx, s))
	}
	if !k.Offline {
		if err := checkServers(ctx, s, say); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

// checkServers connects to every mailbox and to the SMTP server.
func checkServers(ctx context.Context, s *settings, say func(finding)) error {
	for _, m := range s.mailboxes {
		account, err := m.account(receive.Timing{})
		if err != nil {
			return err
		}
		for _, f := range receive.Check(ctx, account) {
			say(finding{"mailbox " + m.section.Name, f.What, f.OK, f.Detail, f.Advice})
		}
		for _, f := range checkProofs(ctx, s, m.section.Name, account) {
			say(f)
		}
	}
	server, err := s.smtpServer()
	if err != nil {
		return err
	}
	for _, f := range deliver.Check(ctx, server) {
		say(finding{"smtp", f.What, f.OK, f.Detail, f.Advice})
	}
	return nil
}

// proofMails is how many of the latest mails tell what the server writes into them.
const proofMails = 50

// checkProofs tells from the last mails of a mailbox which proofs of the sender its server offers and which settings would use
// them. It never fails: a mailbox without mails, or whose server offers nothing, can be read all the same.
func checkProofs(ctx context.Context, s *settings, name string, account receive.Account) []finding {
	where := "mailbox " + name
	headers, err := receive.Headers(ctx, account, proofMails)
	if err != nil {
		return nil // what keeps the mailbox from being read was said
	}
	policy := s.trust
	// Neither helps where headers alone are at hand.
	policy.VerifyDKIM, policy.Accept = false, slices.DeleteFunc(slices.Clone(policy.Accept), func(m trust.Method) bool { return m == trust.MethodToken })
	verifier, err := trust.New(policy, nil, nil, time.Now)
	if err != nil {
		return []finding{{Where: where, What: "proofs of the sender", Detail: err.Error(), Advice: "correct the settings of [trust]"}}
	}
	var mails []*mailbox.Message
	for _, header := range headers {
		mails = append(mails, message.Read(header, message.Options{Own: s.policy.Own}))
	}
	offers := verifier.Offers(mails)
	found := []finding{{Where: where, What: "proofs of the sender", OK: true,
		Detail: fmt.Sprintf("%d of the last %d mails are proven by their header with the settings as they are", offers.Proven, offers.Mails)}}
	for _, advice := range offers.Advice[:max(0, len(offers.Advice)-1)] { // the last one says the same as the finding
		found = append(found, finding{Where: where, What: "proofs of the sender", OK: true, Detail: advice})
	}
	if offers.Mails == 0 {
		found[0].Detail = "no mails to look at: send one to the mailbox from outside and check again"
	}
	return found
}

// checkScanner asks the virus scanner who it is.
func checkScanner(ctx context.Context, s *settings) finding {
	f := finding{Where: "scan", What: s.file.Scan.Address}
	version, err := s.scanner.Version(ctx)
	if err != nil {
		f.Detail, f.Advice = err.Error(), "start clamd, and let the daemon's user reach its socket"
		return f
	}
	f.OK, f.Detail = true, version
	return f
}

// checkMonitor finds out whether the metrics can be served: a daemon at work serves them, or the address is free.
func checkMonitor(ctx context.Context, s *settings) finding {
	address := s.file.Monitor.Listen
	f := finding{Where: "monitor", What: address, OK: true, Detail: "the running daemon answers"}
	if alive, answer, err := ask(ctx, address, "/healthz"); err == nil && (alive || strings.HasPrefix(answer, monitor.Hangs)) {
		if !alive {
			f.Detail = "the running daemon answers that it " + strings.TrimSpace(answer)
		}
		return f
	}
	if err := tryListen(address); err != nil {
		return finding{Where: f.Where, What: address, Detail: err.Error(), Advice: "set monitor.listen to an address of this machine that is free"}
	}
	f.Detail = "free: no daemon serves there now"
	return f
}

// checkFolder tries whether a file can be kept at path.
func checkFolder(where, path string) finding {
	what := "folder of " + path
	if err := tryFolder(filepath.Dir(path)); err != nil {
		return finding{Where: where, What: what, Detail: err.Error(), Advice: "make the folder and give it to the user that the daemon runs as"}
	}
	return finding{Where: where, What: what, OK: true, Detail: "can be written"}
}

// tryFolder makes a file in a folder and removes it.
func tryFolder(path string) error {
	probe, err := os.CreateTemp(path, ".radicado-check-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// checkTemplates reads and tries every template.
func checkTemplates(s *settings) finding {
	what := "built-in"
	if s.file.Templates.Folder != "" {
		what = s.file.Templates.Folder
	}
	if _, err := templates.Load(s.file.Templates.Folder, s.templates()); err != nil {
		return finding{Where: "templates", What: what, Detail: err.Error(), Advice: "mend the file that the error names, or remove it to use the built-in one"}
	}
	return finding{Where: "templates", What: what, OK: true, Detail: "all notices can be rendered"}
}

// print writes a line for people, or an object for programs.
func (k *checkCommand) print(c console, f finding) {
	if k.JSON {
		_ = json.NewEncoder(c.out).Encode(f) // a broken pipe ends the program soon enough
		return
	}
	mark := "ok    "
	if !f.OK {
		mark = "FAILED"
	}
	fmt.Fprintf(c.out, "%s  %s: %s", mark, f.Where, f.What)
	if f.Detail != "" {
		fmt.Fprintf(c.out, ": %s", printable(f.Detail))
	}
	if !f.OK && f.Advice != "" {
		fmt.Fprintf(c.out, "\n        what to do: %s", f.Advice)
	}
	fmt.Fprintln(c.out)
}
