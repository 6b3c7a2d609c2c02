package quote

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox/message/htmltext"
)

// Limits on what may be a signature: in lines with words.
const (
	maxDelimited = 30 // behind "-- "
	maxRuled     = 8  // behind a drawn line
	maxContacts  = 16 // behind a drawn line, with telephone numbers and addresses
	maxClosed    = 7  // behind a closing formula
	maxNamed     = 12 // from a line with the author's name on
	maxNotice    = 60 // a legal notice
	maxPieces    = 50 // how many of all of these
)

// findSignatures cuts signatures and notices off the end of what the author wrote, one after the other, and what stands
// behind a quote at the end.
func (s *splitter) findSignatures() {
	start := nextText(s.lines, 0)
	end := s.tail
	for range maxPieces {
		for end > start && s.lines[end-1].blank {
			end--
		}
		p, ok := s.signatureBefore(start, end)
		if !ok || !s.keeps(start, p.from) {
			break
		}
		s.passages = append(s.passages, p)
		end = p.from
	}
	if s.tail < s.end { // the signature below a quote at the end
		for n := s.tail; n < s.end; n++ {
			if !s.lines[n].blank && s.lines[n].depth == 0 && !s.dropped(n) {
				s.passages = append(s.passages, passage{from: n, to: s.end, kind: Signature, rule: "a signature below the quoted mail"})
				break
			}
		}
	}
}

func (s *splitter) dropped(n int) bool {
	for _, p := range s.passages {
		if p.from <= n && n < p.to {
			return true
		}
	}
	return false
}

// keeps reports whether there are words left above a signature: a mail that is nothing but a signature is kept.
func (s *splitter) keeps(start, from int) bool {
	for start < from && (s.lines[start].blank || isDelimiter(s.lines[start].text) || isRule(s.lines[start].text)) {
		start++
	}
	return s.words(start, from)
}

// signatureBefore finds a signature that ends at lines[end].
func (s *splitter) signatureBefore(start, end int) (passage, bool) {
	for _, find := range []func(int, int) (int, Kind, string){s.htmlSignature, s.delimited, s.mobile, s.notice, s.named, s.closed} {
		if from, kind, rule := find(start, end); from > start && from < end {
			return passage{from: from, to: end, kind: kind, rule: rule}, true
		}
	}
	return passage{}, false
}

// htmlSignature: the mail client marked it.
func (s *splitter) htmlSignature(_, end int) (int, Kind, string) {
	for _, m := range s.marks {
		if m.kind == htmltext.Signature && m.from < end && allBlank(s.lines, min(m.to, end), end) {
			return m.from, Signature, "the HTML of the mail client: " + m.rule
		}
	}
	return -1, "", ""
}

// delimited: "-- " (RFC 3676 section 4.3) and what people make of it.
func (s *splitter) delimited(start, end int) (int, Kind, string) {
	found, words := -1, 0
	for n := end - 1; n > start && words <= maxDelimited; n-- {
		l := s.lines[n]
		if l.depth > 0 {
			break
		}
		if isDelimiter(l.text) {
			found = n
		} else if isRule(l.text) && words > 0 && s.signs(n+1, end) && (words <= maxRuled || words <= maxContacts && s.contacts(n+1, end)) {
			found = n
		}
		if !l.blank {
			words++
		}
	}
	if found < 0 {
		return -1, "", ""
	}
	return found, Signature, "the line before a signature: " + s.lines[found].text
}

func isDelimiter(text string) bool {
	return text == "--" || text == "—" || text == "__" || text == "- --" || text == "–-" || text == "––"
}

// signs reports whether lines[from:to] could be a signature: names, offices, telephones, links. Sentences, and fields as of a
// form ("Placa: 4471"), are something that the author says.
func (s *splitter) signs(from, to int) bool {
	for n := from; n < to; n++ {
		l := s.lines[n]
		if s.isNotice(n, to) {
			return true
		}
		if len(l.text) > 160 || sentence(l.text) || formField(l.text) {
			return false
		}
	}
	return true
}

// sentence reports whether most words of a line are written small, as in running text.
func sentence(text string) bool {
	words, small := 0, 0
	for w := range strings.FieldsSeq(text) {
		first, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsLetter(first) {
			continue
		}
		words++
		if unicode.IsLower(first) {
			small++
		}
	}
	return words >= 5 && small*3 > words*2 && !contact(text)
}

// formField reports whether a line is a field of a form that is no way to reach somebody.
func formField(text string) bool {
	label, value, ok := strings.Cut(text, ":")
	if !ok || strings.HasPrefix(value, "//") || len(label) > 30 || trimSpace(value) == "" || contact(value) {
		return false
	}
	low := plain(label)
	for _, w := range contactLabels {
		if low == w || len(w) > 2 && strings.Contains(low, w) {
			return false
		}
	}
	return true
}

// contactLabels stand before telephone numbers and addresses in signatures.
var contactLabels = []string{"tel", "cel", "mov", "ext", "fax", "fijo", "mail", "correo", "e-m", "web", "skype", "whats", "phone", "mob", "dir", "pbx",
	"linea", "sitio", "twitter", "facebook", "linkedin", "instagram", "address", "ph", "m", "t", "f", "c", "o", "w", "e"}

