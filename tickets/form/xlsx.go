package form

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

const (
	requestsSheet = "Solicitudes"
	totalsSheet   = "Totales"
	maxCell       = excelize.TotalCellChars // UTF-16 units
)

// XLSX writes the register as a workbook: one sheet of requests with typed cells, a frozen header and filters, and one of
// totals. Texts are written as texts, so that no spreadsheet takes one for a formula. Rows pass one by one and are not kept
// in memory. Nothing is written to w if a row fails.
func XLSX(w io.Writer, r Register, o Organisation) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("register as XLSX: %w", err)
		}
	}()
	if err := o.check(); err != nil {
		return err
	}
	file := excelize.NewFile()
	defer func() { err = errors.Join(err, file.Close()) }() // removes what was too long for memory
	book := &workbook{file: file, register: r, org: o, totals: newTotals(r, o.Zone)}
	for _, step := range []func() error{book.prepare, book.writeRequests, book.writeTotals} {
		if err := step(); err != nil {
			return err
		}
	}
	return file.Write(w)
}

type workbook struct {
	file     *excelize.File
	register Register
	org      Organisation
	totals   *totals
	styles   struct{ header, title, moment, date, month, hours, percent, integer, text int }
}

func (b *workbook) prepare() error {
	if err := b.file.SetSheetName("Sheet1", requestsSheet); err != nil {
		return err
	}
	if _, err := b.file.NewSheet(totalsSheet); err != nil {
		return err
	}
	made := b.register.Made.UTC().Format(time.RFC3339)
	props := &excelize.DocProperties{
		Title: Title + ": " + b.register.period(b.org.Zone), Creator: plain(b.org.Name), Language: "es-CO", Created: made, Modified: made,
	}
	if err := b.file.SetDocProps(props); err != nil {
		return err
	}
	top := excelize.Alignment{Vertical: "top"}
	for _, style := range []struct {
		id *int
		excelize.Style
	}{
		{&b.styles.header, excelize.Style{
			Font:      &excelize.Font{Bold: true, Color: "FFFFFF"},
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"334155"}},
			Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
		}},
		{&b.styles.title, excelize.Style{Font: &excelize.Font{Bold: true, Size: 13}}},
		{&b.styles.moment, excelize.Style{CustomNumFmt: new("yyyy-mm-dd hh:mm"), Alignment: &top}},
		{&b.styles.date, excelize.Style{CustomNumFmt: new("yyyy-mm-dd"), Alignment: &top}},
		{&b.styles.month, excelize.Style{CustomNumFmt: new("mmmm yyyy"), Alignment: &excelize.Alignment{Horizontal: "left"}}},
		{&b.styles.hours, excelize.Style{CustomNumFmt: new("0.00"), Alignment: &top}},
		{&b.styles.percent, excelize.Style{CustomNumFmt: new("0%"), Alignment: &top}},
		{&b.styles.integer, excelize.Style{CustomNumFmt: new("0"), Alignment: &top}},
		{&b.styles.text, excelize.Style{CustomNumFmt: new("@"), Alignment: &top}}, // stays text when it is edited
	} {
		var err error
		if *style.id, err = b.file.NewStyle(&style.Style); err != nil {
			return err
		}
	}
	return nil
}

func (b *workbook) writeRequests() error {
	sheet, err := b.file.NewStreamWriter(requestsSheet)
	if err != nil {
		return err
	}
	table := columns()
	header := make([]any, len(table))
	for i, c := range slices.Backward(table) { // excelize puts each width before the others; Excel wants them in order
		header[i] = excelize.Cell{StyleID: b.styles.header, Value: c.title}
		if err := sheet.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
	}
	panes := &excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}
	if err := sheet.SetPanes(panes); err != nil {
		return err
	}
	if err := sheet.SetRow("A1", header, excelize.RowOpts{Height: 20}); err != nil {
		return err
	}
	line := 1
	for row, err := range b.register.Rows {
		if err != nil {
			return err
		}
		if line++; line > excelize.TotalRows {
			return fmt.Errorf("a sheet holds %d rows; choose a shorter period", excelize.TotalRows)
		}
		cells := make([]any, len(table))
		for i, c := range table {
			cells[i] = b.cell(c.kind, c.value(row))
		}
		if err := sheet.SetRow(fmt.Sprintf("A%d", line), cells); err != nil {
			return fmt.Errorf("request %s: %w", row.Number, err)
		}
		b.totals.add(row)
	}
	corner, err := excelize.CoordinatesToCellName(len(table), max(line, 2)) // a table has a line below its header
	if err != nil {
		return err
	}
	if err := sheet.AddTable(&excelize.Table{Range: "A1:" + corner, Name: requestsSheet, StyleName: "TableStyleLight1"}); err != nil {
		return err
	}
	return sheet.Flush()
}

