package trust

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// show writes results for comparison: method=value reason {property value …}.
func show(r authResults) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %d", r.id, r.instance)
	for _, res := range r.results {
		props, _ := json.Marshal(res.props) // sorted by name
		fmt.Fprintf(&b, "; %s=%s %q %s", res.method, res.value, res.reason, props)
		if res.unsure {
			b.WriteString(" unsure")
		}
	}
	return b.String()
}

func TestParseAuthResults(t *testing.T) {
	for in, want := range map[string]string{
		// RFC 8601 appendix B.
		"example.org 1; none":                             `"example.org" 0`,
		"example.com; spf=pass smtp.mailfrom=example.net": `"example.com" 0; spf=pass "" {"smtp.mailfrom":"example.net"}`,
		"example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=fail smtp.mailfrom=example.net":                                                                                                         `"example.com" 0; auth=pass "" {"smtp.auth":"sender@example.net"}; spf=fail "" {"smtp.mailfrom":"example.net"}`,
		"example.com; dkim=pass reason=\"good signature\" header.i=@mail-router.example.net; dkim=fail reason=\"bad signature\" header.i=@newyork.example.com":                                                       `"example.com" 0; dkim=pass "good signature" {"header.i":"@mail-router.example.net"}; dkim=fail "bad signature" {"header.i":"@newyork.example.com"}`,
		"foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462": `"foo.example.net" 0; dkim=fail "" {"policy.expired":"1362471462"}`,
		"\"quoted id\"; spf=pass": `"quoted id" 0; spf=pass "" {}`,
		"x;spf=pass;dkim=none;":   `"x" 0; spf=pass "" {}; dkim=none "" {}`,
		"x;;; spf = pass":         `"x" 0; spf=pass "" {}`,
		"x; dkim=pass header.b=\"a+/=\"; dkim=pass header.b=a+/=": `"x" 0; dkim=pass "" {"header.b":"a+/="}; dkim=pass "" {"header.b":"a+/="}`,
		"x; spf=pass smtp.mailfrom=\"a b\\\"; c\"@y":              `"x" 0; spf=pass "" {"smtp.mailfrom":"a b\"; c@y"}`,
		"x; dkim=pass header.d=a header.d=b":                      `"x" 0; dkim=pass "" {"header.d":"b"} unsure`,
		"x; dkim=pass header.d=a header.d=a":                      `"x" 0; dkim=pass "" {"header.d":"a"}`,
		"X; SPF=Pass Smtp.MailFrom=A":                             `"x" 0; spf=pass "" {"smtp.mailfrom":"A"}`,
		"x; dkim/2=pass; spf/1=pass":                              `"x" 0; spf=pass "" {}`,
		"x; ñ=ü":                                                  `"x" 0; ñ=ü "" {}`,
		// Microsoft 365, in its older and its newer form.
		"spf=none (sender IP is 10.2.3.4)\r\n smtp.mailfrom=a.example; b.example; dkim=none\r\n (message not signed) header.d=none; b.example; dmarc=none\r\n action=none header.from=a.example; compauth=fail reason=001": `"" 0; spf=none "" {"smtp.mailfrom":"a.example"}; dkim=none "" {"header.d":"none"}; dmarc=none "" {"action":"none","header.from":"a.example"}; compauth=fail "001" {}`,
		"mx.microsoft.com 1; dmarc=pass action=none header.from=a.example": `"mx.microsoft.com" 0; dmarc=pass "" {"action":"none","header.from":"a.example"}`,
		// What cannot be read.
		"":                        "error",
		";":                       "error",
		"; spf=pass":              "error",
		"x 2; spf=pass":           "error",
		"x y z; spf=pass":         "error",
		"x; spf=pass (":           "error",
		"x; spf=pass (a (b)":      "error",
		"x; spf=pass smtp.a=\"":   "error",
		"x; spf=pass smtp.a=\"\\": "error",
		"x; spf=pass smtp.a":      "error",
		"x; spf=pass smtp.a=":     "error",
		"x; spf=":                 "error",
		"x; =pass":                "error",
		"x; spf==pass":            `"x" 0; spf==pass "" {}`,
		"x; spf=pass a b":         "error",
		"x; a b; spf=pass":        "error",
		"x; spf=\"pass\"":         "error",
		"x; spf=pass\x00":         "error",
		"x; spf=pa\x1b[2Jss":      "error",
		"x" + strings.Repeat("; a=b", maxResults+1): "error",
		strings.Repeat("x", maxAuthResults+1):       "error",
	} {
		parsed, err := parseAuthResults(in)
		got := show(parsed)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("parseAuthResults(%.80q)\n got %s %v\nwant %s", in, got, err, want)
		}
	}
}

