// Command bench measures the daemon: how fast it takes a full mailbox, how soon a mail is acknowledged, what it costs and holds. It
// runs the real program in a process of its own against Dovecot and Postfix, looks at it from outside, and measures beside it what
// nothing can do without. It sends to loopback alone, is bounded in count and time, and leaves nothing behind.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options is the command line.
type options struct {
	mix
	Binary      string        `help:"The daemon to be measured." default:"bin/radicado" type:"existingfile"`
	Scripts     string        `help:"Folder with the scripts that run Dovecot and Postfix." default:".ci" type:"existingdir"`
	InProcess   bool          `help:"The servers in the process instead of Dovecot and Postfix."`
	Connections int           `help:"SMTP connections of the daemon and of the bare sender." default:"2"`
	Latency     int           `help:"Mails to an idle daemon, one after the other." default:"100"`
	Large       int           `help:"Large mails at the end, every second one with a file." default:"6"`
	LargeSize   int           `help:"Bytes of a large mail." default:"25000000"`
	IdleCheck   string        `help:"idle_check of the mailbox: Dovecot announces mail half a second late. Empty: IDLE alone." default:"100ms"`
	Register    int           `help:"Requests that are in the register already." default:"0"`
	Open        int           `help:"How many of these are still open, the latest ones." default:"200"`
	Made        string        `help:"File in which such a register is kept, so that it is made once; each run works on a copy." placeholder:"FILE"`
	JSON        string        `help:"File for the figures." placeholder:"FILE"`
	Limit       time.Duration `help:"Give up after so long." default:"20m"`
	Keep        bool          `help:"Keep the folder with settings, register and logs."`
}

func (o options) mailboxKeys() string {
	if o.IdleCheck == "" {
		return ""
	}
	return fmt.Sprintf("idle_check = %q", o.IdleCheck)
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Measure the daemon on Dovecot and Postfix, and the floor beside it."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	if o.Binary, err = filepath.Abs(o.Binary); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "radicado-bench-")
	if err != nil {
		return err
	}
	if err := os.Chmod(folder, 0o755); err != nil { // the mail servers drop their rights and must get through
		return err
	}
	if o.Keep {
		fmt.Println("everything is in", folder)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	var w *world
	if o.InProcess {
		w, err = inProcessWorld(o.mix)
	} else {
		w, err = realWorld(ctx, o.Scripts, filepath.Join(folder, "servers"))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	figures, err := measure(ctx, w, folder, o)
	if err != nil {
		return err
	}
	figures.print(os.Stdout)
	if o.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.JSON, append(data, '\n'), 0o644)
}
