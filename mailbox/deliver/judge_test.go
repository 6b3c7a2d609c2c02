package deliver

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSplitStatus(t *testing.T) {
	tests := []struct{ msg, status, words string }{
		{"5.1.1 no such user", "5.1.1", "no such user"},
		{"4.7.28 one\n4.7.28 two\nthree", "4.7.28", "one two three"},
		{"5.1.1", "5.1.1", ""},
		{"3.1.1 not a status", "", "3.1.1 not a status"},
		{"5.1.1000 nor this", "", "5.1.1000 nor this"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if status, words := splitStatus(tt.msg); status != tt.status || words != tt.words {
			t.Errorf("%q: %q, %q", tt.msg, status, words)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name string
		r    Result
		want bool
	}{
		{"no such user", Result{Outcome: Permanent, Stage: StageTo, Code: 550, Status: "5.1.1"}, true},
		{"no status", Result{Outcome: Permanent, Stage: StageTo, Code: 550}, true},
		{"mailbox full", Result{Outcome: Permanent, Stage: StageReply, Code: 552, Status: "5.2.2"}, true},
		{"for a while", Result{Outcome: Temporary, Stage: StageTo, Code: 450, Status: "4.2.1"}, false},
		{"a relay for others", Result{Outcome: Permanent, Stage: StageTo, Code: 554, Status: "5.7.1"}, false},
		{"our sender, said at RCPT", Result{Outcome: Permanent, Stage: StageTo, Code: 550, Status: "5.1.0"}, false},
		{"our domain, said at RCPT", Result{Outcome: Permanent, Stage: StageTo, Code: 550, Status: "5.1.8"}, false},
		{"a fault of ours", Result{Outcome: Permanent, Stage: StageCompose}, false},
		{"too large", Result{Outcome: Permanent, Stage: StageFrom, Code: 552}, false},
	}
	for _, tt := range tests {
		if got := tt.r.Refused(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func FuzzSplitStatus(f *testing.F) {
	f.Add("5.1.1 no\r\n5.1.1 \x1b[31m\u202e\xff")
	f.Add(strings.Repeat("ñ", 600))
	f.Fuzz(func(t *testing.T, msg string) {
		status, words := splitStatus(msg)
		if status != "" && (strings.Count(status, ".") != 2 || len(status) > 9) {
			t.Errorf("status %q", status)
		}
		if !utf8.ValidString(words) || utf8.RuneCountInString(words) > 501 || strings.ContainsFunc(words, unicode.IsControl) {
			t.Errorf("words %q", words)
		}
	})
}
