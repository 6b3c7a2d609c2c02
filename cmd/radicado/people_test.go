package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"radicado/mailbox/mailtest"
	"radicado/tickets"
)

func TestParseDirectory(t *testing.T) {
	pedro := map[string]tickets.Official{"pedro@x.example": {Name: "Pedro Páramo", Office: "Contratos", Telephone: "ext. 2214"}}
	tests := []struct {
		name, data string
		want       map[string]tickets.Official
		problem    string
	}{
		{"with commas", "correo,nombre,dependencia,telefono\npedro@x.example,Pedro Páramo,Contratos,ext. 2214\n", pedro, ""},
		{"of a Spanish spreadsheet", "Nombre;Correo electrónico;DEPENDENCIA;Teléfono;Cargo\r\nPedro  Páramo ;Pedro@x.example;Contratos;ext. 2214;Asesor\r\n;;;;\r\n", pedro, ""},
		{"a quoted cell", "address,name,office,phone\npedro@x.example,\"Pedro\nPáramo\",Contratos,ext. 2214\n", pedro, ""},
		{"only addresses", "correo\npedro@x.example\n", map[string]tickets.Official{"pedro@x.example": {}}, ""},
		{"a short line", "nombre,correo,dependencia\nPedro,pedro@x.example\n", map[string]tickets.Official{"pedro@x.example": {Name: "Pedro"}}, ""},
		{"nothing", "", nil, "no line of headings"},
		{"no addresses", "nombre\nPedro\n", nil, `no column "correo"`},
		{"a column twice", "correo,email\n", nil, `the heading "email" names a column that is there already`},
		{"a bad quote", "correo\n\"pedro\"x@x.example\n", nil, "line 2, column"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := parseDirectory([]byte(tt.data))
			if said := strings.Join(problems, "\n"); (said == "") != (tt.problem == "") || !strings.Contains(said, tt.problem) {
				t.Errorf("problems %q, want %q", said, tt.problem)
			}
			if tt.problem == "" && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("read %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzParseDirectory(f *testing.F) {
	f.Add([]byte("correo;nombre\npedro@x.example;Pedro\n"))
	f.Add([]byte("\"correo\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		officials, problems := parseDirectory(data)
		if officials == nil && len(problems) == 0 {
			t.Errorf("%q is neither read nor refused", data)
		}
	})
}

func TestDirectoryInAnotherCharset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte("correo,nombre\nsofia@x.example,Sof\xeda\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems := readDirectory(path); len(problems) != 1 || !strings.Contains(problems[0], "UTF-8") {
		t.Errorf("problems %q", problems)
	}
}

func TestCalendarOfTheSettings(t *testing.T) {
	s, err := parseSettings("t.toml", []byte(strings.Replace(goodSettings(t), "[smtp]", `[calendar]
friday = ["8:00-10:00"]
[[calendar.extra]]
date = "2026-11-24"
reason = "Día de la familia"
[smtp]`, 1)+`
[[person]]
name = "Ana"
role = "technician"
addresses = ["ana@ministerio.example"]
hours = ["13:00-14:00"]
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 0, s.location) }
	ana, _ := s.policy.People.Find("ana@ministerio.example")
	for _, tt := range []struct {
		at         time.Time
		desk, hers bool
	}{{at(23, 9), true, false}, {at(23, 12), false, false}, {at(23, 13), true, true}, {at(24, 13), false, false},
		{at(27, 9), true, false}, {at(27, 11), false, false}, {at(27, 13), false, true}, {at(28, 9), false, false}} {
		if desk, hers := s.policy.Calendar.IsWorking(tt.at), ana.Calendar.IsWorking(tt.at); desk != tt.desk || hers != tt.hers {
			t.Errorf("%s: the desk works: %t, Ana works: %t", tt.at, desk, hers)
		}
	}
}

func goodSettings(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/good.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAbsenceByMail has a technician say by mail when she is away, and an official whom the directory knows.
func TestAbsenceByMail(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w world) {
		o := newOffice(t, w)
		directory := filepath.Join(o.folder, "people.csv")
		text := "correo,nombre,dependencia,telefono\n" + o.pedro.Addr + ",Pedro Páramo,Oficina de Contratos,ext. 2214\n"
		if err := os.WriteFile(directory, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.extra = "[people]\nfile = \"" + directory + "\"\n"
		o.start()
		o.writes(o.ana, "#ausente mañana", "")
		if text := mailtest.TextOf(o.gets(o.marta, 1), "text/plain"); !strings.HasPrefix(text, "Ana Gómez estará ausente") {
			t.Errorf("the coordinator reads:\n%s", text)
		}
		if text := mailtest.TextOf(o.gets(o.ana, 1), "text/plain"); !strings.Contains(text, "Su ausencia quedó registrada: el") {
			t.Errorf("the technician reads:\n%s", text)
		}
		o.writes(o.ana, "#ausente 2030-12-05..2030-12-01", "")
		if text := strings.Join(strings.Fields(mailtest.TextOf(o.gets(o.ana, 2), "text/plain")), " "); !strings.Contains(text, "El período termina el 1 de diciembre de 2030 antes de empezar el 5 de diciembre de 2030") {
			t.Errorf("of dates in the wrong order the technician reads:\n%s", text)
		}
		o.writes(o.pedro, "Impresora no imprime", "No imprime.")
		if text := mailtest.TextOf(o.gets(o.marta, 2), "text/plain"); !strings.Contains(text, "Oficina de Contratos") || !strings.Contains(text, "ext. 2214") {
			t.Errorf("the coordinator does not read the office and telephone:\n%s", text)
		}
		o.sound()
	})
}
