package register

import (
	"iter"
	"math"
)

// shardSize is how many numbers make a shard of the full-text index, and divides serialsPerYear, so that a year begins with a new
// shard. SQLite reads the whole list of the documents that hold a word, or any word that begins so, before it says which is the
// latest: what a frequent word costs grows with the shard, and what a rare one costs with the number of shards. The migration
// that cut the index has the size too.
const shardSize = 50_000

// shardOf returns the shard that holds the document of a ticket.
func shardOf(id int64) int64 { return id / shardSize }

// shards goes through the shards that hold documents, the latest first.
func (r *Reader) shards() iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for below := int64(math.MaxInt64); ; {
			var id int64
			err := r.row("SELECT coalesce(max(id), 0) FROM tickets WHERE id < ?1", []any{below}, &id)
			if err != nil {
				yield(0, err)
				return
			}
			if id == 0 || !yield(shardOf(id), nil) {
				return
			}
			below = shardOf(id) * shardSize
		}
	}
}

// latest collects, of one shard after the other, what a query finds, until there are limit rows. The query takes what must match as
// ?1, the shard as ?2 and how many rows are still wanted as ?3.
func latest[T any](r *Reader, scan func(scanner) (T, error), query, match string, limit int) (found []T, err error) {
	for shard, err := range r.shards() {
		if err != nil {
			return nil, err
		}
		more, err := collect(r, scan, query, match, shard, limit-len(found))
		if err != nil {
			return nil, err
		}
		if found = append(found, more...); len(found) >= limit {
			break
		}
	}
	return found, nil
}
