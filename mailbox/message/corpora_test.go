package message

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
)

// sample is one mail of the shared collections: mails by other people, which are no part of this repository.
type sample struct {
	path string
	raw  []byte
}

// corpusFolder returns where the collections are: RADICADO_CORPORA, or shared/corpora/open beside a folder above this one.
func corpusFolder(t testing.TB) string {
	t.Helper()
	if folder := os.Getenv("RADICADO_CORPORA"); folder != "" {
		return folder
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		folder := filepath.Join(dir, "shared", "corpora", "open")
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no collections of mails: set RADICADO_CORPORA to their folder")
		}
		dir = up
	}
}

func corpus(t testing.TB) []sample {
	t.Helper()
	var mails []sample
	err := filepath.WalkDir(corpusFolder(t), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".eml") {
			return err
		}
		raw, err := os.ReadFile(path)
		mails = append(mails, sample{path, raw})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) == 0 {
		t.Fatal("the folder of the collections holds no mails")
	}
	return mails
}

// TestCorpora reads every mail of the collections whole and without its body: none trips the reader, none takes long, and
// whatever has words comes out with words or files. What is read out of them is for the scorer to judge.
func TestCorpora(t *testing.T) {
	for _, mail := range corpus(t) {
		began := time.Now()
		m := Read(mail.raw, Options{})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: took %v", mail.path, took)
		}
		checkRead(t, mail.path, m)
		if hasBody(mail.raw) && strings.TrimSpace(m.Text) == "" && len(m.Attachments) == 0 && m.Class == mailbox.ClassPerson && len(m.Defects) == 0 {
			t.Errorf("%s: nothing was read and nothing is said to be wrong", mail.path)
		}
		header, _, _ := strings.Cut(strings.ReplaceAll(string(mail.raw), "\r\n", "\n"), "\n\n")
		checkRead(t, mail.path+" (header)", Read([]byte(header), Options{}))
	}
}

// hasBody reports whether anything stands behind the header but MIME and HTML without words.
func hasBody(raw []byte) bool {
	_, body := splitHeader(raw, func(string) {})
	words := 0
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "--") && !strings.Contains(line, ": ") && !strings.HasPrefix(line, "<") {
			words += len(line)
		}
	}
	return words > 200
}
