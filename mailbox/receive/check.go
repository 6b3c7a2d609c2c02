package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Finding is one thing that Check looked at.
type Finding struct {
	What   string // "login"
	OK     bool
	Detail string // what was found
	Advice string // what to do about it, "" where there is nothing to do
}

// Check connects to the account and looks whether the daemon can work with it. Folders that mails are to be moved to are
// made where they are missing. The first failure that makes looking on pointless is the last finding.
func Check(ctx context.Context, acc Account) []Finding {
	acc = acc.withDefaults()
	if err := acc.Validate(); err != nil {
		return []Finding{{What: "settings", Detail: err.Error(), Advice: "correct the settings of this mailbox"}}
	}
	s, err := dial(ctx, acc)
	if err != nil {
		return []Finding{{What: "connection to " + acc.Address, Detail: err.Error(), Advice: connectionAdvice(acc, err)}}
	}
	defer s.close()
	findings := []Finding{{What: "connection to " + acc.Address, OK: true, Detail: "protection: " + string(acc.TLS)}}
	add := func(f Finding) { findings = append(findings, f) }

	if err := s.login(ctx); err != nil {
		add(Finding{What: "login as " + acc.Username, Detail: err.Error(), Advice: troubleOf(err).Advice()})
		return findings
	}
	add(Finding{What: "login as " + acc.Username, OK: true, Detail: "accepted"})
	add(s.capabilityFinding())

	if err := s.open(ctx, acc.Folder); err != nil {
		add(Finding{What: "folder " + acc.Folder, Detail: err.Error(), Advice: NoFolder.Advice()})
		return findings
	}
	add(Finding{What: "folder " + acc.Folder, OK: true, Detail: fmt.Sprintf("%d mails as %q", s.messages, s.folder)})
	if acc.LeaveInPlace {
		return findings
	}
	for _, name := range []string{acc.Processed, acc.Quarantine} {
		add(s.folderFinding(ctx, name))
	}
	return findings
}

// capabilityFinding never fails: every capability has a substitute.
func (s *session) capabilityFinding() Finding {
	found := Finding{What: "capabilities", OK: true}
	var have, lack []string
	for _, c := range []struct {
		name       imap.Cap
		substitute string
	}{
		{imap.CapIdle, "new mail is noticed only when the folder is polled"},
		{imap.CapMove, "mails are copied and removed instead of moved"},
		{imap.CapUIDPlus, "without MOVE too, mails stay in the folder while others are marked as deleted"},
	} {
		if s.caps.Has(c.name) {
			have = append(have, string(c.name))
		} else {
			lack = append(lack, string(c.name)+" is missing: "+c.substitute)
		}
	}
	slices.Sort(have)
	found.Detail = strings.Join(append([]string{"has " + strings.Join(have, ", ")}, lack...), "; ")
	if len(have) == 0 {
		found.Detail = strings.Join(lack, "; ")
	}
	return found
}

// folderFinding looks for a folder and makes it where it is missing.
func (s *session) folderFinding(ctx context.Context, name string) Finding {
	what := "folder " + name
	found, made, err := s.ensure(ctx, name)
	switch {
	case err != nil:
		return Finding{What: what, Detail: err.Error(), Advice: "make the folder by hand, or give the account the right to make it"}
	case made:
		return Finding{What: what, OK: true, Detail: fmt.Sprintf("was missing and has been made as %q", found)}
	}
	return Finding{What: what, OK: true, Detail: fmt.Sprintf("exists as %q", found)}
}

// connectionAdvice says what to do about a connection that did not come about.
func connectionAdvice(acc Account, err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "certificate"):
		return "the certificate is not one to trust: name the server as the certificate does, or name its authority in the settings"
	case strings.Contains(text, "first record does not look like a TLS handshake"), errors.Is(err, errSlow) && acc.TLS == Implicit:
		return "the port may be one without TLS at once: try STARTTLS, or port 993"
	case acc.TLS != Implicit && strings.Contains(text, "closed"):
		return "the port may be one with TLS from the first byte: try implicit TLS"
	}
	return Unreachable.Advice()
}
