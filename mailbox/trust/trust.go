// Package trust says who really wrote a mail. The From field is free to forge; this package looks at what cannot be:
// the results that our own mail server wrote into the header when the mail arrived, DKIM signatures verified here, and
// the keyed tokens of the notices that we sent. It knows addresses, not people, roles or tickets: what a proven sender
// may do is decided elsewhere. It is pure but for DNS, which stands behind [Resolver], and the file of the [Keyring].
//
// # Which header fields are our server's own
//
// Every server that takes a mail over prepends a Received field (RFC 5321 section 4.4), so that what our own servers
// added stands above what the mail brought along. The names in the fields prove nothing, for a forger can write
// "Authentication-Results: mx.ministerio.example; dmarc=pass" and a Received field of our server into his mail. Only
// the position tells. The header is therefore read from the top, one Received field after the other:
//
//   - A field stamped ("by") by a host that is not one of Policy.Hosts is foreign, and the walk ends above it.
//   - A field stamped by one of our hosts is inner where the mail was handed over between machines of ours: by LMTP, or
//     by a peer all of whose addresses lie in Policy.Internal. The name that the peer gave itself does not count: it
//     is chosen by the peer. The walk goes on below an inner field.
//   - Any other field stamped by one of our hosts is the border: there the mail came in from outside, or an
//     authenticated person submitted it. The walk ends.
//
// What stands above the last field that the walk reached was added by our servers, and nothing else is: the topmost
// field is ours because our server prepends one to every mail, and each inner field vouches for the one below it. A
// mail whose topmost Received is foreign has no trusted field at all. Errors make the trusted part smaller, never larger.
//
// Known servers:
//
//   - Microsoft 365 writes Authentication-Results without an authserv-id, above the field stamped by
//     *.mail.protection.outlook.com and below several between machines of Microsoft. The former is the border.
//   - Google stamps the border as mx.google.com; above it stand ARC-Authentication-Results with the same results, and
//     Received fields "by 2002:a05:…" without a peer, which are inner. Authentication-Results stands below the border.
//   - Postfix with PREPEND (policyd-spf) and most milters write directly above Postfix's own Received. Some milters
//     write directly below it; so do Google and others. That place can be imitated: a forger's topmost field stands
//     there whenever our server adds none. It is read only where Policy.Below says so, then only the first
//     Authentication-Results below the border, with nothing but trace fields between, and the server must be
//     known to remove fields with its own name from incoming mail, as RFC 8601 section 5 demands.
//
// # What counts as proof
//
// DMARC, DKIM and SPF speak for a domain, not for the part before the @: that a colleague cannot send as the
// coordinator is the duty of the domain's own submission server. A mail with several From fields or addresses, or with
// several Subject fields, is never proven, because a signature would cover one of them and the reader show another; nor is one
// whose signatures leave the Subject, where commands stand, unsigned. Where our server says dmarc=fail nothing else is looked at.
package trust

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"radicado/mailbox"
)

// Method is a way to prove a sender; it is also what Proof.Method says.
type Method string

// The methods.
const (
	MethodDMARC    Method = "dmarc"    // our server says dmarc=pass for the From domain (RFC 7489)
	MethodDKIM     Method = "dkim"     // our server says dkim=pass for an aligned domain; also a signature verified here
	MethodAuth     Method = "auth"     // our server says auth=pass: the sender logged in as the From address (RFC 4954)
	MethodSPF      Method = "spf"      // our server says spf=pass for an aligned envelope sender (RFC 7208)
	MethodARC      Method = "arc"      // the results above, out of an ARC set that our server sealed (RFC 8617)
	MethodCompAuth Method = "compauth" // Microsoft 365 says compauth=pass for an explicit reason
	MethodInternal Method = "internal" // Exchange says that the mail never left the organisation
	MethodToken    Method = "token"    // the mail answers a notice that only the From address received
	MethodNone     Method = "none"     // nothing proves the sender
)

// Server is a mail service whose ways are known.
type Server string

// The servers.
const (
	ServerGeneric      Server = ""             // fields as RFC 8601 has them: Postfix, Exim, rspamd …
	ServerMicrosoft365 Server = "microsoft365" // Exchange Online
	ServerGoogle       Server = "google"       // Gmail, Google Workspace
)

// Policy says which server is ours and what is accepted from it. Its zero value trusts nothing that stands in a header.
type Policy struct {
	Server    Server
	Authority []string       // authserv-ids of our server; known for Microsoft 365 and Google
	Hosts     []string       // "by" names of our servers, subdomains included; by default the organizational domains of Authority
	Internal  []netip.Prefix // addresses from which our own servers hand mails over to one another
	Below     bool           // our server writes its results directly below its own Received; see the package comment
	Accept    []Method       // empty: dmarc and dkim, and arc from Google

	Strict     bool     // the domains must be equal; otherwise the organizational domains (RFC 7489 section 3.1)
	VerifyDKIM bool     // verify signatures here where our server's word is not enough
	OwnDomains []string // From domains for which MethodInternal holds, in full
}

// Verifier proves senders. It is safe for concurrent use.
type Verifier struct {
	policy Policy
	dns    *cache
	keys   *Keyring
	now    func() time.Time
}

const (
	dnsTimeout  = 10 * time.Second // for all look-ups of one mail
	dnsTTL      = time.Hour
	dnsCacheMax = 1024 // names
)

