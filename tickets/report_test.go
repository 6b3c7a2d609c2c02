package tickets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// TestParsePeriod is about Wednesday, 25 November 2026, 9:30 in Bogotá.
func TestParsePeriod(t *testing.T) {
	zone := time.FixedZone("Bogotá", -5*3600)
	now := time.Date(2026, 11, 25, 9, 30, 0, 0, zone)
	const month, year = "month 2026-11-01..2026-11-30", "year 2026-01-01..2026-12-31"
	for _, tt := range []struct{ args, want string }{
		{"|este mes|mes|Este Mes|this month|noviembre|nov|noviembre 2026|2026-11|11/2026|11-2026|mes de noviembre|el mes de noviembre", month},
		{"2026-10|octubre|Octubre 2026|octubre de 2026|octubre del 2026|oct. 2026|october|October 2026|10/2026|2026-10.|mes pasado|last month|mes anterior|último mes|del mes pasado", "month 2026-10-01..2026-10-31"},
		{"diciembre|diciembre 2025|2025-12", "month 2025-12-01..2025-12-31"},
		{"2026|año 2026|este año|year|year 2026|AÑO", year},
		{"2025|año pasado|last year|el año pasado", "year 2025-01-01..2025-12-31"},
		{"semana|esta semana|week|2026-W48|2026w48|semana 48|week 48 of 2026|semana 48 de 2026|semana 48, 2026", "week 2026-11-23..2026-11-29"},
		{"semana pasada|last week|2026-W47|semana 47", "week 2026-11-16..2026-11-22"},
		{"2026-W01|semana 1", "week 2025-12-29..2026-01-04"},
		{"2020-W53", "week 2020-12-28..2021-01-03"},
		{"trimestre 3 2026|2026-T3|2026 t3|2026-q3|T3 2026|t3|Q3-2026|trimestre 3 de 2026|tercer trimestre de 2026|third quarter 2026|trimestre pasado|quarter 3", "quarter 2026-07-01..2026-09-30"},
		{"trimestre|este trimestre|cuarto trimestre", "quarter 2026-10-01..2026-12-31"},
		{"hoy|today|2026-11-25|25/11|25 de noviembre", "days 2026-11-25..2026-11-25"},
		{"ayer|yesterday", "days 2026-11-24..2026-11-24"},
		{"26/11/2025|26 de noviembre|26/11", "days 2025-11-26..2025-11-26"},
		{"2026-10-01..2026-10-15|2026-10-01 a 2026-10-15|1/10/2026 - 15/10/2026|del 1 al 15 de octubre de 2026|1 al 15 de octubre|1/10..15/10|from 2026-10-01 to 2026-10-15|1 de octubre hasta el 15 de octubre",
			"days 2026-10-01..2026-10-15"},
		{"2026-09..2026-10|septiembre a octubre|2026-09-01..2026-10", "days 2026-09-01..2026-10-31"},
		{"2026-11-01..2026-12-31", "days 2026-11-01..2026-12-31"},
		{"2800|2027|2026-12|diciembre 2026|2026-W49|2026-T4..2027|2027-01-01..2027-02-01|2027-T1", "!period_future"},
		{"2026-10-15..2026-10-01|2026-10..2026-09", "!period_order"},
		{"de gestión|x|2026-13|2026-00|2026-W54|2026-W00|2025-W53|2026-T5|31/2/2026|1800|0000|2026-10-01..|..|a..b..c|32 al 15 de octubre|mayo mayo|no sé|2026-10-01..2626-10-15|1926-10..2026-10", "!period"},
	} {
		for arg := range strings.SplitSeq(tt.args, "|") {
			p, problem := tickets.ParsePeriod(arg, now)
			got := fmt.Sprintf("%s %s..%s", p.Unit, p.From.Format(time.DateOnly), p.Last().Format(time.DateOnly))
			if problem != nil {
				got = "!" + string(problem.Code)
			}
			if got != tt.want && !(tt.want == "!period_future" && arg == "2026-T4..2027" && got == "days 2026-10-01..2027-12-31") {
				t.Errorf("%q: %s, want %s", arg, got, tt.want)
			}
			if problem != nil && (problem.Value == "" && arg != "" || len(problem.Choices) == 0) {
				t.Errorf("%q: the problem does not say what is wrong and what may be said: %+v", arg, problem)
			}
		}
	}
}

// TestChoicesOfPeriods are all understood, at any time of the year.
func TestChoicesOfPeriods(t *testing.T) {
	for day := range 366 {
		now := time.Date(2028, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, day)
		_, problem := tickets.ParsePeriod("¿?", now)
		for _, choice := range problem.Choices {
			if _, problem := tickets.ParsePeriod(choice, now); problem != nil {
				t.Errorf("%s: %q is proposed and not understood: %+v", now.Format(time.DateOnly), choice, problem)
			}
		}
	}
}

