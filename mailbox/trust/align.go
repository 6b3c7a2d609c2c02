package trust

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// asciiDomain returns the domain in lower case with its labels in ASCII form (RFC 5890), so that two spellings compare
// equal, or "" where it is none: an address literal, an empty label, a control character.
func asciiDomain(domain string) string {
	domain = strings.TrimSuffix(strings.TrimSpace(domain), ".")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || ascii == "" || ascii[0] == '.' || strings.Contains(ascii, "..") {
		return ""
	}
	if _, err := netip.ParseAddr(ascii); err == nil {
		return ""
	}
	return strings.ToLower(ascii)
}

// domainOf returns the domain of an address, of "@domain" or of a bare domain, as asciiDomain does.
func domainOf(s string) string { return asciiDomain(s[strings.LastIndexByte(s, '@')+1:]) }

// organizational returns the Organizational Domain of RFC 7489 section 3.2, or "" for a public suffix such as gov.co.
func organizational(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return ""
	}
	return org
}

// aligned reports whether an authenticated domain speaks for the From domain (RFC 7489 section 3.1). Both are in ASCII form.
func aligned(authenticated, from string, strict bool) bool {
	if authenticated == "" || from == "" {
		return false
	}
	if authenticated == from {
		return true
	}
	org := organizational(from)
	return !strict && org != "" && org == organizational(authenticated)
}
