package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"testing"
)

// winmail builds a TNEF stream (MS-OXTNEF section 2.1) of one file and a body.
func winmail(body, name, content string) []byte {
	var b bytes.Buffer
	attribute := func(level byte, id uint32, value string) {
		b.WriteByte(level)
		_ = binary.Write(&b, binary.LittleEndian, []uint32{id, uint32(len(value))})
		b.WriteString(value)
		b.Write([]byte{0, 0})
	}
	b.WriteString("\x78\x9f\x3e\x22\x01\x00")
	attribute(1, 0x0002800C, body+"\x00")
	attribute(2, 0x00069002, "              ")
	attribute(2, 0x00018010, name+"\x00")
	attribute(2, 0x0006800F, content)
	return b.Bytes()
}

func TestWinmailIsOpened(t *testing.T) {
	stream := base64.StdEncoding.EncodeToString(winmail("Va el dise\xf1o.", "dise\xf1o.pdf", "%PDF"))
	for _, kind := range []string{"application/ms-tnef; name=winmail.dat", "application/octet-stream; name=WINMAIL.DAT"} {
		m := Read(mailOf(kind+"\r\nContent-Transfer-Encoding: base64", stream), Options{Files: true})
		checkRead(t, kind, m)
		if m.NewText != "Va el diseño." || len(m.Attachments) != 1 || m.Attachments[0].Name != "diseño.pdf" || m.Attachments[0].Type != "application/pdf" || string(m.Attachments[0].Content) != "%PDF" {
			t.Errorf("%s: text %q, files %+v", kind, m.NewText, m.Attachments)
		}
	}
	m := Read(mailOf("multipart/mixed; boundary=b", "--b\n\nTexto.\n--b\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"+stream+"\n--b--\n"), Options{})
	if m.NewText != "Texto." || len(m.Attachments) != 1 {
		t.Errorf("beside a text: text %q, files %+v", m.NewText, m.Attachments)
	}
}

// What is called winmail.dat and is none is kept as it came.
func TestAWinmailThatIsNone(t *testing.T) {
	m := Read(mailOf("application/ms-tnef; name=winmail.dat", "nada"), Options{})
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "winmail.dat" || len(m.Defects) == 0 {
		t.Errorf("files %+v, defects %q", m.Attachments, m.Defects)
	}
}
