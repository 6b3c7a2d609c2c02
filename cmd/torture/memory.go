package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"radicado/mailbox/mailtest"
)

// enough is what the daemon must live with, in bytes of data, while mails of largest come.
const (
	enough  = 512 << 20
	largest = 6 << 20 // of the file in a mail
	step    = 64 << 20
	limits  = 8 // how many limits there are, a step apart
)

// shortage is one life with little memory.
type shortage struct {
	limit uint64
	mails int
	file  int // bytes of the largest file
	lasts time.Duration
}

func shortageOf(seed uint64, i int) shortage {
	random := dice(seed, "memory", i)
	limit := uint64(dealt(seed, "memory", i, limits)+1) * step
	return shortage{limit: limit, mails: 3 + random.IntN(5), file: 1 + random.IntN(largest), lasts: time.Duration(500+random.IntN(2000)) * time.Millisecond}
}

// shortageNamed is the name of a life with so little memory.
func shortageNamed(limit uint64) string { return fmt.Sprintf("%d MiB", limit>>20) }

// memoryKinds are the names of all shortages.
func memoryKinds() (kinds []string) {
	for i := range uint64(limits) {
		kinds = append(kinds, shortageNamed((i+1)*step))
	}
	return kinds
}

// memory lets the daemon live with less and less memory, which may end it, and never lose anything.
func memory(ctx context.Context, r *run, o *office, until time.Time) error {
	o.mayCrash = true
	if err := o.configure(); err != nil {
		return err
	}
	peak, starved := 0, 0
	for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
		s := shortageOf(r.seed, i)
		random := dice(r.seed, "memory mails", i)
		l, err := o.start(fmt.Sprint("--data=", s.limit))
		if err != nil {
			return err
		}
		for n := range s.mails {
			if err := o.writeOne(ctx, random, o.people[n%len(o.people)], nil, mailtest.Attach("volcado.bin", "application/octet-stream", noise(random, s.file/(n+1)))); err != nil {
				l.kill()
				return err
			}
		}
		timer := time.NewTimer(s.lasts)
		select {
		case <-timer.C:
		case <-l.ended:
		case <-ctx.Done():
		}
		timer.Stop()
		if l.over() {
			starved++
			if s.limit >= enough {
				o.violation("memory", o.name, "life %d ended with %d MiB: %v", i, s.limit>>20, l.err)
			}
		}
		peak = max(peak, peakOf(l.cmd.Process.Pid))
		l.kill()
		r.count(o.name, shortageNamed(s.limit), true)
	}
	o.notes = append(o.notes, fmt.Sprintf("%d lives ended for lack of memory", starved), fmt.Sprintf("most resident memory %d MiB", peak>>10))
	return nil
}

func noise(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// peakOf returns the most memory in KiB that a process has had resident, 0 where it has ended.
func peakOf(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(string(fields[0]))
	return n
}
