package desk

import (
	"slices"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// maxMachines bounds the machines of one official that are looked up.
const maxMachines = 50

// maxRecent bounds the requests of one official that a new one is compared with.
const maxRecent = 20

// furnish looks up what Decide must know besides the commands' own questions.
func (d *Desk) furnish(tx *register.Tx, in *tickets.Input) (err error) {
	wanted := in.Assets()
	if in.Found.Assets, err = tx.AssetsByKeys(wanted.Keys); err != nil {
		return err
	}
	if in.Found.Held, err = tx.AssetsOf(wanted.Holder, maxMachines); err != nil {
		return err
	}
	if requester, since := in.Recent(); requester != "" {
		in.Found.Recent, _, err = tx.List(register.Filter{Requester: requester, From: since}, maxRecent, 0)
	}
	return err
}

// matchCase finds the request that a vendor means by its own number. Only a request that was put to this very vendor counts.
func (d *Desk) matchCase(tx *register.Tx, m *mailbox.Message) (tickets.Number, error) {
	people := d.options.Policy.People
	vendor, known := people.Find(m.From.Addr)
	if !known || vendor.Role != tickets.RoleVendor {
		return "", nil
	}
	for _, key := range tickets.CaseKeys(m) {
		found, err := tx.TicketsByCase(key)
		if err != nil {
			return "", err
		}
		for _, t := range slices.Backward(found) { // vendors begin again from one: the latest is meant
			if vendor.Has(t.Claim.Vendor.Addr) {
				return t.Number, nil
			}
		}
	}
	return "", nil
}
