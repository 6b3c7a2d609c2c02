package desk_test

import (
	"fmt"
	"testing"

	"radicado/tickets"
	"radicado/tickets/register"
)

// giveUp gives up every notice that waits for somebody, "" for all, as the outbox does, and returns how many there were.
func (o *office) giveUp(to string, why tickets.UndeliveredFact) (count int) {
	o.t.Helper()
	o.check(o.register.Update(o.t.Context(), func(tx *register.Tx) error {
		rows, err := tx.ClaimNotices(1000, linger)
		for _, row := range rows {
			if to != "" && row.Notice.To.Addr != to {
				continue
			}
			count++
			if err := tx.Failed(row.ID, 0, why.Diagnostic); err != nil {
				return err
			}
			fact := why
			fact.Recipients = []string{row.Notice.To.Key()}
			if err := o.desk.GivenUp(tx, row, &fact); err != nil {
				return err
			}
		}
		return err
	}))
	return count
}

// dead reports whether nothing is sent to an address any more.
func (o *office) dead(address string) (dead bool) {
	o.t.Helper()
	o.view(func(r *register.Reader) (err error) {
		_, dead, err = r.AddressFailures(address)
		return err
	})
	return dead
}

// TestOurFailureIsNotHeldAgainstTheAddress gives up three notices and more, refused or not.
func TestOurFailureIsNotHeldAgainstTheAddress(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	for _, tt := range []struct {
		name string
		why  tickets.UndeliveredFact
		dead bool
	}{
		{"refused", tickets.UndeliveredFact{Permanent: true, Status: "5.2.2", Diagnostic: "550 full"}, true},
		{"no such user", tickets.UndeliveredFact{Permanent: true, Status: "5.1.1", Diagnostic: "550 no such user"}, true},
		{"no server for days", tickets.UndeliveredFact{GivenUp: true, Diagnostic: "connection refused"}, false},
		{"a relay for others", tickets.UndeliveredFact{GivenUp: true, Status: "5.7.1", Diagnostic: "Relay access denied"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			for i := range 3 {
				o.take(mail{from: pedro, subject: fmt.Sprint("Solicitud ", i), text: "No imprime."})
			}
			o.giveUp(pedro, tt.why)
			if got := o.dead(pedro); got != tt.dead {
				t.Errorf("dead: %v", got)
			}
			names, _ := o.flush()
			if countOf(names, "undelivered to marta") == 0 {
				t.Errorf("the coordinator is not told: %v", names)
			}
			o.sound()
		})
	}
}

// TestUndeliveredGoesRoundOnce has two coordinators whose mail is refused, all of it.
func TestUndeliveredGoesRoundOnce(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, func(o *office) {
		o.policy.People = append(o.policy.People, tickets.Person{Name: "Rosa", Addresses: []string{"rosa@ministerio.example"}, Role: tickets.RoleCoordinator})
	})
	o.take(request)
	rounds, refused := 0, 0
	for ; rounds < 10; rounds++ {
		n := o.giveUp("", tickets.UndeliveredFact{Permanent: true, Status: "5.7.1", Diagnostic: "no"})
		if n == 0 {
			break
		}
		refused += n
	}
	// The acknowledgement and the two notices of the new request; of the first both are told, of each of the others the other one.
	if rounds != 2 || refused != 3+2+1+1 {
		t.Errorf("%d notices in %d rounds", refused, rounds)
	}
	o.sound()
}

// TestReportOfACopy is about an address to which a person's mailbox sends a copy on, and about one that stands for the person's.
func TestReportOfACopy(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	for _, tt := range []struct {
		name, original string
		dead           bool
	}{{"a copy", "", false}, {"another name of the same", pedro, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			o.take(request)
			_, rows := o.flush()
			o.takeRaw(o.bounceOf(messageIDTo(rows, pedro), "pedro.lopez@correo.example", "5.1.1", tt.original))
			if got := o.dead(pedro); got != tt.dead {
				t.Errorf("dead: %v", got)
			}
			names, _ := o.flush()
			o.want("after the report", names, "undelivered to marta")
			o.sound()
		})
	}
}

// TestGivenUpAfterDays is a report of a server that gave up after days, with the status of its last try.
func TestGivenUpAfterDays(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, nil)
	o.take(request)
	_, rows := o.flush()
	for range 4 {
		o.takeRaw(o.bounceOf(messageIDTo(rows, pedro), pedro, "4.4.1", ""))
	}
	names, rows := o.flush()
	if countOf(names, "undelivered to marta") == 0 || !rows[0].Notice.Data.Failure.GivenUp || o.dead(pedro) {
		t.Errorf("told %v, dead %v", names, o.dead(pedro))
	}
	o.sound()
}
