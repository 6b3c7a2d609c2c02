package register

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// secretWord stands for personal data, in every place that can hold some.
const secretWord = "Xanthippe"

// secret is a person whom the register must be able to forget.
func secret(n int) mailbox.Address {
	return mailbox.Address{Name: fmt.Sprint(secretWord, n, " Peña"), Addr: fmt.Sprint(secretWord, n, "@min.example.org")}
}

// live takes a request from its mail to its end, with everything that can be kept of somebody.
func (f *fixture) live(t *testing.T, n int, closed bool) (number tickets.Number, raw Digest) {
	t.Helper()
	ctx := t.Context()
	who := secret(n)
	bytes := fmt.Sprintf("From: %s\r\nSubject: La de %s\r\n\r\nHola.\r\n", who, who.Name)
	_, err := f.Position(ctx, "soporte", 7, time.Time{})
	check(t, err)
	uid := uint32(3 * n)
	first, again := arrival("soporte", uid, bytes), arrival("soporte", uid+1, "Received: by way of another list\r\n"+bytes)
	first.Structure = []mailbox.Part{{Name: who.Name + ".pdf", Type: "application/pdf"}}
	check(t, f.Take(ctx, "soporte", 7, uid+1, []mailbox.Arrival{first, again}))
	f.update(t, func(tx *Tx) error {
		claimed, err := tx.ClaimArrivals(0, 2)
		check(t, err)
		id, err := tx.AddMessage(Message{Identity: fmt.Append(nil, "m", n), Digest: claimed[0].Digest, MessageID: who.Addr, From: who, Subject: who.Name,
			ClassReason: who.Name, Class: mailbox.ClassPerson, Proof: mailbox.Proof{Reason: who.Name}, ReceivedAt: tx.Now(), Text: who.Name, Defects: []string{who.Name}, Attached: n % 2})
		check(t, err)
		check(t, tx.AddOrder(bytes32(n), id))
		raw = claimed[0].Digest
		if number, err = tx.NextNumber(); err != nil {
			return err
		}
		ticket := new(tickets.Ticket)
		by := tickets.Actor{Role: tickets.RoleRequester, Addr: who.Key(), Name: who.Name}
		file := tickets.File{Name: who.Name + ".pdf"}
		facts := []tickets.Fact{
			&tickets.RegisteredFact{Requester: who, Subject: who.Name, Text: who.Name, Telephone: who.Name, Office: "Oficina de Contratos", Note: who.Name,
				OnBehalfBy: who.Addr, Origin: who.Addr, Files: []tickets.File{file}, Remarks: []tickets.Remark{{Code: tickets.RemarkInvitation, Value: who.Name}}},
			&tickets.PrioritisedFact{Priority: tickets.High},
			&tickets.AssignedFact{Technician: who},
			&tickets.FollowedFact{Follower: who},
			&tickets.EquippedFact{Asset: tickets.Asset{Plate: "10482", Holder: who, Vendor: mailbox.Address{Name: "Proveedor S. A.", Addr: who.Addr}}},
			&tickets.DiagnosedFact{Text: who.Name}, &tickets.PlannedFact{Text: who.Name},
			&tickets.WaitedFact{Text: who.Name}, &tickets.AnsweredFact{Text: who.Name, Files: []tickets.File{file}},
			&tickets.ResolvedFact{Text: who.Name},
		}
		if closed {
			facts = append(facts, &tickets.ClosedFact{Text: who.Name}, &tickets.SurveyedFact{Score: 4, Comment: who.Name})
		}
		for i := range facts {
			check(t, appendFacts(tx, ticket, number, by, id, facts[i:i+1]...)) // one at a time, so that every version was written
		}
		_, err = tx.Queue(OutboxRow{Notice: tickets.Notice{Kind: tickets.NoticeClosed, To: who, Lang: "es", Data: tickets.NoticeData{Text: who.Name}},
			MessageID: fmt.Sprint("n", n), Ticket: number, InReplyTo: who.Addr, References: []string{who.Addr}, Cause: id})
		check(t, err)
		_, err = tx.Queue(OutboxRow{Notice: tickets.Notice{Kind: tickets.NoticeDigest, To: who, Lang: "es", Data: tickets.NoticeData{Text: who.Name}}, MessageID: fmt.Sprint("d", n)})
		check(t, err)
		due, err := tx.ClaimNotices(10, func(int) time.Duration { return time.Hour })
		check(t, err)
		for _, d := range due {
			check(t, tx.Failed(d.ID, 550, who.Name))
		}
		check(t, tx.AddConfirmation(bytes32(n), Confirmation{Message: id, Ticket: number, Person: who.Addr, Commands: []string{who.Name}, ExpiresAt: tx.Now()}))
		check(t, tx.AddAbsence(tickets.Absence{Person: who.Addr, From: tx.Now(), To: tx.Now().Add(time.Hour)}, id))
		check(t, tx.AddressFailed(tickets.FailedAddress{Addr: who.Addr, Diagnostic: who.Name}))
		check(t, tx.Withhold(tickets.Scope{Kind: tickets.ScopeAddress, Value: who.Addr}, true))
		check(t, tx.Reconciled(tickets.Books{Mailbox: "soporte", Missing: []tickets.Astray{{From: who.Name}}}, nil))
		check(t, tx.Settle(claimed[0].ID, Settlement{Message: id, Reason: who.Name}))
		return tx.Settle(claimed[1].ID, Settlement{Message: id})
	})
	return number, raw
}

