package tnef

import "encoding/binary"

// Property types, MS-OXCDATA section 2.11.1.
const (
	ptShort    = 0x0002
	ptLong     = 0x0003
	ptFloat    = 0x0004
	ptDouble   = 0x0005
	ptCurrency = 0x0006
	ptAppTime  = 0x0007
	ptError    = 0x000A
	ptBoolean  = 0x000B
	ptObject   = 0x000D
	ptInt64    = 0x0014
	ptString8  = 0x001E
	ptUnicode  = 0x001F
	ptSysTime  = 0x0040
	ptGUID     = 0x0048
	ptBinary   = 0x0102
	multiple   = 0x1000
)

// property is one MAPI property of a message or attachment.
type property struct {
	id    uint16
	kind  uint16
	value []byte // of binary, object and eight-bit text
	text  string // of Unicode text
}

func (p property) string() string {
	if p.kind == ptString8 {
		return string(cutNUL(p.value))
	}
	return p.text
}

// reader takes little-endian values off the front of a slice. Past the end it is broken and gives zeros.
type reader struct {
	b      []byte
	broken bool
}

func (r *reader) take(n uint32) []byte {
	if r.broken || int64(n) > int64(len(r.b)) {
		r.broken = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

// skipPadding goes to the next multiple of four after a value of n bytes.
func (r *reader) skipPadding(n uint32) {
	if over := n % 4; over != 0 {
		r.take(min(4-over, uint32(len(r.b))))
	}
}

// properties reads a MsgPropertyList (MS-OXTNEF section 2.1.3.4) and stops at the first thing it does not understand.
func (s *Stream) properties(b []byte, found func(property)) {
	r := &reader{b: b}
	for n := min(r.uint32(), maxProperties); n > 0 && !r.broken; n-- {
		kind, id := r.uint16(), r.uint16()
		if id >= 0x8000 { // a named property: its name follows, section 2.1.3.4.1
			r.take(16)
			if r.uint32() == 0 {
				r.take(4)
			} else {
				size := r.uint32()
				r.take(size)
				r.skipPadding(size)
			}
		}
		count := uint32(1)
		base := kind &^ multiple
		if kind&multiple != 0 || base == ptString8 || base == ptUnicode || base == ptBinary || base == ptObject {
			count = r.uint32()
		}
		for ; count > 0 && !r.broken; count-- {
			p := property{id: id, kind: base}
			if !r.value(base, &p) {
				return
			}
			if !r.broken {
				found(p)
			}
		}
	}
}

// value reads one value; false where the type is not known.
func (r *reader) value(kind uint16, p *property) bool {
	switch kind {
	case ptShort, ptBoolean, ptLong, ptFloat, ptError:
		r.take(4)
	case ptDouble, ptCurrency, ptAppTime, ptInt64, ptSysTime:
		r.take(8)
	case ptGUID:
		r.take(16)
	case ptString8, ptUnicode, ptBinary, ptObject:
		size := r.uint32()
		v := r.take(size)
		r.skipPadding(size)
		if r.broken {
			return true
		}
		if kind == ptObject && len(v) >= 16 {
			v = v[16:] // the interface identifier, section 2.1.3.4.2
		}
		p.value = v
		if kind == ptUnicode {
			p.text = decodeUTF16(v)
		}
	default:
		return false
	}
	return true
}
