package trust

import (
	"context"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"radicado/mailbox"
)

// The time of all tests.
var testTime = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

func clock() time.Time { return testTime }

// crlf makes a mail out of readable text: without the first line break, with CRLF.
func crlf(text string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\n", "\r\n"))
}

// read makes a Message as a tolerant reader would, of what this package looks at.
func read(t testing.TB, raw []byte) *mailbox.Message {
	t.Helper()
	m := &mailbox.Message{Header: rawHeader(raw)}
	for _, value := range valuesOf(m.Header, "From") {
		list, err := mail.ParseAddressList(value)
		if err != nil {
			continue
		}
		for _, a := range list {
			m.Authors = append(m.Authors, mailbox.Address{Name: a.Name, Addr: a.Address})
		}
	}
	if len(m.Authors) > 0 {
		m.From = m.Authors[0]
	}
	if list, err := mail.ParseAddressList(m.Header.Get("To")); err == nil {
		for _, a := range list {
			m.To = append(m.To, mailbox.Address{Name: a.Name, Addr: a.Address})
		}
	}
	for _, id := range strings.Fields(m.Header.Get("In-Reply-To")) {
		m.InReplyTo = append(m.InReplyTo, strings.Trim(id, "<>"))
	}
	m.Subject = m.Header.Get("Subject")
	return m
}

func newVerifier(t testing.TB, policy Policy, resolver Resolver, keys *Keyring) *Verifier {
	t.Helper()
	v, err := New(policy, resolver, keys, clock)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func prove(t testing.TB, policy Policy, text string) mailbox.Proof {
	t.Helper()
	raw := crlf(text)
	return newVerifier(t, policy, nil, nil).Prove(t.Context(), raw, read(t, raw))
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// fakeDNS answers from a table and counts. A name without records does not exist; err is answered before the table is read.
type fakeDNS struct {
	mu      sync.Mutex
	records map[string][]string
	err     error
	asked   []string
}

func (f *fakeDNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, name)
	if f.err != nil {
		return nil, f.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if records, ok := f.records[strings.ToLower(name)]; ok {
		return records, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (f *fakeDNS) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}