func bytes32(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 32) }

// rejected sets a mail aside, read or unread.
func (f *fixture) rejected(t *testing.T, n int) {
	t.Helper()
	who := secret(n)
	check(t, f.Take(t.Context(), "soporte", 7, uint32(1000+2*n), []mailbox.Arrival{arrival("soporte", uint32(1000+2*n), "q"+who.Name), arrival("soporte", uint32(1001+2*n), "u"+who.Name)}))
	f.update(t, func(tx *Tx) error {
		claimed, err := tx.ClaimArrivals(0, 2)
		check(t, err)
		id, err := tx.AddMessage(Message{Identity: fmt.Append(nil, "q", n), Digest: claimed[0].Digest, From: who, Subject: who.Name, ReceivedAt: tx.Now(), Text: who.Name})
		check(t, err)
		check(t, tx.Settle(claimed[0].ID, Settlement{Quarantined: true, Reason: who.Name, Message: id}))
		return tx.Settle(claimed[1].ID, Settlement{Quarantined: true, Reason: who.Name})
	})
}

// remnants returns which of the people are still in the files of the register, letter case aside.
func (f *fixture) remnants(t *testing.T) string {
	t.Helper()
	var content []byte
	for _, file := range []string{f.path, f.path + "-wal"} {
		part, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		content = append(content, bytes.ToLower(part)...)
	}
	var left []string
	for n := range 10 {
		if bytes.Contains(content, []byte(strings.ToLower(fmt.Sprint(secretWord, n)))) {
			left = append(left, fmt.Sprint(n))
		}
	}
	return strings.Join(left, " ")
}

// sums adds up what is or was to be erased.
func sums(list []tickets.Erased) string {
	var out []string
	for _, kind := range tickets.ErasedKinds() {
		rows := int64(0)
		for _, e := range list {
			if e.What == kind {
				rows += e.Rows
			}
		}
		out = append(out, fmt.Sprint(kind, " ", rows))
	}
	return strings.Join(out, ", ")
}

