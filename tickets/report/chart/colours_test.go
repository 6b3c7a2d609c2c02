package chart

import (
	"math"
	"testing"

	"github.com/go-analyze/charts"
)

// luminance is that of WCAG 2.2.
func luminance(colour string) float64 {
	c := charts.ParseColor(colour)
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestContrast(t *testing.T) {
	const white = "#ffffff"
	for _, pair := range []struct {
		a, b  string
		least float64
	}{{blue, white, 3}, {orange, white, 3}, {light, white, 3}, {blue, orange, 3}, {ink, white, 7}, {ink, orange, 4.5}} {
		a, b := luminance(pair.a), luminance(pair.b)
		if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < pair.least {
			t.Errorf("%s and %s have a contrast of %.2f:1, want %.1f:1", pair.a, pair.b, contrast, pair.least)
		}
	}
}

// TestReach has round marks and room beyond the longest bar.
func TestReach(t *testing.T) {
	for most, want := range map[float64][2]float64{1: {2, 1}, 4: {5, 1}, 23: {25, 5}, 100: {120, 20}, 0.3: {1, 1}, 999_999: {1_200_000, 200_000}} {
		b := bars{categories: []string{"x"}, series: []series{{values: []float64{most}}}}
		if top, unit := b.reach(); top != want[0] || unit != want[1] {
			t.Errorf("%v: up to %v in steps of %v, want %v", most, top, unit, want)
		}
	}
}
