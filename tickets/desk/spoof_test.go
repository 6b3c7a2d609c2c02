package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"radicado/mailbox/trust"
	"radicado/tickets"
)

// attack is a mail, byte for byte but for its line ends, that would close the first request if it were believed.
type attack struct{ name, raw string }

// order is what the coordinator writes when she closes a request.
const order = "From: Marta Ruiz <" + marta + ">\nTo: " + mesa + "\nSubject: Re: [SS-2026-000001] Impresora #prioridad alta #cerrar ya\n" +
	"Date: Mon, 23 Nov 2026 10:05:00 -0500\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nListo.\n"

// results are fields that the ministry's server might have written.
func results(text string) string {
	return "Authentication-Results: mx.ministerio.example; " + text + "\n"
}

const pass = "dmarc=pass header.from=ministerio.example"

// forgeMarks has the coordinator's order with marks that are not the server's.
func forgeMarks() []attack {
	below := border + results(pass)
	forgedBorder := "Received: from a (a [192.0.2.9]) by mx.ministerio.example (Postfix) with ESMTPSA id 9; Mon, 23 Nov 2026 09:00:00 -0500\n"
	inner := "Received: from localhost (localhost [127.0.0.1]) by mx.ministerio.example with LMTP id 9; Mon, 23 Nov 2026 09:00:00 -0500\n"
	return []attack{
		{"no marks at all", order},
		{"our server found nothing", nothing + order},
		{"our server says fail", results("dmarc=fail header.from=ministerio.example") + border + order},
		{"results below our Received", below + order},
		{"results at the foot of the header", border + strings.Replace(order, "MIME-Version", results(pass)+"MIME-Version", 1)},
		{"results without any Received", results(pass) + order},
		{"a Received of our name below ours", border + results(pass) + forgedBorder + order},
		{"an inner Received below ours", border + results(pass) + inner + results(pass) + forgedBorder + order},
		{"the topmost Received is another server's", results(pass) + "Received: from a by mx.otra.example; x\n" + border + order},
		{"ours says none, the sender's pass stands below", nothing + results(pass) + order},
		{"two of ours that contradict each other", results(pass) + nothing + order},
		{"our name within another name", strings.Replace(proven, "mx.ministerio.example;", "mx.ministerio.example.otra.example;", 1) + order},
		{"another name that ends in ours", strings.Replace(proven, "mx.ministerio.example;", "emx.ministerio.example;", 1) + order},
		{"our name in Cyrillic letters", strings.Replace(proven, "mx.ministerio.example;", "mx.ministеrio.example;", 1) + order},
		{"no name", strings.Replace(proven, " mx.ministerio.example;", "", 1) + order},
		{"the wrong field", strings.Replace(proven, "Authentication-Results", "X-Authentication-Results", 1) + order},
		{"pass in a comment", results("spf=none (; "+pass+";)") + border + order},
		{"pass in a quoted address", results(`spf=pass smtp.mailfrom="x; `+pass+`"@otra.example`) + border + order},
		{"pass for another domain", results("dmarc=pass header.from=otra.example") + border + order},
		{"pass for a domain below ours", results("dmarc=pass header.from=x.ministerio.example.otra.example") + border + order},
		{"the domain given twice", results(pass+" header.from=otra.example") + border + order},
		{"DKIM of another domain", results("dkim=pass header.d=otra.example") + border + order},
		{"DKIM of ours that is not in the mail", results("dkim=pass header.d=ministerio.example") + border + order},
		{"SPF alone", results("spf=pass smtp.mailfrom=ministerio.example") + border + order},
		{"a login that is not accepted as proof", results("auth=pass smtp.auth="+marta) + border + order},
		{"an ARC set", "ARC-Authentication-Results: i=1; mx.ministerio.example; " + pass + "\n" + border + order},
		{"marks of Exchange", "X-MS-Exchange-Organization-AuthAs: Internal\nX-MS-Exchange-Organization-AuthSource: mx.ministerio.example\n" + border + order},
		{"marks of Google", "X-Google-DKIM-Signature: v=1\nX-Gm-Message-State: x\n" + border + order},
		{"a mark of spam filters", "X-Spam-Status: No\nReceived-SPF: pass\nX-DMARC-Result: pass\n" + border + order},
		{"compauth", results("compauth=pass reason=100 header.from=ministerio.example") + border + order},
	}
}

