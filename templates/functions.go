package templates

import (
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"
	"time"

	"radicado/tickets"
	"radicado/tickets/command"
)

// maxExcerpt bounds a text in a notice, in characters. The register has all of it.
const maxExcerpt = 20_000

// maxLine bounds what somebody wrote where only a line of it is shown, in characters.
const maxLine = 300

// maxName bounds a name in a heading, in characters.
const maxName = 100

// functions are what the templates of a language can call.
func (s *Set) functions(lang string) template.FuncMap {
	w := vocabularies[lang]
	return template.FuncMap{
		"date":         func(t time.Time) string { return w.date(t.In(s.settings.Location)) },
		"state":        func(v tickets.State) string { return orCode(w.states[v], v) },
		"priority":     func(v tickets.Priority) string { return orCode(w.priorities[v], v) },
		"event":        func(kind string) string { return orCode(w.events[kind], kind) },
		"size":         w.size,
		"plainDay":     w.writtenDay,
		"day":          func(t time.Time) string { return w.day(t.In(s.settings.Location)) },
		"either":       w.either,
		"choice":       w.choice,
		"value":        w.value,
		"detail":       w.detail,
		"command":      func(v tickets.Verb) string { return "#" + Word(v, lang) },
		"commands":     func(r *tickets.Receipt, v *view) []commandHelp { return w.help(r.Help, v) },
		"actions":      s.actions,
		"corrected":    s.corrected,
		"thread":       harmless,
		"sample":       func(v *view) string { return tagged(w.sampleNumber(v), "#"+Word(tickets.VerbStatus, v.Lang)) },
		"mailto":       func(subject string) string { return mailtoLink(s.settings.Desk, subject) },
		"dangerous":    dangerous,
		"excerpt":      func(text string) string { return shorten(text, maxExcerpt) },
		"excerpted":    func(text string) bool { return shorten(text, maxExcerpt) != text },
		"line":         func(text string) string { return shorten(oneLine(text), maxLine) },
		"name":         func(person string) string { name, _ := splitPerson(person); return name },
		"address":      func(person string) string { _, address := splitPerson(person); return address },
		"lines":        func(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") },
		"hash":         func(word string) string { return "#" + strings.TrimLeft(word, "#") },
		"asks":         asks,
		"asked":        asked,
		"outlook":      func(markup string) template.HTML { return template.HTML("<!--[if mso]>" + markup + "<![endif]-->") },
		"button":       func(label, href string) []Action { return []Action{{Label: label, Href: href}} },
		"confirmation": s.confirmation,
		"previous":     func(n int) int { return n - 1 },
		"tasks":        s.tasks,
		"loans":        s.loans,
		"span":         func(p tickets.Period) string { return w.period(p.In(s.settings.Location)) },
		"stretch":      w.stretch,
		"quiet":        quiet,
		"age":          w.age,
		"took":         took,
		"median":       w.median,
		"brief":        w.brief,
		"inTime":       w.inTime,
		"mean":         w.mean,
		"scoreRows":    w.scoreRows,
		"picture":      picture,
		"earlier":      s.earlier,
		"groups":       topGroups,
		"surveys":      func(v *view) []Action { return s.linked(v, tickets.VerbSurvey) },
	}
}

// orCode returns the words for a code, or the code where a newer version wrote one that has no words here.
func orCode[T ~string](words string, code T) string {
	if words == "" {
		return string(code)
	}
	return words
}

// Word returns the word of a command without its #: the Spanish one, or for "en" the English alias. It is "" for an unknown
// verb.
func Word(verb tickets.Verb, lang string) string {
	words := command.Words(verb)
	switch {
	case len(words) == 0:
		return ""
	case lang == "en" && len(words) > 1:
		return words[1]
	}
	return words[0]
}

// Action is a button: a mail to the desk with its subject ready.
type Action struct{ Label, Subject, Href string }

// actions returns buttons for verbs, or where none are given for the links of the notice.
func (s *Set) actions(v *view, verbs ...tickets.Verb) []Action {
	if v.Ticket == nil {
		return nil
	}
	links := v.Links
	if len(verbs) > 0 {
		links = nil
		for _, verb := range verbs {
			links = append(links, tickets.Link{Verb: verb})
		}
	}
	return s.buttons(v.Lang, v.Role, v.Ticket.Number, links)
}

// linked returns buttons for those links of the notice that have the verb.
func (s *Set) linked(v *view, verb tickets.Verb) []Action {
	if v.Ticket == nil {
		return nil
	}
	links := slices.DeleteFunc(slices.Clone(v.Links), func(l tickets.Link) bool { return l.Verb != verb })
	return s.buttons(v.Lang, v.Role, v.Ticket.Number, links)
}

// buttons returns one for each link about a request, for a reader of that role.
func (s *Set) buttons(lang string, role tickets.Role, number tickets.Number, links []tickets.Link) []Action {
	w := vocabularies[lang]
	var list []Action
	for _, l := range links {
		command := strings.TrimSpace("#" + Word(l.Verb, lang) + " " + w.argument(l))
		list = append(list, s.action(w.label(l, role), tagged(number, command)))
	}
	return list
}

func (s *Set) action(label, subject string) Action {
	return Action{oneLine(label), oneLine(subject), mailtoLink(s.settings.Desk, subject)}
}

// confirmation returns the button that confirms commands.
func (s *Set) confirmation(v *view) []Action {
	c := v.Confirmation
	label := vocabularies[v.Lang].label(tickets.Link{Verb: tickets.VerbConfirm}, v.Role)
	return []Action{s.action(label, tagged(c.Ticket, "#"+Word(tickets.VerbConfirm, v.Lang)+" "+c.Code))}
}

// corrected returns, where every refused command has a likely meaning, one button with all commands as they were meant.
func (s *Set) corrected(r *tickets.Receipt, v *view) []Action {
	if r.Applied {
		return nil
	}
	var commands []string
	mended := false
	for _, item := range r.Items {
		text := item.Command
		if p := item.Problem; p != nil {
			if text = meant(item.Command, *p); text == "" {
				return nil
			}
			mended = true
		}
		commands = append(commands, text)
	}
	if !mended {
		return nil
	}
	label := strings.Join(commands, " ")
	subject := label
	if v.Ticket != nil {
		subject = tagged(v.Ticket.Number, label)
	}
	return []Action{s.action(label, subject)}
}

// meant returns a refused command as it was most likely meant, or "" where nobody can tell.
func meant(written string, p tickets.Problem) string {
	word, _, _ := strings.Cut(written, " ")
	switch {
	case p.Nearest == "":
		return ""
	case p.Code == tickets.ProblemUnknownWord:
		return "#" + strings.TrimLeft(p.Nearest, "#") + strings.TrimPrefix(written, word)
	case p.Code == tickets.ProblemUnknownArgument:
		return word + " " + p.Nearest
	}
	return ""
}

func tagged(number tickets.Number, rest string) string {
	return strings.TrimSpace(fmt.Sprintf("[%s] %s", number, rest))
}

// asks reports whether a command only asks something, so that there is nothing to be done.
func asks(i tickets.Item) bool {
	switch i.Verb {
	case tickets.VerbStatus, tickets.VerbList, tickets.VerbSearch, tickets.VerbHelp, tickets.VerbForm, tickets.VerbReport:
		return true
	}
	return false
}

// asked reports whether a receipt answers questions only.
func asked(r *tickets.Receipt) bool {
	return r.Applied && !slices.ContainsFunc(r.Items, func(i tickets.Item) bool { return !asks(i) })
}

// splitPerson takes "Name <address>" apart. Where there is no name, the address serves as one.
func splitPerson(person string) (name, address string) {
	person = oneLine(person)
	name, address, found := strings.Cut(person, " <")
	name = shorten(name, maxName)
	if !found {
		return name, ""
	}
	return name, strings.TrimSuffix(address, ">")
}

// dangerousExtensions are files that run, or that carry what runs, when somebody opens them.
var dangerousExtensions = strings.Fields(`
	.ade .adp .apk .app .appx .appxbundle .bat .cab .chm .cmd .com .command .cpl .deb .dll .dmg .docm .dotm .exe .gadget .hta .htm
	.html .img .inf .ins .iso .isp .jar .jnlp .js .jse .lnk .mde .msc .msi .msix .msp .mst .one .pif .pkg .potm .ppam .ppsm .pptm
	.ps1 .ps1xml .ps2 .psc1 .psd1 .psm1 .py .pyw .rdp .reg .rpm .scf .scr .sct .settingcontent-ms .sh .shs .sldm .svg .sys .url .vb
	.vbe .vbs .vhd .vhdx .vxd .wsc .wsf .wsh .xlam .xll .xlsm .xlsb .xltm .xht .xhtml`)

// dangerousTypes are declared types of the same.
var dangerousTypes = []string{"macroenabled", "x-msdownload", "x-msdos", "dosexec", "x-executable", "javascript", "ecmascript",
	"x-sh", "java-archive", "hta", "x-msi", "x-ms-installer", "x-ms-shortcut", "text/html", "xhtml", "svg", "vbscript"}

// dangerous reports whether opening the file may run something. Windows drops trailing dots and spaces of a name, and so is
// "x.exe. " an .exe.
func dangerous(f tickets.File) bool {
	name := strings.ToLower(strings.TrimRight(oneLine(f.Name), ". \u00A0"))
	if slices.Contains(dangerousExtensions, path.Ext(name)) {
		return true
	}
	declared := strings.ToLower(f.Type)
	return slices.ContainsFunc(dangerousTypes, func(t string) bool { return strings.Contains(declared, t) })
}
