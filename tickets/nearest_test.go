package tickets

import (
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// TestFoldIsOne compares the quick way for Latin letters with the way for all scripts.
func TestFoldIsOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		"  Crítica\tY  URGENTE\u00a0": "critica y urgente",
		"Ñandú":                       "nandu",
		"a\u00a8b":                    "a b",
		"№ 5 ﬁn":                      "no 5 fin",
		"“Ya” – dijo…\u2003¿y  el\u2028": "“ya” – dijo... ¿y el",
		"10 €": "10 €",
	} {
		if got := Fold(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom(nil, quickRange()), 0, 40, -1)).Draw(t, "text")
		if got, want := Fold(text), foldAny(text); got != want {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
	})
}

// quickRange is the letters and marks that are folded the quick way.
func quickRange() *unicode.RangeTable {
	return &unicode.RangeTable{R16: []unicode.Range16{{Lo: 1, Hi: 0x17f, Stride: 1}, {Lo: 0x2000, Hi: 0x20cf, Stride: 1}}, LatinOffset: 0}
}
