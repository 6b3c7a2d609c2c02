package message

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"radicado/mailbox"
)

// maxBounced bounds how many addresses of one report are kept.
const maxBounced = 500

// recipient is what one group of fields of a delivery report says (RFC 3464 section 2.3).
type recipient struct {
	address, original, action, status, diagnostic string
}

// readStatus reads the fields of a message/delivery-status (RFC 3464 section 2). The action is that of all recipients
// together: one failure makes it a report of failure.
func readStatus(b []byte) (mailbox.Bounce, string) {
	var bounce mailbox.Bounce
	actions := map[string]bool{}
	for len(b) > 0 {
		var fields mailbox.Header
		fields, b = statusGroup(b)
		r := readRecipient(fields)
		if r.action != "" {
			actions[r.action] = true
		}
		if r.address == "" || r.action == "delivered" || r.action == "relayed" || r.action == "expanded" {
			continue
		}
		bounce.Recipients = addAddress(bounce.Recipients, r.address)
		bounce.Originals = addAddress(bounce.Originals, r.original)
		if bounce.Status == "" || strings.HasSuffix(bounce.Status, ".0.0") && r.status != "" {
			bounce.Status = r.status
		}
		if bounce.Diagnostic == "" {
			bounce.Diagnostic = r.diagnostic
		}
	}
	for _, action := range []string{"failed", "delayed", "delivered", "relayed", "expanded", "deliverable"} {
		if actions[action] {
			return bounce, action
		}
	}
	if strings.HasPrefix(bounce.Status, "2") {
		return bounce, "delivered"
	}
	return bounce, "failed"
}

// statusGroup reads one group of fields; groups are parted by empty lines.
func statusGroup(b []byte) (mailbox.Header, []byte) {
	b = bytes.TrimLeft(b, "\r\n \t")
	var fields mailbox.Header
	for len(b) > 0 {
		line, rest := cutLine(b)
		if blank(line) {
			return fields, rest
		}
		name, value, ok := cutField(line)
		more, after := foldedLines(rest)
		if ok {
			fields = append(fields, newField(line, name, value, more))
		}
		b = after
	}
	return fields, nil
}

func readRecipient(fields mailbox.Header) recipient {
	r := recipient{
		original:   statusAddress(fields.Get("Original-Recipient")),
		action:     strings.ToLower(firstWord(fields.Get("Action"))),
		status:     enhancedStatus(fields.Get("Status")),
		diagnostic: oneLine(cutType(fields.Get("Diagnostic-Code"))),
	}
	if i := strings.IndexAny(r.action, "/("); i > 0 { // "delayed/5.0.0"
		r.action = r.action[:i]
	}
	r.address = cmp.Or(statusAddress(fields.Get("Final-Recipient")), r.original, statusAddress(fields.Get("X-Actual-Recipient")))
	if better := enhancedStatus(r.diagnostic); better != "" && (r.status == "" || strings.HasSuffix(r.status, ".0.0")) {
		r.status = better
	}
	return r
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return strings.Trim(word, ";,")
}

