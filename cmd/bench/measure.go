package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// figures is what was measured. Rates are mails a second, times milliseconds, sizes bytes.
type figures struct {
	Processors int    `json:"processors"`
	Servers    string `json:"servers"`
	Mails      int    `json:"mails"`
	Register   int    `json:"requests_before"`

	Registered   float64 `json:"registered_per_second"`
	Moved        float64 `json:"registered_and_moved_per_second"`
	Acknowledged float64 `json:"acknowledged_per_second"` // from the start to the last notice accepted
	Notices      int64   `json:"notices"`
	Sent         rates   `json:"notices_per_second"`
	BareSender   rates   `json:"bare_sender_per_second"`
	SenderShare  rates   `json:"share_of_bare_sender"`

	Floor floor   `json:"floor"`
	Ratio float64 `json:"share_of_floor"`

	CPUMail      float64 `json:"cpu_ms_per_mail"`              // to registered and moved
	CPUNotice    float64 `json:"cpu_ms_per_mail_with_notices"` // to the last notice
	PeakMemory   int64   `json:"peak_memory"`
	MemoryAtRest int64   `json:"memory_at_rest"`
	Program      int64   `json:"memory_of_the_program_file"` // within each of the others
	Large        large   `json:"large_mails"`
	DiskMail     float64 `json:"disk_per_mail"`

	Latency percentiles `json:"arrival_to_acknowledgement_ms"`
	Costs   costs       `json:"cpu_ms_per_kind"`

	written int // mails to the desk so far
}

// rates are those of sending: until the server has accepted the last mail, and until it has delivered it. A sender that costs little
// leaves the server a queue, with which it goes on alone.
type rates struct {
	Accepted  float64 `json:"accepted"`
	Delivered float64 `json:"delivered"`
}

// percentiles of times in milliseconds.
type percentiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
}

func percentilesOf(times []time.Duration) percentiles {
	if len(times) == 0 {
		return percentiles{}
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		i := min(int(share*float64(len(times))), len(times)-1)
		return float64(times[i].Microseconds()) / 1000
	}
	return percentiles{Count: len(times), P50: at(0.5), P95: at(0.95), P99: at(0.99)}
}

