package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
)

// payloads try to become something else than text wherever they end up.
var injected = map[string]string{
	"a header":            "x\r\nBcc: eva@otra.example\r\nX-Radicado-Inject: 1",
	"a header, bare LF":   "x\nBcc: eva@otra.example",
	"a header, bare CR":   "x\rBcc: eva@otra.example",
	"a Unicode line end":  "x\u2028Bcc: eva@otra.example\u0085X-Radicado-Inject: 1",
	"HTML":                `<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>`,
	"an attribute":        `" onmouseover="alert(1)" style="position:fixed`,
	"CSS":                 `</style><style>*{display:none}</style>;background:url(https://otra.example/x)`,
	"a template":          `{{.Settings}} {{template "layout"}} ${7*7} <%= 7*7 %>`,
	"SQL":                 `x'; DROP TABLE tickets; -- " OR 1=1`,
	"FTS":                 `"x NEAR/5 public:secreto* OR internal:a ) AND NOT (`,
	"a terminal sequence": "x\x1b[2J\x1b]0;roto\x07\x9b31m",
	"a log line":          "x\ntime=2026-11-23T00:00:00Z level=ERROR msg=\"falso\"",
	"a path":              `../../../../etc/passwd`,
	"a mailto":            `x?bcc=eva@otra.example&body=hola%0D%0ABcc:%20eva`,
	"a format":            "%s%n%!d(MISSING)",
	"bidi":                "\u202Egpj.exe\u2066",
	"a command":           "#cerrar #prioridad alta",
}

var (
	mailtoLinks = regexp.MustCompile(`href="([^"]*)"`)
	logLine     = regexp.MustCompile(`^time=\S+ level=\S+ msg=`)
)

// TestInjectByMail sends each payload as subject, name, text, file name and argument, and looks at everything that comes out.
func TestInjectByMail(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	sent := 0
	for name, payload := range injected {
		encoded := "=?utf-8?b?" + base64Of(payload) + "?="
		raw := o.pedro.Write(o.desk.Addr, "x", payload, mailtest.Attach("x.txt", "text/plain", []byte("x")))
		raw = bytes.Replace(raw, []byte("Subject: x"), []byte("Subject: "+encoded), 1)
		raw = bytes.ReplaceAll(raw, []byte("x.txt"), []byte(encoded))
		raw = regexp.MustCompile(`(?m)^From: [^<]*<`).ReplaceAll(raw, []byte("From: "+encoded+" <"))
		if !bytes.Contains(raw, []byte("Subject: "+encoded)) {
			t.Fatalf("%s: the mail has no such subject:\n%s", name, raw)
		}
		o.submit(o.pedro, raw)
		sent++
	}
	o.until("all to be registered", func() bool { return o.tickets() == sent })
	o.gets(o.pedro, sent)
	o.gets(o.marta, sent)
	for i := range sent {
		number := o.number(i + 1)
		o.submit(o.marta, o.marta.Write(o.desk.Addr, fmt.Sprintf("[%s] #nota %s", number, injected["HTML"]), ""))
	}
	for name, payload := range injected {
		// Two that fold to the same words within a second would be one order that came twice.
		word := "=?utf-8?b?" + base64Of("#buscar "+name+" "+payload) + "?="
		o.submit(o.marta, bytes.Replace(o.marta.Write(o.desk.Addr, "x", ""), []byte("Subject: x"), []byte("Subject: "+word), 1))
	}
	o.gets(o.marta, 3*sent)
	for _, p := range []mailtest.Person{o.pedro, o.marta} {
		for _, raw := range o.world.list(t, p.Addr, "INBOX") {
			checkNotice(t, o, raw)
		}
	}
	for n := 1; n <= sent; n++ {
		if got := o.ticket(n); got.State != tickets.Registered || got.Priority != tickets.Unassessed {
			t.Errorf("request %d was changed to %s, %q", n, got.State, got.Priority)
		}
		for _, args := range [][]string{{"ticket", "show", string(o.number(n))}, {"ticket", "show", "--json", string(o.number(n))}} {
			out, failed, status := o.ask(args...)
			checkTerminal(t, strings.Join(args, " "), out+failed)
			if status != 0 {
				t.Errorf("%v: %s", args, failed)
			}
		}
	}
	out, failed, _ := o.ask("ticket", "list")
	checkTerminal(t, "ticket list", out+failed)
	if lines := strings.Count(out, "\n"); lines != sent+1 {
		t.Errorf("the list of %d requests has %d lines", sent, lines)
	}
	for line := range strings.Lines(o.logs.String()) {
		if !logLine.MatchString(line) || strings.Contains(line, "falso") && strings.Contains(line, "level=ERROR") {
			t.Errorf("somebody wrote into the log: %q", line)
		}
		checkTerminal(t, "the log", strings.TrimSuffix(line, "\n"))
	}
	checkFolder := func(folder string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "register.db") && e.Name() != "key" && e.Name() != "settings.toml" && e.Name() != "password" {
				t.Errorf("a mail made the file %s", filepath.Join(folder, e.Name()))
			}
		}
	}
	checkFolder(o.folder)
	o.sound()
}

// checkNotice reads a notice as a client does: nothing that somebody wrote has become a field, an element or an address.
func checkNotice(t *testing.T, o *office, raw []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("a notice cannot be read: %v\n%s", err, raw)
	}
	for _, name := range []string{"Bcc", "Cc", "X-Radicado-Inject"} {
		if m.Header.Get(name) != "" {
			t.Errorf("a notice has %s %q", name, m.Header.Get(name))
		}
	}
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id", "Content-Type"} {
		if n := len(m.Header[name]); n != 1 {
			t.Errorf("a notice has %d %s fields", n, name)
		}
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || !strings.HasSuffix(to[0].Address, o.run+"@ministerio.example") {
		t.Errorf("a notice goes to %q, %v", m.Header.Get("To"), err)
	}
	page := mailtest.TextOf(raw, "text/html")
	for _, bad := range []string{"<script", "<img", "onerror=\"", "onmouseover=\"", "javascript:alert(1)\"", "<style>*", "style=\"position"} {
		if strings.Contains(strings.ToLower(page), bad) {
			t.Errorf("the HTML of a notice has %s:\n%s", bad, page)
		}
	}
	for _, link := range mailtoLinks.FindAllStringSubmatch(page, -1) {
		target, err := url.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
		if err != nil || target.Scheme != "mailto" || !strings.EqualFold(target.Opaque, o.desk.Addr) {
			t.Errorf("a link leads to %q", link[1])
			continue
		}
		query := target.Query()
		if delete(query, "subject"); len(query) > 0 || strings.ContainsAny(target.Query().Get("subject"), "\r\n") {
			t.Errorf("a link has more than a subject: %q", link[1])
		}
	}
}

// checkTerminal looks for what commands a terminal.
func checkTerminal(t *testing.T, where, text string) {
	t.Helper()
	if at := strings.IndexFunc(text, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}); at >= 0 {
		t.Errorf("%s prints a control character: %q", where, text[max(0, at-30):min(len(text), at+30)])
	}
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
