package main

import (
	"radicado/tickets"
)

type resourceSection struct {
	Name    string   `toml:"name"`
	Aliases []string `toml:"aliases"`
	Stock   int      `toml:"stock"`
	Days    int      `toml:"loan_days"`
}

// resources reads the technical resources that requests take and give back.
func (c *checker) resources(s *settings) {
	owner := map[string]string{} // folded name to the key of the resource that has it
	for i, r := range s.file.Resource {
		key := keyOf("resource", i, "")
		c.require(key+".name", r.Name, "the name of the resource")
		c.atLeast(key+".stock", r.Stock, 1)
		c.atLeast(key+".loan_days", r.Days, 0)
		for _, name := range append([]string{r.Name}, r.Aliases...) {
			folded := tickets.Fold(name)
			if other, taken := owner[folded]; taken && other != key {
				c.wrong(key, "found the name %q, which %s has already", name, other)
			}
			owner[folded] = key
		}
		s.policy.Resources = append(s.policy.Resources, tickets.Resource{Name: r.Name, Aliases: r.Aliases, Stock: r.Stock, Days: r.Days})
	}
}
