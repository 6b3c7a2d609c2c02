package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"radicado/tickets"
	"radicado/tickets/command"
)

// manual reads a page of the manual.
func manual(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "manual", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manualPages reads every page, by name.
func manualPages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "docs", "manual", "*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d pages: %v", len(paths), err)
	}
	pages := map[string]string{}
	for _, p := range paths {
		pages[filepath.Base(p)] = manual(t, filepath.Base(p))
	}
	return pages
}

// TestManualNamesEveryCommand looks for each word of the grammar in the coordinator's table, and reads every command that any page
// shows as the daemon would.
func TestManualNamesEveryCommand(t *testing.T) {
	t.Parallel()
	table := manual(t, "coordinador.md")
	for _, verb := range tickets.Verbs() {
		for _, word := range command.Words(verb) {
			if !strings.Contains(table, "| `#"+word+"` ") {
				t.Errorf("docs/manual/coordinador.md has no #%s in its tables", word)
			}
		}
	}
	grammar := command.New("SS")
	shown := regexp.MustCompile("`([^`\n]*#[^`\n]*)`|Asunto: (.*#.*)")
	for name, page := range manualPages(t) {
		for _, m := range shown.FindAllStringSubmatch(page, -1) {
			subject := m[1] + m[2]
			for _, c := range grammar.Read(subject).Commands {
				if c.Verb == "" {
					t.Errorf("%s shows %q, and #%s is no command", name, subject, c.Word)
				}
			}
		}
	}
}

// setting is a key as the manual must name it.
type setting struct{ section, key, value string }

// keysOf lists the keys of a section with their defaults in TOML.
func keysOf(t *testing.T, section, prefix string, v reflect.Value) (list []setting) {
	t.Helper()
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		key := field.Tag.Get("toml")
		switch {
		case field.Anonymous:
			list = append(list, keysOf(t, section, prefix, value)...)
		case value.Kind() == reflect.Struct:
			list = append(list, keysOf(t, section, prefix+key+".", value)...)
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			list = append(list, keysOf(t, "["+section+"."+key+"]", "", reflect.New(value.Type().Elem()).Elem())...)
		default:
			if value.Kind() == reflect.Slice && value.IsNil() {
				value = reflect.MakeSlice(value.Type(), 0, 0)
			}
			text, err := toml.Marshal(map[string]any{"v": value.Interface()})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, setting{section, prefix + key, strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(string(text), "v = ")), "'", `"`)})
		}
	}
	return list
}

// allSettings lists every key of the settings file; sections of which there may be several stand in double brackets.
func allSettings(t *testing.T) (list []setting) {
	t.Helper()
	file := reflect.ValueOf(defaultSettings())
	for i := range file.NumField() {
		section, value := file.Type().Field(i).Tag.Get("toml"), file.Field(i)
		if value.Kind() == reflect.Slice {
			section, value = "["+section+"]", reflect.New(value.Type().Elem()).Elem()
			if section == "[mailbox]" {
				value = reflect.ValueOf(defaultMailbox())
			}
		}
		list = append(list, keysOf(t, section, "", value)...)
	}
	return list
}

// TestManualNamesEverySetting compares the tables of ajustes.md with the settings: no key is missing, none is invented, and
// each has the default that the program has.
func TestManualNamesEverySetting(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("^\\| `([a-z_.]+)` \\| (?:`([^`]*)`)? *\\|")
	var said []setting
	section := ""
	for line := range strings.Lines(manual(t, "ajustes.md")) {
		if heading, ok := strings.CutPrefix(line, "## `["); ok {
			section, _, _ = strings.Cut(heading, "]`")
		} else if m := row.FindStringSubmatch(line); m != nil {
			said = append(said, setting{section, m[1], m[2]})
		}
	}
	wanted := allSettings(t)
	for _, s := range wanted {
		if !slices.Contains(said, s) {
			t.Errorf("docs/manual/ajustes.md lacks under [%s] the row | `%s` | `%s` |", s.section, s.key, s.value)
		}
	}
	for _, s := range said {
		if !slices.Contains(wanted, s) {
			t.Errorf("docs/manual/ajustes.md names [%s] %s with the default %s, which the program does not have", s.section, s.key, s.value)
		}
	}
}

// leaves lists the subcommands that do something, such as "ticket list".
func leaves(node *kong.Node) (list []string) {
	for _, leaf := range node.Leaves(true) {
		list = append(list, strings.TrimPrefix(leaf.Path(), node.Name+" "))
	}
	return list
}

// TestManualNamesEverySubcommand looks for each subcommand in the administrator's table, and for each that a page shows in the
// program.
func TestManualNamesEverySubcommand(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Name("radicado"))
	if err != nil {
		t.Fatal(err)
	}
	table, known := manual(t, "administrador.md"), leaves(parser.Model.Node)
	for _, path := range known {
		if row := "| `radicado " + path + "` |"; !strings.Contains(table, row) {
			t.Errorf("docs/manual/administrador.md lacks the row %s", row)
		}
	}
	shown := regexp.MustCompile("(?m)(?:`|^    )radicado ([a-z]+(?: [a-z]+)*)")
	for name, page := range manualPages(t) {
		for _, m := range shown.FindAllStringSubmatch(page, -1) {
			if !slices.ContainsFunc(known, func(path string) bool { return strings.HasPrefix(m[1]+" ", path+" ") }) {
				t.Errorf("%s shows radicado %s, which there is not", name, m[1])
			}
		}
	}
}

// TestManualPutsPasswordsWhereTheUnitLooks compares where the pages for administrators keep passwords with what the unit hands over.
func TestManualPutsPasswordsWhereTheUnitLooks(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("../../packaging/radicado.service")
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`/etc/radicado/[\w/-]*password`)
	for _, page := range []string{"administrador.md", "../operations.md"} {
		found := place.FindAllString(manual(t, page), -1)
		if len(found) == 0 {
			t.Errorf("%s says nothing of passwords", page)
		}
		for _, path := range found {
			if !strings.Contains(string(unit), "LoadCredential="+filepath.Base(path)+":"+path+"\n") {
				t.Errorf("%s names %s, and the unit does not hand it over", page, path)
			}
		}
	}
}
