package trust

import (
	"strings"
	"testing"
)

// Pieces of mails. Our server is mx.ministry.example.org; the coordinator writes from ana@ministry.example.org.
const (
	ourBorder = `Received: from relay.elsewhere.example.net (relay.elsewhere.example.net [192.0.2.10])
	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
	by mx.ministry.example.org (Postfix) with ESMTPS id 4XyZ1
	for <desk@ministry.example.org>; Mon, 23 Nov 2026 10:00:00 -0500
`
	ourLMTP = `Received: from mx.ministry.example.org
	by imap.ministry.example.org with LMTP id abc
	for <desk@ministry.example.org>; Mon, 23 Nov 2026 10:00:01 -0500
`
	ourAmavis = `Received: from localhost (localhost [127.0.0.1])
	by mx.ministry.example.org (Postfix) with ESMTP id 4XyZ2; Mon, 23 Nov 2026 10:00:01 -0500
`
	dmarcPass = "Authentication-Results: mx.ministry.example.org; dmarc=pass (p=reject) header.from=ministry.example.org\n"
	signature = `DKIM-Signature: v=1; a=rsa-sha256; d=ministry.example.org; s=s1;
	h=from:to:subject:date; bh=AAAA; b=BBBB
`
	letter = `From: Ana <ana@ministry.example.org>
To: desk@ministry.example.org
Subject: [SS-2026-000042] #cerrar

Listo.
`
)

var ours = Policy{Authority: []string{"mx.ministry.example.org"}}

func with(change func(*Policy)) Policy {
	p := ours
	change(&p)
	return p
}

func results(body string) string {
	return "Authentication-Results: mx.ministry.example.org; " + body + "\n"
}

type mailCase struct {
	name   string
	policy Policy
	mail   string
	method Method // MethodNone: not proven
	reason string // part of it
}

func runCases(t *testing.T, cases []mailCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			proof := prove(t, c.policy, c.mail)
			if proof.Method != string(c.method) || proof.Proven != (c.method != MethodNone) {
				t.Errorf("Prove = %+v, want method %q", proof, c.method)
			}
			if !strings.Contains(proof.Reason, c.reason) {
				t.Errorf("Reason %q does not say %q", proof.Reason, c.reason)
			}
		})
	}
}

