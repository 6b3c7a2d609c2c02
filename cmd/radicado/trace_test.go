package main

import (
	"slices"
	"strings"
	"testing"
)

// traceOf returns the trace in a line of the log, "" for none.
func traceOf(line string) string {
	_, rest, _ := strings.Cut(line, " trace=")
	trace, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return trace
}

// TestTrace follows one mail in the log by its trace, from its arrival to the notice that it caused, which is delivered by a
// later life of the daemon. Nothing that the mail says is in the log.
func TestTrace(t *testing.T) {
	w := newInProcess(t)
	o := newOffice(t, w)
	w.site.SMTP.Down()
	o.start()
	w.append(t, o.desk.Addr, o.sofia.Write(o.desk.Addr, "Otra solicitud", "Hola."))
	w.append(t, o.desk.Addr, o.pedro.Write(o.desk.Addr, "Impresora del archivo", "Humea y huele a quemado."))
	o.until("the mail server to fail", func() bool { return o.tickets() == 2 && o.logs.count("fails as a whole") == 1 })
	o.stop()
	if err := w.site.SMTP.Up(); err != nil {
		t.Fatal(err)
	}
	o.start()
	o.gets(o.pedro, 1)
	o.until("the notice in the log", func() bool { return strings.Contains(o.logs.String(), "to="+o.pedro.Addr) })

	var trace string
	for line := range strings.Lines(o.logs.String()) {
		if strings.Contains(line, "mail read") && strings.Contains(line, "from="+o.pedro.Addr) {
			trace = traceOf(line)
		}
	}
	var way []string
	for line := range strings.Lines(o.logs.String()) {
		if trace == "" || traceOf(line) != trace {
			continue
		}
		for _, step := range []string{"part=receive mailbox=soporte", `msg="mail received"`, `msg="mail read"`, `msg="mail handled" part=desk`, `msg="notice sent" part=outbox`} {
			if strings.Contains(line, step) && !slices.Contains(way, step) {
				way = append(way, step)
			}
		}
	}
	if len(way) != 5 {
		t.Errorf("the trace %q shows %q of\n%s", trace, way, o.logs)
	}
	for _, said := range []string{"archivo", "Humea", "quemado"} {
		if o.logs.count(said) > 0 {
			t.Errorf("the log holds %q, which a mail says:\n%s", said, o.logs)
		}
	}
}
