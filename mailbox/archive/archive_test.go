package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// write makes an mbox of a text.
func write(t interface {
	Fatal(...any)
	Helper()
}, folder, text string) string {
	t.Helper()
	path := filepath.Join(folder, "mbox")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mails reads a whole archive.
func mails(path string, limit int64) (raws []string, times []time.Time, err error) {
	for e, err := range MBox(path) {
		if err != nil {
			return raws, times, err
		}
		raw, _, err := e.Load(limit)
		if err != nil {
			return raws, times, err
		}
		raws, times = append(raws, string(raw)), append(times, e.At)
	}
	return raws, times, nil
}

func TestMBox(t *testing.T) {
	const from = "From ana@min.example Mon Nov 23 10:00:00 2026\n"
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":                         {"", nil},
		"one":                             {from + "Subject: a\n\nHola.\n\n", []string{"Subject: a\n\nHola.\n"}},
		"one without an end":              {from + "Subject: a\n\nHola.", []string{"Subject: a\n\nHola."}},
		"two":                             {from + "Subject: a\n\nHola.\n\n" + from + "Subject: b\n\nAdiós.\n", []string{"Subject: a\n\nHola.\n", "Subject: b\n\nAdiós.\n"}},
		"with CRLF":                       {strings.ReplaceAll(from+"Subject: a\n\nHola.\n\n"+from+"Subject: b\n\n>From mí.\n\n", "\n", "\r\n"), []string{"Subject: a\r\n\r\nHola.\r\n", "Subject: b\r\n\r\nFrom mí.\r\n"}},
		"quoted lines":                    {from + "S: a\n\n>From aquí\n>>From allá\n> From lejos\n\n", []string{"S: a\n\nFrom aquí\n>From allá\n> From lejos\n"}},
		"an unquoted line":                {from + "S: a\n\nHola.\n\nFrom now on it works.\n\n" + from + "S: b\n\n", []string{"S: a\n\nHola.\n\nFrom now on it works.\n", "S: b\n"}},
		"no empty line before it":         {from + "S: a\n\nHola.\n" + from + "más\n", []string{"S: a\n\nHola.\n" + from + "más\n"}},
		"a line longer than any buffer":   {from + "S: a\n\n" + strings.Repeat("x", 1<<17) + "From a Mon Nov 23 10:00:00 2026\n\n" + from + "S: b\n", []string{"S: a\n\n" + strings.Repeat("x", 1<<17) + "From a Mon Nov 23 10:00:00 2026\n", "S: b\n"}},
		"a mail of nothing":               {from + "\n" + from + "S: b\n", []string{"", "S: b\n"}},
		"Thunderbird's line":              {"From - Mon Nov 23 10:00:00 2026\nS: a\n", []string{"S: a\n"}},
		"a zone before and behind a year": {"From a Mon Nov 23 10:00:00 COT 2026\nS: a\n\nFrom a Mon Nov  3 10:00:00 2026 -0500\nS: b\n", []string{"S: a\n", "S: b\n"}},
		"without seconds":                 {"From a Mon Nov 23 10:00 2026\nS: a\n", []string{"S: a\n"}},
		"a broken mail":                   {from + "\x00\xff no header at all\n\n", []string{"\x00\xff no header at all\n"}},
	} {
		got, _, err := mails(write(t, t.TempDir(), tt.text), 1<<20)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
	for name, text := range map[string]string{"a text": "Buenos días.\n", "an empty line first": "\n" + from + "S: a\n"} {
		if _, _, err := mails(write(t, t.TempDir(), text), 1<<20); !errors.Is(err, ErrNoArchive) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := mails(filepath.Join(t.TempDir(), "none"), 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestMBoxTimes(t *testing.T) {
	text := "From a Mon Nov 23 10:00:00 2026\nS: a\n\nFrom a Mon Nov 23 10:00:00 2026 -0500\nS: b\n\nFrom a Mon Feb 31 10:00:00 2026\nS: c\n"
	_, times, err := mails(write(t, t.TempDir(), text), 1<<20)
	want := []time.Time{time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), {}}
	if err != nil || !slices.EqualFunc(times, want, time.Time.Equal) {
		t.Errorf("times %v, %v", times, err)
	}
}

func TestTooLargeIsReadToItsHeader(t *testing.T) {
	path := write(t, t.TempDir(), "From a Mon Nov 23 10:00:00 2026\nSubject: grande\n\n"+strings.Repeat("largo\n", 1000))
	for e, err := range MBox(path) {
		if err != nil {
			t.Fatal(err)
		}
		raw, truncated, err := e.Load(100)
		if err != nil || !truncated || string(raw) != "Subject: grande\n\n" {
			t.Errorf("read %q, %v, %v", raw, truncated, err)
		}
		if err := os.Truncate(path, 60); err != nil { // somebody writes to the archive meanwhile
			t.Fatal(err)
		}
		if _, _, err := e.Load(1 << 20); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("read what is gone: %v", err)
		}
	}
}

// TestMBoxGivesBackWhatWasWritten writes any mails the mboxrd way.
func TestMBoxGivesBackWhatWasWritten(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.SampledFrom([]string{"", "From ", ">From x", "Hola", "From a Mon Nov 23 10:00:00 2026", ">>From", "Subject: x", "\x00\xff"})
		var want []string
		var text strings.Builder
		for range rapid.IntRange(1, 5).Draw(rt, "mails") {
			mail := strings.Join(rapid.SliceOfN(line, 1, 8).Draw(rt, "lines"), "\n") + "\n"
			want = append(want, mail)
			text.WriteString("From a Mon Nov 23 10:00:00 2026\n")
			for l := range strings.Lines(mail) {
				if strings.HasPrefix(strings.TrimLeft(l, ">"), "From ") {
					l = ">" + l
				}
				text.WriteString(l)
			}
			text.WriteString("\n")
		}
		got, _, err := mails(write(rt, folder, text.String()), 1<<20)
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("got %q, %v; want %q", got, err, want)
		}
	})
}

