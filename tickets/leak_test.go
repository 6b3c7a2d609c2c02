package tickets_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// token is a word of which every mail of the test has its own, a different one in each place.
var token = regexp.MustCompile(`zz\d+[a-z]`)

func tokensOf(v any) []string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return token.FindAllString(string(data), -1)
}

// witness knows which words which outsider may read.
type witness struct {
	public map[tickets.Number]map[string]bool // words of the public events of a request
	wrote  map[string]map[string]bool         // words of mails in the name of an address
}

// TestLeakNothing sends mails of every kind at random and reads every notice to an outsider: it says nothing but what stands in the
// public events of that outsider's own requests, and what came in his or her own name.
func TestLeakNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := newOffice(t)
		o.policy.Confirm = tickets.Confirming{Unproven: rapid.Bool().Draw(rt, "confirm"), Verbs: []tickets.Verb{tickets.VerbReject}}
		w := witness{public: map[tickets.Number]map[string]bool{}, wrote: map[string]map[string]bool{}}
		o.take(request)
		w.learn(o)
		for i := range rapid.IntRange(1, 12).Draw(rt, "mails") {
			l := drawLetter(rt, i, len(o.tickets))
			w.sent(l)
			o.take(l)
			w.learn(o)
			for _, n := range o.last.Notices {
				w.read(rt, o, n)
			}
		}
		o.checkReplay()
	})
}

// drawLetter writes a mail with words of its own: s in the subject, t in the text, f in a file name, a in arguments, n above a forward.
func drawLetter(rt *rapid.T, i, requests int) letter {
	word := func(place string) string { return fmt.Sprintf("zz%d%s", i, place) }
	l := letter{
		from:     rapid.SampledFrom([]string{marta, ana, luis, pedro, sofia, nadie, ventas}).Draw(rt, "from"),
		unproven: rapid.IntRange(0, 3).Draw(rt, "proof") == 0,
		text:     "Texto " + word("t"),
		class:    rapid.SampledFrom([]mailbox.Class{"", "", "", "", mailbox.ClassAutoReply, mailbox.ClassList}).Draw(rt, "class"),
	}
	if n := rapid.IntRange(0, requests).Draw(rt, "request"); n > 0 {
		l.subject = fmt.Sprintf("Re: [%s] ", tickets.FormatNumber("SS", 2026, n))
	} else if rapid.Bool().Draw(rt, "title") {
		l.subject = "Asunto " + word("s") + " "
	}
	for range rapid.IntRange(0, 2).Draw(rt, "commands") {
		l.subject += rapid.SampledFrom([]string{"#nota", "#nota " + word("a"), "#asignar ana", "#prioridad alta", "#espera", "#solucion " + word("a"), "#cerrar " + word("a"),
			"#reabrir", "#rechazar " + word("a"), "#estado", "#estado SS-2026-000001", "#lista", "#lista todas", "#buscar impresora", "#ayuda", "#tomar", "#cerar " + word("a"),
			"#diagnostico " + word("a"), "#plan", "#copia " + sofia, "#copia " + nadie, "#para " + sofia, "#tipo software", "#instructivo adquisicion", "#paso 1 " + word("a"),
			"#proveedor " + word("a"), "#garantia", "#nohay " + word("a"), "#deshacer", "#informe", "#informe " + word("a"), "#confirmar aaaaa-bbbbb-ccccc-ddddd"}).Draw(rt, "command") + " "
	}
	forward := rapid.IntRange(0, 4).Draw(rt, "forward") == 0
	l.change = func(m *mailbox.Message) {
		m.Attachments = []mailbox.Attachment{{Name: word("f") + ".pdf", Type: "application/pdf"}}
		m.Cc = []mailbox.Address{{Addr: sofia}, {Addr: nadie}} // who is copied by the writer gets nothing from the desk
		if forward {
			m.Forward = &mailbox.Forward{From: mailbox.Address{Addr: pedro}, Subject: "Pedido " + word("s"), Text: "Reenviado " + word("t"), Message: "Entre nosotros " + word("n")}
		}
	}
	return l
}

func (w witness) sent(l letter) {
	m := &mailbox.Message{}
	l.change(m)
	words := w.wrote[l.from]
	if words == nil {
		words = map[string]bool{}
		w.wrote[l.from] = words
	}
	for _, s := range tokensOf([]any{l.subject, l.text, m.Attachments[0].Name, m.Forward}) {
		words[s] = true
	}
}

