package templates

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TestContrast measures every text of every notice against what is behind it, in light and in dark: at least 4.5 to 1
// (WCAG 2.2, success criterion 1.4.3).
func TestContrast(t *testing.T) {
	set := load(t)
	dark := darkRules(t, set.style.media)
	for _, n := range samples() {
		root := parsed(t, render(t, set, n).HTML)
		for node := range root.Descendants() {
			if node.Type != html.TextNode || strings.TrimSpace(node.Data) == "" || !inBody(node) {
				continue
			}
			for mode, rules := range map[string][]styleRule{"light": nil, "dark": dark} {
				front, back := effective(node, "color", rules), effective(node, "background-color", rules)
				if ratio := contrast(t, front, back); ratio < 4.5 {
					t.Errorf("%s %s, %s: %q in %s on %s has a contrast of %.1f", n.Lang, n.Kind, mode, strings.TrimSpace(node.Data), front, back, ratio)
				}
			}
		}
	}
}

func inBody(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.DataAtom == atom.Body {
			return true
		}
	}
	return false
}

// darkRules reads the rules inside the media query; they are !important and so win over what stands on the element.
func darkRules(t *testing.T, media string) []styleRule {
	t.Helper()
	inner := media[strings.IndexByte(media, '{')+1 : strings.LastIndexByte(media, '}')]
	style, err := parseStyle(source{"media", inner})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range style.rules {
		style.rules[i].declarations = strings.ReplaceAll(r.declarations, " !important", "")
	}
	return style.rules
}

// effective returns the value of a property that the nearest ancestor sets. Where several rules set it, the more specific one
// wins, then the later one.
func effective(n *html.Node, property string, rules []styleRule) string {
	for n = n.Parent; n != nil; n = n.Parent {
		value, weight := lastValue(attr(n, "style"), property), -1
		for _, r := range rules {
			fits := (r.tag == "" || r.tag == n.Data) && (r.class == "" || hasClass(n, r.class))
			specific := 0
			if r.tag != "" {
				specific++
			}
			if r.class != "" {
				specific += 2
			}
			if v := lastValue(r.declarations, property); fits && v != "" && specific >= weight {
				value, weight = v, specific
			}
		}
		if value != "" {
			return value
		}
	}
	return ""
}

func lastValue(declarations, property string) string {
	value := ""
	for d := range strings.SplitSeq(declarations, ";") {
		if p, v, _ := strings.Cut(d, ":"); p == property {
			value = v
		}
	}
	return value
}

var hexColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if !hexColour.MatchString(colour) {
		t.Fatalf("colour %q is not written as #rrggbb", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
