package quote

import (
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
)

// findSignatures cuts signatures and notices off the end of what the author wrote, one after the other, and what stands
// behind a quote at the end.
func (s *splitter) findSignatures() {
	start := nextText(s.lines, 0)
	end := s.tail
	for {
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
func (s *splitter) keeps(start, from int) bool { return s.words(start, from) }

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
		} else if isRule(l.text) && words > 0 && s.short(n+1, end) && (words <= maxRuled || words <= maxContacts && s.contacts(n+1, end)) {
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

// short reports whether lines[from:to] could be a signature below a drawn line.
func (s *splitter) short(from, to int) bool {
	for _, l := range s.lines[from:to] {
		if len(l.text) > 160 {
			return false
		}
	}
	return true
}

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
			if looksLikeName(s.lines[name].text) && s.plainBelow(name+1, end) {
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
		if len(l.text) > 70 || strings.HasSuffix(l.text, "?") || strings.HasSuffix(l.text, "!") || strings.HasSuffix(l.text, ":") || strings.HasSuffix(l.text, ".") && len(strings.Fields(l.text)) > 4 {
			return false
		}
	}
	return true
}

// looksLikeName reports whether a line is one to four capitalised words and nothing else.
func looksLikeName(text string) bool {
	words := strings.Fields(strings.Trim(text, "*_-~,. \u00a0"))
	if len(words) == 0 || len(words) > 4 || len(text) > 50 || isClosing(text) {
		return false
	}
	for _, w := range words {
		if !capitalised(w) {
			return false
		}
		for _, r := range w {
			if !unicode.IsLetter(r) && !strings.ContainsRune(".'’-", r) {
				return false
			}
		}
	}
	return true
}

// mobile: "Sent from my iPhone".
func (s *splitter) mobile(start, end int) (int, Kind, string) {
	n := end - 1
	if n > start && isMobile(s.lines[n].text) {
		return n, Signature, "what a mail program adds: " + shorten(s.lines[n].text, 60)
	}
	return -1, "", ""
}

// isMobile knows the lines with which mail programs advertise themselves.
func isMobile(text string) bool {
	if len(text) > 160 {
		return false
	}
	low := strings.Trim(fold(text), "-_*<>()[]. \u00a0!")
	advert := len(strings.Fields(low)) <= 12 && !strings.Contains(low, ", ") && !strings.HasSuffix(low, "?")
	for _, prefix := range mobilePrefixes {
		if advert && strings.HasPrefix(low, prefix) {
			return true
		}
	}
	for _, part := range mobileParts {
		if strings.Contains(low, part) {
			return true
		}
	}
	return false
}

var mobilePrefixes = []string{
	"sent from my ", "sent from mail", "sent from yahoo", "sent from outlook", "sent from windows", "sent from samsung", "sent from a phone", "sent from mobile", "sent from proton", "sent from nine", "sent from spark", "sent from the ", "sent from aol", "sent from gmail",
	"sent from commbank", "sent from galaxy", "sent from android", "sent from iphone", "sent from ipad", "sent from blackberry", "sent from my", "sent with ", "sent via ", "sent on the go", "sent by galaxy", "sent by ", "sent using ", "sent through", "from my iphone", "from my ipad", "from my android", "from my mobile", "get outlook for", "get [outlook for", "download outlook",
	"enviado desde mi ", "enviado desde yahoo", "enviado desde outlook", "enviado desde correo", "enviado desde el ", "enviado desde un ", "enviado desde samsung", "enviado desde dispositivo", "enviado desde iphone", "enviado desde android", "enviado desde mail", "enviado desde gmail", "enviado con ", "enviado de samsung", "enviado mediante ", "enviado a través de ",
	"enviado desde tutanota", "enviado desde proton", "enviado desde huawei", "obtener outlook para", "obtén outlook para", "obtenga outlook para", "descargar outlook", "mensaje enviado desde mi", "enviado do meu", "enviado a partir do", "enviado pelo", "enviado do ", "enviado via ", "obter o outlook para", "obtenha o outlook para", "baixe o outlook",
	"envoyé de mon", "envoyé depuis mon", "envoyé depuis ", "envoyé à partir de", "envoyé de ", "envoyé avec ", "télécharger outlook pour", "obtenir outlook pour", "envoye de mon", "provenance : courrier", "von meinem", "gesendet von", "gesendet mit", "von meinen", "diese nachricht wurde von meinem", "diese nachricht wurde mit", "outlook für ", "holen sie sich outlook", "versendet von",
	"inviato da ", "inviato dal ", "inviato con ", "inviato tramite ", "scarica outlook per", "ottieni outlook per", "verzonden vanaf", "verzonden met", "verstuurd vanaf", "verstuurd met", "outlook voor ", "download outlook voor", "skickat från min", "skickat från", "skickad från", "sendt fra min", "sendt fra", "hämta outlook", "hent outlook", "få outlook",
	"lähetetty ", "hanki outlook", "wysłane z ", "wysłano z ", "pobierz outlook", "odesláno z ", "odoslané z ", "získejte outlook", "poslano s ", "küldve ", "trimis de pe", "trimis din", "отправлено с ", "отправлено из ", "надіслано з ", "iphone'umdan gönderildi", "gönderen ", "iphone'umdan", "στάλθηκε από", "從我的", "发自我的", "來自我的", "从我的", "iphoneから送信", "나의 ", "iphone에서",
	"enviat des del meu", "nire ", "sent from", "typed on my", "escrito desde mi", "tapped on", "scanned by", "dictated",
}

var mobileParts = []string{
	"iphone から送信", "から送信", "傳送自", "发送自", "gesendet von meinem", " gesendet", "mobiltelefon mit k-9", "von meinem iphone", "telefonumdan gönderildi", "excuse typo", "please excuse any typos", "disculpe la brevedad", "disculpe los errores de", "yahoo mail en android", "yahoo mail on android",
}

// notice: legal and environmental notices, and the lines of virus scanners and mailing lists.
func (s *splitter) notice(start, end int) (int, Kind, string) {
	found, words, rule := -1, 0, ""
	for n := end - 1; n > start && words <= maxNotice; n-- {
		l := s.lines[n]
		if l.depth > 0 {
			break
		}
		if l.blank {
			continue
		}
		words++
		if isNotice(l.text) {
			found, rule = n, shorten(l.text, 60)
		}
	}
	if found < 0 {
		return -1, "", ""
	}
	if prev := found - 1; prev > start && isRule(s.lines[prev].text) {
		found = prev
	}
	return found, Disclaimer, "a notice: " + rule
}

// isNotice reports whether a paragraph begins as a notice does that a mail server or an organisation adds.
func isNotice(text string) bool {
	text = strings.Trim(text, "*_|~-•●\u00a0 \"“”'«»\U0001f33f\U0001f331")
	if len(text) < 12 {
		low := strings.ToLower(text)
		return low == "aviso legal" || low == "disclaimer" || low == "disclaimer:"
	}
	for _, p := range noticeHeads[strings.ToLower(text[:4])] {
		if len(text) >= len(p) && strings.EqualFold(text[:len(p)], p) {
			return true
		}
	}
	if !ofConfidence(text) {
		return false
	}
	low := strings.ToLower(text[:min(len(text), 80)])
	for _, p := range noticeSubjects {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return false
}

// ofConfidence reports whether the beginning of a paragraph speaks of confidentiality or exclusive use.
func ofConfidence(text string) bool {
	text = text[:min(len(text), 300)]
	for _, stem := range []string{"onfiden", "rivileg", "xclusiv", "ertraulich", "iservat", "CONFIDEN", "PRIVILEG", "EXCLUSIV"} {
		if strings.Contains(text, stem) {
			return true
		}
	}
	return false
}

// noticePrefixes are unmistakable openings.
var noticePrefixes = []string{
	"aviso legal", "aviso de confidencialidad", "aviso de privacidad", "nota de confidencialidad", "nota legal", "cláusula de confidencialidad", "clausula de confidencialidad", "advertencia legal",
	"advertencia de confidencialidad", "confidencialidad:", "política de tratamiento de datos", "política de privacidad y", "protección de datos:", "tratamiento de datos personales:", "descargo de responsabilidad", "advertencia:", "declaración de confidencialidad",
	"antes de imprimir", "por favor, antes de imprimir", "por favor considere el medio ambiente", "piense en el medio ambiente", "no imprima este", "evite imprimir", "imprima este correo solo", "si no es necesario, no imprima", "cuidemos el medio ambiente", "no me imprimas", "p antes de imprimir",
	"libre de virus", "virus-free", "este mensaje ha sido analizado", "este correo ha sido analizado", "este correo electrónico ha sido comprobado", "no virus found", "se certificó que el correo", "este correo electrónico se ha comprobado", "el software de antivirus", "this email has been checked for viruses", "this message has been scanned", "this email has been scanned", "scanned by mailscanner",
	"confidentiality notice", "confidentiality:", "confidentiality note", "confidential notice", "disclaimer:", "legal notice", "privacy notice", "privileged and confidential", "notice of confidentiality", "important notice:", "please consider the environment", "think before you print", "save a tree", "consider the environment", "please don't print", "p please consider",
	"aviso de confidencialidade", "antes de imprimir", "avis de confidentialité", "avis de non-responsabilité", "pensez à l'environnement", "pensez à l’environnement", "avant d'imprimer", "avant d’imprimer", "vertraulichkeitshinweis", "haftungsausschluss", "bitte denken sie an die umwelt", "bitte prüfen sie, ob",
	"avvertenza", "informativa privacy", "prima di stampare", "rispetta l'ambiente", "le informazioni contenute in questo", "le informazioni contenute nella presente", "aviso legal e", "esta mensagem, incluindo", "esta mensagem e seus anexos", "esta mensagem pode conter", "ce message et toutes les pièces", "ce message et ses pièces", "ce courriel et", "ce message est confidentiel", "diese e-mail enthält vertrauliche", "diese e-mail könnte", "diese nachricht enthält", "this email and any files transmitted", "this e-mail and any files transmitted", "you received this message because you are subscribed", "to unsubscribe from this group", "has recibido este mensaje porque estás suscrito",
}

// noticeHeads finds the openings by their first four bytes.
var noticeHeads = headTable(noticePrefixes)

func headTable(words []string) map[string][]string {
	table := map[string][]string{}
	for _, w := range words {
		table[w[:4]] = append(table[w[:4]], w)
	}
	return table
}

// noticeSubjects open a notice that goes on about confidentiality or exclusive use.
var noticeSubjects = []string{
	"este mensaje", "este correo", "este e-mail", "este documento", "esta comunicación", "esta comunicacion", "este email", "la información contenida", "la información transmitida", "la informacion contenida", "el contenido de este", "el contenido del presente", "la presente comunicación", "este comunicado", "el presente mensaje", "el presente correo", "los datos contenidos", "la información de este", "la información en este", "información confidencial", "en cumplimiento de la ley",
	"this message", "this e-mail", "this email", "this communication", "this transmission", "the information contained", "the information in this", "the contents of this", "this electronic", "the information transmitted", "this document", "information contained in", "the content of this", "any information",
	"esta mensagem", "este mensagem", "a informação contida", "as informações contidas", "o conteúdo deste", "este email", "ce message", "ce courriel", "cet e-mail", "cet email", "les informations contenues", "le contenu de ce", "diese e-mail", "diese nachricht", "der inhalt dieser", "die in dieser", "questo messaggio", "questa e-mail", "questa email", "il contenuto di questa", "le informazioni", "dit bericht", "deze e-mail", "detta meddelande", "denne e-post", "la presente e-mail",
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
		if startsWith(l.text, first) && isName(l.text, s.mail.Author) && s.short(n+1, end) && (s.lines[n-1].blank || words == 1 || endsSentence(s.lines[n-1].text)) {
			found = n
		}
	}
	if found < 0 {
		return -1, "", ""
	}
	return found, Signature, "the sender's name: " + shorten(s.lines[found].text, 60)
}

// startsWith reports whether the first letter of a line, without its accent, is the one given.
func startsWith(text string, letter rune) bool {
	text = strings.TrimLeft(text, "*_-~ ")
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return false
	}
	folded, _ := utf8.DecodeRuneInString(plain(text[:n]))
	return r == letter || folded == letter
}

