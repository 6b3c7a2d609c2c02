package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := console{err: &out}.progress()
	p.at("reading", 1, 2)
	p.end()
	if out.Len() > 0 {
		t.Errorf("shown where there is no terminal: %q", &out)
	}
	p = &progress{out: &out, begin: time.Now()}
	p.at("reading", 1, 2)
	if out.Len() > 0 {
		t.Errorf("shown at once: %q", &out)
	}
	p.begin = time.Now().Add(-2 * progressDelay)
	p.at("reading", 1, 2)
	p.at("writing", 1, 0)
	p.end()
	for _, want := range []string{"reading", "50%", "writing"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing says %q: %q", want, &out)
		}
	}
}
