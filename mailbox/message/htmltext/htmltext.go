// Package htmltext turns the HTML of a mail into text that people and rules can read: paragraphs, lists, links and
// tables stay readable, what the reader of the mail would not see is left out, and the marks by which mail clients set
// off quoted mails and signatures are reported. It works on the tokenizer, in time linear in the size of the HTML, since
// a tree builder refuses deep nesting, which mails have. It knows nothing of mail beyond those marks.
package htmltext

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Kind says what a mark sets off.
type Kind int

// The kinds of marks.
const (
	Quote     Kind = iota // an element that holds a quoted mail
	QuoteRest             // a rule or an empty element: what follows it is a quoted mail
	Signature             // an element that holds a signature
	Forward               // an element that holds a forwarded mail
)

// Mark is a passage of the text that the HTML sets off.
type Mark struct {
	Kind       Kind
	Start, End int    // byte offsets into Text; End is the end of the text for QuoteRest
	Rule       string // the element, for people
}

// Document is the text of an HTML mail.
type Document struct {
	Text  string
	Marks []Mark // by Start
}

// maxQuoteDepth bounds how many "> " a line gets.
const maxQuoteDepth = 16

// maxMarks bounds what is gathered, and maxOpen how many elements are open at once.
const (
	maxMarks = 1000
	maxOpen  = 5000
)

// Convert reads HTML.
func Convert(source []byte) Document {
	w := &walker{tokens: html.NewTokenizer(bytes.NewReader(source)), open: map[string]int{}}
	w.out.Grow(shown(source))
	w.tokens.SetMaxBuf(0)
	for {
		switch w.tokens.Next() {
		case html.ErrorToken:
			w.closeAll()
			return Document{Text: strings.TrimRight(w.out.String(), " \n"), Marks: clip(w.marks, w.out.Len())}
		case html.TextToken:
			w.text(w.tokens.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start()
		case html.EndTagToken:
			w.endTag()
		}
	}
}

// shown estimates how long the text is: what stands outside of tags.
func shown(source []byte) int {
	n := 0
	for {
		open := bytes.IndexByte(source, '<')
		if open < 0 {
			return n + len(source)
		}
		n += open + 1
		end := bytes.IndexByte(source[open:], '>')
		if end < 0 {
			return n
		}
		source = source[open+end+1:]
	}
}

func (w *walker) endTag() {
	name, _ := w.tokens.TagName()
	if a := atom.Lookup(name); a != 0 {
		w.end(a.String())
		return
	}
	w.end(string(name))
}

func clip(marks []Mark, size int) []Mark {
	for i := range marks {
		if marks[i].End < 0 || marks[i].Kind == QuoteRest {
			marks[i].End = size
		}
	}
	return marks
}

// element is one open tag with what closing it must undo.
type element struct {
	name   string
	hidden bool
	quoted bool
	pre    bool
	mark   int    // index into marks, -1 for none
	href   string // of a link
	from   int    // where its text begins in out
}

type walker struct {
	tokens *html.Tokenizer
	out    strings.Builder
	stack  []element
	open   map[string]int // how many elements of that name are open
	beyond map[string]int // and how many are not on the stack, which is full
	marks  []Mark

	hidden, quoted, pre int // how many open elements hide, quote, keep white space
	newlines            int // line ends due before the next text
	space               bool
	lineHasText         bool
	cell                bool   // a table cell began on this line
	lists               []int  // the next number of each open list, 0 for bullets
	bullet              string // of the item whose words are to come
	quoteOnLine         int    // depth already written on this line
}

// text writes a run of character data with its white space collapsed, as a browser shows it.
func (w *walker) text(b []byte) {
	if w.hidden > 0 {
		return
	}
	if w.pre > 0 {
		w.preformatted(b)
		return
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f':
			w.space = true
			b = b[n:]
		case r == '\u200b' || r == '\ufeff' || r == '\u00ad' || r == 0:
			b = b[n:]
		default:
			end := bytes.IndexAny(b, " \n\t\r\f\u200b\ufeff\u00ad\x00")
			if end <= 0 {
				end = len(b)
			}
			w.words(b[:end])
			b = b[end:]
		}
	}
}

// words writes a run without white space. Hard spaces become plain ones; alone they make an empty line.
func (w *walker) words(b []byte) {
	if !bytes.Contains(b, hardSpace) {
		w.write(b)
		return
	}
	b = bytes.ReplaceAll(b, hardSpace, []byte(" "))
	if len(bytes.TrimSpace(b)) > 0 {
		w.write(b)
		return
	}
	if w.lineHasText && w.newlines == 0 {
		w.space = true
		return
	}
	w.breakLine()
}

