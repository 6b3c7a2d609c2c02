// Command torture does to the daemon what may happen to it in ten years of service, within minutes: it is killed between any two
// steps, the mail servers misbehave, the disk fills up, the clock jumps, and hostile mail comes. Afterwards package audit says
// whether anything was lost, doubled or altered. It needs root, Dovecot and Postfix, and starts both for itself on loopback.
//
// What is done is planned by a seed: the same seed is the same plan. When each fault strikes depends on the machine, too.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata"

	"github.com/alecthomas/kong"

	"radicado/cmd/torture/audit"
)

// options is the command line.
type options struct {
	Duration time.Duration `help:"How long to torture; what is begun is ended and looked at after that." default:"10m"`
	Seed     uint64        `help:"Seed of the plan; 0 takes one of the clock."`
	Only     []string      `help:"Scenarios, by name; all of them by default."`
	JSON     string        `help:"Write the result as JSON to this file." placeholder:"FILE" type:"path"`
	Folder   string        `help:"Where everything is kept; a temporary folder by default, which is removed where nothing is found." type:"path"`
	Corpora  string        `help:"Folder of mails to begin the hostile ones with; without it, generated ones." env:"RADICADO_CORPORA" type:"path"`
	Root     string        `help:"The repository." default:"." type:"path"`
	Plan     int           `help:"Print the first so many faults of each scenario, and do nothing." placeholder:"N"`
}

// scenario is one kind of trouble.
type scenario struct {
	name  string
	share int // of the time, in percent
	play  func(ctx context.Context, r *run, o *office, until time.Time) error
	plan  func(seed uint64, i int) string // what the i-th fault is
	kinds []string                        // of fault, which a run of fullDuration must see strike, each of them
}

// fullDuration is how long a run takes in which every kind of fault must strike.
const fullDuration = 10 * time.Minute

func scenarios() []scenario {
	return []scenario{
		{"kill", 24, kill, func(seed uint64, i int) string { return deathOf(seed, i).String() }, killKinds()},
		{"imap", 12, imapTroubles, func(seed uint64, i int) string { return imapTroubleOf(seed, i).String() }, names(imapList(dice(0, "", 0)))},
		{"smtp", 12, smtpTroubles, func(seed uint64, i int) string { return smtpTroubleOf(seed, i).String() }, names(smtpList(dice(0, "", 0)))},
		{"disk", 12, diskTroubles, func(seed uint64, i int) string { return diskTroubleOf(seed, i).String() }, names(diskList(dice(0, "", 0)))},
		{"files", 4, filesTroubles, func(seed uint64, i int) string { return filesTroubleOf(seed, i).String() }, names(filesList(dice(0, "", 0)))},
		{"mixed", 8, mixed, func(seed uint64, i int) string { return mixtureOf(seed, i).String() }, nil},
		{"clock", 6, clockTroubles, clockPlan, clockKinds()},
		{"hostile", 18, hostile, func(uint64, int) string { return "the spoiled mail of that index" }, hostileKinds()},
		{"memory", 4, memory, func(seed uint64, i int) string { return fmt.Sprintf("%+v", shortageOf(seed, i)) }, memoryKinds()},
	}
}

// run is one run of the command.
type run struct {
	options
	seed  uint64
	site  *site
	tools tools
	out   io.Writer

	mu     sync.Mutex
	counts map[string]map[string]tally // faults by scenario and name
}

// tally is how often a fault was planned, and how often it struck: a connection that should be cut while a mail passes is not,
// where no mail comes by.
type tally struct {
	Planned int `json:"planned"`
	Struck  int `json:"struck"`
}

// result is what became of a scenario.
type result struct {
	Scenario string           `json:"scenario"`
	Seconds  float64          `json:"seconds"`
	Lives    int              `json:"lives"`
	Faults   int              `json:"faults"` // that struck
	ByKind   map[string]tally `json:"by_kind"`
	Missed   []string         `json:"missed,omitempty"`  // kinds of fault that were planned and never struck
	NoTime   []string         `json:"no_time,omitempty"` // kinds of fault that the time was too short for
	Full     bool             `json:"full"`              // each kind had to strike
	Notes    []string         `json:"notes,omitempty"`
	audit.Report
}

