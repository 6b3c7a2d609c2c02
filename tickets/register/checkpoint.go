package register

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

const (
	// checkpointPages is after how many pages of log the file is brought up to date. More than SQLite's 1,000: pages that several
	// transactions change are then written to the file once.
	checkpointPages = 4000
	// checkpointLimit is how long the log may grow meanwhile. A commit that finds it longer brings the file up to date itself.
	checkpointLimit = 4 * checkpointPages
	// checkpointRest is what may be left for the end, while which nobody writes.
	checkpointRest = checkpointPages / 8
	// checkpointRounds bounds the rounds: those who write may be faster.
	checkpointRounds = 4
)

// checkpointer brings the file up to date beside those who write. SQLite would have the one whose commit makes the log long enough
// wait for it, and everybody behind: some thousand pages are read, written and synced. Only when the log is short of nothing may the
// next commit begin it anew, so that the last pages are copied while nobody writes.
type checkpointer struct {
	own     *sql.DB // of its own: a checkpoint takes no part in transactions
	running atomic.Bool
	next    atomic.Int64 // pages of log at which it is time
	wait    sync.WaitGroup
}

func newCheckpointer(path string, options Options) *checkpointer {
	c := &checkpointer{own: sql.OpenDB(newConnector(path, options, readWrite))}
	c.own.SetMaxOpenConns(1)
	c.next.Store(checkpointPages)
	return c
}

// progress is how far a checkpoint has come.
type progress struct {
	log    int64 // pages
	folded int64 // of them in the file; the log begins anew when that is all of them
}

// queryer is a connection or several of them.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func checkpoint(ctx context.Context, db queryer, mode string) (p progress, err error) {
	var busy int
	err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &p.log, &p.folded)
	return p, classify(err)
}

// committed looks, on the connection that has just committed, whether it is time for a checkpoint. What goes wrong is left to the
// next commit: nothing depends on a checkpoint but the length of the log, and a disk that is full or broken makes itself known by
// commits.
func (r *Register) committed(ctx context.Context, conn *sql.Conn) {
	c := r.checkpoints
	p, err := checkpoint(ctx, conn, "NOOP")
	if err != nil || p.log < c.next.Load() || !c.running.CompareAndSwap(false, true) {
		return
	}
	c.wait.Go(func() {
		defer c.running.Store(false)
		next := int64(checkpointPages)
		if p, err := r.fold(ctx); err != nil || p.folded < p.log {
			next += p.log // a reader is in the way
		}
		c.next.Store(next)
	})
}

// fold copies the log into the file.
func (r *Register) fold(ctx context.Context) (p progress, err error) {
	for range checkpointRounds {
		before := p.folded
		if p, err = checkpoint(ctx, r.checkpoints.own, "PASSIVE"); err != nil || p.folded < p.log {
			return p, err
		}
		if p.folded-before < checkpointRest {
			break
		}
	}
	turn, err := r.writer.Conn(ctx)
	if err != nil {
		return p, err
	}
	defer turn.Close()
	return checkpoint(ctx, r.checkpoints.own, "PASSIVE")
}

func (c *checkpointer) close() error {
	c.wait.Wait()
	return c.own.Close()
}
