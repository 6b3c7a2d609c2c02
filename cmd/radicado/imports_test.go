package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// floor is how deep a package lies: it may import only from floors below its own, and never what stands beside it. The
// picture in docs/architecture.md shows the same.
var floors = map[string]int{
	"radicado/mailbox":          0,
	"radicado/tickets/calendar": 0,
	"radicado/tickets/monitor":  0,
	"radicado/mailbox/owner":    0,

	"radicado/tickets":            1,
	"radicado/tickets/form/fonts": 1,

	"radicado/tickets/command":          2,
	"radicado/tickets/form":             2,
	"radicado/tickets/report":           2,
	"radicado/mailbox/oauth":            2,
	"radicado/mailbox/message/tnef":     2,
	"radicado/mailbox/message/htmltext": 2,

	"radicado/templates":              3,
	"radicado/tickets/register":       3,
	"radicado/tickets/inventory":      3,
	"radicado/tickets/procedure":      3,
	"radicado/mailbox/receive":        3,
	"radicado/mailbox/deliver":        3,
	"radicado/mailbox/trust":          3,
	"radicado/mailbox/clamd":          3,
	"radicado/mailbox/archive":        3,
	"radicado/mailbox/mailtest":       3,
	"radicado/mailbox/mailtest/peers": 3,
	"radicado/mailbox/message/quote":  3,

	"radicado/tickets/report/chart": 4,
	"radicado/mailbox/message":      4,
	"radicado/mailbox/message/show": 5,

	"radicado/tickets/desk":     6,
	"radicado/tickets/outbox":   6,
	"radicado/tickets/schedule": 6,
	"radicado/tickets/backup":   6,
	"radicado/tickets/board":    6,

	"radicado/cmd/bench":         7,
	"radicado/cmd/torture/audit": 2,

	"radicado/cmd/radicado": 7,
	"radicado/cmd/torture":  7,
}

// TestImportsRunDownwards fails where an import runs upwards or sideways, or a package has no place yet.
func TestImportsRunDownwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "radicado/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from, placed := floors[p.ImportPath]
		if !placed {
			t.Errorf("%s has no floor: give it one here and in docs/architecture.md", p.ImportPath)
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, "radicado/") {
				continue
			}
			if to := floors[i]; to >= from {
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.ImportPath, from, i, to)
			}
			if strings.HasPrefix(p.ImportPath, "radicado/mailbox") && strings.HasPrefix(i, "radicado/tickets") {
				t.Errorf("%s imports %s: mail knows nothing of tickets", p.ImportPath, i)
			}
		}
	}
	if packages < 10 {
		t.Errorf("go list named only %d packages", packages)
	}
}