// sound reports whether everything that had to happen did, and nothing else.
func (r result) sound() bool {
	return len(r.Violations) == 0 && (!r.Full || len(r.Missed)+len(r.NoTime) == 0)
}

// dice returns the chances of the i-th step of something.
func dice(seed uint64, what string, i int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, what, i)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// dealt is the i-th of n cards that are dealt again and again, shuffled each time: each comes once before any comes twice.
func dealt(seed uint64, what string, i, n int) int {
	return dice(seed, what+" round ", i/n).Perm(n)[i%n]
}

// count counts a fault.
func (r *run) count(scenario, name string, struck bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts[scenario] == nil {
		r.counts[scenario] = map[string]tally{}
	}
	t := r.counts[scenario][name]
	t.Planned++
	if struck {
		t.Struck++
	}
	r.counts[scenario][name] = t
}

// struck returns how many faults of a scenario have struck.
func (r *run) struck(scenario string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.counts[scenario] {
		n += t.Struck
	}
	return n
}

func main() {
	var o options
	parser := kong.Must(&o, kong.Name("torture"), kong.Description("Do to the daemon what may happen to it in ten years, and look what is left."))
	_, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sound, err := torture(ctx, o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
	}
	if err != nil || !sound {
		os.Exit(1)
	}
}

// torture runs the scenarios and reports whether every promise was kept.
func torture(ctx context.Context, o options, out io.Writer) (sound bool, err error) {
	r := &run{options: o, seed: cmp.Or(o.Seed, uint64(time.Now().UnixNano())), out: out, counts: map[string]map[string]tally{}}
	chosen := slices.DeleteFunc(scenarios(), func(s scenario) bool { return len(o.Only) > 0 && !slices.Contains(o.Only, s.name) })
	if len(chosen) == 0 {
		return false, fmt.Errorf("there is no scenario of the names %q", o.Only)
	}
	if o.Plan > 0 {
		for _, s := range chosen {
			for i := range o.Plan {
				fmt.Fprintf(out, "%s %d: %s\n", s.name, i, s.plan(r.seed, i))
			}
		}
		return true, nil
	}
	fmt.Fprintf(out, "seed %d, %v\n", r.seed, o.Duration)
	folder, done, err := workFolder(o.Folder)
	if err != nil {
		return false, err
	}
	defer func() { done(sound && err == nil) }()
	if r.tools, err = build(ctx, o.Root, folder); err != nil {
		return false, err
	}
	r.site, err = newSite(ctx, o.Root, folder)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.site.Stop()) }()
	total := 0
	for _, s := range chosen {
		total += s.share
	}
	var results []result
	for _, s := range chosen {
		share := o.Duration * time.Duration(s.share) / time.Duration(total)
		one, err := r.play(ctx, s, folder, share)
		if err != nil {
			return false, fmt.Errorf("%s: %w", s.name, err)
		}
		results = append(results, one)
	}
	return r.report(results, folder)
}

// workFolder returns where everything is kept, and what is done with it in the end.
func workFolder(wanted string) (folder string, done func(sound bool), err error) {
	if wanted != "" {
		return wanted, func(bool) {}, os.MkdirAll(wanted, 0o755)
	}
	folder, err = os.MkdirTemp("", "radicado-torture.")
	return folder, func(sound bool) {
		if sound {
			_ = os.RemoveAll(folder)
		}
	}, err
}

// play plays a scenario for a while and looks at what is left.
func (r *run) play(ctx context.Context, s scenario, folder string, share time.Duration) (_ result, err error) {
	begin := time.Now()
	o, err := newOffice(s.name, r.site, r.tools, folder)
	if err != nil {
		return result{}, err
	}
	sound := false
	defer func() { err = errors.Join(err, o.close(sound)) }()
	stop := r.progress(s.name, share)
	err = s.play(ctx, r, o, begin.Add(share))
	var report audit.Report
	switch {
	case err != nil:
	case o.finish != nil:
		report, err = o.finish(ctx)
	default:
		if err = o.settle(ctx); err == nil {
			report, err = o.judge(ctx)
		}
	}
	stop()
	one := result{Scenario: s.name, Seconds: time.Since(begin).Seconds(), Lives: o.lives, Faults: r.struck(s.name), ByKind: r.counts[s.name],
		Full: share >= fullDuration*time.Duration(s.share)/100, Notes: o.notes, Report: report}
	for _, kind := range s.kinds {
		switch t := one.ByKind[kind]; {
		case t.Planned == 0:
			one.NoTime = append(one.NoTime, kind)
		case t.Struck == 0:
			one.Missed = append(one.Missed, kind)
		}
	}
	sound = err == nil && one.sound()
	fmt.Fprintf(r.out, "%-8s %4.0f s: %d faults, %d lives, %d mails, %d violations\n", s.name, one.Seconds, one.Faults, one.Lives, one.Mails, len(one.Violations))
	return one, err
}