func TestProveByOurServer(t *testing.T) {
	below := with(func(p *Policy) { p.Below = true })
	filtered := with(func(p *Policy) { p.Internal = prefixes("127.0.0.0/8") })
	spf := with(func(p *Policy) { p.Accept = []Method{MethodSPF} })
	auth := with(func(p *Policy) { p.Accept = []Method{MethodAuth} })
	strict := with(func(p *Policy) { p.Strict = true })
	runCases(t, []mailCase{
		{"dmarc above our Received", ours, dmarcPass + ourBorder + letter, MethodDMARC, "dmarc=pass header.from=ministry.example.org by"},
		{"dmarc above, behind LMTP", ours, ourLMTP + dmarcPass + ourBorder + letter, MethodDMARC, "above the border"},
		{"dmarc above the LMTP hop", ours, dmarcPass + ourLMTP + ourBorder + letter, MethodDMARC, ""},
		{"dmarc behind a content filter that is named", filtered, ourLMTP + ourAmavis + dmarcPass + ourBorder + letter, MethodDMARC, ""},
		{"dmarc behind a content filter that is not named", ours, ourLMTP + ourAmavis + dmarcPass + ourBorder + letter, MethodNone, "no results"},
		{"dmarc directly below, so set", below, ourBorder + dmarcPass + letter, MethodDMARC, "directly below"},
		{"dmarc below with trace fields between, so set", below, ourLMTP + ourBorder + "Received-SPF: pass\nDKIM-Filter: OpenDKIM\nX-Spam: no\n" + dmarcPass + letter, MethodDMARC, ""},
		{"dmarc directly below, not so set", ours, ourBorder + dmarcPass + letter, MethodNone, "no results"},
		{"authserv-id in another case", ours, strings.ToUpper("authentication-results: MX.Ministry.Example.Org") + "; DMARC=Pass header.From=Ministry.Example.ORG\n" + ourBorder + letter, MethodDMARC, ""},
		{"a version, comments and folding", ours, "Authentication-Results: (hello; all)\n mx.ministry.example.org (x) 1 ;\n dmarc / (is it?) 1 = (well) pass (p=none; sp=none (nested)) header (c) . from = ministry.example.org\n" + ourBorder + letter, MethodDMARC, ""},
		{"comments and folding", ours, "Authentication-Results: (hello; all)\n mx.ministry.example.org (x) 1 ;\n dmarc/1 = (well) pass (p=none; sp=none (nested))\n reason=\"good; enough\" header.from = (c) ministry.example.org\n" + ourBorder + letter, MethodDMARC, ""},
		{"two fields of ours, one a method", ours, dmarcPass + results("spf=pass smtp.mailfrom=ministry.example.org") + ourBorder + letter, MethodDMARC, ""},
		{"dkim aligned", ours, results("dkim=pass header.d=ministry.example.org header.s=s1") + ourBorder + signature + letter, MethodDKIM, "header.d=ministry.example.org"},
		{"dkim of the organizational domain", ours, results("dkim=pass header.d=example.org") + ourBorder + strings.Replace(signature, "d=ministry.", "d=", 1) + letter, MethodDKIM, ""},
		{"dkim by identity alone", ours, results("dkim=pass header.i=@ministry.example.org header.s=s1 header.b=BBBB") + ourBorder + signature + letter, MethodDKIM, ""},
		{"dkim of two, one aligned", ours, results("dkim=pass header.d=bulk.example.net; dkim=pass header.d=ministry.example.org") + ourBorder + signature + letter, MethodDKIM, ""},
		{"dkim equal, strict", strict, results("dkim=pass header.d=ministry.example.org") + ourBorder + signature + letter, MethodDKIM, ""},
		{"dkim of the organizational domain, strict", strict, results("dkim=pass header.d=example.org") + ourBorder + signature + letter, MethodNone, "no pass for"},
		{"dkim by identity alone, strict", strict, results("dkim=pass header.i=@ministry.example.org") + ourBorder + signature + letter, MethodNone, ""},
		{"spf where accepted", spf, results("spf=pass smtp.mailfrom=bounce@mail.ministry.example.org") + ourBorder + letter, MethodSPF, ""},
		{"spf by default", ours, results("spf=pass smtp.mailfrom=ministry.example.org") + ourBorder + letter, MethodNone, ""},
		{"spf of a VERP sender", spf, results("spf=pass smtp.mailfrom=prvs=12=ana@ministry.example.org") + ourBorder + letter, MethodSPF, ""},
		{"spf of the name in HELO", spf, results("spf=pass smtp.helo=ministry.example.org") + ourBorder + letter, MethodNone, ""},
		{"auth as the From address", auth, results("auth=pass smtp.auth=Ana@ministry.example.org") + ourBorder + letter, MethodAuth, ""},
		{"auth as somebody else", auth, results("auth=pass smtp.auth=eva@ministry.example.org") + ourBorder + letter, MethodNone, "no pass for"},
		{"no results at all", ours, ourBorder + letter, MethodNone, "0 such fields in all"},
		{"none", ours, results("none") + ourBorder + letter, MethodNone, "no dmarc result"},
		{"dmarc none", ours, results("dmarc=none header.from=ministry.example.org") + ourBorder + letter, MethodNone, "dmarc="},
		{"dmarc fail outweighs dkim pass", ours, results("dkim=pass header.d=ministry.example.org; dmarc=fail header.from=ministry.example.org") + ourBorder + signature + letter, MethodNone, "disowns"},
		{"dmarc pass without header.from", ours, results("dmarc=pass") + ourBorder + letter, MethodNone, ""},
		{"a domain in Unicode", Policy{Authority: []string{"mx.ministry.example.org"}}, results("dmarc=pass header.from=xn--pea-8ma.example.org") + ourBorder + "From: ana@peña.example.org\n\n", MethodDMARC, ""},
	})
}

