package tickets

import (
	"slices"
	"time"

	"radicado/mailbox"
)

// Books is what reconciling a mailbox with the ledger of arrivals found: every mail that the server holds in the inbox is in
// the ledger or is about to be, and every mail of the ledger lies where the desk has put it.
type Books struct {
	Mailbox      string    `json:"mailbox"`
	At           time.Time `json:"at"`
	Arrivals     int       `json:"arrivals"` // in the ledger, of this mailbox
	Inbox        int       `json:"inbox"`    // mails that the server holds
	Processed    int       `json:"processed"`
	Quarantine   int       `json:"quarantine"`
	Untaken      []Astray  `json:"untaken,omitempty"`      // in the inbox, and passed over; taken now
	Unread       []Astray  `json:"unread,omitempty"`       // in the inbox, and should have been taken long ago
	Unhandled    []Astray  `json:"unhandled,omitempty"`    // in the ledger, and should have been handled long ago
	Unmoved      []Astray  `json:"unmoved,omitempty"`      // handled, and should have left the inbox long ago
	Missing      []Astray  `json:"missing,omitempty"`      // no longer where the desk has put them
	Unknown      []Astray  `json:"unknown,omitempty"`      // in a folder of the desk's, which never took them
	Unverifiable int       `json:"unverifiable,omitempty"` // moved so long ago that people may have tidied since
}

// Astray is a mail that is not where it should be.
type Astray struct {
	UID     uint32    `json:"uid,omitempty"`
	Folder  Folder    `json:"folder,omitempty"` // "" for the inbox
	Date    time.Time `json:"date,omitzero"`
	Size    int64     `json:"size"`
	From    string    `json:"from,omitempty"` // where the register knows it
	Subject string    `json:"subject,omitempty"`
}

// Folder is one that the desk moves mails to.
type Folder string

// The folders.
const (
	FolderProcessed  Folder = "processed"
	FolderQuarantine Folder = "quarantine"
)

// Balanced reports whether everything is where it should be.
func (b Books) Balanced() bool {
	return len(b.Untaken)+len(b.Unread)+len(b.Unhandled)+len(b.Unmoved)+len(b.Missing)+len(b.Unknown) == 0
}

// Ledger is what the register knows of a mailbox, read after the stock was taken.
type Ledger struct {
	Arrivals  int
	CutOff    time.Time       // older mails are left alone
	Cursor    uint32          // every UID up to it was taken or passed over
	Inbox     map[uint32]Kept // by UID, of those that the stock lists in the inbox
	Unchecked []Kept          // that were moved, and not looked for since
	Known     []Kept          // of the mails received since Stock.Since
}

// Kept is an arrival of the ledger.
type Kept struct {
	ID          int64
	Listed      mailbox.Listed
	From        string
	Subject     string
	Quarantined bool
	TakenAt     time.Time
	SettledAt   time.Time // zero: it is to be handled yet
	MovedAt     time.Time // zero: it is in the inbox
}

// Whereabouts is what was found out about an arrival that was moved.
type Whereabouts string

// The findings.
const (
	WhereFound        Whereabouts = "found"
	WhereMissing      Whereabouts = "missing"
	WhereUnverifiable Whereabouts = "unverifiable"
)

const (
	// onItsWay is how long a mail may take for a step before anybody is told.
	onItsWay = time.Hour
	// settling is how long a move may take to be seen from another connection.
	settling = 10 * time.Minute
	// tidying is after how long people may have tidied a folder. A mail is looked for once, the night after it was moved;
	// only where that was not possible for so long does it stay unknown what became of it.
	tidying = 7 * 24 * time.Hour
)

// Reconcile compares what the server holds with the ledger. Besides the books it returns what is now known of the mails that
// were moved, by the id of the arrival; each is looked for until something is known.
func Reconcile(name string, stock mailbox.Stock, ledger Ledger) (Books, map[int64]Whereabouts) {
	b := Books{Mailbox: name, At: stock.At, Arrivals: ledger.Arrivals, Inbox: len(stock.Inbox), Processed: stock.InProcessed, Quarantine: stock.InQuarantine}
	for _, m := range stock.Inbox {
		astray := Astray{UID: m.UID, Date: m.Date, Size: m.Size}
		k, known := ledger.Inbox[m.UID]
		switch {
		case !m.Date.IsZero() && m.Date.Before(ledger.CutOff):
		case known:
			b.inInbox(stock, k)
		case m.UID <= ledger.Cursor:
			b.Untaken = append(b.Untaken, astray)
		case !m.Date.IsZero() && stock.At.Sub(m.Date) > onItsWay:
			b.Unread = append(b.Unread, astray)
		}
	}
	if stock.LeftInPlace {
		return b, nil
	}
	return b, b.inFolders(stock, ledger)
}

