package form

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"radicado/tickets/form/fonts"
)

// glyphs returns the characters that both faces have. They are embedded: that they can be read is a matter of the tests.
var glyphs = sync.OnceValue(func() map[rune]bool {
	regular, err := characters(fonts.Regular)
	if err != nil {
		panic(fmt.Sprintf("reading the embedded font: %v", err))
	}
	bold, err := characters(fonts.Bold)
	if err != nil {
		panic(fmt.Sprintf("reading the embedded font: %v", err))
	}
	for r := range regular {
		if !bold[r] {
			delete(regular, r)
		}
	}
	return regular
})

var errFont = errors.New("not a TrueType font with a Unicode character map")

// characters returns the characters that a TrueType font has, from its character map of format 4 (OpenType, "cmap").
func characters(font []byte) (map[rune]bool, error) {
	table, err := fontTable(font, "cmap")
	if err != nil {
		return nil, err
	}
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(table[at:])) }
	for i := range u16(2) {
		record := 4 + 8*i
		platform, encoding := u16(record), u16(record+2)
		at := int(binary.BigEndian.Uint32(table[record+4:]))
		if platform != 3 || encoding != 1 || u16(at) != 4 {
			continue
		}
		found := map[rune]bool{}
		segments := u16(at+6) / 2
		ends, starts := at+14, at+16+2*segments
		for s := range segments {
			for r := u16(starts + 2*s); r <= u16(ends+2*s) && r < 0xFFFF; r++ {
				found[rune(r)] = true
			}
		}
		return found, nil
	}
	return nil, errFont
}

func fontTable(font []byte, tag string) ([]byte, error) {
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		record := font[12+16*i:]
		if string(record[:4]) == tag {
			return font[binary.BigEndian.Uint32(record[8:]):], nil
		}
	}
	return nil, errFont
}
