package receive

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"radicado/mailbox"
)

// TLSMode says how a connection is protected.
type TLSMode string

// The modes. The zero value is Implicit.
const (
	Implicit TLSMode = "implicit" // TLS from the first byte (RFC 8314)
	StartTLS TLSMode = "starttls" // plain until STARTTLS (RFC 3501 section 6.2.1); nothing is sent before it
	Plain    TLSMode = "none"     // for loopback; whoever makes an Account sees to that
)

// Account is one IMAP folder to be read, with the account that holds it.
type Account struct {
	Name      string // in the ledger and in the log, "soporte"
	Address   string // host:port
	TLS       TLSMode
	TLSConfig *tls.Config // nil: the system's authorities, TLS 1.2 at least

	Username string
	Password func(context.Context) (string, error) // asked for at every login, never logged
	// Token, where set, takes the place of Password: an access token, said by OAUTHBEARER or XOAUTH2, whichever the server offers.
	Token func(context.Context) (string, error)
	// Refused, where set, is called when the server has refused the login: a token may have to be a new one.
	Refused func()

	Folder     string // the one to be read, "INBOX"
	Processed  string // where registered mails go, "Procesados"; made when missing
	Quarantine string // where suspect mails go, "Cuarentena"; made when missing
	// LeaveInPlace is for mailboxes that people share with the daemon: nothing is moved and no flag is set.
	LeaveInPlace bool

	// MaxSize in bytes: of a larger mail only header and structure are fetched. Zero: DefaultMaxSize.
	MaxSize int64
	Timing  Timing
}

// DefaultMaxSize in bytes holds what mail servers accept by default: 25 MB of files, in base64.
const DefaultMaxSize = 36 << 20

// Timing is how long things may take. Zero fields take the default named beside them.
type Timing struct {
	Step time.Duration // one IMAP step, and any silence of the server within it: 1 minute; fetches get more by their size
	Idle time.Duration // one IDLE; 9 minutes, as routers forget connections after 10 to 15
	// Check is between the looks that interrupt IDLE, for servers that announce mail late; none with zero.
	Check time.Duration
	Poll  time.Duration // between looks where the server offers no IDLE: 1 minute
	Retry time.Duration // first wait after a failure, doubled up to MaxRetry: 1 second
	// MaxRetry bounds the waits: 5 minutes.
	MaxRetry time.Duration
	// RefusedRetry is the first wait after a refused login, as servers lock accounts that try too often, or a refused move: 1 minute. A
	// server that ends IDLE while the connection is younger than that, several times in a row, does not do IDLE.
	RefusedRetry time.Duration
	// Patience is for how long at least a mail is asked for in full before its header has to do: 2 minutes. A server that restarts
	// or a bad line breaks off several times within moments, at the same mail.
	Patience time.Duration
}

// minRate in bytes a second is the slowest transfer that a fetch puts up with: a telephone line.
const minRate = 8 << 10

// withDefaults returns the account with every empty setting filled in.
func (a Account) withDefaults() Account {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&a.Timing.Step, time.Minute)
	set(&a.Timing.Idle, 9*time.Minute)
	set(&a.Timing.Poll, time.Minute)
	set(&a.Timing.Retry, time.Second)
	set(&a.Timing.MaxRetry, 5*time.Minute)
	set(&a.Timing.RefusedRetry, time.Minute)
	set(&a.Timing.Patience, 2*time.Minute)
	a.Timing.RefusedRetry = min(a.Timing.RefusedRetry, a.Timing.MaxRetry)
	if a.MaxSize <= 0 {
		a.MaxSize = DefaultMaxSize
	}
	a.Folder = cmp.Or(a.Folder, "INBOX")
	a.Processed = cmp.Or(a.Processed, "Procesados")
	a.Quarantine = cmp.Or(a.Quarantine, "Cuarentena")
	a.TLS = cmp.Or(a.TLS, Implicit)
	return a
}

// Validate reports what makes an account impossible to work with, all of it at once.
func (a Account) Validate() error {
	a = a.withDefaults()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if a.Name == "" {
		fault("the mailbox has no name")
	}
	if _, _, err := net.SplitHostPort(a.Address); err != nil {
		fault("address %q is not host:port", a.Address)
	}
	switch a.TLS {
	case Implicit, StartTLS, Plain:
	default:
		fault("TLS mode %q is none of %q, %q, %q", a.TLS, Implicit, StartTLS, Plain)
	}
	if a.Username == "" || a.Password == nil && a.Token == nil {
		fault("there is neither a user with a password nor another way to log in")
	}
	if !a.LeaveInPlace {
		// A mail moved into the folder that it is in comes back as a new one, for ever.
		for _, folder := range []string{a.Processed, a.Quarantine} {
			if strings.EqualFold(folder, a.Folder) {
				fault("mails of folder %s cannot be moved to the same folder", a.Folder)
			}
		}
	}
	return errors.Join(faults...)
}

// tlsConfig returns the configuration to connect with.
func (a Account) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.TLSConfig != nil {
		config = a.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(a.Address); err == nil {
			config.ServerName = host
		}
	}
	return config
}

// Position is where a mailbox was left: every UID up to Cursor is in the ledger, older than CutOff or gone.
type Position struct {
	Cursor uint32
	CutOff time.Time // mails that the server received before are passed over; zero: none
}

// Destination is a folder that finished mails go to.
type Destination string

// The destinations.
const (
	ToProcessed  Destination = "processed"
	ToQuarantine Destination = "quarantine"
)

// Settlement is a mail whose handling is finished and that is to be moved.
type Settlement struct {
	UID    uint32
	Folder Destination
}

// Ledger keeps what was received. It may be called from two goroutines at a time, but Take never from two. Its methods
// return soon after ctx ends.
type Ledger interface {
	// Position tells where to go on. The first call for a UIDVALIDITY that the ledger does not know fixes its position.
	Position(ctx context.Context, name string, uidValidity uint32) (Position, error)
	// Take makes a batch durable: nil means that every arrival of it is committed and the cursor stands at cursor.
	// Arrivals ascend by UID and are at most cursor; the batch may be empty. It may hold arrivals that were taken before. A
	// cursor below the one that is kept changes nothing: it comes with mails that were passed over.
	Take(ctx context.Context, name string, uidValidity uint32, batch []mailbox.Arrival, cursor uint32) error
	// Room is asked for before a mail of more than eight mebibytes is fetched, and waits, for moments at most, until there is. Call
	// leave when the mail was taken, or was not.
	Room(ctx context.Context) (leave func(), err error)
	// Settled lists at most limit mails that are to be moved and have not been reported as moved.
	Settled(ctx context.Context, name string, uidValidity uint32, limit int) ([]Settlement, error)
	// Moved records that these UIDs have left the folder, moved by us or found gone.
	Moved(ctx context.Context, name string, uidValidity uint32, uids []uint32) error
	// Wake returns a channel that fires when Settled has something new. It has a buffer of one.
	Wake(name string) <-chan struct{}
}
