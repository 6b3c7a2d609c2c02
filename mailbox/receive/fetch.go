package receive

import (
	"cmp"
	"context"
	"io"
	"iter"
	"math"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/mailbox"
)

// entry is a mail as the folder lists it.
type entry struct {
	uid  uint32
	date time.Time // zero where the server did not say
	size int64     // RFC822.SIZE, likewise
}

// content is what a section of a mail holds.
type content struct {
	bytes []byte
	size  int64 // as announced; more than bytes where only the beginning was kept, or nothing
}

func (c content) leftOut() bool { return len(c.bytes) == 0 && c.size > 0 }

// maxHeader bounds in bytes what is kept of the header of a mail of which nothing else is fetched.
const maxHeader = 1 << 20

// list returns the mails from UID first to last in ascending order, at most limit of them, the lowest; last 0 stands for
// the end of the folder. more says that there were others.
func (s *session) list(ctx context.Context, first, last uint32, limit int) (mails []entry, more bool, err error) {
	trim := func() {
		slices.SortFunc(mails, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
		mails = slices.CompactFunc(mails, func(a, b entry) bool { return a.uid == b.uid })
		if len(mails) > limit {
			mails, more = mails[:limit], true
		}
	}
	var set imap.UIDSet
	set.AddRange(imap.UID(first), imap.UID(last))
	err = s.entries(ctx, set, func(e entry) {
		// n:* always names the last mail, however low its UID (RFC 3501 section 6.4.8).
		if e.uid >= first && (last == 0 || e.uid <= last) {
			mails = append(mails, e)
		}
		if len(mails) >= 2*limit {
			trim()
		}
	})
	if err != nil {
		return nil, false, err
	}
	trim()
	return mails, more, nil
}

// entries yields the mails of a set as the folder lists them, in whatever order.
func (s *session) entries(ctx context.Context, set imap.UIDSet, yield func(entry)) error {
	return s.step(ctx, "list mails", 5*s.acc.Timing.Step, func() error {
		cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true})
		defer func() { _ = cmd.Close() }()
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			data, err := msg.Collect()
			if err != nil {
				return err
			}
			yield(entry{uid: uint32(data.UID), date: data.InternalDate, size: data.RFC822Size})
		}
		return cmd.Close()
	})
}

// whole returns the mails that the server sent. Of one larger than MaxSize, and of those that would take more than room
// bytes together, the content is left out, whatever sizes were announced before.
func (s *session) whole(ctx context.Context, mails []entry, room int64) (map[uint32]content, error) {
	var set imap.UIDSet
	var size int64
	for _, m := range mails {
		set.AddNum(imap.UID(m.uid))
		size += m.size
	}
	return s.sections(ctx, set, section(imap.PartSpecifierNone), size, func(announced, held int64) int64 {
		if announced > s.acc.MaxSize || held+announced > room && held > 0 {
			return 0
		}
		return announced
	})
}

// section is a part of a mail that is fetched without marking it as read.
func section(part imap.PartSpecifier) *imap.FetchItemBodySection {
	return &imap.FetchItemBodySection{Specifier: part, Peek: true}
}

// sections fetches one section of every mail of a set. keep tells how many bytes to keep of one, given its announced size
// and what is held already. size is what is expected to come, in bytes.
func (s *session) sections(
	ctx context.Context, set imap.NumSet, part *imap.FetchItemBodySection, size int64, keep func(announced, held int64) int64,
) (map[uint32]content, error) {
	found := make(map[uint32]content)
	limit := 2*s.acc.Timing.Step + time.Duration(size/minRate)*time.Second
	s.wire.filter.notice.bodies.Store(true)
	defer s.wire.filter.notice.bodies.Store(false)
	err := s.step(ctx, "fetch mails", limit, func() error {
		cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{part}})
		var held int64
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			uid, got, err := readSection(msg, func(announced int64) int64 { return keep(announced, held) })
			if err != nil {
				// Not to be closed: that would read the literal again, and the library reads from the same buffer by
				// now. The connection is at its end, which ends the command.
				return err
			}
			if got != nil {
				found[uid] = *got
				held += int64(len(got.bytes))
			}
		}
		// What the connection was worth shows here and nowhere else.
		return cmd.Close()
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// readSection reads the answer for one mail. got is nil where the server sent no section.
func readSection(msg *imapclient.FetchMessageData, keep func(announced int64) int64) (uid uint32, got *content, err error) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(item.UID)
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || got != nil {
				continue
			}
			announced := item.Literal.Size()
			// The library passes over what is not read.
			got = &content{bytes: make([]byte, keep(announced)), size: announced}
			if _, err := io.ReadFull(item.Literal, got.bytes); err != nil {
				return 0, nil, err
			}
		}
	}
	return uid, got, nil
}

