// Package mailbox holds the types of mail that the rest of the program speaks of: a mail as it arrived, the message read
// out of it, what proves its sender, and a mail of ours on its way out. It does no I/O, knows nothing of tickets and
// imports nothing of this module.
package mailbox

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Address is one mailbox of RFC 5322 section 3.4: a display name and an addr-spec.
type Address struct {
	Name string `json:"name,omitempty"` // decoded display name, "" where there is none
	Addr string `json:"addr"`           // local-part@domain as written
}

// Key returns the form in which two addresses are compared. RFC 5321 section 2.4 lets the local part depend on letter
// case; no server in use does, and people write their own address in every case.
func (a Address) Key() string { return strings.ToLower(strings.TrimSpace(a.Addr)) }

// Domain returns the part after the last @, in lower case, or "" where there is none.
func (a Address) Domain() string {
	key := a.Key()
	if at := strings.LastIndexByte(key, '@'); at >= 0 {
		return key[at+1:]
	}
	return ""
}

// IsZero reports whether the address says nothing.
func (a Address) IsZero() bool { return a.Addr == "" && a.Name == "" }

// String returns the address for people: "Name <addr>". It is not quoted for use in a header.
func (a Address) String() string {
	if a.Name == "" {
		return a.Addr
	}
	return a.Name + " <" + a.Addr + ">"
}

// Arrival is one mail as one IMAP mailbox holds it. The triple of Mailbox, UIDValidity and UID names it for ever
// (RFC 3501 section 2.3.1.1).
type Arrival struct {
	Mailbox      string // the name that the settings give to the account and folder
	UIDValidity  uint32
	UID          uint32
	InternalDate time.Time // when the server received it; zero where the server did not say
	Size         int64     // RFC822.SIZE in bytes, of the whole mail
	Raw          []byte    // the mail byte for byte; the header alone where Truncated
	Truncated    bool      // larger than the size cap: the rest was left in the mailbox
	Structure    []Part    // what the left parts were, where Truncated and the server could tell
}

// Trace names the mail in the log on its way through the program: see TraceOf.
func (a Arrival) Trace() string { return TraceOf(sha256.Sum256(a.Raw)) }

// TraceOf makes the trace of a mail of the SHA-256 of its bytes, so that it is the same after a restart and in every part
// of the program. Copies of a mail with the same bytes have one trace.
func TraceOf(digest [sha256.Size]byte) string { return hex.EncodeToString(digest[:6]) }

// Part is one leaf of a BODYSTRUCTURE (RFC 3501 section 7.4.2).
type Part struct {
	Name string // decoded file name, "" where there is none
	Type string // media type in lower case, "application/pdf"
	Size int64  // encoded size in bytes
}

// Field is one header field in the order and form in which it stands in the mail.
type Field struct {
	Name  string // as written
	Value string // unfolded, otherwise as written: eight-bit bytes and encoded words are not decoded
}

// Header is the fields of a mail from top to bottom.
type Header []Field

// Get returns the value of the topmost field of that name, letter case aside, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Values returns the values of all fields of that name from top to bottom.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Message is what was read out of a mail. Whatever the mail lacked is zero, and whatever was wrong with it is in Defects:
// reading never fails.
type Message struct {
	Header     Header
	Subject    string // decoded, on one line
	From       Address
	Authors    []Address // every address of every From field; From is the first usable one
	Sender     Address
	ReplyTo    []Address
	To, Cc     []Address
	Date       time.Time // zero where absent or unreadable
	MessageID  string    // without angle brackets, "" where absent
	InReplyTo  []string  // message identifiers without angle brackets
	References []string  // likewise, oldest first

	Text        string // the whole body as text
	HTML        string // the body as sanitised HTML, "" where there was none
	NewText     string // what was said now: Text without quoted history, signature and disclaimer
	Cuts        []Cut  // what NewText lacks of Text, in order
	Beyond      []byte // digest of the body's text after that of which Text is the beginning, nil where Text is all
	Attachments []Attachment

	Class       Class
	ClassReason string // why, in English, for the log and the register
	BySubject   bool   // the class follows from the words of the subject alone, which a person may have written
	Bounce      *Bounce
	Forward     *Forward
	Calendar    *Calendar
	Encrypted   string // "S/MIME" or "PGP" where the content could not be read because it is encrypted
	Signed      string // "S/MIME" or "PGP" where the mail was signed; the signature is not verified
	Truncated   bool   // only the header was at hand

	Defects []string // what was wrong with the mail, in English
}

