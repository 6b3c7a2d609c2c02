package quote

import (
	"strings"
	"testing"
	"unicode"

	"radicado/mailbox/message/htmltext"
)

func FuzzSplit(f *testing.F) {
	for _, text := range []string{
		"Sí.\n\nEl lun, 3 nov 2025 a las 10:12, Ana (<ana@example.org>) escribió:\n\n> ¿Enciende?\n",
		"Listo\n\nDe: Mesa <soporte@example.org>\nEnviado el: lunes\nPara: Ana\nAsunto: x\n\nviejo",
		"> a\nb\n> c\n\n-- \nAna\nAVISO LEGAL: confidencial",
		"x\n---------- Forwarded message ---------\nFrom: A <a@example.org>\nSubject: s\n\ncuerpo",
		"x\n   ----- Forwarded Message ----- From: A <a@example.org>To: bSubject: s\ncuerpo",
	} {
		f.Add(text, "Ana", true, 3, 20)
	}
	f.Fuzz(func(t *testing.T, text, author string, forwarding bool, start, end int) {
		text = strings.ToValidUTF8(text, "")
		var marks []htmltext.Mark
		if start >= 0 && start <= end && end <= len(text) {
			for _, kind := range []htmltext.Kind{htmltext.Quote, htmltext.QuoteRest, htmltext.Signature, htmltext.Forward} {
				marks = append(marks, htmltext.Mark{Kind: kind, Start: start, End: end, Rule: "x"})
			}
		}
		r := Split(Mail{Text: text, Marks: marks, Author: author, Forwarding: forwarding})
		at, kept := 0, ""
		for _, c := range r.Cuts {
			if c.Start < at || c.End < c.Start || c.End > len(text) || c.Rule == "" || c.Kind == "" {
				t.Fatalf("cut %+v after %d of %d", c, at, len(text))
			}
			kept += text[at:c.Start]
			at = c.End
		}
		kept += text[at:]
		if got, want := letters(r.New), letters(kept); got != want {
			t.Errorf("the new text is %q, the text without cuts %q", got, want)
		}
	})
}

// letters drops white space.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