func TestParseARCResults(t *testing.T) {
	for in, want := range map[string]string{
		"i=1; mx.google.com; dmarc=pass (p=NONE) header.from=a.example": `"mx.google.com" 1; dmarc=pass "" {"header.from":"a.example"}`,
		"i=2; mx.microsoft.com 1; spf=pass":                             `"mx.microsoft.com" 2; spf=pass "" {}`,
		"I = 50 ; x; none":                                              `"x" 50`,
		"i=0; x; spf=pass":                                              "error",
		"i=51; x; spf=pass":                                             "error",
		"i=x; x; spf=pass":                                              "error",
		"x; spf=pass":                                                   "error",
		"i=1":                                                           "error",
		"i=1; spf=pass":                                                 "error",
		"i=1 a=b; x; spf=pass":                                          "error",
	} {
		parsed, err := parseARCResults(in)
		got := show(parsed)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("parseARCResults(%q)\n got %s %v\nwant %s", in, got, err, want)
		}
	}
}

func TestParseHop(t *testing.T) {
	type short struct{ from, by, with, addrs string }
	for in, want := range map[string]short{
		"from a.example (b.example [192.0.2.1]) by c.example. (Postfix) with ESMTPS id 1 for <d@e>; Mon":                      {"a.example", "c.example", "ESMTPS", "192.0.2.1"},
		"from a ([IPv6:2001:db8::1]) (using TLSv1.3 with cipher X (256/256 bits)) (No client certificate) by c with ESMTP":    {"a", "c", "ESMTP", "2001:db8::1"},
		"from [192.0.2.7] (port=4711 helo=[127.0.0.1]) by c with esmtpsa (TLS1.3) tls X (Exim 4.96) id 1; x by d":             {"192.0.2.7", "c", "ESMTPSA", "192.0.2.7 127.0.0.1"},
		"from A (2603:10c6:0:2e:cafe::d8) by B (2603:10c6::28) with Microsoft SMTP Server (v=1) id 15 via Frontend Transport": {"a", "b", "MICROSOFT", "2603:10c6:0:2e:cafe::d8"},
		"from a ([fe80::1%12]) by b ([fe80::2%12]) with mapi id 1":                                                            {"a", "b", "MAPI", "fe80::1"},
		"from a (192.0.2.1:25) by b":                    {"a", "b", "", "192.0.2.1"},
		"from a ([::ffff:127.0.0.1]) by b":              {"a", "b", "", "127.0.0.1"},
		"by 2002:a05:6a10:1234:b0:1:2:3 with SMTP id x": {"", "2002:a05:6a10:1234:b0:1:2:3", "SMTP", ""},
		"from a (b by c with LMTP) by d with SMTP":      {"a", "d", "SMTP", ""},
		"from a by b by c":                              {},
		"from a with LMTP by b with SMTP":               {},
		"from a (b by c":                                {"a", "", "", ""},
		"(qmail 1 invoked by uid 89); x":                {},
		"":                                              {},
		"; from a by b":                                 {},
	} {
		h := parseHop(in)
		var addrs []string
		for _, a := range h.addrs {
			addrs = append(addrs, a.String())
		}
		got := short{h.from, h.by, h.with, strings.Join(addrs, " ")}
		if got != want {
			t.Errorf("parseHop(%q)\n got %+v\nwant %+v", in, got, want)
		}
	}
}

func TestAligned(t *testing.T) {
	for _, c := range []struct {
		authenticated, from string
		relaxed, strict     bool
	}{
		{"example.org", "example.org", true, true},
		{"example.org", "mail.example.org", true, false},
		{"a.example.org", "b.example.org", true, false},
		{"badexample.org", "example.org", false, false},
		{"ministerio-a.gov.co", "ministerio-b.gov.co", false, false},
		{"mail.ministerio.gov.co", "ministerio.gov.co", true, false},
		{"gov.co", "ministerio.gov.co", false, false},
		{"gov.co", "gov.co", true, true},
		{"org", "example.org", false, false},
		{"", "", false, false},
		{"example.org", "", false, false},
	} {
		if got := aligned(c.authenticated, c.from, false); got != c.relaxed {
			t.Errorf("aligned(%s, %s) = %v", c.authenticated, c.from, got)
		}
		if got := aligned(c.authenticated, c.from, true); got != c.strict {
			t.Errorf("aligned(%s, %s, strict) = %v", c.authenticated, c.from, got)
		}
	}
}

