package register

import (
	"fmt"
	"strconv"
	"strings"

	"radicado/tickets"
)

// serialsPerYear separates the year from the serial in a ticket's id.
const serialsPerYear = 1_000_000_000

func year(id int64) int   { return int(id / serialsPerYear) }
func serial(id int64) int { return int(id % serialsPerYear) }

// ticketID returns the id of the row of a number. ok is false where the number has not the form of one.
func ticketID(n tickets.Number) (id int64, ok bool) {
	rest, last, _ := cutLast(string(n))
	_, middle, found := cutLast(rest)
	y, errYear := strconv.ParseUint(middle, 10, 14)
	s, errSerial := strconv.ParseUint(last, 10, 30)
	if !found || errYear != nil || errSerial != nil || y == 0 || s == 0 || s >= serialsPerYear {
		return 0, false
	}
	return int64(y)*serialsPerYear + int64(s), true
}

func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

// knownTicket returns the id of a number, or ErrNotFound where it cannot be one. The empty number is id 0.
func knownTicket(n tickets.Number) (int64, error) {
	if n == "" {
		return 0, nil
	}
	id, ok := ticketID(n)
	if !ok {
		return 0, fmt.Errorf("ticket %q: %w", n, ErrNotFound)
	}
	return id, nil
}

// SerialOf returns the year and the serial of a number. ok is false where it has not the form of one.
func SerialOf(n tickets.Number) (inYear, last int, ok bool) {
	id, ok := ticketID(n)
	return year(id), serial(id), ok
}

// LastNumbers returns the last serial that was given, by year.
func (r *Reader) LastNumbers() (map[int]int, error) {
	last := map[int]int{}
	_, err := collect(r, func(row scanner) (struct{}, error) {
		var year, serial int
		err := row.Scan(&year, &serial)
		last[year] = serial
		return struct{}{}, err
	}, "SELECT year, last FROM counters")
	if err != nil {
		return nil, fmt.Errorf("last numbers: %w", err)
	}
	return last, nil
}

// NextNumber allocates the next number of the year in which the transaction takes place. The request must be registered
// under it by the same transaction, and by the same Nested part of it; otherwise that part fails, because the number
// would be missing for ever.
func (tx *Tx) NextNumber() (tickets.Number, error) {
	y := tx.now.In(tx.register.options.Location).Year()
	var last int64
	err := tx.row("INSERT INTO counters (year, last) VALUES (?1, 1) ON CONFLICT (year) DO UPDATE SET last = last + 1 RETURNING last",
		[]any{y}, &last)
	if err != nil {
		return "", fmt.Errorf("allocate a number of %d: %w", y, err)
	}
	tx.known.serial = last
	tx.level.numbers[int64(y)*serialsPerYear+last] = true
	return tickets.FormatNumber(tx.register.options.Prefix, y, int(last)), nil
}

// UpcomingNumber returns the number that NextNumber would allocate now, and allocates nothing.
func (tx *Tx) UpcomingNumber() (tickets.Number, error) {
	y := tx.now.In(tx.register.options.Location).Year()
	if tx.known.serial == 0 {
		if err := tx.row("SELECT coalesce((SELECT last FROM counters WHERE year = ?1), 0)", []any{y}, &tx.known.serial); err != nil {
			return "", fmt.Errorf("look for the next number of %d: %w", y, err)
		}
	}
	return tickets.FormatNumber(tx.register.options.Prefix, y, int(tx.known.serial)+1), nil
}
