package trust

import (
	"fmt"
	"slices"
	"strings"

	"radicado/mailbox"
)

// trustedField is a field that our own server wrote, and where it stood.
type trustedField struct {
	authResults
	where string
}

func (f trustedField) by() string {
	if f.id == "" {
		return "Exchange Online, " + f.where
	}
	return quote(f.id) + ", " + f.where
}

// trusted returns the results that our own server wrote. The trail says which fields were passed over.
func (p Policy) trusted(header mailbox.Header, at place, t *trail) []trustedField {
	var fields []trustedField
	for i, field := range header[:at.above] {
		switch {
		case named(field, "Authentication-Results"):
			if parsed, ok := p.ours(field, parseAuthResults, t); ok {
				fields = append(fields, trustedField{parsed, "above the border"})
			}
		case named(field, "ARC-Authentication-Results") && p.accepts(MethodARC):
			parsed, ok := p.ours(field, parseARCResults, t)
			if ok && sealed(header[:at.above], i, parsed, p) {
				fields = append(fields, trustedField{parsed, "in an ARC set above the border"})
			}
		}
	}
	if p.Below && at.border >= 0 {
		if i := firstBelow(header, at.border); i >= 0 {
			if parsed, ok := p.ours(header[i], parseAuthResults, t); ok {
				fields = append(fields, trustedField{parsed, "directly below the border"})
			}
		}
	}
	if len(fields) == 0 {
		stray := len(valuesOf(header, "Authentication-Results")) + len(valuesOf(header, "ARC-Authentication-Results"))
		t.add("no results of %s where only our server can write; %d such fields in all", p.authorities(), stray)
	}
	return fields
}

// ours reads a field and reports whether its authserv-id is one of ours.
func (p Policy) ours(field mailbox.Field, parse func(string) (authResults, error), t *trail) (authResults, bool) {
	parsed, err := parse(field.Value)
	if err != nil {
		t.add("%s cannot be read: %v", strings.TrimSpace(field.Name), err)
		return authResults{}, false
	}
	if !slices.ContainsFunc(p.Authority, func(id string) bool { return strings.ToLower(id) == parsed.id }) {
		t.add("%s by %s, which is not ours", strings.TrimSpace(field.Name), quote(parsed.id))
		return authResults{}, false
	}
	return parsed, true
}

func (p Policy) authorities() string {
	names := make([]string, 0, len(p.Authority))
	for _, id := range p.Authority {
		names = append(names, quote(id))
	}
	return strings.Join(names, ", ")
}

// sealed reports whether the ARC set of the results has a seal next to it, in the same trusted part of the header, whose
// domain is our server's (RFC 8617 section 4.1.3). The place proves who wrote it; the seal tells that the set is whole.
func sealed(header mailbox.Header, results int, parsed authResults, p Policy) bool {
	domains := p.Hosts
	switch p.Server {
	case ServerGoogle:
		domains = googleHosts
	case ServerMicrosoft365:
		domains = []string{"microsoft.com"}
	}
	for i, field := range header {
		if !named(field, "ARC-Seal") || i-results > 2 || results-i > 2 {
			continue
		}
		tags := readTags(field.Value)
		if tags["i"] == fmt.Sprint(parsed.instance) && under(asciiDomain(tags["d"]), domains) {
			return true
		}
	}
	return false
}

// firstBelow returns the index of the topmost Authentication-Results below the border where nothing but trace
// fields that servers write stand between, or -1.
func firstBelow(header mailbox.Header, border int) int {
	for i := border + 1; i < len(header); i++ {
		name := strings.ToLower(strings.TrimSpace(header[i].Name))
		switch {
		case name == "authentication-results":
			return i
		case name == "received-spf", name == "return-path", name == "delivered-to", strings.HasSuffix(name, "-filter"),
			strings.HasPrefix(name, "arc-"), strings.HasPrefix(name, "x-"):
		default:
			return -1
		}
	}
	return -1
}

// judge decides on the results of our own server. Done is true where they prove the sender or where they say that the
// mail is not what it seems, so that nothing else counts any more.
func (p Policy) judge(who author, raw mailbox.Header, fields []trustedField, t *trail) (mailbox.Proof, bool) {
	for _, f := range fields {
		for _, r := range f.results {
			if r.method == "dmarc" && r.value == "fail" {
				t.add("dmarc=fail by %s: the domain's owner disowns the mail", f.by())
				return t.unproven(), true
			}
		}
	}
	tests := []struct {
		method Method
		passes func(author, mailbox.Header, []trustedField, *trail) (trustedField, bool)
	}{
		{MethodDMARC, p.dmarc}, {MethodDKIM, p.dkim}, {MethodAuth, p.auth}, {MethodSPF, p.spf}, {MethodCompAuth, p.compauth},
	}
	for _, test := range tests {
		if !p.accepts(test.method) {
			continue
		}
		if f, ok := test.passes(who, raw, fields, t); ok {
			if f.instance > 0 {
				return t.proven(MethodARC), true
			}
			return t.proven(test.method), true
		}
	}
	return mailbox.Proof{}, false
}

