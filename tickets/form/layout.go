package form

import (
	"bytes"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"radicado/tickets/form/fonts"
)

// The page, in millimetres: Letter ("carta"), on which public entities in Colombia print.
const (
	pageWidth    = 215.9
	pageHeight   = 279.4
	margin       = 15.0
	contentWidth = pageWidth - 2*margin
	topMargin    = 10.0
	bottom       = pageHeight - 14.0 // where the footer begins
	padding      = 1.4

	millimetresPerPoint = 25.4 / 72

	textSize   = 9.0 // points
	labelSize  = 6.5
	lineHeight = 3.8
	blankLine  = 2.0
	labelLine  = 2.8
	barHeight  = 4.6

	// maxLines bounds one text, some fifty pages: a mail of empty lines must not become a book.
	maxLines = 3000
)

const (
	family  = "liberation"
	regular = ""
	bold    = "B"
)

// printer lays out one form. Its y is the position that is printed next; whatever prints makes sure of the room first.
type printer struct {
	pdf   *fpdf.Fpdf
	sheet Sheet
	org   Organisation
	logo  *logoImage
	total int // pages of the whole form, as far as known
	y     float64
	boxed bool // a character on this page could not be shown
}

func newPrinter(s Sheet, o Organisation, logo *logoImage, total int) *printer {
	pdf := fpdf.New("P", "mm", "Letter", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(margin, topMargin, margin)
	pdf.SetCellMargin(0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(s.Made.UTC())
	pdf.SetModificationDate(s.Made.UTC())
	pdf.SetProducer("Radicado", false)
	pdf.SetLang("es-CO")
	pdf.SetTitle(cell(Title+" "+s.Number), true)
	pdf.SetAuthor(cell(o.Name), true)
	// fpdf reads a font through a reader of its own, but writes nothing back; the copies cost less than finding out.
	pdf.AddUTF8FontFromBytes(family, regular, bytes.Clone(fonts.Regular))
	pdf.AddUTF8FontFromBytes(family, bold, bytes.Clone(fonts.Bold))
	pdf.SetLineWidth(0.2)
	pdf.SetDrawColor(120, 120, 120)
	if logo != nil {
		pdf.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: logo.format}, bytes.NewReader(logo.data))
	}
	return &printer{pdf: pdf, sheet: s, org: o, logo: logo, total: total}
}

// need starts a new page unless that height is free on this one.
func (p *printer) need(height float64) {
	if p.y+height > bottom {
		p.newPage()
	}
}

func (p *printer) newPage() {
	if p.pdf.PageNo() > 0 {
		p.footer()
	}
	p.pdf.AddPage()
	p.boxed = false
	p.header()
}

// put prints one line whose top is at y, aligned "L", "C" or "R" in the width.
func (p *printer) put(x, y, width float64, align, style string, size float64, text string) {
	if text == "" {
		return
	}
	p.pdf.SetFont(family, style, size)
	switch align {
	case "R":
		x += width - p.pdf.GetStringWidth(text)
	case "C":
		x += (width - p.pdf.GetStringWidth(text)) / 2
	}
	p.boxed = p.boxed || strings.ContainsRune(text, unknown)
	p.write(x, y+0.92*size*millimetresPerPoint, size, text)
}

// write prints on a baseline. The font's combining marks have no width and stand beside the letter, for it leaves placing
// them to whoever sets the text: they are centred above it.
func (p *printer) write(x, baseline, size float64, text string) {
	if !strings.ContainsFunc(text, isMark) {
		p.pdf.Text(x, baseline, text)
		return
	}
	letters := strings.Map(func(r rune) rune {
		if isMark(r) {
			return -1
		}
		return r
	}, text)
	p.pdf.Text(x, baseline, letters)
	const markWidth = 0.333 // of the type's size, in this font
	var width float64
	for _, r := range text {
		if isMark(r) {
			p.pdf.Text(x-(width+markWidth*size*millimetresPerPoint)/2, baseline, string(r))
			continue
		}
		width = p.pdf.GetStringWidth(string(r))
		x += width
	}
}

func (p *printer) label(x, y float64, text string) {
	p.pdf.SetTextColor(95, 95, 95)
	p.put(x, y, 0, "L", regular, labelSize, text)
	p.pdf.SetTextColor(0, 0, 0)
}

// rule prints a line to write on.
func (p *printer) rule(x, y, width float64) {
	p.pdf.SetDrawColor(190, 190, 190)
	p.pdf.Line(x, y, x+width, y)
	p.pdf.SetDrawColor(120, 120, 120)
}

func (p *printer) frame(x, y, width, height float64) { p.pdf.Rect(x, y, width, height, "D") }

// section prints the bar that begins a part of the form, on the page where at least that much more fits.
func (p *printer) section(title string, following float64) {
	p.need(barHeight + following)
	p.pdf.SetFillColor(226, 232, 240)
	p.pdf.Rect(margin, p.y, contentWidth, barHeight, "FD")
	p.put(margin+padding, p.y+0.7, 0, "L", bold, 8.5, title)
	p.y += barHeight
}

// field is a cell of a row: a label, and a value or a line to write on.
type field struct {
	label, value string
	share        float64 // of the width of the row
}

