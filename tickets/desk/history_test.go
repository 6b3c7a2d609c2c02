package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/tickets"
)

// sketch is a mail of a day that answers others.
func sketch(day int, id string, answers ...string) Sketch {
	return Sketch{Identity: fmt.Sprint(day, id), ID: id, Answers: answers, Received: time.Date(2021, 3, day, 0, 0, 0, 0, time.UTC)}
}

func TestConversations(t *testing.T) {
	numbered := func(s Sketch, n string) Sketch {
		s.Numbers = []tickets.Number{tickets.Number(n)}
		return s
	}
	copied := sketch(4, "c")
	for name, tt := range map[string]struct {
		mails []Sketch
		want  string // the places of the mails, conversations apart
	}{
		"nothing":                      {nil, ""},
		"strangers":                    {[]Sketch{sketch(2, "a"), sketch(1, "b")}, "1|0"},
		"an answer before its mail":    {[]Sketch{sketch(2, "b", "a"), sketch(1, "a"), sketch(3, "x")}, "1,0|2"},
		"answers to one that is gone":  {[]Sketch{sketch(1, "b", "gone"), sketch(3, "x"), sketch(2, "c", "gone")}, "0,2|1"},
		"a chain that closes late":     {[]Sketch{sketch(1, "a"), sketch(2, "b"), sketch(3, "c", "a", "b")}, "0,1,2"},
		"numbers in the subject":       {[]Sketch{numbered(sketch(1, "a"), "SS-2020-000001"), sketch(2, "b"), numbered(sketch(3, "c"), "SS-2020-000001")}, "0,2|1"},
		"copies":                       {[]Sketch{copied, sketch(1, "x"), copied}, "1|0,2"},
		"mails without any Message-ID": {[]Sketch{sketch(1, ""), sketch(2, "")}, "0|1"},
	} {
		var got []string
		for _, thread := range Conversations(tt.mails) {
			got = append(got, strings.Trim(strings.ReplaceAll(fmt.Sprint(thread), " ", ","), "[]"))
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("%s: %s, want %s", name, s, tt.want)
		}
	}
}

// TestConversationsLoseNoMail divides any mails.
func TestConversationsLoseNoMail(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
		mails := make([]Sketch, rapid.IntRange(0, 20).Draw(rt, "mails"))
		for i := range mails {
			mails[i] = sketch(rapid.IntRange(1, 28).Draw(rt, "day"), id.Draw(rt, "id"), rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "e"}), 0, 2).Draw(rt, "answers")...)
		}
		seen, first := map[int]bool{}, time.Time{}
		for _, thread := range Conversations(mails) {
			if at := mails[thread[0]].Received; at.Before(first) {
				rt.Fatalf("a conversation of %s after one of %s", at, first)
			} else {
				first = at
			}
			for i, mail := range thread {
				if seen[mail] || i > 0 && mails[mail].Received.Before(mails[thread[i-1]].Received) {
					rt.Fatalf("mail %d comes twice or too late", mail)
				}
				seen[mail] = true
			}
		}
		if len(seen) != len(mails) {
			rt.Fatalf("%d of %d mails", len(seen), len(mails))
		}
	})
}