// each calls visit with every result of a method until it returns true.
func each(fields []trustedField, method string, visit func(trustedField, result) bool) (trustedField, bool) {
	for _, f := range fields {
		for _, r := range f.results {
			if r.method == method && visit(f, r) {
				return f, true
			}
		}
	}
	return trustedField{}, false
}

// dmarc wants every dmarc result to be a pass for the From domain: a server that judges a mail with two authors, or
// whose comment was broken open by the name of a sender, writes two that differ.
func (p Policy) dmarc(who author, raw mailbox.Header, fields []trustedField, t *trail) (trustedField, bool) {
	if other, differs := each(fields, "dmarc", func(f trustedField, r result) bool {
		if r.pass() && domainOf(r.props["header.from"]) == who.domain {
			return false
		}
		t.add("dmarc=%s for %s by %s is not dmarc=pass for %s", quote(r.value), quote(r.props["header.from"]), f.by(), who.domain)
		return true
	}); differs {
		return other, false
	}
	f, ok := each(fields, "dmarc", func(trustedField, result) bool { return true })
	if !ok {
		t.add("no dmarc result of ours")
		return f, false
	}
	_, sentByDomain := each(fields, "spf", func(_ trustedField, r result) bool {
		return r.pass() && aligned(domainOf(r.props["smtp.mailfrom"]), who.domain, p.Strict)
	})
	if !sentByDomain && !p.orderSigned(raw, who, "", t) {
		return f, false
	}
	t.add("dmarc=pass header.from=%s by %s", who.domain, f.by())
	return f, true
}

// dkim wants a signature of a domain that speaks for the From domain.
func (p Policy) dkim(who author, raw mailbox.Header, fields []trustedField, t *trail) (trustedField, bool) {
	return each(fields, "dkim", func(f trustedField, r result) bool {
		signer := domainOf(r.props["header.d"])
		if r.props["header.d"] == "" && !p.Strict {
			// Google names the identity alone. Its domain is the signer's or below it (RFC 6376 section 3.5).
			signer = domainOf(r.props["header.i"])
		}
		if !r.pass() || !aligned(signer, who.domain, p.Strict) {
			t.add("dkim=%s for %s by %s is no pass for %s", quote(r.value), quote(r.props["header.d"]+r.props["header.i"]), f.by(), who.domain)
			return false
		}
		if !p.orderSigned(raw, who, signer, t) {
			return false
		}
		t.add("dkim=pass header.d=%s by %s", signer, f.by())
		return true
	})
}

// auth wants the whole From address to be the one that logged in.
func (p Policy) auth(who author, _ mailbox.Header, fields []trustedField, t *trail) (trustedField, bool) {
	return each(fields, "auth", func(f trustedField, r result) bool {
		if !r.pass() || strings.ToLower(r.props["smtp.auth"]) != who.addr {
			t.add("auth=%s for %s by %s is no pass for %s", quote(r.value), quote(r.props["smtp.auth"]), f.by(), quote(who.addr))
			return false
		}
		t.add("auth=pass smtp.auth=%s by %s", quote(who.addr), f.by())
		return true
	})
}

// spf wants the envelope sender's domain to speak for the From domain.
func (p Policy) spf(who author, _ mailbox.Header, fields []trustedField, t *trail) (trustedField, bool) {
	return each(fields, "spf", func(f trustedField, r result) bool {
		sender := domainOf(r.props["smtp.mailfrom"])
		if !r.pass() || !aligned(sender, who.domain, p.Strict) {
			t.add("spf=%s for %s by %s is no pass for %s", quote(r.value), quote(r.props["smtp.mailfrom"]), f.by(), who.domain)
			return false
		}
		t.add("spf=pass smtp.mailfrom=%s by %s", sender, f.by())
		return true
	})
}

// orderSigned reports whether every signature of the signer, or of any domain aligned with the From domain where signer is
// "", covers Subject and Date. Commands stand in the one, and the other says that they are not old ones: a signature without them lets
// anybody put new words above an old mail, or a new day. Every one, because our server does not say which of several it found good. No such signature is good enough only
// where none was claimed.
func (p Policy) orderSigned(raw mailbox.Header, who author, signer string, t *trail) bool {
	found := false
	for _, value := range valuesOf(raw, "DKIM-Signature") {
		tags := readTags(value)
		d := asciiDomain(tags["d"])
		if signer == "" && !aligned(d, who.domain, p.Strict) || signer != "" && !aligned(d, signer, false) {
			continue
		}
		found = true
		for _, name := range []string{"Subject", "Date"} {
			if !signs(strings.Split(tags["h"], ":"), name) {
				t.add("a signature of %s leaves the %s unsigned", d, name)
				return false
			}
		}
	}
	if !found && signer != "" {
		t.add("dkim=pass for %s, but the mail has no signature of it", signer)
		return false
	}
	return true
}

// readTags reads a tag=value list (RFC 6376 section 3.2) without white space. Of a tag given twice, which is an error, the
// last counts: nothing is proven by these tags alone.
func readTags(value string) map[string]string {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(value, ";") {
		if name, content, ok := strings.Cut(tag, "="); ok {
			tags[squeeze(name)] = squeeze(content)
		}
	}
	return tags
}

// signs reports whether a list of header names has this one.
func signs(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), name) })
}
