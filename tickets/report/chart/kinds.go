package chart

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"radicado/templates"
	"radicado/tickets/report"
)

// mostNames is how many names a chart shows; where there are more, the last stands for all others.
const mostNames = 12

// all returns the charts of a report in their order.
func (w *words) all(f *report.Figures) []bars {
	list := []bars{w.course(f), w.ages(f), w.states(f), w.terms(f), w.groups("offices", f.Offices, w.noOffice)}
	if f.Technician == "" { // one's own bar alone says nothing
		list = append(list, w.groups("technicians", f.Technicians, w.nobody))
	}
	return append(list, w.groups("kinds", f.Kinds, w.noKind), w.vendors(f), w.satisfaction(f))
}

func (w *words) bars(id string, list ...series) bars {
	return bars{id: id, title: w.titles[id], series: list}
}

func (w *words) course(f *report.Figures) bars {
	b := w.bars("course", series{name: w.received, colour: blue}, series{name: w.done, colour: orange})
	for _, k := range f.Course {
		b.add(w.stretch(f.Unit, k.From), float64(k.Received), float64(k.Done))
	}
	return b
}

func (w *words) ages(f *report.Figures) bars {
	b := w.bars("ages", series{name: w.inTerm, colour: blue}, series{name: w.late, colour: orange})
	b.stacked = true
	for _, a := range f.Ages {
		b.add(w.days(a), float64(a.Count-a.Late), float64(a.Late))
	}
	return b
}

func (w *words) states(f *report.Figures) bars {
	b := w.bars("states", series{name: w.requests, colour: blue})
	b.horizontal = true
	for _, s := range f.States {
		b.add(w.state(s.State), float64(s.Count))
	}
	return b
}

// terms shows the priorities of which something was solved.
func (w *words) terms(f *report.Figures) bars {
	b := w.bars("terms", series{name: w.median, colour: blue}, series{name: w.p90, colour: light}, series{name: w.target, colour: orange})
	b.horizontal = true
	for _, row := range f.Terms {
		if row.Solution.Count > 0 {
			b.add(w.priority(row.Priority), row.Solution.Median.Hours(), row.Solution.P90.Hours(), row.Target.Solution.Hours())
		}
	}
	return b
}

func (w *words) groups(id string, list []report.Group, unnamed string) bars {
	b := w.bars(id, series{name: w.received, colour: blue}, series{name: w.done, colour: orange}, series{name: w.open, colour: light})
	b.horizontal = true
	shown, others, n := report.Top(list, mostNames)
	for _, g := range shown {
		b.add(cmp.Or(g.Name, unnamed), float64(g.Received), float64(g.Done), float64(g.Open))
	}
	if n > 0 {
		b.add(fmt.Sprintf(w.others, n), float64(others.Received), float64(others.Done), float64(others.Open))
	}
	return b
}

func (w *words) vendors(f *report.Figures) bars {
	b := w.bars("vendors", series{name: w.answer, colour: blue}, series{name: w.solution, colour: orange})
	b.horizontal = true
	for i, v := range f.Vendors {
		if i < mostNames {
			b.add(v.Name, hours(v.Answer), hours(v.Solution))
		}
	}
	return b
}

func hours(s report.Span) float64 { return float64(s.Median) / float64(time.Hour) }

func (w *words) satisfaction(f *report.Figures) bars {
	b := w.bars("satisfaction", series{name: w.answers, colour: blue})
	b.horizontal = true
	for i, n := range slices.Backward(f.Satisfaction.Scores[:]) { // the best first, as in the survey
		b.add(templates.ScoreName(i+1, w.lang), float64(n))
	}
	return b
}