const (
	m365Inner = `Received: from SY1PR01MB1.ausprd01.prod.outlook.com (2603:10c6:0:2e::28) by
 ME1PR01MB0644.ausprd01.prod.outlook.com with HTTPS; Mon, 23 Nov 2026 15:00:03 +0000
Received: from SY4AUS01FT008.eop-AUS01.prod.protection.outlook.com
 (2603:10c6:0:2e:cafe::d8) by SYXPR01CA0095.outlook.office365.com
 (2603:10c6:0:2e::28) with Microsoft SMTP Server (version=TLS1_2,
 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.3654.12 via Frontend
 Transport; Mon, 23 Nov 2026 15:00:02 +0000
`
	m365Border = `Received-SPF: Pass (protection.outlook.com: domain of ministry.example.org designates 192.0.2.10 as permitted sender)
Received: from relay.example.net (192.0.2.10) by
 SY4AUS01FT008.mail.protection.outlook.com (10.114.156.126) with Microsoft
 SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id
 15.20.3654.12 via Frontend Transport; Mon, 23 Nov 2026 15:00:01 +0000
`
	m365Anonymous = "X-MS-Exchange-Organization-AuthAs: Anonymous\n"
	m365Mapi      = `Received: from ME1PR01MB0644.ausprd01.prod.outlook.com ([fe80::1:2:3:4%4]) by
 ME1PR01MB0644.ausprd01.prod.outlook.com ([fe80::1:2:3:4%4]) with mapi id 15.20.3654.12; Mon, 23 Nov 2026 15:00:00 +0000
`
	m365Internal = "X-MS-Exchange-Organization-AuthAs: Internal\n"
)

func m365Results(dmarc, compauth string) string {
	return "Authentication-Results: spf=softfail (sender IP is 192.0.2.10)\n smtp.mailfrom=ministry.example.org; other.example.org; dkim=pass (signature was\n verified) header.d=ministry.example.org;other.example.org; dmarc=" + dmarc +
		" action=none\n header.from=ministry.example.org;compauth=" + compauth + "\n"
}

func TestProveByMicrosoft365(t *testing.T) {
	m365 := Policy{Server: ServerMicrosoft365}
	comp := Policy{Server: ServerMicrosoft365, Accept: []Method{MethodCompAuth}}
	internal := Policy{Server: ServerMicrosoft365, Accept: []Method{MethodDMARC, MethodInternal}, OwnDomains: []string{"ministry.example.org"}}
	arc := Policy{Server: ServerMicrosoft365, Accept: []Method{MethodDMARC, MethodARC}}
	arcSet := "ARC-Seal: i=2; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=pass; b=A\nARC-Message-Signature: i=2; d=microsoft.com; b=A\n" +
		"ARC-Authentication-Results: i=2; mx.microsoft.com 1; spf=pass (sender ip is 192.0.2.10) smtp.rcpttodomain=other.example.org smtp.mailfrom=ministry.example.org; dmarc=pass (p=none sp=none pct=100) action=none header.from=ministry.example.org; dkim=pass (signature was verified) header.d=ministry.example.org; arc=pass (0 oda=1 ltdi=1 spf=[1,1,smtp.mailfrom=x] dkim=[1,1,header.d=x])\n"
	runCases(t, []mailCase{
		{"dmarc", m365, m365Inner + m365Results("pass", "pass reason=100") + m365Border + signature + letter, MethodDMARC, "Exchange Online"},
		{"dkim where there is no record", m365, m365Inner + m365Results("bestguesspass", "pass reason=109") + m365Border + signature + letter, MethodDKIM, ""},
		{"compauth explicit", comp, m365Inner + m365Results("bestguesspass", "pass reason=109") + m365Border + letter, MethodCompAuth, "reason=109"},
		{"compauth by reputation", comp, m365Inner + m365Results("none", "pass reason=703") + m365Border + letter, MethodNone, "no explicit pass"},
		{"compauth by reverse DNS", comp, m365Inner + m365Results("none", "pass reason=116") + m365Border + letter, MethodNone, ""},
		{"compauth soft", comp, m365Inner + m365Results("none", "softpass reason=201") + m365Border + letter, MethodNone, ""},
		{"compauth where dmarc fails", comp, m365Inner + m365Results("fail", "pass reason=130") + m365Border + letter, MethodNone, "disowns"},
		{"an ARC set of Microsoft's own", arc, m365Inner + arcSet + m365Border + signature + letter, MethodARC, "ARC set"},
		{"internal", internal, m365Inner[:strings.Index(m365Inner, "Received: from SY4")] + m365Mapi + letter[:strings.Index(letter, "Subject")] + m365Internal + "Subject: x\n\n", MethodInternal, "internal mail"},
		{"internal, but of a foreign domain", internal, m365Mapi + m365Internal + "From: x@elsewhere.example.net\n\n", MethodNone, "none of the own domains"},
		{"anonymous", internal, m365Mapi + m365Anonymous + letter, MethodNone, "does not call it internal"},
	})
}

