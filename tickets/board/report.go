package board

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"radicado/tickets"
	"radicado/tickets/register"
	"radicado/tickets/report"
	"radicado/tickets/report/chart"
)

// reportBody is the figures of a period.
type reportBody struct {
	*report.Figures
	Filter      filter
	Technicians []choice
	Quick       []choice // periods that are often wanted: address and name
	Charts      []template.HTML
	Totals      []total
	Groups      []groups
}

// longestReport is how many years back a report goes: a chart of more cannot be read.
const longestReport = 20

// total is a figure with that of the period before.
type total struct{ Key, Value, Before string }

// groups is the requests of a period by what they have in common.
type groups struct {
	Key  string
	Rows []report.Group
}

// showReport shows the figures and charts of a period, of the desk or of one technician.
func (p *page) showReport() error {
	zone := p.desk.zone()
	f := readFilter(p.request.URL.Query(), zone)
	local := p.now.In(zone)
	period := tickets.PeriodOf(tickets.PeriodMonth, local)
	from, to := f.From, f.end()
	if earliest := local.AddDate(-longestReport, 0, 0); from.Before(earliest) && !from.IsZero() {
		from = tickets.PeriodOf(tickets.PeriodYear, earliest).From
	}
	if last := tickets.PeriodOf(tickets.PeriodYear, local).To; to.After(last) {
		to = last
	}
	switch {
	case !from.IsZero() && to.After(from):
		period = periodFrom(from, to)
	case !from.IsZero() && local.After(from):
		period = periodFrom(from, tickets.PeriodOf(tickets.PeriodDays, local).To)
	}
	f = filter{From: period.From, To: period.Last(), Technician: f.Technician, Page: 1}
	q := report.Query{Period: period, Now: p.now}
	if person, known := p.desk.Policy.People.Find(f.Technician); known && person.Role == tickets.RoleTechnician {
		q.Technician = &person
	} else {
		f.Technician = ""
	}
	figures, err := p.board.figures(p, q)
	if err != nil {
		return err
	}
	body := reportBody{Figures: figures, Filter: f, Technicians: p.choices(f, "", nil).Technicians, Totals: p.totals(figures),
		Groups: []groups{{"technician", figures.Technicians}, {"office", figures.Offices}, {"type", figures.Kinds}}}
	for _, unit := range []tickets.PeriodUnit{tickets.PeriodWeek, tickets.PeriodMonth, tickets.PeriodQuarter, tickets.PeriodYear} {
		now := tickets.PeriodOf(unit, local)
		for _, one := range []tickets.Period{now, now.Before()} {
			quick := filter{From: one.From, To: one.Last(), Technician: f.Technician, Page: 1}
			body.Quick = append(body.Quick, choice{quick.path("/informe"), p.say(fmt.Sprintf("%s %t", unit, one == now))})
		}
	}
	for _, c := range chart.All(figures, p.Lang) {
		if c.Empty {
			continue
		}
		svg, err := c.SVG()
		if err != nil {
			return err
		}
		body.Charts = append(body.Charts, template.HTML(svg)) // drawn here, of escaped names and of numbers
	}
	return p.renderLive("report", http.StatusOK, p.say("report"), "", body)
}

// periodFrom is the whole month or year that lies between two days, else as many days.
func periodFrom(from, to time.Time) tickets.Period {
	for _, unit := range []tickets.PeriodUnit{tickets.PeriodWeek, tickets.PeriodMonth, tickets.PeriodQuarter, tickets.PeriodYear} {
		if p := tickets.PeriodOf(unit, from); p.From.Equal(from) && p.To.Equal(to) {
			return p
		}
	}
	return tickets.Period{Unit: tickets.PeriodDays, From: from, To: to}
}

// figures makes the figures of a period, one after the other: those of a year take a while, and the other pages must not wait for a
// connection to the register.
func (b *Board) figures(p *page, q report.Query) (*report.Figures, error) {
	select {
	case b.reporting <- struct{}{}:
		defer func() { <-b.reporting }()
	case <-p.request.Context().Done():
		return nil, p.request.Context().Err()
	}
	var figures *report.Figures
	err := p.view(func(r *register.Reader) (err error) {
		figures, err = report.Collect(q, p.desk.Policy, r.Cases(q.Since(), q.Until(), q.NeedsEvents))
		return err
	})
	return figures, err
}

// totals lists the figures that stand above the charts.
func (p *page) totals(f *report.Figures) []total {
	count := func(key string, now, before int) total { return total{key, fmt.Sprint(now), fmt.Sprint(before)} }
	share := func(s report.Span) string {
		part, known := s.Share()
		if !known {
			return "–"
		}
		return fmt.Sprintf("%.0f %%", 100*part)
	}
	median := func(s report.Span) string {
		if s.Count == 0 {
			return "–"
		}
		return span(p.Lang, s.Median)
	}
	mean := func(r report.Rating) string {
		value, known := r.Mean()
		if !known {
			return "–"
		}
		text := fmt.Sprintf("%.1f / 5 (%d)", value, r.Count())
		if p.Lang == "es" {
			text = strings.Replace(text, ".", ",", 1)
		}
		return text
	}
	now, before := f.Totals, f.Before
	return []total{
		count("received", now.Received, before.Received), count("reopened", now.Reopened, before.Reopened), count("solved", now.Solved, before.Solved),
		count("rejected", now.Rejected+now.Duplicates, before.Rejected+before.Duplicates), count("open after", now.OpenAfter, before.OpenAfter), count("late after", now.Late, before.Late),
		{"first answer", median(now.Response), median(before.Response)}, {"answer in time", share(now.Response), share(before.Response)},
		{"time to solve", median(now.Solution), median(before.Solution)}, {"solved in time", share(now.Solution), share(before.Solution)},
		{"satisfaction", mean(now.Satisfaction), mean(before.Satisfaction)},
	}
}
