package message

import (
	"regexp"
	"strings"

	"radicado/mailbox"
)

const addrPattern = `([^\s<>"'()\[\],;:|@]+@[\w](?:[\w.-]*[\w])?)`

// sureForms is how many of the forms below name the address beyond doubt.
const sureForms = 11

// recipientForms are how mail servers name the address that failed, the surest first. All hits of the first form that
// has any are taken.
var recipientForms = []*regexp.Regexp{
	regexp.MustCompile(`(?im)^[ \t>]*(?:final|original|x-actual|failed|x-failed)-recipients?:[ \t]*(?:rfc822;[ \t]*)?<?` + addrPattern),
	regexp.MustCompile(`(?im)^[ \t]*<` + addrPattern + `>[^\n]{0,60}:[ \t]*$`),            // qmail, Postfix: "<a@b>:"
	regexp.MustCompile(`(?im)^[ \t]*<` + addrPattern + `>(?: \(expanded from[^)]*\))?: `), // Postfix: "<a@b>: host said"
	regexp.MustCompile(`(?im)^[ \t]*<?` + addrPattern + `>?:[ \t]*$`),                     // "a@b:"
	regexp.MustCompile(`(?im)<?` + addrPattern + `>?\.\.\. `),                             // sendmail: "a@b... User unknown"
	regexp.MustCompile(`(?im)\(expanded from: <?` + addrPattern),
	regexp.MustCompile(`(?im)dda:smtp=` + addrPattern),                                                           // an X.400 address of old Exchange
	regexp.MustCompile(`(?im)rcpt to: ?<` + addrPattern + `>`),                                                   // the dialogue
	regexp.MustCompile(`(?im)^[ \t*•-]*[<'"(\[]*` + addrPattern + `[>'")\]]*[*.]*[ \t]*$`),                       // alone on a line: Exim, Gmail, Exchange
	regexp.MustCompile(`(?im)^[ \t]*[<'"]?` + addrPattern + `[>'"]?(?: on | el | am | le | em |[ \t]+-|\t| \()`), // Exchange: "'a@b' on 3/11/2025"
	regexp.MustCompile(`(?im)(?:delivered|deliver|delivery|entregar|entregado|message|mensaje|mail|sent|send|remis|zugestellt)[^\n@]{0,40}?(?:to|a|for|para|à|an|at)[: \t]+(?:the following[^\n@]{0,30})?[*<'"(\[]*` + addrPattern),
	regexp.MustCompile(`(?im)(?:recipient|address|user|account|mailbox|to|for|destinatario|dirección|empfänger|usuario|para)[: \t]+[*<'"(\[]*` + addrPattern),
	regexp.MustCompile(`(?im)<` + addrPattern + `>`),
	regexp.MustCompile(`(?im)` + addrPattern),
}

// findRecipients takes the addresses that failed from the words of a report, else from the mail that came back.
func (b *body) findRecipients(m *mailbox.Message, words string, original mailbox.Header, bounce *mailbox.Bounce) {
	not := map[string]bool{m.From.Key(): true, "": true}
	for _, list := range [][]mailbox.Address{m.To, m.Cc} {
		for _, a := range list {
			not[a.Key()] = true
		}
	}
	words = whomToAsk.ReplaceAllString(words, "")
	if recipientsIn(words, recipientForms, bounce, func(a string) bool { return !not[a] && plausibleRecipient(a) }) {
		return
	}
	// A mail to oneself, or to a postmaster, can fail as well, where it is named beyond doubt.
	if recipientsIn(words, recipientForms[:sureForms], bounce, func(a string) bool { return a != m.From.Key() }) {
		return
	}
	for _, name := range []string{"X-Failed-Recipients", "Original-Recipient", "To"} {
		for _, a := range addresses(original, name) {
			if strings.Contains(a.Addr, "@") {
				addRecipient(bounce, a.Addr)
			}
		}
		if len(bounce.Recipients) > 0 {
			return
		}
	}
}

// recipientsIn adds what the first form with an acceptable hit finds.
func recipientsIn(words string, forms []*regexp.Regexp, bounce *mailbox.Bounce, accept func(string) bool) bool {
	for _, form := range forms {
		for _, hit := range form.FindAllStringSubmatch(words, maxBounced) {
			if address := strings.ToLower(strings.Trim(hit[1], ".*_`=+")); accept(address) {
				addRecipient(bounce, address)
			}
		}
		if len(bounce.Recipients) > 0 {
			return true
		}
	}
	return false
}

// whomToAsk is the advice to write to somebody else, and the fields that name who wrote and who got the report.
var whomToAsk = regexp.MustCompile(`(?im)(?:^[ \t>]*(?:delivered-to|x-original-to|from|return-path|message-id|received|sender|reply-to|errors-to|x-postfix-sender):.*$|(?:contact|assistance|questions?|help|póngase en contacto con|contacte)[^\n@]{0,40}<?` + addrPattern + `>?)`)

// plausibleRecipient tells addresses of people from those of servers and from identifiers.
func plausibleRecipient(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || len(address) > 254 || strings.HasPrefix(local, "mailto:") {
		return false
	}
	return local != "mailer-daemon" && local != "postmaster" && !strings.Contains(local, "//")
}