const (
	googleTop = `Delivered-To: desk@ministry.example.org
Received: by 2002:a05:6a10:1234:b0:1:2:3 with SMTP id x1csp1; Mon, 23 Nov 2026 07:00:01 -0800 (PST)
X-Google-Smtp-Source: AA
X-Received: by 2002:a05:6102:3195:: with SMTP id y1; Mon, 23 Nov 2026 07:00:01 -0800 (PST)
`
	googleARC = `ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc-20240605; b=A==
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; h=from; bh=A=; b=A==; dara=google.com
ARC-Authentication-Results: i=1; mx.google.com;
       dkim=pass header.i=@ministry.example.org header.s=s1 header.b=BBBB;
       spf=pass (google.com: domain of ana@ministry.example.org designates 192.0.2.10 as permitted sender) smtp.mailfrom=ana@ministry.example.org;
       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=ministry.example.org
Return-Path: <ana@ministry.example.org>
`
	googleBorder = `Received: from relay.example.net (relay.example.net. [192.0.2.10])
        by mx.google.com with ESMTPS id z1si1.1.2026.11.23.07.00.00
        for <desk@ministry.example.org>
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Mon, 23 Nov 2026 07:00:00 -0800 (PST)
Received-SPF: pass (google.com: domain of ana@ministry.example.org designates 192.0.2.10 as permitted sender) client-ip=192.0.2.10;
`
	googleResults = `Authentication-Results: mx.google.com;
       dkim=pass header.i=@ministry.example.org header.s=s1 header.b=BBBB;
       spf=pass (google.com: domain of ana@ministry.example.org designates 192.0.2.10 as permitted sender) smtp.mailfrom=ana@ministry.example.org;
       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=ministry.example.org
`
)

func TestProveByGoogle(t *testing.T) {
	google := Policy{Server: ServerGoogle}
	runCases(t, []mailCase{
		{"the ARC set above the border", google, googleTop + googleARC + googleBorder + googleResults + signature + letter, MethodARC, "ARC set"},
		{"results below the border, not so set", google, googleTop + googleBorder + googleResults + signature + letter, MethodNone, "no results"},
		{"results below the border, so set", Policy{Server: ServerGoogle, Below: true}, googleTop + googleBorder + googleResults + signature + letter, MethodDMARC, "directly below"},
		{"ARC not accepted", Policy{Server: ServerGoogle, Accept: []Method{MethodDMARC}}, googleTop + googleARC + googleBorder + googleResults + signature + letter, MethodNone, "no results"},
		{"dmarc fails in the ARC set", google, googleTop + strings.Replace(googleARC, "dmarc=pass", "dmarc=fail", 1) + googleBorder + googleResults + signature + letter, MethodNone, "disowns"},
		{"an ARC set without its seal", google, googleTop + googleARC[strings.Index(googleARC, "ARC-Message"):] + googleBorder + signature + letter, MethodNone, ""},
	})
}

func TestNewRefusesBadPolicies(t *testing.T) {
	for name, policy := range map[string]Policy{
		"unknown server":            {Server: "exim"},
		"unknown method":            {Accept: []Method{"dmark"}},
		"none is no proof":          {Accept: []Method{MethodNone}},
		"empty authority":           {Authority: []string{" "}},
		"DKIM without a resolver":   {VerifyDKIM: true},
		"token without a keyring":   {Accept: []Method{MethodToken}},
		"internal without a domain": {Server: ServerMicrosoft365, Accept: []Method{MethodInternal}},
	} {
		if v, err := New(policy, nil, nil, clock); err == nil || v != nil {
			t.Errorf("%s: New = %v, %v, want an error", name, v, err)
		}
	}
	if v, err := New(Policy{}, nil, nil, clock); err != nil {
		t.Fatal(err)
	} else if proof := v.Prove(t.Context(), crlf(dmarcPass+ourBorder+letter), read(t, crlf(dmarcPass+ourBorder+letter))); proof.Proven {
		t.Errorf("the zero policy proves: %+v", proof)
	}
}
