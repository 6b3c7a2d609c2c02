package htmltext

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// attributes are those of one tag that matter here.
type attributes struct {
	id, class, style, href, kind, data, isHidden string
}

func (w *walker) attributes() attributes {
	var a attributes
	for {
		key, value, more := w.tokens.TagAttr()
		switch string(key) {
		case "id":
			a.id = string(value)
		case "class":
			a.class = string(value)
		case "style":
			a.style = strings.ToLower(strings.ReplaceAll(string(value), " ", ""))
		case "href":
			a.href = string(value)
		case "type":
			a.kind = strings.ToLower(string(value))
		case "data-marker", "data-smartmail", "name":
			a.data = string(value)
		case "hidden":
			a.isHidden = "hidden"
		}
		if !more {
			return a
		}
	}
}

// hidden reports whether the element is not shown: the preview lines of newsletters, and words meant for machines. A size of nothing is no
// sign of it: in what MJML makes, all words stand in such cells and have a size of their own.
func (a attributes) hidden() bool {
	if a.isHidden != "" {
		return true
	}
	if a.style == "" {
		return false
	}
	for _, rule := range []string{"display:none", "visibility:hidden", "mso-hide:all", "max-height:0;", "max-height:0px"} {
		if strings.Contains(a.style, rule) {
			return true
		}
	}
	return false
}

// quotes reports whether a blockquote holds a quoted mail, rather than indented words of the writer.
func (a attributes) quotes() bool {
	return a.kind == "cite" || strings.Contains(a.style, "border-left") || strings.Contains(a.class, "quote") ||
		strings.Contains(a.class, "cite") || strings.Contains(strings.ToLower(a.id), "blockquote")
}

// idMarks and classMarks are how mail clients name the elements that hold what the writer did not write.
var idMarks = map[string]Kind{
	"divRplyFwdMsg":                           QuoteRest, // Outlook on the web, new Outlook
	"appendonsend":                            QuoteRest, // Outlook on the web: stands before divRplyFwdMsg
	"OLK_SRC_BODY_SECTION":                    Quote,     // Outlook for Mac
	"MAC_OUTLOOK_ATTRIBUTION_BLOCKQUOTE":      Quote,
	"mail-editor-reference-message-container": Quote,     // Outlook mobile
	"reply-intro":                             QuoteRest, // Roundcube
	"zwchr":                                   QuoteRest, // Zimbra
	"isReplyContent":                          Quote,     // Windows Mail
	"isForwardContent":                        Forward,
	"yahoo_quoted":                            Quote,
	"Signature":                               Signature, // Outlook on the web
	"ms-outlook-mobile-signature":             Signature,
	"AppleMailSignature":                      Signature,
	"lineBreakAtBeginningOfSignature":         Signature,
	"composer_signature":                      Signature, // Samsung
	"tutanota_signature":                      Signature,
}

var classMarks = map[string]Kind{
	"gmail_quote":                  Quote,
	"gmail_quote_container":        Quote,
	"yahoo_quoted":                 Quote,
	"zmail_extra":                  Quote, // Zoho
	"protonmail_quote":             Quote,
	"tutanota_quote":               Quote,
	"moz-cite-prefix":              QuoteRest,
	"moz-forward-container":        Forward,
	"mail_quote":                   Quote,
	"mailru-blockquote":            Quote,
	"freebirdFormviewerViewFooter": Signature,
	"gmail_signature":              Signature,
	"moz-signature":                Signature,
	"protonmail_signature_block":   Signature,
	"mobile_signature":             Signature,
	"ms-outlook-mobile-signature":  Signature,
}

var dataMarks = map[string]Kind{
	"__QUOTED_TEXT__": Quote, // Zimbra
	"__HEADERS__":     QuoteRest,
	"__SIG_PRE__":     Signature,
	"__SIG_POST__":    Signature,
	"gmail_signature": Signature,
	"_MailOriginal":   QuoteRest, // Outlook: an anchor before the quoted mail
}

// marks says what an element sets off, and by which attribute.
func (a attributes) marks(tag atom.Atom) (Kind, string, bool) {
	if a.id != "" {
		if kind, ok := idMarks[strings.TrimPrefix(a.id, "x_")]; ok {
			return kind, "#" + a.id, true
		}
		if strings.HasPrefix(a.id, "yahoo_quoted") || strings.HasPrefix(a.id, "ydp") && strings.Contains(a.id, "yahoo_quoted") {
			return Quote, "#" + a.id, true
		}
	}
	for class := range strings.FieldsSeq(a.class) {
		class = strings.TrimPrefix(class, "x_")
		if kind, ok := classMarks[class]; ok {
			return kind, "." + class, true
		}
		if strings.HasPrefix(class, "ydp") {
			if strings.Contains(class, "yahoo_quoted") {
				return Quote, "." + class, true
			}
			if strings.HasSuffix(class, "signature") {
				return Signature, "." + class, true
			}
		}
	}
	if kind, ok := dataMarks[a.data]; ok {
		return kind, a.data, true
	}
	if tag == atom.Blockquote && a.quotes() {
		return Quote, "blockquote", true
	}
	// Outlook for Windows sets a quoted header block off by a line above it, and nothing else.
	if tag == atom.Div && strings.Contains(a.style, "border:none;border-top:solid") {
		return QuoteRest, "a line above the quoted header", true
	}
	return 0, "", false
}

// hints are in every HTML that has a mark of a quoted mail.
var hints = [][]byte{
	[]byte("blockquote"), []byte("BLOCKQUOTE"), []byte("_quote"), []byte("divRplyFwdMsg"), []byte("appendonsend"), []byte("OLK_SRC"), []byte("ATTRIBUTION"),
	[]byte("reference-message"), []byte("reply-intro"), []byte("zwchr"), []byte("isReply"), []byte("isForward"), []byte("yahoo_quoted"), []byte("zmail_extra"),
	[]byte("moz-"), []byte("_TEXT__"), []byte("_HEADERS__"), []byte("_MailOriginal"), []byte("border-top:"), []byte("mailru"),
}

// MayHaveMarks reports, without reading the HTML, whether it may hold the mark of a quoted mail.
func MayHaveMarks(source []byte) bool {
	for _, hint := range hints {
		if bytes.Contains(source, hint) {
			return true
		}
	}
	return false
}
