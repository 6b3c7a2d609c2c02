package trust

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// authResults is the content of one Authentication-Results field (RFC 8601 section 2.2) or ARC-Authentication-Results
// field (RFC 8617 section 4.1.1).
type authResults struct {
	id       string // authserv-id in lower case; "" where the field names none, as Microsoft 365 does
	instance int    // of the ARC set; 0 in an ordinary field
	results  []result
}

// result is what one method found.
type result struct {
	method string // in lower case: "dkim"
	value  string // in lower case: "pass"
	reason string
	props  map[string]string // "header.from" and the like, names in lower case; also bare names, as Microsoft's "action"
	unsure bool              // a property was given twice with different values
}

func (r result) pass() bool { return r.value == "pass" && !r.unsure }

var (
	errUnclosed = errors.New("a comment or quoted string is not closed")
	errControl  = errors.New("control character")
	errTooLong  = errors.New("too long")
	errVersion  = errors.New("unknown version")
)

// A field longer than this, or with more results, is nobody's honest work.
const (
	maxAuthResults = 16 << 10
	maxResults     = 64
)

// parseAuthResults reads the value of an Authentication-Results field, unfolded or not. Besides RFC 8601 it reads what
// Microsoft 365 writes: no authserv-id, bare domains between the results and properties without a type.
func parseAuthResults(value string) (authResults, error) {
	segments, err := splitSegments(value)
	if err != nil {
		return authResults{}, err
	}
	return readSegments(segments)
}

// parseARCResults reads the value of an ARC-Authentication-Results field: "i=1; " and then the same.
func parseARCResults(value string) (authResults, error) {
	segments, err := splitSegments(value)
	if err != nil {
		return authResults{}, err
	}
	first := segments[0]
	if len(first) != 3 || !first[0].is("i") || !first[1].is("=") {
		return authResults{}, errors.New("no instance")
	}
	// RFC 8617 section 4.2.1: the instance is between 1 and 50.
	instance, err := strconv.Atoi(first[2].text)
	if err != nil || instance < 1 || instance > 50 {
		return authResults{}, fmt.Errorf("instance %s", quote(first[2].text))
	}
	if len(segments) < 2 || len(segments[1]) == 0 || len(segments[1]) >= 2 && segments[1][1].is("=") {
		return authResults{}, errors.New("no authserv-id")
	}
	parsed, err := readSegments(segments[1:])
	parsed.instance = instance
	return parsed, err
}

func readSegments(segments [][]lexeme) (authResults, error) {
	var parsed authResults
	head := segments[0]
	switch {
	case len(head) >= 2 && head[1].is("="): // no authserv-id: the first segment is a result already
	case len(head) == 1:
		parsed.id, segments = strings.ToLower(head[0].text), segments[1:]
	case len(head) == 2 && head[1].text == "1":
		parsed.id, segments = strings.ToLower(head[0].text), segments[1:]
	case len(head) == 2:
		return parsed, errVersion
	default:
		return parsed, errors.New("no authserv-id")
	}
	if len(segments) > maxResults {
		return parsed, errTooLong
	}
	for _, segment := range segments {
		r, err := readResult(segment)
		if err != nil {
			return parsed, err
		}
		if r.method != "" {
			parsed.results = append(parsed.results, r)
		}
	}
	return parsed, nil
}

