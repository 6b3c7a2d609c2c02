package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// fine is how things stand when nothing is wrong.
func fine() Figures {
	return Figures{Now: noon, Folder: "/var/lib/radicado", Space: 1 << 30, Size: 4096, Queued: 2, QueuedSince: noon.Add(-time.Minute), Due: noon,
		Mailboxes: []Mailbox{{Name: "soporte", Seen: noon.Add(-time.Minute)}}, Backup: noon.Add(-time.Hour)}
}

// fixture is a monitor of which the figures and the clock can be changed.
type fixture struct {
	*Monitor
	figures Figures
	written error
	now     time.Time
}

func newFixture() *fixture {
	f := &fixture{figures: fine(), now: noon}
	f.Monitor = New(Options{Version: "1.2.3", Now: func() time.Time { return f.now },
		Look: func(context.Context) Figures { return f.figures }, Try: func(context.Context) error { return f.written }})
	f.SetLimits(Limits{Silence: 20 * time.Minute, Delay: 30 * time.Minute, Space: 200 << 20, Stalled: map[string]time.Duration{"desk": 5 * time.Minute}})
	return f
}

func (f *fixture) get(path string) (status int, body string) {
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestReadySaysWhatIsWrong(t *testing.T) {
	broken := errors.New("it is broken")
	for name, tt := range map[string]struct {
		change func(f *fixture)
		failed string // name of the check that fails; "" for none
		says   string
	}{
		"nothing":              {func(*fixture) {}, "", ""},
		"a mailbox never seen": {func(f *fixture) { f.figures.Mailboxes[0].Seen = time.Time{} }, "mailbox soporte", "not read since the start"},
		"a silent mailbox":     {func(f *fixture) { f.figures.Mailboxes[0].Seen = noon.Add(-21 * time.Minute) }, "mailbox soporte", "not seen since 2026-11-25T11:39:00Z"},
		"a short trouble":      {func(f *fixture) { f.figures.Mailboxes[0].Trouble = "interrupted" }, "", ""},
		"a refused login": {func(f *fixture) {
			f.figures.Mailboxes = []Mailbox{{"soporte", "refused", broken, "check user and secret", time.Time{}}}
		}, "mailbox soporte", "check user and secret"},
		"a mail server just down": {func(f *fixture) { f.Server(broken) }, "", ""},
		"a mail server long down": {func(f *fixture) { f.now = noon.Add(-time.Hour); f.Server(broken); f.now = noon }, "outbox", "takes nothing since 2026-11-25T11:00:00Z: it is broken"},
		"a mail server back":      {func(f *fixture) { f.now = noon.Add(-time.Hour); f.Server(broken); f.Server(nil); f.now = noon }, "", ""},
		"a late notice":           {func(f *fixture) { f.figures.Due = noon.Add(-31 * time.Minute) }, "outbox", "was due at 2026-11-25T11:29:00Z"},
		"a notice put off": {func(f *fixture) {
			f.figures.QueuedSince, f.figures.Due = noon.Add(-24*time.Hour), noon.Add(time.Minute)
		}, "", ""},
		"a full disk":               {func(f *fixture) { f.figures.Space = 199 << 20 }, "disk", "199 MB free in /var/lib/radicado, expected 200 MB or more"},
		"no disk":                   {func(f *fixture) { f.figures.SpaceError = broken }, "disk", "it is broken"},
		"a register not to be read": {func(f *fixture) { f.figures.Register = broken }, "register", "cannot be read: it is broken"},
		"a register not writable":   {func(f *fixture) { f.written = broken }, "register", "cannot be written: it is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			tt.change(f)
			status, body := f.get("/readyz")
			var answer struct {
				Ready  bool
				Checks []Check
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatal(err)
			}
			if want := tt.failed == ""; answer.Ready != want || (status == http.StatusOK) != want {
				t.Errorf("status %d and ready %v", status, answer.Ready)
			}
			for _, c := range answer.Checks {
				if c.OK != (c.Name != tt.failed) {
					t.Errorf("check %s is %v", c.Name, c.OK)
				}
				if !c.OK && (c.Advice == "" || !strings.Contains(c.Detail+c.Advice, tt.says)) {
					t.Errorf("check %s says %q, %q; want %q", c.Name, c.Detail, c.Advice, tt.says)
				}
			}
		})
	}
}

