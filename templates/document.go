package templates

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// document is an executed template as a tree, out of which the three parts of a mail are made. What people wrote has been
// escaped by html/template and so is text in it, never an element.
type document struct {
	root    *html.Node
	content *html.Node // the element with id "content": what the notice says, without the page around it
}

// readDocument reads an executed template and cleans every text in it: the one place through which all that people wrote
// passes, whatever field of whatever notice it came by.
func readDocument(r io.Reader) (*document, error) {
	root, err := html.Parse(r)
	if err != nil {
		return nil, fmt.Errorf("reading the executed template: %w", err)
	}
	doc := &document{root: root}
	doc.cleanTexts(root)
	if doc.content == nil {
		return nil, errors.New("the layout has no element with id \"content\"")
	}
	return doc, nil
}

// cleanTexts cleans the texts below n, and notes the element that says what the notice says.
func (d *document) cleanTexts(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && n.DataAtom != atom.Style:
			c.Data = clean(c.Data)
			if n.DataAtom != atom.Blockquote { // only there do white space and line ends mean something
				c.Data = strings.ReplaceAll(c.Data, "\t", " ")
			}
		case c.Type == html.ElementNode && attr(c, "id") == "content":
			d.content = c
		}
		d.cleanTexts(c)
	}
}

// title returns the subject of the mail.
func (d *document) title() string {
	for n := range d.root.Descendants() {
		if n.DataAtom == atom.Title && n.FirstChild != nil {
			return oneLine(n.FirstChild.Data)
		}
	}
	return ""
}

// html returns the HTML part, which is put together in page. It changes the tree: the text part must be made before.
func (d *document) html(style *stylesheet, page *bytes.Buffer) (string, error) {
	dress(d.root, style)
	page.Reset()
	if err := html.Render(page, d.root); err != nil {
		return "", fmt.Errorf("writing the HTML part: %w", err)
	}
	page.WriteByte('\n')
	return page.String(), nil
}

// dress makes what is below n the HTML part: the style written onto the elements, the line ends of quoted texts, and nothing that is
// for the text part alone.
func dress(n *html.Node, style *stylesheet) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.ElementNode && hasClass(c, "text-only"):
			n.RemoveChild(c)
		case c.Type == html.ElementNode:
			style.apply(c)
			dress(c, style)
		case c.Type == html.TextNode && n.DataAtom == atom.Blockquote:
			keepLines(c)
		}
		c = next
	}
}

// keepLines makes the line ends and indentation of a quoted text visible: Outlook knows no white-space:pre-wrap. The text is escaped
// here, and stays one node: two for each line would be more than all others of the notice.
func keepLines(n *html.Node) {
	var kept strings.Builder
	kept.Grow(len(n.Data) * 5 / 4)
	between := ""
	for line := range strings.SplitSeq(strings.Trim(n.Data, "\n"), "\n") {
		line = strings.ReplaceAll(line, "\t", "    ")
		if text := strings.TrimLeft(line, " "); text != line {
			line = strings.Repeat("\u00A0", len(line)-len(text)) + text
		}
		line = strings.ReplaceAll(line, "  ", " \u00A0")
		kept.WriteString(between)
		kept.WriteString(html.EscapeString(line))
		between = "<br/>"
	}
	n.Type, n.Data = html.RawNode, kept.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func hasClass(n *html.Node, class string) bool {
	for c := range strings.FieldsSeq(attr(n, "class")) {
		if c == class {
			return true
		}
	}
	return false
}
