package desk

import (
	"sync"

	"radicado/mailbox"
	"radicado/tickets/register"
)

const (
	freshBytes = 2 << 20  // of mails that are kept in memory until they are read; hundreds of ordinary ones
	freshMail  = 64 << 10 // bytes of a mail at most that is worth it
)

// fresh keeps mails that were just stored until they are read, which is moments later: getting them back from the register takes a
// twentieth of all that a mail costs. What does not fit, and what was taken in an earlier life, comes from there.
type fresh struct {
	mu    sync.Mutex
	mails map[register.Digest][]byte
	bytes int
}

// keep remembers mails as far as there is room. Those that wait longest were there first, and go first.
func (f *fresh) keep(batch []mailbox.Arrival) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range batch {
		if len(a.Raw) > freshMail || f.bytes+len(a.Raw) > freshBytes {
			continue
		}
		digest := register.DigestOf(a.Raw)
		if _, there := f.mails[digest]; there {
			continue
		}
		if f.mails == nil {
			f.mails = map[register.Digest][]byte{}
		}
		f.mails[digest] = a.Raw
		f.bytes += len(a.Raw)
	}
}

// take returns a mail and forgets it.
func (f *fresh) take(digest register.Digest) (raw []byte, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, known = f.mails[digest]
	delete(f.mails, digest)
	f.bytes -= len(raw)
	return raw, known
}

// clear forgets what nobody came for: mails that the register had already.
func (f *fresh) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails, f.bytes = nil, 0
}
