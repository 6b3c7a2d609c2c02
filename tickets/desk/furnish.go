package desk

import (
	"slices"
	"sync"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// maxMachines bounds the machines of one official that are looked up.
const maxMachines = 50

// maxRecent bounds the requests of one official that a new one is compared with.
const maxRecent = 20

// maxAlike is how many of them are looked at more closely: more than are pointed out, since some may have ended.
const maxAlike = 6

// furnish looks up what Decide must know besides the commands' own questions.
func (d *Desk) furnish(tx *register.Tx, in *tickets.Input) (err error) {
	wanted := in.Assets()
	if in.Found.Assets, err = tx.AssetsByKeys(wanted.Keys); err != nil {
		return err
	}
	if in.Found.Held, err = tx.AssetsOf(wanted.Holder, maxMachines); err != nil {
		return err
	}
	recent := in.Recent()
	in.Found.Gist = recent.Gist
	in.Found.Recent, err = d.alike(tx, recent)
	return err
}

// alike returns the requests that may be the same as the one asked about, latest first.
func (d *Desk) alike(tx *register.Tx, q tickets.RecentQuery) ([]*tickets.Ticket, error) {
	if q.Requester == "" {
		return nil, nil
	}
	keys, err := tx.KeysOf(q.Requester, q.Since, maxRecent)
	if err != nil {
		return nil, err
	}
	var found []*tickets.Ticket
	for _, key := range keys {
		gist, known := d.gists.of(key)
		if known && !gist.Alike(q.Gist) {
			continue
		}
		t, err := tx.TicketOfKey(key)
		if err != nil {
			return nil, err
		}
		if !known {
			gist = t.Gist()
			d.gists.add(key, gist)
		}
		if gist.Alike(q.Gist) {
			found = append(found, t)
		}
		if len(found) == maxAlike {
			break
		}
	}
	return found, nil
}

// maxGists bounds the memory that the gists take: some hundred bytes each, and at most twice as many.
const maxGists = 3000

// gists remembers what the latest requests are about, so that each is read once and not for every request that follows. What a
// request is about does not change; a number that a failed transaction gave up may come to mean another request, which costs a
// coordinator a hint and nothing else.
type gists struct {
	mu            sync.Mutex
	recent, older map[int64]*tickets.Gist // by key of the request: what is asked for becomes recent; what was not, for long, is forgotten
}

func (g *gists) of(key int64) (*tickets.Gist, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if gist, known := g.recent[key]; known {
		return gist, true
	}
	gist, known := g.older[key]
	if known {
		g.keep(key, gist)
	}
	return gist, known
}

func (g *gists) add(key int64, gist *tickets.Gist) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keep(key, gist)
}

func (g *gists) keep(key int64, gist *tickets.Gist) {
	if g.recent == nil || len(g.recent) >= maxGists {
		g.recent, g.older = map[int64]*tickets.Gist{}, g.recent
	}
	g.recent[key] = gist
}

// matchCase finds the request that a vendor means by its own number. Only a request that was put to this very vendor counts.
func (d *Desk) matchCase(tx *register.Tx, m *mailbox.Message) (tickets.Number, error) {
	policy := d.options.Policy
	if sender, known := policy.People.Find(m.From.Addr); !known || sender.Role != tickets.RoleVendor {
		return "", nil
	}
	for _, key := range tickets.CaseKeys(m) {
		found, err := tx.TicketsByCase(key)
		if err != nil {
			return "", err
		}
		for _, t := range slices.Backward(found) { // vendors begin again from one: the latest is meant
			if vendor, known := policy.VendorOf(t.Claim.Vendor); known && t.Claim.Open() && vendor.Has(m.From.Addr) {
				return t.Number, nil
			}
		}
	}
	return "", nil
}
