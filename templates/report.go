package templates

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"radicado/tickets"
	"radicado/tickets/report"
)

// Report is what a notice about a period shows besides its own data: it is made when the notice is sent.
type Report struct {
	Figures  *report.Figures
	Pictures []Picture
	Register string // name of the attached file with the requests of the period, "" where none is attached
	TooLarge bool   // none is, because the file is too large for a mail
}

// Picture is a chart that goes with the mail.
type Picture struct {
	ID            string // of the chart, by which the templates place it
	URL           string // where the picture is: "cid:…" in a mail
	Alt           string
	Width, Height int // in pixels of the page
}

// mostRows bounds the rows of a table of a report; the last stands for all others.
const mostRows = 20

// image is a picture as the templates show it. Its address is ours, which html/template cannot know.
type image struct {
	URL           template.URL
	Alt           string
	Width, Height int
}

// picture returns the picture of that chart, nothing where it has not been drawn.
func picture(r *Report, id string) []image {
	for _, p := range r.Pictures {
		if p.ID == id {
			return []image{{template.URL(p.URL), p.Alt, p.Width, p.Height}}
		}
	}
	return nil
}

// earlier returns the button that asks for the report of the period before.
func (s *Set) earlier(v *view) []Action {
	w, before := vocabularies[v.Lang], v.Made.Figures.BeforeSpan.In(s.settings.Location)
	label := fmt.Sprintf(w.verbs[tickets.VerbReport].labelArg, w.period(before))
	return []Action{s.action(label, "#"+Word(tickets.VerbReport, v.Lang)+" "+before.String())}
}

// groupRows is the rows of a table of groups.
type groupRows struct {
	Shown   []report.Group
	Others  report.Group
	N       int    // of Others, 0 for none
	Unnamed string // for the group of those that lack the property
}

func topGroups(list []report.Group, unnamed string) groupRows {
	shown, others, n := report.Top(list, mostRows)
	return groupRows{shown, others, n, unnamed}
}

// took returns a working time for people, in minutes that have begun: "3 h 20 min".
func took(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	hours := minutes / 60
	switch {
	case hours >= 100 || hours > 0 && minutes%60 == 0:
		return fmt.Sprintf("%d%sh", hours, noBreak)
	case hours > 0:
		return fmt.Sprintf("%d%sh%s%d%smin", hours, noBreak, noBreak, minutes%60, noBreak)
	}
	return fmt.Sprintf("%d%smin", minutes, noBreak)
}

// brief returns a working time for a narrow column: "3,3 h".
func (w *vocabulary) brief(d time.Duration) string {
	if d < time.Hour {
		return took(d)
	}
	digits := 1
	if d >= 100*time.Hour {
		digits = 0
	}
	return strings.Replace(strconv.FormatFloat(d.Hours(), 'f', digits, 64), ".", w.point, 1) + noBreak + "h"
}

// unknown stands for a figure that there is none of.
const unknown = "–"

// median returns the median of a span for a table.
func (w *vocabulary) median(s report.Span) string {
	if s.Count == 0 || s.Median == 0 && s.P90 == 0 { // or nobody knows it: see report.Top
		return unknown
	}
	return w.brief(s.Median)
}

// inTime returns how much was in time: "83 %".
func (w *vocabulary) inTime(s report.Span) string {
	share, known := s.Share()
	if !known {
		return unknown
	}
	return w.percent(share)
}

func (w *vocabulary) percent(share float64) string {
	text := strconv.FormatFloat(100*share, 'f', 0, 64)
	if w == &spanish {
		return text + noBreak + "%"
	}
	return text + "%"
}

// mean returns the mean of a rating with one digit after the separator.
func (w *vocabulary) mean(r report.Rating) string {
	mean, known := r.Mean()
	if !known {
		return unknown
	}
	return strings.Replace(strconv.FormatFloat(mean, 'f', 1, 64), ".", w.point, 1)
}

// period names the period of a report: "octubre de 2026", "semana del 16 al 22 de noviembre de 2026".
func (w *vocabulary) period(p tickets.Period) string {
	last := p.Last()
	quarter := (int(p.From.Month()) + 2) / 3
	switch p.Unit {
	case tickets.PeriodYear:
		return strconv.Itoa(p.From.Year())
	case tickets.PeriodMonth:
		return w.monthOf(p.From)
	case tickets.PeriodQuarter:
		return fmt.Sprintf(w.quarter, w.ordinals[quarter-1], p.From.Year())
	case tickets.PeriodWeek:
		return fmt.Sprintf(w.week, w.days(p.From, last))
	}
	if p.Length() == 1 {
		return w.day(p.From)
	}
	return w.days(p.From, last)
}

func (w *vocabulary) monthOf(t time.Time) string {
	month := w.months[t.Month()-1]
	if w == &spanish {
		return fmt.Sprintf("%s de %d", month, t.Year())
	}
	return fmt.Sprintf("%s %d", month, t.Year())
}

// days returns "16 al 22 de noviembre de 2026", with what the first day has in common with the last left out.
func (w *vocabulary) days(first, last time.Time) string {
	from := w.day(first)
	switch {
	case first.Year() != last.Year():
	case first.Month() != last.Month():
		from = strings.TrimSuffix(strings.TrimSuffix(from, strconv.Itoa(first.Year())), " de ")
	default:
		from = strconv.Itoa(first.Day())
	}
	return strings.TrimSpace(from) + w.until + w.day(last)
}

// stretch names a stretch of a period.
func (w *vocabulary) stretch(unit report.Unit, b report.Bucket) string {
	switch unit {
	case report.ByYear:
		return strconv.Itoa(b.From.Year())
	case report.ByMonth:
		return w.monthOf(b.From)
	case report.ByWeek:
		return w.days(b.From, b.To.AddDate(0, 0, -1))
	}
	return w.weekdays[b.From.Weekday()] + " " + w.day(b.From)
}

// age names how old open requests are.
func (w *vocabulary) age(a report.Age) string {
	if a.To == 0 {
		return fmt.Sprintf(w.oldest, a.From)
	}
	return fmt.Sprintf(w.ages, a.From, a.To-1)
}

// scoreRow is an answer of the survey with how many gave it.
type scoreRow struct {
	Score string
	Count int
}

// scoreRows returns the answers of a survey, the best first.
func (w *vocabulary) scoreRows(r report.Rating) []scoreRow {
	var rows []scoreRow
	for i := len(r.Scores); i > 0; i-- {
		rows = append(rows, scoreRow{w.scores[strconv.Itoa(i)], r.Scores[i-1]})
	}
	return rows
}

// quiet reports whether nothing happened in a stretch, so that a list can pass it over.
func quiet(b report.Bucket) bool { return b.Received+b.Done+b.Closed == 0 }
