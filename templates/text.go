package templates

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// columns is the width of the text part (RFC 5322 section 2.1.1 recommends 78). A longer word is never broken: it may be an
// address that somebody copies.
const columns = 78

// minColumn is the narrowest last column of a table that is still worth reading.
const minColumn = 24

// text returns the text part.
func (d *document) text() string {
	return strings.Join(append(blocks(d.content, columns), ""), "\n")
}

// blocks returns the lines of what n contains, with an empty line between blocks.
func blocks(n *html.Node, width int) []string {
	var lines []string
	var run strings.Builder // inline content up to the next block
	add := func(block []string) {
		if len(lines) > 0 && len(block) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, block...)
	}
	flush := func() {
		add(wrap(run.String(), width))
		run.Reset()
	}
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode && isBlock(c) {
			flush()
			add(block(c, width))
		} else {
			writeInline(&run, c)
		}
	}
	flush()
	return lines
}

func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.B, atom.Br, atom.Code, atom.Em, atom.I, atom.Small, atom.Span, atom.Strong:
		return false
	}
	return true
}

// block returns the lines of one block element.
func block(n *html.Node, width int) []string {
	switch {
	case hasClass(n, "html-only"):
		return nil
	case hasClass(n, "actions"):
		return actionLines(n, width)
	case hasClass(n, "signature"):
		return append([]string{"-- "}, blocks(n, width)...) // RFC 3676 section 4.3
	}
	switch n.DataAtom {
	case atom.H2:
		return wrap(strings.ToUpper(inline(n)), width)
	case atom.Blockquote:
		return quote(n, width)
	case atom.Ul, atom.Ol:
		return list(n, width)
	case atom.Table:
		if attr(n, "role") != "presentation" {
			return table(n, width)
		}
	}
	return blocks(n, width)
}

// spaces are what stands for a space outside of a quoted text.
var spaces = strings.NewReplacer("\n", " ", "\t", " ")

// inline returns the text of n, in which only a <br> is a line end.
func inline(n *html.Node) string {
	var text strings.Builder
	writeInline(&text, n)
	return text.String()
}

func writeInline(text *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		text.WriteString(spaces.Replace(n.Data))
	case n.DataAtom == atom.Br:
		text.WriteByte('\n')
	case n.Type == html.ElementNode && hasClass(n, "html-only"):
	default:
		for c := range n.ChildNodes() {
			writeInline(text, c)
		}
	}
}

// squeezed returns s with one space wherever there is white space, and none around it. The no-break space of dates and sizes stays.
func squeezed(s string) string {
	if !strings.Contains(s, "\t") && !strings.Contains(s, "  ") && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
}

// wrap returns s in lines of at most width characters, white space squeezed.
func wrap(s string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		lines = fill(lines, "", paragraph, width)
	}
	return trimEmpty(lines)
}

// fill appends text to lines, white space squeezed, in lines of at most width characters, each begun with indent.
func fill(lines []string, indent, text string, width int) []string {
	rest := squeezed(text)
	for {
		line := firstLine(rest, width-len(indent))
		lines = append(lines, indent+line)
		if len(line) == len(rest) {
			return lines
		}
		rest = rest[len(line)+len(" "):]
	}
}

// firstLine returns as many words of squeezed text as have room in width characters, but one at least.
func firstLine(text string, width int) string {
	end, length := 0, 0 // of the words so far in bytes, and of what was read in characters
	for i, r := range text {
		if r == ' ' {
			if end > 0 && length > width {
				return text[:end]
			}
			end = i
		}
		length++
	}
	if end > 0 && length > width {
		return text[:end]
	}
	return text
}

func trimEmpty(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// quote marks every line of what somebody wrote, so that none of it can be taken for ours. Line ends and indentation stay.
func quote(n *html.Node, width int) []string {
	var written strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			written.WriteString(c.Data)
		}
	}
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(written.String(), "\n"), "\n") {
		text := strings.TrimLeft(line, " \t")
		indent := strings.ReplaceAll(line[:len(line)-len(text)], "\t", "    ")
		if len(indent) > width/2 {
			indent = ""
		}
		lines = fill(lines, indent, text, width-2)
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return lines
}

