package mailbox

import "time"

// Stock is what the folders of an account held when somebody counted.
type Stock struct {
	At          time.Time // by the clock of whoever asked
	UIDValidity uint32    // of Inbox
	Inbox       []Listed  // without what is marked as deleted
	// What the other folders hold of the mails that the server received since Since; a folder that is not there holds none.
	Since      time.Time
	Processed  []Listed
	Quarantine []Listed
	// How many mails they hold altogether.
	InProcessed, InQuarantine int
	LeftInPlace               bool // there are no other folders
}

// Listed is a mail as a folder lists it.
type Listed struct {
	UID       uint32
	Date      time.Time // when the server received it; zero where it did not say
	Size      int64     // RFC822.SIZE
	MessageID string    // without angle brackets; "" where absent or not asked for
}
