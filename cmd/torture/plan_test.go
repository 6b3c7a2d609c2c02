package main

import (
	"slices"
	"testing"
)

// TestEachKindIsPlanned plans as many faults as there are kinds in ten minutes at the slowest: none may be left out, and the plan
// must be the same again.
func TestEachKindIsPlanned(t *testing.T) {
	t.Parallel()
	plans := map[string]struct {
		faults int
		kinds  []string
		name   func(i int) string
	}{
		"kill":   {160, killKinds(), func(i int) string { return deathOf(7, i).name() }},
		"imap":   {28, names(imapList(dice(0, "", 0))), func(i int) string { return imapTroubleOf(7, i).name }},
		"smtp":   {26, names(smtpList(dice(0, "", 0))), func(i int) string { return smtpTroubleOf(7, i).name }},
		"disk":   {22, names(diskList(dice(0, "", 0))), func(i int) string { return diskTroubleOf(7, i).name }},
		"files":  {3, names(filesList(dice(0, "", 0))), func(i int) string { return filesTroubleOf(7, i).name }},
		"memory": {limits, memoryKinds(), func(i int) string { return shortageNamed(shortageOf(7, i).limit) }},
	}
	for scenario, p := range plans {
		var planned []string
		for i := range p.faults {
			name := p.name(i)
			if again := p.name(i); again != name {
				t.Errorf("%s: fault %d is %s, and %s when it is planned again", scenario, i, name, again)
			}
			planned = append(planned, name)
		}
		for _, kind := range p.kinds {
			if !slices.Contains(planned, kind) {
				t.Errorf("%s: %q is not among %d faults", scenario, kind, p.faults)
			}
		}
		for _, name := range planned {
			if !slices.Contains(p.kinds, name) {
				t.Errorf("%s: %q is planned and not listed", scenario, name)
			}
		}
	}
}
