package trust

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// signer signs mails as one domain and knows what it publishes in DNS.
type signer struct {
	domain string
	key    crypto.Signer
	record string
}

func newRSASigner(t *testing.T, domain string) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return signer{domain, key, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)}
}

func newEd25519Signer(t *testing.T, domain string) signer {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{domain, key, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}
}

func (s signer) sign(t *testing.T, raw []byte, change func(*dkim.SignOptions)) []byte {
	t.Helper()
	options := &dkim.SignOptions{
		Domain: s.domain, Selector: "s1", Signer: s.key, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date"},
	}
	if change != nil {
		change(options)
	}
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, bytes.NewReader(raw), options); err != nil {
		t.Fatal(err)
	}
	return signed.Bytes()
}

func dnsOf(signers ...signer) *fakeDNS {
	dns := &fakeDNS{records: map[string][]string{}}
	for _, s := range signers {
		dns.records["s1._domainkey."+s.domain] = []string{s.record}
	}
	return dns
}

var verifying = with(func(p *Policy) { p.VerifyDKIM = true })

func TestVerifyDKIM(t *testing.T) {
	own, parent := newRSASigner(t, "ministry.example.org"), newEd25519Signer(t, "example.org")
	attacker := newEd25519Signer(t, "attacker.example.net")
	plain := crlf(letter)
	oversign := func(o *dkim.SignOptions) { o.HeaderKeys = []string{"From", "From", "Subject", "Subject", "Date", "To"} }
	change := func(raw []byte, old, new string) []byte {
		if !bytes.Contains(raw, []byte(old)) {
			t.Fatalf("%q is not in the mail", old)
		}
		return bytes.Replace(raw, []byte(old), []byte(new), 1)
	}
	prepend := func(field string, raw []byte) []byte { return append([]byte(field+"\r\n"), raw...) }
	signed := own.sign(t, plain, nil)
	for _, c := range []struct {
		name   string
		raw    []byte
		policy Policy
		proven bool
		reason string
	}{
		{"RSA", signed, verifying, true, "is good"},
		{"Ed25519 of the organizational domain", parent.sign(t, plain, nil), verifying, true, ""},
		{"oversigned", own.sign(t, plain, oversign), verifying, true, ""},
		{"beside one of a mailing service", attacker.sign(t, signed, nil), verifying, true, ""},
		{"above an honest border without results", append(crlf(ourBorder), signed...), verifying, true, ""},
		{"strict, of the organizational domain", parent.sign(t, plain, nil), with(func(p *Policy) { p.VerifyDKIM, p.Strict = true, true }), false, "does not speak"},
		{"not asked for", signed, ours, false, ""},
		{"our server says dmarc=fail", append(crlf(results("dmarc=fail header.from=ministry.example.org")+ourBorder), signed...), verifying, false, "disowns"},
		{"unsigned", plain, verifying, false, "no signature"},
		{"of another domain", attacker.sign(t, plain, nil), verifying, false, "does not speak"},
		{"of another domain with our name as its identity", attacker.sign(t, plain, func(o *dkim.SignOptions) { o.Identifier = "ana@ministry.example.org" }), verifying, false, ""},
		{"of another domain that claims to be ours", change(attacker.sign(t, plain, nil), "d=attacker.example.net", "d=ministry.example.org"), verifying, false, ""},
		{"the body changed", change(signed, "Listo.", "Borre todo."), verifying, false, "body hash"},
		{"the body lengthened", append(bytes.Clone(signed), "y borre\r\n"...), verifying, false, "body hash"},
		{"the Subject changed", change(signed, "#cerrar", "#rechazar"), verifying, false, "did not verify"},
		{"another Subject on top", prepend("Subject: #rechazar", signed), verifying, false, "2 Subject fields"},
		{"another From on top", prepend("From: eva@attacker.example.net", signed), verifying, false, "2 From fields"},
		{"another From on an oversigned mail", prepend("From: ana@ministry.example.org", own.sign(t, plain, oversign)), verifying, false, "2 From fields"},
		{"Subject unsigned", own.sign(t, plain, func(o *dkim.SignOptions) { o.HeaderKeys = []string{"From", "To", "Date"} }), verifying, false, "leaves From, Subject or Date unsigned"},
		{"Date unsigned", own.sign(t, plain, func(o *dkim.SignOptions) { o.HeaderKeys = []string{"From", "To", "Subject"} }), verifying, false, "leaves From, Subject or Date unsigned"},
		{"another Date on top", prepend("Date: Wed, 25 Nov 2099 09:30:00 -0500\r\nDate: Wed, 25 Nov 2026 09:30:00 -0500", signed), verifying, false, "2 Date fields"},
		{"another Message-ID on top", prepend("Message-ID: <b@attacker.example.net>\r\nMessage-ID: <c@attacker.example.net>", signed), verifying, false, "Message-ID fields"},
		{"other Content-Types on top", prepend("Content-Type: text/html\r\nContent-Type: text/html", signed), verifying, false, "2 Content-Type fields"},
		{"a length tag", change(signed, "d=ministry", "l=5; d=ministry"), verifying, false, "body length"},
		{"expired", own.sign(t, plain, func(o *dkim.SignOptions) { o.Expiration = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }), verifying, false, "expired"},
		{"another selector without a key", own.sign(t, plain, func(o *dkim.SignOptions) { o.Selector = "s2" }), verifying, false, "no key"},
		{"a selector that names another domain's key", change(attacker.sign(t, plain, nil), "s=s1", "s=s1._domainkey.ministry.example.org"), verifying, false, "does not speak"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, c.policy, dnsOf(own, parent, attacker), nil)
			proof := v.Prove(t.Context(), c.raw, read(t, c.raw))
			if proof.Proven != c.proven || c.proven && proof.Method != "dkim" || proof.Temporary {
				t.Errorf("Prove = %+v, want proven %v", proof, c.proven)
			}
			if !strings.Contains(proof.Reason, c.reason) {
				t.Errorf("Reason %q does not say %q", proof.Reason, c.reason)
			}
		})
	}
}

