package message

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
)

// patience is no measure of speed, which depends on the machine: what grows with the square of a mail takes minutes.
const patience = 20 * time.Second

// What hostile mails can ask for is bounded: time, parts, depth.
func TestHostileMails(t *testing.T) {
	nest := func(n int) []byte {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return b.Bytes()
	}
	for name, raw := range map[string][]byte{
		"deep multiparts":   nest(20_000),
		"deep messages":     []byte(strings.Repeat("Content-Type: message/rfc822\n\n", 50_000) + "Subject: x\n\ny"),
		"many parts":        mailOf("multipart/mixed; boundary=b", strings.Repeat("--b\n\nx\n", 200_000)),
		"many like a part":  mailOf("multipart/mixed; boundary=b", strings.Repeat("--bx\n", 300_000)),
		"many fields":       []byte(strings.Repeat("X: y\n", 300_000) + "\nz"),
		"one long field":    []byte("Subject: " + strings.Repeat("=?utf-8?Q?=C3=A1?= ", 60_000) + "\n\nz"),
		"folded field":      []byte("To: a@example.org" + strings.Repeat(",\n b@example.org", 100_000) + "\n\nz"),
		"addresses":         []byte("From: " + strings.Repeat("<", 500_000) + "\n\nz"),
		"comments":          []byte("From: " + strings.Repeat("(", 500_000) + "\n\nz"),
		"quotes in From":    []byte("From: " + strings.Repeat("\"", 300_000) + "\n\nz"),
		"half words":        []byte("Subject: " + strings.Repeat("=?", 300_000) + "\n\nz"),
		"parameters":        []byte("Content-Type: text/plain" + strings.Repeat("; a*0*=b", 100_000) + "\n\nz"),
		"uuencoded":         mailOf("text/plain", strings.Repeat("begin 644 a\n#0V%T\n", 50_000)+"end\n"),
		"uuencoded, closed": mailOf("text/plain", strings.Repeat("begin 644 a\n#0V%T\n`\nend\n", 50_000)),
		"PGP":               mailOf("text/plain", strings.Repeat("-----BEGIN PGP SIGNED MESSAGE-----\n", 30_000)),
		"bounce":            append([]byte("From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n"), strings.Repeat("<a@example.org>:\n550 5.1.1 b@example.org... no\n", 30_000)...),
		"status":            mailOf("multipart/report; report-type=delivery-status; boundary=b", "--b\nContent-Type: message/delivery-status\n\n"+strings.Repeat("\nFinal-Recipient: rfc822;a@example.org\n", 30_000)),
		"many statuses":     mailOf("multipart/report; report-type=delivery-status; boundary=b", strings.Repeat("--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.org\n", 20_000)),
		"many pictures":     mailOf("multipart/related; boundary=b", "--b\nContent-Type: text/html\n\n"+strings.Repeat("<img src='cid:x'>", 200_000)+"\n"+strings.Repeat("--b\nContent-Type: image/png\nContent-ID: <y>\n\nx\n", 3_000)),
		"bare CR":           []byte("Subject: x\r\r" + strings.Repeat("a\r", 500_000)),
		"JSON":              mailOf("text/plain", `{"notificationType":`+strings.Repeat("[", 500_000)),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			m := Read(raw, Options{})
			if took := time.Since(began); took > patience {
				t.Errorf("%d bytes took %v", len(raw), took)
			}
			checkRead(t, name, m)
			if len(m.Attachments) > maxParts {
				t.Errorf("%d attachments", len(m.Attachments))
			}
		})
	}
}

// Memory allocated for a large mail is at most three times its size.
func TestMemoryIsBounded(t *testing.T) {
	file := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("informe técnico "), 300_000))
	var lines strings.Builder
	for ; len(file) > 76; file = file[76:] {
		lines.WriteString(file[:76] + "\r\n")
	}
	for name, raw := range map[string][]byte{
		"file": mailOf("application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64", lines.String()),
		"text": mailOf("text/plain; charset=utf-8", strings.Repeat("La impresora de la oficina 302 no imprime desde ayer.\r\n", 80_000)),
		"html": mailOf("text/html; charset=utf-8", strings.Repeat("<p>La impresora de la oficina 302 no imprime.</p>\r\n", 80_000)),
		"qp":   mailOf("text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", strings.Repeat("La impresi=F3n de la oficina 302 sali=F3 mal.\r\n", 80_000)),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		m := Read(raw, Options{})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 3*uint64(len(raw)) {
			t.Errorf("%s: %d bytes allocated for a mail of %d (%.1f times)", name, used, len(raw), float64(used)/float64(len(raw)))
		}
		runtime.KeepAlive(m)
	}
}