// contacts reports whether lines[from:to] are mostly short, and at least two of them are telephone numbers or addresses.
func (s *splitter) contacts(from, to int) bool {
	found := 0
	for _, l := range s.lines[from:to] {
		if len(l.text) > 90 {
			return false
		}
		if contact(l.text) {
			found++
		}
	}
	return found >= 2
}

func contact(text string) bool {
	low := strings.ToLower(text)
	if strings.Contains(low, "://") || strings.Contains(low, "www.") || strings.Contains(low, "@") {
		return true
	}
	digits := 0
	for i := range len(text) {
		if isDigit(text[i]) {
			digits++
		}
	}
	return digits >= 6 && digits*3 >= len(strings.ReplaceAll(text, " ", ""))
}

// closed: a closing formula with a name below it. The formula is the author's, the name and what follows it is not news.
func (s *splitter) closed(start, end int) (int, Kind, string) {
	words := 0
	for n := end - 1; n > start && words <= maxClosed; n-- {
		l := s.lines[n]
		if l.depth > 0 {
			break
		}
		if l.blank {
			continue
		}
		if words > 0 && isClosing(l.text) {
			name := nextText(s.lines[:end], n+1)
			if looksLikeName(s.lines[name].text) && s.signs(name+1, end) && s.plainBelow(name+1, end) {
				return name, Signature, "a name below the closing formula: " + shorten(s.lines[name].text, 60)
			}
			break
		}
		words++
	}
	return -1, "", ""
}

// plainBelow reports whether lines[from:to] could be office and telephone: short, and no sentences.
func (s *splitter) plainBelow(from, to int) bool {
	for _, l := range s.lines[from:to] {
		if isNoticeHead(l.text) {
			return true
		}
		if len(l.text) > 70 || strings.HasSuffix(l.text, "?") || strings.HasSuffix(l.text, "!") || strings.HasSuffix(l.text, ":") || strings.HasSuffix(l.text, ".") && len(strings.Fields(l.text)) > 4 {
			return false
		}
	}
	return true
}

// named: the author's name on a line of its own, with office and telephone below it.
func (s *splitter) named(start, end int) (int, Kind, string) {
	if s.mail.Author == "" {
		return -1, "", ""
	}
	first, _ := utf8.DecodeRuneInString(plain(s.mail.Author))
	found, words := -1, 0
	for n := end - 1; n > start && words < maxNamed; n-- {
		l := s.lines[n]
		if l.depth > 0 {
			break
		}
		if l.blank {
			continue
		}
		words++
		if startsWith(l.text, first) && isName(l.text, s.mail.Author) && s.signs(n+1, end) && (s.lines[n-1].blank || words == 1 || endsSentence(s.lines[n-1].text)) {
			found = n
		}
	}
	if found < 0 {
		return -1, "", ""
	}
	return found, Signature, "the sender's name: " + shorten(s.lines[found].text, 60)
}

func endsSentence(s string) bool {
	return s != "" && strings.ContainsRune(".!?,:;", rune(s[len(s)-1])) || isClosing(s)
}

// onlySignature reports whether all words in lines[from:to] are a signature.
func (s *splitter) onlySignature(from, to int) bool {
	first := nextText(s.lines[:to], from)
	if first >= to {
		return true
	}
	l := s.lines[first]
	if isDelimiter(l.text) || isMobile(l.text) || s.isNotice(first, to) {
		return true
	}
	if isRule(l.text) {
		words := 0
		for _, l := range s.lines[first+1 : to] {
			if !l.blank {
				words++
			}
		}
		return words <= maxRuled && s.signs(first+1, to)
	}
	for _, m := range s.marks {
		if m.kind == htmltext.Signature && m.from <= first && allBlank(s.lines, min(m.to, to), to) {
			return true
		}
	}
	return s.mail.Author != "" && isName(l.text, s.mail.Author) && s.signs(first, to)
}

// onlyClosing reports whether lines[from:to] are no more than closing words and a name.
func (s *splitter) onlyClosing(from, to int) bool {
	words := 0
	for n := from; n < to; n++ {
		l := s.lines[n]
		if l.blank {
			continue
		}
		words++
		if words == 1 && !isClosing(l.text) || len(l.text) > 60 {
			return false
		}
	}
	return words <= 4
}

// closings end a letter.
var closings = []string{
	"regards", "best", "kind regards", "thanks", "thank you", "cheers", "sincerely", "yours", "saludos", "un saludo", "cordial saludo", "cordialmente", "atentamente", "atte", "att", "gracias", "muchas gracias", "cordiales saludos",
	"cumprimentos", "atenciosamente", "obrigad", "abraço", "cordialement", "bien à vous", "merci", "salutations", "mit freundlichen", "viele grüße", "grüße", "gruß", "danke", "mfg", "liebe grüße", "cordiali saluti", "saluti", "distinti saluti", "grazie", "met vriendelijke", "groeten", "hälsningar", "mvh", "hilsen", "terveisin", "med venlig hilsen", "venlig hilsen", "kh", "mvh", "med vennlig hilsen", "vennlig hilsen", "med vänliga", "vänliga hälsningar", "pozdrawiam", "s pozdravem",
}

// isClosing reports whether a line is a formula that ends a letter.
func isClosing(text string) bool {
	text = strings.Trim(trimSpace(text), ",.! ")
	if len(text) > 40 {
		return false
	}
	low := strings.ToLower(text)
	return slices.ContainsFunc(closings, func(w string) bool { return strings.HasPrefix(low, w) })
}