// TestRetention erases one of four people: the request of the first ended long ago, that of the second lately, that of the third has not
// ended, and the fourth wrote what was set aside.
func TestRetention(t *testing.T) {
	f := open(t)
	old, oldRaw := f.live(t, 1, true)
	openRequest, _ := f.live(t, 3, false)
	f.rejected(t, 4)
	f.clock.advance(4 * 365 * 24 * time.Hour)
	late, lateRaw := f.live(t, 2, true)
	f.clock.advance(2 * 365 * 24 * time.Hour)
	if got := f.remnants(t); got != "1 2 3 4" {
		t.Fatalf("before, the file holds %s", got)
	}
	var before *tickets.Ticket
	f.view(t, func(r *Reader) (err error) {
		before, err = r.Ticket(old)
		return err
	})

	e := tickets.Retention{Years: 5}.Expiry(f.clock.now())
	var planned []tickets.Erased
	f.view(t, func(r *Reader) (err error) {
		planned, err = r.Expired(e)
		return err
	})
	const want = "mails 4, requests 1, messages 2, notices 3, arrivals 1, absences 2, commands 2, addresses 6, books 2"
	if got := sums(planned); got != want || slices.ContainsFunc(planned, func(e tickets.Erased) bool { return e.Year != 2026 }) {
		t.Errorf("planned is %s of %v, want %s", got, planned, want)
	}
	if got := f.remnants(t); got != "1 2 3 4" {
		t.Fatalf("planning has erased: the file holds %s", got)
	}
	erased, err := f.Retain(t.Context(), e, "test", nil)
	check(t, err)
	if got := sums(erased); got != want {
		t.Errorf("erased is %s, want %s", got, want)
	}
	f.sound(t)
	if got := f.remnants(t); got != "2 3" {
		t.Errorf("afterwards the file holds %s, want 2 and 3", got)
	}
	f.view(t, func(r *Reader) error {
		after, err := r.Ticket(old)
		check(t, err)
		if after.Number != before.Number || after.State != tickets.Closed || after.Priority != tickets.High || after.Score != 4 || after.Office != before.Office ||
			!after.ClosedAt.Equal(before.ClosedAt) || !after.RespondedAt.Equal(before.RespondedAt) || fmt.Sprint(after.Pauses) != fmt.Sprint(before.Pauses) ||
			after.Assets[0].Plate != "10482" || after.Assets[0].Vendor.Name != "Proveedor S. A." || after.Anonymised.IsZero() {
			t.Errorf("of the request there is left %+v", after)
		}
		events, err := r.History(old)
		check(t, err)
		if last := events[len(events)-1]; len(events) != 12 || last.Fact.Kind() != "surveyed" || !last.At.Equal(before.ChangedAt) {
			t.Errorf("of its events there are left %d, the last of kind %s", len(events), last.Fact.Kind())
		}
		if _, err := r.LoadRaw(oldRaw); err == nil {
			t.Error("its mail is still there")
		}
		if _, err := r.LoadRaw(lateRaw); err != nil {
			t.Errorf("the mail of a younger request: %v", err)
		}
		for _, n := range []tickets.Number{late, openRequest} {
			kept, err := r.Ticket(n)
			check(t, err)
			if kept.Subject == "" || kept.Requester.Addr == "" {
				t.Errorf("%s was erased", n)
			}
			notices, err := r.Notices(n)
			check(t, err)
			for _, row := range notices {
				if known, err := r.NoticeByMessageID(row.MessageID); err != nil || known.Notice.To.Addr == "" {
					t.Errorf("a notice of %s was erased: %v", n, err)
				}
			}
			if len(notices) == 0 {
				t.Errorf("there are no notices of %s", n)
			}
		}
		var at, cause string
		check(t, r.row("SELECT erased, cause FROM retentions", nil, &at, &cause))
		if !strings.Contains(at, `"requests":1`) || cause != "test" {
			t.Errorf("the run is recorded as %s by %s", at, cause)
		}
		return nil
	})
	if erased, err := f.Retain(t.Context(), e, "test", nil); err != nil || len(erased) > 0 {
		t.Errorf("again there is something to erase: %v, %v", erased, err)
	}
	f.reopen(t)
	f.sound(t)
}

// TestRetentionOfMailsAlone removes the mails as they came, and leaves the register readable.
func TestRetentionOfMailsAlone(t *testing.T) {
	for _, tt := range []struct {
		name      string
		retention tickets.Retention
		kept      [5]bool // by person
	}{
		{"nothing", tickets.Retention{}, [5]bool{1: true, true, true, true}},
		{"mails", tickets.Retention{Mails: 30 * 24 * time.Hour}, [5]bool{3: true}},
		{"mails, later", tickets.Retention{Mails: 50 * 24 * time.Hour}, [5]bool{1: true, true, true, true}},
		{"mails with files", tickets.Retention{Attachments: 30 * 24 * time.Hour}, [5]bool{2: true, true, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			raws := map[int]Digest{}
			for n := 1; n <= 3; n++ {
				_, raws[n] = f.live(t, n, n != 3) // the third is open
			}
			f.rejected(t, 4)
			raws[4] = DigestOf([]byte("q" + secret(4).Name))
			f.clock.advance(40 * 24 * time.Hour)
			_, err := f.Retain(t.Context(), tt.retention.Expiry(f.clock.now()), "test", nil)
			check(t, err)
			f.sound(t)
			f.view(t, func(r *Reader) error {
				for n, digest := range raws {
					if _, err := r.LoadRaw(digest); (err == nil) != tt.kept[n] {
						t.Errorf("the mail of person %d: %v", n, err)
					}
				}
				found, err := r.Search("xanthippe1", "", 5)
				if len(found) != 1 {
					t.Errorf("found %d requests", len(found))
				}
				return err
			})
		})
	}
}

// retain erases what is older than five years.
func (f *fixture) retain(t *testing.T) {
	t.Helper()
	_, err := f.Retain(t.Context(), tickets.Retention{Years: 5}.Expiry(f.clock.now()), "test", nil)
	check(t, err)
	f.sound(t)
}

