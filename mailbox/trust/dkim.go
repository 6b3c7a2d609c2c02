package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"

	"github.com/emersion/go-msgauth/dkim"
)

// maxSignatures is how many signatures of one mail are looked at, from the top.
const maxSignatures = 10

var (
	errNotAligned = errors.New("the signer does not speak for the From domain")
	errTestKey    = errors.New("the key is marked as a test")
)

// verifyDKIM reports whether a signature (RFC 6376) of a domain that speaks for the author covers From, Subject and the
// whole body.
func (v *Verifier) verifyDKIM(ctx context.Context, raw []byte, who author, truncated bool, t *trail) bool {
	if truncated {
		t.add("only the header is at hand: no signature can be verified")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	var temporary atomic.Bool
	// go-msgauth verifies the signatures in parallel, and asks through here before it hashes anything: signers
	// that cannot help cost neither a look-up at a stranger's name server nor a pass over the body.
	lookup := func(name string) ([]string, error) {
		domain := name[strings.LastIndex(name, "._domainkey.")+len("._domainkey."):]
		if !aligned(asciiDomain(domain), who.domain, v.policy.Strict) {
			return nil, errNotAligned
		}
		records, err := v.dns.LookupTXT(ctx, name)
		if err != nil {
			temporary.CompareAndSwap(false, !isNotFound(err))
			return nil, err
		}
		for _, record := range records {
			// RFC 6376 section 3.6.1: with t=y the mail counts as unsigned.
			if signs(strings.Split(readTags(record)["t"], ":"), "y") {
				return nil, errTestKey
			}
		}
		return records, nil
	}
	verifications, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: maxSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		t.add("DKIM verified here: %s", quote(err.Error()))
		return false
	}
	if len(verifications) == 0 {
		t.add("DKIM verified here: no signature")
	}
	for _, found := range verifications {
		if fault := v.fault(found, who); fault != "" {
			t.add("DKIM verified here, signature of %s: %s", quote(found.Domain), fault)
			continue
		}
		t.add("DKIM verified here: signature of %s is good and covers From, Subject and body", asciiDomain(found.Domain))
		return true
	}
	t.temporary = temporary.Load()
	return false
}

// fault says why a signature is not enough, or "".
func (v *Verifier) fault(found *dkim.Verification, who author) string {
	switch {
	case found.Err != nil:
		return quote(found.Err.Error())
	case !aligned(asciiDomain(found.Domain), who.domain, v.policy.Strict):
		return errNotAligned.Error()
	case !signs(found.HeaderKeys, "from") || !signs(found.HeaderKeys, "subject") || !signs(found.HeaderKeys, "date"):
		return "it leaves From, Subject or Date unsigned"
	case !found.Expiration.IsZero() && v.now().After(found.Expiration):
		return fmt.Sprintf("expired %s", found.Expiration.UTC().Format("2006-01-02 15:04"))
	}
	return ""
}

// isNotFound reports whether DNS answered that there is no such name, which will be as true later.
func isNotFound(err error) bool {
	var dnsError *net.DNSError
	return errors.As(err, &dnsError) && dnsError.IsNotFound
}