// Cut is a passage of Text that NewText leaves out.
type Cut struct {
	Kind string // "quote", "signature", "disclaimer", "forward"
	Rule string // the rule that found it, in English
	Text string
}

// Attachment is a file that came along.
type Attachment struct {
	Name      string   // decoded, "" where the mail gives none; never safe as a path
	Type      string   // media type in lower case as declared
	Size      int64    // bytes that it holds
	Inline    bool     // a picture that the HTML shows, not a file that somebody attached
	ContentID string   // without angle brackets
	Digest    [32]byte // SHA-256 of what it holds
	Content   []byte   // what it holds, where the reader was asked for it
}

// Class says what kind of sender and purpose a mail has.
type Class string

// The classes. All but ClassPerson are automatic and are never answered.
const (
	ClassPerson     Class = "person"
	ClassAutoReply  Class = "auto-reply"      // out of office and the like (RFC 3834)
	ClassBounce     Class = "bounce"          // a failed delivery (RFC 3464, or in words)
	ClassDelay      Class = "delay"           // a delivery that is late but not given up
	ClassReceipt    Class = "receipt"         // read or delivery receipt (RFC 8098)
	ClassList       Class = "list"            // by way of a mailing list (RFC 2919, RFC 2369)
	ClassNewsletter Class = "newsletter"      // bulk mail
	ClassCalendar   Class = "calendar"        // the answer of a calendar to an invitation (RFC 6047)
	ClassFeedback   Class = "feedback-report" // an abuse report (RFC 5965)
	ClassLoop       Class = "loop"            // a mail of our own that came back
	ClassSpam       Class = "spam"            // so marked by our own server
)

// Automatic reports whether no person is behind the mail, so that no answer may be sent (RFC 3834 section 2).
func (c Class) Automatic() bool { return c != ClassPerson }

// Bounce is what a delivery report says.
type Bounce struct {
	Recipients []string // addresses that the mail did not reach, in lower case
	Originals  []string // what its sender wrote in place of them (RFC 3464 section 2.3.1), in lower case, as far as the report says
	Status     string   // enhanced status code (RFC 3463), "" where none could be found
	Permanent  bool
	Diagnostic string // the words of the other server
	MessageID  string // Message-ID of the mail that bounced, without angle brackets
}

// Forward is somebody else's mail inside this one.
type Forward struct {
	From    Address
	Subject string
	Date    time.Time // zero where it could not be read
	Text    string
	Message string // what the forwarder wrote above it
	Inline  bool   // in the text; otherwise attached as message/rfc822
}

// Calendar is the invitation or answer of a text/calendar part (RFC 5545, RFC 5546).
type Calendar struct {
	Method  string // REQUEST, REPLY, CANCEL …
	Summary string
	Start   time.Time // zero where absent
}

// Proof says how far it is proven that the From address wrote the mail.
type Proof struct {
	Proven bool
	Method string // "dmarc", "dkim", "spf", "arc", "token", "none" …
	Reason string // what was looked at and why it was or was not enough, in English

	Temporary bool // not proven because DNS did not answer: the same mail may be proven later
}

// Outgoing is a mail of ours, ready to be sent to one recipient.
type Outgoing struct {
	MessageID  string // without angle brackets; fixed when the notice was queued, so that a repeat can be recognised
	Date       time.Time
	From       Address
	To         Address
	ReplyTo    Address // zero: none
	Subject    string
	InReplyTo  string   // without angle brackets, "" for none
	References []string // likewise, oldest first
	Text       string
	HTML       string  // "" for none
	Header     []Field // further fields: Auto-Submitted and the like
	Files      []File
	Lang       string // Content-Language (RFC 3282), "es" or "en"
}

// File is an attachment of an Outgoing.
type File struct {
	Name    string
	Type    string // media type
	Content []byte
	Inline  bool   // shown by the HTML through its ContentID
	ID      string // Content-ID without angle brackets, where Inline
}
