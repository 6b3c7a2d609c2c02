package main

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBadSettings reads every file of testdata/bad; each says in comments what must be said about it.
func TestBadSettings(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad settings to read: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, err := readSettings(path)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range wanted(t, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("nothing says %q; said:\n%v", want, err)
				}
			}
		})
	}
}

func wanted(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list []string
	for s := bufio.NewScanner(file); s.Scan(); {
		if want, ok := strings.CutPrefix(s.Text(), "# want: "); ok {
			list = append(list, want)
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s says nothing of what is wrong with it", path)
	}
	return list
}

func TestGoodSettings(t *testing.T) {
	data, err := os.ReadFile("testdata/good.toml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseSettings("good.toml", append([]byte("\xef\xbb\xbf"), data...))
	if err != nil {
		t.Fatal(err)
	}
	m := s.mailboxes[0]
	if m.section.TLS != "implicit" || m.maxSize != 50<<20 || m.timeout != time.Minute || m.section.Env != "RADICADO_IMAP_PASSWORD" {
		t.Errorf("the defaults of a mailbox are %+v", m)
	}
	if s.giveUpAfter != 5*24*time.Hour || s.location.String() != "America/Bogota" || s.policy.ReopenDays != 5 {
		t.Errorf("the defaults are %+v", s)
	}
}

// TestExampleSettings keeps config.example.toml true: it is valid and names every key.
func TestExampleSettings(t *testing.T) {
	path := "../../config.example.toml"
	if _, err := readSettings(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range settingKeys() {
		if !strings.Contains(string(data), key+" = ") {
			t.Errorf("the example does not name %s", key)
		}
	}
}

func TestSecret(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := func(name string) string {
		return map[string]string{"PASS": "from env", "CREDENTIALS_DIRECTORY": folder}[name]
	}
	write("imap", "from credential\n")
	tests := []struct {
		name, want, problem string
		keys                secretKeys
	}{
		{"environment", "from env", "", secretKeys{Env: "PASS"}},
		{"credential", "from credential", "", secretKeys{Credential: "imap"}},
		{"file with a Windows line end", "from file", "", secretKeys{File: write("win", "from file\r\nmore")}},
		{"empty environment", "", "NOPASS is empty", secretKeys{Env: "NOPASS"}},
		{"empty file", "", "is empty", secretKeys{File: write("empty", "")}},
		{"no file", "", "no such file", secretKeys{File: filepath.Join(folder, "none")}},
		{"nowhere", "", "no password", secretKeys{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := secret{tt.keys, env}.read(context.Background())
			if got != tt.want || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("read() = %q, %v; want %q, an error with %q", got, err, tt.want, tt.problem)
			}
		})
	}
}

// TestCredentialByHand reads a credential where systemd hands none over.
func TestCredentialByHand(t *testing.T) {
	s := secret{secretKeys{Credential: "imap-password"}, func(string) string { return "" }}
	for name, read := range map[string]func() (string, error){
		"a password": func() (string, error) { return s.read(t.Context()) },
		"a file":     s.readAll,
	} {
		_, err := read()
		for _, want := range []string{"systemd-run --pipe --wait -p User=radicado -p LoadCredential=imap-password:/etc/radicado/credentials/imap-password radicado", "in its unit"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: nothing says %q: %v", name, want, err)
			}
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	for _, path := range []string{"testdata/good.toml", "testdata/bad/values.toml", "testdata/bad/unknown.toml"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSettings("fuzz.toml", data)
		if (s == nil) == (err == nil) {
			t.Errorf("parseSettings returned %v and %v", s, err)
		}
	})
}

// settingKeys lists the keys of the settings without their sections, each once.
func settingKeys() []string {
	var keys []string
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return
		}
		for _, f := range reflect.VisibleFields(t) {
			name := f.Tag.Get("toml")
			if f.Type.Kind() != reflect.Struct && name != "" && (f.Type.Kind() != reflect.Slice || f.Type.Elem().Kind() != reflect.Struct) && !slices.Contains(keys, name) {
				keys = append(keys, name)
			}
			if name != "" {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[settingsFile]())
	return keys
}
