package receive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"radicado/mailbox"
)

// Batches are bounded in mails and in bytes; a larger mail comes alone. They are large enough for the ledger, which takes them in turn
// with settling others, to have some left while mails are moved. Listings are bounded too, so that a folder with any number of mails
// takes no more memory than a full one of these.
const (
	batchMails  = 200
	batchBytes  = 8 << 20
	listMails   = 2000
	retakeMails = 20 // asked for again at a time
)

// How often a mail is asked for alone, in full (and for as long as Timing.Patience) and then by its header, before it is taken
// without. Each time may have cost a connection.
const (
	wholeTries  = 3
	headerTries = 2
)

// attempts are how often a mail was asked for alone and did not come, and since when it was known that it may not.
type attempts struct {
	whole, header int
	since         time.Time
}

// look is one session's work on the folder.
type look struct {
	r        *Receiver
	s        *session
	position Position
	names    map[Destination]string // of the folders, as the server knows them

	taking  chan error // the result of the Take under way, nil where there is none
	taken   uint32     // cursor of the last Take
	unmoved int        // taken and not moved yet
}

// catchUp takes every mail that is in the folder and not in the ledger.
func (l *look) catchUp(ctx context.Context) (err error) {
	l.taken = l.position.Cursor
	// A Take goes on while the next batch is fetched; none may outlive this.
	defer func() { err = errors.Join(err, l.endTake()) }()
	for width := uint32(listMails); ; {
		first := following(l.position.Cursor)
		if first == 0 {
			return nil // no UID is left to be given
		}
		// UIDs may lie anywhere: windows grow while they are empty and shrink where they are not. Beyond what was
		// announced when the folder was opened the last window is open.
		last := uint32(0)
		if l.s.uidNext > 1 && uint64(first)+uint64(width) < uint64(l.s.uidNext) {
			last = first + width
		}
		mails, more, err := l.s.list(ctx, first, last, listMails)
		if err != nil {
			return err
		}
		if err := l.receive(ctx, mails); err != nil {
			return err
		}
		if err := l.endTake(); err != nil {
			return err
		}
		l.r.report(NoTrouble, nil)
		switch {
		case more:
			last = mails[len(mails)-1].uid
			width = max(listMails, width/4)
		case last == 0:
			return nil
		case len(mails) == 0:
			width = uint32(min(math.MaxUint32/2, 4*uint64(width)))
		}
		l.position.Cursor = max(l.position.Cursor, last)
	}
}

