package trust

import (
	"strings"
	"testing"
)

// Every mail here claims to be from the coordinator and is not.

func TestSpoofResults(t *testing.T) {
	below := with(func(p *Policy) { p.Below = true })
	filtered := with(func(p *Policy) { p.Internal = prefixes("127.0.0.0/8", "::1/128", "10.0.0.4/32") })
	theirs := "Authentication-Results: relay.elsewhere.example.net; dmarc=pass header.from=ministry.example.org\n"
	forgedReceived := "Received: from a (a [192.0.2.9]) by mx.ministry.example.org (Postfix) with ESMTP id 1; Mon, 23 Nov 2026 09:00:00 -0500\n"
	forgedInner := "Received: from localhost (localhost [127.0.0.1]) by mx.ministry.example.org with LMTP id 1; Mon, 23 Nov 2026 09:00:00 -0500\n"
	none := results("dmarc=none header.from=ministry.example.org")
	cases := []mailCase{
		{name: "our name below the border", policy: ours, mail: ourBorder + dmarcPass + letter},
		{name: "our name at the foot", policy: ours, mail: ourBorder + strings.Replace(letter, "Subject:", dmarcPass+"Subject:", 1)},
		{name: "between our border and a Received of his", policy: ours, mail: ourLMTP + ourBorder + dmarcPass + forgedReceived + letter},
		{name: "above a Received of our name", policy: ours, mail: ourBorder + dmarcPass + forgedInner + dmarcPass + forgedReceived + letter},
		{name: "no Received at all", policy: ours, mail: dmarcPass + letter},
		{name: "the topmost Received is not ours", policy: ours, mail: dmarcPass + "Received: from a (a [192.0.2.9]) by mx.elsewhere.example.net; x\n" + dmarcPass + ourBorder + letter},
		{name: "the topmost Received is by nobody", policy: ours, mail: dmarcPass + "Received: (qmail 1 invoked by uid 89); x\n" + ourBorder + letter},
		{name: "below ours that says none", policy: below, mail: ourBorder + none + dmarcPass + letter},
		{name: "below a field of another server", policy: below, mail: ourBorder + theirs + dmarcPass + letter},
		{name: "below a field of the sender's", policy: below, mail: ourBorder + "Message-ID: <1@x>\n" + dmarcPass + letter},
		{name: "below a second Received", policy: below, mail: ourBorder + forgedReceived + dmarcPass + letter},
		{name: "below one that cannot be read", policy: below, mail: ourBorder + results("dmarc=(pass") + dmarcPass + letter},
		{name: "ours contradicts in another field", policy: ours, mail: dmarcPass + none + ourBorder + letter},
		{name: "the peer calls itself ours", policy: filtered, mail: strings.Replace(ourBorder, "from relay.elsewhere.example.net ", "from mx.ministry.example.org ", 1) + dmarcPass + forgedReceived + letter},
		{name: "the peer calls itself 127.0.0.1", policy: filtered, mail: strings.Replace(ourBorder, "from relay.elsewhere.example.net ", "from [127.0.0.1] ", 1) + dmarcPass + forgedReceived + letter},
		{name: "the peer calls itself LMTP", policy: filtered, mail: strings.Replace(ourBorder, "from relay.elsewhere.example.net ", "from with LMTP ", 1) + dmarcPass + forgedReceived + letter},
		{name: "the peer calls itself in a comment", policy: filtered, mail: strings.Replace(ourBorder, "(relay.elsewhere.example.net [192.0.2.10])", "([192.0.2.10] helo=[127.0.0.1])", 1) + dmarcPass + forgedReceived + letter},
		{name: "an authenticated person over LMTP", policy: ours, mail: strings.Replace(ourLMTP, "with LMTP", "with LMTPSA", 1) + dmarcPass + forgedReceived + letter},
		{name: "an authenticated person on the server", policy: filtered, mail: strings.Replace(ourAmavis, "with ESMTP", "with ESMTPSA", 1) + dmarcPass + forgedReceived + letter},
		{name: "a local program", policy: filtered, mail: "Received: by mx.ministry.example.org (Postfix, from userid 33) id 1; x\n" + dmarcPass + forgedReceived + letter},
		{name: "authserv-id with our name in front", policy: ours, mail: strings.Replace(dmarcPass, "org;", "org.attacker.example.net;", 1) + ourBorder + letter},
		{name: "authserv-id with our name behind", policy: ours, mail: strings.Replace(dmarcPass, " mx.", " evil-mx.", 1) + ourBorder + letter},
		{name: "authserv-id in Cyrillic", policy: ours, mail: strings.Replace(dmarcPass, "mx.ministry", "mх.ministry", 1) + ourBorder + letter},
		{name: "authserv-id with a further word", policy: ours, mail: strings.Replace(dmarcPass, "org;", "org attacker;", 1) + ourBorder + letter},
		{name: "our name in a comment of another", policy: ours, mail: "Authentication-Results: relay.elsewhere.example.net (mx.ministry.example.org;); dmarc=pass header.from=ministry.example.org\n" + ourBorder + letter},
		{name: "our name in the host part of a result", policy: ours, mail: "Authentication-Results: relay.elsewhere.example.net; x=y; mx.ministry.example.org; dmarc=pass header.from=ministry.example.org\n" + ourBorder + letter},
		{name: "no authserv-id", policy: ours, mail: "Authentication-Results: dmarc=pass header.from=ministry.example.org\n" + ourBorder + letter},
		{name: "empty", policy: ours, mail: "Authentication-Results:\nAuthentication-Results: ;\nAuthentication-Results: ; dmarc=pass header.from=ministry.example.org\n" + ourBorder + letter},
		{name: "the wrong field name", policy: ours, mail: strings.Replace(dmarcPass, "Results", "Results-Original", 1) + "X-" + dmarcPass + ourBorder + letter},
		{name: "dmarc=pass in a comment", policy: ours, mail: results("spf=none (; dmarc=pass header.from=ministry.example.org;)") + ourBorder + letter},
		{name: "dmarc=pass in a nested comment", policy: ours, mail: results("spf=none (a (b) ; dmarc=pass header.from=ministry.example.org)") + ourBorder + letter},
		{name: "dmarc=pass behind an escaped parenthesis", policy: ours, mail: results(`spf=none (a \) ; dmarc=pass header.from=ministry.example.org)`) + ourBorder + letter},
		{name: "dmarc=pass in the sender's quoted name", policy: ours, mail: results(`spf=pass smtp.mailfrom="x; dmarc=pass header.from=ministry.example.org"@attacker.example.net`) + ourBorder + letter},
		{name: "dmarc=pass in a quoted reason", policy: ours, mail: results(`dkim=fail reason="; dmarc=pass header.from=ministry.example.org"`) + ourBorder + letter},
		{name: "a comment broken open by the sender's name", policy: ours, mail: results(`spf=pass (domain of x); dmarc=pass header.from=ministry.example.org; y=(@attacker.example.net) smtp.mailfrom=attacker.example.net; dmarc=none header.from=ministry.example.org`) + ourBorder + letter},
		{name: "a comment that is not closed", policy: ours, mail: results("dmarc=pass (header.from=ministry.example.org") + ourBorder + letter},
		{name: "a quoted result", policy: ours, mail: results(`dmarc="pass" header.from=ministry.example.org`) + ourBorder + letter},
		{name: "a method that ends in dmarc", policy: ours, mail: results("x-dmarc=pass header.from=ministry.example.org") + ourBorder + letter},
		{name: "a method of another version", policy: ours, mail: results("dmarc/2=pass header.from=ministry.example.org") + ourBorder + letter},
		{name: "a field of another version", policy: ours, mail: strings.Replace(dmarcPass, "org;", "org 2;", 1) + ourBorder + letter},
		{name: "a result that begins with pass", policy: ours, mail: results("dmarc=passed header.from=ministry.example.org") + ourBorder + letter},
		{name: "header.from of another domain", policy: ours, mail: results("dmarc=pass header.from=attacker.example.net") + ourBorder + letter},
		{name: "header.from below the domain", policy: ours, mail: results("dmarc=pass header.from=sub.ministry.example.org") + ourBorder + letter},
		{name: "header.from twice", policy: ours, mail: results("dmarc=pass header.from=ministry.example.org header.from=attacker.example.net") + ourBorder + letter},
		{name: "header.from twice, other order", policy: ours, mail: results("dmarc=pass header.from=attacker.example.net header.from=ministry.example.org") + ourBorder + letter},
		{name: "smtp.from instead of header.from", policy: ours, mail: results("dmarc=pass smtp.from=ministry.example.org") + ourBorder + letter},
		{name: "dkim of another domain", policy: ours, mail: results("dkim=pass header.d=attacker.example.net") + ourBorder + signature + letter},
		{name: "dkim of a domain that ends alike", policy: ours, mail: results("dkim=pass header.d=badexample.org") + ourBorder + signature + letter},
		{name: "dkim of a public suffix", policy: ours, mail: results("dkim=pass header.d=org") + ourBorder + signature + letter},
		{name: "dkim fails for ours, passes for another", policy: ours, mail: results("dkim=fail header.d=ministry.example.org; dkim=pass header.d=attacker.example.net") + ourBorder + signature + letter},
		{name: "dkim with the identity of ours under another signer", policy: ours, mail: results("dkim=pass header.d=attacker.example.net header.i=@ministry.example.org") + ourBorder + signature + letter},
		{name: "dkim of ours without a signature in the mail", policy: ours, mail: results("dkim=pass header.d=ministry.example.org") + ourBorder + letter},
		{name: "an old signature without Subject", policy: ours, mail: results("dkim=pass header.d=ministry.example.org") + ourBorder + strings.Replace(signature, ":subject", "", 1) + letter},
		{name: "an old signature without Subject beside an invented one", policy: ours, mail: results("dkim=fail header.d=ministry.example.org; dkim=pass header.d=ministry.example.org") + ourBorder + signature + strings.Replace(signature, ":subject", "", 1) + letter},
		{name: "dmarc by an old signature without Subject", policy: ours, mail: results("dkim=pass header.d=ministry.example.org; spf=fail smtp.mailfrom=ministry.example.org; dmarc=pass header.from=ministry.example.org") + ourBorder + strings.Replace(signature, ":subject", "", 1) + letter},
		{name: "spf of another domain", policy: with(func(p *Policy) { p.Accept = []Method{MethodSPF} }), mail: results("spf=pass smtp.mailfrom=ministry.example.org@attacker.example.net") + ourBorder + letter},
		{name: "spf of an address literal", policy: with(func(p *Policy) { p.Accept = []Method{MethodSPF} }), mail: results("spf=pass smtp.mailfrom=1.2.3.4") + ourBorder + strings.Replace(letter, "ana@ministry.example.org", "ana@9.9.3.4", 1)},
		{name: "auth of another name that contains the address", policy: with(func(p *Policy) { p.Accept = []Method{MethodAuth} }), mail: results("auth=pass smtp.auth=xana@ministry.example.org") + ourBorder + letter},
		{name: "an ARC set of ours where ARC is not accepted", policy: ours, mail: "ARC-Authentication-Results: i=1; mx.ministry.example.org; dmarc=pass header.from=ministry.example.org\n" + ourBorder + letter},
	}
	for i := range cases {
		cases[i].method = MethodNone
	}
	runCases(t, cases)
}

