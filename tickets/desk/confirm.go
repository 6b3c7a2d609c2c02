package desk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/register"
)

// purposeConfirm keeps the tokens of confirmations from serving for anything else.
const purposeConfirm = "confirmation"

// Code returns the code that confirms commands. It is worked out of the key, so that neither the register nor its backup
// holds it, and it depends on everything that it confirms.
func Code(keys *trust.Keyring, c tickets.Confirmation, person string) string {
	parts := append([]string{strconv.FormatInt(c.Message, 10), string(c.Ticket), person}, c.Commands...)
	code := keys.Token(purposeConfirm, parts...)
	return strings.Join([]string{code[:5], code[5:10], code[10:15], code[15:]}, "-")
}

// digestOf returns what is kept of a code. A code has a hundred random bits, so that nothing is gained by salt or by hashing slowly.
func digestOf(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// ask keeps what a confirmation would carry out.
func (d *Desk) ask(tx *register.Tx, c *tickets.Confirmation) error {
	code := tickets.ReadCode(Code(d.options.Keys, *c, c.Person))
	return tx.AddConfirmation(digestOf(code), register.Confirmation{Message: c.Message, Ticket: c.Ticket, Person: c.Person,
		Commands: c.Commands, ExpiresAt: c.Until})
}

// confirmed returns the input for the commands that a mail confirms, as if they had come proven now, and the id of the confirmation,
// which is then used up, whatever becomes of the commands. For a mail that confirms none it returns the mail's own input and 0.
func (d *Desk) confirmed(tx *register.Tx, answer tickets.Input) (in tickets.Input, confirmation int64, err error) {
	c, found, err := d.pending(tx, answer)
	if err != nil || !found {
		return answer, 0, err
	}
	p, err := d.reread(tx, c.Message)
	if err != nil {
		return answer, 0, err
	}
	p.proof = mailbox.Proof{Proven: true, Method: "confirmed", Reason: fmt.Sprintf("confirmed with the code by message %d", answer.Mail.ID)}
	d.study(&p)
	in, err = d.input(tx, p, acquaintance{}, c.Message)
	if err != nil {
		return in, 0, err
	}
	// Whatever the settings or the register have become meanwhile: what was asked is what is done.
	if in.Ticket, err = tx.Ticket(c.Ticket); err != nil {
		return in, 0, err
	}
	var commands []string
	for _, one := range in.Mail.Commands {
		commands = append(commands, one.String())
	}
	if !slices.Equal(commands, c.Commands) {
		return in, 0, fmt.Errorf("message %d is read otherwise than when its commands were asked about", c.Message)
	}
	in.Confirmed = &tickets.Confirmed{By: answer.Mail.ID}
	if in.Found, err = find(tx, tickets.Lookups(in)); err != nil {
		return in, 0, err
	}
	return in, c.ID, d.furnish(tx, &in)
}

// pending returns the confirmation that a mail answers: the right code, in time, from the very person who was asked.
func (d *Desk) pending(tx *register.Tx, answer tickets.Input) (c register.Confirmation, found bool, err error) {
	if answer.Mail.Message.Class != mailbox.ClassPerson {
		return c, false, nil
	}
	for _, one := range answer.Mail.Commands {
		code := tickets.ReadCode(one.Arg)
		if one.Verb != tickets.VerbConfirm || code == "" {
			continue
		}
		c, err := tx.PendingConfirmation(digestOf(code))
		if errors.Is(err, register.ErrNotFound) {
			continue
		}
		return c, err == nil && d.options.Policy.SamePerson(c.Person, answer.Sender.Address.Addr), err
	}
	return c, false, nil
}

// reread reads a stored message again.
func (d *Desk) reread(tx *register.Tx, id int64) (p prepared, err error) {
	stored, err := tx.Message(id)
	if err != nil {
		return p, err
	}
	raw, err := tx.LoadRaw(stored.Digest)
	if err != nil {
		return p, err
	}
	p.message = message.Read(raw, d.options.Reader)
	p.arrival.Digest, p.arrival.InternalDate = stored.Digest, stored.ReceivedAt
	return p, nil
}
