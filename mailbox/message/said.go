package message

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox"
	"radicado/mailbox/message/htmltext"
	"radicado/mailbox/message/quote"
)

// say fills in what of the text was said now, and an inline forward. What a mail server reports is not parted: it answers
// nobody.
func (b *body) say(m *mailbox.Message, marks []htmltext.Mark) {
	text := m.Text
	switch m.Class {
	case mailbox.ClassBounce, mailbox.ClassDelay, mailbox.ClassReceipt, mailbox.ClassFeedback:
		m.NewText = strings.Trim(text, "\n")
		return
	}
	mail := quote.Mail{Text: text, Marks: marks, Author: m.From.Name, Forwarding: forwardingSubject(m.Subject)}
	result := quote.Split(mail)
	if html := b.onlyHTML(); html != nil && !cutsHistory(result) {
		// The plain text of the same words has no sign of a quote, the HTML may: what it says now ends where the same
		// words end in the plain text.
		result = b.byHTML(mail, result, html)
	}
	m.NewText = result.New
	for _, c := range result.Cuts {
		m.Cuts = append(m.Cuts, mailbox.Cut{Kind: string(c.Kind), Rule: c.Rule, Text: text[c.Start:c.End]})
	}
	if f := result.Forward; f != nil {
		m.Forward = &mailbox.Forward{
			From: quotedSender(f.Header.From), Subject: oneLine(f.Header.Subject), Date: parseDate(f.Header.Date),
			Text: f.Text, Message: m.NewText, Inline: true,
		}
	}
}

// text joins the blocks. The marks are those of the HTML, where the whole text comes from it.
func (b *body) text() (string, []htmltext.Mark) {
	if len(b.blocks) == 1 {
		text, fromHTML := b.blocks[0].text()
		if strings.TrimSpace(text) != "" {
			if fromHTML {
				return text, b.blocks[0].doc().Marks
			}
			return text, nil
		}
	}
	var sb strings.Builder
	var marks []htmltext.Mark
	for i := range b.blocks {
		text, fromHTML := b.blocks[i].text()
		if strings.TrimSpace(text) == "" {
			continue
		}
		if sb.Len() > 0 {
			sb.WriteString("\n\n")
		}
		if fromHTML {
			for _, mark := range b.blocks[i].doc().Marks {
				if mark.Kind == htmltext.QuoteRest && len(b.blocks) > 1 {
					continue
				}
				mark.Start += sb.Len()
				mark.End += sb.Len()
				marks = append(marks, mark)
			}
		}
		sb.WriteString(text)
	}
	if sb.Len() == 0 {
		if len(b.textFree) == 0 {
			b.textFree = []string{clip(b, strings.Join(b.named, "\n\n"))}
		}
		return strings.Join(b.textFree, "\n\n"), nil
	}
	return sb.String(), marks
}

// onlyHTML returns the HTML that stands beside the plain text of the only block that has words, where it may hold a mark
// of a quoted mail; nil otherwise.
func (b *body) onlyHTML() *htmltext.Document {
	var one *block
	for i := range b.blocks {
		text, fromHTML := b.blocks[i].text()
		if strings.TrimSpace(text) == "" {
			continue
		}
		if one != nil || fromHTML {
			return nil
		}
		one = &b.blocks[i]
	}
	if one == nil {
		return nil
	}
	for _, source := range one.html {
		if htmltext.MayHaveMarks(source) {
			return one.doc()
		}
	}
	return nil
}

func cutsHistory(r quote.Result) bool {
	for _, c := range r.Cuts {
		if c.Kind == quote.Quoted || c.Kind == quote.Forwarded {
			return true
		}
	}
	return false
}