// forgeAuthors has honest marks of our server, for the domain, and something wrong with who wrote.
func forgeAuthors() []attack {
	from := "From: Marta Ruiz <" + marta + ">\n"
	with := func(other string) string { return proven + strings.Replace(order, from, other, 1) }
	return []attack{
		{"two From fields", with(from + "From: eva@ministerio.example\n")},
		{"two From fields, hers second", with("From: eva@ministerio.example\n" + from)},
		{"two addresses", with("From: " + marta + ", eva@ministerio.example\n")},
		{"two addresses, hers second", with("From: eva@ministerio.example, " + marta + "\n")},
		{"her address as a name", with("From: \"" + marta + "\" <eva@ministerio.example>\n")},
		{"her name", with("From: Marta Ruiz <eva@ministerio.example>\n")},
		{"her address as an encoded name", with("From: =?utf-8?q?marta=40ministerio=2Eexample?= <eva@ministerio.example>\n")},
		{"her address in a comment", with("From: eva@ministerio.example (" + marta + ")\n")},
		{"her address in Sender", with("From: eva@ministerio.example\nSender: " + marta + "\n")},
		{"her address in Reply-To", with("From: eva@ministerio.example\nReply-To: " + marta + "\n")},
		{"her address in Resent-From", with("From: eva@ministerio.example\nResent-From: " + marta + "\n")},
		{"her address in Return-Path", with("Return-Path: <" + marta + ">\nFrom: eva@ministerio.example\n")},
		{"her address in X-Original-From", with("From: eva@ministerio.example\nX-Original-From: " + marta + "\n")},
		{"her address with a tag", with("From: marta+x@ministerio.example\n")},
		{"her address with dots", with("From: m.arta@ministerio.example\n")},
		{"her address in a domain below", with("From: marta@sub.ministerio.example\n")},
		{"her address in a domain that begins alike", with("From: " + marta + ".otra.example\n")},
		{"her name in Cyrillic", with("From: mаrta@ministerio.example\n")},
		{"the domain in Cyrillic", with("From: marta@ministеrio.example\n")},
		{"a route before the address", with("From: <@ministerio.example:eva@otra.example>\n")},
		{"a percent sign", with("From: marta%ministerio.example@otra.example\n")},
		{"a group", with("From: marta@ministerio.example:eva@otra.example;\n")},
		{"no From", with("")},
		{"an empty From", with("From:\n")},
		{"From behind a space", with("From : " + marta + "\nFrom: eva@ministerio.example\n")},
		{"two Subject fields", with(from + "Subject: Hola\n")},
	}
}

// forgeRights has people who are who they say and may not do what they want, or mails that no person wrote.
func forgeRights(tokenOfMarta string) []attack {
	by := func(addr, further string) string {
		return proven + further + strings.Replace(order, "Marta Ruiz <"+marta+">", addr, 1)
	}
	attached := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nVea.\n--b\nContent-Type: message/rfc822\n\n" + proven + order + "\n--b--\n"
	head := func(addr, subject string) string {
		return proven + "From: " + addr + "\nTo: " + mesa + "\nSubject: " + subject + "\nDate: Mon, 23 Nov 2026 10:05:00 -0500\n"
	}
	quoting := "In-Reply-To: <" + tokenOfMarta + ">\nReferences: <" + tokenOfMarta + ">\n"
	return []attack{
		{"another official", by(sofia, "")},
		{"another official who quotes a token of the coordinator's", by(sofia, quoting)},
		{"a stranger who quotes it", nothing + quoting + strings.Replace(order, marta, nadie, 1)},
		{"a forger who quotes it", nothing + quoting + order},
		{"a technician, who may not", by(ana, "")},
		{"a technician who quotes a token of the coordinator's", by(ana, quoting)},
		{"a person of a domain below", by("pedro@sub.ministerio.example", "")},
		{"the coordinator's absence program", by(marta, "Auto-Submitted: auto-replied\n")},
		{"the coordinator's calendar", by(marta, "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n")},
		{"by a list that nobody accepts", by(marta, "List-Id: <todos.ministerio.example>\nList-Unsubscribe: <mailto:x@ministerio.example>\n")},
		{"as bulk mail", by(marta, "Precedence: bulk\nList-Unsubscribe: <https://x.example/>\n")},
		{"marked as spam by our server", by(marta, "X-Spam-Flag: YES\n")},
		{"in an attached mail of the coordinator's", head(sofia, "Re: [SS-2026-000001] Vea") + attached},
		{"in the body", head(marta, "Re: [SS-2026-000001] Impresora") + "\n#cerrar ya\n"},
		{"in the quoted history", head(sofia, "Re: [SS-2026-000001] Impresora") + "\nHola.\n\n> Subject: #cerrar ya\n> From: " + marta + "\n"},
		{"in the sender's name", head("\"#cerrar ya\" <"+sofia+">", "Re: [SS-2026-000001] Impresora") + "\nHola.\n"},
		{"in a file name", head(sofia, "Re: [SS-2026-000001] Impresora") + "Content-Disposition: attachment; filename=\"#cerrar ya.txt\"\n\nHola.\n"},
		{"behind a line end in the subject", head(sofia, "=?utf-8?q?Hola=0D=0AFrom:_marta=40ministerio.example=0D=0ASubject:_[SS-2026-000001]_#cerrar_ya?=") + "\nHola.\n"},
		{"with an invented code", by(marta, "") + "\n#confirmar aaaaa-bbbbb-ccccc-ddddd\n"},
		{"from the desk's own address", by(mesa, "")},
		{"from the null sender", by("<>", "")},
		{"a report in the coordinator's name", proven + strings.Replace(strings.Replace(order, "text/plain; charset=utf-8", "multipart/report; report-type=delivery-status; boundary=b", 1),
			"Listo.", "--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; "+pedro+"\nAction: failed\nStatus: 5.1.1\n\n--b--", 1)},
	}
}