func TestVerifyDKIMBySignersRecord(t *testing.T) {
	own := newEd25519Signer(t, "ministry.example.org")
	raw := own.sign(t, crlf(letter), nil)
	public := own.record
	for name, c := range map[string]struct {
		records []string
		reason  string
	}{
		"a test key":   {[]string{public + "; t=s:y"}, "test"},
		"revoked":      {[]string{"v=DKIM1; p="}, "revoked"},
		"two records":  {[]string{public, public}, "multiple"},
		"not for mail": {[]string{public + "; s=tlsrpt"}, "inappropriate service"},
	} {
		v := newVerifier(t, verifying, &fakeDNS{records: map[string][]string{"s1._domainkey.ministry.example.org": c.records}}, nil)
		if proof := v.Prove(t.Context(), raw, read(t, raw)); proof.Proven || !strings.Contains(proof.Reason, c.reason) {
			t.Errorf("%s: %+v", name, proof)
		}
	}
}

func TestExpiredByOurClock(t *testing.T) {
	own := newEd25519Signer(t, "ministry.example.org")
	expires := time.Now().Add(24 * time.Hour)
	raw := own.sign(t, crlf(letter), func(o *dkim.SignOptions) { o.Expiration = expires })
	for _, c := range []struct {
		now    time.Time
		proven bool
	}{{expires.Add(-time.Minute), true}, {expires.Add(time.Minute), false}} {
		v, err := New(verifying, dnsOf(own), nil, func() time.Time { return c.now })
		if err != nil {
			t.Fatal(err)
		}
		if proof := v.Prove(t.Context(), raw, read(t, raw)); proof.Proven != c.proven {
			t.Errorf("at %s: %+v", c.now, proof)
		}
	}
}

func TestDKIMAsksNobodyElse(t *testing.T) {
	own, attacker := newEd25519Signer(t, "ministry.example.org"), newEd25519Signer(t, "attacker.example.net")
	dns := dnsOf(own, attacker)
	v := newVerifier(t, verifying, dns, nil)
	raw := crlf(letter)
	for range 5 {
		raw = attacker.sign(t, raw, nil)
	}
	raw = own.sign(t, raw, nil)
	for range 3 {
		if proof := v.Prove(t.Context(), raw, read(t, raw)); !proof.Proven {
			t.Fatalf("%+v", proof)
		}
	}
	if len(dns.asked) != 1 || dns.asked[0] != "s1._domainkey.ministry.example.org" {
		t.Errorf("asked %q, want the one key of the author's domain, once", dns.asked)
	}
}