// What is read of a long text is its beginning, up to the end of a line, and a digest tells one end from another.
func TestLongTextIsReadInPart(t *testing.T) {
	line := "La impresora de la oficina 302 no imprime desde ayer, señora Ana.\n"
	long := strings.Repeat(line, 2*maxWords/len(line))
	picture := "<img src=\"data:image/png;base64," + strings.Repeat("iVBORw0KGgo", 2*maxWords/10) + "\">"
	file := "begin 644 a.bin\n" + strings.Repeat("M"+strings.Repeat("A", 60)+"\n", 2*maxWords/61) + "`\nend\n"
	alternative := func(plain, html string) string {
		return "--b\nContent-Type: text/plain; charset=utf-8\n\n" + plain + "\n--b\nContent-Type: text/html; charset=utf-8\n\n" + html + "\n--b--\n"
	}
	inner := "Content-Type: message/rfc822\n\nFrom: luz@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n"
	for _, tt := range []struct {
		name, kind, body string
		begins           string
		whole            bool
		files            int
	}{
		{"plain", "text/plain; charset=utf-8", long, line, false, 0},
		{"one line", "text/plain; charset=utf-8", strings.Repeat("ñ", maxWords), "ñ", false, 0},
		{"UTF-16", "text/plain; charset=utf-16le", strings.ReplaceAll(strings.Repeat("Ayer no imprime.\n", maxWords/20), "", "\x00")[1:], "Ayer no imprime.\n", false, 0},
		{"HTML", "text/html; charset=utf-8", strings.ReplaceAll(long, "\n", "<br>\n"), line, false, 0},
		{"a picture in the HTML", "text/html; charset=utf-8", picture + line, line, true, 0},
		{"both", "multipart/alternative; boundary=b", alternative(long, "<p>"+long), line, false, 0},
		{"short plain, long HTML", "multipart/alternative; boundary=b", alternative(line, "<p>"+long), line, false, 0},
		{"a file in the text", "text/plain; charset=utf-8", line + file, line, true, 1},
		{"a file behind a long text", "text/plain; charset=utf-8", long + file, line, false, 1},
		{"PGP", "text/plain; charset=utf-8", "-----BEGIN PGP SIGNED MESSAGE-----\n\n" + long + "-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n", line, false, 0},
		{"many parts", "multipart/mixed; boundary=b", strings.Repeat("--b\n\n"+long[:len(long)/4]+"\n", 9) + "--b--\n", line, false, 0},
		{"a file shown in place", "multipart/mixed; boundary=b", "--b\nContent-Type: text/plain; name=a.log\nContent-Disposition: inline\n\n" + long + "\n--b\n\n" + line + "\n--b--\n", line, true, 1},
		{"files for a body", "multipart/mixed; boundary=b", strings.Repeat("--b\nContent-Type: text/plain; name=a.log\nContent-Disposition: inline\n\n"+long+"\n", 2) + "--b--\n", line, false, 2},
		{"a mail inside", "multipart/mixed; boundary=b", "--b\n" + inner + long + "\n--b--\n", "", false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := []byte("From: ana@example.org\nSubject: Fwd: x\nDate: Wed, 25 Nov 2026 09:30:00 -0500\nContent-Type: " + tt.kind + "\n\n" + tt.body)
			m := Read(raw, Options{HTML: true})
			checkRead(t, tt.name, m)
			text := m.Text
			if m.Forward != nil && text == "" {
				text = m.Forward.Text
			}
			if !strings.HasPrefix(text+"\n", tt.begins) || len(text) > maxWords+len(line) || len(text) < 50 {
				t.Errorf("%d bytes of text, %.100q", len(text), text)
			}
			if (m.Beyond == nil) != tt.whole || tt.whole != (len(m.Defects) == 0) {
				t.Errorf("digest of what follows %x, defects %q", m.Beyond, m.Defects)
			}
			if len(m.Attachments) != tt.files {
				t.Errorf("%d files", len(m.Attachments))
			}
			if !tt.whole && tt.files == 0 {
				other := Read(append(raw, "Saludos.\n"...), Options{})
				if tt.kind[:4] == "text" && (other.Text != m.Text || bytes.Equal(other.Beyond, m.Beyond)) {
					t.Error("a mail with another end reads the same")
				}
			}
		})
	}
}

// A line of a bounce may name ten thousand addresses. Of the line, what is around each is looked at, and not all of it each time.
func TestManyAddressesOnALine(t *testing.T) {
	raw := []byte("From: MAILER-DAEMON@example.org\nSubject: failure notice\n\nHi. This is the qmail-send program.\n" + strings.Repeat("<X@EXAMPLE.ORG> ", 40_000) + "\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := Read(raw, Options{})
	runtime.ReadMemStats(&after)
	if m.Class != mailbox.ClassBounce {
		t.Fatalf("read as %v", m.Class)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 100*uint64(len(raw)) {
		t.Errorf("%d bytes allocated for a mail of %d (%.1f times)", used, len(raw), float64(used)/float64(len(raw)))
	}
}

// What hostile mails have the reader do again for each part, mark or level is bounded. With time that grows with the square of the size these
// would take minutes.
func TestHostileMailsAreReadInTime(t *testing.T) {
	const head = "From: a@example.org\r\nSubject: x\r\n"
	for name, raw := range map[string]string{
		"marks that nobody closes": head + "Content-Type: text/enriched\n\n" + strings.Repeat("<param>", 1<<17),
		"reports": head + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
			strings.Repeat("--b\nContent-Type: message/delivery-status\n\n"+strings.Repeat("a: b\n", 1500)+"\n", 1900),
	} {
		if m := Read([]byte(raw), Options{}); m.Subject != "x" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	levels := head + strings.Repeat("Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n", 24) + "Subject: y\n\n" + strings.Repeat("=", 1<<20)
	m := Read([]byte(levels), Options{})
	if !slices.ContainsFunc(m.Defects, func(d string) bool { return strings.HasPrefix(d, "many encoded messages") }) {
		t.Errorf("messages in messages, decoded one after the other: %q", m.Defects)
	}
}
