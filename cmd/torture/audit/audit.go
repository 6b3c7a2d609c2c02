// Package audit is the judge of the torture: it looks at what lies in the mailboxes, at what was sent, and at the register as a
// plain SQLite file, and says what does not agree. It must not know the daemon's packages beyond the facts and the replay of the
// domain: a fault of theirs that hid itself from their own counters would hide from it too.
package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	_ "github.com/mattn/go-sqlite3" // by its SQL alone
)

// Sent is a mail that was put on its way to the desk.
type Sent struct {
	Label       string // by which it is made again, "kill/17"
	MessageID   string // without angle brackets
	From        string // address, in lower case
	Digest      [sha256.Size]byte
	Size        int  // servers put lines on top: these are the bytes at the end
	Anything    bool // hostile: it must be kept, and what became of it is open
	Optional    bool // somebody may have removed it before the daemon came: at most once instead of once
	Relayed     bool // by a server that delivers again where it did not hear whether a delivery went well
	Unreachable bool // the sender's server refuses notices for good
}

// NewSent describes a mail.
func NewSent(label, messageID, from string, raw []byte) Sent {
	return Sent{Label: label, MessageID: messageID, From: strings.ToLower(from), Digest: sha256.Sum256(raw), Size: len(raw)}
}

// Mail is a mail as it lies in a mailbox, lines ending in CR LF.
type Mail struct {
	Owner  string // address of the mailbox
	Folder string // "INBOX" for the first
	Raw    []byte
}

// Evidence is everything that is looked at.
type Evidence struct {
	Register string // path
	Mailbox  []Mail // of the desk, every folder
	Sent     []Sent
	Notices  []Mail // in the mailboxes of those who wrote
	Stops    int    // how often the server that delivers into the mailbox was stopped: what is relayed may have been delivered once more
	Apart    bool   // the mailbox was looked at apart from this: Mailbox is not asked for
	// Halved are the digests of mails, as they lie in the mailbox, that the IMAP server had copied and not yet removed when it was
	// stopped in the midst of a MOVE, and how often that happened: so many copies may be left over.
	Halved map[[sha256.Size]byte]int
}

