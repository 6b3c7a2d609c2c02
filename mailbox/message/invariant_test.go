package message

import (
	"crypto/sha256"
	"strings"
	"testing"
	"unicode/utf8"

	"radicado/mailbox"
)

// checkRead checks what holds for every mail, however broken.
func checkRead(t testing.TB, name string, m *mailbox.Message) {
	t.Helper()
	for _, d := range m.Defects {
		if strings.HasPrefix(d, readerFailed) {
			t.Errorf("%s: %s", name, d)
		}
	}
	for what, s := range map[string]string{"subject": m.Subject, "from": m.From.Name + m.From.Addr, "text": m.Text, "new text": m.NewText} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("%s: %s is no clean UTF-8", name, what)
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("%s: subject has line ends: %q", name, m.Subject)
	}
	if m.Class == "" || m.ClassReason == "" {
		t.Errorf("%s: no class, or no reason for it: %q %q", name, m.Class, m.ClassReason)
	}
	if (m.Class == mailbox.ClassBounce || m.Class == mailbox.ClassDelay) != (m.Bounce != nil) {
		t.Errorf("%s: class %s and bounce %v", name, m.Class, m.Bounce)
	}
	checkCuts(t, name, m)
	for _, a := range m.Attachments {
		if a.Content != nil && (a.Size != int64(len(a.Content)) || a.Digest != sha256.Sum256(a.Content)) || a.Type == "" || strings.ContainsAny(a.Name, "\r\n") {
			t.Errorf("%s: attachment %q of type %q, size %d of %d", name, a.Name, a.Type, a.Size, len(a.Content))
		}
	}
}

// checkCuts checks that the cuts stand in the text in order, and that nothing but they and white space is missing from the new
// text: nothing of what the person wrote is lost without a word.
func checkCuts(t testing.TB, name string, m *mailbox.Message) {
	t.Helper()
	letters := func(s string) int {
		n := 0
		for _, r := range s {
			if r > ' ' && r != 0xa0 && r != 0x85 && (r < 0x2000 || r > 0x200a) && r != 0x2028 && r != 0x2029 && r != 0x202f && r != 0x3000 && r != 0x205f && r != 0x1680 {
				n++
			}
		}
		return n
	}
	cut, rest := 0, m.Text
	for _, c := range m.Cuts {
		i := strings.Index(rest, c.Text)
		if i < 0 {
			t.Errorf("%s: cut is not in the text, or out of order: %.60q", name, c.Text)
			return
		}
		rest = rest[i+len(c.Text):]
		cut += letters(c.Text)
		if c.Rule == "" || c.Kind == "" {
			t.Errorf("%s: cut without kind or rule: %+v", name, c)
		}
	}
	if got, want := letters(m.NewText)+cut, letters(m.Text); got != want {
		t.Errorf("%s: text has %d letters, new text and cuts %d", name, want, got)
	}
}

// sameFiles checks that a mail has the same files whether or not the reader was asked for what they hold.
func sameFiles(t testing.TB, m, whole *mailbox.Message) {
	t.Helper()
	if len(m.Attachments) != len(whole.Attachments) {
		t.Fatalf("%d files, and %d where their content is asked for", len(m.Attachments), len(whole.Attachments))
	}
	for i, a := range m.Attachments {
		b := whole.Attachments[i]
		if a.Name != b.Name || a.Size != b.Size || a.Digest != b.Digest || a.Content != nil {
			t.Errorf("file %q of %d bytes, and %q of %d where its content is asked for", a.Name, a.Size, b.Name, b.Size)
		}
	}
}

func TestFilesAreMeasured(t *testing.T) {
	for name, body := range map[string]string{
		"whole": "JVBERi0xLjQK\r\nJVBERi0xLjQ=\r\n", "no padding": "JVBERi0xLjQ", "several": "JVBERg==\nJVBERg==\n", "cut": "JVBERi0xL", "nothing": "",
		"blanks": "JVBE Ri0xLjQK", "padding in lines": "JVBERg=\r\n=\r\n", "words": "no es base64, es texto", "bad padding": "JVBERi0xLjQK===", "long": strings.Repeat("JVBERi0xLjQK\r\n", 5000) + "JVBERg==JV",
	} {
		raw := mailOf("application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64", body)
		t.Run(name, func(t *testing.T) { sameFiles(t, Read(raw, Options{}), Read(raw, Options{Files: true})) })
	}
}
