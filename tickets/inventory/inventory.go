// Package inventory reads the equipment register from the files that ministries keep it in, CSV and XLSX, and writes it
// likewise. It checks every cell and says what is wrong by row and column. It must not know the database: it takes bytes and
// returns machines.
package inventory

import (
	"cmp"
	"fmt"
	"net/mail"
	"path/filepath"
	"strings"

	"radicado/mailbox"
	"radicado/tickets"
)

// Problem is something wrong in a file.
type Problem struct {
	Row     int    // as the spreadsheet counts, from 1; 0 for the file as a whole
	Column  string // heading of the column, "" for the row as a whole
	Message string // what was found and what is expected
	Warning bool   // the row can be taken all the same
}

// String returns the problem on one line.
func (p Problem) String() string {
	where := ""
	if p.Row > 0 {
		where = fmt.Sprintf("row %d", p.Row)
	}
	if p.Column != "" {
		where = strings.TrimPrefix(where+", column "+p.Column, ", ")
	}
	return strings.TrimPrefix(where+": "+p.Message, ": ")
}

// field is a column of the file.
type field struct {
	heading string   // as it is written by us
	aliases []string // folded, further headings that mean it
}

// The fields, in the order in which they are written.
const (
	plate = iota
	serial
	what
	brand
	model
	holder
	address
	office
	vendor
	vendorAddress
	contract
	warranty
	fieldCount
)

func fields() [fieldCount]field {
	return [fieldCount]field{
		plate:         {"Placa", []string{"placa de inventario", "numero de placa", "no. placa", "inventario", "plate", "asset"}},
		serial:        {"Serial", []string{"serie", "numero de serie", "no. serie", "s/n", "serial number"}},
		what:          {"Equipo", []string{"tipo", "tipo de equipo", "descripcion", "elemento", "type", "machine"}},
		brand:         {"Marca", []string{"fabricante", "brand", "manufacturer"}},
		model:         {"Modelo", []string{"referencia", "model"}},
		holder:        {"Funcionario", []string{"responsable", "nombre del funcionario", "a cargo de", "official", "holder"}},
		address:       {"Correo", []string{"correo del funcionario", "correo electronico", "e-mail", "email", "address"}},
		office:        {"Dependencia", []string{"area", "oficina", "office", "department"}},
		vendor:        {"Proveedor", []string{"vendor", "supplier"}},
		vendorAddress: {"Correo del proveedor", []string{"vendor email", "vendor address"}},
		contract:      {"Contrato", []string{"numero de contrato", "no. contrato", "contract"}},
		warranty:      {"Garantía hasta", []string{"garantia", "fin de garantia", "vencimiento de la garantia", "vence garantia", "warranty", "warranty end", "warranty until"}},
	}
}

// Headings returns the headings in the order in which Write uses them.
func Headings() []string {
	var list []string
	for _, f := range fields() {
		list = append(list, f.heading)
	}
	return list
}

// maxRows bounds what one file can make the program hold.
const maxRows = 200_000

// Read reads the machines of a file: XLSX where the name ends so, otherwise CSV. vendors gives the vendors whose addresses are
// known by name. Where any problem is no warning, nothing of the file is to be taken.
func Read(name string, content []byte, vendors tickets.People) ([]tickets.Asset, []Problem) {
	var table [][]string
	var err error
	if strings.EqualFold(filepath.Ext(name), ".xlsx") {
		table, err = readXLSX(content)
	} else {
		table, err = readCSV(content)
	}
	if err != nil {
		return nil, []Problem{{Message: err.Error()}}
	}
	return readTable(table, vendors)
}

// readTable takes the rows of a file for machines. Rows before the headings are titles.
func readTable(table [][]string, vendors tickets.People) ([]tickets.Asset, []Problem) {
	first, columns, problems := findHeadings(table)
	if len(problems) > 0 {
		return nil, problems
	}
	r := &reader{columns: columns, vendors: vendors, plates: map[string]int{}, serials: map[string]int{}}
	for i, cells := range table[first+1:] {
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			r.row(first+2+i, cells)
		}
	}
	if len(r.assets) == 0 && len(r.problems) == 0 {
		r.problems = append(r.problems, Problem{Message: "found headings and no machine below them"})
	}
	return r.assets, r.problems
}

