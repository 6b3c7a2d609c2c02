package deliver

import (
	"bufio"
	"bytes"
	"fmt"
	"mime"
	netmail "net/mail"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
)

// full returns a notice with everything that one can have.
func full() mailbox.Outgoing {
	m := notice(0)
	m.From.Name = "Mesa de soporte, Dirección de Tecnología"
	m.ReplyTo = mailbox.Address{Addr: "soporte+t4x@ministerio.example"}
	m.Subject = "[SS-2026-000042] Señal débil en la oficina de contratación del tercer piso"
	m.InReplyTo = "CA+x=1@mail.ministerio.example"
	m.References = []string{"uno@ministerio.example", "CA+x=1@mail.ministerio.example"}
	m.Text = "Señora Ana:\n\nRegistramos su solicitud.\n.\nFrom aquí\n"
	m.HTML = `<p>Señora Ana:</p><p>Registramos su solicitud. <img src="cid:logo@ministerio.example"></p>`
	m.Header = []mailbox.Field{
		{Name: "Auto-Submitted", Value: "auto-replied"},
		{Name: "X-Auto-Response-Suppress", Value: "All"},
	}
	m.Files = []mailbox.File{
		{Name: "logo.png", Type: "image/png", Content: []byte("PNG"), Inline: true, ID: "logo@ministerio.example"},
		{Name: "Formato de atención.pdf", Type: "application/pdf", Content: []byte("%PDF-1.7\n")},
	}
	return m
}

func TestGolden(t *testing.T) {
	tests := map[string]mailbox.Outgoing{"text.eml": notice(22), "full.eml": full()}
	for name, m := range tests {
		got, err := Bytes(m)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatalf("%v; the mail is\n%s", err, got)
		}
		if diff := mailtest.Diff(golden, got); diff != "" {
			t.Errorf("%s:\n%s\nall of it:\n%s", name, diff, got)
		}
	}
}

