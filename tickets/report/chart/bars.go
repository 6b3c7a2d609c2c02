package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-analyze/charts"
)

// bars is a bar chart before it is drawn.
type bars struct {
	id, title  string
	horizontal bool // the categories are names, which need room
	stacked    bool // the series add up
	categories []string
	series     []series
}

// series is one row of bars, a value for each category.
type series struct {
	name   string
	colour string
	values []float64
}

// add adds a category with the value of each series.
func (b *bars) add(category string, values ...float64) {
	b.categories = append(b.categories, shorten(category))
	for i, v := range values {
		b.series[i].values = append(b.series[i].values, v)
	}
}

// The colours. Those of bars have a contrast of at least 3:1 with white, and blue and orange, which may touch, with one another
// (WCAG 2.2, 1.4.11): they differ in light as well as in hue.
const (
	blue   = "#163b6b"
	orange = "#dd7a00"
	light  = "#7b90ab"
	grey   = "#8a94a3"
	ink    = "#1d2430"
	faint  = "#d5dbe3"
)

func theme() charts.ColorPalette {
	return charts.MakeTheme(charts.ThemeOption{
		AxisStrokeColor: charts.ParseColor(grey), AxisSplitLineColor: charts.ParseColor(faint), BackgroundColor: charts.ColorWhite,
		TextColor: charts.ParseColor(ink), SeriesColors: []charts.Color{charts.ParseColor(blue)},
	})
}

// empty reports whether there is no bar to be seen.
func (b bars) empty() bool {
	for _, s := range b.series {
		for _, v := range s.values {
			if v > 0 {
				return false
			}
		}
	}
	return true
}

// The sizes in pixels of the page.
const (
	fontSize   = 13
	titleSize  = 15
	upright    = 260 // height of a chart with upright bars
	blank      = 90  // of one without bars
	headRoom   = 96  // of title, legend and axis over and under lying bars
	barThick   = 16
	barGap     = 14
	barShare   = 0.8
	mostLabels = 12 // upright bars up to which each has its number above it
	mostMarks  = 8  // names under upright bars
)

func (b bars) height() int {
	switch {
	case b.empty():
		return blank
	case !b.horizontal:
		return upright
	}
	return headRoom + len(b.categories)*(len(b.series)*barThick+barGap)
}

func (b bars) draw(p *charts.Painter, scale int, w *words) error {
	face := letters()
	font := func(size int) charts.FontStyle {
		return charts.FontStyle{FontSize: points(size * scale), FontColor: charts.ParseColor(ink), Font: face}
	}
	if b.empty() {
		p.FilledRect(0, 0, p.Width(), p.Height(), charts.ColorWhite, charts.ColorWhite, 0)
		p.Text(b.title, 12*scale, 30*scale, 0, font(titleSize))
		p.Text(w.nothing, 12*scale, 62*scale, 0, font(fontSize))
		return nil
	}
	b = b.arranged()
	values := make([][]float64, len(b.series))
	names := make([]string, len(b.series))
	colours := make([]charts.Color, len(b.series))
	for i, s := range b.series {
		values[i], names[i], colours[i] = s.values, s.name, charts.ParseColor(s.colour)
	}
	o := charts.NewBarChartOptionWithData(values)
	o.Theme = theme().WithSeriesColors(colours)
	o.Horizontal, o.StackSeries = b.horizontal, &b.stacked
	o.BarSize = barShare
	o.Padding = charts.NewBox(12*scale, 10*scale, 24*scale, 10*scale)
	o.Title = charts.TitleOption{Text: b.title, FontStyle: font(titleSize)}
	o.Legend = charts.LegendOption{SeriesNames: names, FontStyle: font(fontSize), Symbol: charts.SymbolSquare,
		Offset: charts.OffsetStr{Left: strconv.Itoa(12 * scale), Top: strconv.Itoa(32 * scale)}}
	o.CategoryAxis = charts.CategoryAxisOption{Labels: b.categories, BoundaryGap: charts.Ptr(true), LabelFontStyle: font(fontSize)}
	if !b.horizontal {
		o.CategoryAxis.LabelCount = len(b.categories) // all: see arranged
	}
	top, unit := b.reach()
	o.ValueAxis = []charts.ValueAxisOption{{Min: charts.Ptr(0.0), Max: &top, Unit: unit, LabelFontStyle: font(fontSize), ValueFormatter: w.number}}
	for i := range o.SeriesList {
		o.SeriesList[i].Label = charts.SeriesLabel{Show: charts.Ptr(b.horizontal || len(b.categories) <= mostLabels), FontStyle: font(fontSize - 1),
			LabelFormatter: func(_ int, _ string, v float64) (string, *charts.LabelStyle) {
				if v == 0 {
					return "", nil
				}
				return w.number(v), nil
			}}
	}
	return p.BarChart(o)
}

// arranged returns the chart as the library wants it: lying bars are drawn from the bottom up; of many names under upright
// bars the last two would run into one another, and a single one would not stand under its bar.
func (b bars) arranged() bars {
	b.categories, b.series = slices.Clone(b.categories), slices.Clone(b.series)
	for i := range b.series {
		b.series[i].values = slices.Clone(b.series[i].values)
	}
	every := (len(b.categories) + mostMarks - 1) / mostMarks
	switch {
	case b.horizontal:
		slices.Reverse(b.categories)
		for _, s := range b.series {
			slices.Reverse(s.values)
		}
	case len(b.categories) == 1:
		b.categories = []string{" ", b.categories[0], " "}
		for i, s := range b.series {
			b.series[i].values = []float64{0, s.values[0], 0}
		}
	case every > 1:
		for i := range b.categories {
			if i%every > 0 {
				b.categories[i] = " "
			}
		}
	}
	return b
}

// points is a size in pixels, of 96 to the inch, as the library counts: 72 to the inch.
func points(pixels int) float64 { return float64(pixels) * 72 / 96 }

// reach returns where the axis of values ends and how far apart its marks are: round numbers, with room beyond the longest bar.
func (b bars) reach() (top, unit float64) {
	most := 0.0
	for i := range b.categories {
		sum, single := 0.0, 0.0
		for _, s := range b.series {
			sum += s.values[i]
			single = max(single, s.values[i])
		}
		if !b.stacked {
			sum = single
		}
		most = max(most, sum)
	}
	most *= 1.08
	const marks = 6
	magnitude := max(1, math.Pow(10, math.Floor(math.Log10(most/marks))))
	for _, step := range []float64{1, 2, 5, 10} {
		if unit = magnitude * step; unit*marks >= most {
			break
		}
	}
	return unit * math.Ceil(most/unit), unit
}

// longest is how many letters of a name fit beside a bar.
const longest = 26

// shorten returns a name on one line, of what can be drawn, and not too long.
func shorten(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return ' '
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	if runes := []rune(name); len(runes) > longest {
		return strings.TrimSpace(string(runes[:longest-1])) + "…"
	}
	return name
}
