package htmltext

import (
	"runtime"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"paragraphs":          {"<p>Uno\n dos</p><p>Tres</p>", "Uno dos\n\nTres"},
		"breaks":              {"Uno<br>Dos<br/><br>Tres", "Uno\nDos\n\nTres"},
		"divs":                {"<div>Uno</div><div><br></div><div>Dos</div>", "Uno\n\nDos"},
		"Word":                {`<p class=MsoNormal>Uno<o:p></o:p></p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Dos</p>`, "Uno\n\nDos"},
		"inline":              {"<b>Sí</b>, <i>se</i>ñor", "Sí, señor"},
		"entities":            {"a &lt; b &amp;&nbsp;c &eacute;", "a < b & c é"},
		"bullets":             {"<ul><li>Uno<li>Dos<ul><li>Tres</ul></ul>Fin", "- Uno\n- Dos\n  - Tres\nFin"},
		"numbers":             {"<ol><li>Uno</li><li>Dos</li></ol>", "1. Uno\n2. Dos"},
		"table":               {"<table><tr><th>Placa</th><th>Equipo</th></tr><tr><td>4471</td><td>HP</td></tr></table>", "Placa | Equipo\n4471 | HP"},
		"link":                {`Ver <a href="https://example.org/x">el manual</a>.`, "Ver el manual (https://example.org/x)."},
		"link to somebody":    {`<a href="mailto:ana@example.org?subject=x">Ana</a>`, "Ana <ana@example.org>"},
		"link that says so":   {`<a href="https://www.example.org/">www.example.org</a> <a href="mailto:a@example.org">a@example.org</a>`, "www.example.org a@example.org"},
		"script link":         {`<a href="javascript:x()">pulse</a>`, "pulse"},
		"scripts and styles":  {"<style>p{}</style><script>x</script>Hola<!-- no -->", "Hola"},
		"head":                {"<html><head><title>No</title></head><body>Sí</body></html>", "Sí"},
		"unclosed head":       {"<html><head><title>No</title><body>Sí", "Sí"},
		"head without a body": {`<html><head><meta charset=utf-8><title>No</title><div>La impresora no imprime</div></html>`, "La impresora no imprime"},
		"MJML":                {`<td style="font-size:0px;padding:10px 25px"><div style="font-size:13px">La impresora</div></td>`, "La impresora"},
		"hidden":              {`<div style="display: none">No</div><span hidden>No</span><p style="mso-hide:all">No</p>Sí`, "Sí"},
		"hidden in hidden":    {`<div style="display:none">No<div>No</div>No</div>Sí`, "Sí"},
		"preformatted":        {"<pre>a\n  b</pre>c", "a\n  b\nc"},
		"quote":               {`Sí<blockquote type="cite">¿Prende?<br>¿Suena?<blockquote type="cite">Viejo</blockquote></blockquote>No`, "Sí\n> ¿Prende?\n> ¿Suena?\n>> Viejo\nNo"},
		"indented words":      {`Uno<blockquote>Dos</blockquote>Tres`, "Uno\nDos\nTres"},
		"stray end tags":      {"</div></p></li>Sí</b>", "Sí"},
		"conditional":         {"<!--[if mso]><p>No</p><![endif]-->Sí", "Sí"},
		"zero width":          {"im\u200bpre\u00adsora", "impresora"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Convert([]byte(c.source)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMarks(t *testing.T) {
	d := Convert([]byte(`<div>Listo</div><div class="gmail_signature">Ana</div><div class="gmail_quote">viejo</div>`))
	if len(d.Marks) != 2 || d.Marks[0].Kind != Signature || d.Marks[1].Kind != Quote {
		t.Fatalf("marks %+v", d.Marks)
	}
	if s := strings.TrimSpace(d.Text[d.Marks[0].Start:d.Marks[0].End]); s != "Ana" {
		t.Errorf("the signature is %q", s)
	}
	if s := strings.TrimSpace(d.Text[d.Marks[1].Start:min(d.Marks[1].End, len(d.Text))]); s != "viejo" {
		t.Errorf("the quote is %q", s)
	}
	if MayHaveMarks([]byte("<p>Hola</p>")) || !MayHaveMarks([]byte(`<div class="gmail_quote">`)) {
		t.Error("MayHaveMarks is wrong")
	}
}

// Deep nesting and unbalanced tags cost no more than their size: a tree builder refuses the first, a search for the tag to
// close is quadratic on the second.
func TestHostileHTML(t *testing.T) {
	for name, source := range map[string]string{
		"deep":       strings.Repeat("<div>", 100_000) + "Sí",
		"unbalanced": strings.Repeat("<b><i></u>", 100_000) + "Sí",
		"quotes":     strings.Repeat("<blockquote type=cite>", 50_000) + "Sí",
		"lists":      strings.Repeat("<ul><li>", 50_000) + "Sí",
		"attributes": "<p " + strings.Repeat("a=b ", 100_000) + ">Sí",
	} {
		if text := Convert([]byte(source)).Text; !strings.HasSuffix(text, "Sí") || len(text) > len(source) {
			t.Errorf("%s: %d bytes of text, ends %q", name, len(text), text[max(0, len(text)-20):])
		}
	}
}

// TestOpenLinks has links that nobody closes, and so all that follows for their words, which took seconds when it was compared with the
// target of each.
func TestOpenLinks(t *testing.T) {
	source := []byte("<div>" + strings.Repeat("<a href='https://x.example/'>Ñandú ", 30_000) + "</div>Sí")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text := Convert(source).Text
	runtime.ReadMemStats(&after)
	if !strings.HasSuffix(text, "Sí") || !strings.Contains(text, "Ñandú (https://x.example/)") {
		t.Errorf("the text ends %q", text[max(0, len(text)-100):])
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(20*len(source)) {
		t.Errorf("%d bytes took %d bytes of memory", len(source), took)
	}
}
