// Command radicado is the support desk's daemon and its command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // hosts without zoneinfo have America/Bogota all the same

	"github.com/alecthomas/kong"
)

// commands is the command line. Each field is a subcommand with a file of its own.
type commands struct {
	Run       runCommand        `cmd:"" help:"Run the daemon: read the mailboxes, keep the register, send the notices."`
	Check     checkCommand      `cmd:"" help:"Check the settings, then connect to every mail server and say what to do about each failure."`
	Probe     probeCommand      `cmd:"" help:"Ask the running daemon whether it is alive."`
	Demo      demoCommand       `cmd:"" help:"Show the main job on mail servers of its own, with nothing to configure."`
	Ticket    ticketCommand     `cmd:"" help:"Look at requests in the register, and give commands."`
	Message   messageCommand    `cmd:"" help:"Look at received mails; give those that were set aside another chance."`
	Outbox    outboxCommand     `cmd:"" help:"Look at the notices; try them again or give them up."`
	Assets    assetsCommand     `cmd:"" help:"Keep the equipment register: import, look, export."`
	Form      formCommand       `cmd:"" help:"Write the form of a request as PDF."`
	Report    reportCommand     `cmd:"" help:"Show the figures of a period: as text, as a page with charts, as JSON, with the register as XLSX."`
	Export    exportCommand     `cmd:"" help:"Write the register of a period as XLSX or CSV."`
	Backup    backupCommand     `cmd:"" help:"Make a backup of the register now, beside a running daemon or without one."`
	Retention retentionCommand  `cmd:"" help:"Say what the settings want erased of old requests, and erase it."`
	Verify    verifyCommand     `cmd:"" help:"Look whether the register, or a backup, is sound: nothing lost, nothing altered."`
	Restore   restoreCommand    `cmd:"" help:"Make a register of a backup, and take up from the mailboxes what came after it."`
	Read      readCommand       `cmd:"" help:"Read mail files as the daemon reads them, and show what it makes of them."`
	Import    importCommand     `cmd:"" help:"Bring in mails from before the daemon's time; nothing is sent."`
	Reparse   reparseCommand    `cmd:"" help:"Read every stored mail again with this version, and show what would come out otherwise; change nothing."`
	Explain   explainCommand    `cmd:"" help:"Say step by step how a mail file is read, classed, proven and matched, and what would be done; change nothing."`
	Board     boardCommand      `cmd:"" help:"See who is signed in at the board, and sign people out."`
	Man       manCommand        `cmd:"" help:"Write the manual page, for man(1)."`
	People    peopleCommand     `cmd:"" help:"See whom the desk knows: staff with load and absences, vendors, officials, addresses that take no mail."`
	Health    healthCommand     `cmd:"" help:"Say how the desk is, for monitoring systems: 0 is well, 1 a warning, 2 critical."`
	Complete  completionCommand `cmd:"" name:"completion" help:"Print what lets a shell complete this command line."`
	Version   versionCommand    `cmd:"" help:"Print the version."`
}

// console is where a subcommand talks to its user.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// configFlag names the settings.
type configFlag struct {
	Config string `help:"Settings file." short:"c" default:"/etc/radicado/config.toml" env:"RADICADO_CONFIG" type:"path" placeholder:"FILE"`
}

// jsonFlag chooses output for programs.
type jsonFlag struct {
	JSON bool `help:"Print JSON, for programs."`
}

// description says what the program is.
const description = "An email-driven support desk: mails become numbered requests, answers are threaded, commands in the subject act on them."

// errFailed ends the program with status 1 when everything was said already.
var errFailed = errors.New("failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr}))
}

// execute runs the command line and returns the exit status: 0 for success, 1 for failure, 2 for a wrong command line or where "health" finds something critical.
func execute(ctx context.Context, args []string, c console) int {
	status := -1
	parser, err := kong.New(&commands{}, kong.Name("radicado"), kong.Description(description),
		kong.Writers(c.out, c.err), kong.Exit(func(code int) { status = code }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(c))
	if err != nil {
		fmt.Fprintln(c.err, "radicado:", err)
		return 2
	}
	parsed, err := parser.Parse(longFlags(args))
	if status >= 0 { // --help was answered
		return status
	}
	if err != nil {
		fmt.Fprintln(c.err, "radicado:", err)
		fmt.Fprintln(c.err, `Say "radicado --help", or --help after a subcommand, for what there is.`)
		return 2
	}
	err = parsed.Run()
	if err != nil && !errors.Is(err, errFailed) {
		fmt.Fprintln(c.err, "radicado:", err)
	}
	if errors.Is(err, errCritical) {
		return 2
	}
	if err != nil {
		return 1
	}
	return 0
}

// longFlags lets "-config FILE" stand for "--config FILE", as people write who know other Go programs.
func longFlags(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		name, _, _ := strings.Cut(a, "=")
		if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && len(name) > 2 {
			a = "-" + a
		}
		out[i] = a
	}
	return out
}
