package trust

import (
	"slices"
	"strings"
	"testing"

	"radicado/mailbox"
)

func mailboxAddr(addr string) mailbox.Address { return mailbox.Address{Addr: addr} }

func TestOffers(t *testing.T) {
	repeat := func(n int, text string) []string { return slices.Repeat([]string{text}, n) }
	for _, c := range []struct {
		name   string
		policy Policy
		mails  []string
		found  []Offer
		proven int
		signed int
		advice []string // each is part of one, in order
	}{
		{
			name: "no mails", advice: []string{"no mails"},
		}, {
			name:   "Postfix, nothing set yet",
			mails:  append(repeat(3, ourLMTP+dmarcPass+ourBorder+letter), ourLMTP+results("dkim=pass header.d=ministry.example.org; dmarc=none; \x9b=pass")+ourBorder+signature+letter),
			found:  []Offer{{Authority: "mx.ministry.example.org", Place: "above", Mails: 4, Passes: map[string]int{"dmarc": 3, "dkim": 1}}},
			signed: 1,
			advice: []string{`set authority = ["mx.ministry.example.org"]`, "0 of 4"},
		}, {
			name:   "Postfix, as set",
			policy: ours,
			mails:  append(repeat(3, ourLMTP+dmarcPass+ourBorder+letter), ourLMTP+ourBorder+letter),
			found:  []Offer{{Authority: "mx.ministry.example.org", Place: "above", Mails: 3, Passes: map[string]int{"dmarc": 3}}},
			proven: 3,
			advice: []string{"in 3 of 4 mails (dmarc 3)", "3 of 4 mails are proven"},
		}, {
			name:   "below its own Received",
			mails:  repeat(2, ourBorder+dmarcPass+letter),
			found:  []Offer{{Authority: "mx.ministry.example.org", Place: "below", Mails: 2, Passes: map[string]int{"dmarc": 2}}},
			advice: []string{"no Authentication-Results where only", "can imitate", "reply tokens", "0 of 2"},
		}, {
			name:   "behind a gateway",
			mails:  repeat(2, strings.Replace(ourAmavis, "127.0.0.1", "10.0.0.4", 1)+dmarcPass+ourBorder+signature+letter),
			found:  []Offer{{Authority: "mx.ministry.example.org", Place: "below", Mails: 2, Passes: map[string]int{"dmarc": 2}}},
			signed: 2,
			advice: []string{"no Authentication-Results where only", `set internal = ["10.0.0.4/32"]`, "below its own", "verify_dkim = true", "0 of 2"},
		}, {
			name:   "nothing at all",
			mails:  repeat(1, ourBorder+letter),
			advice: []string{"no Authentication-Results", "reply tokens", "0 of 1"},
		}, {
			name:   "Microsoft 365",
			policy: Policy{Server: ServerMicrosoft365},
			mails:  repeat(1, m365Inner+m365Results("pass", "pass reason=100")+m365Border+signature+letter),
			found:  []Offer{{Server: ServerMicrosoft365, Place: "above", Mails: 1, Passes: map[string]int{"dkim": 1, "dmarc": 1, "compauth": 1}}},
			proven: 1, signed: 1,
			advice: []string{`server = "microsoft365"`, "1 of 1"},
		}, {
			name:  "Google",
			mails: repeat(1, googleTop+googleARC+googleBorder+googleResults+signature+letter),
			found: []Offer{
				{Server: ServerGoogle, Authority: "mx.google.com", Place: "arc", Mails: 1, Passes: map[string]int{"dkim": 1, "dmarc": 1, "spf": 1}},
				{Server: ServerGoogle, Authority: "mx.google.com", Place: "below", Mails: 1, Passes: map[string]int{"dkim": 1, "dmarc": 1, "spf": 1}},
			},
			signed: 1,
			advice: []string{`server = "google"`, "0 of 1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mails []*mailbox.Message
			for _, text := range c.mails {
				mails = append(mails, read(t, crlf(text)))
			}
			o := newVerifier(t, c.policy, nil, nil).Offers(mails)
			if o.Mails != len(mails) || o.Proven != c.proven || o.Signed != c.signed {
				t.Errorf("%d mails, %d proven, %d signed", o.Mails, o.Proven, o.Signed)
			}
			if !slices.EqualFunc(o.Found, c.found, func(a, b Offer) bool {
				return a.Server == b.Server && a.Authority == b.Authority && a.Place == b.Place && a.Mails == b.Mails && slices.Equal(a.passes(), b.passes())
			}) {
				t.Errorf("found %+v\n want %+v", o.Found, c.found)
			}
			if len(o.Advice) != len(c.advice) {
				t.Fatalf("advice %q", o.Advice)
			}
			for i, part := range c.advice {
				if !strings.Contains(o.Advice[i], part) {
					t.Errorf("advice %q does not say %q", o.Advice[i], part)
				}
			}
		})
	}
}