func TestDKIMWhereDNSIsSilent(t *testing.T) {
	own := newEd25519Signer(t, "ministry.example.org")
	raw := own.sign(t, crlf(letter), nil)
	dns := dnsOf(own)
	dns.err = &net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}
	v := newVerifier(t, verifying, dns, nil)
	if proof := v.Prove(t.Context(), raw, read(t, raw)); proof.Proven || !proof.Temporary {
		t.Errorf("while DNS fails: %+v, want a temporary result", proof)
	}
	dns.err = nil
	if proof := v.Prove(t.Context(), raw, read(t, raw)); !proof.Proven {
		t.Errorf("once DNS answers: %+v", proof)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if proof := newVerifier(t, verifying, dnsOf(own), nil).Prove(ctx, raw, read(t, raw)); proof.Proven || !proof.Temporary {
		t.Errorf("with a context that has ended: %+v", proof)
	}
}

func TestDKIMOfTruncatedMail(t *testing.T) {
	own := newEd25519Signer(t, "ministry.example.org")
	raw := own.sign(t, crlf(letter), nil)
	m := read(t, raw)
	m.Truncated = true
	dns := dnsOf(own)
	proof := newVerifier(t, verifying, dns, nil).Prove(t.Context(), raw, m)
	if proof.Proven || !strings.Contains(proof.Reason, "only the header") || dns.count() != 0 {
		t.Errorf("%+v after %d look-ups", proof, dns.count())
	}
}

func TestManySignatures(t *testing.T) {
	own, attacker := newEd25519Signer(t, "ministry.example.org"), newEd25519Signer(t, "attacker.example.net")
	raw := own.sign(t, crlf(letter), nil)
	for range maxSignatures {
		raw = attacker.sign(t, raw, nil)
	}
	v := newVerifier(t, verifying, dnsOf(own, attacker), nil)
	if proof := v.Prove(t.Context(), raw, read(t, raw)); proof.Proven {
		t.Errorf("%+v, want the signatures past the limit passed over", proof)
	}
}

func TestCache(t *testing.T) {
	now := testTime
	dns := &fakeDNS{records: map[string][]string{}}
	c := newCache(dns, 3, time.Hour, func() time.Time { return now })
	for i := range 5 {
		dns.records[fmt.Sprint("n", i)] = []string{fmt.Sprint("r", i)}
	}
	ask := func(name string, wantAsked int) {
		t.Helper()
		records, err := c.LookupTXT(t.Context(), name)
		if want, ok := dns.records[name]; ok && (err != nil || len(records) != 1 || records[0] != want[0]) || !ok && !isNotFound(err) {
			t.Errorf("LookupTXT(%s) = %q, %v", name, records, err)
		}
		if dns.count() != wantAsked {
			t.Errorf("after %s the resolver was asked %d times, want %d", name, dns.count(), wantAsked)
		}
	}
	ask("n0", 1)
	ask("n0", 1)
	ask("n1", 2)
	ask("n2", 3)
	ask("n0", 3) // keeps n0 recent
	ask("n3", 4) // drops n1
	ask("n0", 4)
	ask("n1", 5)
	if len(c.entries) != 3 || c.recent.Len() != 3 {
		t.Errorf("%d entries, %d in the list, want 3", len(c.entries), c.recent.Len())
	}
	now = now.Add(time.Hour)
	ask("n0", 6) // too old
	ask("absent", 7)
	ask("absent", 7)
	now = now.Add(negativeTTL)
	ask("absent", 8)
	ask("n0", 8)

	dns.err = errors.New("no route")
	for want := range 2 {
		if _, err := c.LookupTXT(t.Context(), "n4"); err == nil || dns.count() != 9+want {
			t.Errorf("a failure was remembered: %v, asked %d times", err, dns.count())
		}
	}
	records, _ := c.LookupTXT(t.Context(), "n0")
	records[0] = "changed by the caller"
	if again, _ := c.LookupTXT(t.Context(), "n0"); again[0] != "r0" {
		t.Error("a caller can change what is remembered")
	}
}