// progress says on a terminal how far a scenario is, until the function that it returns is called.
func (r *run) progress(name string, share time.Duration) (stop func()) {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	begin := time.Now()
	wait.Go(func() {
		for ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "\r\033[K%s: %.0f of %.0f s, %d faults", name, time.Since(begin).Seconds(), share.Seconds(), r.struck(name))
			sleep(ctx, time.Second)
		}
		fmt.Fprint(os.Stderr, "\r\033[K")
	})
	return func() {
		cancel()
		wait.Wait()
	}
}

// of says how often a fault struck, and how often it was planned where that is not the same.
func (t tally) of(name string) string {
	if t.Struck == t.Planned {
		return fmt.Sprintf("%s %d", name, t.Struck)
	}
	return fmt.Sprintf("%s %d of %d", name, t.Struck, t.Planned)
}

// report prints the results and writes them where they are wanted.
func (r *run) report(results []result, folder string) (sound bool, err error) {
	sound = true
	fmt.Fprintf(r.out, "\n%-8s %7s %6s %6s %7s %9s %8s %6s %6s %s\n", "scenario", "seconds", "lives", "faults", "mails", "requests", "events", "acked", "twice", "violations")
	for _, one := range results {
		twice := "-"
		if one.Acknowledged > 0 {
			twice = fmt.Sprintf("%.1f%%", 100*float64(one.Twice)/float64(one.Acknowledged))
		}
		fmt.Fprintf(r.out, "%-8s %7.0f %6d %6d %7d %9d %8d %6d %6s %d\n", one.Scenario, one.Seconds, one.Lives, one.Faults, one.Mails,
			one.Requests, one.Events, one.Acknowledged, twice, len(one.Violations))
	}
	for _, one := range results {
		var kinds []string
		for _, name := range slices.Sorted(maps.Keys(one.ByKind)) {
			kinds = append(kinds, one.ByKind[name].of(name))
		}
		fmt.Fprintf(r.out, "\n%s: %s\n", one.Scenario, strings.Join(append(kinds, one.Notes...), "; "))
		if len(one.Missed) > 0 {
			fmt.Fprintf(r.out, "  PLANNED AND NEVER STRUCK %s\n", strings.Join(one.Missed, ", "))
		}
		if len(one.NoTime) > 0 {
			fmt.Fprintf(r.out, "  no time for %s\n", strings.Join(one.NoTime, ", "))
		}
		sound = sound && one.sound()
		for _, v := range one.Violations {
			fmt.Fprintf(r.out, "  VIOLATED %s\n", v)
		}
	}
	switch kept := !slices.ContainsFunc(results, func(one result) bool { return len(one.Violations) > 0 }); {
	case sound:
		fmt.Fprintf(r.out, "\nevery promise was kept (seed %d)\n", r.seed)
	case kept:
		fmt.Fprintf(r.out, "\nevery promise was kept, but not every fault struck, in a run that is long enough for all (seed %d)\n", r.seed)
	default:
		fmt.Fprintf(r.out, "\nnot every promise was kept: look into %s; again with SEED=%d\n", folder, r.seed)
	}
	if r.JSON == "" {
		return sound, nil
	}
	data, err := json.MarshalIndent(struct {
		Seed    uint64   `json:"seed"`
		Sound   bool     `json:"sound"`
		Results []result `json:"results"`
	}{r.seed, sound, results}, "", "  ")
	return sound, errors.Join(err, os.WriteFile(filepath.Clean(r.JSON), append(data, '\n'), 0o644))
}