// TestSpoofMatrix puts every forged mail through the reader, the proofs, the desk and the register. None is obeyed.
func TestSpoofMatrix(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	_, rows := o.flush()
	tokenOfMarta := ""
	for _, row := range rows {
		if row.Notice.To.Addr == marta {
			tokenOfMarta = row.MessageID
		}
	}
	attacks := append(append(forgeMarks(), forgeAuthors()...), forgeRights(tokenOfMarta)...)
	if len(attacks) < 60 {
		t.Fatalf("only %d attacks", len(attacks))
	}
	for i, a := range attacks {
		raw := strings.Replace(a.raw, "MIME-Version:", fmt.Sprintf("Message-ID: <forjado.%d@otra.example>\nMIME-Version:", i), 1)
		before := o.ticket(first)
		if a.name == "with an invented code" {
			raw = strings.Replace(raw, "#prioridad alta #cerrar ya", "#confirmar aaaaa-bbbbb-ccccc-ddddd", 1)
		}
		o.takeRaw([]byte(strings.ReplaceAll(raw, "\n", "\r\n")))
		got := o.ticket(first)
		if got.State != tickets.Registered || got.Priority != tickets.Unassessed || got.Assigned() {
			t.Fatalf("%s: obeyed: %+v", a.name, got)
		}
		for _, fact := range o.facts(first)[before.Version:] {
			switch kind, _, _ := strings.Cut(fact, " "); kind {
			case "unproven", "automatic", "refused", "answered", "noted", "undelivered":
			default:
				t.Errorf("%s: caused %s", a.name, fact)
			}
		}
	}
	// Nobody but the coordinator hears of any of it, but for receipts to whoever was proven and refused, and acknowledgements of
	// what became requests of their own.
	_, rows = o.flush()
	for _, row := range rows {
		n := row.Notice
		about := tickets.Number("")
		if n.Data.Ticket != nil {
			about = n.Data.Ticket.Number
		}
		if n.To.Key() == pedro && n.Kind != tickets.NoticeAnswer || about == first && !n.Data.Role.Staff() && n.To.Key() != pedro {
			t.Errorf("%s is told %s about %s", n.To.Addr, n.Kind, about)
		}
	}
	o.takeRaw([]byte(strings.ReplaceAll(proven+order, "\n", "\r\n")))
	if got := o.ticket(first); got.State != tickets.Closed || got.Priority != tickets.High {
		t.Errorf("the honest order was not obeyed: %+v", got)
	}
	t.Logf("%d forged mails, none obeyed", len(attacks))
	o.sound()
}

// TestSpoofWhereServerChecksNothing has a server that writes no results, and settings that accept tokens.
func TestSpoofWhereServerChecksNothing(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, func(o *office) {
		o.trust = trust.Policy{Hosts: []string{"mx.ministerio.example"}, Accept: []trust.Method{trust.MethodToken}}
	})
	o.take(request)
	_, rows := o.flush()
	ids := map[string]string{}
	for _, row := range rows {
		ids[row.Notice.To.Addr] = row.MessageID
	}
	for name, id := range map[string]string{"none": "", "the official's": ids[pedro], "an invented one": "SS-2026-000001.2.aaaaaaaaaaaaaaaaaaaa@ministerio.example",
		"the coordinator's, altered": strings.Replace(ids[marta], ".2.", ".3.", 1)} {
		further := ""
		if id != "" {
			further = "In-Reply-To: <" + id + ">\n"
		}
		o.take(mail{marks: border, from: marta, subject: "@ #prioridad alta", further: further})
		if got := o.ticket(first).Priority; got != tickets.Unassessed {
			t.Fatalf("token %s: obeyed", name)
		}
	}
	o.take(request)
	o.take(mail{marks: border, from: marta, subject: "Re: [SS-2026-000002] Impresora #prioridad alta", further: "In-Reply-To: <" + ids[marta] + ">\n"})
	if one, two := o.ticket(first).Priority, o.ticket("SS-2026-000002").Priority; one != tickets.Unassessed || two != tickets.Unassessed {
		t.Errorf("by the token of another request priorities were set: %q, %q", one, two)
	}
	o.take(mail{marks: border, from: marta, subject: "@ #prioridad alta", further: "In-Reply-To: <" + ids[marta] + ">\n"})
	if got := o.ticket(first).Priority; got != tickets.High {
		t.Errorf("the answer to her own notice set priority %q", got)
	}
}