func endsSentence(s string) bool {
	return s != "" && strings.ContainsRune(".!?,:;", rune(s[len(s)-1])) || isClosing(s)
}

// isName reports whether a line is the author's name, in full, shortened, or with further surnames: its first word is the
// first name, every other one is a part of the name, its initial, or one more capitalised word.
func isName(text, author string) bool {
	text = strings.Trim(text, "*_-~,. \u00a0")
	words := strings.Fields(plain(text))
	names := strings.Fields(plain(author))
	if len(words) == 0 || len(words) > 6 || len(names) == 0 || len(text) > 60 || words[0] != names[0] {
		return false
	}
	if len(words) == 1 {
		return len(names) > 0 && strings.EqualFold(words[0], names[0]) && len(words[0]) > 2
	}
	known := 1
	for i, w := range words[1:] {
		original := strings.Fields(text)[min(i+1, len(strings.Fields(text))-1)]
		switch {
		case partOf(w, names):
			known++
		case !capitalised(original):
			return false
		}
	}
	return known >= 2 || len(names) == 1
}

// partOf reports whether a word is one of the names or the initial of one.
func partOf(w string, names []string) bool {
	w = strings.TrimRight(w, ".")
	for _, n := range names {
		if w == n || len(w) == 1 && strings.HasPrefix(n, w) {
			return true
		}
	}
	return false
}