// TestSpoofFrom has our server's honest dmarc=pass throughout; what is wrong is the author.
func TestSpoofFrom(t *testing.T) {
	const rest = "To: desk@ministry.example.org\nSubject: [SS-2026-000042] #cerrar\n\nListo.\n"
	for name, text := range map[string]string{
		"two From fields":               "From: ana@ministry.example.org\nFrom: eva@attacker.example.net\n" + rest,
		"two From fields, other order":  "From: eva@attacker.example.net\nFrom: ana@ministry.example.org\n" + rest,
		"two From fields that agree":    "From: ana@ministry.example.org\nFrom: ana@ministry.example.org\n" + rest,
		"a second From in another case": "From: ana@ministry.example.org\nfROM: eva@attacker.example.net\n" + rest,
		"a second From before a space":  "From : eva@attacker.example.net\nFrom: ana@ministry.example.org\n" + rest,
		"two addresses":                 "From: ana@ministry.example.org, eva@attacker.example.net\n" + rest,
		"no From":                       rest,
		"an empty From":                 "From:\n" + rest,
		"no domain":                     "From: ana\n" + rest,
		"the address as a name":         "From: \"ana@ministry.example.org\" <eva@attacker.example.net>\n" + rest,
		"a domain that looks alike":     "From: ana@ministry.example.org.attacker.example.net\n" + rest,
		"a domain in Cyrillic":          "From: ana@minіstry.example.org\n" + rest,
		"two Subject fields":            "From: ana@ministry.example.org\nSubject: hola\n" + rest,
		"From in the body":              "To: x@example.org\n\nFrom: ana@ministry.example.org\n" + rest,
	} {
		t.Run(name, func(t *testing.T) {
			if proof := prove(t, ours, dmarcPass+ourBorder+text); proof.Proven {
				t.Errorf("proven: %+v", proof)
			}
		})
	}
	if proof := prove(t, ours, dmarcPass+ourBorder+"From: ana@ministry.example.org\n"+rest); !proof.Proven {
		t.Errorf("the honest mail is not proven: %+v", proof)
	}
}

