package tickets

import (
	"slices"
	"strings"

	"radicado/mailbox"
	"radicado/tickets/calendar"
)

// Role is what a person is to the desk.
type Role string

// The roles of people; RoleSystem is the daemon itself.
const (
	RoleRequester     Role = "requester" // an official (funcionario)
	RoleCoordinator   Role = "coordinator"
	RoleTechnician    Role = "technician"
	RoleVendor        Role = "vendor"
	RoleStranger      Role = "stranger" // nobody whom the settings know
	RoleSystem        Role = "system"
	RoleAdministrator Role = "administrator" // who works on the machine itself: commands as a coordinator, and the events say so
)

// Staff reports whether the role works at the desk and may see internal matters.
func (r Role) Staff() bool { return r == RoleCoordinator || r == RoleTechnician }

// Desk reports whether the role acts for the desk: staff, and administrators, who command as a coordinator does.
func (r Role) Desk() bool { return r.Staff() || r == RoleAdministrator }

// Person is somebody whom the settings name.
type Person struct {
	Name      string
	Addresses []string // the first is where notices go
	Aliases   []string // further names by which commands may call the person
	Role      Role
	Lang      string // "es", "en", "" for the default
	Skills    []string
	MaxLoad   int                // open tickets at most, 0 for no limit
	Calendar  *calendar.Calendar // of a technician's own working hours; nil for the desk's

	Terms VendorTerms // of a vendor
}

// Address is where notices to the person go.
func (p Person) Address() mailbox.Address {
	return mailbox.Address{Name: p.Name, Addr: p.Addresses[0]}
}

// keys returns the keys of all addresses of the person.
func (p Person) keys() []string {
	var keys []string
	for _, own := range p.Addresses {
		keys = append(keys, mailbox.Address{Addr: own}.Key())
	}
	return keys
}

// Has reports whether the address is one of the person's.
func (p Person) Has(addr string) bool {
	return slices.ContainsFunc(p.Addresses, func(own string) bool { return strings.EqualFold(own, strings.TrimSpace(addr)) })
}

// People is everybody whom the settings name.
type People []Person

// Find returns the person who has the address.
func (ps People) Find(addr string) (Person, bool) {
	for _, p := range ps {
		if p.Has(addr) {
			return p, true
		}
	}
	return Person{}, false
}

// With returns the people of a role in the order of the settings.
func (ps People) With(role Role) []Person {
	var found []Person
	for _, p := range ps {
		if p.Role == role {
			found = append(found, p)
		}
	}
	return found
}

// Sender is who a mail claims to be from, and what that claim is worth.
type Sender struct {
	Address mailbox.Address
	Name    string // as the settings write it, else as the mail does
	Role    Role
	Lang    string
	Proof   mailbox.Proof
	Console bool // commands on the machine itself, by no mail: Name is that of the account
}

// Actor returns the sender as the actor of an event.
func (s Sender) Actor() Actor {
	if s.Console {
		return Actor{Role: RoleAdministrator, Name: s.Name}
	}
	return Actor{Role: s.Role, Addr: s.Address.Key(), Name: s.Name}
}

// Administrator is who commands on the machine itself. The system has proven who that is.
func Administrator(account string) Sender {
	return Sender{Name: account, Role: RoleCoordinator, Console: true, Proof: mailbox.Proof{Proven: true, Method: "console", Reason: "an account of this machine"}}
}
