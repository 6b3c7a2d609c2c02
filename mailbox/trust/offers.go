package trust

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"radicado/mailbox"
)

// Offers says which proofs a server offers, seen in mails that arrived. It is for the person who writes the settings: a
// forger can make his mail count here, so that nothing is set by it without being read.
type Offers struct {
	Mails  int     // how many were looked at
	Proven int     // how many the policy in force proves by their header alone
	Signed int     // how many carry a DKIM signature that speaks for their From domain
	Found  []Offer // the most frequent first
	Advice []string
}

// Offer is what one server writes in one place.
type Offer struct {
	Server    Server
	Authority string         // authserv-id, "" for Microsoft 365
	Place     string         // "above", "below" the border, or "arc"
	Mails     int            // in how many mails
	Passes    map[string]int // method → in how many mails it passed
}

// offerMethods are the methods that Offers counts.
var offerMethods = []string{"dmarc", "dkim", "spf", "arc", "auth", "compauth"}

type offerKey struct {
	server    Server
	authority string
	place     string
}

// Offers summarises which proofs the mails carry and which settings would use them.
func (v *Verifier) Offers(mails []*mailbox.Message) Offers {
	o := Offers{Mails: len(mails)}
	found := map[offerKey]*Offer{}
	relays := map[netip.Addr]int{}
	for _, m := range mails {
		if v.provenByHeader(m) {
			o.Proven++
		}
		if signedByAuthor(m) {
			o.Signed++
		}
		p, top := guess(m.Header)
		p.Internal = append(p.Internal, v.policy.Internal...)
		for _, addr := range top.addrs {
			if addr.IsPrivate() || addr.IsLoopback() {
				relays[addr]++
			}
		}
		for key, passes := range offered(p, m.Header) {
			if found[key] == nil {
				found[key] = &Offer{Server: key.server, Authority: key.authority, Place: key.place, Passes: map[string]int{}}
			}
			found[key].Mails++
			for method := range passes {
				found[key].Passes[method]++
			}
		}
	}
	for _, offer := range found {
		o.Found = append(o.Found, *offer)
	}
	slices.SortFunc(o.Found, func(a, b Offer) int {
		return cmp.Or(cmp.Compare(b.Mails, a.Mails), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Authority, b.Authority))
	})
	o.Advice = o.advise(relays)
	return o
}

// provenByHeader reports whether the policy proves the mail without a look at its body or at DNS.
func (v *Verifier) provenByHeader(m *mailbox.Message) bool {
	who, refusal := readAuthor(m.Header, m)
	if refusal != "" {
		return false
	}
	var t trail
	at := v.policy.walk(m.Header)
	proof, done := v.policy.judge(who, m.Header, v.policy.trusted(m.Header, at, &t), &t)
	if done {
		return proof.Proven
	}
	return v.policy.accepts(MethodInternal) && v.policy.internal(who, m.Header, at, &t)
}

func signedByAuthor(m *mailbox.Message) bool {
	from := asciiDomain(m.From.Domain())
	return slices.ContainsFunc(valuesOf(m.Header, "DKIM-Signature"), func(value string) bool {
		return aligned(asciiDomain(readTags(value)["d"]), from, false)
	})
}

// guess makes a policy that takes the host of the topmost Received for ours, which it is where our server works as it should.
func guess(header mailbox.Header) (Policy, hop) {
	top := parseHop(header.Get("Received"))
	switch addr, err := netip.ParseAddr(top.by); {
	case under(top.by, microsoftHosts):
		return Policy{Server: ServerMicrosoft365}, top
	case under(top.by, googleHosts), err == nil && googleInner.Contains(addr):
		return Policy{Server: ServerGoogle}, top
	}
	return Policy{Hosts: []string{cmp.Or(organizational(top.by), top.by)}}, top
}

