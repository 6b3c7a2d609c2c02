package templates

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

// stylesheet is style.css. Mail programs drop or mangle a <style> element, so its plain rules are written onto the elements;
// only what cannot stand there, the @media rules, stays in the head for the programs that read it.
type stylesheet struct {
	rules []styleRule
	media string
	mu    sync.RWMutex
	known map[element]string // declarations: templates, and nobody who writes to us, say which elements there are
}

// element is what rules tell elements by.
type element struct{ tag, classes string }

// styleRule is one rule for one selector.
type styleRule struct {
	tag, class   string // "" for any
	declarations string
}

// selector is all that is understood of CSS: "td", ".small", "td.content".
var selector = regexp.MustCompile(`^([a-z][a-z0-9]*)?(?:\.([a-z][a-z0-9-]*))?$`)

// comment is a comment of CSS.
var comment = regexp.MustCompile(`(?s)/\*.*?(?:\*/|$)`)

// parseStyle reads a style sheet. It is our own small reader: the CSS library at hand (douceur) never returns from ";\xf1"
// and knows no lines.
func parseStyle(src source) (*stylesheet, error) {
	style := &stylesheet{known: make(map[element]string)}
	// Comments make way for their line ends, so that lines keep their numbers.
	text := comment.ReplaceAllStringFunc(src.text, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	for at := 0; strings.TrimSpace(text[at:]) != ""; {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n"))
		fail := func(format string, args ...any) (*stylesheet, error) {
			line := 1 + strings.Count(text[:at], "\n")
			return nil, fmt.Errorf("templates: %s:%d: %s", src.name, line, fmt.Sprintf(format, args...))
		}
		prelude, body, length, err := readRule(text[at:])
		switch {
		case err != nil:
			return fail("%v", err)
		case strings.Contains(text[at:at+length], "<"):
			return fail("a < has no place in a style sheet")
		case strings.HasPrefix(prelude, "@media"):
			style.media += text[at:at+length] + "\n"
		case strings.HasPrefix(prelude, "@"):
			return fail("%s is not possible in a mail; only @media is", prelude)
		case strings.Contains(body, "{"):
			return fail("a rule within a rule: is a } missing?")
		default:
			for s := range strings.SplitSeq(prelude, ",") {
				m := selector.FindStringSubmatch(strings.TrimSpace(s))
				if m == nil || m[0] == "" {
					return fail("selector %q: only an element, a .class, or element.class can be written onto the elements of a mail", strings.TrimSpace(s))
				}
				style.rules = append(style.rules, styleRule{m[1], m[2], declarations(body)})
			}
		}
		at += length
	}
	return style, nil
}

// readRule returns what stands before and between the braces of the first rule, and how long the rule is.
func readRule(text string) (prelude, body string, length int, err error) {
	open := strings.IndexAny(text, "{};")
	if open < 0 || text[open] != '{' {
		return "", "", 0, errors.New("a rule without braces: selector { property: value; }")
	}
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return strings.TrimSpace(text[:open]), strings.TrimSpace(text[open+1 : i]), i + 1, nil
		}
	}
	return "", "", 0, errors.New("a { without its }")
}

// declarations returns the body of a rule as a style attribute has it.
func declarations(body string) string {
	var list []string
	for d := range strings.SplitSeq(body, ";") {
		if property, value, found := strings.Cut(d, ":"); found {
			list = append(list, strings.TrimSpace(property)+":"+strings.TrimSpace(value))
		}
	}
	return strings.Join(list, ";")
}

// apply writes the rules onto an element, in the order of the file.
func (s *stylesheet) apply(n *html.Node) {
	style := s.of(element{n.Data, attr(n, "class")})
	if own := attr(n, "style"); own != "" && style != "" {
		style += ";" + own
	} else if own != "" {
		style = own
	}
	if style != "" {
		setAttr(n, "style", style)
	}
}

// of returns the declarations for an element.
func (s *stylesheet) of(e element) string {
	s.mu.RLock()
	style, known := s.known[e]
	s.mu.RUnlock()
	if known {
		return style
	}
	classes := strings.Fields(e.classes)
	var styles []string
	for _, r := range s.rules {
		if (r.tag == "" || r.tag == e.tag) && (r.class == "" || slices.Contains(classes, r.class)) {
			styles = append(styles, r.declarations)
		}
	}
	style = strings.Join(styles, ";")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[e] = style
	return style
}
