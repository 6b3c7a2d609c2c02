package message

import (
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxParams bounds how many parameters of one field are read.
const maxParams = 200

// looseParams reads parameters that mime.ParseMediaType refuses: values with spaces but no quotes, quotes that do not
// close, eight-bit letters, a parameter given twice. Continuations and charsets of RFC 2231 are put together.
func looseParams(s string) map[string]string {
	params := map[string]string{}
	pieces := map[string]map[int]string{} // name → section → value
	for n := 0; n < maxParams; n++ {
		s = strings.TrimLeft(s, " \t;\r\n")
		eq := strings.IndexByte(s, '=')
		if eq < 0 {
			break
		}
		name := strings.ToLower(strings.TrimSpace(s[:eq]))
		if i := strings.LastIndexAny(name, "; \t"); i >= 0 {
			name = name[i+1:]
		}
		var value string
		value, s = cutValue(s[eq+1:])
		base, section, ok := cutSection(name)
		switch {
		case ok:
			if pieces[base] == nil {
				pieces[base] = map[int]string{}
			}
			pieces[base][section] = value
			if strings.HasSuffix(name, "*") && section == 0 {
				params[base+"*"] = "extended"
			}
		case strings.HasSuffix(name, "*"):
			params[strings.TrimSuffix(name, "*")] = extendedValue(value)
		default:
			if _, twice := params[name]; !twice {
				params[name] = value
			}
		}
	}
	for base, sections := range pieces {
		joined := joinSections(sections)
		if params[base+"*"] == "extended" {
			joined = extendedValue(joined)
		}
		delete(params, base+"*")
		params[base] = joined
	}
	return params
}

// cutValue returns the value at the start of s, quoted or not, and what follows it.
func cutValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimSpace(value), rest
	}
	var sb strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) { // RFC 2045 section 5.1, RFC 5322 section 3.2.1
				i++
			}
			sb.WriteByte(s[i])
		case '"':
			return sb.String(), s[i+1:]
		default:
			sb.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(sb.String()), ""
}

// cutSection splits "name*2*" into name and 2 (RFC 2231 section 3).
func cutSection(name string) (base string, section int, ok bool) {
	base, rest, found := strings.Cut(name, "*")
	rest = strings.TrimSuffix(rest, "*")
	if !found || rest == "" {
		return "", 0, false
	}
	section, err := strconv.Atoi(rest)
	return base, section, err == nil && section >= 0
}

func joinSections(sections map[int]string) string {
	order := make([]int, 0, len(sections))
	for n := range sections {
		order = append(order, n)
	}
	sort.Ints(order)
	var sb strings.Builder
	for _, n := range order {
		sb.WriteString(sections[n])
	}
	return sb.String()
}

// extendedValue decodes charset'language'percent-encoded text (RFC 2231 section 4).
func extendedValue(s string) string {
	label, rest, ok := strings.Cut(s, "'")
	if ok {
		if _, after, found := strings.Cut(rest, "'"); found {
			rest = after
		}
	} else {
		label, rest = "", s
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	return decodeCharset([]byte(rest), label)
}

// decodeParam returns a parameter value for people: RFC 2047 words in parameters are forbidden and everywhere.
func decodeParam(s string) string {
	if strings.Contains(s, "=?") {
		return decodeHeader(s)
	}
	if !utf8.ValidString(s) {
		s = decodeCharset([]byte(s), "")
	}
	return oneLine(s)
}
