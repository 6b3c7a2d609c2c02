package calendar_test

import (
	"testing"

	"radicado/tickets/calendar"
)

func TestParseHours(t *testing.T) {
	for written, want := range map[string]string{
		"8:00-12:00": "8:00-12:00", "08:00 – 12:30": "8:00-12:30", " 0:00-24:00 ": "0:00-24:00", "23:59-24:00": "23:59-24:00",
		"12:00-8:00": "", "8:00-8:00": "", "8-12": "", "8:00": "", "8:60-9:00": "", "20:00-24:01": "", "25:00-26:00": "", "": "", "-8:00-12:00": "",
	} {
		got, err := calendar.ParseHours(written)
		if want == "" {
			if err == nil {
				t.Errorf("%q is read as %s", written, got)
			}
			continue
		}
		if err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v; want %s", written, got, err, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	if d, err := calendar.ParseDate(" 2028-02-29 "); err != nil || d != (calendar.Date{Year: 2028, Month: 2, Day: 29}) {
		t.Errorf("got %v, %v", d, err)
	}
	for _, written := range []string{"2027-02-29", "29/02/2028", "2028-2-29", "", "2028-02-29T00:00:00"} {
		if d, err := calendar.ParseDate(written); err == nil {
			t.Errorf("%q is read as %s", written, d)
		}
	}
}

func FuzzParseHours(f *testing.F) {
	for _, seed := range []string{"8:00-12:00", "0:00–24:00", "12:00-8:00", "99:99-99:99", "8:00-12:00-13:00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := calendar.ParseHours(s)
		if err != nil {
			if h != (calendar.Hours{}) {
				t.Errorf("%q: refused and read as %s", s, h)
			}
			return
		}
		if h.Duration() <= 0 || h.To > 24*60 {
			t.Errorf("%q is read as %s", s, h)
		}
		if again, err := calendar.ParseHours(h.String()); err != nil || again != h {
			t.Errorf("%q: %s is read back as %s, %v", s, h, again, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-07-13", "2028-02-29", "0000-01-01", "9999-12-31", "2026-13-01", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		if err != nil {
			return
		}
		if again, err := calendar.ParseDate(d.String()); err != nil || again != d {
			t.Errorf("%q: %s is read back as %s, %v", s, d, again, err)
		}
	})
}
