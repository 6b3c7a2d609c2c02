package receive

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestFilter(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"status", "* OK [UIDVALIDITY 5] yes\r\n", "* OK [UIDVALIDITY 5] yes\r\n"},
		{"status in small letters and without a text", "* ok [uidnext 9]\r\n", "* OK [UIDNEXT 9]\r\n"},
		{"lone line feeds", "T1 OK\n", "T1 OK\r\n"},
		{"carriage return in a text", "T1 OK a\rb\r\n", "T1 OK a b\r\n"},
		{"code that is not closed", "* NO [ALERT help\r\n", "* NO ALERT help\r\n"},
		{"code with arguments", "T1 NO [BADCHARSET (UTF-8)] x\r\n", "T1 NO [BADCHARSET] x\r\n"},
		{"flags that may be set", "* OK [PERMANENTFLAGS (\\*)] x\r\n", "* OK x\r\n"},
		{"capabilities", "* CAPABILITY IMAP4rev1  IDLE (X \"Y\" AUTH=PLAIN\r\n", "* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN\r\n"},
		{"both revisions", "T1 OK [CAPABILITY IMAP4rev2 IMAP4rev1] x\r\n",
			"T1 OK [CAPABILITY IMAP4rev1 IDLE MOVE NAMESPACE UIDPLUS] x\r\n"},
		{"second revision", "* CAPABILITY IMAP4rev2\r\n", "* CAPABILITY IMAP4rev2\r\n"},
		{"numbers", "* 4 EXISTS\r\n* 4 exists\r\n* 2 RECENT\r\n* 99999999999 EXISTS\r\n* 3 EXPUNGE\r\n",
			"* 4 EXISTS\r\n* 4 EXISTS\r\n* 3 EXPUNGE\r\n"},
		{"search", "* SEARCH 1 2 x 3 (MODSEQ 9)\r\n* SEARCH\r\n", "* SEARCH 1 2 3\r\n* SEARCH\r\n"},
		{"continuation", "+ go on\r\n+\r\n", "+ go on\r\n+\r\n"},
		{"lists and literals nobody wants", "* LIST () NIL {3}\r\na\r\n\r\n* 1 EXISTS\r\n", "* 1 EXISTS\r\n"},
		{"empty and strange lines", "\r\n * 1 EXISTS\r\n*\r\n* \r\n* 1\r\n* 5 EXISTS\r\n", "* 5 EXISTS\r\n"},
		{"fetch", "* 1 FETCH (UID 5 RFC822.SIZE 10 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\")\r\n",
			"* 1 FETCH (UID 5 RFC822.SIZE 10 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\")\r\n"},
		{"body", "* 1 FETCH (UID 5 FLAGS () BODY[]<0> {5}\r\na)\r\nb X \"\\\")\" Y (({1}\r\n)) NIL) BODY[HEADER] NIL)\r\n",
			"* 1 FETCH (UID 5 BODY[] {5}\r\na)\r\nb BODY[HEADER] NIL)\r\n"},
		{"flags alone", "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n* 1 FETCH (FLAGS ())\r\n* 1 FETCH (UID 5)\r\n",
			"* 1 FETCH (UID 5)\r\n"},
		{"UID that is none", "* 1 FETCH (UID 0 RFC822.SIZE 3)\r\n", "* 1 FETCH (RFC822.SIZE 3)\r\n"},
		{"empty fetch", "* 1 FETCH ()\r\n* 2 EXISTS\r\n", "* 2 EXISTS\r\n"},
		{"structure", "* 1 FETCH (BODYSTRUCTURE (\"a)\" (({2}\r\n(( NIL)) 5) UID 7)\r\n",
			"* 1 FETCH (BODYSTRUCTURE (\"a)\" (({2}\r\n(( NIL)) 5) UID 7)\r\n"},
		{"after BYE", "* BYE so long\r\n* 1 EXISTS\r\n", "* BYE so long\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// However the bytes come, they mean the same.
			for name, r := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
			} {
				got, err := io.ReadAll(taking(r))
				if err != nil || string(got) != tt.want {
					t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
				}
			}
		})
	}
}

