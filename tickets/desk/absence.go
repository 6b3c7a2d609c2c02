package desk

import (
	"radicado/tickets"
	"radicado/tickets/register"
)

// keepAbsence records what a mail says about when its sender is absent.
func keepAbsence(tx *register.Tx, change *tickets.AbsenceChange, mail int64) error {
	switch {
	case change == nil:
		return nil
	case change.Ended:
		return tx.EndAbsences(change.Person, mail)
	default:
		return tx.AddAbsence(change.Absence, mail)
	}
}
