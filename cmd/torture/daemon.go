package main

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

//go:embed shim/shim.c
var shimSource []byte

// tools is what is built once a run.
type tools struct {
	daemon string // the program of people, with the pace and the clock of cmd/radicado/pace_torture.go
	shim   string // what stands between SQLite and the disk
}

func build(ctx context.Context, root, folder string) (tools, error) {
	t := tools{daemon: filepath.Join(folder, "radicado"), shim: filepath.Join(folder, "shim.so")}
	source := filepath.Join(folder, "shim.c")
	if err := os.WriteFile(source, shimSource, 0o600); err != nil {
		return t, err
	}
	for _, args := range [][]string{
		{"go", "build", "-trimpath", "-tags", "torture", "-o", t.daemon, "./cmd/radicado"},
		{"cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", t.shim, source, "-ldl"},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return t, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return t, nil
}

// diskOrder is what the shim does to the register's files. The numbers are those of shim.c.
type diskOrder struct {
	mode  diskMode
	calls int32
	left  int32 // calls that still go well
	err   syscall.Errno
	times int32 // calls that fail, 0 for all of them
}

type diskMode int32

const (
	diskPass diskMode = iota
	dieBefore
	dieAfter
	failCalls
)

const (
	diskWrites      = 1
	diskSyncs       = 2
	diskTruncations = 4
)

// disk is the file by which the shim gets its orders.
type disk struct{ path string }

func (d disk) order(o diskOrder) error {
	var b []byte
	for _, v := range []int32{int32(o.mode), o.calls, o.left, int32(o.err), 0, o.times} {
		b = binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_WRONLY, 0o600) // in place: the daemon has it mapped
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Close())
}

// hits is how many calls did not go well since the last order.
func (d disk) hits() int {
	b, err := os.ReadFile(d.path)
	if err != nil || len(b) < 20 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(b[16:]))
}

// life is one process of the daemon.
type life struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of Wait, once ended is closed
	shot  atomic.Bool
}

// start starts the daemon. limits are those of prlimit(1): "--data=67108864".
func (o *office) start(limits ...string) (*life, error) {
	args := []string{o.tools.daemon, "run", "--config", o.settings}
	if len(limits) > 0 {
		args = slices.Concat([]string{"prlimit"}, limits, []string{"--"}, args)
	}
	cmd := exec.Command(args[0], args[1:]...)
	log, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+o.tools.shim, "RADICADO_TORTURE_DISK="+o.disk.path, "RADICADO_TORTURE_CLOCK="+o.clock)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	l := &life{cmd: cmd, ended: make(chan struct{})}
	o.lives++
	go func() {
		l.err = cmd.Wait()
		close(l.ended)
	}()
	return l, nil
}

// kill ends the daemon as the kernel does and returns when it is gone.
func (l *life) kill() {
	l.shot.Store(true)
	_ = l.cmd.Process.Kill()
	<-l.ended
}

// over reports whether the process has ended.
func (l *life) over() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

// stop ends the daemon as systemd does, and fails where it does not end well.
func (l *life) stop() error {
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-l.ended:
		return l.err
	case <-time.After(40 * time.Second):
		l.kill()
		return errors.New("it did not stop within 40 seconds")
	}
}
