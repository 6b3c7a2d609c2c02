package audit_test

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/cmd/torture/audit"
	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

const mesa = "soporte@ministerio.example"

// sound makes the evidence of a desk that has done everything right with a few mails.
func sound(t *testing.T) audit.Evidence {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "register.db")
	r, err := register.Open(t.Context(), path, register.Options{})
	check(err)
	keys, err := trust.OpenKeyring(filepath.Join(t.TempDir(), "key"), rand.Reader)
	check(err)
	prover, err := trust.New(trust.Policy{Authority: []string{"mx.ministerio.example"}, OwnDomains: []string{"ministerio.example"}}, nil, keys, time.Now)
	check(err)
	d := desk.New(r, desk.Options{Policy: &tickets.Policy{OfficialDomains: []string{"ministerio.example"}, Own: []string{mesa}, Lang: "es", MaxRows: 50},
		Grammar: command.New("SS"), Prover: prover, Keys: keys, Domain: "ministerio.example", Log: slog.New(slog.DiscardHandler)})
	_, err = d.Position(t.Context(), "soporte", 1)
	check(err)

	e := audit.Evidence{Register: path}
	var batch []mailbox.Arrival
	var uids []uint32
	for i := range 5 {
		p := mailtest.Person{Name: "Pedro", Addr: fmt.Sprintf("pedro%d@ministerio.example", i)}
		id := fmt.Sprintf("mail%d@x.example", i)
		raw := p.Write(mesa, fmt.Sprint("Solicitud ", i), "Hola.", mailtest.MessageID(id))
		e.Sent = append(e.Sent, audit.NewSent(fmt.Sprint("mail ", i), id, p.Addr, raw))
		raw = append([]byte("Received: from a by b; Mon, 23 Nov 2026 09:59:00 -0500\r\n"), raw...)
		e.Mailbox = append(e.Mailbox, audit.Mail{Owner: mesa, Folder: "Procesados", Raw: raw})
		uids = append(uids, uint32(i+1))
		batch = append(batch, mailbox.Arrival{Mailbox: "soporte", UIDValidity: 1, UID: uint32(i + 1), InternalDate: time.Now(), Size: int64(len(raw)), Raw: raw})
	}
	check(d.Take(t.Context(), "soporte", 1, batch, 5))
	check(d.Drain(t.Context()))
	check(d.Moved(t.Context(), "soporte", 1, uids))
	check(r.Update(t.Context(), func(tx *register.Tx) error {
		rows, err := tx.ClaimNotices(100, func(int) time.Duration { return time.Hour })
		for _, row := range rows {
			raw := fmt.Sprintf("Message-ID: <%s>\r\nIn-Reply-To: <%s>\r\nX-Radicado: x\r\n\r\nHola.\r\n", row.MessageID, row.InReplyTo)
			e.Notices = append(e.Notices, audit.Mail{Owner: row.Notice.To.Addr, Folder: "INBOX", Raw: []byte(raw)})
			if err := tx.Sent(row.ID); err != nil {
				return err
			}
		}
		return err
	}))
	check(r.Close())
	return e
}

