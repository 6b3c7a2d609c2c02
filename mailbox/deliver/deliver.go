// Package deliver hands one mail of ours to an SMTP server and says what became of it: delivered, refused for good,
// to be tried again, or unknown because the connection broke after the mail was out.
//
// It must not know what the mail is about, when it is tried again, or where the settings come from.
package deliver

import (
	"context"
	"crypto/tls"
	"strings"
	"time"
)

// Server is an SMTP server that takes mail from us for the whole world, and how to log in to it.
type Server struct {
	Address   string // host:port
	TLS       TLSMode
	TLSConfig *tls.Config // nil for the system's roots; ServerName is filled in where it is empty
	Hello     string      // what we call ourselves in EHLO; "" for localhost
	Username  string
	// Password returns the password, or the access token where Mechanism is XOAUTH2. It is asked for at each login. With nil
	// nobody logs in.
	Password  func(context.Context) (string, error)
	Mechanism Mechanism
	// Refused, where set, is called when the server has refused the login: a token may have to be a new one.
	Refused func()
	// Timeout is how long the server may take for a step: connecting, a reply, taking in a piece of the mail. Zero means
	// DefaultTimeout. The reply that takes responsibility for the mail may take twice as long, since a mail that is
	// taken after we have stopped waiting is sent again (RFC 5321 section 4.5.3.2.6).
	Timeout time.Duration
}

// DefaultTimeout is the Timeout of a Server that has none.
const DefaultTimeout = time.Minute

// TLSMode says how the connection is encrypted.
type TLSMode int

// The modes.
const (
	Implicit TLSMode = iota // TLS from the first byte (RFC 8314)
	StartTLS                // STARTTLS (RFC 3207), demanded: a server without it gets neither login nor mail
	None                    // plain text, login included; for loopback
)

// Mechanism is a SASL mechanism.
type Mechanism string

// The mechanisms. Automatic takes the first that the server offers of PLAIN, LOGIN, SCRAM-SHA-256, SCRAM-SHA-1 and
// CRAM-MD5.
const (
	Automatic Mechanism = ""
	XOAUTH2   Mechanism = "XOAUTH2"
	// OAuth takes the password for an access token, and OAUTHBEARER or XOAUTH2, whichever the server offers.
	OAuth Mechanism = "OAuth"
)

// Outcome is what became of a mail.
type Outcome int

// The outcomes.
const (
	// Delivered: the server has taken responsibility for the mail (RFC 5321 section 4.2.5).
	Delivered Outcome = iota + 1
	// Temporary: not taken, to be tried again.
	Temporary
	// Permanent: refused; trying this mail again will not help.
	Permanent
	// Ambiguous: all of the mail went out and no answer came back. It is to be tried again with the same Message-ID, by
	// which a second copy is recognised.
	Ambiguous
)

// String returns the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Temporary:
		return "temporary"
	case Permanent:
		return "permanent"
	case Ambiguous:
		return "ambiguous"
	}
	return "unknown"
}

// Stage is where a delivery ended.
type Stage string

// The stages, in their order.
const (
	StageCompose Stage = "compose" // the mail could not be written
	StageConnect Stage = "connect"
	StageTLS     Stage = "TLS"
	StageBanner  Stage = "banner"
	StageHello   Stage = "EHLO"
	StageLogin   Stage = "AUTH"
	StageFrom    Stage = "MAIL"
	StageTo      Stage = "RCPT"
	StageData    Stage = "DATA"
	StageContent Stage = "content" // the mail itself, before the dot that ends it
	StageReply   Stage = "reply"   // after that dot
)

// Result is what Send reports.
type Result struct {
	Outcome  Outcome
	Stage    Stage  // where it ended; StageReply where Delivered
	Code     int    // of the last reply (RFC 5321 section 4.2), 0 where there was none
	Status   string // its enhanced status code (RFC 3463), "" where it has none
	Response string // its words on one line, without codes; no secret is in it
	// Server reports that the fault is the server's or the settings' and not this mail's, so that other mails would fare no
	// better now: it cannot be reached, refuses the login or the sender, or is closing down. Then Err names no recipient.
	Server bool
	Err    error // nil where Delivered; no secret is in it
}

// Refused reports whether a server has refused the mail for good and means the recipient by it, as far as it says: not the sender
// (RFC 3463 section 3.2, X.1.7 and X.1.8, and X.1.0 as Postfix has it), and not by a policy, such as that of a relay that is for others
// (section 3.8).
func (r Result) Refused() bool {
	switch r.Stage {
	case StageTo, StageData, StageReply:
	default:
		return false
	}
	switch r.Status {
	case "5.1.0", "5.1.7", "5.1.8":
		return false
	}
	return r.Outcome == Permanent && r.Code >= 500 && !strings.HasPrefix(r.Status, "5.7.")
}