// offered finds the fields that stand where the guessed server writes, whatever authserv-id they name.
func offered(p Policy, header mailbox.Header) map[offerKey]map[string]bool {
	at := p.walk(header)
	found := map[offerKey]map[string]bool{}
	note := func(parsed authResults, err error, where string) {
		if err != nil || parsed.id == "" && p.Server != ServerMicrosoft365 {
			return
		}
		key := offerKey{p.Server, parsed.id, where}
		if found[key] == nil {
			found[key] = map[string]bool{}
		}
		for _, r := range parsed.results {
			if r.pass() && slices.Contains(offerMethods, r.method) {
				found[key][r.method] = true
			}
		}
	}
	for _, field := range header[:at.above] {
		switch {
		case named(field, "Authentication-Results"):
			parsed, err := parseAuthResults(field.Value)
			note(parsed, err, "above")
		case named(field, "ARC-Authentication-Results"):
			parsed, err := parseARCResults(field.Value)
			note(parsed, err, "arc")
		}
	}
	if at.border >= 0 {
		if i := firstBelow(header, at.border); i >= 0 {
			parsed, err := parseAuthResults(header[i].Value)
			note(parsed, err, "below")
		}
	}
	return found
}

// advise puts into words what to set, most useful first.
func (o Offers) advise(relays map[netip.Addr]int) []string {
	if o.Mails == 0 {
		return []string{"no mails to look at: send one to the mailbox from outside and try again"}
	}
	var advice []string
	trusted := false
	for _, offer := range o.Found {
		text := offer.advise(o.Mails)
		if text == "" {
			continue
		}
		trusted = trusted || offer.Place != "below"
		advice = append(advice, text)
	}
	if !trusted {
		hops := []string{"no Authentication-Results where only our server can write"}
		for _, addr := range slices.SortedFunc(maps.Keys(relays), netip.Addr.Compare) {
			hops = append(hops, fmt.Sprintf("%d of %d mails come through %s; if that is a server of yours, set internal = [\"%s/%d\"] and look again",
				relays[addr], o.Mails, addr, addr, addr.BitLen()))
		}
		advice = append(hops, advice...)
		if o.Signed > 0 {
			advice = append(advice, fmt.Sprintf("%d of %d mails are signed by their From domain; set verify_dkim = true", o.Signed, o.Mails))
		} else {
			advice = append(advice, "no mail is signed by its From domain: commands need reply tokens or a confirmation by reply")
		}
	}
	return append(advice, fmt.Sprintf("with the settings as they are %d of %d mails are proven by their header", o.Proven, o.Mails))
}

// advise says what to set to use the offer, or "" where another setting does so better.
func (o Offer) advise(mails int) string {
	count := fmt.Sprintf("in %d of %d mails (%s)", o.Mails, mails, strings.Join(o.passes(), ", "))
	switch {
	case o.Server == ServerMicrosoft365 && o.Place == "above":
		return fmt.Sprintf("Exchange Online writes Authentication-Results %s; set server = %q", count, o.Server)
	case o.Server == ServerGoogle && o.Place == "arc":
		return fmt.Sprintf("Google writes ARC-Authentication-Results %s; set server = %q", count, o.Server)
	case o.Server == ServerGeneric && o.Place == "above":
		return fmt.Sprintf("Authentication-Results come from %s %s; set authority = [%[1]s]", quote(o.Authority), count)
	case o.Server == ServerGeneric && o.Place == "below":
		return fmt.Sprintf("Authentication-Results of %s stand below its own Received %s, where a sender can imitate them; "+
			"set authority = [%[1]s] and below = true only if that server removes such fields from incoming mail", quote(o.Authority), count)
	}
	return ""
}

// passes lists the methods that passed, the most frequent first: "dmarc 31".
func (o Offer) passes() []string {
	methods := slices.SortedFunc(maps.Keys(o.Passes), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.Passes[b], o.Passes[a]), cmp.Compare(a, b))
	})
	for i, method := range methods {
		methods[i] = fmt.Sprintf("%s %d", method, o.Passes[method])
	}
	if len(methods) == 0 {
		return []string{"nothing passed"}
	}
	return methods
}
