package receive

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMisbehaviour has one row for each way in which a server, or the library before it, loses mails or hangs. In every
// one all mails arrive, whole and once.
func TestMisbehaviour(t *testing.T) {
	const body = `^UID FETCH .*BODY\.PEEK\[\]`
	const one = "From: x\r\n\r\nuno\r\n"
	const two = "From: x\r\n\r\ndos\r\n"
	literal := func(items, raw string) string { return fmt.Sprintf("%s BODY[] {%d}\n%s)\n", items, len(raw), raw) }
	tests := []struct {
		name  string
		rows  []row
		caps  string
		dials int // connections that it takes
	}{
		{"cut inside a literal", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 BODY[] {16}\nFrom: x\n<CUT>"}}, "", 2},
		{"cut inside the second literal", []row{{on: body, times: 1,
			reply: literal("* 1 FETCH (UID 1", one) + "* 2 FETCH (UID 2 BODY[] {16}\nFrom<CUT>"}}, "", 2},
		{"cut between literal and end", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 BODY[] {16}\nFrom: x\n\nuno\n<CUT>"}}, "", 2},
		{"cut before the tagged answer", []row{{on: body, times: 1, reply: literal("* 1 FETCH (UID 1", one) + "<CUT>"}}, "", 2},
		{"silence for an answer", []row{{on: "^SELECT", times: 1, reply: "* 2 EXISTS\n<SILENCE>"}}, "", 2},
		{"silence inside a literal", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 BODY[] {16}\nFrom<SILENCE>"}}, "", 2},
		{"silence for a greeting", []row{{on: "GREETING", times: 1, reply: "<SILENCE>"}}, "", 2},
		{"slow drip inside a literal", []row{{on: body, times: 1,
			reply: "* 1 FETCH (UID 1 BODY[] {4000}\n<DRIP>" + strings.Repeat("x", 4000)}}, "", 2},
		{"BYE for a greeting", []row{{on: "GREETING", times: 1, reply: "* BYE too many connections\n<CUT>"}}, "", 2},
		{"BYE, connection left open", []row{{on: body, times: 1, reply: "* BYE restarting\n<SILENCE>"}}, "", 2},
		{"garbage for a greeting", []row{{on: "GREETING", times: 1, reply: "HTTP/1.1 400 Bad Request\n<CUT>"}}, "", 2},
		{"answer with an unknown tag", []row{{on: "^SELECT", times: 1, reply: "X9 OK hello\n"}}, "", 2},
		{"line without an end", []row{{on: "^SELECT", times: 1, reply: "* OK " + strings.Repeat("x", maxLine+1<<17) + "<SILENCE>"}}, "", 2},
		{"FETCH that ends within the list", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1\n$T OK\n"}}, "", 2},

		{"UID behind BODY", []row{{on: body, reply: fmt.Sprintf("* 1 FETCH (BODY[] {%d}\n%s UID 1)\n* 2 FETCH (BODY[] {%d}\n%s UID 2)\n$T OK\n",
			len(one), one, len(two), two)}}, "", 1},
		{"a mail left out", []row{{on: body, times: 1, reply: literal("* 2 FETCH (UID 2", two) + "$T OK\n"}}, "", 1},
		{"NIL for a body", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 BODY[] NIL)\n$T OK\n"}}, "", 1},
		{"NO for a batch", []row{{on: body, times: 1, reply: literal("* 1 FETCH (UID 1", one) + "$T NO [SERVERBUG] internal error\n"}}, "", 1},
		{"BAD for a batch", []row{{on: body, times: 1, reply: "$T BAD no idea\n"}}, "", 1},
		{"NO that will pass", []row{{on: body, times: 2, reply: "$T NO [UNAVAILABLE] later\n"}}, "", 2},
		{"an empty body", []row{{on: body, times: 1, reply: literal("* 1 FETCH (UID 1", "") + "$T OK\n"}}, "", 1},
		{"the same mail twice", []row{{on: body, times: 1,
			reply: literal("* 1 FETCH (UID 1", one) + literal("* 1 FETCH (UID 1", "other") + literal("* 2 FETCH (UID 2", two) + "$T OK\n"}}, "", 1},
		{"a mail that was not asked for", []row{{on: body, times: 1, reply: literal("* 9 FETCH (UID 9", "x") + "<MORE>"}}, "", 1},
		{"out of order", []row{{on: body, times: 1, reply: literal("* 2 FETCH (UID 2", two) + literal("* 1 FETCH (UID 1", one) + "$T OK\n"}}, "", 1},
		{"flags in between", []row{{on: body, reply: "* 1 FETCH (FLAGS (\\Seen) UID 1)\n* 2 FETCH (UID 2 MODSEQ (12))\n<MORE>"}}, "", 1},
		{"flags in between, in the list", []row{{on: "RFC822.SIZE", reply: "* 1 FETCH (UID 1 FLAGS ($Weird[x] \\Seen))\n<MORE>"}}, "", 1},

		{"unknown untagged answers", []row{{on: ".", reply: "* XYZZY nothing (happens)\n* 7 RECENT\n* 3 WEIRD 1\n* VANISHED 9\n* XLIT {3}\na)b\n\n<MORE>"}}, "", 1},
		{"FETCH items nobody asked for", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 X-GM-LABELS (\"a)\" \\Sent) X-LIT {4}\n)( \" X-NIL NIL " +
			fmt.Sprintf("ENVELOPE (NIL {9}\n((((((((( NIL) EMAILID (M1) BODY[]<0> {%d}\n%s X-END \"\\\"\")\n", len(one), one) +
			literal("* 2 FETCH (UID 2", two) + "$T OK\n"}}, "", 1},
		{"bad folder names", []row{{on: ".", reply: "* LIST () \"/\" \"&bad\"\n* STATUS \"&bad-name\" (MESSAGES 1)\n* STATUS \"Gesti\xc3\xb3n\" (MESSAGES 1)\n<MORE>"}}, "", 1},
		{"CAPABILITY with a parenthesis", []row{{on: ".", reply: "* OK [CAPABILITY IMAP4rev1 (X] spin\n* CAPABILITY IMAP4rev1 (X\n<MORE>"}}, "", 1},
		{"response codes that are not closed or not right", []row{{on: ".",
			reply: "* OK [ALERT never closed\n* OK [UIDNEXT x] a\n* NO [PERMANENTFLAGS (\\] b\n* OK [COPYUID 1] c\n* BAD\n* OK [] d\n<MORE>"}}, "", 1},
		{"dates and sizes that are not", []row{{on: "RFC822.SIZE", times: 1,
			reply: "* 1 FETCH (UID 1 INTERNALDATE \"yesterday\" RFC822.SIZE -1)\n* 2 FETCH (UID 2 INTERNALDATE NIL RFC822.SIZE 99999999999999999999)\n$T OK\n"}}, "", 1},
		{"an immense literal in an item nobody asked for", []row{{on: "RFC822.SIZE", times: 1,
			reply: "* 1 FETCH (UID 1 ENVELOPE ({536870912}\nabc<SILENCE>"}}, "", 2},
		{"an immense literal where the library keeps it", []row{{on: "CAPABILITY", times: 1,
			reply: "* NAMESPACE {536870912}\nabc<SILENCE>"}}, "", 2},
		{"a literal of no size", []row{{on: body, times: 1, reply: "* 1 FETCH (UID 1 BODY[] {99999999999999999999}\nabc<SILENCE>"}}, "", 2},
		{"answers in other letters", []row{{on: body, times: 1,
			reply: fmt.Sprintf("* 1 fetch (uid 1 body[] {%d}\n%s)\n* 2 Fetch (Body[] {%d}\n%s Uid 2)\n$T ok\n", len(one), one, len(two), two)}}, "", 1},
		{"quoted bodies and literals of other kinds", []row{{on: body, times: 1,
			reply: fmt.Sprintf("* 1 FETCH (UID 1 BODY[] ~{%d}\n%s)\n* 2 FETCH (UID 2 BODY[] {%d+}\n%s)\n$T OK\n", len(one), one, len(two), two)}}, "", 1},
		{"both revisions of IMAP", nil, "IMAP4rev1 IMAP4rev2 IDLE", 1},
		{"no IDLE", nil, "IMAP4rev1", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, tt.rows...)
			if tt.caps != "" {
				sc.caps = tt.caps
			}
			sc.add(scriptMail{raw: one}, scriptMail{raw: two})
			acc := sc.serveAccount()
			acc.Timing.Step = 20 * time.Second
			if tt.dials > 1 { // it may be silence that ends the first one
				acc.Timing.Step = 400 * time.Millisecond
			}
			ledger := newLedger()
			r := run(t, acc, ledger)
			wantMails(t, ledger, one, two)
			r.stop()
			if got := sc.dialled(); tt.dials == 1 && got > 1 {
				t.Errorf("took %d connections, want one", got)
			}
		})
	}
}

// TestMailThatDoesNotCome shows that one bad mail costs neither itself nor those behind it.
func TestMailThatDoesNotCome(t *testing.T) {
	const header = "Subject: x\r\n\r\n"
	tests := []struct {
		name string
		rows []row
		raw  string // what is known of mail 2 in the end
	}{
		{"refused in full", []row{{on: `^(UID )?FETCH 2.*BODY\.PEEK\[\]`, reply: "$T NO cannot open\n"}}, header},
		{"refused altogether", []row{{on: `^(UID )?FETCH 2.*BODY\.PEEK\[`, reply: "$T NO cannot open\n"}}, ""},
		{"never sent", []row{{on: `^(UID )?FETCH 2.*BODY\.PEEK\[`, reply: "$T OK\n"}}, ""},
		{"breaks the connection in full", []row{{on: `^(UID )?FETCH 2.*BODY\.PEEK\[\]`, reply: "* 2 FETCH (UID 2 BODY[] {900}\nSub<CUT>"}}, header},
		{"breaks the connection always", []row{{on: `^(UID )?FETCH 2.*BODY\.PEEK\[`, reply: "* 2 FETCH (\n<CUT>"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// The batch fails too, as it holds the bad mail.
			sc := newScript(t, append([]row{{on: `^UID FETCH 1:3 .*BODY\.PEEK\[\]`, reply: tt.rows[0].reply}}, tt.rows...)...)
			sc.add(scriptMail{raw: plainMail(1)}, scriptMail{raw: header + "lost\r\n"}, scriptMail{raw: plainMail(3)})
			ledger := newLedger()
			r := run(t, sc.serveAccount(), ledger)
			eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
			got := ledger.arrivals()
			if string(got[0].Raw) != plainMail(1) || string(got[2].Raw) != plainMail(3) || got[0].Truncated || got[2].Truncated {
				t.Errorf("the good ones: %+v", got)
			}
			if bad := got[1]; !bad.Truncated || string(bad.Raw) != tt.raw || bad.UID != 2 || bad.Size == 0 {
				t.Errorf("the bad one: %+v, want the header %q", bad, tt.raw)
			}
			r.stop()
			if r.log.count("does not send a mail in full") != 1 {
				t.Error("the log does not say so once")
			}
		})
	}
}

// TestMailThatComesInTheEnd shows that a server that fails for a while, more often than a mail is asked for at least, costs no
// mail its text.
func TestMailThatComesInTheEnd(t *testing.T) {
	for name, reply := range map[string]string{
		"cut":                "* 2 FETCH (UID 2 BODY[] {900}\nSub<CUT>",
		"refused":            "$T NO cannot open\n",
		"not sent":           "$T OK\n",
		"wrong literal size": "* 2 FETCH (UID 2 BODY[] {3}\nSubject: x\n\nx)\n$T OK\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, row{on: `^UID FETCH 1:3 .*BODY\.PEEK\[\]`, reply: reply, times: 1},
				row{on: `^(UID )?FETCH 2.*BODY\.PEEK\[\]`, reply: reply, times: 2 * (wholeTries + headerTries)})
			sc.addPlain(3)
			acc := sc.serveAccount()
			acc.Timing.Patience = time.Minute
			ledger := newLedger()
			run(t, acc, ledger)
			wantMails(t, ledger, plainMail(0), plainMail(1), plainMail(2))
		})
	}
}

