package message

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // as every reader of mail needs it
	"github.com/emersion/go-message/mail"
)

// BenchmarkSize shows that the time grows with the size of the mail and no faster: compare the MB/s of one kind.
func BenchmarkSize(b *testing.B) {
	for _, kind := range []struct {
		name string
		make func(size int) []byte
	}{
		{"text", func(n int) []byte {
			return mailOf("text/plain", strings.Repeat("Buenos días, la impresora no imprime.\n", n/39))
		}},
		{"quoted", func(n int) []byte {
			return mailOf("text/plain", "Sí.\n\n"+strings.Repeat("El 3/11/2025 10:12, X <x@example.org> escribió:\n> a\nb\n", n/52))
		}},
		{"html", func(n int) []byte {
			return mailOf("text/html", strings.Repeat("<div><p>Hola <b>mundo</b></p>\n", n/30))
		}},
		{"file", func(n int) []byte {
			return mailOf("application/pdf\r\nContent-Transfer-Encoding: base64", strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", n/78))
		}},
		{"parts", func(n int) []byte {
			return mailOf(`multipart/mixed; boundary=b`, strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", n/36)+"--b--\r\n")
		}},
	} {
		for _, size := range []int{1 << 16, 1 << 19, 1 << 22} {
			raw := kind.make(size)
			b.Run(fmt.Sprintf("%s-%dk", kind.name, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(raw)))
				b.ReportAllocs()
				for b.Loop() {
					Read(raw, Options{})
				}
			})
		}
	}
}

// BenchmarkLetter reads what officials write: a few sentences with a greeting and a name below.
func BenchmarkLetter(b *testing.B) {
	var text strings.Builder
	for i := range 30 {
		fmt.Fprintf(&text, "La impresora %d de la oficina de nómina quedó bloqueada después de la actualización y no deja guardar.\r\n", i)
	}
	raw := mailOf("text/plain; charset=utf-8", "Buenos días:\r\n\r\n"+text.String()+"\r\nGracias,\r\nAna Ruiz\r\n")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Read(raw, Options{})
	}
}

func mailOf(contentType, body string) []byte {
	return []byte("From: Ana <ana@example.org>\r\nTo: soporte@example.org\r\nSubject: Prueba\r\nMIME-Version: 1.0\r\nContent-Type: " + contentType + "\r\n\r\n" + body)
}

// BenchmarkCorpora reads the mails of the shared collections, beside the MIME library alone, which walks and decodes all parts.
// The two are compared on the mails that the library reads to the end: at the others it stops early.
func BenchmarkCorpora(b *testing.B) {
	all := corpus(b)
	var whole []sample
	for _, m := range all {
		if walk(m.raw) == nil {
			whole = append(whole, m)
		}
	}
	bench := func(name string, mails []sample, read func([]byte)) {
		var size int64
		for _, m := range mails {
			size += int64(len(m.raw))
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, m := range mails {
					read(m.raw)
				}
			}
			b.ReportMetric(float64(len(mails)*b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
	reader := func(raw []byte) { Read(raw, Options{}) }
	bench("read", whole, reader)
	bench("library", whole, func(raw []byte) { _ = walk(raw) })
	bench("all", all, reader)
}

// walk reads subject and sender, and every part to its end, with the bare library.
func walk(raw []byte) error {
	tolerable := func(err error) bool {
		return err == nil || gomessage.IsUnknownCharset(err) || gomessage.IsUnknownEncoding(err)
	}
	entity, err := gomessage.Read(bytes.NewReader(raw))
	if entity == nil || !tolerable(err) {
		return err
	}
	_, _ = entity.Header.Text("Subject")
	_, _ = (&mail.Header{Header: entity.Header}).AddressList("From")
	return entity.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if part == nil || !tolerable(err) {
			return err
		}
		if part.MultipartReader() == nil {
			_, err = io.Copy(io.Discard, part.Body)
			return err
		}
		return nil
	})
}