// learn takes down the words of public events. Of a registration the note, the remarks and who sent it in are for staff.
func (w witness) learn(o *office) {
	for _, e := range o.last.Events {
		words := w.public[e.Ticket]
		if words == nil {
			words = map[string]bool{}
			w.public[e.Ticket] = words
		}
		fact := any(e.Fact)
		if f, ok := e.Fact.(*tickets.RegisteredFact); ok {
			fact = []any{f.Subject, f.Text, f.Files}
		} else if e.Fact.Internal() {
			continue
		}
		for _, s := range tokensOf(fact) {
			words[s] = true
		}
	}
}

// read fails where a notice to an outsider says too much.
func (w witness) read(rt *rapid.T, o *office, n tickets.Notice) {
	p, known := o.policy.People.Find(n.To.Addr)
	if known && p.Role.Staff() {
		return
	}
	key := n.To.Key()
	allowed := func(s string) bool {
		if w.wrote[key][s] {
			return true
		}
		for number, words := range w.public {
			if words[s] && hasPart(o.tickets[number], key) {
				return true
			}
		}
		return false
	}
	for _, s := range tokensOf(n.Data) {
		if !allowed(s) {
			rt.Errorf("notice %s tells %s %q, which is not for that address: %+v", n.Kind, key, s, n.Data)
		}
	}
	if v := n.Data.Ticket; v != nil && o.tickets[v.Number] != nil && !hasPart(o.tickets[v.Number], key) && n.Kind != tickets.NoticeReceipt {
		rt.Errorf("notice %s about %s goes to %s, who has no part in it", n.Kind, v.Number, key)
	}
	if n.Data.Report != nil {
		rt.Errorf("notice %s tells %s the figures of the desk", n.Kind, key)
	}
	if n.Data.Proof != "" || n.Data.Unproven || n.Data.Withheld != nil {
		rt.Errorf("notice %s tells %s how senders are proven: %+v", n.Kind, key, n.Data)
	}
}

// hasPart reports whether an address is the requester or a follower of a request.
func hasPart(t *tickets.Ticket, key string) bool {
	return t.Requester.Key() == key || slices.ContainsFunc(t.Followers, func(f mailbox.Address) bool { return f.Key() == key })
}

// TestLeakByQuotedToken has an outsider answer a notice that was sent to somebody else: the mail belongs to that request by its
// References, and the outsider gains nothing by it.
func TestLeakByQuotedToken(t *testing.T) {
	for _, from := range []string{sofia, nadie, ventas} {
		for _, subject := range []string{"@", "@ #estado", "@ #estado SS-2026-000001", "@ #cerrar", "@ #lista todas", "@ #buscar impresora"} {
			for _, unproven := range []bool{false, true} {
				o := newOffice(t)
				o.take(request)
				o.take(letter{from: marta, subject: "@ #nota zz1n"})
				before := o.tickets[first].Version
				o.take(letter{from: from, subject: subject, text: "zz2t", unproven: unproven})
				if got := o.tickets[first].Version; got != before {
					t.Errorf("%s wrote into the request by %q: %v", from, subject, o.events[first][before:])
				}
				for _, n := range o.last.Notices {
					if n.To.Key() != from {
						continue
					}
					data, err := json.Marshal(n.Data)
					if err != nil {
						t.Fatal(err)
					}
					for _, secret := range []string{"No imprime", "pedro", "zz1n", "Pedro"} {
						if regexp.MustCompile(secret).Match(data) {
							t.Errorf("%s learns %q by %q: %s", from, secret, subject, data)
						}
					}
				}
			}
		}
	}
}

// TestLeakExistence asks about a number that exists and about one that does not: the answers differ in the number alone.
func TestLeakExistence(t *testing.T) {
	for _, from := range []string{sofia, nadie} {
		answer := func(given []letter) string {
			o := newOffice(t)
			for _, l := range given {
				o.take(l)
			}
			o.take(letter{from: from, subject: "#estado SS-2026-000001"})
			text := ""
			for _, n := range o.last.Notices {
				if n.To.Key() == from {
					n.Data.Ticket = nil // the request that the question itself may have become
					data, err := json.Marshal(n.Data)
					if err != nil {
						t.Fatal(err)
					}
					text += string(n.Kind) + string(data)
				}
			}
			return text
		}
		if with, without := answer([]letter{request}), answer(nil); with != without {
			t.Errorf("%s can tell what exists:\n%s\n%s", from, with, without)
		}
	}
}
