// Package command is the grammar of the subject line: which words are commands, where their arguments end, which request
// is named, and what is left as the title. It knows nothing of who writes or of what a command does.
package command

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/tickets"
)

// Subject is a subject line taken apart.
type Subject struct {
	Commands []tickets.Command
	Numbers  []tickets.Number // named outside arguments, in order, without repeats
	Title    string           // the rest, without tags, reply marks and what looked like a command
	Whole    string           // the subject without tags and reply marks, commands and all
}

// maxSubject bounds what is read of a subject; RFC 5322 section 2.1.1 allows a line 998 octets.
const maxSubject = 4000

// word is one way to write a verb.
type word struct {
	text string // folded
	verb tickets.Verb
}

// words lists every command word; of each verb the first is Spanish, the second its English alias.
var words = []word{
	{"prioridad", tickets.VerbPriority}, {"priority", tickets.VerbPriority},
	{"asignar", tickets.VerbAssign}, {"assign", tickets.VerbAssign},
	{"tomar", tickets.VerbTake}, {"take", tickets.VerbTake},
	{"espera", tickets.VerbWait}, {"wait", tickets.VerbWait},
	{"nota", tickets.VerbNote}, {"note", tickets.VerbNote},
	{"solucion", tickets.VerbSolve}, {"solve", tickets.VerbSolve},
	{"cerrar", tickets.VerbClose}, {"close", tickets.VerbClose},
	{"reabrir", tickets.VerbReopen}, {"reopen", tickets.VerbReopen},
	{"rechazar", tickets.VerbReject}, {"reject", tickets.VerbReject},
	{"estado", tickets.VerbStatus}, {"status", tickets.VerbStatus},
	{"lista", tickets.VerbList}, {"list", tickets.VerbList},
	{"buscar", tickets.VerbSearch}, {"search", tickets.VerbSearch},
	{"ayuda", tickets.VerbHelp}, {"help", tickets.VerbHelp},
	{"tipo", tickets.VerbType}, {"type", tickets.VerbType},
	{"diagnostico", tickets.VerbDiagnose}, {"diagnosis", tickets.VerbDiagnose},
	{"plan", tickets.VerbPlan}, {"plan", tickets.VerbPlan},
	{"copia", tickets.VerbCopy}, {"cc", tickets.VerbCopy},
	{"para", tickets.VerbFor}, {"for", tickets.VerbFor},
	{"equipo", tickets.VerbAsset}, {"asset", tickets.VerbAsset},
	{"garantia", tickets.VerbWarranty}, {"warranty", tickets.VerbWarranty},
	{"sin-solucion", tickets.VerbUnsolved}, {"unsolved", tickets.VerbUnsolved},
	{"proveedor", tickets.VerbVendor}, {"vendor", tickets.VerbVendor},
	{"instructivo", tickets.VerbInstruct}, {"instruction", tickets.VerbInstruct},
	{"paso", tickets.VerbStep}, {"step", tickets.VerbStep},
	{"encuesta", tickets.VerbSurvey}, {"survey", tickets.VerbSurvey},
	{"formato", tickets.VerbForm}, {"form", tickets.VerbForm},
	{"duplicada", tickets.VerbDuplicate}, {"duplicate", tickets.VerbDuplicate},
	{"separar", tickets.VerbSplit}, {"split", tickets.VerbSplit},
	{"deshacer", tickets.VerbUndo}, {"undo", tickets.VerbUndo},
	{"ausente", tickets.VerbAway}, {"away", tickets.VerbAway},
	{"recurso", tickets.VerbResource}, {"resource", tickets.VerbResource},
	{"devolver", tickets.VerbReturn}, {"return", tickets.VerbReturn},
	{"informe", tickets.VerbReport}, {"report", tickets.VerbReport},
	{"confirmar", tickets.VerbConfirm}, {"confirm", tickets.VerbConfirm},
}

// minAbbreviation is the fewest letters that stand for a longer word.
const minAbbreviation = 3

// Grammar reads subjects for one prefix of numbers.
type Grammar struct {
	prefix    string
	words     []word
	bracketed *regexp.Regexp // a number in brackets: the tag of our notices
	bare      *regexp.Regexp // a number anywhere
}

// New returns the grammar for numbers of that prefix.
func New(prefix string) *Grammar {
	// Clients and gateways fold long subjects anywhere and turn hyphens into dashes, so white space and any dash serve.
	const dash = `\s*[-\x{2010}-\x{2015}\x{2212}\x{00AD}]\s*`
	name := regexp.QuoteMeta(prefix)
	return &Grammar{
		prefix:    prefix,
		words:     words,
		bracketed: regexp.MustCompile(`(?i)\[\s*` + name + dash + `(\d{4})` + dash + `(\d[\d\s]{0,15})\]`),
		bare:      regexp.MustCompile(`(?i)\b` + name + dash + `(\d{4})` + dash + `(\d{1,9})\b`),
	}
}

// replyMark is what clients and gateways put before a subject: Re:, RV:, RES:, Fwd:, AW:, [EXT], [EXTERNO], (EXTERNAL) …
var replyMark = regexp.MustCompile(`(?i)^\s*(?:(?:re|rv|res|rif|r|ref|fwd?|enc|tr|wg|aw|sv|vs|vb|rta|resp)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]|[\[(*]\s*(?:ext|external|externo|correo externo|externe|extern|spam|posible spam|caution|sospechoso)\s*[\])*]\s*:?)\s*`)