// measure runs everything, one thing at a time.
func measure(ctx context.Context, w *world, folder string, o options) (f *figures, err error) {
	f = &figures{Processors: runtime.NumCPU(), Servers: "Dovecot and Postfix", Mails: o.Mails, Register: o.Register}
	if o.InProcess {
		f.Servers = "in the process"
	}
	g := newGenerator(o.mix, time.Now(), o.Register+1)
	mails := make([][]byte, o.Mails)
	for i := range mails {
		mails[i] = g.next()
	}
	for _, user := range []string{floorAddress, deskAddress} {
		if err := w.fill(user, mails); err != nil {
			return nil, err
		}
	}
	if f.Floor, err = measureFloor(ctx, w, folder); err != nil {
		return nil, err
	}
	if err := prepareRegister(ctx, folder, o, time.Now().UTC()); err != nil {
		return nil, err
	}
	before, err := size(filepath.Join(folder, "register.db"))
	if err != nil {
		return nil, err
	}
	d, err := startDaemon(ctx, w, folder, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	f.written = o.Mails
	if err := f.backlog(ctx, w, d, o); err != nil {
		return nil, err
	}
	if err := f.idle(ctx, w, d, g, o); err != nil {
		return nil, err
	}
	if err := f.sender(ctx, w, o); err != nil {
		return nil, err
	}
	if err := f.cost(ctx, w, d, g, folder, o); err != nil {
		return nil, err
	}
	after, err := size(filepath.Join(folder, "register.db"))
	if err != nil {
		return nil, err
	}
	f.DiskMail = float64(after-before) / float64(f.written)
	return f, f.largeMails(ctx, w, d, g, o)
}

const sentNotices = "SELECT count(*) FROM outbox WHERE state = 'sent'"

// backlog waits while the daemon takes the full mailbox.
func (f *figures) backlog(ctx context.Context, w *world, d *daemon, o options) error {
	begin := time.Now()
	rate := func() float64 { return float64(o.Mails) / time.Since(begin).Seconds() }
	if err := d.await(ctx, "all mails to be registered", isRegistered, o.Mails); err != nil {
		return err
	}
	f.Registered = rate()
	if err := d.await(ctx, "all mails to be moved", isMoved, o.Mails); err != nil {
		return err
	}
	f.Moved = rate()
	moved := time.Now()
	if n, err := d.count(ctx, "SELECT count(*) FROM arrivals WHERE state <> 'taken' AND moved_at IS NOT NULL"); n != int64(o.Mails) || err != nil {
		return errors.Join(err, fmt.Errorf("%d mails are registered and moved, of %d", n, o.Mails))
	}
	early, err := d.count(ctx, sentNotices)
	if err != nil {
		return err
	}
	f.Ratio = f.Moved / f.Floor.Sum
	used, err := d.cpu()
	if err != nil {
		return err
	}
	f.CPUMail = milliseconds(used) / float64(o.Mails)
	if err := d.await(ctx, "all notices to be sent", isSilent); err != nil {
		return err
	}
	f.Acknowledged = rate()
	if used, err = d.cpu(); err != nil {
		return err
	}
	f.CPUNotice = milliseconds(used) / float64(o.Mails)
	if f.Notices, err = d.count(ctx, sentNotices); err != nil {
		return err
	}
	if f.Sent, err = w.accepted(ctx, int(f.Notices-early), moved); err != nil {
		return err
	}
	memory, err := d.memory()
	f.PeakMemory = memory.peak
	return err
}

// idle writes to the idle daemon, one mail after the other, and waits for each acknowledgement.
func (f *figures) idle(ctx context.Context, w *world, d *daemon, g *generator, o options) (err error) {
	client, err := dial(ctx, w.imap, deskAddress, w.password)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	var times []time.Duration
	for i := range o.Latency {
		raw := g.request()
		last, err := d.count(ctx, "SELECT max(id) FROM outbox")
		if err != nil {
			return err
		}
		if err := appendMail(client, raw); err != nil {
			return fmt.Errorf("mail %d to the idle daemon: %w", i, err)
		}
		arrived := time.Now()
		var sentAt int64
		if err := d.until(ctx, "an acknowledgement", func() (bool, error) {
			sentAt, err = d.count(ctx, "SELECT coalesce(min(sent_at), 0) FROM outbox WHERE id > ?1 AND kind = 'acknowledgement'", last)
			return sentAt > 0, err
		}); err != nil {
			return err
		}
		times = append(times, max(time.UnixMilli(sentAt).Sub(arrived), 0))
		f.written++
		if err := d.rest(ctx, f.written); err != nil {
			return err
		}
		if err := pause(ctx, time.Duration(g.random.IntN(1500))*time.Millisecond); err != nil {
			return err
		}
	}
	f.Latency = percentilesOf(times)
	if err := pause(ctx, calm); err != nil {
		return err
	}
	memory, err := d.memory()
	f.MemoryAtRest, f.Program = memory.now, memory.program
	return err
}

// calm is after how long without a mail the daemon is taken to be at rest. It gives memory back when nothing was written for three
// seconds, and the job that looks at deadlines every five minutes may have written within them.
const calm = 10 * time.Second

// pause is how long nobody writes: what is measured is the answer to a mail out of the blue.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// sender measures the bare sender with the notices that the daemon sent, to as many people with mailboxes as empty: what the server does
// with them afterwards takes more of the processors than sending does, and the more the more mailboxes there are and the more they hold.
func (f *figures) sender(ctx context.Context, w *world, o options) error {
	people := staff()
	for i := range o.Senders {
		people = append(people, official(i))
	}
	var notices []sentNotice
	for _, user := range people {
		list, err := noticesOf(ctx, w, user, 20)
		if err != nil {
			return err
		}
		notices = append(notices, list...)
	}
	if len(notices) == 0 {
		return errors.New("bare sender: nobody has received a notice")
	}
	rand.New(rand.NewPCG(o.Seed, 1)).Shuffle(len(notices), func(i, j int) { notices[i], notices[j] = notices[j], notices[i] })
	var err error
	f.BareSender, err = bareSend(ctx, w, notices, o.Connections)
	f.SenderShare = rates{f.Sent.Accepted / f.BareSender.Accepted, f.Sent.Delivered / f.BareSender.Delivered}
	return err
}

// size returns the bytes of a register with its log, 0 where there is none.
func size(path string) (total int64, err error) {
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, nil
}

// print writes the figures for people.
func (f *figures) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	mb := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	row("servers", "%s, %d processors", f.Servers, f.Processors)
	row("mails, requests before", "%d, %d", f.Mails, f.Register)
	row("registered", "%.0f mails/s", f.Registered)
	row("registered and moved", "%.0f mails/s", f.Moved)
	row("floor: fetch, commit, move", "%.0f, %.0f, %.0f mails/s; one after the other %.0f", f.Floor.Fetch, f.Floor.Commit, f.Floor.Move, f.Floor.Sum)
	row("share of the floor", "%.0f%%", 100*f.Ratio)
	row("acknowledged", "%.0f mails/s", f.Acknowledged)
	row("notices", "%d: accepted %.0f/s, delivered %.0f/s", f.Notices, f.Sent.Accepted, f.Sent.Delivered)
	row("bare sender", "accepted %.0f/s, delivered %.0f/s; the daemon reaches %.0f%% and %.0f%%", f.BareSender.Accepted, f.BareSender.Delivered, 100*f.SenderShare.Accepted, 100*f.SenderShare.Delivered)
	row("arrival to acknowledgement, idle", "p50 %.0f ms, p95 %.0f ms, p99 %.0f ms (%d mails)", f.Latency.P50, f.Latency.P95, f.Latency.P99, f.Latency.Count)
	row("processor", "%.2f ms a mail, with its notices %.2f ms", f.CPUMail, f.CPUNotice)
	row("processor by kind", "request %.2f, answer %.2f, #lista %.2f, #buscar %.2f, digest %.2f ms", f.Costs.Request, f.Costs.Answer, f.Costs.List, f.Costs.Search, f.Costs.Digest)
	row("memory", "%.0f MB at most, %.0f MB at rest; %.0f MB of them are the program's file", mb(f.PeakMemory), mb(f.MemoryAtRest), mb(f.Program))
	if f.Large.Mails > 0 {
		row("large mails", "%d of %.0f MB: %.0f MB at most", f.Large.Mails, mb(int64(f.Large.Size)), mb(f.Large.Memory))
	}
	row("disk", "%.1f KB a mail", f.DiskMail/1024)
	_ = table.Flush() // a terminal that is gone is no fault of the figures
}
