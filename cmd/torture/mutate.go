package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"radicado/mailbox/mailtest"
)

// seeds returns the mails that hostile ones are made of: those of a folder, and some that people write.
func seeds(corpora, to string) ([][]byte, error) {
	var list [][]byte
	for i, client := range []mailtest.Client{mailtest.Outlook, mailtest.Gmail} {
		p := mailtest.Person{Name: "Pedro Páramo", Addr: "pedro@ministerio.example", Client: client}
		id := func(s string) mailtest.WriteOption { return mailtest.MessageID(fmt.Sprint(s, i, "@torture.example")) }
		plain := p.Write(to, "Impresora dañada #prioridad alta", "No imprime.\n\nGracias,\nPedro", id("plain"))
		reply, err := p.Reply(plain, "#cerrar", "Ya funciona.", id("reply"))
		if err != nil {
			return nil, err
		}
		list = append(list, plain, reply, p.Write(to, "Con anexo", "Va la foto.", id("file"), mailtest.Attach("foto ñ.jpg", "image/jpeg", make([]byte, 3000))))
	}
	if corpora == "" {
		return list, nil
	}
	err := filepath.WalkDir(corpora, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{".json", ".md", ".py", ".txt", ".html"}, filepath.Ext(path)) {
			return err
		}
		raw, err := os.ReadFile(path)
		list = append(list, raw)
		return err
	})
	return list, err
}

// mutation is one way to spoil a mail.
type mutation struct {
	name  string
	spoil func(random *rand.Rand, raw []byte) []byte
}

// maxHostile bounds a spoiled mail in bytes: many small ones find more than few large ones.
const maxHostile = 4 << 20

var mutations = []mutation{
	{"truncation", func(r *rand.Rand, raw []byte) []byte { return raw[:r.IntN(len(raw))] }},
	{"byte flips", func(r *rand.Rand, raw []byte) []byte {
		for range 1 + r.IntN(20) {
			raw[r.IntN(len(raw))] ^= 1 << r.IntN(8)
		}
		return raw
	}},
	{"NULs", func(r *rand.Rand, raw []byte) []byte {
		at := r.IntN(len(raw))
		return slices.Insert(raw, at, make([]byte, 1+r.IntN(9))...)
	}},
	{"header fields again", func(r *rand.Rand, raw []byte) []byte {
		head, body := split(raw)
		lines := bytes.SplitAfter(head, []byte("\n"))
		for range 1 + r.IntN(30) {
			lines = slices.Insert(lines, r.IntN(len(lines)+1), lines[r.IntN(len(lines))])
		}
		return append(bytes.Join(lines, nil), body...)
	}},
	{"header fields gone", func(r *rand.Rand, raw []byte) []byte {
		head, body := split(raw)
		lines := bytes.SplitAfter(head, []byte("\n"))
		for range 1 + r.IntN(4) {
			if i := r.IntN(len(lines)); len(lines) > 1 {
				lines = slices.Delete(lines, i, i+1)
			}
		}
		return append(bytes.Join(lines, nil), body...)
	}},
	{"boundary damage", func(r *rand.Rand, raw []byte) []byte {
		from, to := "--", []string{"-", "---", "--\x00", " --", "-- "}[r.IntN(5)]
		return replaceSome(r, raw, from, to)
	}},
	{"charset swaps", func(r *rand.Rand, raw []byte) []byte {
		to := []string{"utf-7", "utf-16", "iso-2022-jp", "x-unknown", "\"", "utf-8\r\n\tcharset=us-ascii", "gb18030", "hz-gb-2312"}[r.IntN(8)]
		for _, from := range []string{"utf-8", "UTF-8", "iso-8859-1", "us-ascii", "Windows-1252"} {
			raw = replaceSome(r, raw, from, to)
		}
		return raw
	}},
	{"encoding swaps", func(r *rand.Rand, raw []byte) []byte {
		to := []string{"base64", "quoted-printable", "x-uuencode", "7bit; x", "binary"}[r.IntN(5)]
		for _, from := range []string{"quoted-printable", "base64", "8bit", "7bit"} {
			raw = replaceSome(r, raw, from, to)
		}
		return raw
	}},
	{"line ends", func(r *rand.Rand, raw []byte) []byte {
		return bytes.ReplaceAll(raw, []byte("\r\n"), []byte([]string{"\n", "\r", "\r\r\n", "\n\r"}[r.IntN(4)]))
	}},
	{"nesting", func(r *rand.Rand, raw []byte) []byte {
		depth := 1 + r.IntN(300)
		kind := []string{"multipart/mixed", "multipart/alternative", "multipart/related", "message/rfc822"}[r.IntN(4)]
		var b bytes.Buffer
		for i := range depth {
			if kind == "message/rfc822" {
				fmt.Fprintf(&b, "From: a@x.example\r\nContent-Type: %s\r\n\r\n", kind)
			} else {
				fmt.Fprintf(&b, "Content-Type: %s; boundary=b%d\r\n\r\n--b%d\r\n", kind, i, i)
			}
		}
		b.Write(raw)
		for i := range depth {
			if r.IntN(3) > 0 {
				fmt.Fprintf(&b, "\r\n--b%d--\r\n", depth-1-i)
			}
		}
		return b.Bytes()
	}},
	{"two mails in one", func(r *rand.Rand, raw []byte) []byte { return append(raw[:r.IntN(len(raw))], raw...) }},
	{"shuffled lines", func(r *rand.Rand, raw []byte) []byte {
		lines := bytes.SplitAfter(raw, []byte("\n"))
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		return bytes.Join(lines, nil)
	}},
	{"commands", func(r *rand.Rand, raw []byte) []byte {
		word := []string{"#cerrar", "#prioridad", "#asignar auto", "#deshacer", "#lista", "#", "# ", "#buscar a", "[SS-2026-000001] #estado"}[r.IntN(9)]
		return append(fmt.Appendf(nil, "Subject: %s\r\n", strings.Repeat(word+" ", 1+r.IntN(300))), raw...)
	}},
}

