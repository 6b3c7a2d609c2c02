package inventory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"radicado/tickets"
)

// readCSV reads a table that is separated by commas, semicolons or tabs, in UTF-8 or in the Windows-1252 of Excel.
func readCSV(content []byte) ([][]string, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) {
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(content)
		if err != nil {
			return nil, fmt.Errorf("found text that is neither UTF-8 nor Windows-1252: %w", err)
		}
		content = decoded
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma = separator(content)
	r.FieldsPerRecord = -1
	var table [][]string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, fmt.Errorf("found no valid CSV: %w", err)
		}
		line, _ := r.FieldPos(0)
		for len(table) < line-1 { // the reader skips empty lines, the spreadsheet counts them
			table = append(table, nil)
		}
		if table = append(table, record); len(table) > maxRows {
			return nil, fmt.Errorf("found more than %d rows", maxRows)
		}
	}
}

// separator returns the mark that the line of headings has most of. Excel writes semicolons where the comma is for decimals.
func separator(content []byte) rune {
	best, most := ',', 0
	for _, mark := range ",;\t" {
		for line := range bytes.Lines(content[:min(len(content), 64<<10)]) {
			if n := bytes.Count(line, []byte(string(mark))); n > most {
				best, most = mark, n
			}
		}
	}
	return best
}

// The limits of what a workbook may unpack to: a few kilobytes can hold gigabytes.
const (
	maxUnpacked = 256 << 20
	maxSheet    = 64 << 20
)

// readXLSX reads the first sheet of a workbook.
func readXLSX(content []byte) (table [][]string, err error) {
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxSheet, RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("found no valid XLSX workbook: %w", err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, errors.New("found a workbook without sheets")
	}
	table, err = book.GetRows(sheets[0])
	if err != nil {
		return nil, fmt.Errorf("reading sheet %q: %w", sheets[0], err)
	}
	if len(table) > maxRows {
		return nil, fmt.Errorf("found more than %d rows", maxRows)
	}
	return table, nil
}

// parseDay reads a day as people in Colombia write it, as ISO 8601 writes it, or as a workbook stores it, and returns
// "2006-01-02".
func parseDay(written string) (string, bool) {
	for _, layout := range []string{time.DateOnly, "2/1/2006", "2-1-2006", "2.1.2006", "2006/1/2", "2006-01-02T15:04:05Z", time.DateTime} {
		if t, err := time.Parse(layout, written); err == nil {
			return t.Format(time.DateOnly), plausible(t)
		}
	}
	if days, err := strconv.ParseFloat(written, 64); err == nil && !math.IsNaN(days) && days > 20_000 && days < 100_000 {
		if t, err := excelize.ExcelDateToTime(days, false); err == nil {
			return t.Format(time.DateOnly), plausible(t)
		}
	}
	return "", false
}

// plausible refuses years that are slips of the finger.
func plausible(t time.Time) bool { return t.Year() >= 1980 && t.Year() <= 2100 }

// record returns the cells of a machine.
func record(a tickets.Asset) []string {
	cells := make([]string, fieldCount)
	cells[plate], cells[serial], cells[what], cells[brand], cells[model] = a.Plate, a.Serial, a.What, a.Brand, a.Model
	cells[holder], cells[address], cells[office] = a.Holder.Name, a.Holder.Addr, a.Office
	cells[vendor], cells[vendorAddress], cells[contract], cells[warranty] = a.Vendor.Name, a.Vendor.Addr, a.Contract, a.Warranty
	return cells
}

// WriteCSV writes machines as Read reads them. A byte order mark lets Excel see the accents.
func WriteCSV(w io.Writer, assets []tickets.Asset) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	rows := [][]string{Headings()}
	for _, a := range assets {
		cells := record(a)
		for i := range cells {
			cells[i] = defuse(cells[i])
		}
		rows = append(rows, cells)
	}
	return c.WriteAll(rows)
}

// defuse keeps a spreadsheet from taking a cell for a formula.
func defuse(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// undefuse takes back what defuse does.
func undefuse(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// WriteXLSX writes machines as Read reads them: text cells, days as days, a frozen row of headings with a filter.
func WriteXLSX(w io.Writer, assets []tickets.Asset) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	const sheet = "Equipos"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	stream, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	format := "yyyy-mm-dd"
	dayStyle, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return err
	}
	headStyle, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	err = errors.Join(
		stream.SetColWidth(1, fieldCount, 22),
		stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	if err != nil {
		return err
	}
	var heads []any
	for _, h := range Headings() {
		heads = append(heads, excelize.Cell{StyleID: headStyle, Value: h})
	}
	if err := stream.SetRow("A1", heads); err != nil {
		return err
	}
	for i, a := range assets {
		var cells []any
		for f, text := range record(a) {
			if day, err := time.Parse(time.DateOnly, text); f == warranty && err == nil {
				cells = append(cells, excelize.Cell{StyleID: dayStyle, Value: day})
				continue
			}
			cells = append(cells, text)
		}
		if err := stream.SetRow(fmt.Sprintf("A%d", i+2), cells); err != nil {
			return err
		}
	}
	if err := stream.Flush(); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(fieldCount, len(assets)+1)
	if err != nil {
		return err
	}
	if err := book.AutoFilter(sheet, "A1:"+last, nil); err != nil {
		return err
	}
	return book.Write(w)
}
