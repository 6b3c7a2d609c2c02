package trust

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"

	"radicado/mailbox"
)

// A token is twenty characters of base32: a hundred bits of HMAC-SHA-256. It survives a change of letter case.
const tokenLength = 20

// The purposes keep a token that was made for one thing from serving for another.
const (
	purposeMessageID = "message-id"
	purposeReply     = "reply-address"
)

// maxLocalPart is the longest local part of an address (RFC 5321 section 4.5.3.1.1).
const maxLocalPart = 64

// maxMessageID is the longest identifier looked at; ours are far shorter.
const maxMessageID = 512

var tokenEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Token returns the token for the parts under the current key. Different purposes, and different cuts of the same text into
// parts, give different tokens.
func (k *Keyring) Token(purpose string, parts ...string) string {
	return token(k.all()[0], purpose, parts)
}

// Verify reports whether the token was made for the purpose and parts, letter case aside, under the current or a former key. The
// time it takes does not depend on which, nor on how much of the token is right.
func (k *Keyring) Verify(candidate, purpose string, parts ...string) bool {
	candidate = strings.ToLower(candidate)
	match := 0
	for _, key := range k.all() {
		match |= subtle.ConstantTimeCompare([]byte(candidate), []byte(token(key, purpose, parts)))
	}
	return match == 1
}

func token(key []byte, purpose string, parts []string) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range append([]string{"radicado token", purpose}, parts...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return strings.ToLower(tokenEncoding.EncodeToString(mac.Sum(nil))[:tokenLength])
}

// Reference is what the Message-ID or the reply address of a notice says about itself, true or not.
type Reference struct {
	Number   string // of the ticket, in upper case
	Sequence int64  // of the notice; 0 in a reply address
	Token    string
}

// MessageID returns the Message-ID, without angle brackets, of the notice with this sequence number about a ticket to a
// recipient: "SS-2026-000042.7.TOKEN@domain". Ticket numbers are in upper case.
func (k *Keyring) MessageID(number string, sequence int64, recipient, domain string) string {
	seq := strconv.FormatInt(sequence, 10)
	return number + "." + seq + "." + k.Token(purposeMessageID, canonical(number), seq, recipientKey(recipient)) + "@" + domain
}

// ReadMessageID takes a Message-ID of the form of ours apart, angle brackets and letter case aside. It does not say that
// the identifier is ours: see [Keyring.VerifyMessageID].
func ReadMessageID(id string) (Reference, bool) {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
	local, domain, ok := strings.Cut(id, "@")
	if !ok || domain == "" || len(id) > maxMessageID {
		return Reference{}, false
	}
	rest, tok, ok := cutLast(local, ".")
	if !ok || !isToken(tok) {
		return Reference{}, false
	}
	number, seq, ok := cutLast(rest, ".")
	if !ok || !isNumber(number) {
		return Reference{}, false
	}
	sequence, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || sequence < 0 || strconv.FormatInt(sequence, 10) != seq {
		return Reference{}, false
	}
	return Reference{Number: canonical(number), Sequence: sequence, Token: strings.ToLower(tok)}, true
}

// VerifyMessageID reports whether we made the identifier for a notice to this recipient, and about which ticket.
func (k *Keyring) VerifyMessageID(id, recipient string) (number string, ok bool) {
	ref, ok := ReadMessageID(id)
	if !ok || !k.Verify(ref.Token, purposeMessageID, ref.Number, strconv.FormatInt(ref.Sequence, 10), recipientKey(recipient)) {
		return "", false
	}
	return ref.Number, true
}

// ReplyAddress returns the address to which this recipient answers about a ticket: base with "+number.token" behind its local
// part (RFC 5233). Where that would be too long for an address, or base is none, it returns base: the Message-ID still routes.
func (k *Keyring) ReplyAddress(base mailbox.Address, number, recipient string) mailbox.Address {
	local, domain, ok := cutLast(base.Addr, "@")
	tagged := local + "+" + strings.ToLower(number) + "." + k.Token(purposeReply, canonical(number), recipientKey(recipient))
	if !ok || len(tagged) > maxLocalPart {
		return base
	}
	return mailbox.Address{Name: base.Name, Addr: tagged + "@" + domain}
}

// ReadReplyAddress takes an address of the form of ours apart; see [ReadMessageID].
func ReadReplyAddress(addr string) (Reference, bool) {
	local, _, ok := cutLast(strings.TrimSpace(addr), "@")
	if !ok || len(local) > maxLocalPart {
		return Reference{}, false
	}
	base, tag, ok := cutLast(local, "+")
	if !ok || base == "" {
		return Reference{}, false
	}
	number, tok, ok := cutLast(tag, ".")
	if !ok || !isToken(tok) || !isNumber(number) {
		return Reference{}, false
	}
	return Reference{Number: canonical(number), Token: strings.ToLower(tok)}, true
}

// VerifyReplyAddress reports whether we made the address for this recipient, and about which ticket.
func (k *Keyring) VerifyReplyAddress(addr, recipient string) (number string, ok bool) {
	ref, ok := ReadReplyAddress(addr)
	if !ok || !k.Verify(ref.Token, purposeReply, ref.Number, recipientKey(recipient)) {
		return "", false
	}
	return ref.Number, true
}

// Answers reports whether the mail answers a notice that was sent to its From address, and about which ticket: by the
// address it was sent to, else by the latest of our identifiers that it names. It routes the mail; whether From is true it does not say.
func (k *Keyring) Answers(m *mailbox.Message) (number string, ok bool) {
	for _, list := range [][]mailbox.Address{m.To, m.Cc} {
		for _, addr := range list {
			if number, ok := k.VerifyReplyAddress(addr.Addr, m.From.Addr); ok {
				return number, true
			}
		}
	}
	for _, id := range m.InReplyTo {
		if number, ok := k.VerifyMessageID(id, m.From.Addr); ok {
			return number, true
		}
	}
	for i := len(m.References) - 1; i >= 0; i-- {
		if number, ok := k.VerifyMessageID(m.References[i], m.From.Addr); ok {
			return number, true
		}
	}
	return "", false
}

func canonical(number string) string { return strings.ToUpper(number) }

func recipientKey(recipient string) string { return mailbox.Address{Addr: recipient}.Key() }

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

func isToken(s string) bool {
	return len(s) == tokenLength && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// isNumber reports whether the text can be the number of a ticket: letters, digits and the marks between them.
func isNumber(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_/.") == ""
}