// bombs are mails made to keep the reader busy. They are one in bombRate, and large.
var bombs = []mutation{
	{"giant header", func(r *rand.Rand, raw []byte) []byte {
		name := []string{"Subject", "References", "To", "Received", "X-Big", "From", "Content-Type"}[r.IntN(7)]
		word := []string{"a", "<x@y> ", "=?utf-8?q?=C3?= ", "(", "\"", ",", "Re: ", "\t\r\n "}[r.IntN(8)]
		return append(fmt.Appendf(nil, "%s: %s\r\n", name, strings.Repeat(word, r.IntN(200_000))), raw...)
	}},
	{"many header fields", func(r *rand.Rand, raw []byte) []byte {
		return append([]byte(strings.Repeat("X-Field: value\r\n", r.IntN(50_000))), raw...)
	}},
	{"many parts", func(r *rand.Rand, raw []byte) []byte {
		var b bytes.Buffer
		b.WriteString("From: a@x.example\r\nSubject: partes\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n")
		for i := range r.IntN(20_000) {
			fmt.Fprintf(&b, "--x\r\nContent-Type: text/plain; name=\"f%d.txt\"\r\n\r\n%d\r\n", i, i)
		}
		b.Write(raw)
		return b.Bytes()
	}},
	{"HTML bomb", func(r *rand.Rand, raw []byte) []byte {
		tag := []string{"<div>", "<table><tr><td>", "<blockquote>", "<b", "<!--", "<style>", "&amp;", "<a href='x'>"}[r.IntN(8)]
		return append([]byte("From: a@x.example\r\nSubject: html\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"),
			strings.Repeat(tag, r.IntN(150_000))...)
	}},
	{"quote bomb", func(r *rand.Rand, raw []byte) []byte {
		line := []string{">", "> ", "-- \r\n", "El lunes, Ana escribió:\r\n", "_____\r\nDe: a\r\n", "On a, b wrote:\r\n", "\r\n"}[r.IntN(7)]
		return append([]byte("From: a@x.example\r\nSubject: citas\r\n\r\n"), strings.Repeat(line, r.IntN(100_000))...)
	}},
	{"words again and again", func(r *rand.Rand, raw []byte) []byte {
		from := r.IntN(len(raw))
		to := min(len(raw), from+1+r.IntN(60))
		return slices.Insert(raw, to, bytes.Repeat(raw[from:to], r.IntN(1<<20)/(to-from))...)
	}},
	{"lines again and again", func(r *rand.Rand, raw []byte) []byte {
		lines := bytes.SplitAfter(raw, []byte("\n"))
		from := r.IntN(len(lines))
		to := min(len(lines), from+1+r.IntN(4))
		again := bytes.Join(lines[from:to], nil)
		lines[from] = append(bytes.Repeat(again, r.IntN(1<<20)/max(1, len(again))), lines[from]...)
		return bytes.Join(lines, nil)
	}},
	{"zip bomb", func(r *rand.Rand, raw []byte) []byte {
		zeros := base64.StdEncoding.EncodeToString(make([]byte, r.IntN(1<<20)))
		return fmt.Appendf(nil, "From: a@x.example\r\nSubject: tnef\r\nMIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"+
			"Content-Transfer-Encoding: base64\r\n\r\neJ8+IgEA%s\r\n", zeros)
	}},
}

const bombRate = 40

func split(raw []byte) (head, body []byte) {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(end)); i >= 0 {
			return raw[:i+len(end)/2], raw[i+len(end)/2:]
		}
	}
	return raw, nil
}

// replaceSome replaces each occurrence, or leaves it, by chance.
func replaceSome(r *rand.Rand, raw []byte, from, to string) []byte {
	parts := bytes.Split(raw, []byte(from))
	out := bytes.Clone(parts[0])
	for _, p := range parts[1:] {
		sep := from
		if r.IntN(2) == 0 {
			sep = to
		}
		out = append(append(out, sep...), p...)
	}
	return out
}

// hostileOf returns the i-th hostile mail, and how it was made.
func hostileOf(seed uint64, i int, from [][]byte) (raw []byte, made string) {
	random := dice(seed, "hostile", i)
	raw = bytes.Clone(from[random.IntN(len(from))])
	var names []string
	for range 1 + random.IntN(3) {
		if len(raw) == 0 {
			break
		}
		m := mutations[random.IntN(len(mutations))]
		if random.IntN(bombRate) == 0 {
			m = bombs[random.IntN(len(bombs))]
		}
		raw = m.spoil(random, raw)
		names = append(names, m.name)
		if len(raw) > maxHostile {
			raw = raw[:maxHostile]
		}
	}
	return raw, strings.Join(names, ", ")
}
