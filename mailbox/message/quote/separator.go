package quote

import (
	"slices"
	"strings"
)

// separatorKind is what a separating line announces.
type separatorKind int

const (
	noSeparator separatorKind = iota
	originalSeparator
	forwardSeparator
	replyMarker // "reply above this line"
)

var separators = separatorTable()

func separatorTable() map[string]separatorKind {
	table := map[string]separatorKind{}
	for _, w := range originalWords {
		table[w] = originalSeparator
	}
	for _, w := range forwardWords {
		table[w] = forwardSeparator
	}
	return table
}

// findSeparator reads a line like "-----Mensaje original-----" or "Begin forwarded message:". drawn tells that it has dashes
// around it, so that it needs nothing behind it to be believed; rest is what follows on the same line.
func findSeparator(s string) (kind separatorKind, drawn bool, rest string) {
	if len(s) > 400 || len(s) < 4 {
		return noSeparator, false, ""
	}
	words := s
	if last := s[len(s)-1]; s[0] >= '0' && s[0] != '_' && s[0] < 0x80 && last != ':' && (last < 0x80 && last != '-' && len(s) > 40) {
		return noSeparator, false, "" // an ordinary line
	}
	if s[0] == '-' || s[0] == '_' || s[0] == '=' || s[0] == '*' || s[0] == '#' || strings.HasPrefix(s, "—") || strings.HasPrefix(s, "–") {
		words = strings.TrimLeft(s, "-_=*# —–>|")
		drawn = strings.HasPrefix(s, "--") || strings.HasPrefix(s, "==") || strings.HasPrefix(s, "__") || strings.HasPrefix(s, "—") || strings.HasPrefix(s, "**")
	}
	if drawn {
		// "----- Forwarded Message ----- From: …" on one line, or two languages: "… --- Forwarded Message ---".
		if i := strings.Index(words, "--"); i > 0 {
			rest = trimSpace(strings.TrimLeft(words[i:], "-"))
			words = words[:i]
		} else if i := strings.Index(words, "=="); i > 0 {
			words = words[:i]
		}
	}
	if len(words) > 120 {
		return noSeparator, false, ""
	}
	words = strings.Trim(fold(words), "-_=*# —–:：>|.\u00a0")
	if kind := separators[words]; kind != noSeparator {
		return kind, drawn || strings.HasSuffix(trimSpace(s), ":"), rest
	}
	if head, _, ok := strings.Cut(words, " / "); ok {
		return separators[head], drawn, rest
	}
	if drawn { // "-----Mensaje reenviado por X el 3/11/2025-----"
		for _, prefix := range []string{"forwarded by ", "mensaje reenviado por ", "reenviado por ", "weitergeleitet von ", "transféré par ", "inoltrato da ", "encaminhado por "} {
			if strings.HasPrefix(words, prefix) {
				return forwardSeparator, true, rest
			}
		}
	}
	return noSeparator, false, ""
}

// replyMarkers are in the line that help desks put above what they send: what stands below it is theirs.
var replyMarkers = []string{
	"reply above this line", "reply above the line", "type your reply above", "write above this line", "please reply above",
	"reply above --", "respond above this line", "responda por encima de esta línea", "responda encima de esta línea", "escriba su respuesta por encima",
	"responda sobre esta línea", "conteste por encima de esta línea", "responda arriba de esta línea", "répondez au-dessus de cette ligne", "répondre au-dessus de cette ligne",
	"bitte oberhalb dieser zeile antworten", "antworten sie oberhalb", "antwort oberhalb dieser", "responda acima desta linha", "rispondi sopra questa",
}

// replyStems are in every reply marker, by a letter of theirs that is rare in what people write, with what stands before and after it.
var replyStems = [1 << 8][]struct{ before, after string }{
	'v': {{"bo", "e"}}, 'm': {{"nci", "a"}}, 'b': {{"rri", "a"}, {"so", "re esta l"}}, '-': {{"", "dessus"}}, 'h': {{"ber", "alb"}, {"lin", "a"}}, 'q': {{"sopra ", ""}},
	'V': {{"BO", "E"}}, 'M': {{"NCI", "A"}}, 'B': {{"RRI", "A"}},
}

// isReplyMarker reports whether a line asks to write above it.
func isReplyMarker(s string) bool {
	if len(s) < 12 || len(s) > 160 || !hasReplyStem(s) {
		return false
	}
	low := fold(s)
	return slices.ContainsFunc(replyMarkers, func(words string) bool { return strings.Contains(low, words) })
}

// hasReplyStem reports, at little cost, whether a line may be a reply marker.
func hasReplyStem(s string) bool {
	for i := range len(s) {
		for _, stem := range replyStems[s[i]] {
			if strings.HasSuffix(s[:i], stem.before) && strings.HasPrefix(s[i+1:], stem.after) {
				return true
			}
		}
	}
	return false
}

// isRule reports whether a line only draws a line: "________".
func isRule(s string) bool {
	if len(s) < 3 || strings.IndexByte("_-=* \xe2", s[0]) < 0 { // most lines; the last is the first byte of the long dashes
		return false
	}
	return strings.Trim(s, "_") == "" || strings.Trim(s, "-") == "" || strings.Trim(s, "=") == "" || strings.Trim(s, "*") == "" ||
		strings.Trim(s, "—") == "" || strings.Trim(s, "─") == "" || strings.Trim(s, "–") == "" || strings.Trim(s, "- ") == "" || strings.Trim(s, "_ ") == ""
}
