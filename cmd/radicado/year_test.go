package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

// ran is that a job ran for a due time.
type ran struct{ due, at time.Time }

// year is a daemon with the settings out of the box whose clock the test moves. Mail servers there are none: what needs one is
// only noted.
type year struct {
	t        *testing.T
	settings *settings
	folder   string
	now      time.Time
	register *register.Register
	schedule *schedule.Schedule
	jobs     []schedule.Job
	ran      map[string][]ran
	visits   []time.Time // when the daemon was up and looked
}

func newYear(t *testing.T, begin time.Time) *year {
	t.Helper()
	y := &year{t: t, folder: t.TempDir(), now: begin, ran: map[string][]ran{}}
	text := fmt.Sprintf(`
[desk]
address = "soporte@ministerio.example"
[register]
path = %q
[smtp]
address = "127.0.0.1:25"
tls = "none"
[trust]
key_file = %q
[[mailbox]]
name = "soporte"
address = "127.0.0.1:143"
tls = "none"
username = "soporte"
password_env = "SECRET"
[[person]]
name = "Marta Ruiz"
role = "coordinator"
addresses = ["marta@ministerio.example"]
[[person]]
name = "Ana Gómez"
role = "technician"
addresses = ["ana@ministerio.example"]
`, filepath.Join(y.folder, "register.db"), filepath.Join(y.folder, "key"))
	var err error
	if y.settings, err = parseSettings("year.toml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	y.start()
	t.Cleanup(y.stop)
	return y
}

func (y *year) check(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *year) stop() { y.check(y.register.Close()) }

// start is what a daemon does that starts now.
func (y *year) start() {
	y.t.Helper()
	clock := func() time.Time { return y.now }
	options := y.settings.registerOptions(true)
	options.Now, options.Volatile = clock, true
	var err error
	y.register, err = register.Open(y.t.Context(), y.settings.file.Register.Path, options)
	y.check(err)
	keys, err := trust.OpenKeyring(y.settings.file.Trust.KeyFile, rand.NewChaCha8([32]byte{}))
	y.check(err)
	p := &program{register: y.register, pace: pace{now: clock}, log: slog.New(slog.DiscardHandler)}
	w := &shift{settings: y.settings, register: y.register, log: p.log}
	w.desk = desk.New(y.register, y.settings.deskOptions(nil, keys, p.log))
	y.check(w.addMailboxes(p))
	y.jobs = w.jobs(p)
	observed := make([]schedule.Job, len(y.jobs))
	for i, j := range y.jobs {
		observed[i] = y.observed(j)
	}
	y.schedule, err = schedule.New(y.register, observed, schedule.Options{Location: y.settings.location, Now: clock, Log: p.log})
	y.check(err)
}

// observed notes when a job runs. Backups and what talks to a mailbox cannot do their work here.
func (y *year) observed(j schedule.Job) schedule.Job {
	run, work := j.Run, j.Work
	note := func(due time.Time) { y.ran[j.Name] = append(y.ran[j.Name], ran{due, y.now}) }
	if run != nil {
		j.Run = func(ctx context.Context, tx *register.Tx, due time.Time) error {
			note(due)
			return run(ctx, tx, due)
		}
		return j
	}
	j.Work = func(ctx context.Context, due time.Time) (func(*register.Tx) error, error) {
		note(due)
		if j.Name == "backup" || strings.HasPrefix(j.Name, jobReconciliation) {
			return nil, nil
		}
		return work(ctx, due)
	}
	return j
}

// visit moves the clock and lets the daemon look what is due.
func (y *year) visit(at time.Time) {
	y.t.Helper()
	y.now = at
	y.visits = append(y.visits, at)
	y.check(y.schedule.CatchUp(y.t.Context()))
}

// live lets a year pass: the daemon looks at every due time of the jobs that run daily or less often, on some days every five
// minutes, and is down now and then for minutes or for days.
func (y *year) live(end time.Time, chance *rand.Rand) {
	y.t.Helper()
	var seldom []cron.Schedule
	for _, j := range y.jobs {
		if times := y.times(j); times.Next(times.Next(y.now)).Sub(times.Next(y.now)) > time.Hour {
			seldom = append(seldom, times)
		}
	}
	y.visit(y.now)
	for busy := false; ; {
		next := end
		for _, times := range seldom {
			if at := times.Next(y.now); at.Before(next) {
				next = at
			}
		}
		if next.YearDay() != y.now.YearDay() {
			busy = chance.IntN(90) == 0
		}
		if often := y.now.Truncate(5 * time.Minute).Add(5 * time.Minute); busy && often.Before(next) {
			next = often
		}
		if !next.Before(end) {
			return
		}
		switch chance.IntN(60) {
		case 0: // killed and up again at once
			y.stop()
			y.start()
		case 1, 2: // down for some minutes or hours
			y.stop()
			next = next.Add(time.Duration(chance.IntN(600)) * time.Minute)
			y.start()
		case 3: // down for some days
			if chance.IntN(3) == 0 {
				y.stop()
				next = next.Add(time.Duration(chance.IntN(12*24*60)) * time.Minute)
				y.start()
			}
		}
		y.visit(next)
	}
}

func (y *year) times(j schedule.Job) cron.Schedule {
	y.t.Helper()
	times, err := cron.ParseStandard(j.Spec)
	y.check(err)
	return times
}

// judge says of a job whether each of its due times was handled once, at the first visit at or after it, by itself or by a later one.
func (y *year) judge(j schedule.Job) {
	y.t.Helper()
	times, runs := y.times(j), y.ran[j.Name]
	next := func(after time.Time) time.Time {
		for at := times.Next(after.In(y.settings.location)); ; at = times.Next(at) {
			if j.On == nil || j.On(at) {
				return at
			}
		}
	}
	due := next(y.visits[0])
	for _, visit := range y.visits[1:] {
		var latest time.Time
		for ; !due.After(visit); due = next(due) {
			latest = due
		}
		if latest.IsZero() {
			continue
		}
		if len(runs) == 0 || !runs[0].due.Equal(latest) || !runs[0].at.Equal(visit) {
			y.t.Fatalf("%s: at %s it was due for %s, and ran next for %v", j.Name, visit, latest, runs[:min(len(runs), 1)])
		}
		runs = runs[1:]
	}
	if len(runs) > 0 {
		y.t.Errorf("%s: it ran %d times more than it was due, first for %v", j.Name, len(runs), runs[0])
	}
}

// request registers a request at the beginning of the year.
func (y *year) request(facts ...tickets.Fact) (number tickets.Number) {
	y.t.Helper()
	pedro := mailbox.Address{Name: "Pedro Páramo", Addr: "pedro@ministerio.example"}
	facts = append([]tickets.Fact{&tickets.RegisteredFact{Requester: pedro, Subject: "Impresora", Text: "No imprime."}}, facts...)
	y.check(y.register.Update(y.t.Context(), func(tx *register.Tx) (err error) {
		if number, err = tx.NextNumber(); err != nil {
			return err
		}
		t := new(tickets.Ticket)
		var events []tickets.Event
		for i, f := range facts {
			e := tickets.Event{Ticket: number, Seq: i + 1, At: tx.Now(), Actor: tickets.Actor{Role: tickets.RoleTechnician, Addr: "ana@ministerio.example"}, Fact: f}
			if err := t.Apply(e); err != nil {
				return err
			}
			events = append(events, e)
		}
		return tx.Append(t, events)
	}))
	return number
}

// happened returns the kinds of the events that the daemon itself added to a request.
func (y *year) happened(number tickets.Number) string {
	y.t.Helper()
	var kinds []string
	y.check(y.register.View(y.t.Context(), func(r *register.Reader) error {
		events, err := r.History(number)
		for _, e := range events {
			if e.Actor.Role == tickets.RoleSystem {
				kinds = append(kinds, e.Fact.Kind())
			}
		}
		return err
	}))
	return strings.Join(kinds, " ")
}

// alerts counts what the desk was told of the terms of a request, whatever the due time.
func (y *year) alerts(number tickets.Number) map[tickets.Alert]int {
	y.t.Helper()
	alerts := map[tickets.Alert]int{}
	y.check(y.register.View(y.t.Context(), func(r *register.Reader) error {
		ticket, err := r.Ticket(number)
		if err != nil {
			return err
		}
		for _, a := range ticket.Alerts {
			alerts[tickets.Alert{Clock: a.Clock, Breached: a.Breached}]++
		}
		return nil
	}))
	return alerts
}

// sent counts the notices of a kind.
func (y *year) sent(kind tickets.NoticeKind) (count int) {
	y.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+y.settings.file.Register.Path+"?mode=ro")
	y.check(err)
	defer db.Close()
	y.check(db.QueryRow("SELECT count(*) FROM outbox WHERE kind = ?", string(kind)).Scan(&count))
	return count
}

