package message

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"radicado/mailbox"
)

// seeds adds the test mails.
func seeds(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no test mails: %v", err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
}

func FuzzRead(f *testing.F) {
	seeds(f)
	f.Add([]byte("\r\rSubject: x\r\ry"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\n----\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		options := Options{Own: []string{"soporte@example.org"}, HTML: len(raw)%2 == 0}
		m := Read(raw, options)
		checkRead(t, "mail", m)
		options.Files = true
		whole := Read(raw, options)
		checkRead(t, "mail with its files", whole)
		sameFiles(t, m, whole)
	})
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"=?utf-8?Q?Se=C3=B1or?= =?utf-8?B?YQ==?=", "=?iso-8859-1*es?Q?a_b?=", "=?x?B?", "Garc\xeda", "+AOk-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		s := decodeHeader(value)
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("%q became %q", value, s)
		}
		kind, params := parseParams(value)
		for name, v := range params {
			if strings.TrimSpace(decodeParam(v)) != "" && !utf8.ValidString(decodeParam(v)) {
				t.Errorf("parameter %q of %q is %q", name, kind, v)
			}
		}
		parseDate(value)
	})
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{`"Díaz, Ana" <ana@example.org>, b@example.org (Beto)`, "Grupo: a@x.org, b@x.org;", "<@a,@b:c@d.org>", `"a`, "a <b <c@d>", `"=?<"@example.org`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		list := parseAddresses(value)
		if len(list) > maxAddresses+maxAddresses {
			t.Errorf("%d addresses", len(list))
		}
		for _, a := range list {
			if !utf8.ValidString(a.Name+a.Addr) || strings.ContainsAny(a.Name+a.Addr, "\r\n\x00") {
				t.Errorf("%q gave %+v", value, a)
			}
		}
		quotedSender(value)
	})
}

func FuzzBounce(f *testing.F) {
	f.Add("Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no", "")
	f.Add("", "<a@example.org>:\n550 5.1.1 User unknown\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <1@example.org>\n")
	f.Fuzz(func(t *testing.T, fields, words string) {
		bounce, _ := readStatus([]byte(fields))
		b := body{report: report{status: []byte(fields)}}
		m := &mailbox.Message{Text: strings.ToValidUTF8(words, ""), Subject: "Undelivered Mail Returned to Sender"}
		b.complete(m, &bounce)
		for _, r := range slices.Concat(bounce.Recipients, bounce.Originals) {
			if !strings.Contains(r, "@") || r != strings.ToLower(r) || strings.ContainsAny(r, "\r\n") {
				t.Errorf("recipient %q", r)
			}
		}
		if s := bounce.Status; s != "" && (s[0] != '4' && s[0] != '5' || strings.Count(s, ".") != 2) {
			t.Errorf("status %q", s)
		}
	})
}

func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nSUMMARY:Reuni\\, x\nDTSTART;TZID=America/Bogota:20251103T101200\nEND:VEVENT\nEND:VCALENDAR\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c := parseCalendar(s); strings.ContainsAny(c.Summary+c.Method, "\r\n") {
			t.Errorf("%+v", c)
		}
	})
}