// Violation is something that must not be.
type Violation struct {
	Rule    string `json:"rule"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
}

// String returns the violation on one line.
func (v Violation) String() string { return v.Rule + ": " + v.Subject + ": " + v.Detail }

// The rules.
const (
	RuleMailbox  = "mailbox"  // each mail lies in the mailbox once, and none is left in the inbox
	RuleMessage  = "message"  // each mail is one registered message, and nobody else's is
	RuleBytes    = "bytes"    // what is stored is what came, byte for byte
	RuleNumbers  = "numbers"  // without gap or repeat in each year
	RuleNotice   = "notice"   // each request is acknowledged, always under one Message-ID
	RuleLimbo    = "limbo"    // nothing is half done
	RuleEvents   = "events"   // the chain holds, and events replay to the state
	RuleDatabase = "database" // SQLite finds its file sound
)

// Report is what was found.
type Report struct {
	Mails        int         `json:"mails"`
	Requests     int         `json:"requests"`
	Events       int         `json:"events"`
	Acknowledged int         `json:"acknowledged"` // requests
	Twice        int         `json:"twice"`        // requests that were acknowledged more than once
	Violations   []Violation `json:"violations"`
}

// auditor is one run.
type auditor struct {
	evidence Evidence
	db       *sql.DB
	report   Report
	byDigest map[[sha256.Size]byte]*Sent
	byID     map[string]*Sent // by Message-ID; of those that are not hostile
	stored   map[int64]*Sent  // by row of the stored mail; nil where it is nobody's
	found    map[string]int   // violations by rule
}

// mostPerRule bounds what is told of one rule: ten thousand mails missing are told by the first few.
const mostPerRule = 20

func (a *auditor) violation(rule, subject, format string, args ...any) {
	if a.found[rule]++; a.found[rule] <= mostPerRule {
		a.report.Violations = append(a.report.Violations, Violation{rule, subject, fmt.Sprintf(format, args...)})
	}
}

// Check looks at the evidence. The error says that it could not be looked at; the daemon should not run meanwhile.
func Check(ctx context.Context, e Evidence) (Report, error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: e.Register, RawQuery: "mode=rw&_query_only=on"}
	db, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return Report{}, err
	}
	defer db.Close()
	a := &auditor{evidence: e, db: db, found: map[string]int{}, byDigest: map[[sha256.Size]byte]*Sent{}, byID: map[string]*Sent{}, stored: map[int64]*Sent{}}
	a.report.Mails = len(e.Sent)
	for i := range e.Sent {
		s := &e.Sent[i]
		a.byDigest[s.Digest] = s
		if !s.Anything {
			a.byID[s.MessageID] = s
		}
	}
	for _, check := range []func(context.Context) error{a.database, a.messages, a.mailbox, a.numbers, a.limbo, a.events, a.notices} {
		if err := check(ctx); err != nil {
			return a.report, fmt.Errorf("audit of %s: %w", e.Register, err)
		}
	}
	for rule, n := range a.found {
		if n > mostPerRule {
			a.report.Violations = append(a.report.Violations, Violation{rule, "more", fmt.Sprintf("%d further ones", n-mostPerRule)})
		}
	}
	return a.report, nil
}

// each calls read for every row of a query.
func (a *auditor) each(ctx context.Context, query string, read func(scan func(...any) error) error) error {
	rows, err := a.db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return rows.Err()
}

func (a *auditor) database(ctx context.Context) error {
	for _, pragma := range []string{"integrity_check", "foreign_key_check"} {
		err := a.each(ctx, "SELECT * FROM pragma_"+pragma, func(scan func(...any) error) error {
			var first, rest sql.NullString
			err := scan(&first)
			if err != nil { // foreign_key_check has more columns
				var row, key any
				err = scan(&first, &row, &rest, &key)
			}
			if first.String != "ok" {
				a.violation(RuleDatabase, pragma, "%s %s", first.String, rest.String)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mailbox looks whether each mail lies in the mailbox once, outside of the inbox.
func (a *auditor) mailbox(context.Context) error {
	if a.evidence.Apart {
		return nil
	}
	places := map[*Sent]map[[sha256.Size]byte][]string{} // by mail, and by its bytes as they lie: each delivery puts lines of its own on top
	for _, m := range a.evidence.Mailbox {
		if s := a.sentAs(m.Raw); s != nil {
			if places[s] == nil {
				places[s] = map[[sha256.Size]byte][]string{}
			}
			digest := sha256.Sum256(m.Raw)
			places[s][digest] = append(places[s][digest], m.Folder)
		}
	}
	for i := range a.evidence.Sent {
		s := &a.evidence.Sent[i]
		deliveries := places[s]
		if len(deliveries) == 0 && !s.Optional {
			a.violation(RuleMailbox, s.Label, "it is not in the mailbox any more")
		}
		if len(deliveries) > 1 && (!s.Relayed || len(deliveries) > 1+a.evidence.Stops) {
			a.violation(RuleMailbox, s.Label, "it was delivered %d times", len(deliveries))
		}
		for digest, folders := range deliveries {
			if len(folders) > 1+a.evidence.Halved[digest] {
				a.violation(RuleMailbox, s.Label, "it lies in the mailbox %d times: %q", len(folders), folders)
			}
			if slices.Contains(folders, "INBOX") {
				a.violation(RuleMailbox, s.Label, "it was left in the inbox")
			}
		}
	}
	return nil
}

// sentAs returns the mail that this is, whatever lines servers have put on top, nil for none.
func (a *auditor) sentAs(raw []byte) *Sent {
	if s := a.byDigest[sha256.Sum256(raw)]; s != nil {
		return s
	}
	s := a.byID[headerOf(raw, "Message-Id")]
	if s != nil && s.Size <= len(raw) && sha256.Sum256(raw[len(raw)-s.Size:]) == s.Digest {
		return s
	}
	return nil
}

// headerOf returns a header field without angle brackets, "" where there is none.
func headerOf(raw []byte, name string) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get(name), "<> ")
}
