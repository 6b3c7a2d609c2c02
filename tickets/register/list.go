package register

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"radicado/tickets"
)

// MaxTotal is up to where List counts. Whoever has more rows to look through does not need to know how many.
const MaxTotal = 10_000

// Filter chooses tickets; what is zero does not matter.
type Filter struct {
	States      []tickets.State
	Requester   string   // address, letter case aside
	Technicians []string // addresses of a technician, any of them
	Unassigned  bool     // without a technician; Technicians are then ignored
	Priorities  []tickets.Priority
	From, To    time.Time // registered at From or later and before To
	Words       string    // as for Search by staff; with Person, as for Search by that person
	Office      string    // of the requester, as written
	Person      string    // address of the requester or a follower
	Vendors     []string  // addresses of a vendor that was written to, any of them
}

// List returns the tickets that the filter chooses, latest registered first, at most limit after the first offset, and how
// many there are altogether, counted up to MaxTotal.
func (r *Reader) List(f Filter, limit, offset int) (found []*tickets.Ticket, total int, err error) {
	q, possible := f.query()
	switch {
	case !possible:
	case q.sharded:
		found, total, err = r.listShards(q, limit, offset)
	default:
		if total, err = r.count(q, MaxTotal); err == nil {
			found, err = r.page(q, limit, offset)
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list tickets: %w", err)
	}
	return found, total, nil
}

// listShards lists one shard of the full-text index after the other.
func (r *Reader) listShards(q *query, limit, offset int) (found []*tickets.Ticket, total int, err error) {
	for shard, err := range r.shards() {
		if err != nil {
			return nil, 0, err
		}
		q.args[shardArg] = shard
		// As far as it matters: whether the offset ends in this shard, and whether the total is at its bound.
		n, err := r.count(q, offset+1+max(0, MaxTotal-total))
		if err != nil {
			return nil, 0, err
		}
		if wanted := limit - len(found); wanted > 0 && n > offset {
			page, err := r.page(q, wanted, offset)
			if err != nil {
				return nil, 0, err
			}
			found = append(found, page...)
		}
		offset = max(0, offset-n)
		if total += n; total >= MaxTotal && len(found) >= limit {
			break
		}
	}
	return found, min(total, MaxTotal), nil
}

// count returns how many tickets the query chooses, counted up to a bound.
func (r *Reader) count(q *query, bound int) (n int, err error) {
	q = q.clone()
	err = r.row("SELECT count(*) FROM (SELECT 1 "+q.from+" LIMIT "+q.arg(bound)+")", q.args, &n)
	return n, err
}

func (r *Reader) page(q *query, limit, offset int) ([]*tickets.Ticket, error) {
	q = q.clone()
	return collect(r, scanTicket, "SELECT "+wholeTicket+" "+q.from+" ORDER BY "+q.order+" LIMIT "+q.arg(limit)+" OFFSET "+q.arg(offset), q.args...)
}

// KeysOf returns the keys of the requests of an address that were registered since then, latest first, at most limit. The index alone
// tells, and in one row: to read as many rows would cost more than all else that is looked up for a mail.
func (r *Reader) KeysOf(requester string, since time.Time, limit int) ([]int64, error) {
	var list sql.NullString
	err := r.row(`SELECT group_concat(id, ' ') FROM (SELECT id FROM tickets INDEXED BY tickets_requester
		WHERE requester = ?1 AND registered_at >= ?2 ORDER BY registered_at DESC, id DESC LIMIT ?3)`, []any{key(requester), since.UnixMilli(), limit}, &list)
	if err != nil {
		return nil, fmt.Errorf("requests of an address: %w", err)
	}
	var keys []int64
	for id := range strings.FieldsSeq(list.String) {
		key, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("requests of an address: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// List is Reader's List; tickets that this transaction has changed are found by their new words.
func (tx *Tx) List(f Filter, limit, offset int) ([]*tickets.Ticket, int, error) {
	if f.Words != "" {
		if err := tx.writeDocuments(); err != nil {
			return nil, 0, err
		}
	}
	return tx.Reader.List(f, limit, offset)
}

// query is a statement in the making.
type query struct {
	from    string // FROM and WHERE
	order   string
	args    []any
	sharded bool // asks for words in the shard that args[shardArg] names
}

const shardArg = 1

func (q *query) clone() *query {
	c := *q
	c.args = slices.Clone(q.args)
	return &c
}

func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return fmt.Sprintf("?%d", len(q.args))
}

func placeholders[T ~string](q *query, values []T) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = q.arg(string(v))
	}
	return strings.Join(marks, ", ")
}

// query builds the statement. It names the index itself: SQLite knows nothing about how tickets are distributed, and the
// wrong index costs a walk over the register. possible is false where nothing can fit.
func (f Filter) query() (q *query, possible bool) {
	q = &query{order: "t.registered_at DESC, t.id DESC"}
	index := f.index()
	from := "FROM tickets t INDEXED BY " + index
	var where []string
	if f.Words != "" || f.Person != "" {
		match := f.match()
		if match == "" {
			return nil, false
		}
		from = "FROM words CROSS JOIN tickets t ON t.id = words.docid"
		where = append(where, matchColumn(f.Person)+" MATCH "+q.arg(match), "words.shard = "+q.arg(0))
		q.sharded = true
		q.order = "words.docid DESC"
		index = ""
	}
	openOnly := slices.Contains([]string{"tickets_open", "tickets_load", "tickets_urgent"}, index) // which have nothing else
	if openOnly {
		where = append(where, "t.open = 1")
	}
	if len(f.States) > 0 && !(openOnly && f.everyOpen()) {
		where = append(where, "t.state IN ("+placeholders(q, f.States)+")")
	}
	if f.Requester != "" {
		where = append(where, "t.requester = "+q.arg(key(f.Requester)))
	}
	if f.Unassigned {
		where = append(where, "t.technician = ''")
	} else if len(f.Technicians) == 1 { // in the order of the index
		where = append(where, "t.technician = "+q.arg(key(f.Technicians[0])))
	} else if len(f.Technicians) > 1 {
		where = append(where, "t.technician IN ("+placeholders(q, keys(f.Technicians))+")")
	}
	if len(f.Priorities) > 0 {
		where = append(where, "t.priority IN ("+placeholders(q, f.Priorities)+")")
	}
	if !f.From.IsZero() {
		where = append(where, "t.registered_at >= "+q.arg(f.From.UnixMilli()))
	}
	if !f.To.IsZero() {
		where = append(where, "t.registered_at < "+q.arg(f.To.UnixMilli()))
	}
	if f.Office != "" {
		where = append(where, officeOf+" = "+q.arg(f.Office))
	}
	if len(f.Vendors) > 0 {
		where = append(where, vendorOf+" IN ("+placeholders(q, keys(f.Vendors))+")")
	}
	if len(where) > 0 {
		from += " WHERE " + strings.Join(where, " AND ")
	}
	q.from = from
	return q, true
}

func keys(addrs []string) []string {
	list := make([]string, len(addrs))
	for i, addr := range addrs {
		list[i] = key(addr)
	}
	return list
}

// The expressions of the indexes tickets_office and tickets_vendor.
const (
	officeOf = "json_extract(t.body, '$.office')"
	vendorOf = "lower(json_extract(t.body, '$.claim.vendor.addr'))"
)

// match is the expression of the full-text index, "" where nothing can fit.
func (f Filter) match() string {
	switch {
	case f.Person == "":
		return matchStaff(f.Words)
	case f.Words == "":
		return "people:" + personToken(key(f.Person))
	}
	return matchPublic(f.Words, key(f.Person))
}

// index names the index that leaves the fewest rows. Several states are only worth theirs without the closed ones, which
// are nearly all: the rows of several states have to be sorted.
func (f Filter) index() string {
	switch {
	case f.Requester != "":
		return "tickets_requester"
	case len(f.Vendors) > 0:
		return "tickets_vendor"
	case f.allOpen() && (len(f.Technicians) > 0 || f.Unassigned):
		return "tickets_load"
	case len(f.Technicians) > 0 && !f.Unassigned:
		return "tickets_technician"
	case f.allOpen() && len(f.States) > 1 && len(f.Priorities) == 1:
		return "tickets_urgent"
	case f.allOpen() && f.everyOpen():
		return "tickets_open"
	case len(f.States) == 1 && f.States[0] != tickets.Closed, len(f.States) > 1 && !slices.Contains(f.States, tickets.Closed):
		return "tickets_state"
	case f.Unassigned:
		return "tickets_technician"
	case f.Office != "":
		return "tickets_office"
	case len(f.Priorities) == 1:
		return "tickets_priority"
	case len(f.States) == 1:
		return "tickets_state"
	}
	return "tickets_registered"
}

// allOpen reports whether only open tickets fit.
func (f Filter) allOpen() bool {
	return len(f.States) > 0 && !slices.ContainsFunc(f.States, func(s tickets.State) bool { return !s.Open() })
}

// everyOpen reports whether open tickets fit whatever their state.
func (f Filter) everyOpen() bool {
	return !slices.ContainsFunc(tickets.States(), func(s tickets.State) bool { return s.Open() && !slices.Contains(f.States, s) })
}