// TestManyMailsThatBreakTheConnection has a server that leaves out the bad mails of a batch, and breaks off where one of them is
// asked for alone. Each costs its tries, not those of the others again and again.
func TestManyMailsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	const bad = 4
	sc := newScript(t, row{on: `^UID FETCH 1:5 .*BODY\.PEEK\[\]`, reply: "$T OK\n"},
		row{on: `^(UID )?FETCH [2-5] .*BODY\.PEEK\[`, reply: "* 2 FETCH (\n<CUT>"})
	sc.addPlain(1 + bad)
	ledger := newLedger()
	r := run(t, sc.serveAccount(), ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 1+bad })
	r.stop()
	if got, most := sc.dialled(), 2+bad*(wholeTries+headerTries); got > most {
		t.Errorf("took %d connections, want %d at most", got, most)
	}
}

func TestLargeMail(t *testing.T) {
	raw := "Subject: grande\r\nFrom: x\r\n\r\n" + strings.Repeat("x", 5000)
	tests := []struct {
		name  string
		mail  scriptMail
		rows  []row
		parts int
	}{
		{"as announced", scriptMail{raw: raw}, nil, 2},
		{"larger than announced", scriptMail{raw: raw, size: 10}, nil, 2},
		{"structure refused", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "$T NO\n"}}, 0},
		{"structure nobody can read", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "* 1 FETCH (UID 1 BODYSTRUCTURE (5 (\"a\") 7))\n$T OK\n"}}, 0},
		{"structure too deep", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "* 1 FETCH (UID 1 BODYSTRUCTURE " + strings.Repeat("(", 100000) + "\n$T OK\n"}}, 0},
		{"structure with an immense literal", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "* 1 FETCH (UID 1 BODYSTRUCTURE ({536870912}\nabc<SILENCE>"}}, 0},
		{"structure with a literal", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "* 1 FETCH (UID 1 BODYSTRUCTURE (\"application\" \"pdf\" (\"name\" {5}\n(\").p) NIL NIL \"base64\" 7))\n$T OK\n"}}, 1},
		{"cut in the structure", scriptMail{raw: raw}, []row{{on: "BODYSTRUCTURE", reply: "<CUT>"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sc := newScript(t, tt.rows...)
			sc.add(scriptMail{raw: plainMail(0)}, tt.mail, scriptMail{raw: plainMail(2)})
			for i := range sc.rows {
				sc.rows[i].reply = strings.ReplaceAll(sc.rows[i].reply, "* 1 FETCH (UID 1", "* 2 FETCH (UID 2")
			}
			acc := sc.serveAccount()
			acc.MaxSize = 1000
			ledger := newLedger()
			r := run(t, acc, ledger)
			eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
			r.stop()
			if got := sc.said(`^UID FETCH (2|1:\d) .*BODY\.PEEK\[\]`); len(got) > 0 && tt.mail.size == 0 {
				t.Errorf("fetched in full nevertheless: %q", got)
			}
			got := ledger.arrivals()[1]
			if !got.Truncated || string(got.Raw) != "Subject: grande\r\nFrom: x\r\n\r\n" || got.Size != int64(len(raw)) {
				t.Errorf("got truncated %v, %d of %d bytes: %q", got.Truncated, len(got.Raw), got.Size, got.Raw)
			}
			if len(got.Structure) != tt.parts {
				t.Fatalf("structure %+v, want %d parts", got.Structure, tt.parts)
			}
			if tt.parts == 2 {
				if p := got.Structure[1]; p.Name != "informe técnico.pdf" || p.Type != "application/pdf" || p.Size != 5000000 {
					t.Errorf("part %+v", p)
				}
			}
		})
	}
}
