package tnef

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

const (
	compressed   = 0x75465A4C // "LZFu", MS-OXRTFCP section 2.1.3.1.1
	uncompressed = 0x414C454D // "MELA"
	rtfHeader    = 16
	ringSize     = 4096
	// maxRTF bounds what a body may unpack to, in bytes, and maxRatio how many times its size.
	maxRTF   = 8 << 20
	maxRatio = 9 // one token of two bytes gives at most 17
)

// ringStart is what the dictionary holds at first, MS-OXRTFCP section 2.1.2.1.
const ringStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// unpackRTF undoes the compression of a body (MS-OXRTFCP section 2.2). What is cut off is unpacked as far as it goes.
func unpackRTF(b []byte) []byte {
	if len(b) < rtfHeader {
		return nil
	}
	size := int(min(binary.LittleEndian.Uint32(b[4:]), maxRTF))
	kind := binary.LittleEndian.Uint32(b[8:])
	b = b[rtfHeader:]
	switch kind {
	case uncompressed:
		return b[:min(len(b), size)]
	case compressed:
		return unpack(b, min(size, maxRatio*len(b)))
	}
	return nil
}

func unpack(b []byte, size int) []byte {
	var ring [ringSize]byte
	at := copy(ring[:], ringStart)
	out := make([]byte, 0, size)
	put := func(c byte) {
		out = append(out, c)
		ring[at] = c
		at = (at + 1) % ringSize
	}
	for len(b) > 0 && len(out) < size {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(out) < size; bit++ {
			if control>>bit&1 == 0 {
				if len(b) < 1 {
					return out
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			from, n := int(b[0])<<4|int(b[1]>>4), int(b[1]&0xf)+2
			b = b[2:]
			if from == at {
				return out // the end mark
			}
			for ; n > 0; n-- {
				put(ring[from])
				from = (from + 1) % ringSize
			}
		}
	}
	return out
}

// rtfText reads the words of an RTF document. HTML that was put into RTF (MS-OXRTFEX) is read by its words too. The result is
// in eight bits, as the charset of the document has it, but for letters that it gives in Unicode: those are UTF-8, and the second
// result is true where there are any.
func rtfText(b []byte) ([]byte, bool) {
	r := rtfReader{b: b}
	r.run()
	return []byte(strings.Trim(string(r.out), "\r\n \x00")), r.unicode
}

// rtfState is what a group may change.
type rtfState struct {
	skip  bool // the group is no text
	skip8 int  // characters to skip behind a Unicode one, \uc
	rtf   bool // \htmlrtf: RTF that the HTML does not have
}

type rtfReader struct {
	b       []byte
	out     []byte
	state   rtfState
	stack   []rtfState
	pending int // characters to skip
	unicode bool
	high    rune // the first half of a surrogate pair
}

// maxGroups bounds the nesting; deeper groups are read as their parents.
const maxGroups = 1000

func (r *rtfReader) run() {
	r.state.skip8 = 1
	for len(r.b) > 0 {
		c := r.b[0]
		r.b = r.b[1:]
		switch c {
		case '{':
			if len(r.stack) < maxGroups {
				r.stack = append(r.stack, r.state)
			}
		case '}':
			if n := len(r.stack); n > 0 {
				r.state, r.stack = r.stack[n-1], r.stack[:n-1]
			}
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.put(c)
		}
	}
}

// put writes a character of the text.
func (r *rtfReader) put(c byte) {
	if r.pending > 0 {
		r.pending--
		return
	}
	if !r.state.skip && !r.state.rtf {
		r.out = append(r.out, c)
	}
}

func (r *rtfReader) control() {
	if len(r.b) == 0 {
		return
	}
	c := r.b[0]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		r.b = r.b[1:]
		r.symbol(c)
		return
	}
	n := 0
	for n < len(r.b) && r.b[n]|0x20 >= 'a' && r.b[n]|0x20 <= 'z' {
		n++
	}
	word := string(r.b[:min(n, 32)])
	r.b = r.b[n:]
	value, has := r.number()
	if len(r.b) > 0 && r.b[0] == ' ' {
		r.b = r.b[1:]
	}
	r.word(word, value, has)
}

func (r *rtfReader) symbol(c byte) {
	switch c {
	case '\'':
		if len(r.b) >= 2 {
			v := hex(r.b[0])<<4 | hex(r.b[1])
			r.b = r.b[2:]
			r.put(v)
		}
	case '*':
		r.state.skip = true
		if strings.HasPrefix(string(r.b[:min(len(r.b), 8)]), `\htmltag`) {
			r.htmlTag()
		}
	case '~':
		r.put(' ')
	case '\\', '{', '}':
		r.put(c)
	}
}

// htmlTag reads a piece of HTML for the line ends that it means.
func (r *rtfReader) htmlTag() {
	end := strings.IndexByte(string(r.b[:min(len(r.b), 200)]), '}')
	if end < 0 {
		return
	}
	tag := strings.ToLower(string(r.b[:end]))
	for _, name := range []string{"<br", "</p", "</div", "</tr", "</li", "</h"} {
		if strings.Contains(tag, name) {
			r.out = append(r.out, '\n')
			return
		}
	}
}

func (r *rtfReader) number() (value int, has bool) {
	negative := len(r.b) > 0 && r.b[0] == '-'
	n := 0
	if negative {
		n = 1
	}
	for n < len(r.b) && r.b[n] >= '0' && r.b[n] <= '9' && n < 10 {
		value = value*10 + int(r.b[n]-'0')
		n++
		has = true
	}
	if !has {
		return 0, false
	}
	r.b = r.b[n:]
	if negative {
		value = -value
	}
	return value, true
}

func (r *rtfReader) word(word string, value int, has bool) {
	switch word {
	case "par", "line", "row", "sect", "page":
		r.put('\n')
	case "tab", "cell":
		r.put('\t')
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "themedata", "datastore":
		r.state.skip = true
	case "uc":
		r.state.skip8 = max(0, min(value, 8))
	case "htmlrtf":
		r.state.rtf = !has || value != 0
	case "u":
		r.unicodeLetter(rune(uint16(value)))
		r.pending = r.state.skip8
	}
}

func (r *rtfReader) unicodeLetter(c rune) {
	if r.state.skip || r.state.rtf {
		return
	}
	if utf16.IsSurrogate(c) {
		if r.high == 0 {
			r.high = c
			return
		}
		c = utf16.DecodeRune(r.high, c)
	}
	r.high = 0
	r.unicode = true
	r.out = append(r.out, string(c)...)
}

func hex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return (c | 0x20) - 'a' + 10
	}
	return 0
}
