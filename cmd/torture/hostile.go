package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"radicado/cmd/torture/audit"
)

const (
	asItIs      = "as it is" // the kind of a mail that is not spoiled
	waveMails   = 200
	hostileFull = 100_000         // spoiled mails, where there is time
	slowestMail = 2 * time.Second // for the whole group of fifty that it came in, or else for the mail alone
	waveTime    = time.Minute
)

// hostile sends every mail of the corpora and many spoiled ones through the daemon, as many as there is time for.
func hostile(ctx context.Context, r *run, o *office, until time.Time) error {
	o.smtp.serve = serveSink // it keeps nothing: there will be very many
	o.limits = ""
	if err := o.configure(); err != nil {
		return err
	}
	from, err := seeds(r.Corpora, o.desk)
	if err != nil {
		return err
	}
	l, err := o.start()
	if err != nil {
		return err
	}
	defer l.kill()
	h := &hostility{office: o, run: r, seen: map[[sha256.Size]byte]bool{}}
	spoiled := 0
	for i := 0; spoiled < hostileFull && time.Now().Before(until) && ctx.Err() == nil; {
		for ; len(h.wave) < waveMails && spoiled < hostileFull; i++ {
			if i < len(from) {
				h.add(fmt.Sprintf("corpus/%d", i), from[i], asItIs)
				continue
			}
			raw, made := hostileOf(r.seed, i-len(from), from)
			if h.add(fmt.Sprintf("spoiled/%d (%s)", i-len(from), made), raw, strings.Split(made, ", ")...) {
				spoiled++
			}
		}
		if err := h.send(ctx, l); err != nil {
			return err
		}
		if l.over() {
			o.violation("crash", o.name, "it ended by itself before mail %d: %v", i, l.err)
			if l, err = o.start(); err != nil {
				return err
			}
		}
	}
	o.notes = append(o.notes, fmt.Sprintf("%d of %d spoiled mails", spoiled, hostileFull))
	o.finish = func(ctx context.Context) (audit.Report, error) { return h.finish(ctx, l) }
	if err := h.quiet(ctx, l); err != nil {
		return err
	}
	return nil
}

// hostileKinds are the names of all ways to spoil a mail.
func hostileKinds() []string {
	kinds := []string{asItIs}
	for _, m := range slices.Concat(mutations, bombs) {
		kinds = append(kinds, m.name)
	}
	return kinds
}

// hostility is the hostile mails on their way.
type hostility struct {
	office *office
	run    *run
	wave   [][]byte
	labels []string
	seen   map[[sha256.Size]byte]bool
	judged int // arrivals whose time was looked at, by their number in the register
	again  int // mails that came again, alone
}

// add puts a mail into the wave, unless there was one of the same bytes.
func (h *hostility) add(label string, raw []byte, kinds ...string) bool {
	raw = asServed(raw)
	sum := sha256.Sum256(raw)
	if h.seen[sum] || len(raw) == 0 {
		return false
	}
	h.seen[sum] = true
	for _, kind := range kinds {
		h.run.count(h.office.name, kind, true)
	}
	h.wave, h.labels = append(h.wave, raw), append(h.labels, label)
	sent := audit.NewSent(label, "", "", raw)
	sent.Anything = true
	h.office.sent = append(h.office.sent, sent)
	return true
}

