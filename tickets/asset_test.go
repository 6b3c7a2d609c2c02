package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// machines furnishes an office with an equipment register.
func machines(o *office) {
	vendor := mailbox.Address{Name: "Proveedor S. A.", Addr: ventas}
	official := mailbox.Address{Name: "Pedro", Addr: pedro}
	o.assets = []tickets.Asset{
		{Plate: "PC-20451", Serial: "CNB7-K4R1", What: "Impresora", Holder: official, Vendor: vendor, Contract: "CT-118", Warranty: "2026-12-31"},
		{Plate: "30001", What: "Portátil", Holder: official, Vendor: vendor, Warranty: "2026-11-22"},
		{Plate: "30002", What: "Portátil", Vendor: vendor},
		{Plate: "30003", What: "Monitor", Vendor: mailbox.Address{Name: "Nadie"}, Warranty: "2027-01-01"},
	}
}

func TestAssets(t *testing.T) {
	const news = "registered by requester | equipped by system | = registered | > acknowledgement to pedro | > new_request to marta"
	checkRows(t, machines, []row{
		{"a plate in the text", nil, letter{from: pedro, subject: "No imprime", text: "Es la placa PC-20451."}, news},
		{"a plate written apart", nil, letter{from: pedro, subject: "No imprime la pc 20451"}, news},
		{"a serial in the subject", nil, letter{from: sofia, subject: "Serial cnb7k4r1"}, strings.ReplaceAll(news, "pedro", "sofia")},
		{"no machine", nil, request, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"part of a plate is none", nil, letter{from: pedro, subject: "Extensión 2045"}, "registered by requester | = registered | > acknowledgement to pedro | > new_request to marta"},
		{"a plate in an answer", []letter{request}, letter{from: pedro, subject: "@", text: "Placa 30001"}, "answered by requester | equipped by system | = registered | > incoming to marta"},
		{"a plate in an answer of the desk is not linked", []letter{request}, letter{from: marta, subject: "@", text: "¿Es la 30001?"}, "answered by coordinator | = registered | > answer to pedro"},
		{"linked by a command", []letter{request}, letter{from: marta, subject: "@ #equipo 30002"}, "equipped by coordinator | = registered | > receipt to marta"},
		{"two machines", []letter{request}, letter{from: marta, subject: "@ #equipo 30002 #equipo cnb7k4r1"}, "equipped by coordinator | equipped by coordinator | = registered | > receipt to marta"},
		{"linked twice", []letter{request, {from: marta, subject: "@ #equipo 30002"}}, letter{from: marta, subject: "@ #equipo 30002"}, "refused by coordinator | = registered | > receipt to marta !nothing_to_do"},
		{"an unknown plate", []letter{request}, letter{from: marta, subject: "@ #equipo 30011"}, "refused by coordinator | = registered | > receipt to marta !unknown_asset?30001"},
		{"no plate", []letter{request}, letter{from: marta, subject: "@ #equipo"}, "refused by coordinator | = registered | > receipt to marta !missing_argument"},
		{"an official links nothing by command", []letter{request}, letter{from: pedro, subject: "@ #equipo 30002"}, "refused by requester | = registered | > receipt to pedro !forbidden"},
	})
}

// TestHeldMachines shows the coordinator the machines of the official only where the request names none.
func TestHeldMachines(t *testing.T) {
	for text, want := range map[string][]string{"": {"PC-20451", "30001"}, "Placa 30001": nil} {
		o := newOffice(t)
		machines(o)
		o.take(letter{from: pedro, subject: "No enciende", text: text})
		var held []string
		for _, n := range o.last.Notices {
			for _, a := range n.Data.Held {
				held = append(held, a.Plate)
			}
			if n.Kind != tickets.NoticeNewRequest && n.Data.Held != nil {
				t.Errorf("%s lists the machines of the official", n.Kind)
			}
		}
		if !slices.Equal(held, want) {
			t.Errorf("%q: listed %v, want %v", text, held, want)
		}
	}
}

func TestCoverage(t *testing.T) {
	bogota := time.FixedZone("-05", -5*3600)
	for _, tt := range []struct {
		warranty, now string
		want          tickets.Coverage
	}{
		{"2026-11-23", "2026-11-23T23:59:59-05:00", tickets.CoverageValid},
		{"2026-11-23", "2026-11-24T00:00:00-05:00", tickets.CoverageExpired},
		{"2026-11-23", "2026-11-24T04:59:59Z", tickets.CoverageValid},
		{"", "2026-11-23T12:00:00-05:00", tickets.CoverageUnknown},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := (tickets.Asset{Warranty: tt.warranty}).Coverage(now.In(bogota)); got != tt.want {
			t.Errorf("warranty until %q at %s is %s, want %s", tt.warranty, tt.now, got, tt.want)
		}
	}
}

// TestLinkingAMachineDoesNotHideWhoWrote has the daemon link a machine that an answer names.
func TestLinkingAMachineDoesNotHideWhoWrote(t *testing.T) {
	o := newOffice(t)
	machines(o)
	o.take(request)
	o.take(letter{from: pedro, subject: "@", text: "Placa 30001"})
	if n := o.last.Notices[0]; n.Kind != tickets.NoticeIncoming || !strings.Contains(n.Data.From, "pedro") {
		t.Errorf("%s says that %q wrote", n.Kind, n.Data.From)
	}
}
