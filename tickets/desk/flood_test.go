package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
)

func limited(l tickets.Limits) func(*office) { return func(o *office) { o.policy.Limits = l } }

// count returns how many of the names begin so.
func countOf(names []string, prefix string) (n int) {
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

func TestFloodOfRequests(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	tests := []struct {
		name    string
		limits  tickets.Limits
		from    func(i int) string
		subject string
		want    int // acknowledgements
	}{
		{"from one address", tickets.Limits{Address: 5}, func(int) string { return pedro }, "Solicitud", 5},
		{"from one domain", tickets.Limits{Domain: 7}, func(i int) string { return fmt.Sprintf("x%d@otra.example", i) }, "Solicitud", 7},
		{"from one domain in every letter case", tickets.Limits{Domain: 7}, func(i int) string { return fmt.Sprintf("x%d@OTRA.example", i) }, "Solicitud", 7},
		{"from the officials' domain", tickets.Limits{Domain: 7}, func(i int) string { return fmt.Sprintf("x%d@ministerio.example", i) }, "Solicitud", 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, limited(tt.limits))
			var flood []mail
			for i := range 30 {
				flood = append(flood, mail{from: tt.from(i), subject: fmt.Sprint(tt.subject, i), text: "x"})
			}
			o.takeAll(flood)
			names, _ := o.flush()
			if got := countOf(names, "acknowledgement"); got != tt.want {
				t.Errorf("%d acknowledgements, want %d", got, tt.want)
			}
			alerts := 1
			if tt.want == 30 {
				alerts = 0
			}
			if got := countOf(names, "withheld to marta"); got != alerts {
				t.Errorf("the coordinator is alerted %d times, want %d", got, alerts)
			}
			if got := o.count(); got != 30 {
				t.Errorf("%d requests registered of 30", got)
			}
			o.sound()
		})
	}
}

// TestFloodEnds has a flood pause, and come again.
func TestFloodEnds(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, limited(tickets.Limits{Address: 3}))
	burst := func() []string {
		var flood []mail
		for i := range 6 {
			flood = append(flood, mail{from: pedro, subject: fmt.Sprint("Solicitud ", i, o.now.Unix())})
		}
		o.takeAll(flood)
		names, _ := o.flush()
		return names
	}
	for range 2 {
		if names := burst(); countOf(names, "acknowledgement") != 3 || countOf(names, "withheld") != 1 {
			t.Errorf("a burst causes %v", names)
		}
		o.now = o.now.Add(3 * time.Hour)
	}
	o.take(mail{from: pedro, subject: "Mañana siguiente"})
	if names, _ := o.flush(); countOf(names, "acknowledgement to pedro") != 1 {
		t.Errorf("after the flood: %v", names)
	}
}

// TestFloodOfOneRequest has two sides of a request write without end.
func TestFloodOfOneRequest(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, limited(tickets.Limits{Ticket: 10}))
	o.take(request)
	var flood []mail
	for i := range 20 {
		flood = append(flood, mail{from: pedro, subject: "@", text: fmt.Sprint("Sigue ", i)}, mail{from: marta, subject: "@", text: fmt.Sprint("Ya va ", i)})
	}
	o.takeAll(flood)
	names, _ := o.flush()
	if got := len(names); got != 11 { // the ten and the alert
		t.Errorf("%d notices about one request: %v", got, names)
	}
	if facts := o.facts(first); countOf(facts, "answered") != 40 || countOf(facts, "withheld") == 0 {
		t.Errorf("events: %v", facts)
	}
	o.sound()
}

// bounceOf is a report that a notice did not arrive; original, where not "", is whom the notice was for.
func (o *office) bounceOf(id, to, status, original string) []byte {
	if original != "" {
		original = "Original-Recipient: rfc822; " + original + "\n"
	}
	return []byte(strings.ReplaceAll(fmt.Sprintf(border+`From: MAILER-DAEMON@mx.ministerio.example
To: %s
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce.%d@mx.ministerio.example>
Date: %s
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It failed.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.ministerio.example

%sFinal-Recipient: rfc822; %s
Action: failed
Status: %s
Diagnostic-Code: smtp; 550 %s no

--b
Content-Type: text/rfc822-headers

Message-ID: <%s>
From: %s
To: %s

--b--
`, mesa, o.now.UnixNano(), o.now.Format(time.RFC1123Z), original, to, status, status, id, mesa, to), "\n", "\r\n"))
}

// messageIDTo returns that of the last notice to an address, "" for none.
func messageIDTo(rows []register.OutboxRow, address string) (id string) {
	for _, row := range rows {
		if row.Notice.To.Addr == address {
			id = row.MessageID
		}
	}
	return id
}

func TestBounceMarksAddress(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	for _, tt := range []struct {
		status  string
		bounces int // until the address is dead
	}{{"5.1.1", 1}, {"5.2.1", 1}, {"5.7.1", 3}, {"5.0.0", 3}} {
		t.Run(tt.status, func(t *testing.T) {
			o := newOffice(t, nil)
			o.take(request)
			_, rows := o.flush()
			id := messageIDTo(rows, pedro)
			for range tt.bounces {
				o.now = o.now.Add(time.Minute)
				o.takeRaw(o.bounceOf(id, pedro, tt.status, ""))
			}
			names, rows := o.flush()
			if got := countOf(names, "undelivered to marta"); got != tt.bounces {
				t.Errorf("the coordinator is told %d times of %d failures", got, tt.bounces)
			}
			if last := rows[len(rows)-1]; !last.Notice.Data.Failure.Dead {
				t.Errorf("the last is told as %+v", last.Notice.Data.Failure)
			}
			o.now = o.now.Add(time.Minute)
			o.takeRaw(o.bounceOf(id, pedro, tt.status, ""))
			names, _ = o.flush()
			o.want("after one more", names, "")

			o.take(mail{from: marta, subject: "@ #prioridad alta"})
			o.take(mail{from: marta, subject: "@ #prioridad baja"})
			names, _ = o.flush()
			o.want("while dead", names, "receipt to marta | withheld to marta | receipt to marta")

			o.take(mail{from: pedro, subject: "@", text: "Ya funciona mi buzón."})
			o.flush()
			o.take(mail{from: marta, subject: "@", text: "Qué bien."})
			names, _ = o.flush()
			o.want("after a mail from there", names, "answer to pedro")
			o.sound()
		})
	}
}

// TestSpoofBounce has reports name addresses that our notice did not go to, and staff.
func TestSpoofBounce(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	_, rows := o.flush()
	for _, row := range rows {
		if row.Notice.To.Addr == pedro {
			o.takeRaw(o.bounceOf(row.MessageID, sofia, "5.1.1", ""))
		} else {
			o.takeRaw(o.bounceOf(row.MessageID, marta, "5.1.1", ""))
		}
	}
	o.takeRaw(o.bounceOf("SS-2026-000001.99.aaaaaaaaaaaaaaaaaaaa@ministerio.example", sofia, "5.1.1", ""))
	o.flush()
	o.take(mail{from: sofia, subject: "Otra", text: "x"})
	if names, _ := o.flush(); countOf(names, "acknowledgement to sofia") != 1 || countOf(names, "new_request to marta") != 1 {
		t.Errorf("notices %v", names)
	}
}
