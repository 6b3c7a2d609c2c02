package htmltext

import "strings"

// link writes the target after the words of a link, where the words do not say it already.
func (w *walker) link(e element) {
	if e.from < 0 || e.from >= w.out.Len() {
		return
	}
	target := strings.TrimSpace(e.href)
	if target == "" || target[0] == '#' || len(target) > 2000 || hasPrefixFold(target, "javascript:") || hasPrefixFold(target, "tel:") {
		return
	}
	if words := w.out.String()[e.from:]; len(words) <= longName {
		words = strings.TrimLeft(words, "\n> ")
		if words == "" || sameTarget(words, target) {
			return
		}
	}
	if hasPrefixFold(target, "mailto:") { // as an address stands in a header
		address, _, _ := strings.Cut(target[len("mailto:"):], "?")
		w.out.WriteString(" <" + address + ">")
		return
	}
	w.out.WriteString(" (" + target + ")")
}

// longName is from how many bytes on the words of a link are not looked at: they do not name a target, and links that nobody closed have
// all that follows as their words, each of them.
const longName = 4 << 10

// sameTarget reports whether the words of a link name its target: with or without scheme, "mailto:" and a final slash.
func sameTarget(words, target string) bool {
	bare := func(s string) string {
		s = strings.ToLower(strings.TrimSpace(s))
		for _, prefix := range []string{"mailto:", "https://", "http://", "www."} {
			s = strings.TrimPrefix(s, prefix)
		}
		return strings.TrimRight(s, "/")
	}
	a, b := bare(words), bare(target)
	if hasPrefixFold(target, "mailto:") {
		b, _, _ = strings.Cut(b, "?")
		a = strings.Trim(a, "<>")
	}
	return a == b
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