// cell is a value with its type and style; an empty text is an empty cell.
func (b *workbook) cell(k kind, value any) any {
	if s, isText := value.(string); isText {
		if s = fitCell(plain(s)); s == "" {
			return nil
		}
		return excelize.Cell{StyleID: b.styles.text, Value: s}
	}
	if value == nil {
		return nil
	}
	if t, isTime := value.(time.Time); isTime {
		value = t.In(b.org.Zone)
	}
	styles := map[kind]int{asMoment: b.styles.moment, asDate: b.styles.date, asHours: b.styles.hours, asInteger: b.styles.integer}
	return excelize.Cell{StyleID: styles[k], Value: value}
}

// fitCell cuts a text to what a cell holds, and says so.
func fitCell(s string) string {
	if len(s) <= maxCell { // a UTF-16 unit takes a byte at least
		return s
	}
	room := maxCell - len(elsewhere) - 2
	for i, r := range s {
		if room -= utf16.RuneLen(r); room < 0 {
			return s[:i] + "… " + elsewhere
		}
	}
	return s
}

// writeTotals writes the totals below one another, each with a header and a sum.
func (b *workbook) writeTotals() error {
	sheet, err := b.file.NewStreamWriter(totalsSheet)
	if err != nil {
		return err
	}
	if err := errors.Join(sheet.SetColWidth(2, 7, 24), sheet.SetColWidth(1, 1, 40)); err != nil {
		return err
	}
	lines := [][]any{
		{excelize.Cell{StyleID: b.styles.title, Value: fitCell(plain(b.org.Name))}},
		{excelize.Cell{StyleID: b.styles.title, Value: Title}},
		{b.register.period(b.org.Zone)},
		{"Generado el " + dateTime(b.register.Made, b.org.Zone)},
	}
	for _, g := range b.totals.groupings {
		lines = append(lines, nil, b.headers(g.title, "Solicitudes", "Abiertas", "Respuesta media (horas)", "Solución media (horas)",
			"Solucionadas a tiempo", "Satisfacción media"))
		for _, key := range g.keys() {
			lines = append(lines, b.tallyCells(b.groupCell(g, key), g.groups[key]))
		}
		lines = append(lines, b.tallyCells("Total", &b.totals.all))
	}
	for i, cells := range lines {
		if len(cells) == 0 {
			continue
		}
		if err := sheet.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	return sheet.Flush()
}

// groupCell writes a month as a date, which the reader's own language names.
func (b *workbook) groupCell(g *grouping, key string) any {
	if g.monthly && key != none {
		if month, err := time.Parse(time.DateOnly, key); err == nil {
			return excelize.Cell{StyleID: b.styles.month, Value: month}
		}
	}
	return b.cell(asText, key)
}

func (b *workbook) headers(titles ...string) []any {
	cells := make([]any, len(titles))
	for i, t := range titles {
		cells[i] = excelize.Cell{StyleID: b.styles.header, Value: t}
	}
	return cells
}

func (b *workbook) tallyCells(first any, t *tally) []any {
	styled := func(style int, value any) any {
		if value == nil {
			return nil
		}
		return excelize.Cell{StyleID: style, Value: value}
	}
	return []any{
		first, t.requests, t.open,
		styled(b.styles.hours, mean(t.answerHours, t.answered)),
		styled(b.styles.hours, mean(t.solutionHours, t.solved)),
		styled(b.styles.percent, mean(float64(t.solvedInTime), t.dueSolved)),
		styled(b.styles.hours, mean(float64(t.sum), t.rated)),
	}
}