// one returns one section of one mail, which the server may send in an order that the library does not expect: UID
// behind the literal. Asked for by its number, the mail comes nevertheless. Errors are errGone, errMissing, a refusal or
// that of a broken connection.
func (s *session) one(
	ctx context.Context, mail entry, part imap.PartSpecifier, keep func(announced, held int64) int64,
) (content, error) {
	found, err := s.sections(ctx, imap.UIDSetNum(imap.UID(mail.uid)), section(part), mail.size, keep)
	if err != nil && refusal(err) == nil {
		return content{}, err
	}
	if got, ok := found[mail.uid]; ok {
		return got, nil
	}
	refused := err
	number, err := s.number(ctx, mail.uid)
	if err != nil {
		return content{}, err
	}
	if refused != nil {
		return content{}, refused
	}
	found, err = s.sections(ctx, imap.SeqSetNum(number), section(part), mail.size, keep)
	if err != nil {
		return content{}, err
	}
	if got, ok := found[mail.uid]; ok {
		return got, nil
	}
	return content{}, errMissing
}

// number returns the message sequence number of a UID, or errGone.
func (s *session) number(ctx context.Context, uid uint32) (uint32, error) {
	var numbers []uint32
	err := s.step(ctx, "look for a mail", 2*s.acc.Timing.Step, func() error {
		data, err := s.client.Search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(imap.UID(uid))}}, nil).Wait()
		if err == nil {
			numbers = data.AllSeqNums()
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if len(numbers) == 0 {
		return 0, errGone
	}
	return numbers[0], nil
}

// present returns those of the UIDs, which ascend, that are in the folder, in ascending order.
func (s *session) present(ctx context.Context, uids []uint32) (found []uint32, err error) {
	for part := range portions(uids) {
		asked := uidSet(part)
		some, err := s.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{asked}}, asked.Contains)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// search returns the UIDs that match and that the caller expects.
func (s *session) search(
	ctx context.Context, criteria *imap.SearchCriteria, expected func(imap.UID) bool,
) ([]uint32, error) {
	var uids []uint32
	err := s.step(ctx, "search", 2*s.acc.Timing.Step, func() error {
		data, err := s.client.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		for _, uid := range data.AllUIDs() {
			if expected(uid) {
				uids = append(uids, uint32(uid))
			}
		}
		return nil
	})
	slices.Sort(uids)
	return uids, err
}

