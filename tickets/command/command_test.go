package command_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"radicado/tickets"
	"radicado/tickets/command"
)

func TestRead(t *testing.T) {
	const n42 = tickets.Number("SS-2026-000042")
	type cmds = []tickets.Command
	tests := []struct {
		name    string
		subject string
		want    command.Subject
	}{
		{"a plain request", "Impresora no imprime", command.Subject{Title: "Impresora no imprime"}},
		{"an untouched answer", "Re: [SS-2026-000042] Impresora no imprime", command.Subject{Numbers: []tickets.Number{n42}, Title: "Impresora no imprime"}},
		{"marks around the tag", "RV: [EXT] RE: Fwd: [SS-2026-000042] Impresora", command.Subject{Numbers: []tickets.Number{n42}, Title: "Impresora"}},
		{"a counting mark and an Italian one", "Re[2]: RIF: [EXTERNO] Red caída", command.Subject{Title: "Red caída"}},
		{"one command", "Re: [SS-2026-000042] Impresora #prioridad alta", command.Subject{
			Commands: cmds{{Verb: tickets.VerbPriority, Word: "prioridad", Arg: "alta"}}, Numbers: []tickets.Number{n42}, Title: "Impresora"}},
		{"several commands", "[SS-2026-000042] #prio crítica #ASIGNAR Ana María #nota", command.Subject{
			Commands: cmds{{Verb: tickets.VerbPriority, Word: "prio", Arg: "crítica"}, {Verb: tickets.VerbAssign, Word: "ASIGNAR", Arg: "Ana María"}, {Verb: tickets.VerbNote, Word: "nota"}},
			Numbers:  []tickets.Number{n42}}},
		{"accents do not matter", "#solución se cambió el tóner", command.Subject{
			Commands: cmds{{Verb: tickets.VerbSolve, Word: "solución", Arg: "se cambió el tóner"}}}},
		{"English aliases", "#close #reopen", command.Subject{Commands: cmds{{Verb: tickets.VerbClose, Word: "close"}, {Verb: tickets.VerbReopen, Word: "reopen"}}}},
		{"the command before the old subject", "#cerrar Re: [SS-2026-000042] Impresora no imprime", command.Subject{
			Commands: cmds{{Verb: tickets.VerbClose, Word: "cerrar"}}, Numbers: []tickets.Number{n42}, Title: "Impresora no imprime"}},
		{"a mistyped word", "[SS-2026-000042] #cerar", command.Subject{
			Commands: cmds{{Word: "cerar", Nearest: "cerrar"}}, Numbers: []tickets.Number{n42}}},
		{"an ambiguous abbreviation", "#est #not #re", command.Subject{Title: "#re",
			Commands: cmds{{Verb: tickets.VerbStatus, Word: "est"}, {Verb: tickets.VerbNote, Word: "not"}, {Word: "re"}}}},
		{"a hash tag that is no command stays in the title", "Falla en #SIIF desde ayer", command.Subject{
			Commands: cmds{{Word: "SIIF", Arg: "desde ayer"}}, Title: "Falla en #SIIF desde ayer"}},
		{"numbers and languages are not commands", "Error #404 en C#cerrar y http://x.example/#cerrar", command.Subject{
			Title: "Error #404 en C#cerrar y http://x.example/#cerrar"}},
		{"a number as argument is not the ticket's", "#estado SS-2026-000042", command.Subject{
			Commands: cmds{{Verb: tickets.VerbStatus, Word: "estado", Arg: "SS-2026-000042", Number: n42}}}},
		{"a tag broken by folding", "Re: [SS-2026- 0000 42] Impresora", command.Subject{Numbers: []tickets.Number{n42}, Title: "Impresora"}},
		{"dashes of a word processor", "re: SS–2026–42 sin red", command.Subject{Numbers: []tickets.Number{n42}, Title: "SS–2026–42 sin red"}},
		{"a full-width sign and invisible marks", "＃cerrar\u200b [SS-2026-000042]", command.Subject{
			Commands: cmds{{Verb: tickets.VerbClose, Word: "cerrar"}}, Numbers: []tickets.Number{n42}}},
		{"another prefix is no number of ours", "[XX-2026-000042] SSX-2026-000042", command.Subject{Title: "[XX-2026-000042] SSX-2026-000042"}},
		{"serial nought is no number", "[SS-2026-000000] x", command.Subject{Title: "x"}},
		{"nothing", "", command.Subject{}},
	}
	g := command.New("SS")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := g.Read(tt.subject)
			got.Whole = "" // has a test of its own
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Read(%q)\n got %+v\nwant %+v", tt.subject, got, tt.want)
			}
		})
	}
}

func TestWholeKeepsWhatLooksLikeACommand(t *testing.T) {
	got := command.New("SS").Read("RV: [EXT] [SS-2026-000042] #lista de precios no carga").Whole
	if want := "#lista de precios no carga"; got != want {
		t.Errorf("Whole = %q, want %q", got, want)
	}
}

func TestEveryVerbHasWords(t *testing.T) {
	g := command.New("SS")
	for _, verb := range tickets.Verbs() {
		if len(command.Words(verb)) < 2 {
			t.Errorf("%s has no Spanish word and English alias", verb)
		}
		for _, w := range command.Words(verb) {
			if got := g.Read("#" + w); len(got.Commands) != 1 || got.Commands[0].Verb != verb {
				t.Errorf("#%s reads as %+v, want %s", w, got.Commands, verb)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"Re: [SS-2026-000042] x #cerrar", "#nota #nota", "＃á[SS-2026-1]#", "#asignar Ana Re: [SS-2026-000042] y", strings.Repeat("#a", 50)} {
		f.Add(s)
	}
	g := command.New("SS")
	f.Fuzz(func(t *testing.T, subject string) {
		s := g.Read(subject)
		if !utf8.ValidString(s.Title) && utf8.ValidString(subject) {
			t.Errorf("Read(%q): title %q is not UTF-8", subject, s.Title)
		}
		for _, c := range s.Commands {
			if c.Word == "" || strings.ContainsAny(c.Arg, "\r\n") {
				t.Errorf("Read(%q): command %+v", subject, c)
			}
			if c.Verb != "" && c.Nearest != "" {
				t.Errorf("Read(%q): %+v is known and guessed", subject, c)
			}
		}
	})
}