// innerMark is a reply mark in mid-subject: where a client put the command before the old subject.
var innerMark = regexp.MustCompile(`(?i)(?:^|\s)(?:re|rv|res|fwd?|aw|wg|tr|enc)\s*:`)

// Read takes a decoded subject apart.
func (g *Grammar) Read(subject string) Subject {
	if len(subject) > maxSubject {
		subject = strings.ToValidUTF8(subject[:maxSubject], "")
	}
	subject = strings.Map(plain, subject)

	var s Subject
	var title strings.Builder
	for rest := subject; rest != ""; {
		at := nextCommand(rest)
		if at < 0 {
			title.WriteString(rest)
			break
		}
		title.WriteString(rest[:at])
		c, read, end := g.command(rest[at:])
		if !read {
			title.WriteString(rest[at : at+end])
		}
		title.WriteByte(' ')
		if c.Word != "" {
			s.Commands = append(s.Commands, c)
		}
		rest = rest[at+end:]
	}
	s.Numbers = g.Numbers(title.String())
	s.Title = g.title(title.String())
	s.Whole = g.title(subject)
	return s
}

// plain turns characters that only look different into the usual ones and drops controls.
func plain(r rune) rune {
	switch {
	case r == '＃':
		return '#'
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u00AD':
		return -1
	}
	return r
}

// nextCommand returns where a # begins a word, or -1. The # of "C#", "N#" or of an address is none.
func nextCommand(s string) int {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '#')
		if at < 0 {
			return -1
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[at+1:])
		if unicode.IsLetter(after) && (at == 0 || before == ' ' || strings.ContainsRune("([,;:.¡¿", before) || before == ']' || before == ')') {
			return at
		}
		from = at + 1
	}
}

// command reads the command that s begins with. read says that its text is no part of the title: the word is known or was
// meant to be; end is where it ends in s.
func (g *Grammar) command(s string) (c tickets.Command, read bool, end int) {
	name := s[1:]
	if stop := strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '-'
	}); stop >= 0 {
		name = name[:stop]
	}
	end = len(s)
	if next := nextCommand(s[1:]); next >= 0 {
		end = 1 + next
	}
	// The old subject may stand behind the command; its tag and the reply mark before the tag end the argument.
	if tag := g.bracketed.FindStringIndex(s[1+len(name) : end]); tag != nil {
		end = 1 + len(name) + tag[0]
		if mark := innerMark.FindStringIndex(s[1+len(name) : end]); mark != nil {
			end = 1 + len(name) + mark[0]
		}
	}
	c = tickets.Command{Word: name, Arg: strings.TrimSpace(strings.TrimLeft(s[1+len(name):end], ":= "))}
	if named := g.Numbers(c.Arg); len(named) > 0 {
		c.Number = named[0]
	}
	c.Verb, c.Nearest = g.lookup(name)
	return c, c.Verb != "" || c.Nearest != "", end
}

// lookup returns the verb of a word, else the known word that was most likely meant.
func (g *Grammar) lookup(name string) (tickets.Verb, string) {
	folded := tickets.Fold(name)
	verb, ambiguous := tickets.Verb(""), false
	for _, w := range g.words {
		if w.text == folded {
			return w.verb, ""
		}
		if len(folded) >= minAbbreviation && strings.HasPrefix(w.text, folded) {
			ambiguous = ambiguous || verb != "" && verb != w.verb
			verb = w.verb
		}
	}
	if verb != "" && !ambiguous {
		return verb, ""
	}
	all := make([]string, len(g.words))
	for i, w := range g.words {
		all[i] = w.text
	}
	if ambiguous {
		for _, w := range all {
			if strings.HasPrefix(w, folded) {
				return "", w
			}
		}
	}
	return "", tickets.Nearest(folded, all)
}

// Numbers returns the numbers that a text names, in brackets first, without repeats.
func (g *Grammar) Numbers(text string) []tickets.Number {
	var found []tickets.Number
	for _, shape := range []*regexp.Regexp{g.bracketed, g.bare} {
		for _, m := range shape.FindAllStringSubmatch(text, -1) {
			year, _ := strconv.Atoi(m[1])
			serial, err := strconv.Atoi(strings.ReplaceAll(m[2], " ", ""))
			if err != nil || serial == 0 {
				continue
			}
			if n := tickets.FormatNumber(g.prefix, year, serial); !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
	}
	return found
}

// title strips tags and reply marks from what the commands left.
func (g *Grammar) title(s string) string {
	s = g.bracketed.ReplaceAllString(s, " ")
	for {
		at := replyMark.FindStringIndex(s)
		if at == nil || at[1] == 0 {
			break
		}
		s = s[at[1]:]
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00AD", "")), " ")
}

// Words returns the words of a verb: the Spanish one, then its English alias. It is nil for an unknown verb.
func Words(verb tickets.Verb) []string {
	var found []string
	for _, w := range words {
		if w.verb == verb {
			found = append(found, w.text)
		}
	}
	return found
}