// findHeadings looks for the row of headings among the first and returns which column each field stands in, -1 for none.
func findHeadings(table [][]string) (row int, columns [fieldCount]int, problems []Problem) {
	for row, cells := range table[:min(len(table), 20)] {
		found := 0
		var twice []Problem
		for f := range columns {
			columns[f] = -1
		}
		for c, cell := range cells {
			f := fieldOf(cell)
			switch {
			case f < 0:
			case columns[f] >= 0:
				twice = append(twice, Problem{Row: row + 1, Column: strings.TrimSpace(cell), Message: "found a second column for the same thing, expected one"})
			default:
				columns[f] = c
				found++
			}
		}
		if columns[plate] >= 0 && found >= 2 {
			return row, columns, twice
		}
	}
	return 0, columns, []Problem{{Message: "found no row of headings, expected one with at least Placa and another of: " + strings.Join(Headings(), ", ")}}
}

func fieldOf(heading string) int {
	folded := tickets.Fold(heading)
	for i, f := range fields() {
		if folded == tickets.Fold(f.heading) {
			return i
		}
		for _, alias := range f.aliases {
			if folded == alias {
				return i
			}
		}
	}
	return -1
}

// reader gathers the machines of a table.
type reader struct {
	columns  [fieldCount]int
	vendors  tickets.People
	assets   []tickets.Asset
	problems []Problem
	plates   map[string]int // key to row
	serials  map[string]int
}

func (r *reader) wrong(row, field int, warning bool, format string, args ...any) {
	r.problems = append(r.problems, Problem{Row: row, Column: fields()[field].heading, Warning: warning, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) row(row int, cells []string) {
	cell := func(f int) string {
		if c := r.columns[f]; c >= 0 && c < len(cells) {
			return strings.Join(strings.Fields(undefuse(cells[c])), " ")
		}
		return ""
	}
	a := tickets.Asset{Plate: cell(plate), Serial: cell(serial), What: cell(what), Brand: cell(brand), Model: cell(model),
		Holder: mailbox.Address{Name: cell(holder)}, Office: cell(office), Contract: cell(contract)}
	a.Plate = r.unique(row, plate, a.Plate, r.plates)
	if a.Serial != "" {
		a.Serial = r.unique(row, serial, a.Serial, r.serials)
	}
	a.Holder.Addr = r.address(row, address, cell(address))
	a.Vendor = r.vendor(row, cell(vendor), cell(vendorAddress))
	if written := cell(warranty); written != "" {
		day, ok := parseDay(written)
		if !ok {
			r.wrong(row, warranty, false, "found %q, expected a day such as 31/12/2026 or 2026-12-31", written)
		}
		a.Warranty = day
	}
	r.assets = append(r.assets, a)
}

// unique checks that an identifier can be looked for and stands in the file once.
func (r *reader) unique(row, f int, written string, seen map[string]int) string {
	key := tickets.AssetKey(written)
	switch other, again := seen[key]; {
	case key == "":
		r.wrong(row, f, false, "found %q, expected letters and digits", written)
	case again:
		r.wrong(row, f, false, "found %q, which row %d has already", written, other)
	default:
		seen[key] = row
	}
	return written
}

func (r *reader) address(row, f int, written string) string {
	if written == "" {
		return ""
	}
	a, err := mail.ParseAddress(written)
	if err != nil {
		r.wrong(row, f, false, "found %q, expected a mail address such as nombre@ministerio.example", written)
		return ""
	}
	return a.Address
}

// vendor finds the vendor by address, else by its name in the settings.
func (r *reader) vendor(row int, name, written string) mailbox.Address {
	v := mailbox.Address{Name: name, Addr: r.address(row, vendorAddress, written)}
	if v.Addr == "" && strings.Contains(name, "@") {
		v.Addr = r.address(row, vendor, name)
	}
	for _, p := range r.vendors.With(tickets.RoleVendor) {
		if v.Addr != "" && p.Has(v.Addr) || v.Addr == "" && name != "" && tickets.Fold(p.Name) == tickets.Fold(name) {
			return p.Address()
		}
	}
	if name != "" || v.Addr != "" {
		r.wrong(row, vendor, true, `found %q, which is no [[person]] with role = "vendor" in the settings: the desk cannot write to it`, cmp.Or(name, written))
	}
	return mailbox.Address{Name: name}
}
