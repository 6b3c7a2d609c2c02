package tickets

import (
	"slices"

	"radicado/mailbox"
)

// FailedAddress is an address that did not take a notice.
type FailedAddress struct {
	Addr       string // key
	Status     string // enhanced status code (RFC 3463), "" for none
	Diagnostic string
	Dead       bool // nothing more is sent there until a mail comes from it
}

// deadAfter is how many refusals in a row make an address dead whose status code does not say that it is.
const deadAfter = 3

// hopeless lists the status codes (RFC 3463 section 3, RFC 7505) that speak of the address and not of the mail. X.1.0 is not among them:
// Postfix says it of a sender.
var hopeless = []string{"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}

// meant reports whether a delivery report is about the address that our notice went to, and not about one that got a copy from there.
func (b *Bounced) meant(report *mailbox.Bounce) bool {
	return len(report.Recipients) == 0 || slices.Contains(report.Recipients, b.To.Key()) || slices.Contains(report.Originals, b.To.Key())
}

// failed says what a failure means for the address that our notice went to. Other addresses of a report are not believed: it can be forged.
func (w *work) failed(fact *UndeliveredFact) *FailedAddress {
	b := w.in.Bounced
	if b == nil || !fact.Permanent {
		return nil
	}
	if p, known := w.in.Policy.People.Find(b.To.Addr); known && p.Role.Staff() {
		return nil // whoever runs the desk is written to whatever happens
	}
	return &FailedAddress{Addr: b.To.Key(), Status: fact.Status, Diagnostic: fact.Diagnostic,
		Dead: b.Dead || slices.Contains(hopeless, fact.Status) || b.Failures+1 >= deadAfter}
}
