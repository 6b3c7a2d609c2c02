package register

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/mattn/go-sqlite3"
)

// connector opens connections that all have the same pragmas. The driver ignores a mistyped parameter without a word, so
// every pragma is read back.
type connector struct {
	driver  *sqlite3.SQLiteDriver
	dsn     string
	pragmas []pragma
}

type pragma struct{ name, value string }

// access is what a connection may do.
type access int

const (
	readWrite access = iota
	readOnly
	frozen // reads a file that nobody writes; neither log nor lock is looked at
)

func newConnector(path string, options Options, access access) *connector {
	timeout := strconv.FormatInt(options.BusyTimeout.Milliseconds(), 10)
	synchronous := pragma{"synchronous", "2"} // FULL: a commit is on the disk
	if options.Volatile {
		synchronous.value = "0"
	}
	params := url.Values{
		"_busy_timeout":    {timeout},
		"_foreign_keys":    {"on"},
		"_stmt_cache_size": {"128"},
		"_mutex":           {"no"}, // database/sql gives a connection to one goroutine at a time
	}
	pragmas := []pragma{
		{"busy_timeout", timeout},
		{"foreign_keys", "1"},
		{"temp_store", "2"}, // memory
		{"trusted_schema", "0"},
	}
	if access != frozen {
		pragmas = append(pragmas, pragma{"journal_mode", "wal"})
	} else {
		params.Set("immutable", "1")
	}
	if access != readWrite {
		params.Set("mode", "ro")
		params.Set("_query_only", "on")
		pragmas = append(pragmas, pragma{"query_only", "1"}, pragma{"cache_size", "-1000"})
	} else {
		params.Set("mode", "rw")
		params.Set("_journal_mode", "WAL")
		params.Set("_txlock", "immediate")
		pragmas = append(pragmas,
			synchronous,
			pragma{"secure_delete", "1"}, // what retention erases must not be left in free pages
			pragma{"fullfsync", "1"},     // on macOS, FULL alone does not reach the disk
			pragma{"cache_size", "-8000"},
			pragma{"wal_autocheckpoint", strconv.Itoa(checkpointLimit)},
			pragma{"journal_size_limit", strconv.Itoa(64 << 20)},
		)
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: params.Encode()}
	return &connector{driver: new(sqlite3.SQLiteDriver), dsn: file.String(), pragmas: pragmas}
}

// Driver is part of driver.Connector.
func (c *connector) Driver() driver.Driver { return c.driver }

// Connect is part of driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	for _, p := range c.pragmas {
		if err := p.set(conn.(*sqlite3.SQLiteConn)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// set sets the pragma and reads it back. The journal mode is only read: it belongs to the file, and the writer set it.
func (p pragma) set(conn *sqlite3.SQLiteConn) error {
	if p.name != "journal_mode" {
		if _, err := conn.Exec("PRAGMA "+p.name+" = "+p.value, nil); err != nil {
			return fmt.Errorf("set pragma %s: %w", p.name, err)
		}
	}
	rows, err := conn.Query("PRAGMA "+p.name, nil)
	if err != nil {
		return fmt.Errorf("read pragma %s: %w", p.name, err)
	}
	defer rows.Close()
	found := make([]driver.Value, 1)
	if err := rows.Next(found); err != nil {
		return fmt.Errorf("read pragma %s: %w", p.name, err)
	}
	if value := fmt.Sprint(found[0]); value != p.value {
		return fmt.Errorf("pragma %s is %s and must be %s", p.name, value, p.value)
	}
	return nil
}
