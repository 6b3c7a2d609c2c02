package register

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "",
		" \r\n.,":                           "",
		"la impresora de la oficina":        "la impresora de oficina ",
		"Impresora impresora IMPRESORA":     "Impresora impresora IMPRESORA ", // the index knows that they are one
		"impresora, (impresora) im presora": "impresora im presora ",
		"ñandú—ñandú ñandú":                 "ñandú—ñandú ñandú ", // only ASCII ends a word
		"SS-2026-000042 2026":               "SS 2026 000042 ",
	} {
		if got := once(text); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

// TestOnceIsASet compares the words with what they stand for, plainly written.
func TestOnceIsASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching("[a-c]{1,2}"), rapid.String()), 0, 60)
		text := strings.Join(words.Draw(t, "words"), rapid.SampledFrom([]string{" ", "\n", ", "}).Draw(t, "between"))
		text = strings.Repeat(text, rapid.SampledFrom([]int{1, 2, 400}).Draw(t, "times"))
		var plain []string
		seen := map[string]bool{}
		for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return c < 0x80 && !wordRune(c) }) {
			if !seen[word] {
				plain = append(plain, word)
			}
			seen[word] = true
		}
		got := once(text)
		if !slices.Equal(strings.Split(got, " "), append(plain, "")) {
			t.Fatalf("%q has the words %q, want %q", text, got, plain)
		}
		if again := once(got); again != got {
			t.Fatalf("%q has the words %q", got, again)
		}
	})
}

// TestOnceHasTheWordsOfTheIndex has the full-text index read texts as they are and as once leaves them.
func TestOnceHasTheWordsOfTheIndex(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		_, err := tx.exec("CREATE VIRTUAL TABLE temp.tokens USING fts3tokenize (unicode61, 'remove_diacritics=2')")
		return err
	})
	rapid.Check(t, func(rt *rapid.T) {
		text := valid(strings.Join(rapid.SliceOfN(rapid.String(), 0, 40).Draw(rt, "text"), " "))
		f.update(t, func(tx *Tx) error {
			tokens := func(text string) []string {
				found, err := collect(&tx.Reader, scanValue[string], "SELECT DISTINCT token FROM temp.tokens WHERE input = ?1 ORDER BY token", text)
				check(t, err)
				return found
			}
			if got, want := tokens(once(text)), tokens(text); !slices.Equal(got, want) {
				rt.Fatalf("%q is indexed by %q, want %q", text, got, want)
			}
			return nil
		})
	})
}

// BenchmarkOnce takes the words out of a mail of ordinary size.
func BenchmarkOnce(b *testing.B) {
	var text strings.Builder
	for i := range 35 {
		fmt.Fprintf(&text, "La impresora de p%d quedó bloqueada después de la actualización %d y no deja guardar, con s%d.\r\n", i*i%83, i*7%40, i*11%50)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		once(text.String())
	}
}
