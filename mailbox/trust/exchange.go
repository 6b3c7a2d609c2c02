package trust

import (
	"slices"
	"strings"

	"radicado/mailbox"
)

// explicitReasons are the reasons of compauth=pass that rest on SPF or DKIM of the From domain. The others rest on the
// sender's reputation, reverse DNS, or an exception that an administrator made, none of which proves who wrote.
var explicitReasons = []string{
	"100", // SPF or DKIM passed and is aligned
	"101", // DKIM by the From domain
	"102", // SPF of an aligned envelope sender
	"109", // no DMARC record, but the mail would pass
	"111", // the DMARC record cannot be read, but SPF or DKIM is aligned
	"115", // sent from a Microsoft 365 organisation to which the From domain belongs
}

// compauth wants Microsoft's composite verdict, for an explicit reason, beside a dmarc result that names the From domain.
func (p Policy) compauth(who author, _ mailbox.Header, fields []trustedField, t *trail) (trustedField, bool) {
	return each(fields, "compauth", func(f trustedField, r result) bool {
		if !r.pass() || !slices.Contains(explicitReasons, r.reason) {
			t.add("compauth=%s reason=%s is no explicit pass", quote(r.value), quote(r.reason))
			return false
		}
		if _, forFrom := each([]trustedField{f}, "dmarc", func(_ trustedField, d result) bool {
			return !d.unsure && domainOf(d.props["header.from"]) == who.domain
		}); !forFrom {
			t.add("compauth=pass is not for %s", who.domain)
			return false
		}
		t.add("compauth=pass reason=%s header.from=%s by %s", r.reason, who.domain, f.by())
		return true
	})
}

// internal reports whether Exchange says that the mail was written within the organisation. The mark alone would not do: where a
// border server fails to strip it, anybody can write it. So no Received may name an outside, either.
func (p Policy) internal(who author, header mailbox.Header, at place, t *trail) bool {
	marks := valuesOf(header, "X-MS-Exchange-Organization-AuthAs")
	own := slices.ContainsFunc(p.OwnDomains, func(d string) bool { return asciiDomain(d) == who.domain })
	switch {
	case len(marks) != 1 || !strings.EqualFold(strings.TrimSpace(marks[0]), "Internal"):
		t.add("Exchange does not call it internal")
	case !at.inside:
		t.add("marked internal, but not every Received is between our own servers")
	case !own:
		t.add("internal, but %s is none of the own domains", who.domain)
	default:
		t.add("internal mail of Exchange for %s", who.domain)
		return true
	}
	return false
}