// taking returns a filter that is told that bodies are asked for.
func taking(r io.Reader) *filter {
	f := newFilter(r)
	f.notice.bodies.Store(true)
	return f
}

func TestFilterDropsBodiesNobodyAskedFor(t *testing.T) {
	in := "* 1 FETCH (UID 5 BODY[] {5}\r\nhello RFC822.SIZE 5 BODY[HEADER] \"x\")\r\n"
	got, err := io.ReadAll(newFilter(strings.NewReader(in)))
	if want := "* 1 FETCH (UID 5 RFC822.SIZE 5)\r\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestFilterRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a cut literal", "* 1 FETCH (BODY[] {5}\r\nab", "3 bytes of a literal to come"},
		{"a cut line", "* OK hel", "unexpected EOF"},
		{"a literal without a size", "* 1 FETCH (BODY[] {x}\r\n", "announced a literal"},
		{"a literal of an impossible size", "* X {99999999999999999999}\r\n", "announced a literal"},
		{"a large literal that is kept", "* NAMESPACE {70000}\r\n", "announced 70000 bytes"},
		{"many literals that are kept", "* NAMESPACE " + strings.Repeat("{60000}\r\n"+strings.Repeat("x", 60000), 80), "an answer of more than"},
		{"an endless line", "* OK " + strings.Repeat("x", maxLine+1<<17), "a line of more than"},
		{"deep lists", "* 1 FETCH (X " + strings.Repeat("(", maxNesting+1) + "\r\n", "nested"},
		{"a list that ends early", "* 1 FETCH (UID 1 \r\n", "ends within"},
		{"an item without a value", "* 1 FETCH (UID)\r\n", "no value"},
		{"an item without a name", "* 1 FETCH (\"x\" (\r\n", "ends within"},
		{"a string without an end", "* 1 FETCH (X \"abc)\r\n", "not closed"},
		{"no list", "* 1 FETCH UID 1\r\n", "not a list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := io.Copy(io.Discard, taking(strings.NewReader(tt.in)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// FuzzFilter shows that neither the filter nor the library behind it hangs, spins or panics on anything that a server
// may send, and that what was filtered once passes unchanged.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"* OK [CAPABILITY IMAP4rev1 (X] spin\r\n* CAPABILITY (\r\nT1 OK [CAPABILITY (X] a\r\n",
		"* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n* 1 FETCH (BODYSTRUCTURE ((\"a\" \"b\" NIL NIL NIL \"7bit\" 1 1) \"mixed\"))\r\n",
		"* STATUS \"&bad\" (MESSAGES 1)\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* SEARCH 1 2 3\r\n+ x\r\n* BYE\r\n",
		"* 1 FETCH (BODYSTRUCTURE (\"message\" \"rfc822\" NIL NIL NIL NIL 5 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ))\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := io.ReadAll(taking(bytes.NewReader(data)))
		if err == nil {
			twice, err := io.ReadAll(taking(bytes.NewReader(once)))
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%q passes as %q and then as %q, %v", data, once, twice, err)
			}
		}
		client := imapclient.New(&deaf{filter: taking(io.MultiReader(strings.NewReader("* OK [CAPABILITY IMAP4rev1] x\r\n"), bytes.NewReader(data)))}, nil)
		fetch := client.Fetch(imap.UIDSetNum(1, 5), &imap.FetchOptions{UID: true})
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = fetch.Collect()
			_ = client.Close()
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatalf("the library does not come back after %q", once)
		}
	})
}

// deaf is a connection that hears nothing of what is written to it.
type deaf struct {
	net.Conn
	filter *filter
	closed atomic.Bool
}

func (d *deaf) Read(p []byte) (int, error) { return d.filter.Read(p) }
func (d *deaf) Write(p []byte) (int, error) {
	if d.closed.Load() {
		return 0, net.ErrClosed
	}
	return len(p), nil
}
func (d *deaf) Close() error                     { d.closed.Store(true); return nil }
func (d *deaf) SetReadDeadline(time.Time) error  { return nil }
func (d *deaf) SetWriteDeadline(time.Time) error { return nil }
