package desk

import (
	"encoding/hex"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets/register"
)

// TestIdentity keeps the identities of mails: those that the register holds are compared with those that are worked out today.
func TestIdentity(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("", -5*3600))
	from := mailbox.Address{Name: "Pedro Díaz", Addr: "Pedro.Diaz@ministerio.example"}
	file := mailbox.Attachment{Name: "foto.jpg", Digest: [32]byte{1, 0xab}}
	for name, tt := range map[string]struct {
		mail mailbox.Message
		want string
	}{
		"a letter": {mailbox.Message{MessageID: "1@ministerio.example", From: from, NewText: "No  imprime.\nGracias", Text: "x", Class: mailbox.ClassPerson},
			"fead3dfe108fa18fc81e592b3ebf45afee9bdd73985133bb805e457eee515ed8"},
		"with a file": {mailbox.Message{Date: date, From: from, Text: "Ñandú – 5", Class: mailbox.ClassList, Attachments: []mailbox.Attachment{file, {}}},
			"37bef003b842dd2eecc5f8e3461a0185ba803162f6e005687a41b30c27ddeee3"},
		"more than read": {mailbox.Message{MessageID: "2@ministerio.example", Text: "x", Beyond: []byte{0, 0xff}},
			"edd293f8d87c24aed4ec290402c208b852c62b6a501b23ef6fecb68b1ce0292b"},
		"nothing known": {mailbox.Message{From: from},
			"0700000000000000000000000000000000000000000000000000000000000000"},
		"a part of it": {mailbox.Message{MessageID: "1@ministerio.example", Truncated: true},
			"0700000000000000000000000000000000000000000000000000000000000000"},
	} {
		if got := hex.EncodeToString(identityOf(&tt.mail, register.Digest{7})); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
