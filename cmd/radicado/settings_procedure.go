package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"radicado/tickets"
	"radicado/tickets/procedure"
)

// procedureSection is what the ministry's procedure says beyond the main job.
type procedureSection struct {
	Types        []string `toml:"types"`
	Instructions string   `toml:"instructions"`
	Articles     string   `toml:"articles"`
	Logo         string   `toml:"logo"`
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
	var err error
	if s.policy.Instructions, err = procedure.Instructions(p.Instructions); err != nil {
		c.wrong("procedure.instructions", "%v", err)
	}
	articles, err := procedure.Articles(p.Articles)
	if err != nil {
		c.wrong("procedure.articles", "%v", err)
	}
	s.policy.Library = tickets.NewLibrary(articles)
}

// vendorKeys is what was agreed with a vendor.
type vendorKeys struct {
	AnswerWithin string `toml:"answer_within"`
	RemindEvery  string `toml:"remind_every"`
	SolveWithin  string `toml:"solve_within"`
}

// terms checks what was agreed with a vendor; what was not takes the domain's defaults.
func (c *checker) terms(key string, v vendorKeys, role tickets.Role) tickets.VendorTerms {
	read := func(name, value string) time.Duration {
		if value == "" {
			return 0
		}
		if role != tickets.RoleVendor {
			c.wrong(key+"."+name, "found %q for a %s, expected it of vendors only", value, role)
		}
		return c.duration(key+"."+name, value)
	}
	return tickets.VendorTerms{Answer: read("answer_within", v.AnswerWithin), Again: read("remind_every", v.RemindEvery), Solve: read("solve_within", v.SolveWithin)}
}
