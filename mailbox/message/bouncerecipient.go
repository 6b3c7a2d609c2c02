package message

import (
	"strings"

	"radicado/mailbox"
)

// The ways in which mail servers name the address that failed, the surest first. All addresses named in the surest way
// that occurs are taken.
const (
	rankField     = iota // "Final-Recipient: rfc822; a@b"
	rankHeading          // "<a@b>:" of qmail and Postfix
	rankReason           // "<a@b>: host said …"
	rankDots             // "a@b... User unknown" of sendmail
	rankExpanded         // "(expanded from: a@b)"
	rankX400             // "dda:SMTP=a@b" of old Exchange
	rankDialogue         // "RCPT TO:<a@b>"
	rankAlone            // on a line of its own: Exim, Gmail, Exchange
	rankDated            // "'a@b' on 3/11/2025" of Exchange
	rankDelivered        // "could not be delivered to a@b"
	rankSure             // those above name it beyond doubt
	rankCalled           // "the address a@b"
	rankBracketed        // "<a@b>"
	rankAny              // anywhere
	rankNone
)

// maxAround bounds what of a line is looked at on each side of an address, in bytes: a line may hold ten thousand of them.
const maxAround = 254

// findRecipients takes the addresses that failed from the words of a report, else from the mail that came back.
func (b *body) findRecipients(m *mailbox.Message, words string, original mailbox.Header, bounce *mailbox.Bounce) {
	others := map[string]bool{"": true}
	for _, list := range [][]mailbox.Address{{m.From}, m.To, m.Cc} {
		for _, a := range list {
			others[a.Key()] = true
		}
	}
	for line := range strings.Lines(words) {
		if strings.IndexByte(line, '@') >= 0 && aside(line) {
			if start, end := nextAddress(line, 0); start >= 0 {
				others[strings.ToLower(line[start:end])] = true
			}
		}
	}
	best, spare := rankNone, rankNone
	var found, spares []string
	for line := range strings.Lines(words) {
		if strings.IndexByte(line, '@') < 0 || aside(line) {
			continue
		}
		line = strings.TrimRight(line, " \t\r\n")
		rank := rankNone
		for start, end := nextAddress(line, 0); start >= 0; start, end = nextAddress(line, end) {
			address := strings.ToLower(strings.Trim(line[start:end], ".*_`=+-"))
			if rank != rankField { // which holds for all addresses behind it on the line
				rank = recipientRank(line[max(0, start-maxAround):start], line[end:min(len(line), end+maxAround)])
			}
			switch {
			case others[address] || serverAddress(address):
				// A mail to oneself, or to a postmaster, can fail as well, where it is named beyond doubt.
				if rank < rankSure && address != m.From.Key() {
					spare, spares = better(spare, spares, rank, address)
				}
			default:
				best, found = better(best, found, rank, address)
			}
		}
	}
	if len(found) == 0 {
		found = spares
	}
	for _, address := range found {
		bounce.Recipients = addAddress(bounce.Recipients, address)
	}
	for _, name := range []string{"X-Failed-Recipients", "Original-Recipient", "To"} {
		if len(bounce.Recipients) > 0 {
			return
		}
		for _, a := range addresses(original, name) {
			if strings.Contains(a.Addr, "@") {
				bounce.Recipients = addAddress(bounce.Recipients, a.Addr)
			}
		}
	}
}

// better keeps the addresses of the best rank.
func better(best int, list []string, rank int, address string) (int, []string) {
	switch {
	case rank < best:
		return rank, []string{address}
	case rank == best && len(list) < maxBounced:
		return best, append(list, address)
	}
	return best, list
}