// list returns the items with a mark before each; items of several blocks are set apart.
func list(n *html.Node, width int) []string {
	var lines []string
	number := 0
	for item := range n.ChildNodes() {
		if item.DataAtom != atom.Li || hasClass(item, "html-only") {
			continue
		}
		number++
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = strconv.Itoa(number) + ". "
		}
		lines = append(lines, hang(mark, blocks(item, width-len(mark)))...)
	}
	return lines
}

// hang sets mark before the first line and moves the others in as far.
func hang(mark string, lines []string) []string {
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = mark + line
		case line != "":
			lines[i] = strings.Repeat(" ", len(mark)) + line
		}
	}
	return lines
}

// actionLines returns for each button what it says and the subject to write, on a line of its own to copy.
func actionLines(n *html.Node, width int) []string {
	var lines []string
	for a := range n.Descendants() {
		if a.DataAtom == atom.A {
			lines = append(lines, hang("- ", wrap(inline(a)+":", width-2))...)
			lines = append(lines, "  "+target(attr(a, "href")))
		}
	}
	return lines
}

// table returns the rows in aligned columns; the last one takes what room is left.
func table(n *html.Node, width int) []string {
	if hasClass(n, "figures") {
		return figureLines(n, width)
	}
	rows := cells(n)
	widths := columnWidths(rows)
	if len(widths) == 0 {
		return nil
	}
	const gap = 2
	left := width
	for _, w := range widths[:len(widths)-1] {
		left -= w + gap
	}
	apart := !hasClass(n, "facts") // rows of several lines each
	var lines []string
	for i, row := range rows {
		if i > 0 && (apart || left < minColumn) {
			lines = append(lines, "")
		}
		if left < minColumn { // too wide to align: every cell on lines of its own
			lines = append(lines, wrap(strings.Join(row, "\n"), width)...)
			continue
		}
		lines = append(lines, aligned(row, widths, gap, left)...)
	}
	return lines
}

// figureLines returns a table of figures as a list, each figure with the heading of its column, for no line is wide enough for
// the table. A row that is nothing but a heading names the one after it.
func figureLines(n *html.Node, width int) []string {
	var lines, headings []string
	name := ""
	for tr := range n.Descendants() {
		if tr.DataAtom != atom.Tr {
			continue
		}
		var figures []string
		column := 0
		for cell := range tr.ChildNodes() {
			switch {
			case cell.DataAtom == atom.Th && tr.Parent.DataAtom == atom.Thead:
				headings = append(headings, lowerFirst(oneLine(inline(cell))))
				continue
			case cell.DataAtom == atom.Th:
				name = oneLine(inline(cell))
			case cell.DataAtom == atom.Td && column < len(headings):
				figures = append(figures, strings.TrimSpace(headings[column]+" "+oneLine(inline(cell))))
			default:
				continue
			}
			column++
		}
		if len(figures) > 0 {
			lines = append(lines, hang("- ", wrap(name+": "+strings.Join(figures, "; "), width-2))...)
		}
	}
	return lines
}

func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}

// cells returns the text of every cell, row by row.
func cells(n *html.Node) [][]string {
	var rows [][]string
	for tr := range n.Descendants() {
		if tr.DataAtom != atom.Tr {
			continue
		}
		var row []string
		for cell := range tr.ChildNodes() {
			if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
				row = append(row, inline(cell))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// columnWidths returns the width of the widest line in each column.
func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(squeezed(line)))
			}
		}
	}
	return widths
}

// aligned returns the lines of one row; the last column is left characters wide.
func aligned(row []string, widths []int, gap, left int) []string {
	columns := make([][]string, len(row))
	height := 0
	for i, cell := range row {
		room := widths[i]
		if i == len(widths)-1 {
			room = left
		}
		columns[i] = wrap(cell, room)
		height = max(height, len(columns[i]))
	}
	lines := make([]string, height)
	for y := range lines {
		for x, column := range columns {
			text := ""
			if y < len(column) {
				text = column[y]
			}
			lines[y] += text + strings.Repeat(" ", max(0, widths[x]-utf8.RuneCountInString(text))+gap)
		}
		lines[y] = strings.TrimRight(lines[y], " ")
	}
	return lines
}