// asServed is a mail as Dovecot gives it out: each line ends in CR LF, and a NUL, which IMAP forbids, is 0x80. Further CRs before
// a line end go, lest delivering and serving take one away each.
func asServed(raw []byte) []byte {
	out := make([]byte, 0, len(raw)+len(raw)/32)
	for _, c := range raw {
		switch c {
		case '\n':
			out = append(bytes.TrimRight(out, "\r"), '\r', '\n')
		case 0:
			out = append(out, 0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}

// send puts a wave into the inbox, waits until it is gone from there, and looks whether the other folders hold its bytes.
func (h *hostility) send(ctx context.Context, l *life) error {
	o := h.office
	for _, raw := range h.wave {
		if err := o.site.deliver(o.desk, raw); err != nil {
			return err
		}
	}
	limit, cancel := context.WithTimeout(ctx, waveTime)
	defer cancel()
	left := len(h.wave)
	for limit.Err() == nil && !l.over() {
		if left = o.site.count(o.desk, "INBOX"); left == 0 {
			break
		}
		sleep(limit, 10*time.Millisecond)
	}
	if left > 0 && ctx.Err() == nil {
		o.violation("stall", o.name, "%d of the mails from %s to %s are not handled after %v", left, h.labels[0], h.labels[len(h.labels)-1], waveTime)
		if err := h.keep(); err != nil {
			return err
		}
	}
	held := map[[sha256.Size]byte]int{}
	err := o.site.files(o.desk, func(_, path string) error {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		held[sha256.Sum256(asServed(raw))]++
		return os.Remove(path) // a hundred thousand are too many for one folder
	})
	if err != nil {
		return err
	}
	for i, raw := range h.wave {
		if n := held[sha256.Sum256(raw)]; n != 1 {
			o.violation(audit.RuleMailbox, h.labels[i], "it lies in the mailbox %d times", n)
		}
	}
	wave, labels := h.wave, h.labels
	h.wave, h.labels = nil, nil
	slow, err := h.slow(ctx)
	for i, raw := range wave {
		took, is := slow[sha256.Sum256(raw)]
		switch {
		case err != nil || ctx.Err() != nil || l.over() || !is:
		case len(wave) == 1:
			o.violation("slow", labels[i], "it took %v alone", took)
		default: // it may have been the machine, or many mails together
			h.again++
			h.add("again/"+labels[i], append([]byte("X-Again: yes\r\n"), raw...), asItIs)
			err = h.send(ctx, l)
		}
	}
	return err
}

// slow returns the mails since it was called last that came in a group which took longer than slowestMail, and how long that was.
func (h *hostility) slow(ctx context.Context) (map[[sha256.Size]byte]time.Duration, error) {
	db, err := h.office.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	// A group is handled when it was taken and the one before was settled.
	rows, err := db.QueryContext(ctx, `WITH groups AS (SELECT settled_at, max(taken_at) AS taken_at FROM arrivals WHERE id > ?1 - 100 GROUP BY settled_at),
		timed AS (SELECT settled_at, settled_at - max(taken_at, lag(settled_at, 1, 0) OVER (ORDER BY settled_at)) AS took FROM groups)
		SELECT r.digest, a.id, took FROM timed JOIN arrivals a USING (settled_at) JOIN raws r ON r.id = a.raw WHERE a.id > ?1`, h.judged)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	slow := map[[sha256.Size]byte]time.Duration{}
	for rows.Next() {
		var digest []byte
		var id, ms int
		if err := rows.Scan(&digest, &id, &ms); err != nil {
			return nil, err
		}
		h.judged = max(h.judged, id)
		if took := time.Duration(ms) * time.Millisecond; took > slowestMail {
			slow[[sha256.Size]byte(digest)] = took
		}
	}
	return slow, rows.Err()
}

// keep writes the wave down, to be looked into.
func (h *hostility) keep() error {
	dir := filepath.Join(h.office.folder, "wave")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, raw := range h.wave {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.eml", i)), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// quiet waits until nothing is to be done any more, and stops the daemon.
func (h *hostility) quiet(ctx context.Context, l *life) error {
	limit, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for limit.Err() == nil && !l.over() {
		left, err := h.office.query(limit, "SELECT (SELECT count(*) FROM arrivals WHERE state = 'taken' OR moved_at IS NULL) + (SELECT count(*) FROM outbox WHERE state = 'queued')")
		if err == nil && left == 0 {
			break
		}
		sleep(limit, 100*time.Millisecond)
	}
	if err := l.stop(); err != nil {
		h.office.violation("crash", h.office.name, "it did not stop well: %v", err)
	}
	return ctx.Err()
}

// finish judges, and names the slowest mail.
func (h *hostility) finish(ctx context.Context, _ *life) (audit.Report, error) {
	o := h.office
	db, err := sql.Open("sqlite3", "file:"+o.register()+"?mode=rw&_query_only=on")
	if err != nil {
		return audit.Report{}, err
	}
	defer db.Close()
	var ms int64
	var digest []byte
	// A group is handled when it was taken and the one before was settled.
	err = db.QueryRowContext(ctx, `WITH groups AS (SELECT settled_at, max(taken_at) AS taken_at FROM arrivals GROUP BY settled_at),
		timed AS (SELECT settled_at, settled_at - max(taken_at, lag(settled_at, 1, 0) OVER (ORDER BY settled_at)) AS took FROM groups)
		SELECT took, r.digest FROM timed JOIN arrivals a USING (settled_at) JOIN raws r ON r.id = a.raw ORDER BY took DESC, a.size DESC LIMIT 1`).Scan(&ms, &digest)
	if err != nil {
		return audit.Report{}, err
	}
	slowest := slices.IndexFunc(o.sent, func(s audit.Sent) bool { return string(s.Digest[:]) == string(digest) })
	label := "unknown"
	if slowest >= 0 {
		label = o.sent[slowest].Label
	}
	took := time.Duration(ms) * time.Millisecond
	o.notes = append(o.notes, fmt.Sprintf("the slowest group of fifty: %v, its largest mail %s", took, label))
	if h.again > 0 {
		o.notes = append(o.notes, fmt.Sprintf("%d mails of slow groups came again alone", h.again))
	}
	report, err := audit.Check(ctx, audit.Evidence{Register: o.register(), Sent: o.sent, Apart: true})
	report.Violations = append(o.found, report.Violations...)
	if err == nil {
		err = o.crashes(&report)
	}
	return report, err
}