// cutType drops the type in front of a value: "rfc822; user@example.org", "smtp; 550 …".
func cutType(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && len(kind) < 20 && !strings.Contains(strings.TrimSpace(kind), " ") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

// statusAddress returns the address of a recipient field (RFC 3464 section 2.3.1), "" where there is none.
func statusAddress(s string) string {
	s = cutType(s)
	if i := strings.Index(s, "<"); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	s = cleanAddress(strings.ReplaceAll(s, "+AEA-", "@")) // UTF-7, as Exchange writes it
	s = strings.TrimSuffix(strings.ToLower(strings.Trim(s, `"'`)), ".")
	if !strings.Contains(s, "@") {
		return ""
	}
	return s
}

// addAddress adds an address to a list that may have it already.
func addAddress(list []string, address string) []string {
	address = strings.ToLower(address)
	if address == "" || len(list) >= maxBounced || slices.Contains(list, address) {
		return list
	}
	return append(list, address)
}

// complete fills in what the fields of a report left out: from its words, and from the mail that came back.
func (b *body) complete(m *mailbox.Message, bounce *mailbox.Bounce) {
	original := b.originalHeader()
	vague := bounce.Status == "" || strings.HasSuffix(bounce.Status, ".0.0")
	if len(bounce.Recipients) == 0 || vague || bounce.Diagnostic == "" {
		words := b.bounceWords(m)
		if len(bounce.Recipients) == 0 {
			b.findRecipients(m, words, original, bounce)
		}
		if status := enhancedStatus(words); vague && status != "" {
			bounce.Status = status
		}
		if bounce.Diagnostic == "" {
			bounce.Diagnostic = diagnosticLine(words)
		}
		if bounce.Status == "" {
			bounce.Status = statusByWords(bounce.Diagnostic + " " + words)
		}
	}
	bounce.Permanent = permanent(bounce.Status, bounce.Diagnostic)
	bounce.MessageID = b.bouncedID(m, original)
}

// originalHeader returns the header of the mail that came back, nil where it did not.
func (b *body) originalHeader() mailbox.Header {
	if len(b.report.original) == 0 {
		return nil
	}
	header, _ := splitHeader(b.report.original, func(string) {})
	return header
}

// bouncedID returns the Message-ID of the mail that came back.
func (b *body) bouncedID(m *mailbox.Message, original mailbox.Header) string {
	if ids := messageIDs(original.Get("Message-ID")); len(ids) > 0 {
		return ids[0]
	}
	if id := idInText(m.Text); id != "" {
		return id
	}
	for _, list := range [][]string{m.InReplyTo, m.References} {
		if len(list) > 0 {
			return list[len(list)-1]
		}
	}
	return ""
}

// idInText finds the Message-ID field of a copy in the text.
func idInText(text string) string {
	at := -1
	for _, name := range []string{"Message-ID:", "Message-Id:", "message-id:", "MESSAGE-ID:"} {
		at = max(at, strings.LastIndex(text, name))
	}
	if at < 0 {
		return ""
	}
	line, rest, _ := strings.Cut(text[at+len("Message-ID:"):], "\n")
	if strings.TrimSpace(line) == "" { // folded
		line, _, _ = strings.Cut(rest, "\n")
	}
	if ids := messageIDs(line); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// permanent reports whether trying again is pointless: by the status (RFC 3463 section 3.1), else by the reply code.
func permanent(status, diagnostic string) bool {
	if status != "" {
		return status[0] == '5'
	}
	if len(diagnostic) >= 3 && diagnostic[0] == '4' && isDigit(diagnostic[1]) && isDigit(diagnostic[2]) {
		return false
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// enhancedStatus returns the first status code of RFC 3463 in s that tells of a failure.
func enhancedStatus(s string) string {
	for i := 0; i+4 < len(s); i++ {
		if s[i] != '4' && s[i] != '5' || s[i+1] != '.' || i > 0 && (isDigit(s[i-1]) || s[i-1] == '.') {
			continue
		}
		j := i + 2
		for j < len(s) && isDigit(s[j]) && j-i < 6 {
			j++
		}
		if j == i+2 || j+1 >= len(s) || s[j] != '.' || !isDigit(s[j+1]) {
			continue
		}
		k := j + 1
		for k < len(s) && isDigit(s[k]) && k-j < 5 {
			k++
		}
		if k < len(s) && s[k] == '.' && k+1 < len(s) && isDigit(s[k+1]) {
			continue // an IP address
		}
		return s[i:k]
	}
	return ""
}

// statusByWords translates what servers say in words into the code that means it.
func statusByWords(s string) string {
	s = strings.ToLower(s)
	for _, rule := range wordStatus {
		for _, words := range rule.words {
			if strings.Contains(s, words) {
				return rule.status
			}
		}
	}
	return ""
}

var wordStatus = []struct {
	status string
	words  []string
}{
	{"5.2.2", []string{"mailbox full", "mailbox is full", "over quota", "quota exceeded", "exceeded storage", "disk quota", "buzón lleno", "buzón está lleno", "cuota excedida", "mailbox size limit"}},
	{"5.1.1", []string{"user unknown", "unknown user", "no such user", "unknown recipient", "recipient unknown", "does not exist", "doesn't exist", "no mailbox here", "invalid recipient", "address not found", "couldn't be found", "wasn't found", "not listed in", "unknown local", "unrouteable address", "no existe", "usuario desconocido", "no se encontró", "no se ha encontrado", "no encontrada", "mailbox unavailable", "no such recipient", "not found"}},
	{"5.1.2", []string{"host unknown", "unknown host", "domain not found", "host not found", "nxdomain", "couldn't find any host", "dominio no", "dns error", "no such domain"}},
	{"5.2.1", []string{"account disabled", "account is disabled", "mailbox disabled", "inactive", "deshabilitad"}},
	{"5.3.4", []string{"message too large", "message size exceeds", "too big", "demasiado grande"}},
	{"4.4.7", []string{"delivery time expired", "retry timeout exceeded", "retry time not reached", "could not be delivered for", "queue too long", "too long in the queue"}},
	{"4.4.1", []string{"connection timed out", "connection refused", "could not connect", "no route to host"}},
	{"5.7.1", []string{"spam", "blocked", "access denied", "relaying denied", "relay access denied", "policy", "blacklist", "rejected", "not permitted"}},
}
