package tickets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"radicado/mailbox"
)

func TestGist(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "",
		"Buenos días, ¿pueden ayudarme?":  "ayudarme",
		"Impresora: no IMPRIME. Imprimen": "imprim impresor",
		"Conexión, conexiones; 2026":      "conexion 2026",
		"de la a":                         "",
	} {
		var words []uint32
		for word := range strings.FieldsSeq(want) {
			words = append(words, fnv32(stem(word)))
		}
		slices.Sort(words)
		if got := GistOf(text).words; !slices.Equal(got, words) {
			t.Errorf("%q is about %d words: %v, want %v", text, len(got), got, words)
		}
	}
}

// TestGistIsASet compares the gist with what it stands for, plainly written, and what two have in common with a count.
func TestGistIsASet(t *testing.T) {
	t.Parallel()
	texts := rapid.Custom(func(t *rapid.T) string {
		some := strings.Fields("impresora impresoras imprime Ñandú correo correos red de la clave claves acción acciones 20451 “papel”")
		words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(some), rapid.String()), 0, 40).Draw(t, "words")
		return strings.Join(words, rapid.SampledFrom([]string{" ", "\n", ", ", "—"}).Draw(t, "between"))
	})
	plain := func(text string) map[uint32]bool {
		set := map[uint32]bool{}
		for _, word := range strings.FieldsFunc(foldAny(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if word = stem(word); len(word) >= 3 && !common(word) {
				set[fnv32(word)] = true
			}
		}
		return set
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		x, y := plain(a), plain(b)
		both := 0
		for word := range x {
			if y[word] {
				both++
			}
		}
		one, other := GistOf(a), GistOf(b)
		if len(one.words) != len(x) || !slices.IsSorted(one.words) || slices.ContainsFunc(one.words, func(n uint32) bool { return !x[n] }) {
			t.Fatalf("gist %v, want %v", one.words, x)
		}
		want := both >= leastCommon && float64(both) >= leastShare*float64(min(len(x), len(y)))
		if one.Alike(other) != want || other.Alike(one) != want {
			t.Fatalf("%d in common of %d and %d: alike %v, want %v", both, len(x), len(y), !want, want)
		}
	})
}

// TestSkillsOfWords compares the look at the beginnings of words with one at whole words.
func TestSkillsOfWords(t *testing.T) {
	t.Parallel()
	words := rapid.StringOfN(rapid.RuneFrom([]rune("aeñs ")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		skills, text := rapid.SliceOfN(words, 1, 5).Draw(t, "skills"), strings.Join(rapid.SliceOfN(words, 0, 10).Draw(t, "text"), " ")
		asked := readSkills("", "", text, []Person{{Skills: skills}}).asked
		for _, skill := range skills {
			want := strings.TrimSpace(skill) != ""
			for _, part := range strings.Fields(Fold(skill)) {
				want = want && slices.ContainsFunc(strings.Fields(Fold(text)), func(word string) bool { return sameStem(word, part) })
			}
			if asked[skill] != want {
				t.Fatalf("%q asks for %q: %v", text, skill, asked[skill])
			}
		}
	})
}

// BenchmarkStudy works out what a mail of ordinary size is about.
func BenchmarkStudy(b *testing.B) {
	var text strings.Builder
	for i := range 30 {
		fmt.Fprintf(&text, "La impresora %d de la oficina de nómina quedó bloqueada después de la actualización y no deja guardar.\n", i)
	}
	m := Mail{Message: &mailbox.Message{NewText: text.String(), Class: mailbox.ClassPerson}, Whole: "No imprime"}
	p := &Policy{People: People{{Name: "Ana", Role: RoleTechnician, Skills: []string{"impresoras", "redes"}}, {Name: "Luis", Role: RoleTechnician, Skills: []string{"correo electrónico"}}}}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		m.Study(p, Sender{})
	}
}
