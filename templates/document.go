package templates

import (
	"errors"
	"fmt"
	"io"
	"slices"
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
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.DataAtom != atom.Style:
			n.Data = clean(n.Data)
			if n.Parent.DataAtom != atom.Blockquote { // only there do white space and line ends mean something
				n.Data = strings.ReplaceAll(n.Data, "\t", " ")
			}
		case n.Type == html.ElementNode && attr(n, "id") == "content":
			doc.content = n
		}
	}
	if doc.content == nil {
		return nil, errors.New("the layout has no element with id \"content\"")
	}
	return doc, nil
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

// html returns the HTML part. It changes the tree: the text part must be made before.
func (d *document) html(style *stylesheet) (string, error) {
	for _, n := range slices.Collect(d.root.Descendants()) {
		switch {
		case n.Type == html.ElementNode && hasClass(n, "text-only"):
			n.Parent.RemoveChild(n)
		case n.Type == html.ElementNode:
			style.apply(n)
		case n.Type == html.TextNode && n.Parent.DataAtom == atom.Blockquote:
			keepLines(n)
		}
	}
	var page strings.Builder
	if err := html.Render(&page, d.root); err != nil {
		return "", fmt.Errorf("writing the HTML part: %w", err)
	}
	return page.String() + "\n", nil
}

// keepLines makes the line ends and indentation of a quoted text visible: Outlook knows no white-space:pre-wrap.
func keepLines(n *html.Node) {
	for i, line := range strings.Split(strings.Trim(n.Data, "\n"), "\n") {
		if i > 0 {
			n.Parent.InsertBefore(&html.Node{Type: html.ElementNode, Data: "br", DataAtom: atom.Br}, n)
		}
		line = strings.ReplaceAll(line, "\t", "    ")
		if text := strings.TrimLeft(line, " "); text != line {
			line = strings.Repeat("\u00A0", len(line)-len(text)) + text
		}
		line = strings.ReplaceAll(line, "  ", " \u00A0")
		n.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: line}, n)
	}
	n.Parent.RemoveChild(n)
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
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}
