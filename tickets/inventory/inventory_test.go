package inventory_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/inventory"
)

var vendors = tickets.People{
	{Name: "Impresoras del Valle S. A.", Addresses: []string{"servicio@impresoras.example"}, Role: tickets.RoleVendor},
}

func printer() tickets.Asset {
	return tickets.Asset{Plate: "20451", Serial: "CNB7-K4R1", What: "Impresora", Brand: "HP", Model: "M428", Holder: mailbox.Address{Name: "Pedro Páramo", Addr: "pedro@ministerio.example"},
		Office: "Contratación", Vendor: mailbox.Address{Name: "Impresoras del Valle S. A.", Addr: "servicio@impresoras.example"}, Contract: "CT-118", Warranty: "2026-12-31"}
}

func TestReadCSV(t *testing.T) {
	spanish := "Inventario 2026;;\n\nPLACA;Serie;Descripción;Marca;Modelo;Responsable;Correo electrónico;Área;Proveedor;Contrato;Garantia\n" +
		"20451;CNB7-K4R1;Impresora;HP;M428;Pedro Páramo;pedro@ministerio.example;Contratación;IMPRESORAS DEL VALLE S. A.;CT-118;31/12/2026\n"
	latin, err := charmap.Windows1252.NewEncoder().String(spanish)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"UTF-8": spanish, "Windows-1252": latin, "byte order mark": "\ufeff" + spanish, "Windows line ends": strings.ReplaceAll(spanish, "\n", "\r\n")} {
		assets, problems := inventory.Read("equipos.csv", []byte(content), vendors)
		if len(problems) > 0 || len(assets) != 1 || assets[0] != printer() {
			t.Errorf("%s: %+v, %v", name, assets, problems)
		}
	}
}

func TestProblems(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"empty", "", "found no row of headings"},
		{"no plate", "Serial,Marca\n1,HP\n", "found no row of headings"},
		{"nothing below", "Placa,Serial\n", "no machine below"},
		{"two columns for one thing", "Placa,Serial,Serie\n1,2,3\n", "row 1, column Serie: found a second column"},
		{"plate twice", "Placa,Serial\nPC-1001,a1\n\npc 1001,a2\n", `row 4, column Placa: found "pc 1001", which row 2 has already`},
		{"serial twice", "Placa,Serial\n1001,a1\n1002,A-1\n", `row 3, column Serial: found "A-1", which row 2 has already`},
		{"plate missing", "Placa,Serial\n,a1\n", `row 2, column Placa: found "", expected letters and digits`},
		{"bad day", "Placa,Garantía hasta\n1001,31/02/2026\n", `row 2, column Garantía hasta: found "31/02/2026", expected a day`},
		{"year by a slip", "Placa,Garantía hasta\n1001,31/12/0206\n", "expected a day"},
		{"bad address", "Placa,Correo\n1001,pedro\n", `row 2, column Correo: found "pedro", expected a mail address`},
		{"unknown vendor", "Placa,Proveedor\n1001,Nadie\n", `row 2, column Proveedor: found "Nadie"`},
		{"torn quotes", "Placa,Serial\n\"1001,a\n", "found no valid CSV"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := inventory.Read("x.csv", []byte(tt.content), vendors)
			if !slices.ContainsFunc(problems, func(p inventory.Problem) bool { return strings.Contains(p.String(), tt.want) }) {
				t.Errorf("got %v, want %q", problems, tt.want)
			}
		})
	}
	if _, problems := inventory.Read("x.xlsx", []byte("PK nothing"), nil); len(problems) != 1 || !strings.Contains(problems[0].String(), "XLSX") {
		t.Errorf("a torn workbook: %v", problems)
	}
}

// TestProblemsAreAllTold lists every error of a file, so that one look mends it.
func TestProblemsAreAllTold(t *testing.T) {
	_, problems := inventory.Read("x.csv", []byte("Placa,Correo,Garantía hasta\n,x,y\n1001,z,2026-13-01\n"), nil)
	if len(problems) != 5 {
		t.Errorf("got %d problems: %v", len(problems), problems)
	}
}

func TestRoundTrip(t *testing.T) {
	second := tickets.Asset{Plate: "-7788", Serial: "=1+1", What: "Portátil \"gamer\"; 15,6\""}
	want := []tickets.Asset{printer(), second}
	for name, write := range map[string]func(io.Writer, []tickets.Asset) error{"a.csv": inventory.WriteCSV, "a.XLSX": inventory.WriteXLSX} {
		var file bytes.Buffer
		if err := write(&file, want); err != nil {
			t.Fatal(err)
		}
		got, problems := inventory.Read(name, file.Bytes(), vendors)
		if len(problems) > 0 || !slices.Equal(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, problems)
		}
	}
}

// TestWorkbookOfPeople reads a workbook as people make them: numbers as numbers and days as days.
func TestWorkbookOfPeople(t *testing.T) {
	book := excelize.NewFile()
	for i, row := range [][]any{{"Inventario de equipos"}, {"Placa", "Serial", "Garantía"}, {20451, 998877, 46387}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	file, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	got, problems := inventory.Read("x.xlsx", file.Bytes(), nil)
	if len(problems) > 0 || len(got) != 1 || got[0] != (tickets.Asset{Plate: "20451", Serial: "998877", Warranty: "2026-12-31"}) {
		t.Errorf("got %+v, %v", got, problems)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("x.csv", []byte("Placa;Serial\n1001;a\n"))
	f.Add("x.csv", []byte("\xef\xbb\xbfPlaca,Garantía hasta\n1,46387\n"))
	f.Add("x.xlsx", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		assets, problems := inventory.Read(name, content, vendors)
		if len(assets) == 0 && len(problems) == 0 {
			t.Error("neither a machine nor a word about why not")
		}
	})
}