func TestAsciiDomain(t *testing.T) {
	for in, want := range map[string]string{
		"Example.ORG": "example.org", "example.org.": "example.org", "peña.example": "xn--pea-8ma.example",
		"xn--pea-8ma.example": "xn--pea-8ma.example", "192.0.2.1": "", "[192.0.2.1]": "", "": "", ".": "", "a..b": "", "a b": "", "a\x00b": "", "-a.b": "",
	} {
		if got := asciiDomain(in); got != want {
			t.Errorf("asciiDomain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRawHeader(t *testing.T) {
	got := rawHeader([]byte("A: 1\r\nB : 2\n\tmore\r\nno colon\r\n\r\nC: body\r\n"))
	want := []string{"A|1", "B|2\tmore", "no colon|"}
	var have []string
	for _, f := range got {
		have = append(have, f.Name+"|"+f.Value)
	}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("rawHeader = %q, want %q", have, want)
	}
}

// TestEndlessHeaderIsReadInTime folds a field a million times, which took minutes when each line copied those before.
func TestEndlessHeaderIsReadInTime(t *testing.T) {
	const lines = 1_000_000
	got := rawHeader([]byte("From:" + strings.Repeat(" \t\r\n", lines) + "\r\n"))
	if len(got) != 1 || len(got[0].Value) != 2*(lines-1) {
		t.Errorf("read %d fields", len(got))
	}
}

// Whatever arrives, reading ends, and what was read is sane.
func FuzzAuthResults(f *testing.F) {
	f.Add("mx.example.org 1; dkim=pass (a (b) \\) c) reason=\"x; y\" header.d=example.org; dmarc=pass header.from=example.org")
	f.Add("i=1; mx.google.com; spf=pass smtp.mailfrom=a=b@c")
	f.Add("spf=none (sender IP is 10.2.3.4) smtp.mailfrom=a; b; compauth=fail reason=001")
	f.Add("x; dmarc=\"pa\\\"ss")
	f.Fuzz(func(t *testing.T, value string) {
		for _, parse := range []func(string) (authResults, error){parseAuthResults, parseARCResults} {
			parsed, err := parse(value)
			if err != nil {
				continue
			}
			if parsed.instance < 0 || parsed.instance > 50 || len(parsed.results) > maxResults {
				t.Errorf("%q: instance %d, %d results", value, parsed.instance, len(parsed.results))
			}
			for _, r := range parsed.results {
				if r.method == "" || r.method != strings.ToLower(r.method) || r.value != strings.ToLower(r.value) {
					t.Errorf("%q: %+v", value, r)
				}
			}
			// A comment changes nothing, wherever it may stand.
			again, err := parse("(x; dmarc=pass) " + value + " (; dmarc=pass)")
			if len(value) < maxAuthResults-100 && (err != nil || show(again) != show(parsed)) {
				t.Errorf("%q: with comments %s, %v, without %s", value, show(again), err, show(parsed))
			}
		}
	})
}

// No header below an honest border of ours, whatever it says, proves anything.
func FuzzForgedHeader(f *testing.F) {
	f.Add(dmarcPass + ourBorder)
	f.Add(ourLMTP + dmarcPass + ourBorder + signature)
	f.Add("\n" + dmarcPass)
	policy := with(func(p *Policy) {
		p.Accept = []Method{MethodDMARC, MethodDKIM, MethodSPF, MethodAuth, MethodARC, MethodCompAuth, MethodInternal}
		p.OwnDomains, p.Internal = []string{"ministry.example.org"}, prefixes("127.0.0.0/8")
	})
	f.Fuzz(func(t *testing.T, forged string) {
		if proof := prove(t, policy, ourLMTP+ourBorder+forged+letter); proof.Proven {
			t.Errorf("proven: %+v", proof)
		}
	})
}

func FuzzReadMessageID(f *testing.F) {
	k := newKeyring(f)
	const recipient = "ana@example.org"
	good := k.MessageID("SS-2026-000042", 7, recipient, "d.example.org")
	f.Add(good)
	f.Add("<" + strings.ToLower(good) + ">")
	f.Add("a.1.aaaaaaaaaaaaaaaaaaaa@b")
	f.Fuzz(func(t *testing.T, id string) {
		ref, ok := ReadMessageID(id)
		if ok && (ref.Number == "" || !isToken(ref.Token) || ref.Sequence < 0) {
			t.Errorf("ReadMessageID(%q) = %+v", id, ref)
		}
		if number, verified := k.VerifyMessageID(id, recipient); verified && (!ok || number != "SS-2026-000042" || ref.Sequence != 7) {
			t.Errorf("VerifyMessageID(%q) = %s, which was never made", id, number)
		}
	})
}

func FuzzReadReplyAddress(f *testing.F) {
	k := newKeyring(f)
	const recipient = "ana@example.org"
	f.Add(k.ReplyAddress(mailboxAddr("desk@example.org"), "SS-2026-000042", recipient).Addr)
	f.Add("a+b.aaaaaaaaaaaaaaaaaaaa@c")
	f.Fuzz(func(t *testing.T, addr string) {
		ref, ok := ReadReplyAddress(addr)
		if ok && (ref.Number == "" || !isToken(ref.Token)) {
			t.Errorf("ReadReplyAddress(%q) = %+v", addr, ref)
		}
		if number, verified := k.VerifyReplyAddress(addr, recipient); verified && (!ok || number != "SS-2026-000042") {
			t.Errorf("VerifyReplyAddress(%q) = %s, which was never made", addr, number)
		}
	})
}