var hardSpace = []byte("\u00a0")

func (w *walker) preformatted(b []byte) {
	for first := true; ; first = false {
		line, rest, more := bytes.Cut(b, []byte("\n"))
		if !first {
			w.lineBreak()
		}
		if line = bytes.TrimRight(line, "\r"); len(line) > 0 {
			w.write(line)
		}
		if !more {
			return
		}
		b = rest
	}
}

// write appends words, after the line ends, quote marks and the space that are due.
func (w *walker) write(words []byte) {
	w.breakLine()
	if w.bullet != "" {
		w.out.WriteString(w.bullet)
		w.bullet = ""
	} else if w.cell {
		w.out.WriteString(" | ")
		w.cell = false
	} else if w.space && w.lineHasText {
		w.out.WriteByte(' ')
	}
	w.space = false
	w.out.Write(words)
	w.lineHasText = true
}

// breakLine writes the line ends that are due, and the quote marks of the new line.
func (w *walker) breakLine() {
	depth := min(w.quoted, maxQuoteDepth)
	if w.out.Len() == 0 {
		w.newlines = 0
		if depth > 0 {
			w.quoteMarks(depth)
			w.out.WriteByte(' ')
		}
		w.quoteOnLine = depth
		return
	}
	if w.newlines == 0 && depth != w.quoteOnLine {
		w.newlines = 1
	}
	if w.newlines == 0 {
		return
	}
	for i := 1; i < w.newlines; i++ {
		w.out.WriteByte('\n')
		w.quoteMarks(min(depth, w.quoteOnLine))
	}
	w.out.WriteByte('\n')
	if depth > 0 {
		w.quoteMarks(depth)
		w.out.WriteByte(' ')
	}
	w.quoteOnLine, w.newlines, w.space, w.lineHasText, w.cell = depth, 0, false, false, false
}

func (w *walker) quoteMarks(depth int) {
	for range depth {
		w.out.WriteByte('>')
	}
}

// due asks for at least n line ends before the next text.
func (w *walker) due(n int) {
	if w.newlines < n {
		w.newlines = n
	}
	w.cell = false
}

// lineBreak is <br>: each one is a line end of its own.
func (w *walker) lineBreak() {
	if w.newlines < 3 {
		w.newlines++
	}
	w.lineHasText, w.space, w.cell = false, false, false
}

// void elements have no end tag.
func void(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Area, atom.Base, atom.Col, atom.Embed,
		atom.Param, atom.Source, atom.Track, atom.Wbr, atom.Basefont, atom.Frame, atom.Keygen:
		return true
	}
	return false
}

func (w *walker) start() {
	rawName, more := w.tokens.TagName()
	a := atom.Lookup(rawName)
	name := a.String()
	if a == 0 {
		name = string(rawName)
	}
	var attrs attributes
	if more {
		attrs = w.attributes()
	}
	if void(a) {
		w.voidElement(a, attrs)
		return
	}
	if w.tooDeep(name) {
		return
	}
	e := element{name: name, mark: -1, from: -1}
	e.hidden = a == atom.Script || a == atom.Style || a == atom.Head || a == atom.Title || a == atom.Template ||
		a == atom.Textarea || a == atom.Object || attrs.hidden()
	if !ofHead(a) {
		w.closeHead()
	}
	if a == atom.Body {
		e.hidden = false
	}
	if e.hidden {
		w.hidden++
	} else if w.hidden == 0 {
		w.visible(a, attrs, &e)
	}
	w.stack = append(w.stack, e)
	w.open[name]++
}

// tooDeep counts an element that is opened inside too many others, and is read as if its tags were not there.
func (w *walker) tooDeep(name string) bool {
	if len(w.stack) < maxOpen {
		return false
	}
	if w.beyond == nil {
		w.beyond = map[string]int{}
	}
	w.beyond[name]++
	w.due(1)
	return true
}

// ofHead reports whether an element may stand in a head, or around it: any other one ends it (HTML, section 13.2.6.4.4).
func ofHead(a atom.Atom) bool {
	switch a {
	case atom.Html, atom.Head, atom.Title, atom.Style, atom.Script, atom.Noscript, atom.Template:
		return true
	}
	return a == 0 // Outlook's o:OfficeDocumentSettings and the like
}

