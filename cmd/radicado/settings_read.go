package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// settingsErrors is everything that is wrong with a file, so that one look mends it all.
type settingsErrors struct {
	path string
	list []settingsError
}

// settingsError is one thing that is wrong.
type settingsError struct {
	key      string // "mailbox[0].tls"; "" for the file as a whole
	position unstable.Position
	message  string // what was found and what is expected
}

// Error lists the errors, a line each: file:line:column: key: what was found and what is expected.
func (e *settingsErrors) Error() string {
	var b strings.Builder
	for i, one := range e.list {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.path)
		if one.position.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", one.position.Line, one.position.Column)
		}
		b.WriteString(": ")
		if one.key != "" {
			b.WriteString(one.key + ": ")
		}
		b.WriteString(one.message)
	}
	return b.String()
}

// readSettings reads and checks a file. Any error is a *settingsErrors unless the file could not be read at all.
func readSettings(path string) (*settings, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	return parseSettings(path, data)
}

func parseSettings(path string, data []byte) (*settings, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // editors on Windows begin a file with a byte order mark
	problems := &settingsErrors{path: path}

	var document map[string]any
	if err := toml.Unmarshal(data, &document); err != nil {
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			line, column := syntax.Position()
			problems.list = append(problems.list, settingsError{position: unstable.Position{Line: line, Column: column}, message: "not valid TOML: " + syntax.Error()})
			return nil, problems
		}
		return nil, fmt.Errorf("reading the settings: %s: %w", path, err)
	}
	keys := keyPositions(data)
	problems.list = matchType("", document, reflect.TypeFor[settingsFile](), keys)
	if len(problems.list) > 0 {
		return nil, problems.sorted()
	}

	file := defaultSettings()
	sections, _ := document["mailbox"].([]any)
	for range sections {
		file.Mailbox = append(file.Mailbox, defaultMailbox())
	}
	if err := decodeOver(data, &file); err != nil {
		return nil, fmt.Errorf("reading the settings: %s: %w", path, err)
	}
	s, wrong := checkSettings(file)
	for _, w := range wrong {
		w.position = nearestPosition(w.key, keys)
		problems.list = append(problems.list, w)
	}
	if len(problems.list) > 0 {
		return nil, problems.sorted()
	}
	s.path = path
	return s, nil
}

// nearestPosition returns where a key stands, or the table that it is missing from.
func nearestPosition(key string, keys map[string]unstable.Position) unstable.Position {
	for {
		if at, ok := keys[key]; ok {
			return at
		}
		cut := strings.LastIndexAny(key, ".[")
		if cut < 0 {
			return unstable.Position{}
		}
		key = key[:cut]
	}
}

// sorted returns the errors in the order of the file.
func (e *settingsErrors) sorted() *settingsErrors {
	slices.SortStableFunc(e.list, func(a, b settingsError) int {
		return cmp.Or(cmp.Compare(a.position.Line, b.position.Line), cmp.Compare(a.position.Column, b.position.Column), cmp.Compare(a.key, b.key))
	})
	return e
}

// decodeOver decodes the document over the defaults. Array tables are decoded one by one, because the decoder starts each
// from nothing.
func decodeOver(data []byte, file *settingsFile) error {
	mailboxes := file.Mailbox
	file.Mailbox = nil
	if err := toml.Unmarshal(data, file); err != nil {
		return err
	}
	var raw struct {
		Mailbox []map[string]any `toml:"mailbox"`
	}
	if err := toml.Unmarshal(data, &raw); err != nil {
		return err
	}
	for i, section := range raw.Mailbox {
		one, err := toml.Marshal(section)
		if err != nil {
			return err
		}
		if err := toml.Unmarshal(one, &mailboxes[i]); err != nil {
			return err
		}
	}
	file.Mailbox = mailboxes
	return nil
}

// matchType compares a document with the Go type that it is for and returns every unknown key and every value of a wrong
// type. The decoder itself would stop at the first.
func matchType(key string, value any, t reflect.Type, keys map[string]unstable.Position) []settingsError {
	wrong := func(expected string) []settingsError {
		return []settingsError{{key: key, position: keys[key], message: fmt.Sprintf("found %s, expected %s", describe(value), expected)}}
	}
	switch t.Kind() {
	case reflect.Struct:
		table, ok := value.(map[string]any)
		if !ok {
			return wrong("a table")
		}
		return matchTable(key, table, t, keys)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wrong("a list")
		}
		var problems []settingsError
		for i, v := range list {
			problems = append(problems, matchType(fmt.Sprintf("%s[%d]", key, i), v, t.Elem(), keys)...)
		}
		return problems
	case reflect.String:
		if _, ok := value.(string); !ok {
			return wrong("a text in quotes")
		}
	case reflect.Int:
		if _, ok := value.(int64); !ok {
			return wrong("a whole number")
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wrong("true or false")
		}
	}
	return nil
}

func matchTable(key string, table map[string]any, t reflect.Type, keys map[string]unstable.Position) []settingsError {
	known := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("toml"); name != "" {
			known[name] = f.Type
		}
	}
	var problems []settingsError
	for name, value := range table {
		path := name
		if key != "" {
			path = key + "." + name
		}
		fieldType, ok := known[name]
		if !ok {
			problems = append(problems, settingsError{key: path, position: keys[path], message: "unknown key" + suggestion(name, known)})
			continue
		}
		problems = append(problems, matchType(path, value, fieldType, keys)...)
	}
	return problems
}

// describe names a value of a document without showing a long one.
func describe(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("the text %q", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	default:
		return fmt.Sprint(v)
	}
}

// keyPositions returns where each key of a document stands, by path: "mailbox[0].tls".
func keyPositions(data []byte) map[string]unstable.Position {
	found := map[string]unstable.Position{}
	counts := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		node := p.Expression()
		path, at := keyPath(&p, node)
		switch node.Kind {
		case unstable.Table:
			table = path
			found[table] = at
		case unstable.ArrayTable:
			table = fmt.Sprintf("%s[%d]", path, counts[path])
			counts[path]++
			found[table] = at
		case unstable.KeyValue:
			if table != "" {
				path = table + "." + path
			}
			found[path] = at
		}
	}
	return found
}

// keyPath returns the dotted key of an expression and where it begins.
func keyPath(p *unstable.Parser, node *unstable.Node) (string, unstable.Position) {
	var parts []string
	var at unstable.Position
	for it := node.Key(); it.Next(); {
		key := it.Node()
		if len(parts) == 0 {
			at = p.Shape(key.Raw).Start
		}
		parts = append(parts, string(key.Data))
	}
	return strings.Join(parts, "."), at
}
