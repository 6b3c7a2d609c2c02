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
	words    []string
	now      time.Time
	run      string
	requests []request // so far, in the order of their numbers
	first    int       // number of the first request
	sent     int
}

// request is a request that a mail has opened.
type request struct {
	sender, subject string
}

func newGenerator(m mix, now time.Time, first int) *generator {
	random := rand.New(rand.NewPCG(m.Seed, 7))
	return &generator{mix: m, random: random, words: vocabulary(random), now: now, run: fmt.Sprintf("%x", now.UnixNano()), first: first}
}

// vocabulary makes some thousand words that look like Spanish. Real requests share few of them: with a handful of words every mail
// would be like every other.
func vocabulary(random *rand.Rand) []string {
	syllables := strings.Fields("im pre so ra red pan ta lla co rre o te cla do ve sis ma ser vi dor u su a rio per mi ár ción ñan tó ju ge bo fa lu")
	words := make([]string, 4000)
	for i := range words {
		for range 2 + random.IntN(3) {
			words[i] += syllables[random.IntN(len(syllables))]
		}
	}
	return words
}

// text returns words, of which a few are frequent and most are rare.
func (g *generator) text(words int) string {
	list := make([]string, words)
	for i := range list {
		rare := g.random.Float64()
		list[i] = g.words[int(rare*rare*float64(len(g.words)))]
	}
	return strings.Join(list, " ")
}

// pick returns one of the list.
func (g *generator) pick(list []string) string { return list[g.random.IntN(len(list))] }

// next returns the next mail, with what our server writes on top of a mail of proven origin.
func (g *generator) next() []byte {
	g.sent++
	switch share := g.random.Float64(); {
	case len(g.requests) > 0 && share < g.Answers:
		i := g.random.IntN(len(g.requests))
		r := g.requests[i]
		return g.mail(r.sender, fmt.Sprintf("RE: [%s] %s", g.number(i), r.subject))
	case len(g.requests) > 0 && share < g.Answers+g.Commands:
		i := g.random.IntN(len(g.requests))
		command := g.pick([]string{"#prioridad alta", "#prioridad media", "#asignar Ana", "#nota", "#tipo redes"})
		return g.mail(coordinatorAddress, fmt.Sprintf("RE: [%s] %s %s", g.number(i), g.requests[i].subject, command))
	}
	r := request{sender: fmt.Sprintf("funcionario%d@ministerio.example", g.random.IntN(g.Senders)), subject: g.text(4)}
	g.requests = append(g.requests, r)
	return g.mail(r.sender, r.subject)
}

// number is the number that the i-th request gets.
func (g *generator) number(i int) string { return fmt.Sprintf("SS-%d-%06d", g.now.Year(), g.first+i) }

func (g *generator) mail(from, subject string) []byte {
	size := g.MinSize + g.random.IntN(max(1, g.MaxSize-g.MinSize))
	at := g.now.Add(time.Duration(g.sent) * time.Millisecond).Format(time.RFC1123Z)
	var b strings.Builder
	fmt.Fprintf(&b, "Authentication-Results: %s; spf=pass smtp.mailfrom=%s; dmarc=pass header.from=ministerio.example\r\n", authority, from)
	fmt.Fprintf(&b, "Received: from equipo.ministerio.example (equipo.ministerio.example [10.1.2.3]) by %s (Postfix) with ESMTP id %x; %s\r\n", authority, g.sent, at)
	fmt.Fprintf(&b, "From: Funcionario <%s>\r\nTo: Mesa de servicios <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s.%d@ministerio.example>\r\n", from, deskAddress, mime.QEncoding.Encode("utf-8", subject), at, g.run, g.sent)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nBuenos días:\r\n\r\n")
	for b.Len() < size-40 {
		b.WriteString(g.text(9) + ".\r\n")
	}
	b.WriteString("\r\nGracias,\r\nFuncionario\r\n")
	return []byte(b.String())
}
