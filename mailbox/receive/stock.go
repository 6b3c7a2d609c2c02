package receive

import (
	"bufio"
	"bytes"
	"context"
	"math"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"radicado/mailbox"
)

const (
	stockMails  = 500     // asked about in one command
	searchMails = 100_000 // searched in one command
)

// Stock opens a connection of its own and lists what the folders hold, for the books: of Folder everything that is not marked
// as deleted, of the others what the server received since then. Nothing is changed; a folder that is not there holds nothing.
// With LeaveInPlace there are no others.
func Stock(ctx context.Context, acc Account, since time.Time) (mailbox.Stock, error) {
	acc = acc.withDefaults()
	stock := mailbox.Stock{Since: since, LeftInPlace: acc.LeaveInPlace}
	acc.LeaveInPlace = true // which opens folders for reading alone
	s, err := connect(ctx, acc)
	if err != nil {
		return stock, err
	}
	defer s.close()
	if err := s.open(ctx, acc.Folder); err != nil {
		return stock, err
	}
	stock.UIDValidity = s.uidValidity
	if stock.Inbox, err = s.stock(ctx, &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, false); err != nil {
		return stock, err
	}
	if err := s.stillValid(); err != nil || stock.LeftInPlace {
		return stock, err
	}
	for _, folder := range []struct {
		name  string
		mails *[]mailbox.Listed
		count *int
	}{{acc.Processed, &stock.Processed, &stock.InProcessed}, {acc.Quarantine, &stock.Quarantine, &stock.InQuarantine}} {
		err := s.open(ctx, folder.name)
		if troubleOf(err) == NoFolder {
			continue // it is made when the first mail is moved
		}
		if err != nil {
			return stock, err
		}
		*folder.count = int(s.messages)
		if *folder.mails, err = s.stock(ctx, &imap.SearchCriteria{Since: since}, true); err != nil {
			return stock, err
		}
	}
	return stock, nil
}

// stock lists the mails of the open folder that fit, with their Message-IDs where they are wanted.
func (s *session) stock(ctx context.Context, criteria *imap.SearchCriteria, ids bool) ([]mailbox.Listed, error) {
	if s.messages == 0 {
		return nil, nil // some servers refuse to search where there is nothing
	}
	uids, err := s.searchAll(ctx, criteria)
	if err != nil {
		return nil, err
	}
	var mails []mailbox.Listed
	for chunk := range slices.Chunk(uids, stockMails) {
		set := uidSet(chunk)
		begin := len(mails)
		err := s.entries(ctx, set, func(e entry) {
			mails = append(mails, mailbox.Listed{UID: e.uid, Date: e.date, Size: e.size})
		})
		if err != nil {
			return nil, err
		}
		if !ids {
			continue
		}
		found, err := s.messageIDs(ctx, set, len(chunk))
		if err != nil {
			return nil, err
		}
		for i := begin; i < len(mails); i++ {
			mails[i].MessageID = found[mails[i].UID]
		}
	}
	return mails, nil
}

// searchAll searches a folder of any size: by windows of UIDs, because an answer has to fit into a line.
func (s *session) searchAll(ctx context.Context, criteria *imap.SearchCriteria) (uids []uint32, err error) {
	for first, width := uint32(1), uint32(searchMails); ; {
		last := uint32(0) // the end of the folder
		if uint64(first)+uint64(width) < uint64(s.uidNext) {
			last = first + width - 1
		}
		var window imap.UIDSet
		window.AddRange(imap.UID(first), imap.UID(last))
		asked := *criteria
		asked.UID = []imap.UIDSet{window}
		// n:* names the last mail, however low its UID (RFC 3501 section 6.4.8).
		found, err := s.search(ctx, &asked, func(uid imap.UID) bool { return uint32(uid) >= first })
		if err != nil {
			return nil, err
		}
		uids = append(uids, found...)
		if last == 0 {
			return uids, nil
		}
		first, width = last+1, searchMails
		if len(found) == 0 { // UIDs may lie anywhere
			width = min(math.MaxUint32/2, 4*width)
		}
	}
}

// messageIDs returns the Message-IDs of the mails of a set, without angle brackets.
func (s *session) messageIDs(ctx context.Context, set imap.UIDSet, count int) (map[uint32]string, error) {
	field := section(imap.PartSpecifierHeader)
	field.HeaderFields = []string{"Message-ID"}
	const longest = 4 << 10
	found, err := s.sections(ctx, set, field, int64(count)*longest/8, func(announced, _ int64) int64 { return min(announced, longest) })
	if err != nil {
		return nil, err
	}
	ids := make(map[uint32]string, len(found))
	for uid, got := range found {
		// What is cut off or malformed has no Message-ID: size and date have to do.
		header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(got.bytes))).ReadMIMEHeader()
		ids[uid] = strings.Trim(strings.TrimSpace(header.Get("Message-Id")), "<>")
	}
	return ids, nil
}
