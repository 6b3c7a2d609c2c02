// Package tnef reads the winmail.dat that Outlook puts a mail into when it sends in its own format (MS-OXTNEF): the files
// and the text. It reads only what lies inside the bytes given, follows no lengths beyond them, and knows nothing of mail.
package tnef

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Stream is what a TNEF stream holds.
type Stream struct {
	Charset    string // of the eight-bit names and text, "windows-1252" unless the stream says otherwise
	Subject    []byte
	Text       []byte // the body as text, nil where there is none
	HTML       []byte // the body as HTML, nil where there is none
	RTF        []byte // the words of the body in RTF, where there is no other; UTF-8 where RTFUnicode, else in Charset
	RTFUnicode bool
	Files      []File
}

// File is one attachment.
type File struct {
	Name      string // where the stream gives it in Unicode
	Name8     []byte // otherwise: in the charset of the stream
	Type      string // media type, "" where the stream gives none
	ContentID string
	Content   []byte
}

// ErrSignature is returned for bytes that are no TNEF stream.
var ErrSignature = errors.New("not a TNEF stream")

const (
	signature = 0x223E9F78 // MS-OXTNEF section 2.1.1
	// maxFiles and maxProperties bound what a hostile stream can ask for.
	maxFiles      = 1000
	maxProperties = 10000
)

// Attribute identifiers, MS-OXTNEF section 2.1.3.3.
const (
	attOemCodepage   = 0x00069007
	attSubject       = 0x00018004
	attBody          = 0x0002800C
	attMsgProps      = 0x00069003
	attAttachRend    = 0x00069002
	attAttachTitle   = 0x00018010
	attAttachData    = 0x0006800F
	attAttachment    = 0x00069005
	levelMessage     = 1
	levelAttachment  = 2
	attributeHeader  = 9 // level, identifier, length
	checksumSize     = 2
	streamHeaderSize = 6
)

// Property identifiers, MS-OXPROPS.
const (
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propAttachData   = 0x3701
	propFilename     = 0x3704
	propLongFilename = 0x3707
	propMimeTag      = 0x370E
	propContentID    = 0x3712
	propDisplayName  = 0x3001
)

// Parse reads a stream. With an error it returns what it read before it.
func Parse(b []byte) (Stream, error) {
	s := Stream{Charset: "windows-1252"}
	if len(b) < streamHeaderSize || binary.LittleEndian.Uint32(b) != signature {
		return s, ErrSignature
	}
	b = b[streamHeaderSize:]
	for len(b) >= attributeHeader {
		level, id := b[0], binary.LittleEndian.Uint32(b[1:])
		size := int64(binary.LittleEndian.Uint32(b[5:]))
		b = b[attributeHeader:]
		if size > int64(len(b)) {
			s.attribute(level, id, b) // cut off: take what is there
			return s, fmt.Errorf("attribute %#x of %d bytes is cut off after %d", id, size, len(b))
		}
		s.attribute(level, id, b[:size])
		b = b[min(size+checksumSize, int64(len(b))):]
	}
	return s, nil
}

func (s *Stream) attribute(level byte, id uint32, value []byte) {
	switch {
	case level == levelMessage && id == attOemCodepage && len(value) >= 4:
		s.Charset = charsetName(binary.LittleEndian.Uint32(value))
	case level == levelMessage && id == attSubject:
		s.Subject = cutNUL(value)
	case level == levelMessage && id == attBody:
		s.Text = cutNUL(value)
	case level == levelMessage && id == attMsgProps:
		s.properties(value, s.messageProperty)
	case id == attAttachRend && len(s.Files) < maxFiles: // starts each attachment, section 2.1.3.3.14
		s.Files = append(s.Files, File{})
	case level == levelAttachment && len(s.Files) > 0:
		f := &s.Files[len(s.Files)-1]
		switch id {
		case attAttachTitle:
			if f.Name == "" {
				f.Name8 = cutNUL(value)
			}
		case attAttachData:
			f.Content = value
		case attAttachment:
			s.properties(value, func(p property) { f.property(p) })
		}
	}
}

func (s *Stream) messageProperty(p property) {
	switch p.id {
	case propHTML:
		s.HTML = p.value
	case propRTF:
		if s.RTF == nil {
			s.RTF, s.RTFUnicode = rtfText(unpackRTF(p.value))
		}
	case propBody:
		if s.Text == nil && p.text != "" {
			s.Text = []byte(p.text)
			s.Charset = "utf-8"
		}
	}
}

func (f *File) property(p property) {
	switch p.id {
	case propLongFilename:
		f.setName(p)
	case propFilename, propDisplayName:
		if f.Name == "" && f.Name8 == nil {
			f.setName(p)
		}
	case propMimeTag:
		f.Type = strings.ToLower(p.string())
	case propContentID:
		f.ContentID = strings.Trim(p.string(), "<>")
	case propAttachData:
		if f.Content == nil {
			f.Content = p.value
		}
	}
}

func (f *File) setName(p property) {
	if p.kind == ptString8 {
		f.Name, f.Name8 = "", cutNUL(p.value)
		return
	}
	f.Name, f.Name8 = p.text, nil
}

// cutNUL ends an eight-bit string at its terminator.
func cutNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// charsetName names a Windows code page.
func charsetName(page uint32) string {
	switch page {
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 65001:
		return "utf-8"
	case 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return fmt.Sprintf("windows-%d", page)
	}
	return "windows-1252"
}

// decodeUTF16 reads a terminated little-endian string.
func decodeUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
