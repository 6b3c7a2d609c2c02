package register

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SignInLink is a link by which somebody can sign in once.
type SignInLink struct {
	Digest    []byte // of its token
	Browser   []byte // digest of what the browser that asked for it keeps; nil: any browser may use it
	Person    string // address
	ExpiresAt time.Time
}

// Session is somebody who is signed in.
type Session struct {
	ID        int64
	Person    string // address in lower case
	CreatedAt time.Time
	ExpiresAt time.Time
}

// AddSignInLink keeps a link, and forgets those that have been useless for a day.
func (tx *Tx) AddSignInLink(l SignInLink) error {
	_, err := tx.exec("INSERT INTO board_links (digest, browser, person, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
		l.Digest, l.Browser, key(l.Person), tx.now.UnixMilli(), l.ExpiresAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("keep a link to sign in: %w", err)
	}
	if _, err := tx.exec("DELETE FROM board_links WHERE expires_at < ?1", tx.now.AddDate(0, 0, -1).UnixMilli()); err != nil {
		return fmt.Errorf("forget old links: %w", err)
	}
	return nil
}

// SignInLinks returns how many links a person was given since then.
func (r *Reader) SignInLinks(person string, since time.Time) (count int, err error) {
	err = r.row("SELECT count(*) FROM board_links WHERE person = ?1 AND created_at >= ?2", []any{key(person), since.UnixMilli()}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the links of a person: %w", err)
	}
	return count, nil
}

// UseSignInLink uses a link up and returns whose it is. It fails with ErrNotFound where the link is unknown, used, expired, or of
// another browser; that last one stays good for its own.
func (tx *Tx) UseSignInLink(digest, browser []byte) (person string, err error) {
	err = tx.row(`UPDATE board_links SET used_at = ?3 WHERE digest = ?1 AND (browser IS NULL OR browser = ?2) AND used_at IS NULL AND expires_at > ?3
		RETURNING person`, []any{digest, browser, tx.now.UnixMilli()}, &person)
	if err != nil {
		return "", fmt.Errorf("use a link to sign in: %w", err)
	}
	return person, nil
}

// AddSession keeps a session under the digest of its token, and forgets those that ended or expired a month ago.
func (tx *Tx) AddSession(digest []byte, person string, expires time.Time) (id int64, err error) {
	id, err = inserted(tx.exec("INSERT INTO board_sessions (digest, person, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
		digest, key(person), tx.now.UnixMilli(), expires.UnixMilli()))
	if err != nil {
		return 0, fmt.Errorf("keep a session: %w", err)
	}
	if _, err := tx.exec("DELETE FROM board_sessions WHERE expires_at < ?1", tx.now.AddDate(0, -1, 0).UnixMilli()); err != nil {
		return 0, fmt.Errorf("forget old sessions: %w", err)
	}
	return id, nil
}

const selectSession = "SELECT id, person, created_at, expires_at FROM board_sessions "

// Session returns the session of that digest, and ErrNotFound where it is unknown or over.
func (r *Reader) Session(digest []byte, now time.Time) (s Session, err error) {
	var created, expires sql.NullInt64
	err = r.row(selectSession+"WHERE digest = ?1 AND ended_at IS NULL AND expires_at > ?2", []any{digest, now.UnixMilli()},
		&s.ID, &s.Person, &created, &expires)
	if err != nil {
		return Session{}, fmt.Errorf("look for a session: %w", err)
	}
	s.CreatedAt, s.ExpiresAt = fromMillis(created), fromMillis(expires)
	return s, nil
}

// Sessions returns the sessions that are not over, by the time at which they end.
func (r *Reader) Sessions(now time.Time) ([]Session, error) {
	found, err := collect(r, func(row scanner) (s Session, err error) {
		var created, expires sql.NullInt64
		err = row.Scan(&s.ID, &s.Person, &created, &expires)
		s.CreatedAt, s.ExpiresAt = fromMillis(created), fromMillis(expires)
		return s, err
	}, selectSession+"INDEXED BY board_sessions_expired WHERE expires_at > ?1 AND ended_at IS NULL ORDER BY expires_at", now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list the sessions: %w", err)
	}
	return found, nil
}

// EndSession ends a session. It fails with ErrNotFound where there is none that goes on.
func (tx *Tx) EndSession(id int64) error {
	err := tx.change("UPDATE board_sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND expires_at > ?2", id, tx.now.UnixMilli())
	if errors.Is(err, ErrConflict) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("end session %d: %w", id, err)
	}
	return nil
}

// EndSessionsOf ends all sessions of a person and takes back the links that were not used yet; it returns how many sessions.
func (tx *Tx) EndSessionsOf(person string) (ended int64, err error) {
	result, err := tx.exec("UPDATE board_sessions SET ended_at = ?2 WHERE person = ?1 AND ended_at IS NULL AND expires_at > ?2", key(person), tx.now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("end the sessions of %s: %w", person, err)
	}
	if _, err := tx.exec("UPDATE board_links SET used_at = ?2 WHERE person = ?1 AND used_at IS NULL", key(person), tx.now.UnixMilli()); err != nil {
		return 0, fmt.Errorf("take back the links of %s: %w", person, err)
	}
	return result.RowsAffected()
}
