package trust

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"radicado/mailbox"
)

func newKeyring(t testing.TB) *Keyring {
	t.Helper()
	k, err := OpenKeyring(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyringFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys")
	k, err := OpenKeyring(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v, want 0600", info.Mode(), err)
	}
	before := k.Token("x", "y")
	again, err := OpenKeyring(path, iotest.ErrReader(os.ErrInvalid)) // needs no random: the key is there
	if err != nil || again.Token("x", "y") != before {
		t.Fatalf("opened again: %v, want the same key", err)
	}
	if err := k.Rotate(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if k.Token("x", "y") == before || !k.Verify(before, "x", "y") {
		t.Error("after rotation the current key must be new and the former still verify")
	}
	if err := again.Rotate(rand.Reader); err != nil { // a second process that knows nothing of the first rotation
		t.Fatal(err)
	}
	last, err := OpenKeyring(path, rand.Reader)
	if err != nil || len(last.keys) != 3 || !last.Verify(before, "x", "y") || !last.Verify(k.Token("x", "y"), "x", "y") {
		t.Errorf("%d keys, %v, want 3 that verify all tokens", len(last.keys), err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v, want the keyring alone", len(entries), err)
	}
}

func TestKeyringRefusesWideModes(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644, 0o601} {
		path := filepath.Join(t.TempDir(), "keys")
		k, err := OpenKeyring(path, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyring(path, rand.Reader); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v, want an error that says what to do", mode, err)
		}
		if err := k.Rotate(rand.Reader); err == nil {
			t.Errorf("mode %04o: rotated", mode)
		}
	}
}

func TestKeyringFailures(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys")
	if _, err := OpenKeyring(filepath.Join(folder, "absent", "keys"), rand.Reader); err == nil {
		t.Error("no folder: want an error")
	}
	if _, err := OpenKeyring(path, bytes.NewReader(make([]byte, keySize-1))); err == nil {
		t.Error("too little random: want an error")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("too little random left a file")
	}
	if _, err := OpenKeyring(folder, rand.Reader); err == nil {
		t.Error("a folder in place of the file: want an error")
	}
	const secret = "bm90IGEga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXM="
	for name, content := range map[string]string{"empty": "", "comments alone": "# nothing\n\n", "a short key": secret + "\n", "no base64": "****\n", "too large": strings.Repeat("#\n", maxKeyring)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenKeyring(path, rand.Reader)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want an error that keeps the secret", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != content {
			t.Errorf("%s: the file was overwritten", name)
		}
	}
}

// TestKeyringOfRoot has root make a keyring in the folder of another user's daemon.
func TestKeyringOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes files for others")
	}
	const daemon = 65534
	folder := t.TempDir()
	if err := os.Chown(folder, daemon, daemon); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "keys")
	if _, err := OpenKeyring(path, rand.Reader); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if of := info.Sys().(*syscall.Stat_t); of.Uid != daemon || of.Gid != daemon {
		t.Errorf("the keys belong to %d:%d", of.Uid, of.Gid)
	}
}

