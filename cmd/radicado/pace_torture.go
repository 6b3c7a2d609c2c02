//go:build torture

package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"radicado/mailbox/receive"
	"radicado/tickets/outbox"
)

// runPace is the pace of a daemon that is tortured: it tries again at once, so that ten minutes hold hundreds of lives. Its
// clock is off by the nanoseconds in the file that RADICADO_TORTURE_CLOCK names. Nothing else differs from what people run.
func runPace() pace {
	clock := os.Getenv("RADICADO_TORTURE_CLOCK")
	return pace{
		receive: receive.Timing{Retry: 50 * time.Millisecond, MaxRetry: 500 * time.Millisecond, RefusedRetry: 100 * time.Millisecond, Patience: 10 * time.Second},
		outbox:  outbox.Pace{Retry: 2 * time.Second, MaxRetry: 5 * time.Second, Down: 100 * time.Millisecond, MaxDown: time.Second},
		look:    200 * time.Millisecond,
		now: func() time.Time {
			off, err := os.ReadFile(clock)
			if err != nil {
				return time.Now()
			}
			ns, _ := strconv.ParseInt(strings.TrimSpace(string(off)), 10, 64)
			return time.Now().Add(time.Duration(ns))
		},
	}
}
