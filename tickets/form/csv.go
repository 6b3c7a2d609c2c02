package form

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// CSV writes the register as text for Excel in Spanish: fields are divided by semicolons, since the comma is the decimal sign
// there and the semicolon the list separator; a byte order mark, without which Excel takes UTF-8 for Windows-1252; dates as
// "2026-11-23 08:12", which every language reads as such. Every request is one line. What CSV cannot keep, such as the leading
// zeros of a serial, XLSX does.
//
// If a row or the writer fails, what was written so far is not a whole register.
func CSV(w io.Writer, r Register, o Organisation) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("register as CSV: %w", err)
	}
	out := bufio.NewWriter(w)
	table := columns()
	fields := make([]string, len(table))
	for i, c := range table {
		fields[i] = c.title
	}
	out.WriteString("\uFEFF") // errors of a bufio.Writer stay until Flush
	writeRecord(out, fields)
	for row, err := range r.Rows {
		if err != nil {
			return fmt.Errorf("register as CSV: %w", err)
		}
		for i, c := range table {
			fields[i] = csvField(c, c.value(row), o.Zone)
		}
		writeRecord(out, fields)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("register as CSV: %w", err)
	}
	return nil
}

// writeRecord quotes every field (RFC 4180, section 2): a comma in one must not begin another wherever the list separator is
// the comma.
func writeRecord(out *bufio.Writer, fields []string) {
	for i, f := range fields {
		if i > 0 {
			out.WriteByte(';')
		}
		if f != "" {
			out.WriteString(`"` + strings.ReplaceAll(f, `"`, `""`) + `"`)
		}
	}
	out.WriteString("\r\n")
}

func csvField(c column, value any, zone *time.Location) string {
	switch v := value.(type) {
	case string:
		return inert(v)
	case time.Time:
		if c.kind == asDate {
			return v.In(zone).Format(time.DateOnly)
		}
		return v.In(zone).Format("2006-01-02 15:04")
	case float64:
		return strings.Replace(strconv.FormatFloat(v, 'f', 2, 64), ".", ",", 1)
	case int:
		return strconv.Itoa(v)
	}
	return ""
}

// formula finds where a spreadsheet would begin to calculate: at the start of a text, and behind whatever it may take for the
// end of a field where its list separator is another, quotation marks aside, which it may take away. The wide signs count too: some spreadsheets read them as the narrow.
var formula = regexp.MustCompile(`(^|[,;|])([\s\x{200D}"]*)([=+\-@＝＋－＠])`)

// inert makes a text into one line that no spreadsheet calculates: an apostrophe before a sign that begins a formula
// (OWASP, "CSV Injection").
func inert(s string) string {
	s = strings.Join(strings.Fields(plain(s)), " ")
	return formula.ReplaceAllString(s, "${1}${2}'${3}")
}