// readResult reads "method=result (comment) reason=text ptype.property=value …". A segment without an equals sign is no
// result ("none", or Microsoft's bare domain) and gives the zero value.
func readResult(segment []lexeme) (result, error) {
	r := result{props: map[string]string{}}
	if len(segment) < 2 || !segment[1].is("=") {
		if len(segment) > 1 {
			return result{}, fmt.Errorf("words without a method at %s", quote(segment[0].text))
		}
		return result{}, nil
	}
	for i := 0; i < len(segment); i += 3 {
		if i+2 >= len(segment) || !segment[i+1].is("=") || segment[i].quoted || segment[i].text == "=" {
			return result{}, fmt.Errorf("no name=value at %s", quote(segment[i].text))
		}
		name, value := strings.ToLower(segment[i].text), segment[i+2]
		switch {
		case i == 0:
			method, version, versioned := strings.Cut(name, "/")
			if versioned && version != "1" {
				return result{}, nil // RFC 8601 section 2.2: a version that is not known is ignored
			}
			if value.quoted {
				return result{}, errors.New("the result is quoted")
			}
			r.method, r.value = method, strings.ToLower(value.text)
		case name == "reason" && r.reason == "":
			r.reason = value.text
		default:
			if before, twice := r.props[name]; twice && before != value.text {
				r.unsure = true
			}
			r.props[name] = value.text
		}
	}
	return r, nil
}

// lexeme is a word, an equals sign or the value after one.
type lexeme struct {
	text   string
	quoted bool // some of it stood in a quoted string
	value  bool // it stood after an equals sign
}

func (l lexeme) is(text string) bool { return !l.quoted && strings.EqualFold(l.text, text) }

// splitSegments cuts a field at the semicolons that stand neither in a comment nor in a quoted string, and each segment
// into words. The first segment is there even when it is empty.
func splitSegments(value string) ([][]lexeme, error) {
	if len(value) > maxAuthResults {
		return nil, errTooLong
	}
	segments := [][]lexeme{nil}
	afterEquals := false
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == '(':
			end, err := skipComment(value, i)
			if err != nil {
				return nil, err
			}
			i = end
		case c == ';':
			if len(segments[len(segments)-1]) > 0 || len(segments) == 1 {
				segments = append(segments, nil)
			}
			afterEquals = false
			i++
		case c == '=' && !afterEquals:
			last := len(segments) - 1
			segments[last] = append(segments[last], lexeme{text: "="})
			afterEquals = true
			i++
		default:
			word, end, err := readWord(value, i, afterEquals)
			if err != nil {
				return nil, err
			}
			last := len(segments) - 1
			segments[last] = appendWord(segments[last], word)
			afterEquals = false
			i = end
		}
	}
	return segments, nil
}

// appendWord appends a word, or makes it one with the word before where a dot or slash between them stood apart: "header
// (why not) . from" is header.from.
func appendWord(words []lexeme, word lexeme) []lexeme {
	if len(words) > 0 && !word.value && !word.quoted {
		before := &words[len(words)-1]
		ends := strings.HasSuffix(before.text, ".") || strings.HasSuffix(before.text, "/")
		starts := strings.HasPrefix(word.text, ".") || strings.HasPrefix(word.text, "/")
		if !before.value && !before.quoted && before.text != "=" && (ends || starts) {
			before.text += word.text
			return words
		}
	}
	return append(words, word)
}

// skipComment returns the position behind the comment that opens at i (RFC 5322 section 3.2.2: they nest, and a
// backslash takes the next character as it is).
func skipComment(s string, i int) (int, error) {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		}
	}
	return 0, errUnclosed
}

// readWord reads a run of ordinary characters and quoted strings. A value may hold further equals signs: envelope
// senders often do (VERP).
func readWord(s string, i int, isValue bool) (lexeme, int, error) {
	var text strings.Builder
	word := lexeme{value: isValue}
	for i < len(s) {
		c := s[i]
		switch {
		case c == '"':
			word.quoted = true
			for i++; ; i++ {
				if i >= len(s) {
					return word, 0, errUnclosed
				}
				if s[i] == '"' {
					break
				}
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				text.WriteByte(s[i])
			}
			i++
		case strings.IndexByte(" \t\r\n;(", c) >= 0, c == '=' && !isValue:
			word.text = text.String()
			return word, i, nil
		case c < ' ' || c == 0x7f:
			return word, 0, errControl
		default:
			text.WriteByte(c)
			i++
		}
	}
	word.text = text.String()
	return word, i, nil
}
