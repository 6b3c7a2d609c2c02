package trust

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// Resolver asks DNS for TXT records, one string a record; *net.Resolver is one. That a name does not exist it says by a
// *net.DNSError with IsNotFound.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// negativeTTL is how long it is remembered that a name does not exist: a key just published should serve soon.
const negativeTTL = 5 * time.Minute

// cache remembers the answers of a resolver: the most recently asked ones, none longer than ttl. Failures other than "no such name"
// are not remembered. It is safe for concurrent use; two askers at the same moment may both reach the resolver.
type cache struct {
	resolver Resolver
	size     int
	ttl      time.Duration
	now      func() time.Time

	mu      sync.Mutex
	entries map[string]*list.Element
	recent  *list.List // of *answer, the most recently asked in front
}

type answer struct {
	name    string
	records []string
	err     error
	expires time.Time
}

func newCache(resolver Resolver, size int, ttl time.Duration, now func() time.Time) *cache {
	return &cache{resolver: resolver, size: size, ttl: ttl, now: now, entries: map[string]*list.Element{}, recent: list.New()}
}

// LookupTXT answers as the resolver does.
func (c *cache) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if known, ok := c.get(name); ok {
		return slices.Clone(known.records), known.err
	}
	records, err := c.resolver.LookupTXT(ctx, name)
	switch {
	case err == nil:
		c.put(&answer{name: name, records: slices.Clone(records), expires: c.now().Add(c.ttl)})
	case isNotFound(err):
		c.put(&answer{name: name, err: err, expires: c.now().Add(min(c.ttl, negativeTTL))})
	}
	return records, err
}

func (c *cache) get(name string) (*answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[name]
	if !ok {
		return nil, false
	}
	known := element.Value.(*answer)
	if !c.now().Before(known.expires) {
		c.drop(element)
		return nil, false
	}
	c.recent.MoveToFront(element)
	return known, true
}

func (c *cache) put(a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[a.name]; ok {
		c.drop(old)
	}
	c.entries[a.name] = c.recent.PushFront(a)
	for c.recent.Len() > c.size {
		c.drop(c.recent.Back())
	}
}

func (c *cache) drop(element *list.Element) {
	delete(c.entries, element.Value.(*answer).name)
	c.recent.Remove(element)
}