func capitalised(w string) bool {
	for _, r := range w {
		return unicode.IsUpper(r) || w == "de" || w == "del" || w == "la" || w == "las" || w == "los" || w == "y" || w == "von" || w == "van"
	}
	return false
}

// plain lowers letters and takes their accents off.
func plain(s string) string {
	var sb strings.Builder
	for _, r := range strings.ToLower(s) {
		if i := strings.IndexRune(accented, r); i >= 0 {
			r = rune(unaccented[len([]rune(accented[:i]))])
		}
		sb.WriteRune(r)
	}
	return sb.String()
}

const (
	accented   = "áàâãäéèêëíìîïóòôõöúùûüñç"
	unaccented = "aaaaaeeeeiiiiooooouuuunc"
)

// onlySignature reports whether all words in lines[from:to] are a signature.
func (s *splitter) onlySignature(from, to int) bool {
	first := nextText(s.lines[:to], from)
	if first >= to {
		return true
	}
	l := s.lines[first]
	if isDelimiter(l.text) || isMobile(l.text) || isNotice(l.text) {
		return true
	}
	if isRule(l.text) {
		words := 0
		for _, l := range s.lines[first+1 : to] {
			if !l.blank {
				words++
			}
		}
		return words <= maxRuled && s.short(first+1, to)
	}
	for _, m := range s.marks {
		if m.kind == htmltext.Signature && m.from <= first && allBlank(s.lines, min(m.to, to), to) {
			return true
		}
	}
	return s.mail.Author != "" && isName(l.text, s.mail.Author) && s.short(first, to)
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

// isClosing reports whether a line is a formula that ends a letter.
func isClosing(text string) bool {
	low := strings.Trim(fold(text), ",.! ")
	if len(low) > 40 {
		return false
	}
	for _, w := range []string{"regards", "best", "kind regards", "thanks", "thank you", "cheers", "sincerely", "yours", "saludos", "un saludo", "cordial saludo", "cordialmente", "atentamente", "atte", "att", "gracias", "muchas gracias", "cordiales saludos",
		"cumprimentos", "atenciosamente", "obrigad", "abraço", "cordialement", "bien à vous", "merci", "salutations", "mit freundlichen", "viele grüße", "grüße", "gruß", "danke", "mfg", "liebe grüße", "cordiali saluti", "saluti", "distinti saluti", "grazie", "met vriendelijke", "groeten", "hälsningar", "mvh", "hilsen", "terveisin", "med venlig hilsen", "venlig hilsen", "kh", "mvh", "med vennlig hilsen", "vennlig hilsen", "med vänliga", "vänliga hälsningar", "pozdrawiam", "s pozdravem"} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}
