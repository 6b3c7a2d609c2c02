package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/mailbox/message"
	"radicado/tickets"
	"radicado/tickets/command"
	"radicado/tickets/register"
)

// TestReparse reads again what a daemon has just read, then what an imagined older version read otherwise.
func TestReparse(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	o.extra = `max_size = "100KB"`
	o.start()
	config := filepath.Join(o.folder, "settings.toml")
	o.writes(o.pedro, "Impresora", "No imprime.", mailtest.Attach("foto.png", "image/png", []byte("\x89PNG")))
	o.gets(o.pedro, 1)
	o.writes(o.pedro, "Video", "Adjunto.", mailtest.Attach("video.mp4", "video/mp4", make([]byte, 200<<10)))
	o.gets(o.pedro, 2)
	o.answers(o.marta, 1, "#prioridad alta #asignar Ana", "")
	o.answers(o.marta, 1, "#cerar", "")
	w.append(t, o.desk.Addr, []byte("\r\nSin encabezado.\r\n"))
	o.holds("INBOX", 0)
	status, out, errs := say(t, "", "reparse", "-c", config)
	if status != 0 || !strings.Contains(out, "5 as before, 0 otherwise") {
		t.Errorf("what was just read: %d\n%s%s", status, out, errs)
	}
	o.stop()
	o.alter(`UPDATE messages SET subject = 'Impresora ' || char(27), text = 'No imprime.' || char(10) || 'Cordialmente', said = 0, from_name = 'P.' WHERE id = 1`)
	o.alter(`UPDATE messages SET class = 'auto-reply', subject = 'Re: #prioridad alta' WHERE id = 3`)
	o.alter(`UPDATE arrivals SET state = 'quarantined', reason = 'the reader failed: planted', message = NULL WHERE id = 4`)
	before, err := os.ReadFile(filepath.Join(o.folder, "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	status, out, errs = say(t, "", "reparse", "-c", config)
	for _, want := range []string{"message 1 of " + string(o.number(1)), "Cordialmente", "was  auto-reply\n    now  person", "the reader failed: planted", "sender       1", "commands     1", "3 otherwise"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q: %d\n%s%s", want, status, out, errs)
		}
	}
	if status != 0 || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, or an escape reaches the terminal: %q", status, out)
	}
	status, out, _ = say(t, "", "reparse", "-c", config, "--json", "--limit", "1")
	var first reread
	var last map[string]reparsed
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || len(lines) != 2 || json.Unmarshal([]byte(lines[0]), &first) != nil || json.Unmarshal([]byte(lines[1]), &last) != nil {
		t.Fatalf("reparse --json: %d\n%s", status, out)
	}
	if first.Message != 1 || len(first.Differences) != 3 || last["summary"].Different != 3 || last["summary"].Fields["text"] != 1 {
		t.Errorf("reparse --json said %+v and %+v", first, last)
	}
	after, err := os.ReadFile(filepath.Join(o.folder, "register.db"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the register was changed: %v", err)
	}
}

func TestCompareMessages(t *testing.T) {
	grammar := command.New("SS")
	raw := "From: Ana <ana@min.example>\r\nSubject: Re: [SS-2026-000001] Red #cerrar\r\nMessage-ID: <a@x>\r\n\r\nHola.\r\n"
	now := message.Read([]byte(raw), message.Options{})
	same := register.Message{From: now.From, Subject: now.Subject, MessageID: "a@x", Class: now.Class, Text: now.NewText, Defects: now.Defects}
	for name, tt := range map[string]struct {
		stored recorded
		want   string // the field that differs
	}{
		"nothing":               {recorded{}, ""},
		"refused as it is read": {recorded{commands: []string{"#cerrar"}}, ""},
		"a word that was known": {recorded{commands: []string{"#abrir"}}, "commands"},
		"no files then and now": {recorded{hasFiles: true}, ""},
		"a file is gone":        {recorded{hasFiles: true, files: []tickets.File{{Name: "a.png"}}}, "attachments"},
		"no longer a bounce":    {recorded{failed: []string{"x@min.example"}}, "bounce"},
	} {
		var fields []string
		for _, d := range compareMessages(same, tt.stored, now, grammar) {
			fields = append(fields, d.Field)
		}
		if got := strings.Join(fields, " "); got != tt.want {
			t.Errorf("%s: %q differs, want %q", name, got, tt.want)
		}
	}
	other := same
	other.From = mailbox.Address{Name: "Anna", Addr: now.From.Addr}
	if got := compareMessages(other, recorded{}, now, grammar); len(got) != 1 || got[0] != (difference{"sender", other.From.String(), now.From.String()}) {
		t.Errorf("another name: %+v", got)
	}
}
