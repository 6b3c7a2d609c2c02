package register

import (
	"database/sql"
	"fmt"
	"time"
)

// Gap is numbers of a year that no request has and none will get.
type Gap struct {
	Year   int       `json:"year"`
	First  int       `json:"first"`
	Last   int       `json:"last"`
	At     time.Time `json:"at"`     // when it was recorded
	Reason string    `json:"reason"` // in English
}

// Gaps returns the recorded gaps, oldest numbers first.
func (r *Reader) Gaps() ([]Gap, error) {
	gaps, err := collect(r, func(row scanner) (g Gap, err error) {
		var at sql.NullInt64
		err = row.Scan(&g.Year, &g.First, &g.Last, &at, &g.Reason)
		g.At = fromMillis(at)
		return g, err
	}, "SELECT year, first, last, at, reason FROM gaps ORDER BY year, first")
	if err != nil {
		return nil, fmt.Errorf("gaps in the numbers: %w", err)
	}
	return gaps, nil
}

// SkipNumbers makes sure that the numbers of a year up to last are given to no request any more, and records which no request
// has. It is for a register that was restored: they went out in notices already, and a number must never name two requests.
func (tx *Tx) SkipNumbers(year, last int, reason string) error {
	_, err := tx.exec(`INSERT INTO gaps (year, first, last, at, reason)
		SELECT ?1, counter + 1, ?2, ?3, ?4 FROM (SELECT coalesce((SELECT last FROM counters WHERE year = ?1), 0) AS counter) WHERE counter < ?2`,
		year, last, tx.now.UnixMilli(), reason)
	tx.known.serial = 0
	if err == nil {
		_, err = tx.exec("INSERT INTO counters (year, last) VALUES (?1, ?2) ON CONFLICT (year) DO UPDATE SET last = max(last, excluded.last)", year, last)
	}
	if err != nil {
		return fmt.Errorf("skip the numbers of %d up to %d: %w", year, last, err)
	}
	return nil
}
