// Package chart draws the figures of a report, as PNG for mails and as SVG for pages, by the same code. It decides nothing
// about the figures and must not know where the pictures go; every figure that a picture shows stands in a table beside it.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"sync"

	"github.com/go-analyze/charts"
	"github.com/golang/freetype/truetype"

	"radicado/tickets/form/fonts"
	"radicado/tickets/report"
)

// Chart is one picture of a report.
type Chart struct {
	ID     string // "course", "ages", …: the same in every language and report, fit for a file name or a Content-ID
	Title  string
	Alt    string // for who does not see the picture
	Empty  bool   // there is nothing to be drawn, and the picture says so
	Width  int    // in which the picture is meant to be shown, in pixels of a page
	Height int

	bars  bars
	words *words
}

// width makes the letters neither small in a mail of 300 pixels on a telephone nor coarse in one of 600.
const width = 480

// sharp is how many dots of a PNG make a pixel of the page: telephones show more than one.
const sharp = 2

// All returns the pictures of a report in the order in which they are shown. The language is "es" or "en"; any other is Spanish.
func All(f *report.Figures, lang string) []Chart {
	w := wordsOf(lang)
	var list []Chart
	for _, b := range w.all(f) {
		list = append(list, Chart{ID: b.id, Title: b.title, Alt: fmt.Sprintf(w.alt, b.title), Empty: b.empty(), Width: width, Height: b.height(), bars: b, words: w})
	}
	return list
}

// SVG draws the chart for a page. It has neither styles nor scripts, so that it may stand within a page of the strictest policy.
func (c Chart) SVG() ([]byte, error) {
	image, err := c.draw(charts.ChartOutputSVG, 1)
	if err != nil {
		return nil, err
	}
	return plain(image, c.Alt, c.Width, c.Height), nil
}

// PNG draws the chart for a mail, in more dots than pixels.
func (c Chart) PNG() ([]byte, error) { return c.draw(charts.ChartOutputPNG, sharp) }

func (c Chart) draw(format string, scale int) ([]byte, error) {
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: format, Width: c.Width * scale, Height: c.Height * scale, Font: letters(), Theme: theme()})
	if err := c.bars.draw(p, scale, c.words); err != nil {
		return nil, fmt.Errorf("draw the chart %s: %w", c.ID, err)
	}
	image, err := p.Bytes()
	if err != nil {
		return nil, fmt.Errorf("draw the chart %s: %w", c.ID, err)
	}
	return image, nil
}

// letters is the font of all texts. It is embedded: that it can be read is a matter of the tests.
var letters = sync.OnceValue(func() *truetype.Font {
	font, err := truetype.Parse(fonts.Regular)
	if err != nil {
		panic(fmt.Sprintf("reading the embedded font: %v", err))
	}
	return font
})

var (
	styles       = regexp.MustCompile(`style="([^"]*)"`)
	declarations = regexp.MustCompile(`([a-z-]+):([^;]+);?`)
	family       = regexp.MustCompile(`font-family="[^"]*"`)
	lettering    = regexp.MustCompile(`<text ([^>]*font-size="([0-9]+)px"[^>]*)>([^<]*)</text>`)
)

// families are fonts of one width.
const families = `font-family="Arial, 'Liberation Sans', Helvetica, sans-serif"`

// plain makes attributes of the styles, which a Content-Security-Policy may forbid, holds every text to the width that was
// reckoned with, whatever font there is, and says to screen readers what the picture is.
func plain(svg []byte, alt string, width, height int) []byte {
	svg = styles.ReplaceAllFunc(svg, func(style []byte) []byte {
		return bytes.TrimSpace(declarations.ReplaceAll(styles.FindSubmatch(style)[1], []byte(`$1="$2" `)))
	})
	svg = family.ReplaceAll(svg, []byte(families))
	ruler := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: upright, Font: letters()})
	svg = lettering.ReplaceAllFunc(svg, func(text []byte) []byte {
		part := lettering.FindSubmatch(text)
		size, _ := strconv.Atoi(string(part[2])) // digits
		length := ruler.MeasureText(html.UnescapeString(string(part[3])), 0, charts.FontStyle{FontSize: points(size), FontColor: charts.ColorBlack}).Width()
		return fmt.Appendf(nil, `<text %s textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text>`, part[1], max(length, 1), part[3])
	})
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" width="%d" height="%d" `, html.EscapeString(alt), width, height)
	return bytes.Replace(svg, []byte("<svg "), []byte(head), 1)
}