// structure returns the leaves of the BODYSTRUCTURE of a mail.
func (s *session) structure(ctx context.Context, uid uint32) ([]mailbox.Part, error) {
	var parts []mailbox.Part
	err := s.step(ctx, "fetch the structure of a mail", 2*s.acc.Timing.Step, func() error {
		cmd := s.client.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{
			UID:           true,
			BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		})
		defer func() { _ = cmd.Close() }()
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			data, err := msg.Collect()
			if err != nil {
				return err
			}
			if uint32(data.UID) == uid && data.BodyStructure != nil {
				parts = leaves(data.BodyStructure)
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, err
	}
	if parts == nil {
		return nil, errMissing
	}
	return parts, nil
}

// leaves returns the parts that hold something.
func leaves(root imap.BodyStructure) []mailbox.Part {
	var parts []mailbox.Part
	root.Walk(func(_ []int, part imap.BodyStructure) bool {
		if leaf, ok := part.(*imap.BodyStructureSinglePart); ok {
			parts = append(parts, mailbox.Part{Name: fileName(leaf), Type: leaf.MediaType(), Size: int64(leaf.Size)})
		}
		return true
	})
	return parts
}

// fileName returns the decoded name of a part. Servers hand parameters on as they stand, those of RFC 2231 included.
func fileName(part *imap.BodyStructureSinglePart) string {
	var disposition map[string]string
	if d := part.Disposition(); d != nil {
		disposition = d.Params
	}
	for _, from := range []struct {
		params map[string]string
		key    string
	}{{disposition, "filename"}, {part.Params, "name"}} {
		if name := from.params[from.key]; name != "" {
			return name
		}
		var header strings.Builder
		header.WriteString("attachment")
		for key, value := range from.params {
			if strings.HasPrefix(key, from.key+"*") {
				header.WriteString("; " + key + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`)
			}
		}
		// mime.ParseMediaType takes extended values without quotes only where they are tokens, with quotes always.
		if _, params, err := mime.ParseMediaType(header.String()); err == nil && params[from.key] != "" {
			return params[from.key]
		}
	}
	return ""
}

// truncated returns a mail of which only the header is fetched, with its structure where the server can tell it. Where
// that breaks the connection, the library having choked on the structure, the header is still returned, and the next
// step fails.
func (s *session) truncated(ctx context.Context, mail entry) (mailbox.Arrival, error) {
	header, err := s.one(ctx, entry{uid: mail.uid, size: maxHeader}, imap.PartSpecifierHeader, func(announced, _ int64) int64 {
		return min(announced, maxHeader)
	})
	if err != nil {
		return mailbox.Arrival{}, err
	}
	arrival := s.arrival(mail)
	arrival.Truncated, arrival.Raw = true, header.bytes
	arrival.Structure, err = s.structure(ctx, mail.uid)
	if ctx.Err() != nil {
		return mailbox.Arrival{}, err
	}
	return arrival, nil
}

// arrival returns what is known of a mail before it is fetched.
func (s *session) arrival(mail entry) mailbox.Arrival {
	return mailbox.Arrival{
		Mailbox:      s.acc.Name,
		UIDValidity:  s.uidValidity,
		UID:          mail.uid,
		InternalDate: mail.date,
		Size:         mail.size,
	}
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

const (
	longestSet = 7000 // bytes of UIDs in a command: servers have to take lines of 8,000 (RFC 2683 section 3.2.1.5)
	longestUID = 11   // its digits and what separates it from the next
)

// portions cuts ascending UIDs where the text of their set would become too long. Of UIDs in a row it names the first and the last.
func portions(uids []uint32) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		begin, size := 0, 0
		for i, uid := range uids {
			if i-begin >= 2 && uid-uids[i-2] == 2 {
				continue // goes on with a row of two at least
			}
			if size += longestUID; size > longestSet {
				if !yield(uids[begin:i]) {
					return
				}
				begin, size = i, longestUID
			}
		}
		if begin < len(uids) {
			yield(uids[begin:])
		}
	}
}

// complete makes an arrival of a mail that was fetched in full. An empty one of which the folder said otherwise is not
// believed.
func (s *session) complete(mail entry, got content) (mailbox.Arrival, error) {
	if len(got.bytes) == 0 && mail.size > 0 {
		return mailbox.Arrival{}, errMissing
	}
	arrival := s.arrival(mail)
	arrival.Raw, arrival.Size = got.bytes, int64(len(got.bytes))
	return arrival, nil
}

// readWhole fetches one mail alone.
func (s *session) readWhole(ctx context.Context, mail entry) (mailbox.Arrival, error) {
	if mail.size > s.acc.MaxSize {
		return s.truncated(ctx, mail)
	}
	got, err := s.one(ctx, mail, imap.PartSpecifierNone, func(announced, _ int64) int64 {
		if announced > s.acc.MaxSize {
			return 0
		}
		return announced
	})
	if err != nil {
		return mailbox.Arrival{}, err
	}
	if got.leftOut() {
		mail.size = got.size
		return s.truncated(ctx, mail)
	}
	return s.complete(mail, got)
}

// following returns the UID after, or 0 where there is none.
func following(uid uint32) uint32 {
	if uid == math.MaxUint32 {
		return 0
	}
	return uid + 1
}
