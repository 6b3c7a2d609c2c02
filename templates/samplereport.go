package templates

import (
	"time"

	"radicado/tickets"
	"radicado/tickets/report"
)

// sampleReport returns the report that a sample asks for: of a full one with all that a report can have, of a bare one with
// nothing in it.
func sampleReport(n tickets.Notice) *Report {
	r := n.Data.Report
	switch {
	case r == nil:
		return nil
	case n.To.Name == "": // bare
		return &Report{Figures: &report.Figures{Period: r.Period, Until: r.Period.To, BeforeSpan: r.Period.Before(), BeforeUntil: r.Period.From}, TooLarge: true}
	}
	f := sampleFigures(r.Period)
	if r.Technician != "" {
		f.Technician, f.Desk, f.Until = "Carlos Ruiz", &report.Totals{Received: 120, Done: 98, OpenAfter: 31}, r.At
	}
	made := &Report{Figures: f, Register: "registro-2026-10.xlsx"}
	for _, id := range []string{"course", "ages", "states", "terms", "offices", "technicians", "kinds", "vendors", "satisfaction"} {
		made.Pictures = append(made.Pictures, Picture{ID: id, URL: "cid:" + id + "@example.org", Alt: "Gráfica", Width: 560, Height: 280})
	}
	return made
}

// samplePeriod is a month without a day that a test could mistake for today.
func samplePeriod() tickets.Period {
	return tickets.PeriodOf(tickets.PeriodMonth, time.Date(2026, 10, 5, 12, 0, 0, 0, time.FixedZone("Bogotá", -5*60*60)))
}

func sampleFigures(p tickets.Period) *report.Figures {
	span := report.Span{Count: 38, Due: 36, InTime: 30, Median: 200 * time.Minute, P90: 31 * time.Hour}
	rating := report.Rating{Scores: [5]int{1, 0, 2, 7, 12}}
	f := &report.Figures{Period: p, Until: p.To, BeforeSpan: p.Before(), BeforeUntil: p.From, Unit: report.ByDay}
	f.Totals = report.Totals{OpenBefore: 7, Received: 45, Reopened: 2, Done: 42, Solved: 38, Rejected: 1, Duplicates: 3, OpenAfter: 12, Late: 3, Closed: 36,
		Response: span, Solution: span, Satisfaction: rating}
	f.Before = report.Totals{OpenBefore: 4, Received: 33, Done: 30, Solved: 30, OpenAfter: 7, Closed: 29, Solution: span}
	for i := range 31 {
		from := p.From.AddDate(0, 0, i)
		b := report.Bucket{From: from, To: from.AddDate(0, 0, 1), Open: 7 + i%5}
		if day := from.Weekday(); day != time.Saturday && day != time.Sunday {
			b.Received, b.Done, b.Closed = i*7%5, i*3%4, i%3
		}
		f.Course = append(f.Course, b)
	}
	for i, from := range []int{0, 2, 4, 8, 16, 31} {
		f.Ages = append(f.Ages, report.Age{From: from, To: []int{2, 4, 8, 16, 31, 0}[i], Count: 5 - i, Late: i / 2})
	}
	f.States = []report.StateCount{{State: tickets.Registered, Count: 3}, {State: tickets.InService, Count: 7}, {State: tickets.WaitingVendor, Count: 2}}
	for i, priority := range []tickets.Priority{tickets.Critical, tickets.High, tickets.Medium, tickets.Low, tickets.Unassessed} {
		f.Terms = append(f.Terms, report.PriorityRow{Priority: priority, Target: tickets.Terms{Response: time.Duration(i+1) * time.Hour, Solution: time.Duration(i+1) * 8 * time.Hour},
			Response: span, Solution: span, Received: 9, Open: 2, Late: 1})
	}
	group := func(name string, received int) report.Group {
		return report.Group{Name: name, Received: received, Done: received - 1, Open: 3, Late: 1, Solution: span, Satisfaction: rating}
	}
	f.Offices = []report.Group{group("Oficina Asesora de Planeación y Gestión del Conocimiento", 20), group("Jurídica", 15), group("", 10)}
	for i := range mostRows {
		f.Offices = append(f.Offices, report.Group{Name: "Grupo de trabajo " + string(rune('A'+i)), Received: 1})
	}
	f.Technicians = []report.Group{group("Carlos Ruiz", 30), group("", 15)}
	f.Kinds = []report.Group{group("Primer nivel", 40), group("", 5)}
	f.Vendors = []report.Vendor{{Name: "Impresoras del Valle S. A.", Cases: 4, Answer: span, Solution: report.Span{}, Reminders: 2, Open: 1}}
	f.Machines = []report.Machine{{Plate: "20451", Name: "Impresora Láser M428", Office: "Contratación", Requests: 6}}
	return f
}
