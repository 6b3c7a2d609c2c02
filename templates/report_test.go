package templates

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/report"
)

// TestInjectReport puts each payload into every name of a report: none of it becomes an element, and none reaches the text part
// in another shape than a name.
func TestInjectReport(t *testing.T) {
	set := load(t)
	n := fullNotice(tickets.NoticeReport, "es")
	rendered := func(payload string) Mail {
		made := sampleReport(n)
		figures := fillValue(reflect.ValueOf(*made.Figures), payload).Interface().(report.Figures)
		made.Figures = &figures
		mail, err := set.RenderReport(n, made)
		if err != nil {
			t.Fatal(err)
		}
		return mail
	}
	harmless := rendered("x")
	for name, payload := range payloads {
		mail := rendered(payload)
		if want, got := structure(t, harmless.HTML), structure(t, mail.HTML); !slices.Equal(want, got) {
			t.Errorf("%s: the elements changed: %s", name, firstDifference(want, got))
		}
		checkCharacters(t, name, mail)
	}
}

// TestPeriodNames names periods as people do, in both languages.
func TestPeriodNames(t *testing.T) {
	bogota := time.FixedZone("Bogotá", -5*60*60)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, bogota) }
	for _, tt := range []struct {
		period tickets.Period
		es, en string
	}{
		{tickets.PeriodOf(tickets.PeriodYear, day(2026, 5, 5)), "2026", "2026"},
		{tickets.PeriodOf(tickets.PeriodQuarter, day(2026, 8, 5)), "tercer trimestre de 2026", "third quarter of 2026"},
		{tickets.PeriodOf(tickets.PeriodMonth, day(2026, 10, 31)), "octubre de 2026", "October 2026"},
		{tickets.PeriodOf(tickets.PeriodWeek, day(2026, 11, 18)), "semana del 16 al 22 de noviembre de 2026", "week from 16 to 22 November 2026"},
		{tickets.PeriodOf(tickets.PeriodWeek, day(2026, 12, 1)), "semana del 30 de noviembre al 6 de diciembre de 2026", "week from 30 November to 6 December 2026"},
		{tickets.PeriodOf(tickets.PeriodWeek, day(2027, 1, 1)), "semana del 28 de diciembre de 2026 al 3 de enero de 2027", "week from 28 December 2026 to 3 January 2027"},
		{tickets.Days(day(2026, 10, 5), day(2026, 10, 5)), "5 de octubre de 2026", "5 October 2026"},
		{tickets.Days(day(2026, 10, 1), day(2026, 10, 15)), "1 al 15 de octubre de 2026", "1 to 15 October 2026"},
	} {
		for lang, want := range map[string]string{"es": tt.es, "en": tt.en} {
			if got := vocabularies[lang].period(tt.period); got != want {
				t.Errorf("%s: %q, want %q", tt.period, got, want)
			}
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0: {"0 min", "0 min"}, time.Second: {"1 min", "1 min"}, 59 * time.Minute: {"59 min", "59 min"}, time.Hour: {"1 h", "1,0 h"},
		200 * time.Minute: {"3 h 20 min", "3,3 h"}, 8 * time.Hour: {"8 h", "8,0 h"}, 130*time.Hour + 30*time.Minute: {"130 h", "130 h"},
	} {
		plain := func(s string) string { return strings.ReplaceAll(s, noBreak, " ") }
		if got := [2]string{plain(took(d)), plain(spanish.brief(d))}; got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
