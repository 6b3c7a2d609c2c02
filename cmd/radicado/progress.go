package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how far something is that takes longer than a second, and nothing anywhere else. It is safe for
// concurrent use.
type progress struct {
	out   io.Writer // nil where nobody looks
	begin time.Time

	mu    sync.Mutex
	what  string
	total int64
	shown time.Time
	bar   *progressbar.ProgressBar
}

const (
	progressDelay = time.Second            // after which a bar is shown: what is quicker needs none
	progressPause = 100 * time.Millisecond // between two looks of it
)

// progress returns a bar on the terminal of standard error, so that standard output stays clean for programs.
func (c console) progress() *progress {
	p := &progress{begin: time.Now()}
	if f, ok := c.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = f
	}
	return p
}

// at says how much of a piece of work is done; a total below 1 is not known. Another piece of work begins another bar.
func (p *progress) at(what string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || time.Since(p.begin) < progressDelay {
		return
	}
	if total < 1 {
		total = -1
	}
	if fresh := p.bar == nil || p.what != what || p.total != total; fresh {
		p.clear()
		p.what, p.total = what, total
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetSpinnerChangeInterval(0)) // with one, a goroutine would turn it that nobody can end
	} else if time.Since(p.shown) < progressPause {
		return
	}
	p.shown = time.Now()
	_ = p.bar.Set64(done) // a terminal that has gone away is no reason to stop the work
}

// end removes the bar.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
		p.bar = nil
	}
}
