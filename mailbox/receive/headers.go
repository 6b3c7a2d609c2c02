package receive

import (
	"context"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// Headers opens a connection of its own and returns the headers of the latest mails, at most limit: those of Folder, and
// where it holds too few, those of Processed. Nothing is changed. They are to be looked at, not to be registered.
func Headers(ctx context.Context, acc Account, limit int) ([][]byte, error) {
	acc = acc.withDefaults()
	folders := []string{acc.Folder, acc.Processed}
	if acc.LeaveInPlace {
		folders = folders[:1]
	}
	acc.LeaveInPlace = true // which opens folders for reading alone
	s, err := connect(ctx, acc)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var headers [][]byte
	for i, name := range folders {
		found, err := s.latestHeaders(ctx, name, limit-len(headers))
		if refusal(err) != nil && i > 0 {
			continue // it is made when the first mail is moved
		}
		if err != nil {
			return nil, err
		}
		headers = append(headers, found...)
	}
	return headers, nil
}

// latestHeaders returns the headers of the last mails of a folder, oldest first.
func (s *session) latestHeaders(ctx context.Context, name string, limit int) ([][]byte, error) {
	if limit <= 0 {
		return nil, nil
	}
	if err := s.open(ctx, name); err != nil || s.messages == 0 {
		return nil, err
	}
	var set imap.SeqSet
	set.AddRange(s.messages-min(uint32(limit), s.messages)+1, s.messages)
	found, err := s.sections(ctx, set, section(imap.PartSpecifierHeader), int64(limit)*maxHeader/16, func(announced, _ int64) int64 {
		return min(announced, maxHeader)
	})
	if err != nil {
		return nil, err
	}
	var headers [][]byte
	for _, uid := range slices.Sorted(maps.Keys(found)) {
		headers = append(headers, found[uid].bytes)
	}
	return headers, nil
}