// retake takes the mails that Retake has asked for. One that is gone is gone. What is taken is not asked for again when a mail behind it
// breaks the connection.
func (l *look) retake(ctx context.Context) error {
	for uids := range slices.Chunk(l.r.retakes(), retakeMails) {
		var mails []entry
		set := uidSet(uids)
		err := l.s.entries(ctx, set, func(e entry) {
			if set.Contains(imap.UID(e.uid)) {
				mails = append(mails, e)
			}
		})
		if err != nil {
			return err
		}
		slices.SortFunc(mails, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
		for len(mails) > 0 {
			batch := mails[:l.together(mails)]
			if err := errors.Join(l.batch(ctx, batch), l.endTake()); err != nil {
				return err
			}
			for _, mail := range batch {
				l.r.retaken(mail.uid)
			}
			mails = mails[len(batch):]
		}
		l.r.retaken(uids...)
	}
	return nil
}

// receive takes these mails, which ascend by UID, and leaves the cursor at the last one.
func (l *look) receive(ctx context.Context, mails []entry) error {
	if len(mails) == 0 {
		return nil
	}
	wanted := slices.DeleteFunc(slices.Clone(mails), func(m entry) bool {
		return !m.date.IsZero() && m.date.Before(l.position.CutOff)
	})
	for len(wanted) > 0 {
		n := l.together(wanted)
		if err := l.batch(ctx, wanted[:n]); err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	// The last ones may have been passed over, or have gone meanwhile.
	last := mails[len(mails)-1].uid
	l.position.Cursor = last
	if l.taken < last {
		return l.take(ctx, nil, last)
	}
	return nil
}

// together returns how many of these mails, from the first on, are fetched together.
func (l *look) together(mails []entry) int {
	alone := func(m entry) bool {
		return m.size > batchBytes || m.size > l.s.acc.MaxSize || m.uid <= l.r.alone
	}
	if alone(mails[0]) {
		return 1
	}
	size := mails[0].size
	for i, mail := range mails[1:min(len(mails), batchMails)] {
		if size += mail.size; alone(mail) || size > batchBytes {
			return i + 1
		}
	}
	return min(len(mails), batchMails)
}

// batch fetches mails and takes them. One that fits no batch comes alone.
func (l *look) batch(ctx context.Context, mails []entry) error {
	heavy := len(mails) == 1 && mails[0].size > batchBytes
	if heavy { // not in memory together with the batch before
		if err := l.endTake(); err != nil {
			return err
		}
		leave, err := l.r.ledger.Room(ctx)
		if err != nil {
			return trouble(NotKept, fmt.Errorf("room for mail %d: %w", mails[0].uid, err))
		}
		defer leave()
	}
	var found map[uint32]content
	if len(mails) > 1 {
		var err error
		found, err = l.s.whole(ctx, mails, 2*batchBytes)
		if refusal(err) == nil && err != nil {
			l.r.doubt(mails)
			return err
		}
	}
	arrivals := make([]mailbox.Arrival, 0, len(mails))
	for _, mail := range mails {
		if got, ok := found[mail.uid]; ok && !got.leftOut() {
			if arrival, err := l.s.complete(mail, got); err == nil {
				arrivals = append(arrivals, arrival)
				continue
			}
		}
		arrival, err := l.single(ctx, mail)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			// Next time each comes alone, and those before the bad one are kept whatever it does. Together they would all be
			// asked for again, and several bad ones would keep one another from ever being given up.
			l.r.doubt(mails)
			return err
		}
		arrivals = append(arrivals, arrival)
	}
	if err := l.take(ctx, arrivals, mails[len(mails)-1].uid); err != nil {
		return err
	}
	l.unmoved += len(arrivals)
	if heavy {
		if err := l.endTake(); err != nil {
			return err
		}
	}
	return l.settleMeanwhile(ctx)
}

// doubt has each of these mails come alone from now on, as one of them at least does not come. Patience begins for all of them:
// several bad ones do not keep those behind waiting one after the other.
func (r *Receiver) doubt(mails []entry) {
	r.alone = max(r.alone, mails[len(mails)-1].uid)
	for _, mail := range mails {
		if _, known := r.tries[mail.uid]; !known {
			r.tries[mail.uid] = attempts{since: time.Now()}
		}
	}
}

// single fetches one mail alone: in full, then its header, and in the end it is taken without, so that it is known and
// those behind it are not kept waiting. The error is errGone where the mail has left the folder.
func (l *look) single(ctx context.Context, mail entry) (mailbox.Arrival, error) {
	for {
		before, known := l.r.tries[mail.uid]
		if !known {
			before.since = time.Now()
		}
		now := before // counted before the attempt: what comes of it may be the end of the connection
		patient := time.Since(now.since) < l.s.acc.Timing.Patience
		var arrival mailbox.Arrival
		var err error
		switch {
		case now.whole < wholeTries || patient:
			now.whole++
			l.r.tries[mail.uid] = now
			arrival, err = l.s.readWhole(ctx, mail)
		case now.header < headerTries:
			now.header++
			l.r.tries[mail.uid] = now
			arrival, err = l.s.truncated(ctx, mail)
		default:
			arrival = l.s.arrival(mail)
			arrival.Truncated = true
		}
		if err == nil || errors.Is(err, errGone) {
			if err == nil && arrival.Truncated && mail.size <= l.s.acc.MaxSize {
				l.r.log.Warn("the server does not send a mail in full; taken without the rest",
					"uid", mail.uid, "size", mail.size, "header_bytes", len(arrival.Raw))
			}
			delete(l.r.tries, mail.uid)
			return arrival, err
		}
		answer := refusal(err)
		if patient || answer == nil && !errors.Is(err, errMissing) || answer != nil && passing(answer) {
			if canceled(ctx, err) {
				l.r.tries[mail.uid] = before // we ended it, not the mail
			}
			return mailbox.Arrival{}, fmt.Errorf("mail %d: %w", mail.uid, err)
		}
	}
}

// take hands a batch to the ledger and returns while that is at work, having awaited the one before.
func (l *look) take(ctx context.Context, batch []mailbox.Arrival, cursor uint32) error {
	if err := l.endTake(); err != nil {
		return err
	}
	if err := l.s.stillValid(); err != nil {
		return err // what was fetched may be of other mails than was asked for
	}
	l.taken = cursor
	done := make(chan error, 1)
	l.taking = done
	name, validity := l.s.acc.Name, l.s.uidValidity
	go func() {
		err := l.r.ledger.Take(ctx, name, validity, batch, cursor)
		if err == nil {
			l.r.took(batch)
		}
		done <- err
	}()
	return nil
}

// took tells log and observer of mails that are safe.
func (r *Receiver) took(batch []mailbox.Arrival) {
	for _, a := range batch {
		r.log.Info("mail received", "uid", a.UID, "size", a.Size, "trace", a.Trace())
	}
	if r.Took != nil && len(batch) > 0 {
		r.Took(len(batch))
	}
}

// endTake awaits the Take under way.
func (l *look) endTake() error {
	if l.taking == nil {
		return nil
	}
	err := <-l.taking
	l.taking = nil
	if err == nil {
		l.r.progress = true
		return nil
	}
	return trouble(NotKept, fmt.Errorf("keep mails up to %d: %w", l.taken, err))
}
