package desk_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
)

// code returns the code of a notice as its recipient sees it.
func (o *office) code(n tickets.Notice) string {
	o.t.Helper()
	if n.Data.Confirmation == nil {
		o.t.Fatalf("notice %s asks for no confirmation", n.Kind)
	}
	return desk.Code(o.keys, *n.Data.Confirmation, n.To.Key())
}

// asked returns the code that is under way to that address, "" for none, and empties the outbox.
func (o *office) asked(addr string) string {
	o.t.Helper()
	_, rows := o.flush()
	for _, row := range rows {
		if row.Notice.Kind == tickets.NoticeConfirm {
			if got := row.Notice.To.Addr; got != addr {
				o.t.Errorf("the code goes to %s, want %s", got, addr)
			}
			return o.code(row.Notice)
		}
	}
	return ""
}

func confirming(change func(*tickets.Confirming)) func(*office) {
	return func(o *office) {
		o.policy.Confirm = tickets.Confirming{Unproven: true, Valid: time.Hour}
		if change != nil {
			change(&o.policy.Confirm)
		}
	}
}

// forged is a command in the coordinator's name that nothing proves: she may have written it all the same.
var forged = mail{marks: nothing, from: marta, subject: "@ #prioridad alta", text: "Es urgente."}

func TestConfirmationByReply(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, confirming(nil))
	o.take(request)
	o.flush()
	o.take(forged)
	code := o.asked(marta)
	if got := o.ticket(first).Priority; code == "" || got != tickets.Unassessed {
		t.Fatalf("code %q, priority %q before the confirmation", code, got)
	}
	answer := mail{marks: nothing, from: marta, subject: "@ #confirmar " + strings.ToUpper(code)}
	o.take(answer)
	if got := o.ticket(first).Priority; got != tickets.High {
		t.Errorf("priority %q after the confirmation", got)
	}
	o.want("events", o.facts(first), "registered by requester | unproven by stranger | confirmation_asked by system | "+
		"confirmed by coordinator | prioritised by coordinator | noted by coordinator")
	names, _ := o.flush()
	o.want("notices", names, "status to pedro | receipt to marta")

	o.take(mail{from: marta, subject: "@ #prioridad baja"})
	o.flush()
	o.take(answer)
	if got := o.ticket(first).Priority; got != tickets.Low {
		t.Errorf("the code served twice: priority %q", got)
	}
	names, _ = o.flush()
	o.want("notices about the used code", names, "")
	o.sound()
}

func TestConfirmationOfNewRequest(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, confirming(nil))
	o.take(mail{marks: nothing, from: marta, subject: "Proyector #prioridad baja #asignar Ana", text: "No enciende."})
	o.take(mail{marks: nothing, from: marta, subject: "#confirmar " + o.asked(marta)})
	o.want("events", o.facts(first), "registered by coordinator | confirmation_asked by system | confirmed by coordinator | prioritised by coordinator | assigned by coordinator")
	if n := o.count(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestSpoofConfirmation has the code come back in ways that must not serve.
func TestSpoofConfirmation(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	tests := []struct {
		name   string
		answer func(code string) mail
		after  time.Duration
		change func(*office)
	}{
		{"from somebody else", func(c string) mail { return mail{from: sofia, subject: "@ #confirmar " + c} }, 0, nil},
		{"from the official of the request", func(c string) mail { return mail{from: pedro, subject: "@ #confirmar " + c} }, 0, nil},
		{"from a technician", func(c string) mail { return mail{from: ana, subject: "@ #confirmar " + c} }, 0, nil},
		{"from outside", func(c string) mail { return mail{from: nadie, subject: "@ #confirmar " + c} }, 0, nil},
		{"too late", func(c string) mail { return mail{marks: nothing, from: marta, subject: "@ #confirmar " + c} }, 2 * time.Hour, nil},
		{"too late though proven", func(c string) mail { return mail{from: marta, subject: "@ #confirmar " + c} }, 2 * time.Hour, nil},
		{"another code", func(string) mail {
			return mail{marks: nothing, from: marta, subject: "@ #confirmar aaaaa-bbbbb-ccccc-ddddd"}
		}, 0, nil},
		{"a piece of the code", func(c string) mail { return mail{marks: nothing, from: marta, subject: "@ #confirmar " + c[:11]} }, 0, nil},
		{"in the body alone", func(c string) mail { return mail{marks: nothing, from: marta, subject: "@", text: "#confirmar " + c} }, 0, nil},
		{"by a program", func(c string) mail {
			return mail{marks: nothing, from: marta, subject: "@ #confirmar " + c, further: "Auto-Submitted: auto-replied\n"}
		}, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, confirming(nil))
			o.take(request)
			o.take(forged)
			code := o.asked(marta)
			o.now = o.now.Add(tt.after)
			o.take(tt.answer(code))
			if got := o.ticket(first); got.Priority != tickets.Unassessed || got.State != tickets.Registered {
				t.Errorf("the commands were carried out: %+v", got)
			}
			_, rows := o.flush()
			for _, row := range rows {
				if !row.Notice.Data.Role.Staff() && row.Notice.Data.Receipt == nil && row.Notice.Kind != tickets.NoticeAcknowledgement {
					t.Errorf("%s is told %s", row.Notice.To.Addr, row.Notice.Kind)
				}
			}
			o.sound()
		})
	}
	for name, change := range map[string]func(*tickets.Confirming){
		"not asked where the settings do not want it": func(c *tickets.Confirming) { c.Unproven = false },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, confirming(change))
			o.take(request)
			o.take(forged)
			if code := o.asked(marta); code != "" {
				t.Errorf("asked with %s", code)
			}
		})
	}
	t.Run("outsiders are not asked", func(t *testing.T) {
		o := newOffice(t, confirming(nil))
		o.take(request)
		o.flush()
		for _, m := range []mail{{marks: nothing, from: sofia, subject: "@ #cerrar"}, {from: nadie, subject: "@ #cerrar"}} {
			o.take(m)
			if code := o.asked(m.from); code != "" {
				t.Errorf("%s was asked", m.from)
			}
		}
	})
}