func TestHealthyWhileLoopsTurn(t *testing.T) {
	f := newFixture()
	steps := []struct {
		after  time.Duration
		turned string
		want   int
	}{
		{0, "", http.StatusOK}, // not begun
		{0, "desk", http.StatusOK},
		{5 * time.Minute, "", http.StatusOK},
		{time.Second, "", http.StatusServiceUnavailable},
		{0, "outbox", http.StatusServiceUnavailable},
		{0, "desk", http.StatusOK},
		{24 * time.Hour, "desk", http.StatusOK}, // the outbox is not watched
	}
	for i, s := range steps {
		f.now = f.now.Add(s.after)
		if s.turned != "" {
			f.Turned(s.turned)
		}
		if status, body := f.get("/healthz"); status != s.want || status != http.StatusOK && body != "hangs: desk\n" {
			t.Errorf("step %d: %d %q, want %d", i, status, body, s.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	f := newFixture()
	f.Expect("soporte", "registered", "quarantined")
	f.ExpectNotices([]string{"acknowledgement", "digest"}, "sent", "given_up")
	f.ExpectJob("digest")
	f.Received("soporte", 3)
	f.Handled("soporte", "registered", time.Second, "unknown_word", "forbidden")
	f.Notice("acknowledgement", "sent")
	f.Sent("delivered", time.Second)
	f.Job("backup", time.Minute, nil)
	f.Job("backup", time.Minute, errors.New("no room"))
	f.Reloaded(nil)
	f.Reloaded(errors.New("no"))
	f.Server(errors.New("down"))
	f.figures.Mailboxes = append(f.figures.Mailboxes, Mailbox{Name: "redes", Trouble: "refused"})
	status, body := f.get("/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	for _, want := range []string{
		`radicado_mails_received_total{mailbox="soporte"} 3`,
		`radicado_mails_handled_total{mailbox="soporte",outcome="registered"} 1`,
		`radicado_mails_handled_total{mailbox="soporte",outcome="quarantined"} 0`,
		`radicado_mail_handling_seconds_count 1`,
		`radicado_commands_refused_total{problem="forbidden"} 1`,
		`radicado_notices_total{kind="acknowledgement",outcome="sent"} 1`,
		`radicado_notices_total{kind="digest",outcome="given_up"} 0`,
		`radicado_job_runs_total{job="digest",result="failed"} 0`,
		`radicado_smtp_send_seconds_count{result="delivered"} 1`,
		`radicado_job_runs_total{job="backup",result="failed"} 1`,
		`radicado_job_seconds_sum{job="backup"} 120`,
		`radicado_settings_reloads_total{result="refused"} 1`,
		`radicado_imap_up{mailbox="soporte"} 1`,
		`radicado_imap_up{mailbox="redes"} 0`,
		`radicado_imap_trouble{mailbox="redes",trouble="refused"} 1`,
		`radicado_imap_seen_timestamp_seconds{mailbox="soporte"} 1.79560794e+09`,
		`radicado_notices_queued 2`,
		`radicado_notices_queued_seconds 60`,
		`radicado_smtp_up 0`,
		`radicado_register_size_bytes 4096`,
		`radicado_backup_verified_timestamp_seconds 1.7956044e+09`,
		`radicado_build_info{version="1.2.3"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	// Those of the Go collectors do not follow the conventions and are not ours to name.
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, namespace) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	f.figures.Register = errors.New("damaged")
	if status, body = f.get("/metrics"); status != http.StatusOK || !strings.Contains(body, "radicado_register_readable 0") || strings.Contains(body, "radicado_notices_queued") {
		t.Errorf("without a register: %d\n%s", status, body)
	}
}

func TestServerMoves(t *testing.T) {
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answers := func(address string) bool {
		response, err := client.Get("http://" + address + "/healthz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && string(body) == "ok\n"
	}
	s := Server{Handler: newFixture().Handler(), Log: slog.New(slog.DiscardHandler)}
	first, second := free(), free()
	for _, step := range []struct {
		listen        string
		first, second bool
	}{{first, true, false}, {first, true, false}, {second, false, true}, {"", false, false}} {
		if err := s.Listen(step.listen); err != nil {
			t.Fatal(err)
		}
		if answers(first) != step.first || answers(second) != step.second {
			t.Errorf("listening on %q: %v %v", step.listen, answers(first), answers(second))
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := s.Listen(taken.Addr().String()); err == nil {
		t.Error("an address that is taken is no error")
	}
	s.Close()
}
