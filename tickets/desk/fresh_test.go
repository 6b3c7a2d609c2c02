package desk

import (
	"bytes"
	"fmt"
	"testing"

	"radicado/mailbox"
	"radicado/tickets/register"
)

func TestFreshMails(t *testing.T) {
	mail := func(i, size int) mailbox.Arrival {
		return mailbox.Arrival{Raw: append(bytes.Repeat([]byte{'x'}, size), fmt.Sprint(i)...)}
	}
	known := func(f *fresh, a mailbox.Arrival) bool {
		raw, known := f.take(register.DigestOf(a.Raw))
		if known && !bytes.Equal(raw, a.Raw) {
			t.Error("another mail came back")
		}
		return known
	}
	var f fresh
	small, large := mail(1, 100), mail(2, freshMail)
	f.keep([]mailbox.Arrival{small, small, large})
	if !known(&f, small) || known(&f, small) {
		t.Error("a mail is not there once")
	}
	if known(&f, large) {
		t.Error("a large mail was kept")
	}

	count := 0
	for i := range 2 * freshBytes / 1000 {
		f.keep([]mailbox.Arrival{mail(i, 1000)})
	}
	if !known(&f, mail(0, 1000)) {
		t.Error("the mail that waits longest was forgotten")
	}
	for i := range 2 * freshBytes / 1000 {
		if known(&f, mail(i, 1000)) {
			count++
		}
	}
	if most := freshBytes / 1000; count > most || count < most*9/10 {
		t.Errorf("%d mails of 1,000 bytes were kept, want nearly %d", count, most)
	}
	f.keep([]mailbox.Arrival{small})
	f.clear()
	if known(&f, small) || f.bytes != 0 {
		t.Errorf("after clear %d bytes are left", f.bytes)
	}
}