// TestPeriods has whole days, and the period before ends where one begins.
func TestPeriods(t *testing.T) {
	bogota := time.FixedZone("Bogotá", -5*3600)
	newYork, err := time.LoadLocation("America/New_York") // which changes its clocks
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]tickets.PeriodUnit{tickets.PeriodDays, tickets.PeriodWeek, tickets.PeriodMonth, tickets.PeriodQuarter, tickets.PeriodYear}).Draw(rt, "unit")
		zone := rapid.SampledFrom([]*time.Location{bogota, newYork, time.UTC}).Draw(rt, "zone")
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(rt, "at"), 0).In(zone)
		p := tickets.PeriodOf(unit, at)
		before := p.Before()
		if !p.Contains(at) || !before.To.Equal(p.From) || before.Contains(at) || !before.Contains(p.From.Add(-time.Second)) {
			rt.Fatalf("%s of %s: %v, before it %v", unit, at, p, before)
		}
		if again, problem := tickets.ParsePeriod(p.String(), at); at.Year() >= 1990 && p.From.Year() >= 1990 && (problem != nil || again != p) {
			rt.Fatalf("%s of %s is written %q and read as %v, %+v", unit, at, p, again, problem)
		}
		if h, m, _ := p.From.Clock(); h != 0 || m != 0 {
			rt.Fatalf("%s of %s begins at %s", unit, at, p.From)
		}
		if days := p.Length(); !p.From.AddDate(0, 0, days).Equal(p.To) || !p.Last().AddDate(0, 0, 1).Equal(p.To) {
			rt.Fatalf("%s of %s: %d days, last %s", unit, at, days, p.Last())
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, arg := range []string{"", "2026-10", "octubre de 2026", "2026-W47", "T3", "1 al 15 de octubre", "2026-10-01..2026-10-15", "2026-10-01..2626-10-15", "é\xff", "99999999999999999999"} {
		f.Add(arg)
	}
	now := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, arg string) {
		p, problem := tickets.ParsePeriod(arg, now)
		if problem == nil && (!p.From.Before(p.To) || p.From.After(now) || p.Length() < 1) {
			t.Errorf("%q is %v", arg, p)
		}
	})
}

// TestReportCommand is about Monday, 23 November 2026.
func TestReportCommand(t *testing.T) {
	for _, tt := range []struct {
		name string
		mail letter
		want string // what happened, and of which report whose requests
	}{
		{"the coordinator, this month", letter{from: marta, subject: "#informe"}, "> receipt to marta | month 2026-11-01 of all"},
		{"a past month", letter{from: marta, subject: "#informe 2026-10"}, "> receipt to marta | month 2026-10-01 of all"},
		{"in English, abbreviated", letter{from: marta, subject: "#rep last week"}, "> receipt to marta | week 2026-11-16 of all"},
		{"a technician", letter{from: "ana@movil.example", subject: "#informe semana"}, "> receipt to ana | week 2026-11-23 of ana@ministerio.example"},
		{"an official", letter{from: pedro, subject: "#informe 2026-10"}, "> receipt to pedro !forbidden"},
		{"an official with a request in such words", letter{from: pedro, subject: "#informe de nómina no abre", text: "Sale un error."},
			"registered by requester | refused by requester | = registered | > acknowledgement to pedro | > new_request to marta | > receipt to pedro !forbidden"},
		{"an official who explains", letter{from: pedro, subject: "#informe octubre", text: "No me llega el informe."},
			"registered by requester | refused by requester | = registered | > acknowledgement to pedro | > new_request to marta | > receipt to pedro !forbidden"},
		{"a vendor", letter{from: ventas, subject: "#informe"}, "registered by vendor | = registered | > acknowledgement to ventas | > new_request to marta"},
		{"somebody who says to be the coordinator", letter{from: marta, subject: "#informe", unproven: true}, "registered by coordinator | = registered | > acknowledgement to marta"},
		{"what nobody understands", letter{from: marta, subject: "#informe de gestión"}, "> receipt to marta !period"},
		{"the future", letter{from: marta, subject: "#informe 2027"}, "> receipt to marta !period_future"},
		{"the wrong way round", letter{from: marta, subject: "#informe 15/10..1/10"}, "> receipt to marta !period_order"},
		{"two at a time", letter{from: marta, subject: "#informe 2026-09 #informe 2026-10"}, "> receipt to marta !contradiction"},
		{"with a command that fails, none", letter{from: marta, subject: "#informe #cerrar"}, "> receipt to marta !no_ticket"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			lines := o.take(tt.mail)
			for _, n := range o.last.Notices {
				if r := n.Data.Report; r != nil {
					whose := r.Technician
					if whose == "" {
						whose = "all"
					}
					lines = append(lines, fmt.Sprintf("%s %s of %s", r.Period.Unit, r.Period.From.Format(time.DateOnly), whose))
				}
			}
			if got := strings.Join(lines, " | "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestPeriodicReport is about the week or month that was over when the report was due, however late it is.
func TestPeriodicReport(t *testing.T) {
	o := newOffice(t)
	o.policy.Zone = time.FixedZone("Bogotá", -5*3600)
	o.policy.ReportTo = []mailbox.Address{{Addr: "despacho@ministerio.example"}, {Addr: strings.ToUpper(marta)}, {Addr: desk}}
	for _, tt := range []struct {
		unit tickets.PeriodUnit
		due  string
		want string
	}{
		{tickets.PeriodMonth, "2026-12-01T07:00:00-05:00", "2026-11-01"},
		{tickets.PeriodMonth, "2026-12-01T02:00:00Z", "2026-10-01"}, // still November in Bogotá
		{tickets.PeriodWeek, "2026-11-23T07:00:00-05:00", "2026-11-16"},
		{tickets.PeriodWeek, "2026-11-20T17:00:00-05:00", "2026-11-09"},
	} {
		due, err := time.Parse(time.RFC3339, tt.due)
		if err != nil {
			t.Fatal(err)
		}
		var to []string
		for _, n := range tickets.Reports(o.policy, tt.unit, due, due.Add(72*time.Hour)) {
			to = append(to, n.To.Key())
			if got := n.Data.Report.Period.From.Format(time.DateOnly); n.Kind != tickets.NoticeReport || got != tt.want || n.Data.Report.Technician != "" {
				t.Errorf("%s due %s: %s of %s, want %s", tt.unit, tt.due, n.Kind, got, tt.want)
			}
		}
		if !slices.Equal(to, []string{marta, "despacho@ministerio.example"}) {
			t.Errorf("goes to %v", to)
		}
	}
}