// TestRetentionAfterASecondLook lets something happen to an erased request: that is erased again when it is its turn.
func TestRetentionAfterASecondLook(t *testing.T) {
	f := open(t)
	number, _ := f.live(t, 1, true)
	f.clock.advance(6 * 365 * 24 * time.Hour)
	f.retain(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := tx.Ticket(number)
		check(t, err)
		return appendFacts(tx, ticket, number, coordinator, 0, &tickets.NotedFact{Text: secret(2).Name})
	})
	f.sound(t)
	if got := f.remnants(t); got != "2" {
		t.Fatalf("the file holds %s", got)
	}
	f.retain(t)
	if got := f.remnants(t); got != "" {
		t.Errorf("the file holds %s", got)
	}
	if _, err := f.NoticeByMessageID(t, "n1"); err == nil {
		t.Error("an erased notice is known by its Message-ID")
	}
	check(t, f.Compact(t.Context()))
	f.sound(t)
}

// imported brings a conversation of somebody in as an import does, with a file; it is closed, left open, or opens no request.
func (f *fixture) imported(t *testing.T, n int, facts ...tickets.Fact) (tickets.Number, Digest) {
	t.Helper()
	var number tickets.Number
	who := secret(n)
	raw := f.Pack([]byte("From: " + who.String() + "\r\n\r\nHola.\r\n"))
	f.update(t, func(tx *Tx) error {
		check(t, tx.Keep(raw))
		id, err := tx.AddMessage(Message{Identity: fmt.Append(nil, "i", n), Digest: raw.Digest(), From: who, Subject: who.Name, ReceivedAt: tx.Now().AddDate(-1, 0, 0), Text: who.Name, Attached: 1})
		if err != nil || len(facts) == 0 {
			return err
		}
		number, err = tx.NextNumber()
		check(t, err)
		return appendFacts(tx, new(tickets.Ticket), number, tickets.Actor{Role: tickets.RoleRequester, Addr: who.Key(), Name: who.Name}, id, facts...)
	})
	return number, raw.Digest()
}

// TestRetentionOfAnImportedHistory erases the mails of an archive, which came by no mailbox.
func TestRetentionOfAnImportedHistory(t *testing.T) {
	const days = 24 * time.Hour
	registered := &tickets.RegisteredFact{Requester: secret(1), Subject: "x", Text: "x", Imported: tickets.Imported{Source: "viejo.mbox", Received: newClock("2020-06-01T09:00:00-05:00").now()}}
	for _, tt := range []struct {
		name      string
		retention tickets.Retention
		after     time.Duration
		kept      string // of the closed one, the open one and the one that is no request
	}{
		{"nothing", tickets.Retention{}, 40 * days, "closed open none"},
		{"mails", tickets.Retention{Mails: 30 * days}, 40 * days, "open"},
		{"mails with files", tickets.Retention{Attachments: 30 * days}, 40 * days, "open"},
		{"mails, soon", tickets.Retention{Mails: 30 * days}, 20 * days, "closed open"}, // what is no request came a year before
		{"mails, later", tickets.Retention{Mails: 500 * days}, 40 * days, "closed open none"},
		{"people", tickets.Retention{Years: 5}, 6 * 366 * days, "open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			digests := map[string]Digest{}
			closed, raw := f.imported(t, 1, registered, &tickets.ClosedFact{})
			digests["closed"] = raw
			_, digests["open"] = f.imported(t, 2, registered)
			_, digests["none"] = f.imported(t, 3)
			f.clock.advance(tt.after)
			var planned []tickets.Erased
			e := tt.retention.Expiry(f.clock.now())
			f.view(t, func(r *Reader) (err error) {
				planned, err = r.Expired(e)
				return err
			})
			if slices.ContainsFunc(planned, func(e tickets.Erased) bool { return e.Year == 0 }) {
				t.Errorf("no year is planned for: %v", planned)
			}
			erased, err := f.Retain(t.Context(), e, "test", nil)
			check(t, err)
			if sums(planned) != sums(erased) {
				t.Errorf("erased is %s, planned was %s", sums(erased), sums(planned))
			}
			f.sound(t)
			f.view(t, func(r *Reader) error {
				var kept []string
				for _, which := range []string{"closed", "open", "none"} {
					if _, err := r.LoadRaw(digests[which]); err == nil {
						kept = append(kept, which)
					}
				}
				if got := strings.Join(kept, " "); got != tt.kept {
					t.Errorf("there are the mails of %q, want %q", got, tt.kept)
				}
				_, err := r.Ticket(closed)
				return err
			})
		})
	}
}

