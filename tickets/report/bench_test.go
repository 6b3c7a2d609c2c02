package report_test

import (
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/report"
)

// BenchmarkCollect makes the figures of a year with 100,000 requests that were read already.
func BenchmarkCollect(b *testing.B) {
	few := few(b)
	q := report.Query{Period: tickets.PeriodOf(tickets.PeriodYear, at(6, 1, 0, 0)), Now: at(12, 31, 0, 0)}
	p := policy(b)
	cases := make([]tickets.Case, 0, 100_000)
	for len(cases) < cap(cases) {
		cases = append(cases, few[len(cases)%len(few)])
	}
	for b.Loop() {
		start := time.Now()
		if _, err := report.Collect(q, p, yield(q, cases)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "last-ms")
	}
}