// closeHead ends a head that was left open.
func (w *walker) closeHead() {
	if w.open["head"] > 0 {
		w.end("head")
	}
}

func (w *walker) visible(a atom.Atom, attrs attributes, e *element) {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.closeOpen("p")
		w.due(2)
		if strings.Contains(attrs.class, "MsoNormal") || strings.Contains(attrs.style, "margin:0") ||
			strings.Contains(attrs.style, "margin-bottom:0") || strings.Contains(attrs.style, "margin-top:0") {
			w.newlines = max(1, w.newlines-1)
		}
	case atom.Ul, atom.Ol:
		w.due(1)
		n := 0
		if a == atom.Ol {
			n = 1
		}
		w.lists = append(w.lists, n)
	case atom.Li:
		w.listItem()
	case atom.Td, atom.Th:
		if w.lineHasText && w.newlines == 0 {
			w.cell = true
		}
	case atom.Pre:
		w.due(1)
		e.pre = true
		w.pre++
	case atom.A:
		e.href = attrs.href
		e.from = w.out.Len()
	case atom.Blockquote:
		w.due(1)
		if attrs.quotes() {
			e.quoted = true
			w.quoted++
		}
	case atom.Div, atom.Tr, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center,
		atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Main, atom.Nav, atom.Aside, atom.Figure, atom.Body:
		w.due(1)
	}
	w.mark(a, attrs, e)
}

func (w *walker) mark(a atom.Atom, attrs attributes, e *element) {
	kind, rule, ok := attrs.marks(a)
	if !ok || len(w.marks) >= maxMarks {
		return
	}
	w.due(1)
	w.marks = append(w.marks, Mark{Kind: kind, Start: w.out.Len(), End: -1, Rule: rule})
	e.mark = len(w.marks) - 1
}

// listItem makes the mark of an item due before its words.
func (w *walker) listItem() {
	w.closeOpenItem()
	w.due(1)
	w.bullet = strings.Repeat("  ", max(0, min(len(w.lists), 8)-1)) + "- "
	if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
		w.bullet = strings.TrimSuffix(w.bullet, "- ") + strconv.Itoa(w.lists[n-1]) + ". "
		w.lists[n-1]++
	}
}

func (w *walker) voidElement(a atom.Atom, attrs attributes) {
	switch a {
	case atom.Br:
		if w.hidden == 0 {
			w.lineBreak()
		}
	case atom.Hr:
		if w.hidden == 0 {
			w.due(1)
			var e element
			w.mark(a, attrs, &e)
		}
	}
}

// closeOpen ends an open element of that name that HTML closes by itself.
func (w *walker) closeOpen(name string) {
	if n := len(w.stack); n > 0 && w.stack[n-1].name == name {
		w.end(name)
	}
}

func (w *walker) closeOpenItem() { w.closeOpen("li") }

// end closes the innermost element of that name and all inside it. Counting the open names keeps it linear: an end tag
// that nothing opened is not searched for.
func (w *walker) end(name string) {
	if w.beyond[name] > 0 {
		w.beyond[name]--
		w.due(1)
		return
	}
	if w.open[name] == 0 {
		if name == "p" || name == "br" {
			w.lineBreak()
		}
		return
	}
	for {
		e := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		w.open[e.name]--
		w.close(e)
		if e.name == name {
			return
		}
	}
}

func (w *walker) closeAll() {
	for i := len(w.stack) - 1; i >= 0; i-- {
		if w.stack[i].mark >= 0 && w.marks[w.stack[i].mark].End < 0 {
			w.marks[w.stack[i].mark].End = w.out.Len()
		}
	}
}

func (w *walker) close(e element) {
	if e.hidden {
		w.hidden--
		return
	}
	if e.mark >= 0 && w.marks[e.mark].End < 0 {
		w.marks[e.mark].End = w.out.Len()
	}
	if w.hidden > 0 {
		return
	}
	switch e.name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6":
		w.due(1)
	case "div", "tr", "table", "blockquote", "pre", "li", "dl", "dt", "dd", "section", "article", "header", "footer",
		"address", "center", "form", "main", "nav", "aside", "figure":
		w.due(1)
	case "ul", "ol":
		w.due(1)
		if len(w.lists) > 0 {
			w.lists = w.lists[:len(w.lists)-1]
		}
	case "a":
		w.link(e)
	}
	if e.quoted {
		w.quoted--
		w.due(1)
	}
	if e.pre {
		w.pre--
	}
	if e.mark >= 0 {
		w.due(1)
	}
}
