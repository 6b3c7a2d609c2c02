package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	// moveMails bounds what is moved by one command. Large is fast: on a Maildir with 50,000 mails each command takes Dovecot some
	// 50 ms beside what the mails take, for one or for thousands.
	moveMails = 2000
	// moveFailures bounds the refused commands of one pass while the mail is sought that the server cannot move.
	moveFailures = 16
)

// settle moves what the ledger wants moved.
func (l *look) settle(ctx context.Context) error {
	for {
		n, err := l.moveSettled(ctx, 0)
		if err != nil || n < moveMails {
			return err
		}
	}
}

// settleMeanwhile moves mails before more of them are fetched, once a command's worth of them is settled. The ledger is at work on those
// that it has, the last ones just handed to it: left for the end, moving would keep it waiting for more.
func (l *look) settleMeanwhile(ctx context.Context) error {
	if l.unmoved < moveMails {
		return nil
	}
	_, err := l.moveSettled(ctx, moveMails/2)
	return err
}

// moveSettled moves the next mails that the ledger wants moved, unless they are fewer than least, and returns how many they were. A
// server that refuses is asked again later; receiving goes on.
func (l *look) moveSettled(ctx context.Context, least int) (n int, err error) {
	if l.r.acc.LeaveInPlace || l.r.moving.failed() && l.r.Now().Before(l.r.moving.due) {
		return 0, nil
	}
	wanted, err := l.r.ledger.Settled(ctx, l.s.acc.Name, l.s.uidValidity, moveMails)
	if err != nil {
		return 0, trouble(NotKept, err)
	}
	if len(wanted) < least {
		return 0, nil
	}
	var refused error
	for _, to := range []Destination{ToProcessed, ToQuarantine} {
		var uids []uint32
		for _, w := range wanted {
			if w.Folder == to {
				uids = append(uids, w.UID)
			}
		}
		if len(uids) == 0 {
			continue
		}
		slices.Sort(uids)
		err := l.moveAll(ctx, uids, to)
		if refusal(err) == nil && err != nil {
			return 0, err
		}
		refused = errors.Join(refused, err)
	}
	l.r.reportMoving(refused)
	if refused != nil {
		timing := l.r.acc.Timing
		l.r.moving.due = l.r.Now().Add(l.r.moving.next(timing.RefusedRetry, timing.MaxRetry, l.r.Jitter()))
		return 0, nil
	}
	l.r.moving.reset()
	l.unmoved -= min(len(wanted), l.unmoved) // some were taken by an earlier connection
	return len(wanted), nil
}

// moveAll moves mails and tells the ledger. The error is a refusal where some could not be moved.
func (l *look) moveAll(ctx context.Context, uids []uint32, to Destination) error {
	// Some are gone: a crash came between moving and telling, or somebody else moved them.
	present, err := l.s.present(ctx, uids)
	if err != nil {
		return err
	}
	if err := l.s.stillValid(); err != nil {
		return err
	}
	if gone := slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool {
		_, found := slices.BinarySearch(present, uid)
		return found
	}); len(gone) > 0 {
		if err := l.moved(ctx, gone); err != nil {
			return err
		}
	}
	failures := 0
	var refused error
	for part := range portions(present) {
		err := l.moveSome(ctx, part, to, &failures)
		if refusal(err) == nil && err != nil {
			return err
		}
		refused = errors.Join(refused, err)
	}
	return refused
}

// moveSome moves mails, by halves where the server refuses them together, as one that it cannot copy must not hold up
// the others.
func (l *look) moveSome(ctx context.Context, uids []uint32, to Destination, failures *int) error {
	err := l.move(ctx, uids, to)
	if err == nil {
		return l.moved(ctx, uids)
	}
	answer := refusal(err)
	if *failures++; answer == nil || len(uids) == 1 || *failures > moveFailures ||
		answer.Code == imap.ResponseCodeOverQuota || noSuchFolder(answer) || passing(answer) {
		return err
	}
	half := len(uids) / 2
	first := l.moveSome(ctx, uids[:half], to, failures)
	if refusal(first) == nil && first != nil {
		return first
	}
	return errors.Join(first, l.moveSome(ctx, uids[half:], to, failures))
}