// parse reads a mail and fails the test where a line is too long, is not ended by CRLF or holds what it may not.
func parse(t *testing.T, raw []byte) *netmail.Message {
	t.Helper()
	for line := range bytes.Lines(raw) {
		text, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok || bytes.ContainsAny(text, "\r\x00") || len(text) > 998 { // RFC 5322 section 2.1.1
			t.Errorf("line %q", line)
		}
	}
	m, err := netmail.ReadMessage(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return m
}

// names returns the names of the fields, sorted.
func names(m *netmail.Message) string {
	var names []string
	for name := range m.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestNothingBreaksOutOfItsField(t *testing.T) {
	payloads := []string{
		"x\r\nBcc: victim@example.org", "x\nBcc: victim@example.org", "x\rBcc: victim@example.org", "x\r\n\r\n<script>", "x\x00y",
		"x\r\n Bcc: y", "x\u2028Bcc: y", "x\u0085Bcc: y", "\xff\xfe", "x\x0bBcc: y\x0c", `x" <victim@example.org>, "y`, `ñ\\u, "`, "x, victim@example.org", "x; y",
		"=?utf-8?q?=0D=0ABcc:_victim@example.org?=", "=?utf-8?q?=23cerrar?=", strings.Repeat("a", 5000), strings.Repeat("j", 1000) + "/plain", strings.Repeat("ñ", 5000),
		strings.Repeat("a b ", 2000), "a" + strings.Repeat(" ", 3000) + "b", "../../etc/passwd", `x"; filename="y.exe`, "\u202egpj.exe", "", "   ",
		strings.Repeat("=?", 700), "#cerrar \U0001F600", "a\tb",
	}
	plainNames := names(parse(t, mustBytes(t, full())))
	for _, p := range payloads {
		t.Run(fmt.Sprintf("%.20q", p), func(t *testing.T) {
			m := full()
			m.Subject, m.From.Name, m.To.Name, m.ReplyTo.Name, m.Lang = p, p, p, p, "es"
			m.Text, m.HTML = p, p
			m.Header[1].Value = p
			m.Files[0].Name, m.Files[1].Name, m.Files[0].Type, m.Files[1].Type = p, p, p, p
			msg := parse(t, mustBytes(t, m))
			if m.HTML != "" && names(msg) != plainNames {
				t.Errorf("fields %s\nwant %s", names(msg), plainNames)
			}
			for _, field := range []string{"From", "To", "Reply-To"} {
				list, err := msg.Header.AddressList(field)
				if err != nil || len(list) != 1 || !strings.HasSuffix(list[0].Address, "@ministerio.example") {
					t.Errorf("%s: %v, %v", field, list, err)
				}
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
			if err != nil || subject != clean(p) {
				t.Errorf("subject %q, %v; want %q", subject, err, clean(p))
			}
		})
	}
}

func mustBytes(t *testing.T, m mailbox.Outgoing) []byte {
	t.Helper()
	raw, err := Bytes(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWhatCannotStandInAMailIsRefused(t *testing.T) {
	tests := map[string]func(*mailbox.Outgoing){
		"no recipient":             func(m *mailbox.Outgoing) { m.To.Addr = "" },
		"two recipients":           func(m *mailbox.Outgoing) { m.To.Addr = "ana@example.org, eva@example.org" },
		"a name in the address":    func(m *mailbox.Outgoing) { m.To.Addr = "Ana <ana@example.org>" },
		"CRLF in the address":      func(m *mailbox.Outgoing) { m.To.Addr = "ana@example.org\r\nRCPT TO:<eva@example.org>" },
		"CRLF quoted":              func(m *mailbox.Outgoing) { m.To.Addr = "\"a\r\n b\"@example.org" },
		"a comment in the address": func(m *mailbox.Outgoing) { m.To.Addr = "ana@example.org (\r\n)" },
		"NUL in the sender":        func(m *mailbox.Outgoing) { m.From.Addr = "a\x00@example.org" },
		"no domain":                func(m *mailbox.Outgoing) { m.ReplyTo.Addr = "soporte" },
		"an impossible domain":     func(m *mailbox.Outgoing) { m.To.Addr = "ana@ñ--.example" },
		"no Message-ID":            func(m *mailbox.Outgoing) { m.MessageID = "" },
		"Message-ID that ends":     func(m *mailbox.Outgoing) { m.MessageID = "a@b>\r\nBcc: <c@d" },
		"no date":                  func(m *mailbox.Outgoing) { m.Date = time.Time{} },
		"field name with a colon":  func(m *mailbox.Outgoing) { m.Header[0].Name = "X-A: b\r\nBcc" },
		"field that is ours":       func(m *mailbox.Outgoing) { m.Header[0].Name = "bcc" },
		"field given twice":        func(m *mailbox.Outgoing) { m.Header[0].Name = "x-auto-response-SUPPRESS" },
		"Content-ID that ends":     func(m *mailbox.Outgoing) { m.Files[0].ID = "x>\r\nX: <y" },
	}
	for name, spoil := range tests {
		m := full()
		spoil(&m)
		if raw, err := Bytes(m); err == nil {
			t.Errorf("%s: got\n%s", name, raw)
		}
		got := New(Server{Address: "127.0.0.1:1"}).Send(t.Context(), m)
		if got.Outcome != Permanent || got.Stage != StageCompose || got.Server {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLongReferencesAreFolded(t *testing.T) {
	m := notice(22)
	for i := range 400 {
		m.References = append(m.References, fmt.Sprintf("%d.%s@ministerio.example", i, strings.Repeat("x", i%90)))
	}
	got := parse(t, mustBytes(t, m)).Header.Get("References")
	if want := "<" + strings.Join(m.References, "> <") + ">"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestIdentifiersOfOthersThatCannotStandAreLeftOut(t *testing.T) {
	bad := []string{"a@b> <c@d", "a b@c", "a@b\r\nBcc: x@example.org", "ñ@b", "", strings.Repeat("x", 2000) + "@b"}
	for _, id := range bad {
		m := notice(22)
		m.InReplyTo = id
		m.References = []string{"uno@ministerio.example", id, "dos@ministerio.example"}
		msg := parse(t, mustBytes(t, m))
		if got := msg.Header["In-Reply-To"]; got != nil {
			t.Errorf("%.20q: In-Reply-To %q", id, got)
		}
		if got := msg.Header.Get("References"); got != "<uno@ministerio.example> <dos@ministerio.example>" {
			t.Errorf("%.20q: References %q", id, got)
		}
	}
}

func TestFileNames(t *testing.T) {
	tests := map[string]string{
		"Formato de atención.pdf": "Formato de atención.pdf", "": "archivo", "..": "archivo", " . ": "archivo",
		"a/b\\c:d.txt": "a_b_c_d.txt", "x\r\ny.txt": "x y.txt", "\u202egpj.exe": "gpj.exe",
		strings.Repeat("ñ", 200) + ".xlsx": strings.Repeat("ñ", 75) + ".xlsx",
	}
	for name, want := range tests {
		if got := fileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzBytes(f *testing.F) {
	f.Add("Impresora ñ", "Ana, \"X\"", "ana@example.org", "a.pdf", "text/plain", "texto\r\n.\r\n", "<p>", "uno@x", "X-A", "v")
	f.Add("=?utf-8?q?x?=", "=?", "\"a b\"@example.org", "\x00", "", "\r", "", "a>b", "x:y", "\r\nBcc: z")
	f.Fuzz(func(t *testing.T, subject, name, addr, file, fileType, text, html, id, field, value string) {
		m := notice(0)
		m.Subject, m.To.Name, m.To.Addr, m.Text, m.HTML, m.InReplyTo = subject, name, addr, text, html, id
		m.Header = []mailbox.Field{{Name: field, Value: value}}
		m.Files = []mailbox.File{{Name: file, Type: fileType, Content: []byte(text)}}
		e, err := compose(m, nil)
		if err != nil {
			return // refused, with a reason
		}
		if strings.ContainsAny(e.to, "\r\n\x00<>") && !strings.HasPrefix(e.to, `"`) {
			t.Errorf("recipient %q", e.to)
		}
		msg := parse(t, e.content)
		for _, want := range []string{"From", "To", "Subject", "Date", "Message-Id", "Content-Type"} {
			if len(msg.Header[want]) != 1 {
				t.Errorf("%s: %q", want, msg.Header[want])
			}
		}
		if extra := len(msg.Header) - 9; extra > 2 { // the field, In-Reply-To
			t.Errorf("fields %s", names(msg))
		}
		if list, err := msg.Header.AddressList("To"); err != nil || len(list) != 1 {
			t.Errorf("To: %v, %v", list, err)
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil || got != clean(subject) {
			t.Errorf("subject %q, %v, want %q", got, err, clean(subject))
		}
		if !utf8.Valid(e.content) {
			t.Error("not UTF-8")
		}
	})
}

// TestStuffed compares with the writer of net/textproto.
func TestStuffed(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", ".", "..", "a", "a\r\n", ".a\r\n.b\r\n..c\r\n", "a\n.b\n", "a\r\nb\n.\nc", "a\rb\r\n.\r\n", "\r\n.\r\n", "a\n\r\n."} {
		var want bytes.Buffer
		w := bufio.NewWriter(&want)
		dots := textproto.NewWriter(w).DotWriter()
		_, _ = dots.Write([]byte(content))
		_ = dots.Close()
		_ = w.Flush()
		given := []byte(content)
		if got := string(stuffed(given, nil)) + ".\r\n"; got != want.String() {
			t.Errorf("%q is sent as %q, want %q", content, got, want.String())
		}
		if string(given) != content {
			t.Errorf("%q was changed", content)
		}
	}
}