// row prints fields beside one another, as high as the highest needs.
func (p *printer) row(fields ...field) {
	var total float64
	for _, f := range fields {
		total += f.share
	}
	values, height := make([][]string, len(fields)), 1
	for i, f := range fields {
		values[i] = p.wrap(cell(f.value), contentWidth*f.share/total-2*padding)
		height = max(height, len(values[i]))
	}
	rowHeight := labelLine + float64(height)*lineHeight + 1.2
	p.need(rowHeight)
	x := margin
	for i, f := range fields {
		width := contentWidth * f.share / total
		p.frame(x, p.y, width, rowHeight)
		p.label(x+padding, p.y+0.7, f.label)
		for n, line := range values[i] {
			p.put(x+padding, p.y+labelLine+0.5+float64(n)*lineHeight, 0, "L", regular, textSize, line)
		}
		if len(values[i]) == 0 {
			p.rule(x+padding, p.y+rowHeight-1.6, width-2*padding)
		}
		x += width
	}
	p.y += rowHeight
}

// block prints a text across the page, over as many pages as it takes; lines to write on where there is none.
func (p *printer) block(label, text string) {
	lines := p.wrap(clean(shorten(text, maxRunes)), contentWidth-2*padding)
	if len(lines) == 0 {
		const height = labelLine + 2*5 + 1
		p.need(height)
		p.frame(margin, p.y, contentWidth, height)
		p.label(margin+padding, p.y+0.7, label)
		for n := range 2 {
			p.rule(margin+padding, p.y+labelLine+float64(n+1)*5-0.6, contentWidth-2*padding)
		}
		p.y += height
		return
	}
	p.need(labelLine + float64(min(len(lines), 2))*lineHeight + 1.4)
	flow := p.open(label)
	for _, line := range lines {
		if line == "" {
			flow.line(blankLine, func(float64) {})
			continue
		}
		flow.line(lineHeight, func(y float64) { p.put(margin+padding, y, 0, "L", regular, textSize, line) })
	}
	flow.close()
}

// flow is a frame that goes on over pages.
type flow struct {
	p     *printer
	label string
	top   float64
}

func (p *printer) open(label string) *flow {
	f := &flow{p: p, label: label}
	f.begin(label)
	return f
}

func (f *flow) begin(label string) {
	f.top = f.p.y
	f.p.y += 0.8
	if label != "" {
		f.p.label(margin+padding, f.top+0.7, label)
		f.p.y = f.top + labelLine + 0.5
	}
}

// line prints something of that height, on the next page if there is no room.
func (f *flow) line(height float64, print func(y float64)) {
	if f.p.y+height+0.9 > bottom {
		f.close()
		f.p.newPage()
		label := "(continuación)"
		if f.label != "" {
			label = f.label + " " + label
		}
		f.begin(label)
	}
	print(f.p.y)
	f.p.y += height
}

func (f *flow) close() {
	f.p.y += 0.9
	f.p.frame(margin, f.top, contentWidth, f.p.y-f.top)
}

// wrap breaks a clean text into lines of the width in the type of texts. Words that are longer than a line are broken
// wherever it ends; more than one empty line together is one.
func (p *printer) wrap(text string, width float64) []string {
	if text == "" {
		return nil
	}
	p.pdf.SetFont(family, regular, textSize)
	space := p.pdf.GetStringWidth(" ")
	var lines []string
	for paragraph := range strings.Lines(text) {
		if len(lines) > maxLines {
			return append(lines[:maxLines], elsewhere)
		}
		paragraph = strings.TrimRight(paragraph, " \n")
		if paragraph == "" {
			if n := len(lines); n > 0 && lines[n-1] != "" {
				lines = append(lines, "")
			}
			continue
		}
		lines = p.wrapParagraph(lines, paragraph, width, space)
	}
	if len(lines) > maxLines {
		lines = append(lines[:maxLines], elsewhere)
	}
	return lines
}

func (p *printer) wrapParagraph(lines []string, paragraph string, width, space float64) []string {
	indent := len(paragraph) - len(strings.TrimLeft(paragraph, " "))
	line := strings.Repeat(" ", min(indent, 12))
	used := float64(len(line)) * space
	blank := true // nothing but the indent yet
	for word := range strings.FieldsSeq(paragraph) {
		length := p.pdf.GetStringWidth(word)
		if !blank && used+space+length <= width {
			line += " " + word
			used += space + length
			continue
		}
		if blank && used+length <= width {
			line += word
			used, blank = used+length, false
			continue
		}
		if !blank {
			lines = append(lines, line)
		}
		for length > width {
			var head string
			head, word = p.breakWord(word, width)
			lines = append(lines, head)
			length = p.pdf.GetStringWidth(word)
		}
		line, used, blank = word, length, word == ""
	}
	if !blank {
		lines = append(lines, line)
	}
	return lines
}

// breakWord returns as much of a word as fits, one character at least, and the rest.
func (p *printer) breakWord(word string, width float64) (head, rest string) {
	var used float64
	for i, r := range word {
		used += p.pdf.GetStringWidth(string(r))
		if used > width && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}