// byHTML cuts the plain text where the HTML says that the quoted mail begins.
func (b *body) byHTML(mail quote.Mail, plain quote.Result, doc *htmltext.Document) quote.Result {
	if len(doc.Marks) == 0 {
		return plain
	}
	fromHTML := quote.Split(quote.Mail{Text: doc.Text, Marks: doc.Marks, Author: mail.Author, Forwarding: mail.Forwarding})
	if len(fromHTML.Cuts) == 0 || !cutsHistory(fromHTML) {
		return plain
	}
	first := fromHTML.Cuts[0]
	end, ok := sameWords(mail.Text, doc.Text[:first.Start])
	if !ok {
		return plain
	}
	result := quote.Split(quote.Mail{Text: mail.Text[:end], Author: mail.Author})
	result.Cuts = append(result.Cuts, quote.Cut{Kind: first.Kind, Rule: first.Rule + " (in the HTML)", Start: end, End: len(mail.Text)})
	result.Forward = fromHTML.Forward
	return result
}

// sameWords returns where in text the letters of head end, white space and marks aside; false where text begins with
// other letters.
func sameWords(text, head string) (int, bool) {
	i := 0
	for _, r := range head {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		for {
			if i >= len(text) {
				return 0, false
			}
			t, n := utf8.DecodeRuneInString(text[i:])
			i += n
			if unicode.IsLetter(t) || unicode.IsDigit(t) {
				if t != r {
					return 0, false
				}
				break
			}
		}
	}
	return i, true
}

// forwardPrefixes are what mail clients put before the subject of a forwarded mail, by language, in lower case.
var forwardPrefixes = []string{
	"fwd", "fw", "rv", "reenviado", "reenv", "reenvío", "enc", "encaminhar", "tr", "trans", "transf", "wg", "i", "inoltro", "inoltra", "doorst", "vb", "vs", "vl", "vidaresänt", "videresend",
	"pd", "přep", "přepo", "fs", "ilt", "i̇lt", "ynt", "továbbítás", "továbbítva", "továbbított", "redir", "redirecționat", "пересл", "пересылка", "hl", "转发", "轉寄", "転送", "전달", "πρθ", "προώθ",
	"edasi", "pers", "prosl", "posr", "chuyển tiếp", "trs", "rd",
}

// forwardingSubject reports whether a subject is that of a forwarded mail. The first prefix counts: "RV: RE: …" forwards an
// answer, "RE: RV: …" answers a forwarded mail. A tag in brackets before it is somebody's number or list.
func forwardingSubject(subject string) bool {
	s := strings.ToLower(strings.TrimSpace(subject))
	if strings.HasSuffix(s, "(fwd)") {
		return true
	}
	if tag, rest, ok := strings.Cut(s, "]"); ok && strings.HasPrefix(tag, "[") && !strings.Contains(tag, ":") {
		s = strings.TrimSpace(rest)
	}
	prefix, _, ok := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(s, "["), "：", ":"), ":") // also "[Fwd: …]"
	return ok && slices.Contains(forwardPrefixes, strings.TrimSpace(prefix))
}

// quotedSender reads a sender as it stands in a text: "Name <addr<mailto:addr>>", "Name [mailto:addr]", a name alone.
func quotedSender(s string) mailbox.Address {
	s = strings.NewReplacer("[mailto:", "<", "<mailto:", "<", "[", "<", "]", ">", "(mailto:", "<", "*", "").Replace(s)
	if i := strings.Index(strings.ToLower(s), " on behalf of "); i > 0 {
		s = s[:i]
	}
	at := strings.IndexByte(s, '@')
	if at < 0 {
		return mailbox.Address{Name: strings.Trim(strings.TrimSpace(s), `"'<>`)}
	}
	start := strings.LastIndexAny(s[:at], " <>\t\"'(;,:") + 1
	end := at + strings.IndexAny(s[at:]+" ", " <>\t\"');,")
	name := strings.Trim(strings.TrimSpace(strings.TrimRight(s[:start], " <(\t")), `"'“”«»`)
	if name == "" { // "addr (Name)"
		name = strings.Trim(strings.TrimSpace(s[end:]), `"'<>()`)
	}
	if strings.Contains(name, "@") {
		name = ""
	}
	return mailbox.Address{Name: strings.TrimSpace(strings.Trim(name, `"'`)), Addr: s[start:end]}
}
