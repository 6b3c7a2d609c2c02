package mailtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Diff compares a mail with a golden one and returns what differs, "" where nothing does.
//
// Line ends, folding and the order of fields with different names do not count. In a line of the golden mail, * stands for
// any run of characters, so that "Date: *" is any date; a body line of ** alone stands for any number of lines. The nth boundary of
// the golden mail stands for the nth of the other.
func Diff(golden, got []byte) string {
	wantFields, wantBody := splitForDiff(golden)
	gotFields, gotBody := splitForDiff(got)
	var out []string
	out = append(out, diffFields(wantFields, gotFields)...)
	out = append(out, diffLines(wantBody, gotBody)...)
	return strings.Join(out, "\n")
}

var (
	boundaryParam = regexp.MustCompile(`(?i)boundary="?([^";\s]+)"?`)
	foldedSpace   = regexp.MustCompile(`\n[ \t]+`)
)

// splitForDiff returns the unfolded fields, sorted by name, and the lines of the body, with boundaries numbered.
func splitForDiff(mail []byte) (fields, body []string) {
	text := strings.ReplaceAll(string(mail), "\r\n", "\n")
	for i, match := range boundaryParam.FindAllStringSubmatch(text, -1) {
		text = strings.ReplaceAll(text, match[1], fmt.Sprintf("boundary-%d", i+1))
	}
	text = boundaryParam.ReplaceAllString(text, "boundary=$1")
	header, rest, _ := strings.Cut(text, "\n\n")
	fields = strings.Split(foldedSpace.ReplaceAllString(header, " "), "\n")
	slices.SortStableFunc(fields, func(a, b string) int { return strings.Compare(fieldName(a), fieldName(b)) })
	return fields, strings.Split(strings.TrimRight(rest, "\n"), "\n")
}

func fieldName(field string) string {
	name, _, _ := strings.Cut(field, ":")
	return strings.ToLower(name)
}

// diffFields compares fields that are sorted by name.
func diffFields(want, got []string) []string {
	var out []string
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && fieldName(want[0]) < fieldName(got[0]):
			out = append(out, "- "+want[0])
			want = want[1:]
		case len(want) == 0 || fieldName(got[0]) < fieldName(want[0]):
			out = append(out, "+ "+got[0])
			got = got[1:]
		default:
			if !matches(want[0], got[0]) {
				out = append(out, "- "+want[0], "+ "+got[0])
			}
			want, got = want[1:], got[1:]
		}
	}
	return out
}

// diffLines compares bodies line by line. After the first difference it shows that line alone: what follows is shifted
// more often than wrong.
func diffLines(want, got []string) []string {
	if linesMatch(want, got) {
		return nil
	}
	n := 0
	for n < len(want) && n < len(got) && want[n] != "**" && matches(want[n], got[n]) {
		n++
	}
	at := func(lines []string) string {
		if n < len(lines) {
			return lines[n]
		}
		return "(end)"
	}
	return []string{fmt.Sprintf("body line %d:", n+1), "- " + at(want), "+ " + at(got)}
}

// linesMatch matches lines against a pattern in which ** is any number of lines. Going back to the last ** alone is enough
// and keeps it from taking exponential time.
func linesMatch(want, got []string) bool {
	w, g, star, mark := 0, 0, -1, 0
	for g < len(got) {
		switch {
		case w < len(want) && want[w] == "**":
			star, mark = w, g
			w++
		case w < len(want) && matches(want[w], got[g]):
			w++
			g++
		case star >= 0:
			mark++
			w, g = star+1, mark
		default:
			return false
		}
	}
	for w < len(want) && want[w] == "**" {
		w++
	}
	return w == len(want)
}

// matches matches one line against a pattern in which * is any run of characters.
func matches(pattern, line string) bool {
	pieces := strings.Split(pattern, "*")
	if len(pieces) == 1 {
		return pattern == line
	}
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(line) < len(first)+len(last) || !strings.HasPrefix(line, first) || !strings.HasSuffix(line, last) {
		return false
	}
	line = line[len(first) : len(line)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		_, rest, ok := strings.Cut(line, piece)
		if !ok {
			return false
		}
		line = rest
	}
	return true
}
