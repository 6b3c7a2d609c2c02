package desk

import (
	"radicado/tickets"
	"radicado/tickets/register"
)

// maxMachines bounds the machines of one official that are looked up.
const maxMachines = 50

// furnish looks up what Decide must know besides the commands' own questions.
func (d *Desk) furnish(tx *register.Tx, in *tickets.Input) (err error) {
	wanted := in.Assets()
	if in.Found.Assets, err = tx.AssetsByKeys(wanted.Keys); err != nil {
		return err
	}
	in.Found.Held, err = tx.AssetsOf(wanted.Holder, maxMachines)
	return err
}
