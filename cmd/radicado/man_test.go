package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestManPage looks for every subcommand and flag in the manual page, and has man read it where there is one.
func TestManPage(t *testing.T) {
	t.Parallel()
	status, page, errs := say(t, "", "man")
	if status != 0 {
		t.Fatalf("man ended with %d: %s", status, errs)
	}
	parser, err := kong.New(&commands{}, kong.Name("radicado"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		if !strings.Contains(page, ".SS \""+roff(leaf.Path())) {
			t.Errorf("the page lacks %s", leaf.Path())
		}
		for _, f := range leaf.Flags {
			if !strings.Contains(page, roff("--"+f.Name)) {
				t.Errorf("the page lacks --%s of %s", f.Name, leaf.Path())
			}
		}
	}
	for line := range strings.Lines(page) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, ".") && !strings.Contains(" .TH .SH .SS .TP .ad ", " "+name+" ") {
			t.Errorf("a text is taken for a command: %s", line)
		}
	}
	if _, err := exec.LookPath("man"); err != nil {
		return
	}
	path := filepath.Join(t.TempDir(), "radicado.1")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "man", "--warnings", "--local-file", path)
	cmd.Env = append(os.Environ(), "MANWIDTH=80", "LC_ALL=C.UTF-8", "MANPAGER=cat")
	said, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(said), "warning:") || !strings.Contains(string(said), "ticket show") {
		t.Errorf("man says %v\n%s", err, said)
	}
}
