// Package procedure reads the files in which a ministry keeps its instructions (TOML) and its first-level solutions
// (Markdown). Built-in ones serve until there are others. It must not know what is done with them.
package procedure

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"radicado/tickets"
)

//go:embed es
var builtIn embed.FS

// instructionFile is an instruction as it stands in a file.
type instructionFile struct {
	Title   string     `toml:"titulo"`
	Aliases []string   `toml:"alias"`
	Inform  []string   `toml:"informar"`
	Steps   []stepFile `toml:"paso"`
}

type stepFile struct {
	Text   string   `toml:"texto"`
	Role   string   `toml:"responsable"`
	Inform []string `toml:"informar"`
}

// Instructions returns the built-in instructions and those of the folder, where not "", by name. A file takes the place of the
// built-in one of the same name. The error names every file that is wrong.
func Instructions(folder string) ([]tickets.Instruction, error) {
	files, err := gather("es/instructivos", folder, ".toml")
	if err != nil {
		return nil, err
	}
	var list []tickets.Instruction
	var errs []error
	taken := map[string]string{}
	for _, f := range files {
		in, err := readInstruction(f)
		for _, name := range append([]string{in.Name, in.Title}, in.Aliases...) {
			if other, again := taken[tickets.Fold(name)]; again && other != f.path {
				err = errors.Join(err, fmt.Errorf("%s: the name %q is that of %s too", f.path, name, other))
			}
			taken[tickets.Fold(name)] = f.path
		}
		errs = append(errs, err)
		list = append(list, in)
	}
	return list, errors.Join(errs...)
}

func readInstruction(f file) (tickets.Instruction, error) {
	in := tickets.Instruction{Name: f.name}
	var read instructionFile
	err := toml.NewDecoder(bytes.NewReader(f.text)).DisallowUnknownFields().Decode(&read)
	if err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return in, fmt.Errorf("%s: unknown key:\n%s", f.path, strict.String())
		}
		return in, fmt.Errorf("%s: %w", f.path, err)
	}
	in.Title, in.Aliases, in.Inform = strings.TrimSpace(read.Title), read.Aliases, read.Inform
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", f.path, fmt.Sprintf(format, args...)))
	}
	if in.Title == "" {
		wrong("titulo: found nothing, expected the name that people read")
	}
	if len(read.Steps) == 0 {
		wrong("found no [[paso]], expected at least one")
	}
	addresses := slices.Clone(read.Inform)
	for i, s := range read.Steps {
		if strings.TrimSpace(s.Text) == "" {
			wrong("paso %d: texto: found nothing, expected what is to be done", i+1)
		}
		addresses = append(addresses, s.Inform...)
		in.Steps = append(in.Steps, tickets.Step{Text: strings.TrimSpace(s.Text), Role: strings.TrimSpace(s.Role), Inform: s.Inform})
	}
	for _, a := range addresses {
		if parsed, err := mail.ParseAddress(a); err != nil || parsed.Address != a {
			wrong("informar: found %q, expected a mail address", a)
		}
	}
	return in, errors.Join(errs...)
}

// Articles returns the built-in articles and those of the folder, where not "", by name, as Instructions does.
func Articles(folder string) ([]tickets.Article, error) {
	files, err := gather("es/articulos", folder, ".md")
	if err != nil {
		return nil, err
	}
	var list []tickets.Article
	var errs []error
	for _, f := range files {
		a, err := readArticle(f)
		list, errs = append(list, a), append(errs, err)
	}
	return list, errors.Join(errs...)
}

// readArticle reads "# Title", a line "Palabras: a, b", and the text.
func readArticle(f file) (tickets.Article, error) {
	a := tickets.Article{Name: f.name}
	text := strings.TrimSpace(strings.ReplaceAll(string(f.text), "\r\n", "\n"))
	title, rest, _ := strings.Cut(text, "\n")
	title, ok := strings.CutPrefix(title, "# ")
	if a.Title = strings.TrimSpace(title); !ok || a.Title == "" {
		return a, fmt.Errorf("%s: found %q in the first line, expected a title such as \"# Cómo cambiar la clave\"", f.path, title)
	}
	rest = strings.TrimSpace(rest)
	if first, below, _ := strings.Cut(rest, "\n"); strings.HasPrefix(tickets.Fold(first), "palabras:") {
		_, words, _ := strings.Cut(first, ":")
		for word := range strings.SplitSeq(words, ",") {
			if word = strings.TrimSpace(word); word != "" {
				a.Words = append(a.Words, word)
			}
		}
		rest = strings.TrimSpace(below)
	}
	if a.Text = rest; rest == "" {
		return a, fmt.Errorf("%s: found no text below the title, expected what the official is told", f.path)
	}
	return a, nil
}

// file is a file as it was found.
type file struct {
	name string // without its ending, by which commands call it
	path string // for errors
	text []byte
}

// gather reads the built-in files and those of a folder, by name.
func gather(builtInFolder, folder, ending string) ([]file, error) {
	files := map[string]file{}
	read := func(fsys fs.FS, dir, shown string) error {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			return fmt.Errorf("reading the folder %s: %w", shown, err)
		}
		for _, e := range entries {
			name, ok := strings.CutSuffix(e.Name(), ending)
			if !ok || e.IsDir() || strings.HasPrefix(name, ".") {
				continue
			}
			full := filepath.Join(shown, e.Name())
			if tickets.Fold(name) != name || strings.ContainsAny(name, " #") {
				return fmt.Errorf("%s: found the name %q, expected small letters without accents and spaces: people write it in subjects", full, name)
			}
			text, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
			if err != nil {
				return fmt.Errorf("reading %s: %w", full, err)
			}
			files[name] = file{name, full, bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))}
		}
		return nil
	}
	if err := read(builtIn, builtInFolder, "built-in "+builtInFolder); err != nil {
		return nil, err
	}
	if folder != "" {
		if err := read(os.DirFS(folder), ".", folder); err != nil {
			return nil, err
		}
	}
	var list []file
	for _, f := range files {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return list, nil
}
