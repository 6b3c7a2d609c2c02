package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aymerick/douceur/css"
	"github.com/aymerick/douceur/parser"
	"golang.org/x/net/html"
)

// stylesheet is style.css. Mail programs drop or mangle a <style> element, so its plain rules are written onto the elements;
// only what cannot stand there, the @media rules, stays in the head for the programs that read it.
type stylesheet struct {
	rules []styleRule
	media string
}

// styleRule is one rule for one selector.
type styleRule struct {
	tag, class   string // "" for any
	declarations string
}

// selector is all that is understood of CSS: "td", ".small", "td.content".
var selector = regexp.MustCompile(`^([a-z][a-z0-9]*)?(?:\.([a-z][a-z0-9-]*))?$`)

func parseStyle(src source) (*stylesheet, error) {
	sheet, err := parser.Parse(src.text)
	if err != nil {
		return nil, fmt.Errorf("templates: %s: %w", src.name, err)
	}
	style := new(stylesheet)
	for _, rule := range sheet.Rules {
		if rule.Kind == css.AtRule {
			if rule.Name != "@media" {
				return nil, fmt.Errorf("templates: %s: %s is not possible in a mail; only @media is", src.name, rule.Name)
			}
			style.media += rule.String() + "\n"
			continue
		}
		var declarations []string
		for _, d := range rule.Declarations {
			declarations = append(declarations, d.Property+":"+d.Value)
		}
		for _, s := range rule.Selectors {
			m := selector.FindStringSubmatch(s)
			if s == "" || m == nil {
				return nil, fmt.Errorf("templates: %s: selector %q: only an element, a .class, or element.class can be written onto the elements of a mail", src.name, s)
			}
			style.rules = append(style.rules, styleRule{m[1], m[2], strings.Join(declarations, ";")})
		}
	}
	if strings.Contains(style.media, "<") {
		return nil, fmt.Errorf("templates: %s: a < has no place in a style sheet", src.name)
	}
	return style, nil
}

// apply writes the rules onto an element, in the order of the file.
func (s *stylesheet) apply(n *html.Node) {
	classes := strings.Fields(attr(n, "class"))
	var styles []string
	for _, r := range s.rules {
		if (r.tag == "" || r.tag == n.Data) && (r.class == "" || slices.Contains(classes, r.class)) {
			styles = append(styles, r.declarations)
		}
	}
	if own := attr(n, "style"); own != "" {
		styles = append(styles, own)
	}
	if len(styles) > 0 {
		setAttr(n, "style", strings.Join(styles, ";"))
	}
}