func TestRotateFailureKeepsKeys(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	k, err := OpenKeyring(filepath.Join(folder, "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := k.Token("x")
	if err := k.Rotate(iotest.ErrReader(os.ErrInvalid)); err == nil {
		t.Error("no random: want an error")
	}
	if err := os.Remove(k.path); err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(rand.Reader); err != nil || !k.Verify(before, "x") { // the file is lost, the keys are not
		t.Errorf("after the file was lost: %v", err)
	}
	if again, err := OpenKeyring(k.path, rand.Reader); err != nil || !again.Verify(before, "x") {
		t.Errorf("the former keys were not written again: %v", err)
	}
	before = k.Token("x")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(rand.Reader); err == nil {
		t.Error("no folder: want an error")
	}
	if k.Token("x") != before {
		t.Error("a rotation that failed changed the key")
	}
}

func TestToken(t *testing.T) {
	k := newKeyring(t)
	seen := map[string]string{}
	for _, parts := range [][]string{{"a"}, {"a", ""}, {"a", "", ""}, {"ab"}, {"a", "b"}, {"", "ab"}, {"a", "bc"}, {"ab", "c"}, {"a", "b", "c"}, {"abc"}} {
		token := k.Token(parts[0], parts[1:]...)
		if other, twice := seen[token]; twice {
			t.Errorf("%q and %s have the same token", parts, other)
		}
		seen[token] = strings.Join(parts, "|")
		if len(token) != tokenLength || token != strings.ToLower(token) || !isToken(token) {
			t.Errorf("token %q", token)
		}
		if !k.Verify(token, parts[0], parts[1:]...) || !k.Verify(strings.ToUpper(token), parts[0], parts[1:]...) {
			t.Errorf("%q is not verified", parts)
		}
		for i := range token {
			wrong := []byte(token)
			wrong[i] = map[bool]byte{true: 'b', false: 'a'}[wrong[i] == 'a']
			if k.Verify(string(wrong), parts[0], parts[1:]...) {
				t.Errorf("verified with character %d changed", i)
			}
		}
		for _, wrong := range []string{"", token[1:], token + "a", token[:tokenLength-1]} {
			if k.Verify(wrong, parts[0], parts[1:]...) {
				t.Errorf("verified %q for %q", wrong, token)
			}
		}
	}
	if newKeyring(t).Verify(k.Token("a"), "a") {
		t.Error("another key verifies the token")
	}
}

// TestTokenIsStable keeps the tokens of mails that were sent by an older release good.
func TestTokenIsStable(t *testing.T) {
	k, err := OpenKeyring(filepath.Join(t.TempDir(), "keys"), bytes.NewReader(bytes.Repeat([]byte{7}, keySize)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "SS-2026-000042.7.icssskdcdlj4couprk5c@desk.example.org"
	if got := k.MessageID("SS-2026-000042", 7, "Ana@Example.org", "desk.example.org"); got != want {
		t.Errorf("MessageID = %s, want %s", got, want)
	}
	const wantAddr = "desk+ss-2026-000042.mrz2wz6ezxm6aj4zmdya@example.org"
	if got := k.ReplyAddress(mailbox.Address{Addr: "desk@example.org"}, "SS-2026-000042", "Ana@Example.org"); got.Addr != wantAddr {
		t.Errorf("ReplyAddress = %s, want %s", got.Addr, wantAddr)
	}
}

func TestMessageID(t *testing.T) {
	k := newKeyring(t)
	id := k.MessageID("SS-2026-000042", 7, "Ana@Ministry.example.org", "desk.example.org")
	if !strings.HasPrefix(id, "SS-2026-000042.7.") || !strings.HasSuffix(id, "@desk.example.org") {
		t.Fatalf("MessageID = %s", id)
	}
	for _, variant := range []string{id, "<" + id + ">", " <" + id + "> ", strings.ToLower(id), strings.ToUpper(id), strings.Replace(id, "desk.", "other.", 1)} {
		if number, ok := k.VerifyMessageID(variant, "ana@ministry.example.org"); !ok || number != "SS-2026-000042" {
			t.Errorf("VerifyMessageID(%s) = %s, %v", variant, number, ok)
		}
		if ref, ok := ReadMessageID(variant); !ok || ref.Number != "SS-2026-000042" || ref.Sequence != 7 || !isToken(ref.Token) {
			t.Errorf("ReadMessageID(%s) = %+v, %v", variant, ref, ok)
		}
	}
	reply := k.ReplyAddress(mailbox.Address{Addr: "desk@example.org"}, "SS-2026-000042", "ana@ministry.example.org")
	ref, _ := ReadReplyAddress(reply.Addr)
	for name, c := range map[string]struct{ id, recipient string }{
		"another recipient":        {id, "eva@ministry.example.org"},
		"nobody":                   {id, ""},
		"another ticket":           {strings.Replace(id, "042", "043", 1), "ana@ministry.example.org"},
		"another notice":           {strings.Replace(id, ".7.", ".8.", 1), "ana@ministry.example.org"},
		"the number cut elsewhere": {strings.Replace(id, "SS-2026-000042.7.", "SS-2026-000042.7.7.", 1), "ana@ministry.example.org"},
		"a token of an address":    {"SS-2026-000042.0." + ref.Token + "@desk.example.org", "ana@ministry.example.org"},
	} {
		if number, ok := k.VerifyMessageID(c.id, c.recipient); ok {
			t.Errorf("%s: verified as %s", name, number)
		}
	}
	for _, foreign := range []string{"", "@", "x@y", "a.b.c@d", "CAKx.7.abc@mail.example.com", id[:strings.Index(id, "@")], strings.Replace(id, ".7.", ".07.", 1), strings.Replace(id, ".7.", ".-7.", 1), strings.Replace(id, ".7.", ".99999999999999999999.", 1), strings.Replace(id, "SS-", "SS ", 1), strings.Replace(id, "SS-", "SS\n", 1), strings.Repeat("A", maxMessageID) + id} {
		if ref, ok := ReadMessageID(foreign); ok {
			t.Errorf("ReadMessageID(%q) = %+v", foreign, ref)
		}
	}
}

func TestReplyAddress(t *testing.T) {
	k := newKeyring(t)
	base := mailbox.Address{Name: "Mesa de ayuda", Addr: "soporte+mesa@Ministry.example.org"}
	addr := k.ReplyAddress(base, "SS-2026-000042", "Eva@vendor.example.net")
	if addr.Name != base.Name || !strings.HasPrefix(addr.Addr, "soporte+mesa+ss-2026-000042.") || addr.Domain() != "ministry.example.org" {
		t.Fatalf("ReplyAddress = %+v", addr)
	}
	for _, variant := range []string{addr.Addr, strings.ToUpper(addr.Addr), " " + addr.Addr} {
		if number, ok := k.VerifyReplyAddress(variant, "eva@vendor.example.net"); !ok || number != "SS-2026-000042" {
			t.Errorf("VerifyReplyAddress(%s) = %s, %v", variant, number, ok)
		}
	}
	ref, _ := ReadMessageID(k.MessageID("SS-2026-000042", 0, "eva@vendor.example.net", "x"))
	for name, c := range map[string]struct{ addr, recipient string }{
		"another recipient":       {addr.Addr, "ana@vendor.example.net"},
		"another ticket":          {strings.Replace(addr.Addr, "042", "043", 1), "eva@vendor.example.net"},
		"a token of a Message-ID": {"soporte+ss-2026-000042." + ref.Token + "@x", "eva@vendor.example.net"},
		"no token":                {"soporte+ss-2026-000042@x", "eva@vendor.example.net"},
		"no tag":                  {"soporte@x", "eva@vendor.example.net"},
		"no base":                 {addr.Addr[strings.LastIndex(addr.Addr, "+"):], "eva@vendor.example.net"},
	} {
		if number, ok := k.VerifyReplyAddress(c.addr, c.recipient); ok {
			t.Errorf("%s: verified as %s", name, number)
		}
	}
	long := mailbox.Address{Addr: strings.Repeat("a", 29) + "@x.example.org"}
	if got := k.ReplyAddress(long, "SS-2026-000042", "a@b"); got != long {
		t.Errorf("ReplyAddress = %s, longer than an address may be", got.Addr)
	}
	long.Addr = long.Addr[1:]
	if got := k.ReplyAddress(long, "SS-2026-000042", "a@b"); got == long {
		t.Error("an address of 64 characters is left out")
	}
}

func TestAnswers(t *testing.T) {
	k := newKeyring(t)
	ana, eva := mailbox.Address{Addr: "ana@example.org"}, mailbox.Address{Addr: "eva@example.org"}
	desk := mailbox.Address{Addr: "desk@example.org"}
	toAna, toEva := k.MessageID("SS-1", 1, ana.Addr, "d"), k.MessageID("SS-2", 1, eva.Addr, "d")
	for name, c := range map[string]struct {
		m    mailbox.Message
		want string
	}{
		"nothing":                 {mailbox.Message{From: ana, To: []mailbox.Address{desk}}, ""},
		"In-Reply-To":             {mailbox.Message{From: ana, InReplyTo: []string{"x@y", toAna}}, "SS-1"},
		"References":              {mailbox.Message{From: ana, References: []string{"x@y", toAna, "z@y"}}, "SS-1"},
		"the latest reference":    {mailbox.Message{From: ana, References: []string{toAna, k.MessageID("SS-3", 9, ana.Addr, "d")}}, "SS-3"},
		"somebody else's notice":  {mailbox.Message{From: ana, InReplyTo: []string{toEva}, References: []string{toEva}}, ""},
		"the reply address":       {mailbox.Message{From: ana, To: []mailbox.Address{desk, k.ReplyAddress(desk, "SS-4", ana.Addr)}, InReplyTo: []string{toAna}}, "SS-4"},
		"the reply address in Cc": {mailbox.Message{From: ana, Cc: []mailbox.Address{k.ReplyAddress(desk, "SS-4", ana.Addr)}}, "SS-4"},
		"somebody else's address": {mailbox.Message{From: ana, To: []mailbox.Address{k.ReplyAddress(desk, "SS-4", eva.Addr)}}, ""},
	} {
		if number, ok := k.Answers(&c.m); number != c.want || ok != (c.want != "") {
			t.Errorf("%s: Answers = %q, %v, want %q", name, number, ok, c.want)
		}
	}
}

func TestProveByToken(t *testing.T) {
	k := newKeyring(t)
	accepts := with(func(p *Policy) { p.Accept = []Method{MethodDMARC, MethodToken} })
	toAna := "In-Reply-To: <" + k.MessageID("SS-2026-000042", 1, "ana@ministry.example.org", "desk.example.org") + ">\n"
	toEva := "In-Reply-To: <" + k.MessageID("SS-2026-000042", 1, "eva@ministry.example.org", "desk.example.org") + ">\n"
	for _, c := range []struct {
		name   string
		policy Policy
		mail   string
		method Method
	}{
		{"accepted, and our server writes nothing", accepts, ourBorder + toAna + letter, MethodToken},
		{"not accepted", ours, ourBorder + toAna + letter, MethodNone},
		{"of a notice to somebody else", accepts, ourBorder + toEva + letter, MethodNone},
		{"none", accepts, ourBorder + letter, MethodNone},
		{"our server does write, and says none", accepts, results("dmarc=none") + ourBorder + toAna + letter, MethodNone},
		{"our server says fail", accepts, results("dmarc=fail") + ourBorder + toAna + letter, MethodNone},
		{"our server says pass", accepts, dmarcPass + ourBorder + toEva + letter, MethodDMARC},
		{"two authors", accepts, ourBorder + toAna + "From: eva@x.example.org\n" + letter, MethodNone},
	} {
		raw := crlf(c.mail)
		proof := newVerifier(t, c.policy, nil, k).Prove(t.Context(), raw, read(t, raw))
		if proof.Method != string(c.method) || proof.Proven != (c.method != MethodNone) {
			t.Errorf("%s: %+v, want %s", c.name, proof, c.method)
		}
	}
}
