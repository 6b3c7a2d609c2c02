package tickets

import "radicado/mailbox"

// Official is what the directory of the ministry says of a person whom the desk serves.
type Official struct {
	Name      string
	Office    string // dependencia
	Telephone string
	Lang      string // "" for that of the desk
}

// official returns what is known of the person with that address.
func (p *Policy) official(a mailbox.Address) Official { return p.Officials[a.Key()] }