// TestFilesOfWhatWasImportedBefore upgrades a register in which nothing is noted of the files of a mail.
func TestFilesOfWhatWasImportedBefore(t *testing.T) {
	f := open(t)
	f.live(t, 2, true) // with a file, and not noted so
	script, err := schema.ReadFile("schema/0019_retention.sql")
	check(t, err)
	_, update, _ := strings.Cut(string(script), "UPDATE messages")
	update, _, _ = strings.Cut(update, ";")
	f.update(t, func(tx *Tx) error {
		_, err := tx.exec("UPDATE messages" + update)
		return err
	})
	f.clock.advance(time.Hour)
	f.view(t, func(r *Reader) error {
		due, err := r.Expired(tickets.Expiry{Attachments: f.clock.now()})
		if got := sums(due); !strings.HasPrefix(got, "mails 1,") {
			t.Errorf("there is to be erased %s, want 1 mail", got)
		}
		return err
	})
}

// TestRetentionOfWhatIsFiledLate files a mail of an archive under a request that was erased before, without any event.
func TestRetentionOfWhatIsFiledLate(t *testing.T) {
	f := open(t)
	number, _ := f.live(t, 1, true)
	f.clock.advance(6 * 366 * 24 * time.Hour)
	f.retain(t)
	who, raw := secret(2), f.Pack([]byte("Subject: x\r\n\r\n"+secret(2).Name))
	f.update(t, func(tx *Tx) error {
		check(t, tx.Keep(raw))
		_, err := tx.AddMessage(Message{Identity: []byte("late"), Digest: raw.Digest(), From: who, Subject: who.Name, Text: who.Name, ReceivedAt: tx.Now(), Ticket: number})
		return err
	})
	f.sound(t)
	if got := f.remnants(t); got != "2" {
		t.Fatalf("the file holds %s", got)
	}
	f.retain(t)
	if got := f.remnants(t); got != "" {
		t.Errorf("the file holds %s", got)
	}
}

// TestRetentionThatWasStopped ends a run before the file has forgotten the words of what was erased: the next one finds no request to
// erase, and has them forgotten.
func TestRetentionThatWasStopped(t *testing.T) {
	f := open(t)
	f.live(t, 1, true)
	f.clock.advance(6 * 366 * 24 * time.Hour)
	e := tickets.Retention{Years: 5}.Expiry(f.clock.now())
	ctx, cancel := context.WithCancel(t.Context())
	unfinished := false
	if _, err := f.Retain(ctx, e, "test", func(kind tickets.ErasedKind, _ int64) {
		if kind == tickets.ErasedNotices { // the last ones that are told of
			unfinished = true
			cancel()
		}
	}); err == nil || !unfinished {
		t.Fatalf("the run was not stopped: %v", err)
	}
	f.reopen(t)
	check(t, f.Compact(t.Context()))
	if got := f.remnants(t); got != "1" {
		t.Fatalf("after the run that was stopped the file holds %q, want the words of 1", got)
	}
	impatient, err := Open(t.Context(), f.path, Options{BusyTimeout: time.Millisecond, Now: f.clock.now})
	check(t, err)
	f.view(t, func(r *Reader) error { // in the way of the log
		var rows int
		check(t, r.row("SELECT count(*) FROM tickets", nil, &rows))
		_, err := impatient.Retain(t.Context(), e, "test", nil)
		return err
	})
	check(t, impatient.Close())
	f.view(t, func(r *Reader) error {
		var left int
		check(t, r.row("SELECT count(*) FROM retentions WHERE forgotten_at IS NULL", nil, &left))
		if left == 0 {
			t.Error("while somebody reads, all is taken for forgotten")
		}
		return nil
	})
	for _, again := range []bool{false, true} {
		_, err := f.Retain(t.Context(), e, "test", nil)
		check(t, err)
		if got := f.remnants(t); got != "" {
			t.Errorf("the file holds %s", got)
		}
		f.view(t, func(r *Reader) error {
			var left int
			check(t, r.row("SELECT count(*) FROM retentions WHERE forgotten_at IS NULL", nil, &left))
			if left != 0 {
				t.Errorf("of %d runs it is not noted that they are forgotten, again: %t", left, again)
			}
			return nil
		})
	}
	f.sound(t)
}

// NoticeByMessageID is Reader's.
func (f *fixture) NoticeByMessageID(t *testing.T, id string) (row OutboxRow, err error) {
	t.Helper()
	f.view(t, func(r *Reader) error {
		row, err = r.NoticeByMessageID(id)
		return nil
	})
	return row, err
}