// TestFindsWhatWasPlanted damages sound evidence in one way each: an auditor that finds nothing there is worth nothing.
func TestFindsWhatWasPlanted(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  string // "" for none
		sql   string // done to the register, statement by statement
		plant func(e *audit.Evidence)
	}{
		{name: "nothing"},
		{name: "a mail was dropped by the daemon", rule: audit.RuleMessage, plant: func(e *audit.Evidence) {
			raw := mailtest.Person{Addr: "sofia@ministerio.example"}.Write(mesa, "Otra", "Hola.", mailtest.MessageID("lost@x.example"))
			e.Sent = append(e.Sent, audit.NewSent("lost", "lost@x.example", "sofia@ministerio.example", raw))
			e.Mailbox = append(e.Mailbox, audit.Mail{Owner: mesa, Folder: "Procesados", Raw: raw})
		}},
		{name: "a mail vanished from the mailbox", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) { e.Mailbox = e.Mailbox[1:] }},
		{name: "a mail lies in the mailbox twice", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) { e.Mailbox = append(e.Mailbox, e.Mailbox[0]) }},
		{name: "a mail lies in the mailbox twice, as the server has left it", plant: func(e *audit.Evidence) {
			e.Mailbox = append(e.Mailbox, e.Mailbox[0])
			e.Halved = map[[sha256.Size]byte]int{sha256.Sum256(e.Mailbox[0].Raw): 1}
		}},
		{name: "a mail lies in the mailbox three times, twice as the server has left it", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) {
			e.Mailbox = append(e.Mailbox, e.Mailbox[0], e.Mailbox[0])
			e.Halved = map[[sha256.Size]byte]int{sha256.Sum256(e.Mailbox[0].Raw): 1}
		}},
		{name: "a mail lies in the mailbox twice, and the server has left another", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) {
			e.Mailbox = append(e.Mailbox, e.Mailbox[0])
			e.Halved = map[[sha256.Size]byte]int{sha256.Sum256(e.Mailbox[1].Raw): 1}
		}},
		{name: "a mail was delivered twice, as by a server that was stopped at it", plant: func(e *audit.Evidence) {
			again := e.Mailbox[0]
			again.Raw = append([]byte("Received: from b by c; Mon, 23 Nov 2026 10:01:00 -0500\r\n"), again.Raw...)
			e.Mailbox, e.Sent[0].Relayed, e.Stops = append(e.Mailbox, again), true, 1
		}},
		{name: "a mail was delivered twice, and no server was stopped", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) {
			again := e.Mailbox[0]
			again.Raw = append([]byte("Received: from b by c; Mon, 23 Nov 2026 10:01:00 -0500\r\n"), again.Raw...)
			e.Mailbox, e.Sent[0].Relayed = append(e.Mailbox, again), true
		}},
		{name: "a mail was left in the inbox", rule: audit.RuleMailbox, plant: func(e *audit.Evidence) { e.Mailbox[0].Folder = "INBOX" }},
		{name: "a mail was registered twice", rule: audit.RuleMessage,
			sql: `CREATE TEMP TABLE copy AS SELECT * FROM messages WHERE id = 1; UPDATE copy SET id = 99, identity = x'0099';
				INSERT INTO messages SELECT * FROM copy`},
		{name: "a mail made two requests", rule: audit.RuleMessage,
			sql: "DROP TRIGGER events_unaltered; UPDATE events SET message = 1 WHERE id = 2"},
		{name: "a mail was registered that nobody sent", rule: audit.RuleBytes, plant: func(e *audit.Evidence) { e.Sent = e.Sent[1:] }},
		{name: "a number was skipped", rule: audit.RuleNumbers, sql: "UPDATE tickets SET number = replace(number, '000005', '000006')"},
		{name: "a number was given twice", rule: audit.RuleNumbers, sql: "UPDATE tickets SET number = replace(number, '000005', '000004')"},
		{name: "an acknowledgement is missing", rule: audit.RuleNotice, plant: func(e *audit.Evidence) { e.Notices = e.Notices[1:] }},
		{name: "an acknowledgement went to somebody else", rule: audit.RuleNotice, plant: func(e *audit.Evidence) { e.Notices[0].Owner = "nadie@x.example" }},
		{name: "an acknowledgement came again under another Message-ID", rule: audit.RuleNotice, plant: func(e *audit.Evidence) {
			again := e.Notices[0]
			again.Raw = []byte(strings.Replace(string(again.Raw), "Message-ID: <", "Message-ID: <other", 1))
			e.Notices = append(e.Notices, again)
		}},
		{name: "an event was altered", rule: audit.RuleEvents,
			sql: "DROP TRIGGER events_unaltered; UPDATE events SET data = replace(data, 'Solicitud 2', 'Solicitud 7')"},
		{name: "an event was moved in time", rule: audit.RuleEvents, sql: "DROP TRIGGER events_unaltered; UPDATE events SET at = at + 1 WHERE id = 3"},
		{name: "an event was removed", rule: audit.RuleEvents, sql: "DROP TRIGGER events_kept; DELETE FROM events WHERE id = 3"},
		{name: "a request says something else than its events", rule: audit.RuleEvents, sql: "UPDATE tickets SET body = json_set(body, '$.state', 'closed')"},
		{name: "a stored mail was changed by one byte", rule: audit.RuleBytes,
			sql: "UPDATE raws SET content = CAST(substr(content, 1, 200) || x'21' || substr(content, 202) AS BLOB) WHERE id = 3"},
		{name: "a mail was changed by one byte on its way", rule: audit.RuleBytes, plant: func(e *audit.Evidence) { e.Sent[2].Digest[0]++ }},
		{name: "a mail waits for ever", rule: audit.RuleLimbo, sql: "UPDATE arrivals SET state = 'taken' WHERE id = 2"},
		{name: "a mail was never moved", rule: audit.RuleLimbo, sql: "UPDATE arrivals SET moved_at = NULL WHERE id = 2"},
		{name: "a notice waits for ever", rule: audit.RuleLimbo, sql: "UPDATE outbox SET state = 'queued' WHERE id = 2"},
		{name: "a notice was given up", rule: audit.RuleLimbo, sql: "UPDATE outbox SET state = 'failed' WHERE id = 2"},
		{name: "an honest mail was quarantined", rule: audit.RuleMessage, sql: "UPDATE arrivals SET state = 'quarantined' WHERE id = 2"},
		{name: "a reference leads nowhere", rule: audit.RuleDatabase, sql: "PRAGMA foreign_keys = off; DELETE FROM messages WHERE id = 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := sound(t)
			if c.plant != nil {
				c.plant(&e)
			}
			if c.sql != "" {
				db, err := sql.Open("sqlite3", e.Register)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if _, err := db.Exec(c.sql); err != nil {
					t.Fatal(err)
				}
			}
			report, err := audit.Check(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			found := c.rule == "" && len(report.Violations) == 0
			for _, v := range report.Violations {
				found = found || v.Rule == c.rule
			}
			if !found {
				t.Errorf("found %v, want something about %q", report.Violations, c.rule)
			}
			if c.name == "nothing" && (report.Mails != 5 || report.Requests != 5 || report.Acknowledged != 5 || report.Twice != 0 || report.Events < 5) {
				t.Errorf("counted %+v", report)
			}
		})
	}
}