// TestAYear lets 2027 pass by, with restarts and times in which the daemon is down: no due time is missed, none is handled twice.
func TestAYear(t *testing.T) {
	t.Parallel()
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		t.Fatal(err)
	}
	y := newYear(t, time.Date(2027, 1, 1, 0, 0, 1, 0, bogota))
	assigned := &tickets.AssignedFact{Technician: mailbox.Address{Name: "Ana Gómez", Addr: "ana@ministerio.example"}}
	ignored := y.request(&tickets.PrioritisedFact{Priority: tickets.Low}, assigned)
	asked := y.request(assigned, &tickets.WaitedFact{Text: "¿Cuál es la placa?"})
	solved := y.request(assigned, &tickets.ResolvedFact{Text: "Listo."})
	lent := y.request(assigned, &tickets.ReservedFact{Resource: "Portátil", Units: 1, Due: time.Date(2027, 12, 29, 17, 0, 0, 0, bogota)}, &tickets.RejectedFact{Text: "No."})
	y.live(time.Date(2028, 1, 1, 0, 0, 0, 0, bogota), rand.New(rand.NewPCG(2027, 1)))

	names := map[string]bool{}
	for _, j := range y.jobs {
		y.judge(j)
		names[j.Name] = true
	}
	for _, want := range []string{"deadlines", "reminders", "closure", "loans", "vendors", jobDigest, jobWorklist, jobReconciliation + " soporte", jobRetention, "backup"} {
		if !names[want] {
			t.Errorf("there is no job %s in %v", want, names)
		}
	}

	digests := y.ran[jobDigest]
	for _, r := range digests {
		day := r.due.Format("01-02")
		free := []string{"01-01", "01-11", "03-22", "03-25", "03-26", "05-01", "05-10", "05-31", "06-07", "07-05", "07-20", "08-07", "08-16", "10-18", "11-01", "11-15", "12-08", "12-25"}
		if r.due.Weekday() == time.Saturday || r.due.Weekday() == time.Sunday || slices.Contains(free, day) {
			t.Errorf("a digest was due on %s, a day off", r.due.Format("Monday 2006-01-02"))
		}
	}
	// Of the 243 working days some were lost to downtimes of several days; a list that is made up for after work is none.
	lists := y.ran[jobWorklist]
	if len(digests) < 200 || y.sent(tickets.NoticeDigest) != len(digests) || y.sent(tickets.NoticeWorklist) > len(lists) || y.sent(tickets.NoticeWorklist) < len(lists)-20 {
		t.Errorf("%d digests of %d, %d lists of %d", y.sent(tickets.NoticeDigest), len(digests), y.sent(tickets.NoticeWorklist), len(lists))
	}
	for what, got := range map[string][2]string{
		"a question":           {y.happened(asked), "reminded reminded"},
		"a solution":           {y.happened(solved), "closed"},
		"a loan of a rejected": {y.happened(lent), "overdue"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: what the daemon did by itself is %q, want %q", what, got[0], got[1])
		}
	}
	alerts := y.alerts(ignored)
	for a, times := range alerts {
		if times != 1 {
			t.Errorf("that the %s of the ignored request is due (past it: %t) was told %d times", a.Clock, a.Breached, times)
		}
	}
	for _, clock := range []tickets.Clock{tickets.ClockResponse, tickets.ClockSolution} {
		if alerts[tickets.Alert{Clock: clock, Breached: true}] != 1 {
			t.Errorf("that the %s of the ignored request is past was told as %v", clock, alerts)
		}
	}
}
