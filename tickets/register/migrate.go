package register

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

//go:embed schema/*.sql
var schema embed.FS

// migration is one step of the schema: file schema/NNNN_name.sql.
type migration struct {
	version int
	name    string
	script  string
	last    bool // nothing follows
}

func migrations() ([]migration, error) {
	files, err := fs.Glob(schema, "schema/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var steps []migration
	for i, file := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, "schema/"), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", file, i+1)
		}
		script, err := schema.ReadFile(file)
		if err != nil {
			return nil, err
		}
		steps = append(steps, migration{version, name, string(script), i == len(files)-1})
	}
	return steps, nil
}

// Schema returns the version of the schema that this program writes.
func Schema() (int, error) {
	steps, err := migrations()
	return len(steps), err
}

// migrate brings the schema up to date, each step in a transaction of its own. While a daemon of an older version runs on the
// register it refuses: that one would not know what became of it.
func (r *Register) migrate(ctx context.Context) (err error) {
	steps, err := migrations()
	if err != nil {
		return err
	}
	var lock *os.File
	defer func() {
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	roomy := false // for what SQLite puts aside of a large register while it is changed
	for safe := r.lock != nil; ; safe = true {
		version := 0
		err = r.Update(ctx, func(tx *Tx) (err error) {
			if version, err = tx.schemaVersion(len(steps)); err != nil || version == len(steps) {
				return err
			}
			if r.options.AsIs {
				return fmt.Errorf("%w: schema %d, and this program writes %d", ErrOlder, version, len(steps))
			}
			if version > 0 && !safe {
				if lock, err = lockDaemon(r.path + ".lock"); errors.Is(err, ErrLocked) {
					return fmt.Errorf("%w: a daemon of that version runs on it; restart the daemon with this version first: %w", ErrOlder, err)
				} else if err != nil {
					return err
				}
			}
			if version > 0 && !roomy {
				return nil
			}
			return tx.apply(steps[version], r.options.Program)
		})
		switch {
		case err != nil:
			return err
		case version == len(steps):
			return nil
		case version > 0 && !roomy:
			if err = r.setAside(ctx, "FILE"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.setAside(ctx, "MEMORY")) }()
			roomy = true
		}
	}
}

// schemaVersion returns the version of the file's schema and refuses a file that this program cannot read.
func (r *Reader) schemaVersion(known int) (int, error) {
	var version, tables int
	if err := r.row("PRAGMA user_version", nil, &version); err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	if version > known {
		program := "an unknown version"
		if err := r.row("SELECT program FROM migrations ORDER BY version DESC LIMIT 1", nil, &program); err != nil {
			return 0, fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, version, known)
		}
		return 0, fmt.Errorf("%w: schema %d by %s, this program knows %d", ErrNewer, version, program, known)
	}
	if version == 0 {
		if err := r.row("SELECT count(*) FROM sqlite_schema", nil, &tables); err != nil {
			return 0, fmt.Errorf("read the schema: %w", err)
		}
		if tables > 0 {
			return 0, fmt.Errorf("%w: it is the database of another program", ErrDamaged)
		}
	}
	return version, nil
}

func (tx *Tx) apply(step migration, program string) error {
	if _, err := tx.exec(step.script); err != nil {
		return fmt.Errorf("migration %04d_%s: %w", step.version, step.name, err)
	}
	if step.version > 1 && step.last {
		if err := tx.rebuild(); err != nil {
			return fmt.Errorf("migration %04d_%s: build the tickets anew: %w", step.version, step.name, err)
		}
	}
	if _, err := tx.exec("INSERT INTO migrations (version, name, program, applied_at) VALUES (?1, ?2, ?3, ?4)",
		step.version, step.name, program, tx.now.UnixMilli()); err != nil {
		return fmt.Errorf("migration %04d_%s: %w", step.version, step.name, err)
	}
	_, err := tx.exec("PRAGMA user_version = " + strconv.Itoa(step.version)) // pragmas take no parameters
	return err
}