// recipientRank says how a line names an address, by what stands before and behind it.
func recipientRank(before, after string) int {
	before = strings.ToLower(strings.TrimLeft(before, " \t>*•-"))
	bare := strings.TrimRight(before, "<'\"([*")
	behind := strings.TrimLeft(after, ">'\")]*")
	switch {
	case strings.Contains(before, "-recipient:") || strings.Contains(before, "-recipients:"):
		return rankField
	case bare == "" && len(behind) < 60 && strings.HasSuffix(behind, ":"):
		return rankHeading
	case before == "<" && (strings.HasPrefix(after, ">: ") || strings.HasPrefix(after, "> (expanded")):
		return rankReason
	case strings.HasPrefix(behind, "... "):
		return rankDots
	case strings.HasSuffix(bare, "(expanded from: ") || strings.HasSuffix(bare, "expanded from: "):
		return rankExpanded
	case strings.HasSuffix(before, "dda:smtp="):
		return rankX400
	case strings.HasSuffix(strings.TrimRight(bare, " "), "rcpt to:"):
		return rankDialogue
	case bare == "" && strings.Trim(behind, ". \t") == "":
		return rankAlone
	case bare == "" && startsAny(behind, " on ", " el ", " am ", " le ", " em ", " -", "\t", " ("):
		return rankDated
	case deliveredTo(bare):
		return rankDelivered
	case calls(bare):
		return rankCalled
	case strings.HasSuffix(before, "<"):
		return rankBracketed
	}
	return rankAny
}

// deliveredTo reports whether words in lower case end like "could not be delivered to".
func deliveredTo(s string) bool {
	s = strings.TrimRight(s, ": \t")
	if !endsAny(s, " to", " a", " for", " para", " à", " an", " at", " al buzón") && s != "to" {
		return false
	}
	s = s[max(0, len(s)-70):]
	for _, verb := range []string{"deliver", "entreg", "message", "mensaje", "mail", "sent", "send", "remis", "zugestellt"} {
		if strings.Contains(s, verb) {
			return true
		}
	}
	return false
}

// calls reports whether words in lower case end by announcing an address.
func calls(s string) bool {
	return endsAny(strings.TrimRight(s, ": \t"), "recipient", "recipients", "address", "user", "account", "mailbox", "to", "for", "destinatario", "dirección", "empfänger", "usuario", "para")
}

func startsAny(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func endsAny(s string, suffixes ...string) bool {
	for _, p := range suffixes {
		if strings.HasSuffix(s, p) {
			return true
		}
	}
	return false
}

// aside reports whether a line names an address for another reason: whom to ask, or who wrote and got the report.
func aside(line string) bool {
	low := strings.ToLower(strings.TrimLeft(line, " \t>"))
	if startsAny(low, "delivered-to:", "x-original-to:", "from:", "return-path:", "message-id:", "received:", "sender:", "reply-to:", "errors-to:", "x-postfix-sender:") {
		return true
	}
	for _, words := range []string{"contact", "assistance", "question", "help", "póngase en", "comuníquese con"} {
		if strings.Contains(low, words) {
			return !strings.Contains(low, "deliver")
		}
	}
	return false
}

// nextAddress finds the next address in s from at on: where it starts and ends, -1 where there is none.
func nextAddress(s string, at int) (start, end int) {
	for at < len(s) {
		i := strings.IndexByte(s[at:], '@')
		if i < 0 {
			return -1, -1
		}
		i += at
		start, end = i, i+1
		for start > at && s[start-1] > ' ' && strings.IndexByte("<>\"'()[],;:|=", s[start-1]) < 0 {
			start--
		}
		for end < len(s) && (isDigit(s[end]) || s[end] == '.' || s[end] == '-' || s[end] == '_' || 'a' <= s[end]|0x20 && s[end]|0x20 <= 'z' || s[end] >= 0x80) {
			end++
		}
		for end > i+1 && (s[end-1] == '.' || s[end-1] == '-') {
			end--
		}
		if start < i && end > i+1 && end-start <= 254 {
			return start, end
		}
		at = i + 1
	}
	return -1, -1
}

// serverAddress reports whether an address is that of a mail server, not of a person.
func serverAddress(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	return local == "mailer-daemon" || local == "postmaster"
}
