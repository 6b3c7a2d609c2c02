package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

// Run writes the manual page in the language of troff, made of the same source as --help.
func (m *manCommand) Run(c console, k *kong.Context) error {
	_, err := io.WriteString(c.out, manPage(k.Model.Node, version()))
	return err
}

// manPage is the manual page of a command line.
func manPage(root *kong.Node, version string) string {
	var b strings.Builder
	section := func(name string) { fmt.Fprintf(&b, ".SH %s\n", name) }
	entry := func(term, text string) { fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(term), roff(text)) }
	fmt.Fprintf(&b, ".TH RADICADO 1 \"\" \"radicado %s\" \"User Commands\"\n.ad l\n", roff(version))
	section("NAME")
	b.WriteString("radicado \\- support desk that works by mail\n")
	section("SYNOPSIS")
	b.WriteString("\\fBradicado\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n")
	section("DESCRIPTION")
	b.WriteString(roff(root.Help) + "\n")
	section("COMMANDS")
	for _, leaf := range root.Leaves(true) {
		fmt.Fprintf(&b, ".SS \"%s\"\n%s\n", roff(strings.ReplaceAll(leaf.Summary(), `"`, "'")), roff(leaf.Help))
		for _, p := range leaf.Positional {
			entry(p.Summary(), p.Help)
		}
		for _, f := range leaf.Flags {
			term := "--" + f.Name
			if f.Short != 0 {
				term = fmt.Sprintf("-%c, %s", f.Short, term)
			}
			if !f.IsBool() {
				term += "=" + f.FormatPlaceHolder()
			}
			entry(term, f.Help)
		}
	}
	section("FILES")
	entry("/etc/radicado/config.toml", "The settings; every key is explained in the example that comes with the program.")
	entry("/var/lib/radicado/register.db", "The register, which is one SQLite file, with its log beside it.")
	section("ENVIRONMENT")
	entry("RADICADO_CONFIG", "Where the settings are, instead.")
	entry("CREDENTIALS_DIRECTORY", "Where the secrets lie that the settings name by password_credential and the like; systemd sets it.")
	entry("NOTIFY_SOCKET, WATCHDOG_USEC", "How the service manager is told how the daemon is.")
	section("SIGNALS")
	entry("SIGHUP", "The daemon reads its settings again. Where they are wrong it says so in its log, and keeps those that it has.")
	entry("SIGTERM, SIGINT", "The daemon finishes what it has in hand, and ends.")
	section("EXIT STATUS")
	b.WriteString("0 for success, 1 for failure, 2 for a wrong command line. Of \\fBradicado health\\fR: 0 where all is well, 1 for a warning, 2 where something is critical.\n")
	return b.String()
}

// roff protects a text from being taken for commands of troff.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
