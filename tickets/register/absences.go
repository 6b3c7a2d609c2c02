package register

import (
	"fmt"
	"time"

	"radicado/tickets"
)

// AddAbsence keeps an absence that a message announced.
func (tx *Tx) AddAbsence(a tickets.Absence, message int64) error {
	tx.known.situation = nil
	_, err := tx.exec("INSERT INTO absences (person, from_at, to_at, given_at, message) VALUES (?1, ?2, ?3, ?4, ?5)",
		key(a.Person), a.From.UnixMilli(), a.To.UnixMilli(), tx.now.UnixMilli(), orNull(message))
	if err != nil {
		return fmt.Errorf("keep the absence of %s: %w", a.Person, err)
	}
	return nil
}

// EndAbsences takes back every absence of a person that is not over, as a message said.
func (tx *Tx) EndAbsences(person string, message int64) error {
	tx.known.situation = nil
	_, err := tx.exec("UPDATE absences SET taken_at = ?2, taken_by = ?3 WHERE person = ?1 AND taken_at IS NULL AND to_at > ?2",
		key(person), tx.now.UnixMilli(), orNull(message))
	if err != nil {
		return fmt.Errorf("end the absences of %s: %w", person, err)
	}
	return nil
}

// Absences returns the absences that are not over at the time of the transaction, in the order in which they begin.
func (tx *Tx) Absences() ([]tickets.Absence, error) { return tx.Reader.Absences(tx.now) }

// Absences returns the absences that are not over then, in the order in which they begin.
func (r *Reader) Absences(now time.Time) ([]tickets.Absence, error) {
	found, err := collect(r, func(row scanner) (a tickets.Absence, err error) {
		var from, to int64
		err = row.Scan(&a.Person, &from, &to)
		a.From, a.To = atMillis(from), atMillis(to)
		return a, err
	}, "SELECT person, from_at, to_at FROM absences INDEXED BY absences_standing WHERE taken_at IS NULL AND to_at > ?1 ORDER BY from_at, id", now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("absences: %w", err)
	}
	return found, nil
}