// TestConfirmationOfDestructive has the settings demand it of proven people too: that stops a colleague who can send in the
// coordinator's name from the ministry's own server.
func TestConfirmationOfDestructive(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	demanding := confirming(func(c *tickets.Confirming) {
		c.Unproven, c.Verbs, c.Bulk = false, []tickets.Verb{tickets.VerbReject}, 3
	})
	o := newOffice(t, demanding)
	o.take(request)
	o.flush()
	o.take(mail{from: marta, subject: "@ #rechazar No es de soporte."})
	code := o.asked(marta)
	if got := o.ticket(first).State; code == "" || got != tickets.Registered {
		t.Fatalf("code %q, state %s", code, got)
	}
	o.take(mail{from: marta, subject: "@ #prioridad alta"})
	if got := o.ticket(first).Priority; got != tickets.High {
		t.Errorf("a command that needs no confirmation set priority %q", got)
	}
	o.take(mail{from: marta, subject: "@ #confirmar " + code})
	if got := o.ticket(first).State; got != tickets.Rejected {
		t.Errorf("state %s after the confirmation", got)
	}
	o.flush()
	o.take(mail{from: marta, subject: "@ #confirmar " + code})
	_, rows := o.flush()
	if len(rows) != 1 || rows[0].Notice.Data.Receipt.Items[0].Problem.Code != tickets.ProblemCodeUseless {
		t.Errorf("a proven person with a used code is told %+v", rows)
	}

	o = newOffice(t, demanding)
	o.take(request)
	o.take(mail{from: marta, subject: "@ #prioridad alta #asignar Ana #nota x"})
	if code := o.asked(marta); code == "" || o.ticket(first).Priority != tickets.Unassessed {
		t.Errorf("three commands were obeyed without a code")
	}
	o.take(mail{from: marta, subject: "@ #rechazar"}) // lacks its reason: refused at once
	if code := o.asked(marta); code != "" {
		t.Errorf("asked about a command that cannot be carried out")
	}
}

// TestLeakCodes looks for codes in the register's file.
func TestLeakCodes(t *testing.T) {
	t.Parallel() // the time goes into waiting for the disk
	o := newOffice(t, confirming(nil))
	o.take(request)
	o.take(forged)
	code := o.asked(marta)
	o.check(o.register.Update(t.Context(), func(tx *register.Tx) error { return nil }))
	for _, path := range []string{o.path, o.path + "-wal"} {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, form := range []string{code, strings.ReplaceAll(code, "-", "")} {
			if bytes.Contains(data, []byte(form)) {
				t.Errorf("%s holds the code", path)
			}
		}
	}
}
