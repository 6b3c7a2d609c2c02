package show

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"radicado/mailbox"
)

func TestJSONHasWhatProgramsRelyOn(t *testing.T) {
	m := &mailbox.Message{
		Subject: "Impresora", From: mailbox.Address{Name: "Ana", Addr: "ana@example.org"}, Text: "Hola\n-- \nAna", NewText: "Hola",
		Cuts:        []mailbox.Cut{{Kind: "signature", Rule: "the line before a signature", Text: "-- \nAna"}},
		Attachments: []mailbox.Attachment{{Name: "a.png", Type: "image/png", Size: 3, Inline: true, Content: []byte("abc")}},
		Class:       mailbox.ClassPerson, ClassReason: "nothing marks it as automatic",
	}
	line, err := JSON("x.eml", m)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsRune(line, '\n') {
		t.Errorf("more than one line: %s", line)
	}
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"file": "x.eml", "subject": "Impresora", "from": "ana@example.org", "text": m.Text, "new_text": "Hola", "class": "human", "forward": nil} {
		if value, ok := got[key]; !ok || value != want {
			t.Errorf("%s is %v, want %v", key, value, want)
		}
	}
	if defects, ok := got["defects"].([]any); !ok || len(defects) != 0 {
		t.Errorf("defects are %v, want an empty list", got["defects"])
	}
}

func TestJSONOfABounceAndAForward(t *testing.T) {
	m := &mailbox.Message{
		Class:   mailbox.ClassBounce,
		Bounce:  &mailbox.Bounce{Recipients: []string{"x@example.org"}, Status: "5.1.1", Permanent: true, MessageID: "1@example.org"},
		Forward: &mailbox.Forward{From: mailbox.Address{Addr: "f@example.org"}, Text: "Ayuda"},
	}
	line, err := JSON("x.eml", m)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"recipients":["x@example.org"]`, `"status":"5.1.1"`, `"permanent":true`, `"message_id":"1@example.org"`, `"from":"f@example.org"`, `"class":"bounce"`} {
		if !strings.Contains(string(line), want) {
			t.Errorf("%s is not in %s", want, line)
		}
	}
}

func TestPeopleSeeWhatWasCutAndWhy(t *testing.T) {
	m := &mailbox.Message{
		Subject: "Impresora\x1b[31m", From: mailbox.Address{Addr: "ana@example.org"}, NewText: "Hola", Class: mailbox.ClassPerson, ClassReason: "nothing marks it as automatic",
		Cuts: []mailbox.Cut{{Kind: "quote", Rule: "a quote at the end", Text: "> antes"}},
	}
	var out strings.Builder
	if err := People(&out, m); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"person: nothing marks it as automatic", "What was said now\nHola", "Cut, quote: a quote at the end\n> antes"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Error("a mail can drive the terminal")
	}
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPeopleReportsWhereItCannotWrite(t *testing.T) {
	if err := People(full{}, &mailbox.Message{Subject: "x"}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
