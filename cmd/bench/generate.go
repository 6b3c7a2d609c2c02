package main

import (
	"fmt"
	"math/rand/v2"
	"mime"
	"strings"
	"time"
)

// The people of the bench.
const (
	deskAddress        = "soporte@ministerio.example"
	coordinatorAddress = "marta.ruiz@ministerio.example"
	authority          = "mx.ministerio.example"
)

// mix says what mails are made.
type mix struct {
	Mails    int     `help:"Mails in the mailbox." default:"5000"`
	Senders  int     `help:"Officials who write them." default:"100"`
	MinSize  int     `help:"Bytes of a mail at least." default:"2000"`
	MaxSize  int     `help:"Bytes of a mail at most." default:"5000"`
	Answers  float64 `help:"Share of answers to earlier requests." default:"0.1"`
	Commands float64 `help:"Share of commands of the coordinator." default:"0.1"`
	Seed     uint64  `help:"Of the random numbers: the same seed makes the same mails." default:"1"`
}

// generator writes mails of a ministry.
type generator struct {
	mix
	random   *rand.Rand
	now      time.Time
	run      string
	words    []string  // common ones first
	requests []request // so far, in the order of their numbers
	first    int       // number of the first request
	sent     int
}

// request is a request that a mail has opened.
type request struct {
	sender, subject string
}

func newGenerator(m mix, now time.Time, first int) *generator {
	g := &generator{mix: m, random: rand.New(rand.NewPCG(m.Seed, 7)), now: now, run: fmt.Sprintf("%x", now.UnixNano()), first: first}
	for range vocabulary {
		var word strings.Builder
		for range 2 + g.random.IntN(3) {
			word.WriteString(g.pick(syllables))
		}
		g.words = append(g.words, word.String())
	}
	return g
}

// vocabulary is how many words the officials know: with fewer every request would be like every other.
const vocabulary = 5000

var syllables = strings.Fields("im pre so ra red pan ta lla co rre o te cla do ve sis te ma ser vi dor u su a rio per mi so ár ción ñan tó")

// word returns a word, a common one more often than a rare one.
func (g *generator) word() string {
	rare := g.random.Float64()
	return g.words[int(rare*rare*rare*vocabulary)]
}

var nouns = strings.Fields(`impresora pantalla teclado correo clave red internet carpeta archivo usuario programa nómina reporte error ventana botón
	permiso contrato oficina piso sala reunión micrófono cámara factura servidor copia página navegador descarga actualización batería cargador
	escáner conmutador proyector licencia certificado firma formulario consulta respaldo disco memoria puerto cable acceso portal sesión`)

var phrases = []string{"no funciona desde ayer", "aparece un mensaje extraño al abrir", "se apaga sola cada media hora", "no reconoce mi usuario",
	"quedó bloqueada después de la actualización", "tarda mucho en responder", "perdió la configuración que tenía", "no deja guardar los cambios"}

// pick returns one of the list.
func (g *generator) pick(list []string) string { return list[g.random.IntN(len(list))] }

// next returns the next mail, with what our server writes on top of a mail of proven origin.
func (g *generator) next() []byte {
	share := g.random.Float64()
	switch {
	case len(g.requests) > 0 && share < g.Answers:
		return g.answer()
	case len(g.requests) > 0 && share < g.Answers+g.Commands:
		i := g.random.IntN(len(g.requests))
		command := g.pick([]string{"#prioridad alta", "#prioridad media", "#asignar Ana", "#nota", "#tipo redes"})
		return g.mail(coordinatorAddress, fmt.Sprintf("RE: [%s] %s %s", g.number(i), g.requests[i].subject, command))
	}
	return g.request()
}

// request returns a mail that opens a request.
func (g *generator) request() []byte {
	r := request{sender: g.sender(), subject: g.subject()}
	g.requests = append(g.requests, r)
	return g.mail(r.sender, r.subject)
}

// answer returns what an official answers to an earlier request.
func (g *generator) answer() []byte {
	i := g.random.IntN(len(g.requests))
	r := g.requests[i]
	return g.mail(r.sender, fmt.Sprintf("RE: [%s] %s", g.number(i), r.subject))
}

func (g *generator) sender() string {
	return official(g.random.IntN(g.Senders))
}

func (g *generator) subject() string {
	return fmt.Sprintf("%s %s %d", g.pick(nouns), g.pick(phrases), g.random.IntN(1e6))
}

// text returns sentences of at least so many bytes.
func (g *generator) text(size int) string {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "La %s de %s %s y %s con %s.\r\n", g.pick(nouns), g.word(), g.pick(phrases), g.word(), g.word())
	}
	return b.String()
}

// number is the number that the i-th request gets.
func (g *generator) number(i int) string { return fmt.Sprintf("SS-%d-%06d", g.now.Year(), g.first+i) }

func (g *generator) mail(from, subject string) []byte {
	g.sent++
	size := g.MinSize + g.random.IntN(max(1, g.MaxSize-g.MinSize))
	at := g.now.Add(time.Duration(g.sent) * time.Millisecond).Format(time.RFC1123Z)
	var b strings.Builder
	fmt.Fprintf(&b, "Authentication-Results: %s; spf=pass smtp.mailfrom=%s; dmarc=pass header.from=ministerio.example\r\n", authority, from)
	fmt.Fprintf(&b, "Received: from equipo.ministerio.example (equipo.ministerio.example [10.1.2.3]) by %s (Postfix) with ESMTP id %x; %s\r\n", authority, g.sent, at)
	fmt.Fprintf(&b, "From: Funcionario <%s>\r\nTo: Mesa de servicios <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s.%d@ministerio.example>\r\n", from, deskAddress, mime.QEncoding.Encode("utf-8", subject), at, g.run, g.sent)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nBuenos días:\r\n\r\n")
	b.WriteString(g.text(size - b.Len() - 40))
	b.WriteString("\r\nGracias,\r\nFuncionario\r\n")
	return []byte(b.String())
}