// move moves mails to a folder, which is made where it is not or no longer there.
func (l *look) move(ctx context.Context, uids []uint32, to Destination) error {
	name, known := l.names[to]
	if !known {
		found, err := l.folder(ctx, to)
		if err != nil {
			return err
		}
		name = found
	}
	err := l.s.move(ctx, uids, name, l.r.copied, l.stayFlagged)
	if answer := refusal(err); answer != nil && noSuchFolder(answer) {
		if name, err = l.folder(ctx, to); err == nil {
			err = l.s.move(ctx, uids, name, l.r.copied, l.stayFlagged)
		}
	}
	return err
}

// folder finds or makes the folder of a destination.
func (l *look) folder(ctx context.Context, to Destination) (string, error) {
	name := l.s.acc.Processed
	if to == ToQuarantine {
		name = l.s.acc.Quarantine
	}
	found, made, err := l.s.ensure(ctx, name)
	if err != nil {
		return "", err
	}
	if made {
		l.r.log.Info("made a folder", "folder", found)
	}
	l.names[to] = found
	return found, nil
}

func (l *look) moved(ctx context.Context, uids []uint32) error {
	if err := l.r.ledger.Moved(ctx, l.s.acc.Name, l.s.uidValidity, uids); err != nil {
		return trouble(NotKept, fmt.Errorf("note %d mails as moved: %w", len(uids), err))
	}
	return nil
}

func (l *look) stayFlagged() {
	if !l.r.flagged {
		l.r.flagged = true
		l.r.log.Warn("the server has neither MOVE nor UIDPLUS, and other mails are marked as deleted, which must not be " +
			"removed: processed mails stay in the folder, marked as deleted, until somebody empties it")
	}
}

// move moves mails, in the best way that the server offers (RFC 6851 section 3.3). Between COPY and the end a crash
// leaves a second copy in the other folder, which is harmless: the ledger knows the mail. copied remembers the mails
// that were copied and could not be removed, lest every further try leave another copy. stay is called where that is for
// good, mails that others marked as deleted being in the way.
func (s *session) move(
	ctx context.Context, uids []uint32, folder string, copied map[uint32]struct{}, stay func(),
) error {
	set := uidSet(uids)
	// By both, as the library goes by its own and would expunge whatever is marked as deleted.
	if s.caps.Has(imap.CapMove) && s.client.Caps().Has(imap.CapMove) {
		return s.bulk(ctx, "move to "+folder, func() error {
			_, err := s.client.Move(set, folder).Wait()
			return err
		})
	}
	fresh := slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool {
		_, done := copied[uid]
		return done
	})
	for part := range portions(fresh) { // with some left out, the text may have become longer
		err := s.bulk(ctx, "copy to "+folder, func() error {
			_, err := s.client.Copy(uidSet(part), folder).Wait()
			return err
		})
		if err != nil {
			return err
		}
		for _, uid := range part {
			copied[uid] = struct{}{}
		}
	}
	if err := s.remove(ctx, set, stay); err != nil {
		return err
	}
	for _, uid := range uids {
		delete(copied, uid)
	}
	return nil
}

// remove removes mails that were copied, and no others. UID EXPUNGE of UIDPLUS does (RFC 4315 section 2.1); EXPUNGE does
// where no other mail is marked as deleted.
func (s *session) remove(ctx context.Context, set imap.UIDSet, stay func()) error {
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.bulk(ctx, "mark as deleted", func() error { return s.client.Store(set, flags, nil).Close() }); err != nil {
		return err
	}
	expunge := func() *imapclient.ExpungeCommand { return s.client.UIDExpunge(set) }
	if !s.caps.Has(imap.CapUIDPlus) {
		others, err := s.search(ctx, &imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}}, func(uid imap.UID) bool {
			return !set.Contains(uid)
		})
		if err != nil {
			return err
		}
		if len(others) > 0 {
			stay()
			return nil
		}
		expunge = s.client.Expunge
	}
	return s.bulk(ctx, "remove copied mails", func() error { return expunge().Close() })
}

// bulk is a step that may touch a thousand mails.
func (s *session) bulk(ctx context.Context, what string, f func() error) error {
	return s.step(ctx, what, 5*s.acc.Timing.Step, f)
}
