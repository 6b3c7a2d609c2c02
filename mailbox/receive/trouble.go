package receive

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/emersion/go-imap/v2"
)

// Trouble says in a word why a mailbox is not being read.
type Trouble string

// The troubles. NoTrouble is that of a mailbox that is being read.
const (
	NoTrouble   Trouble = ""
	Unreachable Trouble = "unreachable" // no connection, or none that TLS trusts
	NoSecret    Trouble = "no secret"   // the password cannot be read, or nobody gives a token
	Refused     Trouble = "refused"     // the server refuses the login, or who gives tokens does
	NoFolder    Trouble = "no folder"   // the folder cannot be opened
	Interrupted Trouble = "interrupted" // the connection broke, the server fell silent or said what cannot be read
	NotKept     Trouble = "not kept"    // the ledger takes nothing: a full disk, most likely
	NoFiles     Trouble = "no files"    // the process, or the system, may open no more files
)

// troubleError is an error with the trouble that it means.
type troubleError struct {
	trouble Trouble
	err     error
}

func (e *troubleError) Error() string { return e.err.Error() }
func (e *troubleError) Unwrap() error { return e.err }

func trouble(kind Trouble, err error) error {
	if err == nil {
		return nil
	}
	return &troubleError{kind, err}
}

// troubleOf returns the trouble that the error means.
func troubleOf(err error) Trouble {
	if wantsFiles(err) { // whatever was being opened, nothing is wrong with that
		return NoFiles
	}
	var te *troubleError
	if errors.As(err, &te) {
		return te.trouble
	}
	return Interrupted
}

func wantsFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// unfound adds to a failure to find a server by its name that no file can be opened now, where that is so: Go's resolver tells it in words
// alone, if at all.
func unfound(err error) error {
	var lookup *net.DNSError
	if !errors.As(err, &lookup) {
		return err
	}
	file, none := os.Open(os.DevNull)
	if none == nil {
		_ = file.Close()
	}
	if !wantsFiles(none) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, none)
}

// ErrNoFolder says that the account has no folder of that name, or none that can be opened.
var ErrNoFolder = errors.New("the folder cannot be opened")

var (
	errSlow          = errors.New("the server took too long")
	errStuck         = errors.New("the IMAP library does not come back; the connection was abandoned")
	errClosed        = errors.New("connection closed by the server")
	errIdleEnded     = errors.New("the server ended IDLE")
	errUIDValidity   = errors.New("the server gave the folder a new UIDVALIDITY")
	errNoUIDValidity = errors.New("the server gives no UIDVALIDITY, so that mails cannot be told apart")
	errMissing       = errors.New("the server lists the mail and does not send it")
	errGone          = errors.New("the mail is no longer in the folder")
)

// refusal returns the answer NO or BAD that an error is, or nil where the connection itself failed.
func refusal(err error) *imap.Error {
	var answer *imap.Error
	if errors.As(err, &answer) && (answer.Type == imap.StatusResponseTypeNo || answer.Type == imap.StatusResponseTypeBad) {
		return answer
	}
	return nil
}

// passing reports whether a refusal says of itself that it will pass (RFC 5530 section 3).
func passing(answer *imap.Error) bool {
	switch answer.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return true
	}
	return false
}

// noSuchFolder reports whether a refusal says that the folder is not there (RFC 3501 section 7.1, RFC 5530 section 3).
func noSuchFolder(answer *imap.Error) bool {
	return answer.Code == imap.ResponseCodeTryCreate || answer.Code == imap.ResponseCodeNonExistent
}

// goodbye adds the words of BYE to an error of a connection that ended with them.
func goodbye(err error, words *string) error {
	if words == nil {
		return err
	}
	return fmt.Errorf("%w (the server said: %.200s)", err, *words)
}
