package htmltext

import (
	"testing"
	"unicode/utf8"
)

func FuzzConvert(f *testing.F) {
	for _, s := range []string{
		"<p>Hola <b>mundo</b></p><blockquote type=cite><p>a<br>b</blockquote>", "<table><tr><td>a<td>b</table>", "<ol><li>a<li>b</ol>",
		"<div style='display:none'>x</div><a href=https://example.org>y</a>", "</p></div><li>", "<pre> a\n b</pre>", "<div id=divRplyFwdMsg>De: x</div>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		d := Convert(source)
		if utf8.Valid(source) && !utf8.ValidString(d.Text) {
			t.Errorf("text is no UTF-8: %q", d.Text)
		}
		for _, m := range d.Marks {
			if m.Start < 0 || m.End < m.Start || m.End > len(d.Text)+maxQuoteDepth+8 || m.Rule == "" {
				t.Errorf("mark %+v of %d bytes", m, len(d.Text))
			}
		}
	})
}