// inInbox judges a mail of the ledger that is in the inbox.
func (b *Books) inInbox(stock mailbox.Stock, k Kept) {
	switch {
	case k.SettledAt.IsZero() && stock.At.Sub(k.TakenAt) > onItsWay:
		b.Unhandled = append(b.Unhandled, k.astray(""))
	case !k.SettledAt.IsZero() && stock.At.Sub(k.SettledAt) > onItsWay && !stock.LeftInPlace:
		b.Unmoved = append(b.Unmoved, k.astray(""))
	}
}

// inFolders looks for the mails that were moved, and for mails in their folders that nobody has moved there.
func (b *Books) inFolders(stock mailbox.Stock, ledger Ledger) map[int64]Whereabouts {
	processed, quarantine, inbox := newShelf(stock.Processed), newShelf(stock.Quarantine), newShelf(stock.Inbox)
	where := map[int64]Whereabouts{}
	for _, k := range ledger.Unchecked {
		own, other, folder := processed, quarantine, FolderProcessed
		if k.Quarantined {
			own, other, folder = quarantine, processed, FolderQuarantine
		}
		switch {
		case own.take(k.Listed), other.take(k.Listed), inbox.take(k.Listed):
			where[k.ID] = WhereFound
		case stock.At.Sub(k.MovedAt) < settling:
		case stock.At.Sub(k.MovedAt) > tidying:
			where[k.ID] = WhereUnverifiable
			b.Unverifiable++
		default:
			where[k.ID] = WhereMissing
			b.Missing = append(b.Missing, k.astray(folder))
		}
	}
	for _, k := range ledger.Known {
		_ = processed.take(k.Listed) || quarantine.take(k.Listed)
	}
	for _, folder := range []struct {
		name Folder
		*shelf
	}{{FolderProcessed, processed}, {FolderQuarantine, quarantine}} {
		for _, m := range folder.left() {
			if !m.Date.Before(ledger.CutOff) {
				b.Unknown = append(b.Unknown, Astray{UID: m.UID, Folder: folder.name, Date: m.Date, Size: m.Size})
			}
		}
	}
	return where
}

func (k Kept) astray(folder Folder) Astray {
	return Astray{UID: k.Listed.UID, Folder: folder, Date: k.Listed.Date, Size: k.Listed.Size, From: k.From, Subject: k.Subject}
}

// shelf is the mails of a folder, each of which can be taken once.
type shelf struct {
	mails []mailbox.Listed
	taken []bool
	byID  map[string][]int
	bySum map[sum][]int
}

// sum is what is left to tell mails apart by where there is no Message-ID: a move keeps both (RFC 9051 section 6.4.7).
type sum struct {
	size int64
	date int64
}

func sumOf(m mailbox.Listed) sum { return sum{m.Size, m.Date.Unix()} }

func newShelf(mails []mailbox.Listed) *shelf {
	s := &shelf{mails: mails, taken: make([]bool, len(mails)), byID: map[string][]int{}, bySum: map[sum][]int{}}
	for i, m := range mails {
		if m.MessageID != "" {
			s.byID[m.MessageID] = append(s.byID[m.MessageID], i)
		}
		s.bySum[sumOf(m)] = append(s.bySum[sumOf(m)], i)
	}
	return s
}

// take takes a mail that is the same, and reports whether there was one.
func (s *shelf) take(m mailbox.Listed) bool {
	for _, i := range slices.Concat(s.byID[m.MessageID], s.bySum[sumOf(m)]) { // no mail stands in byID[""]
		if !s.taken[i] {
			s.taken[i] = true
			return true
		}
	}
	return false
}

// left returns the mails that nobody took.
func (s *shelf) left() (mails []mailbox.Listed) {
	for i, m := range s.mails {
		if !s.taken[i] {
			mails = append(mails, m)
		}
	}
	return mails
}

// Unbalanced tells the coordinators of books that do not balance.
func Unbalanced(p *Policy, b Books) []Notice {
	if b.Balanced() {
		return nil
	}
	var notices []Notice
	for _, c := range p.People.With(RoleCoordinator) {
		notices = append(notices, Notice{Kind: NoticeUnbalanced, To: c.Address(), Lang: p.langOf(c.Address()),
			Data: NoticeData{Role: RoleCoordinator, Recipient: c.Name, Books: &b}})
	}
	return notices
}