// TestSpoofReader gives Prove a Message whose reader saw another mail than a strict reader does.
func TestSpoofReader(t *testing.T) {
	raw := crlf(dmarcPass + ourBorder + letter)
	v := newVerifier(t, ours, nil, nil)
	for name, change := range map[string]string{
		"another From":    "From: eva@attacker.example.net",
		"another Subject": "Subject: #prioridad critica",
	} {
		field, value, _ := strings.Cut(change, ": ")
		m := read(t, raw)
		for i := range m.Header {
			if m.Header[i].Name == field {
				m.Header[i].Value = value
			}
		}
		if proof := v.Prove(t.Context(), raw, m); proof.Proven || !strings.Contains(proof.Reason, "strictly") {
			t.Errorf("%s: %+v", name, proof)
		}
	}
	m := read(t, raw)
	m.From.Addr = "eva@ministry.example.org"
	if proof := v.Prove(t.Context(), raw, m); proof.Proven {
		t.Errorf("From is not among the authors: %+v", proof)
	}
}

func TestSpoofMicrosoft365(t *testing.T) {
	m365 := Policy{Server: ServerMicrosoft365, Accept: []Method{MethodDMARC, MethodDKIM, MethodCompAuth, MethodInternal, MethodARC}, OwnDomains: []string{"ministry.example.org"}}
	pass := m365Results("pass", "pass reason=100")
	none := strings.ReplaceAll(m365Results("none", "none"), "dkim=pass", "dkim=none")
	cases := []mailCase{
		{name: "results without a name below the border", mail: m365Inner + none + m365Border + pass + letter},
		{name: "results above a second border", mail: m365Inner + none + m365Border + pass + m365Border + letter},
		{name: "results above inner fields of the sender's", mail: m365Inner + m365Border + pass + m365Inner + m365Border + letter},
		{name: "an ARC set of the sender's own organisation", mail: m365Inner + none + m365Border + "ARC-Seal: i=1; d=microsoft.com; b=A\nARC-Message-Signature: i=1\nARC-Authentication-Results: i=1; mx.microsoft.com 1; dmarc=pass action=none header.from=ministry.example.org\n" + letter},
		{name: "an internal mark from outside", mail: m365Inner + none + m365Border + m365Internal + letter},
		{name: "an internal mark beside an anonymous one", mail: m365Mapi + m365Anonymous + m365Internal + letter},
		{name: "an internal mark above an anonymous one", mail: m365Mapi + m365Internal + m365Anonymous + letter},
		{name: "another organisation at Microsoft", mail: m365Inner + none + strings.Replace(m365Border, "relay.example.net (192.0.2.10)", "mail.eur01.outbound.protection.outlook.com (2603:10a6::1)", 1) + pass + m365Border + letter},
		{name: "an internal mark with something behind it", mail: m365Mapi + "X-Ms-Exchange-Organization-Authas: Internal74\n" + letter},
		{name: "an internal mark and a foreign Received", mail: m365Mapi + "Received: from a by b.example.net; x\n" + m365Internal + letter},
		{name: "an internal mark without a Received", mail: m365Internal + letter},
		{name: "a person submits and calls himself Microsoft", mail: m365Inner + "Received: from x.prod.outlook.com (198.51.100.7) by ME1PR01MB0644.ausprd01.prod.outlook.com (2603:10c6::1) with Microsoft SMTP Server; x\n" + pass + m365Border + m365Internal + letter},
		{name: "another server on top", mail: "Received: from a (a [192.0.2.1]) by mx.attacker.example.net; x\n" + pass + m365Border + letter},
		{name: "a host that ends like Microsoft's", mail: pass + strings.Replace(m365Border, "SY4AUS01FT008.mail.protection.outlook.com", "mail.protection.notoutlook.com", 1) + letter},
		{name: "compauth for another domain", mail: m365Inner + strings.Replace(m365Results("bestguesspass", "pass reason=109"), "header.from=ministry", "header.from=attacker", 1) + m365Border + letter},
	}
	for i := range cases {
		cases[i].policy, cases[i].method = m365, MethodNone
	}
	runCases(t, cases)
}

