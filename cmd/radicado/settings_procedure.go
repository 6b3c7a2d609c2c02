package main

import (
	"fmt"
	"slices"
	"strings"

	"radicado/tickets"
)

// procedureSection is what the ministry's procedure says beyond the main job.
type procedureSection struct {
	Types []string `toml:"types"`
}

func defaultProcedure() procedureSection {
	return procedureSection{Types: []string{"Primer nivel", "Equipos", "Redes", "Correo y cuentas", "Desarrollo de software",
		"Adquisición de hardware y software", "Ajustes a aplicaciones existentes"}}
}

func (c *checker) procedure(s *settings) {
	p := s.file.Procedure
	for i, name := range p.Types {
		key := fmt.Sprintf("procedure.types[%d]", i)
		c.require(key, name, "the name of a kind of request")
		if slices.ContainsFunc(p.Types[:i], func(other string) bool { return tickets.Fold(other) == tickets.Fold(name) }) {
			c.wrong(key, "found %q twice, expected a name of its own for each kind", name)
		}
		if strings.Contains(name, "#") {
			c.wrong(key, "found %q, expected a name without #, which begins a command", name)
		}
	}
	s.policy.Types, s.policy.Zone = p.Types, s.location
}