// New returns a Verifier. The resolver is needed where the policy verifies DKIM here, the keys where it accepts tokens;
// either may be nil otherwise. Answers of the resolver are kept for an hour at most. The error names every fault of the policy.
func New(policy Policy, resolver Resolver, keys *Keyring, now func() time.Time) (*Verifier, error) {
	policy, err := policy.complete()
	if policy.VerifyDKIM && resolver == nil {
		err = errors.Join(err, errors.New("trust policy: DKIM cannot be verified without a resolver"))
	}
	if policy.accepts(MethodToken) && keys == nil {
		err = errors.Join(err, errors.New("trust policy: tokens cannot be accepted without a keyring"))
	}
	if err != nil {
		return nil, err
	}
	return &Verifier{policy: policy, dns: newCache(resolver, dnsCacheMax, dnsTTL, now), keys: keys, now: now}, nil
}

// complete fills in what the server is known for and checks the rest.
func (p Policy) complete() (Policy, error) {
	var errs []error
	if len(p.Accept) == 0 {
		p.Accept = []Method{MethodDMARC, MethodDKIM}
		if p.Server == ServerGoogle {
			p.Accept = append(p.Accept, MethodARC)
		}
	}
	switch p.Server {
	case ServerGeneric:
	case ServerMicrosoft365:
		if len(p.Authority) == 0 {
			p.Authority = []string{"", "mx.microsoft.com"}
		}
	case ServerGoogle:
		if len(p.Authority) == 0 {
			p.Authority = []string{"mx.google.com"}
		}
	default:
		errs = append(errs, fmt.Errorf("trust policy: unknown server %q", p.Server))
	}
	for _, method := range p.Accept {
		switch method {
		case MethodDMARC, MethodDKIM, MethodAuth, MethodSPF, MethodARC, MethodCompAuth, MethodToken:
		case MethodInternal:
			if len(p.OwnDomains) == 0 {
				errs = append(errs, errors.New("trust policy: internal mail cannot be accepted without own domains"))
			}
		default:
			errs = append(errs, fmt.Errorf("trust policy: unknown method %q", method))
		}
	}
	for _, id := range p.Authority {
		if p.Server != ServerMicrosoft365 && strings.TrimSpace(id) == "" {
			errs = append(errs, errors.New("trust policy: an authority without a name is known of Microsoft 365 alone"))
		}
	}
	if len(p.Hosts) == 0 && p.Server == ServerGeneric {
		for _, id := range p.Authority {
			if host := asciiDomain(id); host != "" {
				p.Hosts = append(p.Hosts, cmp.Or(organizational(host), host))
			}
		}
	}
	p.Internal = slices.Clone(p.Internal)
	return p, errors.Join(errs...)
}

func (p Policy) accepts(m Method) bool { return slices.Contains(p.Accept, m) }

// Prove says how far it is proven that m.From wrote the mail. Raw is the mail as it arrived, out of which m was read. A
// result with Temporary set may be better later: DNS did not answer.
func (v *Verifier) Prove(ctx context.Context, raw []byte, m *mailbox.Message) mailbox.Proof {
	var t trail
	header := rawHeader(raw)
	who, refusal := readAuthor(header, m)
	if refusal != "" {
		t.add("%s", refusal)
		return t.unproven()
	}
	place := v.policy.walk(m.Header)
	t.add("%s", place.said)
	fields := v.policy.trusted(m.Header, place, &t)
	if proof, done := v.policy.judge(who, header, fields, &t); done {
		return proof
	}
	if v.policy.accepts(MethodInternal) && v.policy.internal(who, m.Header, place, &t) {
		return t.proven(MethodInternal)
	}
	if v.policy.VerifyDKIM {
		if v.verifyDKIM(ctx, raw, who, m.Truncated, &t) {
			return t.proven(MethodDKIM)
		}
	}
	if v.policy.accepts(MethodToken) && v.answersNotice(m, len(fields) > 0, &t) {
		return t.proven(MethodToken)
	}
	return t.unproven()
}

// answersNotice is the last resort where our server writes no results: then, and only then, a token of ours
// together with the From address that it was made for is accepted, if the policy says so.
func (v *Verifier) answersNotice(m *mailbox.Message, hasResults bool, t *trail) bool {
	if hasResults {
		t.add("a token does not count where our server writes results")
		return false
	}
	number, ok := v.keys.Answers(m)
	if !ok {
		t.add("no token of a notice to this address")
		return false
	}
	t.add("answers the notice about %s that was sent to this address alone", quote(number))
	return true
}

// trail collects what was looked at, for Proof.Reason.
type trail struct {
	steps     []string
	temporary bool
}

func (t *trail) add(format string, args ...any) {
	t.steps = append(t.steps, fmt.Sprintf(format, args...))
}

func (t *trail) proven(m Method) mailbox.Proof {
	return mailbox.Proof{Proven: true, Method: string(m), Reason: strings.Join(t.steps, "; ")}
}

func (t *trail) unproven() mailbox.Proof {
	return mailbox.Proof{Method: string(MethodNone), Reason: strings.Join(t.steps, "; "), Temporary: t.temporary}
}

// quote makes words of a mail fit for a log and a terminal: quoted, without control characters, short.
func quote(s string) string {
	const most = 80
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%+q", s)
}