func FuzzMBox(f *testing.F) {
	f.Add([]byte("From a Mon Nov 23 10:00:00 2026\nS: a\n\nHola.\n\nFrom b Mon Nov 23 10:00:00 2026\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := write(t, t.TempDir(), string(text))
		last := int64(0)
		for e, err := range MBox(path) {
			if err != nil {
				return
			}
			if e.Offset < last || e.Length < 0 || e.End() > int64(len(text)) {
				t.Fatalf("a mail from %d of %d bytes, after %d, in %d", e.Offset, e.Length, last, len(text))
			}
			last = e.End()
			if _, _, err := e.Load(1 << 20); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestMaildir(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"cur/1700000002.M1.host:2,S": "Subject: dos\n\n>From tal cual\n", "new/1700000001.M1.host": "Subject: uno\n\n", "cur/raro": "Subject: tres\n\n", "cur/.oculto": "no",
		"tmp/1700000000.half": "no",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "cur", "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range Maildir(folder) {
		if err != nil {
			t.Fatal(err)
		}
		raw, truncated, err := e.Load(1 << 20)
		if err != nil || truncated || e.At.IsZero() {
			t.Errorf("%+v: %v", e, err)
		}
		at := ""
		if e.At.Year() == 2023 {
			at = fmt.Sprint(e.At.Unix(), " ")
		}
		got = append(got, at+string(raw))
	}
	if want := []string{"1700000001 Subject: uno\n\n", "1700000002 Subject: dos\n\n>From tal cual\n", "Subject: tres\n\n"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, err := range Maildir(filepath.Join(folder, "cur")) {
		if !errors.Is(err, ErrNoArchive) {
			t.Errorf("a folder of another kind: %v", err)
		}
	}
}
