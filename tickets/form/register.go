package form

import (
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Register is what is exported: the requests of a period.
type Register struct {
	Rows     iter.Seq2[Row, error] // in the order in which they are written; an error ends the export
	From, To time.Time             // the period, To excluded; zero for open ends
	Made     time.Time

	// States and Priorities, as the rows name them, in the order in which totals show them.
	States, Priorities []string
}

// Row is one request in the register.
type Row struct {
	Number     string
	State      string
	Priority   string
	Kind       string
	Subject    string
	Official   Official
	Equipment  Equipment
	Technician string
	Vendor     Vendor

	Registered  time.Time
	FirstAnswer time.Time
	DueAnswer   time.Time
	Resolved    time.Time
	DueSolution time.Time
	Closed      time.Time

	Times        Times
	Satisfaction int // from 1 to 5, 0 for no answer
}

// kind says how a value is written; each has its type in Go.
type kind int

const (
	asText    kind = iota // string
	asMoment              // time.Time with its time of day
	asDate                // time.Time
	asHours               // float64
	asInteger             // int
)

// column is a column of the register; its value is nil where there is none.
type column struct {
	title string
	width float64 // in characters
	kind  kind
	value func(Row) any
}

func columns() []column {
	return []column{
		{"Número", 17, asText, func(r Row) any { return r.Number }},
		{"Estado", 20, asText, func(r Row) any { return r.State }},
		{"Prioridad", 11, asText, func(r Row) any { return r.Priority }},
		{"Tipo de solicitud", 26, asText, func(r Row) any { return r.Kind }},
		{"Asunto", 48, asText, func(r Row) any { return r.Subject }},
		{"Funcionario", 28, asText, func(r Row) any { return r.Official.Name }},
		{"Correo", 32, asText, func(r Row) any { return r.Official.Address }},
		{"Dependencia", 28, asText, func(r Row) any { return r.Official.Office }},
		{"Teléfono", 18, asText, func(r Row) any { return r.Official.Telephone }},
		{"Placa", 13, asText, func(r Row) any { return r.Equipment.Plate }},
		{"Serial", 17, asText, func(r Row) any { return r.Equipment.Serial }},
		{"Equipo", 30, asText, func(r Row) any { return r.Equipment.Description }},
		{"Garantía", 12, asText, func(r Row) any { return r.Equipment.Warranty }},
		{"Fin de la garantía", 17, asDate, func(r Row) any { return moment(r.Equipment.WarrantyEnd) }},
		{"Técnico", 26, asText, func(r Row) any { return r.Technician }},
		{"Proveedor", 26, asText, func(r Row) any { return r.Vendor.Name }},
		{"Caso del proveedor", 19, asText, func(r Row) any { return r.Vendor.Case }},
		{"Registrada", 17, asMoment, func(r Row) any { return moment(r.Registered) }},
		{"Primera respuesta", 18, asMoment, func(r Row) any { return moment(r.FirstAnswer) }},
		{"Plazo de respuesta", 19, asMoment, func(r Row) any { return moment(r.DueAnswer) }},
		{"Respondida a tiempo", 20, asText, func(r Row) any { return yesNo(inTime(r.FirstAnswer, r.DueAnswer)) }},
		{"Solucionada", 17, asMoment, func(r Row) any { return moment(r.Resolved) }},
		{"Plazo de solución", 18, asMoment, func(r Row) any { return moment(r.DueSolution) }},
		{"Solucionada a tiempo", 21, asText, func(r Row) any { return yesNo(inTime(r.Resolved, r.DueSolution)) }},
		{"Cerrada", 17, asMoment, func(r Row) any { return moment(r.Closed) }},
		{"Horas hasta la respuesta", 24, asHours, func(r Row) any { return span(r.Times.FirstAnswer, r.FirstAnswer) }},
		{"Horas hasta la solución", 24, asHours, func(r Row) any { return span(r.Times.Solution, r.Resolved) }},
		{"Horas en espera", 16, asHours, func(r Row) any { return r.Times.Waiting.Hours() }},
		{"Satisfacción", 13, asInteger, func(r Row) any { return rating(r.Satisfaction) }},
	}
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// span is a working time in hours, nil as long as what ends it has not happened.
func span(d time.Duration, end time.Time) any {
	if end.IsZero() {
		return nil
	}
	return d.Hours()
}

func rating(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// inTime reports whether something that happened was due and not late; known is false where one of the two is missing.
func inTime(at, due time.Time) (in, known bool) {
	return !at.After(due), !at.IsZero() && !due.IsZero()
}

func yesNo(yes, known bool) any {
	switch {
	case !known:
		return nil
	case yes:
		return "sí"
	}
	return "no"
}

// period names the time that a register is about, in Spanish.
func (r Register) period(zone *time.Location) string {
	switch {
	case r.From.IsZero() && r.To.IsZero():
		return "Todas las solicitudes"
	case r.From.IsZero():
		return "Hasta el " + date(r.To.Add(-1), zone)
	case r.To.IsZero():
		return "Desde el " + date(r.From, zone)
	}
	return fmt.Sprintf("Del %s al %s", date(r.From, zone), date(r.To.Add(-1), zone))
}

// joiner makes one picture of several emoji.
const joiner = '\u200D'

var cellEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ")

// plain is a text without what no cell may have: control characters, which XML forbids, and what is invisible, which lets a
// text show something else than it says, such as a change of direction.
func plain(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = cellEnds.Replace(s)
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), r == '\uFFFE', r == '\uFFFF', unicode.Is(unicode.Cf, r) && r != joiner:
			return -1
		}
		return r
	}, s))
}
