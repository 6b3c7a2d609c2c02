package calendar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/tickets/calendar"
)

// The public holidays of Colombia by date, written out from published calendars and not computed.
var colombia = map[int]string{
	2024: `01-01 Año Nuevo
		01-08 Día de los Reyes Magos
		03-25 Día de San José
		03-28 Jueves Santo
		03-29 Viernes Santo
		05-01 Día del Trabajo
		05-13 Ascensión del Señor
		06-03 Corpus Christi
		06-10 Sagrado Corazón de Jesús
		07-01 San Pedro y San Pablo
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-19 Asunción de la Virgen
		10-14 Día de la Raza
		11-04 Día de Todos los Santos
		11-11 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2025: `01-01 Año Nuevo
		01-06 Día de los Reyes Magos
		03-24 Día de San José
		04-17 Jueves Santo
		04-18 Viernes Santo
		05-01 Día del Trabajo
		06-02 Ascensión del Señor
		06-23 Corpus Christi
		06-30 Sagrado Corazón de Jesús
		06-30 San Pedro y San Pablo
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-18 Asunción de la Virgen
		10-13 Día de la Raza
		11-03 Día de Todos los Santos
		11-17 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2026: `01-01 Año Nuevo
		01-12 Día de los Reyes Magos
		03-23 Día de San José
		04-02 Jueves Santo
		04-03 Viernes Santo
		05-01 Día del Trabajo
		05-18 Ascensión del Señor
		06-08 Corpus Christi
		06-15 Sagrado Corazón de Jesús
		06-29 San Pedro y San Pablo
		07-13 Virgen de Chiquinquirá
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-17 Asunción de la Virgen
		10-12 Día de la Raza
		11-02 Día de Todos los Santos
		11-16 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2027: `01-01 Año Nuevo
		01-11 Día de los Reyes Magos
		03-22 Día de San José
		03-25 Jueves Santo
		03-26 Viernes Santo
		05-01 Día del Trabajo
		05-10 Ascensión del Señor
		05-31 Corpus Christi
		06-07 Sagrado Corazón de Jesús
		07-05 San Pedro y San Pablo
		07-12 Virgen de Chiquinquirá
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-16 Asunción de la Virgen
		10-18 Día de la Raza
		11-01 Día de Todos los Santos
		11-15 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2028: `01-01 Año Nuevo
		01-10 Día de los Reyes Magos
		03-20 Día de San José
		04-13 Jueves Santo
		04-14 Viernes Santo
		05-01 Día del Trabajo
		05-29 Ascensión del Señor
		06-19 Corpus Christi
		06-26 Sagrado Corazón de Jesús
		07-03 San Pedro y San Pablo
		07-10 Virgen de Chiquinquirá
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-21 Asunción de la Virgen
		10-16 Día de la Raza
		11-06 Día de Todos los Santos
		11-13 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2029: `01-01 Año Nuevo
		01-08 Día de los Reyes Magos
		03-19 Día de San José
		03-29 Jueves Santo
		03-30 Viernes Santo
		05-01 Día del Trabajo
		05-14 Ascensión del Señor
		06-04 Corpus Christi
		06-11 Sagrado Corazón de Jesús
		07-02 San Pedro y San Pablo
		07-09 Virgen de Chiquinquirá
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-20 Asunción de la Virgen
		10-15 Día de la Raza
		11-05 Día de Todos los Santos
		11-12 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
	2030: `01-01 Año Nuevo
		01-07 Día de los Reyes Magos
		03-25 Día de San José
		04-18 Jueves Santo
		04-19 Viernes Santo
		05-01 Día del Trabajo
		06-03 Ascensión del Señor
		06-24 Corpus Christi
		07-01 Sagrado Corazón de Jesús
		07-01 San Pedro y San Pablo
		07-15 Virgen de Chiquinquirá
		07-20 Día de la Independencia
		08-07 Batalla de Boyacá
		08-19 Asunción de la Virgen
		10-14 Día de la Raza
		11-04 Día de Todos los Santos
		11-11 Independencia de Cartagena
		12-08 Inmaculada Concepción
		12-25 Navidad`,
}

func TestColombiaIsTheWrittenTable(t *testing.T) {
	for year, table := range colombia {
		want := strings.Split(table, "\n")
		var got []string
		for _, h := range calendar.Colombia(year) {
			if h.Date.Year != year {
				t.Errorf("%d: %v is in another year", year, h.Date)
			}
			got = append(got, h.Date.String()[len("2024-"):]+" "+h.Name)
		}
		for i := range want {
			want[i] = strings.TrimSpace(want[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d:\ngot  %q\nwant %q", year, got, want)
		}
	}
}

func TestLey2578HoldsFrom2026(t *testing.T) {
	has := func(year int) bool {
		return slices.ContainsFunc(calendar.Colombia(year), func(h calendar.Holiday) bool { return h.Name == "Virgen de Chiquinquirá" })
	}
	if has(2025) {
		t.Error("2025 has the holiday of a law of 2026")
	}
	if !has(2026) {
		t.Error("2026 lacks 13 July")
	}
}

// Easter from 22 March to 25 April, and the years that trip up shortened rules.
func TestEasterRelativeHolidays(t *testing.T) {
	for year, goodFriday := range map[int]string{
		1954: "1954-04-16", 1981: "1981-04-17", 2000: "2000-04-21", 2008: "2008-03-21", 2011: "2011-04-22", 2016: "2016-03-25",
		2019: "2019-04-19", 2035: "2035-03-23", 2038: "2038-04-23", 2049: "2049-04-16", 2076: "2076-04-17", 2285: "2285-03-20",
	} {
		i := slices.IndexFunc(calendar.Colombia(year), func(h calendar.Holiday) bool { return h.Name == "Viernes Santo" })
		if got := calendar.Colombia(year)[i].Date.String(); got != goodFriday {
			t.Errorf("Good Friday of %d: got %s, want %s", year, got, goodFriday)
		}
	}
}

func TestMovedHolidaysAreMondays(t *testing.T) {
	fixed := map[string]bool{
		"Año Nuevo": true, "Jueves Santo": true, "Viernes Santo": true, "Día del Trabajo": true, "Día de la Independencia": true,
		"Batalla de Boyacá": true, "Inmaculada Concepción": true, "Navidad": true,
	}
	for year := 1984; year <= 2200; year++ {
		for _, h := range calendar.Colombia(year) {
			day := time.Date(h.Date.Year, h.Date.Month, h.Date.Day, 0, 0, 0, 0, time.UTC).Weekday()
			if !fixed[h.Name] && day != time.Monday {
				t.Errorf("%s %s is a %s", h.Date, h.Name, day)
			}
		}
	}
}
