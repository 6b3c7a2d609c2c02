package tnef

import (
	"bytes"
	"encoding/binary"
	hexadecimal "encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

// builder writes TNEF streams.
type builder struct{ bytes.Buffer }

func (b *builder) attribute(level byte, id uint32, value []byte) {
	b.WriteByte(level)
	b.uint32(id)
	b.uint32(uint32(len(value)))
	b.Write(value)
	sum := uint16(0)
	for _, c := range value {
		sum += uint16(c)
	}
	_ = binary.Write(b, binary.LittleEndian, sum)
}

func (b *builder) uint32(v uint32) { _ = binary.Write(b, binary.LittleEndian, v) }

// counted writes a value with its length, padded to four bytes.
func (b *builder) counted(v []byte) {
	b.uint32(uint32(len(v)))
	b.Write(v)
	for n := len(v); n%4 != 0; n++ {
		b.WriteByte(0)
	}
}

func (b *builder) property(kind, id uint16, v []byte) {
	_ = binary.Write(b, binary.LittleEndian, []uint16{kind, id})
	b.uint32(1)
	b.counted(v)
}

func utf16le(s string) []byte {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		_ = binary.Write(&b, binary.LittleEndian, u)
	}
	return b.Bytes()
}

// sampleStream is a mail of two files: one named in eight bits, one in Unicode with a type and a named property before it.
func sampleStream() []byte {
	var b builder
	b.uint32(signature)
	b.Write([]byte{1, 0})
	b.attribute(levelMessage, attOemCodepage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0}) // 1252
	b.attribute(levelMessage, attSubject, []byte("Informe\x00"))
	var props builder
	props.uint32(1)
	props.property(ptBinary, propHTML, []byte("<p>Buen d\xeda</p>"))
	b.attribute(levelMessage, attMsgProps, props.Bytes())

	b.attribute(levelAttachment, attAttachRend, make([]byte, 14))
	b.attribute(levelAttachment, attAttachTitle, []byte("A\xf1o.txt\x00"))
	b.attribute(levelAttachment, attAttachData, []byte("uno"))

	b.attribute(levelAttachment, attAttachRend, make([]byte, 14))
	b.attribute(levelAttachment, attAttachTitle, []byte("INFORM~1.PDF\x00"))
	b.attribute(levelAttachment, attAttachData, []byte("dos"))
	var file builder
	file.uint32(4)
	_ = binary.Write(&file, binary.LittleEndian, []uint16{ptLong, 0x8001}) // a named property
	file.Write(make([]byte, 16))
	file.uint32(1)
	file.counted(utf16le("x"))
	file.uint32(7)
	file.property(ptUnicode, propLongFilename, utf16le("Informe técnico.pdf"))
	file.property(ptString8, propMimeTag, []byte("application/PDF\x00"))
	file.property(ptString8, propContentID, []byte("<c1@example.org>\x00"))
	b.attribute(levelAttachment, attAttachment, file.Bytes())
	return b.Bytes()
}

func TestParse(t *testing.T) {
	s, err := Parse(sampleStream())
	if err != nil {
		t.Fatal(err)
	}
	if s.Charset != "windows-1252" || string(s.Subject) != "Informe" || string(s.HTML) != "<p>Buen d\xeda</p>" {
		t.Errorf("got %+v", s)
	}
	if len(s.Files) != 2 {
		t.Fatalf("got %d files", len(s.Files))
	}
	if f := s.Files[0]; string(f.Name8) != "A\xf1o.txt" || f.Name != "" || string(f.Content) != "uno" {
		t.Errorf("first file is %+v", f)
	}
	if f := s.Files[1]; f.Name != "Informe técnico.pdf" || f.Name8 != nil || f.Type != "application/pdf" || f.ContentID != "c1@example.org" || string(f.Content) != "dos" {
		t.Errorf("second file is %+v", f)
	}
}

func TestParseRefusesOtherBytes(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("MZ"), []byte("%PDF-1.7 and more")} {
		if _, err := Parse(b); !errors.Is(err, ErrSignature) {
			t.Errorf("%q: got %v", b, err)
		}
	}
}

// A stream that was cut off, at any byte, gives what stood before the cut and never more than was sent.
func TestParseOfACutStream(t *testing.T) {
	whole := sampleStream()
	for n := streamHeaderSize; n < len(whole); n++ {
		s, _ := Parse(whole[:n])
		if len(s.Files) > 2 {
			t.Fatalf("%d files out of %d bytes", len(s.Files), n)
		}
	}
	s, err := Parse(whole[:len(whole)-80])
	if err == nil || len(s.Files) != 2 || string(s.Files[0].Content) != "uno" {
		t.Errorf("got %d files and %v", len(s.Files), err)
	}
}

// Lengths and counts beyond the stream cost neither memory nor time.
func TestParseOfLyingLengths(t *testing.T) {
	var b builder
	b.uint32(signature)
	b.Write([]byte{1, 0})
	var props builder
	props.uint32(0xffffffff)
	_ = binary.Write(&props, binary.LittleEndian, []uint16{ptBinary | multiple, propHTML})
	props.uint32(0xffffffff)
	props.uint32(0xfffffff0)
	b.attribute(levelMessage, attMsgProps, props.Bytes())
	if s, err := Parse(b.Bytes()); err != nil || s.HTML != nil {
		t.Errorf("got %q and %v", s.HTML, err)
	}
}

// The examples of MS-OXRTFCP section 3.
func TestUnpackRTF(t *testing.T) {
	for want, packed := range map[string]string{
		"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n": "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
		"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}":                     "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0",
	} {
		b, err := hexadecimal.DecodeString(packed)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(unpackRTF(b)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for n := range b {
			if got := string(unpackRTF(b[:n])); !strings.HasPrefix(want, got) {
				t.Errorf("cut off after %d: %q", n, got)
			}
		}
	}
}

func TestRTFText(t *testing.T) {
	for rtf, want := range map[string]string{
		`{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard Buen d\'eda\par No prende.\par}`:                     "Buen d\xeda\nNo prende.",
		`{\rtf1\uc1 A\u241 ?o {\*\generator x;}fin}`:                                                 "Año fin",
		`{\rtf1\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 Uno{\*\htmltag72 </p>}Dos \{x\}}`: "Uno\nDos {x}",
		`{\rtf1 {\pict 00ff}\u-10179 ?\u-8704 ?}`:                                                    "😀",
		`}}}{\`: "",
	} {
		if got, _ := rtfText([]byte(rtf)); string(got) != want {
			t.Errorf("%s: got %q, want %q", rtf, got, want)
		}
	}
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\uc1 A\u241 ?o {\*\htmltag64 <p>}\'eda}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		unpacked := unpackRTF(b)
		if len(unpacked) > maxRatio*len(b)+maxRatio {
			t.Errorf("%d bytes out of %d", len(unpacked), len(b))
		}
		rtfText(b)
		rtfText(unpacked)
	})
}
