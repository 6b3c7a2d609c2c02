package main

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// keepMallocSmall has the C library give large blocks back at once and not keep memory apart for each thread. SQLite is used by
// many threads of the Go runtime, and a mail of 25 MB is a block of that size.
static void keepMallocSmall(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

// trimMalloc gives the system what was freed and lies between blocks that are in use.
static void trimMalloc(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

import (
	"cmp"
	"context"
	"os"
	"runtime/debug"
	"time"
)

// softMemory is how much memory of Go's the daemon takes before it collects garbage more often, in bytes. It needs less than that but
// while a large mail is read: then what the last one left behind is collected before more is taken.
const softMemory = 64 << 20

// maxStack is how far a stack may grow, in bytes. What goes beyond it is recursion without an end, which should not take the memory of
// the machine before it ends the program: Go's own limit is 1 GB.
const maxStack = 64 << 20

// keepMemorySmall sets what the runtimes of Go and C make of memory that is not in use. GOMEMLIMIT in the environment wins.
func keepMemorySmall() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
	debug.SetMaxStack(maxStack)
	C.keepMallocSmall()
}

// giveBackMemory gives the system all memory that is not in use. It takes some ten milliseconds.
func giveBackMemory() {
	debug.FreeOSMemory()
	C.trimMalloc()
}

// restAfter is how long nobody must have written to the register before the daemon counts as being at rest.
const restAfter = 3 * time.Second

// restLightly gives back what only the start needed, and memory whenever the daemon has come to rest, until ctx ends.
func (p *program) restLightly(ctx context.Context) {
	giveBackMemory()
	wait := cmp.Or(p.pace.rest, restAfter)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-p.wrote:
			timer.Reset(wait)
		case <-timer.C:
			if err := p.register.Shrink(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("the register keeps its memory", "error", err)
			}
			giveBackMemory()
		case <-ctx.Done():
			return
		}
	}
}
