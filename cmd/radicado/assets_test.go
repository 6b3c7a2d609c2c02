package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radicado/tickets/register"
)

// settingsOf writes settings for subcommands that only need a register, and returns the file.
func settingsOf(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/good.toml")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	text := fmt.Sprintf("%s\n[register]\npath = %q\n", strings.ReplaceAll(string(data), "[register]", "[former]"), filepath.Join(folder, "register.db"))
	if strings.Contains(text, "[former]") {
		t.Fatal("the settings name a register already")
	}
	path := filepath.Join(folder, "settings.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// says runs the command line and returns its status and all that it said.
func says(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := execute(t.Context(), args, console{strings.NewReader(""), &out, &out})
	return status, out.String()
}

func TestAssetsCommands(t *testing.T) {
	config := settingsOf(t)
	folder := filepath.Dir(config)
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("equipos.csv", "Placa;Serial;Equipo;Correo;Garantía hasta\n20451;A1;Impresora;pedro@ministerio.example;31/12/2026\n30001;;Portátil;;\n")
	bad := file("malos.csv", "Placa;Serial;Garantía hasta\n40001;B1;31/12/2026\n40002;B1;mañana\n")
	exported := filepath.Join(folder, "salida.xlsx")
	reg, err := register.Open(t.Context(), filepath.Join(folder, "register.db"), register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Close(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"assets", "import", good}, 0, "2 of them new or changed. Nothing was stored"},
		{[]string{"assets", "show", "20451"}, 1, "no machine 20451"},
		{[]string{"assets", "import", "--apply", good}, 0, "2 of them new or changed, all stored"},
		{[]string{"assets", "import", "--apply", good}, 0, "0 of them new or changed, all stored"},
		{[]string{"assets", "import", "--apply", bad}, 1, "row 3, column Serial"},
		{[]string{"assets", "import", "--apply", bad}, 1, "row 3, column Garantía hasta"},
		{[]string{"assets", "show", "40001"}, 1, "no machine 40001"},
		{[]string{"assets", "show", "a1"}, 0, "pedro@ministerio.example"},
		{[]string{"assets", "list", "--holder", "pedro@ministerio.example"}, 0, "20451"},
		{[]string{"assets", "export", "-o", exported}, 0, "2 machines written"},
		{[]string{"assets", "import", "--apply", exported}, 0, "0 of them new or changed"},
		{[]string{"assets", "export", "-o", filepath.Join(folder, "salida.pdf")}, 1, "expected a name that ends in .csv or .xlsx"},
	} {
		status, said := says(t, append(step.args, "-config", config)...)
		if status != step.status || !strings.Contains(said, step.want) {
			t.Errorf("%v: status %d, want %d; said %q, want %q", step.args[:2], status, step.status, said, step.want)
		}
	}
}
