package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Watch calls changed whenever a commit of anybody, another process included, has changed the register, until ctx ends. It looks
// once every so often; a look reads a counter in shared memory and costs microseconds.
func (r *Register) Watch(ctx context.Context, every time.Duration, changed func()) (err error) {
	// The counter tells one connection of the commits of all others: it must be one of its own that stays open.
	db := sql.OpenDB(newConnector(r.path, r.options, readOnly))
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return watched(ctx, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := int64(0); ; {
		var version int64
		if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
			return watched(ctx, err)
		}
		if version != last && last != 0 {
			changed()
		}
		last = version
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watched is the error of a watch, nil where it was told to end.
func watched(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("watch the register: %w", classify(err))
}
