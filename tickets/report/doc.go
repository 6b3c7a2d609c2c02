// Package report makes the figures of a period out of requests: what came in and what was done, what is open, how long things took
// against the terms, by priority, office, technician, kind and vendor, and how content the officials were. It is pure: it
// reads neither the register nor the clock, and writes and draws nothing. The package chart below it draws the figures.
//
// The register streams the requests, and the query says which of them must come with their events:
//
//	q := report.Query{Period: tickets.PeriodOf(tickets.PeriodMonth, now), Now: now}
//	err := register.View(ctx, func(r *register.Reader) (err error) {
//		figures, err = report.Collect(q, policy, r.Cases(q.Since(), q.Until(), q.NeedsEvents))
//		return err
//	})
//	for _, c := range chart.All(figures, "es") {
//		svg, err := c.SVG() // or c.PNG()
//	}
//
// What a request is (priority, kind, office, technician, machines) is what is known of it now; when things happened, and so
// how it stood, is as of the end of the period, so that the report of a past month does not change with what came later.
// An open request is one that the desk still owes work to, as everywhere. It is done when it is solved, rejected or found to be a
// duplicate; of one that was reopened, each time counts.
package report
