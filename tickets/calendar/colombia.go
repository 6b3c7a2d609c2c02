package calendar

import (
	"slices"
	"time"
)

// Holiday is a day off and its name in Spanish.
type Holiday struct {
	Date Date
	Name string
}

// Colombia returns the public holidays of a year by date, by the rules of Ley 51 de 1983 (article 1 names the days, article 2
// those that move to the next Monday, "Ley Emiliani") and, from 2026 on, of Ley 2578 de 2026. Two of them may fall on one
// day: the Sacred Heart and Saint Peter and Saint Paul did on 30 June 2025. Earlier law, before 1984, is not known here.
func Colombia(year int) []Holiday {
	easter := easterSunday(year)
	on := func(month time.Month, day int) int { return Date{year, month, day}.number() }
	holiday := func(number int, name string) Holiday { return Holiday{dateOfNumber(number), name} }
	moved := func(number int, name string) Holiday { return holiday(nextMonday(number), name) }
	days := []Holiday{
		holiday(on(time.January, 1), "Año Nuevo"),
		moved(on(time.January, 6), "Día de los Reyes Magos"),
		moved(on(time.March, 19), "Día de San José"),
		holiday(easter-3, "Jueves Santo"),
		holiday(easter-2, "Viernes Santo"),
		holiday(on(time.May, 1), "Día del Trabajo"),
		moved(easter+39, "Ascensión del Señor"),
		moved(easter+60, "Corpus Christi"),
		moved(easter+68, "Sagrado Corazón de Jesús"),
		moved(on(time.June, 29), "San Pedro y San Pablo"),
		holiday(on(time.July, 20), "Día de la Independencia"),
		holiday(on(time.August, 7), "Batalla de Boyacá"),
		moved(on(time.August, 15), "Asunción de la Virgen"),
		moved(on(time.October, 12), "Día de la Raza"),
		moved(on(time.November, 1), "Día de Todos los Santos"),
		moved(on(time.November, 11), "Independencia de Cartagena"),
		holiday(on(time.December, 8), "Inmaculada Concepción"),
		holiday(on(time.December, 25), "Navidad"),
	}
	if year >= 2026 { // Ley 2578 de 2026
		days = append(days, moved(on(time.July, 9), "Virgen de Chiquinquirá"))
	}
	slices.SortStableFunc(days, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return days
}

// nextMonday returns the day itself if it is a Monday.
func nextMonday(number int) int { return number + int(time.Monday-weekday(number)+7)%7 }

// easterSunday computes the Sunday after the first ecclesiastical full moon of spring, in the Gregorian calendar (the
// anonymous algorithm that Meeus gives, with his names).
func easterSunday(year int) int {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return Date{year, time.Month(month), day}.number()
}
