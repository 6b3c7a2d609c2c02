package register

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"radicado/tickets"
)

// Confirmation is commands that wait for the person in whose name they came.
type Confirmation struct {
	ID        int64
	Message   int64 // that holds the commands
	Ticket    tickets.Number
	Person    string // address asked, in lower case
	Commands  []string
	ExpiresAt time.Time
}

// AddConfirmation keeps commands under the digest of the code that confirms them.
func (tx *Tx) AddConfirmation(digest []byte, c Confirmation) error {
	ticket, err := knownTicket(c.Ticket)
	if err != nil {
		return fmt.Errorf("keep commands of message %d: %w", c.Message, err)
	}
	commands, err := json.Marshal(c.Commands)
	if err != nil {
		return fmt.Errorf("keep commands of message %d: %w", c.Message, err)
	}
	_, err = tx.exec(`INSERT INTO confirmations (digest, message, ticket, person, commands, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		digest, c.Message, ticket, key(c.Person), string(commands), tx.now.UnixMilli(), c.ExpiresAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("keep commands of message %d: %w", c.Message, err)
	}
	return nil
}

// PendingConfirmation returns what the code of that digest confirms, or ErrNotFound where it is unknown, used or expired.
func (tx *Tx) PendingConfirmation(digest []byte) (c Confirmation, err error) {
	var commands []byte
	var number string
	var expires sql.NullInt64
	err = tx.row(`SELECT c.id, c.message, t.number, c.person, c.commands, c.expires_at FROM confirmations c JOIN tickets t ON t.id = c.ticket
		WHERE c.digest = ?1 AND c.used_at IS NULL AND c.expires_at > ?2`, []any{digest, tx.now.UnixMilli()},
		&c.ID, &c.Message, &number, &c.Person, &commands, &expires)
	if err != nil {
		return c, fmt.Errorf("look for a confirmation: %w", err)
	}
	c.Ticket, c.ExpiresAt = tickets.Number(number), fromMillis(expires)
	if err := json.Unmarshal(commands, &c.Commands); err != nil {
		return c, fmt.Errorf("confirmation %d: %w", c.ID, err)
	}
	return c, nil
}

// UseConfirmation takes a confirmation, once: a second time fails with ErrConflict.
func (tx *Tx) UseConfirmation(id, by int64) error {
	err := tx.change("UPDATE confirmations SET used_at = ?2, used_by = ?3 WHERE id = ?1 AND used_at IS NULL", id, tx.now.UnixMilli(), orNull(by))
	if err != nil {
		return fmt.Errorf("use confirmation %d: %w", id, err)
	}
	return nil
}

// NoticesIn returns how many notices were queued to addresses of the domain since then, counted up to limit.
func (r *Reader) NoticesIn(domain string, since time.Time, limit int) (count int, err error) {
	err = r.row(`SELECT count(*) FROM (SELECT 1 FROM outbox
		WHERE substr(recipient, instr(recipient, '@') + 1) = ?1 AND created_at >= ?2 LIMIT ?3)`, []any{domain, since.UnixMilli(), limit}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the notices to a domain: %w", err)
	}
	return count, nil
}

// NoticesAbout returns how many notices about the request were queued since then, counted up to limit; 0 for one that does not
// exist.
func (r *Reader) NoticesAbout(n tickets.Number, since time.Time, limit int) (count int, err error) {
	id, known := ticketID(n)
	if !known {
		return 0, nil
	}
	err = r.row("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE ticket = ?1 AND created_at >= ?2 LIMIT ?3)", []any{id, since.UnixMilli(), limit}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the notices about %s: %w", n, err)
	}
	return count, nil
}

// Withhold counts notices that were held back from a scope, and whether the coordinators are told of it now.
func (tx *Tx) Withhold(scope tickets.Scope, told bool) error {
	_, err := tx.exec(`INSERT INTO withholdings (scope, notices, last_at, told_at) VALUES (?1, 1, ?2, ?2)
		ON CONFLICT (scope) DO UPDATE SET notices = notices + 1, last_at = ?2, told_at = CASE WHEN ?3 THEN ?2 ELSE told_at END`,
		scope.String(), tx.now.UnixMilli(), told)
	if err != nil {
		return fmt.Errorf("hold notices back: %w", err)
	}
	return nil
}

// Withholding returns when notices were last held back from a scope and when the coordinators were told, both zero for never.
func (r *Reader) Withholding(scope tickets.Scope) (last, told time.Time, err error) {
	var lastAt, toldAt sql.NullInt64
	err = r.row("SELECT last_at, told_at FROM withholdings WHERE scope = ?1", []any{scope.String()}, &lastAt, &toldAt)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("look for a flood: %w", err)
	}
	return fromMillis(lastAt), fromMillis(toldAt), nil
}

// AddressFailed remembers that an address refused a notice.
func (tx *Tx) AddressFailed(f tickets.FailedAddress) error {
	_, err := tx.exec(`INSERT INTO failing (address, failures, dead, status, diagnostic, last_at) VALUES (?1, 1, ?2, ?3, ?4, ?5)
		ON CONFLICT (address) DO UPDATE SET failures = failures + 1, dead = ?2, status = ?3, diagnostic = ?4, last_at = ?5`,
		key(f.Addr), f.Dead, f.Status, f.Diagnostic, tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("remember a failing address: %w", err)
	}
	return nil
}

// AddressAlive forgets what an address refused: a mail came from it.
func (tx *Tx) AddressAlive(addr string) error {
	if _, err := tx.exec("DELETE FROM failing WHERE address = ?1", key(addr)); err != nil {
		return fmt.Errorf("forget a failing address: %w", err)
	}
	return nil
}

// AddressFailures returns how many notices in a row an address refused and whether it is dead.
func (r *Reader) AddressFailures(addr string) (failures int, dead bool, err error) {
	err = r.row("SELECT failures, dead FROM failing WHERE address = ?1", []any{key(addr)}, &failures, &dead)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, false, fmt.Errorf("look for a failing address: %w", err)
	}
	return failures, dead, nil
}
