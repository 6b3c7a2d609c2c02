package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
		if s.isNotice(n, end) {
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

// isNotice reports whether a notice begins on lines[n] that a mail server or an organisation adds. People write about
// confidential documents and about printing as well: unless the opening is unmistakable, the passage must speak of the matter
// in the words of such notices more than once.
func (s *splitter) isNotice(n, end int) bool {
	text := noticeText(s.lines[n].text)
	openings := noticeHeads[head(text)]
	if unmistakable(text, openings) {
		return true
	}
	low := ""
	for _, p := range openings {
		if p.evidence == nil || !hasFold(text, p.opening) {
			continue
		}
		if low == "" {
			low = s.passage(n, end)
		}
		if speaksOf(low, p.evidence, p.least) {
			return true
		}
	}
	return false
}

// isNoticeHead reports whether a line is the unmistakable opening of a notice.
func isNoticeHead(text string) bool {
	text = noticeText(text)
	return unmistakable(text, noticeHeads[head(text)])
}

func unmistakable(text string, openings []opening) bool {
	if strings.IndexByte(text, '/') >= 0 && (strings.Contains(text, "avast.com/") || strings.Contains(text, "avg.com/email-sig")) {
		return true
	}
	if len(text) < 14 {
		low := strings.ToLower(strings.TrimRight(text, ":. "))
		return low == "aviso legal" || low == "disclaimer" || low == "legal notice"
	}
	for _, p := range openings {
		if p.evidence == nil && hasFold(text, p.opening) {
			return true
		}
	}
	return false
}

// noticeText takes off what notices are adorned with.
func noticeText(text string) string {
	if text != "" && text[0] != 'P' && unicode.IsLetter(rune(text[0])) && text[0] < utf8.RuneSelf { // nearly every line
		return text
	}
	text = strings.TrimLeft(text, "*_|~-•●\u00a0 \"“”'«»\U0001f33f\U0001f331\U0001f333")
	return strings.TrimPrefix(text, "P ") // the tree of the Webdings font
}

// passage returns the text from lines[n] on in lower case, as far as a notice is looked at.
func (s *splitter) passage(n, end int) string {
	last := min(end, n+12)
	return strings.ToLower(shorten(s.mail.Text[s.lines[n].start:s.lines[last-1].end], 1500))
}

// speaksOf reports whether a text has at least so many of the stems.
func speaksOf(low string, stems []string, least int) bool {
	for i := 0; i < len(stems) && least > 0; i++ {
		if strings.Contains(low, stems[i]) {
			least--
		}
	}
	return least <= 0
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// opening is how a notice begins.
type opening struct {
	opening  string
	evidence []string // what the passage must speak of; nil: nothing more is needed
	least    int      // how many of them
}

// noticeHeads finds the openings by their heads.
var noticeHeads = noticeTable()

// head is the first four bytes of a text, capital letters as small ones, by which longer lists are looked up. It takes some other
// characters for one another as well, which whoever looks on from there tells apart.
func head(s string) uint32 {
	if len(s) < 4 {
		return 0
	}
	const small = 0x20 // what makes small letters of capital ones, also of those with an accent
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24) | small*0x01010101
}

func noticeTable() map[uint32][]opening {
	table := map[uint32][]opening{}
	add := func(words, stems []string, least int) {
		for _, w := range words {
			table[head(w)] = append(table[head(w)], opening{w, stems, least})
		}
	}
	add(sureNotices, nil, 0)
	add(legalNotices, legalStems, 3)
	add(greenNotices, greenStems, 1)
	add(virusNotices, virusStems, 1)
	return table
}

// sureNotices are unmistakable openings.
var sureNotices = []string{
	"aviso legal:", "aviso legal -", "aviso legal.", "aviso de confidencialidad", "aviso de privacidad", "nota de confidencialidad", "nota legal:", "cláusula de confidencialidad", "clausula de confidencialidad", "advertencia legal",
	"advertencia de confidencialidad", "política de tratamiento de datos", "descargo de responsabilidad", "declaración de confidencialidad", "confidencialidad: la información", "confidencialidad: este",
	"confidentiality notice", "confidentiality note", "confidential notice", "legal notice:", "legal disclaimer", "email disclaimer", "e-mail disclaimer", "privileged and confidential", "notice of confidentiality", "disclaimer: th",
	"aviso de confidencialidade", "avis de confidentialité", "avis de non-responsabilité", "vertraulichkeitshinweis", "haftungsausschluss", "avviso di riservatezza", "avvertenza di riservatezza", "informativa privacy", "clausola di riservatezza",
	"please consider the environment before", "think before you print", "consider the environment before", "piense en el medio ambiente", "pensez à l'environnement", "pensez à l’environnement", "bitte denken sie an die umwelt", "rispetta l'ambiente",
	"you received this message because you are subscribed", "to unsubscribe from this group", "has recibido este mensaje porque estás suscrito", "recibió este mensaje porque está suscrito",
	"this email and any files transmitted", "this e-mail and any files transmitted", "this message has been scanned for viruses", "this email has been checked for viruses", "this email has been scanned", "se certificó que el correo",
}

// legalNotices go on about confidentiality.
var legalNotices = []string{
	"aviso legal", "confidencialidad:", "advertencia:", "protección de datos", "tratamiento de datos", "importante:", "nota:", "aviso:", "aviso importante", "este mensaje", "este correo", "este e-mail", "este documento", "esta comunicación", "esta comunicacion", "este email", "esta información", "esta transmisión", "la información", "la informacion", "el contenido de este", "el contenido del presente", "la presente comunicación", "este comunicado", "el presente mensaje", "el presente correo", "los datos", "información confidencial", "en cumplimiento de la ley", "en cumplimiento a la ley", "de conformidad con la ley", "de acuerdo con la ley", "si usted no es el destinatario", "si ha recibido este", "las opiniones", "la entidad no se hace",
	"this message", "this e-mail", "this email", "this communication", "this transmission", "this electronic", "this document", "this mail", "the information", "the contents of this", "the content of this", "information contained in", "information in this", "any information", "any views", "confidentiality:", "important notice", "disclaimer:", "privacy notice", "notice:", "confidential:", "if you are not the intended", "if you have received this", "unless otherwise",
	"esta mensagem", "a informação", "as informações", "o conteúdo deste", "ce message", "ce courriel", "cet e-mail", "cet email", "les informations", "le contenu de ce", "diese e-mail", "diese nachricht", "diese email", "der inhalt dieser", "die in dieser", "die information", "questo messaggio", "questa e-mail", "questa email", "il contenuto di quest", "le informazioni", "la presente e-mail", "avvertenza", "ai sensi del", "dit bericht", "deze e-mail", "de informatie", "detta meddelande", "denne e-post", "denne e-mail",
}

// legalStems are the words of such notices.
var legalStems = []string{
	"confiden", "privileg", "exclusiv", "destinatari", "prohib", "divulg", "reproduc", "distribu", "autoriza", "por error", "elimin", "remitente", "notifi", "anexos", "adjuntos", "habeas data", "1581", "titular",
	"intended", "recipient", "disclos", "unauthor", "delete", "in error", "sender", "attachments", "copying", "dissemin", "proibid", "destinatá", "anexo", "remetente", "destinataire", "erreur", "interdit", "supprimer", "vertraulich", "empfänger", "irrtümlich", "unbefugt", "löschen", "absender", "riservat", "destinatario", "errore", "vietat", "mittente", "vertrouwelijk", "geadresseerde", "konfidenti", "fortrolig", "mottagare",
}

// greenNotices ask not to print.
var greenNotices = []string{
	"antes de imprimir", "por favor, antes de imprimir", "por favor antes de imprimir", "por favor considere", "no imprima", "evite imprimir", "imprima", "si no es necesario", "cuidemos", "cuida el", "cuide el", "no me imprimas", "ayude a cuidar", "ayúdanos a cuidar", "contribuya", "proteja", "please consider", "please don't print", "save a tree", "save paper", "avant d'imprimer", "avant d’imprimer", "bitte prüfen sie", "prima di stampare", "pense antes de imprimir", "think green",
}

var greenStems = []string{"ambiente", "planeta", "árbol", "arbol", "naturaleza", "ahorr", "environment", "tree", "planet", "environnement", "umwelt", "meio ambiente"}

// virusNotices are the lines of virus scanners.
var virusNotices = []string{
	"libre de virus", "virus-free", "este mensaje ha sido analizado", "este correo ha sido analizado", "este correo electrónico ha sido", "este correo electrónico se ha", "este mensaje ha sido", "el software de antivirus", "no virus found", "scanned by", "this message has been scanned", "sin virus", "garanti sans virus", "virenfrei", "privo di virus", "livre de vírus",
}

var virusStems = []string{"avast", "avg", "www.", "antivirus", "norton", "mailscanner", "eset", "mcafee", "virus", "sophos", "kaspersky", "bitdefender"}
