package chart

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/report"
)

// words is what the charts say in a language.
type words struct {
	lang   string
	titles map[string]string // by ID of the chart

	received, done, open, late, inTerm        string // series
	median, p90, target, answer, solution     string
	answers, requests                         string
	noOffice, nobody, noKind, others, nothing string // others with %d
	age, oldest                               string // %d
	months                                    [12]string
	point                                     string
	alt                                       string // with the title as %s
}

var spanish = words{
	lang: "es",
	titles: map[string]string{
		"course": "Solicitudes recibidas y terminadas", "ages": "Solicitudes abiertas, por días de antigüedad", "states": "Solicitudes abiertas, por estado",
		"terms": "Tiempo de solución por prioridad, en horas hábiles", "offices": "Solicitudes por dependencia", "technicians": "Solicitudes por técnico",
		"kinds": "Solicitudes por tipo", "vendors": "Proveedores: tiempos medianos, en horas hábiles", "satisfaction": "Satisfacción de los funcionarios",
	},
	received: "Recibidas", done: "Terminadas", open: "Abiertas al final", late: "Con el plazo vencido", inTerm: "En plazo",
	median: "Mediana", p90: "9 de cada 10", target: "Plazo", answer: "Hasta la respuesta", solution: "Hasta la solución", answers: "Respuestas", requests: "Solicitudes",
	noOffice: "Sin dependencia", nobody: "Sin asignar", noKind: "Sin tipo", others: "Las demás (%d)", nothing: "No hay datos en este período.",
	age: "%d a %d", oldest: "%d o más",
	months: [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"},
	point:  ",", alt: "Gráfica: %s. Las cifras están en el texto.",
}

var english = words{
	lang: "en",
	titles: map[string]string{
		"course": "Requests received and done", "ages": "Open requests, by age in days", "states": "Open requests, by state",
		"terms": "Time to solution by priority, in working hours", "offices": "Requests by office", "technicians": "Requests by technician",
		"kinds": "Requests by kind", "vendors": "Vendors: median times, in working hours", "satisfaction": "Satisfaction of the officials",
	},
	received: "Received", done: "Done", open: "Open at the end", late: "Past the term", inTerm: "Within the term",
	median: "Median", p90: "9 in 10", target: "Term", answer: "To the answer", solution: "To the solution", answers: "Answers", requests: "Requests",
	noOffice: "No office", nobody: "Unassigned", noKind: "No kind", others: "All others (%d)", nothing: "There is no data in this period.",
	age: "%d to %d", oldest: "%d or more",
	months: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	point:  ".", alt: "Chart: %s. The figures stand in the text.",
}

func wordsOf(lang string) *words {
	if lang == english.lang {
		return &english
	}
	return &spanish
}

func (w *words) state(s tickets.State) string { return capital(templates.StateName(s, w.lang)) }

func (w *words) priority(p tickets.Priority) string {
	return capital(templates.PriorityName(p, w.lang))
}

func capital(s string) string {
	_, first := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:first]) + s[first:]
}

// number writes a number with at most one digit after the separator.
func (w *words) number(v float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	return strings.Replace(text, ".", w.point, 1)
}

// stretch names a stretch of the period by its first day.
func (w *words) stretch(unit report.Unit, from time.Time) string {
	month := w.months[from.Month()-1]
	switch unit {
	case report.ByYear:
		return strconv.Itoa(from.Year())
	case report.ByMonth:
		return fmt.Sprintf("%s %d", month, from.Year())
	}
	return fmt.Sprintf("%d %s", from.Day(), month)
}

// days names an age.
func (w *words) days(a report.Age) string {
	if a.To == 0 {
		return fmt.Sprintf(w.oldest, a.From)
	}
	return fmt.Sprintf(w.age, a.From, a.To-1)
}