func TestSpoofGoogle(t *testing.T) {
	google := Policy{Server: ServerGoogle, Below: true}
	top := googleTop + strings.ReplaceAll(googleARC, "=pass", "=none")
	honest := strings.ReplaceAll(googleResults, "=pass", "=none")
	cases := []mailCase{
		{name: "an ARC set below the border", mail: googleTop + googleBorder + honest + googleARC + googleBorder + letter},
		{name: "an ARC set with a higher instance below", mail: top + googleBorder + honest + strings.ReplaceAll(googleARC, "i=1", "i=9") + letter},
		{name: "results below ours", mail: top + googleBorder + honest + googleResults + letter},
		{name: "inner fields of the sender's", mail: googleTop + googleBorder + honest + googleTop + googleARC + googleBorder + letter},
		{name: "another server on top", mail: "Received: from a (a [192.0.2.1]) by mx.attacker.example.net; x\n" + googleARC + googleBorder + letter},
		{name: "an inner field that names a peer", mail: "Received: from a (a [192.0.2.1]) by 2002:a05:6a10:: with SMTP; x\n" + googleARC + googleBorder + letter},
		{name: "an ARC set sealed by another", mail: googleTop + strings.Replace(googleARC, "d=google.com; s=arc", "d=attacker.example.net; s=arc", 1) + googleBorder + letter},
		{name: "an ARC set of another instance", mail: googleTop + strings.Replace(googleARC, "Results: i=1", "Results: i=2", 1) + googleBorder + letter},
		{name: "an ARC set of no instance", mail: googleTop + strings.Replace(googleARC, "Results: i=1; ", "Results: ", 1) + googleBorder + letter},
	}
	for i := range cases {
		cases[i].policy, cases[i].method = google, MethodNone
	}
	runCases(t, cases)
}
